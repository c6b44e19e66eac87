"""The gallery: what `tg.draw` makes of the graphs of a textbook, each in light and dark, with the lines that drew it.

    python docs/gallery.py [folder]          # or: make gallery

writes the pictures and an `index.md` that shows them, into docs/gallery unless another folder is named. Nothing of it
is kept in the repository: this file is the gallery.
"""

from __future__ import annotations

import argparse
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import models, nn
from tinygrad_edu.graph import Drawing, Film

Picture = Callable[[], Drawing | Film]
PICTURES: list[Picture] = []
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def picture(function: Picture) -> Picture:
    """Put a picture in the gallery: the first line of its docstring is its title, the rest its caption."""
    PICTURES.append(function)
    return function


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


# One number at a time.


@picture
def worked_example() -> Drawing:
    """(x + y) · w

    Values in black, gradients in red. On each arrow a step of the chain rule: upstream gradient · local derivative.
    """
    return tg.draw(example())


@picture
def worked_example_backward() -> Drawing:
    """The backward graph of (x + y) · w

    What the walk records: w and q, dashed, are numbers of the forward pass that the rules use.
    """
    return tg.draw(example(), "backward")


@picture
def worked_example_both() -> Drawing:
    """Both passes of (x + y) · w

    Every gradient in the place of what it is the gradient of, with the same number.
    """
    return tg.draw(example(), "both")


@picture
def square() -> Drawing:
    """x · x

    Two arrows, two contributions, and a sum where they meet.
    """
    (x,) = values(x=3.0)
    y = x * x
    y.name = "y"
    return tg.draw(y, "both")


@picture
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


@picture
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


@picture
def neuron_both() -> Drawing:
    """Both passes of a neuron, from top to bottom"""
    x, w, b, t = values(x=0.5, w=-3.0, b=1.2, t=1.0)
    a = tg.sigmoid(w * x + b)
    a.name = "a"
    loss = (a - t) ** 2
    loss.name = "loss"
    return tg.draw(loss, "both", direction="TB")


@picture
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


@picture
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


@picture
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


@picture
def several_results() -> Drawing:
    """Several results, each with its gradients"""
    x, y = values(x=2.0, y=3.0)
    return tg.draw({"a": x * y, "b": x + y})


@picture
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


@picture
def equal_steps() -> Drawing:
    """Ten steps of Euler's method, of which equal parts are drawn once"""
    k, y = values(k=0.7, y_0=1.0)
    for n in range(10):
        y = y + 0.1 * (-k * y)
        y.name = f"y_{n + 1}"
    return tg.draw(y)


@picture
def dead_path() -> Drawing:
    """A path that is dead

    relu passes nothing back for a negative number: 0, which is not the same as no gradient.
    """
    x, w, v = values(x=2.0, w=-1.5, v=0.5)
    y = tg.relu(w * x) + v * x
    y.name = "y"
    return tg.draw(y)


@picture
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


@picture
def backward_of_a_gradient() -> Drawing:
    """The backward graph of a gradient

    What `dy.backward()` would do, where dy is the derivative of x³.
    """
    (x,) = values(x=2.0)
    y = x**3
    y.name = "y"
    (dy,) = tg.gradients(y, [x], create_graph=True)
    return tg.draw(dy, "backward")


# Arrays.


@picture
def broadcasting() -> Drawing:
    """Broadcasting, and summing back

    The bias is spread over the rows; its gradient is the sum over them.
    """
    X = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True, name="X")
    b = tg.tensor([0.5, -0.5, 0.25], requires_grad=True, name="b")
    loss = ((X + b) ** 2).sum()
    loss.name = "loss"
    return tg.draw(loss, "both")


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


@picture
def between() -> Drawing:
    """A part: the ways from one node to another

    With what is used on them, and nothing else.
    """
    return tg.draw(logistic_regression(), between=("o", "p"))


@picture
def boxes() -> Drawing:
    """A named box around chosen nodes

    It closes and opens as a module does.
    """
    return tg.draw(logistic_regression(), boxes={"sigmoid": ["v₁", "e", "v₂", "p"]}, gradients=False)


@picture
def hidden() -> Drawing:
    """Without constants, and without what takes no gradient"""
    return tg.draw(logistic_regression(), "both", hide=("constants", "data"), direction="TB")


@picture
def softmax_cross_entropy() -> Drawing:
    """Softmax and cross-entropy, by hand"""
    logits = tg.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]], requires_grad=True, name="logits")
    log_p = logits - tg.logsumexp(logits, axis=1, keepdims=True)
    log_p.name = "log p"
    loss = -log_p[np.arange(2), np.array([0, 1])].mean()
    loss.name = "loss"
    return tg.draw(loss)


@picture
def attention() -> Drawing:
    """Attention

    softmax(Q Kᵀ / √d) V, for four words of three numbers each.
    """

    @tg.block
    def softmax(x: Any) -> Any:
        e = tg.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    rng = np.random.default_rng(0)
    X, Wq, Wk, Wv = (
        tg.tensor(rng.normal(size=shape), requires_grad=True, name=name)
        for name, shape in {"X": (4, 6), "Wq": (6, 3), "Wk": (6, 3), "Wv": (6, 5)}.items()
    )
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    Q.name, K.name, V.name = "Q", "K", "V"
    weights = softmax(Q @ K.T / 3**0.5)
    weights.name = "weights"
    return tg.draw(weights @ V, gradients=False)


# Networks.


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


@picture
def perceptron_closed() -> Drawing:
    """A perceptron, closed"""
    return tg.draw(mean_squared_error(), depth=0)


@picture
def perceptron_layers() -> Drawing:
    """The same perceptron, its layers as boxes"""
    return tg.draw(mean_squared_error(), depth=1)


@picture
def perceptron_open() -> Drawing:
    """The same perceptron, open"""
    return tg.draw(mean_squared_error())


@picture
def perceptron_both() -> Drawing:
    """The same perceptron, both passes

    On the arrows of the second half, the rule that each gradient passes through.
    """
    return tg.draw(mean_squared_error(), "both", direction="TB")


@picture
def perceptron_backward() -> Drawing:
    """The same perceptron, the recorded graph of its gradients"""
    return tg.draw(mean_squared_error(), "backward", direction="TB")


def lenet() -> Any:
    """The logits of LeNet for a batch of images."""
    tg.manual_seed(0)
    images = tg.zeros((64, 1, 28, 28))
    images.name = "images"
    logits = models.lenet()(images)
    logits.name = "logits"
    return logits


@picture
def lenet_layers() -> Drawing:
    """LeNet, its layers as boxes"""
    return tg.draw(lenet(), depth=1, direction="TB", gradients=False)


@picture
def lenet_first_layer() -> Drawing:
    """LeNet, its first layer open"""
    return tg.draw(lenet(), depth=1, expand={"0"}, direction="TB", gradients=False)


@picture
def architecture() -> Drawing:
    """The architecture of a model, from the shape of its input

    Its layers and the shapes of the arrays between them, without numbers. The model is copied and run once.
    """
    return tg.draw(models.lenet(), (1, 1, 28, 28))


@picture
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


@picture
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


@picture
def focus() -> Drawing:
    """A neighbourhood

    Two arrows around one node of a long chain.
    """
    (x,) = values(x=0.9)
    states = [x]
    for _ in range(40):
        states.append(tg.sin(states[-1]) * 1.1)
    return tg.draw(states[-1], focus=states[20], hops=2)


@picture
def difference() -> Drawing:
    """What differs

    The graph of a wrong answer beside the one that was expected: by colour, by line, and by a sign.
    """
    x, y, w = values(x=2.0, y=3.0, w=4.0)
    expected = tg.relu((x + y) * w) - y
    found = (x + y) * w + y
    return tg.graph.diff(expected, found).draw()


# Names.


@picture
def hostile_names() -> Drawing:
    """Names that would break other drawings"""
    a, b = tg.Value(2.0, '<b>&"{|}\\N'), tg.Value(3.0, "javascript:alert(1)\u202e\n]]>")
    y = a * b
    y.name = "a name that is much longer than any box ought to be, and goes on"
    return tg.draw(y)


@picture
def other_alphabets() -> Drawing:
    """Names in Chinese, Greek and with accents"""
    weight, bias, size = tg.Value(2.0, "权重"), tg.Value(-1.0, "偏置"), tg.Value(0.5, "Größe")
    y = tg.sigmoid(weight * size + bias)
    y.name = "σ₁"
    return tg.draw(y)


@picture
def downwards() -> Drawing:
    """From top to bottom, by the built-in layout

    On a machine without Graphviz.
    """
    return tg.draw(example(), direction="TB", engine="builtin")


def themed(picture: Any, theme: Literal["light", "dark"]) -> Any:
    """A picture, or a film, on light or on dark ground."""
    if isinstance(picture, Film):
        return replace(picture, drawings=tuple(replace(drawing, theme=theme) for drawing in picture.drawings))
    return replace(picture, theme=theme)


def main(folder: Path) -> None:
    """Draw everything and write the page that shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    page = ["# Gallery", "", "Made by `docs/gallery.py`. Each picture is there in light and dark.", ""]
    for function in PICTURES:
        title, _, caption = (inspect.getdoc(function) or "").partition("\n")
        name = function.__name__
        for theme in THEMES:
            themed(function(), theme).save(folder / f"{name}-{theme}.svg")
        lines = inspect.getsource(function).splitlines()
        body = "\n".join(lines[next(i for i, line in enumerate(lines) if line.endswith('"""') and i > 1) + 1 :])
        page += [f"## {title}", "", caption.strip(), ""] if caption.strip() else [f"## {title}", ""]
        page += [
            *(f"![{title}]({name}-{theme}.svg){{.only-{theme}}}" for theme in THEMES),
            "",
            "```python",
            re.sub("^return ", "", textwrap.dedent(body), flags=re.MULTILINE),
            "```",
            "",
        ]
    begins = (example, values, logistic_regression, mean_squared_error, lenet)
    shared = "\n\n".join(inspect.getsource(function) for function in begins)
    page += ["## What several of them begin with", "", "```python", shared.rstrip(), "```", ""]
    (folder / "index.md").write_text("\n".join(page), encoding="utf-8")
    print(f"{len(PICTURES)} pictures in {folder}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Draw the gallery.")
    arguments.add_argument("folder", type=Path, nargs="?", default=Path(__file__).with_name("gallery"))
    main(arguments.parse_args().folder)
