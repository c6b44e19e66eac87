"""Weights for data that are not what a model is used on: what they should be where the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.errors import DtypeError, OutOfRangeError, ShapeError
from tinygrad_edu.train import class_weights, importance_weights, label_shift_weights


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_with_class_weights_all_classes_that_occur_count_the_same(labels: list[int]) -> None:
    weights = class_weights(labels, 6)
    totals = [weights[c] * labels.count(c) for c in range(6)]
    assert np.allclose([total for c, total in enumerate(totals) if c in labels], len(labels) / len(set(labels)))
    assert all(weights[c] == 0 for c in range(6) if c not in labels)
    assert weights[labels].mean() == pytest.approx(1)


def test_class_weights_go_into_a_loss_and_take_masks() -> None:
    masks = np.array([[[0, 0, 0], [0, 2, 0]]])
    weights = class_weights(masks, 3)
    loss = tg.nn.CrossEntropyLoss(weight=weights)(tg.zeros((1, 3, 2, 3)), masks)
    assert loss.item() == pytest.approx(np.log(3))


def test_importance_weights_are_the_ratio_of_the_densities() -> None:
    """Normal densities around 0 and 1 have the ratio e^(x − 1/2), whatever the numbers of examples."""
    x = np.linspace(-2, 3, 7)
    for n_source, n_target in ((100, 100), (300, 50)):
        logits = x - 0.5 + np.log(n_target / n_source)
        assert np.allclose(importance_weights(tg.tensor(logits), n_source, n_target), np.exp(x - 0.5))


def test_importance_weights_stay_finite_and_below_the_largest() -> None:
    assert np.isfinite(importance_weights([1e4, np.inf, -np.inf], 10, 10)).all()
    assert importance_weights([5.0, 0.0, -np.inf], 10, 10, largest=4).round(9).tolist() == [4, 1, 0]


@given(st.lists(st.integers(1, 9), min_size=3, max_size=3), st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_label_shift_is_found_exactly_where_there_is_no_noise(before: list[int], after: list[int]) -> None:
    rates = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]])
    p, q = np.array(before) / sum(before), np.array(after) / sum(after)
    assert label_shift_weights(rates * p[:, None], q @ rates) == pytest.approx(q / p)


def test_shares_below_0_become_0_and_a_class_that_never_occurs_has_weight_0() -> None:
    assert label_shift_weights([[9, 1], [1, 9]], [0, 10]).tolist() == [0, 2]
    assert label_shift_weights([[9, 1, 0], [0, 0, 0], [1, 0, 9]], [50, 5, 45]).tolist()[1] == 0


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: class_weights([]), ShapeError, "no labels"),
        (lambda: class_weights([0.5]), DtypeError, "whole numbers from 0 on"),
        (lambda: class_weights([0, -1]), DtypeError, "whole numbers from 0 on"),
        (lambda: class_weights([0, 3], 3), OutOfRangeError, "no class 3 among 3"),
        (lambda: importance_weights([[1.0]], 1, 1), ShapeError, r"\(N,\), not \(1, 1\)"),
        (lambda: importance_weights([np.nan], 1, 1), DtypeError, "nan"),
        (lambda: importance_weights([0.0], 0, 1), OutOfRangeError, "n_source is larger than 0"),
        (lambda: label_shift_weights([[1, 2]], [1]), ShapeError, r"\(C, C\)"),
        (lambda: label_shift_weights([[1, 1], [1, 1]], [1, 1]), OutOfRangeError, "nothing tells them apart"),
        (lambda: label_shift_weights([[1, 0], [0, 1]], [0, 0]), OutOfRangeError, "there are no examples"),
        (lambda: label_shift_weights([[1, 0], [0, -1]], [1, 1]), OutOfRangeError, "0 or larger"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call()
