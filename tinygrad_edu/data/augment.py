"""Data augmentation: random changes of images that keep their meaning, for the `transform` of a `DataLoader`.

Each takes a batch of images (N, C, H, W) and a random generator, and gives a new batch of the same dtype. Every image
is changed in its own way.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..engine.messages import one_of, probability, short, whole_from
from ..errors import DtypeError, OutOfRangeError, ShapeError
from .resize import four_axes, sample, sides

__all__ = [
    "ColorJitter", "Normalize", "Pad", "RandomCrop", "RandomHorizontalFlip", "RandomResizedCrop", "RandomVerticalFlip",
    "adjust_brightness", "adjust_contrast", "adjust_hue", "adjust_saturation",
]  # fmt: skip


@dataclass(frozen=True)
class Normalize:
    """Subtract the mean of each channel, and divide by its standard deviation: (images − mean) / std.

    `mean` and `std` are one number, or one for each channel; take them from the images to train with.

    Raises `ShapeError` for another count of channels, `OutOfRangeError` for a deviation that is not above 0.

    >>> import numpy as np
    >>> Normalize(0.5, 0.25)(np.array([[[[0.0, 1.0]]]]), np.random.default_rng(0))
    array([[[[-2.,  2.]]]])
    """

    mean: float | Sequence[float]
    std: float | Sequence[float]

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        images = _floats("Normalize", images)
        mean, std = (np.array(x, images.dtype).reshape(-1, 1, 1) for x in (self.mean, self.std))
        if not (std > 0).all():
            raise OutOfRangeError(
                f"Normalize: std is above 0, not {short(self.std)}; of a channel that is even, give 1"
            )
        for numbers in (mean, std):
            if len(numbers) not in (1, images.shape[1]):
                raise ShapeError(
                    f"Normalize: {len(numbers)} numbers for the {images.shape[1]} channels of {images.shape}"
                )
        normal: ndarray = (images - mean) / std
        return normal


BORDERS = ("constant", "edge", "reflect", "wrap")
"""What a border holds, in NumPy's words: zeros, the pixels at the rim, the image mirrored there, the opposite side."""


@dataclass(frozen=True)
class Pad:
    """Add a border of `padding` pixels on every side.

    `mode` says what it holds: "constant" (zeros), "edge" (the pixels at the rim), "reflect" (the image, mirrored), or
    "wrap" (the opposite side).

    Raises `DtypeError` for another mode.

    >>> import numpy as np
    >>> Pad(1, "edge")(np.array([[[[1, 2]]]]), np.random.default_rng(0))
    array([[[[1, 1, 2, 2],
             [1, 1, 2, 2],
             [1, 1, 2, 2]]]])
    """

    padding: int
    mode: str = "constant"

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        return _bordered("Pad", images, self.padding, self.mode)


def _bordered(function: str, images: ndarray, padding: int, mode: str) -> ndarray:
    """The images with a border."""
    images = four_axes(function, images)
    whole_from(0, function, padding=padding)
    one_of(BORDERS, function, mode=mode)
    around = (padding, padding)
    numbers: Any = mode
    return np.pad(images, ((0, 0), (0, 0), around, around), mode=numbers)


@dataclass(frozen=True)
class RandomCrop:
    """Add a border of `padding` pixels to each image, then cut `size` × `size` pixels out at random.

    `mode` is what the border holds, as in `Pad`. Raises `ShapeError` where the padded images are smaller.

    >>> import numpy as np
    >>> RandomCrop(2, padding=1)(np.ones((1, 1, 2, 3)), np.random.default_rng(0))
    array([[[[1., 1.],
             [0., 0.]]]])
    """

    size: int
    padding: int = 0
    mode: str = "constant"

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        whole_from(1, "RandomCrop", size=self.size)
        padded = _bordered("RandomCrop", images, self.padding, self.mode)
        n, _, height, width = padded.shape
        if min(height, width) < self.size:
            raise ShapeError(f"RandomCrop: no {self.size}×{self.size} pixels in padded images of {height}×{width}")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.size, self.size), axis=(2, 3))
        top = rng.integers(height - self.size, size=n, endpoint=True)
        left = rng.integers(width - self.size, size=n, endpoint=True)
        return windows[np.arange(n), :, top, left]


@dataclass(frozen=True)
class RandomResizedCrop:
    """Cut a part out of each image, of random size, aspect and place, and bring it to `size` × `size` pixels.

    Parameters
    ----------
    size : of the new images, one number or (height, width).
    scale : the area of the part lies between these shares of the image's.
    ratio : its width divided by its height lies between these; on a logarithmic scale all are as likely.
    mode : "bilinear" or "nearest", as in `resize`.

    A part that would be higher or wider than the image is as high or wide as the image.

    C. Szegedy and others, "Going deeper with convolutions", CVPR 2015, section 6.

    >>> import numpy as np
    >>> RandomResizedCrop(4)(np.ones((5, 3, 8, 6)), np.random.default_rng(0)).shape
    (5, 3, 4, 4)
    """

    size: int | tuple[int, int]
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    mode: str = "bilinear"

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        if not (0 < self.scale[0] <= self.scale[1] <= 1 and 0 < self.ratio[0] <= self.ratio[1]):
            raise OutOfRangeError(
                "RandomResizedCrop: scale and ratio go from a smaller number to a larger, scale within 0 and 1, and "
                f"not {short(self.scale)} and {short(self.ratio)}"
            )
        images = four_axes("RandomResizedCrop", images)
        n, _, height, width = images.shape
        area = height * width * rng.uniform(*self.scale, n)
        narrow, broad = np.log(self.ratio)
        aspect = np.exp(rng.uniform(narrow, broad, n))
        high, wide = np.minimum(np.sqrt(area / aspect), height), np.minimum(np.sqrt(area * aspect), width)
        top, left = rng.random(n) * (height - high), rng.random(n) * (width - wide)
        size = sides("RandomResizedCrop", self.size)
        return sample(images, (top, top + high), (left, left + wide), size, self.mode)


@dataclass(frozen=True)
class RandomFlip:
    """The base class of flips: each image is reversed along an axis with probability `p`."""

    p: float = 0.5
    axis: ClassVar[int]

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        probability(type(self).__name__, p=self.p)
        images = four_axes(type(self).__name__, images)
        flipped = rng.random(len(images)) < self.p
        return np.where(flipped[:, None, None, None], np.flip(images, self.axis), images)


class RandomHorizontalFlip(RandomFlip):
    """Mirror each image with probability `p`, left to right.

    >>> import numpy as np
    >>> RandomHorizontalFlip(p=1)(np.array([[[[1, 2, 3]]]]), np.random.default_rng(0))
    array([[[[3, 2, 1]]]])
    """

    axis = -1


class RandomVerticalFlip(RandomFlip):
    """Turn each image upside down with probability `p`.

    >>> import numpy as np
    >>> RandomVerticalFlip(p=1)(np.array([[[[1], [2]]]]), np.random.default_rng(0)).ravel()
    array([2, 1])
    """

    axis = -2


@dataclass(frozen=True)
class ColorJitter:
    """Change brightness, contrast, saturation and hue of each image, in this order, each by a random amount.

    Parameters
    ----------
    brightness, contrast, saturation : the factor of `adjust_brightness` and so on lies between 1 − this and 1 + this,
        and is not negative.
    hue : the shift of `adjust_hue` lies between − this and this; at most 0.5.

    Saturation and hue are for images with three channels, red, green and blue. The results stay between 0 and 1. Raises
    `OutOfRangeError` for other amounts.

    >>> import numpy as np
    >>> ColorJitter(brightness=0.5)(np.full((2, 1, 1, 1), 0.5), np.random.default_rng(0)).ravel().round(2)
    array([0.57, 0.38])
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        for name, most in asdict(self).items():
            if not 0 <= most <= (0.5 if name == "hue" else sys.float_info.max):
                text = "from 0 to 0.5" if name == "hue" else "from 0 on, and finite"
                raise OutOfRangeError(f"ColorJitter: {name} is {text}, not {short(most)}")
        for adjust, most in (
            (adjust_brightness, self.brightness),
            (adjust_contrast, self.contrast),
            (adjust_saturation, self.saturation),
        ):
            factors = rng.uniform(max(0, 1 - most), 1 + most, len(images))
            if most:
                images = adjust(images, factors)
        return adjust_hue(images, rng.uniform(-self.hue, self.hue, len(images))) if self.hue else images


def adjust_brightness(images: Any, factor: float | Sequence[float] | ndarray) -> ndarray:
    """Every number times the factor, one for all images or (N,): 0 is black, 1 changes nothing.

    The results stay between 0 and 1, here and in the other adjustments. Raises `DtypeError` for whole numbers.

    >>> import numpy as np
    >>> adjust_brightness(np.full((2, 1, 1, 1), 0.5), [0.5, 3.0]).ravel()
    array([0.25, 1.  ])
    """
    return _blended("adjust_brightness", images, 0.0, factor)


def adjust_contrast(images: Any, factor: float | Sequence[float] | ndarray) -> ndarray:
    """The differences from the mean grey of the image, times the factor: 0 is all grey, 1 changes nothing.

    >>> import numpy as np
    >>> adjust_contrast(np.array([[[[0.2, 0.6]]]]), 0.5).round(2)
    array([[[[0.3, 0.5]]]])
    """
    images = four_axes("adjust_contrast", images)
    pixels = _grey(images) if images.shape[1] == 3 else images
    return _blended("adjust_contrast", images, pixels.mean(axis=(1, 2, 3), keepdims=True), factor)


def adjust_saturation(images: Any, factor: float | Sequence[float] | ndarray) -> ndarray:
    """The differences of the colours from the grey of their pixel, times the factor: 0 is grey, 1 changes nothing.

    Raises `ShapeError` for images without three channels.

    >>> import numpy as np
    >>> red = np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1)
    >>> adjust_saturation(red, 0).ravel()
    array([0.299, 0.299, 0.299])
    """
    return _blended("adjust_saturation", images, _grey(_of_three("adjust_saturation", images)), factor)


def adjust_hue(images: Any, shift: float | Sequence[float] | ndarray) -> ndarray:
    """The colours moved around the circle of hues, red, yellow, green, cyan, blue, magenta: by a third, red is green.

    `shift` is a share of the circle, one number for all images or (N,). Brightness and saturation stay. Raises
    `ShapeError` for images without three channels.

    >>> import numpy as np
    >>> red = np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1)
    >>> adjust_hue(red, 1 / 3).ravel().round(2)
    array([0., 1., 0.])
    """
    images = _of_three("adjust_hue", images)
    red, green, blue = (images[:, i] for i in range(3))
    high, low = images.max(axis=1), images.min(axis=1)
    spread = high - low
    safe = np.where(spread > 0, spread, 1)
    sixth = np.where(
        high == red, (green - blue) / safe, np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4)
    )  # of the circle, from red on
    sixth = sixth + 6 * _by_image("adjust_hue", shift, images)[..., 0]
    channels = []
    for first in (5, 3, 1):
        k = (first + sixth) % 6
        channels.append(high - spread * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.stack(channels, axis=1).astype(images.dtype)


GREY = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in the brightness that an eye sees: Recommendation ITU-R BT.601."""


def _grey(images: ndarray) -> ndarray:
    """(N, 3, H, W) as grey levels (N, 1, H, W)."""
    levels: ndarray = (images * np.array(GREY, images.dtype)[:, None, None]).sum(axis=1, keepdims=True)
    return levels


def _floats(function: str, images: Any) -> ndarray:
    """The images as an array (N, C, H, W) of floats."""
    array = four_axes(function, images)
    if array.dtype.kind != "f":
        raise DtypeError(f"{function}: images are floats between 0 and 1, not {array.dtype}; divide by 255 first")
    return array


def _of_three(function: str, images: Any) -> ndarray:
    """The images as an array, which has three channels."""
    array = _floats(function, images)
    if array.shape[1] != 3:
        raise ShapeError(f"{function}: images with the channels red, green and blue, (N, 3, H, W), not {array.shape}")
    return array


def _by_image(function: str, numbers: float | Sequence[float] | ndarray, images: ndarray) -> ndarray:
    """One number for all images, or one for each, as (N or 1, 1, 1, 1)."""
    column = np.asarray(numbers, images.dtype).reshape(-1, 1, 1, 1)
    if len(column) not in (1, len(images)):
        raise ShapeError(f"{function}: one number for all images or one for each, not {len(column)} for {len(images)}")
    return column


def _blended(function: str, images: Any, other: Any, factor: float | Sequence[float] | ndarray) -> ndarray:
    """other + factor · (images − other), between 0 and 1."""
    images = _floats(function, images)
    mixed: ndarray = np.clip(other + _by_image(function, factor, images) * (images - other), 0, 1)
    return mixed
