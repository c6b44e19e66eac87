"""LeNet-5 as it was in 1998: a table of connections, pooling that learns, tanh, an output that compares with pictures.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of
the IEEE 86 (1998), section II.B and appendix A. The layers have the paper's names. The pictures of the ten digits at
the output, 7 × 12 pixels each, are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import nn
from ..engine.node import shape_of
from .classifier import ImageClassifier

__all__ = ["LeNet5", "lenet5"]

TABLE = (
    "012", "123", "234", "345", "045", "015",
    "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235",
    "012345",
)  # fmt: skip
"""The paper's table I: which of the six maps of S2 each of the 16 maps of C3 reads; 60 connections in all."""

DIGITS = """
.#####. ...#... .#####. .#####. ....##. ####### .#####. ####### .#####. .#####.
##...## ..##... ##...## ##...## ...###. ##..... ##...## ##...## ##...## ##...##
##...## .###... ##...## .....## ..####. ##..... ##..... .....## ##...## ##...##
##...## ...#... .....## .....## .##.##. ##..... ##..... ....##. ##...## ##...##
##..### ...#... .....## .....## ##..##. ##..... ##..... ....##. ##...## ##...##
##.#### ...#... ....##. ..####. ##..##. ######. ######. ...##.. .#####. .######
####.## ...#... ...##.. ..####. ####### .....## ##...## ...##.. .#####. .....##
###..## ...#... ..##... .....## ....##. .....## ##...## ..##... ##...## .....##
##...## ...#... .##.... .....## ....##. .....## ##...## ..##... ##...## .....##
##...## ...#... ##..... .....## ....##. .....## ##...## .##.... ##...## .....##
##...## ...#... ##...## ##...## ....##. ##...## ##...## .##.... ##...## ##...##
.#####. .#####. ####### .#####. ....##. .#####. .#####. .##.... .#####. .#####.
"""
"""The digits that the 84 units of F6 are to draw, side by side."""


class Squash(nn.Module):
    """1.7159 · tanh(2x / 3): f(1) = 1 and f(−1) = −1, and there the curve bends most."""

    def forward(self, x: Any) -> Any:
        return 1.7159 * np.tanh(x * (2 / 3))


class TrainablePool2d(nn.Module):
    """The sum of each 2×2 square, times a weight of its channel, plus a bias of its channel.

    >>> import tinygrad_edu as tg
    >>> TrainablePool2d(6)(tg.zeros((5, 6, 28, 28))).shape
    (5, 6, 14, 14)
    """

    def __init__(self, channels: int) -> None:
        self.weight = nn.Parameter(np.zeros((channels, 1, 1), np.float32))
        self.bias = nn.Parameter(np.zeros((channels, 1, 1), np.float32))
        _begin(self, inputs=4)

    def forward(self, x: Any) -> Any:
        return 4 * nn.functional.avg_pool2d(x, 2) * self.weight + self.bias


class SparseConv2d(nn.Module):
    """A convolution that has kernels only for the pairs of channels in a table.

    Parameters
    ----------
    table : for each channel that goes out, the channels that it reads.
    kernel_size : height and width of each kernel.

    >>> import tinygrad_edu as tg
    >>> layer = SparseConv2d([(0, 1), (2,)], kernel_size=5)
    >>> layer.weight.shape, layer(tg.zeros((4, 3, 10, 12))).shape
    ((3, 5, 5), (4, 2, 6, 8))
    """

    def __init__(self, table: Sequence[Sequence[int]], kernel_size: int) -> None:
        pairs = [(out, channel) for out, channels in enumerate(table) for channel in channels]
        channels = 1 + max(channel for _, channel in pairs)
        places = np.zeros((len(table), channels, len(pairs)), np.float32)
        for i, (out, channel) in enumerate(pairs):
            places[out, channel, i] = 1
        self.places = nn.Buffer(places)
        self.weight = nn.Parameter(np.zeros((len(pairs), kernel_size, kernel_size), np.float32))
        self.bias = nn.Parameter(np.zeros(len(table), np.float32))
        _begin(self, inputs=len(pairs) / len(table) * kernel_size**2)

    def forward(self, x: Any) -> Any:
        outputs, channels, pairs = shape_of(self.places)
        kernels = self.places @ self.weight.reshape(pairs, -1)  # zeros where the table has no pair
        return nn.functional.conv2d(x, kernels.reshape(outputs, channels, *self.weight.shape[1:]), self.bias)


class RadialBasis(nn.Module):
    """−½ · the squared distance from each of the pictures, which stay as they are: a logit a picture."""

    is_made_of_settings = False

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures = nn.Buffer(pictures)

    def forward(self, x: Any) -> Any:
        """(N, units) → (N, pictures)."""
        return -0.5 * ((x[:, None] - self.pictures) ** 2).sum(axis=2)


class LeNet5(ImageClassifier):
    """The parts of the paper's figure 2: C1, S2, C3, S4, C5, F6 and the output, with 60,000 numbers to learn.

    In a picture, ink is about 1 and paper about 0. The output gives −½ · the squared distance between the 84 numbers of
    F6 and the picture of each digit, as logits; with `CrossEntropyLoss` that is close to the paper's equation 9.

    >>> import tinygrad_edu as tg
    >>> sum(p.size for p in LeNet5().parameters())
    60000
    """

    def __init__(self, channels: int = 1) -> None:
        rows = [line.split() for line in DIGITS.split("\n") if line]
        pictures = np.array([[pixel == "#" for row in digit for pixel in row] for digit in zip(*rows)])
        parts = {
            "C1": nn.Conv2d(channels, 6, kernel_size=5),
            "squash1": Squash(),
            "S2": TrainablePool2d(6),
            "squash2": Squash(),
            "C3": SparseConv2d([[int(channel) for channel in channels] for channels in TABLE], kernel_size=5),
            "squash3": Squash(),
            "S4": TrainablePool2d(16),
            "squash4": Squash(),
            "C5": nn.Conv2d(16, 120, kernel_size=5),
            "squash5": Squash(),
            "flatten": nn.Flatten(),
            "F6": nn.Linear(120, 84),
            "squash6": Squash(),
            "output": RadialBasis(np.where(pictures, 1, -1).astype(np.float32)),
        }
        super().__init__(parts, channels=channels, size=32)
        for part, inputs in ((self.C1, 25 * channels), (self.C5, 400), (self.F6, 120)):
            _begin(part, inputs)


def _begin(module: Any, inputs: float) -> None:
    """Weights and biases uniform between ±2.4 / the number of inputs of a unit: the paper's appendix A."""
    for parameter in (module.weight, module.bias):
        nn.init.uniform_(parameter, -2.4 / inputs, 2.4 / inputs)


def lenet5(channels: int = 1) -> LeNet5:
    """LeNet-5 of 1998: images (N, channels, 32, 32) of digits → logits (N, 10).

    >>> import tinygrad_edu as tg
    >>> lenet5()(tg.zeros((5, 1, 32, 32))).shape
    (5, 10)
    """
    return LeNet5(channels)
