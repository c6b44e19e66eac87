"""Lesson 2: tables without loops, and the summing step of the backward pass."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect
from tinygrad_edu.grade.checks import backward
from tinygrad_edu.grade.expect import require

hw = Assignment("tensors", title="Tensors")


def same(answer, right):
    """Whether an answer has these numbers, and this shape."""
    shape = getattr(answer, "shape", None)
    return shape == right.shape and np.allclose(answer, right, rtol=1e-9, atol=1e-12)


@hw.check(points=2, needs=["standardise"], title="Columns with mean 0 and deviation 1")
def standardise(student, rng):
    X = rng.normal(size=(5, 3)) * (1.0, 10.0, 100.0) + (3.0, -20.0, 0.0)
    answer = student.standardise(X)
    for axis, mistake, how in (
        (1, "each row is standardised, and not each column", "axis=0 takes the rows away: a number for each column."),
        (None, "one mean and one deviation are used for all", "axis=0 gives each column a mean of its own."),
    ):
        wrong = (X - X.mean(axis=axis, keepdims=True)) / X.std(axis=axis, keepdims=True)
        require(not same(answer, wrong), mistake, kind="axis", how=how)
    without_parentheses = X - X.mean(axis=0) / X.std(axis=0)
    require(
        not same(answer, without_parentheses),
        "the mean is divided, and not what is left",
        kind="parentheses",
        how="Division comes before subtraction: put the subtraction in parentheses.",
    )
    centred = X - X.mean(axis=0)
    require(not same(answer, centred), "the columns are not divided by their deviations", kind="deviation")
    require(
        not same(answer, centred / X.var(axis=0)),
        "the columns are divided by their variances",
        kind="deviation",
        how="The standard deviation is the root of the variance.",
    )
    require(
        not same(answer, centred / X.std(axis=0, ddof=1)),
        "the deviation is divided by n - 1",
        kind="deviation",
        how="Divide by n here, as NumPy's std does if you say nothing else.",
    )
    expect(answer).is_close(centred / X.std(axis=0), rtol=1e-9)


@hw.check(points=2, needs=["distances"], title="Distances of all rows from all rows")
def distances(student, rng):
    A, B = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    right = np.array([[np.linalg.norm(a - b) for b in B] for a in A])
    answer = student.distances(A, B)
    require(
        not same(answer, right.T),
        "the table is transposed",
        kind="transposed",
        how="A row of the table for each row of A: shape (n, m).",
    )
    require(not same(answer, right**2), "these are the squares of the distances: the root is missing", kind="root")
    require(
        not same(answer, np.array([[np.abs(a - b).sum() for b in B] for a in A])),
        "the sizes of the differences are summed, not their squares",
        kind="norm",
        how="The distance is the 2-norm of the difference.",
    )
    expect(answer).is_close(right, rtol=1e-9)


@hw.check(points=3, needs=["scale_shift_backward"], title="Backward through X * scale + shift")
def scale_shift(student, rng):
    backward(student.scale_shift_backward, lambda X, scale, shift: X * scale + shift, rng, "nk", "n1", "k")
