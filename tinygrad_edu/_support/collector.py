"""Python's garbage collector, kept away from work that makes many objects and no cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, or in a function with this decorator, no garbage is looked for.

    Python looks through all objects again whenever their number has grown by a quarter. A picture of 10,000 boxes has
    150,000, none of them in a cycle, and the search would take a fifth of the time.

    >>> with uncollected():
    ...     gc.isenabled()
    False
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
