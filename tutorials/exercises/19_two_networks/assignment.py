"""Lesson 19: the best discriminator, and the gradients of the two losses by its logits."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require

hw = Assignment("two-networks", title="Two networks")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def is_close(answer, wrong):
    """Whether an answer is the array that a known mistake gives."""
    return isinstance(answer, np.ndarray) and answer.shape == np.shape(wrong) and np.allclose(answer, wrong)


@hw.check(points=2, needs=["best_answer"], title="The best discriminator")
def best(student, rng):
    p, q = rng.uniform(0.1, 2, size=5), rng.uniform(0.1, 2, size=5)
    answer = student.best_answer(p, q)
    for wrong, what, kind, how in (
        (q / (p + q), "Real and made are exchanged.", "exchanged", "The discriminator says how likely it is real."),
        (p / q, "This is the ratio of the densities.", "ratio", "It lies between 0 and 1: p / (p + q)."),
        ((p > q).astype(float), "It says only 0 or 1.", "certain", "Where both occur, it cannot be certain."),
        (p, "The density is not divided by anything.", "ratio", "Set -p/d + q/(1 - d) to 0."),
    ):
        require(not is_close(answer, wrong), what, kind=kind, how=how)
    expect(answer, "the best answers").is_close(p / (p + q), rtol=1e-9)


@hw.check(points=3, needs=["discriminator_backward"], title="The discriminator's gradient")
def judge(student, rng):
    real, fake = 2 * rng.normal(size=4), 2 * rng.normal(size=7)
    answer = student.discriminator_backward(real, fake)
    right = (sigmoid(real) - 1) / 4, sigmoid(fake) / 7
    pair = isinstance(answer, (tuple, list)) and len(answer) == 2
    require(pair, "Two gradients are expected: of the real logits, and of the others.", kind="count")
    for wrong, what, kind, how in (
        (
            (sigmoid(real) / 4, (sigmoid(fake) - 1) / 7),
            "Real and made are exchanged.",
            "exchanged",
            "A step down this gradient should make the logits of real examples larger.",
        ),
        (
            (-right[0], -right[1]),
            "Both gradients point uphill.",
            "sign",
            "The loss has a minus before each logarithm.",
        ),
        (
            (right[0] * 4, right[1] * 7),
            "The examples are added up, and the loss is a mean.",
            "mean",
            "Divide each gradient by its number of examples.",
        ),
        (
            (right[0] * 4 / 11, right[1] * 7 / 11),
            "One mean is taken over all examples together.",
            "mean",
            "The loss is the sum of two means: one of the real examples, one of the others.",
        ),
        (
            (-1 / sigmoid(real) / 4, 1 / (1 - sigmoid(fake)) / 7),
            "These are the gradients by D, not by its logits.",
            "chain rule",
            "Multiply by the slope of the sigmoid, D · (1 - D).",
        ),
    ):
        require(not all(map(is_close, answer, wrong)), what, kind=kind, how=how)
    at, other = (tg.tensor(x, requires_grad=True) for x in (real, fake))
    loss = tg.softplus(-at).mean() + tg.softplus(other).mean()
    expect(list(answer), "the gradients").equals(tg.gradients(loss, [at, other]))


@hw.check(points=3, needs=["generator_backward"], title="The generator's gradient")
def maker(student, rng):
    fake = 2 * rng.normal(size=6)
    right = {"minimax": -sigmoid(fake) / 6, "non-saturating": (sigmoid(fake) - 1) / 6}
    for kind, expected in right.items():
        answer = student.generator_backward(fake, kind)
        (other,) = (x for name, x in right.items() if name != kind)
        for wrong, what, name, how in (
            (other, "This is the gradient of the other loss.", "loss", "minimax: log(1 - D); non-saturating: -log D."),
            (-expected, "The gradient points uphill.", "sign", "A step down it should make D larger."),
            (-other, "The other loss, and uphill.", "loss", "minimax: log(1 - D); non-saturating: -log D."),
            (6 * expected, "The examples are added up, and the loss is a mean.", "mean", "Divide by their number."),
        ):
            require(not is_close(answer, wrong), "{loss}: {what}", kind=name, how=how, loss=kind, what=what)
        expect(answer, "the gradient of the {loss} loss", loss=kind).equals(expected)
