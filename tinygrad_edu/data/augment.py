"""Data augmentation: random changes of images that keep their meaning, for the `transform` of a `DataLoader`.

Each takes a batch of images (N, C, H, W) and a random generator, and gives a new batch of the same dtype. Every image
is changed in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from ..errors import ShapeError

__all__ = ["ColorJitter", "RandomCrop", "RandomHorizontalFlip"]


@dataclass(frozen=True)
class RandomCrop:
    """Add `padding` zeros on every side of each image, then cut `size` × `size` pixels out at random.

    Raises `ShapeError` where the padded images are smaller.

    >>> import numpy as np
    >>> RandomCrop(2, padding=1)(np.ones((1, 1, 2, 3)), np.random.default_rng(0))
    array([[[[1., 1.],
             [0., 0.]]]])
    """

    size: int
    padding: int = 0

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        around = (self.padding, self.padding)
        padded = np.pad(images, ((0, 0), (0, 0), around, around))
        n, _, height, width = padded.shape
        if min(height, width) < self.size:
            raise ShapeError(f"RandomCrop: no {self.size}×{self.size} pixels in padded images of {height}×{width}")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.size, self.size), axis=(2, 3))
        top = rng.integers(height - self.size, size=n, endpoint=True)
        left = rng.integers(width - self.size, size=n, endpoint=True)
        return windows[np.arange(n), :, top, left]


@dataclass(frozen=True)
class RandomHorizontalFlip:
    """Mirror each image with probability `p`, left to right.

    >>> import numpy as np
    >>> RandomHorizontalFlip(p=1)(np.array([[[[1, 2, 3]]]]), np.random.default_rng(0))
    array([[[[3, 2, 1]]]])
    """

    p: float = 0.5

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        mirrored = rng.random(len(images)) < self.p
        return np.where(mirrored[:, None, None, None], images[..., ::-1], images)


@dataclass(frozen=True)
class ColorJitter:
    """Change the brightness and the contrast of each image; the results stay between 0 and 1.

    An image is multiplied by a factor from 1 − brightness to 1 + brightness; then the differences from its mean are
    multiplied by a factor from 1 − contrast to 1 + contrast.

    >>> import numpy as np
    >>> ColorJitter(brightness=0.5)(np.full((2, 1, 1, 1), 0.5), np.random.default_rng(0)).ravel().round(2)
    array([0.57, 0.38])
    """

    brightness: float = 0.0
    contrast: float = 0.0

    def __call__(self, images: ndarray, rng: np.random.Generator) -> ndarray:
        brightness, contrast = (
            rng.uniform(max(0, 1 - most), 1 + most, (len(images), 1, 1, 1)).astype(images.dtype)
            for most in (self.brightness, self.contrast)
        )
        brighter = images * brightness
        mean = brighter.mean(axis=(1, 2, 3), keepdims=True)
        changed: ndarray = np.clip(mean + contrast * (brighter - mean), 0, 1)
        return changed
