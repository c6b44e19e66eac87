"""Words that all formats share, and students' text escaped for cells, HTML and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from ..._support.languages import say, texts
from ..._support.text import clean
from ..results import CheckResult, Line, Result
from .graphs import in_lines

__all__ = [
    "MARKS", "OUTCOMES", "UNGRADED", "check_points", "feedback", "final", "in_cell", "in_html", "in_log", "lateness",
    "one_line", "points", "preface", "said", "said_in_lines", "score_text", "to_look_at",
]  # fmt: skip

OUTCOMES = texts({"pass": "passed", "fail": "not passed", "grader-error": "not graded", "skipped": "skipped"})
"""The outcomes of a check in words."""

MARKS = {"pass": "✓", "fail": "✗", "grader-error": "!", "skipped": "–"}
"""The outcomes of a check as signs."""
UNGRADED = texts("Not graded yet: the grader failed. This is no zero, and not your fault.")

LONGEST = 20_000
"""The most characters of a text in HTML; the rest is cut off."""

FORMULA = re.compile(r"[\s\x00]*[=+\-@\t＝＋－＠]")
NUMBER_OR_SIGN = re.compile(r"[+-]?(\d+([.,]\d+)*%?)?")
COMMAND = re.compile(r"^([ \t]*:)(?=:)|##(?=\[)", re.MULTILINE)


# Words.


def score_text(x: float) -> str:
    """A number of points with up to six digits.

    >>> score_text(2.0), score_text(1 / 3)
    ('2', '0.333333')
    """
    return f"{x:.6g}"


def points(got: float, most: float) -> str:
    """The points that were reached, and the most that can be reached.

    >>> points(2.5, 10)
    '2.5 of 10 points'
    """
    return say(
        "{got} of {most} point" if most == 1 else "{got} of {most} points", got=score_text(got), most=score_text(most)
    )


def check_points(check: CheckResult) -> str:
    """The points of a check, and whether they are extra ones."""
    reached = points(check.points, check.max_points)
    return say("{points}, extra", points=reached) if check.extra else reached


def one_line(text: str) -> str:
    r"""Text in one line: the names of students and files could otherwise look like lines of a report.

    >>> print(one_line("ada\n5 of 5 points"))
    ada\n5 of 5 points
    """
    return clean(text).replace("\n", "\\n").replace("\t", "\\t")


def _indented(text: str) -> str:
    """Text whose further lines are indented, so that none looks like a line of the report."""
    return clean(text).replace("\n", "\n    ")


def said(check: CheckResult) -> Iterator[tuple[str, str]]:
    """The feedback of a check, each part with a heading: what is wrong, where, and how to mend it."""
    parts = (
        ("", check.message),
        (say("In"), one_line(_place(check.file, check.line))),
        (say("Where"), check.where),
        (say("How"), check.how),
    )
    for heading, text in parts:
        if text:
            yield heading, clean(text)


def _place(file: str, line: int) -> str:
    """`hw1.py, line 3`; or the file alone."""
    return say("{file}, line {line}", file=file, line=line) if line else file


def said_in_lines(check: CheckResult) -> str:
    """The feedback of a check as plain text, with the student's graph beside the right one."""
    lines = [
        _indented(say("{name}: {problem}", name=heading, problem=text) if heading else text)
        for heading, text in said(check)
    ]
    return "\n".join([*lines, *map(clean, in_lines(check.graphs) if check.graphs else ())])


def _problem(line: Line) -> str:
    """A line of the program that could not run, and why.

    >>> print(_problem(Line("hw1.py", 3, "def f(x) return x", "syntax error: expected ':'")))
    hw1.py, line 3: syntax error: expected ':'
        def f(x) return x
    """
    where = one_line(_place(line.file, line.line))
    what = say("{name}: {problem}", name=where, problem=line.message) if where else line.message
    return _indented(what + (f"\n{line.text.strip()}" if line.text.strip() else ""))


def lateness(result: Result) -> str:
    """How late a submission is, and what that costs; empty if it is not.

    >>> from dataclasses import replace
    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> lateness(replace(EXAMPLE, late=True, days_late=1.5, lost=0.75))
    '1.5 days late: 0.75 points are taken off'
    """
    if not result.late:
        return ""
    days = score_text(round(result.days_late, 2))
    by = say("{days} day late" if days == "1" else "{days} days late", days=days) if result.days_late else say("late")
    if not result.lost:
        return by
    return say("{late}: {points} points are taken off", late=by, points=score_text(result.lost))


def preface(result: Result) -> list[str]:
    """What a report says before the checks: that the grader failed, lateness, lines that could not run, warnings."""
    first = [*([] if final(result) else [say(UNGRADED)]), *filter(None, [lateness(result)])]
    return [*first, *map(_problem, result.problems), *map(_indented, result.warnings)]


def final(result: Result) -> bool:
    """Whether the score is final: the grader failed in no check."""
    return result.status != "grader-error"


def feedback(result: Result) -> str:
    """The whole result as plain text."""
    lines = [*([points(result.score, result.max_score)] if final(result) else []), *preface(result)]
    for check in result.checks if result.status != "unreadable" else ():  # the preface says it all
        line = say("{name}: {problem}", name=one_line(check.title), problem=check_points(check))
        lines.append(f"{MARKS[check.outcome]} {line}")
        lines += [f"    {line}" for line in said_in_lines(check).splitlines()]
    return "\n".join(lines)


def to_look_at(result: Result) -> list[str]:
    """What the instructor alone should look at."""
    text = texts("{check} could not use the answer: {note}")
    notes = [say(text, check=check.name, note=check.note) for check in result.checks if check.note]
    text = texts("look at {student}: {note}")
    return [one_line(say(text, student=result.student, note=note)) for note in (*result.signs, *notes)]


# Escapes.


def in_cell(text: str) -> str:
    """Text for a cell of a spreadsheet, which treats text that begins with =, +, -, @ or a tab as a formula.

    An apostrophe before the text prevents this (OWASP, "CSV Injection"). Numbers and a single sign stay as they are.

    >>> in_cell("=1+1"), in_cell("-2.5"), in_cell("Emmy Noether")
    ("'=1+1", '-2.5', 'Emmy Noether')
    """
    return f"'{text}" if FORMULA.match(text) and not NUMBER_OR_SIGN.fullmatch(text) else text


def in_html(text: str) -> str:
    """Text for HTML, between tags or in an attribute; line ends stay.

    >>> in_html("<b>")
    '&lt;b&gt;'
    """
    return escape(clean(text, LONGEST))


def in_log(text: str) -> str:
    """Text for the log of a GitHub workflow, where lines that begin with `::`, and `##[`, are commands to the runner.

    >>> in_log("::error::mine")
    ': :error::mine'
    """
    return COMMAND.sub(lambda found: "# #" if found[0] == "##" else f"{found[0]} ", clean(text, len(text)))
