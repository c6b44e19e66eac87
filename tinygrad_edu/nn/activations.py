"""Activations: functions and modules. `relu`, `sigmoid`, `tanh` and `elu` are rows of the engine's table."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..engine.messages import short
from ..engine.node import shape_of
from ..engine.primitives.elementwise import elu, erf, relu, sigmoid, softplus as softplus_, tanh, where
from ..engine.primitives.fused import log_softmax as log_softmax_
from ..engine.primitives.reductions import softmax as softmax_
from ..errors import DtypeError, ShapeError
from . import init
from .module import Module
from .parameter import Parameter, Shape, data_for, numeric

__all__ = ["ELU", "GELU", "LeakyReLU", "LogSoftmax", "PReLU", "ReLU", "Sigmoid", "Softmax", "Softplus", "Tanh"]


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x if it is positive, else negative_slope · x.

    >>> import tinygrad_edu as tg
    >>> leaky_relu(tg.tensor([-2.0, 3.0]), 0.5)
    tensor([-1.,  3.])
    """
    x = numeric("leaky_relu", x)
    return where(x > 0, x, negative_slope * x)


def prelu(x: Any, weight: Any) -> Any:
    """x if it is positive, else weight · x, with one weight, or one for each channel: He et al. (2015), eq. 1.

    x has shape (N, C, ...), weight (1,) or (C,). Raises `ShapeError` for another number of weights.

    >>> import tinygrad_edu as tg
    >>> prelu(tg.tensor([[-1.0, -1.0, 3.0]]), tg.tensor([0.5, 0.25, 0.0]))
    tensor([[-0.5 , -0.25,  3.  ]])
    """
    x, weight = numeric("prelu", x), numeric("prelu", weight)
    shape, n = shape_of(x), shape_of(weight)
    if len(n) != 1 or n[0] not in (1, *shape[1:2]):
        raise ShapeError(f"prelu: weight has shape (1,), or (C,) for x of shape (N, C, ...); not {n} for {shape}")
    return where(x > 0, x, weight.reshape((n[0], *(1 for _ in shape[2:]))) * x)


def gelu(x: Any, approximate: str = "none") -> Any:
    """x · Φ(x), with the distribution function Φ of the normal distribution: Hendrycks and Gimpel (2016).

    `approximate="tanh"` is their approximation, which is faster. Raises `DtypeError` for any other word.

    >>> import tinygrad_edu as tg
    >>> gelu(tg.tensor([-1.0, 0.0, 1.0])).data.round(3)
    array([-0.159,  0.   ,  0.841], dtype=float32)
    """
    x = numeric("gelu", x)
    if approximate == "none":
        return 0.5 * x * (1.0 + erf(x / math.sqrt(2)))
    if approximate == "tanh":
        return 0.5 * x * (1.0 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    raise DtypeError(f"gelu: approximate is 'none' or 'tanh', not {short(approximate)}")


def softplus(x: Any, beta: float = 1.0) -> Any:
    """log(1 + exp(beta · x)) / beta, a smooth relu. It cannot overflow, so it needs no threshold.

    >>> import tinygrad_edu as tg
    >>> softplus(tg.tensor([-1000.0, 1000.0]))
    tensor([   0., 1000.])
    """
    return softplus_(x) if beta == 1.0 else softplus_(beta * x) / beta


def softmax(x: Any, dim: int = -1) -> Any:
    """exp(x) / Σ exp(x) along the axis `dim`.

    >>> import tinygrad_edu as tg
    >>> softmax(tg.zeros((1, 4)), dim=1)
    tensor([[0.25, 0.25, 0.25, 0.25]])
    """
    return softmax_(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """log(softmax(x)) along the axis `dim`, without overflow.

    >>> import tinygrad_edu as tg
    >>> log_softmax(tg.tensor([1000.0, 1000.0]))
    tensor([-0.6931472, -0.6931472])
    """
    return log_softmax_(x, axis=dim)


class ReLU(Module):
    """max(x, 0).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ReLU()(tg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        return relu(x)


class LeakyReLU(Module):
    """x if it is positive, else negative_slope · x.

    >>> import tinygrad_edu as tg
    >>> tg.nn.LeakyReLU(0.5)(tg.tensor([-2.0, 3.0]))
    tensor([-1.,  3.])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class PReLU(Module):
    """x if it is positive, else weight · x, with a learned weight; see `prelu`.

    Parameters
    ----------
    num_parameters : 1, or the number of channels; None learns the number of channels at the first call.
    init : the first number of all weights.

    >>> import tinygrad_edu as tg
    >>> tg.nn.PReLU()(tg.tensor([-2.0, 3.0])).data
    array([-0.5,  3. ], dtype=float32)
    """

    open_sizes: ClassVar = {"num_parameters": 1}

    def __init__(self, num_parameters: int | None = 1, init: float = 0.25) -> None:
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter()
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return {"weight": (self.num_parameters,)}

    def reset_parameters(self) -> None:
        init.constant_(self.weight, self.init)

    def forward(self, x: Any) -> Any:
        return prelu(data_for(self, x, self.weight), self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Module):
    """x if it is positive, else alpha · (exp(x) - 1).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ELU()(tg.tensor([-100.0, 3.0]))
    tensor([-1.,  3.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """x · Φ(x); see `gelu`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.GELU()(tg.tensor([0.0]))
    tensor([0.])
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Sigmoid(Module):
    """1 / (1 + exp(-x)).

    >>> import tinygrad_edu as tg
    >>> tg.nn.Sigmoid()(tg.tensor([0.0]))
    tensor([0.5])
    """

    def forward(self, x: Any) -> Any:
        return sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Tanh()(tg.tensor([0.0]))
    tensor([0.])
    """

    def forward(self, x: Any) -> Any:
        return tanh(x)


class Softplus(Module):
    """log(1 + exp(beta · x)) / beta.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Softplus()(tg.tensor([0.0]))
    tensor([0.6931472])
    """

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = beta

    def forward(self, x: Any) -> Any:
        return softplus(x, self.beta)

    def extra_repr(self) -> str:
        return f"beta={self.beta}"


class Softmax(Module):
    """exp(x) / Σ exp(x) along the axis `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Softmax(dim=1)(tg.zeros((1, 4)))
    tensor([[0.25, 0.25, 0.25, 0.25]])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """log(softmax(x)) along the axis `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.LogSoftmax(dim=1)(tg.zeros((1, 2)))
    tensor([[-0.6931472, -0.6931472]])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
