"""`grouped`: what goes together, under the key that it shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

__all__ = ["grouped"]

K = TypeVar("K")
T = TypeVar("T")


def grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    """The second parts of pairs in a list for each first part, all in the order of the pairs.

    >>> grouped([("even", 2), ("odd", 3), ("even", 4)])
    {'even': [2, 4], 'odd': [3]}
    """
    groups: dict[K, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
