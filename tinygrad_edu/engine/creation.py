"""Functions that create tensors: filled with a number, evenly spaced, or random. The default dtype is float32."""

from __future__ import annotations

import sys
from math import isfinite, prod
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError
from .convert import DEFAULT_DTYPE, as_array
from .messages import is_no_array_of_numbers, not_numbers, several, short, wrong_dtype
from .node import Node
from .parts import for_examples
from .random import generator
from .tensor import Tensor

__all__ = [
    "arange", "eye", "full", "full_like", "linspace", "ones", "ones_like", "rand", "rand_like", "randn",
    "randn_like", "zeros", "zeros_like",
]  # fmt: skip

Shape = int | tuple[int, ...]


def full(
    shape: Shape, fill_value: float, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A tensor filled with one number.

    >>> import tinygrad_edu as tg
    >>> tg.full((2,), 7.0)
    tensor([7., 7.])
    """
    return _filled("full", shape, fill_value, dtype, requires_grad, name)


def zeros(shape: Shape, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A tensor of zeros.

    >>> import tinygrad_edu as tg
    >>> tg.zeros((1, 3))
    tensor([[0., 0., 0.]])
    """
    return _filled("zeros", shape, 0, dtype, requires_grad, name)


def ones(shape: Shape, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A tensor of ones.

    >>> import tinygrad_edu as tg
    >>> tg.ones(3)
    tensor([1., 1., 1.])
    """
    return _filled("ones", shape, 1, dtype, requires_grad, name)


def eye(
    n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A matrix with ones on the diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = _shape("eye", (n, n if m is None else m))
    return Tensor(np.eye(rows, columns, dtype=_dtype("eye", dtype)), None, requires_grad, name)


def arange(
    start: float, stop: float | None = None, step: float = 1, dtype: Any = None, requires_grad: bool = False,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """Numbers from `start` up to `stop`, without `stop` itself; with one argument from 0 up to it.

    >>> import tinygrad_edu as tg
    >>> tg.arange(3)
    tensor([0., 1., 2.])
    """
    start, stop = (0, start) if stop is None else (start, stop)
    for what, x in (("start", start), ("stop", stop), ("step", step)):
        _number("arange", what, x)
    if step == 0:
        raise ShapeError("arange: step is 0, so it would never end")
    if not isfinite((stop - start) / step):
        raise ShapeError(f"arange: from {start} to {stop} by {step} it would never end; give finite numbers")
    return Tensor(np.arange(start, stop, step, dtype=_dtype("arange", dtype)), None, requires_grad, name)


def linspace(
    start: float, stop: float, num: int = 50, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`, both included.

    >>> import tinygrad_edu as tg
    >>> tg.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    for what, x in (("start", start), ("stop", stop)):
        _number("linspace", what, x)
    (num,) = _shape("linspace", (num,))
    return Tensor(np.linspace(start, stop, num, dtype=_dtype("linspace", dtype)), None, requires_grad, name)


def rand(
    *shape: int, seed: Any = None, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """Random numbers, uniform between 0 and 1. `seed` is an int, or a `numpy.random.Generator` to go on with.

    Without a seed they come from the package's own generator, which `tg.manual_seed` sets.

    >>> import tinygrad_edu as tg
    >>> tg.rand(2, 3, seed=0).shape
    (2, 3)
    """
    return _drawn("rand", shape, seed, dtype, requires_grad, name)


def randn(
    *shape: int, seed: Any = None, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """Random numbers from the normal distribution with mean 0 and variance 1. `seed` as in `rand`.

    >>> import tinygrad_edu as tg
    >>> tg.randn(2, 3, seed=0).shape
    (2, 3)
    """
    return _drawn("randn", shape, seed, dtype, requires_grad, name)


def zeros_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.zeros_like(tg.tensor([1.0, 2.0]))
    tensor([0., 0.])
    """
    like = _like("zeros_like", x)
    return _filled("zeros_like", like.shape, 0, dtype or like.dtype, requires_grad)


def ones_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.ones_like(tg.tensor([1.0, 2.0]))
    tensor([1., 1.])
    """
    like = _like("ones_like", x)
    return _filled("ones_like", like.shape, 1, dtype or like.dtype, requires_grad)


def full_like(x: Any, fill_value: float, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One number in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.full_like(tg.tensor([1.0, 2.0]), 7.0)
    tensor([7., 7.])
    """
    like = _like("full_like", x)
    return _filled("full_like", like.shape, fill_value, dtype or like.dtype, requires_grad)


def rand_like(x: Any, seed: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.rand_like(tg.zeros((2, 3)), seed=0).shape
    (2, 3)
    """
    like = _like("rand_like", x)
    return _drawn("rand_like", like.shape, seed, dtype or like.dtype, requires_grad)


def randn_like(x: Any, seed: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal random numbers in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.randn_like(tg.zeros((2, 3)), seed=0).shape
    (2, 3)
    """
    like = _like("randn_like", x)
    return _drawn("randn_like", like.shape, seed, dtype or like.dtype, requires_grad)


# Helpers. `function` is the name of the function that the user called, for messages.


def _filled(
    function: str, shape: Any, fill_value: Any, dtype: Any, requires_grad: bool, name: str | None = None
) -> Tensor:
    sizes, kind = _shape(function, shape), _dtype(function, dtype)
    _number(function, "fill_value", fill_value)
    try:
        return Tensor(np.full(sizes, np.array(fill_value, kind)), None, requires_grad, name)
    except OverflowError:
        raise DtypeError(f"{function}: {short(fill_value)} does not fit dtype {kind}; give another dtype") from None


def _drawn(function: str, shape: Any, seed: Any, dtype: Any, requires_grad: bool, name: str | None = None) -> Tensor:
    sizes, kind = _shape(function, shape), _dtype(function, dtype)
    if kind.kind != "f":
        raise DtypeError(f"{function}: random numbers of dtype {kind} would be cut to whole ones; give dtype='float32'")

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        try:
            source = generator(seed)
        except DtypeError as error:
            raise DtypeError(f"{function}: {error}") from None
        uniform = function.startswith("rand_") or function == "rand"
        return source.random(sizes) if uniform else source.standard_normal(sizes)

    return Tensor(for_examples(function, draw, sizes).astype(kind), None, requires_grad, name)


def _like(function: str, x: Any) -> np.ndarray:
    if is_no_array_of_numbers(x):
        raise not_numbers(function, x)
    return as_array(x)


def _shape(function: str, shape: Any) -> tuple[int, ...]:
    sizes = several(shape)
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):  # rand((2, 3)) means rand(2, 3)
        sizes = tuple(sizes[0])
    wanted = tuple(_size(function, size) for size in sizes)
    if prod(wanted) > sys.maxsize // 8:
        raise ShapeError(f"{function}: no memory holds an array of shape {wanted}; give smaller sizes")
    return wanted


def _size(function: str, size: Any) -> int:
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise DtypeError(f"{function}: a size is a whole number, not {type(size).__name__} {short(size)}")
    n = index(size)
    if n < 0:
        raise ShapeError(f"{function}: a size cannot be negative: {n}")
    return n


def _dtype(function: str, dtype: Any) -> np.dtype[Any]:
    wrong = None if dtype is None else wrong_dtype(dtype)
    if wrong is not None:
        raise DtypeError(f"{function}: {wrong}")
    return np.dtype(dtype or DEFAULT_DTYPE)


def _number(function: str, what: str, x: Any) -> None:
    if isinstance(x, Node):
        raise DtypeError(
            f"{function}: {what} is a plain number, not a {type(x).__name__}; float(x) gives it, outside the graph"
        )
    if not isinstance(x, (Real, np.bool_)):
        raise DtypeError(f"{function}: {what} is a number, not {type(x).__name__} {short(x)}")
