"""Lesson 3: a walk in the right order, derivatives by differences, and a backward pass with two mistakes."""

import numpy as np


def gradients(uses, output):
    """The gradient of `output` by every number of a graph, as a dict from names to floats.

    `uses` is the graph, a dict in no particular order: for each name the list of what it was made from, pairs
    (name of the operand, local derivative by it). A name may stand twice in a list. A number that `output` does not
    depend on has gradient 0.0.

    Hint: it is a number's turn when all of its users have had theirs; those that `output` needs, that is.
    """
    raise NotImplementedError


def jacobian(f, x, h=1e-5):
    """All derivatives of all outputs of `f` at `x`, by central differences.

    `f` takes an array of shape (n,) and returns one of shape (m,). The answer has shape (m, n): row i is the gradient
    of output i.
    """
    raise NotImplementedError


def loss_backward(w, b, x, target):
    """The gradients of w and b for loss = mean((tanh(x @ w + b) - target) ** 2).

    x has shape (N, k), w has shape (k,), b is a number, target has shape (N,). There are two mistakes in here.
    """
    prediction = np.tanh(x @ w + b)
    grad_prediction = 2 * (prediction - target) / len(target)
    grad_sum = grad_prediction * (1 - prediction)
    return x.T @ grad_sum, np.mean(grad_sum)
