"""LeNet with sigmoids and average pooling, a batch of 256 images of 28 × 28, one training step with SGD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .by_hand import (
    Conv,
    avg_pool,
    avg_pool_backward,
    keep_freed_memory,
    sigmoid,
    sigmoid_backward,
    softmax_cross_entropy,
)
from .harness import Contestant, Run, Timed, at_most, faster
from .training import Library, contestants, uniform

BATCH = 256
LR = 0.1
SHAPES = ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))
NAMES = [f"{layer}.{what}" for layer in (0, 3, 7, 9, 11) for what in ("weight", "bias")]


def inputs() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Images (N, 1, 28, 28), labels (N,), and weight and bias of each layer, in float32, as `NAMES` are."""
    rng = np.random.default_rng(6)
    images = rng.random((BATCH, 1, 28, 28), np.float32)
    labels = rng.integers(0, 10, BATCH)
    return images, labels, uniform(rng, SHAPES)


def network(nn: Any) -> Any:
    """The textbook's LeNet, in a library that has PyTorch's names."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def hand() -> Run:
    keep_freed_memory()
    images, labels, parameters = inputs()
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
    conv1, conv2 = Conv(w1, b1, rows=2), Conv(w2, b2, rows=2)

    def run() -> Sequence[Any]:
        x = np.zeros((1, 32, 32, BATCH), np.float32)
        x[:, 2:-2, 2:-2] = images.transpose(1, 2, 3, 0)
        h1 = sigmoid(conv1.forward(x))
        p1 = avg_pool(h1)
        h2 = sigmoid(conv2.forward(p1))
        p2 = avg_pool(h2)
        flat = p2.reshape(400, BATCH).T
        h3 = sigmoid(flat @ w3.T + b3)
        h4 = sigmoid(h3 @ w4.T + b4)
        loss, g = softmax_cross_entropy(h4 @ w5.T + b5, labels)
        dw5, db5 = g.T @ h4, g.sum(axis=0)
        g = sigmoid_backward(g @ w5, h4)
        dw4, db4 = g.T @ h3, g.sum(axis=0)
        g = sigmoid_backward(g @ w4, h3)
        dw3, db3 = g.T @ flat, g.sum(axis=0)
        g = (w3.T @ g.T).reshape(p2.shape)
        g = sigmoid_backward(avg_pool_backward(g, h2.shape), h2)
        dw2, db2 = conv2.backward(p1, g)
        g = sigmoid_backward(avg_pool_backward(conv2.to_input(g), h1.shape), h1)
        dw1, db1 = conv1.backward(x, g)
        for p, d in zip(parameters, (dw1, db1, dw2, db2, dw3, db3, dw4, db4, dw5, db5), strict=True):
            d *= LR
            p -= d
        return loss, *parameters

    return run


def start(library: Library, model: Any) -> None:
    """Load the same initial parameters in both libraries."""
    library.load(model, NAMES, inputs()[2])


def library(contestant: str) -> Run:
    library = Library(contestant)
    images, labels, _ = inputs()
    model = network(library.nn)
    start(library, model)
    optimizer = library.optim.SGD(model.parameters(), lr=LR)
    return library.step(model, optimizer, images, labels, list(model.parameters()))


WORKLOADS = (
    Timed(
        name="lenet",
        computes=f"LeNet (sigmoid, average pooling), batch {BATCH}, one step of SGD, float32",
        outputs=("loss", *NAMES),
        contestants=(Contestant("hand", hand), *contestants(library)),
        targets=(at_most(0.9, "ours", "hand"), faster(1, "ours", "torch")),
        rtol=1e-4,
        atol=1e-6,
    ),
)
