"""Matrix products on one thread, unless they are large.

BLAS, the library that multiplies matrices for NumPy, splits a product over as many threads as there are cores, and
waits for the last of them. If another program occupies a core, that thread is late, and a product of 0.1 ms takes many
times as long. So the engine asks BLAS for one thread while it multiplies, and afterwards gives back the others: what
the user computes with NumPy itself keeps them.

`product` is for any two. `multiplier` is for one matrix that many small ones are multiplied with, as in a recurrent
layer; `multiply` and `multiply_by_rows` are for wide ones, as in a convolution.

Only OpenBLAS can be asked, the BLAS inside NumPy's packages on PyPI. With another BLAS nothing changes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from math import ceil, inf, prod
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["multiplier", "multiply", "multiply_by_rows", "one_thread", "product"]

SMALL = 1 << 18
"""Products of fewer multiplications are computed by one thread anyway."""

LARGE = 1 << 31
"""Products of more multiplications keep the threads, since they take 50 ms and more. Two threads need as long as one if
another program is busy on two cores, and half as long otherwise."""


def product(x: Any, y: Any) -> Any:
    """x @ y, of arrays or of nodes.

    >>> product(np.ones((2, 3)), np.ones((3, 2)))
    array([[3., 3.],
           [3., 3.]])
    """
    if type(x) is not ndarray or type(y) is not ndarray:
        return x @ y  # nodes, whose operator comes back with their arrays
    if x.ndim == 2 == y.ndim and not SMALL <= x.size * y.shape[1] <= LARGE:
        return x.dot(y)  # which begins sooner
    threads = get_threads()
    try:
        if threads > 1:
            set_threads(1)
        if _in_tiles(x, y):
            out = np.empty((len(x), y.shape[1]), x.dtype)
            multiplier(y, len(x))(x, out)
            return out
        return x @ y  # `dot` would fill the result with zeros first
    finally:
        if threads > 1:
            set_threads(threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """A context, or decorator, with which BLAS and the LAPACK that is built on it compute on one thread.

    It holds for large products, too. Contexts and products may overlap in several Python threads. Only the one that
    found more than one thread restores their number.
    """
    threads = get_threads()
    try:
        if threads > 1:  # else another thread, which gives them back, has asked for one
            set_threads(1)
        yield
    finally:
        if threads > 1:
            set_threads(threads)


def multiplier(y: ndarray, n: int) -> Callable[[ndarray, ndarray], object]:
    """A function of x (n, K) and `out` (..., n, H) that multiplies x with y (..., K, H).

    Where `UNPACKED` says that this is quicker, x is cut into tiles of rows, and y copied into strips of columns.

    >>> out = np.empty((2, 32))
    >>> _ = multiplier(np.ones((3, 32)), 2)(np.ones((2, 3)), out)
    >>> float(out[1, 31])
    3.0
    """
    *pairs, k, columns = y.shape
    tiles, strips = _tiling(n, y)
    y = _aligned(y.reshape(*pairs, k, strips, columns // strips).swapaxes(-2, -3)[..., None, :, :])

    def times_y(x: ndarray, out: ndarray) -> None:
        parts = out.reshape(*pairs, tiles, n // tiles, strips, columns // strips).swapaxes(-4, -2).swapaxes(-3, -2)
        np.matmul(x.reshape(tiles, n // tiles, k), y, out=parts)

    return times_y


STRIP, LEAST_ROWS = 256, 8
"""How many bytes of each row of y are in a strip, and how many rows of x at least in a tile."""

MANY = 256
"""For so many rows a copy of y takes little of the time of a product."""


def _tiling(n: int, y: ndarray) -> tuple[int, int]:
    """Into how many tiles `multiplier` cuts n rows, and into how many strips y; 1 and 1 if they stay as they are."""
    k, columns = y.shape[-2:]
    wide = STRIP // y.itemsize
    if n * k * columns > UNPACKED and columns % wide == 0:
        for tiles in range(ceil(n * k * wide / UNPACKED), n // LEAST_ROWS + 1):
            if n % tiles == 0:
                return tiles, columns // wide
    return 1, 1


def _in_tiles(x: ndarray, y: ndarray) -> bool:
    """Whether the product of two arrays is one that `multiplier` makes faster."""
    fit = y.ndim == 2 and x.shape[1:] == y.shape[:1] and x.dtype == y.dtype and x.dtype.char in "fd"
    return fit and len(x) >= MANY and x.flags.c_contiguous and _tiling(len(x), y) != (1, 1)


def _aligned(x: ndarray) -> ndarray:
    """A copy of x that begins at a multiple of 64 bytes, as the cache's lines do, and lies in one piece."""
    memory = np.empty(x.nbytes + 64, np.uint8)
    start = -memory.__array_interface__["data"][0] % 64
    copy = memory[start : start + x.nbytes].view(x.dtype).reshape(x.shape)
    copy[...] = x
    return copy


def multiply(x: ndarray, y: ndarray, out: ndarray) -> ndarray:
    """x @ y into `out`, of matrices or as many pairs of them; a wide y is cut as in `multiplier`.

    >>> multiply(np.ones((2, 4)), np.ones((4, 3)), np.empty((2, 3)))
    array([[4., 4., 4.],
           [4., 4., 4.]])
    """
    count = _count_strips(x.shape[-2], y, 256)
    with one_thread():
        np.matmul(x[..., None, :, :], _strips(y, count), out=_strips(out, count))
    return out


def multiply_by_rows(x: ndarray, y: ndarray, out: ndarray) -> ndarray:
    """x @ yᵀ into `out`, summed over as many pairs of matrices as there are; wide ones are cut alike into more pairs.

    >>> multiply_by_rows(np.ones((2, 1, 4)), np.ones((2, 2, 4)), np.empty((1, 2)))
    array([[8., 8.]])
    """
    few, many = x.shape[-2], y.shape[-2]
    count = _count_strips(few, y, 800)
    if count > 1:
        x, y = _strips(x, count), _strips(y, count)
    pairs = tuple(range(x.ndim - 2))
    with one_thread():
        if count == 1 and few <= FEW and few < many:
            np.add.reduce(np.matmul(y, x.swapaxes(-2, -1)), pairs, out=out.T)
        elif prod(x.shape[:-2]) == 1:
            np.matmul(x, y.swapaxes(-2, -1), out=out.reshape(*x.shape[:-1], many))
        else:
            np.add.reduce(np.matmul(x, y.swapaxes(-2, -1)), pairs, out=out)
    return out


FEW = 64
"""A product of so few rows with others by rows is made as its transpose, up to a third faster in OpenBLAS."""


def _count_strips(n: int, y: ndarray, least: int) -> int:
    """In how many strips, of `least` columns, y (..., K, columns) is cut to be multiplied with n rows."""
    *_, k, columns = y.shape
    wanted = ceil(n * k * columns / UNPACKED)
    return next((p for p in range(wanted, columns // least + 1) if p and columns % p == 0), 1)


def _strips(x: ndarray, count: int) -> ndarray:
    """(..., M, N) as (..., count, M, N / count)."""
    return x.reshape((*x.shape[:-1], count, x.shape[-1] // count)).swapaxes(-2, -3)


def thread_count() -> tuple[Callable[[], int], Callable[[int], object]]:
    """The functions of OpenBLAS that get and set its number of threads; without OpenBLAS, two that do nothing."""
    found = _functions("get_num_threads", "set_num_threads")
    return (found[0], found[1]) if found else (lambda: 1, lambda threads: None)


def _core() -> str:
    """The processors for which OpenBLAS has chosen its kernels, such as "Haswell"; "" without OpenBLAS."""
    for name in _functions("get_corename"):
        name.restype = ctypes.c_char_p
        return str(name().decode())
    return ""


def _functions(*names: str) -> list[Any]:
    """Functions of OpenBLAS by their names; none without OpenBLAS."""
    for file in _libraries():
        for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
            with suppress(OSError, AttributeError):
                library = ctypes.PyDLL(file)  # it keeps Python's lock, so that a call takes only 0.1 µs
                return [getattr(library, f"{prefix}openblas_{name}{suffix}") for name in names]
    return []


def _libraries() -> Iterator[str]:
    """The files in which OpenBLAS may be found."""
    yield str(import_module("numpy._core._multiarray_umath").__file__)  # Linux and macOS search what it is linked with
    folder = f"{np.__path__[0]}.libs"
    if os.path.isdir(folder):  # Windows does not
        yield from (file.path for file in os.scandir(folder) if "openblas" in file.name)


get_threads, set_threads = thread_count()

UNPACKED = 10**6 if _core() in ("SkylakeX", "Cooperlake", "SapphireRapids") else inf
"""Before it multiplies two matrices, OpenBLAS packs them, that is, copies them into the order in which it reads them.
With AVX-512 it does not pack those of at most so many multiplications, which takes a fifth less time."""
