"""VGG: blocks of 3×3 convolutions, each block half as high and wide as the one before, with twice the channels.

K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015, table 1,
configurations A, B, D and E. The parameters have torchvision's names.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import nn
from .classifier import ImageClassifier, begin_he, enough

__all__ = ["VGG", "vgg11", "vgg13", "vgg16", "vgg19", "vgg_small"]


class VGG(ImageClassifier):
    """`features`, blocks of convolutions with ReLU and a max pooling behind each; `classifier`, three dense layers.

    Parameters
    ----------
    blocks : the number of convolutions in each block.
    channels, classes : of the images.
    size : the images have size × size pixels.
    width : the channels of the first block; each block has twice those of the one before, at most 8 times the width.
    hidden : the units of the two hidden dense layers.

    >>> import tinygrad_edu as tg
    >>> VGG((1, 2), channels=1, size=12, width=4, hidden=20)(tg.zeros((2, 1, 12, 12))).shape
    (2, 10)
    """

    def __init__(
        self,
        blocks: Sequence[int],
        channels: int = 3,
        classes: int = 10,
        size: int = 224,
        width: int = 64,
        hidden: int = 4096,
    ) -> None:
        features: list[nn.Module] = []
        last = channels
        for i, convolutions in enumerate(blocks):
            for _ in range(convolutions):
                features += [nn.Conv2d(last, width * min(2**i, 8), kernel_size=3, padding=1), nn.ReLU()]
                last = width * min(2**i, 8)
            features.append(nn.MaxPool2d(2))
        side = enough("VGG", size, size // 2 ** len(blocks))
        classifier = [
            nn.Linear(last * side**2, hidden), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(hidden, classes),
        ]  # fmt: skip
        parts = {
            "features": nn.Sequential(*features),
            "flatten": nn.Flatten(),
            "classifier": nn.Sequential(*classifier),
        }
        super().__init__(parts, channels=channels, size=size)
        self.apply(begin_he)


def vgg11(channels: int = 3, classes: int = 10, size: int = 224, width: int = 64) -> VGG:
    """VGG with 8 convolutions and 3 dense layers, configuration A.

    >>> import tinygrad_edu as tg
    >>> vgg11(size=32, width=4)(tg.zeros((2, 3, 32, 32))).shape
    (2, 10)
    """
    return VGG((1, 1, 2, 2, 2), channels, classes, size, width)


def vgg13(channels: int = 3, classes: int = 10, size: int = 224, width: int = 64) -> VGG:
    """VGG with 10 convolutions, configuration B; the arguments are those of `vgg11`.

    >>> len(vgg13(size=32, width=4).features)
    25
    """
    return VGG((2, 2, 2, 2, 2), channels, classes, size, width)


def vgg16(channels: int = 3, classes: int = 10, size: int = 224, width: int = 64) -> VGG:
    """VGG with 13 convolutions, configuration D; the arguments are those of `vgg11`.

    >>> len(vgg16(size=32, width=4).features)
    31
    """
    return VGG((2, 2, 3, 3, 3), channels, classes, size, width)


def vgg19(channels: int = 3, classes: int = 10, size: int = 224, width: int = 64) -> VGG:
    """VGG with 16 convolutions, configuration E; the arguments are those of `vgg11`.

    >>> len(vgg19(size=32, width=4).features)
    37
    """
    return VGG((2, 2, 4, 4, 4), channels, classes, size, width)


def vgg_small(channels: int = 1, classes: int = 10, size: int = 28) -> VGG:
    """A small VGG for images of 28 to 32 pixels: three blocks of 1, 1 and 2 convolutions, 16 to 64 channels.

    >>> import tinygrad_edu as tg
    >>> vgg_small()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return VGG((1, 1, 2), channels, classes, size, width=16, hidden=128)
