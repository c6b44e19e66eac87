"""A small network of single numbers: micrograd's demo, one graph node for each `+` and `*`."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import methodcaller, mul
from typing import Any

import numpy as np

from .harness import OURS, Contestant, Run, Timed, at_most, faster, peer

SIZES = (2, 16, 16, 1)
POINTS = 100
ALPHA = 1e-4

Points = list[list[float]]
Neurons = list[list[tuple[list[Any], Any]]]  # layers of neurons, each with its weights and its bias


def data() -> tuple[Points, list[float]]:
    """Two interleaved half circles with a little noise, labelled -1 and 1."""
    random.seed(1)
    points, labels = [], []
    for i in range(POINTS):
        upper = i % 2 == 0
        angle = math.pi * random.random()
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + random.gauss(0, 0.1), y + random.gauss(0, 0.1)])
        labels.append(1.0 if upper else -1.0)
    return points, labels


def initial() -> list[float]:
    """All parameters in a row: of each neuron its weights, then its bias."""
    random.seed(2)
    count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(SIZES))
    return [random.uniform(-1, 1) for _ in range(count)]


def neurons(parameters: Sequence[Any]) -> Neurons:
    """The row of parameters, cut into layers of neurons."""
    rest = iter(parameters)
    return [
        [([next(rest) for _ in range(fan_in)], next(rest)) for _ in range(fan_out)]
        for fan_in, fan_out in pairwise(SIZES)
    ]


# The same model for every library: micrograd's, as in its demo


def objective(parameters: Sequence[Any], wrap: Callable[[float], Any], relu: Callable[[Any], Any]) -> Any:
    """Mean hinge loss over all points plus ALPHA times the sum of squares."""
    points, labels = DATA
    *hidden, last = neurons(parameters)
    losses = []
    for point, label in zip(points, labels, strict=True):
        xs = [wrap(x) for x in point]
        for layer in hidden:
            xs = [relu(sum((w * x for w, x in zip(ws, xs, strict=True)), b)) for ws, b in layer]
        ((ws, b),) = last
        score = sum((w * x for w, x in zip(ws, xs, strict=True)), b)
        losses.append(relu(1 + -label * score))
    return sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in parameters)


def model(leaf: Callable[[float], Any], wrap: Callable[[float], Any], relu: Callable[[Any], Any]) -> Run:
    """New leaves in every pass, so that no gradient is left over from the last one."""

    def run() -> Sequence[Any]:
        parameters = [leaf(value) for value in START]
        loss = objective(parameters, wrap, relu)
        loss.backward()
        return loss.data, [p.grad for p in parameters]

    return run


def ours() -> Run:
    tg = peer(OURS)
    return model(tg.Value, tg.Value, methodcaller("relu"))


def micrograd() -> Run:
    engine = peer("micrograd.engine")
    return model(engine.Value, engine.Value, methodcaller("relu"))


def torch() -> Run:
    library = peer("torch")

    def leaf(value: float) -> Any:
        return library.tensor(value, dtype=library.float64, requires_grad=True)

    return model(leaf, float, methodcaller("relu"))


def mygrad() -> Run:
    library = peer("mygrad")
    relu = peer("mygrad.nnet.activations").relu
    return model(library.tensor, float, relu)


def autograd() -> Run:
    value_and_grad, maximum = peer("autograd").value_and_grad, peer("autograd.numpy").maximum
    both = value_and_grad(lambda parameters: objective(parameters, float, lambda x: maximum(x, 0.0)))
    return lambda: both(START)


# Our own, one node a neuron


def ours_fused() -> Run:
    tg = peer(OURS)
    dot, leaf = tg.dot, tg.Value
    points, labels = DATA

    def run() -> Sequence[Any]:
        parameters = [leaf(value) for value in START]
        *hidden, last = neurons(parameters)
        ((last_ws, last_b),) = last
        losses = []
        for xs, label in zip(points, labels, strict=True):
            for layer in hidden:
                xs = [dot(ws, xs, b).relu() for ws, b in layer]
            losses.append((1 - label * dot(last_ws, xs, last_b)).relu())
        loss = sum(losses) * (1.0 / len(losses)) + ALPHA * dot(parameters, parameters)
        loss.backward()
        return loss.data, [p.grad for p in parameters]

    return run


# By hand


def hand() -> Run:
    """Backpropagation derived by hand, in plain Python: the limit of a scalar engine."""
    points, labels = DATA

    def run() -> Sequence[Any]:
        first, second, ((w3, b3),) = neurons(START)
        columns = list(zip(*(ws for ws, _ in second), strict=True))  # second layer, by input
        g1 = [[0.0] * (SIZES[0] + 1) for _ in first]
        g2 = [[0.0] * (SIZES[1] + 1) for _ in second]
        g3 = [0.0] * (SIZES[2] + 1)
        loss = 0.0
        for (u, v), label in zip(points, labels, strict=True):
            h1 = [a if (a := p * u + q * v + b) > 0 else 0.0 for (p, q), b in first]
            h2 = [a if (a := sum(map(mul, ws, h1), b)) > 0 else 0.0 for ws, b in second]
            margin = 1 - label * sum(map(mul, w3, h2), b3)
            if margin <= 0:
                continue
            loss += margin
            up = -label / POINTS
            g3 = [g + up * h for g, h in zip(g3, [*h2, 1.0], strict=True)]
            up2 = [up * w if h > 0 else 0.0 for w, h in zip(w3, h2, strict=True)]
            inputs = [*h1, 1.0]
            for j, d in enumerate(up2):
                if d:
                    g2[j] = [g + d * h for g, h in zip(g2[j], inputs, strict=True)]
            for j, h in enumerate(h1):
                if h > 0:
                    d = sum(map(mul, columns[j], up2))
                    row = g1[j]
                    row[0] += d * u
                    row[1] += d * v
                    row[2] += d
        gradient = [g for rows in (g1, g2, [g3]) for row in rows for g in row]
        loss = loss / POINTS + ALPHA * sum(map(mul, START, START))
        return loss, [g + 2 * ALPHA * p for g, p in zip(gradient, START, strict=True)]

    return run


def hand_numpy() -> Run:
    """The same with matrices, all points at once: another kind of program, for comparison."""
    points, labels = (np.array(part) for part in DATA)
    start = np.array(START)
    blocks, offset = [], 0
    for fan_in, fan_out in pairwise(SIZES):
        block = start[offset : offset + (fan_in + 1) * fan_out].reshape(fan_out, fan_in + 1)
        blocks.append((block[:, :-1].T, block[:, -1]))
        offset += block.size
    (w1, b1), (w2, b2), (w3, b3) = blocks

    def run() -> Sequence[Any]:
        h1 = np.maximum(points @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        margin = 1 - labels * (h2 @ w3 + b3)[:, 0]
        active = margin > 0
        loss = margin[active].sum() / POINTS + ALPHA * (start @ start)
        d3 = np.where(active, -labels / POINTS, 0.0)[:, None]
        d2 = d3 @ w3.T * (h2 > 0)
        d1 = d2 @ w2.T * (h1 > 0)
        pairs = ((points, d1), (h1, d2), (h2, d3))
        parts = [np.column_stack([d.T @ h, d.sum(axis=0)]).ravel() for h, d in pairs]
        return loss, np.concatenate(parts) + 2 * ALPHA * start

    return run


DATA = data()
START = initial()

WORKLOADS = (
    Timed(
        name="scalar_mlp",
        computes="network 2-16-16-1 of single numbers, 100 points, hinge loss + L2, forward and backward",
        outputs=("loss", "gradient"),
        contestants=(
            Contestant("hand", hand),
            Contestant("hand, NumPy matrices", hand_numpy),
            Contestant("ours", ours),
            Contestant("ours, fused dot", ours_fused),
            Contestant("micrograd", micrograd),
            Contestant("torch", torch),
            Contestant("mygrad", mygrad),
            Contestant("autograd", autograd),
        ),
        targets=(
            at_most(45, "ours", "hand"),
            at_most(10, "ours, fused dot", "hand"),
            faster(18, "ours", "micrograd"),
        ),
    ),
)
