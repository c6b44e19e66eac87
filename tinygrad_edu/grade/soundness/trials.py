"""Wrong programs on trial: each must lose points, and each check must take some from one that answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..assignment import Check
from ..results import CheckResult
from ..submission.submission import Submission
from .course import Course
from .programs import WrongProgram
from .report import Finding
from .solutions import own_error

__all__ = ["of_wrong_programs"]

NO_ANSWER = {"answer", "exited", "missing", "raised", "time"}
"""The kinds of failure that a program has by itself: any check fails by them, whatever it expects."""

SLOW = 0.1
"""Seconds up to which a check need not be spared."""


def of_wrong_programs(
    course: Course, programs: Sequence[WrongProgram], student: str, seconds: Mapping[str, float]
) -> Iterator[Finding]:
    """The programs that lose nothing, and the checks that take nothing.

    A program is asked until it fails, by slow checks last. A check that was never the one to fail it is asked about
    programs that another one has found out.

    Parameters
    ----------
    student : who hands the programs in.
    seconds : how long the reference takes for each check.
    """
    limits = course.assignment.limits
    slowest = max(seconds.values(), default=0.0)
    limits = replace(  # a loop without an end need not be waited for as long as a student's slow program
        limits,
        call_seconds=min(limits.call_seconds, 1.0 + 5.0 * slowest),
        total_seconds=min(limits.total_seconds, 2.0 + 10.0 * slowest),
    )
    checks = [check for check in course.assignment.checks if check.points]
    checks.sort(key=lambda check: seconds[check.name] > SLOW)

    def asked(check: Check, program: WrongProgram) -> CheckResult:
        handed_in = Submission.from_source(program.source, course.reference.name)
        return course.asked(check, handed_in, student, limits)

    def first_failure(program: WrongProgram) -> CheckResult | None:
        results = (asked(check, program) for check in checks)
        return next((result for result in results if result.outcome != "pass"), None)

    failures = course.of_each("wrong programs", first_failure, programs)
    yield from survivors(course.reference.name, programs, failures)
    found_out = [(program, failure) for program, failure in zip(programs, failures) if failure]
    errors = {failure.name: (program, failure) for program, failure in reversed(found_out) if erred(failure)}
    busy = {failure.name for _, failure in found_out if noticed(failure)} | set(errors)

    def first_told(check: Check) -> tuple[WrongProgram, CheckResult] | None:
        results = ((program, asked(check, program)) for program, _ in found_out)
        return next(((program, result) for program, result in results if noticed(result) or erred(result)), None)

    idle = [check for check in checks if check.name not in busy]
    for check, told in zip(idle, course.of_each("checks", first_told, idle)):
        if told is None:
            yield Finding(
                "unused check", course.place(check.name), check.name,
                f"none of {len(programs)} wrong programs loses its points by a wrong answer",
                "Let it expect something that a mistake in the reference would change.",
            )  # fmt: skip
        elif erred(told[1]):
            errors[check.name] = told
    for program, result in errors.values():
        when = f", where {course.reference.name}:{program.line} is `{program.wrong}`"
        yield own_error(course, result, when)


def noticed(result: CheckResult) -> bool:
    """Whether it is the check that has found something wrong."""
    return result.outcome == "fail" and result.kind not in NO_ANSWER


def erred(result: CheckResult) -> bool:
    """Whether the check could not be carried out."""
    return result.outcome == "grader-error"


def survivors(file: str, programs: Sequence[WrongProgram], failures: Sequence[CheckResult | None]) -> Iterator[Finding]:
    """The programs that no check has found out, those with a mistake in the same line together."""
    lines: dict[int, list[WrongProgram]] = {}
    for program, failure in zip(programs, failures):
        if failure is None and not program.equivalent:
            lines.setdefault(program.line, []).append(program)
    for line, several in lines.items():
        shown = "".join(f"\n      {program.wrong}" for program in several)
        yield Finding(
            "survivor", f"{file}:{line}", "",
            f"a wrong program loses no points\n      {several[0].right}\n    may as well be{shown}",
            "Ask what tells them apart. If nothing can, for the result is the same, end the line in `# equivalent`.",
        )  # fmt: skip
