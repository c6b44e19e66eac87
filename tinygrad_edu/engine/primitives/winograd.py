"""Winograd's convolution with 3 × 3 windows: 16 multiplications for four results, where the definition has 36.

Lavin and Gray, "Fast algorithms for convolutional neural networks", arXiv:1509.09308, section 4.1. A tile of 2 × 2
results comes from a tile of 4 × 4 numbers x of the image:

    results  =  Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A

         1   0   0          1  0 -1  0         1  1  1  0
    G =  ½   ½   ½     Bᵀ = 0  1  1  0    Aᵀ = 0  1 -1 -1
         ½  -½   ½          0 -1  1  0
         0   0   1          0  1  0 -1

Summed over the channels, ⊙ becomes 16 matrix products. A tile has one row and one column of each parity twice, so all
arrays are cut by the parity of their rows and columns first. Arrays are (C, H, W, N), as in `windows.py`. An inf or nan
of the image reaches all four results of a tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..blas import one_thread, product
from .windows import Borders

__all__ = ["convolve", "pays", "weight_gradient"]

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
BOTH_SIDES = np.kron(G, G)
"""G w Gᵀ as one product (16, 9) with the nine numbers of w."""

CACHE = 1 << 21
"""About how many bytes of tiles are made at a time, or twice those of the weights, which each block reads again."""


def pays(
    weight: tuple[int, ...], windows: tuple[int, ...], results: tuple[int, ...], n: int, dtype: Any, waste: float
) -> bool:
    """Whether tiles that cover `results` are quicker, for n images, a weight (O, C, 3, 3), and a stride of 1.

    `windows` are the positions that would be multiplied otherwise; tiles may cover up to `waste` times as many. With
    few of them or few channels the products are too small to make up for the sums before and behind them.
    """
    channels, positions = min(weight[:2]), n * prod(windows)
    if weight[2:] != (3, 3) or dtype.char not in "fd" or channels < 32 or positions < max(256, 24_000 // channels):
        return False
    return prod(size + size % 2 for size in results) <= waste * prod(windows)


def convolve(x: ndarray, weight: ndarray, padding: Borders, out: ndarray) -> None:
    """The convolution of x (C, H, W, N), with a border of zeros, with weight (O, C, 3, 3), into `out` (O, P, Q, N)."""
    x = x.astype(out.dtype, copy=False)  # sums of bytes would overflow
    u = product(BOTH_SIDES.astype(out.dtype), weight.reshape(-1, 9).T).reshape(16, *weight.shape[:2])
    for inputs, above, results in _blocks(x, padding, out, u.nbytes):
        _to_results(product(u, _of_inputs(inputs, above, padding[1][0], results.shape)), results)


def weight_gradient(x: ndarray, g: ndarray, padding: Borders, out: ndarray) -> None:
    """The gradient of the weight, into `out` (O, C, 3, 3), from x (C, H, W, N) and g (O, P, Q, N)."""
    x, g = x.astype(out.dtype, copy=False), g.astype(out.dtype, copy=False)
    total = np.zeros((16, len(g), len(x)), out.dtype)
    for inputs, above, gradients in _blocks(x, padding, g, total.nbytes):
        tiles = _of_inputs(inputs, above, padding[1][0], gradients.shape)
        total += product(_of_gradients(gradients), tiles.swapaxes(1, 2))
    with one_thread():
        np.matmul(total.reshape(16, -1).T, BOTH_SIDES.astype(out.dtype), out=out.reshape(-1, 9))


def _blocks(x: ndarray, padding: Borders, y: ndarray, weights: int) -> Iterator[tuple[ndarray, int, ndarray]]:
    """Rows of results y, an even number at a time, with the rows of x under their windows and of the border above."""
    _, height, width, n = y.shape
    row_of_tiles = 16 * (len(x) + len(y)) * -(-width // 2) * n * y.itemsize
    step = 2 * max(1, max(CACHE, 2 * weights) // row_of_tiles)
    for start in range(0, height, step):
        rows, first = y[:, start : start + step], start - padding[0][0]
        yield x[:, max(0, first) : max(0, first + rows.shape[1] + 2)], max(0, -first), rows


def _of_inputs(x: ndarray, above: int, left: int, results: tuple[int, ...]) -> ndarray:
    """Bᵀ x B for each tile: (C, H, W, N), with a border `above` and to the `left`, to (16, C, tiles · N)."""
    _, height, width, n = results
    tall, wide = -(-height // 2), -(-width // 2)
    even, odd = _by_parity(x, tall + 1, wide + 1, above, left)
    rows = np.empty((4, 2, len(x), tall, wide + 1, n), x.dtype)
    _b(even[:, :, :-1], odd[:, :, :-1], even[:, :, 1:], odd[:, :, 1:], rows)
    even, odd = rows[:, 0], rows[:, 1]
    tiles = np.empty((4, 4, len(x), tall, wide, n), x.dtype)
    _b(even[..., :-1, :], odd[..., :-1, :], even[..., 1:, :], odd[..., 1:, :], tiles.swapaxes(0, 1))
    return tiles.reshape(16, len(x), tall * wide * n)


def _of_gradients(g: ndarray) -> ndarray:
    """A g Aᵀ for each tile: (O, H, W, N) to (16, O, tiles · N)."""
    _, height, width, n = g.shape
    tall, wide = -(-height // 2), -(-width // 2)
    rows = np.empty((4, 2, len(g), tall, wide, n), g.dtype)
    even, odd = _by_parity(g, tall, wide)
    _a(even, odd, rows)
    tiles = np.empty((4, 4, len(g), tall, wide, n), g.dtype)
    _a(rows[:, 0], rows[:, 1], tiles.swapaxes(0, 1))
    return tiles.reshape(16, len(g), tall * wide * n)


def _to_results(tiles: ndarray, out: ndarray) -> None:
    """Aᵀ m A for each tile: (16, O, tiles · N) into (O, H, W, N)."""
    n_out, height, width, n = out.shape
    tall, wide = -(-height // 2), -(-width // 2)
    tiles = tiles.reshape(4, 4, n_out, tall, wide, n)
    for i, row in enumerate(_a_transposed(*tiles)):
        for j, numbers in enumerate(_a_transposed(*row)):
            into = out[:, i::2, j::2]
            into[...] = numbers[:, : into.shape[1], : into.shape[2]]


def _by_parity(x: ndarray, tall: int, wide: int, above: int = 0, left: int = 0) -> ndarray:
    """(C, H, W, N) as (2, 2, C, tall, wide, N): the even and odd rows, of each the even and odd columns; else zeros.

    x begins `above` rows and `left` columns after the first.
    """
    out = np.zeros((2, 2, len(x), tall, wide, x.shape[-1]), x.dtype)
    for i in (0, 1):
        for j in (0, 1):
            part = x[:, (i + above) % 2 :: 2, (j + left) % 2 :: 2]
            row, column = (above + 1 - i) // 2, (left + 1 - j) // 2
            place = out[i, j, :, row : row + part.shape[1], column : column + part.shape[2]]
            place[...] = part[:, : place.shape[1], : place.shape[2]]
    return out


def _b(x0: ndarray, x1: ndarray, x2: ndarray, x3: ndarray, out: ndarray) -> None:
    """Bᵀ x."""
    np.subtract(x0, x2, out=out[0])
    np.add(x1, x2, out=out[1])
    np.subtract(x2, x1, out=out[2])
    np.subtract(x1, x3, out=out[3])


def _a(g0: ndarray, g1: ndarray, out: ndarray) -> None:
    """A g."""
    out[0] = g0
    np.add(g0, g1, out=out[1])
    np.subtract(g0, g1, out=out[2])
    np.negative(g1, out=out[3])


def _a_transposed(m0: ndarray, m1: ndarray, m2: ndarray, m3: ndarray) -> tuple[ndarray, ndarray]:
    """Aᵀ m."""
    first, second = m1 + m2, m1 - m2
    first += m0
    second -= m3
    return first, second
