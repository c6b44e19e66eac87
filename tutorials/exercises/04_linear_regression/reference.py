"""Lesson 4: the best line by its formula, the gradients of the loss, and an epoch of minibatches."""

import numpy as np


def fit_line(x, y):
    """The pair (w, b) of floats for which the sum of (w * x + b - y) ** 2 is smallest."""
    centred = x - x.mean()
    w = np.sum(centred * y) / np.sum(centred**2)  # as with y - y.mean(): the centred x add up to 0
    return float(w), float(y.mean() - w * x.mean())


def gradients(X, y, w, b):
    """The gradients of w and b for the loss np.mean((X @ w + b - y) ** 2)."""
    residual = X @ w + b - y
    return 2 * X.T @ residual / len(y), 2 * residual.mean()


def epoch(X, y, w, b, lr, size):
    """The parameters (w, b) after one epoch of gradient descent on minibatches of `size` samples."""
    for start in range(0, len(X), size):
        batch = slice(start, start + size)
        grad_w, grad_b = gradients(X[batch], y[batch], w, b)
        w = w - lr * grad_w
        b = b - lr * grad_b
    return w, b
