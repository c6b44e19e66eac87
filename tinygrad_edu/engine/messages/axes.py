"""Checks of axes: that they exist, that their order makes sense, and that numbers lie along them."""

from __future__ import annotations

from math import inf, prod
from numbers import Real
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ...errors import DtypeError, OutOfRangeError, ShapeError
from ..node import Node
from .checked_call import CheckedCall
from .words import in_words, listed, several, short, whole


def axes_of(n: int) -> str:
    """`whose axes are 0 and 1 (or -2, -1)`."""
    if n < 2:
        return say("whose only axis is 0 (or -1)" if n else "which has no axes")
    behind = say(", ").join(str(i - n) for i in range(n))
    return say("whose axes are {axes} (or {behind})", axes=listed([str(i) for i in range(n)]), behind=behind)


def existing_axes(what: str, given: Any, n: int, of: str, *, none: bool = True, many: bool = True) -> None:
    """An attribute names an axis of n that exists. It may be None if `none`, and several axes, each once, if `many`."""
    if given is None and none:
        return
    whole(what, given, many)
    places = several(given)
    for axis in places:
        if not -n <= axis < n:
            text = texts("{what} {axis} is out of range for {of}, {axes}")
            raise OutOfRangeError(text, what=what, axis=axis, of=of, axes=axes_of(n))
    if len({axis % n for axis in places}) < len(places):
        raise ShapeError(
            "{what} {places} names one axis of {of} twice; name each once", what=what, places=places, of=of
        )


def in_range(call: CheckedCall) -> None:
    """`axis` names axes that exist, each once."""
    existing_axes("axis", call.attrs.get("axis"), call.ndim, call.x)


def of_one_array(call: CheckedCall) -> None:
    """The second argument of `max` is an axis; that of PyTorch's may be another array."""
    if isinstance(call.attrs.get("axis"), (Node, np.ndarray, float)):
        raise DtypeError("the second argument is an axis; for two arrays take tg.{name}imum(x, y)", name=call.name)


def in_one_list(call: CheckedCall) -> None:
    """What is joined stands in a list; the second argument is an axis."""
    if isinstance(call.attrs.get("axis"), (Node, np.ndarray, list)):
        raise DtypeError("the arrays are given in one list: {name}([x, y])", name=call.name)


def one_in_range(call: CheckedCall) -> None:
    """`axis` names one axis that exists."""
    existing_axes("axis", call.attrs.get("axis"), call.ndim, call.x, many=False)


def as_tuple(call: CheckedCall) -> None:
    """Several axes are a tuple, because NumPy's reductions take no list."""
    given = call.attrs.get("axis")
    if isinstance(given, (list, np.ndarray)):
        text = texts("several axes are given as a tuple: {code}, not {kind}")
        raise DtypeError(text, code=f"axis={several(given)}", kind=type(given).__name__)


def keepdims(call: CheckedCall) -> None:
    """`keepdims` is True or False."""
    given = call.attrs.get("keepdims", False)
    if not isinstance(given, (bool, int, np.bool_)) or given not in (0, 1):
        raise DtypeError("keepdims is True or False, not {kind} {value}", kind=type(given).__name__, value=short(given))


def not_empty(call: CheckedCall) -> None:
    """There are numbers to reduce, or no result: no numbers have no mean."""
    kept = set(range(call.ndim)) - reduced(call)
    if all(call.shape[i] for i in kept):
        some_numbers(call)


def reduced(call: CheckedCall) -> set[int]:
    """The axes that the call reduces."""
    axes, n = call.attrs.get("axis"), call.ndim
    return set(range(n)) if axes is None else {a % n for a in several(axes)}


def some_numbers(call: CheckedCall) -> None:
    """There are numbers to reduce: as in NumPy, no numbers have no maximum."""
    axes = call.attrs.get("axis")
    if not all(call.shape[i] for i in reduced(call)):
        text = (
            texts("{x} has no numbers, so it has no {operation}; check .size first")
            if axes is None
            else texts("{x} has no numbers along axis {axis}, so it has no {operation}; check .size first")
        )
        raise ShapeError(text, x=call.x, axis=axes, operation=call.name)


def not_empty_for_largest(call: CheckedCall) -> None:
    """There are numbers to reduce, if the norm is the largest or the smallest of them."""
    if call.attrs.get("ord") in (inf, -inf):
        some_numbers(call)


def degrees_of_freedom(call: CheckedCall) -> None:
    """`ddof` leaves a divisor above 0."""
    axes: Any = call.attrs.get("axis")
    ddof: Any = call.attrs.get("ddof", 0)
    if not isinstance(ddof, (int, float, np.number)):
        raise DtypeError(
            "{name} is a number, not {kind} {value}", name="ddof", kind=type(ddof).__name__, value=short(ddof)
        )
    n = prod(call.shape[a] for a in several(axes)) if axes is not None else prod(call.shape)
    if not n - ddof > 0:
        raise ShapeError(
            "{x} has n = {n} numbers to reduce, and ddof={ddof} leaves nothing to divide by: n - {ddof} must be "
            "above 0; give a smaller ddof",
            x=call.x,
            n=n,
            ddof=ddof,
        )


def permutation(call: CheckedCall) -> None:
    """`axes` names every axis once."""
    axes, n = call.attrs["axes"], call.ndim
    existing_axes("axis", axes, n, call.x)
    if axes is not None and len(several(axes)) != n:
        text = texts(
            "axes {given} are no order of the axes of {x}, {axes}: name each axis once, or exchange two by swapaxes"
        )
        raise ShapeError(text, given=several(axes), x=call.x, axes=axes_of(n))


def source_and_destination(call: CheckedCall) -> None:
    """`source` and `destination` name axes that exist, as many of each."""
    source, destination = call.attrs["source"], call.attrs["destination"]
    for what, given in (("source", source), ("destination", destination)):
        existing_axes(what, given, call.ndim, call.x, none=False)
    m, n = len(several(source)), len(several(destination))
    if m != n:
        text = texts("{m} axes of {x} cannot move to {n} places: {code}")
        raise ShapeError(text, m=m, x=call.x, n=n, code=f"source={source}, destination={destination}")


def two_in_range(call: CheckedCall) -> None:
    """`axis1` and `axis2` name axes that exist."""
    for what in ("axis1", "axis2"):
        existing_axes(what, call.attrs[what], call.ndim, call.x, none=False, many=False)


def new_axes(call: CheckedCall) -> None:
    """`axis` names axes of the result."""
    axes = call.attrs["axis"]
    n = call.ndim + len(several(axes))
    existing_axes("axis", axes, n, say("the result, of {n} axes", n=n), none=False)


def size_one(call: CheckedCall) -> None:
    """The axes to remove have size one."""
    axes = call.attrs["axis"]
    for a in () if axes is None else several(axes):
        if call.shape[a] != 1:
            ones = [str(i) for i, size in enumerate(call.shape) if size == 1]
            text = (
                texts("axis {axis} of {x} has size {size}; only an axis of size 1 can be removed: here axis {which}")
                if ones
                else texts("axis {axis} of {x} has size {size}; only an axis of size 1 can be removed: here none")
            )
            raise ShapeError(text, axis=a, x=call.x, size=call.shape[a], which=listed(ones))


def start_and_end(call: CheckedCall) -> None:
    """`start_dim` and `end_dim` name axes that exist."""
    for what in ("start_dim", "end_dim"):
        existing_axes(what, call.attrs[what], call.ndim or 1, call.x, none=False, many=False)


def diagonal(call: CheckedCall) -> None:
    """The operand is a matrix, or for `diag` a vector too, and the diagonal is a whole number."""
    least, most = {"diag": (1, 2)}.get(call.name, (2, inf))
    if not least <= call.ndim <= most:
        vector_too = texts("{x} has {n} axes; a vector or a matrix is needed")
        text = vector_too if least == 1 else texts("{x} has {n} axes; a matrix is needed")
        raise ShapeError(text, x=call.x, n=call.ndim)
    for what in ("k", "offset"):
        whole(what, call.attrs.get(what, 0), many=False)


def matrices(call: CheckedCall) -> None:
    """inv, solve, svd and their like: matrices, most of them square, and if they are, what they lack."""
    for x in call.operands:
        dtype = getattr(x, "dtype", np.dtype(float))
        if dtype.char in "eg":
            text = texts("{x} holds {dtype}, and decompositions take float32 and float64; use {code}")
            code = f".astype('float{32 if dtype.char == 'e' else 64}')"
            raise DtypeError(text, x=in_words(x), dtype=dtype, code=code)
    square = call.name not in ("pinv", "svd")
    if call.ndim < 2 or (square and call.shape[-1] != call.shape[-2]):
        any_matrix = texts("{x} holds no matrices, (..., m, n)")
        raise ShapeError(texts("{x} holds no square matrices, (..., n, n)") if square else any_matrix, x=call.x)
    for x, shape in zip(call.operands[1:], call.shapes[1:]):
        if shape[-2:][:1] != call.shape[-1:]:
            text = texts("{b} must have a row for each of the {n} rows of {x}")
            raise ShapeError(text, b=in_words(x), n=call.shape[-1], x=call.x)
    if not isinstance(call.attrs.get("rcond"), (Real, type(None))):
        raise DtypeError("rcond is a number, not {value}", value=short(call.attrs["rcond"]))
    raise ShapeError(LACKING.get(call.name, NOT_FINITE), x=call.x)


LACKING = texts(
    {
        "inv": "{x} is singular; tg.pinv is the nearest to an inverse",
        "cholesky": "{x} is not positive definite",
        "solve": "{x} is singular, so there is not exactly one solution; tg.pinv(a) @ b is the one of least squares",
    }
)
NOT_FINITE = texts("{x} holds numbers that are not finite")
