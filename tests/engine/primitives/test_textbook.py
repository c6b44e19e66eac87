"""The numbers that textbooks and other engines print."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine import gradients
from tinygrad_edu.engine.primitives.linear_algebra import dot_product


def test_the_worked_example() -> None:
    x, y, w = tg.Value(2.0), tg.Value(3.0), tg.Value(4.0)
    z = (x + y) * w
    z.backward()
    assert (z.data, x.grad, y.grad, w.grad) == (20.0, 4.0, 4.0, 5.0)


def test_the_gradient_of_2xx_is_4x() -> None:
    x = tg.arange(4, requires_grad=True)
    y = 2 * tg.dot(x, x)
    y.backward()
    assert y.item() == 28.0
    assert np.array_equal(x.grad, 4 * x.data)


def test_a_gradient_accumulates_until_it_is_forgotten() -> None:
    x = tg.arange(4, requires_grad=True)
    (2 * tg.dot(x, x)).backward()
    x.sum().backward()
    assert np.array_equal(x.grad, 4 * x.data + 1)
    x.zero_grad()
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_detach_makes_a_constant() -> None:
    x = tg.arange(4, requires_grad=True)
    y = x * x
    (y.detach() * x).sum().backward()
    assert np.array_equal(x.grad, y.data)


def test_gradients_follow_pythons_control_flow() -> None:
    def f(a: Any) -> Any:
        b = a * 2
        while np.linalg.norm(b.data) < 1000:
            b = b * 2
        return b if b > 0 else 100 * b

    for number in (0.3, -0.7):
        a = tg.Value(number)
        d = f(a)
        d.backward()
        assert a.grad == d.data / a.data


def test_softmax() -> None:
    found = tg.softmax(tg.tensor([2.0, 1.0, 0.1]))
    assert np.array_equal(found.data.round(2), np.array([0.66, 0.24, 0.10], dtype=np.float32))


def test_the_gradient_of_cross_entropy_is_softmax_minus_target() -> None:
    o = tg.tensor(np.array([[2.0, 1.0, 0.1], [0.5, -1.0, 3.0]]), requires_grad=True)
    y = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    (tg.logsumexp(o, axis=1) - (o * y).sum(axis=1)).sum().backward()
    np.testing.assert_allclose(o.grad, tg.softmax(o.data) - y, rtol=1e-12, atol=1e-15)
    assert o.grad[0].round(2).tolist() == [-0.34, 0.24, 0.10]


def test_norms_of_3_4() -> None:
    x = tg.tensor([3.0, -4.0], requires_grad=True)
    assert [tg.norm(x, ord).item() for ord in (1, 2, math.inf)] == [7.0, 5.0, 4.0]
    assert tg.norm(x.reshape(1, 2), "fro").item() == 5.0
    tg.norm(x).backward()
    assert x.grad.tolist() == pytest.approx([0.6, -0.8])
    assert tg.norm(tg.ones((4, 9))).item() == 6.0


def test_a_column_and_a_row_broadcast() -> None:
    a = tg.tensor([[0.0], [1.0], [2.0]], requires_grad=True)
    b = tg.tensor([[0.0, 1.0]], requires_grad=True)
    c = a + b
    assert c.tolist() == [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
    c.sum().backward()
    assert a.grad.tolist() == [[2.0], [2.0], [2.0]]
    assert b.grad.tolist() == [[3.0, 3.0]]


def test_sums_of_rows_and_columns() -> None:
    x = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    assert x.sum(axis=0).tolist() == [5.0, 7.0, 9.0]
    assert x.sum(axis=1).tolist() == [6.0, 15.0]
    assert x.sum(axis=0, keepdims=True).shape == (1, 3)
    x.sum(axis=1).backward(np.array([10.0, 20.0]))
    assert x.grad.tolist() == [[10.0, 10.0, 10.0], [20.0, 20.0, 20.0]]


def test_the_sum_of_an_axis_is_not_transposed_on_a_square() -> None:
    x = tg.zeros((2, 2), requires_grad=True)
    x.sum(axis=1).backward(np.array([10.0, 20.0]))
    assert x.grad.tolist() == [[10.0, 10.0], [20.0, 20.0]]


def test_the_sigmoid_of_a_small_network_by_hand() -> None:
    """1 / (1 + exp(-(w0·x0 + w1·x1 + w2))) at the numbers of Stanford's CS231n notes."""
    w0, x0, w1, x1, w2 = map(tg.Value, (2.0, -1.0, -3.0, -2.0, -3.0))
    f = 1 / (1 + tg.exp(-(w0 * x0 + w1 * x1 + w2)))
    f.backward()
    assert round(f.data, 2) == 0.73
    assert [round(v.grad, 2) for v in (w0, x0, w1, x1, w2)] == [-0.20, 0.39, -0.39, -0.59, 0.20]


# The two expressions that micrograd publishes as its tests.


def micrograds_first(x: Any, relu: Any) -> Any:
    z = 2 * x + 2 + x
    q = relu(z) + z * x
    h = relu(z * z)
    return h + q + q * x


def micrograds_second(a: Any, b: Any, relu: Any) -> Any:
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + relu(b + a)
    d = d + 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def as_node(kind: str, number: float) -> Any:
    return tg.Value(number) if kind == "Value" else tg.tensor(number, dtype=float, requires_grad=True)


@pytest.mark.parametrize("kind", ["Value", "Tensor"])
def test_micrograds_first_expression(kind: str) -> None:
    x = as_node(kind, -4.0)
    y = micrograds_first(x, tg.relu)
    y.backward()
    assert (y.item(), float(x.grad)) == (-20.0, 46.0)  # PyTorch's numbers


@pytest.mark.parametrize("kind", ["Value", "Tensor"])
def test_micrograds_second_expression(kind: str) -> None:
    a, b = as_node(kind, -4.0), as_node(kind, 2.0)
    g = micrograds_second(a, b, tg.relu)
    g.backward()
    assert g.item() == pytest.approx(24.70408163265306, rel=1e-14)  # PyTorch's numbers
    assert float(a.grad) == pytest.approx(138.83381924198252, rel=1e-14)
    assert float(b.grad) == pytest.approx(645.5772594752186, rel=1e-14)


@pytest.mark.torch
def test_pytorch_gives_these_numbers() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    x, a, b = (torch.tensor([n], dtype=torch.float64, requires_grad=True) for n in (-4.0, -4.0, 2.0))
    y, g = micrograds_first(x, torch.relu), micrograds_second(a, b, torch.relu)
    (y + g).backward()
    assert (y.item(), x.grad.item()) == (-20.0, 46.0)
    assert (g.item(), a.grad.item(), b.grad.item()) == pytest.approx(
        (24.70408163265306, 138.83381924198252, 645.5772594752186), rel=1e-14
    )


# What peers get wrong.


@pytest.mark.parametrize("kind", ["Value", "Tensor"])
def test_a_second_backward_adds_once_more(kind: str) -> None:
    """108 after one pass, 216 after two; never 324, which counts stale adjoints of the nodes between."""
    x = as_node(kind, 3.0)
    y = x * x
    z = y * y
    z.backward()
    assert float(x.grad) == 108.0
    z.backward()
    assert float(x.grad) == 216.0


@pytest.mark.parametrize("kind", ["Value", "Tensor"])
def test_the_second_derivative_of_2x_is_0(kind: str) -> None:
    x = as_node(kind, 3.0)
    (first,) = tg.gradients(2 * x, [x], create_graph=True)
    assert float(first) == 2.0
    assert tg.grad(tg.grad(lambda x: 2 * x))(3.0) == 0.0
    assert tg.hessian(lambda x: (2 * x).sum())(np.ones(2)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_neuron_is_one_node() -> None:
    w: list[Any] = [tg.Value(2.0), tg.Value(-1.0)]
    x: list[Any] = [3.0, tg.Value(4.0)]
    b = tg.Value(0.5)
    y = tg.dot(w, x, bias=b)
    assert y.inputs == (*w, *x, b)
    y.backward()
    assert (float(y), [v.grad for v in w], x[1].grad, b.grad) == (2.5, [3.0, 4.0], -1.0, 1.0)


OPERANDS: list[Callable[[], Any]] = [
    lambda: tg.Value(2.0), lambda: tg.Value(3.0, requires_grad=False), lambda: 0.5, lambda: 3, lambda: True,
    lambda: np.float64(1.5), lambda: Fraction(1, 3), lambda: tg.tensor(2.0), lambda: None,
]  # fmt: skip


@pytest.mark.parametrize("make", OPERANDS[:-1])
def test_a_neuron_of_whatever_numbers_is_recorded_as_its_row_records_it(make: Any) -> None:
    for others in itertools.product(OPERANDS[:-1], OPERANDS[:-1], OPERANDS):
        x, (y, z, bias) = make(), (other() for other in others)
        neuron = tg.dot([x, y], [z, z], bias)
        by_row = dot_product(x, y, z, z, *([] if bias is None else [bias]))
        assert repr(neuron) == repr(by_row)
        if isinstance(by_row, tg.Node):
            assert list(map(type, neuron.inputs)) == list(map(type, by_row.inputs))
            assert (neuron.requires_grad, neuron.attrs) == (by_row.requires_grad, by_row.attrs)


def test_x_times_x_has_two_edges() -> None:
    x = tg.Value(3.0)
    y = x * x
    assert y.inputs == (x, x)
    assert [(step.slot, step.contribution) for step in gradients.contributions(y)] == [(0, 3.0), (1, 3.0)]


def test_a_difference_is_one_node_and_keeps_its_order() -> None:
    x, y = tg.Value(5.0), tg.Value(3.0)
    d = x - y
    assert (d.primitive, d.inputs) == (tg.subtract, (x, y))
    assert (3.0 - x).inputs == (3.0, x)
    q = 3.0 / x
    q.backward()
    assert x.grad == -3.0 / 25.0


@pytest.mark.parametrize("kind", ["Value", "Tensor"])
def test_a_typo_is_an_error(kind: str) -> None:
    x = as_node(kind, 3.0)
    with pytest.raises(AttributeError):
        _ = x.require_grad
    with pytest.raises(AttributeError):
        x.gradd = 1.0


def test_a_branch_with_no_path_gives_no_gradient_and_its_grad_stays_0() -> None:
    x, y = tg.Value(2.0), tg.Value(3.0)
    (2 * x).backward()
    assert (x.grad, y.grad) == (2.0, 0.0)
    assert tg.gradients(2 * x, [x, y]) == [2.0, None]


def test_operators_work_both_ways_round() -> None:
    x = tg.Value(3.0)
    results = [2 + x, 2 - x, 2 * x, 2 / x, 2**x, x + 2, x - 2, x * 2, x / 2, x**2, -x, +x, abs(-x)]
    assert [float(y) for y in results] == [5, -1, 6, 2 / 3, 8, 5, 1, 6, 1.5, 9, -3, 3, 3]
    for y, slope in zip(results, [1, -1, 2, -2 / 9, 8 * math.log(2), 1, 1, 2, 0.5, 6, -1, 1, 1]):
        assert tg.gradients(y, [x]) == [pytest.approx(slope)]


def test_comparisons_give_plain_bools() -> None:
    x, y = tg.Value(2.0), tg.Value(3.0)
    three: Any = 3.0
    assert [x < y, x <= 2, x > y, x >= y, x == 2.0, x != y, three >= x, three == y] == [
        True,
        True,
        False,
        False,
        True,
        True,
        True,
        True,
    ]
    assert all(type(answer) is bool for answer in (x < y, x == y, x != 2))
    assert (float(x), int(x), bool(x), bool(tg.Value(0.0))) == (2.0, 2, True, False)
    assert f"{x:.3f}" == "2.000"
