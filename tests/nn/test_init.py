"""Initialisers: distributions as in PyTorch, seeded, in place."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.nn.twins import torch_or_skip
from tinygrad_edu import nn

SHAPE = (60, 20, 3, 2)  # fan_in 120, fan_out 360

# name, settings, the standard deviation that it is to have, the largest number (None: unbounded)
DISTRIBUTIONS: list[tuple[str, dict[str, Any], float, float | None]] = [
    ("uniform_", {"a": -3.0, "b": 3.0}, 3 / math.sqrt(3), 3.0),
    ("normal_", {"std": 0.5}, 0.5, None),
    ("xavier_uniform_", {"gain": 2.0}, 2 * math.sqrt(2 / 480), 2 * math.sqrt(6 / 480)),
    ("xavier_normal_", {}, math.sqrt(2 / 480), None),
    ("kaiming_uniform_", {"nonlinearity": "relu"}, math.sqrt(2 / 120), math.sqrt(6 / 120)),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, math.sqrt(1 / 360), math.sqrt(1 / 120)),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "tanh"}, 5 / 3 / math.sqrt(360), None),
]
each_distribution = pytest.mark.parametrize(("name", "settings", "std", "bound"), DISTRIBUTIONS)


@each_distribution
def test_the_numbers_have_the_spread_of_the_formula(name: str, settings: Any, std: float, bound: Any) -> None:
    w = getattr(nn.init, name)(tg.zeros(SHAPE), seed=0, **settings)
    assert w.dtype == np.float32
    assert abs(w.data.mean()) < std / 20
    assert w.data.std() == pytest.approx(std, rel=0.05)
    assert bound is None or 0.99 * bound < abs(w.data).max() <= bound


@pytest.mark.torch
@each_distribution
def test_the_spread_is_pytorchs(name: str, settings: Any, std: float, bound: Any) -> None:
    torch = torch_or_skip()
    theirs = getattr(torch.nn.init, name)(torch.zeros(SHAPE), **settings)
    assert float(theirs.std()) == pytest.approx(std, rel=0.05)


@each_distribution
def test_the_same_seed_gives_the_same_numbers(name: str, settings: Any, std: float, bound: Any) -> None:
    function = getattr(nn.init, name)
    assert (function(tg.zeros(SHAPE), seed=4, **settings) == function(tg.zeros(SHAPE), seed=4, **settings)).all()
    tg.manual_seed(4)
    drawn = function(tg.zeros(SHAPE), **settings)
    assert (drawn == function(tg.zeros(SHAPE), seed=np.random.default_rng(4), **settings)).all()


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (2, 3, 4)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    w = nn.init.orthogonal_(tg.zeros(shape, dtype="float64"), gain=2.0, seed=0).data.reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_constants() -> None:
    assert (nn.init.constant_(tg.zeros((2, 3)), 0.5) == 0.5).all()
    assert (nn.init.ones_(tg.zeros((2, 3))) == 1).all()
    assert (nn.init.zeros_(tg.ones((2, 3))) == 0).all()


def test_a_users_own_function_is_applied_to_every_layer() -> None:
    def own(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, nn.init.calculate_gain("tanh"))
            nn.init.zeros_(module.bias)

    net = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.Linear(3, 2))).apply(own)
    assert (net[0].bias == 0).all()
    assert (net[1][0].bias == 0).all()


def test_initialising_after_use_does_not_falsify_gradients() -> None:
    w = tg.ones((2, 3), requires_grad=True)
    loss = (w * w).sum()
    nn.init.zeros_(w)
    with pytest.raises(tg.InPlaceError):
        loss.backward()


@pytest.mark.torch
def test_gains_are_pytorchs() -> None:
    torch = torch_or_skip()
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: nn.init.xavier_normal_(tg.zeros(3)), r"needs a weight of shape \(out, in, ...\), not \(3,\)"),
        (lambda: nn.init.orthogonal_(tg.zeros(3)), "needs a matrix at least"),
        (lambda: nn.init.kaiming_normal_(tg.zeros((2, 3)), mode="fan"), "mode is 'fan_in' or 'fan_out', not 'fan'"),
        (
            lambda: nn.init.kaiming_normal_(tg.zeros((2, 3)), nonlinearity="rulu"),
            "nonlinearity is .* or 'leaky_relu', not 'rulu'",
        ),
        (lambda: nn.init.bilinear_(tg.zeros((3, 2, 4, 4))), r"not \(3, 2, 4, 4\)"),
        (lambda: nn.init.bilinear_(tg.zeros((3, 3))), r"bilinear_: .* not \(3, 3\)"),
        (lambda: nn.init.normal_(tg.zeros(3), std=-1.0), "std is 0 or larger, not -1.0"),
        (lambda: nn.init.uniform_(tg.zeros(3), 2.0, 1.0), "a is at most b, and not a=2.0, b=1.0"),
        (lambda: nn.init.constant_(tg.zeros(3), cast(Any, "1")), "constant_: val is a number, not str '1'"),
    ],
)
def test_wrong_settings_are_refused_in_words(call: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call()


def test_a_truncated_normal_is_drawn_again_outside_its_ends() -> None:
    """Of the normal distribution between ±2 the standard deviation is √(1 - 4·φ(2) / (2·Φ(2) - 1)) = 0.8796."""
    w = nn.init.trunc_normal_(tg.zeros((300, 200), dtype="float64"), seed=0).data
    assert (abs(w).max() <= 2, w.std()) == (True, pytest.approx(0.8796, abs=0.01))
    shifted = nn.init.trunc_normal_(tg.zeros((300, 200)), 1.0, 0.5, 0.0, 1.5, seed=0).data
    assert shifted.min() >= 0
    assert shifted.max() <= 1.5
    with pytest.raises(tg.OutOfRangeError, match="hardly any number"):
        nn.init.trunc_normal_(tg.zeros(2), a=50.0, b=51.0)


def test_the_unit_matrix_may_be_wide() -> None:
    assert nn.init.eye_(tg.ones((2, 3))).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(tg.ShapeError, match="a matrix has two axes"):
        nn.init.eye_(tg.ones(3))


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("stride", [2, 3, 4])
def test_a_transposed_convolution_that_begins_bilinear_interpolates(stride: int, grouped: bool) -> None:
    kernel, padding = 2 * stride - stride % 2, stride // 2
    layer = nn.ConvTranspose2d(3, 3, kernel, stride, padding, groups=3 if grouped else 1, bias=False).double()
    nn.init.bilinear_(layer.weight)
    images = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    larger = nn.functional.interpolate(images, scale_factor=stride, mode="bilinear")
    inside = (..., slice(stride, -stride), slice(stride, -stride))  # at the rim zeros take part
    np.testing.assert_allclose(layer(images).data[inside], larger[inside], atol=1e-12)
