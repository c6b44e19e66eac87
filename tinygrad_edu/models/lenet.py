"""LeNet-5, the first convolutional network in wide use, which read the amounts on cheques.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of
the IEEE 86 (1998), figure 2; in the form of today's textbooks: sigmoids, plain averages, a linear output layer.
"""

from __future__ import annotations

from .. import nn

__all__ = ["lenet"]


def lenet(channels: int = 1, classes: int = 10) -> nn.Sequential:
    """Images (N, channels, 28, 28) → logits (N, classes).

    >>> import tinygrad_edu as tg
    >>> lenet()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return nn.Sequential(
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
    )
