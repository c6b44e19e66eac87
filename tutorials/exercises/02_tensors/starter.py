"""Lesson 2: tables without loops, and the summing step of the backward pass. All arguments are NumPy arrays."""

import numpy as np


def standardise(X):
    """X of shape (n, k), each column with its mean taken off and divided by its standard deviation."""
    raise NotImplementedError


def distances(A, B):
    """The distance of each row of A, (n, k), from each row of B, (m, k): a table of shape (n, m)."""
    raise NotImplementedError


def scale_shift_backward(upstream, X, scale, shift):
    """The gradients of X (n, k), scale (n, 1) and shift (k,), for out = X * scale + shift."""
    raise NotImplementedError
