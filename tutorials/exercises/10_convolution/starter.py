"""Convolution: a window that slides, how far it sees, and what comes back to its weights."""

import numpy as np


def correlate(image, kernel, stride, padding):
    """The kernel's sum of products at every place of the image (H, W), with a border of zeros, in steps of `stride`.

    The kernel (P, Q) is not turned. The result is ((H + 2 * padding - P) // stride + 1, the same of W and Q).
    """
    raise NotImplementedError


def receptive_field(layers):
    """How many pixels wide the field is that one number sees after these layers, pairs of (window size, stride)."""
    raise NotImplementedError


def kernel_gradient(upstream, image, kernel):
    """The gradient of the kernel, for out = correlate(image, kernel, 1, 0); `upstream` has the shape of out."""
    raise NotImplementedError


def shapes():
    """The shapes behind seven layers, a list of tuples such as (10, 3, 28, 28), found on paper.

    The images have the shape (10, 3, 28, 28). Then come: a convolution with 32 kernels of 5 × 5, stride 2, padding 2;
    max pooling of 2 × 2 with stride 2; a convolution with 64 kernels of 3 × 3, stride 2, padding 1; max pooling of
    2 × 2 with stride 2; flatten; a linear layer to 128 numbers; a linear layer to 10.
    """
    raise NotImplementedError
