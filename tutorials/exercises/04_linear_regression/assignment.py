"""Lesson 4: the best line by its formula, the gradients of the loss, and an epoch of minibatches."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, WrongAnswer, expect, require

hw = Assignment("lesson-4", title="Lesson 4: linear regression")


def pair(answer):
    """The two numbers or arrays that are asked for, as floats and arrays."""
    both = type(answer) in (tuple, list) or np.shape(answer) == (2,)
    require(both and len(answer) == 2, "Two results are expected: a pair (w, b).", kind="two")
    return tuple(float(x) if np.shape(x) == () else x for x in answer)


def explain(found, right, mistakes):
    """Raise the mistake that gives just what was found; each is a name, what it gives, and how to mend it."""

    def same(other):
        return all(np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-7) for x, y in zip(found, other))

    for mistake, gives, how in mistakes:
        if same(gives) and not same(right):
            raise WrongAnswer("w or b is wrong", kind=mistake, how=how)


def through_mean(x, y, w):
    """The b with which a line of slope w goes through the mean point."""
    return float(y.mean() - w * x.mean())


@hw.check(points=2, needs=["fit_line"], title="The best line by its formula")
def line(student, rng):
    for points in (3, 7):
        x, y = rng.normal(1.0, 2.0, size=points), rng.normal(3.0, 1.0, size=points)
        w, b = np.polyfit(x, y, 1).tolist()
        inverse, other = np.polyfit(y, x, 1).tolist()
        through_zero = float(x @ y / (x @ x))
        predicts_x = "This predicts x from y: divide by the squares of x, not of y."
        mean_point = "The line goes through the mean point: b = ȳ - w x̄."
        mistakes = (
            ("order", (b, w), "Return w first, then b."),
            ("origin", (through_zero, through_mean(x, y, through_zero)), "Subtract the means first."),
            *(("exchanged", (inverse, height), predicts_x) for height in (other, through_mean(x, y, inverse))),
            *(("b", (w, height), mean_point) for height in (float(y.mean()), float(w * x.mean() - y.mean()))),
        )
        found = pair(student.fit_line(x, y))
        explain(found, (w, b), mistakes)
        expect(found, "(w, b)").is_close((w, b), rtol=1e-9)


@hw.check(points=3, needs=["gradients"], title="The gradients of the loss")
def derivatives(student, rng):
    X, y, w, b = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3), float(rng.normal())
    residual = X @ w + b - y
    summed = 2 * X.T @ residual, 2 * float(residual.sum())
    right = summed[0] / 5, summed[1] / 5
    answer = pair(student.gradients(X, y, w, b))
    how = "The loss is a mean of five squares: divide by their number, for w and for b."
    halved = right[0] / 2, right[1] / 2
    explain(
        answer,
        right,
        [
            *(("sum", s, how) for s in (summed, (summed[0], right[1]), (right[0], summed[1]))),
            *(
                ("factor", h, "The derivative of a square, r², is 2 · r: a factor of 2 is missing.")
                for h in (halved, (halved[0], right[1]), (right[0], halved[1]))
            ),
        ],
    )
    expect(answer).is_gradient_of(lambda w, b: tg.mean((X @ w + b - y) ** 2), at=(w, b))


def descended(X, y, w, b, lr, size, factor=2, divide_by=None, keep_last=True, stay=False, in_turn=False):
    """(w, b) after one epoch; the last five make it wrong.

    They are another `factor` of the gradients, another number that sums are divided by, a last minibatch that is left
    out if it is small, gradients that stay those at the start of the epoch, and a gradient of b that is taken after w
    has moved.
    """
    w0, b0 = w, b
    for start in range(0, len(X), size):
        rows, targets = X[start : start + size], y[start : start + size]
        if len(rows) == size or keep_last:
            rate = lr * factor / (divide_by or len(rows))
            residual = rows @ (w0 if stay else w) + (b0 if stay else b) - targets
            w = w - rate * rows.T @ residual
            b = b - rate * float((rows @ w + b - targets if in_turn else residual).sum())
    return w, b


@hw.check(points=5, needs=["epoch"], title="An epoch of minibatches")
def minibatches(student, rng):
    for samples, size in ((9, 3), (10, 4), (5, 1)):
        X, y, w, b = rng.normal(size=(samples, 3)), rng.normal(size=samples), rng.normal(size=3), float(rng.normal())
        given = X, y, w, b, 0.05
        right = descended(*given, size)
        mistakes = (
            ("last part", descended(*given, size, keep_last=False), "The last minibatch has what is left: use it."),
            (
                "by size",
                descended(*given, size, divide_by=size),
                "Divide by how many samples are in it, here fewer.",
            ),
            ("sum", descended(*given, size, divide_by=1), "The loss is a mean: divide by the number of samples."),
            ("all samples", descended(*given, size, divide_by=samples), "Divide by its own number of samples."),
            ("factor", descended(*given, size, factor=1), "The derivative of a square has a factor of 2."),
            (
                "gradients stay",
                descended(*given, size, stay=True),
                "Each minibatch needs gradients at the w and b of now.",
            ),
            ("in turn", descended(*given, size, in_turn=True), "Find both gradients first, then move w and b."),
            ("one step", descended(*given, samples), "Take a step after each minibatch, not one at the end."),
            ("uphill", descended(X, y, w, b, -0.05, size), "Subtract the gradient: it points uphill."),
        )
        found = pair(student.epoch(*given, size))
        explain(found, right, mistakes)
        expect(found, "(w, b)").is_close(right, rtol=1e-9)
