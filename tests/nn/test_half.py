"""float16 is computed with in float32 and rounded once: its largest number is 65,504, and it has eleven bits."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim

F: Any = nn.functional
N = 70_000  # more than the largest number
RANDOM = np.random.default_rng(0)
MANY, PAIRS, CLASSES = RANDOM.normal(size=N), RANDOM.normal(size=(N, 2)), RANDOM.integers(0, 2, N)
LOUD = np.array([300.0, -200, 100, 250, -300, 10, 20, 280])  # the squares are too large
IMAGE = np.full((1, 1, 300, 300), 10.0)
SHARES = 1 / (1 + np.exp(-MANY))

MEANS: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "mean": (tg.mean, MANY),
    "std": (tg.std, MANY),
    "average": (lambda x: tg.average(x, weights=np.ones(N, np.float16)), MANY),
    "nanmean": (tg.nanmean, MANY),
    "log_softmax": (F.log_softmax, MANY),
    "mse_loss": (lambda x: F.mse_loss(x, np.zeros(N)), MANY),
    "huber_loss": (lambda x: F.huber_loss(x, np.zeros(N)), MANY),
    "binary_cross_entropy": (lambda x: F.binary_cross_entropy(x, 1.0 * CLASSES), SHARES),
    "poisson_nll_loss": (lambda x: F.poisson_nll_loss(x, SHARES), MANY),
    "nll_loss": (lambda x: F.nll_loss(x, CLASSES), PAIRS),
    "cross_entropy": (lambda x: F.cross_entropy(x, CLASSES), PAIRS),
    "weighted": (lambda x: F.cross_entropy(x, CLASSES, weight=np.array([1.0, 3.0])), PAIRS),
    "smooth": (lambda x: F.cross_entropy(x, CLASSES, label_smoothing=0.1), PAIRS),
    "focal_loss": (lambda x: F.focal_loss(x, CLASSES), PAIRS),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 300), IMAGE),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, 1), IMAGE),
}
SQUARES: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "norm": (tg.norm, LOUD),
    "prod": (tg.prod, np.array([300.0, 300.0, 0.001, 0.1])),
    "rms_norm": (lambda x: F.rms_norm(x, (8,)), LOUD[None]),
    "layer_norm": (lambda x: F.layer_norm(x, (8,)), LOUD[None]),
    "group_norm": (lambda x: F.group_norm(x, 2), LOUD.reshape(1, 4, 2)),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True), LOUD.reshape(4, 2)),
    "local_response_norm": (lambda x: F.local_response_norm(x, 3), LOUD.reshape(1, 4, 2)),
    "gelu": (lambda x: F.gelu(x, approximate="tanh"), LOUD),
    "cosine_embedding_loss": (lambda x: F.cosine_embedding_loss(x, LOUD[None, ::-1], np.ones(1)), LOUD[None]),
    "conv1d": (lambda x: F.conv1d(x, np.full((1, 1, 4), 100, x.dtype)), LOUD[None, None]),
    "pairwise_distance": (lambda x: F.pairwise_distance(x, LOUD[None, ::-1]), LOUD[None]),
    "gaussian_nll_loss": (lambda x: F.gaussian_nll_loss(x, np.zeros(8), np.full(8, 100.0)), LOUD),
}
CASES = MEANS | SQUARES
MADE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "here": lambda x: x,
    "by pickle": lambda x: pickle.loads(pickle.dumps(x)),  # its dtype is equal, but another object
    "with the bytes in the other order": lambda x: x.astype(x.dtype.newbyteorder()),
}


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_float64(name: str, made: str) -> None:
    f, numbers = CASES[name]
    half = tg.tensor(MADE[made](numbers.astype(np.float16)), requires_grad=True)
    full = tg.tensor(half.data.astype(np.float64), requires_grad=True)
    found, expected = f(half), f(full)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found.data, expected.data, rtol=0.01, atol=0.001)
    for y in (found, expected):
        y.backward(np.ones(y.shape))
    tolerance = max(0.02 * np.abs(full.grad).max(), 6e-8)  # the smallest number is 6e-8
    np.testing.assert_allclose(half.grad.astype(np.float64), full.grad, rtol=0.03, atol=tolerance)


def test_the_norm_of_gradients_and_the_means_of_squares_have_room() -> None:
    w = nn.Parameter(np.ones(100, np.float16))
    w.grad = np.full(100, 300, np.float16)
    assert optim.clip_grad_norm_([w], 1.0) == 3000
    assert w.grad[0] == np.float16(1 / 10)
    w.grad = np.full(100, 1e-4, np.float16)  # its square is below the smallest number
    adam = optim.Adam([w], lr=0.5)
    adam.step()
    assert w.data[0] == np.float16(0.5)
    again = optim.Adam([w], lr=0.5)
    again.load_state_dict(adam.state_dict())
    assert again.state[w]["v"].dtype == np.float32
