"""An assignment that is tried out, its reference and starter, and the sandbox in which all programs run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..._support.progress import progress_bar
from ..assignment import Assignment, Check, Loaded
from ..errors import AssignmentError, StudentError, WrongAnswer
from ..expect import Notes, watched
from ..grading import Seeds, grade_one, load, outcome
from ..many import borrowed_sandbox
from ..results import CheckResult, Result
from ..sandbox.isolation import Limits
from ..submission.submission import Submission

__all__ = ["Course"]

T = TypeVar("T")
R = TypeVar("R")


class Course:
    """What is tried out, and how.

    Attributes
    ----------
    assignment : with no check hidden: its instructor may see everything.
    path, reference, starter : as they are to be named; the starter is None where there is none.
    """

    def __init__(self, loaded: Loaded, path: Path, reference: Path, starter: Path | None, workers: int | None) -> None:
        original = loaded.assignment
        self.assignment = Assignment(original.name, title=original.title, limits=original.limits)
        self.assignment.checks = [replace(check, hidden=False) for check in original.checks]
        self.path, self.reference, self.starter = path, reference, starter
        self.secret = bytes.fromhex(loaded.sha256)  # as for a class, so that what is found here can be seen again
        self.workers = workers or os.cpu_count() or 1

    def place(self, check: str) -> str:
        """The file and the line of a check."""
        code = self.assignment[check].function.__code__
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}"

    def command(self, file: Path, *more: str) -> str:
        """What shows how a file is graded."""
        return " ".join(["tinygrad-edu grade", str(self.path), str(file), *more, "--show"])

    def of_each(self, what: str, do: Callable[[T], R], things: Sequence[T]) -> list[R]:
        """`do` with each of them, several at a time; the results in their order."""
        if not things:
            return []
        pool = ThreadPoolExecutor(self.workers, "checking")
        try:
            with progress_bar(len(things), what) as bar:
                found = []
                for result in pool.map(do, things):
                    found.append(result)
                    bar.update()
                return found
        finally:
            pool.shutdown(cancel_futures=True)

    def graded(self, submission: Submission, student: str) -> Result:
        """What this student would get for it."""
        with borrowed_sandbox(self.assignment.limits, 1) as sandbox:
            return grade_one(self.assignment, submission, sandbox=sandbox, student=student, secret=self.secret)

    def asked(self, check: Check, submission: Submission, student: str, limits: Limits) -> CheckResult:
        """What one check says of it."""
        with borrowed_sandbox(self.assignment.limits, 1) as sandbox, sandbox.open(submission) as session:
            session.limits = limits
            return outcome(check, session, self.seeds(student), load(session), twice=False)

    def expected_of(self, check: Check, submission: Submission, student: str) -> tuple[Notes, float]:
        """What a check expects of a submission that it passes, and the seconds that this takes to answer.

        Raises `AssignmentError` where the check does not pass it, and has done so before.
        """
        with borrowed_sandbox(self.assignment.limits, 1) as sandbox, sandbox.open(submission) as session:
            try:
                with watched() as notes, np.errstate(all="ignore"):
                    check.function(session.student, self.seeds(student).of("check", check.name))
            except (WrongAnswer, StudentError) as error:
                place = self.place(check.name)
                raise AssignmentError(f"{place}: {check.name} passes, and fails when asked again: {error}") from error
            return notes, session.seconds

    def seeds(self, student: str) -> Seeds:
        return Seeds(self.secret, self.assignment.name, student)
