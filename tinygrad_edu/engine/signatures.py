"""Types of operators, for type checkers alone: what they return for which operands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .tensor import Tensor as Tensor
    from .value import Value

__all__ = ["GivesEither", "GivesTensor"]


class GivesTensor(Protocol):
    """An operator of a Tensor."""

    def __call__(self, other: Any, /) -> Tensor: ...


class GivesEither(Protocol):
    """An operator of a Value: with arrays it gives a Tensor."""

    @overload
    def __call__(self, other: Value | float | np.number[Any], /) -> Value: ...
    @overload
    def __call__(self, other: Tensor | NDArray[Any], /) -> Tensor: ...
