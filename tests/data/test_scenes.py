"""Scenes: the digits that ship, on a canvas, with their boxes and masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_edu.data import Scenes, boxes
from tinygrad_edu.errors import OutOfRangeError


def test_a_seed_gives_the_same_scenes_and_another_gives_others() -> None:
    one, again, other, unseen = (Scenes(4, seed=s, train=t) for s, t in ((1, True), (1, True), (2, True), (1, False)))
    assert np.array_equal(one.images, again.images)
    assert np.array_equal(one.boxes, again.boxes)
    assert not np.array_equal(one.boxes, other.boxes)
    assert not np.array_equal(one.boxes, unseen.boxes)


def test_every_box_fits_the_ink_of_its_digit_and_masks_have_its_class() -> None:
    scenes = Scenes(40, most=4, seed=3)
    assert [str(x.dtype) for x in (scenes.images, scenes.masks, scenes.boxes)] == ["float32", "int64", "float32"]
    assert scenes.images.min() >= 0
    assert scenes.images.max() <= 1
    for image, mask, rows in zip(scenes.images[:, 0], scenes.masks, scenes.boxes):
        there = rows[rows[:, 0] >= 0].astype(int)
        assert len(there) >= 1
        assert (rows[len(there) :] == [-1, 0, 0, 0, 0]).all()
        inside = np.zeros_like(mask)
        for label, x1, y1, x2, y2 in there:
            part = mask[y1:y2, x1:x2]
            assert set(np.unique(part)) == {0, label + 1}
            rows_inked, columns_inked = (np.flatnonzero(part.any(axis)) for axis in (1, 0))
            assert np.ptp(rows_inked) + 1 >= 0.75 * (y2 - y1)
            assert np.ptp(columns_inked) + 1 >= 0.5 * (x2 - x1)
            assert image[y1:y2, x1:x2][part > 0].mean() > 0.4
            inside[y1:y2, x1:x2] = 1
        assert not mask[inside == 0].any()


def test_digits_do_not_touch_and_have_the_heights_asked_for() -> None:
    scenes = Scenes(30, size=50, heights=(12, 30), most=5, seed=0)
    heights = []
    for rows in scenes.boxes:
        corners = rows[rows[:, 0] >= 0, 1:]
        table = boxes.iou(boxes.clip(corners + np.array([-0.5, -0.5, 0.5, 0.5]), 50, 50)[:, None], corners)
        assert np.array_equal(table > 0, np.eye(len(corners)) > 0)
        heights += (corners[:, 3] - corners[:, 1]).tolist()
    assert 12 <= min(heights) < 15
    assert 25 < max(heights) <= 30


def test_a_scene_has_a_digit_even_if_it_fills_the_scene() -> None:
    scenes = Scenes(40, size=16, heights=(14, 14), seed=1)
    there = scenes.boxes[:, :, 0] >= 0
    assert there[:, 0].all()
    assert (scenes.boxes[there][:, 1:] >= 1).all()
    assert (scenes.boxes[there][:, 1:] <= 15).all()


def test_only_the_classes_asked_for_occur_numbered_from_0() -> None:
    scenes = Scenes(20, classes=(3, 8), seed=0)
    assert np.unique(scenes.boxes[:, :, 0]).tolist() == [-1, 0, 1]
    assert np.unique(scenes.masks).tolist() == [0, 1, 2]


def test_batches_are_images_with_masks_or_with_boxes() -> None:
    scenes = Scenes(5)
    assert [part.shape for part in scenes.batch([0, 3])] == [(2, 1, 40, 40), (2, 40, 40)]
    assert [part.shape for part in scenes.with_boxes().batch([0, 3])] == [(2, 1, 40, 40), (2, 3, 5)]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n": 0}, "n is a whole number from 1 on, not 0"),
        ({"most": 0}, "most is a whole number"),
        ({"size": 20}, "from 4 to size - 2 = 18"),
        ({"heights": (20, 10)}, "the smaller first"),
        ({"heights": (10, 40)}, "two whole numbers"),
        ({"classes": ()}, "different digits from 0 to 9"),
        ({"classes": (3, 3)}, "different digits"),
        ({"classes": (10,)}, "different digits"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(OutOfRangeError, match=says):
        Scenes(**settings)
