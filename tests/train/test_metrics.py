"""Metrics agree with their definitions, counted out example by example."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.errors import DtypeError, OutOfRangeError, ShapeError
from tinygrad_edu.train import (
    Running,
    accuracy,
    average_precision,
    confusion_matrix,
    f1,
    iou,
    precision,
    precision_recall_curve,
    recall,
    top_k,
)

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)
SCORED = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=20)


@given(PAIRS)
def test_the_confusion_matrix_counts_pairs_with_the_true_class_as_row(pairs: list[tuple[int, int]]) -> None:
    matrix = confusion_matrix([p for p, _ in pairs], [t for _, t in pairs], n_classes=4)
    assert all(matrix[t, p] == pairs.count((p, t)) for p in range(4) for t in range(4))


@given(PAIRS)
def test_accuracy_precision_recall_and_f1_by_their_definitions(pairs: list[tuple[int, int]]) -> None:
    predicted, true = ([pair[i] for pair in pairs] for i in (0, 1))
    assert accuracy(predicted, true) == sum(p == t for p, t in pairs) / len(pairs)
    present = sorted({*predicted, *true})
    precisions, recalls, f1s = [], [], []
    for c in present:
        hits = pairs.count((c, c))
        precisions.append(hits / predicted.count(c) if c in predicted else 0)
        recalls.append(hits / true.count(c) if c in true else 0)
        both = precisions[-1] + recalls[-1]
        f1s.append(2 * precisions[-1] * recalls[-1] / both if both else 0)
    for metric, figures in ((precision, precisions), (recall, recalls), (f1, f1s)):
        assert metric(predicted, true) == pytest.approx(np.mean(figures))
        assert metric(predicted, true, average=None)[present] == pytest.approx(figures)
        assert metric(predicted, true, average="micro") == pytest.approx(accuracy(predicted, true))


@given(PAIRS)
def test_iou_is_the_share_of_hits_among_all_that_is_or_is_called_the_class(pairs: list[tuple[int, int]]) -> None:
    predicted, true = (np.array([pair[i] for pair in pairs]).reshape(1, 1, -1) for i in (0, 1))  # an image of one row
    present = sorted({*predicted.ravel(), *true.ravel()})
    either = [((predicted == c) | (true == c)).sum() for c in present]
    ious = [((predicted == c) & (true == c)).sum() / n for c, n in zip(present, either)]
    assert iou(predicted, true, average=None)[present] == pytest.approx(ious)
    assert iou(predicted, true) == pytest.approx(np.mean(ious))
    assert accuracy(predicted, true) == (predicted == true).mean()


@given(SCORED)
def test_the_precision_recall_curve_by_its_definition(pairs: list[tuple[int, bool]]) -> None:
    scores, true = np.array([s for s, _ in pairs], float), np.array([t for _, t in pairs])
    precisions, recalls, thresholds = precision_recall_curve(scores, true)
    assert thresholds.tolist() == sorted(set(scores), reverse=True)
    for p, r, threshold in zip(precisions, recalls, thresholds):
        yes = scores >= threshold
        assert p == pytest.approx((yes & true).sum() / yes.sum())
        assert r == pytest.approx((yes & true).sum() / true.sum() if true.any() else 0)
    assert 0 <= average_precision(scores, true) <= 1 + 1e-9


def test_top_k_counts_ranks_and_gives_nothing_for_ties_or_nan() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [np.nan, 1.0, 0.0]])
    assert [top_k(scores, [1, 2, 0, 0], k) for k in (1, 2, 3)] == [0.0, 0.25, 0.75]


def test_scores_stand_for_the_class_with_the_largest() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    for metric in (accuracy, precision, recall, f1, confusion_matrix):
        assert np.array_equal(metric(scores, [1, 1, 1]), metric([1, 0, 1], [1, 1, 1]))
    assert accuracy(tg.tensor(scores, requires_grad=True), tg.tensor(np.array([1, 1, 1]))) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "metric",
    [accuracy, precision, recall, f1, confusion_matrix, partial(top_k, k=2)],
    ids=lambda x: getattr(x, "__name__", "top_k"),
)
def test_the_running_form_is_the_metric_of_all_examples(metric: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    scores, true = rng.random((23, 4)), rng.integers(0, 4, 23)
    running = Running(metric)
    for part in np.array_split(np.arange(23), 5):
        running.update(tg.tensor(scores[part]), tg.tensor(true[part]))
    assert np.array_equal(running.value(), metric(scores, true))


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: accuracy([0.5, 0.1], [1, 0]), DtypeError, r"of one score for yes or no, give \(scores > 0\)"),
        (lambda: accuracy([1, 0, 1], [1, 0]), ShapeError, "do not belong to"),
        (lambda: accuracy(np.zeros((0, 3)), []), ShapeError, "there are no targets"),
        (lambda: accuracy([], np.zeros(0, int)), DtypeError, "whole numbers"),
        (lambda: top_k([1, 0], [1, 0]), ShapeError, r"needs scores \(N, C\)"),
        (lambda: precision_recall_curve([0.5, 0.1], [1, 2]), ShapeError, "of 0 and 1"),
        (lambda: accuracy([[-2.0], [3.0]], [0, 1]), DtypeError, r"of one score for yes or no, give \(scores > 0\)"),
        (lambda: accuracy([[0], [1]], [0, 1]), DtypeError, r"of one score for yes or no"),
        (lambda: accuracy([[2.0, 1.0]], [2]), OutOfRangeError, "no class 2 among the 2, which are 0 to 1"),
        (lambda: accuracy([[2.0, 1.0]], [-100]), OutOfRangeError, "no class -100 .* leave out examples"),
        (lambda: accuracy([1], [0.5]), DtypeError, "targets are classes, whole numbers from 0 on"),
        (lambda: accuracy([1], [np.nan]), DtypeError, "targets are classes"),
        (lambda: accuracy(["cat"], ["cat"]), DtypeError, "targets are classes"),
        (lambda: confusion_matrix([0, 2], [0, 0], n_classes=2), OutOfRangeError, "no class 2 among the 2"),
        (lambda: confusion_matrix([0, 1], [0, 5], n_classes=2), OutOfRangeError, "no class 5 among the 2"),
        (lambda: recall([0, -1], [0, 0]), OutOfRangeError, "no class -1"),
        (lambda: f1([[np.nan, 1.0]], [0]), OutOfRangeError, "those whose scores are nan"),
        (lambda: top_k([[1.0, 0.0]], [2]), OutOfRangeError, "no class 2"),
        (lambda: top_k([[1.0, 0.0]], [-1]), OutOfRangeError, "no class -1"),
        (lambda: top_k([[1.0, 0.0]], [0], k=0), OutOfRangeError, "k is a whole number from 1 on, not 0"),
        (lambda: average_precision([np.nan, 1.0], [0, 1]), DtypeError, "a score is nan"),
        (lambda: f1([1], [1], "best"), ValueError, "is 'macro', 'micro' or None"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call()


def test_targets_may_be_floats_that_are_whole_and_a_score_that_is_nan_is_a_miss() -> None:
    assert accuracy([[0.9, 0.1], [0.2, 0.8]], tg.tensor([0, 0])) == 0.5
    assert accuracy([[np.nan, 0.1], [0.2, 0.8]], [0, 1]) == 0.5
