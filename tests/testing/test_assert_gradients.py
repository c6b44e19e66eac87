"""`assert_gradients` accepts what is right and names what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.engine.primitives.primitive import Primitive
from tinygrad_edu.testing import assert_gradients

X = np.array([[0.5, -1.2, 2.0], [1.1, 0.3, -0.7]])
W = np.array([[1.0, 2.0], [-0.5, 0.7], [0.2, -1.5]])


def test_it_accepts_functions_of_all_kinds_of_inputs() -> None:
    assert_gradients(lambda x: x**3, 2.0, order=4)
    assert_gradients(lambda x: x**3, tg.Value(2.0))
    assert_gradients(lambda x, w: (x @ w).tanh(), X, tg.tensor(W), order=3)
    assert_gradients(lambda v, x: [v * x, tg.exp(v), x.sum()], 0.3, X)
    assert_gradients(lambda x: x[1:1], X)
    assert_gradients(lambda x: np.ones(3), X)
    assert_gradients(lambda x: x.sum(), np.zeros((0, 3)))


def with_rule(*rules: Any) -> Primitive:
    """x · y with other rules for its gradients; not in the table."""
    row = Primitive("wrong", lambda x, y: x * y, rules, elementwise=True)
    del TABLE["wrong"]
    return row


def right_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    return g * y


def right_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    return g * x


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g, out, x, y: -g * y,
        lambda g, out, x, y: 2.0 * g * y,
        lambda g, out, x, y: g * x,
        lambda g, out, x, y: g * out,
        lambda g, out, x, y: g,
        lambda g, out, x, y: y,
        lambda g, out, x, y: y * 1.0 + g * 0.0,
        lambda g, out, x, y: g * 0.0,
        lambda g, out, x, y: None,
        lambda g, out, x, y: g * y * (1 + 1e-4),
        lambda g, out, x, y: tg.flip(g * y, 0),
        lambda g, out, x, y: (g * y) + g.sum() * 0.01,
        lambda g, out, x, y: g * tg.where(x == 0.5, 0.0, 1.0) * y,
    ],
)
def test_a_wrong_rule_is_found(wrong: Any) -> None:
    with pytest.raises(tg.GradientError, match=r"derivative 1 by input 0, at \[\d, \d\]: the engine has .*differences"):
        assert_gradients(with_rule(wrong, right_y), X, X.T.reshape(2, 3) + 0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g, out, x, y: g * (y.data if isinstance(y, tg.Node) else y),
        lambda g, out, x, y: g.detach() * y if hasattr(g, "detach") else g * y,
    ],
)
def test_a_rule_that_is_right_once_only_is_found(wrong: Any) -> None:
    row = with_rule(wrong, right_y)
    assert_gradients(row, X, X + 1.0, order=1)
    with pytest.raises(tg.GradientError, match="derivative 2 by"):
        assert_gradients(lambda x, y: row(row(x, y), y), X, X + 1.0)


def test_the_right_rule_is_not_accused() -> None:
    assert_gradients(with_rule(right_x, right_y), X, X + 1.0, order=3)


def test_it_names_the_worst_entry() -> None:
    def f(x: Any) -> Any:
        slightly = np.array([[1e-3, 0, 0], [0, 0, 5.0]])
        return x**2 + x.detach() * slightly

    with pytest.raises(tg.GradientError, match=r"derivative 1 by input 0, at \[1, 2\]"):
        assert_gradients(f, X)


def test_float32_is_refused() -> None:
    with pytest.raises(tg.DtypeError, match=r"float64.*astype"):
        assert_gradients(lambda x: x, X.astype("float32"))


def test_an_error_of_the_function_is_its_own() -> None:
    with pytest.raises(tg.ShapeError, match="matmul"):
        assert_gradients(lambda x, w: x @ w, X, X)
