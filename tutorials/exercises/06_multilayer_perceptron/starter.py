"""From the perceptron to the multilayer perceptron: learning from mistakes, XOR, and all gradients of an MLP."""

import numpy as np


def perceptron(points, labels, epochs):
    """The weights (D,) and how many mistakes were made: points (N, D), labels (N,) of -1 and 1.

    Goes through the points in order, `epochs` times, or until an epoch is without a mistake. A sum of 0 is a mistake.
    """
    raise NotImplementedError


def xor_weights():
    """W1 (2, 2), b1 (2,), W2 (2, 1), b2 (1,) of a network for the inputs (-1, -1), (-1, 1), (1, -1) and (1, 1).

    Its output relu(x @ W1 + b1) @ W2 + b2 is above 0 where the two inputs differ, and below 0 where they do not.
    """
    raise NotImplementedError


def gradients(x, y, W1, b1, W2, b2):
    """The gradients of the loss by W1, b1, W2 and b2: x (N, D), y (N, 1) of 0 and 1.

    The loss is the mean over the N points of log(1 + exp(z)) - y · z, with z = tanh(x @ W1 + b1) @ W2 + b2.
    """
    raise NotImplementedError
