"""NiN, network in network: 1×1 convolutions are dense layers for each pixel, and a mean replaces the dense end.

M. Lin, Q. Chen, S. Yan, "Network in network", ICLR 2014; with the windows of AlexNet, as in today's textbooks.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import nn
from .classifier import ImageClassifier, begin_he

__all__ = ["NiN", "nin", "nin_block", "nin_small"]


def nin_block(channels: int, outputs: int, kernel_size: int, stride: int = 1, padding: int = 0) -> nn.Sequential:
    """A convolution and two of 1 × 1, each with ReLU: (N, channels, height, width) → (N, outputs, ...).

    >>> import tinygrad_edu as tg
    >>> nin_block(3, 8, kernel_size=5, stride=2)(tg.zeros((2, 3, 11, 9))).shape
    (2, 8, 4, 3)
    """
    return nn.Sequential(
        nn.Conv2d(channels, outputs, kernel_size, stride, padding), nn.ReLU(),
        nn.Conv2d(outputs, outputs, kernel_size=1), nn.ReLU(),
        nn.Conv2d(outputs, outputs, kernel_size=1), nn.ReLU(),
    )  # fmt: skip


class NiN(ImageClassifier):
    """Blocks with a max pooling behind each, dropout, a block with a channel for each class, the mean over all pixels.

    Parameters
    ----------
    blocks : (channels out, kernel_size, stride, padding) of each block but the last.
    channels, classes : of the images.
    width : the channels inside the last block. None is the textbook's form: as many as classes, and a ReLU behind the
        last of them. A class whose numbers that ReLU closes everywhere gets no gradient, so a small network may never
        learn it; with a width there is none.
    least : the smallest height and width of the images.

    >>> import tinygrad_edu as tg
    >>> NiN([(8, 5, 2, 2)], channels=1)(tg.zeros((2, 1, 12, 14))).shape
    (2, 10)
    """

    def __init__(
        self,
        blocks: Sequence[tuple[int, int, int, int]],
        channels: int = 3,
        classes: int = 10,
        width: int | None = None,
        least: int = 1,
    ) -> None:
        parts: list[nn.Module] = []
        last = channels
        for outputs, *window in blocks:
            parts += [nin_block(last, outputs, *window), nn.MaxPool2d(3, stride=2)]
            last = outputs
        end = nin_block(last, width or classes, kernel_size=3, padding=1)
        if width is not None:
            end = nn.Sequential(*end[:4], nn.Conv2d(width, classes, kernel_size=1))
        parts += [nn.Dropout(0.5), end, nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*parts, channels=channels, least=least)
        self.apply(begin_he)


def nin(channels: int = 3, classes: int = 10) -> NiN:
    """NiN for images from 67 × 67 pixels on, such as 224 × 224.

    >>> sum(p.size for p in nin(channels=1).parameters())
    1992166
    """
    return NiN([(96, 11, 4, 0), (256, 5, 1, 2), (384, 3, 1, 1)], channels, classes, least=67)


def nin_small(channels: int = 1, classes: int = 10) -> NiN:
    """A small NiN for images of 28 to 32 pixels: two blocks with 48 and 96 channels before the last.

    >>> import tinygrad_edu as tg
    >>> nin_small()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return NiN([(48, 5, 2, 2), (96, 3, 1, 1)], channels, classes, width=96, least=13)
