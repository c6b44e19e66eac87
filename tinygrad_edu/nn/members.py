"""Searching for the members of modules: in attributes, and in lists, tuples and dicts there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

__all__ = ["found", "is_plain", "joined", "once"]


def found(
    named: Iterable[tuple[str, Any]],
    kinds: tuple[type, ...],
    is_known_as_plain: Callable[[str, Any], bool] | None = None,
) -> Iterator[tuple[str, Any]]:
    """The objects of these kinds among the given ones, and in lists, tuples and dicts of them."""
    todo = list(reversed(list(named)))
    seen: set[int] = set()
    while todo:
        name, x = todo.pop()
        if isinstance(x, kinds):
            yield name, x
        elif isinstance(x, (list, tuple, dict)) and id(x) not in seen:
            seen.add(id(x))
            if is_known_as_plain and len(x) >= LARGE and is_known_as_plain(name, x):
                continue
            items = x.items() if isinstance(x, dict) else enumerate(x)
            todo.extend(reversed([(f"{name}.{key}", y) for key, y in items]))


LARGE = 64
"""How many items a container has that is worth remembering."""

PLAIN = (int, float, complex, str, bytes, np.generic, np.ndarray)


def is_plain(x: Any) -> bool:
    """Whether a container has no member, and hardly ever will: numbers, texts and arrays only, and nothing empty."""
    todo = [x]
    seen: set[int] = set()
    while todo:
        y = todo.pop()
        if isinstance(y, (list, tuple, dict)) and y and id(y) not in seen:
            seen.add(id(y))
            todo.extend(y.values() if isinstance(y, dict) else y)
        elif not isinstance(y, PLAIN):
            return False
    return True


def joined(prefix: str, name: str) -> str:
    """The name of a member of what is called `prefix`."""
    return f"{prefix}.{name}" if prefix else name


def once(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs, without those whose object came before."""
    seen: set[int] = set()
    for name, x in pairs:
        if id(x) not in seen:
            seen.add(id(x))
            yield name, x
