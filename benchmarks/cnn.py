"""Two convolutions of 3 × 3 with 32 and 64 channels and max pooling, batch 64, one training step with Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .by_hand import Adam, Conv, keep_freed_memory, max_pool, max_pool_relu_backward, softmax_cross_entropy
from .harness import Contestant, Run, Timed, at_most, faster
from .training import Library, contestants, uniform

BATCH = 64
LR = 0.001
SHAPES = ((32, 1, 3, 3), (64, 32, 3, 3), (128, 1600), (10, 128))
NAMES = [f"{layer}.{what}" for layer in (0, 3, 7, 9) for what in ("weight", "bias")]


def inputs() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Images (N, 1, 28, 28), labels (N,), and weight and bias of each layer, in float32, as `NAMES` are."""
    rng = np.random.default_rng(7)
    images = rng.random((BATCH, 1, 28, 28), np.float32)
    labels = rng.integers(0, 10, BATCH)
    return images, labels, uniform(rng, SHAPES)


def network(nn: Any) -> Any:
    """The network, in a library that has PyTorch's names."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def hand() -> Run:
    """relu after pooling: it gives the same, on a quarter of the numbers."""
    keep_freed_memory()
    images, labels, parameters = inputs()
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters
    conv1, conv2 = Conv(w1, b1, rows=4), Conv(w2, b2, rows=2)
    adam = Adam(parameters)

    def run() -> Sequence[Any]:
        x = np.ascontiguousarray(images.transpose(1, 2, 3, 0))
        h1 = conv1.forward(x)
        p1 = max_pool(h1)
        r1 = np.maximum(p1, 0)
        h2 = conv2.forward(r1)
        p2 = max_pool(h2)
        r2 = np.maximum(p2, 0)
        flat = r2.reshape(1600, BATCH).T
        h3 = flat @ w3.T + b3
        np.maximum(h3, 0, out=h3)
        loss, g = softmax_cross_entropy(h3 @ w4.T + b4, labels)
        dw4, db4 = g.T @ h3, g.sum(axis=0)
        g = g @ w4
        g *= h3 > 0
        dw3, db3 = g.T @ flat, g.sum(axis=0)
        g = max_pool_relu_backward((w3.T @ g.T).reshape(p2.shape), h2, p2)
        dw2, db2 = conv2.backward(r1, g)
        g = max_pool_relu_backward(conv2.to_input(g), h1, p1)
        dw1, db1 = conv1.backward(x, g)
        adam.step([dw1, db1, dw2, db2, dw3, db3, dw4, db4])
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
    optimizer = library.optim.Adam(model.parameters(), lr=LR)
    return library.step(model, optimizer, images, labels, list(model.parameters()))


WORKLOADS = (
    Timed(
        name="cnn",
        computes=f"CNN 32-64, 3 × 3, two max-pools, 128-10, batch {BATCH}, one step of Adam, float32",
        outputs=("loss", *NAMES),
        contestants=(Contestant("hand", hand), *contestants(library)),
        targets=(at_most(1, "ours", "hand"), faster(1, "ours", "torch")),
        rtol=1e-3,  # Adam divides by the size of the gradient, so rounding shows where that is small
        atol=1e-4,
    ),
)
