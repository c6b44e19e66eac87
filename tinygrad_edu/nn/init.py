"""Initialisation of parameters. Each function fills a tensor in place and returns it; names are PyTorch's.

`seed` is an int or a `numpy.random.Generator`; without one the numbers come from the package's own generator, which
`tg.manual_seed` sets. `fan_in` is the number of inputs of a unit, and `fan_out` the number of units that use an input:
for a weight of shape (out, in, *kernel), in · |kernel| and out · |kernel|.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.blas import one_thread
from ..engine.messages import one_of, short
from ..engine.messages.hints import hold_to_hints
from ..engine.messages.pytorch import missing
from ..engine.random import generator
from ..engine.tensor import Tensor
from ..errors import DtypeError, OutOfRangeError, ShapeError

__all__ = [
    "bilinear_", "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "orthogonal_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """The same number everywhere.

    >>> import tinygrad_edu as tg
    >>> constant_(tg.zeros(2), 0.5)
    tensor([0.5, 0.5])
    """
    return _fill(tensor, np.full(_checked("constant_", tensor).shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros.

    >>> import tinygrad_edu as tg
    >>> zeros_(tg.ones(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones.

    >>> import tinygrad_edu as tg
    >>> ones_(tg.zeros(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, seed: Any = None) -> Tensor:
    """Uniform between a and b.

    >>> import tinygrad_edu as tg
    >>> w = uniform_(tg.zeros((50, 20)), -2.0, 2.0, seed=0)
    >>> bool(w.min() < -1.9), bool(w.max() > 1.9)
    (True, True)
    """
    shape = _checked("uniform_", tensor).shape
    if not a <= b:
        raise OutOfRangeError(f"uniform_: a is at most b, and not a={a}, b={b}")
    return _fill(tensor, generator(seed).uniform(a, b, shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, seed: Any = None) -> Tensor:
    """Normal with this mean and standard deviation.

    >>> import tinygrad_edu as tg
    >>> f"{normal_(tg.zeros((50, 20)), std=0.1, seed=0).std().item():.2f}"
    '0.10'
    """
    shape = _checked("normal_", tensor).shape
    if not std >= 0:
        raise OutOfRangeError(f"normal_: std is 0 or larger, not {std}")
    return _fill(tensor, generator(seed).normal(mean, std, shape))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, seed: Any = None
) -> Tensor:
    """Normal with this mean and standard deviation, but between a and b: numbers outside are drawn again.

    Raises `OutOfRangeError` for ends so far out that next to no number lies between them.

    >>> import tinygrad_edu as tg
    >>> float(abs(trunc_normal_(tg.zeros((50, 20)), std=4.0, seed=0)).max().item()) < 2.0
    True
    """
    numbers, shape = generator(seed), _checked("trunc_normal_", tensor).shape
    found = np.full(shape, np.nan)
    for _ in range(1000):
        within = (found >= a) & (found <= b)
        if within.all():
            return _fill(tensor, found)
        found = np.where(within, found, numbers.normal(mean, std, shape))
    raise OutOfRangeError(f"trunc_normal_: hardly any number of mean {mean} and std {std} is between {a} and {b}")


def eye_(tensor: Tensor) -> Tensor:
    """The unit matrix, for a weight of two axes: what a `Linear` takes is kept as it is.

    >>> import tinygrad_edu as tg
    >>> eye_(tg.zeros((2, 3)))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    shape = _checked("eye_", tensor).shape
    if len(shape) != 2:
        raise ShapeError(f"eye_: a matrix has two axes, and not shape {shape}")
    return _fill(tensor, np.eye(*shape))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, seed: Any = None) -> Tensor:
    """Uniform between ±gain·√(6 / (fan_in + fan_out)): Glorot and Bengio (2010), eq. 16.

    >>> import tinygrad_edu as tg
    >>> w = xavier_uniform_(tg.zeros((50, 10)), seed=0)  # ±√(6/60)
    >>> f"{abs(w).max().item():.2f}"
    '0.32'
    """
    bound = math.sqrt(3) * _xavier("xavier_uniform_", tensor, gain)
    return uniform_(tensor, -bound, bound, seed)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, seed: Any = None) -> Tensor:
    """Normal with standard deviation gain·√(2 / (fan_in + fan_out)): Glorot and Bengio (2010), eq. 12.

    >>> import tinygrad_edu as tg
    >>> f"{xavier_normal_(tg.zeros((150, 50)), seed=0).std().item():.2f}"  # √(2/200)
    '0.10'
    """
    return normal_(tensor, 0.0, _xavier("xavier_normal_", tensor, gain), seed)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", seed: Any = None
) -> Tensor:
    """Uniform between ±gain·√(3 / fan): He et al. (2015), eq. 10.

    Parameters
    ----------
    a : the slope of the leaky relu that follows.
    mode : "fan_in" keeps the size of the signals, "fan_out" that of the gradients.
    nonlinearity : the function that follows; see `calculate_gain`.

    >>> import tinygrad_edu as tg
    >>> w = kaiming_uniform_(tg.zeros((50, 60)), nonlinearity="relu", seed=0)  # ±√2·√(3/60)
    >>> f"{abs(w).max().item():.2f}"
    '0.32'
    """
    bound = math.sqrt(3) * _kaiming("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, seed)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", seed: Any = None
) -> Tensor:
    """Normal with standard deviation gain / √fan: He et al. (2015), eq. 10. The arguments are `kaiming_uniform_`'s.

    >>> import tinygrad_edu as tg
    >>> w = kaiming_normal_(tg.zeros((40, 200)), nonlinearity="relu", seed=0)  # √(2/200)
    >>> f"{w.std().item():.2f}"
    '0.10'
    """
    return normal_(tensor, 0.0, _kaiming("kaiming_normal_", tensor, a, mode, nonlinearity), seed)


def orthogonal_(tensor: Tensor, gain: float = 1.0, seed: Any = None) -> Tensor:
    """A random matrix of orthonormal rows or columns, whichever are fewer, times gain: Saxe et al. (2014).

    The axes after the first are taken as one. The matrix is the Q of a normal matrix, with the signs that make it
    uniformly distributed (Mezzadri 2007).

    >>> import tinygrad_edu as tg
    >>> w = orthogonal_(tg.zeros((2, 5)), seed=0)
    >>> bool(abs(w @ w.T - tg.eye(2)).max() < 1e-6)
    True
    """
    if _checked("orthogonal_", tensor).ndim < 2:
        raise ShapeError(f"orthogonal_: needs a matrix at least, not shape {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    with one_thread():
        q, r = np.linalg.qr(generator(seed).normal(size=(max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return _fill(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def bilinear_(tensor: Tensor) -> Tensor:
    """Weights (channels, channels, *kernel) with which a transposed convolution enlarges by linear interpolation.

    Each channel passes on to itself alone. With stride s, a kernel of 2s − s % 2 and a padding of s // 2, each new
    number lies between its nearest old ones; at the rim zeros take part. With one channel a group the weight has shape
    (channels, 1, *kernel). J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic
    segmentation", CVPR 2015, section 3.3.

    Raises `ShapeError` for weights that have fewer than three axes, or other channels out than in.

    >>> import tinygrad_edu as tg
    >>> twice = tg.nn.ConvTranspose1d(1, 1, kernel_size=4, stride=2, padding=1, bias=False)
    >>> bilinear_(twice.weight).data
    array([[[0.25, 0.75, 0.75, 0.25]]], dtype=float32)
    >>> twice(tg.tensor([[[0.0, 4.0, 8.0, 0.0]]])).data[0, 0, 1:-1]
    array([1., 3., 5., 7., 6., 2.], dtype=float32)
    """
    shape = _checked("bilinear_", tensor).shape
    if len(shape) < 3 or shape[1] not in (shape[0], 1):
        raise ShapeError(f"bilinear_: a weight (channels, channels, *kernel) or (channels, 1, *kernel), not {shape}")
    hats = (1 - abs(np.arange(k) - (k - 1) / 2) / ((k + 1) // 2) for k in shape[2:])
    kernel = reduce(np.multiply.outer, hats)
    channels = np.eye(shape[0]) if shape[1] == shape[0] else np.ones(shape[:2])
    return _fill(tensor, np.multiply.outer(channels, kernel))


def begin_uniform(layer: Any, fan_in: float) -> None:
    """Fill all parameters of a layer with numbers uniform between ±1/√fan_in, as PyTorch's layers begin."""
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    for parameter in layer.parameters():
        uniform_(parameter, -bound, bound)


def calculate_gain(nonlinearity: str, param: float = 0.01) -> float:
    """The factor of the weights with which signals keep their size through a nonlinearity; PyTorch's table.

    `param` is the negative slope of "leaky_relu".

    >>> round(calculate_gain("relu"), 4), calculate_gain("linear")
    (1.4142, 1)
    """
    gains = {**GAINS, "leaky_relu": math.sqrt(2 / (1 + param**2))}
    one_of(gains, "calculate_gain", nonlinearity=nonlinearity)
    return gains[nonlinearity]


GAINS: dict[str, float] = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "sigmoid": 1,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def _fill(tensor: Tensor, numbers: np.ndarray) -> Tensor:
    tensor.data = numbers
    return tensor


def _checked(function: str, tensor: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"{function}: changes a tensor in place, such as layer.weight, not {short(tensor)}")
    return tensor


def _fans(function: str, tensor: Tensor) -> dict[str, int]:
    if _checked(function, tensor).ndim < 2:
        raise ShapeError(f"{function}: needs a weight of shape (out, in, ...), not {tensor.shape}, to have fans")
    kernel = math.prod(tensor.shape[2:])
    return {"fan_in": tensor.shape[1] * kernel, "fan_out": tensor.shape[0] * kernel}


def _xavier(function: str, tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2 / max(1, sum(_fans(function, tensor).values())))


def _kaiming(function: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fans = _fans(function, tensor)
    one_of(fans, function, mode=mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fans[mode]))


hold_to_hints(globals())
