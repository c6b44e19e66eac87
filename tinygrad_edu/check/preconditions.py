"""Preconditions of `gradcheck`: the function is deterministic and finite, and its backward pass works."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from .._support.languages import say, texts
from .._support.text import exception_text
from ..engine.graphs import reachable
from ..engine.messages import describe
from ..engine.node import Node, creation, number_of
from ..errors import DtypeError, GradientError
from .point import Point
from .subject import Subject
from .vectors import flat

__all__ = ["refuse_coarse", "refuse_unsound", "take_derivatives"]


COARSE_INPUT = texts(
    "gradcheck: {dtype} inputs are too coarse: {name} carries {digits} digits, of which a difference quotient loses "
    'most; pass {name}.astype("float64"), or allow_float32=True'
)
COARSE_STEP = texts(
    "gradcheck: {node} is computed in {dtype}, too coarse for finite differences; let the function compute in float64, "
    "or pass allow_float32=True"
)


def refuse_coarse(subject: Subject) -> None:
    """Raise `DtypeError` if inputs or steps are computed in less than float64: finite differences need the digits."""
    for x in subject.arguments.varied:
        if x.dtype != np.float64:
            digits = np.finfo(x.dtype).precision
            raise DtypeError(COARSE_INPUT, dtype=x.dtype, name=x.name, digits=digits)
    call = subject.record(subject.arguments.point)
    recorded = (x for x in call.outputs if isinstance(x, Node) and x.requires_grad)
    steps = {step for out in recorded for step in reachable(out, call.leaves)}
    coarse = (x for x in steps if np.asarray(number_of(x)).dtype.itemsize < 8)
    for node in sorted(coarse, key=creation):
        raise DtypeError(COARSE_STEP, node=describe(node), dtype=number_of(node).dtype)


def refuse_unsound(subject: Subject) -> None:
    """Raise `GradientError` if the subject changes its arguments, is not deterministic, or gives nan or inf."""
    point = subject.arguments.point
    call = subject.record(point)
    if changed := subject.arguments.changed(call.leaves):
        raise GradientError("the function changes its input {name} in place; let it work on a copy", name=changed)
    for i in np.flatnonzero(~np.isfinite(call.values))[:1]:
        raise GradientError(
            f"{subject.output_in_words(int(i))} is {call.values[i]} at these inputs, and has no derivative there; "
            "tg.find_nan() names the operation that it comes from"
        )
    if difference := subject.differs(call.values, subject.values(point)):
        raise GradientError(difference)


def take_derivatives(point: Point) -> None:
    """Fill in the engine's derivatives.

    Raises `GradientError` if the walk fails, if it changes the numbers of the graph, and if twice the upstream gradient
    does not give twice the gradient.
    """
    subject, call = point.subject, point.call
    elsewhere = point.point + 2.0**-10 * point.scales
    subject.values(elsewhere)  # makes stale whatever a rule has saved outside of the graph
    upstream = point.functionals.sum(axis=0)
    try:
        point.pull()
        once = point.jacobian
        point.pull()
        single, double = (subject.flat_gradient(subject.pull(call, by * upstream)) for by in (1.0, -2.0))
    except Exception as error:
        text = texts("the backward pass of order {order} failed: {error}")
        said = say(text, order=subject.order, error=exception_text(error))
        raise GradientError(said) from error
    unchanged = _same(flat(call.outputs), call.values) and not subject.arguments.changed(call.leaves)
    if not (unchanged and _same(once, point.jacobian)):
        raise GradientError("two backward passes over one graph differ: a rule changes numbers in place, or is random")
    if not _same(-2.0 * single, double):
        raise GradientError(
            "the backward pass is not linear in the upstream gradient, twice which has to give twice the gradient: "
            "a rule leaves its g away, or uses it twice"
        )


def _same(a: ndarray, b: ndarray) -> bool:
    """Whether two results of the same computation are equal up to rounding, nan and inf included."""
    size = np.max(abs(a[np.isfinite(a)]), initial=0.0)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12 * size, equal_nan=True)
