"""What a user passes is kept as it was, whatever the user does with it afterwards."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import DtypeError


def test_arrays_given_to_the_engine_may_be_changed_afterwards() -> None:
    array = np.array([1.0, 2.0])
    t = tg.tensor(array, requires_grad=True)
    constant = np.array([3.0, 4.0])
    loss = (t * constant).sum() + (t @ constant)
    array[:] = constant[:] = 100.0
    loss.backward()
    assert t.grad.tolist() == [6.0, 8.0]
    assert t.tolist() == [1.0, 2.0]


def test_settings_changed_after_the_call_do_not_matter() -> None:
    x = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    axes, places = [1, 0], np.array([0, 0])
    moved, taken = tg.transpose(x, axes), tg.getitem(x, places)
    axes.reverse()
    places[:] = 1
    (moved.sum() + taken.sum()).backward()
    assert x.grad.tolist() == [[3.0, 3.0, 3.0], [1.0, 1.0, 1.0]]


@pytest.mark.parametrize("operation", [
    tg.add, tg.multiply, tg.power, tg.remainder, tg.hypot, lambda x, y: tg.power(y, x), lambda x, y: tg.dot([x], [y]),
    lambda x, y: tg.where(x > 0, y, x), lambda x, y: tg.where(x < 0, x, y), lambda x, y: tg.clip(x, abs(y), None),
    lambda x, y: tg.maximum(x, abs(y)),
])  # fmt: skip
@pytest.mark.parametrize("x", [tg.Value(1.0), tg.tensor(1.0)])
@pytest.mark.parametrize("number", [10**400, -(2**1024) + 1, Fraction(10**400, 3)])
def test_beside_a_value_it_is_refused_as_beside_a_tensor(operation: Any, x: Any, number: Any) -> None:
    with pytest.raises(DtypeError, match="no float is larger"):
        operation(x, number)


@pytest.mark.parametrize("compare", [operator.lt, operator.ge, operator.eq, operator.ne])
def test_a_tensor_is_not_compared_with_it(compare: Any) -> None:
    with pytest.raises(DtypeError, match="no float is larger"):
        compare(tg.tensor([1.0]), 10**400)
    assert compare(tg.Value(1.0), 10**400) == compare(1.0, 10**400)  # a comparison of floats is exact


@pytest.mark.parametrize("number", [10**400, 2**1024 - 1, Fraction(10**400), Fraction(-(10**400), 3)])
@pytest.mark.parametrize("use", [tg.Value, tg.tensor, lambda x: tg.tensor([1.0]) * x])
def test_a_number_too_large_for_a_float_is_refused_with_the_way_out(use: Callable[[Any], Any], number: Any) -> None:
    with pytest.raises(DtypeError, match="no float is larger"):
        use(number)
