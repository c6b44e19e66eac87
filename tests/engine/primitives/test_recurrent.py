"""Recurrent rows: PyTorch's numbers and gradients, of any order."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine import blas
from tinygrad_edu.engine.primitives import recurrent
from tinygrad_edu.engine.primitives.recurrent import gru, lstm, rnn
from tinygrad_edu.testing import assert_gradients
from tinygrad_edu.testing._table import CASES

GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def operands(name: str, sizes: tuple[int, int, int, int], dtype: str = "float64") -> list[tg.Tensor]:
    """x, the weights, the biases and the initial states, in the row's order."""
    t, n, i, h = sizes
    rows = GATES[name] * h
    shapes = [(t, n, i), (rows, i), (rows, h), (rows,), (rows,), (n, h), *([(n, h)] if name == "lstm" else [])]
    return [tg.randn(*shape, seed=k, dtype=dtype, requires_grad=True) for k, shape in enumerate(shapes)]


def run(name: str, x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, *states: Any, **settings: Any) -> Any:
    if name == "lstm":
        return lstm(x, states, w_ih, w_hh, b_ih, b_hh)
    return (rnn if name == "rnn" else gru)(x, states[0], w_ih, w_hh, b_ih, b_hh, **settings)


@given(
    name=st.sampled_from(["rnn", "lstm", "gru"]),
    sizes=st.tuples(*[st.integers(1, 5)] * 4),
    nonlinearity=st.sampled_from(["tanh", "relu"]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_values_and_gradients_are_pytorchs(
    name: str, sizes: tuple[int, int, int, int], nonlinearity: str, dtype: str
) -> None:
    torch = pytest.importorskip("torch", reason="compared with PyTorch: pip install torch")
    ours = operands(name, sizes, dtype)
    settings = {"nonlinearity": nonlinearity} if name == "rnn" else {}
    out = run(name, *ours, **settings)

    x, *weights = (torch.tensor(v.numpy(), requires_grad=True) for v in ours)
    layer = getattr(torch.nn, name.upper())(sizes[2], sizes[3], dtype=x.dtype, **settings)
    names = [f"{part}_l0" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    states = tuple(h[None] for h in weights[4:])
    args = (x, states if name == "lstm" else states[0])
    expected, last = torch.func.functional_call(layer, dict(zip(names, weights)), args)

    states_after = [out[:, 0], out[:, 1]] if name == "lstm" else [out]
    answers = [expected, last[1][0]] if name == "lstm" else [expected]
    tolerance = 1e-9 if dtype == "float64" else 2e-5
    np.testing.assert_allclose(states_after[0].data, expected.detach().numpy(), rtol=tolerance, atol=tolerance)
    if name == "lstm":
        states_after[1] = states_after[1][-1]

    def weighted(results: Any) -> Any:
        return sum((y * np.cos(np.arange(y.size)).astype(dtype).reshape(y.shape)).sum() for y in results)

    weighted(states_after).backward()
    sum(
        (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).to(y.dtype).reshape(y.shape)).sum()
        for y in answers
    ).backward()
    for mine, other in zip(ours, [x, *weights]):
        assert mine.grad.dtype == dtype
        scale = max(1.0, float(other.grad.abs().max()))
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", ["rnn", "lstm"])
@pytest.mark.parametrize("steps", [1, 4, 5])
def test_a_long_sequence_is_computed_in_blocks_and_strips(
    name: str, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"nonlinearity": "tanh"} if name == "rnn" else {}
    found = []
    for smaller in (False, True):
        if smaller:
            monkeypatch.setattr(recurrent, "BLOCK", 2 * 3 * GATES[name] * 32 * 8)  # two steps
            monkeypatch.setattr(blas, "UNPACKED", 3000)
        ours = operands(name, (steps, 3, 2, 32))
        out = run(name, *ours, **settings)
        found.append([out.data, *tg.gradients(out, ours, np.cos(np.arange(out.size)).reshape(out.shape))])
    for one, other in zip(*found):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", GATES)
def test_derivatives_to_the_third_order(name: str) -> None:
    call = CASES[name].function
    settings = {"nonlinearity": "tanh"} if name == "rnn" else {}
    assert_gradients(lambda *v: call(*v, **settings), *(v.numpy() for v in operands(name, (3, 2, 1, 2))), order=3)


def test_the_first_and_second_derivatives_of_a_relu_network() -> None:
    arrays = [v.numpy() for v in operands("rnn", (4, 3, 2, 5))]
    assert_gradients(lambda *v: run("rnn", *v, nonlinearity="relu"), *arrays)


def test_operands_made_from_each_other_get_each_their_own_share() -> None:
    """On nodes, the gradient goes through other rows; it must end at the operands, and not pass through them twice."""
    x, w = tg.randn(3, 2, 2, seed=0, dtype="float64", requires_grad=True), tg.randn(2, 2, seed=1, dtype="float64")
    h = x[0] * 2.0
    loss = rnn(x, h, w, w + x[1]).sum()
    (on_arrays,) = tg.gradients(loss, [x])
    (on_nodes,) = tg.gradients(loss, [x], create_graph=True)
    np.testing.assert_allclose(on_nodes.data, on_arrays, rtol=1e-12)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_weight_changed_after_its_use_is_refused(create_graph: bool) -> None:
    ours = operands("gru", (3, 2, 4, 5))
    loss = run("gru", *ours).sum()
    with tg.no_grad():
        ours[2] *= 0.5
    with pytest.raises(tg.InPlaceError, match="was changed in place"):
        loss.backward(create_graph=create_graph)


def test_without_biases_they_are_zero() -> None:
    x, w_ih, w_hh, b_ih, _, h = operands("gru", (3, 2, 4, 5))
    out = gru(x, h, w_ih, w_hh)
    np.testing.assert_array_equal(out.data, gru(x, h, w_ih, w_hh, b_ih.data * 0, b_ih.data * 0).data)


@pytest.mark.parametrize(
    ("x", "h", "w_ih", "w_hh", "words"),
    [
        ((2, 3), (2, 4), (4, 3), (4, 4), r"rnn: the input is a sequence \(T, N, I\) of at least one step, not"),
        ((0, 2, 3), (2, 4), (4, 3), (4, 4), "at least one step"),
        ((5, 2, 3), (2, 4), (4, 6), (4, 4), r"with I = 3 features the weights are of shapes \(1·H, 3\)"),
        ((5, 2, 3), (2, 4), (4, 3), (8, 4), r"not \(4, 3\) and \(8, 4\)"),
        ((5, 2, 3), (3, 4), (4, 3), (4, 4), r"an initial state is of shape \(N, H\) = \(2, 4\), not \[\(3, 4\)\]"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_go_together_are_named(x: Any, h: Any, w_ih: Any, w_hh: Any, words: str) -> None:
    with pytest.raises(tg.ShapeError, match=words):
        rnn(np.ones(x), np.ones(h), np.ones(w_ih), np.ones(w_hh))


def test_a_wrong_bias_and_an_unknown_nonlinearity_are_refused() -> None:
    x, w_ih, w_hh, b_ih, b_hh, h = operands("rnn", (3, 2, 4, 5))
    with pytest.raises(tg.ShapeError, match=r"a bias is of shape \(5,\)"):
        rnn(x, h, w_ih, w_hh, b_ih[1:], b_hh)
    with pytest.raises(tg.DtypeError, match="'tanh' or 'relu', not 'sine'"):
        rnn(x, h, w_ih, w_hh, nonlinearity="sine")


def test_a_copy_of_an_lstm_which_has_lost_its_gates_computes_them_again() -> None:
    rng = np.random.default_rng(0)
    x, h, c = (tg.tensor(rng.normal(size=s), requires_grad=True) for s in ((5, 2, 3), (2, 4), (2, 4)))
    w_ih, w_hh = (tg.tensor(rng.normal(size=s), requires_grad=True) for s in ((16, 3), (16, 4)))
    out = lstm(x, (h, c), w_ih, w_hh)
    again = copy.copy(out)
    assert again.data.base is not out.data.base
    upstream = rng.normal(size=out.shape)
    inputs = [x, h, c, w_ih, w_hh]
    for one, other in zip(tg.gradients(out, inputs, upstream), tg.gradients(again, inputs, upstream)):
        np.testing.assert_allclose(one, other, rtol=1e-12)
