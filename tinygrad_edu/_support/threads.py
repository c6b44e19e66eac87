"""A pool of threads, or a clear word where there can be none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .languages import TinygradError, say, texts

__all__ = ["pool_of"]


def pool_of(threads: int, name: str, otherwise: str) -> ThreadPoolExecutor:
    """A pool of threads of that name, one of which runs already.

    Raises `TinygradError`, with what to do `otherwise`, where Python can start no thread, as in a browser.

    >>> with pool_of(2, "adding", "add by yourself") as pool:
    ...     list(pool.map(sum, [(1, 2), (3, 4)]))
    [3, 7]
    """
    pool = ThreadPoolExecutor(threads, name)
    try:
        pool.submit(int)
    except RuntimeError as error:
        text = texts("{name}: no thread can be started here ({error}); {otherwise}")
        raise TinygradError(text, name=name, error=error, otherwise=say(otherwise)) from None
    return pool
