"""Checks of training: a loss, an optimiser step by step, and a program that learns to read the embedded digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import log
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...data import digits
from ...engine.derivatives import vjp
from ...engine.primitives.reductions import softmax
from ...engine.tensor import Tensor
from ...nn.functional import cross_entropy
from ...optim.optimizer import Optimizer
from ..compare import compare, described
from ..diagnosis import MISTAKES, diagnose_trajectory
from ..diagnosis.diagnose import as_numbers
from ..diagnosis.trajectories import Variant, trajectory
from ..errors import WrongAnswer
from ..expect import expect, require
from .asking import called_slow, called_unstable, number_is

__all__ = ["follows_optimizer", "reads_digits", "same_loss"]

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
        _ask(answer, function, first * rng.normal(size=shape), _drawn(targets, shape, rng))
    for scale in others:
        with called_unstable(scale):
            _ask(answer, function, scale * rng.normal(size=(7, 3)), _drawn(targets, (7, 3), rng))
    scores, target = first * rng.normal(size=(2_000, 50)), _drawn(targets, (2_000, 50), rng)
    with called_slow(scores.size):
        _, gradient = _two_results(answer(scores, target))
        expect(gradient, say("the gradient")).equals(vjp(lambda scores: function(scores, target), scores)[1](1.0)[0])


def _drawn(targets: Targets, shape: tuple[int, int], rng: np.random.Generator) -> ndarray:
    """Random targets for scores of this shape."""
    if targets == "classes":
        return rng.integers(shape[1], size=shape[0])
    return rng.normal(size=shape) if targets == "numbers" else rng.integers(2, size=shape).astype(float)


def _ask(answer: Callable[..., Any], function: Callable[..., Any], scores: ndarray, target: ndarray) -> None:
    loss, gradient = _two_results(answer(scores, target))
    expected = float(function(Tensor(scores), target).data)
    number, other = as_numbers(loss), as_numbers(gradient)
    if number is not None and other is not None and (number.shape, other.shape) == (scores.shape, ()):
        what = say("The loss and its gradient are returned in the wrong order.")
        raise WrongAnswer(what, kind="order of answers", how=say("Return the loss first."))
    if number is not None and number.shape == () and not compare(number, expected):
        _raise_named(float(number), expected, function, scores, target)
    number_is(loss, expected, say("the loss"))
    expect(gradient, say("the gradient")).is_gradient_of(lambda scores: function(scores, target), at=scores)


def _two_results(pair: Any) -> tuple[Any, Any]:
    """The loss and its gradient."""
    if type(pair) not in (list, tuple) or len(pair) != 2:
        given = say("{n} of them", n=len(pair)) if isinstance(pair, (list, tuple)) else described(pair)
        text = texts("two results are expected: the loss, and its gradient; what comes is {given}")
        raise WrongAnswer(say(text, given=given), kind="count")
    return pair[0], pair[1]


def _raise_named(
    number: float, expected: float, function: Callable[..., Any], scores: ndarray, target: ndarray
) -> None:
    """Raise the mistake that explains a wrong loss, if a known one does."""
    where = say("Look at the loss.")
    for factor, words in _factors(scores).items():
        if compare(number, factor * expected, rtol=1e-9):
            mistake = MISTAKES["sign" if factor == -1.0 else "factor"]
            raise WrongAnswer(say(mistake.what), kind=mistake.name, where=where, how=say(mistake.how, factor=words))
    for name, wrong in _wrong_losses(function, scores, target):
        for factor in (1.0, *_factors(scores)):
            if compare(number, factor * wrong, rtol=1e-9):
                raise WrongAnswer(say(MISTAKES[name].what), kind=name, where=where, how=say(MISTAKES[name].how))
    if compare(number, expected, rtol=1e-4):
        off = abs(number / expected - 1.0)
        raise WrongAnswer(
            say("Nearly right, but not exact: the loss is off by {off} of itself.", off=f"{off:.1g}"),
            kind="imprecise",
            where=where,
            how=say(
                "Something small is added, such as an ε inside the logarithm, or something is computed in float32."
            ),
        )


def _wrong_losses(function: Callable[..., Any], scores: ndarray, target: ndarray) -> Iterator[tuple[str, float]]:
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


def _factors(scores: ndarray) -> dict[float, str]:
    """The usual wrong factors of a loss, with their names."""
    batch, classes = scores.shape
    sizes = {float(batch): say("the batch size"), float(classes): say("the number of classes"), 2.0: "2"}
    sizes[float(scores.size)] = say("the number of scores")
    inverses = {1 / size: f"1/{words}" for size, words in sizes.items()}
    logs = {1 / log(base): say("1/ln {base}, as by the logarithm to base {base},", base=base) for base in (2, 10)}
    return {-1.0: "-1", **sizes, **inverses, **logs}


def follows_optimizer(
    step: Callable[[np.ndarray], Any], kind: type[Optimizer], start: np.ndarray, gradients: Sequence[np.ndarray],
    **settings: Any,
) -> None:  # fmt: skip
    """`step(gradient)` must return the parameters after each step, the same as the engine's optimiser.

    Parameters
    ----------
    kind, settings : the engine's optimiser, such as `tg.optim.Adam`, and its arguments, such as `lr=0.1`.
    start : the parameters before the first step.

    Raises `WrongAnswer` with the first wrong step, and the mistake that explains it if one does.

    >>> import tinygrad_edu as tg
    >>> w = np.array([1.0, -2.0])
    >>> def step(gradient):
    ...     w[:] -= 0.1 * gradient
    ...     return w.copy()
    >>> follows_optimizer(step, tg.optim.SGD, w.copy(), [np.array([0.5, 1.0])] * 3, lr=0.1)
    """
    found = [step(gradient) for gradient in gradients]
    for i, (answer, gradient) in enumerate(zip(found, gradients), 1):
        if not isinstance(answer, np.ndarray) or answer.shape != np.shape(gradient):
            text = texts("after step {step}, the parameters are expected, and not {given}")
            how = say("Return the array of the parameters after each step.")
            raise WrongAnswer(say(text, step=i, given=_in_words(answer)), kind="type", how=how)
    diagnosis = diagnose_trajectory(kind, settings, start, gradients, found)
    if diagnosis is not None:
        what, where, how = diagnosis.words
        raise WrongAnswer(what, kind=diagnosis.name, where=where, how=how)
    expect(found, say("the parameters")).equals(trajectory(Variant(kind, settings), start, gradients))


def reads_digits(
    learn: Callable[[np.ndarray, np.ndarray, np.ndarray], Any], rng: np.random.Generator, accuracy: float
) -> None:
    """`learn(images, labels, others)` must learn from images and labels, and return a label for each other image.

    Images are floats between 0 and 1 of shape (N, 64). Labels are int64; the answer may be of any whole numbers, in
    an array or a list. The labels of the other images never leave the grader.

    Raises `WrongAnswer` of the kind "accuracy" if fewer than `accuracy`, a fraction of 1, are right.

    >>> def nearest(images, labels, others):
    ...     distance = (images**2).sum(1) - 2 * others @ images.T
    ...     return labels[distance.argmin(1)]
    >>> reads_digits(nearest, np.random.default_rng(0), accuracy=0.95)
    """
    images, labels = digits()
    x, order = images.reshape(len(images), -1) / 16.0, rng.permutation(len(images))
    train, test = order[:1200], order[1200:]
    answer = learn(x[train], labels[train].astype(np.int64), x[test])
    if isinstance(answer, list) and all(type(label) is int for label in answer):
        answer = np.array(answer)
    right_kind = isinstance(answer, np.ndarray) and answer.shape == (len(test),) and answer.dtype.kind in "iu"
    require(
        right_kind,
        say(
            "{n} whole numbers are expected, one for each image, and not {given}", n=len(test), given=_in_words(answer)
        ),
        kind="shape",
        how=say("The label of an image is the place of its largest score: scores.argmax(axis=1)."),
    )
    reached = float(np.mean(answer == labels[test]))
    counts = np.bincount(answer[(answer >= 0) & (answer < 10)].astype(int), minlength=10)
    alike = say(", and {k} of {n} are read as {digit}", k=f"{counts.max():,}", n=len(test), digit=counts.argmax())
    require(
        reached >= accuracy,
        say(
            "{reached} of the other digits are read{alike}; {aim} is the aim",
            reached=f"{reached:.1%}",
            alike=alike if 2 * counts.max() > len(test) else "",
            aim=f"{accuracy:.0%}",
        ),
        kind="accuracy",
        how=say(
            "Print the loss of each epoch. If it does not fall: are the gradients set to 0 before each step, and does "
            "each step go against them? If it rises or becomes nan, the learning rate is too large; if it falls "
            "slowly, too small; if it still falls at the end, there are too few epochs."
        ),
    )


def _in_words(answer: Any) -> str:
    """An answer in words, with the dtype of an array."""
    if isinstance(answer, np.ndarray):
        return say("a {dtype} array of shape {shape}", dtype=answer.dtype, shape=answer.shape)
    return described(answer)
