"""Layers and blocks: tables made ready for a network, and a layer that is used twice."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, StudentError, expect, require
from tinygrad_edu.grade.checks import backward

hw = Assignment("layers-and-blocks", title="Layers and blocks")


def scaled(table, rows, ddof=0):
    """A table scaled with the mean and the deviation of these rows, its gaps filled with 0."""
    return np.nan_to_num((table - np.nanmean(rows, axis=0)) / np.nanstd(rows, axis=0, ddof=ddof))


def encoded(values, categories):
    """A row for each value, a column for each category."""
    return np.array([[float(value == category) for category in categories] for value in values])


def is_float(answer, shape):
    """Whether the answer is an array of floats, of that shape."""
    return isinstance(answer, np.ndarray) and answer.shape == shape and answer.dtype.kind == "f"


@hw.check(points=3, needs=["standardise"], title="Scaled by what the training rows say")
def standardising(student, rng):
    training, others = (rng.normal(size=(n, 3)) * [1, 20, 300] + [5, 0, -70] for n in (11, 6))
    training[[2, 5], [1, 2]] = others[[0, 3], [2, 0]] = np.nan
    filled, filled_others = np.where(np.isnan(training), 0, training), np.where(np.isnan(others), 0, others)
    answer = student.standardise(training, others)
    pair = isinstance(answer, (tuple, list)) and len(answer) == 2
    require(pair, "Two tables are expected: the training rows and the others.", kind="count")

    def is_not(tables, what, kind, how):
        """The answer must not be these tables, which are what a known mistake gives."""
        made = all(is_float(a, t.shape) and np.allclose(a, t) for a, t in zip(answer, tables))
        require(not made, what, kind=kind, how=how)

    require(
        not any(isinstance(x, np.ndarray) and x.dtype.kind == "f" and np.isnan(x).any() for x in answer),
        "There is nan in the answer.",
        kind="gaps",
        how="np.nanmean and np.nanstd skip gaps; np.nan_to_num fills them with 0",
    )
    gone = np.isnan(training).any(axis=0)
    is_not(
        tuple(np.where(gone, 0, scaled(table, training)) for table in (training, others)),
        "Columns with a gap are all 0.",
        "nan mean",
        "np.mean of a column with nan is nan, and so is all that is computed with it: np.nanmean skips the gaps",
    )
    is_not(
        (scaled(training, training), scaled(others, others)),
        "The other rows are scaled by their own mean and deviation.",
        "other statistics",
        "take both from the training rows: nothing that is computed from test rows may reach the model",
    )
    is_not(
        (scaled(training, training, ddof=1), scaled(others, training, ddof=1)),
        "The deviation divides by n - 1 instead of by n.",
        "ddof",
        "np.nanstd divides by n unless ddof says otherwise; the deviation of pandas divides by n - 1",
    )
    is_not(
        (scaled(filled, filled), scaled(filled_others, filled)),
        "The gaps are filled before the mean is taken, and pull it towards 0.",
        "filled early",
        "scale first, with np.nanmean and np.nanstd, and fill the gaps then",
    )
    is_not(
        tuple(np.nan_to_num((table - np.nanmean(training)) / np.nanstd(training)) for table in (training, others)),
        "One mean and one deviation are used for the whole table.",
        "axis",
        "each column has its own: axis=0 in np.nanmean and np.nanstd",
    )
    for table, given, words in ((training, answer[0], "the training rows"), (others, answer[1], "the other rows")):
        expect(given, words).is_close(scaled(table, training), rtol=1e-9)


@hw.check(points=2, needs=["one_hot"], title="A column for each category")
def categories(student, rng):
    known = ["river", "centre", "hill"]
    shuffled = [str(value) for value in rng.permutation(["hill", "river", "centre", "hill"])]
    answer, expected = student.one_hot(shuffled, known), encoded(shuffled, known)
    for wrong, what, kind, how in (
        (encoded(shuffled, sorted(known)), "The columns are in alphabetical order.", "order", "Follow `categories`."),
        (expected.T, "Rows and columns are exchanged.", "transposed", "a row for each value"),
    ):
        require(not (is_float(answer, wrong.shape) and np.array_equal(answer, wrong)), what, kind=kind, how=how)
    expect(answer, f"one_hot({shuffled}, {known})").equals(expected)
    for values in (["river", "", "island"], ["centre"]):
        try:
            answer = student.one_hot(values, known)
        except StudentError as error:
            if error.kind == "raised" and not set(values) <= set(known):
                require(
                    False,
                    "{call} raised {error}",
                    kind="unknown category",
                    how="A value that is none of the categories has a row of zeros.",
                    call=f"one_hot({values}, {known})",
                    error=error,
                )
            raise
        expect(answer, f"one_hot({values}, {known})").equals(encoded(values, known))


@hw.check(points=4, needs=["tied_backward"], title="A layer that is used twice")
def tied(student, rng):
    backward(student.tied_backward, lambda x, w: tg.tanh(tg.tanh(x @ w) @ w), rng, "nk", "kk")
