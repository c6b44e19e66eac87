"""Convolution: a window that slides, how far it sees, and what comes back to its weights."""

import numpy as np


def correlate(image, kernel, stride, padding):
    """The kernel's sum of products at every place of the image (H, W), with a border of zeros, in steps of `stride`.

    The kernel (P, Q) is not turned. The result is ((H + 2 * padding - P) // stride + 1, the same of W and Q).
    """
    padded = np.pad(image, padding)
    (height, width), (p, q) = padded.shape, kernel.shape
    out = np.zeros(((height - p) // stride + 1, (width - q) // stride + 1))
    for i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        out[i, j] = (padded[top : top + p, left : left + q] * kernel).sum()
    return out


def receptive_field(layers):
    """How many pixels wide the field is that one number sees after these layers, pairs of (window size, stride)."""
    width, step = 1, 1
    for size, stride in layers:
        width, step = width + (size - 1) * step, stride * step
    return width


def kernel_gradient(upstream, image, kernel):
    """The gradient of the kernel, for out = correlate(image, kernel, 1, 0); `upstream` has the shape of out."""
    (height, width), (p, q) = upstream.shape, kernel.shape
    under = [[image[a : a + height, b : b + width] for b in range(q)] for a in range(p)]
    return (upstream * np.array(under)).sum(axis=(2, 3))


def shapes():
    """The shapes behind seven layers, a list of tuples such as (10, 3, 28, 28), found on paper.

    The images have the shape (10, 3, 28, 28). Then come: a convolution with 32 kernels of 5 × 5, stride 2, padding 2;
    max pooling of 2 × 2 with stride 2; a convolution with 64 kernels of 3 × 3, stride 2, padding 1; max pooling of
    2 × 2 with stride 2; flatten; a linear layer to 128 numbers; a linear layer to 10.
    """
    first = (28 + 2 * 2 - 5) // 2 + 1  # equivalent
    second = (first - 2) // 2 + 1
    third = (second + 2 * 1 - 3) // 2 + 1  # equivalent
    fourth = (third - 2) // 2 + 1
    squares = [(10, 32, first, first), (10, 32, second, second), (10, 64, third, third), (10, 64, fourth, fourth)]
    return [*squares, (10, 64 * fourth**2), (10, 128), (10, 10)]
