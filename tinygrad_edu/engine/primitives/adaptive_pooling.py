"""Adaptive pooling: as many windows as the user asks for, whatever the size of the images.

Windows of one size are those of `pooling`; windows of several sizes are made of other rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..node import Node
from .einsum import mixed
from .indexing import getitem
from .pooling import avg_pool_nd, max_pool_nd
from .reductions import mean
from .windows import Sizes, check_fits, check_images, per_axis, single_too

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]  # fmt: skip


def adaptive_avg_pool1d(x: Any, output_size: Any) -> Any:
    """Means of sequences x (N, C, L) over `output_size` windows, as `adaptive_avg_pool2d` takes them.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import adaptive_avg_pool1d
    >>> adaptive_avg_pool1d(tg.tensor([[[1.0, 2.0, 3.0]]]), 2)
    tensor([[[1.5, 2.5]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, x, output_size)


def adaptive_avg_pool2d(x: Any, output_size: Any) -> Any:
    """Means of images x (N, C, H, W) over as many windows as `output_size` says, whatever the size of the images.

    Along an axis of n numbers, window i of m reaches from ⌊i·n / m⌋ to ⌈(i + 1)·n / m⌉, as in PyTorch. None in place of
    a number keeps the size of the axis.

    Raises `ShapeError` and `DtypeError` as `max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import adaptive_avg_pool2d
    >>> adaptive_avg_pool2d(tg.tensor([[[[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]]]), (1, 3))
    tensor([[[[2., 3., 7.]]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, x, output_size)


def adaptive_avg_pool3d(x: Any, output_size: Any) -> Any:
    """Means of volumes x (N, C, D, H, W) over `output_size` windows, as `adaptive_avg_pool2d` takes them.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import adaptive_avg_pool3d
    >>> adaptive_avg_pool3d(tg.ones((2, 3, 4, 6, 8)), 2).shape
    (2, 3, 2, 2, 2)
    """
    return _adaptive_avg_pool("adaptive_avg_pool3d", 3, x, output_size)


def adaptive_max_pool1d(x: Any, output_size: Any) -> Any:
    """The largest numbers of sequences x (N, C, L) in the windows of `adaptive_avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import adaptive_max_pool1d
    >>> adaptive_max_pool1d(tg.tensor([[[1.0, 2.0, 3.0]]]), 2)
    tensor([[[2., 3.]]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, x, output_size)


def adaptive_max_pool2d(x: Any, output_size: Any) -> Any:
    """The largest numbers of images x (N, C, H, W) in the windows of `adaptive_avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import adaptive_max_pool2d
    >>> adaptive_max_pool2d(tg.tensor([[[[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]]]), (1, 3))
    tensor([[[[3., 4., 8.]]]])
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, x, output_size)


def adaptive_max_pool3d(x: Any, output_size: Any) -> Any:
    """The largest numbers of volumes x (N, C, D, H, W) in the windows of `adaptive_avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import adaptive_max_pool3d
    >>> adaptive_max_pool3d(tg.ones((2, 3, 4, 6, 8)), 3).shape
    (2, 3, 3, 3, 3)
    """
    return _adaptive_max_pool("adaptive_max_pool3d", 3, x, output_size)


def _adaptive_windows(name: str, n: int, x: Any, output_size: Any) -> tuple[Sizes, Sizes]:
    """The sizes of the images, and how many windows they are to have."""
    size = check_images(name, x, n)[2:]
    check_fits(name, size, (1,) * n, ((0, 0),) * n, (1,) * n)
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * n
    return size, per_axis(name, "output_size", [m if k is None else k for k, m in zip(given, size)], n)


@single_too
def _adaptive_max_pool(name: str, n: int, x: Any, output_size: Any) -> Any:
    size, windows = _adaptive_windows(name, n, x, output_size)
    if all(m % k == 0 for m, k in zip(size, windows)):
        return max_pool_nd(name, n, x, tuple(m // k for m, k in zip(size, windows)), None, 0, 1, False)
    kernel = tuple(-(-m // k) + 1 for m, k in zip(size, windows))  # no window is wider
    beside = [_places(*axis).reshape(-1) for axis in zip(size, windows, kernel)]  # so that no two windows overlap
    x = getitem(x, index=(slice(None), slice(None), *np.ix_(*beside)))
    return max_pool_nd(name, n, x, kernel, None, 0, 1, False)


def _places(n: int, m: int, width: int) -> ndarray:
    """Where the numbers of m windows on n numbers stand: (m, width). A narrower one has its last number again."""
    i = np.arange(m)[:, None]
    places: ndarray = np.minimum(i * n // m + np.arange(width), -(-(i + 1) * n // m) - 1)
    return places


@single_too
def _adaptive_avg_pool(name: str, n: int, x: Any, output_size: Any) -> Any:
    size, windows = _adaptive_windows(name, n, x, output_size)
    if windows == (1,) * n:
        return mean(x, axis=tuple(range(2, n + 2)), keepdims=True)
    if all(m % k == 0 for m, k in zip(size, windows)):
        return avg_pool_nd(name, n, x, tuple(m // k for m, k in zip(size, windows)), None, 0, False, True)
    x = x if isinstance(x, Node) else np.asarray(x)
    for axis, (m, k) in enumerate(zip(size, windows), start=2):
        x = mixed(x, axis, _shares(m, k))
    return x


def _shares(n: int, m: int) -> ndarray:
    """The share that each of n numbers has in each of m means: (m, n)."""
    i, place = np.arange(m)[:, None], np.arange(n)
    within = (i * n // m <= place) & (place < -(-(i + 1) * n // m))
    shares: ndarray = within / within.sum(axis=1, keepdims=True)
    return shares
