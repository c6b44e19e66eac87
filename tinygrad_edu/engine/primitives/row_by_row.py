"""Convolution of several channels, one row of the images after another, with hardly a copy.

A row h of the images x meets as many rows of the results g as the window has along the first axis, where its stride is
1 and its places j are side by side. Seen from h, the sum of `convolution.py` is

    Σ  x[c, h, s·q + d·i - b] · w[o, c, j, i] · g[o, h + b - j, q]  =  Σ  X[c i, q] · M[c i, o j] · G[o j, q]

over channels c and o, and places i and positions q along the other axes. The rows of g lie side by side, so that G is
a part of g itself; at the edges, where h meets fewer rows, M has fewer columns. X is a row of x, copied once for each
place i. It stays in the cache.

    gradient of the images    M G, whose parts for the places i are added to the row
    gradient of the weights   X Gᵀ, summed over all rows
    the convolution           with a stride of 1 it is the first of these, the window turned around

The matrices are as large as those of all columns at once, which would copy each number for each place of the window.
Arrays are (C, *S, N), as in `windows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..blas import multiply, multiply_by_rows
from .windows import Borders, Sizes, reached

__all__ = ["convolve", "pays", "to_images", "to_weight"]

PRODUCT, COLUMNS = 2_000_000, 96
"""With fewer multiplications, or fewer positions and images, in a row the products are too small."""


def pays(weight: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes, n: int) -> bool:
    """Whether this way can be taken and is quicker, for n images and a weight (O, C, *K)."""
    fits, columns = stride[0] == dilation[0] == 1 < weight[2], prod(windows[1:]) * n
    return fits and weight[0] <= 3 * weight[1] and columns >= COLUMNS and prod(weight) * columns >= PRODUCT


def convolve(
    x: ndarray, weight: ndarray, windows: Sizes, padding: Borders, dilation: Sizes, dtype: Any, bias: Any = 0
) -> ndarray:
    """The convolution of x (C, *S, N) with weight (O, C, *K), a stride of 1 and perhaps bias (O,): (O, *windows, N)."""
    turned = np.flip(weight, tuple(range(2, weight.ndim))).swapaxes(0, 1)
    reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])]
    around = tuple((r - before, r - behind) for r, (before, behind) in zip(reach, padding))
    return to_images(x, turned, windows, (1,) * len(windows), around, dilation, dtype, bias)


def to_images(
    g: ndarray, weight: ndarray, size: Sizes, stride: Sizes, padding: Borders, dilation: Sizes, dtype: Any,
    bias: Any = 0,
) -> ndarray:  # fmt: skip
    """What images (C, *size, N) receive from g (O, *P, N) by weight (O, C, *K), and perhaps bias (C,)."""
    high, *kernel = weight.shape[2:]
    out = np.empty((weight.shape[1], *size, g.shape[-1]), dtype)
    matrix = weight[:, :, ::-1].transpose(*range(3, weight.ndim), 1, 2, 0).astype(dtype, order="C")
    matrix = matrix.reshape(-1, high * len(weight))
    parts = np.empty((*kernel, len(out), *g.shape[2:]), dtype)
    places = list(reached(tuple(kernel), g.shape[2:-1], size[1:], stride[1:], padding[1:], dilation[1:]))
    for row, (met, rows) in zip(out.swapaxes(0, 1), _rows_of_results(g, size[0], high, padding[0][0])):
        row.T[...] = bias
        multiply(matrix[:, met], rows, parts.reshape(len(matrix), -1))
        for place, positions, where in places:
            row[where] += parts[place][positions]
    return out


def to_weight(
    x: ndarray, g: ndarray, kernel: Sizes, stride: Sizes, padding: Borders, dilation: Sizes, dtype: Any
) -> ndarray:
    """What the weight (O, C, *kernel) receives from x (C, *S, N) and g (O, *P, N)."""
    high, *kernel_along = kernel
    parts = np.zeros((*kernel_along, len(x), *g.shape[2:]), dtype)  # it keeps zeros where the border would lie
    places = list(reached(tuple(kernel_along), g.shape[2:-1], x.shape[2:-1], stride[1:], padding[1:], dilation[1:]))
    total, part = np.zeros((2, prod(parts.shape[: len(kernel)]), high * len(g)), dtype)
    for row, (met, rows) in zip(x.swapaxes(0, 1), _rows_of_results(g, x.shape[1], high, padding[0][0])):
        for place, positions, where in places:
            parts[place][positions] = row[where]
        total[:, met] += multiply_by_rows(parts.reshape(-1, rows.shape[1]), rows, part[:, met])
    total = total.reshape(*kernel_along, len(x), high, len(g))[..., ::-1, :]
    return np.ascontiguousarray(np.moveaxis(total, (-1, -3, -2), (0, 1, 2)))


def _rows_of_results(g: ndarray, size: int, high: int, before: int) -> Iterator[tuple[slice, ndarray]]:
    """For each of `size` rows of images the rows of g that it meets, the last place first, as a matrix (rows·O, P·N).

    Before it stands where these are among all `high`·O: those beside g are left out.
    """
    count, channels = g.shape[1], len(g)
    rows = np.ascontiguousarray(g.swapaxes(0, 1)).reshape(count * channels, prod(g.shape[2:]))
    for first in range(before + 1 - high, before + 1 - high + size):
        start = min(max(0, first), count)
        stop = max(start, min(first + high, count))
        yield slice((start - first) * channels, (stop - first) * channels), rows[start * channels : stop * channels]
