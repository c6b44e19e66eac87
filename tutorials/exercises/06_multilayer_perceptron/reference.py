"""From the perceptron to the multilayer perceptron: learning from mistakes, XOR, and all gradients of an MLP."""

import numpy as np


def perceptron(points, labels, epochs):
    """The weights (D,) and how many mistakes were made: points (N, D), labels (N,) of -1 and 1.

    Goes through the points in order, `epochs` times, or until an epoch is without a mistake. A sum of 0 is a mistake.
    """
    w, mistakes = np.zeros(points.shape[1]), 0
    for _ in range(epochs):
        before = mistakes
        for x, y in zip(points, labels):
            if y * (w @ x) <= 0:  # equivalent
                w += y * x
                mistakes += 1
        if mistakes == before:
            break
    return w, mistakes


def xor_weights():
    """W1 (2, 2), b1 (2,), W2 (2, 1), b2 (1,) of a network for the inputs (-1, -1), (-1, 1), (1, -1) and (1, 1).

    Its output relu(x @ W1 + b1) @ W2 + b2 is above 0 where the two inputs differ, and below 0 where they do not.
    """
    # One neuron is open at (1, 1), the other at (-1, -1). Each can pull the output below 0.
    W1 = np.array([[1.0, -1.0], [1.0, -1.0]])
    return W1, np.zeros(2), np.array([[-1.0], [-1.0]]), np.array([1.0])


def gradients(x, y, W1, b1, W2, b2):
    """The gradients of the loss by W1, b1, W2 and b2: x (N, D), y (N, 1) of 0 and 1.

    The loss is the mean over the N points of log(1 + exp(z)) - y · z, with z = tanh(x @ W1 + b1) @ W2 + b2.
    """
    h = np.tanh(x @ W1 + b1)
    z = h @ W2 + b2
    grad_z = (1 / (1 + np.exp(-z)) - y) / len(x)
    grad_a = (grad_z @ W2.T) * (1 - h**2)
    return x.T @ grad_a, grad_a.sum(axis=0), h.T @ grad_z, grad_z.sum(axis=0)
