"""Freed memory is kept for the next array, instead of going back to the operating system.

The C library of Linux hands large freed blocks back at once. A training step frees all its arrays and makes them again
in the next step, and each page of fresh memory costs a visit to the system, which fills it with zeros: a third of the
time of a convolutional network. So the library is told to keep some. Where it is another one, nothing happens.
"""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""What the settings are called in glibc's malloc.h; see `man mallopt`."""

KEPT = 1 << 28
"""Up to so many bytes of freed memory are kept."""

MAPPED = 1 << 25
"""From so many bytes on a block is always the system's; no larger number is allowed."""


def keep_freed_memory() -> None:
    """Tell the C library to keep freed memory; done when the package is imported.

    >>> keep_freed_memory()
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, MAPPED)
            mallopt(M_TRIM_THRESHOLD, KEPT)
