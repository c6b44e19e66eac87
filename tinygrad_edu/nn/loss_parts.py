"""What all losses share: the checks of input and target, and the reduction of the losses of all examples to one.

`function` is the name of the function that the user called, for messages.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._support.languages import texts
from ..engine.convert import array_of
from ..engine.messages import in_words, one_of
from ..engine.node import Node, number_of, shape_of
from ..engine.primitives.elementwise import where
from ..engine.primitives.indexing import take_along_axis
from ..engine.primitives.reductions import mean, sum_
from ..engine.primitives.shape import moveaxis
from ..errors import OutOfRangeError, ShapeError
from .parameter import class_indices, constant_like, numeric, real

__all__ = [
    "alike", "as_signs", "check_probabilities", "class_weights", "classes_last", "difference", "mean_of_counted",
    "picked", "reduced", "target_classes", "weighted",
]  # fmt: skip


def alike(function: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target, checked to have one shape; the target in the dtype of the input if it has no gradient."""
    input, target = real(function, input), numeric(function, target)
    if shape_of(target) != shape_of(input):
        text = texts(
            "{function}: input {x} and target {y} have one shape, or numbers would be compared that do not belong "
            "together; .reshape() one of them"
        )
        raise ShapeError(text, function=function, x=shape_of(input), y=shape_of(target))
    return input, target if isinstance(target, Node) and target.requires_grad else constant_like(target, input)


def as_signs(function: str, target: Any) -> Any:
    """The target, checked to be of −1 and 1."""
    if np.any(np.abs(number_of(target)) != 1):
        raise OutOfRangeError("{function}: targets are −1 and 1; 2 * y - 1 makes them of 0 and 1", function=function)
    return target


def check_probabilities(function: str, target: Any, weight: Any = None) -> None:
    """Raise the error for targets that are not from 0 to 1, up to rounding; one whose weight is 0 may be anything."""
    t = number_of(target)
    wrong = (t < -1e-6) | (t > 1 + 1e-6)
    if np.any(wrong) and np.any(wrong * array_of(1.0 if weight is None else weight)):
        text = texts("{function}: targets are probabilities, between 0 and 1; (y + 1) / 2 makes them of −1 and 1")
        raise OutOfRangeError(text, function=function)


def classes_last(function: str, input: Any) -> Any:
    """Scores (N, C, ...) with the classes on the last axis."""
    input = numeric(function, input)
    ndim = len(shape_of(input))
    if not ndim:
        text = texts("{function}: the input has scores for each class, (N, C, ...) or (C,); {x} is one")
        raise ShapeError(text, function=function, x=in_words(input))
    return input if ndim <= 2 else moveaxis(input, 1, -1)


def target_classes(function: str, scores: Any, target: Any, ignore_index: int | None = None) -> np.ndarray:
    """The target as an array of classes, one for each row of scores."""
    *rows, n = shape_of(scores)
    if shape_of(target) != tuple(rows):
        one = texts(
            "{function}: the scores {scores} are those of one example, and its target is one class, not {shape}; "
            "scores come first, then the target"
        )
        text = texts(
            "{function}: the target has shape {rows}, a class for each example, not {shape}, or the shape of the "
            "input, with probabilities, where {function} takes them"
        )
        shape = shape_of(target)
        raise ShapeError(text if rows else one, function=function, rows=tuple(rows), scores=(n,), shape=shape)
    return class_indices(function, target, n, texts("classes"), ignore_index)


def class_weights(function: str, weight: Any, scores: Any) -> np.ndarray:
    """A weight for each class, in the dtype of the scores."""
    n = shape_of(scores)[-1]
    kind = np.result_type(number_of(scores), np.float16)  # at least a float
    weights = np.ones(n, kind) if weight is None else np.asarray(numeric(function, weight), kind)
    if weights.shape != (n,):
        text = texts("{function}: weight has a number for each of the {n} classes, not shape {shape}")
        raise ShapeError(text, function=function, n=n, shape=weights.shape)
    return weights


def difference(function: str, input: Any, target: Any) -> Any:
    """input − target, checked to have one shape."""
    input, target = alike(function, input, target)
    return input - target


def weighted(losses: Any, weight: Any) -> Any:
    """The losses times the weight, if there is one."""
    return losses if weight is None else losses * constant_like(weight, losses)


def reduced(function: str, losses: Any, reduction: str, others: tuple[str, ...] = ()) -> Any:
    """The losses, combined by `reduction`."""
    if reduction == "mean":
        return mean(losses)
    if reduction == "sum":
        return sum_(losses)
    one_of(("mean", "sum", *others, "none"), function, reduction=reduction)
    return losses


def mean_of_counted(function: str, losses: Any, weights: np.ndarray, counted: np.ndarray, reduction: str) -> Any:
    """The losses combined by `reduction`. Ignored ones are 0, and a mean divides by the weights of the others."""
    if not counted.all():
        losses = where(counted, losses, 0.0)
    if reduction != "mean":
        return reduced(function, losses, reduction)
    total = float(np.sum(weights * counted))
    return sum_(losses) / total if total else sum_(losses) * math.nan  # no mean of nothing, as in PyTorch


def picked(scores: Any, classes: np.ndarray, counted: np.ndarray) -> Any:
    """The score of each target's class; of class 0 if the target does not count."""
    return take_along_axis(scores, (classes * counted)[..., None], -1)[..., 0]
