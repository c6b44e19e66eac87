"""Where an answer is wrong, if that can be said in a few words: "where x < 0", "on ties", "on the border"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["region_of"]


def region_of(wrong: ndarray, doubtful: ndarray, name: str, inputs: Mapping[str, ndarray]) -> str | None:
    """The region that holds just the wrong places, in words; None if there is no such region.

    Parameters
    ----------
    wrong : where the gradient of the input `name` is wrong.
    doubtful : where right and wrong would not differ, such as a gradient of 0 with another sign.
    inputs : the numbers of all inputs.
    """
    for words, region in regions(wrong.shape, name, inputs):
        if region.any() and not region.all() and np.all((region == wrong) | doubtful):
            return words
    return None


def regions(shape: tuple[int, ...], name: str, inputs: Mapping[str, ndarray]) -> Iterator[tuple[str, ndarray]]:
    """Regions of arrays of this shape, the simplest first."""
    x = inputs[name]
    yield from by_size(x, name)
    yield f"on ties, where numbers of {name} are equal", tied(x)
    for other, y in inputs.items():
        if other != name and fits(y.shape, shape):
            y = np.broadcast_to(y, shape)
            yield from by_size(y, other)
            yield f"where {name} = {other}", x == y
            yield f"where {name} > {other}", x > y
            yield f"where {name} < {other}", x < y
    yield from by_place(shape)
    for axis in range(len(shape)):
        largest, smallest = x == x.max(axis, keepdims=True), x == x.min(axis, keepdims=True)
        yield f"where {name} is largest along axis {axis}", largest
        yield f"where {name} is not largest along axis {axis}", ~largest
        yield f"where {name} is smallest along axis {axis}", smallest
        yield f"where {name} is not smallest along axis {axis}", ~smallest


def by_size(x: ndarray, name: str) -> Iterator[tuple[str, ndarray]]:
    if x.dtype.kind == "b":
        yield f"where {name} is true", x
        yield f"where {name} is false", ~x
        return
    for bound in (0, 1, -1):
        yield f"where {name} < {bound}", x < bound
        yield f"where {name} > {bound}", x > bound
        yield f"where {name} = {bound}", x == bound
        yield f"where {name} ≤ {bound}", x <= bound
        yield f"where {name} ≥ {bound}", x >= bound
    yield f"where |{name}| > 1", np.abs(x) > 1
    yield f"where |{name}| < 1", np.abs(x) < 1


def by_place(shape: tuple[int, ...]) -> Iterator[tuple[str, ndarray]]:
    names = {len(shape) - 1: "column", len(shape) - 2: "row"} if len(shape) > 1 else {}
    for axis, n in enumerate(shape):
        place = np.broadcast_to(np.arange(n).reshape(-1, *[1] * (len(shape) - axis - 1)), shape)
        what = names.get(axis, f"place along axis {axis}")
        yield f"in the first {what}", place == 0
        yield f"in the last {what}", place == n - 1
        yield f"everywhere but in the first {what}", place != 0
        yield f"everywhere but in the last {what}", place != n - 1
    if len(shape) > 1:
        inside = np.zeros(shape, bool)
        inside[..., 1:-1, 1:-1] = True
        yield "on the border", ~inside
        yield "inside the border", inside


def tied(x: ndarray) -> ndarray:
    """Where a number stands that also stands elsewhere."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    found: Any = (counts > 1)[inverse].reshape(x.shape)
    return np.asarray(found)


def fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Whether an array of one shape can be broadcast to another."""
    behind = into[len(into) - len(shape) :]
    return len(shape) <= len(into) and all(n in (1, m) for n, m in zip(shape, behind))
