"""HTML pages: a report for each student, and one about the class for the teacher. No network, no script.

The content security policy of a page forbids scripts and network requests, and all text of students is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import mean, median
from urllib.parse import quote

from ..._support.files import read_resource
from ..._support.grouping import grouped
from ..._support.languages import counted, say, texts
from ..._support.offline_page import offline_page
from ...graph.palette import custom_properties
from ..diagnosis.mistakes import kind_in_words
from ..results import CheckResult, Result
from .graphs import pictures
from .words import MARKS, OUTCOMES, check_points, final, in_html, lateness, preface, said, score_text

__all__ = ["class_report", "student_report"]

BINS = 10
"""The number of columns in the distribution of scores."""

BAR = "bar"
"""The header of a column of bars; it is not shown."""

WIDE = 440
"""The largest width, in pixels, of two pictures that stand side by side."""

MISTAKES = 12
"""The most mistakes that are listed."""


# One student.


def student_report(result: Result) -> str:
    """A page for a student: what is right, what is wrong, and how to mend it.

    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> student_report(EXAMPLE).count("<section")
    3
    """
    e = in_html
    reached = f"<strong>{score_text(result.score)}</strong>"
    score = say("{got} of {most} points", got=reached, most=score_text(result.max_score))
    no_score = f"<strong>{say('not graded yet')}</strong>"
    body = [
        f'<p class="muted">{e(result.student)}</p><h1>{e(result.title)}</h1>',
        f'<p class="score">{score if final(result) else no_score}</p>',
        _bar(result.score, result.max_score) if final(result) else "",
        *(f'<p class="note said">{e(text)}</p>' for text in preface(result)),
        f"<h2>{say('The checks')}</h2>",
        *map(_check, result.checks),
        f"<h2>{say('What your program printed')}</h2><pre>{e(result.output)}</pre>" if result.output else "",
        f"<footer><p>{_footer(result)}</p></footer>",
    ]
    return _page(say("{title}: {student}", title=result.title, student=result.student), body)


def _footer(result: Result) -> str:
    return say(
        "Graded by {grader}. The SHA-256 of what was handed in begins with {hash}.",
        grader=in_html(result.grader),
        hash=f"<code>{in_html(result.submission_sha256[:12])}</code>",
    )


def _check(check: CheckResult) -> str:
    rows = "".join(f"<dt>{in_html(heading)}</dt><dd>{in_html(text)}</dd>" for heading, text in said(check) if heading)
    return (
        f'<section class="check {check.outcome}"><header><h3>{in_html(check.title)}</h3>'
        f'<span class="points">{check_points(check)}</span></header>'
        f'<p class="outcome">{MARKS[check.outcome]} {say(OUTCOMES[check.outcome])}</p>'
        + (f'<p class="said">{in_html(check.message)}</p>' if check.message else "")
        + (f"<dl>{rows}</dl>" if rows else "")
        + _side_by_side(check)
        + "</section>"
    )


def _side_by_side(check: CheckResult) -> str:
    """The student's graph and the right one, side by side; wide ones one below the other."""
    if check.graphs is None:
        return ""
    shown = list(pictures(check.graphs))
    wide = " wide" if shown[0].width > WIDE else ""
    figures = (
        f'<figure><figcaption>{picture.caption}</figcaption><div class="scrolls">{picture.svg}</div></figure>'
        for picture in shown
    )
    return f'<div class="graphs{wide}">{"".join(figures)}</div>'


# The class.


def class_report(results: Sequence[Result], link: Callable[[Result], str] | None = None) -> str:
    """A page about the class: the distribution of scores, the commonest mistakes, and each student's score.

    Parameters
    ----------
    link : returns the address of a student's page.

    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> "emmy.html" in class_report([EXAMPLE], lambda result: f"{result.student}.html")
    True
    """
    title = results[0].title if results else say("No results")
    graded = [result for result in results if final(result)]
    by_name = grouped((check.name, check) for result in graded for check in result.checks)
    body = [
        f"<h1>{in_html(title)}</h1>",
        _tiles(results, graded),
        f"<h2>{say('Distribution of scores')}</h2>",
        _distribution([_share(result.score, result.max_score) for result in graded]),
        f"<h2>{say('The checks')}</h2>",
        _table((say("check"), f"#{say('passed')}", BAR, f"#{say('of')}"), map(_check_row, by_name.values())),
        f"<h2>{say('Commonest mistakes')}</h2>",
        _mistakes(graded),
        f"<h2>{say('Students')}</h2>",
        _table(
            (say("student"), f"#{say('score')}", BAR, say("not passed")),
            (_student_row(result, link) for result in results),
        ),
    ]
    return _page(say("{title}: the class", title=title), body)


def _share(part: float, whole: float) -> float:
    """A part of a whole as a number from 0 to 1."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0


def _tiles(results: Sequence[Result], graded: Sequence[Result]) -> str:
    scores = [result.score for result in graded]
    most = max((result.max_score for result in results), default=0.0)
    tiles = [(str(len(results)), say("student" if len(results) == 1 else "students"))]
    if scores:
        tiles.append((f"{mean(scores):.1f}", say("mean of {most}", most=score_text(most))))
        tiles.append((f"{median(scores):.1f}", say("median")))
    if len(graded) < len(results):
        tiles.append((str(len(results) - len(graded)), say("not graded yet")))
    return f'<ul class="tiles">{"".join(f"<li><strong>{value}</strong>{name}</li>" for value, name in tiles)}</ul>'


def _distribution(shares: Sequence[float]) -> str:
    """Columns for 0 to 10 %, 10 to 20 % and so on; full marks are in the last."""
    counts = Counter(min(int(x * BINS), BINS - 1) for x in shares)
    most = max(counts.values(), default=1)
    columns = []
    for i in range(BINS):
        height = 120 * counts[i] / most
        columns.append(
            f'<rect class="got" x="{56 * i + 6}" y="{140 - height:g}" width="48" height="{height:g}" rx="2"/>'
        )
        if counts[i]:
            columns.append(f'<text x="{56 * i + 30}" y="{134 - height:g}">{counts[i]}</text>')
    ticks = [f'<text class="axis" x="{56 * i + 2}" y="160">{100 * i // BINS}</text>' for i in range(2, BINS, 2)]
    ends = '<text class="axis first" x="6" y="160">0</text><text class="axis last" x="562" y="160">100 %</text>'
    text = texts("{low} to {high} %: {n}")
    bars = [say(text, low=100 * i // BINS, high=100 * (i + 1) // BINS, n=counts[i]) for i in range(BINS)]
    words = say("Students by score. {bars}", bars=say(", ").join(bars))
    return (
        f'<svg class="columns" viewBox="0 0 566 170" role="img" aria-label="{words}">'
        f'{"".join(columns)}<rect x="2" y="140" width="560" height="1.5"/>{"".join(ticks)}{ends}</svg>'
    )


def _check_row(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    passed = sum(check.outcome == "pass" for check in checks)
    return in_html(checks[0].title), str(passed), _bar(passed, len(checks)), str(len(checks))


def _mistakes(results: Iterable[Result]) -> str:
    """A table of the commonest mistakes: check, and how many students made it."""
    counts = Counter(
        (check.title, kind_in_words(check.kind) or check.message.partition("\n")[0])
        for result in results
        for check in result.checks
        if check.outcome == "fail"
    )
    if not counts:
        return f"<p>{say('None: all who were graded passed all checks.')}</p>"
    most = max(counts.values())
    rows = ((in_html(what), in_html(title), _bar(n, most), str(n)) for (title, what), n in counts.most_common(MISTAKES))
    left = len(counts) - MISTAKES
    more = f'<p class="muted">{counted(left, "and {n} rarer one", "and {n} rarer ones")}</p>' if left > 0 else ""
    return _table((say("mistake"), say("check"), BAR, f"#{say('students')}"), rows) + more


def _student_row(result: Result, link: Callable[[Result], str] | None) -> tuple[str, ...]:
    name = in_html(result.student)
    if link is not None:
        name = f'<a href="{in_html(quote(link(result), errors="replace"))}">{name}</a>'
    missed = [in_html(check.title) for check in result.checks if check.outcome != "pass"]
    failed = say("; ").join(filter(None, [say(", ").join(missed), lateness(result)]))
    if not final(result):
        return name, "–", "", say("not graded yet; {rest}", rest=failed)
    return name, score_text(result.score), _bar(result.score, result.max_score), failed


# Parts of pages.


def _bar(part: float, whole: float) -> str:
    """A bar for a part of a whole; its numbers stand beside it."""
    width = 200 * _share(part, whole)
    return (
        '<svg class="share" viewBox="0 0 200 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="200" height="8" rx="2"/><rect class="got" width="{width:g}" height="8" rx="2"/></svg>'
    )


def _table(heads: Sequence[str], rows: Iterable[tuple[str, ...]]) -> str:
    """A table. Cells are HTML already; a header "#..." means a column of numbers."""
    kinds = [' class="bar"' if head == BAR else ' class="number"' if head[0] == "#" else "" for head in heads]
    head = "".join(
        f"<td{kind}></td>" if head == BAR else f'<th scope="col"{kind}>{head.lstrip("#")}</th>'
        for head, kind in zip(heads, kinds)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for cell, kind in zip(cells, kinds))}</tr>\n" for cells in rows
    )
    return f'<div class="scrolls"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _page(title: str, body: Iterable[str]) -> str:
    content = "\n".join(filter(None, body))
    style = custom_properties("auto") + read_resource(__package__, "pages.css")
    return offline_page(in_html(title), f"<main>\n{content}\n</main>\n", style)
