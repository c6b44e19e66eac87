"""Arrays of data that the user's program has names for: operands that are no nodes, and tensors made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._support.grouping import grouped

__all__ = ["NO_ARRAYS", "NamedArrays"]


class NamedArrays:
    """The names of arrays. What was recorded is a copy of an array, and is known by its numbers.

    >>> X, y = np.ones((3, 2)), np.array([1.0, 0.0])
    >>> known = NamedArrays([("X", X), ("y", y), ("also_y", y)])
    >>> known.name(y.copy()), known.name(X.T), known.name(np.ones(3))
    ('y', 'Xᵀ', None)

    Arrays of equal numbers with different names give none: it would be a guess.

    >>> NamedArrays([("m", np.zeros(2)), ("v", np.zeros(2))]).name(np.zeros(2))
    """

    def __init__(self, named: Iterable[tuple[str, np.ndarray]]) -> None:
        first = {id(x): (name, x) for name, x in reversed(list(named)) if x.ndim and x.dtype.kind in "biuf"}
        self.of_shape = grouped((x.shape, pair) for pair in first.values() for x in [pair[1]])

    def __bool__(self) -> bool:
        return bool(self.of_shape)

    def name(self, x: Any) -> str | None:
        """The name of the array that has these numbers, or Xᵀ where X is the name of the one turned around."""
        if not isinstance(x, np.ndarray) or not x.ndim:
            return None
        return self._only(x) or (f"{name}ᵀ" if x.ndim == 2 and (name := self._only(x.T)) else None)

    def _only(self, x: np.ndarray) -> str | None:
        found = [name for name, array in self.of_shape.get(x.shape, ()) if _same(array, x)]
        return found[0] if len(found) == 1 else None


def _same(array: np.ndarray, x: np.ndarray) -> bool:
    """Whether an operand has the numbers of an array, in its own precision."""
    with np.errstate(over="ignore"):
        return np.can_cast(array.dtype, x.dtype, "same_kind") and np.array_equal(
            array.astype(x.dtype), x, equal_nan=x.dtype.kind == "f"
        )


NO_ARRAYS = NamedArrays(())
