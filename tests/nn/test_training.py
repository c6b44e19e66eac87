"""Networks train: float32 from end to end, flat in memory, with tied and frozen parameters as one expects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.test_summary import lenet
from tinygrad_edu import nn, optim
from tinygrad_edu.engine.graphs import reachable
from tinygrad_edu.engine.node import creation


@pytest.fixture(autouse=True)
def _seed() -> None:
    tg.manual_seed(0)


def step(model: nn.Module, optimizer: Any, x: Any, y: Any) -> tg.Tensor:
    optimizer.zero_grad()
    loss: tg.Tensor = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def images(n: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    x = rng.normal(size=(n, 1, 28, 28)).astype(np.float32) * 0.1
    for image, label in zip(x, labels):
        image[0, 2 * label : 2 * label + 8, :] += 2.0  # a bar whose height tells the class
    return tg.tensor(x), labels


def test_lenet_trains() -> None:
    model = lenet().apply(lambda m: nn.init.xavier_uniform_(m.weight) if isinstance(m, (nn.Conv2d, nn.Linear)) else 0)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    x, y = images(16)
    losses = [step(model, optimizer, x, y).item() for _ in range(90)]
    assert losses[-1] < losses[0] / 2


def test_lenet_draws() -> None:
    svg = tg.draw(F.cross_entropy(lenet()(images(2)[0]), [1, 2])).svg()
    assert svg.startswith("<svg") or "<svg" in svg


def all_arrays(loss: tg.Node) -> Iterator[tuple[str, Any]]:
    """The arrays of a recorded graph, with their gradients."""
    todo: list[Any] = [loss]
    seen: set[tg.Node] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, tg.Node) and node not in seen:
            seen.add(node)
            yield node.primitive.name if node.primitive else "leaf", node.data
            todo.extend(node.inputs)
        elif isinstance(node, np.ndarray):
            yield "constant", node


def everything() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding="same"), nn.BatchNorm2d(4), nn.LeakyReLU(), nn.MaxPool2d(2), nn.PReLU(4),
        nn.LocalResponseNorm(2), nn.AvgPool2d(2), nn.ELU(), nn.Flatten(), nn.LayerNorm(196), nn.GELU(), nn.Dropout(0.2),
        nn.Linear(196, 20), nn.GELU("tanh"), nn.Softplus(2.0), nn.Linear(20, 10), nn.Tanh(), nn.Sigmoid(),
    )  # fmt: skip


LOSSES: list[Any] = [
    lambda out, y: F.cross_entropy(out, y),
    lambda out, y: F.cross_entropy(out, y, weight=np.ones(10), label_smoothing=0.1),
    lambda out, y: F.cross_entropy(out, F.one_hot(y, 10, float)),
    lambda out, y: F.focal_loss(out, y),
    lambda out, y: F.mse_loss(out, F.one_hot(y, 10, float)),
    lambda out, y: F.binary_cross_entropy(out, F.one_hot(y, 10, float)),
    lambda out, y: F.binary_cross_entropy_with_logits(out, F.one_hot(y, 10, float)),
    lambda out, y: F.kl_div(F.log_softmax(out), F.one_hot(y, 10, float)),
    lambda out, y: F.huber_loss(out, F.one_hot(y, 10, float)),
]


@pytest.mark.parametrize("loss_of", LOSSES, ids=range(len(LOSSES)))
def test_float32_stays_float32_through_a_training_step(loss_of: Any) -> None:
    model = everything()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    x, y = images(4)
    loss = loss_of(model(x), y)
    assert [name for name, array in all_arrays(loss) if array.dtype == np.float64] == []
    loss.backward(retain_grads=True)
    optimizer.step()
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    assert {x.dtype for x in model.state_dict().values()} <= {np.dtype(np.float32), np.dtype(np.int64)}
    assert not [x for state in optimizer.state_dict()["state"].values() for x in state.values()
                if getattr(x, "dtype", None) == np.float64 and np.ndim(x)]  # fmt: skip


def test_a_tied_parameter_is_stepped_once() -> None:
    encoder, decoder = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
    decoder.weight = encoder.weight
    model = nn.Sequential(encoder, decoder)
    before = encoder.weight.numpy()
    model(tg.ones((2, 3))).sum().backward()
    optim.SGD(model.parameters(), lr=0.5).step()
    np.testing.assert_allclose(encoder.weight.data, before - 0.5 * encoder.weight.grad, rtol=1e-6)
    assert decoder.weight is encoder.weight


def test_an_optimiser_made_before_the_first_call_learns_or_says_why_not() -> None:
    model = nn.Sequential(nn.Linear(None, 4), nn.ReLU(), nn.Linear(None, 10))
    x, y = tg.randn(8, 3), np.arange(8)
    try:
        optimizer = optim.SGD(model.parameters(), lr=0.1)
    except tg.TinygradError as error:
        assert "uninitialised" in str(error)  # noqa: PT017
        return
    first = step(model, optimizer, x, y).item()
    assert step(model, optimizer, x, y).item() < first


def test_a_frozen_backbone_costs_no_backward_pass() -> None:
    backbone = nn.Sequential(*(nn.Linear(8, 8) for _ in range(5))).requires_grad_(False)
    loss = nn.Linear(8, 2)(backbone(tg.randn(4, 8))).sum()
    assert [
        node.primitive.name if node.primitive else "leaf"
        for node in sorted(reachable(loss), key=creation, reverse=True)
    ] == [
        "sum",
        "linear",
        "leaf",
        "leaf",
    ]


def test_nothing_piles_up_over_the_steps_with_the_collector_off() -> None:
    model = nn.Sequential(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.1), nn.Linear(6, 10))
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    x, y = tg.randn(5, 8), np.arange(5)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            step(model, optimizer, x, y)
        before = len(gc.get_objects())
        for _ in range(300):
            step(model, optimizer, x, y)
        assert abs(len(gc.get_objects()) - before) < 30  # 300 steps without a cycle of garbage
    finally:
        gc.enable()
