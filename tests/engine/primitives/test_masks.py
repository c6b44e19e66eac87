"""What passes a kink is chosen exactly, in arrays of any size and layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives.kernels import kept

X = np.random.default_rng(0).normal(size=(90, 100))
ODD = np.array([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-310])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.filterwarnings("ignore:invalid value")  # longdouble multiplies
def test_what_is_kept_is_untouched_and_the_rest_is_zero(dtype: Any) -> None:
    numbers = np.resize(ODD[2:4] if dtype is np.longdouble else ODD, X.shape).astype(dtype)
    keep = X > 0
    for k, x in ((keep, numbers), (keep.T, numbers.T), (keep[::-1, ::2], numbers[::-1, ::2])):
        expected = np.where(k, x, dtype(0))
        np.testing.assert_array_equal(kept(k, x), expected)
        out = np.empty((*x.shape, 2), dtype)[..., 0]
        kept(k, x, out=out)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("upstream", [1.0, np.inf, np.nan])
def test_a_large_relu_stops_gradients_that_are_no_numbers(upstream: float) -> None:
    x = tg.tensor(X, requires_grad=True)
    tg.relu(x).backward(np.full(X.shape, upstream))
    np.testing.assert_array_equal(x.grad, np.where(X > 0, upstream, 0.0))


def test_a_sigmoid_is_exact_far_out() -> None:
    x = np.linspace(-300.0, 300.0, 41)
    with np.errstate(over="raise"):
        np.testing.assert_allclose(tg.sigmoid(x), [1 / (1 + np.exp(-float(t))) for t in x], rtol=1e-15)
        assert tg.sigmoid(np.array([-200.0, 200.0], np.float32)).tolist() == [0.0, 1.0]
