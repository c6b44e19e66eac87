"""Lesson 4: the best line by its formula, the gradients of the loss, and an epoch of minibatches."""

import numpy as np


def fit_line(x, y):
    """The pair (w, b) of floats for which the sum of (w * x + b - y) ** 2 is smallest. x and y have shape (N,)."""
    raise NotImplementedError


def gradients(X, y, w, b):
    """The gradients of w and b for the loss np.mean((X @ w + b - y) ** 2).

    X has shape (N, k), y has shape (N,), w has shape (k,), and b is a float. No engine: NumPy and the chain rule.
    """
    raise NotImplementedError


def epoch(X, y, w, b, lr, size):
    """The parameters (w, b) after one epoch of gradient descent on minibatches of `size` samples.

    The samples are taken as they stand, without shuffling: the first `size` of them, then the next, and so on. The last
    minibatch has what is left. The loss of a minibatch is the mean over its own samples.
    """
    raise NotImplementedError
