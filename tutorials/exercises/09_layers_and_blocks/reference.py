"""Layers and blocks: tables made ready for a network, and a layer that is used twice."""

import numpy as np


def standardise(training, others):
    """Both tables with each column scaled to mean 0 and standard deviation 1 over the training rows, and 0 for nan.

    training: (N, K); others: (M, K); some numbers are nan. Gives two arrays of these shapes.
    """
    mean, deviation = np.nanmean(training, axis=0), np.nanstd(training, axis=0)
    return np.nan_to_num((training - mean) / deviation), np.nan_to_num((others - mean) / deviation)


def one_hot(values, categories):
    """A row for each value, a column for each category: 1.0 where they are equal, else 0.0.

    values, categories: lists of strings. A value that is none of the categories has a row of zeros.
    """
    return np.array([[float(value == category) for category in categories] for value in values])


def tied_backward(upstream, x, w):
    """The gradients of x (N, K) and of w (K, K), for h = tanh(x @ w) and out = tanh(h @ w): w is used twice."""
    h = np.tanh(x @ w)
    out = np.tanh(h @ w)
    outer = upstream * (1 - out**2)
    inner = (outer @ w.T) * (1 - h**2)
    return inner @ w.T, h.T @ outer + x.T @ inner
