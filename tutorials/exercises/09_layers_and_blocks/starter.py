"""Layers and blocks: tables made ready for a network, and a layer that is used twice."""

import numpy as np


def standardise(training, others):
    """Both tables with each column scaled to mean 0 and standard deviation 1 over the training rows, and 0 for nan.

    training: (N, K); others: (M, K); some numbers are nan. Gives two arrays of these shapes.
    """
    raise NotImplementedError


def one_hot(values, categories):
    """A row for each value, a column for each category: 1.0 where they are equal, else 0.0.

    values, categories: lists of strings. A value that is none of the categories has a row of zeros.
    """
    raise NotImplementedError


def tied_backward(upstream, x, w):
    """The gradients of x (N, K) and of w (K, K), for h = tanh(x @ w) and out = tanh(h @ w): w is used twice."""
    raise NotImplementedError
