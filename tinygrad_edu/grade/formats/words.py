"""What all reports say in the same words."""

from __future__ import annotations

from collections.abc import Iterator

from ..._support.text import clean
from ..results import CheckResult, Line, Result
from .graphs import in_lines

__all__ = ["MARKS", "OUTCOMES", "feedback", "final", "number", "points", "preface", "said", "said_in_lines"]

OUTCOMES = {"pass": "passed", "fail": "not passed", "grader-error": "not graded", "skipped": "skipped"}
"""What came of a check, in words."""

MARKS = {"pass": "✓", "fail": "✗", "grader-error": "!", "skipped": "–"}
"""And as a sign."""


UNGRADED = "Not graded yet: the grader failed. This is no zero, and not your fault."


def number(x: float) -> str:
    """A number of points, as short as it is exact enough.

    >>> number(2.0), number(1 / 3)
    ('2', '0.333333')
    """
    return f"{x:.6g}"


def points(got: float, most: float) -> str:
    """So many of so many points.

    >>> points(2.5, 10)
    '2.5 of 10 points'
    """
    return f"{number(got)} of {number(most)} {'point' if most == 1 else 'points'}"


def said(check: CheckResult) -> Iterator[tuple[str, str]]:
    """What there is to say of a check, each with a heading: what is wrong, where, and how to mend it."""
    line = f"{check.file}, line {check.line}" if check.line else check.file
    for heading, text in (("", check.message), ("In", line), ("Where", check.where), ("How", check.how)):
        if text:
            yield heading, clean(text)


def said_in_lines(check: CheckResult) -> str:
    """The same as plain text, and the student's graph beside the right one."""
    lines = [f"{heading}: {text}" if heading else text for heading, text in said(check)]
    return "\n".join([*lines, *map(clean, in_lines(check.graphs) if check.graphs else ())])


def _problem(line: Line) -> str:
    """A line of the program that could not be executed, and why.

    >>> print(_problem(Line("hw1.py", 3, "def f(x) return x", "syntax error: expected ':'")))
    hw1.py, line 3: syntax error: expected ':'
        def f(x) return x
    """
    where = f"{line.file}, line {line.line}: " if line.line else f"{line.file}: " if line.file else ""
    return clean(f"{where}{line.message}" + (f"\n    {line.text.strip()}" if line.text.strip() else ""))


def preface(result: Result) -> list[str]:
    """What must be said before the checks: that the grader failed, lines that could not be executed, warnings."""
    ungraded = [] if final(result) else [UNGRADED]
    return [*ungraded, *map(_problem, result.problems), *map(clean, result.warnings)]


def final(result: Result) -> bool:
    """Whether the score means something: no check has to be repeated."""
    return result.status != "grader-error"


def feedback(result: Result) -> str:
    """The whole result as plain text."""
    lines = [*([points(result.score, result.max_score)] if final(result) else []), *preface(result)]
    for check in result.checks:
        lines.append(f"{MARKS[check.outcome]} {clean(check.title)}: {points(check.points, check.max_points)}")
        lines += [f"    {line}" for line in said_in_lines(check).splitlines()]
    return "\n".join(lines)
