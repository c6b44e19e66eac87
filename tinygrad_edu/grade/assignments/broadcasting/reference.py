"""Broadcasting and matrix gradients: a gradient has the shape of what it belongs to."""

import numpy as np


def unbroadcast(grad, shape):
    """Sum `grad` over the axes along which an operand of this shape was repeated."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    repeated = tuple(i for i, size in enumerate(shape) if size == 1)
    return grad.sum(axis=repeated, keepdims=True)


def add_backward(upstream, a, b):
    """The gradients of a and b, for out = a + b with broadcasting."""
    return unbroadcast(upstream, a.shape), unbroadcast(upstream, b.shape)


def mul_backward(upstream, a, b):
    """The gradients of a and b, for out = a * b with broadcasting."""
    return unbroadcast(upstream * b, a.shape), unbroadcast(upstream * a, b.shape)


def matmul_backward(upstream, x, w):
    """The gradients of x and w, for out = x @ w, two matrices."""
    return upstream @ w.T, x.T @ upstream


def linear_backward(upstream, x, w, b):
    """The gradients of x, w and b, for out = x @ w + b."""
    grad_product, grad_b = add_backward(upstream, x @ w, b)
    return *matmul_backward(grad_product, x, w), grad_b


def mean_backward(upstream, x):
    """The gradient of x, of shape (N, K), for out = x.mean(axis=0)."""
    return np.broadcast_to(upstream / len(x), x.shape)
