"""Broken rules about axes: which there are, in which order, and how many numbers lie along them."""

from __future__ import annotations

from math import inf, prod
from numbers import Real
from typing import Any

import numpy as np

from ...errors import DtypeError, OutOfRangeError, ShapeError, TinygradError
from .words import Call, in_words, listed, not_whole, several, short


def axes_of(n: int) -> str:
    """`whose axes are 0 and 1 (or -2, -1)`."""
    if n < 2:
        return "whose only axis is 0 (or -1)" if n else "which has no axes"
    return f"whose axes are {listed([str(i) for i in range(n)])} (or {', '.join(str(i - n) for i in range(n))})"


def wrong_axes(what: str, given: Any, n: int, of: str, *, none: bool = True, many: bool = True) -> TinygradError | None:
    """What is wrong with a setting that names one of n axes, or several; `none` and `many` say what else it may be."""
    if given is None and none:
        return None
    found = not_whole(what, given, many)
    if found is not None:
        return found
    places = several(given)
    for axis in places:
        if not -n <= axis < n:
            return OutOfRangeError(f"{what} {axis} is out of range for {of}, {axes_of(n)}")
    if len({axis % n for axis in places}) < len(places):
        return ShapeError(f"{what} {places} names one axis of {of} twice; name each once")
    return None


def axis(call: Call) -> TinygradError | None:
    """A reduction or a flip: axes that there are, each once."""
    return wrong_axes("axis", call.attrs.get("axis"), call.ndim, call.x)


def one_axis(call: Call) -> TinygradError | None:
    """The same, where only one axis is taken."""
    return wrong_axes("axis", call.attrs.get("axis"), call.ndim, call.x, many=False)


def axis_as_tuple(call: Call) -> TinygradError | None:
    """NumPy's reductions take several axes as a tuple only."""
    given = call.attrs.get("axis")
    if isinstance(given, (list, np.ndarray)):
        return DtypeError(f"several axes are given as a tuple: axis={several(given)}, not {type(given).__name__}")
    return None


def switches(call: Call) -> TinygradError | None:
    """keepdims: on or off."""
    keepdims = call.attrs.get("keepdims", False)
    if not isinstance(keepdims, (bool, int, np.bool_)) or keepdims not in (0, 1):
        return DtypeError(f"keepdims is True or False, not {type(keepdims).__name__} {short(keepdims)}")
    return None


def nothing(call: Call) -> TinygradError | None:
    """A reduction of no numbers, where that has no result."""
    axes, n = call.attrs.get("axis"), call.ndim
    reduced = set(range(n)) if axes is None else {a % n for a in several(axes)}
    if {i for i, size in enumerate(call.shape) if size == 0} & reduced and all(
        size for i, size in enumerate(call.shape) if i not in reduced
    ):
        along = "" if axes is None else f" along axis {axes}"
        return ShapeError(f"{call.x} has no numbers{along}, and of nothing there is no {call.name}; check .size first")
    return None


def no_largest(call: Call) -> TinygradError | None:
    """norm: the largest of no numbers."""
    return nothing(call) if call.attrs.get("ord") in (inf, -inf) else None


def degrees_of_freedom(call: Call) -> TinygradError | None:
    """var and std: something left to divide by."""
    axes: Any = call.attrs.get("axis")
    ddof: Any = call.attrs.get("ddof", 0)
    if not isinstance(ddof, (int, float, np.number)):
        return DtypeError(f"ddof is a number, not {type(ddof).__name__} {short(ddof)}")
    n = prod(call.shape[a] for a in several(axes)) if axes is not None else prod(call.shape)
    if not n - ddof > 0:
        return ShapeError(
            f"{call.x} has n = {n} numbers to reduce, and with ddof={ddof} their squares are divided by n - {ddof}; "
            "give a smaller ddof"
        )
    return None


def permutation(call: Call) -> TinygradError | None:
    """transpose: every axis once."""
    axes, n = call.attrs["axes"], call.ndim
    found = wrong_axes("axis", axes, n, call.x)
    if found is None and axes is not None and len(several(axes)) != n:
        return ShapeError(f"axes {several(axes)} do not order {call.x}, {axes_of(n)}: each must stand once")
    return found


def moved(call: Call) -> TinygradError | None:
    """moveaxis: as many places as axes."""
    source, destination = call.attrs["source"], call.attrs["destination"]
    for what, given in (("source", source), ("destination", destination)):
        found = wrong_axes(what, given, call.ndim, call.x, none=False)
        if found is not None:
            return found
    m, n = len(several(source)), len(several(destination))
    if m != n:
        return ShapeError(f"{m} axes of {call.x} cannot move to {n} places: source={source}, destination={destination}")
    return None


def swapped(call: Call) -> TinygradError | None:
    """swapaxes: two axes that there are."""
    for what in ("axis1", "axis2"):
        found = wrong_axes(what, call.attrs[what], call.ndim, call.x, none=False, many=False)
        if found is not None:
            return found
    return None


def new_axes(call: Call) -> TinygradError | None:
    """expand_dims: places among the axes that there will be."""
    axes = call.attrs["axis"]
    n = call.ndim + len(several(axes))
    return wrong_axes("axis", axes, n, f"the result, of {n} axes", none=False)


def of_size_one(call: Call) -> TinygradError | None:
    """squeeze: axes of size one."""
    axes = call.attrs["axis"]
    for a in () if axes is None else several(axes):
        if call.shape[a] != 1:
            ones = [str(i) for i, size in enumerate(call.shape) if size == 1]
            which = f"axis {listed(ones)}" if ones else "none"
            return ShapeError(
                f"axis {a} of {call.x} has size {call.shape[a]}; only axes of size 1 can go, which are here: {which}"
            )
    return None


def from_to(call: Call) -> TinygradError | None:
    """flatten: from which axis to which."""
    for what in ("start_dim", "end_dim"):
        found = wrong_axes(what, call.attrs[what], call.ndim or 1, call.x, none=False, many=False)
        if found is not None:
            return found
    return None


def diagonals(call: Call) -> TinygradError | None:
    """tril, triu, diag, diagonal and trace: a matrix, and which diagonal."""
    least, most = {"diag": (1, 2)}.get(call.name, (2, inf))
    if not least <= call.ndim <= most:
        matrix = "a vector or a matrix" if least == 1 else "a matrix"
        return ShapeError(f"{call.x} has {call.ndim} axes; {matrix} is needed")
    for what in ("k", "offset"):
        found = not_whole(what, call.attrs.get(what, 0), many=False)
        if found is not None:
            return found
    return None


def matrices(call: Call) -> TinygradError | None:
    """inv, solve, svd and their like: matrices, most of them square, and if they are, what they lack."""
    for x in call.operands:
        if getattr(x, "dtype", None) == np.float16:
            return DtypeError(f"{in_words(x)} holds float16, and decompositions take float32; use .astype('float32')")
    square = call.name not in ("pinv", "svd")
    if call.ndim < 2 or (square and call.shape[-1] != call.shape[-2]):
        return ShapeError(f"{call.x} holds no {'square ' * square}matrices, (..., {'n, n' if square else 'm, n'})")
    for x, shape in zip(call.operands[1:], call.shapes[1:]):
        if shape[-2:][:1] != call.shape[-1:]:
            return ShapeError(f"{in_words(x)} must have a row for each of the {call.shape[-1]} rows of {call.x}")
    if not isinstance(call.attrs.get("rcond"), (Real, type(None))):
        return DtypeError(f"rcond is a number, not {short(call.attrs['rcond'])}")
    why = {"inv": "is singular; tg.pinv is the nearest to an inverse", "cholesky": "is not positive definite"}
    why["solve"] = "is singular, so there is not exactly one solution; tg.pinv(a) @ b is the one of least squares"
    return ShapeError(f"{call.x} {why.get(call.name, 'holds numbers that are not finite')}")
