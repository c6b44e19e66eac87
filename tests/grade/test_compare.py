"""Points only for an explicit pass: whatever is wrong about an answer, and whatever an answer may be, is no pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from hypothesis.extra import numpy as stnp

from tinygrad_edu.grade import Outcome, compare

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
arrays = stnp.arrays(np.float64, stnp.array_shapes(max_dims=3, max_side=5), elements=numbers)


@given(arrays)
def test_the_expected_answer_passes(x: np.ndarray) -> None:
    assert compare(x.copy(), x)
    assert compare(x * (1 + 1e-14), x)
    assert compare([x, 2.0], (x, 2.0))


@given(arrays, st.data())
def test_one_wrong_number_fails(x: np.ndarray, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, x.size - 1))
    wrong = x.copy()
    wrong.flat[place] += data.draw(st.sampled_from([1e-7, -1e-7, 1.0])) * max(np.abs(x).max(), 1e-3)
    verdict = compare(wrong, x)
    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, "values")
    said = f"1 of {x.size} numbers are wrong" if x.size > 1 else "the number is wrong"
    assert verdict.message == f"the answer: {said}"


@given(arrays, st.data())
def test_another_shape_fails_even_with_the_same_numbers(x: np.ndarray, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(x.size,), (1, *x.shape), (*x.shape, 1), x.shape[::-1]]))
    assume(shape != x.shape)
    assert compare(x.reshape(shape), x).reason == "shape"


@given(arrays, st.sampled_from([np.nan, np.inf, -np.inf]), st.data())
def test_what_is_not_finite_fails(x: np.ndarray, odd: float, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, x.size - 1))
    wrong = x.copy()
    wrong.flat[place] = odd
    assert compare(wrong, x).reason == "finite"
    if x.size > 1:
        assert compare(wrong, wrong.copy())
        assert compare(x, wrong).reason == "finite"
        if odd != odd:
            return
        assert compare(np.where(wrong == odd, -odd, wrong), wrong).reason == "finite"


@pytest.mark.parametrize(
    ("answer", "expected", "reason"),
    [
        ((), (np.ones(3),), "count"),
        ((np.ones(3), np.ones(3)), (np.ones(3),), "count"),
        (np.ones((2, 3)), (np.ones(3), np.ones(3)), "type"),
        (np.array([1]), [1, 2], "count"),
        (np.ones(0), np.ones(3), "shape"),
        (0.0, np.zeros(3), "shape"),
        ([1.0, 1.0], np.ones(2), "type"),
        (None, 1.0, "type"),
        ("1.0", 1.0, "type"),
        (True, 1.0, "dtype"),
        (np.ones(3, int), np.ones(3), "dtype"),
        (np.ones(3, complex), np.ones(3), "dtype"),
        (np.ones(3, np.float16), np.ones(3), "dtype"),
        (np.ones(3, bool), np.ones(3, int), "dtype"),
        (np.array([None, None]), np.ones(2), "dtype"),
        (np.float32(0.1), 0.1, "dtype"),
        (np.full(3, 0.1, np.float32), np.full(3, 0.1), "dtype"),
        (1, True, "type"),
        (2, 3, "values"),
        ("a", "b", "values"),
        ({"a": 1.0}, {"a": 1.0, "b": 2.0}, "count"),
        ({"a": 1.0, "b": 3.0}, {"a": 1.0, "b": 2.0}, "values"),
        (2**80, 1.0, "dtype"),
        (2**80, 1, "dtype"),
    ],
)
def test_first_what_it_is_then_the_numbers(answer: Any, expected: Any, reason: str) -> None:
    verdict = compare(answer, expected)
    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, reason), verdict


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (1, 1.0),
        (np.array(1.0), 1.0),
        (np.arange(3, dtype=np.int32), np.arange(3)),
        (np.full(3, 0.1), np.full(3, 0.1, np.float32)),
        ({"w": np.ones(2)}, {"w": np.ones(2)}),
        (["x", None], ("x", None)),
        (np.zeros(3), np.zeros(3)),
        (np.True_, True),
        (np.array(False), False),
        (np.str_("a"), "a"),
        ("a", np.str_("a")),
        (np.array([1, 2]), [1, 2]),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        (np.array([True, False]), [True, False]),
        ([np.str_("a"), {"b": np.True_}], ("a", {"b": True})),
    ],
)
def test_honest_differences_pass(answer: Any, expected: Any) -> None:
    assert compare(answer, expected)


def test_an_exact_dtype_can_be_asked_for() -> None:
    assert compare(np.ones(3), np.ones(3, np.float32))
    assert compare(np.ones(3), np.ones(3, np.float32), exact_dtype=True).reason == "dtype"


@pytest.mark.parametrize(
    "expected", [(), [], np.ones((0, 3)), np.full(3, np.nan), (1.0, ()), object(), np.array(["a"])]
)
def test_an_expectation_that_means_nothing_is_the_graders_error(expected: Any) -> None:
    assert compare(expected, expected).outcome is Outcome.ERROR


class Hostile:
    __array_priority__ = 1e9

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (np.False_, True), (np.array([True]), True), (np.int64(1), True), (np.str_("b"), "a"), (np.array(["a"]), "a"),
        (np.array([1, 3]), [1, 2]), (np.array([1.0, 2.0]), [1, 2]), (np.array([[1, 2]]), [1, 2]),
        (np.array([1]), [1, 2]), (np.ones((2, 3)), (np.ones(3), np.ones(3))), (np.array([1, 0]), [True, False]),
        (np.array([1, 2]), ["1", "2"]), (np.datetime64("NaT", "s"), None), (np.array(None), None),
        (np.array(1.0), True), (np.array(True, object), True),
    ],
)  # fmt: skip
def test_numpys_kind_of_something_else_fails(answer: Any, expected: Any) -> None:
    assert compare(answer, expected).outcome is Outcome.FAIL


@pytest.mark.parametrize("expected", [1.0, 1, True, None, "a", np.ones(3), (1.0,), {"a": 1.0}])
def test_no_object_passes(expected: Any) -> None:
    for answer in (Hostile(), object(), compare, float, NotImplemented, ...):
        assert compare(answer, expected).outcome is Outcome.FAIL


def test_messages_tell_no_expected_number() -> None:
    assert "0.123" not in compare(np.zeros(3), np.full(3, 0.123)).message
