"""The multilayer perceptron: one hidden layer with ReLU."""

from __future__ import annotations

from .. import nn

__all__ = ["mlp"]


def mlp(inputs: int = 784, hidden: int = 128, classes: int = 10) -> nn.Sequential:
    """Images with `inputs` pixels → `hidden` units with ReLU → `classes` logits.

    >>> import tinygrad_edu as tg
    >>> mlp()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Linear(hidden, classes),
    )
