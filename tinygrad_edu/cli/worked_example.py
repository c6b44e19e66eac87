"""The demo: a worked example, one application of the chain rule a line; then real handwritten digits.

It is written as a user of the package would write it. `tinygrad-edu demo` prints what it yields.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_edu as tg

from ..engine.node import number_of
from ..engine.walk import contributions
from ..graph.numbers import number
from ..graph.plain import ancestors, labels
from ..graph.words.formula import one_call
from ..graph.words.terms import ATOM, Term

__all__ = ["backward_steps", "demo", "forward_values"]


def demo(out: Path, seed: int, epochs: int) -> Iterator[str]:
    """Run the demo and give its text, a line at a time. The pictures go into the folder `out`."""
    yield from worked_example(out)
    yield ""
    yield from handwritten_digits(out, seed, epochs)


# The worked example.


def worked_example(out: Path) -> Iterator[str]:
    """z = (x + y) · w, forward and backward, with pictures of both; and a number that is used twice."""
    x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    q = x + y
    z = q * w
    q.name, z.name = "q", "z"
    yield "The worked example: z = (x + y) · w"
    yield from section("Forward: compute each result from its operands", forward_values(z))
    yield from section("Backward: carry the derivative of z back from each result to its operands", backward_steps(z))
    forward, backward = tg.draw(z), tg.draw(z, "backward")
    yield from section("Pictures", saved(forward, out / "forward.svg") + saved(backward, out / "backward.svg"))

    x = tg.Value(3.0, name="x")
    u = x * x
    u.name = "u"
    yield from section("A number that is used twice gets two contributions, which add up", backward_steps(u))


def forward_values(output: tg.Node) -> list[str]:
    """The numbers that `output` was made from, oldest first.

    >>> x, w = tg.Value(2.0, name="x"), tg.Value(4.0, name="w")
    >>> print("\\n".join(forward_values((x + 1) * w)))
    x  = 2
    w  = 4
    v1 = x + 1  = 3
    v2 = v1 · w = 12
    """
    nodes = sorted(ancestors([output]), key=lambda node: (not node.is_leaf, node.index))
    names = labels(nodes)
    rows = []
    for node in nodes:
        value = f"= {number(float(number_of(node)))}"
        rows.append([names[node], value] if node.is_leaf else [names[node], f"= {in_names(node, names)}", value])
    return aligned(rows, gap=1)


def backward_steps(output: tg.Node) -> list[str]:
    """The walk back from `output`, a number made from numbers: a line for each use of an operand, in order.

    >>> x, w = tg.Value(2.0, name="x"), tg.Value(4.0, name="w")
    >>> print("\\n".join(backward_steps((x + 1) * w)))
    result       operand   upstream × local = contribution   sum so far
    v2 = v1 · w  v1        1 × 4 = 4                         ∂v2/∂v1 = 4
    v2 = v1 · w  w         1 × 3 = 3                         ∂v2/∂w = 3
    v1 = x + 1   x         4 × 1 = 4                         ∂v2/∂x = 4
    """
    names = labels(ancestors([output]))
    rows = [["result", "operand", "upstream × local = contribution", "sum so far"]]
    for step in contributions(output):
        upstream, local, contribution, total = map(number, (step.upstream, step.local, step.contribution, step.total))
        rows.append([
            f"{names[step.node]} = {in_names(step.node, names)}",
            names[step.input],
            f"{upstream} × {local} = {contribution}",
            f"∂{names[output]}/∂{names[step.input]} = {total}",
        ])  # fmt: skip
    return aligned(rows)


def in_names(node: tg.Node, names: dict[tg.Node, str]) -> str:
    """The operation that made a node, in the names of its operands: `x + y`."""
    return one_call(node, lambda x: Term(names[x], ATOM))


# Softmax regression.


def handwritten_digits(out: Path, seed: int, epochs: int) -> Iterator[str]:
    """Fit softmax regression to two thirds of the digits, test it on the rest, and draw its loss."""
    data = tg.data.digits()
    train, test = data.split(test=1 / 3, seed=seed)
    W = tg.zeros((64, 10), requires_grad=True, name="W")  # the loss is convex: any start leads to the same minimum
    b = tg.zeros(10, requires_grad=True, name="b")
    yield f"Real data: {len(data.labels):,} handwritten digits of 8×8 pixels (UCI, CC BY 4.0)"
    yield from section("Softmax regression, with the bare engine", [
        "logits = X @ W + b,  loss = mean(logsumexp(logits) − logits[label])",
        f"{len(train.labels):,} images to learn from, {len(test.labels):,} held out: "
        f"a third of each digit, chosen with seed {seed}",
    ])  # fmt: skip
    yield ""
    X = pixels(train.images)
    for epoch, loss in enumerate(fit(X, train.labels, W, b, epochs, seed), 1):
        if epoch in (1, epochs) or epoch % max(1, epochs // 8) == 0:
            right = accuracy(X, train.labels, W, b)
            yield f"  epoch {epoch:{len(str(epochs))}} of {epochs}   loss {loss:.4f}   training accuracy {right:7.2%}"
    right = accuracy(pixels(test.images), test.labels, W, b)
    yield from section("On the images held out", [f"test accuracy {right:.2%}"])
    drawing = tg.draw(cross_entropy(tg.tensor(X[:4], name="X"), train.labels[:4], W, b))
    yield from section("Picture, of the loss of four images", saved(drawing, out / "digits_loss.svg"))


def pixels(images: Any) -> Any:
    """Images (N, 8, 8) as rows (N, 64) between 0 and 1."""
    return (images.reshape(len(images), 64) / 16).astype(np.float32)


def cross_entropy(X: Any, y: Any, W: tg.Tensor, b: tg.Tensor) -> tg.Tensor:
    """The mean of −log p[label], where p = softmax(X @ W + b), so that log p = logits − logsumexp(logits)."""
    logits = X @ W + b
    loss: tg.Tensor = (tg.logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]).mean()
    logits.name, loss.name = "logits", "loss"
    return loss


def fit(X: Any, y: Any, W: tg.Tensor, b: tg.Tensor, epochs: int, seed: int, batch: int = 16) -> Iterator[float]:
    """Minibatch gradient descent on W and b; gives the mean loss of each epoch. Steps shrink evenly from 1 to 0."""
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        rate = 1.0 - epoch / epochs
        losses = []
        for chosen in np.array_split(rng.permutation(len(X)), len(X) // batch):
            loss = cross_entropy(X[chosen], y[chosen], W, b)
            loss.backward()
            with tg.no_grad():
                W -= rate * W.grad
                b -= rate * b.grad
            W.zero_grad()
            b.zero_grad()
            losses.append(loss.item())
        yield sum(losses) / len(losses)


def accuracy(X: Any, y: Any, W: tg.Tensor, b: tg.Tensor) -> float:
    """The share of images whose largest logit is that of their label."""
    return float(((X @ W.data + b.data).argmax(axis=1) == y).mean())


# Text.


def section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    """A heading after an empty line, and indented lines."""
    yield from ("", heading, *(f"  {line}" for line in lines))


def aligned(rows: Sequence[Sequence[str]], gap: int = 2) -> list[str]:
    """Rows of cells as lines in which the columns stand under each other."""
    widths: dict[int, int] = {}
    for row in rows:
        for column, cell in enumerate(row):
            widths[column] = max(widths.get(column, 0), len(cell))
    return [(" " * gap).join(cell.ljust(widths[column]) for column, cell in enumerate(row)).rstrip() for row in rows]


def saved(drawing: Any, path: Path) -> list[str]:
    """Write a picture to a file, and say so."""
    drawing.save(path)
    return [f"{path}: {drawing!r}", *([drawing.note] if drawing.note else [])]
