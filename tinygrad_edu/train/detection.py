"""Metrics of object detection: mean average precision, and the precision-recall curve of boxes.

The boxes found in an image are an array (K, 6), with class, x1, y1, x2, y2 and score in each row; the true ones are
(K, 5), without the score. A row whose class is −1 does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from ..data import boxes
from ..engine.messages import one_of, short
from ..engine.node import number_of
from ..errors import DtypeError, OutOfRangeError, ShapeError

__all__ = ["box_precision_recall_curve", "mean_average_precision"]

Way = Literal["voc", "voc2007", "coco"]

WAYS: dict[str, tuple[int | None, tuple[float, ...]]] = {
    "voc": (None, (0.5,)),
    "voc2007": (11, (0.5,)),
    "coco": (101, tuple((np.arange(10, 20) / 20).tolist())),
}
"""For each way the number of levels of recall from 0 to 1 that count, None for all, and the thresholds of IoU."""

MOST = 100
"""How many boxes of an image and a class count in the COCO way, the best ones."""


def mean_average_precision(
    found: Any,
    true: Any,
    way: Way = "voc",
    iou: float | Sequence[float] | None = None,
    average: Literal["macro"] | None = "macro",
) -> Any:
    """mAP: the average precision of each class, and of these the mean.

    The average precision of a class is the area under its precision-recall curve, after each precision has been raised
    to the largest at the same or a higher recall. `way` says how the area is measured, and what counts as a hit:

    - "voc", of Everingham et al. from 2010 on: the whole area, with IoU 0.5.
    - "voc2007": the mean of the precisions at the recalls 0, 0.1, ..., 1, with IoU 0.5.
    - "coco", of Lin et al. (2014): the mean at 0, 0.01, ..., 1; and that for IoU 0.5, 0.55, ..., 0.95.

    For VOC a box is a hit if the true box that it overlaps most has not been hit by a better one; for COCO, if it
    overlaps any such box enough. The IoU has to reach the threshold.

    Parameters
    ----------
    found, true : for each image the boxes, (K, 6) and (K, 5).
    iou : one or several thresholds in place of those of `way`.
    average : "macro" for the mean; None for a dict with the value of each class.

    A class that has no true box has no recall and is left out, wherever it was found. A class of which nothing was
    found has 0. Raises `OutOfRangeError` if there is no true box at all.

    >>> true = [[[7, 0, 0, 10, 10], [3, 20, 0, 30, 10]]]
    >>> found = [[[7, 0, 0, 10, 9, 0.9], [7, 50, 50, 60, 60, 0.8], [3, 20, 0, 30, 6, 0.7]]]
    >>> mean_average_precision(found, true)
    1.0
    >>> mean_average_precision(found, true, "coco", average=None)
    {3: 0.3, 7: 0.9}
    """
    one_of(WAYS, "mean_average_precision", OutOfRangeError, way=way)
    one_of(("macro", None), "mean_average_precision", OutOfRangeError, average=average)
    levels, thresholds = WAYS[way]
    thresholds = thresholds if iou is None else tuple(np.atleast_1d(iou).tolist())
    if not thresholds or not all(0 < t <= 1 for t in thresholds):
        raise OutOfRangeError(f"mean_average_precision: iou is larger than 0 and at most 1, not {short(iou)}")
    truth = _images("mean_average_precision", true, 5)
    answers = _images("mean_average_precision", found, 6, len(truth))
    every = np.unique(np.concatenate([np.zeros(0), *(rows[:, 0] for rows in truth)])).astype(int).tolist()
    if not every:
        raise OutOfRangeError("mean_average_precision: there is no true box in any image, and so nothing to find")
    by_class = {
        each: float(np.mean([_area(*_curve(answers, truth, each, t, way == "coco")[:2], levels) for t in thresholds]))
        for each in every
    }
    return by_class if average is None else float(np.mean(list(by_class.values())))


def box_precision_recall_curve(
    found: Any, true: Any, label: float, iou: float = 0.5
) -> tuple[ndarray, ndarray, ndarray]:
    """(precision, recall, scores) of the boxes of one class, after each of them, the highest score first.

    A box is a hit as in the "voc" way of `mean_average_precision`. If none was found, the arrays are empty.

    Raises `OutOfRangeError` for a class that has no true box.

    >>> true = [[[7, 0, 0, 10, 10]], [[7, 0, 0, 10, 10]]]
    >>> found = [[[7, 0, 0, 10, 9, 0.9], [7, 50, 50, 60, 60, 0.8]], []]
    >>> box_precision_recall_curve(found, true, label=7)
    (array([1. , 0.5]), array([0.5, 0.5]), array([0.9, 0.8]))
    """
    truth = _images("box_precision_recall_curve", true, 5)
    if not any((rows[:, 0] == label).any() for rows in truth):
        raise OutOfRangeError(f"box_precision_recall_curve: there is no true box of class {short(label)}, so no recall")
    return _curve(_images("box_precision_recall_curve", found, 6, len(truth)), truth, label, iou, False)


def _curve(
    found: list[ndarray], true: list[ndarray], label: float, threshold: float, any_box: bool
) -> tuple[ndarray, ndarray, ndarray]:
    """Precision, recall and score after each box of a class, best first."""
    n, hits, scores = 0, [], []
    for answers, truth in zip(found, true):
        answers, truth = (rows[rows[:, 0] == label] for rows in (answers, truth))
        answers = answers[np.argsort(-answers[:, 5], kind="stable")][: MOST if any_box else None]
        table = boxes.iou(answers[:, None, 1:5], truth[:, 1:5])
        n += len(truth)
        hits.append((_hits_of_any if any_box else _hits_of_best)(table, threshold))
        scores.append(answers[:, 5])
    score, hit = np.concatenate(scores), np.concatenate(hits)
    order = np.argsort(-score, kind="stable")
    so_far = np.cumsum(hit[order])
    return so_far / np.arange(1, len(order) + 1), so_far / n, score[order]


def _hits_of_best(table: ndarray, threshold: float) -> ndarray:
    """Which boxes, best first, hit the true box that they overlap most, before another: IoU (K, T) → (K,)."""
    hit = np.zeros(len(table), bool)
    if table.size:
        near = np.flatnonzero(table.max(axis=1) >= threshold)
        _, first = np.unique(table[near].argmax(axis=1), return_index=True)
        hit[near[first]] = True
    return hit


def _hits_of_any(table: ndarray, threshold: float) -> ndarray:
    """Which boxes, best first, hit a true box that none before has hit: IoU (K, T) → (K,)."""
    hit, table = np.zeros(len(table), bool), table.copy()
    for i, row in enumerate(table if table.size else ()):
        if row.max() >= threshold:
            hit[i] = True
            table[:, row.argmax()] = -1
    return hit


def _area(precision: ndarray, recall: ndarray, levels: int | None) -> float:
    """The area under a curve whose precisions have been raised, or the mean of them at so many levels of recall."""
    raised = np.maximum.accumulate(precision[::-1])[::-1]
    if levels is None:
        return float((np.diff(recall, prepend=0) * raised).sum())
    reached = np.searchsorted(recall, np.linspace(0, 1, levels) - 1e-12)  # 3/10 is as much as 0.1 · 3
    return float(np.append(raised, 0)[reached].mean())


def _images(function: str, given: Any, columns: int, n: int | None = None) -> list[ndarray]:
    """The boxes of each image, as floats, without those of class −1."""
    rows = f"(K, {columns}), rows of class, x1, y1, x2, y2{', score' if columns == 6 else ''}"
    arrays = []
    if not isinstance(given, Iterable):
        raise DtypeError(f"{function}: boxes are given in a list, {rows} for each image, not {short(given)}")
    for each in given:
        try:
            array = np.asarray(number_of(each), float)
        except (TypeError, ValueError):
            raise ShapeError(f"{function}: the boxes of an image are numbers {rows}, not {each!r:.80}") from None
        arrays.append(array.reshape(0, columns) if array.shape == (0,) else array)
    for each in arrays:
        if each.ndim != 2 or each.shape[1] != columns:
            raise ShapeError(f"{function}: the boxes of an image are {rows}, not {each.shape}")
        if np.isnan(each).any():
            raise OutOfRangeError(f"{function}: a box has nan in {each[np.isnan(each).any(axis=1)][0].tolist()}")
    if n is not None and len(arrays) != n:
        raise ShapeError(
            f"{function}: boxes were found in {len(arrays)} images, and {n} have true ones; give (0, 6) for none"
        )
    return [each[each[:, 0] >= 0] for each in arrays]
