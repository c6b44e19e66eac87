"""Graphs that several tests draw."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import tinygrad_edu as tg


def worked_example() -> tuple[Any, Any, Any, Any, Any]:
    """x, y, w, q, z of z = (x + y) · w at 2, 3, 4."""
    x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    q = x + y
    q.name = "q"
    z = q * w
    z.name = "z"
    return x, y, w, q, z


def square() -> Any:
    x = tg.Value(3.0, name="x")
    return x * x


def small_network() -> Any:
    """The mean squared error of two layers, with data, parameters and a broadcast bias."""
    rng = np.random.default_rng(0)
    X = tg.tensor(rng.normal(size=(4, 3)), name="X")
    W1, b1 = (tg.tensor(rng.normal(size=s), requires_grad=True, name=n) for s, n in (((3, 5), "W1"), ((5,), "b1")))
    W2, b2 = (tg.tensor(rng.normal(size=s), requires_grad=True, name=n) for s, n in (((5, 2), "W2"), ((2,), "b2")))
    target = rng.normal(size=(4, 2))
    loss = ((np.tanh(X @ W1 + b1) @ W2 + b2 - target) ** 2).mean()
    loss.name = "loss"
    return loss


def cross_entropy() -> Any:
    """Softmax cross-entropy of two rows of logits."""
    logits = tg.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]], requires_grad=True, name="logits")
    log_p = logits - tg.logsumexp(logits, axis=1, keepdims=True)
    return -log_p[np.arange(2), np.array([0, 1])].mean()


def chain(length: int) -> Any:
    """Multiplications by 1 and additions of 0, alternating."""
    y: Any = tg.Value(1.0, name="x")
    for i in range(length):
        y = y * 1.0 if i % 2 else y + 0.0
    return y


def doublings(times: int) -> tuple[Any, Any]:
    """x, and y = y + y so many times over."""
    x = y = tg.Value(1.0, name="x")
    for _ in range(times):
        y = y + y
    return x, y


def tangle(operations: int) -> Any:
    """A program without modules, and without two parts that are alike."""
    choose = random.Random(0)
    combine: list[Callable[[Any, Any], Any]] = [lambda a, b: a + b, lambda a, b: tg.tanh(a * b), tg.maximum]
    made: list[Any] = [tg.Value(0.5, name="x"), tg.Value(0.25, name="y")]
    for _ in range(operations):
        other = made[choose.randrange(max(0, len(made) - 9), len(made))]
        made.append(choose.choice(combine)(made[-1], other))
    return made[-1]


EXAMPLES: dict[str, Callable[[], Any]] = {
    "worked example": lambda: worked_example()[-1],
    "square": square,
    "small network": small_network,
    "cross-entropy": cross_entropy,
    "doublings": lambda: doublings(6)[1],
}

BINARY: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b * b + 1.0),
]
UNARY: list[Callable[[Any], Any]] = [tg.tanh, tg.sin, tg.sigmoid, lambda a: -a, lambda a: a**2, lambda a: 3.0 * a]


@st.composite
def programs(draw: st.DrawFn, operations: int = 12) -> Any:
    """The result of a random scalar program that uses two leaves, one of which may not require a gradient."""
    numbers = st.floats(-2.0, 2.0).map(lambda v: round(v, 3))
    made: list[Any] = [tg.Value(draw(numbers), name="x"), tg.Value(draw(numbers), requires_grad=draw(st.booleans()))]
    for _ in range(draw(st.integers(1, operations))):
        pick = st.integers(0, len(made) - 1)
        if draw(st.booleans()):
            made.append(draw(st.sampled_from(BINARY))(made[draw(pick)], made[draw(pick)]))
        else:
            made.append(draw(st.sampled_from(UNARY))(made[draw(pick)]))
    return made[-1] * made[0]
