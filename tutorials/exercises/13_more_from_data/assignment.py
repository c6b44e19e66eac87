"""More from the same data, and other data: moved images, shares under label shift, and weights for rare classes."""

import numpy as np

from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.train import class_weights, label_shift_weights

hw = Assignment("more-from-data", title="More from the same data")


def is_close(answer, wrong):
    """Whether the answer is this array of numbers."""
    made = isinstance(answer, np.ndarray) and answer.shape == np.shape(wrong)
    return made and np.allclose(answer, wrong)


def cut(images, padding, tops, lefts):
    """The window of each image, out of its border."""
    height, width = images.shape[2:]
    wide = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return np.stack([one[:, y : y + height, x : x + width] for one, y, x in zip(wide, tops, lefts)])


@hw.check(points=3, needs=["crop"], title="A window out of a border")
def moving(student, rng):
    images = rng.normal(size=(4, 2, 5, 7)).astype(np.float32)
    for padding in (1, 2):
        tops, lefts = (rng.permutation(2 * padding + 1)[[0, 1, 2, 0]] for _ in range(2))
        before = images.copy()
        answer, expected = student.crop(images, padding, tops, lefts), cut(images, padding, tops, lefts)
        require(np.array_equal(images, before), "The images were changed.", kind="in place", how="work on a copy")
        for wrong, what, kind, how in (
            (
                cut(images, padding, lefts, tops),
                "Rows and columns are exchanged.",
                "axes",
                "the axes are (image, channel, row, column): tops belong to the third, lefts to the fourth",
            ),
            (
                cut(images, padding, [tops[0]] * 4, [lefts[0]] * 4),
                "All images are cut at the place of the first.",
                "same",
                "each image has a top and a left of its own",
            ),
            (
                cut(images, padding, 2 * padding - tops, 2 * padding - lefts),
                "The windows are moved the other way.",
                "sign",
                "a window that begins further down shows what lies further down: do not turn the numbers around",
            ),
            (
                np.stack([np.roll(one, (padding - y, padding - x), (1, 2)) for one, y, x in zip(images, tops, lefts)]),
                "What leaves on one side comes back on the other.",
                "roll",
                "np.pad brings in zeros, np.roll does not",
            ),
        ):
            require(not is_close(answer, wrong) or is_close(expected, wrong), what, kind=kind, how=how)
        expect(answer, "the images, with a border of {padding}", padding=padding).equals(expected)


@hw.check(points=3, needs=["true_shares"], title="Shares under label shift")
def shares(student, rng):
    rates = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.05, 0.15, 0.8]])
    sizes, q = rng.permutation([100, 200, 400]), rng.dirichlet([2, 2, 2])
    confusion, said = rates * sizes[:, None], 1000 * (q @ rates)
    answer = student.true_shares(confusion, said)
    asked = said / said.sum()
    for wrong, what, kind, how in (
        (
            asked,
            "These are the shares that the model says.",
            "not corrected",
            "solve for the shares that make it say so",
        ),
        (
            np.linalg.solve(rates, asked),
            "Rows and columns of the confusion matrix are exchanged.",
            "transposed",
            "what is said is a sum over the true classes, which are the rows: the matrix of the equations is rates.T",
        ),
        (
            np.linalg.solve(confusion.T, asked),
            "The confusion matrix holds counts.",
            "counts",
            "divide each row by its sum: how often a class is taken for another does not depend on how many there were",
        ),
        (
            np.linalg.solve(confusion.T / confusion.sum(), asked),
            "These are the weights q / p, or the matrix is divided by its whole sum.",
            "joint",
            "divide each row by its own sum, and the result is q",
        ),
        (
            np.linalg.solve((confusion / confusion.sum(axis=0)).T, asked),
            "The columns are divided by their sums.",
            "axis",
            "each row is a true class: its sum is the number of its examples",
        ),
    ):
        scaled = wrong / wrong.sum()
        for each in (wrong, scaled, np.maximum(wrong, 0) / np.maximum(wrong, 0).sum()):
            require(not is_close(answer, each), what, kind=kind, how=how)
    expect(answer, "the shares").is_close(q, rtol=1e-6)
    beyond = np.array([0, 700, 300])
    answer = student.true_shares(confusion, beyond)
    raw = np.linalg.solve(rates.T, beyond / 1000)
    require(not is_close(answer, raw), "A share is below 0.", kind="negative", how="np.maximum(shares, 0)")
    require(
        not is_close(answer, np.maximum(raw, 0)),
        "The sum of the shares is not 1.",
        kind="sum",
        how="after what is below 0 has become 0, divide by the sum",
    )
    weights = label_shift_weights(confusion, beyond)
    expect(answer, "the shares where one would be negative").is_close(weights * sizes / sizes.sum(), rtol=1e-6)


@hw.check(points=2, needs=["balanced_weights"], title="Weights for rare classes")
def balance(student, rng):
    for labels, n in (([0, 0, 0, 1], 2), ([2, 0, 2, 2, 2, 4], 5)):
        labels = rng.permutation(labels)
        counts = np.bincount(labels, minlength=n)
        answer, expected = student.balanced_weights(labels, n), class_weights(labels, n)
        require(
            not (isinstance(answer, np.ndarray) and answer.dtype.kind == "f" and not np.isfinite(answer).all()),
            "A class that does not occur has an infinite weight, or nan.",
            kind="empty",
            how="give it 0: np.where(counts > 0, ..., 0), and divide by np.maximum(counts, 1)",
        )
        for wrong, what, kind, how in (
            (
                counts / len(labels),
                "Frequent classes count more.",
                "inverse",
                "the weight is smaller where the count is larger",
            ),
            (
                np.where(counts > 0, 1 / np.maximum(counts, 1), 0),
                "The mean weight of the examples is not 1.",
                "scale",
                "multiply by the number of examples, and divide by the number of classes that occur",
            ),
            (
                np.where(counts > 0, len(labels) / (n * np.maximum(counts, 1)), 0),
                "Classes that do not occur are counted.",
                "classes",
                "divide by the number of classes that occur",
            ),
        ):
            require(not is_close(answer, wrong) or is_close(expected, wrong), what, kind=kind, how=how)
        given = {"labels": sorted(labels.tolist()), "n": n}
        expect(answer, "the weights for {labels} of {n} classes", **given).is_close(expected, rtol=1e-9)
