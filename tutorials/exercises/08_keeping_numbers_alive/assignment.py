"""Lesson 8: clipping, the way back through batch normalisation, and Adam."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks import follows_optimizer
from tinygrad_edu.grade.diagnosis import random_upstream

hw = Assignment("keeping-numbers-alive", title="Keeping the numbers alive")


@hw.check(points=3, needs=["clip_by_norm"], title="Clipping by the norm of all")
def clipping(student, rng):
    gradients = [rng.normal(size=(4, 3)), rng.normal(size=5)]
    norm = float(np.sqrt(sum((g**2).sum() for g in gradients)))
    answer = clipped(student, gradients, 2 * norm)
    require(
        not are_close(answer, [2 * g for g in gradients]),
        "gradients whose norm is below the bound are made larger",
        kind="norm",
        how="Clipping only shortens: the factor is at most 1.",
    )
    expect(answer, "gradients that are small enough").equals(gradients)
    answer, most = clipped(student, gradients, norm / 3), norm / 3
    require(
        not are_close(answer, [g * most / np.linalg.norm(g) for g in gradients]),
        "each array is scaled by its own norm, which turns the direction of the step",
        kind="norm",
        how="Add up the squares of all arrays first: there is one norm, and one factor for all.",
    )
    require(
        not are_close(answer, [g * most / sum(map(np.linalg.norm, gradients)) for g in gradients]),
        "the norms of the arrays are added up",
        kind="norm",
        how="Add up the squares of all numbers, and take one root in the end.",
    )
    require(
        not are_close(answer, [np.clip(g, -most, most) for g in gradients]),
        "each number is clipped by itself, which turns the direction of the step",
        kind="norm",
        how="Scale all numbers by one factor, most / norm.",
    )
    expect(answer, "gradients that are too large").equals([g / 3 for g in gradients])


def clipped(student, gradients, most):
    """The answer, as a list."""
    answer = student.clip_by_norm(gradients, most)
    return list(answer) if isinstance(answer, tuple) else answer


def are_close(answer, wrong):
    """Whether an answer is the list of arrays that a known mistake gives."""
    return (
        isinstance(answer, list)
        and [getattr(a, "shape", None) for a in answer] == [w.shape for w in wrong]
        and all(np.allclose(a, w) for a, w in zip(answer, wrong))
    )


@hw.check(points=4, needs=["batch_norm_backward"], title="Back through batch normalisation")
def batch_norm(student, rng):
    def normalised(x):
        centred = x - x.mean(axis=0)
        return centred / tg.sqrt((centred**2).mean(axis=0))

    x, upstream = 2 * rng.normal(size=(6, 4)) + 1, random_upstream(rng, (6, 4))
    answer = student.batch_norm_backward(upstream, x)
    if isinstance(answer, np.ndarray) and answer.shape == x.shape:
        require(
            np.allclose(answer.sum(axis=0), 0, atol=1e-8 * np.abs(answer).max()),
            "the gradient of a column does not sum to 0, but a shift of x changes nothing",
            kind="mean",
            how="x also reaches the output through the mean: take the mean of the gradient away.",
        )
        require(
            np.allclose((answer * x).sum(axis=0), 0, atol=1e-8 * np.abs(answer * x).max()),
            "the gradient times x does not sum to 0, but stretching x changes nothing",
            kind="deviation",
            how="x also reaches the output through the standard deviation: "
            "take away x̂ times the mean of (upstream · x̂).",
        )
        deviation = x.std(axis=0)
        normal = (x - x.mean(axis=0)) / deviation
        undivided = upstream - upstream.mean(axis=0) - normal * (upstream * normal).mean(axis=0)
        require(
            not np.allclose(answer, undivided),
            "the division by the deviation has no counterpart on the way back",
            kind="deviation",
            how="x is divided by the deviation, and so is the gradient of x.",
        )
    expect(answer).is_gradient_of(normalised, at=x, upstream=upstream)


@hw.check(points=3, needs=["adam"], title="Adam")
def adam(student, rng):
    start, gradients = rng.normal(size=(3, 2)), [rng.normal(size=(3, 2)) for _ in range(6)]
    path = student.adam(start, gradients, 0.05)
    require(
        isinstance(path, (list, tuple)) and len(path) == len(gradients),
        f"a list is expected, of the parameters after each of the {len(gradients)} steps",
        kind="shape",
    )
    require(
        not np.array_equal(path[0], path[-1]),
        "the parameters after the first step equal those after the last",
        kind="in place",
        how="`w -= ...` changes one array again and again, and the list holds it several times. Write `w = w - ...`.",
    )
    require(
        bool(np.all(np.isfinite(path[0]))),
        "the parameters after the first step are not finite",
        kind="first step",
        how="The first step is t = 1. With t = 0, 1 - β^t is 0, and a division by it gives nan.",
    )
    require(
        not np.allclose(path[1], second_step_of_corrected_means(start, gradients, 0.05)),
        "the corrected means are kept for the next step, where they are corrected again",
        kind="correction",
        how="Use m / (1 - β^t) and s / (1 - β^t) in the step only; m and s themselves go on as they were.",
    )
    after = iter(path)
    follows_optimizer(lambda gradient: next(after), tg.optim.Adam, start, gradients, lr=0.05)


def second_step_of_corrected_means(w, gradients, lr):
    """Where the parameters are after two steps, if m and s are overwritten by their corrected values."""
    m = s = 0.0
    for t, g in enumerate(gradients[:2], start=1):
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        m, s = m / (1 - 0.9**t), s / (1 - 0.999**t)
        w = w - lr * m / (np.sqrt(s) + 1e-8)
    return w
