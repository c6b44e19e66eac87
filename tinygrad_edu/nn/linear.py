"""`Linear`, the fully connected layer."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..engine.primitives.fused import linear
from . import init
from .inputs import data_for
from .module import Module
from .parameter import Parameter, Shape

__all__ = ["Linear"]


class Linear(Module):
    """y = x Wᵀ + b, for x of shape (..., in_features); y has shape (..., out_features).

    Parameters
    ----------
    in_features : size of the last axis of x; None learns it at the first call.
    out_features : size of the last axis of y.
    bias : whether b is added.

    `weight` has shape (out_features, in_features), `bias` (out_features,). Both begin uniform between ±1/√in_features,
    as in PyTorch.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(None, 10)
    >>> layer.weight
    uninitialized(10, ?)
    >>> layer(tg.randn(5, 784)).shape, layer.weight.shape
    ((5, 10), (10, 784))
    """

    open_sizes: ClassVar = {"in_features": -1}

    def __init__(self, in_features: int | None, out_features: int, bias: bool = True) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter()
        self.bias: Any = Parameter() if bias else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return {"weight": (self.out_features, self.in_features), "bias": (self.out_features,)}

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, x: Any) -> Any:
        return linear(data_for(self, x, self.weight), self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
