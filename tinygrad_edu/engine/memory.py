"""Memory: what a backward pass releases, how it is computed again, and freed pages that are kept for the next array.

A training step needs its large intermediate arrays only until the backward pass has used them. `Release` drops them
then, if nobody but the graph holds their node; `recomputed` makes such an array again in the rare case that somebody
asks for it.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .grad_mode import enable_grad
from .graphs import ancestors
from .inplace import as_used
from .node import Node

__all__ = ["Release", "keep_freed_memory", "recomputed"]

LARGE = 1 << 16
"""From this many bytes on, an array that only the graph holds is released once a backward pass has used it."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""What the settings are called in glibc's malloc.h; see `man mallopt`."""

KEPT = 1 << 28
"""Up to so many bytes of freed memory are kept."""

MAPPED = 1 << 25
"""From so many bytes on a block is always the system's; no larger number is allowed."""


class Release:
    """Called by a walk from `output` after each node that it has used: releases large arrays that only the graph holds.

    Whether anybody else holds a node is read off its reference count: one for each use in the graph, and those of the
    walk itself.
    """

    def __init__(self, output: Node, walk: Callable[..., Any]) -> None:
        self.output, self.walk = output, walk
        self.uses: dict[Node, int] = {}

    def __call__(self, node: Node, upstream: Any) -> None:
        if type(upstream) is float or upstream.nbytes < LARGE or node is self.output:
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
        """Release the array of a node with so many references beside those of the graph, if none is a stranger's."""
        changed = node.notes and node.notes.changed  # could not be computed again
        if references <= references_of(self.walk) and not changed:
            node.own_notes().released = (node._data.shape, node._data.dtype)
            del node._data


@functools.cache
def references_of(walk: Callable[..., Any]) -> int:
    """How many references a walk holds to a node when it calls `Release`.

    Interpreters count differently, so the number is read off a small walk.
    """
    seen: list[int] = []

    class Probe(Release):
        def judge(self, node: Node, references: int) -> None:
            seen.append(references)

    numbers = np.zeros(LARGE // 8)
    with enable_grad():
        output: Any = Node.array_kind(numbers, requires_grad=True) * 2.0 * 2.0  # type: ignore[call-arg, operator]
    for _ in walk(output, numbers, release=Probe(output, walk)):
        pass
    return seen[0]


def recomputed(node: Node) -> Any:
    """The array of a node that a backward pass has released, made again from what the node was made from.

    Raises `InPlaceError` where that was changed in place since then.
    """
    missing = ancestors([node], stop=lambda x: hasattr(x, "_data"))
    for x in missing:
        if not hasattr(x, "_data"):
            values = [as_used(y, y._data, x) if isinstance(y, Node) else y for y in x.inputs]
            x._data = np.asarray(x.primitive.arrays(*values, **x.attrs))  # type: ignore[union-attr]
    return node._data


def keep_freed_memory() -> None:
    """Tell the C library to keep freed memory for the next array, instead of handing it back to the system.

    glibc hands large freed blocks back at once. A training step frees all its arrays and makes them again in the next
    step, and each fresh page costs a visit to the system, which fills it with zeros: a third of the time of a
    convolutional network. It holds for the whole process, so whoever trains asks for it: `train.fit` and the commands
    do. Another C library than glibc is left as it is.

    >>> keep_freed_memory()
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, MAPPED)
            mallopt(M_TRIM_THRESHOLD, KEPT)
