"""Checks of indices: what an index may be made of, and whether it stays inside the array."""

from __future__ import annotations

import sys
from math import prod
from typing import Any

import numpy as np

from ...errors import DtypeError, OutOfRangeError, ShapeError, TinygradError
from .axes import wrong_axes
from .checked_call import CheckedCall
from .shapes import broadcasts
from .words import Shape, in_words, is_ragged, is_whole, listed, not_whole, several, short


def index_parts(call: CheckedCall) -> TinygradError | None:
    """Every part of an index is allowed, and stays inside the axes that it picks from."""
    shape = several(call.attrs["shape"]) if call.name == "scatter" else call.shape
    of = f"shape {shape}" if call.name == "scatter" else call.x
    found = not_whole("a size", shape)
    if found is not None:
        return found
    if any(size < 0 for size in shape) or prod(shape) > sys.maxsize // 8:
        return ShapeError(f"no array has shape {shape}")
    index = call.attrs["index"]
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(list(part) if isinstance(part, (tuple, range)) else part for part in parts)
    for part in parts:
        found = wrong_part(part)
        if found is not None:
            return found
    if sum(part is Ellipsis for part in parts) > 1:
        return ShapeError("an index holds one '...' at most, for all the axes that it does not name")
    taken = sum(axes_taken(part) for part in parts)
    if taken > len(shape):
        return OutOfRangeError(
            f"an index for {taken} {'axes' if taken > 1 else 'axis'}, and {of} has {len(shape) or 'none'}"
        )
    axis = 0
    for part in parts:
        found = off_the_end(part, axis, shape, of)
        if found is not None:
            return found
        axis += len(shape) - taken if part is Ellipsis else axes_taken(part)
    arrays = [np.asarray(part) for part in parts if isinstance(part, (list, np.ndarray))]
    shapes = [array.shape for array in arrays if array.dtype != bool]
    if broadcasts(shapes):
        return None
    return ShapeError(
        f"index arrays of shapes {listed(list(map(str, shapes)))} do not broadcast, so they pick no places of {of}"
    )


def wrong_part(part: Any) -> TinygradError | None:
    """What is wrong with one part of an index, whatever the array."""
    if isinstance(part, slice):
        for field in (part.start, part.stop, part.step):
            if field is not None and not hasattr(field, "__index__"):
                return DtypeError(
                    f"a slice goes from, to and by whole numbers, not {type(field).__name__} {short(field)}"
                )
        return ShapeError("a slice cannot go by steps of 0") if part.step == 0 else None
    if is_ragged(part):
        return ShapeError(f"the rows of the index {short(part)} are not of one length")
    if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind not in "iub" and np.size(part):
        dtype = np.asarray(part).dtype
        return DtypeError(f"an index array holds whole numbers or bools, not {dtype}; .astype(int) makes them whole")
    if part is None or part is Ellipsis or isinstance(part, (list, np.ndarray, np.bool_)) or hasattr(part, "__index__"):
        return None
    way_out = f"; int({part}) makes it whole" if isinstance(part, float) else ""
    return DtypeError(
        "an index is made of whole numbers, slices, None, ... and arrays of whole numbers or bools, "
        f"not of {type(part).__name__} {short(part)}{way_out}"
    )


def axes_taken(part: Any) -> int:
    """How many axes of the array a part of an index picks from."""
    if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)):
        return 0
    if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype == bool:
        return np.ndim(part)
    return 1


def off_the_end(part: Any, axis: int, shape: Shape, of: str) -> TinygradError | None:
    """What is wrong with one part of an index on the axes that it picks from."""
    if part is None or part is Ellipsis or isinstance(part, (slice, bool, np.bool_)):
        return None
    numbers = np.asarray(part)
    if numbers.dtype == bool:
        here = shape[axis : axis + numbers.ndim]
        if numbers.shape != here:
            return OutOfRangeError(f"a mask of shape {numbers.shape} does not fit {of}, which has {here} there")
        return None
    n = shape[axis]
    wrong = numbers[(numbers < -n) | (numbers >= n)].ravel()
    if not wrong.size:
        return None
    there = "has no places" if n == 0 else f"has places 0 to {n - 1} (or -{n} to -1)"
    return OutOfRangeError(f"index {wrong[0]} is out of range: axis {axis} of {of} {there}")


def scattered_shape(call: CheckedCall) -> TinygradError | None:
    """The numbers to scatter have the shape of the places that the index picks."""
    picked = np.broadcast_to(0, several(call.attrs["shape"]))[call.attrs["index"]].shape
    return ShapeError(f"{call.x} does not fit the places of the index, which have shape {picked}")


def assigned_shape(call: CheckedCall) -> TinygradError | None:
    """The value of `x[index] = value` fits the places that the index picks."""
    into, index = call.attrs["into"], call.attrs["index"]
    found = None if index is Ellipsis else index_parts(CheckedCall("getitem", [into], {"index": index}))
    if found is not None:
        return found
    picked = np.broadcast_to(0, into.shape)[index].shape
    return ShapeError(
        f"{call.x} does not fit the places of {in_words(into)} that it goes to, which have shape {picked}"
    )


def index_along_axis(call: CheckedCall) -> TinygradError | None:
    """The indices are whole numbers in an array of as many axes, and stay inside the array."""
    found = wrong_axes("axis", call.attrs["axis"], call.ndim, call.x, many=False)
    if found is not None:
        return found
    if is_ragged(call.attrs["indices"]):
        return ShapeError(f"the rows of the indices {short(call.attrs['indices'])} are not of one length")
    indices = np.asarray(call.attrs["indices"])
    if indices.dtype.kind not in "iu":
        return DtypeError(f"indices are whole numbers, not {indices.dtype}; .astype(int) makes them whole")
    axis, shape = (0, (prod(call.shape),)) if call.attrs["axis"] is None else (call.attrs["axis"], call.shape)
    if indices.ndim != len(shape):
        return ShapeError(f"indices {indices.shape} and {call.x} need as many axes; x[indices] picks whole rows")
    sizes = [(m, n) for i, (m, n) in enumerate(zip(indices.shape, shape)) if i != axis % len(shape)]
    if any(m != n and 1 not in (m, n) for m, n in sizes):
        return ShapeError(
            f"indices {indices.shape} and {call.x} differ on other axes than axis {axis}, the one to pick along"
        )
    return off_the_end(indices, axis % len(shape), shape, call.x)


def split_points(call: CheckedCall) -> TinygradError | None:
    """The places to cut rise, or the number of parts divides the axis."""
    given, axis = call.attrs["indices_or_sections"], call.attrs["axis"]
    found = wrong_axes("axis", axis, call.ndim, call.x, none=False, many=False) or not_whole("a place to cut", given)
    if found is not None:
        return found
    n = call.shape[axis]
    if is_whole(given):
        if given > 0 and n % given == 0:
            return None
        return ShapeError(
            f"the {n} places of {call.x} along axis {axis} do not make {given} equal parts; give the places to cut"
        )
    ends = [place % n if -n <= place < 0 else place for place in several(given)]
    return ShapeError(f"the places to cut must rise, and {several(given)} do not") if ends != sorted(ends) else None
