"""The first two steps of the layered layout: a rank for every box, and lanes for edges that cross several ranks."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from ..._support.grouping import grouped
from ...errors import GraphError

__all__ = ["Lanes", "make_lanes", "rank_late"]


def rank_late(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The rank of each box: every edge goes to a higher one; sinks have the lowest, all others the highest possible.

    >>> rank_late(4, [(0, 1), (1, 3), (2, 3)])  # 2 stands beside 1, not beside 0
    [0, 1, 1, 2]
    """
    order: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(range(count), ()))
    for source, target in edges:
        order.add(target, source)
    try:
        boxes = list(order.static_order())
    except CycleError:
        raise GraphError("draw: a layered layout needs a graph without cycles") from None
    users = grouped(edges)
    rank = [0] * count
    for box in boxes:
        for user in users.get(box, ()):
            rank[user] = max(rank[user], rank[box] + 1)
    for box in reversed(boxes):
        if box in users:
            rank[box] = min(rank[user] for user in users[box]) - 1
    first = min(rank)
    return [r - first for r in rank]


class Lanes(NamedTuple):
    """Boxes and lanes, called items: boxes first, by their index.

    Attributes
    ----------
    rank : of each item.
    above, below : the neighbours of each item in the rank before and after, one for each arrow.
    paths : the items that each edge passes, from its source to its target.
    """

    rank: list[int]
    above: list[list[int]]
    below: list[list[int]]
    paths: list[list[int]]


def make_lanes(rank: list[int], edges: Sequence[tuple[int, int]], leave: Sequence[float] | None = None) -> Lanes:
    """Give every edge a lane in each rank that it crosses; edges from one box, or one door of it, share lanes."""
    rank = list(rank)
    above: list[list[int]] = [[] for _ in rank]
    below: list[list[int]] = [[] for _ in rank]
    trunk: dict[tuple[int, float], list[int]] = {}
    paths = []

    def link(a: int, b: int) -> None:
        below[a].append(b)
        above[b].append(a)

    for (source, target), door in zip(edges, leave or [0.0] * len(edges)):
        own = trunk.setdefault((source, door), [source])
        span = rank[target] - rank[source]
        while len(own) < span:
            rank.append(rank[source] + len(own))
            above.append([])
            below.append([])
            link(own[-1], len(rank) - 1)
            own.append(len(rank) - 1)
        link(own[span - 1], target)
        paths.append([*own[:span], target])
    return Lanes(rank, above, below, paths)
