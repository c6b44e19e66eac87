"""What a comparison gives: plain bools in ordinary code, and what the graph of a gradient has to know."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.masks import Mask


def test_ordinary_code_gets_plain_answers() -> None:
    x, v = tg.tensor([1.0, -2.0], requires_grad=True), tg.Value(2.0)
    assert (v > 1) is True
    assert (v <= 1.0) is False
    assert v == 2.0
    assert isinstance(x > 0, np.ndarray)
    assert repr(x > 0) == "array([ True, False])"
    assert (x > 0).sum() == 1
    assert x[x > 0].tolist() == [1.0]
    assert type((x > 0) * 2.0) is type((x > 0)[:1]) is np.ndarray
    assert not isinstance(x.detach() > 0, Mask)
    with tg.no_grad():
        assert not isinstance(x > 0, Mask)


@pytest.mark.parametrize("x", [tg.Value(0.0), tg.tensor([0.0, 1.0])])
def test_nothing_equals_none(x: Any) -> None:
    """As in PyTorch; so a tensor may stand in a list with None."""
    assert (x == None, x != None) == (False, True)  # noqa: E711
    assert [None, x].index(None) == 0
    assert x not in [None]
    with pytest.raises(TypeError, match="None"):
        x < None  # noqa: B015


def test_rules_record_comparisons_of_both_kinds() -> None:
    for x in (tg.Value(3.0, name="x"), tg.tensor([3.0], requires_grad=True, name="x")):
        y = x.relu() * 1.0
        (slope,) = tg.gradients(y, [x], create_graph=True)
        assert "x ≤ 0" in str(tg.graph.formula(slope))


def test_values_inside_trace() -> None:
    x = tg.Value(-3.0, name="x")
    with tg.trace():
        mask = x > 0
        y = tg.where(mask, x, x * 0.1)
        assert not mask
    assert not mask.requires_grad
    assert tg.graph.replay(y, {"x": 2.0}) == 2.0
    nodes = [node for node in tg.graph.plain(y).nodes if node.operation == "greater"]
    assert [node.source and node.source[1] for node in nodes] == ["mask = x > 0"]


CHANGED: dict[str, Any] = {
    "an item": lambda mask: mask.__setitem__(0, False),
    "and": lambda mask: mask.__iand__(np.array([False, True, True])),
    "a function": lambda mask: np.logical_and(mask, [False, True, True], out=mask),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_mask_that_was_changed_is_a_constant(change: str) -> None:
    x = tg.tensor([1.0, -2.0, 3.0], requires_grad=True)
    mask = x > 0
    CHANGED[change](mask)
    assert mask.tolist() == [False, False, True]
    y = x * mask
    assert tg.graph.replay(y, {x: -x.data}).tolist() == [0.0, 0.0, -3.0]


def test_the_other_operand_is_kept_as_it_was() -> None:
    x, bound = tg.tensor([1.0, 3.0], requires_grad=True), np.array([2.0, 2.0])
    y = tg.where(x > bound, x, 0.0)
    bound[:] = 9.0
    assert tg.graph.replay(y, {x: [3.0, 1.0]}).tolist() == [3.0, 0.0]


def test_and_is_for_answers() -> None:
    with pytest.raises(tg.DtypeError, match="answers of comparisons"):
        tg.Value(1.0) & tg.Value(0.0)


@pytest.mark.parametrize("f", [lambda x: x & x, lambda x: x | 1, lambda x: True ^ x, lambda x: ~x])
def test_they_are_not_for_floats(f: Any) -> None:
    with pytest.raises(tg.DtypeError, match="answers of comparisons"):
        f(tg.tensor([1.0]))


@pytest.mark.parametrize("f", [lambda x: x & 6, lambda x: x | 4, lambda x: x ^ 1, lambda x: ~x])
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int64])
def test_of_whole_numbers_they_are_numpys(f: Any, dtype: Any) -> None:
    array = np.array([0, 1, 1], dtype) if dtype is np.bool_ else np.array([0, 3, 100], dtype)
    found, expected = f(tg.tensor(array)), f(array)
    assert found.dtype == expected.dtype
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("bits", [np.bitwise_and, np.bitwise_or, np.bitwise_xor])
def test_beside_an_array_they_are_the_same_on_either_side(bits: np.ufunc) -> None:
    x, array = tg.tensor(np.array([1, 3, 4])), np.array([3, 1, 5])
    assert bits(array, x).tolist() == bits(x, array).tolist() == bits(array, x.data).tolist()
    assert np.invert(x).tolist() == [-2, -4, -5]
    answer = tg.tensor([1.0, -1.0], requires_grad=True) > 0
    assert bits(answer, tg.tensor(np.array([True, True]))).tolist() == bits(answer, True).tolist()
    with pytest.raises(tg.DtypeError, match="answers of comparisons"):
        bits(answer, tg.tensor([1.0, 0.0]))


def test_replay_names_what_is_not_there() -> None:
    x = tg.tensor(np.arange(1.0, 21.0), requires_grad=True, name="x")
    y = (x * x).sum()
    with pytest.raises(tg.GraphError, match="no w; its named leaves are x"):
        tg.graph.replay(y, {"w": 1.0})
    with pytest.raises(tg.ShapeError, match=r"\(20,\)"):
        tg.graph.replay(y, {"x": [1.0]})
    with pytest.raises(tg.GraphError, match="does not hold all numbers of x"):
        tg.graph.replay(tg.graph.plain(y), {})


def test_replay_of_a_plain_graph() -> None:
    x = tg.tensor([[1.0, -2.0, 3.0]], requires_grad=True, name="x")
    y = tg.concatenate([x[:, 1:].relu().sum(axis=0), x[0, [0, 0]]]).sum()
    graph = tg.graph.read(tg.graph.plain(y).json())
    at = np.array([[-1.0, 5.0, 2.0]])
    assert tg.graph.replay(graph, {"x": at}) == tg.graph.replay(y, {x: at}) == 5.0
    graph = tg.graph.plain(tg.Value(2.0, name="v") * 3.0)
    assert tg.graph.replay(graph, {"v": 5.0}) == 15.0


@pytest.mark.parametrize("combine", [operator.and_, operator.or_, operator.xor])
def test_an_array_of_bools_combines_with_a_recorded_comparison(combine: Any) -> None:
    """0 ** y asks for `(x == 0) & (y >= 0)`, of which x may be a plain array and y a node."""
    plain, x = np.array([True, True, False]), np.array([1.0, -2.0, 3.0])
    found = tg.grad(lambda x: tg.where(combine(plain, x > 0), 2.0 * x, x).sum())(x)
    assert np.array_equal(found, np.where(combine(plain, x > 0), 2.0, 1.0))
    second = tg.hessian(lambda y: (np.array([1.08, 2.0]) ** y).sum())(np.array([1.5, 2.0]))
    assert np.allclose(second, np.diag([1.08**1.5 * np.log(1.08) ** 2, 4 * np.log(2) ** 2]))


def test_masks_of_masks_may_be_deep() -> None:
    x = tg.tensor([1.0, -1.0], requires_grad=True)
    mask = x > 0
    for _ in range(3000):
        mask = ~mask
    tg.where(mask, x, 3.0 * x).sum().backward()
    assert x.grad.tolist() == [1.0, 3.0]
