"""`tinygrad-edu demo`: a worked example, step by step; then softmax regression on handwritten digits.

The example and the training are written as a user of the package would write them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_edu as tg

from .._support.languages import say, texts
from ..errors import TinygradError
from .command import Commands, at_least, command, refusing

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    about = texts("a worked example, then softmax regression on handwritten digits, with pictures")
    add = command(commands, _run_demo, "demo", about)
    add("--out", metavar="DIR", type=Path, default=Path(), help="the folder for the pictures (default: this one)")
    add("--seed", metavar="S", type=at_least(0), default=0, help="of all that is random (default: 0)")
    add("--epochs", metavar="N", type=at_least(1), default=40, help="to train for (default: 40)")


def _run_demo(arguments: argparse.Namespace) -> None:
    """Print the demo as it goes."""
    with refusing(TinygradError, OSError):
        arguments.out.mkdir(parents=True, exist_ok=True)
        for part in (
            _worked_example(arguments.out),
            _handwritten_digits(arguments.out, arguments.seed, arguments.epochs),
        ):
            for text in part:
                print(text, flush=True)


def _worked_example(out: Path) -> Iterator[str]:
    """z = (x + y) · w, forward and backward, with pictures of both; and a number that is used twice."""
    x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    q = x + y
    z = q * w
    q.name, z.name = "q", "z"
    yield tg.steps(z).text()
    yield "\n" + say("Pictures")
    yield _saved(tg.draw(z), out / "forward.svg")
    yield _saved(tg.draw(z, "backward"), out / "backward.svg")

    x = tg.Value(3.0, name="x")
    u = x * x
    u.name = "u"
    yield "\n" + say("A number that is used twice gets two contributions, which add up") + "\n"
    yield tg.steps(u).text() + "\n"


def _handwritten_digits(out: Path, seed: int, epochs: int) -> Iterator[str]:
    """Fit softmax regression to two thirds of the digits, test it on the rest, and draw its loss."""
    data = tg.data.digits()
    train, test = data.split(test=1 / 3, seed=seed)
    W = tg.zeros((64, 10), requires_grad=True, name="W")  # the loss is convex: any start leads to the same minimum
    b = tg.zeros(10, requires_grad=True, name="b")
    yield say("Real data: {n} handwritten digits of 8×8 pixels (UCI, CC BY 4.0)", n=f"{len(data.labels):,}")
    yield "\n" + say("Softmax regression, with the bare engine")
    yield "  logits = X @ W + b,  loss = mean(logsumexp(logits) − logits[label])"
    learn, held_out = len(train.labels), len(test.labels)
    text = texts("{n} images to learn from, {held_out} held out: a third of each digit, chosen with seed {seed}")
    yield f"  {say(text, n=f'{learn:,}', held_out=f'{held_out:,}', seed=seed)}\n"
    X = pixels(train.images)
    for epoch, loss in enumerate(fit(X, train.labels, W, b, epochs, seed), 1):
        if epoch in (1, epochs) or epoch % max(1, epochs // 8) == 0:
            right = accuracy(X, train.labels, W, b)
            yield "  " + say(
                "epoch {epoch} of {epochs}   loss {loss}   training accuracy {accuracy}",
                epoch=f"{epoch:{len(str(epochs))}}",
                epochs=epochs,
                loss=f"{loss:.4f}",
                accuracy=f"{right:7.2%}",
            )
    yield "\n" + say("On the images held out")
    right = accuracy(pixels(test.images), test.labels, W, b)
    yield "  " + say("test accuracy {accuracy}", accuracy=f"{right:.2%}")
    yield "\n" + say("Picture, of the loss of four images")
    four = _cross_entropy(tg.tensor(X[:4], name="X"), train.labels[:4], W, b)
    yield _saved(tg.draw(four), out / "digits_loss.svg")


def pixels(images: Any) -> Any:
    """Images (N, 8, 8) as rows (N, 64) between 0 and 1."""
    return (images.reshape(len(images), 64) / 16).astype(np.float32)


def _cross_entropy(X: Any, y: Any, W: tg.Tensor, b: tg.Tensor) -> tg.Tensor:
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
            loss = _cross_entropy(X[chosen], y[chosen], W, b)
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


def _saved(drawing: Any, path: Path) -> str:
    """Write a picture to a file, and say so."""
    drawing.save(path)
    return f"  {path}: {drawing!r}" + (f"\n  {drawing.note}" if drawing.note else "")
