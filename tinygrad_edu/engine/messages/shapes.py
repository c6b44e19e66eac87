"""Checks of shapes: that the operands fit each other, and that the result can have the wanted shape."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import combinations
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ...errors import DtypeError, OutOfRangeError, ShapeError
from ..node import shape_of
from .axes import existing_axes
from .checked_call import CheckedCall
from .words import PAD_MODES, Shape, in_words, is_ragged, leaves, listed, several, short, symbols, whole

FLOATS = ".astype('float32')"

# Whether operands fit each other.


def broadcastable(call: CheckedCall) -> None:
    """The operands broadcast against each other."""
    operands = [x for x in (*call.operands, *call.attrs.values()) if x is not None]
    for i, j in combinations(range(len(operands)), 2):
        a, b = shape_of(operands[i]), shape_of(operands[j])
        for back, (m, n) in enumerate(zip(reversed(a), reversed(b)), 1):
            if m != n and 1 not in (m, n):
                why = say("sizes {m} and {n} on {axis} differ and neither is 1", m=m, n=n, axis=from_behind(back))
                hint = would_broadcast([operands[i], operands[j]]) if len(operands) == 2 else ""
                raise ShapeError(
                    "{operands} do not broadcast: {why}{hint}", operands=listed(operands), why=why, hint=hint
                )


def from_behind(back: int) -> str:
    """`the last axis`, `axis -2`."""
    return say("the last axis") if back == 1 else say("axis {axis}", axis=-back)


def would_broadcast(operands: Sequence[Any]) -> str:
    """The reshape or the transpose of one operand that would make two broadcast, if there is one."""
    (a, b), (first, second) = (shape_of(x) for x in operands), symbols(operands)
    if a == b[::-1] and len(a) == 2:
        return say("; did you mean {code}?", code=f"{second}.T")
    large, small, name = (a, b, second) if len(a) > len(b) else (b, a, first)
    for places in combinations(range(len(large)), len(small)) if 0 < len(small) < len(large) < 8 else ():
        if all(large[place] == size for place, size in zip(places, small)):
            shape = [1] * len(large)
            for place, size in zip(places, small):
                shape[place] = size
            return say("; {code} would broadcast", code=f"{name}.reshape({', '.join(map(str, shape))})")
    return ""


def broadcasts(shapes: Sequence[Shape]) -> bool:
    """Whether shapes broadcast against each other."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def not_bools(call: CheckedCall) -> None:
    """The operands are not all bools, with which one does not compute as with numbers."""
    if all(x.dtype == bool for x in call.operands if hasattr(x, "dtype")):
        raise DtypeError(
            "{x} holds bools, and {operation} takes numbers; {code} makes numbers of them",
            x=call.x,
            operation=call.name,
            code=FLOATS,
        )


def room(call: CheckedCall) -> None:
    """A whole number beside an array of whole numbers is one that its dtype can hold."""
    dtypes = [np.dtype(int) if x.dtype == bool else x.dtype for x in call.operands if hasattr(x, "dtype")]
    for x in call.operands:
        for dtype in dtypes if type(x) is int else ():
            if dtype.kind in "iu" and not np.iinfo(dtype).min <= x <= np.iinfo(dtype).max:
                text = texts("{x} is no {dtype}; {code} has room for it")
                raise OutOfRangeError(text, x=short(x), dtype=dtype, code=FLOATS)


def no_floats(call: CheckedCall) -> None:
    """&, |, ^ and ~: of bools and whole numbers, which have bits."""
    for x in call.operands:
        if getattr(x, "dtype", np.dtype(type(x))).kind == "f":
            text = texts(
                "{x} holds floats; &, |, ^ and ~ are for the answers of comparisons, such as (x > 0) & (x < 1)"
            )
            raise DtypeError(text, x=in_words(x))


def negative_powers(call: CheckedCall) -> None:
    """The operands are not all whole numbers; called when a negative power of one was refused."""
    if all(getattr(x, "dtype", np.dtype(int)).kind in "iub" for x in call.operands):
        raise DtypeError(
            "whole numbers to a negative power are no whole numbers: {operands}; {code} makes floating-point "
            "numbers of them",
            operands=listed(call.operands),
            code=FLOATS,
        )


def inner_sizes(call: CheckedCall) -> None:
    """The last axis of x is as long as the second to last of y, in x @ y."""
    (a, b), (first, second) = call.shapes, symbols(call.operands)
    product = f"{in_words(call.operands[0])} @ {in_words(call.operands[1])}"
    if not a or not b:
        raise ShapeError("{product}: a single number has no axis to sum over; use * to scale with it", product=product)
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        meant = [code for p, q, code in turned(a, b, first, second) if multiply(p, q)]
        names = {"x": first, "y": second, "m": a[-1], "n": inner}
        meet = say("; a row of {x} has {m} numbers, a column of {y} has {n}", **names)
        hint = say("; did you mean {code}?", code=meant[0]) if meant else meet
        raise ShapeError(
            "{product}: inner sizes {m} and {n} differ{hint}", product=product, m=a[-1], n=inner, hint=hint
        )
    for back, (m, n) in enumerate(zip(reversed(a[:-2]), reversed(b[:-2])), 3):
        if m != n and 1 not in (m, n):
            text = texts("{product}: sizes {m} and {n} on axis {axis}, before the matrices, do not broadcast")
            raise ShapeError(text, product=product, m=m, n=n, axis=-back)


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


def dot_operands(call: CheckedCall) -> None:
    """The operands of `dot` fit as those of @ do; two lists hold numbers and Values."""
    if len(call.operands) != 2:
        raise ShapeError(
            say("two lists are multiplied item by item, and hold numbers and Values; tg.stack makes an array of a list")
        )
    if all(call.shapes):
        inner_sizes(call)


def letter_sizes(call: CheckedCall) -> None:
    """Every letter of `einsum` stands for one size, except that axes of size 1 are stretched."""
    terms = call.attrs["subscripts"].split("->")[0].split(",")
    size_of: dict[str, tuple[int, Any]] = {}
    for term, x in zip(terms, call.operands):
        for letter, n in zip(term, shape_of(x)):
            m, other = size_of.setdefault(letter, (n, x)) if n != 1 else (n, x)
            if m == n:  # and along a diagonal of x itself
                m, other = shape_of(x)[term.index(letter)], x
            if m != n:
                raise ShapeError(
                    "{subscripts}: {letter} is {m} in {x} and {n} in {y}; a letter stands for one size",
                    subscripts=repr(call.attrs["subscripts"]),
                    letter=repr(letter),
                    m=m,
                    x=in_words(other),
                    n=n,
                    y=in_words(x),
                )


def joined_shapes(call: CheckedCall) -> None:
    """All operands have the same sizes, but for the axis to join along."""
    axis, shapes = call.attrs["axis"], call.shapes
    if () in shapes:
        raise ShapeError(
            "{operands}: a single number has no axis to join along; use tg.stack", operands=listed(call.operands)
        )
    for x, shape in zip(call.operands, shapes):
        if len(shape) != len(shapes[0]):
            text = texts("{x} and {y} have {m} and {n} axes; reshape one, so that both have as many")
            raise ShapeError(text, x=call.x, y=in_words(x), m=call.ndim, n=len(shape))
    existing_axes("axis", axis, call.ndim, call.x, none=False, many=False)
    for x, shape in zip(call.operands, shapes):
        for i, (m, n) in enumerate(zip(shapes[0], shape)):
            if m != n and i != axis % len(shape):
                others = [j for j in range(len(shape)) if shapes_agree(shapes, j)]
                hint = say("; {code} would do", code=f"axis={others[0]}") if others else ""
                raise ShapeError(
                    "{x} and {y} along axis {axis}: sizes {m} and {n} on axis {i} differ, and only axis {axis} may "
                    "differ{hint}",
                    x=call.x,
                    y=in_words(x),
                    axis=axis,
                    m=m,
                    n=n,
                    i=i,
                    hint=hint,
                )


def shapes_agree(shapes: Sequence[Shape], axis: int) -> bool:
    """Whether shapes agree on all axes but one."""
    return len({shape[:axis] + shape[axis + 1 :] for shape in shapes}) == 1


def equal_shapes(call: CheckedCall) -> None:
    """All operands have one shape."""
    for x, shape in zip(call.operands, call.shapes):
        if shape != call.shape:
            raise ShapeError(
                "{x} and {y} differ, and only arrays of one shape can be stacked; tg.concatenate joins along an "
                "axis that they have",
                x=call.x,
                y=in_words(x),
            )
    n = call.ndim + 1
    existing_axes("axis", call.attrs["axis"], n, say("the result, of {n} axes", n=n), none=False, many=False)


# Whether the result can have a shape.


def new_shape(call: CheckedCall) -> None:
    """The shape holds as many numbers as the operand has."""
    shape, n = several(call.attrs["shape"]), prod(call.shape)
    whole(texts("a size"), shape)
    known = [size for size in shape if size != -1]
    left_open = len(shape) - len(known)
    if left_open > 1:
        raise ShapeError("{shape} leaves {n} sizes open; only one -1 can be worked out", shape=shape, n=left_open)
    if any(size < 0 for size in known):
        raise ShapeError("{shape} has a negative size; only -1 has a meaning, a size to be worked out", shape=shape)
    filled = prod(known)
    if (filled and n % filled == 0) if left_open else n == filled:
        return
    text = texts("{x}: {n} numbers do not fill {shape}{hint}")
    raise ShapeError(text, x=call.x, n=n, shape=shape, hint=would_fill(n, shape))


def would_fill(n: int, shape: tuple[int, ...]) -> str:
    """A hint: the same shape with one size changed so that the numbers fill it, if that is possible."""
    for i in reversed(range(len(shape))) if -1 not in shape else ():
        others = prod(shape[:i] + shape[i + 1 :])
        if others and n % others == 0:
            return say("; they fill {shape}", shape=(*shape[:i], n // others, *shape[i + 1 :]))
    return ""


def broadcast_shape(call: CheckedCall) -> None:
    """The operand broadcasts to the shape."""
    shape = several(call.attrs["shape"])
    whole(texts("a size"), shape)
    if any(size < 0 for size in shape):
        raise ShapeError("{shape} has a negative size", shape=shape)
    if prod(shape) > sys.maxsize // 8:
        raise ShapeError("no memory holds an array of shape {shape}", shape=shape)
    if len(shape) < call.ndim:
        text = texts("{x} has {m} axes and does not broadcast to the {n} of {shape}")
        raise ShapeError(text, x=call.x, m=call.ndim, n=len(shape), shape=shape)
    for back, (m, n) in enumerate(zip(reversed(call.shape), reversed(shape)), 1):
        if m != n and m != 1:
            text = texts("{x} does not broadcast to {shape}: size {m} on {axis} is neither {n} nor 1")
            raise ShapeError(text, x=call.x, shape=shape, m=m, n=n, axis=from_behind(back))


def summed_shape(call: CheckedCall) -> None:
    """The shape broadcasts to that of the operand; called when NumPy found that it does not."""
    shape = several(call.attrs["shape"])
    whole(texts("a size"), shape)
    raise ShapeError("{x} cannot be summed to {shape}, because {shape} does not broadcast to it", x=call.x, shape=shape)


def shifts(call: CheckedCall) -> None:
    """There is one shift, or one for each axis."""
    shift, axes = call.attrs["shift"], call.attrs["axis"]
    whole("shift", shift)
    m, n = len(several(shift)), 1 if axes is None else len(several(axes))
    if m != n and 1 not in (m, n):
        text = texts("{m} shifts do not go with {n} axes: {code}; give one shift, or one an axis")
        raise ShapeError(text, m=m, n=n, code=f"shift={shift}, axis={axes}")


def repeat_counts(call: CheckedCall) -> None:
    """The counts of `tile` and `repeat` are whole numbers from 0 on."""
    given = call.attrs["reps" if call.name == "tile" else "repeats"]
    whole(texts("how often"), given)
    if any(n < 0 for n in several(given)):
        raise ShapeError("a number of repetitions is 0 or more, not {n}", n=min(several(given)))


def counts_per_place(call: CheckedCall) -> None:
    """There is one count, or one for each place along the axis."""
    counts, axis = several(call.attrs["repeats"]), call.attrs["axis"]
    n = prod(call.shape) if axis is None else call.shape[axis]
    if len(counts) not in (1, n):
        text = (
            texts("{m} counts for the {n} places of {x} in all; give one, or {n}")
            if axis is None
            else texts("{m} counts for the {n} places of {x} along axis {axis}; give one, or {n}")
        )
        raise ShapeError(text, m=len(counts), n=n, x=call.x, axis=axis)


def pad_width(call: CheckedCall) -> None:
    """`pad_width` is a width, a pair (before, after), or a pair for each axis; the mode is known."""
    widths, mode, fill = (call.attrs[name] for name in ("pad_width", "mode", "constant_values"))
    if not isinstance(mode, str) or mode not in PAD_MODES:
        raise ShapeError("mode {mode} is not one of {modes}", mode=short(mode), modes=say(", ").join(PAD_MODES))
    whole("pad_width", tuple(leaves(widths)))
    if (
        not all(isinstance(x, Real) for x in leaves(fill))
        or is_ragged(fill)
        or not fits(np.shape(fill), (call.ndim, 2))
    ):
        text = texts("constant_values is one number, or {n} pairs (before, after), not {kind} {value}")
        raise DtypeError(text, n=call.ndim, kind=type(fill).__name__, value=short(fill))
    if any(n < 0 for n in leaves(widths)):
        raise ShapeError("pad_width {widths} is negative; to cut off numbers take x[1:-1] and its like", widths=widths)
    if is_ragged(widths) or not fits(np.shape(widths), (call.ndim, 2)):
        text = texts("pad_width {widths} does not fit {x}: give one width, or {n} pairs (before, after), one an axis")
        raise ShapeError(text, widths=widths, x=call.x, n=call.ndim)
    if 0 in call.shape:
        text = texts("{x} has no numbers that mode {mode} could repeat; use mode='constant'")
        raise ShapeError(text, x=call.x, mode=repr(mode))


def fits(shape: Shape, target: Shape) -> bool:
    """Whether a shape broadcasts to another one."""
    return len(shape) <= len(target) and all(m in (1, n) for m, n in zip(reversed(shape), reversed(target)))
