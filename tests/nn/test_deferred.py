"""A size left open is learned at the first call; until then parameters say that they are uninitialised."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn

OPEN: list[tuple[Any, tuple[int, ...], str]] = [
    (lambda: nn.Linear(None, 2), (5, 3), "in_features"),
    (lambda: nn.Linear(None, 2, bias=False), (4, 5, 3), "in_features"),
    (lambda: nn.PReLU(None), (5, 3), "num_parameters"),
    (lambda: nn.Conv1d(None, 4, 3), (2, 3, 5), "in_channels"),
    (lambda: nn.Conv2d(None, 4, 3, groups=2), (2, 6, 5, 4), "in_channels"),
    (lambda: nn.Conv3d(None, 4, 2), (2, 3, 5, 4, 3), "in_channels"),
    (lambda: nn.ConvTranspose2d(None, 4, 3), (2, 3, 5, 4), "in_channels"),
    (lambda: nn.BatchNorm1d(None), (5, 3), "num_features"),
    (lambda: nn.BatchNorm2d(None), (2, 3, 5, 4), "num_features"),
    (lambda: nn.LayerNorm(None), (5, 3), "normalized_shape"),
    (lambda: nn.LayerNorm(None), (2, 5, 3), "normalized_shape"),
    (lambda: nn.RNNCell(None, 4), (5, 3), "input_size"),
    (lambda: nn.LSTMCell(None, 4), (5, 3), "input_size"),
    (lambda: nn.GRUCell(None, 4), (5, 3), "input_size"),
    (lambda: nn.RNN(None, 4), (6, 5, 3), "input_size"),
    (lambda: nn.LSTM(None, 4, num_layers=2, bidirectional=True), (6, 5, 3), "input_size"),
    (lambda: nn.GRU(None, 4, batch_first=True), (5, 6, 3), "input_size"),
]
each_layer = pytest.mark.parametrize(("make", "shape", "size"), OPEN, ids=[repr(make()) for make, _, _ in OPEN])


def first(out: Any) -> Any:
    return out[0] if isinstance(out, tuple) else out


@each_layer
def test_the_first_call_settles_the_size(make: Any, shape: Any, size: str) -> None:
    layer = make()
    assert getattr(layer, size) is None
    assert all(isinstance(p, nn.Uninitialized) for p in layer.parameters())
    before = list(layer.parameters())
    out = first(layer(tg.randn(*shape)))
    assert getattr(layer, size) in shape
    assert all(p is q and type(p) is tg.Tensor for p, q in zip(before, layer.parameters()))
    out.sum().backward()
    assert all(p.grad.shape == p.shape for p in layer.parameters())


@each_layer
def test_a_seed_gives_the_numbers_of_a_layer_whose_size_was_given(make: Any, shape: Any, size: str) -> None:
    tg.manual_seed(3)
    layer = make()
    layer(tg.zeros(shape))
    tg.manual_seed(3)
    twin = make()
    setattr(twin, size, getattr(layer, size))
    twin.build()
    assert all((p == q).all() for p, q in zip(layer.parameters(), twin.parameters()))


def test_it_prints_as_uninitialised() -> None:
    layer = nn.Linear(None, 10)
    assert repr(layer) == "Linear(in_features=None, out_features=10, bias=True)"
    assert repr(layer.weight) == "uninitialized(10, ?)"
    assert repr(layer.bias) == "uninitialized(10,)"


USES = [
    lambda w: w + 1.0,
    lambda w: 2.0 * w,
    lambda w: w @ tg.ones((3, 2)),
    lambda w: w.exp(),
    lambda w: w.sum(),
    lambda w: w.shape,
    lambda w: w.data,
    lambda w: w.numpy(),
    lambda w: w[0],
    lambda w: nn.init.zeros_(w),
    lambda w: float(w),
    lambda w: w.backward(),
]


@pytest.mark.parametrize("use", USES)
def test_to_compute_with_it_is_a_clear_error(use: Any) -> None:
    net = nn.Sequential(nn.Linear(None, 10))
    with pytest.raises(tg.ModuleError, match=r"weight of Linear\(.*\) is uninitialised: its shape \(10, \?\)"):
        use(net[0].weight)
    with pytest.raises(tg.ModuleError, match="uninitialised"):
        net.state_dict()


def test_a_state_dict_settles_the_size() -> None:
    source, layer = nn.Linear(3, 2), nn.Linear(None, 2)
    layer.load_state_dict(source.state_dict())
    x = tg.randn(5, 3)
    assert (layer(x) == source(x)).all()
    assert layer.in_features == 3


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (
            {"weight": np.ones((4, 3)), "bias": np.ones(2)},
            r"weight has shape \(2, \?\) in the module and \(4, 3\) in the state",
        ),
        ({"weight": np.ones((2, 3))}, "bias is missing"),
        ({"weight": np.ones((2, 3))}, "bias is uninitialised and missing, while its layer is loaded"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused(state: Any, says: str) -> None:
    layer = nn.Linear(None, 2)
    with pytest.raises(tg.ModuleError, match=says):
        layer.load_state_dict(state)
    assert isinstance(layer.weight, nn.Uninitialized)


def test_an_input_that_does_not_fit_loaded_weights_is_refused() -> None:
    layer = nn.Linear(None, 2)
    layer.load_state_dict(nn.Linear(3, 2).state_dict())
    with pytest.raises(tg.ShapeError, match=r"the loaded weight \(2, 3\) does not fit an input of shape \(5, 4\)"):
        layer(tg.ones((5, 4)))
    assert layer(tg.ones((5, 3))).shape == (5, 2)


def test_an_input_without_the_axis_is_refused() -> None:
    with pytest.raises(tg.ShapeError, match=r"an input of shape \(3,\) has no axis 1, which gives num_parameters"):
        nn.PReLU(None)(tg.ones(3))
    with pytest.raises(tg.ShapeError, match="has no axis -1, which gives in_features"):
        nn.Linear(None, 2)(tg.tensor(1.0))


def test_modules_can_be_copied_frozen_and_converted_before_the_first_call() -> None:
    net = nn.Sequential(nn.Linear(None, 3), nn.ReLU(), nn.Linear(None, 2)).double().requires_grad_(False)
    twin = copy.deepcopy(net)
    out = twin(np.ones((5, 4)))
    assert out.dtype == np.float64
    assert not out.requires_grad
    assert isinstance(net[0].weight, nn.Uninitialized)
    assert twin[2].weight.shape == (2, 3)


def test_the_first_input_may_be_given_by_name() -> None:
    layer = nn.Linear(None, 2)
    assert layer(x=tg.ones((5, 3))).shape == (5, 2)


def test_an_own_layer_may_leave_sizes_open() -> None:
    class Scale(nn.Module):
        open_sizes = {"features": -1}  # noqa: RUF012

        def __init__(self, features: int | None) -> None:
            self.features = features
            self.factor = nn.Parameter()
            self.build()

        def shapes(self) -> dict[str, Any]:
            return {"factor": (self.features,)}

        def reset_parameters(self) -> None:
            nn.init.ones_(self.factor)

        def forward(self, x: Any) -> Any:
            return x * self.factor

    assert Scale(None)(tg.full((5, 3), 2.0)).sum().item() == 30.0
    assert Scale(4).factor.shape == (4,)
