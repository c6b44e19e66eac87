"""Metrics of classification: functions of predictions and targets; and `Running`, a metric over several batches.

`predictions` are the scores (logits or probabilities) of C classes, (N, C), or the predicted classes, (N,), as whole
numbers; `targets` are the true classes, (N,). Both may be Tensors. For images with a class for every pixel these are
(N, C, H, W) or (N, H, W), and (N, H, W): `accuracy` is pixel accuracy then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from .._support.nested import leaves, mapped
from ..engine.convert import array_of, numbers
from ..engine.messages import one_of, short, whole_from
from ..engine.node import Node
from ..errors import DtypeError, OutOfRangeError, ShapeError

__all__ = [
    "Running", "accuracy", "average_precision", "confusion_matrix", "f1", "iou", "precision",
    "precision_recall_curve", "recall", "top_k",
]  # fmt: skip

Metric = Callable[[Any, Any], Any]
"""A function of predictions and targets."""

Average = Literal["macro", "micro"] | None
"""How the values of the classes become one: their mean; the value of all examples together; not at all."""


def accuracy(predictions: Any, targets: Any) -> float:
    """The fraction of examples whose class is predicted correctly.

    >>> accuracy([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1])
    0.6666666666666666
    """
    predicted, true = _classes(predictions, targets)
    return float((predicted == true).mean())


def top_k(predictions: Any, targets: Any, k: int = 5) -> float:
    """The fraction of examples whose class is among the k with the highest scores. Ties count as misses.

    >>> top_k([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [1, 2], k=2)
    0.5
    """
    scores, shape = array_of(numbers("top_k", predictions)), array_of(numbers("top_k", targets)).shape
    if scores.ndim != 2 or scores.shape[:1] != shape:
        raise ShapeError(f"top_k: needs scores (N, C) and targets (N,), not {scores.shape} and {shape}")
    whole_from(1, "top_k", k=k)
    _, true = _classes(scores, targets)
    rank = (scores >= scores[np.arange(len(true)), true][:, None]).sum(axis=1)
    return float(((rank >= 1) & (rank <= k)).mean())  # 0 where the score is nan


def confusion_matrix(predictions: Any, targets: Any, n_classes: int | None = None) -> ndarray:
    """How often class i (row) was predicted as class j (column): (C, C).

    C is `n_classes`; by default the number of scores, or one more than the largest class.

    >>> confusion_matrix([0, 1, 1, 1], [0, 0, 1, 1])
    array([[1, 1],
           [0, 2]])
    """
    predicted, true = _classes(predictions, targets)
    scores = array_of(predictions)
    if n_classes is None:
        n_classes = scores.shape[1] if scores.ndim > true.ndim else int(max(predicted.max(), true.max())) + 1
    for found in (predicted, true):
        _among(n_classes, found)
    both = true.ravel() * n_classes + predicted.ravel()
    return np.bincount(both, minlength=n_classes**2).reshape(n_classes, n_classes)


def precision(predictions: Any, targets: Any, average: Average = "macro") -> Any:
    """The fraction of the examples predicted as a class that are of it; 0 for a class that was never predicted.

    `average` is "macro" for the mean over the classes that occur, "micro" to count all examples together, or None for
    an array with the value of each class.

    >>> precision([0, 1, 1, 1], [0, 0, 1, 1], average=None).round(2)
    array([1.  , 0.67])
    """
    hits, predicted, true = _counts(predictions, targets, average)
    return _averaged(_share(hits, predicted), predicted + true, average)


def recall(predictions: Any, targets: Any, average: Average = "macro") -> Any:
    """The fraction of the examples of a class that are predicted as it. `average` as in `precision`.

    >>> recall([0, 1, 1, 1], [0, 0, 1, 1], average=None)
    array([0.5, 1. ])
    """
    hits, predicted, true = _counts(predictions, targets, average)
    return _averaged(_share(hits, true), predicted + true, average)


def f1(predictions: Any, targets: Any, average: Average = "macro") -> Any:
    """The harmonic mean of precision and recall, 2·hits / (predicted + true). `average` as in `precision`.

    >>> f1([0, 1, 1, 1], [0, 0, 1, 1], average=None).round(2)
    array([0.67, 0.8 ])
    """
    hits, predicted, true = _counts(predictions, targets, average)
    return _averaged(_share(2 * hits, predicted + true), predicted + true, average)


def iou(predictions: Any, targets: Any, average: Average = "macro") -> Any:
    """Intersection over union, hits / (predicted + true − hits). `average` as in `precision`; "macro" is mIoU.

    A class that neither occurs nor is predicted does not count for the mean; with `average=None` its value is 0.

    >>> iou([[0, 1], [1, 1]], [[0, 0], [1, 1]], average=None).round(2)
    array([0.5 , 0.67])
    """
    hits, predicted, true = _counts(predictions, targets, average)
    return _averaged(_share(hits, predicted + true - hits), predicted + true, average)


def precision_recall_curve(scores: Any, targets: Any) -> tuple[ndarray, ndarray, ndarray]:
    """(precision, recall, thresholds) of the rule "yes if score ≥ threshold", each score a threshold, highest first.

    `scores` are those of one class, (N,); `targets` are 1 for examples of that class, else 0, (N,).

    >>> precision, recall, thresholds = precision_recall_curve([0.9, 0.8, 0.4], [1, 0, 1])
    >>> precision.round(2), recall, thresholds
    (array([1.  , 0.5 , 0.67]), array([0.5, 0.5, 1. ]), array([0.9, 0.8, 0.4]))
    """
    score, true = (array_of(numbers("precision_recall_curve", x)) for x in (scores, targets))
    if np.isnan(score).any():
        raise DtypeError("precision_recall_curve: a score is nan, which is neither above a threshold nor below it")
    if score.ndim != 1 or score.shape != true.shape or not np.isin(true, (0, 1)).all():
        raise ShapeError(
            f"precision_recall_curve: needs scores (N,) and targets (N,) of 0 and 1, not {score.shape} and {true.shape}"
        )
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(true[order])
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))[: len(score)]  # the last of equal scores
    return hits[last] / (last + 1), _share(hits[last], true.sum()), score[order][last]


def average_precision(scores: Any, targets: Any) -> float:
    """The area under the precision-recall curve: precision at each threshold, weighted by the recall gained there.

    >>> average_precision([0.9, 0.8, 0.4], [1, 0, 1])
    0.8333333333333333
    """
    precisions, recalls, _ = precision_recall_curve(scores, targets)
    return float((np.diff(recalls, prepend=0) * precisions).sum())


class Running:
    """A metric over several batches, exactly as if their examples came in one.

    It keeps all predictions, N·C numbers, because most metrics are not the mean of their values on batches.

    >>> running = Running(accuracy)
    >>> running.update([0, 1, 1], [0, 1, 0])
    >>> running.update([1], [1])
    >>> running.value()
    0.75
    """

    def __init__(self, metric: Callable[..., Any]) -> None:
        self.metric = metric
        self.batches: list[tuple[Any, ndarray]] = []

    def update(self, predictions: Any, targets: Any) -> None:
        """Add a batch."""
        self.batches.append((arrays(predictions), arrays(targets)))

    def value(self) -> Any:
        """The metric of all examples so far."""
        return self.metric(*(mapped(lambda *parts: np.concatenate(parts), *batches) for batches in zip(*self.batches)))


# Helpers.


def arrays(nest: Any) -> Any:
    """Predictions or targets as an array; those of several parts, such as in a dict, as a nest of arrays.

    >>> arrays([0, 1]), arrays({"class": [0, 1], "size": [0.5, 2.0]})
    (array([0, 1]), {'class': array([0, 1]), 'size': array([0.5, 2. ])})
    """
    if isinstance(nest, dict):
        return {key: arrays(part) for key, part in nest.items()}
    alone = Node if isinstance(nest, list) else (Node, ndarray)  # a list may have an array for each example
    return mapped(array_of, nest) if any(isinstance(x, alone) for x in leaves(nest)) else array_of(nest)


NO_CLASS = -1
"""What is predicted where a score is nan: nothing, which is a miss."""


def _classes(predictions: Any, targets: Any) -> tuple[ndarray, ndarray]:
    """The predicted and the true classes, as whole numbers."""
    scores, true = array_of(predictions), array_of(targets)
    if true.dtype.kind not in "biuf" or not (true == np.rint(true)).all():  # a tensor of them may hold floats
        raise DtypeError(f"metric: targets are classes, whole numbers from 0 on, not {short(true)}")
    predicted, true = scores, true.astype(np.intp)
    if scores.ndim == true.ndim + 1 and scores.shape[1] > 1:
        predicted = np.where(np.isnan(scores).any(axis=1), NO_CLASS, scores.argmax(axis=1))
        _among(scores.shape[1], true)
    elif scores.dtype.kind not in "iub" or scores.ndim > true.ndim:
        raise DtypeError(
            f"metric: predictions are scores (N, C) or whole numbers (N,), not {scores.dtype} {scores.shape} "
            f"for targets {true.shape}; of one score for yes or no, give (scores > 0).astype(int), of shape (N,)"
        )
    if not true.size:
        raise ShapeError("metric: there are no targets, so there is nothing to measure")
    if predicted.shape != true.shape:
        raise ShapeError(f"metric: {scores.shape} predictions do not belong to {true.shape} targets")
    return predicted.astype(np.intp), true


def _among(n: int, found: ndarray) -> None:
    """Raise `OutOfRangeError` for a class that is not among n."""
    outside = found[(found < 0) | (found >= n)]
    if outside.size:
        raise OutOfRangeError(
            f"metric: there is no class {outside[0]} among the {n}, which are 0 to {n - 1}; leave out examples that do "
            "not count, and those whose scores are nan"
        )


def _counts(predictions: Any, targets: Any, average: Average) -> tuple[Any, Any, Any]:
    """Three counts for each class, or for all together: predicted correctly, predicted, true."""
    one_of(("macro", "micro", None), "metric", OutOfRangeError, average=average)
    matrix = confusion_matrix(predictions, targets)
    if average == "micro":
        return np.trace(matrix), matrix.sum(), matrix.sum()
    return np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)


def _share(part: Any, whole: Any) -> Any:
    """part / whole, or 0 where the whole is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def _averaged(figures: Any, present: Any, average: Average) -> Any:
    """The values of all classes; or their mean, for "macro" over the classes that are present."""
    return figures if average is None else float(np.mean(figures[present > 0] if average == "macro" else figures))
