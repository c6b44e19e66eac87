"""The rows of the table for indexing: those that pick numbers out of an array, and the one that puts them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._support.languages import texts
from .. import messages
from ..node import number_of
from .primitive import dispatch
from .rows import primitive

__all__ = ["getitem", "scatter", "take_along_axis"]


@primitive(lambda g, out, x, index: scatter(g, index=index, shape=x.shape), words=texts(("{g} in its place, else 0",)))
def getitem(x: Any, index: Any = ()) -> Any:
    """x[index], with every kind of index that NumPy has; numbers picked twice receive both gradients.

    >>> import tinygrad_edu as tg
    >>> tg.getitem(tg.tensor([1.0, 2.0, 3.0]), [0, 0, 2])
    tensor([1., 1., 3.])
    """
    return x[index]


@primitive(lambda g, out, x, index, shape: g[index], words=texts(("its part of {g}",)))
def scatter(x: Any, index: Any = (), shape: tuple[int, ...] = ()) -> Any:
    """Zeros of the given shape to which x is added at `index`: the gradient of indexing.

    >>> import tinygrad_edu as tg
    >>> tg.scatter(tg.tensor([1.0, 2.0, 3.0]), [0, 0, 2], (3,))
    tensor([3., 0., 3.])
    """
    if shape is None:
        raise TypeError("no shape, which NumPy takes for ()")
    out = np.zeros(shape, x.dtype)
    if _is_basic(index):
        out[index] = x
    elif _is_of_rows(index) and x.shape == (*index.shape, *shape[1:]) and x.ndim > index.ndim:
        _add_rows(out, index, x)
    else:
        np.add.at(out, index, x)
    return out


def _is_of_rows(index: Any) -> bool:
    """Whether an index is an array of whole numbers, each of which picks a row."""
    return isinstance(index, np.ndarray) and index.dtype.kind in "iu" and index.ndim > 0


def _add_rows(out: np.ndarray, index: np.ndarray, x: np.ndarray) -> None:
    """Add the rows of x to the rows of `out` with these indices; a seventh of the time of `np.add.at`.

    The rows are brought into the order of their indices, and those of one index added up at once.
    """
    places = index.reshape(-1)
    if not places.size:
        return
    if places.min() < -len(out) or places.max() >= len(out):
        raise IndexError(f"index {places[(places < -len(out)) | (places >= len(out))][0]} is out of bounds")
    places = places % len(out)
    order = np.argsort(places, kind="stable")
    sorted_places = places[order]
    first = np.flatnonzero(np.diff(sorted_places, prepend=-1))
    rows = x.reshape((places.size, *x.shape[index.ndim :]))[order]
    out[sorted_places[first]] = np.add.reduceat(rows, first)


def _is_basic(index: Any) -> bool:
    """Whether an index picks every number at most once, for certain."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(p is None or p is Ellipsis or isinstance(p, (int, slice, np.integer)) for p in parts) or (
        isinstance(index, np.ndarray) and index.dtype == bool
    )


def _take_along_axis_rule(g: Any, out: Any, x: Any, indices: Any, axis: int | None) -> Any:
    if axis is None:
        return scatter(g, index=(indices,), shape=(x.size,)).reshape(x.shape)
    axis %= x.ndim
    grid = np.ix_(*(np.arange(n) % max(size, 1) for n, size in zip(out.shape, x.shape)))  # a size of 1 was broadcast
    index = tuple(np.broadcast_to(indices, out.shape) if a == axis else grid[a] for a in range(x.ndim))
    return scatter(g, index=index, shape=x.shape)


@primitive(_take_along_axis_rule, words=texts(("{g} in its place, else 0",)), name="take_along_axis")
def _take_along_axis(x: Any, indices: Any = None, axis: int | None = -1) -> Any:
    return np.take_along_axis(x, indices, axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """For each place the number of x whose position along `axis` the integer array `indices` gives.

    >>> import tinygrad_edu as tg
    >>> logits = tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> tg.take_along_axis(logits, [[1], [0]], axis=1)
    tensor([[2.],
            [3.]])
    """
    try:
        indices = np.array(number_of(indices))
    except ValueError as error:
        raise messages.refused("take_along_axis", [x], {"indices": indices, "axis": axis}, error) from None
    return _take_along_axis(x, indices, axis)


def along(places: Any, axis: int | None, ndim: int) -> tuple[Any, ...]:
    """The index that takes `places` along an axis."""
    return (slice(None),) * (0 if axis is None else axis % ndim) + (places,)


dispatch(take_along_axis, np.take_along_axis)
