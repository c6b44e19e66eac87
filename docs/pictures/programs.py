"""What several pictures of the gallery begin with."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import models, nn


def example() -> Any:
    """z = (x + y) · w at 2, 3, 4."""
    x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
    q = x + y
    q.name = "q"
    z = q * w
    z.name = "z"
    return z


def values(**numbers: float) -> list[tg.Value]:
    """A named Value for each number."""
    return [tg.Value(number, name) for name, number in numbers.items()]


def logistic_regression() -> Any:
    """The loss of logistic regression, the sigmoid written out."""
    X, t = tg.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], name="X"), tg.tensor([0.0, 1.0, 1.0], name="t")
    w = tg.tensor([0.5, -0.25], requires_grad=True, name="w")
    o = X @ w
    e = tg.exp(-o)
    p = 1 / (1 + e)
    o.name, e.name, p.name = "o", "e", "p"
    loss = -(t * tg.log(p)).mean()
    loss.name = "loss"
    return loss


def mean_squared_error() -> Any:
    """The loss of a perceptron with one hidden layer."""
    tg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    rng = np.random.default_rng(0)
    X, target = (tg.tensor(rng.normal(size=shape).astype("float32")) for shape in ((4, 3), (4, 2)))
    X.name, target.name = "X", "target"
    loss = ((net(X) - target) ** 2).mean()
    loss.name = "loss"
    return loss


def lenet() -> Any:
    """The logits of LeNet for a batch of images."""
    tg.manual_seed(0)
    images = tg.zeros((64, 1, 28, 28))
    images.name = "images"
    logits = models.lenet()(images)
    logits.name = "logits"
    return logits
