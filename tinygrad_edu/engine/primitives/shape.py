"""The rows of the table that move numbers without changing them, and so move gradients the opposite way."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod
from operator import index
from typing import Any

import numpy as np

from ..._support.languages import texts
from ...errors import DtypeError, OutOfRangeError, ShapeError
from .. import messages
from ..convert import native
from ..masks import ANSWERS
from ..node import Node, number_of, shape_of
from .indexing import along, getitem, scatter
from .kernels import reduced
from .primitive import Variadic, dispatch
from .rows import primitive

__all__ = [
    "astype", "broadcast_to", "concatenate", "expand_dims", "flatten", "flip", "moveaxis", "pad", "repeat", "reshape",
    "roll", "split", "squeeze", "stack", "sum_to", "swapaxes", "take", "tile", "transpose",
]  # fmt: skip

SMALL = 1024
"""Up to this many numbers a broadcast array is filled; above, it is a view that repeats one number."""

Axis = int | tuple[int, ...]


def inverse(axes: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes a permutation."""
    return tuple(sorted(range(len(axes)), key=lambda i: axes[i] % len(axes)))


@primitive(lambda g, out, x, shape: sum_to(g, shape=x.shape), numpy=[np.broadcast_to])
def broadcast_to(x: Any, shape: tuple[int, ...] = ()) -> Any:
    """x repeated to a larger shape, by NumPy's broadcasting rules; the gradient is summed back.

    >>> import tinygrad_edu as tg
    >>> tg.broadcast_to(tg.tensor([1.0, 2.0]), (2, 2))
    tensor([[1., 2.],
            [1., 2.]])
    """
    return spread(np.asarray(x), messages.several(shape))


def spread(x: np.ndarray | np.generic, shape: tuple[int, ...]) -> Any:
    """NumPy's `broadcast_to`; quicker where it is one number."""
    if x.ndim:
        return x if x.shape == shape else np.broadcast_to(x, shape)
    if prod(shape) <= SMALL:
        full = np.empty(shape, x.dtype)
        full.fill(x)
    else:
        full = np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
        full.flags.writeable = False
    return full


@primitive(lambda g, out, x, shape: broadcast_to(g, shape=x.shape))
def sum_to(x: Any, shape: tuple[int, ...] = ()) -> Any:
    """x summed over the axes that broadcasting `shape` to x's shape has added or stretched.

    >>> import tinygrad_edu as tg
    >>> tg.sum_to(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), (2,))
    tensor([4., 6.])
    """
    return summed_back(x, messages.several(shape))


def summed_back(x: Any, shape: tuple[int, ...]) -> Any:
    """`sum_to` of an array."""
    added = x.ndim - len(shape)
    if x.shape[added:] == shape:
        return np.asarray(reduced(np.add, x, 0 if added == 1 else tuple(range(added))))
    stretched = tuple(i + added for i, size in enumerate(shape) if size == 1 != x.shape[i + added])
    return np.asarray(reduced(np.add, x, (*range(added), *stretched))).reshape(shape)


@primitive(lambda g, out, x, shape: g.reshape(x.shape))
def reshape(x: Any, shape: Any = -1) -> Any:
    """The same numbers in another shape; one size may be -1, to be worked out.

    >>> import tinygrad_edu as tg
    >>> tg.reshape(tg.tensor([1.0, 2.0, 3.0, 4.0]), (2, -1))
    tensor([[1., 2.],
            [3., 4.]])
    """
    out = np.asarray(x).reshape(shape)
    if out.shape != shape and any(size is None or size < -1 for size in messages.several(shape)):
        raise ValueError(f"{shape} has a size below -1, which NumPy would work out")
    return out


@primitive(
    lambda g, out, x, axes: transpose(g, None if axes is None else inverse(messages.several(axes))),
    numpy=[np.transpose, np.permute_dims],
)
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order; in reverse order where `axes` is None.

    >>> import tinygrad_edu as tg
    >>> tg.transpose(tg.tensor([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    return np.asarray(x).transpose(axes)


@primitive(
    lambda g, out, x, source, destination: moveaxis(g, destination, source),
    words=texts(("{g} with its axes back",)),
    numpy=[np.moveaxis],
)
def moveaxis(x: Any, source: Axis = 0, destination: Axis = 0) -> Any:
    """Some axes moved to other places, the rest in their order.

    >>> import tinygrad_edu as tg
    >>> tg.moveaxis(tg.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return np.moveaxis(x, source, destination)


@primitive(lambda g, out, x, axis1, axis2: swapaxes(g, axis1, axis2), numpy=[np.swapaxes])
def swapaxes(x: Any, axis1: int = 0, axis2: int = 1) -> Any:
    """Two axes exchanged.

    >>> import tinygrad_edu as tg
    >>> tg.swapaxes(tg.zeros((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    return np.asarray(x).swapaxes(axis1, axis2)


@primitive(lambda g, out, x, axis: g.reshape(x.shape), numpy=[np.expand_dims])
def expand_dims(x: Any, axis: Axis = 0) -> Any:
    """New axes of size one.

    >>> import tinygrad_edu as tg
    >>> tg.expand_dims(tg.zeros((2, 3)), 1).shape
    (2, 1, 3)
    """
    return np.expand_dims(x, axis)


@primitive(lambda g, out, x, axis: g.reshape(x.shape), numpy=[np.squeeze])
def squeeze(x: Any, axis: Axis | None = None) -> Any:
    """Axes of size one left out: all of them where `axis` is None.

    >>> import tinygrad_edu as tg
    >>> tg.squeeze(tg.zeros((2, 1, 3))).shape
    (2, 3)
    """
    return np.squeeze(x, axis)


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The axes from `start_dim` to `end_dim`, both included, made into one; all axes by default.

    >>> import tinygrad_edu as tg
    >>> tg.flatten(tg.zeros((2, 3, 4)), 1).shape
    (2, 12)
    """
    try:
        shape = shape_of(x)
        axes = range(len(shape) or 1)
        first, last = axes[start_dim], axes[end_dim]
    except (IndexError, TypeError, ValueError) as error:
        raise messages.refused("flatten", [x], {"start_dim": start_dim, "end_dim": end_dim}, error) from None
    if last < first:
        raise ShapeError(f"flatten: from axis {start_dim} to axis {end_dim} there is no axis of {messages.in_words(x)}")
    sizes = (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])
    if not isinstance(x, Node):
        return reshape(x, sizes)
    return x if sizes == shape else x.unary(reshape, {"shape": sizes})


def reshape_in_order(a: Any, shape: Any, order: str = "C") -> Any:
    """`numpy.reshape`: with `order="F"` the numbers are read, and filled in, column by column."""
    if not _by_columns("reshape", order):
        return reshape(a, shape)
    return transpose(reshape(transpose(a), shape if messages.is_whole(shape) else tuple(shape)[::-1]))


def _by_columns(name: str, order: Any) -> bool:
    if order not in ("C", "F"):
        given = messages.short(order)
        raise DtypeError(f"{name}: order is 'C' or 'F', not {given}; how numbers lie in memory is not recorded")
    return bool(order == "F")


def ravel(a: Any, order: Any = "C") -> Any:
    """All numbers in one row, read row by row; column by column where `order` is "F"."""
    return flatten(transpose(a) if _by_columns("ravel", order) else a)


@primitive(lambda g, out, x, axis: flip(g, axis), words=texts(("{g} turned round",)), numpy=[np.flip])
def flip(x: Any, axis: Axis | None = None) -> Any:
    """The order of the numbers along `axis` reversed; along all axes where it is None.

    >>> import tinygrad_edu as tg
    >>> tg.flip(tg.tensor([1.0, 2.0, 3.0]))
    tensor([3., 2., 1.])
    """
    return np.flip(x, axis)


def _opposite(shift: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


@primitive(
    lambda g, out, x, shift, axis: roll(g, _opposite(shift), axis), words=texts(("{g} rolled back",)), numpy=[np.roll]
)
def roll(x: Any, shift: int | tuple[int, ...] = 1, axis: Axis | None = None) -> Any:
    """The numbers moved on by `shift` places along `axis`; those pushed out come in at the other end.

    >>> import tinygrad_edu as tg
    >>> tg.roll(tg.tensor([1.0, 2.0, 3.0]), 1)
    tensor([3., 1., 2.])
    """
    return np.roll(x, [index(s) for s in messages.several(shift)], axis)  # NumPy would round a float


Repeats = tuple[int, ...]


def _tile_rule(g: Any, out: Any, x: Any, reps: Repeats) -> Any:
    reps = (1,) * (x.ndim - len(reps)) + reps
    shape = (1,) * (len(reps) - x.ndim) + x.shape
    blocks = g.reshape(tuple(size for pair in zip(reps, shape) for size in pair))
    return sum_to(blocks, shape=tuple(size for s in shape for size in (1, s))).reshape(x.shape)


@primitive(_tile_rule, words=("Σ {g}",), name="tile")
def _tile(x: Any, reps: Repeats = ()) -> Any:
    return np.tile(x, reps)


def tile(x: Any, reps: int | Sequence[int]) -> Any:
    """The whole array set side by side, `reps` times along each axis.

    >>> import tinygrad_edu as tg
    >>> tg.tile(tg.tensor([1.0, 2.0]), 2)
    tensor([1., 2., 1., 2.])
    """
    messages.check("tile", x, reps=reps)
    return _tile(x, messages.several(reps))


def _repeat_rule(g: Any, out: Any, x: Any, repeats: Any, axis: int | None) -> Any:
    size = x.size if axis is None else x.shape[axis]
    places = np.repeat(np.arange(size), repeats)
    return scatter(g, index=along(places, axis, out.ndim), shape=(size,) if axis is None else x.shape).reshape(x.shape)


@primitive(_repeat_rule, words=("Σ {g}",), name="repeat")
def _repeat(x: Any, repeats: Any = 1, axis: int | None = None) -> Any:
    return np.repeat(x, repeats, axis)


def repeat(x: Any, repeats: Any = 1, axis: int | None = None) -> Any:
    """Each number repeated: `repeats` times, or as often as its entry in `repeats` says.

    >>> import tinygrad_edu as tg
    >>> tg.repeat(tg.tensor([1.0, 2.0]), 2)
    tensor([1., 1., 2., 2.])
    """
    repeats = number_of(repeats)
    messages.check("repeat", x, repeats=repeats, axis=axis)
    return _repeat(x, repeats if isinstance(repeats, int) else np.array(repeats), axis)


def _pad_rule(g: Any, out: Any, x: Any, pad_width: Any, mode: Any, constant_values: Any) -> Any:
    """Padding copies numbers of x to new places, so the gradients of the copies return to the original."""
    places = np.pad(np.arange(x.size).reshape(x.shape), pad_width, mode=mode) if mode != "constant" else None
    if places is not None:
        return scatter(g, index=(places,), shape=(x.size,)).reshape(x.shape)
    widths = np.broadcast_to(pad_width, (x.ndim, 2)).tolist()
    return g[tuple(slice(before, before + size) for (before, _), size in zip(widths, x.shape))]


@primitive(_pad_rule, words=texts(("{g} without its rim",)), numpy=[np.pad])
def pad(x: Any, pad_width: Any = 0, mode: Any = "constant", constant_values: Any = 0.0) -> Any:
    """x with a border: `pad_width` numbers on each side, or ((before, after), ...) for each axis.

    `mode` is "constant", "edge", "reflect", "symmetric" or "wrap", as in NumPy; `constant_values` is one number, or as
    many as `pad_width` may be.

    >>> import tinygrad_edu as tg
    >>> tg.pad(tg.tensor([1.0, 2.0]), 1)
    tensor([0., 1., 2., 0.])
    """
    if (
        mode not in messages.PAD_MODES
        or isinstance(pad_width, dict)
        or np.asarray(constant_values).dtype.kind not in "biuf"
    ):
        raise ValueError("not in the table, though NumPy has it")
    options: dict[str, Any] = {"constant_values": constant_values} if mode == "constant" else {}
    return np.pad(x, pad_width, mode, **options)


@primitive(lambda g, out, x, dtype: astype(g, x.dtype), numpy=[np.astype])
def astype(x: Any, dtype: Any = None) -> Any:
    """The numbers in another dtype; no gradient flows back from integers.

    >>> import tinygrad_edu as tg
    >>> tg.astype(tg.tensor([1.0, 2.0]), "float64").dtype
    dtype('float64')
    """
    if dtype is None or np.dtype(dtype).kind not in "biuf":
        raise TypeError(f"{dtype} is no dtype of real numbers")
    return native(np.asarray(x).astype(dtype))


ANSWERS[np.astype] = astype  # of a mask


def wide(x: Any) -> Any:
    """x, and float16 as float32: its largest number is 65,504, which counts, sums and squares soon pass."""
    return astype(x, "float32") if is_float16(x) else x


def is_float16(x: Any) -> bool:
    """Whether x holds float16, in either order of bytes."""
    return getattr(getattr(x, "dtype", None), "char", None) == "e"


def rounded_once(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is made of rows; with a float16 first it is computed in float32, and rounded at the end.

    With whole numbers, too, which have no fractions, and a square of which may be larger than their dtype holds.
    """

    @functools.wraps(f)
    def computed(x: Any, *rest: Any, **named: Any) -> Any:
        dtype = getattr(x, "dtype", None)
        if getattr(dtype, "char", None) == "e":
            return astype(f(wide(x), *rest, **named), "float16")
        return f(astype(x, "float32") if getattr(dtype, "kind", "f") in ("b", "i", "u") else x, *rest, **named)

    return computed


# Many arrays into one, and one into many.


def _concatenate_rule(
    slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], axis: int, ends: Sequence[int]
) -> list[Any]:
    return [g[along(slice(ends[slot], ends[slot + 1]), axis, out.ndim)] for slot in slots]


@primitive(_concatenate_rule, words=texts(("its part of {g}",)), kind=Variadic, name="concatenate")
def _concatenate(*arrays: Any, axis: int, ends: Sequence[int]) -> Any:
    return np.concatenate(arrays, axis)


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Arrays joined along an axis that they have; flattened first where `axis` is None.

    >>> import tinygrad_edu as tg
    >>> tg.concatenate([tg.tensor([1.0]), tg.tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """
    arrays = sequence("concatenate", arrays)
    if axis is None:
        arrays, axis = [flatten(x) for x in arrays], 0
    ends = [0]
    for x in arrays:
        try:
            ends.append(ends[-1] + shape_of(x)[axis])
        except (IndexError, TypeError) as error:
            raise messages.refused("concatenate", arrays, {"axis": axis}, error) from None
    return _concatenate(*arrays, axis=axis, ends=tuple(ends))


def _stack_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], axis: int) -> list[Any]:
    return [g[along(slot, axis, out.ndim)] for slot in slots]


@primitive(_stack_rule, words=texts(("its part of {g}",)), kind=Variadic, name="stack")
def _stack(*arrays: Any, axis: int) -> Any:
    return np.stack(arrays, axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis. Values are numbers of shape (): they make a vector.

    >>> import tinygrad_edu as tg
    >>> tg.stack([tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0])], axis=1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    return _stack(*sequence("stack", arrays), axis=axis)


def sequence(name: str, arrays: Any) -> Sequence[Any]:
    """The arrays of a list or a tuple, or those along the first axis of one array."""
    is_array = isinstance(arrays, (Node, np.ndarray)) and shape_of(arrays)
    if not is_array and not isinstance(arrays, (list, tuple)):
        kind = f"a {type(arrays).__name__}" if isinstance(arrays, Node) else type(arrays).__name__
        raise DtypeError(f"{name}: needs a list or a tuple of arrays, not {kind} {messages.in_words(arrays)}")
    if not len(arrays):
        raise ShapeError(f"{name}: needs at least one array, and the {type(arrays).__name__} is empty")
    return tuple(arrays) if is_array else arrays


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """x cut along `axis`: into so many equal parts, or before each of the given indices.

    >>> import tinygrad_edu as tg
    >>> tg.split(tg.tensor([1.0, 2.0, 3.0]), [1])
    [tensor([1.]), tensor([2., 3.])]
    """
    messages.check("split", x, axis=axis, indices_or_sections=indices_or_sections)
    x = x if isinstance(x, Node) else np.asarray(x)
    size = x.shape[axis]
    n: Any = indices_or_sections
    cuts = [size * i // n for i in range(n + 1)] if messages.is_whole(n) else [0, *messages.several(n), size]
    return [x[along(slice(a, b), axis, x.ndim)] for a, b in pairwise(cuts)]


def take(a: Any, indices: Any, axis: int | None = None, mode: Any = "raise") -> Any:
    """The numbers, rows or columns at some places along `axis`; of all numbers in a row where it is None.

    >>> import tinygrad_edu as tg
    >>> tg.take(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0], axis=1).tolist()
    [[2.0, 2.0, 1.0], [4.0, 4.0, 3.0]]
    """
    return picked("take", a, axis, indices, lambda places, at: np.take(places, at, mode=mode))


def picked(name: str, x: Any, axis: int | None, at: Any, pick: Any) -> Any:
    """What stands along an axis at some of its places: `pick` chooses among the numbers of all places."""
    messages.check(name, x, axis=axis)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    size = shape_of(x)[axis]
    try:
        index = along(pick(np.arange(size), number_of(at)), axis, len(shape_of(x)))
    except (IndexError, TypeError, ValueError):
        raise OutOfRangeError(
            f"{name}: {messages.in_words(x)} has {size} places along axis {axis}, and not {messages.short(at)}"
        ) from None
    return getitem(x, index=index)


dispatch(reshape_in_order, np.reshape)
dispatch(ravel, np.ravel)
dispatch(take, np.take)
dispatch(concatenate, np.concatenate)
dispatch(stack, np.stack)
dispatch(split, np.split)
dispatch(tile, np.tile)
dispatch(repeat, np.repeat)
