"""Weights of examples and classes, against distribution shift and rare classes.

They go into a loss: `weight=` takes one for each class, and with `reduction="none"` each example's loss can be
multiplied by its own.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.convert import array_of, numbers
from ..engine.messages import is_whole, short
from ..errors import DtypeError, OutOfRangeError, ShapeError

__all__ = ["class_weights", "importance_weights", "label_shift_weights"]


def class_weights(labels: Any, n_classes: int | None = None) -> ndarray:
    """A weight for each class with which all classes that occur count the same: N / (C · how often it occurs), (C,).

    A class that never occurs has weight 0, and is not counted in C. So the mean of the weights of all examples is 1.

    Raises `OutOfRangeError` for a label that is not among `n_classes`, and `ShapeError` without labels.

    >>> class_weights([0, 0, 0, 2], n_classes=3).round(2)
    array([0.67, 0.  , 2.  ])
    """
    found = array_of(labels).ravel()
    if not found.size:
        raise ShapeError("class_weights: there are no labels to count")
    if found.dtype.kind not in "biu" or found.min() < 0:
        raise DtypeError(f"class_weights: labels are classes, whole numbers from 0 on, not {short(found)}")
    n = int(found.max()) + 1 if n_classes is None else n_classes
    if not is_whole(n) or found.max() >= n:
        raise OutOfRangeError(f"class_weights: there is no class {found.max()} among {short(n)}")
    counts = np.bincount(found.astype(np.intp), minlength=n)
    return np.where(counts > 0, len(found) / ((counts > 0).sum() * np.maximum(counts, 1)), 0.0)


def importance_weights(logits: Any, n_source: int, n_target: int, largest: float = math.inf) -> ndarray:
    """How much more often each example would occur where the model is used, q(x) / p(x), from a classifier: (N,).

    The classifier tells examples of the training data (0, n_source of them) from examples of where the model is used
    (1, n_target of them, without labels); `logits` (N,) are what it says of the training data. By Bayes' rule its odds
    e^logit are q(x) / p(x) · n_target / n_source. Bickel, Brückner, Scheffer, "Discriminative learning under covariate
    shift", JMLR 2009. No weight is more than `largest`, so that a few examples do not decide alone.

    Raises `ShapeError` for other shapes, `DtypeError` for a logit that is nan, `OutOfRangeError` for a number of
    examples or a largest weight that is not positive.

    >>> importance_weights([0.0, np.log(3)], n_source=100, n_target=100).round(2)
    array([1., 3.])
    """
    said = array_of(numbers("importance_weights", logits))
    if said.ndim != 1:
        raise ShapeError(f"importance_weights: needs a logit for each example, (N,), not {said.shape}")
    if np.isnan(said).any():
        raise DtypeError("importance_weights: a logit is nan")
    for name, number in (("n_source", n_source), ("n_target", n_target), ("largest", largest)):
        if not (isinstance(number, Real) and number > 0):
            raise OutOfRangeError(f"importance_weights: {name} is larger than 0, not {short(number)}")
    ceiling = min(math.log(largest) if largest < math.inf else 700.0, 700.0)  # e^700 is a float, e^710 is none
    return np.exp(np.minimum(said + math.log(n_source / n_target), ceiling))


def label_shift_weights(confusion: Any, predicted: Any) -> ndarray:
    """How much more often each class occurs where the model is used, q(y) / p(y): (C,).

    Label shift means that classes become more or less frequent, and that examples of a class stay what they were. Then
    a model errs on each class as before, and q(y) solves Σ_y C[y, ŷ] q(y) = μ[ŷ], where C[y, ŷ] is how often it takes y
    for ŷ, and μ how often it says ŷ: Lipton, Wang, Smola, "Detecting and correcting for label shift", ICML 2018.
    Solutions below 0, which noise can give, become 0, and q is scaled to the sum 1.

    Parameters
    ----------
    confusion : `confusion_matrix` of held-out data with labels, true class by row: (C, C).
    predicted : how often the model says each class where it is used, as counts or as shares: (C,).

    A class that does not occur in the held-out data has weight 0. Raises `ShapeError` for other shapes, and
    `OutOfRangeError` for negative counts, without any examples, or if the model cannot tell the classes apart at all:
    then the equations have no single solution.

    >>> label_shift_weights([[90, 10], [20, 80]], [55 - 35 / 2, 45 + 35 / 2]).round(2)  # q is (1/4, 3/4), p (1/2, 1/2)
    array([0.5, 1.5])
    """
    matrix, said = (array_of(numbers("label_shift_weights", x)).astype(float) for x in (confusion, predicted))
    n = len(matrix)
    if matrix.shape != (n, n) or said.shape != (n,):
        raise ShapeError(
            f"label_shift_weights: needs a confusion matrix (C, C) and counts (C,), not {matrix.shape} and {said.shape}"
        )
    if not (np.isfinite(matrix).all() and np.isfinite(said).all()) or min(matrix.min(), said.min()) < 0:
        raise OutOfRangeError("label_shift_weights: counts are finite, and 0 or larger")
    if not matrix.sum() or not said.sum():
        raise OutOfRangeError("label_shift_weights: there are no examples in the confusion matrix or in the counts")
    occurs = matrix.sum(axis=1) > 0
    rates = matrix[occurs] / matrix[occurs].sum(axis=1, keepdims=True)
    if np.linalg.matrix_rank(rates, tol=1e-8) < len(rates):
        raise OutOfRangeError(
            "label_shift_weights: two classes, or mixtures of classes, are taken for others equally often, so nothing "
            "tells them apart; train the model longer, or merge classes"
        )
    shares = np.maximum(np.linalg.lstsq(rates.T, said / said.sum(), rcond=None)[0], 0)
    weights = np.zeros(n)
    weights[occurs] = shares / shares.sum() / (matrix[occurs].sum(axis=1) / matrix.sum())
    return weights
