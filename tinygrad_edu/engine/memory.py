"""Memory: which arrays a backward pass releases, how they are computed again, and when Python looks for garbage.

A training step needs its large intermediate arrays only until the backward pass has used them. `Release` then drops
those whose node nobody holds but the graph; `recomputed` computes such an array again in the rare case that somebody
asks for it. `keep_freed_memory` keeps freed memory for the next array, `collecting_rarely` spares graphs the search for
cycles, and `free` frees long graphs.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .grad_mode import enable_grad
from .graphs import ancestors
from .inplace import as_used
from .node import Node

__all__ = ["Release", "collecting_rarely", "free", "keep_freed_memory", "recomputed"]

LARGE = 1 << 16
"""Arrays of at least so many bytes are released."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""The numbers of these parameters in glibc's malloc.h; see `man mallopt`."""

KEPT = 1 << 28
"""The C library keeps at most so many bytes of freed memory."""

MAPPED = 1 << 25
"""Blocks of at least so many bytes always come from the system; glibc allows no larger number."""


class Release:
    """Releases large arrays that only the graph holds: a walk from `output` calls `after` with each node it has used.

    The reference count of a node says whether anybody else holds it: the graph has one reference for each use, and the
    walk a few.
    """

    def __init__(self, output: Node, walk: Callable[..., Any]) -> None:
        self.output, self.walk = output, walk
        self.uses: dict[Node, int] = {}

    def after(self, node: Node) -> None:
        if node is self.output:
            return
        if not self.uses:
            self.count_uses()
        self.judge(node, sys.getrefcount(node) - self.uses[node])

    def count_uses(self) -> None:
        """Count how often each node is an operand."""
        for user in ancestors([self.output]):
            for x in user.inputs:
                if isinstance(x, Node):
                    self.uses[x] = self.uses.get(x, 0) + 1

    def judge(self, node: Node, references: int) -> None:
        """Release the array of a node, if its `references` beside those of the graph are all the walk's."""
        changed = node.notes and node.notes.changed  # then it could not be computed again
        if references <= _references_of(self.walk) and not changed:
            node.own_notes().released = (node._number.shape, node._number.dtype)
            del node._number


@functools.cache
def _references_of(walk: Callable[..., Any]) -> int:
    """How many references a walk holds to a node when it calls `Release.after`.

    Python versions count differently, so the number is measured in a small walk.
    """
    seen: list[int] = []

    class Probe(Release):
        def judge(self, node: Node, references: int) -> None:
            seen.append(references)

    numbers = np.zeros(LARGE // 8)
    with enable_grad():
        output: Any = Node.array_kind(numbers, requires_grad=True) * 2.0 * 2.0  # type: ignore[call-arg, operator]
    for _ in walk(output, numbers, release=Probe(output, walk).after):
        pass
    return seen[0]


def recomputed(node: Node) -> Any:
    """The array of a node that a backward pass has released, computed again from the operands of the node.

    Raises `InPlaceError` if one of these was changed in place since then.
    """
    missing = ancestors([node], stop=lambda x: hasattr(x, "_number"))
    for x in missing:
        if not hasattr(x, "_number"):
            values = [as_used(y, y._number, x) if isinstance(y, Node) else y for y in x.inputs]
            x._number = np.asarray(x.primitive.arrays(*values, **x.attrs))  # type: ignore[union-attr]
    return node._number


def keep_freed_memory() -> None:
    """Tell the C library to keep freed memory for the next array, instead of handing it back to the system.

    glibc hands large freed blocks back at once. A training step frees all its arrays, and the next step makes them
    again. The system must fill each new page with zeros, which takes a third of the time of a convolutional network.
    The change holds for the whole process. So the import of the package does not make it; `train.fit` and the commands
    do. It does nothing with another C library than glibc.

    >>> keep_freed_memory()
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, MAPPED)
            mallopt(M_TRIM_THRESHOLD, KEPT)


RARELY = 10_000
"""After so many new objects Python looks for cycles there; by itself after 700 or 2,000."""


@contextmanager
def collecting_rarely(after: int = RARELY) -> Iterator[None]:
    """A context in which Python looks for reference cycles less often: after so many new objects.

    It looks at every new object of a graph or a picture, and these have no cycles. That takes a third of the time in
    which a graph of single numbers is recorded, and a fifth of that of a picture of 10,000 boxes. The setting is one of
    the whole process, so only `train.fit`, `draw` and the commands make it. A threshold that the user has set higher,
    or to 0, stays.

    >>> with collecting_rarely():
    ...     gc.get_threshold()[0] >= RARELY
    True
    """
    young, *older = gc.get_threshold()
    if not 0 < young < after:
        yield
        return
    gc.set_threshold(after, *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


waiting: ContextVar[list[Any] | None] = ContextVar("waiting", default=None)
"""What this thread still has to free; None while it frees no graph."""


def free(node: Node) -> None:
    """Called when a node is freed: one node in 64 frees its operands in a loop, not in nested calls.

    When an object is freed, Python frees what only that object held inside the same call. For a long chain of nodes,
    these calls would nest as deep as the chain is long, and the C stack, which is small in threads and browsers, would
    overflow. Most versions of Python limit the nesting themselves.
    """
    try:
        if node.tick * 40503 & 0xFC00:  # six bits of a product, which are all 0 at irregular distances
            return
    except AttributeError:  # it was never filled
        return
    operands = [node._first, node._second]
    node._first = node._second = None
    before = waiting.get()
    if before is not None:
        before += operands
        return
    waiting.set(operands)
    while operands:
        operands.pop()  # ends within this call where nobody else holds it; the next in 64 adds its operands
    waiting.set(None)


if sys.version_info[:2] == (3, 13) or sys.platform == "emscripten":  # 3.13 nests 10,000 calls, however small the stack
    Node.__del__ = free  # type: ignore[attr-defined]
