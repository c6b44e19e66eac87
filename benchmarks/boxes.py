"""Boxes: how much 1,000 overlap 1,000 others, and non-maximum suppression of 10,000: small, large and clustered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .harness import Contestant, Run, Target, Timed, peer


def scattered(n: int, seed: int, sizes: tuple[int, int] = (10, 100)) -> np.ndarray:
    """Boxes of 10 to 100 pixels with their middles anywhere on a canvas of 1,000, (n, 4)."""
    rng = np.random.default_rng(seed)
    middle, half = rng.uniform(0, 1000, (n, 2)), rng.uniform(*sizes, (n, 2)) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def dense(n: int, seed: int) -> np.ndarray:
    """Boxes of 100 to 400 pixels, each of which overlaps a tenth of all others, (n, 4)."""
    return scattered(n, seed, (100, 400))


def clustered(n: int, seed: int) -> np.ndarray:
    """Boxes around twenty objects, as a detector finds them, (n, 4)."""
    rng = np.random.default_rng(seed)
    objects = np.repeat(scattered(20, seed), n // 20, axis=0)
    return objects + rng.normal(0, 2, objects.shape)  # less than the smallest box is wide


def by_hand(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU by its formula."""
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.maximum(high - low, 0).prod(axis=-1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (a, b)]
    overlap: np.ndarray = shared / (areas[0] + areas[1] - shared)
    return overlap


def iou_hand() -> Run:
    a, b = scattered(1000, 1), scattered(1000, 2)
    return lambda: [by_hand(a[:, None], b)]


def iou_ours() -> Run:
    boxes = peer("tinygrad_edu").data.boxes
    a, b = scattered(1000, 1), scattered(1000, 2)
    return lambda: [boxes.iou(a[:, None], b)]


def nms_hand(make: Callable[[int, int], np.ndarray]) -> Run:
    """The loop of the textbooks: the best box drops those that it overlaps, until none is left."""
    boxes, scores = make(10_000, 3), np.random.default_rng(4).random(10_000)

    def suppress() -> list[np.ndarray]:
        left, kept = np.argsort(-scores, kind="stable"), []
        while len(left):
            best, left = left[0], left[1:]
            kept.append(best)
            left = left[by_hand(boxes[best], boxes[left]) <= 0.5]
        return [np.array(kept)]

    return suppress


def nms_ours(make: Callable[[int, int], np.ndarray]) -> Run:
    nms = peer("tinygrad_edu").data.boxes.nms
    boxes, scores = make(10_000, 3), np.random.default_rng(4).random(10_000)
    return lambda: [nms(boxes, scores, 0.5)]


WORKLOADS = (
    Timed(
        name="box_iou",
        computes="the IoU of 1,000 boxes with each of 1,000 others, float64",
        outputs=("iou",),
        contestants=(Contestant("hand", iou_hand), Contestant("ours", iou_ours)),
        targets=(Target("ours takes at most 30 ms", "ours", 0.030),),
    ),
    *(
        Timed(
            name=f"nms_{make.__name__}",
            computes=f"non-maximum suppression of 10,000 boxes, {make.__name__}, IoU 0.5, float64",
            outputs=("kept",),
            contestants=(Contestant("hand", partial(nms_hand, make)), Contestant("ours", partial(nms_ours, make))),
            targets=(Target("ours takes at most 50 ms", "ours", 0.050),),
        )
        for make in (scattered, dense, clustered)
    ),
)
