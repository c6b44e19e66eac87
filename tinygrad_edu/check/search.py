"""Where the engine and finite differences disagree, and whether that is a bug or a kink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from ..errors import GradientError
from .differences import Estimate, Line, slopes
from .point import Look, Point
from .report import Mismatch

__all__ = ["Finding", "around_one", "kinks_in_words", "mismatches", "nearby", "search"]

PATIENCE = 32
"""So many groups of inputs that are full of kinks are halved; those with something wrong in them always are."""

NEARBY = (2.0**-6, 2.0**-9, 2.0**-4, 2.0**-13)
"""How far from a kink a rule has to prove itself, relative to the inputs; the first distance without a kink counts."""

OTHER_STEPS = 0.75
"""Stretches the steps, so that a second measurement does not repeat the accidents of the first."""


class Finding(NamedTuple):
    """A direction along which something is to be said.

    Attributes
    ----------
    point : where the look was taken.
    wrong : the functionals whose derivative is wrong.
    doubt : those about which the differences say nothing, as at a kink.
    """

    point: Point
    look: Look
    wrong: ndarray
    doubt: ndarray


def around_one(random: np.random.Generator, *shape: int) -> ndarray:
    """Random numbers of either sign, none of them near 0."""
    numbers: ndarray = random.uniform(0.5, 1.5, shape) * random.choice([-1.0, 1.0], shape)
    return numbers


def search(point: Point, groups: Sequence[ndarray]) -> list[Finding]:
    """Look along all directions; halve the groups of inputs that disagree, until a single one is proven wrong."""
    todo, found, proven, patience = list(reversed(groups)), [], False, PATIENCE
    while todo:
        entries = todo.pop()
        look = point.look(entries)
        if look.right.all() or (proven and len(entries) > 1):
            continue
        if len(entries) > 1 and (patience or look.wrong.any()):
            patience -= not look.wrong.any()
            todo += np.array_split(entries, 2)
            continue
        found.append(judged(point, look, kinks_known=len(entries) == 1))
        proven |= bool(found[-1].wrong.any())
    return found if proven else found + ties(point, found)


def ties(point: Point, found: Sequence[Finding]) -> list[Finding]:
    """Look along all kinks of one output together: numbers that tie for a maximum share its gradient.

    Each of them receives something between nothing and all of it, but not each all of it.
    """
    doubts = np.array([x.doubt for x in found if len(x.look.entries) == 1]).reshape(-1, len(point.functionals))
    entries = np.array([x.look.entries[0] for x in found if len(x.look.entries) == 1])
    wrong = []
    for tied in np.unique(doubts.T[point.singles], axis=0):
        if np.count_nonzero(tied) > 1:
            together = judged(point, point.look(entries[tied]), kinks_known=True)
            asked = point.singles & (tied == doubts.T).all(axis=1)
            wrong.append(together._replace(wrong=together.wrong & asked, doubt=together.doubt & False))
    return [x for x in wrong if x.wrong.any()]


def judged(point: Point, look: Look, kinks_known: bool) -> Finding:
    """What is wrong along a direction, and what is doubtful. What is wrong must be so by steps of other lengths too.

    Where `kinks_known`, an answer that no kink allows is wrong as well.
    """
    refused = ~look.right & ~accepted(point, look) if kinks_known else look.wrong
    if not (look.wrong | refused).any():
        return Finding(point, look, look.wrong, ~look.right)
    again = point.look(look.entries, OTHER_STEPS)
    value, other = look.slope.central.value, again.slope.central.value / OTHER_STEPS
    steady = ~(abs(look.analytic - value) <= 2 * abs(other - value))
    wrong = look.wrong & again.wrong & steady
    wrong |= refused & ~look.sure & ~again.right & ~accepted(point, again)
    return Finding(point, look, wrong, ~look.right & ~wrong)


def accepted(point: Point, look: Look) -> ndarray:
    """Where the answer of the engine is one that a kink allows; an infinite one, where the function is that steep."""
    infinite = np.isinf(look.analytic)
    if not infinite.any():
        return look.allowed
    steep: ndarray = look.allowed & (~infinite | point.steep(look))
    return steep


def nearby(findings: Sequence[Finding], random: np.random.Generator) -> list[Finding]:
    """What is wrong at points near those findings, where there is no kink. Raises where there are kinks everywhere.

    Two points lie opposite each other, so that both sides of each kink are visited. Where one of the inputs stands at
    the border of a domain, they are moved one at a time.
    """
    if not findings:
        return []
    point = findings[0].point
    away = around_one(random, len(point.point)) * point.scales
    sides = [proven(findings, sign * away) for sign in (1.0, -1.0)]
    if all(pending is None for _, pending in sides):
        sides = []
        for finding in findings:
            alone = np.zeros_like(away)
            alone[finding.look.entries] = away[finding.look.entries]
            both = [proven([finding], sign * alone) for sign in (1.0, -1.0)]
            sides += both if any(pending is not None for _, pending in both) else [([], [finding])]
    wrong = [finding for found, _ in sides for finding in found]
    for finding in [] if wrong else [x for _, pending in sides for x in pending or ()]:
        raise GradientError(
            f"{words(finding)} cannot be checked: finite differences settle neither at these inputs nor near them; "
            "the function jumps or has kinks everywhere, is too rough, or too noisy"
        )
    return wrong


def proven(findings: Sequence[Finding], away: ndarray) -> tuple[list[Finding], list[Finding] | None]:
    """What is wrong at a point this way, and what met kinks at all distances; None if f is undefined this way."""
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
            found = judged(there, there.look(finding.look.entries), kinks_known=False)
            if (found.wrong & asked).any():
                wrong.append(found._replace(wrong=found.wrong & asked))
            elif (found.doubt & asked).any():
                met.append(finding)
        pending = met
    return wrong, pending


# In words.


def words(finding: Finding, row: int | None = None) -> str:
    """Which derivative a finding is about, such as `∂output[2]/∂x[0, 1]`."""
    point, entries = finding.point, finding.look.entries
    by = point.subject.arguments.words(entries[0])
    others = f" and {len(entries) - 1} more together" if len(entries) > 1 else ""
    row = int(np.flatnonzero(finding.wrong | finding.doubt)[0]) if row is None else row
    outputs = np.flatnonzero(point.functionals[row])
    of = point.subject.output_in_words(int(outputs[0])) if len(outputs) == 1 else "a sum of outputs"
    of = f"({of})" if " of " in of or point.subject.order > 1 else of
    return f"∂{of}/∂{by}{others}"


def mismatches(finding: Finding) -> Iterator[Mismatch]:
    """What is wrong, number by number: single outputs where they are looked at, else the worst of a sum."""
    if not finding.wrong.any():
        return
    rows = np.flatnonzero(finding.wrong & finding.point.singles).tolist()
    if rows:
        yield from (mismatch(finding, row) for row in rows)
    else:
        row = int(np.flatnonzero(finding.wrong)[0])
        output = located(finding, row)
        one = np.zeros_like(finding.point.functionals[:1])
        one[0, output] = 1.0
        alone = finding.point.with_functionals(one)
        found = judged(alone, alone.look(finding.look.entries), kinks_known=True)
        yield mismatch(found, 0) if found.wrong.any() else mismatch(finding, row)


def mismatch(finding: Finding, row: int) -> Mismatch:
    """What is wrong with one functional along one direction, per unit of both."""
    point, look = finding.point, finding.look
    functional = point.functionals[row]
    unit = look.direction[look.entries[0]] if len(look.entries) == 1 else 1.0
    if np.count_nonzero(functional) == 1:
        unit = unit * functional[np.flatnonzero(functional)[0]]
    analytic = look.analytic[row] / unit
    estimate, note = look.slope.central, ""
    if not look.sure[row]:
        sides = (look.slope.left, look.slope.right)
        estimate = min(sides, key=lambda x: abs(look.analytic[row] - x.value[row]))
        note = f", where the function has a kink: {sides_in_words(look, row, unit)}"
    if point.detached(look.entries[0]):
        note += " (the graph has no path to it)"
    value, error = estimate.value[row] / unit, estimate.error[row] / abs(unit)
    tolerance = look.slack[row] / abs(unit) + 4 * error
    return Mismatch(words(finding, row), analytic, value, error, tolerance, note)


def located(finding: Finding, row: int) -> int:
    """The output to blame among those of a random sum: the sum is halved until one is left."""
    point, look = finding.point, finding.look
    functional = point.functionals[row]
    line = Line(point.subject.values, point.point, look.direction, point.subject.arguments.eps)
    numerical = slopes(line, point.call.values).central.value
    outputs = np.flatnonzero(functional)
    while len(outputs) > 1:
        apart = {}
        for k, half in enumerate(np.array_split(outputs, 2)):
            upstream = np.zeros_like(functional)
            upstream[half] = functional[half]
            gradient = point.subject.flat_gradient(point.subject.pull(point.call, upstream))
            apart[k] = np.nan_to_num(abs(gradient @ look.direction - upstream @ numerical), nan=np.inf), half
        outputs = max(apart.values(), key=lambda x: x[0])[1]
    return int(outputs[0])


def kinks_in_words(finding: Finding) -> Iterator[str]:
    """The kinks along a direction, one line for each output that has one."""
    point, look = finding.point, finding.look
    for row in np.flatnonzero(finding.doubt).tolist():
        functional = point.functionals[row]
        if np.count_nonzero(functional) == 1 and len(look.entries) == 1:
            unit = look.direction[look.entries[0]] * functional[np.flatnonzero(functional)[0]]
            says = f"the engine says {number(look.analytic[row] / unit)}"
            yield f"{words(finding, row)} is {sides_in_words(look, row, unit)}; {says}"


def sides_in_words(look: Look, row: int, unit: float) -> str:
    left, right = (side(x, look, row, unit) for x in (look.slope.left, look.slope.right))
    return f"{left} on the left and {right} on the right"


def side(estimate: Estimate, look: Look, row: int, unit: float) -> str:
    """A one-sided derivative; not all functions have one."""
    if np.isnan(estimate.value[row]):
        return "undefined"
    if not look.known(estimate)[row]:
        return "unbounded"
    small = abs(estimate.value[row]) <= 4 * estimate.error[row]
    return number(0.0 if small else estimate.value[row] / unit)


def number(x: float) -> str:
    return f"{x + 0.0:.6g}"
