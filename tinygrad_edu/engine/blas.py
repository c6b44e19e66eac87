"""Matrix products on one thread, unless they are large.

BLAS, the library that multiplies matrices for NumPy, splits a product over as many threads as there are cores, and
waits for the last of them. If another program occupies a core, that thread is late, and a product of 0.1 ms takes many
times as long. So the engine asks BLAS for one thread while it multiplies, and afterwards gives back the others: what
the user computes with NumPy itself keeps them.

`multiplier` is for one matrix that many small ones are multiplied with, as in a recurrent layer.

Only OpenBLAS can be asked, the BLAS inside NumPy's packages on PyPI. With another BLAS nothing changes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from math import inf
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["multiplier", "one_thread", "product"]

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
    matrices = x.ndim == 2 == y.ndim
    if matrices and not SMALL <= x.size * y.shape[1] <= LARGE:
        return x.dot(y)
    threads = get_threads()
    try:
        if threads > 1:
            set_threads(1)
        return x.dot(y) if matrices else x @ y
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
        set_threads(1)
        yield
    finally:
        if threads > 1:
            set_threads(threads)


def multiplier(y: ndarray, n: int) -> Callable[[ndarray, ndarray], object]:
    """A function of x (n, K) and `out` (..., n, H), which lies in one piece, that multiplies x with y (..., K, H).

    y is cut into strips of columns where `UNPACKED` says that this is quicker.

    >>> out = np.empty((2, 32))
    >>> multiplier(np.ones((3, 32)), 2)(np.ones((2, 3)), out)
    >>> float(out[1, 31])
    3.0
    """
    *_, k, columns = y.shape
    fitting = (p for p in range(1, columns // 16 + 1) if columns % p == 0 and n * k * columns <= p * UNPACKED)
    count = next(fitting, 1)
    y = np.ascontiguousarray(_strips(y, count))

    def multiply(x: ndarray, out: ndarray) -> None:
        np.matmul(x, y, out=_strips(out, count))

    return multiply


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
