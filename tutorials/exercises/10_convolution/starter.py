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
