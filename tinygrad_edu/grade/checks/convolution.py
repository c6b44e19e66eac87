"""The check of a convolution, with impulses: an image with a single 1 shows how the kernel was applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...engine.primitives.convolution import conv2d
from ...errors import ShapeError
from ..compare import compare
from ..errors import WrongAnswer
from ..expect import expect

__all__ = ["same_convolution"]

IMAGE, KERNEL = (1, 2, 7, 6), (3, 2, 3, 2)
"""Shapes: (images, channels, rows, columns) and (channels out, channels in, rows, columns)."""

KERNELS: dict[str, Callable[[ndarray], ndarray]] = texts(
    {
        "": lambda w: w,
        "the kernel is turned around by 180 degrees": lambda w: w[:, :, ::-1, ::-1],
        "the kernel is upside down": lambda w: w[:, :, ::-1],
        "the kernel is turned from left to right": lambda w: w[..., ::-1],
        "the kernel's rows and columns are swapped": lambda w: w.swapaxes(2, 3),
    }
)
"""Ways to apply a kernel to an image; the right way has no words."""

CHANNELS: dict[str, Callable[[ndarray], ndarray]] = texts(
    {
        "": lambda w: w,
        "the channels are in reverse order": lambda w: w[:, ::-1],
        "only the first channel is used": lambda w: w * np.array([1.0, 0.0]).reshape(1, 2, 1, 1),
        "only the last channel is used": lambda w: w * np.array([0.0, 1.0]).reshape(1, 2, 1, 1),
        "the mean of the channels is taken": lambda w: w / 2.0,
    }
)
"""Ways to use the channels of an image."""

SIDES: dict[str, Callable[[int], tuple[int, int]]] = texts(
    {
        "": lambda n: (n, n),
        "all of the border is before the image": lambda n: (2 * n, 0),
        "all of the border is behind the image": lambda n: (0, 2 * n),
        "there is a border before the image alone": lambda n: (n, 0),
        "there is a border behind the image alone": lambda n: (0, n),
    }
)
"""Ways to put n zeros of padding: how many before the image, and how many after it."""

HOW = texts(
    {
        "stride": "Neighbours in the result lie {stride} apart in the image.",
        "padding": "Put a border of {padding} zeros around the image, on each of its four sides.",
        "dilation": "Neighbours in the kernel meet numbers that lie {dilation} apart in the image.",
        "sides": "Put a border of {padding} zeros around the image, on each of its four sides.",
        "kernel": "The result at [i, j] is the sum of x[i + a, j + b] · w[a, b], but for stride, padding and dilation: "
        "the kernel is not turned around.",
        "channels": "Add up over all channels of the image, each with its own part of the kernel.",
    }
)


NUMBERS = texts(
    {
        "stride": "the stride is {found}, not {wanted}",
        "padding": "the padding is {found}, not {wanted}",
        "dilation": "the dilation is {found}, not {wanted}",
    }
)


class Way(NamedTuple):
    """A way to convolve, right or wrong; the strings are keys of the tables above."""

    stride: int
    padding: int
    dilation: int
    sides: str = ""
    kernel: str = ""
    channels: str = ""

    def result(self, x: ndarray, weight: ndarray) -> ndarray:
        """The result of this way. Raises `ShapeError` if the kernel does not fit."""
        border = SIDES[self.sides](self.padding)
        bordered = np.pad(x, ((0, 0), (0, 0), border, border))
        changed = CHANNELS[self.channels](KERNELS[self.kernel](weight))
        return np.asarray(conv2d(bordered, changed, stride=self.stride, dilation=self.dilation))

    def explains(self, answers: Sequence[Answered], weight: ndarray) -> bool:
        """Whether this way gives all the answers."""
        try:
            return all(compare(asked.answer, self.result(asked.image, weight)) for asked in answers)
        except ShapeError:
            return False


class Answered(NamedTuple):
    """An image, its description in words, and the student's answer."""

    words: str
    image: ndarray
    answer: Any


def same_convolution(
    answer: Callable[..., Any], rng: np.random.Generator, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> None:
    """`answer(x, weight)` must be the convolution of deep learning: `tinygrad_edu.nn.functional.conv2d`.

    The images are first impulses, which are 1 in one place and 0 elsewhere, in the middle and on the border; then
    random.

    Parameters
    ----------
    answer : takes images (N, C, H, W) and kernels (O, C, I, J).
    stride, padding, dilation : the attributes of the convolution.

    Raises `WrongAnswer`. Its kind is the part, or the two parts, whose change explains all answers: "kernel",
    "channels", "stride", "padding", "sides" (of the padding), "dilation".

    >>> from tinygrad_edu.nn.functional import conv2d
    >>> def turned(x, weight):
    ...     return np.asarray(conv2d(x, weight[:, :, ::-1, ::-1], stride=2))
    >>> same_convolution(turned, np.random.default_rng(0), stride=2)
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: the kernel is turned around by 180 degrees
    """
    right = Way(stride, padding, dilation)
    weight = rng.uniform(1.0, 2.0, size=KERNEL)
    answers = [Answered(words, image, answer(image, weight)) for words, image in _images(rng)]
    for words, image, found in answers:
        try:
            expect(found, say("the result")).equals(right.result(image, weight))
        except WrongAnswer as wrong:
            wrong.where = say("Look at the result for {image}.", image=words)
            for way in _wrong_ways(right):
                if way.explains(answers, weight):
                    raise _named(way, right, wrong.where) from None
            raise


def _images(rng: np.random.Generator) -> Iterator[tuple[str, ndarray]]:
    """Images with their description: with a 1 in the middle or in one of three corners, and random ones."""
    _, channels, rows, columns = IMAGE
    for i, j in ((3, 2), (0, 0), (rows - 1, columns - 1), (0, columns - 1)):
        image, channel = np.zeros(IMAGE), rng.integers(channels)
        image[0, channel, i, j] = 1.0
        yield say("an image that is 1 at [{place}] and 0 elsewhere", place=f"{channel}, {i}, {j}"), image
    yield say("random images"), rng.normal(size=(5, *IMAGE[1:]))


def _wrong_ways(right: Way) -> list[Way]:
    """The ways with one mistake, then those with two."""
    steps = range(1, right.stride + 2), range(right.padding + 2), range(1, right.dilation + 2)
    ways = [Way(*way) for way in product(*steps, SIDES, KERNELS, CHANNELS)]
    count = {way: sum(a != b for a, b in zip(way, right)) for way in ways}
    return sorted((way for way in ways if 0 < count[way] <= 2), key=count.__getitem__)


def _named(way: Way, right: Way, where: str) -> WrongAnswer:
    """The error that describes a wrong way."""
    what, how = {}, {}
    for part, found, wanted in zip(Way._fields, way, right):
        if found != wanted:
            what[part] = say(NUMBERS.get(part, str(found)), found=found, wanted=wanted)
            how[part] = say(HOW[part], **right._asdict())
    return WrongAnswer(
        say("; ").join(what.values()), kind=" + ".join(what), where=where, how=say(" ").join(how.values())
    )
