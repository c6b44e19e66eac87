"""DenseNet: each layer of a block reads the outputs of all layers before it, concatenated, and adds a few channels.

G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, "Densely connected convolutional networks", CVPR 2017, table 1. The
parameters have torchvision's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import nn
from .classifier import ImageClassifier, begin_he

__all__ = ["DenseBlock", "DenseNet", "densenet", "densenet121", "densenet_small"]


class DenseBlock(nn.Sequential):
    """Layers of which each adds `growth` channels to all that came before.

    Parameters
    ----------
    count : of the layers.
    channels : that come in; channels + count · growth go out.
    growth : the channels that a layer adds.
    layer : makes a layer for (channels in, growth): `_plain_layer` or `_bottleneck_layer`.

    >>> import tinygrad_edu as tg
    >>> DenseBlock(2, 3, growth=10)(tg.zeros((4, 3, 8, 6))).shape
    (4, 23, 8, 6)
    """

    def __init__(
        self, count: int, channels: int, growth: int, layer: Callable[[int, int], nn.Module] | None = None
    ) -> None:
        make = layer or _plain_layer
        super().__init__({f"denselayer{k + 1}": make(channels + k * growth, growth) for k in range(count)})

    def forward(self, x: Any) -> Any:
        """(N, channels, height, width) → (N, channels + count · growth, height, width)."""
        for layer in self:
            x = np.concatenate([x, layer(x)], axis=1)
        return x


def _plain_layer(channels: int, growth: int) -> nn.Module:
    """Batch norm, ReLU, a 3×3 convolution: the paper's first form, and the textbook's.

    >>> import tinygrad_edu as tg
    >>> _plain_layer(3, 10)(tg.zeros((4, 3, 8, 6))).shape
    (4, 10, 8, 6)
    """
    conv = nn.Conv2d(channels, growth, kernel_size=3, padding=1)
    return nn.Sequential({"norm1": nn.BatchNorm2d(channels), "relu1": nn.ReLU(), "conv1": conv})


def _bottleneck_layer(channels: int, growth: int) -> nn.Module:
    """The same after a 1×1 convolution to 4 · growth channels, with batch norm and ReLU of its own: DenseNet-B.

    >>> import tinygrad_edu as tg
    >>> _bottleneck_layer(3, 10)(tg.zeros((4, 3, 8, 6))).shape
    (4, 10, 8, 6)
    """
    parts = {
        "norm1": nn.BatchNorm2d(channels),
        "relu1": nn.ReLU(),
        "conv1": nn.Conv2d(channels, 4 * growth, kernel_size=1, bias=False),
        "norm2": nn.BatchNorm2d(4 * growth),
        "relu2": nn.ReLU(),
        "conv2": nn.Conv2d(4 * growth, growth, kernel_size=3, padding=1, bias=False),
    }
    return nn.Sequential(parts)


def _transition(channels: int, outputs: int, bias: bool) -> nn.Module:
    """Between two blocks: other channels, and half the height and width."""
    parts = {
        "norm": nn.BatchNorm2d(channels),
        "relu": nn.ReLU(),
        "conv": nn.Conv2d(channels, outputs, kernel_size=1, bias=bias),
        "pool": nn.AvgPool2d(2),
    }
    return nn.Sequential(parts)


class DenseNet(ImageClassifier):
    """`features`: a stem, dense blocks with transitions between that halve channels, height and width; `classifier`.

    Parameters
    ----------
    blocks : the number of layers in each dense block.
    growth : the channels that a layer adds.
    channels, classes : of the images.
    width : the channels of the stem.
    bottleneck : whether a 1×1 convolution comes before each 3×3; then no convolution has a bias.
    stem : the layers before the first block, by name; by default a convolution of 7×7 with stride 2, batch norm, ReLU,
        and max pooling of 3×3 with stride 2.

    >>> import tinygrad_edu as tg
    >>> DenseNet((2, 2), growth=4, channels=1, width=8)(tg.zeros((2, 1, 32, 64))).shape
    (2, 10)
    """

    def __init__(
        self, blocks: Sequence[int], growth: int = 32, channels: int = 3, classes: int = 10, width: int = 64,
        bottleneck: bool = False, stem: Mapping[str, nn.Module] | None = None,
    ) -> None:  # fmt: skip
        layer = _bottleneck_layer if bottleneck else _plain_layer
        parts = dict(_imagenet_stem(channels, width, bias=not bottleneck) if stem is None else stem)
        for i, count in enumerate(blocks, start=1):
            parts[f"denseblock{i}"] = DenseBlock(count, width, growth, layer)
            width += count * growth
            if i < len(blocks):
                parts[f"transition{i}"] = _transition(width, width // 2, bias=not bottleneck)
                width //= 2
        parts |= {f"norm{len(blocks) + 1}": nn.BatchNorm2d(width), "relu": nn.ReLU()}
        whole = {
            "features": nn.Sequential(parts),
            "avgpool": nn.AdaptiveAvgPool2d(1),
            "flatten": nn.Flatten(),
            "classifier": nn.Linear(width, classes),
        }
        super().__init__(whole, channels=channels)
        self.apply(begin_he)


def _imagenet_stem(channels: int, width: int, bias: bool) -> dict[str, nn.Module]:
    """A quarter of the height and width, and so many channels."""
    return {
        "conv0": nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3, bias=bias),
        "norm0": nn.BatchNorm2d(width),
        "relu0": nn.ReLU(),
        "pool0": nn.MaxPool2d(3, stride=2, padding=1),
    }


def densenet(channels: int = 3, classes: int = 10) -> DenseNet:
    """The textbook's DenseNet: four blocks of four layers, each of which adds 32 channels.

    >>> sum(p.size for p in densenet(channels=1).parameters())
    758226
    """
    return DenseNet((4, 4, 4, 4), 32, channels, classes)


def densenet121(channels: int = 3, classes: int = 10) -> DenseNet:
    """DenseNet-121 of the paper, with 1×1 convolutions and blocks of 6, 12, 24 and 16 layers.

    >>> len(densenet121().features.denseblock3)
    24
    """
    return DenseNet((6, 12, 24, 16), 32, channels, classes, bottleneck=True)


def densenet_small(channels: int = 1, classes: int = 10) -> DenseNet:
    """A small DenseNet for images of 28 to 32 pixels: two blocks of four layers, each of which adds 12 channels.

    >>> import tinygrad_edu as tg
    >>> densenet_small()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    stem = {
        "conv0": nn.Conv2d(channels, 16, kernel_size=3, padding=1),
        "norm0": nn.BatchNorm2d(16),
        "relu0": nn.ReLU(),
        "pool0": nn.MaxPool2d(2),
    }
    return DenseNet((4, 4), 12, channels, classes, 16, stem=stem)
