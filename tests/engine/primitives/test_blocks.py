"""Kernels that go through large arrays in blocks: the blocks change no number, wherever they begin and end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import channel_statistics, kernels, row_statistics, windows
from tinygrad_edu.nn import functional as F

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda x: x,
    "images last": lambda x: x.transpose(1, 2, 0).copy().transpose(2, 0, 1),
    "every second": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: x[::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


def numbers(*shape: int, dtype: Any = np.float64) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_and_its_derivative_in_blocks(
    layout: str, dtype: Any, approximate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = LAYOUTS[layout](numbers(5, 3, 7, dtype=dtype))

    def value_and_slope() -> Any:
        given = tg.tensor(np.zeros(x.shape, dtype), requires_grad=True)
        given._number = x  # as it lies in memory
        out = F.gelu(given, approximate)
        return out.data, tg.gradients(out, [given], np.ones(x.shape, dtype))[0]

    whole = value_and_slope()
    monkeypatch.setattr(kernels, "BLOCK", 64)
    for one, other in zip(whole, value_and_slope()):
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_erf_of_float32_is_its_float64_to_three_units_in_the_last_place() -> None:
    x = np.concatenate([np.linspace(-6, 6, 40_001), [1e-30, 1e20, -1e20, np.inf]]).astype(np.float32)
    exact = np.array([math.erf(number) for number in x.tolist()])
    assert np.max(np.abs(tg.erf(x) - exact) / np.spacing(np.abs(exact).astype(np.float32))) <= 3


@pytest.mark.parametrize("function", [tg.erf, F.gelu])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_numbers(function: Callable[..., Any], dtype: Any) -> None:
    for one in (dtype(0.5), np.array(0.5, dtype), tg.tensor(np.array(0.5, dtype)).data):
        found = function(one)
        assert found.shape == ()
        assert found.dtype == dtype
        np.testing.assert_allclose(found, function(np.array([0.5], dtype))[0], rtol=1e-6)


@pytest.mark.parametrize("module", [channel_statistics, row_statistics])
@pytest.mark.parametrize("learned", [0, 1, 2])
@pytest.mark.parametrize("shape", [(4, 6), (5, 6, 3), (2, 6, 4, 6)])
def test_normalisation_in_blocks(
    module: Any, learned: int, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, g = numbers(*shape), np.cos(np.arange(math.prod(shape))).reshape(shape)
    affine = [numbers(shape[1 if module is channel_statistics else -1]) + i for i in range(learned)]

    def every() -> Any:
        return [module.normalized(x, affine, 1e-3), *module.pulled_back(range(1 + learned), g, x, affine, 1e-3)]

    whole = every()
    monkeypatch.setattr(windows if module is channel_statistics else module, "CACHE", 8 * shape[-1] * 2)
    for one, other in zip(whole, every(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_batch_norm_takes_the_moments_of_its_batch_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x, moments = numbers(4, 3, 5), Mock(wraps=channel_statistics.moments)
    monkeypatch.setattr(channel_statistics, "moments", moments)
    out = F.batch_norm(tg.tensor(x), None, None, training=True).data
    assert moments.call_count == 1
    np.testing.assert_array_equal(channel_statistics.normalized(x, [], 1e-5), out)
    assert moments.call_count == 2


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pooling_a_channel_at_a_time(pool: Callable[..., Any], stride: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = tg.tensor(numbers(2, 3, 7, 6), requires_grad=True)

    def every() -> Any:
        out = pool(x, 2, stride, 1)
        (gradient,) = tg.gradients((out * out).sum(), [x])
        return out.data, gradient

    whole = every()
    monkeypatch.setattr(windows, "CACHE", 1)
    for one, other in zip(whole, every(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("module", [channel_statistics, row_statistics])
def test_normalisation_is_its_definition(module: Any) -> None:
    x, weight, bias = numbers(4, 6, 5, 6), numbers(6), numbers(6) * 2
    by_channel = module is channel_statistics
    axis, shape = ((0, 2, 3), (6, 1, 1)) if by_channel else ((3,), (6,))
    standard = (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 0.1)
    expected = standard * weight.reshape(shape) + bias.reshape(shape)
    np.testing.assert_allclose(module.normalized(x, [weight, bias], 0.1), expected, rtol=1e-12, atol=1e-12)
