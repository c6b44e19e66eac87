"""At kinks, ties, poles and infinities the conventions of the table in edge_values.py hold, here and in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.engine.primitives.edge_values import POLES, SILENT, Edge
from tinygrad_edu.engine.primitives import TABLE

every_edge = pytest.mark.parametrize("edge", [*SILENT, *POLES], ids=lambda edge: edge.says)
NOT_FAR = {"clip", "power", "where"}
"""`clip` needs borders, a negative base has no derivative by its exponent, and a condition is no number."""
ALL_NUMBERS = [edge for edge in [*SILENT, *POLES] if all(isinstance(x, float) for x in edge.inputs)]


def assert_same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-12, atol=0)


@pytest.mark.parametrize("edge", SILENT, ids=lambda edge: edge.says)
def test_the_convention_holds_without_a_warning(edge: Edge) -> None:
    inputs = [tg.tensor(np.array(x), requires_grad=True) for x in edge.inputs]
    out = edge.ours(*inputs)
    out.sum().backward()
    assert_same(out.data, edge.value)
    for x, expected in zip(inputs, edge.gradients):
        assert_same(x.grad, expected)


@pytest.mark.parametrize("edge", POLES, ids=lambda edge: edge.says)
def test_infinite_derivatives_are_what_ieee_754_makes_of_them(edge: Edge) -> None:
    with np.errstate(all="ignore"):
        test_the_convention_holds_without_a_warning(edge)


@pytest.mark.parametrize("edge", SILENT, ids=lambda edge: edge.says)
def test_the_rules_say_the_same_on_nodes(edge: Edge) -> None:
    inputs = [tg.tensor(np.array(x), requires_grad=True) for x in edge.inputs]
    for gradient, expected in zip(tg.gradients(edge.ours(*inputs).sum(), inputs, create_graph=True), edge.gradients):
        assert_same(gradient.data, expected)


@pytest.mark.parametrize("edge", ALL_NUMBERS, ids=lambda edge: edge.says)
def test_values_follow_the_same_conventions(edge: Edge) -> None:
    """Also where Python's own floats would raise; and never with a warning."""
    inputs = [tg.Value(x) for x in edge.inputs]
    out = edge.ours(*inputs)
    out.backward()
    assert_same(float(out), edge.value)
    assert_same([x.grad for x in inputs], edge.gradients)


@pytest.mark.torch
@every_edge
def test_pytorch_has_the_same_convention(edge: Edge) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    if edge.torchs is None:
        pytest.skip("PyTorch overflows or gives nan here")
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in edge.inputs]
    out = edge.torchs(torch, *inputs)
    out.sum().backward()
    assert_same(out.detach().numpy(), edge.value)
    for x, expected in zip(inputs, edge.gradients):
        assert_same(x.grad.numpy(), expected)


def test_second_derivatives_at_kinks_are_zero_rather_than_nan() -> None:
    zero = np.zeros(3)
    for f in (tg.relu, tg.abs, tg.norm, tg.std, lambda x: tg.norm(x, 1), lambda x: tg.norm(x, 3), tg.max):
        assert np.array_equal(tg.hessian(lambda x, f=f: f(x).sum())(zero), np.zeros((3, 3)))


@pytest.mark.parametrize("f", [tg.hypot, tg.arctan2])
@pytest.mark.parametrize("of", [tg.Value, lambda x: tg.tensor(x, dtype="float64", requires_grad=True)])
def test_second_derivatives_at_the_origin_are_zero_rather_than_nan(f: Any, of: Any) -> None:
    x, y = of(0.0), of(0.0)
    out = f(x, y)
    for first in tg.gradients(out, [x, y], create_graph=True):
        assert [float(second) for second in tg.gradients(first, [x, y])] == [0.0, 0.0]


def test_second_derivatives_of_a_product_with_zeros() -> None:
    assert tg.hessian(tg.prod)(np.array([2.0, 0.0, 3.0])).tolist() == [[0, 3, 0], [3, 0, 2], [0, 2, 0]]
    assert tg.hessian(tg.prod)(np.array([0.0, 0.0, 3.0])).tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]
    assert tg.hessian(tg.prod)(np.array([0.0, 0.0, 0.0])).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_the_mixed_second_derivative_of_a_power_at_exponent_0() -> None:
    """∂²(x ** y)/∂x∂y = x ** (y - 1) · (1 + y · log x), which is 1 / x at y = 0."""
    assert tg.grad(tg.grad(lambda x, y: x**y), argnums=1)(4.0, 0.0) == 0.25


def test_the_second_derivative_of_a_square_at_0() -> None:
    assert tg.grad(tg.grad(lambda x: x**2))(0.0) == 2.0
    assert tg.grad(tg.grad(lambda x: x**2.0))(0.0) == 2.0
    assert tg.grad(tg.grad(lambda x: x * x))(0.0) == 2.0


def test_zero_times_infinity_does_not_leak_through_where() -> None:
    """The branch not taken gets exactly 0; what it was made from is kept safe by a `where` of its own."""
    x = tg.tensor([0.0, 4.0], requires_grad=True)
    safe = tg.where(x > 0, x, 1.0)
    tg.where(x > 0, tg.sqrt(safe), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]


def test_the_second_derivatives_of_sinc_and_of_a_tiny_norm() -> None:
    assert tg.grad(tg.grad(tg.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3)
    far = tg.tensor(np.array([1e10, -1e19, 1e300]), requires_grad=True)
    (slope,) = tg.gradients(tg.sinc(far).sum(), [far], create_graph=True)
    np.testing.assert_allclose(tg.gradients(slope.sum(), [far])[0], -(np.pi**2) * np.sinc(far.data), atol=1e-9)
    x = np.full(2, 1e-160)
    np.testing.assert_allclose(tg.hessian(tg.norm)(x) * 1e-160, np.array([[1, -1], [-1, 1]]) / 2**1.5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted({name for name, row in TABLE.items() if row.elementwise} - NOT_FAR))
def test_far_out_no_derivative_is_nan(name: str, dtype: Any) -> None:
    """Up to the largest number, first and second derivatives overflow and underflow, but hide no 0 · inf."""
    row, largest = TABLE[name], float(np.finfo(dtype).max)
    far = np.array([sign * x for x in (1e5, 1e10, largest**0.6, largest) for sign in (1, -1)], dtype)
    far = far[(far > row.domain[0]) & (far < row.domain[1])]
    inputs = [tg.tensor(x.ravel(), requires_grad=True) for x in np.meshgrid(*[far] * row.arity)]
    with np.errstate(all="ignore"):
        out = row(*inputs)
        slopes = [slope for slope in tg.gradients(out.sum(), inputs, create_graph=True) if slope is not None]
        bends = [tg.gradients(slope.sum(), inputs) for slope in slopes if slope.requires_grad]
    for derivative in [*(slope.data for slope in slopes), *(bend for row in bends for bend in row)]:
        assert derivative is None or not np.isnan(derivative[np.isfinite(out.data)]).any()


def test_a_number_far_out_underflows_without_an_error() -> None:
    """Under np.errstate(all="raise"), with which one looks for the place where a nan came from."""
    x = tg.tensor([[0.0, -800.0, 3.0], [-800.0, 0.3, 800.0]], requires_grad=True)
    with np.errstate(all="raise"):
        for f in (tg.sigmoid, tg.softplus, tg.softmax, tg.erf, tg.tanh, tg.norm, tg.nn.functional.elu,
                  tg.nn.functional.log_softmax, lambda x: tg.logsumexp(x, axis=1), lambda x: tg.logaddexp(x, -x),
                  lambda x: tg.nn.functional.cross_entropy(x, [0, 1]) * 1e-3):  # fmt: skip
            (f(x) * 0.7).sum().backward()
            tg.gradients((f(x) * 0.7).sum(), [x], create_graph=True)


@pytest.mark.parametrize("f", [tg.sum, tg.mean, tg.prod, tg.max, tg.min, tg.logsumexp, tg.cumsum, tg.cumprod])
@pytest.mark.parametrize("axis", [0, -1])
def test_a_single_number_has_an_axis_0_as_in_numpy(f: Any, axis: int) -> None:
    x = tg.tensor(2.0, requires_grad=True)
    f(x, axis=axis).sum().backward()
    assert float(x.grad) == 1.0
