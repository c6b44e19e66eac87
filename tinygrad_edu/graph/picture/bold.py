"""Names of arrays in bold, as many books set vectors and matrices; those of single numbers stay as they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from ..mathematics import ABOVE
from ..plain import Edge, Graph

__all__ = ["arrays_of", "parts_of", "upstream_of"]


def arrays_of(graph: Graph) -> frozenset[str]:
    """What the arrays of a graph are called."""
    arrays = [node for node in graph.nodes if node.value is not None and node.value.shape and node.pair is None]
    return frozenset(name for node in arrays for name in (node.label, node.shown, node.result) if name)


def upstream_of(edge: Edge, graph: Graph) -> frozenset[str]:
    """The upstream gradient in the rule on an arrow back, where it is an array."""
    value = graph.node(edge.source).value
    return frozenset({graph.upstream} if edge.pair is not None and value is not None and value.shape else ())


def parts_of(text: str, names: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The parts of a text, and whether each is one of the names.

    >>> list(parts_of("∂L/∂W = Xᵀ g", {"X", "W"}))
    [('∂L/∂', False), ('W', True), (' = ', False), ('X', True), ('ᵀ g', False)]
    """
    parts = _pattern(frozenset(names)).split(text)
    return ((part, i % 2 == 1) for i, part in enumerate(parts) if part)


@lru_cache(maxsize=64)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Whole names, the longest first."""
    either = "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))
    return re.compile(rf"(?<![\w.])({either})(?![^\W{re.escape(''.join(ABOVE))}]|[.({{^]|_\{{)")
