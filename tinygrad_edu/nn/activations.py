"""Activations: functions and modules. `relu`, `sigmoid`, `tanh` and `elu` are rows of the engine's table.

Most are one formula, and a row here: its function, its module, a sentence and an example.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from ..engine.messages import one_of
from ..engine.node import shape_of
from ..engine.primitives.comparisons import greater, greater_equal, less_equal
from ..engine.primitives.elementwise import abs_, elu, relu, sigmoid, sign, softplus as softplus_, tanh, where
from ..engine.primitives.fused import gelu as gelu_, log_softmax as log_softmax_
from ..engine.primitives.reductions import softmax as softmax_
from ..engine.primitives.shape import reshape, split
from ..errors import ShapeError
from . import init
from .from_function import module_of
from .module import Module
from .parameter import Parameter, Shape, data_for, real

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
    "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "ReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax", "Softmin", "Softplus",
    "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


def prelu(x: Any, weight: Any) -> Any:
    """x if it is positive, else weight · x, with one weight, or one for each channel: He et al. (2015), eq. 1.

    x has shape (N, C, ...), weight (), (1,) or (C,). Raises `ShapeError` for another number of weights.

    >>> import tinygrad_edu as tg
    >>> prelu(tg.tensor([[-1.0, -1.0, 3.0]]), tg.tensor([0.5, 0.25, 0.0]))
    tensor([[-0.5 , -0.25,  3.  ]])
    """
    x, weight = real("prelu", x), real("prelu", weight)
    shape, n = shape_of(x), shape_of(weight)
    if n not in {(), (1,), shape[1:2]}:
        raise ShapeError(f"prelu: weight has shape () or (1,), or (C,) for x of shape (N, C, ...); not {n} for {shape}")
    return where(greater(x, 0), x, reshape(weight, (*n, *(1 for _ in shape[2:])) if shape else ()) * x)


def gelu(x: Any, approximate: str = "none") -> Any:
    """x · Φ(x), with the distribution function Φ of the normal distribution: Hendrycks and Gimpel (2016).

    `approximate="tanh"` is their approximation, which is faster. Raises `DtypeError` for any other word.

    >>> import tinygrad_edu as tg
    >>> gelu(tg.tensor([-1.0, 0.0, 1.0])).data.round(3)
    array([-0.159,  0.   ,  0.841], dtype=float32)
    """
    x = real("gelu", x)
    one_of(("none", "tanh"), "gelu", approximate=approximate)
    return gelu_(x, approximate)


def softplus(x: Any, beta: float = 1.0, threshold: float | None = None) -> Any:
    """log(1 + exp(beta · x)) / beta, a smooth relu. It cannot overflow, so it needs no threshold.

    Where there is one, x itself is taken for beta · x beyond it, as in PyTorch.

    >>> import tinygrad_edu as tg
    >>> softplus(tg.tensor([-1000.0, 1000.0]))
    tensor([   0., 1000.])
    """
    x = real("softplus", x)
    smooth = softplus_(x) if beta == 1.0 else softplus_(beta * x) / beta
    return smooth if threshold is None else where(greater(x * beta, threshold), x, smooth)


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


# Functions of one formula. At kinks the derivative is PyTorch's: from outside, 0, for those that are cut off.


def _formula(
    name: str, compute: Callable[..., Any], sentence: str, example: tuple[Any, ...], named: str = "", **more: Any
) -> tuple[Any, Any]:
    """The function and the module of a row: with its formula, and an example of arguments and result."""
    key = named or name.lower()

    @wraps(compute)
    def function(x: Any, *settings: Any, **rest: Any) -> Any:
        return compute(real(key, x), *settings, **rest)

    *given, result = map(repr, example)
    call = f"{key}({', '.join([f'tg.tensor({given[0]})', *given[1:]])})"
    shown = f">>> import tinygrad_edu as tg\n    >>> [round(y, 4) for y in {call}.tolist()]\n    {result}"
    for each in (function, compute):
        each.__name__ = each.__qualname__ = key
    function.__doc__ = f"{sentence}\n\n    {shown}\n    "
    return function, module_of(name, function, **more)


def _glu(x: Any, dim: int = -1) -> Any:
    shape = shape_of(x)
    if not -len(shape) <= dim < len(shape) or shape[dim] % 2:
        raise ShapeError(f"glu: halves an axis, and axis {dim} of shape {shape} has no two equal halves")
    values, gates = split(x, [shape[dim] // 2], axis=dim)
    return values * sigmoid(gates)


# fmt: off
leaky_relu, LeakyReLU = _formula(
    "LeakyReLU", lambda x, negative_slope=0.01: where(greater(x, 0), x, negative_slope * x),
    "x if it is positive, else negative_slope · x.", ([-2.0, 3.0], 0.5, [-1.0, 3.0]), "leaky_relu", inplace=False)
hardtanh, Hardtanh = _formula(
    "Hardtanh", lambda x, min_val=-1.0, max_val=1.0: where(
        less_equal(x, min_val), min_val, where(greater_equal(x, max_val), max_val, x)),
    "x kept between min_val and max_val.", ([-2.0, 0.5], [-1.0, 0.5]), inplace=False)
relu6, ReLU6 = _formula(
    "ReLU6", lambda x: hardtanh(x, 0.0, 6.0),
    "x kept between 0 and 6.", ([-1.0, 7.0], [0.0, 6.0]), inplace=False)
hardsigmoid, Hardsigmoid = _formula(
    "Hardsigmoid", lambda x: relu6(x + 3.0) / 6.0,
    "A sigmoid of three straight lines: relu6(x + 3) / 6.", ([-3.0, 1.5], [0.0, 0.75]), inplace=False)
hardswish, Hardswish = _formula(
    "Hardswish", lambda x: x * hardsigmoid(x),
    "x · hardsigmoid(x): Howard et al., arXiv:1905.02244.", ([0.0, 1.0], [0.0, 0.6667]), inplace=False)
silu, SiLU = _formula(
    "SiLU", lambda x: x * sigmoid(x),
    "x · sigmoid(x), also called swish: Ramachandran et al., arXiv:1710.05941.",
    ([0.0, 1.0], [0.0, 0.7311]), inplace=False)
mish, Mish = _formula(
    "Mish", lambda x: x * tanh(softplus_(x)),
    "x · tanh(softplus(x)): Misra, arXiv:1908.08681.", ([0.0, 1.0], [0.0, 0.8651]), inplace=False)
selu, SELU = _formula(
    "SELU", lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "`elu`, scaled so that mean 0 and variance 1 stay: Klambauer et al., arXiv:1706.02515.",
    ([0.0, 1.0], [0.0, 1.0507]), inplace=False)
celu, CELU = _formula(
    "CELU", lambda x, alpha=1.0: alpha * elu(x / alpha),
    "x if it is positive, else alpha · (exp(x / alpha) - 1): Barron, arXiv:1704.07483.",
    ([-2.0, 1.0], 2.0, [-1.2642, 1.0]), inplace=False)
threshold, Threshold = _formula(
    "Threshold", lambda x, threshold, value: where(less_equal(x, threshold), value, x),
    "x if it is above the threshold, else the value.", ([0.5, 2.0], 1.0, -1.0, [-1.0, 2.0]), inplace=False)
hardshrink, Hardshrink = _formula(
    "Hardshrink", lambda x, lambd=0.5: where(less_equal(abs_(x), lambd), 0.0, x),
    "x, but 0 between ±lambd.", ([0.25, 2.0], [0.0, 2.0]))
softshrink, Softshrink = _formula(
    "Softshrink", lambda x, lambd=0.5: where(less_equal(abs_(x), lambd), 0.0, x - lambd * sign(x)),
    "x moved towards 0 by lambd, but 0 between ±lambd.", ([0.25, 2.0], [0.0, 1.5]))
tanhshrink, Tanhshrink = _formula(
    "Tanhshrink", lambda x: x - tanh(x),
    "x - tanh(x).", ([0.0, 1.0], [0.0, 0.2384]))
softsign, Softsign = _formula(
    "Softsign", lambda x: x / (1.0 + abs_(x)),
    "x / (1 + |x|).", ([-1.0, 3.0], [-0.5, 0.75]))
logsigmoid, LogSigmoid = _formula(
    "LogSigmoid", lambda x: -softplus_(-x),
    "log(sigmoid(x)), without overflow.", ([-1000.0, 0.0], [-1000.0, -0.6931]))
softmin, Softmin = _formula(
    "Softmin", lambda x, dim=-1: softmax_(-x, axis=dim),
    "softmax(-x) along the axis `dim`.", ([0.0, 0.0], [0.5, 0.5]))
glu, GLU = _formula(
    "GLU", _glu,
    "a · sigmoid(b) with the halves a and b of the axis `dim`: Dauphin et al., arXiv:1612.08083. Raises `ShapeError` "
    "for an odd size.", ([1.0, 2.0, 0.0, 0.0], [0.5, 1.0]))
# fmt: on

# Modules of functions that stand above, or in the table.

ReLU = module_of("ReLU", relu, inplace=False)
ELU = module_of("ELU", elu, inplace=False)
Sigmoid = module_of("Sigmoid", sigmoid)
Tanh = module_of("Tanh", tanh)
GELU = module_of("GELU", gelu)
Softplus = module_of("Softplus", softplus)
Softmax = module_of("Softmax", softmax)
LogSoftmax = module_of("LogSoftmax", log_softmax)


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
