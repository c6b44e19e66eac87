"""`check_assignment`: an assignment is tried out before a class is.

The reference must get all points, with every seed, and the starter none. Then wrong programs are made of the reference,
and each must lose points. All of them run in the sandbox, as what students hand in does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...progress import progress_bar
from ..assignment import Assignment, Check
from ..errors import AssignmentError, StudentError, WrongAnswer
from ..expect import Notes, watched
from ..grading import Seeds, grade_one, load, outcome
from ..loading import Loaded, load_assignment
from ..many import borrowed_sandbox
from ..results import CheckResult, Result
from ..sandbox.limits import Limits
from ..submission.submission import Submission
from .answers import WrongAnswers
from .programs import WrongProgram, wrong_programs
from .report import Finding, Soundness

__all__ = ["check_assignment"]

T = TypeVar("T")
R = TypeVar("R")

NO_ANSWER = {"answer", "exited", "missing", "raised", "time"}
"""The kinds of failure that the program has by itself: any check fails by them, whatever it expects."""


SLOW = 0.1
"""Seconds for which a check need not be spared."""


def check_assignment(
    path: str | os.PathLike[str],
    *,
    reference: str | os.PathLike[str] | None = None,
    starter: str | os.PathLike[str] | None = None,
    seeds: int = 20,
    most: int = 200,
    workers: int | None = None,
) -> Soundness:
    """Try out an assignment; what is to be mended, if anything.

    Parameters
    ----------
    path : of its file, or of a folder with an `assignment.py`.
    reference, starter : .py files. If left out, `reference.py` and `starter.py` beside the assignment, or, beside
        `hw1.py`, `hw1_reference.py` and `hw1_starter.py`. There may be no starter.
    seeds : so often is the reference graded, each time as another student's.
    most : so many wrong programs are tried at most, of all parts of the reference.
    workers : programs at a time; by default one for each processor.

    Raises `AssignmentError` where the assignment cannot be loaded or there is no reference.

    >>> from tinygrad_edu.grade.assignments import folder
    >>> report = check_assignment(folder("chain_rule"), seeds=2, most=5)
    >>> bool(report), report.programs
    (True, 5)
    """
    loaded = load_assignment(path)
    right = beside(loaded, "reference", reference)
    if right is None:
        names = " or ".join(file.name for file in places(loaded, "reference"))
        raise AssignmentError(f"{path}: no reference beside it, {names}; or name one by --reference")
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, "checking")
    try:
        return Course(loaded, right, beside(loaded, "starter", starter), pool).report(seeds, most)
    finally:
        pool.shutdown(cancel_futures=True)


def places(loaded: Loaded, role: str) -> list[Path]:
    """Where a reference or starter is looked for."""
    file = Path(loaded.path)
    return [file.with_name(f"{file.stem}_{role}.py"), file.with_name(f"{role}.py")]


def beside(loaded: Loaded, role: str, given: str | os.PathLike[str] | None) -> Path | None:
    """The file of the reference or the starter, if there is one."""
    if given is None:
        return next(filter(Path.is_file, places(loaded, role)), None)
    if Path(given).suffix != ".py" or not Path(given).is_file():
        raise AssignmentError(f"--{role} {given}: it must be a .py file that there is")
    return Path(given)


class Course:
    """An assignment that is tried out: its reference, its starter, and what grades them."""

    def __init__(self, loaded: Loaded, reference: Path, starter: Path | None, pool: ThreadPoolExecutor) -> None:
        assignment = loaded.assignment
        self.path, self.secret, self.pool = Path(loaded.path), bytes.fromhex(loaded.sha256), pool
        self.assignment = Assignment(assignment.name, title=assignment.title, limits=assignment.limits)
        self.assignment.checks = [replace(check, hidden=False) for check in assignment.checks]  # we may see it all
        self.reference, self.starter = reference, starter
        self.right = Submission.read(reference)
        self.limits = assignment.limits

    def report(self, seeds: int, most: int) -> Soundness:
        """Everything that is tried, one after the other; wrong programs mean nothing before the right one is right."""
        students = [f"seed-{i}" for i in range(1, seeds + 1)]
        results = self.of_each("the reference", lambda student: self.graded(self.right, student), students)
        findings = [*self.of_reference(results), *(self.of_starter(self.starter) if self.starter else ())]
        possible: list[WrongProgram] = []
        tried: list[WrongProgram] = []
        answers: list[WrongAnswers] = []
        good = next((result.student for result in results if result.score == result.max_score), None)
        if good and not any(finding.kind in ("reference", "missing", "own error") for finding in findings):
            self.seeds = Seeds(self.secret, self.assignment.name, good)
            asked = [self.asked_of_reference(check) for check in self.assignment.checks]
            answers = [WrongAnswers(name, self.place(name), notes.probes) for name, notes, _ in asked]
            findings += [finding for wrong in answers for finding in wrong.findings]
            ((_, source),) = self.right.parts
            possible = list(wrong_programs(source))
            tried = evenly(possible, most)
            findings += self.of_programs(tried, {name: seconds for name, _, seconds in asked})
        return Soundness(
            assignment=self.assignment.name,
            title=self.assignment.title,
            max_score=self.assignment.max_score,
            reference=self.reference.name,
            starter=self.starter.name if self.starter else "",
            seeds=seeds,
            programs=len(tried),
            possible_programs=len(possible),
            answers=sum(wrong.tried for wrong in answers),
            named=sum(wrong.named for wrong in answers),
            findings=tuple(dict.fromkeys(findings)),
        )

    def place(self, check: str) -> str:
        """The file and the line of a check."""
        code = self.assignment[check].function.__code__
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}"

    def graded(self, submission: Submission, student: str) -> Result:
        """What a student would get for it."""
        with borrowed_sandbox(self.limits, 1) as sandbox:
            return grade_one(self.assignment, submission, sandbox=sandbox, student=student, secret=self.secret)

    def of_each(self, what: str, do: Callable[[T], R], things: Sequence[T]) -> list[R]:
        """`do` with each of them, several at a time, in their order."""
        with progress_bar(len(things), what) as bar:
            found = []
            for result in self.pool.map(do, things):
                found.append(result)
                bar.update()
            return found

    # The reference and the starter.

    def of_reference(self, results: Sequence[Result]) -> Iterator[Finding]:
        """It must get all points, whoever hands it in."""
        students = [result.student for result in results]
        yield from self.unreadable(self.reference, results[0])
        for checks in zip(*(result.checks for result in results)):
            missed = [(check, student) for check, student in zip(checks, students) if check.outcome != "pass"]
            if not missed:
                continue
            check, student = missed[0]
            if check.outcome == "grader-error":
                yield self.own_error(check)
            elif check.outcome == "skipped":
                yield self.missing(check, self.reference)
            elif len(missed) == len(results):
                place = f"{check.file}:{check.line}" if check.line else self.place(check.name)
                advice = f"See it by: tinygrad-edu grade {self.path.name} {self.reference.name} --show"
                yield Finding("reference", place, check.name, f"the reference loses points: {check.message}", advice)
            else:
                command = f"tinygrad-edu grade {self.path.name} {self.reference.name} --student {student} --show"
                yield Finding(
                    "flaky", self.place(check.name), check.name,
                    f"the reference loses points with {len(missed)} of {len(results)} seeds: {check.message}",
                    f"Draw from `rng` only what the reference can bear. See it by: {command}",
                )  # fmt: skip

    def of_starter(self, starter: Path) -> Iterator[Finding]:
        """It must get none, and say so in a way that a student can begin with."""
        result = self.graded(Submission.read(starter), "seed-1")
        yield from self.unreadable(starter, result)
        for check in result.checks:
            if check.outcome == "pass" and check.max_points:
                yield Finding(
                    "starter", self.place(check.name), check.name,
                    f"{starter.name} gets {check.points:g} of {check.max_points:g} points as it is",
                    "Expect what only a solution answers, or take the solution out of the starter.",
                )  # fmt: skip
            elif check.outcome == "skipped":
                yield self.missing(check, starter)
            elif check.outcome == "grader-error":
                yield self.own_error(check)

    def unreadable(self, file: Path, result: Result) -> Iterator[Finding]:
        """Lines that could not be executed."""
        kind: Any = "starter" if file == self.starter else "reference"
        for line in result.problems:
            yield Finding(kind, f"{line.file}:{line.line}", "", line.message, f"Mend this line: {line.text}")

    def missing(self, check: CheckResult, file: Path) -> Finding:
        needs = ", ".join(self.assignment[check.name].needs)
        message = f"it needs {needs}; of {file.name} is said: {check.message}"
        return Finding("missing", self.place(check.name), check.name, message, "Define it there, or correct `needs`.")

    def own_error(self, check: CheckResult, program: WrongProgram | None = None) -> Finding:
        asked = f"; when {self.reference.name}:{program.line} is `{program.wrong}`" if program else ""
        return Finding(
            "own error", self.place(check.name), check.name, f"the check itself fails: {check.message}{asked}",
            "Nobody gets a grade then. Let `expect` look at an answer before the check computes with it.",
        )  # fmt: skip

    def asked_of_reference(self, check: Check) -> tuple[str, Notes, float]:
        """The check's name, what it asks for, and how many seconds the reference takes for its answers."""
        with borrowed_sandbox(self.limits, 1) as sandbox, sandbox.open(self.right) as session:
            try:
                with watched() as notes, np.errstate(all="ignore"):
                    check.function(session.student, self.seeds.of("check", check.name))
            except (WrongAnswer, StudentError) as error:
                place = self.place(check.name)
                raise AssignmentError(f"{place}: {check.name} passes, and fails when asked again: {error}") from error
            return check.name, notes, session.seconds

    # Wrong programs.

    def of_programs(self, programs: Sequence[WrongProgram], seconds: dict[str, float]) -> Iterator[Finding]:
        """Each must lose points, and each check must take some from one that answers.

        The checks are asked until one fails, slow ones last. A check that was never the first is asked about programs
        that another one has found out.
        """
        graded = [check for check in self.assignment.checks if check.points]
        graded.sort(key=lambda check: seconds[check.name] > SLOW)
        slowest = max(seconds.values(), default=0.0)
        limits = replace(
            self.limits,
            call_seconds=min(self.limits.call_seconds, 1.0 + 5.0 * slowest),
            total_seconds=min(self.limits.total_seconds, 2.0 + 10.0 * slowest),
        )

        def first_failure(program: WrongProgram) -> CheckResult | None:
            results = (self.asked(check, program, limits) for check in graded)
            return next((result for result in results if result.outcome != "pass"), None)

        failures = self.of_each("wrong programs", first_failure, programs)
        yield from survivors(self.reference.name, programs, failures)
        found_out = [program for program, failure in zip(programs, failures) if failure]
        own_errors = {
            failure.name: self.own_error(failure, program)
            for program, failure in zip(programs, failures)
            if failure and failure.outcome == "grader-error"
        }
        noticed = {failure.name for failure in failures if failure and failure.kind not in NO_ANSWER}

        def notices_any(check: Check) -> bool:
            for program in found_out:
                result = self.asked(check, program, limits)
                if result.outcome == "grader-error":
                    own_errors.setdefault(check.name, self.own_error(result, program))
                if result.outcome == "fail" and result.kind not in NO_ANSWER:
                    return True
            return False

        waiting = [check for check in graded if check.name not in noticed]
        dead = [check for check, notices in zip(waiting, self.pool.map(notices_any, waiting)) if not notices]
        yield from own_errors.values()
        for check in dead:
            if check.name not in own_errors:
                yield Finding(
                    "unused check", self.place(check.name), check.name,
                    f"none of {len(programs)} wrong programs loses its points by a wrong answer",
                    "Let it expect something that a mistake in the reference would change.",
                )  # fmt: skip

    def asked(self, check: Check, program: WrongProgram, limits: Limits) -> CheckResult:
        """What one check says of a wrong program."""
        submission = Submission.from_source(program.source, self.reference.name)
        with borrowed_sandbox(self.limits, 1) as sandbox, sandbox.open(submission) as session:
            session.limits = limits
            return outcome(check, session, self.seeds, load(session), twice=False)


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


def evenly(programs: Sequence[WrongProgram], most: int) -> list[WrongProgram]:
    """So many of them at most, from all parts of the program."""
    if len(programs) <= most:
        return list(programs)
    return [programs[i * len(programs) // most] for i in range(most)]
