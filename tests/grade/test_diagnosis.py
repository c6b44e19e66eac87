"""A wrong gradient gets the name of its mistake; a right one is never accused, and a wrong one never passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy import ndarray

import tinygrad_edu as tg
from benchmarks import diagnosis as figures
from tinygrad_edu.engine.primitives import fused
from tinygrad_edu.errors import OutOfRangeError
from tinygrad_edu.grade.diagnosis import (
    MISTAKES,
    diagnose,
    mutants,
    probe_shapes,
    random_upstream,
)
from tinygrad_edu.grade.diagnosis.probes import all_alike, only_square
from tinygrad_edu.grade.diagnosis.reference import Reference
from tinygrad_edu.grade.diagnosis.rules import OF_ROWS
from tinygrad_edu.nn.functional import batch_norm, conv2d, cross_entropy


def drawn(*axes: str, seed: int = 0) -> list[ndarray]:
    """Random arrays of these axes."""
    rng = np.random.default_rng(seed)
    return [random_upstream(rng, shape) for shape in probe_shapes(*axes)]


def name_of(function: Callable[..., Any], at: list[Any], upstream: Any, found: Any) -> str:
    diagnosis = diagnose(function, at, upstream, found)
    assert diagnosis is not None
    return diagnosis.name


# The figure, on a sample.


@pytest.mark.slow
def test_every_mistake_in_every_operation_is_noticed_and_named() -> None:
    found = figures.run([0, 1], figures.OPERATIONS[::2])  # all of them: python -m benchmarks.diagnosis
    assert found.passed == 0
    assert found.accused == 0
    assert found.rightly >= 0.95
    assert found.named >= 0.9 * found.mutants
    assert found.mutants > 1500


@given(st.sampled_from(figures.OPERATIONS), st.integers(0, 2**31))
def test_a_right_answer_is_never_accused(operation: figures.Operation, seed: int) -> None:
    at, upstream = operation.probe(seed)
    _, pull = tg.vjp(operation.function, *at)
    right = pull(upstream)
    assert diagnose(operation.function, at, upstream, right) is None
    single = [x.astype(np.float32) for x in right]
    assert name_of(operation.function, [*at], upstream, single) == "low precision"


@given(st.integers(0, 2**31), st.floats(-5, 5).filter(lambda c: abs(c - 1) > 1e-6))
def test_a_wrong_answer_never_passes(seed: int, c: float) -> None:
    x, y, upstream = drawn("nk", "nk", "nk", seed=seed)
    assert diagnose(tg.multiply, [x, y], upstream, [c * upstream * y, upstream * x]) is not None


@pytest.mark.parametrize(
    "answer",
    [None, "0", [], [None, None], [1.0, 2.0, 3.0], [np.array("x"), 1.0], [np.full((5, 3), np.nan)] * 2, [[], {}]],
    ids=repr,
)
def test_what_is_no_gradient_is_wrong_too(answer: Any) -> None:
    x, y, upstream = drawn("nk", "nk", "nk")
    assert name_of(tg.multiply, [x, y], upstream, answer) in ("unknown", "detached", "not finite", "number of answers")


@pytest.mark.parametrize("answer", ["0", True, {}, [0.0], np.array("x"), np.zeros((5, 3), int)], ids=repr)
def test_what_is_of_another_type_is_not_called_detached(answer: Any) -> None:
    x, upstream = drawn("nk", "nk")
    diagnosis = diagnose(tg.exp, [x], upstream, [answer])
    assert diagnosis is not None
    assert diagnosis.name == "unknown"
    assert "expected" in diagnosis.feedback()


# Mistakes as students write them, by hand and apart from the table.


def test_a_wrong_number_of_answers_is_said() -> None:
    for answer, returned in ((None, "None, as of a function without `return`"), (2.0, "a float"), ([], "0 of them")):
        diagnosis = diagnose(tg.multiply, [2.0, 3.0], 1.0, answer)
        assert diagnosis is not None
        assert diagnosis.words[2].startswith("2 gradients must be returned")
        assert diagnosis.words[2].endswith(f"what is returned is {returned}.")


def test_mistakes_in_a_product() -> None:
    x, y, g = drawn("nk", "nk", "nk")

    def name(*found: Any) -> str:
        return name_of(lambda x, y: x * y, [x, y], g, found)

    assert name(-g * y, -g * x) == "sign"
    assert name(2 * g * y, 2 * g * x) == "twice"
    assert name(g * y / 5, g * x / 5) == "factor"
    assert name(y, x) == "upstream ignored"
    assert name(g, g) == "local derivative ignored"
    assert name(g * x, g * y) in ("operands swapped", "order of answers")
    assert name(None, g * x) == "detached"
    assert name((g * y).T, g * x) == "transposed"
    assert name((g * y).ravel(), g * x) == "reshaped"
    assert name(-y, -x) == "upstream ignored + sign"
    assert name(np.where(x < 0, 0, g * y), g * x) == "region"
    assert name(g * y + 1e-7, g * x) == "imprecise"
    assert name(g * y + 1.0, g * x) == "unknown"


def test_the_function_at_the_output_instead_of_the_input() -> None:
    x, g = drawn("nk", "nk")
    assert name_of(tg.sin, [x], g, g * np.cos(np.sin(x))) == "at the output"
    assert name_of(tg.tanh, [x], g, g * (1 - x * x)) == "at the input"


def test_a_variable_used_several_times() -> None:
    x, y, g = drawn("nk", "nk", "nk")
    right = g * y + g * np.cos(x)

    def name(found: ndarray) -> str:
        return name_of(lambda x, y: x * y + tg.sin(x), [x, y], g, [found, g * x])

    assert name(g * y) == name(g * np.cos(x)) == "overwritten"
    assert name(right + g * y) == "counted twice"
    assert name(g * y - g * np.cos(x)) == "sign of one contribution"


def test_a_rule_that_errs_wherever_it_is_used() -> None:
    x, g = drawn("nk", "nk")
    y = np.tanh(np.tanh(x))
    found = g * (1 - np.tanh(x) ** 2) * (1 - x * x)  # 1 - input² in the place of 1 - output², twice
    assert not np.allclose(found, g * (1 - y * y) * (1 - np.tanh(x) ** 2))
    assert name_of(lambda x: tg.tanh(tg.tanh(x)), [x], g, found) == "at the input"


def test_of_an_operand_that_is_used_often_as_many_mistakes_are_tried_as_there_is_time_for() -> None:
    def total(x: Any, y: Any) -> Any:
        sum = x * y
        for _ in range(400):
            sum = sum + x
        return sum

    reference = Reference(total, [2.0, 3.0], 1.0)
    walked = len(list(reference.candidates())) * len(reference.steps)
    assert walked < 10_000  # arrows, each of some microseconds
    assert name_of(total, [2.0, 3.0], 1.0, [1.0, 2.0]) == "overwritten"
    assert name_of(total, [2.0, 3.0], 1.0, [402.5, 2.0]) == "unknown"


def test_a_program_that_overwrites_everywhere() -> None:
    x, g = drawn("nk", "nk")
    y = np.sin(x) * x  # both x and y are used twice
    found = g * np.exp(y) * x * np.cos(x)  # by the use that a backward pass meets last, of y and of x
    assert name_of(lambda x: (lambda y: tg.exp(y) + y * y)(tg.sin(x) * x), [x], g, found) == "overwritten"


def test_single_numbers() -> None:
    def name(*found: Any) -> str:
        return name_of(lambda x, y: x * y + tg.sin(x), [1.3, -0.7], 1.9, found)

    right = [1.9 * (-0.7 + np.cos(1.3)), 1.9 * 1.3]
    assert diagnose(lambda x, y: x * y + tg.sin(x), [1.3, -0.7], 1.9, right) is None
    assert name(1.9 * -0.7, right[1]) == "overwritten"
    assert name(-right[0], -right[1]) == "sign"
    assert name(right[0], 1.3) == "upstream ignored"
    assert name(0, 0) == "detached"
    assert name(3.21, right[1]) == "unknown"


def test_answers_in_single_precision_are_named_too() -> None:
    x, y, g = (a.astype(np.float32) for a in drawn("nk", "nk", "nk"))
    assert diagnose(tg.divide, [x, y], g, [g / y, -g * x / y**2]) is None
    assert name_of(tg.divide, [x, y], g, [1 / y, -x / y**2]) == "upstream ignored"
    assert name_of(tg.divide, [x, y], g, [g / y, g * x / y**2]) == "sign"


@given(st.sampled_from(figures.OPERATIONS), st.integers(0, 2**31))
def test_numbers_that_no_mistake_gives_are_not_given_the_name_of_one(operation: figures.Operation, seed: int) -> None:
    at, upstream = operation.probe(seed)
    rng = np.random.default_rng(seed)
    _, pull = tg.vjp(operation.function, *at)
    wrong = [g + rng.normal(size=np.shape(g)) for g in pull(upstream)]
    assert name_of(operation.function, [*at], upstream, wrong) == "unknown"


def test_square_probes_show_transposes_and_wrong_axes() -> None:
    x, w, upstream = (random_upstream(np.random.default_rng(i), (4, 4)) for i in range(3))
    right = [upstream @ w.T, x.T @ upstream]
    assert name_of(tg.matmul, [x, w], upstream, [right[0].T, right[1]]) == "transposed"
    g = upstream[0]
    by_row, by_column = np.tile(g / 4, (4, 1)), np.tile(g[:, None] / 4, (1, 4))
    assert diagnose(lambda x: x.mean(axis=0), [x], g, [by_row]) is None
    assert name_of(lambda x: x.mean(axis=0), [x], g, [by_column]) in ("wrong axis", "transposed")
    softmax = tg.softmax(x, axis=0)
    along = softmax * (upstream - (upstream * softmax).sum(0))
    assert name_of(lambda x: tg.softmax(x, axis=1), [x], upstream, [along]) == "wrong axis"


def test_broadcasting() -> None:
    x, b, g = drawn("nk", "k", "nk")

    def name(found: ndarray) -> str:
        return name_of(lambda x, b: x + b, [x, b], g, [g, found])

    assert name(g) == "not summed"
    assert name(g.sum(1)) == "summed over the wrong axis"
    assert name(g.mean(0)) == "factor"
    assert name(g[0]) == "summed over the wrong axis"


def test_which_operation_of_a_chain_errs() -> None:
    x, w, g = drawn("nk", "km", "nm")
    y = np.tanh(x @ w)
    wrong = g * (1 - (x @ w) ** 2)
    diagnosis = diagnose(lambda x, w: tg.tanh(x @ w), [x, w], g, [wrong @ w.T, x.T @ wrong])
    assert diagnosis is not None
    assert diagnosis.name == "at the input"
    assert "`tanh`" in diagnosis.feedback(2)
    diagnosis = diagnose(lambda x, w: tg.tanh(x @ w), [x, w], g, [g @ w.T, x.T @ g])
    assert diagnosis is not None
    assert diagnosis.name == "local derivative ignored"
    assert "`tanh`" in diagnosis.feedback(2)
    right = g * (1 - y * y)
    diagnosis = diagnose(lambda x, w: tg.tanh(x @ w), [x, w], g, [right @ w.T, x.T @ -right])
    assert diagnosis is not None
    assert (diagnosis.name, diagnosis.operands) == ("sign", ("w",))


def test_a_region_is_described() -> None:
    x, g = drawn("nk", "nk")
    for found, words in (
        (np.where(x > 0, g, 0) * 2 * x, "where x < 0"),
        (2 * x * np.where(np.arange(5)[:, None] == 4, -g, g), "in the last row"),
        (2 * x * np.where(np.arange(3) == 0, 0, g), "in the first column"),
    ):
        diagnosis = diagnose(lambda x: x * x, [x], g, found)
        assert diagnosis is not None
        assert diagnosis.name == "region"
        assert words in diagnosis.feedback(2)


def test_zeros_that_cannot_be_wrong_make_no_region() -> None:
    x, w, g = drawn("nk", "km", "nm")
    x, w[:, -1] = (
        np.abs(x),
        -np.abs(w[:, 0]),
    )  # a unit that is never active: its gradient is 0, whatever the program does
    right = g * (x @ w > 0)
    odd = np.sin(17.0 * w) * (np.arange(7) < 6)
    diagnosis = diagnose(lambda x, w: tg.relu(x @ w), [x, w], g, [right @ w.T, x.T @ right + odd])
    assert diagnosis is not None
    assert diagnosis.name == "unknown"


def test_ties_are_a_region() -> None:
    x, y = np.array([1.5, 2.0, -1.0, 0.5, 0.7]), np.array([1.5, 1.0, -1.0, 3.0, 0.1])
    g = np.array([1.3, -2.0, 1.7, 2.2, 0.4])
    found = [np.where(x >= y, g, 0), np.where(y > x, g, 0)]
    diagnosis = diagnose(lambda x, y: tg.maximum(x, y), [x, y], g, found)
    assert diagnosis is not None
    assert "where x = y" in diagnosis.feedback(2)


def test_softmax_cross_entropy() -> None:
    (z,) = drawn("nk")
    targets = np.array([0, 1, 2, 1, 0])
    g = random_upstream(np.random.default_rng(1), (5,))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    hot = np.eye(3)[targets]

    def name(found: ndarray) -> str:
        return name_of(lambda z: fused.softmax_cross_entropy(z, targets), [z], g, found)

    by_row = g[:, None]
    assert name(p * by_row) == "no -1 at the target"
    assert name(p - hot) == "upstream ignored"
    assert name((p - np.eye(3)[(targets + 1) % 3]) * by_row) == "target off by one"
    assert name((np.exp(z) / np.exp(z).sum(0) - hot) * by_row) == "softmax over the wrong axis"
    assert name((z - hot) * by_row) == "no softmax"
    assert name((np.exp(z) - hot) * by_row) == "not normalised"
    assert name(-hot / p * by_row) == "by the probabilities"
    assert name((hot - p) * by_row) == "sign"
    mean = diagnose(lambda z: cross_entropy(z, targets), [z], 1.5, 1.5 * (p - hot))
    assert mean is not None
    assert "the batch size" in mean.feedback()


def test_convolution() -> None:
    rng = np.random.default_rng(0)
    x, w = random_upstream(rng, (2, 3, 7, 5)), random_upstream(rng, (4, 3, 3, 2))
    g = random_upstream(rng, (2, 4, 5, 4))
    _, pull = tg.vjp(conv2d, x, w)
    by_x, by_w = pull(g)
    flipped = tg.vjp(conv2d, x, w[:, :, ::-1, ::-1].copy())[1](g)[0]
    assert name_of(lambda x, w: conv2d(x, w), [x, w], g, [flipped, by_w]) == "kernel flipped"
    assert name_of(lambda x, w: conv2d(x, w), [x, w], g, [by_x, by_w[:, :, ::-1, ::-1]]) == "kernel flipped"
    assert name_of(lambda x, w: conv2d(x, w), [x, w], g, [by_x, by_w.swapaxes(0, 1)]) == "transposed"


def test_batch_normalisation() -> None:
    rng = np.random.default_rng(0)
    x, g = random_upstream(rng, (5, 3)), random_upstream(rng, (5, 3))
    eps = 1e-3
    centred, deviation = x - x.mean(0), np.sqrt(x.var(0) + eps)
    normal = centred / deviation

    def name(found: ndarray) -> str:
        return name_of(lambda x: batch_norm(x, None, None, training=True, eps=eps), [x], g, found)

    assert name(g / deviation) == "statistics constant"
    assert name((g - g.mean(0)) / deviation) == "variance constant"
    assert name((g - normal * (g * normal).mean(0)) / deviation) == "mean constant"

    def gradient_of(root: Callable[[Any], Any]) -> ndarray:
        """Of another forward pass: the sum of squares of the centred x, over something that `root` makes of it."""
        _, pull = tg.vjp(lambda x: (x - x.mean(0)) / root(((x - x.mean(0)) ** 2).sum(0)), x)
        found: ndarray = pull(g)[0]
        return found

    assert name(gradient_of(lambda s: tg.sqrt(s / 4 + eps))) == "unbiased variance"
    assert name(gradient_of(lambda s: tg.sqrt(s / 5) + eps)) == "eps outside the root"
    assert name(gradient_of(lambda s: tg.sqrt(s / 5))) == "eps left out"


def test_the_classic_mistakes_of_a_row_can_be_made() -> None:
    """A wrong question to a rule is passed over, so a mistake that can never be made would go unnoticed."""
    made = set()
    for operation in figures.OPERATIONS:
        if operation.name in ("softmax_cross_entropy", "conv2d", "batch_norm"):
            made |= {mutant.name for mutant in mutants(operation.function, *operation.probe(0))}
    expected = {name.partition(":")[0] for row in OF_ROWS.values() for name in row}
    assert expected - made <= {"channels swapped"}  # which only weights with as many channels in as out have


# Words and probes.


def test_feedback_has_three_levels() -> None:
    x, g = drawn("nk", "nk")
    diagnosis = diagnose(lambda x: x * x, [x], g, -2 * x * g)
    assert diagnosis is not None
    what, where, how = (diagnosis.feedback(level) for level in (1, 2, 3))
    assert what == "The sign is wrong."
    assert where == what + " Look at the gradient of x."
    assert how.startswith(where)
    assert len(how) > len(where)
    with pytest.raises(ValueError, match="level"):
        diagnosis.feedback(4)


def test_every_mistake_can_be_put_into_words() -> None:
    for operation in figures.OPERATIONS:
        at, upstream = operation.probe(0)
        for mutant in list(mutants(operation.function, at, upstream))[::7]:
            diagnosis = diagnose(operation.function, at, upstream, mutant.gradients)
            assert diagnosis is not None
            assert "{" not in diagnosis.feedback()
    for mistake in MISTAKES.values():
        assert all(words.endswith((".", "?")) for words in mistake[1:])


def test_sizes_of_probes_are_no_multiples_of_each_other() -> None:
    shapes = probe_shapes("abcdef")
    for n in shapes[0]:
        assert all(n == m or n % m for m in shapes[0])
    assert probe_shapes("nk", "k1", square=True) == ((4, 4), (4, 1))
    with pytest.raises(OutOfRangeError, match="7 sizes"):
        probe_shapes("abcdefg")


def test_probes_in_which_mistakes_can_hide_are_told_apart() -> None:
    x, g = drawn("nk", "nk")
    assert not all_alike(g)
    assert not all_alike(1.5)  # the only number there is
    assert all_alike(np.ones((5, 3)))
    assert all_alike(np.full((5, 3), 2.0))
    assert not only_square([x])
    assert only_square([np.ones((4, 4))])
    assert not only_square([np.ones((4, 4)), np.ones(3)])
