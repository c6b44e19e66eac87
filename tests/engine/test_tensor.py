"""The array of a Tensor: read-only, not given to NumPy unasked, and with a gradient only if it holds floats."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg


def test_data_is_read_only() -> None:
    t = tg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match="read-only"):
        t.data[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        (t * 2).data[0] = 5.0


def test_numpy_gives_a_copy() -> None:
    t = tg.tensor([1.0, 2.0])
    for array in (t.numpy(), np.array(t), np.asarray(t)):
        array[0] = 50.0
    assert t.tolist() == [1.0, 2.0]


def test_numpy_does_not_take_a_tensor_out_of_the_graph_unasked() -> None:
    t = tg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(tg.GraphError, match=r"take \.data"):
        np.asarray(t)
    with tg.no_grad():
        assert np.asarray(t).tolist() == [1.0, 2.0]
    assert t.numpy().tolist() == [1.0, 2.0]


def test_integers_have_no_gradient() -> None:
    with pytest.raises(tg.DtypeError, match="floating-point"):
        tg.tensor(np.array([1, 2]), requires_grad=True)
    assert tg.tensor([1, 2]).dtype == np.float32
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    assert not x.astype(int).requires_grad


@pytest.mark.parametrize("x", [tg.tensor([[0.0, 1.0], [2.0, 3.0]]), tg.tensor([[0, 1], [2, 3]]), tg.tensor(2.0)])
def test_in_asks_whether_a_number_occurs_at_all(x: tg.Tensor) -> None:
    assert 2 in x
    assert np.float32(2) in x
    assert tg.Value(2.0) in x
    assert 5 not in x
