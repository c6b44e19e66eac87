"""Row: what the graph and the walk ask of a row of the table; `primitives/primitive.py` has the class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Row"]


class Row(Protocol):
    """The row of the table that made a node."""

    name: str
    symbol: str
    precedence: int | None
    elementwise: bool
    variadic: bool
    has_gradient: bool
    arity: int
    rules: tuple[Any, ...]
    arrays: Callable[..., Any]
    floats: Callable[..., Any] | None
    composition: Callable[..., Any] | None
    words: Sequence[str] | Mapping[tuple[int, ...], Sequence[str]]

    def pull(
        self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]
    ) -> list[Any]: ...
    def compute(self, values: Sequence[Any], attrs: dict[str, Any]) -> Any: ...
    def __call__(self, *given: Any, **attrs: Any) -> Any: ...
