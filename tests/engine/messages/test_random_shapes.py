"""Shapes at random: what NumPy computes is computed, and all else is refused with the shapes in the message."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.errors import OutOfRangeError, ShapeError

Shape = tuple[int, ...]

BINARY = [row for row in TABLE.values() if row.elementwise and len(row.rules) == 2]

REDUCTIONS: list[Callable[..., Any]] = [
    tg.sum, tg.mean, tg.prod, tg.max, tg.min, tg.var, tg.std, tg.logsumexp, tg.softmax, tg.norm, tg.cumsum, tg.argmax,
    tg.argmin, tg.flip,
]  # fmt: skip


def shapes(least: int = 0, most: int = 3) -> st.SearchStrategy[Shape]:
    return st.lists(st.integers(1, 4), min_size=least, max_size=most).map(tuple)


def made(shape: Shape) -> tg.Tensor:
    return tg.tensor(np.ones(shape), requires_grad=True)


def refused(call: Callable[[], object], *shapes: Shape) -> str:
    """The message of the ShapeError, which has to hold all shapes but those of single numbers."""
    with pytest.raises(ShapeError) as caught:
        call()
    message = str(caught.value)
    assert not [shape for shape in shapes if shape and str(shape) not in message], message
    return message


def computes(call: Callable[[], Any]) -> Any:
    """What NumPy makes of a call; None where it refuses."""
    try:
        return call()
    except (ValueError, IndexError):
        return None


def suggestion(message: str) -> str | None:
    """The code of the way out that a message offers."""
    found = re.search(r"did you mean (.*)\?$|; (\S*reshape\(.*\)) would broadcast$", message)
    return found and (found[1] or found[2])


@pytest.mark.parametrize("row", BINARY, ids=lambda row: row.name)
@given(shapes(), shapes())
def test_binary_operations(row: Any, a: Shape, b: Shape) -> None:
    expected = computes(lambda: np.broadcast_shapes(a, b))
    if expected is not None:
        assert row(made(a), made(b)).shape == row(made(a), np.ones(b)).shape == expected
        return
    for x, y in ((made(a), made(b)), (made(a), np.ones(b)), (np.ones(a), made(b)), (np.ones(a), np.ones(b))):
        message = refused(lambda: row(x, y), a, b)  # noqa: B023
        assert message.startswith(f"{row.name}: {a} and {b} do not broadcast: sizes ")
        code = suggestion(message)
        if code is not None:  # then what it offers works
            other = eval(code, {"a": made(a), "b": made(b)})
            np.broadcast_shapes(a if code.startswith("b") else b, other.shape)


@given(shapes(), shapes(), shapes())
def test_where(condition: Shape, a: Shape, b: Shape) -> None:
    call: Callable[[], Any] = lambda: tg.where(np.ones(condition, bool), made(a), made(b))
    expected = computes(lambda: np.broadcast_shapes(condition, a, b))
    if expected is None:
        refused(call, condition, a, b)
    else:
        assert call().shape == expected


@given(shapes(1), shapes(1))
def test_matmul(a: Shape, b: Shape) -> None:
    expected = computes(lambda: np.ones(a) @ np.ones(b))
    if expected is not None:
        assert (made(a) @ made(b)).shape == expected.shape
        return
    message = refused(lambda: made(a) @ made(b), a, b)
    assert message.startswith(f"matmul: {a} @ {b}: ")
    code = suggestion(message)
    if code is not None:
        assert eval(code, {"a": made(a), "b": made(b)}) is not None
    elif len(a) == 2 == len(b):  # nothing is offered only where nothing works
        assert computes(lambda: np.ones(a) @ np.ones(b).T) is None
        assert computes(lambda: np.ones(a).T @ np.ones(b)) is None


@given(st.lists(shapes(0, 2), min_size=1, max_size=3), st.integers(-3, 2))
def test_concatenate_and_stack(all_shapes: list[Shape], axis: int) -> None:
    for numpys, ours in ((np.concatenate, tg.concatenate), (np.stack, tg.stack)):
        expected = computes(lambda: numpys([np.ones(shape) for shape in all_shapes], axis))  # noqa: B023
        call: Callable[[], Any] = lambda: ours([made(shape) for shape in all_shapes], axis)  # noqa: B023
        if expected is None:
            assert refused(call).startswith(ours.__name__)
        else:
            assert call().shape == expected.shape


@given(shapes(1, 2), shapes(1, 2))
def test_concatenate_names_both_shapes(a: Shape, b: Shape) -> None:
    assume(computes(lambda: np.concatenate([np.ones(a), np.ones(b)])) is None)
    refused(lambda: tg.concatenate([made(a), made(b)]), a, b)


@given(shapes(), st.lists(st.sampled_from([-1, 0, 1, 2, 3, 4, 6]), max_size=3).map(tuple))
def test_reshape(a: Shape, b: Shape) -> None:
    expected = computes(lambda: np.ones(a).reshape(b))
    if expected is not None:
        assert made(a).reshape(b).shape == expected.shape
    elif b.count(-1) > 1:
        refused(lambda: made(a).reshape(b), b)
    else:
        message = refused(lambda: made(a).reshape(b), a, b)
        assert f"{prod(a)} numbers do not fill {b}" in message


@given(shapes(), shapes())
def test_broadcast_to(a: Shape, b: Shape) -> None:
    if computes(lambda: np.broadcast_to(np.ones(a), b)) is None:
        refused(lambda: made(a).broadcast_to(b), a, b)
    else:
        assert made(a).broadcast_to(b).shape == b


@pytest.mark.parametrize("reduction", REDUCTIONS, ids=lambda reduction: reduction.__name__)
@given(shapes(), st.integers(1, 9), st.booleans())
def test_axes_that_there_are_not(reduction: Callable[..., Any], shape: Shape, beyond: int, negative: bool) -> None:
    axis = -len(shape) - beyond if negative else len(shape) + beyond - 1
    assume(shape or axis not in (0, -1))  # NumPy's reductions know these of a single number
    with pytest.raises(OutOfRangeError) as caught:
        reduction(made(shape), axis=axis)
    assert str(caught.value).startswith(f"{reduction.__name__}: axis {axis} is out of range for {shape}, ")


@given(shapes(), st.lists(st.integers(-4, 3), max_size=4).map(tuple))
def test_transpose(shape: Shape, axes: tuple[int, ...]) -> None:
    if computes(lambda: np.ones(shape).transpose(axes)) is None:
        refused(lambda: tg.transpose(made(shape), axes), shape)
    else:
        assert tg.transpose(made(shape), axes).shape == np.ones(shape).transpose(axes).shape


INDEX = st.one_of(
    st.integers(-5, 4),
    st.just(...),
    st.none(),
    st.slices(4),
    st.lists(st.integers(-4, 3), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=1, max_size=4),
)


@given(shapes(), st.lists(INDEX, max_size=4).map(tuple))
def test_every_index_is_taken_or_refused_as_by_numpy(shape: Shape, index: tuple[Any, ...]) -> None:
    expected = computes(lambda: np.ones(shape)[index])
    if expected is None:
        message = refused(lambda: made(shape)[index])
        assert message.startswith("getitem: ")
        assert "cannot be computed" not in message
    else:
        assert made(shape)[index].shape == expected.shape


@given(shapes(1, 2), shapes(1, 2), st.sampled_from(["ij,jk->ik", "i,i", "i,ij->j", "ij,ij->"]))
def test_einsum(a: Shape, b: Shape, subscripts: str) -> None:
    expected = computes(lambda: np.einsum(subscripts, np.ones(a), np.ones(b)))
    letters = subscripts.split("->")[0].split(",")
    stretched = [n for n in (*a, *b) if n == 1]  # NumPy stretches a size of 1, which hides mistakes
    if expected is None:
        refused(lambda: tg.einsum(subscripts, made(a), made(b)), a, b)
    elif not stretched:
        assert [len(a), len(b)] == [len(term) for term in letters]
        assert tg.einsum(subscripts, made(a), made(b)).shape == expected.shape
