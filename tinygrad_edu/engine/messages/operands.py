"""Messages for operands that are not numbers: what they are, and how to make numbers of them."""

from __future__ import annotations

from collections.abc import Callable
from math import isinf
from numbers import Rational, Real
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ...errors import DtypeError, GraphError, ShapeError, TinygradError
from ..node import Node
from .words import describe, in_words, is_ragged, is_whole, leaves, short

__all__ = [
    "has_no_graph", "is_masked", "is_no_array_of_numbers", "no_float", "no_gradient", "no_tensor", "not_numbers",
    "not_one_number", "wrong_dtype",
]  # fmt: skip


def is_no_array_of_numbers(x: Any) -> bool:
    """Whether x is neither a node nor something that NumPy turns into an array of real numbers.

    It is so for a list of nodes: NumPy would take their numbers and leave the graph behind; and for a masked array,
    whose masked numbers it would take.
    """
    if isinstance(x, Node) or type(x) in (float, bool):
        return False
    if type(x) is int:
        return no_float(x)
    if isinstance(getattr(x, "dtype", None), np.dtype):
        return bool(x.dtype.kind not in "biuf") or is_masked(x)
    if any(isinstance(leaf, Node) for leaf in leaves(x)):
        return True
    try:
        return np.asarray(x).dtype.kind not in "biuf" and (not isinstance(x, Real) or no_float(x))
    except (TypeError, ValueError):
        return True


def no_float(x: Any) -> bool:
    """Whether x is a whole number or a fraction that is too large for a float."""
    try:
        return isinstance(x, Rational) and isinf(x)
    except OverflowError:
        return True


def is_masked(x: Any) -> bool:
    """Whether x is an array of `numpy.ma` in which numbers are masked."""
    return hasattr(x, "filled") and bool(np.any(getattr(x, "mask", False)))


def not_numbers(name: str, x: Any) -> TinygradError:
    """The error for an operand that is neither a real number nor an array of real numbers, with the way to make it one.

    >>> not_numbers("add", "2.5")
    DtypeError("add: needs numbers, arrays, Values or Tensors, not str '2.5'; float(...) makes a number of a string")
    """
    if is_ragged(x):
        return ShapeError("{name}: the rows of {x} are not of one length, so it is no array", name=name, x=short(x))
    text = texts("{name}: needs numbers, arrays, Values or Tensors, not {kind}{hint}")
    return DtypeError(text, name=name, kind=_kind_of(x), hint=_way_out(x))


def not_one_number(name: str, x: Any) -> TinygradError:
    """The error for something else than one real number, where a Value needs one.

    >>> not_one_number("Value", [1.0, 2.0])
    DtypeError('Value: needs one real number, not list [1.0, 2.0]; tg.tensor(...) makes a Tensor of it')
    """
    if isinstance(x, Node):
        return GraphError(
            "{name}: needs a plain number, not {x}, which is a {kind}: take float(x), which leaves the graph, or "
            "compute with x itself",
            name=name,
            x=in_words(x),
            kind=type(x).__name__,
        )
    return DtypeError("{name}: needs one real number, not {kind}{hint}", name=name, kind=_kind_of(x), hint=_way_out(x))


def no_tensor(data: Any, dtype: Any) -> TinygradError:
    """The error for data or a dtype of which no Tensor can be made.

    >>> no_tensor([1.0, 2.0], "flaot32")
    DtypeError("tensor: 'flaot32' is no dtype of real numbers; 'float32', 'float64', 'int64' and 'bool' are")
    """
    wrong = None if dtype is None else wrong_dtype(dtype)
    return (
        not_numbers("tensor", data)
        if wrong is None
        else DtypeError(say("{operation}: {problem}", operation="tensor", problem=wrong))
    )


def wrong_dtype(dtype: Any) -> str | None:
    """What is wrong with a dtype; None if nothing is."""
    try:
        if dtype is not None and np.dtype(dtype).kind in "biuf":
            return None
    except TypeError:
        pass
    sizes = say("; several sizes are given as one tuple") if is_whole(dtype) else ""
    text = texts("{dtype} is no dtype of real numbers; 'float32', 'float64', 'int64' and 'bool' are{hint}")
    return say(text, dtype=short(dtype), hint=sizes)


def _kind_of(x: Any) -> str:
    """What x is, in a few words."""
    if getattr(x, "shape", ()) and hasattr(x, "dtype"):
        return say("an array of dtype {dtype}", dtype=x.dtype)
    return f"{type(x).__name__} {short(x)}"


def _way_out(x: Any) -> str:
    """How to make a number of x, if there is a way."""
    dtype = x.dtype if isinstance(getattr(x, "dtype", None), np.dtype) else np.dtype(object)
    return next((say("; {hint}", hint=say(way)) for is_this, way in NOT_NUMBERS if is_this(x, dtype)), "")


def _holds_a(*kinds: type) -> Callable[[Any, Any], bool]:
    """A function that says whether x, or an item of its lists, is of one of these types."""
    return lambda x, dtype: any(isinstance(leaf, kinds) for leaf in leaves(x))


NOT_NUMBERS: list[tuple[Callable[[Any, Any], bool], str]] = texts(
    [
        (
            lambda x, dtype: is_masked(x),
            "x.filled(0) puts a number where one is masked, and x.compressed() leaves it out",
        ),
        (
            lambda x, dtype: any(map(no_float, leaves(x))),
            "no float is larger than 1.8e308; compute with its logarithm, math.log(...)",
        ),
        (
            lambda x, dtype: not isinstance(x, Real) and not is_no_array_of_numbers(x),
            "tg.tensor(...) makes a Tensor of it",
        ),
        (_holds_a(Node), "take the one that is meant, as in x[0]; tg.stack makes one Tensor of several"),
        (_holds_a(type(None)), "did a function forget its `return`?"),
        (lambda x, dtype: dtype.kind in "SU", "np.asarray(..., dtype=float) reads numbers from text"),
        (_holds_a(str, bytes), "float(...) makes a number of a string"),
        (lambda x, dtype: dtype.kind == "c", "derivatives here are of real numbers: take .real, .imag or abs()"),
        (_holds_a(complex), "derivatives here are of real numbers: take .real, .imag or abs()"),
        (lambda x, dtype: dtype.kind in "mM", "take the difference to one date, divided by np.timedelta64(1, 'D')"),
        (lambda x, dtype: hasattr(x, "dtype"), "np.asarray(..., dtype=float) makes numbers of it, if it holds any"),
        (_holds_a(int), "whole numbers that large do not fit an array; those of float(...) do"),
        (lambda x, dtype: isinstance(x, (set, frozenset, dict)), "a list has the order that an array needs"),
        (lambda x, dtype: callable(x), "call it first"),
        (lambda x, dtype: hasattr(x, "__float__"), "float(...) makes a number of it"),
        (lambda x, dtype: hasattr(x, "__iter__"), "list(...) collects its items"),
    ]
)
"""Pairs of a condition on (x, its dtype) and the way out to suggest; the first condition that holds counts."""


def has_no_graph(function: str, x: Any) -> GraphError:
    """The error for what is neither a Value nor a Tensor."""
    text = texts("{function}: only a Value or a Tensor has a graph; this is a {kind}: {value}")
    return GraphError(text, function=function, kind=type(x).__name__, value=short(x))


def no_gradient(output: Any) -> TinygradError:
    """The error for a backward pass from something that has no graph, or that no gradient flows to."""
    if not isinstance(output, Node):
        return has_no_graph("backward", output)
    return GraphError(
        "backward: {x} does not require a gradient, so there is nothing to differentiate: make its inputs with "
        "requires_grad=True, and compute it outside no_grad() and without detach()",
        x=describe(output),
    )
