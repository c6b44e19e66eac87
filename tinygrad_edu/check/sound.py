"""What has to hold before derivatives can be compared: the function is one, its values are numbers, the walk works."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.node import Node, creation, describe
from ..engine.walk import reachable
from ..errors import DtypeError, GradientError
from .point import Point
from .subject import Recorded, Subject
from .vectors import flat, numbers

__all__ = ["refuse_coarse", "refuse_unsound", "take_derivatives"]


def refuse_coarse(subject: Subject) -> None:
    """Raise `DtypeError` where finite differences would have nothing to work with: float32, or no floats at all."""
    for x in subject.arguments.varied:
        if x.dtype != np.float64:
            raise DtypeError(
                f"gradcheck: {x.dtype} inputs are too coarse: {x.name} carries {np.finfo(x.dtype).precision} digits, "
                f'of which a difference quotient loses most; pass {x.name}.astype("float64"), or allow_float32=True'
            )
    call = subject.record(subject.arguments.point)
    for node in coarse_steps(call):
        raise DtypeError(
            f"gradcheck: {describe(node)} is computed in {numbers(node).dtype}, too coarse for finite differences; "
            "let the function compute in float64, or pass allow_float32=True"
        )


def coarse_steps(call: Recorded) -> list[Node]:
    """The steps between inputs and outputs that are computed in less than float64, oldest first."""
    nodes: dict[Node, Any] = {}
    for out in call.outputs:
        if isinstance(out, Node) and out.requires_grad:
            nodes |= reachable(out, call.leaves)
    return sorted((x for x in nodes if numbers(x).dtype.itemsize < 8), key=creation)


def refuse_unsound(subject: Subject) -> None:
    """Raise `GradientError` where the subject is no function of its arguments, or gives no numbers."""
    point = subject.arguments.point
    call = subject.record(point)
    if changed := subject.arguments.changed(call.leaves):
        raise GradientError(f"the function changes its input {changed} in place; let it work on a copy")
    for i in np.flatnonzero(~np.isfinite(call.values))[:1]:
        raise GradientError(
            f"{subject.output_in_words(int(i))} is {call.values[i]} at these inputs, and has no derivative there; "
            "tg.find_nan() names the operation that it comes from"
        )
    if difference := subject.differs(call.values, subject.values(point)):
        raise GradientError(difference)


def take_derivatives(point: Point) -> None:
    """Fill in the engine's derivatives.

    Raises `GradientError` where the walk fails; where it changes what it walks over; and where it does not give twice
    the gradient for twice the upstream.
    """
    subject, call = point.subject, point.call
    elsewhere = point.point + 2.0**-10 * point.scales
    subject.values(elsewhere)  # what a rule has saved elsewhere than in the graph is stale now
    upstream = point.functionals.sum(axis=0)
    try:
        point.pull()
        once = point.jacobian
        point.pull()
        single, double = (subject.flat_gradient(subject.pull(call, by * upstream)) for by in (1.0, -2.0))
    except Exception as error:
        what = f"the backward pass of order {subject.order} failed"
        raise GradientError(f"{what}: {type(error).__name__}: {error}") from error
    unchanged = same(flat(call.outputs), call.values) and not subject.arguments.changed(call.leaves)
    if not (unchanged and same(once, point.jacobian)):
        raise GradientError("two backward passes over one graph differ: a rule changes numbers in place, or is random")
    if not same(-2.0 * single, double):
        raise GradientError(
            "the backward pass is not linear in the upstream gradient, twice which has to give twice the gradient: "
            "a rule leaves its g away, or uses it twice"
        )


def same(a: ndarray, b: ndarray) -> bool:
    """Whether numbers that were computed in the same way are the same, nan and inf included."""
    size = np.max(abs(a[np.isfinite(a)]), initial=0.0)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12 * size, equal_nan=True)
