"""`gradcheck` says what is wrong and where, tells kinks from bugs, and refuses what it cannot check."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.check import Report, subject
from tinygrad_edu.engine import gradients, walk
from tinygrad_edu.engine.primitives import shape

inf = float("inf")


def random(*sizes: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=sizes)


def report(f: Any, inputs: Any, **options: Any) -> Report:
    return tg.gradcheck(f, inputs, raise_exception=False, **options)


# Right functions are not accused.

RIGHT = {
    "relu": (tg.relu, np.array([-1.0, 0.0, 1.0, 1e-9, -1e-9, 1e8])),
    "abs": (tg.abs, np.array([-1.0, 0.0, 1.0, 1e-9])),
    "abs of a number": (tg.abs, 0.0),
    "sign": (tg.sign, np.array([-1.0, 0.0, 1.0, 1e-9])),
    "max with ties": (tg.max, np.array([1.0, 3.0, 3.0, 2.0])),
    "max with ties in rows": (lambda x: tg.max(x, axis=1), np.array([[1.0, 3.0, 3.0], [0.0, 0.0, 0.0]])),
    "min of a product, with ties": (lambda x: tg.min(x * x, axis=0), np.array([[1.0, 3.0], [-1.0, 0.0]])),
    "maximum with ties": (tg.maximum, (np.array([1.0, 2.0, 1.0]), np.array([1.0, 3.0, 1 + 1e-9]))),
    "minimum of numbers that tie": (tg.minimum, (2.0, 2.0)),
    "clip at its borders": (lambda x: tg.clip(x, -1, 1), np.array([-1.0, 1.0, 0.0, 1 + 1e-9, 1 - 1e-9])),
    "clip at its borders, summed": (lambda x: tg.clip(x, -1, 1).sum(), np.array([-1.0, 1.0, 0.0])),
    "relu beside its kink": (lambda x: tg.relu(x - 1), np.array([1 - 1e-9, 1 + 1e-9, 1 + 1e-12, 1.0])),
    "sqrt at 0": (tg.sqrt, np.array([0.0, 1.0])),
    "sqrt of the number 0": (tg.sqrt, 0.0),
    "roots at 0": (lambda x: x**0.5 + x**1.5, np.array([0.0, 1.0])),
    "arcsin at its borders": (tg.arcsin, np.array([1.0, -1.0, 0.5])),
    "norm at 0": (tg.norm, np.zeros(3)),
    "norm of infinite order, with ties": (lambda x: tg.norm(x, inf), np.array([-2.0, 1.0, 2.0])),
    "std of equal numbers": (tg.std, np.ones(3)),
    "powers at 0": (lambda x: x**2 + x**1 + x**0, np.array([0.0, -1.0, 3.0])),
    "prod with a 0": (tg.prod, np.array([0.0, 1.0, 3.0])),
    "prod with two": (tg.prod, np.array([0.0, 0.0, 3.0])),
    "where, with a nan in the branch not taken": (lambda x: tg.where(x > 0, tg.log(x), x), np.array([-1.0, 2.0])),
    "kinks that cancel": (lambda x: tg.relu(x) - tg.relu(-x), np.array([0.0, 1.0])),
    "network with dead units": (lambda x, w: tg.relu(x @ w).sum(), (np.zeros((2, 3)), random(3, 4))),
    "constant": (lambda x: 5.0, 1.0),
    "constant array": (lambda x: np.ones(3), random(2)),
    "constant node": (lambda x: x * 0.0, random(2)),
    "independent of one input": (lambda x, y: x * 2, (random(3), 2.0)),
    "identity": (lambda x: x, random(3)),
    "tiny": (lambda x: tg.exp(x) * x, np.array([1e-8, -1e-8])),
    "tiny cube": (lambda x: x**3, 1e-8),
    "tinier": (tg.log, 1e-120),
    "huge": (lambda x: tg.log(x) * x, np.array([1e8, 2e8])),
    "huge angle": (tg.sin, np.array([1e8, 2e8])),
    "of many sizes": (lambda x: (x * x).sum(), np.array([1e-8, 1e8, 1.0])),
    "small beside large": (lambda x: x + 1e8, 1.0),
    "steep": (lambda x: tg.tanh(1e6 * x), np.array([0.0, 1e-7, 1.0])),
    "wiggly": (lambda x: tg.sin(1e3 * x), random(3)),
    "saturated": (tg.sigmoid, np.array([40.0, -40.0])),
    "several outputs": (lambda x, y: (x * y, tg.exp(x).sum(), y), (random(3), 2.0)),
    "other arguments": (lambda x, n, mask: tg.where(mask, x**n, 0.0), (random(2), 3, np.array([True, False]))),
    "a value and a tensor": (lambda v, t: (v * t).sum() * v, (tg.Value(2.0), tg.tensor(random(2), requires_grad=True))),
    "nothing": (lambda x: tg.exp(x), np.zeros((0, 3))),
    "sum of nothing": (tg.sum, np.zeros((0, 3))),
    "many inputs": (lambda x, w: tg.tanh(x @ w).sum(), (random(30, 10), random(10, 5))),
    "many outputs": (lambda x: tg.outer(tg.sin(x), x), random(30)),
    "many kinks": (lambda x: tg.relu(x).sum(), np.round(random(150))),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_not_accused(name: str) -> None:
    f, inputs = RIGHT[name]
    found = report(f, inputs)
    assert found, str(found)


def test_third_derivatives() -> None:
    assert tg.gradcheck(lambda x: tg.tanh(x) * x, random(2), order=3).compared == [4, 8, 24]


def test_functions_that_differentiate() -> None:
    assert tg.gradcheck(lambda x: tg.grad(lambda y: tg.sin(x * y).sum())(x * 2), random(3))


# What the engine itself could get wrong.


def test_contributions_that_are_not_added_up_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    source = inspect.getsource(walk.walk)
    assert "so_far + contribution" in source
    wrong: dict[str, Any] = {}
    exec(source.replace("so_far + contribution", "contribution"), walk.__dict__, wrong)
    for module in (walk, gradients, subject):
        monkeypatch.setattr(module, "walk", wrong["walk"])
    assert "half" in str(report(lambda x: x * x, random(3), order=1))


def test_broadcasts_that_are_not_summed_back_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = shape.summed_back
    monkeypatch.setattr(shape, "summed_back", lambda x, shape: sums(x, shape) / 2)
    assert not report(lambda x, y: x * y, (random(3, 4), random(4)), order=1)


def test_a_rule_that_ignores_its_upstream_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tg.tanh, "rules", (lambda g, out, x: 1.0 - out * out,))
    assert "not linear in the upstream gradient" in str(report(tg.tanh, random(3)))


# Reports.


def test_the_worst_entry_is_named() -> None:
    def f(weights: Any, x: Any) -> Any:
        wrong = np.zeros((2, 3))
        wrong[1, 2] = 0.5
        wrong[0, 0] = 0.001
        return weights @ x + (tg.tensor(weights.data * wrong) @ x.data)

    inputs = np.arange(1.0, 7.0).reshape(2, 3), np.arange(1.0, 4.0)
    with pytest.raises(tg.GradientError) as error:
        tg.gradcheck(f, inputs)
    worst = report(f, inputs).mismatches[0]
    assert worst.entry == "∂output[1]/∂weights[1, 2]"
    assert worst.analytic == pytest.approx(3.0)
    assert worst.numerical == pytest.approx(4.5)
    assert worst.difference == pytest.approx(1.5)
    for part in (
        "∂output[1]/∂weights[1, 2]",
        "the engine says       3",
        "finite differences    4.5",
        "difference            1.5",
    ):
        assert part in str(error.value)


def test_names_of_nodes_are_used() -> None:
    w = tg.Value(2.0, "w")
    assert "∂output/∂w" in str(report(lambda x: x * float(x), w))


def test_one_of_several_outputs_is_named() -> None:
    assert "∂output 1[0]/∂x[0]" in str(report(lambda x: (x, x * x.data[0]), np.array([2.0])))


def test_the_entry_is_found_among_many_inputs_and_outputs() -> None:
    wrong = np.ones(300)
    wrong[234] = 0.0
    found = report(lambda x: tg.sin(x) * wrong + tg.sin(x.data) * (1 - wrong), random(300))
    assert [m.entry for m in found.mismatches] == ["∂output[234]/∂x[234]"]


def test_the_rule_to_blame_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tg.tanh, "rules", (lambda g, out, x: g * (1.0 - out),))
    text = str(report(lambda x: tg.exp(tg.tanh(x * 2)).sum(), random(3)))
    assert "to blame is the rule of tanh" in text
    assert "rule of exp" not in text


@pytest.mark.parametrize(("factor", "hint"), [(-1.0, "wrong sign"), (2.0, "twice"), (0.5, "half"), (0.0, "detached")])
def test_what_all_mismatches_have_in_common_is_told(factor: float, hint: str) -> None:
    found = report(lambda x: factor * tg.sin(x) + (1 - factor) * tg.sin(x.data), random(3))
    assert hint in str(found)


def test_a_detached_input_is_a_bug() -> None:
    found = report(lambda x, y: x * y.data, (2.0, 3.0))
    assert "∂output/∂y (the graph has no path to it)" in str(found)
    assert len(found.mismatches) == 1


def test_a_report_that_is_true_can_be_read() -> None:
    found = tg.gradcheck(tg.sin, random(2))
    assert bool(found) is True
    assert str(found).startswith("gradcheck: all derivatives are right (4 of order 1 and 8 of order 2")
    assert not found.problems
    assert not found.kinks
    assert not found.mismatches


# Kinks.


def test_kinks_are_reported_and_not_as_bugs() -> None:
    found = tg.gradcheck(tg.relu, np.array([1.0, 0.0]), order=1)
    assert found.kinks == ["∂output[1]/∂x[1] is 0 on the left and 1 on the right; the engine says 0"]


def test_the_sides_of_a_kink_are_not_confused() -> None:
    found = tg.gradcheck(lambda x: tg.clip(x, None, -1.0), np.array([-1.0]), order=1)
    assert found.kinks == ["∂output[0]/∂x[0] is 1 on the left and 0 on the right; the engine says 1"]


def test_jumps_are_reported() -> None:
    found = tg.gradcheck(lambda x: tg.where(x > 1, x * x, 0.0), np.array([1.0]), order=1)
    assert found.kinks == ["∂output[0]/∂x[0] is 0 on the left and unbounded on the right; the engine says 0"]


def test_an_infinite_derivative_is_reported() -> None:
    found = tg.gradcheck(tg.sqrt, 0.0)
    assert found.kinks == ["∂output/∂x is undefined on the left and unbounded on the right; the engine says inf"]


def test_kinks_on_the_way_that_cancel_are_told() -> None:
    found = tg.gradcheck(lambda x: tg.relu(x) - tg.relu(-x), 0.0)
    assert found.kinks[0].startswith(
        "∂output/∂x is 1, but the engine says 0: the result of relu on the way is at a kink"
    )


def test_what_is_rough_everywhere_cannot_be_checked() -> None:
    found = report(lambda x: np.sin(1e14 * x.data) + 0 * x, np.array([1.0]))
    assert "cannot be checked" in str(found)


# What is refused.


def test_float32_is_too_coarse() -> None:
    x = random(2).astype("float32")
    with pytest.raises(tg.DtypeError, match=r'float32 inputs are too coarse.*pass x.astype\("float64"\)'):
        tg.gradcheck(tg.sin, x)
    assert tg.gradcheck(tg.sin, x, allow_float32=True)
    assert not report(lambda x: tg.sin(x) * 2 - tg.sin(x.data), x, allow_float32=True)


def test_float64_of_another_machine_is_not() -> None:
    assert tg.gradcheck(tg.sin, random(2).astype(np.dtype(float).newbyteorder("S")))


def test_computing_in_float32_is_too_coarse() -> None:
    with pytest.raises(tg.DtypeError, match=r"the result of astype of shape .* is computed in float32"):
        tg.gradcheck(lambda x: tg.sin(x.astype("float32")), random(2))


def test_there_has_to_be_something_to_differentiate() -> None:
    with pytest.raises(tg.DtypeError, match=r"nothing to differentiate.*2\.0, not 2"):
        tg.gradcheck(tg.sin, 2)


def test_a_function_has_to_return_numbers() -> None:
    with pytest.raises(tg.DtypeError, match="returned str 'a'"):
        tg.gradcheck(lambda x: "a", 2.0)


def test_a_function_that_is_not_deterministic_is_told() -> None:
    noise = np.random.default_rng(0)
    assert "not deterministic" in str(report(lambda x: x * noise.random(), 2.0))


def test_a_function_that_changes_its_input_is_told() -> None:
    def f(x: Any) -> Any:
        with tg.no_grad():
            x += 1.0
        return x * 2

    assert "changes its input x in place" in str(report(f, random(3)))


def test_a_function_that_changes_another_argument_is_told() -> None:
    def f(x: Any, table: Any) -> Any:
        table[0] += 1
        return x * 2

    assert "changes its input table in place" in str(report(f, (random(3), np.zeros(2, dtype=int))))


@pytest.mark.parametrize("x", [-1.0, 0.0])
def test_where_a_function_is_not_finite_it_has_no_derivative(x: float) -> None:
    assert "has no derivative there; tg.find_nan()" in str(report(tg.log, x))


def test_a_gradient_that_is_nan_is_told() -> None:
    found = report(lambda x: tg.sqrt(x * x), 0.0)
    assert "the engine says       nan" in str(found)


def test_a_walk_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(tg.tanh, "rules", (rule,))
    assert "the backward pass of order 1 failed: ZeroDivisionError: oh" in str(report(tg.tanh, random(3)))


# Manners.


def test_grad_is_left_alone() -> None:
    x = tg.tensor(random(3), requires_grad=True)
    (x * x).sum().backward()
    before = x.grad.copy()
    tg.gradcheck(lambda x: tg.sin(x), x)
    assert np.array_equal(x.grad, before)


def test_it_works_inside_no_grad() -> None:
    with tg.no_grad():
        assert tg.gradcheck(lambda x: tg.sin(x).sum(), random(3))


def test_it_says_the_same_twice() -> None:
    def f(x: Any) -> Any:
        return tg.sin(x) + 1e-3 * tg.sin(x.data)

    assert str(report(f, random(20))) == str(report(f, random(20)))


def test_warnings_of_numpy_do_not_escape() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tg.gradcheck(tg.arcsin, np.array([1.0, 0.5]))


def test_a_step_and_tolerances_can_be_chosen() -> None:
    def f(x: Any) -> Any:
        return tg.sin(x) + 1e-4 * tg.sin(x.data)

    x = random(3)
    assert tg.gradcheck(tg.sin, x, eps=1e-3)
    assert not report(f, x)
    assert tg.gradcheck(f, x, rtol=1e-3)
    assert tg.gradcheck(f, x, atol=1e-3)
