"""Checks of indices: what an index may be made of, and whether it stays inside the array."""

from __future__ import annotations

import sys
from math import prod
from typing import Any

import numpy as np

from ..._support.languages import counted, say, texts
from ...errors import DtypeError, OutOfRangeError, ShapeError
from .axes import existing_axes
from .checked_call import CheckedCall
from .shapes import broadcasts
from .words import Shape, in_words, is_ragged, is_whole, listed, several, short, whole


def index_parts(call: CheckedCall) -> None:
    """Every part of an index is allowed, and stays inside the axes that it picks from."""
    shape = several(call.attrs["shape"]) if call.name == "scatter" else call.shape
    of = say("shape {shape}", shape=shape) if call.name == "scatter" else call.x
    whole(texts("a size"), shape)
    if any(size < 0 for size in shape) or prod(shape) > sys.maxsize // 8:
        raise ShapeError("no array has shape {shape}", shape=shape)
    index = call.attrs["index"]
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(list(part) if isinstance(part, (tuple, range)) else part for part in parts)
    for part in parts:
        allowed_part(part)
    if sum(part is Ellipsis for part in parts) > 1:
        raise ShapeError(say("an index holds one '...' at most, for all the axes that it does not name"))
    taken = sum(axes_taken(part) for part in parts)
    if taken > len(shape):
        if shape:
            raise OutOfRangeError("the index is for {n} axes, and {of} has {m}", n=taken, of=of, m=len(shape))
        one, many = texts(
            ("the index is for {n} axis, and {of} has none", "the index is for {n} axes, and {of} has none")
        )
        raise OutOfRangeError(counted(taken, one, many, of=of))
    axis = 0
    for part in parts:
        inside(part, axis, shape, of)
        axis += len(shape) - taken if part is Ellipsis else axes_taken(part)
    arrays = [np.asarray(part) for part in parts if isinstance(part, (list, np.ndarray))]
    shapes = [array.shape for array in arrays if array.dtype != bool]
    if broadcasts(shapes):
        return
    text = texts("index arrays of shapes {shapes} do not broadcast, so they pick no places of {of}")
    raise ShapeError(text, shapes=listed(list(map(str, shapes))), of=of)


def allowed_part(part: Any) -> None:
    """A part of an index is allowed, whatever the array."""
    if isinstance(part, slice):
        for field in (part.start, part.stop, part.step):
            if field is not None and not hasattr(field, "__index__"):
                text = texts("a slice goes from, to and by whole numbers, not {kind} {value}")
                raise DtypeError(text, kind=type(field).__name__, value=short(field))
        if part.step == 0:
            raise ShapeError(say("a slice cannot go by steps of 0"))
        return
    if is_ragged(part):
        raise ShapeError("the rows of the index {index} are not of one length", index=short(part))
    if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind not in "iub" and np.size(part):
        text = texts("an index array holds whole numbers or bools, not {dtype}; .astype(int) makes them whole")
        raise DtypeError(text, dtype=np.asarray(part).dtype)
    if part is None or part is Ellipsis or isinstance(part, (list, np.ndarray, np.bool_)) or hasattr(part, "__index__"):
        return
    hint = say("; {code} makes it whole", code=f"int({part})") if isinstance(part, float) else ""
    raise DtypeError(
        "an index is made of whole numbers, slices, None, ... and arrays of whole numbers or bools, not of {kind} "
        "{value}{hint}",
        kind=type(part).__name__,
        value=short(part),
        hint=hint,
    )


def axes_taken(part: Any) -> int:
    """How many axes of the array a part of an index picks from."""
    if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)):
        return 0
    if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype == bool:
        return np.ndim(part)
    return 1


def inside(part: Any, axis: int, shape: Shape, of: str) -> None:
    """A part of an index stays inside the axes that it picks from."""
    if part is None or part is Ellipsis or isinstance(part, (slice, bool, np.bool_)):
        return
    numbers = np.asarray(part)
    if numbers.dtype == bool:
        here = shape[axis : axis + numbers.ndim]
        if numbers.shape != here:
            text = texts("a mask of shape {shape} does not fit {of}, which has {here} there")
            raise OutOfRangeError(text, shape=numbers.shape, of=of, here=here)
        return
    n = shape[axis]
    wrong = numbers[(numbers < -n) | (numbers >= n)].ravel()
    if not wrong.size:
        return
    no_places = texts("index {index} is out of range: axis {axis} of {of} has no places")
    text = texts("index {index} is out of range: axis {axis} of {of} has places 0 to {last} (or {first} to -1)")
    raise OutOfRangeError(text if n else no_places, index=wrong[0], axis=axis, of=of, last=n - 1, first=-n)


def scattered_shape(call: CheckedCall) -> None:
    """The numbers to scatter have the shape of the places that the index picks."""
    picked = np.broadcast_to(0, several(call.attrs["shape"]))[call.attrs["index"]].shape
    raise ShapeError("{x} does not fit the places of the index, which have shape {shape}", x=call.x, shape=picked)


def assigned_shape(call: CheckedCall) -> None:
    """The value of `x[index] = value` fits the places that the index picks."""
    into, index = call.attrs["into"], call.attrs["index"]
    if index is not Ellipsis:
        index_parts(CheckedCall("getitem", [into], {"index": index}))
    picked = np.broadcast_to(0, into.shape)[index].shape
    text = texts("{x} does not fit the places of {into} that it goes to, which have shape {shape}")
    raise ShapeError(text, x=call.x, into=in_words(into), shape=picked)


def index_along_axis(call: CheckedCall) -> None:
    """The indices are whole numbers in an array of as many axes, and stay inside the array."""
    existing_axes("axis", call.attrs["axis"], call.ndim, call.x, many=False)
    if is_ragged(call.attrs["indices"]):
        text = texts("the rows of the indices {indices} are not of one length")
        raise ShapeError(text, indices=short(call.attrs["indices"]))
    indices = np.asarray(call.attrs["indices"])
    if indices.dtype.kind not in "iu":
        raise DtypeError("indices are whole numbers, not {dtype}; .astype(int) makes them whole", dtype=indices.dtype)
    axis, shape = (0, (prod(call.shape),)) if call.attrs["axis"] is None else (call.attrs["axis"], call.shape)
    if indices.ndim != len(shape):
        text = texts("indices {shape} and {x} need as many axes; x[indices] picks whole rows")
        raise ShapeError(text, shape=indices.shape, x=call.x)
    sizes = [(m, n) for i, (m, n) in enumerate(zip(indices.shape, shape)) if i != axis % len(shape)]
    if any(m != n and 1 not in (m, n) for m, n in sizes):
        text = texts("indices {shape} and {x} differ on other axes than axis {axis}, the one to pick along")
        raise ShapeError(text, shape=indices.shape, x=call.x, axis=axis)
    inside(indices, axis % len(shape), shape, call.x)


def split_points(call: CheckedCall) -> None:
    """The places to cut rise, or the number of parts divides the axis."""
    given, axis = call.attrs["indices_or_sections"], call.attrs["axis"]
    existing_axes("axis", axis, call.ndim, call.x, none=False, many=False)
    whole(texts("a place to cut"), given)
    n = call.shape[axis]
    if is_whole(given):
        if given > 0 and n % given == 0:
            return
        text = texts("the {n} places of {x} along axis {axis} do not make {m} equal parts; give the places to cut")
        raise ShapeError(text, n=n, x=call.x, axis=axis, m=given)
    ends = [place % n if -n <= place < 0 else place for place in several(given)]
    if ends == sorted(ends):
        return
    raise ShapeError("the places to cut must rise, and {places} do not", places=several(given))
