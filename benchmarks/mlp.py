"""Networks with one hidden layer, as for MNIST: one training step with SGD or Adam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from numpy import ndarray

from .by_hand import softmax_cross_entropy
from .harness import Contestant, Run, Timed, at_most, faster
from .training import Library, contestants, uniform

NAMES = ["1.weight", "1.bias", "3.weight", "3.bias"]
LR = {"SGD": 0.1, "Adam": 1e-3}
RESTART = 100


def inputs(hidden: int, batch: int) -> tuple[ndarray, ndarray, list[ndarray]]:
    """Images (N, 784), labels (N,), and weight and bias of each layer, in float32, as `NAMES` are."""
    rng = np.random.default_rng(8)
    images = rng.random((batch, 784), np.float32)
    labels = rng.integers(0, 10, batch)
    return images, labels, uniform(rng, ((hidden, 784), (10, hidden)))


def restarting(step: Run, restart: Callable[[], object]) -> Run:
    """Training that begins anew every `RESTART` steps: thousands on one batch end in denormal, slow numbers."""
    steps = count()

    def run() -> Sequence[Any]:
        if next(steps) % RESTART == 0:
            restart()
        return step()

    return run


class Flat:
    """Parameters, gradients and what an optimiser remembers, as views of one vector each, which is updated at once."""

    def __init__(self, parameters: list[ndarray]) -> None:
        self.first = np.concatenate([p.ravel() for p in parameters])
        self.w, self.g, self.m, self.v, self.spare = (np.empty_like(self.first) for _ in range(5))
        ends = np.cumsum([p.size for p in parameters])
        starts = [0, *ends[:-1]]
        self.parameters, self.gradients = (
            [flat[a:b].reshape(p.shape) for a, b, p in zip(starts, ends, parameters, strict=True)]
            for flat in (self.w, self.g)
        )

    def restart(self) -> None:
        self.w[:] = self.first
        self.m[:] = self.v[:] = 0
        self.t = 0

    def sgd(self) -> None:
        self.g *= LR["SGD"]
        self.w -= self.g

    def adam(self) -> None:
        """Kingma and Ba (2015), with m / (1 - β₁) and v / (1 - β₂) in place of m and v: two products less."""
        g, m, v, t = self.g, self.m, self.v, self.spare
        self.t += 1
        scale = ((1 - 0.999) / (1 - 0.999**self.t)) ** 0.5
        m *= 0.9
        m += g
        g *= g
        v *= 0.999
        v += g
        np.sqrt(v, out=t)
        t += 1e-8 / scale
        np.divide(m, t, out=t)
        t *= LR["Adam"] * (1 - 0.9) / (1 - 0.9**self.t) / scale
        self.w -= t


def hand(optimiser: str, hidden: int, batch: int) -> Run:
    x, labels, parameters = inputs(hidden, batch)
    flat = Flat(parameters)
    (w1, b1, w2, b2), (dw1, db1, dw2, db2) = flat.parameters, flat.gradients
    update = flat.sgd if optimiser == "SGD" else flat.adam
    h, dh, positive = (np.empty((batch, hidden), kind) for kind in (np.float32, np.float32, bool))
    logits = np.empty((batch, 10), np.float32)

    def step() -> Sequence[Any]:
        np.dot(x, w1.T, out=h)
        np.add(h, b1, out=h)
        np.maximum(h, 0, out=h)
        np.dot(h, w2.T, out=logits)
        np.add(logits, b2, out=logits)
        loss, g = softmax_cross_entropy(logits, labels)
        np.dot(g.T, h, out=dw2)
        np.add.reduce(g, 0, out=db2)
        np.dot(g, w2, out=dh)
        np.greater(h, 0, out=positive)
        np.multiply(dh, positive, out=dh)
        np.dot(dh.T, x, out=dw1)
        np.add.reduce(dh, 0, out=db1)
        update()
        return loss, *flat.parameters

    return restarting(step, flat.restart)


def network(nn: Any, hidden: int) -> Any:
    """The network, in a library that has PyTorch's names."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def library(contestant: str, optimiser: str, hidden: int, batch: int) -> Run:
    library = Library(contestant)
    images, labels, parameters = inputs(hidden, batch)
    model = network(library.nn, hidden)
    every = list(model.parameters())
    optimizer = getattr(library.optim, optimiser)(every, lr=LR[optimiser])

    def restart() -> None:
        library.load(model, NAMES, parameters)
        optimizer.state.clear()

    return restarting(library.step(model, optimizer, images, labels, every), restart)


def workload(name: str, optimiser: str, hidden: int, batch: int, limit: float) -> Timed:
    by_hand = Contestant("hand", partial(hand, optimiser, hidden, batch))
    return Timed(
        name=name,
        computes=f"MLP 784-{hidden}-10 (relu), batch {batch}, one step of {optimiser}, float32",
        outputs=("loss", *NAMES),
        contestants=(by_hand, *contestants(library, optimiser, hidden, batch)),
        targets=(at_most(limit, "ours", "hand"), faster(1, "ours", "torch")),
        rtol=1e-3,  # Adam divides by the size of the gradient, so rounding shows where that is small
        atol=1e-4,
    )


WORKLOADS = (
    workload("mlp_sgd", "SGD", hidden=128, batch=64, limit=1.12),
    workload("mlp_adam", "Adam", hidden=128, batch=64, limit=1.12),
    workload("mlp_wide", "Adam", hidden=256, batch=256, limit=1.06),
)
