"""Tensors out of nothing: filled, evenly spaced, random. The default dtype is float32; random ones take a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DtypeError, ShapeError
from .tensor import DEFAULT_DTYPE, Tensor, as_array

__all__ = [
    "arange", "eye", "full", "full_like", "linspace", "ones", "ones_like", "rand", "rand_like", "randn",
    "randn_like", "zeros", "zeros_like",
]  # fmt: skip

Shape = int | tuple[int, ...]


def _made(array: np.ndarray, requires_grad: bool, name: str | None) -> Tensor:
    return Tensor(array, requires_grad=requires_grad, name=name)


def full(
    shape: Shape, fill_value: float, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A tensor filled with one number.

    >>> import tinygrad_edu as tg
    >>> tg.full((2,), 7.0)
    tensor([7., 7.])
    """
    return _made(np.full(_shape(shape), fill_value, dtype or DEFAULT_DTYPE), requires_grad, name)


def zeros(shape: Shape, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A tensor of zeros.

    >>> import tinygrad_edu as tg
    >>> tg.zeros((1, 3))
    tensor([[0., 0., 0.]])
    """
    return full(shape, 0, dtype, requires_grad, name)


def ones(shape: Shape, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A tensor of ones.

    >>> import tinygrad_edu as tg
    >>> tg.ones(3)
    tensor([1., 1., 1.])
    """
    return full(shape, 1, dtype, requires_grad, name)


def eye(n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A matrix with ones on the diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _made(np.eye(_size(n), None if m is None else _size(m), dtype=dtype or DEFAULT_DTYPE), requires_grad, name)


def arange(
    start: float, stop: float | None = None, step: float = 1, dtype: Any = None, requires_grad: bool = False,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """Numbers from `start` up to, not including, `stop`; from 0 where only one is given.

    >>> import tinygrad_edu as tg
    >>> tg.arange(3)
    tensor([0., 1., 2.])
    """
    if step == 0:
        raise ShapeError("arange: step is 0, so it would never end")
    start, stop = (0, start) if stop is None else (start, stop)
    return _made(np.arange(start, stop, step, dtype=dtype or DEFAULT_DTYPE), requires_grad, name)


def linspace(
    start: float, stop: float, num: int = 50, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`, both included.

    >>> import tinygrad_edu as tg
    >>> tg.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    return _made(np.linspace(start, stop, _size(num), dtype=dtype or DEFAULT_DTYPE), requires_grad, name)


def rand(
    *shape: int, seed: Any = None, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """Random numbers, uniform between 0 and 1. `seed` is an int, or a `numpy.random.Generator` to go on with.

    >>> import tinygrad_edu as tg
    >>> tg.rand(2, 3, seed=0).shape
    (2, 3)
    """
    array = np.random.default_rng(seed).random(_shape(shape))
    return _made(array.astype(dtype or DEFAULT_DTYPE), requires_grad, name)


def randn(
    *shape: int, seed: Any = None, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """Random numbers from the normal distribution with mean 0 and variance 1. `seed` as in `rand`.

    >>> import tinygrad_edu as tg
    >>> tg.randn(2, 3, seed=0).shape
    (2, 3)
    """
    array = np.random.default_rng(seed).standard_normal(_shape(shape))
    return _made(array.astype(dtype or DEFAULT_DTYPE), requires_grad, name)


def zeros_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.zeros_like(tg.tensor([1.0, 2.0]))
    tensor([0., 0.])
    """
    return full_like(x, 0, dtype, requires_grad)


def ones_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.ones_like(tg.tensor([1.0, 2.0]))
    tensor([1., 1.])
    """
    return full_like(x, 1, dtype, requires_grad)


def full_like(x: Any, fill_value: float, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One number in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.full_like(tg.tensor([1.0, 2.0]), 7.0)
    tensor([7., 7.])
    """
    like = as_array(x)
    return full(like.shape, fill_value, dtype or like.dtype, requires_grad)


def rand_like(x: Any, seed: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.rand_like(tg.zeros((2, 3)), seed=0).shape
    (2, 3)
    """
    like = as_array(x)
    return rand(*like.shape, seed=seed, dtype=dtype or like.dtype, requires_grad=requires_grad)


def randn_like(x: Any, seed: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal random numbers in the shape and dtype of x.

    >>> import tinygrad_edu as tg
    >>> tg.randn_like(tg.zeros((2, 3)), seed=0).shape
    (2, 3)
    """
    like = as_array(x)
    return randn(*like.shape, seed=seed, dtype=dtype or like.dtype, requires_grad=requires_grad)


def _shape(shape: Any) -> tuple[int, ...]:
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):  # rand((2, 3)) means rand(2, 3)
        sizes = sizes[0]
    return tuple(map(_size, sizes))


def _size(size: Any) -> int:
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise DtypeError(f"a size is a whole number, not {type(size).__name__} {size!r:.60}")
    if size < 0:
        raise ShapeError(f"a size cannot be negative: {size}")
    return int(size)
