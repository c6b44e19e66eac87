"""Average precision of boxes: by its definition, in known examples, and where nothing was found or nothing is there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.data import boxes
from tinygrad_edu.errors import OutOfRangeError, ShapeError
from tinygrad_edu.train import box_precision_recall_curve, mean_average_precision

WAYS: list[Any] = ["voc", "voc2007", "coco"]
PLACES = [[0, 0, 10, 10], [1, 0, 11, 10], [4, 0, 14, 10], [30, 0, 40, 10]]
TRUE = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(PLACES)), max_size=3)
FOUND = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(PLACES), st.integers(1, 9)), max_size=5)
SCENES = st.lists(st.tuples(TRUE, FOUND), min_size=1, max_size=3)


def precision_at(
    found: list[Any], true: list[Any], label: int, threshold: float, way: str
) -> list[tuple[float, float]]:
    """(recall, precision) after each box of a class, best first, by the rules in words."""
    queue = [(-row[5], i, j) for i, rows in enumerate(found) for j, row in enumerate(rows) if row[0] == label]
    left = [[row[1:] for row in rows if row[0] == label] for rows in true]
    n, hits, curve = sum(map(len, left)), 0, []
    hit: list[set[int]] = [set() for _ in true]
    for seen, (_, i, j) in enumerate(sorted(queue), 1):
        overlaps = [float(boxes.iou(found[i][j][1:5], box)) for box in left[i]]
        if way == "coco":
            overlaps = [-1.0 if k in hit[i] else overlap for k, overlap in enumerate(overlaps)]
        best = max(range(len(overlaps)), key=lambda k: (overlaps[k], -k), default=-1)
        if best >= 0 and overlaps[best] >= threshold and best not in hit[i]:
            hit[i].add(best)
            hits += 1
        curve.append((hits / n, hits / seen))
    return curve


def by_definition(found: list[Any], true: list[Any], label: int, way: str) -> float:
    thresholds = [0.5 + 0.05 * i for i in range(10)] if way == "coco" else [0.5]
    areas = []
    for threshold in thresholds:
        curve = precision_at(found, true, label, threshold, way)

        def raised(recall: float, curve: Any = curve) -> float:
            return max((p for r, p in curve if r >= recall - 1e-9), default=0.0)

        if way == "voc":
            steps = sorted({0.0, *(r for r, _ in curve)})
            areas.append(sum((b - a) * raised(b) for a, b in pairwise(steps)))
        else:
            n = {"voc2007": 10, "coco": 100}[way]
            areas.append(sum(raised(i / n) for i in range(n + 1)) / (n + 1))
    return sum(areas) / len(areas)


@given(SCENES, st.sampled_from(WAYS))
def test_average_precision_is_what_its_definition_says(scenes: list[Any], way: Any) -> None:
    true = [[[label, *box] for label, box in rows] for rows, _ in scenes]
    found = [[[label, *box, score / 10] for label, box, score in rows] for _, rows in scenes]
    classes = sorted({row[0] for rows in true for row in rows})
    if not classes:
        with pytest.raises(OutOfRangeError, match="no true box in any image"):
            mean_average_precision(found, true, way)
        return
    expected = {label: by_definition(found, true, label, way) for label in classes}
    assert mean_average_precision(found, true, way, average=None) == pytest.approx(expected)
    assert mean_average_precision(found, true, way) == pytest.approx(np.mean(list(expected.values())))


def test_the_example_with_which_the_metric_is_taught() -> None:
    """R. Padilla et al., "A survey on performance metrics for object-detection algorithms", IWSSIP 2020: 24 boxes.

    15 true ones; of those found, by falling score, these are hits.
    """
    flags = [int(flag) for flag in "101000000101110000000010"]
    scores = [95, 95, 91, 88, 84, 80, 78, 74, 71, 70, 67, 62, 54, 48, 45, 45, 44, 44, 43, 38, 35, 23, 18, 14]
    hits = iter(range(15))
    right = [[0, 20 * i, 0, 20 * i + 10, 10] for i in range(15)]
    found = [[*(right[next(hits)] if hit else [0, 500, 50, 510, 60]), s / 100] for hit, s in zip(flags, scores)]
    assert mean_average_precision([found], [right], "voc") == pytest.approx(0.2456, abs=1e-4)
    assert mean_average_precision([found], [right], "voc2007") == pytest.approx(0.2684, abs=1e-4)


def test_voc_looks_at_the_nearest_true_box_and_coco_at_any_that_is_free() -> None:
    true = [[[0, 0, 0, 10, 10], [0, 2, 0, 12, 10]]]
    found = [[[0, 0, 0, 10, 10, 0.9], [0, 0, 0, 10, 10, 0.8]]]  # the second overlaps the other true box by 2/3
    assert mean_average_precision(found, true, "voc") == 0.5
    assert mean_average_precision(found, true, "coco", iou=0.5) == 1.0


def test_the_curve_has_a_point_for_each_box_found() -> None:
    true = [[[1, 0, 0, 10, 10], [-1, 0, 0, 0, 0]], [[1, 0, 0, 10, 10]]]
    found = [[[1, 0, 0, 10, 9, 0.5], [0, 0, 0, 10, 10, 0.99]], tg.tensor([[1, 20, 20, 30, 30, 0.7]])]
    precision, recall, scores = box_precision_recall_curve(found, true, 1)
    assert (precision.tolist(), recall.tolist(), scores.round(2).tolist()) == ([0, 0.5], [0, 0.5], [0.7, 0.5])


def test_nothing_found_is_0_and_a_class_that_never_occurs_does_not_count() -> None:
    true = [[[2, 0, 0, 10, 10]], []]
    empty: list[Any] = [[], []]
    for nothing in (empty, [np.zeros((0, 6)), np.zeros((0, 6))]):
        for way in WAYS:
            assert mean_average_precision(nothing, true, way, average=None) == {2: 0.0}
    elsewhere = [[[2, 0, 0, 10, 10, 0.5], [7, 0, 0, 9, 9, 0.9]], []]
    assert mean_average_precision(elsewhere, true, average=None) == {2: 1.0}
    assert [len(part) for part in box_precision_recall_curve([[], []], true, 2)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: mean_average_precision([[]], [[]]), OutOfRangeError, "there is no true box in any image"),
        (lambda: mean_average_precision([[]], [[[0, 0, 0, 1, 1]]] * 2), ShapeError, "found in 1 images, and 2 have"),
        (lambda: mean_average_precision([[[0, 0, 0, 1, 1]]], [[[0, 0, 0, 1, 1]]]), ShapeError, "y2, score, not"),
        (lambda: mean_average_precision([([[0, 0, 1, 1]], [0], [0.9])], [[]]), ShapeError, "are numbers .* score, not"),
        (lambda: mean_average_precision([[]], [[[0, 3, 0, 1, 1]]]), OutOfRangeError, "is no box"),
        (lambda: mean_average_precision([[[0, 0, 0, 1, 1, np.nan]]], [[[0, 0, 0, 1, 1]]]), OutOfRangeError, "has nan"),
        (lambda: mean_average_precision([[]], [[[0, 0, 0, 1, 1]]], iou=0), OutOfRangeError, "larger than 0"),
        (lambda: mean_average_precision([[]], [[]], "coca"), ValueError, "way is 'voc', 'voc2007' or 'coco'"),  # type: ignore[arg-type]
        (lambda: box_precision_recall_curve([[]], [[[0, 0, 0, 1, 1]]], 3), OutOfRangeError, "no true box of class 3"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call()
