"""AlexNet: deeper and larger than LeNet, with ReLU, max pooling and dropout; its learned features won ImageNet.

A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", NeurIPS 2012.
The usual form today has no response normalisation, one tower, and 64-192-384-256-256 channels: A. Krizhevsky, "One
weird trick for parallelizing convolutional neural networks", arXiv:1404.5997 (2014). Its parameters have torchvision's
names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .. import nn
from .classifier import ImageClassifier, begin_he, enough

__all__ = ["AlexNet", "alexnet", "alexnet_2012", "alexnet_small"]


class Convolution(NamedTuple):
    """A row of the table: a convolution with ReLU, and what follows.

    Attributes
    ----------
    channels : that go out.
    window, stride, padding, groups : of the convolution.
    normalized : whether a local response normalisation follows.
    pooled : whether a max pooling of 3 × 3 with stride 2 follows.
    """

    channels: int
    window: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    normalized: bool = False
    pooled: bool = False

    def size(self, n: int) -> int:
        """The height or width that goes out, for n that comes in."""
        n = (n + 2 * self.padding - self.window) // self.stride + 1
        return (n - 3) // 2 + 1 if self.pooled else n

    def layers(self, channels: int) -> list[nn.Module]:
        """The layers, for so many channels that come in."""
        layers = [
            nn.Conv2d(channels, self.channels, self.window, self.stride, self.padding, groups=self.groups),
            nn.ReLU(),
        ]
        if self.normalized:  # the paper's k + 1e-4 · sum; the layer takes the mean of the five
            layers.append(nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0))
        if self.pooled:
            layers.append(nn.MaxPool2d(3, stride=2))
        return layers


ONE_TOWER = (
    Convolution(64, 11, stride=4, padding=2, pooled=True),
    Convolution(192, 5, padding=2, pooled=True),
    Convolution(384, 3, padding=1),
    Convolution(256, 3, padding=1),
    Convolution(256, 3, padding=1, pooled=True),
)

TWO_TOWERS = (
    Convolution(96, 11, stride=4, padding=2, normalized=True, pooled=True),
    Convolution(256, 5, padding=2, groups=2, normalized=True, pooled=True),
    Convolution(384, 3, padding=1),
    Convolution(384, 3, padding=1, groups=2),
    Convolution(256, 3, padding=1, groups=2, pooled=True),
)

SMALL = (
    Convolution(16, 3, padding=1, pooled=True),
    Convolution(48, 3, padding=1, pooled=True),
    Convolution(96, 3, padding=1),
    Convolution(64, 3, padding=1),
    Convolution(64, 3, padding=1, pooled=True),
)


class AlexNet(ImageClassifier):
    """`features`, five convolutions; then `classifier`, three dense layers of which two have dropout.

    Parameters
    ----------
    channels, classes : of the images.
    size : the images have size × size pixels.
    convolutions : the rows of the table.
    hidden : the units of the two hidden dense layers.
    dropout_first : whether dropout stands before the two hidden layers, as in torchvision, or behind them.

    >>> import tinygrad_edu as tg
    >>> AlexNet(channels=1, size=64, hidden=20)(tg.zeros((2, 1, 64, 64))).shape
    (2, 10)
    """

    def __init__(
        self,
        channels: int = 3,
        classes: int = 10,
        size: int = 224,
        convolutions: Sequence[Convolution] = ONE_TOWER,
        hidden: int = 4096,
        dropout_first: bool = True,
    ) -> None:
        features: list[nn.Module] = []
        last, side = channels, size
        for convolution in convolutions:
            features += convolution.layers(last)
            last, side = convolution.channels, convolution.size(side)
        classifier: list[nn.Module] = []
        inputs = last * enough("AlexNet", size, side) ** 2
        for _ in range(2):
            dense = [nn.Linear(inputs, hidden), nn.ReLU()]
            classifier += [nn.Dropout(0.5), *dense] if dropout_first else [*dense, nn.Dropout(0.5)]
            inputs = hidden
        parts = {
            "features": nn.Sequential(*features),
            "flatten": nn.Flatten(),
            "classifier": nn.Sequential(*classifier, nn.Linear(hidden, classes)),
        }
        super().__init__(parts, channels=channels, size=size)
        self.apply(begin_he)


def alexnet(channels: int = 3, classes: int = 10, size: int = 224) -> AlexNet:
    """AlexNet as it is usual today: images (N, channels, size, size) → logits (N, classes).

    >>> sum(p.size for p in alexnet(size=64).features.parameters())
    2469696
    """
    return AlexNet(channels, classes, size)


def alexnet_2012(channels: int = 3, classes: int = 10, size: int = 224) -> AlexNet:
    """AlexNet as it won in 2012: 96-256-384-384-256 channels, local response normalisation, two towers.

    The towers ran on two processors: the second, fourth and fifth convolution see the channels of their own tower only.

    >>> sum(p.size for p in alexnet_2012(size=64).features.parameters())
    2334080
    """
    return AlexNet(channels, classes, size, TWO_TOWERS, dropout_first=False)


def alexnet_small(channels: int = 1, classes: int = 10, size: int = 28) -> AlexNet:
    """A small AlexNet for images of 28 to 32 pixels: a quarter of the channels, windows of 3 × 3, no stride.

    >>> import tinygrad_edu as tg
    >>> alexnet_small()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return AlexNet(channels, classes, size, SMALL, hidden=256)
