"""Grades one submission: runs every check, in an order that nobody can guess, and makes the result.

- The inputs of a check are drawn from HMAC(secret, assignment, student, check): a student cannot know them, and grading
  again draws the same ones.
- Each group of checks has a child of its own, so no check finds anything that another left behind. The order is
  shuffled, hidden checks come after all others, and every check that passes is asked a second time: this exposes a
  program that counts its calls.
- If the grader fails in a check, it tries again, three times in all; then the result says so and is not a grade.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import sys
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np

from .. import __version__
from .._support.grouping import grouped
from .._support.languages import language, say, speaking
from .._support.text import clean
from .assignment import Assignment, Check
from .results import CheckResult, IsolationReached, Line, Missing, NoPass, Result
from .sandbox.isolation import Isolation
from .sandbox.sandbox import Sandbox
from .sandbox.session import Record, Session
from .signs import passes, signs_of, without_the_engine
from .submission.submission import Submission
from .verdict import load, missed, verdict

__all__ = ["GRADER", "Seeds", "all_missed", "as_result", "grade_one", "result_key"]

GRADER = f"tinygrad_edu {__version__}, NumPy {np.__version__}, Python {sys.version_info[0]}.{sys.version_info[1]}"
"""The versions on which a result depends."""

TRIES = 3
"""How often a check is tried if the grader fails."""


@dataclass(frozen=True)
class Seeds:
    """Random numbers that belong to one student and one assignment.

    Attributes
    ----------
    secret : bytes that students do not know.

    >>> Seeds(b"secret", "hw1", "emmy").of("product_rule").integers(10, size=4)
    array([...])
    """

    secret: bytes
    assignment: str
    student: str

    def of(self, *names: str) -> np.random.Generator:
        """A generator of random numbers for these names, such as `"check", "product_rule"`."""
        return np.random.default_rng(int.from_bytes(self.derive("numbers", *names), "little"))

    @property
    def id(self) -> str:
        """An identifier of these seeds, which reveals none of them."""
        return self.derive("id").hex()[:16]

    def derive(self, *names: str) -> bytes:
        message = json.dumps([self.assignment, self.student, *names]).encode()
        return hmac.digest(self.secret, message, hashlib.sha256)


def result_key(
    assignment: Assignment, assignment_sha256: str, submission_sha256: str, seeds: Seeds, late: float | None
) -> str:
    """The hash of everything that a result depends on."""
    parts = [assignment_sha256, submission_sha256, seeds.student, seeds.id, GRADER, asdict(assignment.limits), late]
    parts += [language()] if language() != "en" else []
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def grade_one(
    assignment: Assignment,
    submission: Submission,
    *,
    sandbox: Sandbox,
    student: str = "student",
    secret: bytes = b"",
    assignment_sha256: str = "",
    late: float | None = 0.0,
    lang: str | None = None,
) -> Result:
    """Run all checks on one submission.

    Parameters
    ----------
    submission : what the student handed in; if it has no parts, the status is "unreadable" and there are no points.
    sandbox : runs the submission.
    student : the student's id; the random inputs depend on it, and on `secret`.
    assignment_sha256 : the hash that the result names; see `load_assignment`.
    late : how many days late the submission is; None if that is not known.
    lang : the language of the feedback, "en" or "zh"; None: the one that `TINYGRAD_EDU_LANG` names.

    Raises `IsolationError` if the sandbox isolates less than required. All other errors are in the result.

    >>> from tinygrad_edu.grade import Assignment, Sandbox, Submission, expect, grade_one
    >>> hw = Assignment("hw1")
    >>> @hw.check(points=2, needs=["square_backward"])
    ... def square(student, rng):
    ...     x, upstream = rng.normal(size=(2, 5, 4))
    ...     expect(student.square_backward(upstream, x)).is_gradient_of(lambda x: x * x, at=x, upstream=upstream)
    >>> handed_in = Submission.from_source("def square_backward(upstream, x): return upstream * 2 * x")
    >>> with Sandbox() as sandbox:
    ...     grade_one(hw, handed_in, sandbox=sandbox).score
    2.0
    """
    seeds, record = Seeds(secret, assignment.name, student), Record()
    with speaking(lang, assignment.texts):
        signs, submission = signs_of(submission), without_the_engine(submission)
        if submission.parts:
            checks, isolation, output = _ask_all(assignment, submission, sandbox, seeds, record)
        else:
            checks = all_missed(assignment, "skipped", say("there is no program in what was handed in"))
            isolation, output = sandbox.isolation, ""
        result = as_result(assignment, submission, seeds, assignment_sha256, late, checks, isolation)
        lines = (Line(line["where"], line["line"], line["text"], line["message"]) for line in record.problems)
        return replace(result, problems=tuple(lines), output=output, signs=signs + passes(record.passes))


def as_result(
    assignment: Assignment,
    submission: Submission,
    seeds: Seeds,
    assignment_sha256: str,
    late: float | None,
    checks: tuple[CheckResult, ...],
    isolation: Isolation,
) -> Result:
    """The result of a submission as one record."""
    reached = math.fsum(check.points for check in checks)
    lost = 0.0
    if late and assignment.late is not None:
        lost = reached * min(max(float(assignment.late(late)), 0.0), 1.0)
    unsure = any(check.outcome == "grader-error" for check in checks)
    return Result(
        assignment=assignment.name,
        title=say(assignment.title),
        student=seeds.student,
        status="grader-error" if unsure else "graded" if submission.parts else "unreadable",
        score=reached - lost,
        max_score=assignment.max_score,
        checks=checks,
        submission=clean(submission.name, 200),
        submission_sha256=submission.sha256,
        assignment_sha256=assignment_sha256,
        seeds=seeds.id,
        grader=GRADER,
        key=result_key(assignment, assignment_sha256, submission.sha256, seeds, late),
        isolation=IsolationReached(
            isolation.level, tuple(Missing(name, why) for name, why in isolation.missing.items())
        ),
        warnings=submission.warnings,
        late=late is None or late > 0,
        days_late=late or 0.0,
        lost=lost,
    )


def all_missed(assignment: Assignment, outcome: NoPass, why: str) -> tuple[CheckResult, ...]:
    """No points in any check, all for the same reason."""
    return tuple(missed(check, outcome, why) for check in assignment.checks)


def _ask_all(
    assignment: Assignment, submission: Submission, sandbox: Sandbox, seeds: Seeds, record: Record
) -> tuple[tuple[CheckResult, ...], Isolation, str]:
    """Run the checks group by group, each group in a child of its own; also the isolation, and what was printed."""
    found: dict[str, CheckResult] = {}
    outputs: list[str] = []
    asked_for = {name for check in assignment.checks for name in check.needs}
    for group in shuffled_groups(assignment, seeds):
        for _ in range(TRIES):
            with sandbox.open(submission, record) as session:
                failure = load(session)
                results = [
                    verdict(
                        check,
                        session,
                        partial(seeds.of, "check", check.name),
                        failure,
                        reference=partial(_opened, assignment, sandbox),
                        asked_for=asked_for,
                    )
                    for check in group
                ]
            if not any(result.outcome == "grader-error" for result in results):
                break
        found |= {result.name: result for result in results}
        if not group[0].hidden and session.output not in outputs:  # a program may print what a hidden check asks
            outputs.append(session.output)
    isolation = session.isolation if session.generation else sandbox.isolation
    output = clean("\n".join(filter(None, sorted(outputs))), 20_000)
    return tuple(found[check.name] for check in assignment.checks), isolation, output


def _opened(assignment: Assignment, sandbox: Sandbox) -> Session | None:
    """A session of the solution beside the assignment; None if there is none, or it does not load."""
    if assignment.reference is None:
        return None
    session = sandbox.open(Submission.read(assignment.reference))
    if load(session) is None:
        return session
    session.close()
    return None


def shuffled_groups(assignment: Assignment, seeds: Seeds) -> list[list[Check]]:
    """The groups of checks that share a child, in random order. Hidden checks share none with others, and come last:
    the program could print later what it was asked there, or find what it left on the machine.
    """
    shuffled = (assignment.checks[i] for i in seeds.of("order").permutation(len(assignment.checks)))
    groups = grouped(((check.group, check.hidden), check) for check in shuffled)
    return sorted(groups.values(), key=lambda group: group[0].hidden)
