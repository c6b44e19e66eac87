"""The array of a Tensor: read-only, not given to NumPy unasked, and with a gradient only if it holds floats."""

from __future__ import annotations

import operator
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


def test_data_is_read_only() -> None:
    t = tg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match="read-only"):
        t.data[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        (t * 2).data[0] = 5.0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.data[:] -= 1.0", "x.data is read-only: write x.data = ..."),
        ("x.data.fill_(0.0)", "x.data has no fill_: write x.data = ..."),
        (
            "x.data.normal_(0.0, 0.01)",
            "x.data has no normal_: here it is tg.nn.init.uniform_(x) and tg.nn.init.normal_",
        ),
        ("x.data.numpy()", "x.data has no numpy: it is a NumPy array already, so it can be left out"),
        ("x.data.norm()", r"x.data has no norm: it is a NumPy array, of which it is np.linalg.norm(...)"),
        ("x.data.dim()", "x.data has no dim: here it is x.ndim"),
        ("x.grad.zero_()", "x.grad has no zero_: x.zero_grad() forgets it"),
        ("x.grad.clone()", "x.grad has no clone: it is a NumPy array, of which it is x.copy(...)"),
    ],
)
def test_what_pytorch_writes_of_data_and_grad_is_answered(line: str, words: str) -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    with pytest.raises((AttributeError, ValueError), match=re.escape(words)):
        exec(line, {"x": x})


def test_a_gradient_can_be_changed_and_is_an_array_like_any_other() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad[0] = 7.0
    x.grad *= 2
    assert x.grad.tolist() == [14.0, 8.0]
    for array in (x.grad, x.data):
        assert type(array + 1) is type(np.sqrt(array)) is type(pickle.loads(pickle.dumps(array))) is np.ndarray
        assert repr(array) == repr(np.asarray(array))


@pytest.mark.parametrize("f", [lambda x: x * x, lambda x: tg.ptp(x) + x.sum(), lambda x: tg.stack([x, x]).mean()])
def test_the_gradient_of_a_single_number_is_an_array_which_can_be_changed(f: Callable[[Any], Any]) -> None:
    x = tg.tensor(2.0, requires_grad=True)
    for _ in range(2):
        f(x).backward()
    tg.optim.clip_grad_norm_([x], 0.5)
    for gradient in (x.grad, tg.gradients(f(x), [x])[0], tg.grad(f)(np.array(2.0))):
        assert isinstance(gradient, np.ndarray)
        assert gradient.shape == ()
    assert round(x.grad, 1) == 0.5
    x.grad.fill(0)
    assert x.grad == 0


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


@pytest.mark.parametrize("make", [tg.tensor, tg.Tensor, lambda z: tg.tensor(z, requires_grad=True), tg.nn.Parameter])
def test_a_new_tensor_of_a_result_would_be_cut_off(make: Callable[[Any], Any]) -> None:
    w = tg.tensor(2.0, requires_grad=True)
    for result in (w * w, tg.Value(2.0) * 3):
        with pytest.raises(tg.GraphError, match=r"tensor: .* would leave the graph, .* take its \.data"):
            make(result)
        assert make(result.data).item() == result.data
        with tg.no_grad():
            assert make(result).item() == result.data
    assert make(w).item() == 2.0


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


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"])
def test_data_can_be_changed_by_an_operator_in_place(name: str) -> None:
    """`w.data -= step` of PyTorch's loops, and its like: the same as `w.data = w.data - step`, noted as a change."""
    start, step = np.array([3.0, 5.0]), np.array([2.0, 0.5])
    w = tg.tensor(start, requires_grad=True)
    before = w.data
    y = (w * w).sum()
    w.data = getattr(operator, f"i{name}")(w.data, step)
    np.testing.assert_array_equal(w.data, getattr(operator, name)(start, step))
    with pytest.raises(tg.InPlaceError):
        y.backward()
    np.testing.assert_array_equal(before, start)  # what was read before is as it was


def test_a_training_step_by_data() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    w.data -= 0.1 * w.grad
    np.testing.assert_allclose(w.data, [0.8, 1.6], rtol=1e-6)
    with pytest.raises(tg.DtypeError, match="without loss"):
        tg.tensor([1, 2], dtype=int).data -= 0.5


def test_as_many_names_as_there_are_items() -> None:
    x = tg.arange(300.0)
    names = {"x": x}
    exec(", ".join(f"v{i}" for i in range(300)) + " = x", names)
    assert names["v299"].item() == 299.0


def test_what_is_computed_from_data_is_plain() -> None:
    x = tg.tensor([[1.0, 2.0, 3.0]]).data
    results = [x + 1, 1 - x, -x, np.exp(x), np.concatenate([x, x]), x @ x.T, x.sum(0), np.where(x > 1, x, 0), x == x]
    assert {type(result) for result in results} == {np.ndarray}
    assert type(x.sum()) is type(np.mean(x)) is np.float32
    assert repr(x) == "array([[1., 2., 3.]], dtype=float32)"


def test_a_copy_of_data_is_changed_as_any_array() -> None:
    mine = tg.tensor([1.0, 2.0]).data.copy()
    same = mine
    mine -= 1
    assert same is mine
    assert mine.tolist() == [0.0, 1.0]


def test_size_is_a_number_and_says_how_to_ask_for_one_axis() -> None:
    x = tg.ones((2, 3))
    assert x.size == 6
    with pytest.raises(tg.DtypeError, match=r"x\.shape\[1\]"):
        x.size(1)  # type: ignore[operator]
    with pytest.raises(tg.DtypeError, match=r"x\.shape;"):
        x.size()  # type: ignore[operator]
    assert (tg.ones(2, requires_grad=True) / x.size).inputs[1] == 6
