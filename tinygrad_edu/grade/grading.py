"""Grades one submission: runs every check, in an order that nobody can guess, and makes the result.

- The inputs of a check are drawn from HMAC(secret, assignment, student, check): a student cannot know them, and grading
  again draws the same ones.
- Each group of checks has a child of its own, so no check finds anything that another left behind. The order is
  shuffled, hidden checks come after all others, and one check runs twice: this exposes a program that counts its calls.
- If the grader fails in a check, it tries again, three times in all; then the result says so and is not a grade.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from .. import __version__
from .._support.text import clean
from .assignment import Assignment, Check, exception_text, place
from .errors import IsolationError, SandboxError, StudentError, WrongAnswer
from .expect import watched
from .results import CheckResult, Graphs, IsolationReached, Line, Missing, Result
from .sandbox.isolation import Isolation
from .sandbox.proxies import hint
from .sandbox.sandbox import Sandbox
from .sandbox.session import Record, Session
from .submission.submission import Submission

__all__ = ["GRADER", "Seeds", "as_result", "grade_one", "nothing_asked", "result_key"]

GRADER = f"tinygrad_edu {__version__}, NumPy {np.__version__}, Python {sys.version_info[0]}.{sys.version_info[1]}"
"""The versions on which a result depends."""

TRIES = 3
"""How often a check is tried if the grader fails."""

NoPass = Literal["fail", "skipped", "grader-error"]


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
    assignment: Assignment, assignment_sha256: str, submission_sha256: str, seeds: Seeds, late: float | None = 0.0
) -> str:
    """The hash of everything that a result depends on."""
    parts = [assignment_sha256, submission_sha256, seeds.student, seeds.id, GRADER, asdict(assignment.limits), late]
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
) -> Result:
    """Run all checks on one submission.

    Parameters
    ----------
    submission : what the student handed in; if it has no parts, the status is "unreadable" and there are no points.
    sandbox : runs the submission.
    student : the student's id; the random inputs depend on it, and on `secret`.
    assignment_sha256 : the hash that the result names; see `load_assignment`.
    late : how many days late the submission is; None if that is not known.

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
    seeds = Seeds(secret, assignment.name, student)
    if submission.parts:
        asked = ask_all(assignment, submission, sandbox, seeds)
    else:
        asked = nothing_asked(assignment, "skipped", "there is no program in what was handed in", sandbox.isolation)
    return as_result(assignment, submission, asked, seeds, assignment_sha256, late)


@dataclass(frozen=True)
class Asked:
    """The results of all checks, and what else was seen on the way."""

    checks: tuple[CheckResult, ...]
    isolation: Isolation
    problems: tuple[Line, ...] = ()
    output: str = ""


def as_result(
    assignment: Assignment,
    submission: Submission,
    asked: Asked,
    seeds: Seeds,
    assignment_sha256: str,
    late: float | None = 0.0,
) -> Result:
    """The result of a submission as one record."""
    reached = math.fsum(check.points for check in asked.checks)
    lost = 0.0
    if late and assignment.late is not None:
        lost = reached * min(max(float(assignment.late(late)), 0.0), 1.0)
    unsure = any(check.outcome == "grader-error" for check in asked.checks)
    return Result(
        assignment=assignment.name,
        title=assignment.title,
        student=seeds.student,
        status="grader-error" if unsure else "graded" if submission.parts else "unreadable",
        score=reached - lost,
        max_score=assignment.max_score,
        checks=asked.checks,
        submission=clean(submission.name, 200),
        submission_sha256=submission.sha256,
        assignment_sha256=assignment_sha256,
        seeds=seeds.id,
        grader=GRADER,
        key=result_key(assignment, assignment_sha256, submission.sha256, seeds, late),
        isolation=IsolationReached(
            asked.isolation.level, tuple(Missing(name, why) for name, why in asked.isolation.missing.items())
        ),
        problems=asked.problems,
        warnings=submission.warnings,
        output=asked.output,
        late=late is None or late > 0,
        days_late=late or 0.0,
        lost=lost,
    )


def nothing_asked(assignment: Assignment, outcome: NoPass, why: str, isolation: Isolation) -> Asked:
    """No points in any check, all for the same reason."""
    return Asked(tuple(missed(check, outcome, why) for check in assignment.checks), isolation)


def ask_all(assignment: Assignment, submission: Submission, sandbox: Sandbox, seeds: Seeds) -> Asked:
    """Run the checks group by group, each group in a child of its own."""
    found: dict[str, CheckResult] = {}
    outputs: list[str] = []
    repeated = seeds.of("repeated").choice([check.name for check in assignment.checks])
    record = Record()
    asked_for = {name for check in assignment.checks for name in check.needs}
    for group in shuffled_groups(assignment, seeds):
        for _ in range(TRIES):
            with sandbox.open(submission, record) as session:
                failure = load(session)
                results = [
                    outcome(check, session, seeds, failure, check.name == repeated, asked_for) for check in group
                ]
            if not any(result.outcome == "grader-error" for result in results):
                break
        found |= {result.name: result for result in results}
        if not group[0].hidden and session.output not in outputs:  # a program may print what a hidden check asks
            outputs.append(session.output)
    lines = [Line(line["where"], line["line"], line["text"], line["message"]) for line in record.problems]
    return Asked(
        tuple(found[check.name] for check in assignment.checks),
        session.isolation if session.generation else sandbox.isolation,
        tuple(lines),
        clean("\n".join(filter(None, sorted(outputs))), 20_000),
    )


def shuffled_groups(assignment: Assignment, seeds: Seeds) -> list[list[Check]]:
    """The groups of checks that share a child, in random order. Hidden checks share none with others, and come last:
    the program could print later what it was asked there, or find what it left on the machine.
    """
    groups: dict[tuple[str, bool], list[Check]] = {}
    for i in seeds.of("order").permutation(len(assignment.checks)):
        check = assignment.checks[i]
        groups.setdefault((check.group, check.hidden), []).append(check)
    return sorted(groups.values(), key=lambda group: group[0].hidden)


def load(session: Session) -> StudentError | SandboxError | None:
    """Load the program; the error if it does not load."""
    try:
        session.child()
    except IsolationError:
        raise
    except (StudentError, SandboxError) as error:
        return error
    return None


def outcome(
    check: Check,
    session: Session,
    seeds: Seeds,
    failure: StudentError | SandboxError | None,
    twice: bool,
    asked_for: Collection[str] = (),
) -> CheckResult:
    """The result of a check; with `twice`, a pass counts only if a second run passes too.

    Names that other checks have `asked_for` are not suggested for a missing name.
    """
    if isinstance(failure, SandboxError):
        return missed(check, "grader-error", clean(str(failure)))
    if failure is not None:
        return shown(failed(check, failure), check)
    missing = [name for name in check.needs if name not in session.names]
    if missing:
        others = [name for name in session.names if name not in asked_for]
        why = f"your program defines no {missing[0]}{hint(missing[0], others)}"
        return missed(check, "skipped", clean(why), kind="missing")
    result = ask(check, session, seeds)
    if twice and result.outcome == "pass":
        again = ask(check, session, seeds)
        if again.outcome != "pass":
            why = (
                "the same question got another answer the second time: does your program keep something between calls?"
            )
            result = again if again.outcome == "grader-error" else missed(check, "fail", why, kind="repeated")
    return shown(result, check)


def ask(check: Check, session: Session, seeds: Seeds) -> CheckResult:
    """Run a check. It gives points for an explicit pass, and for nothing else."""
    try:
        with watched() as notes, np.errstate(all="ignore"):
            check.function(session.student, seeds.of("check", check.name))
    except (WrongAnswer, StudentError) as error:
        return failed(check, error)
    except IsolationError:
        raise
    except SandboxError as error:
        return missed(check, "grader-error", clean(str(error)))
    except Exception as error:  # an error in the check itself, which is plain Python
        where = Path(place(error, Path(check.function.__code__.co_filename))).name
        return missed(check, "grader-error", clean(f"{where}: {exception_text(error)}"))
    if not notes.passes:
        return missed(check, "grader-error", f"{check.name} expects nothing, so nobody can pass it")
    passed = CheckResult(check.name, check.title, "pass", check.points, check.points, hidden=check.hidden)
    return replace(passed, extra=check.extra)


def missed(
    check: Check, outcome: Literal["fail", "skipped", "grader-error"], why: str, *, kind: str = ""
) -> CheckResult:
    """The result of a check without points, and why."""
    result = CheckResult(check.name, check.title, outcome, 0.0, check.points, why, kind, hidden=check.hidden)
    return replace(result, extra=check.extra)


def failed(check: Check, error: WrongAnswer | StudentError) -> CheckResult:
    """The result of a check that the student's program failed."""
    result = missed(check, "fail", clean(str(error)), kind=error.kind)
    if isinstance(error, WrongAnswer):
        graphs = error.graphs if isinstance(error.graphs, Graphs) else None
        return replace(result, where=clean(error.where), how=clean(error.how), graphs=graphs)
    if error.line:  # the message ends with it
        said = result.message.removesuffix(f" ({error.where}, line {error.line}: {error.text})").rstrip(": ")
        return replace(result, message=said, where=error.text, file=error.where, line=error.line)
    return result


def shown(result: CheckResult, check: Check) -> CheckResult:
    """The result as the student may see it: of a failed hidden check, only the kind of mistake."""
    if not check.hidden or result.outcome != "fail":
        return result
    return missed(check, "fail", f"a hidden check failed: {result.kind}", kind=result.kind)
