"""Activations are PyTorch's, at kinks too, and never overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.twins import DTYPES, assert_agree, same_module, torch_or_skip
from tinygrad_edu import nn
from tinygrad_edu.testing import arrays, assert_gradients

MODULES: list[tuple[str, dict[str, Any]]] = [
    ("ReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("PReLU", {}),
    ("PReLU", {"num_parameters": 3}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": -1}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("ELU", {"alpha": 1.5}),
    ("Softplus", {"beta": 2.0}),
]
each_module = pytest.mark.parametrize(
    ("name", "settings"), MODULES, ids=[f"{name} {settings or ''}" for name, settings in MODULES]
)
inputs = st.sampled_from([(2, 3), (4, 3, 2), (1, 3, 2, 2)]).flatmap(lambda shape: arrays(shape, np.float64))


@pytest.mark.torch
@DTYPES
@each_module
@given(x=inputs)
def test_values_and_gradients_are_pytorchs(name: str, settings: Any, dtype: Any, x: Any) -> None:
    torch = torch_or_skip()
    ours, theirs = getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings)
    same_module(ours, theirs, dtype)
    assert_agree(ours, theirs, x, dtype=dtype)


@pytest.mark.torch
@each_module
def test_at_zero_the_convention_is_pytorchs(name: str, settings: Any) -> None:
    torch = torch_or_skip()
    ours, theirs = getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings)
    same_module(ours, theirs, np.float64)
    assert_agree(ours, theirs, np.zeros((2, 3)), dtype=np.float64)


@each_module
def test_large_numbers_neither_overflow_nor_warn(name: str, settings: Any) -> None:
    x = tg.tensor([[-1000.0, 0.0, 1000.0]], requires_grad=True)
    out = getattr(nn, name)(**settings)(x)
    out.sum().backward()
    assert np.isfinite(out.data).all()
    assert np.isfinite(x.grad).all()


@each_module
def test_second_derivatives_are_right(name: str, settings: Any) -> None:
    module = getattr(nn, name)(**settings).double()
    assert_gradients(module, np.array([[-1.5, 0.5, 2.0], [0.25, -0.75, 1.0]]))


@pytest.mark.parametrize("function", [F.leaky_relu, F.elu, F.gelu, F.softplus])
def test_functions_of_numbers_work_on_values_and_on_plain_numbers(function: Any) -> None:
    x = tg.Value(-0.5)
    function(x).backward()
    step = 1e-6
    assert function(x).item() == pytest.approx(function(-0.5))
    assert x.grad == pytest.approx((function(-0.5 + step) - function(-0.5 - step)) / (2 * step), rel=1e-6)


def test_settings_are_in_the_repr() -> None:
    assert [repr(getattr(nn, name)(**settings)) for name, settings in MODULES[1:6]] == [
        "LeakyReLU(negative_slope=0.2)",
        "PReLU(num_parameters=1)",
        "PReLU(num_parameters=3)",
        "Sigmoid()",
        "Tanh()",
    ]


def test_wrong_settings_are_refused_in_words() -> None:
    with pytest.raises(tg.DtypeError, match="approximate is 'none' or 'tanh', not 'fast'"):
        F.gelu(tg.ones(3), "fast")
    with pytest.raises(tg.ShapeError, match=r"prelu: weight has shape \(\) or \(1,\), or \(C,\)"):
        F.prelu(tg.ones((2, 3)), tg.ones(2))
