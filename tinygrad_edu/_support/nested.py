"""Nested tuples, lists and dicts, such as the outputs of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["leaves", "mapped"]


def mapped(function: Callable[..., Any], *nests: Any) -> Any:
    """The nest of the results of a function of what stands in the same places of several nests of one form.

    >>> mapped(max, (1, {"x": 5}), (3, {"x": 2}))
    (3, {'x': 5})
    """
    first = nests[0]
    if isinstance(first, dict):
        return {key: mapped(function, *(nest[key] for nest in nests)) for key in first}
    if isinstance(first, (tuple, list)):
        results = [mapped(function, *parts) for parts in zip(*nests, strict=True)]
        return type(first)(*results) if hasattr(first, "_fields") else type(first)(results)
    return function(*nests)


def leaves(nest: Any) -> list[Any]:
    """What stands in the places of a nest, in order.

    >>> leaves((1, {"x": [2, 3]}))
    [1, 2, 3]
    """
    found: list[Any] = []
    mapped(found.append, nest)
    return found
