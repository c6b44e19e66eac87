"""Checks of shapes: that the operands fit each other, and that the result can have the wanted shape."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import combinations
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError, TinygradError
from ..node import shape_of
from .axes import wrong_axes
from .words import (
    PAD_MODES,
    CheckedCall,
    Shape,
    in_words,
    is_ragged,
    leaves,
    listed,
    not_whole,
    several,
    short,
    symbols,
)

# Whether operands fit each other.


def broadcastable(call: CheckedCall) -> TinygradError | None:
    """The operands broadcast against each other."""
    operands = [x for x in (*call.operands, *call.attrs.values()) if x is not None]
    for i, j in combinations(range(len(operands)), 2):
        a, b = shape_of(operands[i]), shape_of(operands[j])
        for back, (m, n) in enumerate(zip(reversed(a), reversed(b)), 1):
            if m != n and 1 not in (m, n):
                where = "the last axis" if back == 1 else f"axis -{back}"
                why = f"sizes {m} and {n} on {where} differ and neither is 1"
                hint = would_broadcast([operands[i], operands[j]]) if len(operands) == 2 else ""
                return ShapeError(f"{listed(operands)} do not broadcast: {why}{hint}")
    return None


def would_broadcast(operands: Sequence[Any]) -> str:
    """The reshape or the transpose of one operand that would make two broadcast, if there is one."""
    (a, b), (first, second) = (shape_of(x) for x in operands), symbols(operands)
    if a == b[::-1] and len(a) == 2:
        return f"; did you mean {second}.T?"
    large, small, name = (a, b, second) if len(a) > len(b) else (b, a, first)
    for places in combinations(range(len(large)), len(small)) if 0 < len(small) < len(large) < 8 else ():
        if all(large[place] == size for place, size in zip(places, small)):
            shape = [1] * len(large)
            for place, size in zip(places, small):
                shape[place] = size
            return f"; {name}.reshape({', '.join(map(str, shape))}) would broadcast"
    return ""


def broadcasts(shapes: Sequence[Shape]) -> bool:
    """Whether shapes broadcast against each other."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def not_bools(call: CheckedCall) -> TinygradError | None:
    """The operands are not all bools, which can be neither subtracted nor negated."""
    if all(x.dtype == bool for x in call.operands if hasattr(x, "dtype")):
        return DtypeError(f"{call.x} holds bools, which have no {call.name}; .astype('float32') makes numbers of them")
    return None


def negative_powers(call: CheckedCall) -> TinygradError | None:
    """The operands are not all whole numbers; called when a negative power of one was refused."""
    if all(getattr(x, "dtype", np.dtype(int)).kind in "iub" for x in call.operands):
        return DtypeError(
            f"whole numbers to a negative power are no whole numbers: {listed(call.operands)}; "
            ".astype('float32') makes floating-point numbers of them"
        )
    return None


def inner_sizes(call: CheckedCall) -> TinygradError | None:
    """The last axis of x is as long as the second to last of y, in x @ y."""
    (a, b), (first, second) = call.shapes, symbols(call.operands)
    product = f"{in_words(call.operands[0])} @ {in_words(call.operands[1])}"
    if not a or not b:
        return ShapeError(f"{product}: a single number has no axis to sum over; use * to scale with it")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        meant = [f"; did you mean {words}?" for p, q, words in turned(a, b, first, second) if multiply(p, q)]
        meet = f"; a row of {first} has {a[-1]} numbers, a column of {second} has {inner}"
        return ShapeError(f"{product}: inner sizes {a[-1]} and {inner} differ{meant[0] if meant else meet}")
    for back, (m, n) in enumerate(zip(reversed(a[:-2]), reversed(b[:-2])), 3):
        if m != n and 1 not in (m, n):
            return ShapeError(f"{product}: sizes {m} and {n} on axis -{back}, before the matrices, do not broadcast")
    return None


def multiply(a: Shape, b: Shape) -> bool:
    """Whether a @ b is defined."""
    return a[-1] == (b[-2] if len(b) > 1 else b[0]) and broadcasts([a[:-2], b[:-2]])


def turned(a: Shape, b: Shape, first: str, second: str) -> list[tuple[Shape, Shape, str]]:
    """The products that may have been meant instead of a @ b: their shapes, and how they are written."""
    turn = "T" if len(a) <= 2 >= len(b) else "swapaxes(-1, -2)"
    a_turned, b_turned = (shape[:-2] + shape[:-3:-1] for shape in (a, b))
    return [
        (a, b_turned, f"{first} @ {second}.{turn}"),
        (a_turned, b, f"{first}.{turn} @ {second}"),
        (b, a, f"{second} @ {first}"),
    ]


def dot_operands(call: CheckedCall) -> TinygradError | None:
    """The operands of `dot` fit as those of @ do; two lists hold numbers and Values."""
    if len(call.operands) == 2:
        return inner_sizes(call) if all(call.shapes) else None
    return ShapeError(
        "two lists are multiplied item by item, and hold numbers and Values; tg.stack makes an array of a list"
    )


def letter_sizes(call: CheckedCall) -> TinygradError | None:
    """Every letter of `einsum` stands for one size, except that axes of size 1 are stretched."""
    terms = call.attrs["subscripts"].split("->")[0].split(",")
    size_of: dict[str, tuple[int, Any]] = {}
    for term, x in zip(terms, call.operands):
        for letter, n in zip(term, shape_of(x)):
            m, other = size_of.setdefault(letter, (n, x)) if n != 1 else (n, x)
            if m == n:  # and along a diagonal of x itself
                m, other = shape_of(x)[term.index(letter)], x
            if m != n:
                both = f"{letter!r} is {m} in {in_words(other)} and {n} in {in_words(x)}"
                return ShapeError(f"{call.attrs['subscripts']!r}: {both}; a letter stands for one size")
    return None


def joined_shapes(call: CheckedCall) -> TinygradError | None:
    """All operands have the same sizes, but for the axis to join along."""
    axis, shapes = call.attrs["axis"], call.shapes
    if () in shapes:
        return ShapeError(f"{listed(call.operands)}: a single number has no axis to join along; use tg.stack")
    for x, shape in zip(call.operands, shapes):
        if len(shape) != len(shapes[0]):
            counts = f"{call.ndim} and {len(shape)} axes"
            return ShapeError(f"{call.x} and {in_words(x)} have {counts}; reshape one, so that both have as many")
    found = wrong_axes("axis", axis, call.ndim, call.x, none=False, many=False)
    if found is not None:
        return found
    for x, shape in zip(call.operands, shapes):
        for i, (m, n) in enumerate(zip(shapes[0], shape)):
            if m != n and i != axis % len(shape):
                others = [j for j in range(len(shape)) if shapes_agree(shapes, j)]
                hint = f"; axis={others[0]} would do" if others else ""
                return ShapeError(
                    f"{call.x} and {in_words(x)} along axis {axis}: sizes {m} and {n} on axis {i} differ, "
                    f"and only axis {axis} may differ{hint}"
                )
    return None


def shapes_agree(shapes: Sequence[Shape], axis: int) -> bool:
    """Whether shapes agree on all axes but one."""
    return len({shape[:axis] + shape[axis + 1 :] for shape in shapes}) == 1


def equal_shapes(call: CheckedCall) -> TinygradError | None:
    """All operands have one shape."""
    for x, shape in zip(call.operands, call.shapes):
        if shape != call.shape:
            return ShapeError(
                f"{call.x} and {in_words(x)} differ, and only arrays of one shape can be stacked; "
                "tg.concatenate joins along an axis that they have"
            )
    n = call.ndim + 1
    return wrong_axes("axis", call.attrs["axis"], n, f"the result, of {n} axes", none=False, many=False)


# Whether the result can have a shape.


def new_shape(call: CheckedCall) -> TinygradError | None:
    """The shape holds as many numbers as the operand has."""
    shape, n = several(call.attrs["shape"]), prod(call.shape)
    found = not_whole("a size", shape)
    if found is not None:
        return found
    known = [size for size in shape if size != -1]
    left_open = len(shape) - len(known)
    if left_open > 1:
        return ShapeError(f"{shape} leaves {left_open} sizes open; only one -1 can be worked out")
    if any(size < 0 for size in known):
        return ShapeError(f"{shape} has a negative size; only -1 has a meaning, a size to be worked out")
    filled = prod(known)
    if (filled and n % filled == 0) if left_open else n == filled:
        return None
    return ShapeError(f"{call.x}: {n} numbers do not fill {shape}{would_fill(n, shape)}")


def would_fill(n: int, shape: tuple[int, ...]) -> str:
    """A hint: the same shape with one size changed so that the numbers fill it, if that is possible."""
    for i in reversed(range(len(shape))) if -1 not in shape else ():
        others = prod(shape[:i] + shape[i + 1 :])
        if others and n % others == 0:
            return f"; they fill {(*shape[:i], n // others, *shape[i + 1 :])}"
    return ""


def broadcast_shape(call: CheckedCall) -> TinygradError | None:
    """The operand broadcasts to the shape."""
    shape = several(call.attrs["shape"])
    found = not_whole("a size", shape)
    if found is not None:
        return found
    if any(size < 0 for size in shape):
        return ShapeError(f"{shape} has a negative size")
    if prod(shape) > sys.maxsize // 8:
        return ShapeError(f"no memory holds an array of shape {shape}")
    if len(shape) < call.ndim:
        return ShapeError(f"{call.x} has {call.ndim} axes and does not broadcast to the {len(shape)} of {shape}")
    for back, (m, n) in enumerate(zip(reversed(call.shape), reversed(shape)), 1):
        if m != n and m != 1:
            where = "the last axis" if back == 1 else f"axis -{back}"
            return ShapeError(f"{call.x} does not broadcast to {shape}: size {m} on {where} is neither {n} nor 1")
    return None


def summed_shape(call: CheckedCall) -> TinygradError | None:
    """The shape broadcasts to that of the operand; called when NumPy found that it does not."""
    shape = several(call.attrs["shape"])
    found = not_whole("a size", shape)
    if found is not None:
        return found
    return ShapeError(f"{call.x} cannot be summed to {shape}, because {shape} does not broadcast to it")


def shifts(call: CheckedCall) -> TinygradError | None:
    """There is one shift, or one for each axis."""
    shift, axes = call.attrs["shift"], call.attrs["axis"]
    found = not_whole("shift", shift)
    if found is not None:
        return found
    m, n = len(several(shift)), 1 if axes is None else len(several(axes))
    if m != n and 1 not in (m, n):
        return ShapeError(
            f"{m} shifts do not go with {n} axes: shift={shift}, axis={axes}; give one shift, or one an axis"
        )
    return None


def repeat_counts(call: CheckedCall) -> TinygradError | None:
    """The counts of `tile` and `repeat` are whole numbers from 0 on."""
    given = call.attrs["reps" if call.name == "tile" else "repeats"]
    found = not_whole("how often", given)
    if found is not None:
        return found
    if any(n < 0 for n in several(given)):
        return ShapeError(f"nothing can be repeated {min(several(given))} times; give 0 or more")
    return None


def counts_per_place(call: CheckedCall) -> TinygradError | None:
    """There is one count, or one for each place along the axis."""
    counts, axis = several(call.attrs["repeats"]), call.attrs["axis"]
    n = prod(call.shape) if axis is None else call.shape[axis]
    if len(counts) not in (1, n):
        where = "in all" if axis is None else f"along axis {axis}"
        return ShapeError(f"{len(counts)} counts for the {n} places of {call.x} {where}; give one, or {n}")
    return None


def pad_width(call: CheckedCall) -> TinygradError | None:
    """`pad_width` is a width, a pair (before, after), or a pair for each axis; the mode is known."""
    widths, mode, fill = (call.attrs[name] for name in ("pad_width", "mode", "constant_values"))
    if not isinstance(mode, str) or mode not in PAD_MODES:
        return ShapeError(f"mode {short(mode)} is not one of {', '.join(PAD_MODES)}")
    found = not_whole("pad_width", tuple(leaves(widths)))
    if found is not None:
        return found
    if (
        not all(isinstance(x, Real) for x in leaves(fill))
        or is_ragged(fill)
        or not fits(np.shape(fill), (call.ndim, 2))
    ):
        of_each = f"constant_values is one number, or {call.ndim} pairs (before, after)"
        return DtypeError(f"{of_each}, not {type(fill).__name__} {short(fill)}")
    if any(n < 0 for n in leaves(widths)):
        return ShapeError(f"pad_width {widths} is negative; to cut off numbers take x[1:-1] and its like")
    if is_ragged(widths) or not fits(np.shape(widths), (call.ndim, 2)):
        pairs = f"{call.ndim} pairs (before, after), one an axis"
        return ShapeError(f"pad_width {widths} does not fit {call.x}: give one width, or {pairs}")
    if 0 in call.shape:
        return ShapeError(f"{call.x} has no numbers that mode {mode!r} could repeat; use mode='constant'")
    return None


def fits(shape: Shape, target: Shape) -> bool:
    """Whether a shape broadcasts to another one."""
    return len(shape) <= len(target) and all(m in (1, n) for m, n in zip(reversed(shape), reversed(target)))
