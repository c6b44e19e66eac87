"""Broadcasting and matrix gradients: a gradient has the shape of what it belongs to."""

import numpy as np


def unbroadcast(grad, shape):
    """Sum `grad` over the axes along which an operand of this shape was repeated."""
    raise NotImplementedError


def add_backward(upstream, a, b):
    """The gradients of a and b, for out = a + b with broadcasting."""
    raise NotImplementedError


def mul_backward(upstream, a, b):
    """The gradients of a and b, for out = a * b with broadcasting."""
    raise NotImplementedError


def matmul_backward(upstream, x, w):
    """The gradients of x and w, for out = x @ w, two matrices."""
    raise NotImplementedError


def linear_backward(upstream, x, w, b):
    """The gradients of x, w and b, for out = x @ w + b."""
    raise NotImplementedError


def mean_backward(upstream, x):
    """The gradient of x, of shape (N, K), for out = x.mean(axis=0)."""
    raise NotImplementedError
