"""Images in another size: each new pixel is a weighted sum of old ones, its nearest or the four around its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.messages import one_of, short
from ..errors import ShapeError

__all__ = ["Resize", "resize"]


def resize(images: Any, size: int | tuple[int, int], mode: str = "bilinear") -> ndarray:
    """Images (N, C, H, W) with `size` × `size` pixels, or (height, width).

    Parameters
    ----------
    mode : "bilinear" mixes the four nearest pixels, by their distance; "nearest" copies the nearest, and suits masks of
        classes. The borders of the images keep their places, as in `nn.functional.interpolate`; nearest is what
        PyTorch calls "nearest-exact".

    The dtype stays; of whole numbers, bilinear values are rounded. To a much smaller size pixels in between are left
    out: nothing is averaged.

    Raises `ShapeError` for other shapes, or a size below 1, and `DtypeError` for another mode.

    >>> import numpy as np
    >>> resize(np.array([[[[0.0, 1.0]]]]), (1, 4)).tolist()
    [[[[0.0, 0.25, 0.75, 1.0]]]]
    >>> resize(np.array([[[[3, 7]]]]), 2, mode="nearest").tolist()
    [[[[3, 7], [3, 7]]]]
    """
    images = four_axes("resize", images)
    height, width = images.shape[2:]
    return sample(images, (0.0, float(height)), (0.0, float(width)), sides("resize", size), mode)


@dataclass(frozen=True)
class Resize:
    """`resize` as a `transform` of a `DataLoader`: every batch is enlarged as it comes, and none is kept.

    >>> import numpy as np
    >>> Resize(96)(np.zeros((5, 1, 28, 28), np.float32), np.random.default_rng(0)).shape
    (5, 1, 96, 96)
    """

    size: int | tuple[int, int]
    mode: str = "bilinear"

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        return resize(images, self.size, self.mode)


def sample(images: ndarray, rows: Any, columns: Any, size: tuple[int, int], mode: str = "bilinear") -> ndarray:
    """The part of each image between two borders along each axis, with the wanted size.

    `rows` and `columns` are (first, last) borders in pixels, one pair for all images, or arrays (N,) of them. Beyond
    the image its outermost pixels go on.
    """
    one_of(("bilinear", "nearest"), "resize", mode=mode)
    (height, width), kind = images.shape[2:], images.dtype
    if mode == "nearest":
        down, right = _whole(rows, height, size[0]), _whole(columns, width, size[1])
        image, channel = np.arange(len(images))[:, None, None, None], np.arange(images.shape[1])[:, None, None]
        nearest: ndarray = images[image, channel, down[..., None, :, None], right[..., None, None, :]]
        return nearest
    real = kind if kind.kind == "f" else np.dtype(np.float64)
    vertical = _shares(rows, height, size[0]).astype(real)[..., None, :, :]
    horizontal = _shares(columns, width, size[1]).astype(real)[..., None, :, :].swapaxes(-1, -2)
    mixed: ndarray = vertical @ images.astype(real, copy=False) @ horizontal
    return mixed if kind == real else np.rint(mixed).astype(kind)


def _places(borders: Any, m: int) -> ndarray:
    """Where the middles of m equal parts between two borders lie: (..., m)."""
    first, last = (np.asarray(border, np.float64)[..., None] for border in borders)
    at: ndarray = first + (last - first) * (np.arange(m) + 0.5) / m
    return at


def _whole(borders: Any, n: int, m: int) -> ndarray:
    """Which of n pixels holds the middle of each of m parts: (..., m)."""
    at: ndarray = np.clip(np.floor(_places(borders, m)), 0, n - 1).astype(np.intp)
    return at


def _shares(borders: Any, n: int, m: int) -> ndarray:
    """The share that each of n old pixels has in each of m new ones: (..., m, n)."""
    at = np.clip(_places(borders, m) - 0.5, 0, n - 1)[..., None]
    share: ndarray = np.maximum(0.0, 1.0 - np.abs(at - np.arange(n)))
    return share


def four_axes(function: str, images: Any) -> ndarray:
    """The images as an array (N, C, H, W)."""
    array = np.asarray(images)
    if array.ndim != 4 or 0 in array.shape[1:]:
        raise ShapeError(f"{function}: images are (N, C, H, W), and these are {array.shape}")
    return array


def sides(function: str, size: Any) -> tuple[int, int]:
    """Height and width, from one number or two."""
    height, width = size if isinstance(size, (tuple, list)) and len(size) == 2 else (size, size)
    if min(height, width) < 1:
        raise ShapeError(f"{function}: the size is one whole number or (height, width), from 1 on, not {short(size)}")
    return int(height), int(width)
