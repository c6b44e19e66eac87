"""The search for wrong derivatives: where engine and finite differences disagree, and whether a kink excuses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from .._support.languages import counted, say
from ..errors import GradientError
from .differences import Estimate, Line, slopes
from .point import Comparison, Point
from .report import Mismatch
from .vectors import around_one

__all__ = ["Finding", "kinks_in_words", "mismatches", "nearby", "search"]

PATIENCE = 32
"""The number of groups full of kinks that are halved; groups with a wrong derivative are always halved."""

NEARBY = (2.0**-6, 2.0**-9, 2.0**-4, 2.0**-13)
"""The distances from a kink, relative to the inputs, at which a rule is checked; the first without a kink counts."""

OTHER_STEPS = 0.75
"""Stretches the steps of a second measurement, so that it does not repeat the accidents of the first."""


class Finding(NamedTuple):
    """A direction along which derivatives are wrong or in doubt.

    Attributes
    ----------
    point : the point of the comparison.
    comparison : both derivatives along the direction.
    wrong : the functionals whose derivative is wrong.
    doubt : the functionals about which the differences say nothing, as at a kink.
    """

    point: Point
    comparison: Comparison
    wrong: ndarray
    doubt: ndarray


def search(point: Point, groups: Sequence[ndarray]) -> list[Finding]:
    """Compare along all directions; halve the groups of inputs that disagree, until one input is proven wrong."""
    todo, found, proven, patience = list(reversed(groups)), [], False, PATIENCE
    while todo:
        entries = todo.pop()
        comparison = point.compare(entries)
        if comparison.right.all() or (proven and len(entries) > 1):
            continue
        if len(entries) > 1 and (patience or comparison.wrong.any()):
            patience -= not comparison.wrong.any()
            todo += np.array_split(entries, 2)
            continue
        found.append(_judge(point, comparison, kinks_known=len(entries) == 1))
        proven |= bool(found[-1].wrong.any())
    return found if proven else found + _ties(point, found)


def _ties(point: Point, found: Sequence[Finding]) -> list[Finding]:
    """Compare along all inputs together at which one output has a kink.

    Numbers that tie for a maximum share its gradient: each may receive any part of it, but not each all of it. Only a
    comparison that moves them together shows that.
    """
    doubts = np.array([x.doubt for x in found if len(x.comparison.entries) == 1]).reshape(-1, len(point.functionals))
    entries = np.array([x.comparison.entries[0] for x in found if len(x.comparison.entries) == 1])
    wrong = []
    for tied in np.unique(doubts.T[point.singles], axis=0):
        if np.count_nonzero(tied) > 1:
            together = _judge(point, point.compare(entries[tied]), kinks_known=True)
            asked = point.singles & (tied == doubts.T).all(axis=1)
            wrong.append(together._replace(wrong=together.wrong & asked, doubt=together.doubt & False))
    return [x for x in wrong if x.wrong.any()]


def _judge(point: Point, comparison: Comparison, kinks_known: bool) -> Finding:
    """The functionals that are wrong along a direction, and those in doubt.

    A derivative is only called wrong if steps of another length agree. If `kinks_known`, an answer that no kink allows
    is wrong too.
    """
    refused = ~comparison.right & ~_is_allowed(point, comparison) if kinks_known else comparison.wrong
    if not (comparison.wrong | refused).any():
        return Finding(point, comparison, comparison.wrong, ~comparison.right)
    again = point.compare(comparison.entries, OTHER_STEPS)
    value, other = comparison.slope.central.value, again.slope.central.value / OTHER_STEPS
    steady = ~(abs(comparison.analytic - value) <= 2 * abs(other - value))
    wrong = comparison.wrong & again.wrong & steady
    wrong |= refused & ~comparison.sure & ~again.right & ~_is_allowed(point, again)
    return Finding(point, comparison, wrong, ~comparison.right & ~wrong)


def _is_allowed(point: Point, comparison: Comparison) -> ndarray:
    """Where a kink allows the engine's answer; an infinite answer needs an infinitely steep function."""
    infinite = np.isinf(comparison.analytic)
    if not infinite.any():
        return comparison.allowed
    return np.asarray(comparison.allowed & (~infinite | point.steep(comparison)))


def nearby(findings: Sequence[Finding], random: np.random.Generator) -> list[Finding]:
    """The derivatives that are wrong at points near these findings, away from kinks.

    Two points on opposite sides are visited, so that both sides of each kink are checked. If an input stands at the
    border of a domain, the inputs are moved one at a time.

    Raises `GradientError` if there are kinks everywhere.
    """
    if not findings:
        return []
    point = findings[0].point
    away = around_one(random, len(point.point)) * point.scales
    sides = [_check_away(findings, sign * away) for sign in (1.0, -1.0)]
    if all(pending is None for _, pending in sides):
        sides = []
        for finding in findings:
            alone = np.zeros_like(away)
            alone[finding.comparison.entries] = away[finding.comparison.entries]
            both = [_check_away([finding], sign * alone) for sign in (1.0, -1.0)]
            sides += both if any(pending is not None for _, pending in both) else [([], [finding])]
    wrong = [finding for found, _ in sides for finding in found]
    for finding in [] if wrong else [x for _, pending in sides for x in pending or ()]:
        raise GradientError(
            f"{_derivative_in_words(finding)} cannot be checked: finite differences settle neither at these inputs nor "
            "near them; the function jumps or has kinks everywhere, is too rough, or too noisy"
        )
    return wrong


def _check_away(findings: Sequence[Finding], away: ndarray) -> tuple[list[Finding], list[Finding] | None]:
    """The findings that are wrong in this direction, and those that met kinks only; None if f is undefined there."""
    wrong: list[Finding] = []
    pending: list[Finding] | None = None
    for distance in NEARBY:
        if pending == []:
            break
        there = findings[0].point.at(distance * away)
        if there is None:
            continue
        met = []
        for finding in findings if pending is None else pending:
            asked = finding.wrong | finding.doubt
            found = _judge(there, there.compare(finding.comparison.entries), kinks_known=False)
            if (found.wrong & asked).any():
                wrong.append(found._replace(wrong=found.wrong & asked))
            elif (found.doubt & asked).any():
                met.append(finding)
        pending = met
    return wrong, pending


# In words.


def _derivative_in_words(finding: Finding, row: int | None = None) -> str:
    """The derivative that a finding is about, such as `∂output[2]/∂x[0, 1]`."""
    point, entries = finding.point, finding.comparison.entries
    by = point.subject.arguments.in_words(entries[0])
    others = counted(len(entries) - 1, " and {n} more together", " and {n} more together") if len(entries) > 1 else ""
    row = int(np.flatnonzero(finding.wrong | finding.doubt)[0]) if row is None else row
    outputs = np.flatnonzero(point.functionals[row])
    of = point.subject.output_in_words(int(outputs[0])) if len(outputs) == 1 else say("a sum of outputs")
    of = f"({of})" if " of " in of or point.subject.order > 1 else of
    return f"∂{of}/∂{by}{others}"


def mismatches(finding: Finding) -> Iterator[Mismatch]:
    """The wrong derivatives of a finding: those of single outputs, or that of the worst output of a random sum."""
    if not finding.wrong.any():
        return
    rows = np.flatnonzero(finding.wrong & finding.point.singles).tolist()
    if rows:
        yield from (_mismatch(finding, row) for row in rows)
    else:
        row = int(np.flatnonzero(finding.wrong)[0])
        output = _wrong_output(finding, row)
        one = np.zeros_like(finding.point.functionals[:1])
        one[0, output] = 1.0
        alone = finding.point.with_functionals(one)
        found = _judge(alone, alone.compare(finding.comparison.entries), kinks_known=True)
        yield _mismatch(found, 0) if found.wrong.any() else _mismatch(finding, row)


def _mismatch(finding: Finding, row: int) -> Mismatch:
    """The mismatch of one functional along one direction, per unit of both."""
    point, comparison = finding.point, finding.comparison
    functional = point.functionals[row]
    unit = comparison.direction[comparison.entries[0]] if len(comparison.entries) == 1 else 1.0
    if np.count_nonzero(functional) == 1:
        unit = unit * functional[np.flatnonzero(functional)[0]]
    analytic = comparison.analytic[row] / unit
    estimate, note = comparison.slope.central, ""
    if not comparison.sure[row]:
        sides = (comparison.slope.left, comparison.slope.right)
        estimate = min(sides, key=lambda x: abs(comparison.analytic[row] - x.value[row]))
        note = say(", where the function has a kink: {sides}", sides=_sides_in_words(comparison, row, unit))
    if point.detached(comparison.entries[0]):
        note += say(" (the graph has no path to it)")
    value, error = estimate.value[row] / unit, estimate.error[row] / abs(unit)
    tolerance = comparison.slack[row] / abs(unit) + 4 * error
    return Mismatch(_derivative_in_words(finding, row), analytic, value, error, tolerance, note)


def _wrong_output(finding: Finding, row: int) -> int:
    """The wrong output among those of a random sum: the sum is halved until one output is left."""
    point, comparison = finding.point, finding.comparison
    functional = point.functionals[row]
    line = Line(point.subject.values, point.point, comparison.direction, point.subject.arguments.eps)
    numerical = slopes(line, point.call.values).central.value
    outputs = np.flatnonzero(functional)
    while len(outputs) > 1:
        apart = {}
        for k, half in enumerate(np.array_split(outputs, 2)):
            upstream = np.zeros_like(functional)
            upstream[half] = functional[half]
            gradient = point.subject.flat_gradient(point.subject.pull(point.call, upstream))
            apart[k] = np.nan_to_num(abs(gradient @ comparison.direction - upstream @ numerical), nan=np.inf), half
        outputs = max(apart.values(), key=lambda x: x[0])[1]
    return int(outputs[0])


def kinks_in_words(finding: Finding) -> Iterator[str]:
    """The kinks along a direction, one line for each output that has a kink."""
    point, comparison = finding.point, finding.comparison
    for row in np.flatnonzero(finding.doubt).tolist():
        functional = point.functionals[row]
        if np.count_nonzero(functional) == 1 and len(comparison.entries) == 1:
            unit = comparison.direction[comparison.entries[0]] * functional[np.flatnonzero(functional)[0]]
            entry, sides = _derivative_in_words(finding, row), _sides_in_words(comparison, row, unit)
            found = _number(comparison.analytic[row] / unit)
            yield say("{entry} is {sides}; the engine says {found}", entry=entry, sides=sides, found=found)


def _sides_in_words(comparison: Comparison, row: int, unit: float) -> str:
    left, right = (_side_in_words(x, comparison, row, unit) for x in (comparison.slope.left, comparison.slope.right))
    return say("{left} on the left and {right} on the right", left=left, right=right)


def _side_in_words(estimate: Estimate, comparison: Comparison, row: int, unit: float) -> str:
    """A one-sided derivative in words; some functions have none."""
    if np.isnan(estimate.value[row]):
        return say("undefined")
    if not comparison.known(estimate)[row]:
        return say("unbounded")
    small = abs(estimate.value[row]) <= 4 * estimate.error[row]
    return _number(0.0 if small else estimate.value[row] / unit)


def _number(x: float) -> str:
    return f"{x + 0.0:.6g}"
