"""`tg.graph.replay`: a recorded graph, forward and of gradients, computed again at other inputs, equals the engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.nn import functional as F
from tinygrad_edu.testing import Program, programs


def recorded(f: Any, *inputs: Any) -> tuple[list[Any], list[Any]]:
    """The leaves, and what is computed from them: the result, and its gradients of first and second order."""
    leaves = [tg.Value(x) if isinstance(x, float) else tg.tensor(x, requires_grad=True) for x in inputs]
    y = f(*leaves)
    found = [y]
    for _ in range(2):
        if not (isinstance(y, tg.Node) and y.requires_grad):
            break
        total = y if y.shape == () else (y * np.linspace(0.5, 1.5, math.prod(y.shape)).reshape(y.shape)).sum()
        gradients = [g for g in tg.gradients(total, leaves, create_graph=True) if g is not None]
        if not gradients:
            break
        found += gradients
        y = sum(
            (g.sum() if g.shape else g for g in gradients[1:]),
            gradients[0].sum() if gradients[0].shape else gradients[0],
        )
    return leaves, found


def assert_replays(f: Any, inputs: tuple[Any, ...], others: tuple[Any, ...]) -> None:
    with np.errstate(all="ignore"):
        leaves, found = recorded(f, *inputs)
        _, right = recorded(f, *others)
        again = tg.graph.replay(found, dict(zip(leaves, others)))
    assert len(again) == len(right)
    for ours, theirs in zip(again, right):
        np.testing.assert_allclose(ours, theirs.data if isinstance(theirs, tg.Node) else theirs, rtol=1e-6, atol=1e-9)


@given(programs(max_lines=6), st.data())
def test_random_programs_at_other_inputs(program: Program, data: st.DataObject) -> None:
    """Recorded where the program is smooth, replayed anywhere: on the other side of kinks, and at them."""
    assume(not {"partition", "interp"} & {line.name for line in program.lines})  # they keep the places that they found
    whole = st.integers(-3, 3).map(float)

    def other(x: Any) -> Any:
        if isinstance(x, float):
            return data.draw(whole | st.floats(-2, 2))
        return np.array([data.draw(whole) for _ in range(x.size)]).reshape(x.shape)

    assert_replays(program, program.inputs, tuple(map(other, program.inputs)))


X = np.array([[1.0, -2.0, 0.5], [-0.25, 3.0, -1.0]])
OTHER = np.array([[-1.0, 2.0, 0.0], [0.25, -3.0, 1.0]])

KINKS: dict[str, Any] = {
    "relu": tg.relu,
    "abs": lambda x: tg.abs(x) * x,
    "sign": lambda x: tg.sign(x) * x,
    "elu": F.elu,
    "leaky_relu": F.leaky_relu,
    "hardtanh": lambda x: F.hardtanh(x) * x,
    "relu6": lambda x: F.relu6(x * 3.0),
    "softshrink": lambda x: F.softshrink(x) ** 2,
    "softplus with a threshold": lambda x: F.softplus(x, 2.0, 0.5),
    "clip": lambda x: tg.clip(x, -0.5, 0.75) * x,
    "clip by itself": lambda x: tg.clip(x, x * 0.5, 2.0),
    "maximum": lambda x: tg.maximum(x, -x * 0.5) ** 2,
    "minimum": lambda x: tg.minimum(x * x, 1.0),
    "fmax": lambda x: tg.fmax(x, 0.25) * x,
    "power": lambda x: (x * x) ** (x * 0.0 + 1.5),
}
OF_ARRAYS: dict[str, Any] = {
    "max": lambda x: x.max(axis=1),
    "min": lambda x: (x.min(axis=0) * 2.0) ** 2,
    "norm": lambda x: tg.norm(x, 3),
    "prelu": lambda x: F.prelu(x.reshape(1, 2, 3), np.array([0.1, 0.3])),
    "max_pool": lambda x: F.max_pool1d(x.reshape(1, 2, 3), 2, 1) ** 2,
    "where": lambda x: tg.where(x > 0, x * x, -x),
    "np.where": lambda x: np.where(np.greater(x, 0.1), x * x, -x),
    "where of a difference": lambda x: tg.where(x[0] - x[1] > 0, x[0] * x[1], x[1]),
    "where with and, or, not": lambda x: tg.where((x > 0) & (x < 1.0) | ~(x >= -1.5), x * x, x),
    "a product with a mask": lambda x: x * (x > 0) + (x < -0.5) * x * x,
    "a product with numbers of a mask": lambda x: x**2 * (x > 0).astype(np.float64),
    "isnan": lambda x: tg.where(np.isnan(x / x), 1.0, x),
    "sort": lambda x: tg.sort(x, 1) * np.array([1.0, 2.0, 3.0]),
    "median": lambda x: tg.median(x, 1) ** 2,
    "cross_entropy": lambda x: F.cross_entropy(x, [0, 2]),
    "huber_loss": lambda x: F.huber_loss(x, X * 0.3, delta=0.5),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x * 2.0, X),
    "std": lambda x: tg.std(x - x[:1], axis=0),
    "norm of nothing": lambda x: tg.norm(x - np.array([[-1.0, 2.0, 0.0]]), axis=1) ** 2,
}


@pytest.mark.parametrize("name", [*KINKS, *OF_ARRAYS])
def test_on_the_other_side_of_a_kink(name: str) -> None:
    assert_replays({**KINKS, **OF_ARRAYS}[name], (X,), (OTHER,))


@pytest.mark.parametrize("name", KINKS)
def test_on_the_other_side_of_a_kink_of_a_value(name: str) -> None:
    for x, other in [(0.8, -0.7), (-0.7, 0.8), (0.3, 0.0), (-2.0, 2.0)]:
        assert_replays(KINKS[name], (x,), (other,))


def test_a_plain_graph_is_replayed_with_lists_of_numbers_among_its_attributes() -> None:
    x = tg.tensor([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0]], requires_grad=True, name="x")
    loss = tg.nn.CrossEntropyLoss()(x[[1, 0]], np.array([2, 0])) + tg.diagonal(x).sum()
    graph = tg.draw(loss, depth="all", fit=None).graph
    assert tg.graph.replay(graph, {"x": x.data}) == pytest.approx(loss.data)
