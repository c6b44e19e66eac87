"""Lesson 7: the folds of a cross-validation, and the backward passes of two penalties and of dropout."""

import numpy as np


def folds(n, k):
    """k pairs (training, validation) of the indices 0 to n - 1: each is in one validation part, once."""
    parts = np.array_split(np.random.default_rng(0).permutation(n), k)
    return [(np.concatenate(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


def penalty_backward(upstream, w, l1, l2):
    """The gradient of w, for out = l1 * sum(|w|) + l2 / 2 * sum(w**2). Where a weight is 0, |w| has gradient 0."""
    return upstream * (l1 * np.sign(w) + l2 * w)


def dropout_backward(upstream, h, keep, p):
    """The gradient of h, for out = h * keep / (1 - p). `keep` is 1 where a unit is kept and 0 elsewhere."""
    return upstream * keep / (1 - p)
