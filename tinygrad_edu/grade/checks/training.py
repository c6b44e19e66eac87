"""Checks of training: an optimiser step by step, and a program that learns to read the embedded digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...data import digits
from ...optim.optimizer import Optimizer
from ..compare import kind_of
from ..diagnosis import diagnose_trajectory
from ..diagnosis.trajectories import Variant, trajectory
from ..errors import WrongAnswer
from ..expect import expect, require

__all__ = ["follows_optimizer", "reads_digits"]


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
            what = f"after step {i}, the parameters are expected, and not {described(answer)}"
            raise WrongAnswer(what, kind="type", how="Return the array of the parameters after each step.")
    diagnosis = diagnose_trajectory(kind, settings, start, gradients, found)
    if diagnosis is not None:
        what, where, how = diagnosis.words
        raise WrongAnswer(what, kind=diagnosis.name, where=where, how=how)
    expect(found, "the parameters").equals(trajectory(Variant(kind, settings), start, gradients))


def reads_digits(
    learn: Callable[[np.ndarray, np.ndarray, np.ndarray], Any], rng: np.random.Generator, accuracy: float
) -> None:
    """`learn(images, labels, others)` must learn from images and labels, and return a label for each other image.

    Images are floats between 0 and 1 of shape (N, 64). Labels are int64, and so must be the answer. The labels of the
    other images never leave the grader.

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
    right_kind = isinstance(answer, np.ndarray) and answer.shape == (len(test),) and answer.dtype.kind in "iu"
    require(
        right_kind,
        f"{len(test)} whole numbers are expected, one for each image, and not {described(answer)}",
        kind="shape",
        how="The label of an image is the place of its largest score: scores.argmax(axis=1).",
    )
    reached = float(np.mean(answer == labels[test]))
    counts = np.bincount(answer[(answer >= 0) & (answer < 10)], minlength=10)
    alike = (
        f", and {counts.max():,} of {len(test)} are read as {counts.argmax()}" if 2 * counts.max() > len(test) else ""
    )
    require(
        reached >= accuracy,
        f"{reached:.1%} of the other digits are read{alike}; {accuracy:.0%} is the aim",
        kind="accuracy",
        how="Print the loss of each epoch. If it does not fall: are the gradients set to 0 before each step, and does "
        "each step go against them? If it rises or becomes nan, the learning rate is too large; if it falls slowly, "
        "too small.",
    )


def described(answer: Any) -> str:
    """An answer in words, with the dtype of an array."""
    if isinstance(answer, np.ndarray):
        return f"a {answer.dtype} array of shape {answer.shape}"
    return "None, as of a function without `return`" if answer is None else kind_of(answer)
