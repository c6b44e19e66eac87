"""NumPy's function of the same name works on Tensors and Values, and records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.numpy_protocol import INSTEAD
from tinygrad_edu.engine.primitives.primitive import BY_NUMPY
from tinygrad_edu.testing import assert_gradients
from tinygrad_edu.testing._table import CASES

A = np.array([[0.2, -0.7, 0.5], [0.9, 0.4, -0.3]])
B = np.array([[1.5, 0.6, -1.1], [-0.8, 2.1, 0.7]])

NO_GRADIENT = {np.argmax, np.argmin}

OWN_CALLS: dict[Any, tuple[Any, ...]] = {
    np.clip: (lambda x: np.clip(x, -0.5, 0.45), A),
    np.nan_to_num: (lambda x: np.nan_to_num(x, nan=7.0), A),
    np.mean: (lambda x: np.mean(x, 1, np.float64, keepdims=True, where=A > 0), A),
    np.average: (lambda x, w: np.average(x, 0, w), A, abs(B[:, 0])),
    np.gradient: (lambda x: np.gradient(x, 0.5, axis=1), A),
    np.linalg.norm: (lambda x: np.linalg.norm(x, axis=1), A),
    np.dot: (lambda x, y: np.dot(x, y.T), A, B),
    np.einsum: (lambda x, y: np.einsum("ij,kj->ik", x, y), A, B),
    np.ravel: (lambda x: np.ravel(x), A),
    np.astype: (lambda x: np.astype(x, np.float64), A),
    np.concatenate: (lambda x, y: np.concatenate([x, y], axis=1), A, B),
    np.stack: (lambda x, y: np.stack([x, y], axis=1), A, B),
    np.split: (lambda x: np.split(x, 3, axis=1)[1], A),
}
"""Calls of functions that take other arguments in NumPy than in the table."""

CASES_OF = {
    function: replace(case, function=function)
    for function, row in BY_NUMPY.items()
    for case in CASES.values()
    if (case.function in (row, function) or case.name == row.__name__.strip("_")) and function not in OWN_CALLS
}
"""For every other function of NumPy the case of its row, which calls this function instead."""


def name(function: Any) -> str:
    return str(function.__self__ if function.__name__ == "reduce" else function.__name__)


def calls(function: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Calls of a function: of what, and the numbers that it is called with."""
    if function in OWN_CALLS:
        return st.just(OWN_CALLS[function])
    drawn = CASES_OF[function].calls()
    return drawn.map(lambda call: (call.of_variables, *(call.operands[slot] for slot in call.variables)))


every_function = pytest.mark.parametrize("function", [*CASES_OF, *OWN_CALLS], ids=name)


@every_function
@settings(max_examples=10)
@given(data=st.data())
def test_it_gives_what_it_gives_on_arrays(function: Any, data: st.DataObject) -> None:
    f, *inputs = data.draw(calls(function))
    found = f(*(tg.tensor(x, requires_grad=True) for x in inputs))
    assert isinstance(found, tg.Tensor)
    assert found.requires_grad
    assert found.shape == np.shape(f(*inputs))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.data, f(*inputs), rtol=1e-14)


@every_function
@settings(max_examples=10)
@given(data=st.data())
def test_its_derivatives_are_right(function: Any, data: st.DataObject) -> None:
    f, *inputs = data.draw(calls(function))
    assert_gradients(f, *inputs)


def test_every_numpy_function_of_the_table_is_tried_here() -> None:
    assert set(BY_NUMPY) - NO_GRADIENT == set(CASES_OF) | set(OWN_CALLS)


def test_no_hint_is_left_for_a_function_that_has_a_row() -> None:
    assert not {function.__name__ for function in BY_NUMPY} & set(INSTEAD)


def test_arrays_and_tensors_meet_on_either_side() -> None:
    x = tg.tensor([1.0, 2.0], dtype=float, requires_grad=True)
    y = np.array([3.0, 4.0]) * x + np.array([1.0, 1.0])
    z = np.array([[1.0, 1.0]]) @ y
    assert isinstance(z, tg.Tensor)
    z.backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_numpy_numbers_and_values_meet_on_either_side() -> None:
    v = tg.Value(2.0)
    y = np.float64(3.0) * v + np.float32(1.0)
    assert isinstance(y, tg.Value)
    y.backward()
    assert v.grad == 3.0


def test_an_array_and_a_value_make_a_tensor() -> None:
    v = tg.Value(2.0)
    y = np.array([1.0, 2.0]) * v
    assert isinstance(y, tg.Tensor)
    y.sum().backward()
    assert v.grad == 3.0
    assert type(v.grad) is float


def test_numpy_functions_on_a_value_give_a_value() -> None:
    v: Any = tg.Value(0.5)
    y = np.exp(np.sin(v)) + np.maximum(v, 0.1)
    assert isinstance(y, tg.Value)
    y.backward()
    assert v.grad == pytest.approx(np.exp(np.sin(0.5)) * np.cos(0.5) + 1)


def test_functions_of_many_numbers_take_a_value_as_an_array_of_one() -> None:
    for f in (np.sum, np.mean, np.prod, np.max, np.min, tg.logsumexp, tg.norm):
        v: Any = tg.Value(2.5)
        y = f(v)
        assert y.shape == ()
        y.backward()
        assert (type(v.grad), v.grad) == (float, pytest.approx(1.0))


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x > 0, lambda x: x == 0.2, lambda x: np.argmax(x, axis=1), lambda x: np.logical_and(x > 0, x < 1),
        lambda x: np.allclose(x, x), np.isnan, np.isfinite, np.argsort, np.any, np.zeros_like, np.shape, np.size,
        np.count_nonzero,
    ],
)  # fmt: skip
def test_answers_about_numbers_are_plain(ask: Callable[[Any], Any]) -> None:
    answer = ask(tg.tensor(A, requires_grad=True))
    assert not isinstance(answer, tg.Node)
    assert np.array_equal(answer, ask(A))


@pytest.mark.parametrize(
    "call",
    [
        np.fft.fft, np.linalg.inv, np.add.accumulate, np.nanmax,
        lambda x: np.add.at(x, 0, 1.0), lambda x: np.exp(x, out=np.empty(A.shape)),
        lambda x: np.sum(x, out=np.empty(())), lambda x: np.exp(x, where=A > 0), lambda x: np.sort(x, order="f"),
    ],
)  # fmt: skip
def test_what_has_no_gradient_is_refused_rather_than_computed_without_one(call: Callable[[Any], Any]) -> None:
    with pytest.raises(tg.TinygradError, match=r"np\.\w+"):
        call(tg.tensor(A, requires_grad=True))
