"""Every kind of index that NumPy has picks the same numbers, and sends gradients back to where they came from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing import assert_gradients

x = np.arange(24.0).reshape(2, 3, 4) / 7
mask = x % 1 > 0.5

INDICES: dict[str, Any] = {
    "an integer": 1,
    "from the end": -1,
    "a NumPy integer": np.int64(1),
    "an integer in each axis": (1, 2, 3),
    "a slice": slice(1, None),
    "steps": (slice(None), slice(None, None, 2), slice(3, 0, -2)),
    "an empty slice": slice(0, 0),
    "None": None,
    "new axes": (None, 0, None, slice(1, 3)),
    "...": (..., 1),
    "nothing": (),
    "a list": [1, 0],
    "repeated": [0, 0, 1, 0],
    "no places": [],
    "places in two axes": ([0, 1, 1], [2, 0, 2]),
    "broadcast places": (np.array([[0], [1]]), [1, 1, 2]),
    "places between slices": (slice(None), [2, 2], slice(1, 3)),
    "places apart": ([0, 1, 0], slice(None), [1, 1, 3]),
    "places and an integer": (0, slice(1, None), [3, 3]),
    "a mask": mask,
    "a mask of an axis": np.array([False, True]),
    "a mask behind a slice": (slice(None), np.array([True, False, True])),
    "a mask and places": (np.array([False, True]), [1, 1]),
    "True": True,
    "a grid": np.ix_([1, 0], [2, 2], [0, 3]),
}


@pytest.mark.parametrize("kind", INDICES)
def test_an_index_picks_what_numpy_picks(kind: str) -> None:
    index = INDICES[kind]
    assert np.array_equal(tg.tensor(x)[index].data, x[index])
    assert np.array_equal(tg.getitem(tg.tensor(x), index).data, x[index])


@pytest.mark.parametrize("kind", INDICES)
def test_the_gradient_returns_to_where_the_numbers_came_from(kind: str) -> None:
    index = INDICES[kind]
    t = tg.tensor(x, requires_grad=True)
    picked = t[index]
    upstream = np.arange(1.0, picked.size + 1).reshape(picked.shape)
    picked.backward(upstream)
    expected = np.zeros(x.size)
    for place, g in zip(np.arange(x.size).reshape(x.shape)[index].ravel(), upstream.ravel()):
        expected[place] += g
    assert np.array_equal(t.grad, expected.reshape(x.shape))


@pytest.mark.parametrize("kind", INDICES)
def test_second_derivatives(kind: str) -> None:
    index = INDICES[kind]
    assert_gradients(lambda t: t[index] ** 2, x[:2, :3, :4] + 1.0)


def test_repeated_places_accumulate() -> None:
    t = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t[[0, 0, 2, 0]].sum().backward()
    assert t.grad.tolist() == [3.0, 0.0, 1.0]


def test_a_tensor_of_integers_is_an_index() -> None:
    t = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t[tg.tensor([2, 2], dtype=int)].sum().backward()
    assert t.grad.tolist() == [0.0, 0.0, 2.0]


def test_an_index_changed_later_does_not_change_the_gradient() -> None:
    t = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    places = np.array([0, 0])
    y = t[places]
    places[:] = 2
    y.sum().backward()
    assert t.grad.tolist() == [2.0, 0.0, 0.0]


def test_rows_come_out_when_a_tensor_is_iterated() -> None:
    t = tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    first, second = t
    (first * second).sum().backward()
    assert t.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]


@pytest.mark.parametrize("index", [5, (0, 3), [0, 2], (0, 0, 0, 0), "a", 1.5, np.array([True, False, True])])
def test_an_index_that_does_not_fit_is_refused_in_words(index: Any) -> None:
    with pytest.raises(tg.TinygradError):
        tg.tensor(x)[index]
