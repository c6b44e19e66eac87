"""LeNet-5, the first convolutional network in wide use, which read the amounts on cheques.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of
the IEEE 86 (1998), figure 2; in the form of today's textbooks: sigmoids, plain averages, a linear output layer.
"""

from __future__ import annotations

from .. import nn
from .classifier import ImageClassifier

__all__ = ["LeNet", "bn_lenet", "lenet"]


class LeNet(ImageClassifier):
    """The layers of LeNet in a row, from images (N, channels, 28, 28) to logits; `lenet` and `bn_lenet` make them."""


def lenet(channels: int = 1, classes: int = 10) -> LeNet:
    """Images (N, channels, 28, 28) → logits (N, classes).

    >>> import tinygrad_edu as tg
    >>> lenet()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return LeNet(
        nn.Conv2d(channels, 6, kernel_size=5, padding=2),
        nn.Sigmoid(),
        nn.AvgPool2d(2),  # (6, 14, 14)
        nn.Conv2d(6, 16, kernel_size=5),
        nn.Sigmoid(),
        nn.AvgPool2d(2),  # (16, 5, 5)
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.Sigmoid(),
        nn.Linear(120, 84),
        nn.Sigmoid(),
        nn.Linear(84, classes),
        channels=channels,
        size=28,
    )


def bn_lenet(channels: int = 1, classes: int = 10) -> LeNet:
    """LeNet with batch normalisation before each sigmoid, and no border: images (N, channels, 28, 28) → logits.

    S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, section 3.2, say where it belongs: before the nonlinearity.

    >>> import tinygrad_edu as tg
    >>> bn_lenet()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return LeNet(
        nn.Conv2d(channels, 6, kernel_size=5),
        nn.BatchNorm2d(6),
        nn.Sigmoid(),
        nn.AvgPool2d(2),  # (6, 12, 12)
        nn.Conv2d(6, 16, kernel_size=5),
        nn.BatchNorm2d(16),
        nn.Sigmoid(),
        nn.AvgPool2d(2),  # (16, 4, 4)
        nn.Flatten(),
        nn.Linear(256, 120),
        nn.BatchNorm1d(120),
        nn.Sigmoid(),
        nn.Linear(120, 84),
        nn.BatchNorm1d(84),
        nn.Sigmoid(),
        nn.Linear(84, classes),
        channels=channels,
        size=28,
    )
