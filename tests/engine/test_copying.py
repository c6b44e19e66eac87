"""Copies and deep copies of nodes, and that nodes are not pickled."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize("make", [lambda: tg.Value(2.0), lambda: tg.ones(2, requires_grad=True)])
def test_nodes_are_not_pickled(make: Callable[[], Any]) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"can run any program; give another process its `.data`, .*save"):
            pickle.dumps(make(), protocol)
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps({"model": [make() * 2]}, protocol)


def test_a_deep_copy_is_a_graph_of_its_own() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True, name="x")
    y = (x * x).sum()
    y.backward()
    x2, y2 = copy.deepcopy((x, y))
    assert x2.grad.tolist() == [2.0, 4.0]
    assert x2.name == "x"
    y2.backward()
    assert x2.grad.tolist() == [4.0, 8.0]
    assert x.grad.tolist() == [2.0, 4.0]
    with tg.no_grad():
        x2 *= 0.0
    assert x.tolist() == [1.0, 2.0]


def test_a_copy_is_another_node_of_the_same_graph() -> None:
    x = tg.Value(3.0)
    y = copy.copy(x * x)
    y.backward()
    assert x.grad == 6.0
    leaf = copy.copy(x)
    assert leaf is not x
    assert (leaf * x).inputs == (leaf, x)


@pytest.mark.parametrize("make", [lambda: tg.Value(2.0), lambda: tg.full((2,), 2.0, requires_grad=True)])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda y: copy.deepcopy(copy.copy(y))])
@pytest.mark.parametrize("what", ["operand", "result"])
def test_what_was_changed_since_is_as_lost_for_a_copy(make: Any, copied: Any, what: str) -> None:
    x = make()
    ones = np.ones(x.shape)
    y, total = (x * x if what == "operand" else x.exp()), x + x
    changed = x if what == "operand" else y
    changed.data = ones
    with pytest.raises(tg.InPlaceError, match="was changed in place"):
        copied(y).backward(ones)
    copied(total).backward(ones)  # needs no number
    copied(changed * changed + x).backward(ones) if what == "operand" else None  # used the number as it is now


def test_a_list_of_parameters_is_copied_with_what_is_shared() -> None:
    w = tg.Value(2.0)
    model = {"first": w, "tied": w}
    twin = copy.deepcopy(model)
    assert twin["first"] is twin["tied"]
    assert twin["first"] is not w
