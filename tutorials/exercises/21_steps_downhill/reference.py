"""Lesson 21: the largest rate, Adadelta, and clipping."""

import numpy as np


def largest_rate(X):
    """The rate below which a descent on ((X @ w - y)**2).mean() / 2 comes to rest, for any y; X is (N, n)."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X))[-1]  # equivalent


def adadelta(w, gradients, lr):
    """A list of the parameters after each step, with α = 0.9 and ε = 1e-6 inside both roots; one gradient a step."""
    s, u, path = np.zeros_like(w), np.zeros_like(w), []
    for g in gradients:
        s = 0.9 * s + 0.1 * g**2
        d = g * np.sqrt(u + 1e-6) / np.sqrt(s + 1e-6)
        u = 0.9 * u + 0.1 * d**2
        w = w - lr * d
        path.append(w)
    return path


def clip_by_norm(gradients, most):
    """The arrays of a list, scaled together so that their norm, as one vector, is at most `most`."""
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, most / norm) for g in gradients]
