"""Correct calls are not refused, however unusual they look."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu

tg: Any = tinygrad_edu  # the signatures promise less than works

x = tg.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
numbers = x.data
none = np.zeros((0, 3))
one = np.int64(1)
whole = tg.tensor(np.array([1, 2]))

CALLS: dict[str, tuple[Callable[[], Any], Any]] = {
    "an axis of NumPy's int": (lambda: x.sum(one), numbers.sum(1)),
    "axes of NumPy's ints": (lambda: x.mean((np.int64(0), one)), numbers.mean()),
    "no axes": (lambda: x.sum(()), numbers),
    "keepdims as 1": (lambda: x.max(0, 1), numbers.max(0, keepdims=True)),
    "the axis 0 of a number": (lambda: x.sum().sum(0), 15.0),
    "a list to transpose": (lambda: tg.transpose(x, [1, 0]), numbers.T),
    "negative axes": (lambda: x.transpose(-1, -2), numbers.T),
    "a list as shape": (lambda: x.reshape([3, -1]), numbers.reshape(3, 2)),
    "an int as shape": (lambda: tg.reshape(x, 6), numbers.ravel()),
    "no shape": (lambda: x.sum().reshape(()), 15.0),
    "broadcasting a number": (lambda: tg.broadcast_to(2.0, (2,)), [2.0, 2.0]),
    "broadcasting to a list": (lambda: tg.broadcast_to(x, [2, 2, 3]), np.broadcast_to(numbers, (2, 2, 3))),
    "repeats as a Tensor": (lambda: tg.repeat(x, whole, 0), numbers.repeat([1, 2], 0)),
    "no repeats": (lambda: x.repeat(0, 0), none),
    "tiles as a list": (lambda: tg.tile(x, [1, 2]), np.tile(numbers, (1, 2))),
    "no tiles": (lambda: tg.tile(x, (0, 1)), none),
    "a shift for both axes": (lambda: tg.roll(x, 1, (0, 1)), np.roll(numbers, 1, (0, 1))),
    "two shifts of one axis": (lambda: tg.roll(x, (1, 2), 1), np.roll(numbers, 3, 1)),
    "a border for one axis": (lambda: tg.pad(x, ((1, 0), (0, 0))), np.pad(numbers, ((1, 0), (0, 0)))),
    "a border of NumPy's int": (lambda: tg.pad(x, one), np.pad(numbers, 1)),
    "a wide mirror": (lambda: tg.pad(x, 4, "reflect"), np.pad(numbers, 4, mode="reflect")),
    "flat arrays joined": (lambda: tg.concatenate([x, [6.0]], None), np.arange(7.0)),
    "one array joined": (lambda: tg.concatenate((x,)), numbers),
    "nothing joined": (lambda: tg.concatenate([x, none]), numbers),
    "cut at negative places": (lambda: tg.split(x, [-1], 1)[1], numbers[:, -1:]),
    "cut behind the end": (lambda: tg.split(x, [5])[1], none),
    "cut by NumPy's int": (lambda: tg.split(x, np.int64(2))[0], numbers[:1]),
    "cut a list": (lambda: tg.split([1.0, 2.0], 2)[1], [2.0]),
    "an index of NumPy's int": (lambda: x[one], numbers[1]),
    "an index of a Tensor": (lambda: x[whole - 1], numbers),
    "an index of nothing": (lambda: x[[]], none),
    "a mask of a list": (lambda: x[[True, False]], numbers[:1]),
    "a mask of all": (lambda: x[x > 3], [4.0, 5.0]),
    "True as an index": (lambda: x[True], numbers[None]),
    "an empty slice": (lambda: x[5:], none),
    "a tuple in an index": (lambda: x[(0, 1), (1, 2)], [1.0, 5.0]),
    "indices of a Tensor": (lambda: tg.take_along_axis(x, whole.reshape(2, 1), 1), [[1.0], [5.0]]),
    "indices without an axis": (lambda: tg.take_along_axis(x, [0, 5], None), [0.0, 5.0]),
    "a bound alone": (lambda: x.clip(max=2), numbers.clip(None, 2)),
    "bounds of arrays": (lambda: tg.clip(x, np.zeros(3), np.full((2, 1), 2.0)), numbers.clip(0, 2)),
    "NumPy's names of bounds": (lambda: np.clip(x, a_min=1, a_max=2), numbers.clip(1, 2)),
    "bounds that cross": (lambda: x.clip(3, 1), np.ones((2, 3))),
    "numbers as a condition": (lambda: tg.where(numbers, x, -1.0), np.where(numbers, numbers, -1)),
    "lists": (lambda: tg.add([1, 2], [3, 4]), [4, 6]),
    "a list times a number": (lambda: tg.multiply([1, 2], 3), [3, 6]),
    "a list beside a Tensor": (lambda: [1.0, 2.0, 3.0] * x, numbers * [1, 2, 3]),
    "a mean of a list": (lambda: tg.mean([1.0, 2.0]), 1.5),
    "a mean of a number": (lambda: tg.mean(2.0), 2.0),
    "a diagonal of a list": (lambda: tg.diag([[1, 2], [3, 4]]), [1, 4]),
    "a diagonal outside": (lambda: tg.diag(x, 9), []),
    "a product of lists": (lambda: tg.matmul([[1, 2]], [[1], [2]]), [[5]]),
    "a product with a list": (lambda: [1.0, 2.0] @ x, [6.0, 9.0, 12.0]),
    "a product of lists of Values": (lambda: tg.dot([tg.Value(2.0)], [3]), 6.0),
    "a product of nothing": (lambda: np.ones((2, 0)) @ tg.zeros((0, 3), float), np.zeros((2, 3))),
    "bools and numbers": (lambda: tg.tensor([True, False]) - 1, [0, -1]),
    "sums of nothing": (lambda: tg.sum(none, 0), np.zeros(3)),
    "products of nothing": (lambda: tg.prod(none), 1.0),
    "lengths of nothing": (lambda: tg.norm(none), 0.0),
    "the largest of each of no rows": (lambda: tg.max(none, 1), []),
    "the mean of each of no rows": (lambda: tg.mean(none, 1), []),
    "the spread of each of no rows": (lambda: tg.var(none, 1), []),
    "the mean of nothing, into nothing": (lambda: tg.mean(np.ones((0, 0)), 0), []),
    "the spread of nothing, into nothing": (lambda: tg.std(np.ones((0, 0)), 0), []),
    "the norm of a fraction of degrees": (lambda: x.var(ddof=0.5), numbers.var(ddof=0.5)),
    "a size of a Tensor": (lambda: tg.zeros(tg.tensor(np.array(2))), [0, 0]),
    "sizes of NumPy's ints": (lambda: tg.zeros((one, np.uint8(2))), [[0, 0]]),
    "no numbers": (lambda: tg.zeros(0), []),
    "a range that is empty": (lambda: tg.arange(5, 0), []),
    "a range backwards": (lambda: tg.arange(2, 0, -1), [2, 1]),
    "no steps": (lambda: tg.linspace(0, 1, 0), []),
    "a seed of several numbers": (lambda: tg.rand(2, seed=(1, 2)).shape, (2,)),
    "a generator as seed": (lambda: tg.rand(2, seed=np.random.default_rng(0)).shape, (2,)),
    "an empty list": (lambda: tg.tensor([]), []),
    "argnums of NumPy's int": (lambda: tg.grad(lambda a, b: a * b, one)(2.0, 3.0), 2.0),
    "negative argnums": (lambda: tg.grad(lambda a, b: a * b, -1)(2.0, 3.0), 2.0),
    "argnums as a list": (lambda: tg.grad(lambda a, b: a * b, [1, 0])(2.0, 3.0), (2.0, 3.0)),
    "a function that does not depend": (lambda: tg.grad(lambda a: 3.0)(2.0), 0.0),
    "a list to differentiate by": (lambda: tg.grad(lambda a: (a * a).sum())([1, 2]), [2.0, 4.0]),
    "an int to differentiate by": (lambda: tg.grad(lambda a: a * a)(3), 6.0),
    "one number in a matrix": (lambda: tg.grad(lambda a: a * a)(np.array([[3.0]])), [[6.0]]),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_call_works_without_a_warning(name: str) -> None:
    call, expected = CALLS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = call()
        if isinstance(out, tg.Tensor | tg.Value) and out.requires_grad:
            tg.gradients(tg.sum(out), [x]) if isinstance(out, tg.Tensor) else out.backward()
    found = out.data if isinstance(out, tg.Tensor | tg.Value) else out
    np.testing.assert_allclose(found, expected)
    assert np.shape(found) == np.shape(expected)
