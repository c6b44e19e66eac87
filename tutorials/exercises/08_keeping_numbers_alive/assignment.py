"""Lesson 8: initial weights, the way back through batch normalisation, and Adam."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks import follows_optimizer
from tinygrad_edu.grade.diagnosis import random_upstream

hw = Assignment("keeping-numbers-alive", title="Keeping the numbers alive")


@hw.check(points=3, needs=["first_weights"], title="Initial weights")
def first(student, rng):
    shape, n = (300, 200), 300 * 200
    for kind, right in (("xavier", np.sqrt(2 / 500)), ("kaiming", np.sqrt(2 / 200))):
        W = student.first_weights(*shape[::-1], kind, int(rng.integers(1000)))
        require(
            isinstance(W, np.ndarray) and W.shape == shape,
            "for 200 inputs and 300 outputs, the weights of a layer are an array of shape (300, 200)",
            kind="shape",
            how="A row for each output, as in `nn.Linear`: (outputs, inputs).",
        )
        found = float(W.std())
        mistakes = {
            "the variance is taken for the standard deviation": right**2,
            "the number of outputs is taken, and the inputs are meant": np.sqrt(2 / 300) if kind == "kaiming" else None,
            "the variance is 1 / fan-in, which does not make up for the ReLU": np.sqrt(1 / 200),
            "the 2 is missing: Xavier's n is the mean of both": np.sqrt(1 / 500) if kind == "xavier" else None,
        }
        for what, wrong in mistakes.items():
            require(
                wrong is None or abs(found / wrong - 1) > 0.02,
                "the weights for {rule!r} have a standard deviation of {found:.4f}: {what}",
                kind="size",
                how="The standard deviation is the root of the variance: {right:.4f} here.",
                rule=kind,
                found=found,
                what=what,
                right=right,
            )
        off = abs(found / right - 1) < 5 / np.sqrt(2 * n)
        text = "the standard deviation for {rule!r} is {found:.4f}, and should be {right:.4f}"
        require(off, text, kind="size", rule=kind, found=found, right=right)
        require(
            abs(float(W.mean())) < 5 * right / np.sqrt(n),
            "the weights for {rule!r} have the mean {mean:.3f}",
            kind="mean",
            how="Random numbers around 0: `rng.standard_normal`, for example.",
            rule=kind,
            mean=W.mean(),
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
        "a list is expected, of the parameters after each of the {n} steps",
        kind="shape",
        n=len(gradients),
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
