"""Types for type checkers alone: what operators return for which operands, and what a row offers to the walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .tensor import Tensor as Tensor
    from .value import Value

Attrs = dict[str, Any]
N = TypeVar("N")

__all__ = ["GivesEither", "GivesSame", "GivesTensor", "Row"]


class GivesTensor(Protocol):
    """An operator of a Tensor."""

    def __call__(self, other: Any, /) -> Tensor: ...


class GivesEither(Protocol):
    """An operator of a Value: with arrays it gives a Tensor."""

    @overload
    def __call__(self, other: Value | float | np.number[Any], /) -> Value: ...
    @overload
    def __call__(self, other: Tensor | NDArray[Any], /) -> Tensor: ...


class GivesSame(Protocol):
    """A method that gives a node of the same kind."""

    def __get__(self, node: N, kind: Any = None) -> Callable[..., N]: ...


class Row(Protocol):
    """What is asked of the row of the table that made a node; `primitives/primitive.py` has the class."""

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
    words: tuple[str, ...]

    def pull(
        self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]
    ) -> list[Any]: ...
    def compute(self, values: Sequence[Any], attrs: dict[str, Any]) -> Any: ...
    def __call__(self, *given: Any, **attrs: Any) -> Any: ...
