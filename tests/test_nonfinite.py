"""`find_nan` names the operation that made the first nan or inf, why, and what to do."""

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

nan, inf = math.nan, math.inf


def tensor(*numbers: Any, **rest: Any) -> tg.Tensor:
    return tg.tensor(np.array(numbers), requires_grad=True, **rest)


def quiet(f: Any) -> Any:
    with np.errstate(all="ignore"):
        return f()


x, y, zero = tg.Value(-3.0, "x"), tg.Value(2.0, "y"), tg.Value(0.0, "zero")

FORWARD = {  # what is computed: the operation to blame, the reason, part of the remedy
    "log of a negative number": (lambda: tg.log(x) + 1, "log", "negative number has no logarithm", "tg.clip"),
    "log of 0": (lambda: tg.log(zero) * y, "log", "logarithm of 0", "tg.clip"),
    "log1p": (lambda: tg.log1p(x), "log1p", "logarithm of 1 + x", "above -1"),
    "square root": (lambda: tg.sqrt(x), "sqrt", "no real square root", "tg.clip"),
    "arcsine": (lambda: tg.arcsin(y) * 2, "arcsin", "no angle", "tg.clip"),
    "arccosine": (lambda: tg.arccos(x), "arccos", "no angle", "tg.clip"),
    "division by 0": (lambda: 1 + y / zero, "divide", "division by 0", "1e-12"),
    "0 / 0": (lambda: zero / (y - 2), "divide", "0 / 0", "tg.where"),
    "0 to a negative power": (lambda: zero**-1, "power", "division by 0", "away from 0"),
    "root of a negative number": (lambda: x**0.5, "power", "fraction as exponent", "tg.abs"),
    "exp": (lambda: tg.exp(y * 1000), "exp", "overflows", "tg.logsumexp"),
    "sinh": (lambda: tg.sinh(x * 1000), "sinh", "overflows", "float64"),
    "product": (lambda: y * 1e200 * 1e200, "multiply", "too large", "logarithms"),
    "power": (lambda: tensor(1.0, 3e200) ** 2, "power", "float64 ends at 1.8e+308", "logarithms"),
    "sum in float32": (lambda: tensor(2e38, 2e38, dtype="float32").sum(), "sum", "float32 ends at 3.4e+38", "float64"),
    "matrix product": (lambda: (tensor([1e200]) @ tensor([1e200])).sum(), "matmul", "too large", "float64"),
    "log in an array": (lambda: tg.log(tensor(1.0, -2.0)).sum(), "log", "negative number", "tg.clip"),
    "cast": (lambda: tensor(1e300).astype("float32") + 1, "astype", "float32 ends at", "float64"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_the_operation_is_named_with_the_reason_and_the_remedy(name: str) -> None:
    compute, operation, reason, remedy = FORWARD[name]
    found = quiet(compute)
    report = tg.find_nan(found)
    assert report
    assert (report.phase, report.slot) == ("forward", None)
    assert report.node is not None
    assert report.node.primitive is not None
    assert report.node.primitive.name == operation
    for part in (f"{operation} gave ", reason, remedy):
        assert part in str(report)


def test_the_oldest_culprit_is_named_not_what_it_spread_to() -> None:
    bad = tg.log(x)
    later = tg.sqrt(x)
    assert tg.find_nan(bad * 2 + tg.exp(later)).node is bad


def test_what_did_not_spread_to_the_output_is_not_to_blame() -> None:
    """A mask of -inf, older than the nan, is meant."""
    masked = tg.softmax(tensor(1.0, 2.0) + np.array([0.0, -inf]))
    bad = quiet(lambda: tg.log(x))
    assert tg.find_nan((masked * bad).sum()).node is bad


def test_numbers_operands_and_places_are_given() -> None:
    p = tensor([1.0, 2.0, 3.0], [4.0, -0.5, -7.0], name="p")
    text = str(tg.find_nan(quiet(lambda: tg.log(p).sum())))
    assert "log gave nan in 2 of 6 numbers, first at [1, 1]" in text
    assert "at [1, 1]: log(-0.5) = nan, where -0.5 is 'p'" in text
    assert "'p': shape (2, 3), float64, from -7 to 4" in text


def test_broadcast_operands_are_shown_at_their_own_place() -> None:
    a, b = tensor([[1.0], [2.0]], name="a"), tensor(4.0, 0.0, name="b")
    text = str(tg.find_nan(quiet(lambda: (a / b).sum())))
    assert "[0, 0, 1]: 1.0 / 0.0 = inf, where 1.0 is 'a' and 0.0 is 'b'" in text


def test_the_source_line_is_named_if_traced() -> None:
    with tg.trace():
        q = tg.log(x)
        loss = q * 2
    text = str(tg.find_nan(loss))
    assert "test_nonfinite.py" in text
    assert "q = tg.log(x)" in text


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_a_leaf_is_named_as_the_culprit(bad: float) -> None:
    w = tg.Value(bad, "w")
    report = tg.find_nan((w + 1) * 2)
    assert report.node is w
    assert f"'w' is itself {bad}" in str(report)


def test_a_leaf_tensor_is_named_with_the_place() -> None:
    w = tensor([1.0, nan], [inf, 2.0], name="w")
    report = tg.find_nan((w * 2).sum())
    assert report.node is w
    assert "itself nan and inf in 2 of 4 numbers, first at [0, 1]" in str(report)


def test_a_constant_is_named_as_the_culprit() -> None:
    report = tg.find_nan(tensor(1.0, 2.0) * np.array([1.0, nan]))
    assert report.slot == 1
    assert "because of its constant operand 1" in str(report)


def test_what_was_not_recorded_is_said_to_be_so() -> None:
    with tg.no_grad(), np.errstate(all="ignore"):
        q = tg.log(x)
    assert "without recording" in str(tg.find_nan(q * y))


def test_what_made_nan_of_an_inf_is_told_as_well() -> None:
    big = tg.exp(y * 1000)
    text = str(tg.find_nan(big - big))
    assert "exp gave inf" in text
    assert "later subtract made nan of it" in text
    assert "inf - inf is not defined" in text
    assert "0 · inf is not defined" in str(tg.find_nan(big * 0.0))
    assert "inf / inf is not defined" in str(tg.find_nan(big / big))


def test_a_row_that_is_masked_altogether() -> None:
    text = str(tg.find_nan(quiet(lambda: tg.softmax(tensor(1.0, 2.0) + np.full(2, -inf)).sum())))
    assert "every one is masked" in text


def test_a_gradient_that_is_infinite() -> None:
    s = tg.Value(0.0, "s")
    root = tg.sqrt(s)
    report = tg.find_nan(root * 3)
    assert (report.node, report.phase, report.slot) == (root, "backward", 0)
    assert "the gradient that sqrt passes to 's' is inf" in str(report)
    assert "infinitely steep" in str(report)


def test_the_trap_of_where() -> None:
    """The branch not taken receives a gradient of 0, which times inf is nan."""
    p = tensor(0.0, 1.0, name="p")
    report = tg.find_nan(quiet(lambda: tg.where(p.data > 0, tg.sqrt(p), 0.0).sum()))
    assert report.phase == "backward"
    for part in ("upstream 0.0 · local derivative inf = nan", "sqrt(0.0) = 0.0", "tg.sqrt(tg.where(mask, x, 1.0))"):
        assert part in str(report)


def test_gradients_that_grow_too_large() -> None:
    report = tg.find_nan(tg.Value(0.0, "a") * 1e200 * 1e200)
    assert report.phase == "backward"
    assert "upstream 1e+200 · local derivative 1e+200 = inf" in str(report)
    assert "too large for its dtype" in str(report)


def test_gradients_that_add_up_to_inf() -> None:
    a = tg.Value(0.0, "a")
    report = tg.find_nan(a * 1e308 + a * 1e308)
    assert report.phase == "backward"
    assert "add up to inf" in str(report)


def test_a_gradient_of_a_whole_array() -> None:
    a, b = tensor([0.0], name="a"), tensor([1e300], name="b")
    report = tg.find_nan((a.reshape(1, 1) @ b.reshape(1, 1) * 1e200).sum())
    assert report.phase == "backward"
    assert "matmul" in str(report)


def test_a_nan_that_does_not_reach_the_output() -> None:
    p = tensor(-1.0, 1.0, name="p")
    report = tg.find_nan(quiet(lambda: tg.where(p.data > 0, tg.log(p), 0.0).sum()))
    assert report.phase == "forward"
    assert "it does not reach the output" in str(report)


@pytest.mark.parametrize(
    "fine",
    [
        lambda: x * y,
        lambda: x,
        lambda: tg.Value(1.0, requires_grad=False),
        lambda: tensor(1.0, 2.0) * 2,
        lambda: tg.tensor([1, 2], dtype=int),
        lambda: tg.softmax(tensor(1.0, 2.0) + np.array([0.0, -inf])),
        lambda: tg.maximum(tensor(1.0, 2.0), -inf),
        lambda: tensor(1.0) / inf,
    ],
)
def test_a_finite_graph_gives_a_report_that_is_false(fine: Any) -> None:
    report = tg.find_nan(fine())
    assert not report
    assert report.node is None
    assert "all is finite" in str(report)


def test_grad_is_left_alone() -> None:
    a = tg.Value(2.0)
    loss = a * a
    loss.backward()
    tg.find_nan(loss)
    assert a.grad == 4.0


def test_a_change_in_place_is_told() -> None:
    a = tg.Value(2.0, "a")
    loss = a * a
    a.data = 3.0
    report = tg.find_nan(loss)
    assert not report
    assert "changed in place" in str(report)


def test_only_nodes_are_examined() -> None:
    with pytest.raises(tg.GraphError, match="needs a Value or a Tensor, not float"):
        tg.find_nan(2.0)  # type: ignore[arg-type]


def test_after_backward_released_arrays_are_looked_at_again() -> None:
    a = tg.tensor(np.full(20_000, -1.0), requires_grad=True)
    bad = quiet(lambda: tg.log(a * 2))
    loss = (bad + 1).sum()
    quiet(loss.backward)
    assert tg.find_nan(loss).node is bad


@pytest.mark.parametrize("n", [50_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_a_deep_graph(n: int) -> None:
    z = tg.Value(1.0)
    for _ in range(n // 2):
        z = z * 1.0 + 0.0
    assert not tg.find_nan(z)
    bad = tg.log(z - 2.0)
    assert tg.find_nan(bad * 2).node is bad
