"""Types for type checkers alone: what operators and methods return for which operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .tensor import Tensor as Tensor
    from .value import Value

N = TypeVar("N")

__all__ = ["GivesEither", "GivesItself", "GivesSame", "GivesTensor"]


class GivesTensor(Protocol):
    """An operator of a Tensor."""

    def __call__(self, other: Any, /) -> Tensor: ...


class GivesEither(Protocol):
    """An operator of a Value: with arrays it gives a Tensor."""

    @overload
    def __call__(self, other: Value | float | np.number[Any], /) -> Value: ...
    @overload
    def __call__(self, other: Tensor | NDArray[Any], /) -> Tensor: ...


class GivesItself(Protocol):
    """A change in place of a Tensor."""

    def __get__(self, node: N, kind: Any = None) -> Callable[..., N]: ...


class GivesSame(Protocol):
    """A method that gives a node of the same kind; of a parameter, a plain Tensor."""

    @overload
    def __get__(self, node: Tensor, kind: Any = None) -> Callable[..., Tensor]: ...
    @overload
    def __get__(self, node: N, kind: Any = None) -> Callable[..., N]: ...
