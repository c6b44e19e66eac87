"""One number at a time."""

from __future__ import annotations

from typing import Any

import tinygrad_edu as tg
from tinygrad_edu.graph import Drawing, Film

from .programs import example, values


def worked_example() -> Drawing:
    """(x + y) · w

    Values above, gradients below. On each arrow a step of the chain rule: upstream gradient · local derivative.
    """
    return tg.draw(example())


def worked_example_backward() -> Drawing:
    """The backward graph of (x + y) · w

    What the walk records: w and q, dashed, are numbers of the forward pass that the rules use.
    """
    return tg.draw(example(), "backward")


def worked_example_both() -> Drawing:
    """Both passes of (x + y) · w

    Every gradient in the place of what it is the gradient of, with the same number.
    """
    return tg.draw(example(), "both")


def square() -> Drawing:
    """x · x

    Two arrows, two contributions, and a sum where they meet.
    """
    (x,) = values(x=3.0)
    y = x * x
    y.name = "y"
    return tg.draw(y, "both")


def shared() -> Drawing:
    """A shared part

    (a + b) is computed once and used twice: its gradient is the sum of what comes back on both ways.
    """
    a, b = values(a=1.5, b=-0.5)
    s = a + b
    s.name = "s"
    z = s * tg.exp(s)
    z.name = "z"
    return tg.draw(z)


def neuron() -> Drawing:
    """A neuron

    A function marked with `tg.block` has a frame.
    """

    @tg.block
    def neuron(x1: Any, x2: Any, w1: Any, w2: Any, b: Any) -> Any:
        return tg.tanh(w1 * x1 + w2 * x2 + b)

    a = neuron(*values(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432))
    a.name = "a"
    return tg.draw(a)


def neuron_both() -> Drawing:
    """Both passes of a neuron, from top to bottom"""
    x, w, b, t = values(x=0.5, w=-3.0, b=1.2, t=1.0)
    a = tg.sigmoid(w * x + b)
    a.name = "a"
    loss = (a - t) ** 2
    loss.name = "loss"
    return tg.draw(loss, "both", direction="TB")


def emphasis() -> Drawing:
    """Emphasis, colours, labels and notes

    Keys are nodes or their names, a pair of them is an arrow; title and caption are in every format.
    """
    x, w, b = values(x=0.5, w=-3.0, b=1.2)
    a = tg.sigmoid(w * x + b)
    a.name = "a"
    return tg.draw(
        a,
        highlight=["w", "v₁", "v₂", a],
        colour={"b": "gold"},
        label={"b": "b_{old}"},
        note={"x": "the input"},
        title="A neuron",
        caption="How the weight reaches the output.",
    )


def forgotten_zero_grad() -> Drawing:
    """A forgotten zero_grad()

    With `gradients="grad"` the `.grad` that stands there is beside the derivative: here it holds two backward passes.
    """
    w, b = values(w=3.0, b=0.5)
    for _ in range(2):
        loss = (w * 2 + b - 4) ** 2
        loss.name = "loss"
        loss.backward()
    b.zero_grad()
    return tg.draw(loss, gradients="grad")


def training() -> Film:
    """Five steps of training

    A film: drawings of every step in one layout, one after the other. What changed is thick.
    """
    x, w, b = values(x=1.5, w=-0.4, b=0.2)
    drawings = []
    for step in range(6):
        loss = (tg.tanh(w * x + b) - 0.8) ** 2
        loss.name = "loss"
        drawings.append(tg.draw(loss, direction="LR", fit=None, caption=f"After {step} steps of gradient descent"))
        for p, slope in zip((w, b), tg.gradients(loss, [w, b])):
            p.data -= 0.3 * slope
    return tg.graph.film(drawings)


def several_results() -> Drawing:
    """Several results, each with its gradients"""
    x, y = values(x=2.0, y=3.0)
    return tg.draw({"a": x * y, "b": x + y})


def in_rows() -> Drawing:
    """A long chain in rows

    It would be too wide for the cell of a notebook; the line below says what was done.
    """
    z = x = tg.Value(0.5, "x")
    for function in (tg.tanh, tg.exp, tg.sin, tg.cos, tg.sigmoid, tg.tanh, tg.exp, tg.sin):
        z = function(z)
    z = z * x
    z.name = "z"
    return tg.draw(z, direction="LR")


def equal_steps() -> Drawing:
    """Ten steps of Euler's method, of which equal parts are drawn once"""
    k, y = values(k=0.7, y_0=1.0)
    for n in range(10):
        y = y + 0.1 * (-k * y)
        y.name = f"y_{n + 1}"
    return tg.draw(y)


def dead_path() -> Drawing:
    """A path that is dead

    relu passes nothing back for a negative number: 0, which is not the same as no gradient.
    """
    x, w, v = values(x=2.0, w=-1.5, v=0.5)
    y = tg.relu(w * x) + v * x
    y.name = "y"
    return tg.draw(y)


def second_derivative() -> Drawing:
    """A second derivative

    sin(x) · x, its derivative and the derivative of that, in one graph: three layers, told apart by colour and by the
    points of their signs.
    """
    (x,) = values(x=1.0)
    y = tg.sin(x) * x
    y.name = "y"
    (dy,) = tg.gradients(y, [x], create_graph=True)
    (d2y,) = tg.gradients(dy, [x], create_graph=True)
    return tg.draw(d2y, gradients=False)


def backward_of_a_gradient() -> Drawing:
    """The backward graph of a gradient

    What `dy.backward()` would do, where dy is the derivative of x³.
    """
    (x,) = values(x=2.0)
    y = x**3
    y.name = "y"
    (dy,) = tg.gradients(y, [x], create_graph=True)
    return tg.draw(dy, "backward")
