"""Fused rows: the same numbers as the rows that they stand for, and as PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine import gradients
from tinygrad_edu.engine.primitives.fused import linear, log_softmax, softmax_cross_entropy


def draw(*shape: int, seed: int = 0, dtype: str = "float64") -> tg.Tensor:
    return tg.randn(*shape, seed=seed, dtype=dtype, requires_grad=True)


def test_linear_is_a_product_and_a_sum_in_one_node() -> None:
    x, weight, bias = draw(2, 5, 3), draw(4, 3, seed=1), draw(4, seed=2)
    y = linear(x, weight, bias)
    assert y.primitive.name == "linear"
    np.testing.assert_allclose(y.data, (x @ weight.T + bias).data, rtol=1e-12)
    assert linear(x, weight).shape == (2, 5, 4)
    assert linear(x[0, 0], weight, bias).shape == (4,)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((2, 3), (4, 5)), r"linear: the last axis of x \(2, 3\) must be as long as the last of the weight \(4, 5\)"),
        (((5,), (2, 1)), r"x\[:, None\] makes an example of each number"),
        (((10, 1, 8, 8), (32, 64)), r"\(32, 64\).*nn.Flatten\(\) makes one axis of the last ones"),
        (((16, 25), (120, 400)), r"one example gets the axis of a batch, which nn.Flatten\(\) keeps, by x\[None\]"),
        (((2, 3), (3,)), r"the weight \(out, in\)"),
        (((), (4, 3)), "the last axis of x"),
        (((2, 3), (4, 3), (3,)), r"the bias has a number for each row of the weight \(4, 3\), not shape \(3,\)"),
        (((2, 3), (4, 3), ()), "the bias has a number for each row"),
    ],
)
def test_linear_names_the_shapes_that_do_not_go_together(shapes: Any, words: str) -> None:
    with pytest.raises(tg.ShapeError, match=words):
        linear(*(np.ones(shape) for shape in shapes))


def test_no_gradient_is_computed_for_an_input_that_needs_none() -> None:
    weight = draw(4, 3, seed=1)
    y = linear(tg.randn(5, 3, seed=0, dtype="float64"), weight)
    assert [step.slot for step in gradients.contributions(y.sum())] == [0, 1]


def test_the_gradient_of_cross_entropy_is_the_probabilities_less_one_at_the_target() -> None:
    logits = draw(2, 3)
    softmax_cross_entropy(logits, [2, 0]).sum().backward()
    np.testing.assert_allclose(logits.grad, tg.softmax(logits).data - np.eye(3)[[2, 0]], rtol=1e-12)


def test_logits_of_any_size_do_not_overflow() -> None:
    logits = tg.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    loss = softmax_cross_entropy(logits, [1])
    loss.sum().backward()
    assert loss.tolist() == [2e4]
    assert logits.grad.tolist() == [[1, -1, 0]]
    assert log_softmax(logits).tolist() == [[0, -2e4, -1e4]]


@pytest.mark.parametrize(
    ("targets", "error", "words"),
    [
        ([0, 3], tg.OutOfRangeError, "target 3 is no class: there are 3, from 0 on"),
        ([-1, 0], tg.OutOfRangeError, "target -1 is no class"),
        ([0.0, 1.0], tg.DtypeError, r"targets are whole numbers, such as \[0, 2\], not float64"),
        ([0, 1, 2], tg.ShapeError, r"the targets are of shape \(2,\), not \(3,\)"),
        ([[0], [1]], tg.ShapeError, r"not \(2, 1\)"),
    ],
)
def test_targets_that_are_no_classes_are_refused(targets: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        softmax_cross_entropy(draw(2, 3), targets)


def test_targets_changed_later_do_not_change_the_gradient() -> None:
    logits, targets = draw(2, 3), np.array([2, 0])
    loss = softmax_cross_entropy(logits, targets).sum()
    targets[:] = 1
    loss.backward()
    assert (logits.grad < 0).tolist() == [[False, False, True], [True, False, False]]


@given(
    data=st.data(),
    lead=st.lists(st.integers(1, 4), max_size=2),
    features=st.integers(1, 5),
    classes=st.integers(1, 6),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_values_and_gradients_are_pytorchs(data: Any, lead: list[int], features: int, classes: int, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="compared with PyTorch: pip install torch")
    x, weight = draw(*lead, features, dtype=dtype), draw(classes, features, seed=1, dtype=dtype)
    bias = draw(classes, seed=2, dtype=dtype) if data.draw(st.booleans()) else None
    targets = np.random.default_rng(3).integers(0, classes, lead)
    ours = [v for v in (x, weight, bias) if v is not None]
    theirs = [torch.tensor(v.numpy(), requires_grad=True) for v in ours]

    logits = linear(x, weight, bias)
    losses = softmax_cross_entropy(logits, targets)
    expected = torch.nn.functional.linear(*theirs)
    expected_losses = torch.nn.functional.cross_entropy(
        expected.reshape(-1, classes), torch.tensor(targets).reshape(-1), reduction="none"
    )
    (losses.sum() + log_softmax(logits).mean()).backward()
    (expected_losses.sum() + torch.log_softmax(expected, -1).mean()).backward()

    tolerance = 1e-9 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(
        losses.data, expected_losses.detach().numpy().reshape(lead), rtol=tolerance, atol=tolerance
    )
    for mine, other in zip(ours, theirs):
        assert mine.grad.dtype == dtype
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=tolerance, atol=tolerance)
