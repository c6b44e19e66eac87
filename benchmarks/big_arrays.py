"""Elementwise operations on a million numbers, whose time is memory traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .harness import OURS, Contestant, Run, Timed, at_most, bounded, peer

SIZE = 10**6


def inputs() -> list[Any]:
    """a, b, c and d, each of SIZE float64 numbers between 0 and 1."""
    rng = np.random.default_rng(4)
    return [rng.random(SIZE) for _ in range(4)]


def hand() -> Run:
    """Allocates the four gradients only, and stores every intermediate in one of them."""
    a, b, c, d = inputs()

    def run() -> Sequence[Any]:
        e = a * b
        e += c
        np.exp(e, out=e)
        q = 1 + d
        e /= q
        loss = e.mean()
        e /= SIZE  # gradient of c
        da = e * b
        db = e * a
        np.divide(e, q, out=q)
        np.negative(q, out=q)  # gradient of d
        return loss, da, db, e, q

    return run


def hand_plain() -> Run:
    """The same formulas without reuse of memory."""
    a, b, c, d = inputs()

    def run() -> Sequence[Any]:
        e = np.exp(a * b + c)
        q = 1 + d
        loss = (e / q).mean()
        dc = e / q / SIZE
        return loss, dc * b, dc * a, dc, -dc / q

    return run


def ours() -> Run:
    tg = peer(OURS)
    a, b, c, d = (tg.tensor(array, requires_grad=True) for array in inputs())

    def run() -> Sequence[Any]:
        a.grad = b.grad = c.grad = d.grad = None
        loss = ((a * b + c).exp() / (1 + d)).mean()
        loss.backward()
        return loss, a.grad, b.grad, c.grad, d.grad

    return run


def torch() -> Run:
    library = peer("torch")
    a, b, c, d = (library.from_numpy(array).requires_grad_() for array in inputs())

    def run() -> Sequence[Any]:
        a.grad = b.grad = c.grad = d.grad = None
        loss = ((a * b + c).exp() / (1 + d)).mean()
        loss.backward()
        return loss, a.grad, b.grad, c.grad, d.grad

    return run


def mygrad() -> Run:
    library = peer("mygrad")
    a, b, c, d = (library.tensor(array, copy=False) for array in inputs())

    def run() -> Sequence[Any]:
        loss = (library.exp(a * b + c) / (1 + d)).mean()
        loss.backward()
        return loss, a.grad, b.grad, c.grad, d.grad

    return run


def autograd() -> Run:
    value_and_grad, anp = peer("autograd").value_and_grad, peer("autograd.numpy")
    arrays = inputs()
    both = value_and_grad(lambda a, b, c, d: anp.mean(anp.exp(a * b + c) / (1 + d)), argnum=(0, 1, 2, 3))

    def run() -> Sequence[Any]:
        loss, gradients = both(*arrays)
        return loss, *gradients

    return run


WORKLOADS = (
    Timed(
        name="big_arrays",
        computes="((a * b + c).exp() / (1 + d)).mean() on 10^6 float64, all four gradients",
        outputs=("loss", "gradient of a", "gradient of b", "gradient of c", "gradient of d"),
        contestants=(
            Contestant("hand", hand),
            Contestant("hand, no reuse", hand_plain),
            Contestant("ours", ours),
            Contestant("torch", torch, traced=False),
            Contestant("mygrad", mygrad),
            Contestant("autograd", autograd),
        ),
        targets=(at_most(1.35, "ours", "hand"), bounded(1.8, "ours", "peak / inputs")),
        input_bytes=4 * 8 * SIZE,
        atol=1e-18,
    ),
)
