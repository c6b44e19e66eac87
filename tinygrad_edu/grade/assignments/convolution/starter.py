"""Backward through a convolution, as networks have it: the kernel is not flipped (cross-correlation).

x: (N, C, H, W) images; w: (D, C, P, Q) kernels; out: (N, D, H', W'), H' = (H + 2 * padding - P) // stride + 1.
"""

import numpy as np


def pad(x, padding):
    """The images with a border of zeros."""
    raise NotImplementedError


def touched(padded, i, j, out_shape, stride):
    """The pixels that the kernel's weight (i, j) meets, one for each pixel of the result: a view."""
    raise NotImplementedError


def grad_bias(upstream):
    """The gradient of the bias, of shape (D,), that is added to every pixel of its channel."""
    raise NotImplementedError


def grad_weight(upstream, x, w, stride, padding):
    """The gradient of w, for out = conv2d(x, w)."""
    raise NotImplementedError


def grad_input(upstream, x, w, stride, padding):
    """The gradient of x, for out = conv2d(x, w)."""
    raise NotImplementedError
