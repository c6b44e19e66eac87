"""Lesson 7: the folds of a cross-validation, and the backward passes of two penalties and of dropout."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.diagnosis import random_upstream

hw = Assignment("underfitting-overfitting", title="Fitting too little and too much")


@hw.check(points=4, needs=["folds"], title="k folds")
def k_folds(student, rng):
    for n, k in ((10, 5), (11, 3), (4, 4), (int(rng.integers(50, 90)), 7)):
        answer = student.folds(n, k)
        require(
            isinstance(answer, (list, tuple))
            and len(answer) == k
            and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in answer),
            "folds({n}, {k}) is a list of {k} pairs (training, validation)",
            kind="shape",
            n=n,
            k=k,
        )
        pairs = [[indices(part, n, k) for part in pair] for pair in answer]
        for i, (training, validation) in enumerate(pairs):
            require(
                sorted([*training, *validation]) == list(range(n)),
                "folds({n}, {k}), pair {i}: each of the {n} indices is in one of its two parts, once; you have {first} "
                "and {second} indices",
                kind="folds",
                how="Train on all that is not in the validation part, also the rest where k does not divide n.",
                n=n,
                k=k,
                i=i,
                first=len(training),
                second=len(validation),
            )
        validated = sorted(index for _, validation in pairs for index in validation)
        require(
            validated == list(range(n)),
            "folds({n}, {k}): over all pairs, each index is in a validation part once; you validate on {validated}",
            kind="folds",
            how="Cut all n indices into k parts first, also where k does not divide n. Pair i validates on part i.",
            n=n,
            k=k,
            validated=validated,
        )
        sizes = [len(validation) for _, validation in pairs]
        require(
            max(sizes) - min(sizes) <= 1,
            "folds({n}, {k}): the validation parts have {sizes} indices; they may differ by 1 at most",
            kind="folds",
            how="np.array_split spreads what is left over.",
            n=n,
            k=k,
            sizes=sizes,
        )


def indices(part, n, k):
    """A part as a list of whole numbers."""
    numbers = part.tolist() if isinstance(part, np.ndarray) else part
    whole = isinstance(numbers, (list, tuple)) and all(isinstance(i, (int, np.integer)) for i in numbers)
    require(whole, "folds({n}, {k}): a pair is two lists or arrays of whole numbers", kind="type", n=n, k=k)
    return [int(i) for i in numbers]


def is_close(answer, wrong):
    """Whether an answer is the array that a known mistake gives."""
    return isinstance(answer, np.ndarray) and answer.shape == wrong.shape and np.allclose(answer, wrong)


@hw.check(points=3, needs=["penalty_backward"], title="The gradient of two penalties")
def penalty(student, rng):
    w, upstream = rng.normal(size=(3, 5)), float(rng.normal())
    for l1, l2 in ((0.0, 0.7), (0.3, 0.0), (0.3, 0.7)):

        def both(w, l1=l1, l2=l2):
            return l1 * tg.abs(w).sum() + l2 / 2 * (w**2).sum()

        answer = student.penalty_backward(upstream, w, l1, l2)
        require(
            not is_close(answer, upstream * (l1 * np.abs(w) + l2 * w)) or l1 == 0,
            "|w| itself stands where its derivative belongs",
            kind="derivative",
            how="|w| rises with slope 1 where w is above 0 and falls with slope 1 where it is below.",
        )
        require(
            not is_close(answer, upstream * (l1 * np.sign(w) + 2 * l2 * w)) or l2 == 0,
            "the part of the squares is twice too large",
            kind="constant factor",
            how="w² has the derivative 2w, and the penalty takes half of it: the 2 and the 1/2 cancel.",
        )
        expect(answer).is_gradient_of(both, at=w, upstream=upstream)
    w = np.array([0.0, 2.0, -1.0])
    answer = student.penalty_backward(1.0, w, 0.3, 0.0)
    if isinstance(answer, np.ndarray) and answer.shape == w.shape:
        require(
            not is_close(answer, np.array([answer[0], 0.3, -0.3])) or answer[0] == 0,
            "where a weight is 0, |w| has gradient 0; you have {found:.3g}",
            kind="derivative",
            how="np.sign is 0 at 0.",
            found=answer[0],
        )
    expect(answer, "where a weight is 0").equals(0.3 * np.sign(w))


@hw.check(points=3, needs=["dropout_backward"], title="Back through dropout")
def dropout(student, rng):
    keep = rng.permutation([1.0] * 7 + [0.0] * 5).reshape(4, 3)  # never all units, never none
    h, upstream = rng.normal(size=(4, 3)), random_upstream(rng, (4, 3))
    answer = student.dropout_backward(upstream, h, keep, 0.3)
    for factor in (1, 0.7, 1 / 0.3):
        require(
            not is_close(answer, upstream * keep * factor),
            "the gradients of the units that are kept have a wrong factor, or none",
            kind="constant factor",
            how="Forward, what is kept is divided by 1 - p. So 1 / (1 - p) is its local derivative.",
        )
    require(
        not is_close(answer, upstream / 0.7),
        "units that are switched off have a gradient",
        kind="derivative",
        how="Their output is 0, whatever h is.",
    )
    require(
        not is_close(answer, upstream * h * keep / 0.7),
        "h itself stands where its derivative belongs",
        kind="derivative",
        how="out is h times a number that does not depend on h. That number is the local derivative.",
    )
    expect(answer).is_gradient_of(lambda h: h * keep / 0.7, at=h, upstream=upstream)
