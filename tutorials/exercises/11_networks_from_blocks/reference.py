"""Networks from blocks: what a convolution costs, a window of 1 × 1, and paths that are joined."""

import numpy as np


def cost(channels, outputs, window, stride, padding, size):
    """Of a convolution on images of size × size: (new size, numbers that it learns, multiply-adds of one image).

    It has windows of window × window, from `channels` to `outputs`, and a bias for each channel that goes out.
    """
    new = (size + 2 * padding - window) // stride + 1
    return new, outputs * (channels * window**2 + 1), outputs * new**2 * channels * window**2


def one_by_one(images, weight, bias):
    """A convolution with windows of 1 × 1, as a matrix product for each pixel.

    images: (N, C, H, W); weight: (O, C); bias: (O,). The result is (N, O, H, W).
    """
    n, channels, height, width = images.shape
    pixels = weight @ images.reshape(n, channels, -1) + bias[:, None]
    return pixels.reshape(n, len(weight), height, width)


def joined_backward(upstream, sizes):
    """The gradients of images that were joined on axis 1: a list of arrays, one for each of `sizes`, their channels.

    upstream: (N, sum of sizes, H, W).
    """
    return np.split(upstream, np.cumsum(sizes)[:-1], axis=1)
