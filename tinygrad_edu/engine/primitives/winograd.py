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

from ..blas import multiply, multiply_by_rows, one_thread, product
from .windows import Borders, images_first, images_last, with_border

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
    """The convolution of x (N, C, H, W), with a border of zeros, with weight (O, C, 3, 3), into `out` (O, P, Q, N)."""
    u = product(BOTH_SIDES.astype(out.dtype), weight.reshape(-1, 9).T).reshape(16, *weight.shape[:2])
    results = out if _even(out.shape) == out.shape else np.empty(_even(out.shape), out.dtype)
    for inputs, some in _blocks(_in_tiles(x, padding, results), results, u.nbytes):
        tiles = _of_inputs(inputs)
        _to_results(multiply(u, tiles, np.empty((16, len(out), tiles.shape[2]), out.dtype)), some)
    if results is not out:
        out[...] = results[:, : out.shape[1], : out.shape[2]]


def weight_gradient(x: ndarray, g: ndarray, padding: Borders, out: ndarray) -> None:
    """The gradient of the weight, into `out` (O, C, 3, 3), from x (N, C, H, W) and g (N, O, P, Q)."""
    g = images_last(g).astype(out.dtype, copy=False)
    if _even(g.shape) != g.shape:
        g = with_border(images_first(g), tuple((0, size % 2) for size in g.shape[1:3]))
    total = np.zeros((16, len(g), x.shape[1]), out.dtype)
    for inputs, some in _blocks(_in_tiles(x, padding, g), g, total.nbytes):
        total += multiply_by_rows(_of_gradients(some), _of_inputs(inputs))
    with one_thread():
        np.matmul(total.reshape(16, -1).T, BOTH_SIDES.astype(out.dtype), out=out.reshape(-1, 9))


def _even(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape (O, P, Q, N) of whole tiles."""
    channels, height, width, n = shape
    return channels, height + height % 2, width + width % 2, n


def _in_tiles(x: ndarray, padding: Borders, results: ndarray) -> ndarray:
    """x (N, C, H, W) as (C, H, W, N), with the border that whole tiles need for these results."""
    x = x.astype(results.dtype, copy=False)  # sums of bytes would overflow
    sizes = zip(x.shape[2:], padding, results.shape[1:3])
    return with_border(x, tuple((before, n + 2 - before - size) for size, (before, _), n in sizes))


def _blocks(x: ndarray, y: ndarray, weights: int) -> Iterator[tuple[ndarray, ndarray]]:
    """Rows of results y, an even number at a time, with the rows of x under their windows."""
    _, height, width, n = y.shape
    row_of_tiles = 16 * (len(x) + len(y)) * (width // 2) * n * y.itemsize
    step = 2 * max(1, max(CACHE, 2 * weights) // row_of_tiles)
    for start in range(0, height, step):
        yield x[:, start : start + step + 2], y[:, start : start + step]


def _of_inputs(x: ndarray) -> ndarray:
    """Bᵀ x B for each tile: (C, H, W, N) to (16, C, tiles · N)."""
    even, odd = by_parity = np.ascontiguousarray(_by_parity(x))
    _, _, channels, tall, wide, n = by_parity.shape
    rows = np.empty((4, 2, channels, tall - 1, wide, n), x.dtype)
    tiles = np.empty((4, 4, channels, tall - 1, wide - 1, n), x.dtype)
    _b(even[:, :, :-1], odd[:, :, :-1], even[:, :, 1:], odd[:, :, 1:], rows)
    even, odd = rows[:, 0], rows[:, 1]
    _b(even[..., :-1, :], odd[..., :-1, :], even[..., 1:, :], odd[..., 1:, :], tiles.swapaxes(0, 1))
    return tiles.reshape(16, channels, -1)


def _of_gradients(g: ndarray) -> ndarray:
    """A g Aᵀ for each tile: (O, H, W, N) to (16, O, tiles · N)."""
    even, odd = by_parity = np.ascontiguousarray(_by_parity(g))
    rows, tiles = (np.empty((4, n, *by_parity.shape[2:]), g.dtype) for n in (2, 4))
    _a(even, odd, rows)
    _a(rows[:, 0], rows[:, 1], tiles.swapaxes(0, 1))
    return tiles.reshape(16, len(g), -1)


def _to_results(tiles: ndarray, out: ndarray) -> None:
    """Aᵀ m A for each tile: (16, O, tiles · N), which are overwritten, into (O, H, W, N)."""
    by_parity = _by_parity(out)
    tiles = tiles.reshape(4, 4, *by_parity.shape[2:])
    _a_transposed(*tiles)
    _a_transposed(*tiles[:2].swapaxes(0, 1))
    by_parity[...] = tiles[:2, :2]


def _by_parity(x: ndarray) -> ndarray:
    """A view of (C, H, W, N) as (2, 2, C, H / 2, W / 2, N): its even and odd rows, of each the even and odd columns."""
    channels, height, width, n = x.shape
    return x.reshape(channels, height // 2, 2, width // 2, 2, n).transpose(2, 4, 0, 1, 3, 5)


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


def _a_transposed(m0: ndarray, m1: ndarray, m2: ndarray, m3: ndarray) -> None:
    """Aᵀ m, into m0 and m1."""
    m0 += m1
    m0 += m2
    m1 -= m2
    m1 -= m3
