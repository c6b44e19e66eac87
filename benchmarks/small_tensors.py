"""Tiny matrices: the cost of an operation besides its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .harness import OURS, Contestant, Run, Timed, at_most, faster, peer


def inputs() -> tuple[Any, Any, Any]:
    """The float64 arrays x (4, 4), w (4, 4) and b (4,)."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)


def hand() -> Run:
    x, w, b = inputs()

    def run() -> Sequence[Any]:
        t = np.tanh(x @ w + b)
        loss = (t * 2 - 1).sum()
        da = 2 * (1 - t * t)
        return loss, da @ w.T, x.T @ da, da.sum(axis=0)

    return run


def hand_tuned() -> Run:
    """The same with every trick: constants folded, temporaries reused, the cheapest spelling of each call."""
    x, w, b = inputs()
    count = 4 * 4

    def run() -> Sequence[Any]:
        t = x.dot(w)
        t += b
        np.tanh(t, t)
        loss = 2 * np.add.reduce(t, None) - count
        np.multiply(t, t, t)
        t *= -2
        t += 2
        return loss, t.dot(w.T), x.T.dot(t), np.add.reduce(t, 0)

    return run


def ours() -> Run:
    tg = peer(OURS)
    x, w, b = (tg.tensor(a, requires_grad=True) for a in inputs())

    def run() -> Sequence[Any]:
        x.grad = w.grad = b.grad = None
        loss = ((x @ w + b).tanh() * 2 - 1).sum()
        loss.backward()
        return loss, x.grad, w.grad, b.grad

    return run


def torch() -> Run:
    library = peer("torch")
    x, w, b = (library.tensor(a, requires_grad=True) for a in inputs())

    def run() -> Sequence[Any]:
        x.grad = w.grad = b.grad = None
        loss = ((x @ w + b).tanh() * 2 - 1).sum()
        loss.backward()
        return loss, x.grad, w.grad, b.grad

    return run


def mygrad() -> Run:
    """It discards old gradients by itself when a tensor is used again."""
    library = peer("mygrad")
    x, w, b = (library.tensor(a) for a in inputs())

    def run() -> Sequence[Any]:
        loss = (library.tanh(x @ w + b) * 2 - 1).sum()
        loss.backward()
        return loss, x.grad, w.grad, b.grad

    return run


def mygrad_unguarded() -> Run:
    """Without its guard against in-place changes, as its manual advises for speed."""
    peer("mygrad").turn_memory_guarding_off()
    return mygrad()


def autograd() -> Run:
    value_and_grad, anp = peer("autograd").value_and_grad, peer("autograd.numpy")
    arrays = inputs()
    both = value_and_grad(lambda x, w, b: anp.sum(anp.tanh(x @ w + b) * 2 - 1), argnum=(0, 1, 2))

    def run() -> Sequence[Any]:
        loss, gradients = both(*arrays)
        return loss, *gradients

    return run


WORKLOADS = (
    Timed(
        name="small_tensors",
        computes="((x @ w + b).tanh() * 2 - 1).sum() on 4x4 float64, gradients of x, w and b",
        outputs=("loss", "gradient of x", "gradient of w", "gradient of b"),
        contestants=(
            Contestant("hand", hand),
            Contestant("hand, every trick", hand_tuned),
            Contestant("ours", ours),
            Contestant("torch", torch),
            Contestant("mygrad", mygrad),
            Contestant("mygrad, no guard", mygrad_unguarded),
            Contestant("autograd", autograd),
        ),
        targets=(at_most(2.2, "ours", "hand"), faster(3.5, "ours", "torch"), faster(3.5, "ours", "mygrad")),
    ),
)
