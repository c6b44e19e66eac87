"""NumPy's relatives of `concatenate`, `split`, `flip` and indexing, each made of other rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from .. import messages
from ..node import Node, number_of, shape_of
from .elementwise import identity, where
from .indexing import getitem
from .primitive import dispatch
from .shape import broadcast_to, concatenate, flip, moveaxis, picked, reshape, sequence, split, swapaxes

__all__ = ["array_split", "column_stack", "dstack", "hstack", "meshgrid", "rot90", "vstack"]

# One array out of several.


def hstack(tup: Sequence[Any]) -> Any:
    """Arrays joined side by side: vectors end to end, all others along the second axis.

    >>> import tinygrad_edu as tg
    >>> tg.hstack([tg.tensor([1.0, 2.0]), tg.tensor([3.0])])
    tensor([1., 2., 3.])
    """
    arrays = [at_least(1, x) for x in sequence("hstack", tup)]
    return concatenate(arrays, axis=min(1, len(shape_of(arrays[0])) - 1))


def vstack(tup: Sequence[Any]) -> Any:
    """Arrays joined one below the other: vectors as rows, all others along the first axis.

    >>> import tinygrad_edu as tg
    >>> tg.vstack([tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0])])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return concatenate([at_least(2, x) for x in sequence("vstack", tup)])


def dstack(tup: Sequence[Any]) -> Any:
    """Arrays joined along the third axis.

    >>> import tinygrad_edu as tg
    >>> tg.dstack([tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0])])
    tensor([[[1., 3.],
             [2., 4.]]])
    """
    return concatenate([at_least(3, x) for x in sequence("dstack", tup)], axis=2)


def column_stack(tup: Sequence[Any]) -> Any:
    """Vectors and matrices joined as the columns of one matrix.

    >>> import tinygrad_edu as tg
    >>> tg.column_stack([tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0])])
    tensor([[1., 3.],
            [2., 4.]])
    """
    arrays = sequence("column_stack", tup)
    return concatenate([reshape(x, (-1, 1)) if len(shape_of(x)) < 2 else x for x in arrays], axis=1)


def at_least(n: int, x: Any) -> Any:
    """Axes of size one put before the others until there are n; but the third one behind them."""
    shape = shape_of(x)
    shape = (1,) * (min(n, 2) - len(shape)) + shape
    return x if isinstance(x, Node) and len(shape_of(x)) >= n else reshape(x, shape + (1,) * (n - len(shape)))


def block(arrays: Any) -> Any:
    """`numpy.block`: nested lists joined, the innermost along the last axis, those around them along the one before.

    `tg.block` marks blocks of pictures.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1.0, 2.0]])
    >>> np.block([[x, x], [x * 10, x]])
    tensor([[ 1.,  2.,  1.,  2.],
            [10., 20.,  1.,  2.]])
    """
    depth, leaves = 0, [arrays]
    while isinstance(leaves[0], list):
        if not all(isinstance(part, list) and part for part in leaves):
            raise ShapeError("block: the lists must be nested equally deep everywhere, and none of them empty")
        depth, leaves = depth + 1, [x for part in leaves for x in part]
    ndim = max(depth, *(len(shape_of(x)) for x in leaves), 0)

    def joined(part: Any, axis: int) -> Any:
        if axis == 0:
            return reshape(part, (1,) * (ndim - len(shape_of(part))) + shape_of(part))
        return concatenate([joined(x, axis + 1) for x in part], axis)

    return joined(arrays, -depth)


# Several arrays out of one.


def meshgrid(*xi: Any, indexing: str = "xy") -> tuple[Any, ...]:
    """For vectors of coordinates the coordinates of all points of their grid, an array for each vector.

    The first two axes are exchanged, as in a picture, unless `indexing` is "ij".

    >>> import tinygrad_edu as tg
    >>> x, y = tg.meshgrid(tg.tensor([1.0, 2.0, 3.0]), tg.tensor([4.0, 5.0]))
    >>> x
    tensor([[1., 2., 3.],
            [1., 2., 3.]])
    """
    messages.check("meshgrid", *xi)
    messages.one_of(("xy", "ij"), "meshgrid", indexing=indexing)
    sizes = tuple(prod(shape_of(x)) for x in xi)
    lines = [reshape(x, (n, *[1] * (len(xi) - i - 1))) for i, (x, n) in enumerate(zip(xi, sizes))]
    grids = [broadcast_to(x, shape=sizes) for x in lines]
    return tuple(swapaxes(x, 0, 1) if indexing == "xy" and len(xi) > 1 else x for x in grids)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """As `split`, but the parts need not be equal: the first ones are larger by one.

    >>> import tinygrad_edu as tg
    >>> tg.array_split(tg.tensor([1.0, 2.0, 3.0]), 2)
    [tensor([1., 2.]), tensor([3.])]
    """
    n = indices_or_sections
    if messages.is_whole(n) and n > 0:
        messages.check("split", ary, axis=axis, indices_or_sections=1)
        size = shape_of(ary)[axis]
        n = [i * (size // n) + min(i, size % n) for i in range(1, n)]
    return split(ary, n, axis)


# The same numbers in another order, or some of them.


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """A matrix turned k times by 90 degrees, against the clock; `axes` says in which plane.

    Raises `DtypeError` for a k that is no whole number, `ShapeError` for axes that are not two.

    >>> import tinygrad_edu as tg
    >>> tg.rot90(tg.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """
    messages.check("rot90", m, axis=axes)
    if not messages.is_whole(k):
        raise DtypeError(f"rot90: k is a whole number, not {messages.short(k)}")
    if len(messages.several(axes)) != 2:
        raise ShapeError(f"rot90: axes are the two of a plane, such as (0, 1), not {messages.short(axes)}")
    a, b = axes
    turns = (
        identity,
        lambda x: swapaxes(flip(x, b), a, b),
        lambda x: flip(x, (a, b)),
        lambda x: flip(swapaxes(x, a, b), b),
    )
    return turns[k % 4](m)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """`numpy.insert`: values put before the places `obj`, along `axis` or into all numbers in a row."""
    messages.check("insert", arr, axis=axis)
    arr, values = (x if isinstance(x, Node) else np.asarray(x) for x in (arr, values))
    of_arr, of_values = (np.arange(np.size(x)).reshape(shape_of(x)) for x in (arr, values))
    try:  # NumPy moves the places of the numbers, and the numbers follow
        places = np.insert(of_arr, number_of(obj), of_values + of_arr.size, axis)
    except (IndexError, TypeError, ValueError):
        into = f"{messages.in_words(arr)} along axis {axis} before the places {messages.short(obj)}"
        raise ShapeError(f"insert: {messages.in_words(values)} cannot go into {into}") from None
    return getitem(concatenate([arr, values], None), index=places)


def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """`numpy.broadcast_arrays`: all of them in the one shape that they broadcast to."""
    try:
        shape = np.broadcast_shapes(*map(shape_of, args))
    except ValueError as error:
        raise messages.refused("broadcast_arrays", args, {}, error, elementwise=True) from None
    return tuple(broadcast_to(x, shape=shape) for x in args)


# NumPy's names alone, for what is said shorter in other words.


def _each(n: int, arrays: tuple[Any, ...]) -> Any:
    found = tuple(at_least(n, x) for x in arrays)
    return found[0] if len(found) == 1 else found


# fmt: off
def append(arr: Any, values: Any, axis: Any = None) -> Any: return concatenate([arr, values], axis)
def atleast_1d(*arrays: Any) -> Any: return _each(1, arrays)
def atleast_2d(*arrays: Any) -> Any: return _each(2, arrays)
def atleast_3d(*arrays: Any) -> Any: return _each(3, arrays)
def copy(a: Any) -> Any: return identity(a)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    return picked("delete", arr, axis, obj, np.delete)
def fliplr(m: Any) -> Any: return flip(m, 1)
def flipud(m: Any) -> Any: return flip(m, 0)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    return split(ary, indices_or_sections, min(1, len(shape_of(ary)) - 1))
def vsplit(ary: Any, indices_or_sections: Any) -> Any: return split(ary, indices_or_sections, 0)
def dsplit(ary: Any, indices_or_sections: Any) -> Any: return split(ary, indices_or_sections, 2)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each place the choice whose condition is the first that holds, and `default` where none does."""
    if len(condlist) != len(choicelist):
        raise ShapeError(f"select: {len(condlist)} conditions choose among as many arrays, not {len(choicelist)}")
    out = default
    for condition, choice in reversed(list(zip(condlist, choicelist))):
        out = where(condition, choice, out)
    return out
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = (i + len(shape_of(a)) if i < 0 else i for i in (axis, start))
    return moveaxis(a, axis, start - (start > axis))
def unstack(x: Any, axis: int = 0) -> Any: return tuple(moveaxis(x, axis, 0))
# fmt: on

for function in [
    append, array_split, atleast_1d, atleast_2d, atleast_3d, block, broadcast_arrays, column_stack, copy, delete,
    dsplit, dstack, fliplr, flipud, hsplit, hstack, insert, meshgrid, rollaxis, rot90, select, unstack,
    vsplit, vstack,
]:  # fmt: skip
    if hasattr(np, function.__name__):  # unstack is NumPy's from 2.1 on
        dispatch(function, getattr(np, function.__name__))
