"""Scenes made of the handwritten digits: several on a canvas, with the box of each and the class of every pixel."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from ..engine.messages import short, whole_from
from ..engine.random import generator
from ..errors import OutOfRangeError
from .dataset import TensorDataset
from .images import digits
from .resize import resize

__all__ = ["Scenes"]

TRIES = 50  # to find a free place for a digit


class Scenes(TensorDataset):
    """Square images of one to `most` handwritten digits, which do not touch, of several sizes and shades, on noise.

    For segmentation the batches are (images, masks); `scenes.with_boxes()` has those of detection, (images, boxes). The
    same arguments give the same scenes, and another seed others. The digits are those of `Digits(train)`: with
    `train=False` a network sees digits that it was not trained with, in scenes that it was not trained with.

    Parameters
    ----------
    n : the number of scenes.
    size : the height and the width of a scene, in pixels.
    most : the largest number of digits in a scene.
    heights : the smallest and the largest height of a digit, in pixels. Its width follows.
    classes : the digits that occur, such as (3, 8).
    seed : a whole number.

    Attributes
    ----------
    images : float32 between 0 and 1, (N, 1, size, size).
    masks : the class of every pixel, int64, (N, size, size): 0 for paper, 1 for the ink of the first of `classes`...
    boxes : around the digits, float32, (N, most, 5): the class, from 0 on, and the corners x1, y1, x2, y2. Where a
        scene has fewer digits, the class is −1 and the corners are 0.

    Raises `OutOfRangeError` for digits that do not fit into the scene, or that do not exist.

    >>> scenes = Scenes(5, seed=7)
    >>> scenes.images.shape, scenes.masks.shape, scenes.boxes.shape
    ((5, 1, 40, 40), (5, 40, 40), (5, 3, 5))
    >>> scenes.boxes[0].astype(int)
    array([[ 0,  3,  7, 13, 21],
           [ 6, 16, 14, 26, 28],
           [-1,  0,  0,  0,  0]])
    """

    def __init__(
        self, n: int = 500, size: int = 40, most: int = 3, heights: tuple[int, int] = (14, 22),
        classes: tuple[int, ...] = tuple(range(10)), train: bool = True, seed: int = 0,
    ) -> None:  # fmt: skip
        _check_settings(n, size, most, heights, classes)
        pictures, labels = digits().split()[0 if train else 1]
        shapes = [[_cropped(picture) for picture in pictures[labels == each]] for each in classes]
        rng = generator([seed, train])
        self.classes = tuple(classes)
        self.images = np.clip(rng.normal(0.08, 0.05, (n, 1, size, size)), 0, 1).astype(np.float32)
        self.masks = np.zeros((n, size, size), np.int64)
        self.boxes = np.zeros((n, most, 5), np.float32)
        self.boxes[:, :, 0] = -1
        for image, mask, boxes in zip(self.images[:, 0], self.masks, self.boxes):
            free = np.ones((size, size), bool)
            for box in boxes[: rng.integers(1, most, endpoint=True)]:
                label = int(rng.integers(len(classes)))
                shape = shapes[label][rng.integers(len(shapes[label]))]
                ink = _enlarged(shape, int(rng.integers(heights[0], heights[1] + 1)), widest=size - 2)
                place = _free_place(free, ink.shape, rng)
                if place is not None:
                    (y, x), (height, width) = place, ink.shape
                    here = slice(y, y + height), slice(x, x + width)
                    free[here] = False
                    image[here] = np.maximum(image[here], ink * rng.uniform(0.6, 1.0))
                    mask[here][ink > 0.5] = label + 1
                    box[:] = label, x, y, x + width, y + height
            boxes[:] = boxes[np.argsort(boxes[:, 0] < 0, kind="stable")]  # the scene's own first, then the −1
        super().__init__(self.images, self.masks)

    def with_boxes(self) -> TensorDataset:
        """The images with their boxes, (N, most, 5), in place of masks."""
        return TensorDataset(self.images, self.boxes)


def _check_settings(n: int, size: int, most: int, heights: tuple[int, int], classes: tuple[int, ...]) -> None:
    """Raise the error for settings of which no scene can be made."""
    whole_from(1, "Scenes", n=n, size=size, most=most)
    low, high = heights
    if not 4 <= low <= high <= size - 2:
        raise OutOfRangeError(
            f"Scenes: heights are two whole numbers, the smaller first, from 4 to size - 2 = {size - 2}, not {heights}"
        )
    if not classes or not set(classes) <= set(range(10)) or len(set(classes)) < len(classes):
        raise OutOfRangeError(f"Scenes: classes are different digits from 0 to 9, not {short(classes)}")


def _cropped(picture: ndarray) -> ndarray:
    """The part of a picture that has ink, between 0 and 1."""
    inked = picture >= 4
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    part: ndarray = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / picture.max()
    return part


def _enlarged(picture: ndarray, height: int, widest: int) -> ndarray:
    """The picture with this height, and the width that belongs to it or the widest."""
    width = min(max(3, round(height * picture.shape[1] / picture.shape[0])), widest)
    return np.squeeze(resize(picture[None, None], (height, width)))


def _free_place(free: ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[int, int] | None:
    """Row and column at which a picture of this shape touches nothing; None where none was found."""
    (height, width), size = shape, len(free)
    for y, x in zip(rng.integers(1, size - height, TRIES).tolist(), rng.integers(1, size - width, TRIES).tolist()):
        if free[y - 1 : y + height + 1, x - 1 : x + width + 1].all():
            return y, x
    return None
