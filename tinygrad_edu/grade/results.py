"""The result of grading one submission, and its JSON.

`result.schema.json` beside this file is the published schema; the docstrings of the records are its descriptions. No
result depends on the time, the speed of the machine or the number of workers: timings are in a file of their own.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import Literal

from .._support.json_records import Format, Wrong
from .._support.languages import say
from ..graph.formats.json_form import check as check_graph
from ..graph.plain import Graph
from .errors import ResultError

__all__ = [
    "EXAMPLE", "FEEDBACK", "CheckResult", "Feedback", "Graphs", "IsolationReached", "Line", "Missing", "NoPass",
    "Result", "read_result",
]  # fmt: skip

NoPass = Literal["fail", "skipped", "grader-error"]
"""The outcomes of a check that gives no points."""

Feedback = Literal["what", "where", "how"]

FEEDBACK: tuple[Feedback, ...] = ("what", "where", "how")
"""How much a student is told: only the kind of mistake, also where it is, or also how to mend it."""


@dataclass(frozen=True)
class Graphs:
    """The graph of what a student's program computed, and beside it, node by node, the right one.

    Attributes
    ----------
    found : the student's. Where it first goes wrong, nodes and arrows have a mark: "missing", "extra" or "changed".
    expected : the right one; null where students are told where the mistake is, and not how to mend it.
    """

    found: Graph
    expected: Graph | None = None


@dataclass(frozen=True)
class CheckResult:
    """What came of one check.

    Attributes
    ----------
    name, title : of the check, for programs and for people.
    outcome : "grader-error" is the grader's fault: no points yet, and no zero either. "skipped": what it needs is not
        there.
    points, max_points : reached, and to be reached.
    message : what is wrong, for the student; empty for a pass.
    kind : of mistake, in one word, such as "sign", "shape", "raised", "time", "missing".
    where, how : where the mistake is, and how to mend it, if known.
    file, line : the student's file or cell, and the line that raised an exception; "" and 0 otherwise.
    hidden : the student is shown no message that could tell what was asked.
    graphs : the student's graph beside the right one; null where nothing is to be seen there.
    note : for the instructor alone: the exception that the check itself raised on the student's answer.
    extra : its points are added to the others, and not to those that can be reached.
    """

    name: str
    title: str
    outcome: Literal["pass", "fail", "skipped", "grader-error"]
    points: float
    max_points: float
    message: str = ""
    kind: str = ""
    where: str = ""
    how: str = ""
    file: str = ""
    line: int = 0
    hidden: bool = False
    graphs: Graphs | None = None
    note: str = ""
    extra: bool = False


@dataclass(frozen=True)
class Line:
    """Something in the student's program, such as a syntax error.

    Attributes
    ----------
    file, line, text : where it is, and what stands there.
    message : what about it.
    """

    file: str
    line: int
    text: str
    message: str


@dataclass(frozen=True)
class Missing:
    """A wall of the sandbox that does not stand.

    Attributes
    ----------
    name : of the mechanism.
    why : it could not be had.
    """

    name: str
    why: str


@dataclass(frozen=True)
class IsolationReached:
    """How well the submission was isolated while it ran.

    Attributes
    ----------
    level : from 1 to 5.
    missing : the mechanisms that this machine did not give.
    """

    level: int
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of one submission.

    Attributes
    ----------
    assignment, title : its name and title.
    student : by which the course knows them.
    status : "unreadable": nothing in it could be read as a program. "grader-error": at least one check has to be
        repeated, and the score means nothing yet.
    score, max_score : reached, and to be reached without extra points.
    checks : in the order of the assignment.
    problems : lines of the program that could not be executed.
    warnings : about the files that were handed in.
    signs : for the instructor alone: what else to look at, such as other people's modules in the submission.
    output : what the program printed while checks ran that are not hidden.
    submission, submission_sha256 : the name of what was handed in, and the hash of all its bytes.
    assignment_sha256 : of the assignment's files.
    seeds : tells apart the inputs that were drawn, without giving them away.
    grader : the versions of all that computed this.
    key : of all that this result depends on; the same key is the same result.
    isolation : how well the submission was isolated.
    late, days_late : whether it was handed in late, and by how many days; 0 if that is not known.
    lost : the points that were taken off for that.
    """

    assignment: str
    title: str
    student: str
    status: Literal["graded", "unreadable", "grader-error"]
    score: float
    max_score: float
    checks: tuple[CheckResult, ...]
    submission: str
    submission_sha256: str
    assignment_sha256: str
    seeds: str
    grader: str
    key: str
    isolation: IsolationReached
    problems: tuple[Line, ...] = ()
    warnings: tuple[str, ...] = ()
    output: str = ""
    signs: tuple[str, ...] = ()
    late: bool = False
    days_late: float = 0.0
    lost: float = 0.0

    def json(self) -> str:
        """The result as JSON."""
        return FORMAT.write(self)

    def told(self, feedback: Feedback) -> Result:
        """The result with only as much feedback as the instructor wants to give."""
        keep = FEEDBACK.index(feedback)

        def told(check: CheckResult) -> CheckResult:
            if check.outcome == "grader-error":  # its message shows the instructor's code and numbers
                return replace(check, message=say("this check could not be carried out; that is not your fault"))
            graphs = check.graphs and replace(check.graphs, expected=check.graphs.expected if keep >= 2 else None)
            return replace(
                check,
                where=check.where if keep >= 1 else "",
                how=check.how if keep >= 2 else "",
                graphs=graphs if keep >= 1 else None,
                note="",
            )

        return replace(self, checks=tuple(map(told, self.checks)), signs=())


FORMAT = Format(Result, "tinygrad_edu.result", 1, "What came of grading one submission, as tinygrad_edu writes it")


def read_result(source: str | os.PathLike[str]) -> Result:
    """The result in a JSON text, or in the file at a path. Nothing in it is executed.

    Raises `ResultError` if the text breaks the format anywhere, and `OSError` if the file cannot be read.
    """
    try:
        result: Result = FORMAT.read(source, "result")
        points = math.fsum(check.points for check in result.checks)
        if not math.isclose(result.score, points - result.lost, abs_tol=1e-9):
            raise Wrong("result.score is not the sum of the points of its checks, without those that are lost")
        for check in result.checks:
            for graph in (check.graphs.found, check.graphs.expected) if check.graphs else ():
                if graph is not None:
                    check_graph(graph)
    except (Wrong, ValueError, OverflowError) as wrong:  # the last two: points that have no sum
        raise ResultError(f"{wrong}") from None
    return result


EXAMPLE = Result(
    assignment="hw1",
    title="Backpropagation by hand",
    student="emmy",
    status="graded",
    score=2.5,
    max_score=5.0,
    checks=(
        CheckResult("product_rule", "Product rule", "pass", 2.5, 2.5),
        CheckResult(
            "broadcasting", "Broadcasting", "fail", 0.0, 1.5,
            "add_backward: the gradient of b has shape (3, 5), not (5,)",
            kind="not summed back", where="result 2 of add_backward",
            how="b was stretched to the shape of a: sum its gradient over the axes that were added",
        ),
        CheckResult(
            "chain_rule", "Chain rule", "skipped", 0.0, 1.0, "there is no tanh_backward in your program", kind="missing"
        ),
    ),
    submission="emmy.py",
    submission_sha256="4d0f" * 16,
    assignment_sha256="a3c9" * 16,
    seeds="51b2" * 4,
    grader="tinygrad_edu 0.1, NumPy 2.0",
    key="77ab" * 16,
    isolation=IsolationReached(5),
    problems=(Line("emmy.py", 12, "def tanh_backward(upstream, x) return", "syntax error: expected ':'"),),
)  # fmt: skip
"""A result to try the formats with: one check passed, one failed, one was skipped."""
