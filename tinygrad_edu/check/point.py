"""Analytic and numerical derivatives at one point, compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from .differences import Estimate, Line, Slope, scales, slopes
from .subject import Subject

__all__ = ["Comparison", "Point", "Tolerance"]

DOUBLE = 2.0**-52


class Tolerance(NamedTuple):
    """The difference that is allowed between two derivatives, besides the error of the finite differences.

    Attributes
    ----------
    atol, rtol : absolute, and relative to the larger derivative.
    step : the longest step of the differences, if the user chose one.
    """

    atol: float
    rtol: float
    step: float | None = None

    def __call__(self, analytic: ndarray, numerical: ndarray) -> ndarray:
        return np.asarray(self.atol + self.rtol * _larger(analytic, numerical))


class Comparison(NamedTuple):
    """Both derivatives along one direction; each array has a number for each functional of the outputs.

    Attributes
    ----------
    entries : the inputs that are moved.
    direction : how far each input is moved.
    analytic : the derivative by the engine.
    slope : the derivatives by finite differences.
    slack : the difference that is allowed, apart from the error of the finite differences.
    coarseness : the relative error up to which a difference quotient is trusted.
    """

    entries: ndarray
    direction: ndarray
    analytic: ndarray
    slope: Slope
    slack: ndarray
    coarseness: float

    @property
    def tolerance(self) -> ndarray:
        """The difference that is allowed: the slack, and the error of the finite differences."""
        return np.asarray(self.slack + 4 * self.slope.central.error)

    @property
    def sure(self) -> ndarray:
        """Where the difference quotient is precise enough to be trusted; never at a kink."""
        value, error = self.slope.central
        return np.asarray(error <= np.maximum(self.coarseness * _larger(self.analytic, value), self.slope.noise))

    @property
    def agrees(self) -> ndarray:
        """Where the two derivatives are equal within the tolerance."""
        return np.asarray(abs(self.analytic - self.slope.central.value) <= self.tolerance)

    @property
    def right(self) -> ndarray:
        """Where the two agree for sure."""
        return np.asarray(self.sure & self.agrees)

    @property
    def wrong(self) -> ndarray:
        """Where the two differ for sure."""
        return np.asarray(self.sure & ~self.agrees)

    def known(self, side: Estimate) -> ndarray:
        """Where a one-sided derivative seems to exist."""
        return np.asarray(side.error <= np.maximum(100 * self.coarseness * abs(side.value), 2.0**10 * self.slope.noise))

    @property
    def allowed(self) -> ndarray:
        """Where a kink allows the engine's answer: it lies between the left and the right derivative.

        At the border of a domain only one of them exists, and the answer must be that one. Where the function jumps or
        is infinitely steep none exists: any number is allowed, and the points nearby decide.
        """
        a, right, left = self.analytic, self.slope.right, self.slope.left
        low, high = np.minimum(left.value, right.value), np.maximum(left.value, right.value)
        between = abs(a - np.clip(a, low, high)) <= self.slack + 4 * (right.error + left.error)
        by_right = abs(a - right.value) <= self.slack + 4 * right.error
        by_left = abs(a - left.value) <= self.slack + 4 * left.error
        knows_right, knows_left = self.known(right), self.known(left)
        return np.select(
            [knows_right & knows_left, knows_right & np.isnan(left.value), knows_left & np.isnan(right.value)],
            [between, by_right, by_left],
            ~np.isnan(a),
        )


def _larger(analytic: ndarray, numerical: ndarray) -> ndarray:
    return np.asarray(np.fmax(np.where(np.isfinite(analytic), abs(analytic), 0.0), abs(numerical)))


class Point:
    """A recorded call of the subject, with its derivatives by the engine, and by differences along any direction.

    Attributes
    ----------
    subject : the function.
    point : all varied numbers.
    functionals : the sums of outputs that are differentiated, a row each.
    call : the subject, recorded at the point.
    scales : how far each number is moved.
    jacobian : the engine's derivatives of the functionals by the inputs; filled by `pull`.
    sizes : the size of the numbers whose rounding makes each functional inexact; filled by `pull`.
    connected : for each argument, whether a path leads to it from the outputs; filled by `pull`.
    """

    def __init__(self, subject: Subject, point: ndarray, functionals: ndarray, tolerance: Tolerance) -> None:
        self.subject, self.point, self.functionals, self.tolerance = subject, point, functionals, tolerance
        self.call = subject.record(point)
        self.scales = scales(subject.arguments)
        self.jacobian, self.sizes = np.zeros((0, len(point))), np.zeros(0)
        self.connected: list[bool] = []

    @property
    def singles(self) -> ndarray:
        """Whether each functional is a single output."""
        return np.asarray(np.count_nonzero(self.functionals, axis=1) == 1)

    def pull(self) -> None:
        """Compute the engine's derivatives."""
        found = [self.subject.pull(self.call, row) for row in self.functionals]
        rows = [self.subject.flat_gradient(g) for g in found]
        jacobian = np.array(rows).reshape(len(rows), len(self.point))
        infinite = np.isinf(jacobian).any(axis=0) & (self.functionals == 0).any(axis=1, keepdims=True)
        no_part = infinite & np.isnan(jacobian)  # inf · 0, for an output that has no part in it
        self.jacobian = np.where(no_part, 0.0, jacobian)
        self.sizes = np.array([self.subject.size(self.call, row) for row in self.functionals])
        self.connected = [any(g is not None for g in column) for column in zip(*found)]

    def compare(self, entries: ndarray, stretch: float = 1.0) -> Comparison:
        """Both derivatives along the direction that moves each of the given entries by its scale."""
        direction = np.zeros_like(self.point)
        direction[entries] = (self.scales[entries] if self.tolerance.step is None else 1.0) * stretch
        rtol, step = self.tolerance.rtol / 4, self.tolerance.step
        slope = slopes(self.line(direction), np.zeros(len(self.functionals)), rtol, step)
        terms = self.jacobian[:, entries] * direction[entries]
        analytic, rounding = terms.sum(axis=1), 32 * DOUBLE * np.nansum(abs(terms), axis=1)
        slack = self.tolerance(analytic, slope.central.value) + np.where(np.isfinite(rounding), rounding, 0.0)
        return Comparison(entries, direction, analytic, slope, slack, coarseness=self.subject.arguments.eps ** (1 / 3))

    def at(self, away: ndarray) -> Point | None:
        """The same subject and functionals at another point; None if the subject is undefined there."""
        there = Point(self.subject, self.point + away, self.functionals, self.tolerance)
        values = there.call.values
        if values.shape != self.call.values.shape or not np.isfinite(values).all():
            return None
        there.pull()
        return there

    def with_functionals(self, functionals: ndarray) -> Point:
        """The same point with other functionals."""
        point = Point(self.subject, self.point, functionals, self.tolerance)
        point.pull()
        return point

    def detached(self, entry: int) -> bool:
        """Whether no path leads from the outputs to the argument of this entry."""
        spans = (x.span for x in self.subject.arguments.varied)
        return any(span.start <= entry < span.stop and not path for span, path in zip(spans, self.connected))

    def steep(self, comparison: Comparison) -> ndarray:
        """Where the function is infinitely steep, in the direction of the engine's infinite answer, as √x is at 0."""
        line = self.line(comparison.direction)
        fits = np.zeros(len(self.functionals), bool)
        for side in (1.0, -1.0):
            far, near = (line(side * t) / (side * t) for t in (2.0**-10, 2.0**-20))
            fits |= (abs(near) > 4 * abs(far)) & (np.sign(near) == np.sign(comparison.analytic))
        return fits

    def line(self, direction: ndarray) -> Line:
        """The functionals along a direction."""
        return Line(self._change, self.point, direction, self.subject.arguments.eps, self.sizes)

    def _change(self, point: ndarray) -> ndarray:
        """The change of the functionals between this point and another; nan for those with a nan or inf there."""
        here, there = self.call.values, self.subject.values(point)
        if there.shape != here.shape:
            return np.full(len(self.functionals), np.nan)
        finite = np.isfinite(there)
        sums: ndarray = self.functionals @ np.where(finite, there - here, 0.0)
        return sums if finite.all() else np.where(abs(self.functionals) @ ~finite > 0, np.nan, sums)
