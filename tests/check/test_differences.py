"""Finite differences are precise, know how precise they are, and see both sides of a kink."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.check import Estimate, numerical_jacobian

KNOWN: list[tuple[Callable[[Any], Any], float, float, float]] = [  # f, x, f'(x), the relative precision to reach
    (np.sin, 1.0, math.cos(1.0), 1e-11),
    (np.sin, 1e-8, 1.0, 1e-11),
    (np.sin, 1e8, math.cos(1e8), 1e-9),
    (np.sin, 0.0, 1.0, 1e-11),
    (np.log, 1e-8, 1e8, 1e-10),
    (np.log, 1e-200, 1e200, 1e-8),
    (np.sqrt, 1e-12, 5e5, 1e-10),
    (np.exp, 700.0, math.exp(700.0), 1e-9),
    (lambda x: x**3, 1e-8, 3e-16, 1e-11),
    (lambda x: x**3, 1e8, 3e16, 1e-11),
    (lambda x: (x + 1) ** 2, 1e-8, 2 + 2e-8, 1e-11),
    (lambda x: x + 1e8, 1.0, 1.0, 1e-8),
    (lambda x: np.sin(x) * 1e-20, 1.0, math.cos(1.0) * 1e-20, 1e-11),
    (lambda x: np.sin(50 * x), 1.0, 50 * math.cos(50.0), 1e-10),
    (lambda x: np.tanh(1e6 * x), 0.0, 1e6, 1e-4),
    (np.arcsin, 0.9999, 1 / math.sqrt(1 - 0.9999**2), 1e-9),
    (lambda x: 7.0, 3.0, 0.0, 0.0),
]


@pytest.mark.parametrize(("f", "x", "derivative", "precision"), KNOWN)
def test_known_derivatives(f: Callable[[Any], Any], x: float, derivative: float, precision: float) -> None:
    estimate = numerical_jacobian(f, x)
    off = abs(float(estimate.value) - derivative)
    assert off <= precision * abs(derivative)
    assert off <= 4 * float(estimate.error)


@pytest.mark.parametrize(("side", "derivative"), [("right", 1.0), ("left", -1.0)])
def test_sides_of_a_kink(side: str, derivative: float) -> None:
    estimate = numerical_jacobian(abs, 0.0, side=side)
    assert float(estimate.value) == derivative


def test_a_kink_is_not_taken_for_a_derivative() -> None:
    assert float(numerical_jacobian(abs, 0.0).error) >= 1.0
    assert float(numerical_jacobian(np.sign, 0.0).error) > 1.0


def test_the_border_of_a_domain_has_one_side() -> None:
    assert numerical_jacobian(np.sqrt, 0.0).error == np.inf
    left = numerical_jacobian(lambda x: np.power(1.0 - x, 2.5), 1.0, side="left")
    assert float(left.value) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("kind", [float, np.array, tg.Value, lambda x: tg.tensor(np.array(x))])
def test_a_function_gets_what_was_given(kind: Callable[[float], Any]) -> None:
    given = kind(2.0)
    seen = set()

    def f(x: Any) -> Any:
        seen.add(type(x))
        return x * x * x

    assert float(numerical_jacobian(f, given).value) == pytest.approx(12.0, rel=1e-11)
    assert seen == {type(given)}


def test_several_inputs_give_several_jacobians() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    by_x, by_y = numerical_jacobian(lambda x, y, power: (x @ y) ** power, (x, tg.tensor(y), 2))
    assert by_x.value.shape == (2, 4, 2, 3)
    assert by_y.value.shape == (2, 4, 3, 4)
    exact = tg.jacobian(lambda x, y: (x @ y) ** 2, argnums=(0, 1))(x, y)
    for estimate, jacobian in zip((by_x, by_y), exact):
        np.testing.assert_allclose(estimate.value, jacobian, rtol=1e-10, atol=1e-9)


def test_float32_is_differentiated_as_well_as_it_can_be() -> None:
    estimate = numerical_jacobian(np.sin, np.float32(1.0))
    assert float(estimate.value) == pytest.approx(math.cos(1.0), rel=1e-4)


def test_a_step_can_be_chosen() -> None:
    assert float(numerical_jacobian(lambda x: x * x, 3.0, step=0.5).value) == 6.0


def test_the_empty_array() -> None:
    estimate = numerical_jacobian(np.exp, np.zeros((0, 2)))
    assert isinstance(estimate, Estimate)
    assert estimate.value.shape == (0, 2, 0, 2)


def test_what_cannot_be_differentiated_is_refused() -> None:
    with pytest.raises(tg.DtypeError, match="none of the inputs"):
        numerical_jacobian(np.exp, 2)
    with pytest.raises(tg.DtypeError, match="2 outputs"):
        numerical_jacobian(lambda x: (x, x), 2.0)
    with pytest.raises(tg.DtypeError, match="complex"):
        numerical_jacobian(np.exp, np.array([1j]))
    x = tg.Value(2.0)
    for f, said in ((x * x, "not a Value; the gradients of a node are found by node.backward"), (3, "not int 3")):
        with pytest.raises(tg.DtypeError, match=f"^gradcheck: needs a function, {said}"):
            tg.gradcheck(f, [x])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="side='up'"):
        numerical_jacobian(np.exp, 2.0, side="up")
