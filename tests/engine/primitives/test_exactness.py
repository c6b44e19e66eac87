"""Functions that NumPy has not, or has slowly, are exact to the last digits of their dtype, everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F

EVERYWHERE = np.concatenate(
    [np.linspace(-7, 7, 5001), np.random.default_rng(0).normal(size=5000) * 30, 10.0 ** np.arange(-30, 2), [0.0, -0.0]]
)


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def elu(x: float) -> float:
    return x if x > 0 else math.expm1(x)


@pytest.mark.parametrize(("ours", "exact"), [(tg.erf, math.erf), (tg.softplus, softplus), (F.elu, elu)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_within_four_units_in_the_last_place(ours: Callable[..., Any], exact: Any, dtype: Any) -> None:
    x = EVERYWHERE.astype(dtype)
    out, expected = ours(x), np.array([exact(float(number)) for number in x])
    assert out.dtype == dtype
    unit = np.maximum(np.spacing(np.abs(expected).astype(dtype)), np.finfo(dtype).tiny)
    assert np.max(np.abs(out - expected) / unit) <= 4


@pytest.mark.parametrize(("ours", "ends"), [(tg.erf, [-1, 1]), (tg.softplus, [0, np.inf]), (F.elu, [-1, np.inf])])
@pytest.mark.parametrize("n", [1, 5000])
def test_infinities_have_limits_and_a_nan_stays_one(ours: Callable[..., Any], ends: Any, n: int) -> None:
    x = np.repeat([-np.inf, np.inf, np.nan], n)
    np.testing.assert_array_equal(ours(x), np.repeat([*ends, np.nan], n))


@pytest.mark.parametrize("dtype", ["float16", "int64"])
def test_erf_of_other_dtypes(dtype: str) -> None:
    out = tg.erf(np.array([-1, 0, 2], dtype))
    assert out.dtype == ("float16" if dtype == "float16" else "float32")
    np.testing.assert_allclose(out, [math.erf(-1), 0, math.erf(2)], rtol=1e-3 if dtype == "float16" else 1e-6)


def test_where_chooses_alike_in_small_and_in_large_arrays() -> None:
    x = np.array([1.0, np.nan, -0.0, np.inf, 5e-324])
    y = np.array([-np.inf, 2.0, 0.0, np.nan, 1.0])
    condition = np.array([True, False, True, True, False])
    small, large = (tg.where(*(np.tile(part, n) for part in (condition, x, y))) for n in (1, 1000))
    np.testing.assert_array_equal(np.tile(small, 1000), large)
    np.testing.assert_array_equal(np.signbit(np.tile(small, 1000)), np.signbit(large))
