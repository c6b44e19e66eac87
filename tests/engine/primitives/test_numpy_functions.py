"""NumPy's function of the same name works on Tensors and Values, and records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives.primitive import BY_NUMPY
from tinygrad_edu.testing import assert_gradients

A = np.array([[0.2, -0.7, 0.5], [0.9, 0.4, -0.3]])
B = np.array([[1.5, 0.6, -1.1], [-0.8, 2.1, 0.7]])
P = np.abs(A)

CALLS: dict[Any, tuple[Any, ...]] = {
    np.add: (lambda x, y: np.add(x, y), A, B),
    np.subtract: (lambda x, y: np.subtract(x, y), A, B),
    np.multiply: (lambda x, y: np.multiply(x, y), A, B),
    np.divide: (lambda x, y: np.divide(x, y), A, B),
    np.negative: (lambda x: np.negative(x), A),
    np.positive: (lambda x: np.positive(x), A),
    np.power: (lambda x, y: np.power(x, y), P, B),
    np.float_power: (lambda x, y: np.float_power(x, y), P, B),
    np.exp: (lambda x: np.exp(x), A),
    np.expm1: (lambda x: np.expm1(x), A),
    np.log: (lambda x: np.log(x), P),
    np.log1p: (lambda x: np.log1p(x), A),
    np.sqrt: (lambda x: np.sqrt(x), P),
    np.square: (lambda x: np.square(x), A),
    np.sin: (lambda x: np.sin(x), A),
    np.cos: (lambda x: np.cos(x), A),
    np.tan: (lambda x: np.tan(x), A),
    np.arcsin: (lambda x: np.arcsin(x), A),
    np.arccos: (lambda x: np.arccos(x), A),
    np.arctan: (lambda x: np.arctan(x), A),
    np.sinh: (lambda x: np.sinh(x), A),
    np.cosh: (lambda x: np.cosh(x), A),
    np.tanh: (lambda x: np.tanh(x), A),
    np.abs: (lambda x: np.abs(x), A),
    np.fabs: (lambda x: np.fabs(x), A),
    np.sign: (lambda x: np.sign(x), A),
    np.maximum: (lambda x, y: np.maximum(x, y), A, B),
    np.minimum: (lambda x, y: np.minimum(x, y), A, B),
    np.where: (lambda x, y: np.where(A > 0, x, y), A, B),
    np.clip: (lambda x: np.clip(x, -0.5, 0.45), A),
    np.sum: (lambda x: np.sum(x, axis=1, keepdims=True), A),
    np.mean: (lambda x: np.mean(x, axis=(0, 1)), A),
    np.prod: (lambda x: np.prod(x, axis=-1), A),
    np.max: (lambda x: np.max(x, axis=0), A),
    np.amax: (lambda x: np.amax(x), A),
    np.min: (lambda x: np.min(x, axis=0, keepdims=True), A),
    np.amin: (lambda x: np.amin(x), A),
    np.var: (lambda x: np.var(x, axis=1, ddof=1), A),
    np.std: (lambda x: np.std(x, axis=-1), A),
    np.cumsum: (lambda x: np.cumsum(x, axis=1), A),
    np.linalg.norm: (lambda x: np.linalg.norm(x, axis=1), A),
    np.matmul: (lambda x, y: np.matmul(x, y.T), A, B),
    np.dot: (lambda x, y: np.dot(x, y.T), A, B),
    np.outer: (lambda x, y: np.outer(x, y), A, B),
    np.einsum: (lambda x, y: np.einsum("ij,kj->ik", x, y), A, B),
    np.diag: (lambda x: np.diag(x, 1), A),
    np.trace: (lambda x: np.trace(x), A),
    np.tril: (lambda x: np.tril(x), A),
    np.triu: (lambda x: np.triu(x, k=1), A),
    np.transpose: (lambda x: np.transpose(x), A),
    np.permute_dims: (lambda x: np.permute_dims(x, (1, 0)), A),
    np.swapaxes: (lambda x: np.swapaxes(x, 0, 1), A),
    np.moveaxis: (lambda x: np.moveaxis(x, 0, -1), A),
    np.reshape: (lambda x: np.reshape(x, (3, 2)), A),
    np.ravel: (lambda x: np.ravel(x), A),
    np.expand_dims: (lambda x: np.expand_dims(x, 1), A),
    np.squeeze: (lambda x: np.squeeze(x[:1]), A),
    np.broadcast_to: (lambda x: np.broadcast_to(x, (2, 2, 3)), A),
    np.flip: (lambda x: np.flip(x, axis=1), A),
    np.roll: (lambda x: np.roll(x, 1, axis=1), A),
    np.tile: (lambda x: np.tile(x, (2, 1)), A),
    np.repeat: (lambda x: np.repeat(x, 2, axis=0), A),
    np.pad: (lambda x: np.pad(x, 1, mode="edge"), A),
    np.astype: (lambda x: np.astype(x, np.float64), A),
    np.concatenate: (lambda x, y: np.concatenate([x, y], axis=1), A, B),
    np.stack: (lambda x, y: np.stack([x, y], axis=1), A, B),
    np.split: (lambda x: np.split(x, 3, axis=1)[1], A),
    np.take_along_axis: (lambda x: np.take_along_axis(x, np.array([[2], [2]]), axis=1), A),
}
UFUNC_METHODS: dict[Any, tuple[Any, ...]] = {
    np.add.reduce: (lambda x: np.add.reduce(x, axis=1), A),
    np.multiply.reduce: (lambda x: np.multiply.reduce(x), A),
    np.maximum.reduce: (lambda x: np.maximum.reduce(x, axis=-1, keepdims=True), A),
    np.minimum.reduce: (lambda x: np.minimum.reduce(x, axis=None), A),
}


def name(function: Any) -> str:
    return str(function.__name__)


every_function = pytest.mark.parametrize(
    "call",
    [*CALLS.values(), *UFUNC_METHODS.values()],
    ids=[*map(name, CALLS), *(f"{f.__self__}" for f in UFUNC_METHODS)],
)


@every_function
def test_it_gives_what_it_gives_on_arrays(call: tuple[Any, ...]) -> None:
    f, *inputs = call
    found = f(*(tg.tensor(x, requires_grad=True) for x in inputs))
    assert isinstance(found, tg.Tensor)
    assert found.requires_grad
    assert found.shape == np.shape(f(*inputs))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.data, f(*inputs), rtol=1e-14)


@every_function
def test_its_derivatives_are_right(call: tuple[Any, ...]) -> None:
    f, *inputs = call
    assert_gradients(f, *inputs)


def test_every_numpy_function_of_the_table_is_tried_here() -> None:
    without_gradient = {np.argmax, np.argmin}
    missing = set(BY_NUMPY) - set(CALLS) - without_gradient
    assert not {f for f in missing if not isinstance(getattr(f, "__self__", None), np.ufunc)}


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
        np.sort, np.fft.fft, np.linalg.inv, np.add.accumulate, np.nanmax, np.floor,
        lambda x: np.add.at(x, 0, 1.0), lambda x: np.exp(x, out=np.empty(A.shape)),
        lambda x: np.sum(x, out=np.empty(())), lambda x: np.sum(x, where=A > 0), lambda x: np.sum(x, initial=3.0),
    ],
)  # fmt: skip
def test_what_has_no_gradient_is_refused_rather_than_computed_without_one(call: Callable[[Any], Any]) -> None:
    with pytest.raises(tg.TinygradError, match=r"np\.\w+"):
        call(tg.tensor(A, requires_grad=True))
