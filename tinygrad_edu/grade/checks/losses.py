"""The check of a loss: its value and its gradient, near 0 and where exponentials overflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import log
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from ...engine.derivatives import vjp
from ...engine.primitives.reductions import softmax
from ...engine.tensor import Tensor
from ...nn.functional import cross_entropy
from ..compare import compare, kind_of
from ..diagnosis import MISTAKES
from ..diagnosis.diagnose import as_numbers
from ..errors import WrongAnswer
from ..expect import expect
from .asking import called_slow, called_unstable

__all__ = ["same_loss"]

Targets = Literal["classes", "numbers", "zeros and ones"]


def same_loss(
    answer: Callable[..., Any],
    function: Callable[..., Any],
    rng: np.random.Generator,
    targets: Targets,
    *,
    scales: Sequence[float] = (1.0, 1e3),
) -> None:
    """`answer(scores, target)` must return a pair: the loss `function`, and its gradient with respect to the scores.

    The scores have the shapes (5, 3) and (4, 4) near 1, and (7, 3) in the thousands; and then there are 100,000 of
    them, so that a forward pass for each takes too long.

    Parameters
    ----------
    function : a loss of the engine, such as `cross_entropy` or `mse_loss` of `tinygrad_edu.nn.functional`.
    targets : the targets that it takes: "classes", int64 of shape (N,); or floats of the scores' shape, which are
        any "numbers" or "zeros and ones".
    scales : how large the scores are; (1.0,) leaves out the thousands.

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
    first, *others = scales
    for shape in ((5, 3), (4, 4)):
        ask(answer, function, first * rng.normal(size=shape), drawn(targets, shape, rng))
    for scale in others:
        with called_unstable(scale):
            ask(answer, function, scale * rng.normal(size=(7, 3)), drawn(targets, (7, 3), rng))
    scores, target = first * rng.normal(size=(2_000, 50)), drawn(targets, (2_000, 50), rng)
    with called_slow(scores.size):
        _, gradient = two_results(answer(scores, target))
        expect(gradient, "the gradient").equals(vjp(lambda scores: function(scores, target), scores)[1](1.0)[0])


def drawn(targets: Targets, shape: tuple[int, int], rng: np.random.Generator) -> ndarray:
    """Random targets for scores of this shape."""
    if targets == "classes":
        return rng.integers(shape[1], size=shape[0])
    return rng.normal(size=shape) if targets == "numbers" else rng.integers(2, size=shape).astype(float)


def ask(answer: Callable[..., Any], function: Callable[..., Any], scores: ndarray, target: ndarray) -> None:
    loss, gradient = two_results(answer(scores, target))
    expected = float(function(Tensor(scores), target).data)
    number = as_numbers(loss)
    if number is not None and number.shape == () and not compare(number, expected):
        raise_named(float(number), expected, function, scores, target)
    expect(loss, "the loss").equals(expected)
    expect(gradient, "the gradient").is_gradient_of(lambda scores: function(scores, target), at=scores)


def two_results(pair: Any) -> tuple[Any, Any]:
    """The loss and its gradient."""
    if type(pair) not in (list, tuple) or len(pair) != 2:
        given = "None, as of a function without `return`" if pair is None else kind_of(pair)
        given = f"{len(pair)} of them" if isinstance(pair, (list, tuple)) else given
        raise WrongAnswer(f"two results are expected: the loss, and its gradient; what comes is {given}", kind="count")
    return pair[0], pair[1]


def raise_named(number: float, expected: float, function: Callable[..., Any], scores: ndarray, target: ndarray) -> None:
    """Raise the mistake that explains a wrong loss, if a known one does."""
    where = "Look at the loss."
    for factor, words in factors(scores).items():
        if compare(number, factor * expected, rtol=1e-9):
            mistake = MISTAKES["sign" if factor == -1.0 else "factor"]
            raise WrongAnswer(mistake.what, kind=mistake.name, where=where, how=mistake.how.format(factor=words))
    for name, wrong in wrong_losses(function, scores, target):
        for factor in (1.0, *factors(scores)):
            if compare(number, factor * wrong, rtol=1e-9):
                raise WrongAnswer(MISTAKES[name].what, kind=name, where=where, how=MISTAKES[name].how)
    if compare(number, expected, rtol=1e-4):
        off = abs(number / expected - 1.0)
        raise WrongAnswer(
            f"Nearly right, but not exact: the loss is off by {off:.1g} of itself.",
            kind="imprecise",
            where=where,
            how="Something small is added, such as an ε inside the logarithm, or something is computed in float32.",
        )


def wrong_losses(function: Callable[..., Any], scores: ndarray, target: ndarray) -> Iterator[tuple[str, float]]:
    """The known mistakes in a cross-entropy, and the losses that they give; none for another loss."""
    n, classes = scores.shape
    if target.dtype.kind != "i" or not compare(float(cross_entropy(scores, target)), float(function(scores, target))):
        return
    rows = np.arange(n)
    with np.errstate(all="ignore"):
        p = np.asarray(softmax(scores, axis=1))
        yield "softmax over the wrong axis", float(-np.log(np.asarray(softmax(scores, axis=0))[rows, target]).mean())
        yield "softmax twice", float(-np.log(np.asarray(softmax(p, axis=1))[rows, target]).mean())
        yield "target off by one", float(-np.log(p[rows, (target + 1) % classes]).mean())
        yield "target off by one", float(-np.log(p[rows, target - 1]).mean())
        yield "no softmax", float(-scores[rows, target].mean())
        yield "no logarithm", float(-p[rows, target].mean())
        yield "not normalised", float(-np.log(np.exp(scores)[rows, target]).mean())
        yield "all classes", float(-np.log(p).sum(axis=1).mean())


def factors(scores: ndarray) -> dict[float, str]:
    """The usual wrong factors of a loss, with their names."""
    batch, classes = scores.shape
    sizes = {float(batch): "the batch size", float(classes): "the number of classes", 2.0: "2"}
    sizes[float(scores.size)] = "the number of scores"
    inverses = {1 / size: f"1/{words}" for size, words in sizes.items()}
    logs = {1 / log(base): f"1/ln {base}, as by the logarithm to base {base}," for base in (2, 10)}
    return {-1.0: "-1", **sizes, **inverses, **logs}
