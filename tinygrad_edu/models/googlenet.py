"""GoogLeNet: blocks in which windows of several sizes look at the same place, side by side.

C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke, A. Rabinovich, "Going deeper with
convolutions", CVPR 2015, table 1; without the two classifiers that the paper has half-way for training. The names of
parts follow torchvision, whose network is another one: with batch norm, and 3×3 in place of 5×5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import nn
from .classifier import ImageClassifier, begin_he

__all__ = ["GoogLeNet", "Inception", "googlenet", "googlenet_small"]


class Paths(NamedTuple):
    """The channels of the four paths of a block; for a pair, those of the 1×1 convolution before the window."""

    ones: int
    threes: tuple[int, int]
    fives: tuple[int, int]
    pooled: int

    @property
    def outputs(self) -> int:
        """The channels of all four together."""
        return self.ones + self.threes[1] + self.fives[1] + self.pooled


class Inception(nn.Module):
    """Four paths over the same image, their channels one behind the other; height and width stay.

    1×1; 1×1, then 3×3; 1×1, then 5×5; max pooling of 3×3, then 1×1. ReLU follows each convolution.

    >>> import tinygrad_edu as tg
    >>> Inception(8, Paths(2, (3, 4), (1, 2), 3))(tg.zeros((5, 8, 7, 6))).shape
    (5, 11, 7, 6)
    """

    def __init__(self, channels: int, paths: Paths) -> None:
        self.branch1 = _convolution(channels, paths.ones, 1)
        self.branch2 = nn.Sequential(_convolution(channels, paths.threes[0], 1), _convolution(*paths.threes, 3))
        self.branch3 = nn.Sequential(_convolution(channels, paths.fives[0], 1), _convolution(*paths.fives, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), _convolution(channels, paths.pooled, 1))

    def forward(self, x: Any) -> Any:
        """(N, channels, height, width) → (N, the sum of the paths' channels, height, width)."""
        return np.concatenate([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], axis=1)


def _convolution(channels: int, outputs: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    """A convolution that leaves height and width but for the stride, and ReLU."""
    conv = nn.Conv2d(channels, outputs, kernel_size, stride, padding=kernel_size // 2)
    return nn.Sequential({"conv": conv, "relu": nn.ReLU()})


def _pooling() -> nn.Module:
    """Half the height and width, rounded up."""
    module: nn.Module = nn.MaxPool2d(3, stride=2, padding=1)
    return module


STAGES: Sequence[Mapping[str, Paths]] = (
    {
        "3a": Paths(64, (96, 128), (16, 32), 32),
        "3b": Paths(128, (128, 192), (32, 96), 64),
    },
    {
        "4a": Paths(192, (96, 208), (16, 48), 64),
        "4b": Paths(160, (112, 224), (24, 64), 64),
        "4c": Paths(128, (128, 256), (24, 64), 64),
        "4d": Paths(112, (144, 288), (32, 64), 64),
        "4e": Paths(256, (160, 320), (32, 128), 128),
    },
    {
        "5a": Paths(256, (160, 320), (32, 128), 128),
        "5b": Paths(384, (192, 384), (48, 128), 128),
    },
)

SMALL: Sequence[Mapping[str, Paths]] = (
    {
        "2a": Paths(16, (16, 24), (4, 8), 8),
        "2b": Paths(16, (16, 32), (4, 8), 8),
    },
    {
        "3a": Paths(32, (24, 48), (6, 16), 16),
        "3b": Paths(48, (32, 64), (8, 16), 16),
    },
)


class GoogLeNet(ImageClassifier):
    """A few convolutions, stages of `Inception` blocks with a max pooling between, the mean over all pixels, a layer.

    Parameters
    ----------
    stem : the layers before the first stage, by name.
    width : the channels that they give.
    stages : the blocks of each stage, by name.
    channels, classes : of the images.

    >>> import tinygrad_edu as tg
    >>> stem = {"conv1": _convolution(1, 6, 3)}
    >>> GoogLeNet(stem, 6, [{"a": Paths(2, (3, 4), (1, 2), 3)}], channels=1)(tg.zeros((2, 1, 8, 9))).shape
    (2, 10)
    """

    def __init__(
        self,
        stem: Mapping[str, nn.Module],
        width: int,
        stages: Sequence[Mapping[str, Paths]],
        channels: int = 3,
        classes: int = 10,
    ) -> None:
        parts = dict(stem)
        pools = sum(name.startswith("maxpool") for name in stem)
        for i, stage in enumerate(stages):
            for name, paths in stage.items():
                parts[f"inception{name}"] = Inception(width, paths)
                width = paths.outputs
            if i < len(stages) - 1:
                parts[f"maxpool{pools + i + 1}"] = _pooling()
        parts |= {"avgpool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "fc": nn.Linear(width, classes)}
        super().__init__(parts, channels=channels)
        self.apply(begin_he)


def googlenet(channels: int = 3, classes: int = 10) -> GoogLeNet:
    """GoogLeNet for images of any size, such as 96 × 96 or 224 × 224; they become 32 times smaller on the way.

    >>> sum(p.size for p in googlenet(channels=1).parameters())
    5977530
    """
    stem = {
        "conv1": _convolution(channels, 64, 7, stride=2),
        "maxpool1": _pooling(),
        "conv2": _convolution(64, 64, 1),
        "conv3": _convolution(64, 192, 3),
        "maxpool2": _pooling(),
    }
    return GoogLeNet(stem, 192, STAGES, channels, classes)


def googlenet_small(channels: int = 1, classes: int = 10) -> GoogLeNet:
    """A small GoogLeNet for images of 28 to 32 pixels: a convolution of 16 channels, two stages of two blocks.

    >>> import tinygrad_edu as tg
    >>> googlenet_small()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    stem = {"conv1": _convolution(channels, 16, 3), "maxpool1": _pooling()}
    return GoogLeNet(stem, 16, SMALL, channels, classes)
