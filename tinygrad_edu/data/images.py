"""The handwritten digits that ship with the package, as arrays and as a dataset."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engine.random import generator
from ..errors import OutOfRangeError
from .dataset import TensorDataset

__all__ = ["Digits", "LabelledImages", "digits"]


class LabelledImages(NamedTuple):
    """Images and their classes: two arrays of one length, which unpack as `images, labels = digits()`.

    Attributes
    ----------
    images : grey levels, (N, height, width).
    labels : the class of each image, (N,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def split(self, test: float = 1 / 3, seed: Any = 0) -> tuple[LabelledImages, LabelledImages]:
        """A training and a test set; the test set has the fraction `test` of each class, chosen at random.

        The same seed gives the same split. Both keep the order of the images.

        Raises `OutOfRangeError` where `test` is not between 0 and 1.

        >>> train, test = digits().split(seed=7)
        >>> len(train.labels), len(test.labels)
        (1198, 599)
        """
        if not 0 <= test <= 1:
            raise OutOfRangeError(f"split: test is the share of the images to hold out, between 0 and 1, not {test!r}")
        rng = generator(seed)
        held_out = np.zeros(len(self.labels), dtype=bool)
        for label in np.unique(self.labels):
            members = np.flatnonzero(self.labels == label)
            held_out[rng.permutation(members)[: round(test * len(members))]] = True
        train, tested = (LabelledImages(self.images[part], self.labels[part]) for part in (~held_out, held_out))
        return train, tested


def digits() -> LabelledImages:
    """1,797 handwritten digits of 13 people: images (1797, 8, 8), grey levels 0 (paper) to 16 (ink); labels 0 to 9.

    The test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (1998), UCI Machine
    Learning Repository, https://doi.org/10.24432/C50P49, under CC BY 4.0; `digits.LICENSE.txt` beside it says more.

    After a random split each writer has images in both parts. So a test measures how well a model reads the digits of
    *these people*; those of others are harder.

    >>> images, labels = digits()
    >>> images.shape, labels[:5].tolist()
    ((1797, 8, 8), [0, 1, 2, 3, 4])
    """
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return LabelledImages(arrays["images"], arrays["labels"])


class Digits(TensorDataset):
    """The digits as a dataset: two thirds of each digit to train with (`train=True`), the rest to test with.

    With `size=28` the images have 28×28 pixels, as the networks for MNIST expect: each pixel is drawn 3×3 large, with a
    border around them all. Both parts are of one split if they are made with the same seed, a whole number.

    Attributes
    ----------
    images : float32 between 0 (paper) and 1 (ink), (N, 1, size, size).
    labels : int64, (N,).

    Raises `OutOfRangeError` for a size below 8.

    >>> Digits(train=False).images.shape, Digits(train=False, size=28).images.shape
    ((599, 1, 8, 8), (599, 1, 28, 28))
    """

    def __init__(self, train: bool = True, size: int = 8, seed: int = 0) -> None:
        images, labels = digits().split(seed=seed)[0 if train else 1]
        if size < 8:
            raise OutOfRangeError(f"Digits: the images have 8×8 pixels, and do not fit into {size}×{size}")
        scale = size // 8
        before, after = (size - 8 * scale) // 2, (size - 8 * scale + 1) // 2
        larger = images.repeat(scale, axis=1).repeat(scale, axis=2)
        framed = np.pad(larger, ((0, 0), (before, after), (before, after)))
        self.images = np.divide(framed[:, None], 16, dtype=np.float32)
        self.labels = labels.astype(np.int64)
        super().__init__(self.images, self.labels)
