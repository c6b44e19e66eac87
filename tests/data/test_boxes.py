"""Boxes: against definitions that are counted out box by box, and in the worked examples of textbooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.data import boxes
from tinygrad_edu.errors import DtypeError, OutOfRangeError, ShapeError

WHOLE = st.integers(0, 9)


def corners(pair: tuple[int, int, int, int]) -> list[int]:
    """A box of any four numbers."""
    x1, y1, x2, y2 = pair
    return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]


BOX = st.tuples(WHOLE, WHOLE, WHOLE, WHOLE).map(corners)
FILLED = BOX.map(lambda box: [*box[:2], box[2] + 1, box[3] + 1])


def cells(box: list[int]) -> set[tuple[int, int]]:
    """The unit squares of a box with whole corners."""
    return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}


def by_counting(a: list[int], b: list[int]) -> float:
    """IoU by counting unit squares."""
    together = cells(a) | cells(b)
    return len(cells(a) & cells(b)) / len(together) if together else 0.0


@given(st.lists(BOX, min_size=1, max_size=4), st.lists(BOX, min_size=1, max_size=3))
def test_iou_and_area_are_what_counting_squares_gives(a: list[list[int]], b: list[list[int]]) -> None:
    table = boxes.iou(np.array(a)[:, None], b)
    assert table.shape == (len(a), len(b))
    assert np.allclose(table, [[by_counting(x, y) for y in b] for x in a])
    assert np.array_equal(boxes.iou(np.array(b)[:, None], a), table.T)
    assert boxes.area(a).tolist() == [len(cells(x)) for x in a]


def test_iou_takes_lists_tensors_small_integers_and_one_box() -> None:
    assert boxes.iou([0, 0, 4, 2], [2, 0, 6, 2]) == pytest.approx(1 / 3)
    assert boxes.iou(tg.tensor([0.0, 0.0, 4.0, 2.0]), np.array([2, 0, 6, 2], np.uint8)) == pytest.approx(1 / 3)
    assert boxes.iou(np.zeros((3, 1, 4), np.float32), np.ones((2, 4), np.float32)).dtype == np.float32
    assert boxes.iou(np.zeros((0, 1, 4)), np.ones((2, 4))).shape == (0, 2)
    assert boxes.iou(boxes.corner_form([2, 1, 4, 2]), boxes.corner_form([4, 1, 4, 2])) == pytest.approx(1 / 3)


def test_boxes_without_area_and_boxes_that_touch_share_nothing() -> None:
    assert boxes.iou([1, 1, 1, 5], [1, 1, 1, 5]) == 0
    assert boxes.iou([0, 0, 2, 2], [2, 0, 4, 2]) == 0


@given(BOX)
def test_the_two_forms_are_each_others_inverse(box: list[int]) -> None:
    assert boxes.corner_form(boxes.centre_form(box)).tolist() == box


def test_anchors_are_those_of_the_textbook() -> None:
    """Zhang et al., "Dive into deep learning", section 14.4: a map as large as the photograph, 561 by 728 pixels."""
    sizes = [0.75 * 561, 0.5 * 561, 0.25 * 561]
    found = boxes.anchors((561, 728), 1, sizes, [1, 2, 0.5])
    assert found.shape == (2_042_040, 4)
    shares = found.reshape(561, 728, 5, 4)[250, 250, 0] / [728, 561, 728, 561]
    assert shares.round(2).tolist() == [0.06, 0.07, 0.63, 0.82]


def test_anchors_have_the_area_the_ratio_and_the_middle_that_were_asked_for() -> None:
    sizes, ratios = [6, 10], [0.5, 1, 2]
    found = boxes.centre_form(boxes.anchors((3, 2), 4, sizes, ratios)).reshape(3, 2, 4, 4)
    assert np.allclose(found[..., 2] * found[..., 3], [36, 100, 36, 36])
    assert np.allclose(found[..., 2] / found[..., 3], [0.5, 0.5, 1, 2])
    assert np.allclose(found[2, 1, :, :2], [6, 10])
    assert np.allclose(found[0, 0, :, :2], [2, 2])


TRUE = np.array([[0.1, 0.08, 0.52, 0.92], [0.55, 0.2, 0.9, 0.88]])
FIVE = np.array(
    [
        [0, 0.1, 0.2, 0.3],
        [0.15, 0.2, 0.4, 0.4],
        [0.63, 0.05, 0.88, 0.98],
        [0.66, 0.45, 0.8, 0.8],
        [0.57, 0.3, 0.92, 0.9],
    ]
)


def test_assignment_and_offsets_are_those_of_the_textbook() -> None:
    """The same section: a dog and a cat, and five anchors."""
    of = boxes.assign(FIVE, TRUE)
    assert of.tolist() == [-1, 0, 1, -1, 1]
    offsets = boxes.encode(TRUE[[0, 1, 1]], FIVE[[1, 2, 4]])
    expected = [[1.40, 10.0, 2.59, 7.18], [-1.20, 0.269, 1.68, -1.57], [-0.571, -1.0, 0.0, 0.626]]
    assert np.allclose(offsets, expected, atol=0.006)


def assigned(anchors: list[list[int]], true: list[list[int]], threshold: float) -> list[int]:
    """The rule in words, step by step."""
    table = {(a, b): by_counting(x, y) for a, x in enumerate(anchors) for b, y in enumerate(true)}
    found = [-1] * len(anchors)
    for a in range(len(anchors)):
        best = max(range(len(true)), key=lambda b: (table[a, b], -b), default=-1)
        found[a] = best if true and table[a, best] >= threshold else -1
    while table:
        a, b = max(table, key=lambda pair: (table[pair], -pair[0], -pair[1]))
        found[a] = b
        table = {pair: overlap for pair, overlap in table.items() if pair[0] != a and pair[1] != b}
    return found


@given(st.lists(FILLED, max_size=5), st.lists(FILLED, max_size=3), st.sampled_from([0.3, 0.5]))
def test_assignment_is_the_rule_followed_step_by_step(a: list[Any], true: list[Any], threshold: float) -> None:
    found = boxes.assign(a, true, threshold)
    assert found.tolist() == assigned(a, true, threshold)
    assert set(range(len(true))) <= set(found.tolist()) or len(a) < len(true), "none is left without an anchor"


@given(st.lists(st.tuples(FILLED, FILLED), min_size=1, max_size=4))
def test_decode_undoes_encode(pairs: list[tuple[list[int], list[int]]]) -> None:
    true, anchors = map(np.array, zip(*pairs))
    assert np.allclose(boxes.decode(boxes.encode(true, anchors), anchors), true)
    assert np.allclose(boxes.encode(anchors, anchors), 0)


def test_a_wild_offset_gives_a_large_box_and_neither_nan_nor_inf() -> None:
    box = boxes.decode([0, 0, 1e30, 5000.0], [0, 0, 4, 2])
    assert np.allclose(boxes.centre_form(box)[2:], [4 * 62.5, 2 * 62.5])


def greedily(of: list[list[int]], scores: list[float], threshold: float, classes: list[int]) -> list[int]:
    """Non-maximum suppression, box by box."""
    kept: list[int] = []
    for i in sorted(range(len(of)), key=lambda i: (-scores[i], i)):
        if all(classes[i] != classes[j] or by_counting(of[i], of[j]) <= threshold for j in kept):
            kept.append(i)
    return kept


@given(
    st.lists(st.tuples(BOX, st.integers(0, 4), st.integers(0, 1)), max_size=12),
    st.sampled_from([0.0, 0.2, 0.41, 0.7, 1.0]),
)
def test_nms_is_the_rule_followed_box_by_box(given: list[Any], threshold: float) -> None:
    of, scores, classes = ([each[i] for each in given] for i in range(3))
    assert boxes.nms(of, scores, threshold, classes).tolist() == greedily(of, scores, threshold, classes)
    assert boxes.nms(of, scores, threshold).tolist() == greedily(of, scores, threshold, [0] * len(of))


@pytest.mark.parametrize("spread", [(40, 40), (400, 40), (40, 400), (2000, 2000)])
def test_nms_of_many_boxes_is_the_same_as_of_one_after_the_other(spread: tuple[int, int]) -> None:
    """More boxes than are resolved at once, crowded along one axis, along both, and along none."""
    rng = np.random.default_rng(0)
    middle = rng.uniform(0, spread, (1500, 2))
    half = rng.uniform(2, 20, (1500, 2)) / 2
    many, scores = np.concatenate([middle - half, middle + half], axis=1), rng.random(1500)
    table = boxes.iou(many[:, None], many)
    for threshold in (0.1, 0.5, 0.9):
        kept: list[int] = []
        for i in np.argsort(-scores):
            if not kept or table[i, kept].max() <= threshold:
                kept.append(int(i))
        assert boxes.nms(many, scores, threshold).tolist() == kept


def test_nms_is_that_of_the_textbook() -> None:
    """The same section: four boxes, of a dog with 0.9, 0.8 and 0.7, and of a cat with 0.9."""
    four = [[0.1, 0.08, 0.52, 0.92], [0.08, 0.2, 0.56, 0.95], [0.15, 0.3, 0.62, 0.91], [0.55, 0.2, 0.9, 0.88]]
    assert boxes.nms(four, [0.9, 0.8, 0.7, 0.9], 0.5, classes=[0, 0, 0, 1]).tolist() == [0, 3]
    assert boxes.nms(four, [0.9, 0.8, 0.7, 0.9], 0.5).tolist() == [0, 3]


def test_what_lies_outside_the_image_is_cut_off() -> None:
    assert boxes.clip([[-3, -1, 50, 8], [30, 2, 40, 9]], 10, 20).tolist() == [[0, 0, 20, 8], [20, 2, 20, 9]]


@pytest.mark.parametrize("function", [boxes.area, boxes.centre_form, lambda a: boxes.iou(a, [0, 0, 1, 1])])
@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ([4, 0, 1, 2], OutOfRangeError, r"\[4.0, 0.0, 1.0, 2.0\] is no box: .* x1 <= x2 .* corner_form makes them"),
        ([0, 3, 1, 2], OutOfRangeError, "is no box"),
        ([0, 0, np.nan, 2], OutOfRangeError, "is no box"),
        ([0, 0, np.inf, 2], OutOfRangeError, "is no box"),
        ([0, 0, 1], ShapeError, r"four numbers on their last axis, \(..., 4\), not shape \(3,\)"),
        (5.0, ShapeError, "four numbers"),
        (["a", "b", "c", "d"], DtypeError, "boxes are numbers"),
    ],
)
def test_what_is_no_box_is_refused(function: Callable[..., Any], wrong: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        function(wrong)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (
            lambda: boxes.corner_form([3, 3, -4, 2]),
            OutOfRangeError,
            r"\[3.0, 3.0, -4.0, 2.0\] is no box: width and height",
        ),
        (lambda: boxes.iou(np.zeros((3, 4)), np.zeros((2, 4))), ShapeError, "do not broadcast; a.:, None. compares"),
        (lambda: boxes.anchors((2, 2), 8, []), OutOfRangeError, "larger than 0"),
        (lambda: boxes.anchors((2, 2), 8, [4], [0]), OutOfRangeError, "larger than 0"),
        (lambda: boxes.assign([0, 0, 1, 1], TRUE), ShapeError, r"a list of boxes, \(N, 4\)"),
        (lambda: boxes.encode([0, 0, 0, 1], [0, 0, 1, 1]), OutOfRangeError, "the box .* has no width or height"),
        (lambda: boxes.encode([0, 0, 1, 1], [0, 0, 1, 0]), OutOfRangeError, "the anchor .* has no width or height"),
        (lambda: boxes.decode([np.nan, 0, 0, 0], [0, 0, 1, 1]), OutOfRangeError, "an offset is nan"),
        (lambda: boxes.nms(TRUE, [0.5]), ShapeError, "2 boxes have 1 scores and 2 classes"),
        (lambda: boxes.nms(TRUE, [[0.5], [0.5]]), ShapeError, r"scores has a number for each box, \(N,\)"),
        (lambda: boxes.nms(TRUE, [0.5, np.nan]), DtypeError, "a score is nan"),
        (lambda: boxes.nms(TRUE, [0.5, 0.1], 1.5), OutOfRangeError, "threshold is an IoU"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call()


def test_no_boxes_are_no_error() -> None:
    assert boxes.nms([], []).tolist() == []
    assert boxes.assign(FIVE, []).tolist() == [-1] * 5
    assert boxes.assign([], TRUE).tolist() == []
    assert boxes.clip([], 5, 5).shape == boxes.encode([], []).shape == (0, 4)


def test_a_box_at_the_threshold_is_kept_in_any_precision_and_however_many_there_are() -> None:
    """IoU 2/4 is not above 0.5, and 1/5 not above 0.2."""
    for kind in (np.float32, np.float64):
        for pair, threshold in (([[0, 0, 4, 1], [0, 0, 2, 1]], 0.5), ([[0, 0, 3, 1], [2, 0, 5, 1]], 0.2)):
            many = np.concatenate([np.array(pair) + 50 * i * np.array([1, 0, 1, 0]) for i in range(600)]).astype(kind)
            scores = np.random.default_rng(0).random(1200)
            assert len(boxes.nms(many, scores, threshold)) == 1200
            assert len(boxes.nms(many, scores, threshold - 0.01)) == 600
