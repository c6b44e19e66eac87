"""The check of a loss: its value and its gradient, near 0 and where exponentials overflow."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from ...engine.tensor import Tensor
from ..compare import compare
from ..diagnosis import MISTAKES
from ..diagnosis.diagnose import as_numbers
from ..errors import WrongAnswer
from ..expect import expect
from .asking import called_unstable

__all__ = ["same_loss"]

Targets = Literal["classes", "numbers", "zeros and ones"]


def same_loss(
    answer: Callable[..., Any], function: Callable[..., Any], rng: np.random.Generator, targets: Targets
) -> None:
    """`answer(scores, target)` must return a pair: the loss `function`, and its gradient with respect to the scores.

    The scores have the shapes (5, 3) and (4, 4) near 1, and (7, 3) in the thousands.

    Parameters
    ----------
    function : a loss of the engine, such as `cross_entropy` or `mse_loss` of `tinygrad_edu.nn.functional`.
    targets : the targets that it takes: "classes", int64 of shape (N,); or floats of the scores' shape, which are
        any "numbers" or "zeros and ones".

    Raises `WrongAnswer`, with the mistake that explains the answer if one does; of the kind "unstable" if only large
    scores go wrong.

    >>> from tinygrad_edu.nn.functional import cross_entropy
    >>> def naive(scores, target):
    ...     p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    ...     rows = np.arange(len(target))
    ...     return float(-np.log(p[rows, target]).mean()), (p - np.eye(scores.shape[1])[target]) / len(target)
    >>> with np.errstate(all="ignore"):
    ...     same_loss(naive, cross_entropy, np.random.default_rng(0), "classes")
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: right for numbers near 1, wrong for numbers near 1,000: ...
    """
    for shape in ((5, 3), (4, 4)):
        ask(answer, function, rng.normal(size=shape), drawn(targets, shape, rng))
    with called_unstable(1e3):
        ask(answer, function, 1e3 * rng.normal(size=(7, 3)), drawn(targets, (7, 3), rng))


def drawn(targets: Targets, shape: tuple[int, int], rng: np.random.Generator) -> ndarray:
    """Random targets for scores of this shape."""
    if targets == "classes":
        return rng.integers(shape[1], size=shape[0])
    return rng.normal(size=shape) if targets == "numbers" else rng.integers(2, size=shape).astype(float)


def ask(answer: Callable[..., Any], function: Callable[..., Any], scores: ndarray, target: ndarray) -> None:
    pair = answer(scores, target)
    if type(pair) not in (list, tuple) or len(pair) != 2:
        raise WrongAnswer("two results are expected: the loss, and its gradient", kind="count")
    loss, gradient = pair
    expected = float(function(Tensor(scores), target).data)
    number = as_numbers(loss)
    if number is not None and not compare(number, expected):
        for factor, words in factors(scores).items():
            if compare(number, factor * expected, rtol=1e-9):
                mistake = MISTAKES["sign" if factor == -1.0 else "factor"]
                how = mistake.how.format(factor=words)
                raise WrongAnswer(mistake.what, kind=mistake.name, where="Look at the loss.", how=how)
    expect(loss, "the loss").equals(expected)
    expect(gradient, "the gradient").is_gradient_of(lambda scores: function(scores, target), at=scores)


def factors(scores: ndarray) -> dict[float, str]:
    """The usual wrong factors of a loss, with their names."""
    batch, classes = scores.shape
    sizes = {float(batch): "the batch size", float(classes): "the number of classes", 2.0: "2"}
    sizes[float(scores.size)] = "the number of scores"
    inverses = {1 / size: f"1/{words}" for size, words in sizes.items()}
    return {-1.0: "-1", **sizes, **inverses, 1 / log(2): "1/ln 2, as by the logarithm to base 2,"}
