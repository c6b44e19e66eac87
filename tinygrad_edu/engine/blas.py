"""Matrix products on one thread, unless they are large.

BLAS, the library that multiplies matrices for NumPy, splits a product over as many threads as there are cores, and
waits for the last of them. If another program occupies a core, that thread is late, and a product of 0.1 ms takes many
times as long. So the engine asks BLAS for one thread while it multiplies, and afterwards gives back the others: what
the user computes with NumPy itself keeps them.

Only OpenBLAS can be asked, the BLAS inside NumPy's packages on PyPI. With another BLAS nothing changes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["one_thread", "product"]

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
    if threads > 1:
        set_threads(1)
    try:
        return x.dot(y) if matrices else x @ y
    finally:
        if threads > 1:
            set_threads(threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which BLAS computes on one thread, large products too.

    Contexts and products may overlap in several Python threads. Only the one that found more than one thread restores
    their number.
    """
    threads = get_threads()
    set_threads(1)
    try:
        yield
    finally:
        if threads > 1:
            set_threads(threads)


def thread_count() -> tuple[Callable[[], int], Callable[[int], object]]:
    """The functions of OpenBLAS that get and set its number of threads; without OpenBLAS, two that do nothing."""
    for file in libraries():
        for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
            with suppress(OSError, AttributeError):
                library = ctypes.PyDLL(file)  # it keeps Python's lock, so that a call takes only 0.1 µs
                get = getattr(library, f"{prefix}openblas_get_num_threads{suffix}")
                return get, getattr(library, f"{prefix}openblas_set_num_threads{suffix}")
    return lambda: 1, lambda threads: None


def libraries() -> Iterator[str]:
    """The files in which OpenBLAS may be found."""
    yield str(import_module("numpy._core._multiarray_umath").__file__)  # Linux and macOS search what it is linked with
    folder = f"{np.__path__[0]}.libs"
    if os.path.isdir(folder):  # Windows does not
        yield from (file.path for file in os.scandir(folder) if "openblas" in file.name)


get_threads, set_threads = thread_count()
