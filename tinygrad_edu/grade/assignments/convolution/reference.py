"""Backward through a convolution, as networks have it: the kernel is not flipped (cross-correlation).

x: (N, C, H, W) images; w: (D, C, P, Q) kernels; out: (N, D, H', W'), H' = (H + 2 * padding - P) // stride + 1.
"""

import numpy as np


def pad(x, padding):
    """The images with a border of zeros."""
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def touched(padded, i, j, out_shape, stride):
    """The pixels that the kernel's weight (i, j) meets, one for each pixel of the result: a view."""
    return padded[:, :, i : i + stride * out_shape[2] : stride, j : j + stride * out_shape[3] : stride]


def grad_bias(upstream):
    """The gradient of the bias, of shape (D,), that is added to every pixel of its channel."""
    return upstream.sum(axis=(0, 2, 3))


def grad_weight(upstream, x, w, stride, padding):
    """The gradient of w, for out = conv2d(x, w)."""
    padded, grad = pad(x, padding), np.zeros_like(w)  # equivalent
    for i, j in np.ndindex(*w.shape[2:]):
        grad[:, :, i, j] = np.einsum("ndhw,nchw->dc", upstream, touched(padded, i, j, upstream.shape, stride))
    return grad


def grad_input(upstream, x, w, stride, padding):
    """The gradient of x, for out = conv2d(x, w)."""
    padded = np.zeros_like(pad(x, padding))
    for i, j in np.ndindex(*w.shape[2:]):
        touched(padded, i, j, upstream.shape, stride)[...] += np.einsum("ndhw,dc->nchw", upstream, w[:, :, i, j])
    height, width = x.shape[2:]
    return padded[:, :, padding : padding + height, padding : padding + width]
