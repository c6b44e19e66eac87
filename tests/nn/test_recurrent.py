"""Recurrent layers and cells: PyTorch's parameters, values and gradients, in every configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.engine.gradients import gradients
from tinygrad_edu.testing import assert_gradients

LAYERS = ["RNN", "LSTM", "GRU"]


def library() -> Any:
    return pytest.importorskip("torch", reason="compared with PyTorch: pip install torch")


def twins(name: str, *sizes: int, dtype: str = "float64", **options: Any) -> tuple[Any, Any]:
    """A layer of ours and one of PyTorch's with the same weights."""
    torch = library()
    theirs = getattr(torch.nn, name)(*sizes, **options, dtype=getattr(torch, dtype))
    ours = getattr(nn, name)(*sizes, **options)
    ours = ours.double() if dtype == "float64" else ours
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours, theirs


def flat(results: Any) -> list[Any]:
    """The tensors in nested tuples."""
    return [y for part in results for y in flat(part)] if isinstance(results, tuple) else [results]


def agree(ours: Any, theirs: Any, inputs: list[np.ndarray], call: Any, tolerance: float) -> None:
    """The same results, and the same gradients of a weighted sum of all of them."""
    torch = library()
    mine = [tg.tensor(x, requires_grad=True) for x in inputs]
    others = [torch.tensor(x, requires_grad=True) for x in inputs]
    results, answers = flat(call(ours, *mine)), flat(call(theirs, *others))
    assert len(results) == len(answers)
    losses: list[Any] = [0.0, 0.0]
    for k, (y, answer) in enumerate(zip(results, answers)):
        np.testing.assert_allclose(y.data, answer.detach().numpy(), rtol=tolerance, atol=tolerance)
        weights = np.cos(np.arange(y.size) + k).astype(y.dtype).reshape(y.shape)
        losses = [losses[0] + (y * weights).sum(), losses[1] + (answer * torch.tensor(weights)).sum()]
    losses[0].backward()
    losses[1].backward()
    pairs = [*zip(mine, others), *zip(ours.parameters(), theirs.parameters())]
    for x, other in pairs:
        scale = max(1.0, float(other.grad.abs().max()))
        np.testing.assert_allclose(x.grad, other.grad.numpy(), rtol=tolerance, atol=tolerance * scale)


@settings(max_examples=25)
@given(
    name=st.sampled_from(LAYERS),
    sizes=st.tuples(*[st.integers(1, 4)] * 4),
    layers=st.integers(1, 3),
    options=st.fixed_dictionaries(
        {"bias": st.booleans(), "batch_first": st.booleans(), "bidirectional": st.booleans()}
    ),
    first=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_a_layer_is_pytorchs(
    name: str, sizes: tuple[int, int, int, int], layers: int, options: dict[str, bool], first: bool, dtype: str
) -> None:
    t, n, i, h = sizes
    ours, theirs = twins(name, i, h, dtype=dtype, num_layers=layers, **options)
    rng = np.random.default_rng(0)
    shapes = [(n, t, i) if options["batch_first"] else (t, n, i)]
    if first:
        shapes += [(layers * (1 + options["bidirectional"]), n, h)] * (2 if name == "LSTM" else 1)
    inputs = [rng.normal(size=shape).astype(dtype) for shape in shapes]

    def call(layer: Any, x: Any, *states: Any) -> Any:
        return layer(x, states if name == "LSTM" else states[0]) if states else layer(x)

    agree(ours, theirs, inputs, call, 1e-9 if dtype == "float64" else 2e-5)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_projected_lstm_is_pytorchs(bias: bool, bidirectional: bool) -> None:
    options: dict[str, Any] = {"num_layers": 2, "proj_size": 2, "bias": bias, "bidirectional": bidirectional}
    ours, theirs = twins("LSTM", 3, 5, **options)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    rng = np.random.default_rng(0)
    n = 2 * (1 + bidirectional)
    inputs = [rng.normal(size=shape) for shape in ((4, 3, 3), (n, 3, 2), (n, 3, 5))]
    agree(ours, theirs, inputs, lambda layer, x, *states: layer(x, states), 1e-9)


@pytest.mark.parametrize("name", [f"{layer}Cell" for layer in LAYERS])
@pytest.mark.parametrize("options", [{}, {"bias": False}])
def test_a_cell_is_pytorchs_along_a_sequence(name: str, options: dict[str, Any]) -> None:
    ours, theirs = twins(name, 3, 5, **options)

    def call(cell: Any, x: Any) -> Any:
        state = None
        for step in range(4):
            state = cell(x[step], state)
        return state

    agree(ours, theirs, [np.random.default_rng(0).normal(size=(4, 2, 3))], call, 1e-9)


def test_relu_instead_of_tanh() -> None:
    x = np.random.default_rng(0).normal(size=(4, 2, 3))
    agree(*twins("RNN", 3, 5, nonlinearity="relu"), [x], lambda layer, x: layer(x), 1e-9)
    agree(*twins("RNNCell", 3, 5, nonlinearity="relu"), [x[0]], lambda cell, x: cell(x), 1e-9)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_its_cell_are_the_same_function(name: str) -> None:
    layer, cell = getattr(nn, name)(3, 5).double(), getattr(nn, f"{name}Cell")(3, 5).double()
    cell.load_state_dict({key.removesuffix("_l0"): array for key, array in layer.state_dict().items()})
    x = tg.randn(4, 2, 3, seed=0, dtype="float64")
    state = None
    for step in x:
        state = cell(step, state)
    for last, own in zip(flat(layer(x)[1]), flat(state)):
        np.testing.assert_allclose(last[0].data, own.data, rtol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_first_and_second_derivatives_of_two_layers_in_both_directions(name: str) -> None:
    layer = getattr(nn, name)(2, 3, num_layers=2, bidirectional=True).double()
    x = np.random.default_rng(0).normal(size=(3, 2, 2))
    assert_gradients(lambda x: layer(x)[0], x)


def test_an_open_input_size_is_learned_at_the_first_call() -> None:
    layer: Any = nn.LSTM(None, 5, num_layers=2, bidirectional=True)
    assert repr(layer.weight_ih_l0) == "uninitialized(20, ?)"
    layer(tg.randn(4, 2, 3, seed=0))
    assert layer.weight_ih_l0.shape == (20, 3)
    assert layer.weight_ih_l1_reverse.shape == (20, 10)
    assert nn.GRUCell(None, 5)(tg.randn(2, 3, seed=0)).shape == (2, 5)


def test_dropout_falls_between_the_layers_in_training_only() -> None:
    layer = nn.GRU(3, 5, num_layers=2, dropout=0.5)
    x = tg.randn(4, 2, 3, seed=0)
    tg.manual_seed(1)
    first, second = layer(x)[0], layer(x)[0]
    assert not np.array_equal(first.data, second.data)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].data, layer(x)[0].data)


def test_weights_begin_within_the_square_root_of_the_size() -> None:
    layer = nn.RNN(3, 16, num_layers=2)
    for parameter in layer.parameters():
        assert 0 < np.abs(parameter.data).max() <= 1 / 4
    assert repr(layer) == "RNN(3, 16, num_layers=2)"
    assert repr(nn.LSTMCell(3, 4, bias=False)) == "LSTMCell(3, 4, bias=False)"


def test_a_recurrent_network_learns() -> None:
    """Which of two numbers came first: remembered over six steps."""
    tg.manual_seed(0)
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 32)
    x = tg.tensor(np.concatenate([targets[None, :, None], np.zeros((6, 32, 1))]).astype("float32"))
    layer, output = nn.GRU(1, 8), nn.Linear(8, 2)
    optimizer = tg.optim.Adam([*layer.parameters(), *output.parameters()], lr=0.03)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(output(layer(x)[0][-1]), targets)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.RNN(3, 5)(tg.ones((2, 3, 1, 1))), tg.ShapeError,
         r"the input is a batch .* \(T, N, I\), or one \(T, I\); not \(2, 3, 1, 1\)"),
        (lambda: nn.GRU(3, 5, batch_first=True)(tg.ones(3)), tg.ShapeError, r"or one \(T, I\); not \(3,\)"),
        (lambda: nn.RNN(3, 5)(tg.ones((4, 2, 7))), tg.ShapeError, "has 7 features .* and input_size is 3"),
        (lambda: nn.RNN(3, 5)(tg.ones((0, 2, 3))), tg.ShapeError, "at least one step"),
        (lambda: nn.RNN(3, 5)(tg.ones((4, 2, 3)), tg.ones((2, 5))), tg.ShapeError, r"= \(1, 2, 5\), not \(2, 5\)"),
        (lambda: nn.LSTM(3, 5)(tg.ones((4, 2, 3)), tg.ones((1, 2, 5))), tg.ShapeError, "the states are a pair"),
        (lambda: nn.GRUCell(3, 5)(tg.ones((2, 3)), tg.ones((3, 5))), tg.ShapeError, r"a state has shape \(2, 5\)"),
        (lambda: nn.GRU(0, 5), tg.OutOfRangeError, "input_size is a whole number from 1 on, not 0"),
        (lambda: nn.LSTM(3, 0), tg.OutOfRangeError, "hidden_size is a whole number from 1 on, not 0"),
        (lambda: nn.LSTM(3, 0, proj_size=1), tg.OutOfRangeError, "hidden_size is a whole number from 1 on, not 0"),
        (lambda: nn.GRU(3, 5, num_layers=0), tg.OutOfRangeError, "num_layers is a whole number from 1 on"),
        (lambda: nn.GRU(3, 5, dropout=2), tg.OutOfRangeError, "dropout is a probability"),
        (lambda: nn.RNN(3, 5, nonlinearity="sine"), tg.DtypeError, "nonlinearity is 'tanh' or 'relu', not 'sine'"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("make", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_sequence_may_come_without_the_axis_of_the_batch(make: Any, batch_first: bool) -> None:
    layer = make(3, 4, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    axis = 0 if batch_first else 1
    out, last = layer(np.expand_dims(x, axis))
    alone, end = layer(x)
    np.testing.assert_array_equal(alone.data, out.data.squeeze(axis))
    for ours, theirs in zip(end if make is nn.LSTM else [end], last if make is nn.LSTM else [last]):
        np.testing.assert_array_equal(ours.data, theirs.data[:, 0])
    again, _ = layer(x, end)
    np.testing.assert_array_equal(again.data, layer(np.expand_dims(x, axis), last)[0].data.squeeze(axis))


def test_a_projected_lstm_hands_on_fewer_features_than_it_remembers() -> None:
    """h' = W_hr (o · tanh(c')), by hand; Sak et al., arXiv:1402.1128, eq. 5 and 6."""
    layer = nn.LSTM(2, 3, proj_size=1).double()
    x, h, c = np.random.default_rng(0).normal(size=(4, 2)), np.zeros(1), np.zeros(3)
    w_ih, w_hh, b_ih, b_hh, w_hr = (p.numpy() for p in layer.parameters())
    for step in x:
        i, f, g, o = np.split(w_ih @ step + b_ih + w_hh @ h + b_hh, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = w_hr @ (np.tanh(c) / (1 + np.exp(-o)))
    output, (h_n, c_n) = layer(tg.tensor(x))
    assert output.shape == (4, 1)
    assert np.allclose(h_n.data[0], h)
    assert np.allclose(c_n.data[0], c)
    for size in (3, -1):
        with pytest.raises(tg.OutOfRangeError, match="proj_size is less than hidden_size=3"):
            nn.LSTM(2, 3, proj_size=size)


# Sequences of different lengths in one batch.

lengths_in_a_batch = st.lists(st.integers(1, 4), min_size=1, max_size=3)
ways_to_read = st.fixed_dictionaries(
    {"batch_first": st.booleans(), "bidirectional": st.booleans(), "num_layers": st.integers(1, 2)}
)


@settings(max_examples=25)
@given(name=st.sampled_from([*LAYERS, "projected"]), lengths=lengths_in_a_batch, options=ways_to_read)
def test_a_padded_sequence_is_read_as_if_it_were_alone(name: str, lengths: list[int], options: dict[str, Any]) -> None:
    """Its output, its final states and all gradients; nothing of the padding gets through, not even a nan."""
    projected = {"proj_size": 1} if name == "projected" else {}
    layer = getattr(nn, "LSTM" if projected else name)(2, 3, **options, **projected).double()
    rng, first = np.random.default_rng(0), options["batch_first"]
    alone = [tg.tensor(rng.normal(size=(length, 2)), requires_grad=True) for length in lengths]
    batch = nn.pad_sequence([x.data for x in alone], batch_first=first, padding_value=np.nan)
    together = tg.tensor(batch, requires_grad=True)

    output, ends = layer(together, lengths=lengths)
    found = [(layer(x), y) for x, y in zip(alone, nn.unpad_sequence(output, lengths, batch_first=first))]
    for i, ((its_own, its_ends), y) in enumerate(found):
        np.testing.assert_allclose(y.data, its_own.data, rtol=1e-12, atol=1e-12)
        for end, its_end in zip(flat((ends,)), flat((its_ends,))):
            np.testing.assert_allclose(end.data[:, i], its_end.data, rtol=1e-12, atol=1e-12)
    outside = nn.padding_mask(lengths) if first else nn.padding_mask(lengths).T
    assert not output.data[outside].any()

    def loss(results: Any) -> Any:
        return sum((tg.sin(y) * y).sum() for y in flat(results))

    of_batch = gradients(loss((output, ends)), [together, *layer.parameters()])
    of_each = gradients(sum(loss(results) for results, _ in found), [*alone, *layer.parameters()])
    assert not of_batch[0][outside].any()
    for g, wanted in zip(nn.unpad_sequence(of_batch[0], lengths, batch_first=first), of_each):
        np.testing.assert_allclose(g, wanted, rtol=1e-10, atol=1e-12)
    for g, wanted in zip(of_batch[1:], of_each[len(lengths) :], strict=True):
        np.testing.assert_allclose(g, wanted, rtol=1e-10, atol=1e-12)


@settings(max_examples=15)
@given(name=st.sampled_from(LAYERS), lengths=lengths_in_a_batch, options=ways_to_read)
def test_lengths_are_pytorchs_packed_sequences(name: str, lengths: list[int], options: dict[str, Any]) -> None:
    ours, theirs = twins(name, 2, 3, **options)
    rnn, first = library().nn.utils.rnn, options["batch_first"]

    def packed(x: Any) -> Any:
        output, ends = theirs(rnn.pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=False))
        return rnn.pad_packed_sequence(output, batch_first=first)[0], ends

    shape = (len(lengths), max(lengths), 2) if first else (max(lengths), len(lengths), 2)
    x = np.random.default_rng(0).normal(size=shape)
    agree(ours, theirs, [x], lambda layer, x: layer(x, lengths=lengths) if layer is ours else packed(x), 1e-9)


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        ([1], "1 lengths for 2 sequences"),
        ([0, 2], "from 1 to 5, not 0"),
        ([6, 1], "from 1 to 5, not 6"),
        ([1.5, 2.0], "whole numbers"),
        (3, "whole numbers"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=f"^GRU: .*{says}"):
        nn.GRU(3, 4)(tg.zeros((5, 2, 3)), lengths=lengths)
