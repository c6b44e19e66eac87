"""Networks that several tests draw: of modules, and of functions marked as blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import nn


def batch(*shape: int) -> Any:
    """Data of this shape."""
    return tg.tensor(np.random.default_rng(0).normal(size=shape).astype("f4"), name="X")


def lenet() -> Any:
    """The loss of LeNet on two images."""
    tg.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip
    return nn.CrossEntropyLoss()(model(batch(2, 1, 28, 28)), np.array([1, 2]))


def mlp() -> Any:
    """The loss of two layers."""
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    return nn.MSELoss()(model(batch(4, 3)), np.zeros((4, 2), "f4"))


class Cell(nn.Module):
    """A recurrent cell."""

    def __init__(self) -> None:
        self.input, self.hidden = nn.Linear(3, 8), nn.Linear(8, 8)

    def forward(self, x: Any, h: Any) -> Any:
        return tg.tanh(self.input(x) + self.hidden(h))


def rnn(steps: int = 28) -> Any:
    """The loss of a recurrent cell that is called so many times, and of a layer after it."""
    tg.manual_seed(0)
    cell, head, data = Cell(), nn.Linear(8, 2), batch(steps, 4, 3)
    h = tg.zeros((4, 8), name="h0")
    for t in range(steps):
        h = cell(data[t], h)
    return (head(h) ** 2).mean()


def loop(steps: int = 28) -> Any:
    """The same by hand, without modules."""
    tg.manual_seed(0)
    W, U, b = (tg.randn(*s, requires_grad=True, name=n) for s, n in (((3, 8), "W"), ((8, 8), "U"), ((8,), "b")))
    h = tg.zeros((4, 8), name="h0")
    for t in range(steps):
        h = tg.tanh(tg.randn(4, 3, name=f"x{t}") @ W + h @ U + b)
    return (h * h).mean()


class Residual(nn.Module):
    """A block with a way around it."""

    def __init__(self, size: int) -> None:
        self.a, self.b, self.relu = nn.Linear(size, 2 * size), nn.Linear(2 * size, size), nn.ReLU()

    def forward(self, x: Any) -> Any:
        return x + self.b(self.relu(self.a(x)))


def tower(blocks: int) -> Any:
    """So many residual blocks on top of each other."""
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 6), *[Residual(6) for _ in range(blocks)], nn.Linear(6, 2))
    return model(batch(5, 3)).sum()


@tg.block
def neuron(w: Any, x: Any, b: Any) -> Any:
    """One neuron."""
    return (w * x + b).tanh()


def neurons() -> Any:
    """Two neurons, one after the other."""
    w, x, b = tg.Value(2.0, name="w"), tg.Value(3.0, name="x"), tg.Value(-5.0, name="b")
    return neuron(w, neuron(w, x, b), b)
