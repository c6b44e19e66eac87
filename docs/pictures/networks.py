"""Networks."""

from __future__ import annotations

from typing import Any

import tinygrad_edu as tg
from tinygrad_edu import models, nn
from tinygrad_edu.graph import Drawing

from .programs import lenet, mean_squared_error, values


def perceptron_closed() -> Drawing:
    """A perceptron, closed"""
    return tg.draw(mean_squared_error(), depth=0)


def perceptron_layers() -> Drawing:
    """The same perceptron, its layers as boxes"""
    return tg.draw(mean_squared_error(), depth=1)


def perceptron_open() -> Drawing:
    """The same perceptron, open"""
    return tg.draw(mean_squared_error())


def perceptron_both() -> Drawing:
    """The same perceptron, both passes

    On the arrows of the second half, the rule that each gradient passes through.
    """
    return tg.draw(mean_squared_error(), "both", direction="TB")


def perceptron_backward() -> Drawing:
    """The same perceptron, the recorded graph of its gradients"""
    return tg.draw(mean_squared_error(), "backward", direction="TB")


def lenet_layers() -> Drawing:
    """LeNet, its layers as boxes"""
    return tg.draw(lenet(), depth=1, direction="TB", gradients=False)


def lenet_first_layer() -> Drawing:
    """LeNet, its first layer open"""
    return tg.draw(lenet(), depth=1, expand={"0"}, direction="TB", gradients=False)


def architecture() -> Drawing:
    """The architecture of a model, from the shape of its input

    Its layers and the shapes of the arrays between them, without numbers. The model is copied and run once.
    """
    return tg.draw(models.lenet(), (1, 1, 28, 28))


def architecture_of_your_own() -> Drawing:
    """A residual block: two inputs, and functions between the layers"""

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.norm = nn.BatchNorm2d(3)

        def forward(self, image: Any, skip: Any) -> Any:
            return tg.relu(self.norm(self.conv(image)) + skip)

    return tg.draw(Residual(), [(2, 3, 8, 8), (2, 3, 8, 8)])


def recurrent() -> Drawing:
    """A recurrent network over 28 steps, folded"""
    tg.manual_seed(0)
    cell = nn.RNNCell(28, 16)
    rows = tg.zeros((28, 8, 28))
    rows.name = "rows"
    h = tg.zeros((8, 16))
    h.name = "h0"
    for t in range(28):
        h = cell(rows[t], h)
    h.name = "h"
    return tg.draw(h, depth=0, gradients=False)


def focus() -> Drawing:
    """A neighbourhood

    Two arrows around one node of a long chain.
    """
    (x,) = values(x=0.9)
    states = [x]
    for _ in range(40):
        states.append(tg.sin(states[-1]) * 1.1)
    return tg.draw(states[-1], focus=states[20], hops=2)


def difference() -> Drawing:
    """What differs

    The graph of a wrong answer beside the one that was expected: by colour, by line, and by a sign.
    """
    x, y, w = values(x=2.0, y=3.0, w=4.0)
    expected = tg.relu((x + y) * w) - y
    found = (x + y) * w + y
    return tg.graph.diff(expected, found).draw()
