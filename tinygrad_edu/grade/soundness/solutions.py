"""The reference must get all points, whoever hands it in, and the starter none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from ..results import CheckResult, Result
from ..submission.submission import Submission
from .course import Course
from .report import Finding

__all__ = ["of_reference", "of_starter", "own_error"]


def of_reference(course: Course, results: Sequence[Result]) -> Iterator[Finding]:
    """What to mend in a reference that has these results, each with other seeds."""
    yield from unreadable("reference", results[0])
    for checks in zip(*(result.checks for result in results)):
        missed = [(check, result.student) for check, result in zip(checks, results) if check.outcome != "pass"]
        if not missed:
            continue
        check, student = missed[0]
        place = course.place(check.name)
        if check.outcome == "grader-error":
            yield own_error(course, check)
        elif check.outcome == "skipped":
            yield missing(course, check, course.reference)
        elif len(missed) == len(results):
            yield Finding(
                "reference", f"{check.file}:{check.line}" if check.line else place, check.name,
                f"the reference loses points: {check.message}", f"See it by: {course.command(course.reference)}",
            )  # fmt: skip
        else:
            yield Finding(
                "flaky", place, check.name,
                f"the reference loses points with {len(missed)} of {len(results)} seeds: {check.message}",
                "Draw nothing that a right program cannot bear. See it by: "
                + course.command(course.reference, "--student", student),
            )  # fmt: skip


def of_starter(course: Course, starter: Path) -> Iterator[Finding]:
    """What to mend in what students begin with."""
    result = course.graded(Submission.read(starter), "seed-1")
    yield from unreadable("starter", result)
    for check in result.checks:
        if check.outcome == "pass" and check.points:
            yield Finding(
                "starter", course.place(check.name), check.name,
                f"{starter.name} gets {check.points:g} of {check.max_points:g} points as it is",
                "Expect what only a solution answers, or take the solution out of the starter.",
            )  # fmt: skip
        elif check.outcome == "skipped":
            yield missing(course, check, starter)
        elif check.outcome == "grader-error":
            yield own_error(course, check)


def unreadable(role: Literal["reference", "starter"], result: Result) -> Iterator[Finding]:
    """Lines that could not be executed."""
    for line in result.problems:
        yield Finding(role, f"{line.file}:{line.line}", "", line.message, f"Mend this line: {line.text}")


def missing(course: Course, check: CheckResult, file: Path) -> Finding:
    """A check that could not be asked, for a name is not there."""
    needs = ", ".join(course.assignment[check.name].needs)
    message = f"it needs {needs}, and of {file.name} is said: {check.message}"
    return Finding("missing", course.place(check.name), check.name, message, "Define it there, or correct `needs`.")


def own_error(course: Course, check: CheckResult, when: str = "") -> Finding:
    """A check that fails by itself, by a mistake of the instructor's."""
    return Finding(
        "own error", course.place(check.name), check.name, f"the check itself fails: {check.message}{when}",
        "Nobody gets a grade then. Let `expect` look at an answer before the check computes with it.",
    )  # fmt: skip
