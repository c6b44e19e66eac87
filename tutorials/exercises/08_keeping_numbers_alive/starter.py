"""Lesson 8: initial weights, the way back through batch normalisation, and Adam."""

import numpy as np


def first_weights(inputs, outputs, kind, seed):
    """Normal random weights (outputs, inputs) of mean 0, of the size that `kind` says: "xavier" or "kaiming"."""
    raise NotImplementedError


def batch_norm_backward(upstream, x):
    """The gradient of x (N, C), for out = (x - mean) / deviation, both of each column over the N examples.

    The deviation is the root of the mean of (x - mean)**2.
    """
    raise NotImplementedError


def adam(w, gradients, lr):
    """A list of the parameters after each step, with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8; one gradient a step."""
    raise NotImplementedError
