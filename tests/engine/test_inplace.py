"""Changes in place: a number that a rule needs must not have changed; all others may."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.__setitem__(0, 9.0),
        lambda w: w.__setitem__(slice(None), 0.0),
        lambda w: w.__isub__(1.0),
        lambda w: w.__imul__(2.0),
        lambda w: setattr(w, "data", np.array([7.0, 8.0])),
    ],
)
def test_a_change_after_a_use_is_refused_by_backward(change: Callable[[Any], Any]) -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True, name="w")
    loss = (w * w).sum()
    with tg.no_grad():
        change(w)
    with pytest.raises(tg.InPlaceError, match=r"'w'.*changed in place.*test_inplace\.py:\d+.*multiply"):
        loss.backward()
    assert w.grad is None


def test_the_same_of_a_value() -> None:
    w = tg.Value(2.0, name="w")
    loss = w * w
    # fmt: off
    w.data = (
        5.0
    )  # the line that an error names is that of the statement's target, as in a traceback
    # fmt: on
    (line,) = (n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if text == "    w.data = (")
    with pytest.raises(tg.InPlaceError, match=rf"'w'.*changed in place at .*test_inplace\.py:{line},.*multiply"):
        loss.backward()


@pytest.mark.parametrize("make", [lambda: tg.Value(0.5), lambda: tg.tensor([0.5, 0.7], requires_grad=True)])
@pytest.mark.parametrize(
    "use",
    [
        tg.sin, tg.log, tg.relu, tg.abs, tg.erf, tg.prod, tg.max, tg.norm, tg.var, tg.logsumexp,
        lambda w: w**2, lambda w: w**w, lambda w: 2.0**w, lambda w: 1 / w, lambda w: w / w,
        lambda w: tg.maximum(w, 0.6), lambda w: tg.clip(w, 0.0, 1.0), lambda w: np.ones((2, 2)) * w,
        lambda w: tg.stack([w, w]) * w, lambda w: tg.concatenate([w * np.ones(2), w * np.ones(2)]),
    ],
)  # fmt: skip
def test_whatever_rule_needs_the_number_refuses(make: Callable[[], Any], use: Callable[[Any], Any]) -> None:
    """After a change the answer is a refusal, or the right gradient where the rule does not need the number."""
    w = make()
    y = use(w)
    y = y.sum() if isinstance(y, tg.Tensor) else y
    (expected,) = tg.gradients(y, [w])
    with tg.no_grad():
        w *= 2.0
    with contextlib.suppress(tg.InPlaceError):
        np.testing.assert_array_equal(tg.gradients(y, [w])[0], expected)


def test_a_change_that_no_rule_needs_does_no_harm() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    loss = (w + 1.0).sum()
    with tg.no_grad():
        w -= 0.5
    loss.backward()
    assert w.grad.tolist() == [1.0, 1.0]


def test_a_use_after_the_change_is_fine() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.no_grad():
        w *= 3.0
    (w * w).sum().backward()
    assert w.grad.tolist() == [6.0, 12.0]


def test_a_result_changed_in_place_is_refused_too() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    loss = y.sum()
    with tg.no_grad():
        y[0] = 0.0
    with pytest.raises(tg.InPlaceError, match="exp"):
        loss.backward()


def test_an_operand_without_gradient_is_watched_as_well() -> None:
    x, w = tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0], requires_grad=True)
    loss = (x * w).sum()
    x[0] = 50.0
    with pytest.raises(tg.InPlaceError):
        loss.backward()


def test_a_change_is_refused_while_operations_are_recorded() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(tg.InPlaceError, match="no_grad"):
        w[0] = 5.0
    with pytest.raises(tg.InPlaceError, match="no_grad"):
        w -= 1.0
    assert w.tolist() == [1.0, 2.0]


def test_plain_tensors_change_freely() -> None:
    t = tg.zeros((2, 3))
    t[1, 2] = 9.0
    t[:, 0] = np.array([1.0, 2.0])
    t += 1.0
    assert t.tolist() == [[2.0, 1.0, 1.0], [3.0, 1.0, 10.0]]


def test_a_change_in_place_does_not_reach_what_was_made_from_a_view() -> None:
    x = tg.tensor([1.0, 2.0, 3.0, 4.0], dtype=float, requires_grad=True)
    square = x.reshape((2, 2))
    loss = (square * square).sum()
    with tg.no_grad():
        x[0] = 100.0
    loss.backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0, 8.0]
    assert x.tolist() == [100.0, 2.0, 3.0, 4.0]


FORMS: list[Callable[[Any], Any]] = [
    lambda x: x[0],
    lambda x: x[:, 1],
    lambda x: x.T,
    lambda x: x.reshape(-1),
    lambda x: x.flatten(),
    lambda x: next(iter(x)),
    lambda x: tg.split(x, 2)[1],
    lambda x: tg.flip(x[0], 0),
    lambda x: x.broadcast_to((2, 2, 3)),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("recording", [True, False])
def test_a_part_or_another_form_of_a_tensor_is_not_changed_alone(form: Callable[[Any], Any], recording: bool) -> None:
    """NumPy and PyTorch would change the whole with it: the change would be lost in silence, as in `x[0][1] = 5`."""
    with contextlib.nullcontext() if recording else tg.no_grad():
        x = tg.zeros((2, 3))
        with pytest.raises(tg.InPlaceError, match=r"part or another form of another tensor.* y = tg\.tensor"):
            form(x)[0] = 5.0
        y = tg.tensor(form(x))
        y[0] = 5.0
        assert (x.data == 0).all()
        y = form(x) * 1
        y[0] = 5.0
        x[0, 1] = 4.0
        assert x.tolist() == [[0, 4, 0], [0, 0, 0]]
        x = form(x)  # nobody holds the whole any more
        x[0] = 7.0
        assert (x[0].data == 7).all()


def test_numbers_that_do_not_fit_are_not_written_into_integers() -> None:
    whole = tg.tensor(np.array([1, 2, 3]))
    with pytest.raises(tg.DtypeError, match="int64, which cannot take float64"):
        whole[0] = 1.7
    whole[0] = 7
    assert whole.tolist() == [7, 2, 3]


# x op= y means the same in training and in evaluation.


def doubled(h: Any) -> Any:
    y = h
    y *= 2
    return y + h


@pytest.mark.parametrize("make", [tg.Value, lambda x: tg.tensor([x, -x], requires_grad=True)])
def test_a_change_of_a_result_makes_a_new_node_with_and_without_recording(make: Callable[[float], Any]) -> None:
    h = make(1.5) * 1
    recorded = doubled(h).data
    with tg.no_grad():
        assert np.array_equal(doubled(h).data, recorded)
        assert np.array_equal(doubled(make(1.5) * 1).data, recorded)


def test_what_requires_no_gradient_is_not_changed_in_place_either() -> None:
    x = tg.tensor([1.0, 2.0])
    y = x
    y += 1
    assert (x.tolist(), y.tolist()) == ([1.0, 2.0], [2.0, 3.0])


def test_parameters_and_buffers_are_changed_in_place_inside_no_grad() -> None:
    frozen, buffer = tg.nn.Parameter([1.0, 2.0]).requires_grad_(False), tg.nn.Buffer([4.0, 4.0])
    held = [frozen, buffer]
    with tg.no_grad():
        frozen *= 3
        buffer -= 1
    assert [x.tolist() for x in held] == [[3.0, 6.0], [3.0, 3.0]]


def test_the_argument_of_a_differentiated_function_may_be_changed() -> None:
    def f(x: Any) -> Any:
        x *= 2
        return (x * x).sum()

    assert tg.grad(f)(np.array([1.0, 2.0])).tolist() == [8.0, 16.0]
