"""An assignment under test: `Course` runs programs on it, and findings about its reference and its starter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from ..._support.languages import say, texts
from ..._support.progress import progress_bar
from ..._support.threads import pool_of
from ..assignment import Assignment, Check, Loaded
from ..errors import AssignmentError, StudentError, WrongAnswer
from ..expect import Notes, watched
from ..grading import Seeds, grade_one
from ..many import ELSEWHERE, borrowed_sandbox
from ..results import CheckResult, Result
from ..sandbox.isolation import Limits
from ..sandbox.proxies import Handle
from ..sandbox.sandbox import Sandbox
from ..sandbox.session import Session
from ..submission.submission import Submission
from ..verdict import Draw, load, verdict
from .findings import Finding

__all__ = ["Course", "Heard", "in_reference", "in_starter", "own_error"]

T = TypeVar("T")
R = TypeVar("R")


class Course:
    """An assignment under test, its reference and its starter.

    Attributes
    ----------
    assignment : a copy without hidden checks, because the instructor may see everything.
    path, reference, starter : their paths, as messages show them; the starter may be None.
    secret : the same as for a class, so that the instructor can reproduce a finding.
    refusing : the names of checks that refuse an odd answer.
    """

    def __init__(self, loaded: Loaded, path: Path, reference: Path, starter: Path | None, workers: int | None) -> None:
        original = loaded.assignment
        self.assignment = Assignment(original.name, title=original.title, limits=original.limits)
        self.assignment.texts = original.texts
        self.assignment.checks = [replace(check, hidden=False) for check in original.checks]
        self.assignment.reference = reference
        self.path, self.reference, self.starter = path, reference, starter
        self.files, self.refusing = loaded.files, set[str]()
        self.secret = bytes.fromhex(loaded.sha256)
        self.workers = workers or os.cpu_count() or 1

    def place(self, check: str) -> str:
        """The file and line of a check."""
        code = self.assignment[check].function.__code__
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}"

    def command(self, file: Path, *more: str) -> str:
        """The command that shows how a file is graded."""
        return " ".join(["tinygrad-edu grade", str(self.path), str(file), *more, "--show"])

    def of_each(self, what: str, do: Callable[[T], R], things: Sequence[T]) -> list[R]:
        """Call `do` with each of the things, several at a time; the results in order."""
        if not things:
            return []
        pool = pool_of(self.workers, "grade check", ELSEWHERE)
        try:
            with progress_bar(len(things), what) as bar:
                found = []
                contexts = [copy_context() for _ in things]  # in which the language is the one that is spoken here
                for result in pool.map(lambda context, x: context.run(do, x), contexts, things):
                    found.append(result)
                    bar.update()
                return found
        finally:
            pool.shutdown(cancel_futures=True)

    def sandbox(self) -> AbstractContextManager[Sandbox]:
        """A sandbox as it will be for students."""
        return borrowed_sandbox(self.assignment.limits, 1, self.files)

    def graded(self, submission: Submission, student: str) -> Result:
        """The result of a submission for this student."""
        with self.sandbox() as sandbox:
            return grade_one(self.assignment, submission, sandbox=sandbox, student=student, secret=self.secret)

    def asked(self, check: Check, submission: Submission, student: str, limits: Limits) -> CheckResult:
        """The result of one check of a submission."""
        with self.sandbox() as sandbox, sandbox.open(submission) as session:
            session.limits = limits
            return verdict(check, session, self.draw(check, student), load(session), twice=False)

    def expected_of(self, check: Check, submission: Submission, student: str) -> tuple[Notes, list[Heard]]:
        """What a check expects of a submission that passes it, and all that the submission answers.

        Raises `AssignmentError` if the check fails now although it passed before.
        """
        with self.sandbox() as sandbox, sandbox.open(submission) as session:
            heard = _listened_to(session)
            try:
                with watched() as notes, np.errstate(all="ignore"):
                    check.function(session.student, self.draw(check, student)())
            except (WrongAnswer, StudentError) as error:
                place = self.place(check.name)
                text = texts("{place}: {check} passes, and fails when asked again: {error}")
                raise AssignmentError(text, place=place, check=check.name, error=error) from error
            return notes, heard

    def draw(self, check: Check, student: str) -> Draw:
        """The random numbers of a check."""
        return partial(Seeds(self.secret, self.assignment.name, student).of, "check", check.name)


DEFINE = texts("Define it there, or correct `needs`.")

FUNCTIONS = {"function", "method", "type", "builtin_function_or_method"}
"""Types of objects that a check calls."""


class Heard(NamedTuple):
    """An answer of a program.

    Attributes
    ----------
    do, answer, seconds : what was asked for, such as a call; the answer, and how long it took.
    uncertain : whether it may be another thing: no function, method or class, and no object that a class has made.
    afterwards : whether it is a pair: the answer, and the arguments after the call.
    """

    do: str
    answer: Any
    seconds: float
    uncertain: bool
    afterwards: bool

    def replaced(self, odd: Callable[[Any], Any]) -> Any:
        """The answer, made odd."""
        return (odd(self.answer[0]), self.answer[1]) if self.afterwards else odd(self.answer)


def _listened_to(session: Session) -> list[Heard]:
    """A list to which all answers of a session are added, also those to the question for a function."""
    heard: list[Heard] = []
    session.child()
    session.known = {}
    ask = session.ask

    def noted(do: str, *what: Any) -> Any:
        answer, calls = ask(do, *what), do == "call"
        made = calls and what[0]._reference.kind == "type"
        certain = isinstance(answer, Handle) and (made or answer._reference.kind in FUNCTIONS)
        heard.append(Heard(do, answer, session.last_seconds, not certain, calls and what[-1]))
        return answer

    session.ask = noted  # type: ignore[method-assign]
    return heard


def in_reference(course: Course, results: Sequence[Result]) -> Iterator[Finding]:
    """Findings about a reference that has these results, each with other seeds."""
    yield from _unreadable("reference", results[0])
    for checks in zip(*(result.checks for result in results)):
        missed = [(check, result.student) for check, result in zip(checks, results) if check.outcome != "pass"]
        if not missed:
            continue
        check, student = missed[0]
        place = course.place(check.name)
        if check.outcome == "grader-error":
            yield own_error(course, check)
        elif check.outcome == "skipped":
            yield _missing(course, check, course.reference)
        elif len(missed) == len(results):
            yield Finding(
                "reference", f"{check.file}:{check.line}" if check.line else place, check.name,
                say("the reference loses points: {message}", message=check.message),
                say("See it by: {command}", command=course.command(course.reference)),
            )  # fmt: skip
        else:
            yield Finding(
                "flaky", place, check.name,
                say(
                    "the reference loses points with {k} of {n} seeds: {message}",
                    k=len(missed), n=len(results), message=check.message,
                ),
                say(
                    "Draw nothing that a right program cannot bear. See it by: {command}",
                    command=course.command(course.reference, "--student", student),
                ),
            )  # fmt: skip


def in_starter(course: Course, starter: Path) -> Iterator[Finding]:
    """Findings about the starter, the file with which students begin."""
    result = course.graded(Submission.read(starter), "seed-1")
    yield from _unreadable("starter", result)
    for check in result.checks:
        if check.outcome == "pass" and check.points:
            yield Finding(
                "starter", course.place(check.name), check.name,
                say(
                    "{file} gets {got} of {most} points as it is",
                    file=starter.name, got=f"{check.points:g}", most=f"{check.max_points:g}",
                ),
                say("Expect what only a solution answers, or take the solution out of the starter."),
            )  # fmt: skip
        elif check.outcome == "skipped":
            yield _missing(course, check, starter)
        elif check.outcome == "grader-error":
            yield own_error(course, check)


def _unreadable(role: Literal["reference", "starter"], result: Result) -> Iterator[Finding]:
    """Findings about lines that cannot run."""
    for line in result.problems:
        yield Finding(role, f"{line.file}:{line.line}", "", line.message, say("Mend this line: {text}", text=line.text))


def _missing(course: Course, check: CheckResult, file: Path) -> Finding:
    """The finding about a check that was skipped because a name is missing."""
    needs = ", ".join(course.assignment[check.name].needs)
    text = texts("it needs {names}, and of {file} is said: {message}")
    message = say(text, names=needs, file=file.name, message=check.message)
    return Finding("missing", course.place(check.name), check.name, message, say(DEFINE))


def own_error(course: Course, check: CheckResult, when: str = "") -> Finding:
    """The finding about a check that fails through a mistake of the instructor."""
    said = say("the check itself fails: {problem}{when}", problem=check.note or check.message, when=when)
    return Finding(
        "own error", course.place(check.name), check.name, said,
        say(
            "Let `expect` look at an answer before the check computes with it; for an object, "
            "`expect(answer).is_object()`."
        ),
    )  # fmt: skip
