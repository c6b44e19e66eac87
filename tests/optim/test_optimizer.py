"""What all optimisers promise: parameters change in place, once, and wrong use is refused."""

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import optim
from tinygrad_edu.engine.primitives.fused import linear, softmax_cross_entropy
from tinygrad_edu.optim import lr_scheduler

untyped: Any = optim  # for calls that a type checker refuses as well
ALL = [optim.SGD, optim.Adagrad, optim.RMSprop, optim.Adadelta, optim.Adam, optim.AdamW]
every_optimiser = pytest.mark.parametrize("optimiser", ALL)


def weight(*shape: int, dtype: str = "float32", seed: int = 0) -> tg.Tensor:
    return tg.randn(*shape, seed=seed, dtype=dtype, requires_grad=True)


def descend(optimizer: Any, *parameters: Any, steps: int = 1) -> Any:
    """Steps towards 0; gives the loss before the last one."""
    loss = None
    for _ in range(steps):
        optimizer.zero_grad()
        loss = sum((p * p).sum() if p.shape else p * p for p in parameters)
        loss.backward()
        optimizer.step()
    return loss


def address(w: Any) -> int:
    return int(w.data.__array_interface__["data"][0])


# In place, and honest about it.


@every_optimiser
def test_the_array_is_overwritten_where_nobody_else_holds_it(optimiser: Any) -> None:
    w = weight(3, 4)
    before, place = w.numpy(), address(w)
    descend(optimiser([w]), w)
    assert address(w) == place
    assert not np.array_equal(w.data, before)
    assert w.dtype == np.float32


def test_views_keep_the_numbers_that_they_had() -> None:
    w = weight(3, 4)
    before = w.numpy()
    data, part, flat = w.data, w.detach()[1:], w.reshape(12)
    descend(optim.SGD([w], lr=0.1), w)
    np.testing.assert_array_equal(data, before)
    np.testing.assert_array_equal(part.data, before[1:])
    np.testing.assert_array_equal(flat.data, before.ravel())
    assert not np.array_equal(w.data, before)


def test_changes_in_place_outside_optimisers_are_overwriting_and_safe_as_well() -> None:
    w = weight(3, 4)
    place = address(w)
    with tg.no_grad():
        w[1:] = 0.0
    assert address(w) == place
    with tg.no_grad():
        view = w[:1]
        w[1:] = w[:2]
        w -= 1.0
    np.testing.assert_array_equal(view.data - 1, w.data[:1])
    np.testing.assert_array_equal(w.data[1], w.data[0])
    np.testing.assert_array_equal(w.data[2], [-1, -1, -1, -1])


@every_optimiser
def test_an_old_graph_is_refused_after_the_step(optimiser: Any) -> None:
    w = weight(3, 4)
    loss = descend(optimiser([w]), w)
    with pytest.raises(tg.InPlaceError, match="was changed in place"):
        loss.backward()


def test_large_parameters_are_updated_in_blocks_with_the_same_result() -> None:
    large, small = weight(5, 100_000), weight(5, 100_000)
    descend(optim.Adam([large]), large, steps=2)
    rows = [tg.tensor(row, requires_grad=True) for row in small.numpy()]
    descend(optim.Adam(rows), *rows, steps=2)
    np.testing.assert_allclose(large.data, [row.data for row in rows], rtol=1e-6)


def test_the_layout_in_memory_does_not_matter() -> None:
    w = tg.tensor(np.asfortranarray(weight(300, 700).numpy()), requires_grad=True)
    v = tg.tensor(np.ascontiguousarray(w.numpy()), requires_grad=True)
    for p in (w, v):
        descend(optim.Adam([p]), p, steps=2)
    np.testing.assert_array_equal(w.data, v.data)


@every_optimiser
def test_values_are_parameters_too(optimiser: Any) -> None:
    v, w = tg.Value(2.0), tg.tensor(2.0, dtype="float64", requires_grad=True)
    descend(optimiser([v, w]), v, w, steps=3)
    assert type(v.data) is float
    assert v.data == w.item() < 2.0


def test_a_parameter_without_a_gradient_is_left_as_it_is() -> None:
    used, unused = weight(3, 4), weight(2, 5)
    before = unused.numpy()
    optimizer = optim.AdamW([used, unused])
    descend(optimizer, used)
    np.testing.assert_array_equal(unused.data, before)
    assert unused not in optimizer.state


def test_a_tied_parameter_is_stepped_once() -> None:
    w = tg.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25)
    (w * w).sum().backward()
    optimizer.step()
    assert w.tolist() == [1.0]


def test_a_gradient_that_is_a_graph_serves_as_well() -> None:
    w = tg.tensor([2.0], requires_grad=True)
    (w * w).sum().backward(create_graph=True)
    optim.SGD([w], lr=0.25).step()
    assert w.tolist() == [1.0]


@every_optimiser
def test_a_preview_is_what_the_step_makes_and_changes_nothing(optimiser: Any) -> None:
    w = weight(3, 4)
    optimizer = optimiser([w])
    descend(optimizer, w, steps=2)
    before, state = w.numpy(), optimizer.state_dict()
    w.grad = np.ones((3, 4))
    made = optimizer.preview({w: w.grad})[w]
    np.testing.assert_array_equal(w.data, before)
    np.testing.assert_equal(optimizer.state_dict(), state)
    optimizer.step()
    np.testing.assert_array_equal(w.data, made)


def test_settings_may_be_changed_on_the_way() -> None:
    w = tg.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25)
    descend(optimizer, w)
    optimizer.param_groups[0].update(lr=0.5, momentum=0.5)
    descend(optimizer, w)
    assert w.tolist() == [0.0]


# States.


@every_optimiser
def test_a_state_goes_on_bit_for_bit(optimiser: Any, tmp_path: Any) -> None:
    w = weight(3, 4)
    optimizer = optimiser([w])
    descend(optimizer, w, steps=3)
    path = tg.save({"w": w.numpy(), "optimizer": optimizer.state_dict()}, tmp_path / "state.npz")
    descend(optimizer, w, steps=3)

    saved = tg.load(path)
    v = tg.tensor(saved["w"], requires_grad=True)
    other = optimiser([v], lr=0.5)
    other.load_state_dict(saved["optimizer"])
    descend(other, v, steps=3)
    np.testing.assert_array_equal(v.data, w.data)


def test_a_state_is_a_copy() -> None:
    w = weight(3, 4)
    optimizer = optim.Adam([w])
    descend(optimizer, w)
    state = optimizer.state_dict()
    kept = state["state"][0]["m"].copy()
    descend(optimizer, w)
    np.testing.assert_array_equal(state["state"][0]["m"], kept)


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing() -> None:
    w = weight(3, 4)
    optimizer = optim.Adam([w])
    descend(optimizer, w)
    state = optimizer.state_dict()
    memory = state["state"][0]
    wrong = [
        ("the keys 'state' and 'param_groups'", {"state": {}}),
        ("the state is of groups of", optim.Adam([w, weight(2)]).state_dict()),
        ("the state has the settings", optim.SGD([w]).state_dict()),
        ("m of .* has its shape, not", {**state, "state": {0: {**memory, "m": np.zeros((2, 2))}}}),
        ("remembers step, m, v, not", {**state, "state": {0: {"step": 1}}}),
        ("a list of dicts", {"state": {}, "param_groups": [1]}),
        ("'state' is a dict", {"state": [], "param_groups": []}),
        ("step is a whole number, not 'one'", {**state, "state": {0: {**memory, "step": "one"}}}),
        ("a parameter 7, which is in none", {**state, "state": {7: memory}}),
    ]
    for words, other in wrong:
        with pytest.raises(tg.OptimizerError, match=words):
            optimizer.load_state_dict(other)
        assert optimizer.state[w]["step"] == 1


def test_a_schedule_goes_on_where_it_stood() -> None:
    optimizer = optim.SGD([tg.Value(1.0)], lr=0.5)
    schedule = lr_scheduler.StepLR(optimizer, 2, 0.5)
    for _ in range(3):
        schedule.step()
    states = optimizer.state_dict(), schedule.state_dict()

    other = optim.SGD([tg.Value(1.0)], lr=0.1)
    again = lr_scheduler.StepLR(other, 2, 0.5)
    other.load_state_dict(states[0])
    again.load_state_dict(states[1])
    assert again.get_last_lr() == [0.25]
    again.step()
    assert again.get_last_lr() == [0.125]
    with pytest.raises(tg.OptimizerError, match="StepLR: a state has last_epoch, base_lrs"):
        again.load_state_dict({})


# Wrong use.


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda w: optim.SGD([]), tg.OptimizerError, "SGD: there are no parameters to step.* used up after one pass"),
        (lambda w: optim.SGD(w), tg.DtypeError, "the parameters are a list such as model.parameters()"),
        (lambda w: untyped.SGD(3), tg.DtypeError, "not int 3"),
        (lambda w: optim.SGD([w.data]), tg.DtypeError, "a parameter is a Tensor or a Value, not ndarray"),
        (lambda w: optim.SGD([w, w]), tg.OptimizerError, r"a Tensor of shape \(3, 4\) is given twice"),
        (lambda w: optim.SGD([{"params": w}, {"params": [w]}]), tg.OptimizerError, "is given twice"),
        (lambda w: optim.SGD([w * 2.0]), tg.OptimizerError, "the result of multiply .* is no leaf"),
        (lambda w: optim.SGD([{"params": w}, w]), tg.DtypeError, "a group is a dict"),
        (lambda w: optim.SGD([{"params": w, "eps": 1}]), tg.DtypeError, "has no setting 'eps'; it has lr, momentum"),
        (lambda w: optim.Adam([w], lr=-1), tg.OutOfRangeError, "Adam: lr is finite and not negative, not -1"),
        (lambda w: optim.Adam([w], lr=float("nan")), tg.OutOfRangeError, "lr is finite"),
        (lambda w: untyped.Adam([w], lr="fast"), tg.DtypeError, "lr is a number, not str 'fast'"),
        (lambda w: untyped.Adam([w], betas=0.9), tg.DtypeError, "betas is two numbers, not float 0.9"),
        (lambda w: optim.Adam([w], betas=(0.9, 1.0)), tg.OutOfRangeError, "at least 0 and less than 1"),
        (lambda w: untyped.Adam([w], amsgrad=1), tg.DtypeError, "amsgrad is True or False, not 1"),
        (lambda w: optim.SGD([w], nesterov=True), tg.OptimizerError, "Nesterov's momentum needs a momentum"),
        (lambda w: optim.Optimizer([w], lr=1.0).step(), NotImplementedError, "an optimiser defines update"),
        (lambda w: optim.clip_grad_norm_([w], -1), tg.OutOfRangeError, "max_norm is 0 or more, not -1"),
        (lambda w: optim.clip_grad_norm_([w], 1, 0.5), tg.OutOfRangeError, "norm_type is 1 or more"),
        (lambda w: optim.clip_grad_value_(7, 1), tg.DtypeError, "the parameters are a list"),
        (lambda w: optim.clip_grad_value_(["w"], 1), tg.DtypeError, "a parameter is a Tensor or a Value, not str 'w'"),
        (lambda w: lr_scheduler.StepLR(w, 2), tg.DtypeError, "the first argument is an optimiser"),
        (lambda w: lr_scheduler.StepLR(optim.SGD([w]), 0), tg.OutOfRangeError, "step_size is a whole number from 1 on"),
        (lambda w: lr_scheduler.SequentialLR(optim.SGD([w]), [], [2]), tg.OptimizerError, "milestones between"),
        (lambda w: lr_scheduler.ReduceLROnPlateau(optim.SGD([w]), "least"), tg.DtypeError, "mode is 'min' or 'max'"),
        (lambda w: lr_scheduler.ReduceLROnPlateau(optim.SGD([w]), factor=2), tg.OutOfRangeError, "factor is below 1"),
        (lambda w: lr_scheduler.ReduceLROnPlateau(optim.SGD([w]), factor=1), tg.OutOfRangeError, "factor is below 1"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(make: Any, error: type[Exception], words: str) -> None:
    w = weight(3, 4)
    w.grad = np.ones((3, 4))
    with pytest.raises(error, match=words):
        make(w)


# Memory.


@pytest.mark.slow
def test_memory_is_flat_over_ten_thousand_steps_without_the_garbage_collector() -> None:
    x, targets = tg.randn(4, 6, seed=1), [0, 1, 2, 0]
    parameters = [weight(5, 6), weight(5), weight(3, 5), weight(3)]
    optimizer = optim.Adam(parameters, lr=1e-4)

    def steps(n: int) -> int:
        for _ in range(n):
            optimizer.zero_grad()
            hidden = linear(x, parameters[0], parameters[1]).relu()
            softmax_cross_entropy(linear(hidden, parameters[2], parameters[3]), targets).mean().backward()
            optimizer.step()
        return sys.getallocatedblocks()

    gc.collect()
    gc.disable()
    try:
        early = steps(3_000)  # the interpreter keeps up to 2,000 freed tuples of each length
        assert steps(7_000) <= early + 50
    finally:
        gc.enable()


@pytest.mark.parametrize("make", [lambda: tg.Value(3.0), lambda: tg.tensor([3.0, 4.0], requires_grad=True)])
def test_zero_grad_may_leave_zeros(make: Any) -> None:
    w = make()
    (w * w).sum().backward() if isinstance(w, tg.Tensor) else (w * w).backward()
    optimizer = optim.SGD([w], lr=0.1)
    w.grad = w.grad * np.inf  # which times 0 would be nan
    optimizer.zero_grad(set_to_none=False)
    assert np.all(np.asarray(w.grad) == 0)
    optimizer.zero_grad(set_to_none=True)
    assert [w.grad] == [0.0 if isinstance(w, tg.Value) else None]
