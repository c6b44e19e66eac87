"""Softmax regression: log-sum-exp, the gradient for soft targets, and reading digits."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, compare, expect, require
from tinygrad_edu.grade.checks import reads_digits

hw = Assignment("softmax-regression", title="Softmax regression")


@hw.check(points=1, needs=["log_sum_exp"], title="Log-sum-exp")
def log_sum_exp(student, rng):
    for shape in ((5, 3), (2, 7)):
        logits = rng.normal(size=shape)
        answer, right = student.log_sum_exp(logits), tg.logsumexp(logits, axis=1)
        shifted = right - logits.max(axis=1)
        require(not compare(answer, shifted), "The largest logit was taken away, and not added again.", kind="shift")
        expect(answer).equals(right)


def require_finite(answer):
    """Say where numbers come from that are not finite."""
    numbers = answer if isinstance(answer, np.ndarray) and answer.dtype.kind == "f" else np.zeros(0)
    require(
        np.isfinite(numbers).all(),
        "Some numbers are nan or infinite: e to the power of a logit in the thousands is too large for a float.",
        kind="overflow",
        how="Take the largest logit of each row away first. Only differences count.",
    )


@hw.check(points=1, needs=["log_sum_exp"], title="... of logits in the thousands")
def large_sums(student, rng):
    logits = 2000 * rng.normal(size=(5, 3))
    answer = student.log_sum_exp(logits)
    require(
        not (isinstance(answer, np.ndarray) and answer.dtype.kind == "f" and np.isneginf(answer).any()),
        "Some numbers are minus infinity: where a row is far below what was taken away, its sum of powers is "
        "0, and 0 has no logarithm.",
        kind="one maximum",
        how="Take away the largest logit of each row, not that of the whole table.",
    )
    require_finite(answer)
    expect(answer).equals(tg.logsumexp(logits, axis=1))


def p(x):
    """The probabilities of each row."""
    return tg.softmax(x, axis=1)


MISTAKES = {
    "The largest target was taken for the label. Targets are probabilities: use all of them.": (
        lambda x, q: p(x) - np.eye(q.shape[1])[q.argmax(axis=1)]
    ),
    "The targets are left out: these are the probabilities alone.": lambda x, q: p(x),
    "The softmax is left out: the targets are taken from the probabilities, not from the logits.": lambda x, q: x - q,
    "The softmax goes down the columns. It goes over the classes, so that each row sums to 1.": (
        lambda x, q: tg.softmax(x, axis=0) - q
    ),
    "Each term is differentiated by its own logit only. In -Σ q · log p, every p depends on every logit.": (
        lambda x, q: q * (p(x) - 1)
    ),
    "This is the gradient by the probabilities. Go on through the softmax, to the logits.": lambda x, q: -q / p(x),
}


def mean_cross_entropy(x, q):
    """The loss: the mean over the rows of -Σ q · log p."""
    return (tg.logsumexp(x, axis=1) - (q * x).sum(axis=1)).mean()


def examples(rng, shape, scale=1.0):
    """Logits and targets of a shape."""
    return scale * rng.normal(size=shape), rng.dirichlet([1.0] * shape[1], size=shape[0])


def require_no_known_mistake(answer, x, q):
    """Name the mistake that gives just this gradient."""
    with np.errstate(all="ignore"):
        for said, mistake in MISTAKES.items():
            require(not compare(answer, mistake(x, q) / len(x)), said, kind="soft targets")


@hw.check(points=2, needs=["soft_gradient"], title="The gradient for soft targets")
def soft_gradient(student, rng):
    for shape in ((5, 3), (2, 7), (4, 4)):
        x, q = examples(rng, shape)
        answer = student.soft_gradient(x, q)
        require_no_known_mistake(answer, x, q)
        expect(answer).is_gradient_of(lambda x, q=q: mean_cross_entropy(x, q), at=x)


@hw.check(points=1, needs=["soft_gradient"], title="... of logits in the thousands")
def large_logits(student, rng):
    x, q = examples(rng, (5, 3), scale=2000.0)
    answer = student.soft_gradient(x, q)
    require_finite(answer)
    require_no_known_mistake(answer, x, q)
    expect(answer).is_gradient_of(lambda x: mean_cross_entropy(x, q), at=x)


@hw.check(points=3, needs=["learn"], title="Digits are read")
def digits(student, rng):
    reads_digits(student.learn, rng, accuracy=0.93)
