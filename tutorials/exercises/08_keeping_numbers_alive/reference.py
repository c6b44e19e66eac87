"""Lesson 8: initial weights, the way back through batch normalisation, and Adam."""

import numpy as np


def first_weights(inputs, outputs, kind, seed):
    """Normal random weights (outputs, inputs) of mean 0, of the size that `kind` says: "xavier" or "kaiming"."""
    variance = 2 / (inputs + outputs) if kind == "xavier" else 2 / inputs
    return np.sqrt(variance) * np.random.default_rng(seed).standard_normal((outputs, inputs))  # equivalent


def batch_norm_backward(upstream, x):
    """The gradient of x (N, C), for out = (x - mean) / deviation, both of each column over the N examples.

    The deviation is the root of the mean of (x - mean)**2.
    """
    deviation = x.std(axis=0)
    normal = (x - x.mean(axis=0)) / deviation  # equivalent
    return (upstream - upstream.mean(axis=0) - normal * (upstream * normal).mean(axis=0)) / deviation


def adam(w, gradients, lr):
    """A list of the parameters after each step, with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8; one gradient a step."""
    m, s, path = np.zeros_like(w), np.zeros_like(w), []
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g**2
        w = w - lr * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        path.append(w)
    return path
