"""What layouts are made of: sizes, points, directions, clusters, and the layout itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ..._support.grouping import grouped

__all__ = [
    "PORTS", "ClusterShape", "Direction", "Engine", "Layout", "Point", "Rectangle", "Size", "is_sideways", "spread",
    "straight",
]  # fmt: skip

Engine = Literal["auto", "graphviz", "builtin"]
Direction = Literal["LR", "RL", "TB", "BT"]
Point = tuple[float, float]
Size = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""

NODE_GAP = 26.0
"""The free space between neighbours of one rank."""
RANK_GAP = 58.0
"""The free space between two ranks, which the arrows cross."""
PORT_GAP = 18.0
"""The distance of two arrow heads on one box, where there is room."""
PORTS = 0.8
"""The share of a side of a box on which arrows arrive."""
CLUSTER_PAD = 14.0
"""The free space between a cluster and what it holds."""
LOOP = 22.0
"""The free space on both sides of a box or cluster, across the flow, that an arrow around it needs."""


class ClusterShape(NamedTuple):
    """An open cluster, as a layout sees it: a rectangle around boxes.

    Attributes
    ----------
    boxes : the boxes in it, without those in its inner clusters.
    parent : the number of the cluster around it; -1 for none.
    title : the size of its title.
    loop : whether an arrow leads around it.
    """

    boxes: tuple[int, ...]
    parent: int
    title: Size
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes, in pixels from the top left corner.

    Attributes
    ----------
    centers : of each box.
    routes : of each edge: a path of cubic Bézier curves, as 1 + 3k points.
    width, height : of the whole.
    engine : the engine that made it.
    note : one line if this is not the engine that was asked for.
    clusters : the rectangle of each.
    labels : the centre of each edge's label; None if it has none.
    rows : where it is in rows, the row of each box.
    mirror : in a picture of both passes, the distance from each node to its gradient.
    """

    centers: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float
    engine: str
    note: str | None = None
    clusters: tuple[Rectangle, ...] = ()
    labels: tuple[Point | None, ...] = ()
    rows: tuple[int, ...] = ()
    mirror: Point | None = None

    def moved(self, move: Callable[[Point], Point]) -> Layout:
        """The layout with every point in another place."""
        corners = ((*move(frame[:2]), *move(frame[2:])) for frame in self.clusters)
        return replace(
            self,
            centers=tuple(map(move, self.centers)),
            routes=tuple([tuple(map(move, route)) for route in self.routes]),
            labels=tuple(at and move(at) for at in self.labels),
            clusters=tuple((min(x, u), min(y, v), max(x, u), max(y, v)) for x, y, u, v in corners),
        )


def is_sideways(direction: Direction) -> bool:
    """Whether arrows run from left to right or from right to left."""
    return direction in ("LR", "RL")


def spread(ends: Sequence[tuple[int, float]], room: Callable[[int], float]) -> list[float]:
    """Offsets across the flow for arrows that end at the same box, so that each has a place of its own.

    Parameters
    ----------
    ends : for each arrow, the box it ends at and where across the flow it comes from.
    room : how wide a box is across the flow.
    """
    offsets = [0.0] * len(ends)
    for box, arrows in grouped((box, arrow) for arrow, (box, _) in enumerate(ends)).items():
        arrows.sort(key=lambda arrow: ends[arrow][1])
        gap = min(PORT_GAP, PORTS * room(box) / len(arrows))
        for place, arrow in enumerate(arrows):
            offsets[arrow] = (place - (len(arrows) - 1) / 2) * gap
    return offsets


def ending_at(route: Sequence[Point], at: float, across: int) -> tuple[Point, ...]:
    """A route whose last piece ends at this place across the flow, which is the axis `across`."""
    return (*route[:-2], *((x, at) if across else (at, y) for x, y in route[-2:]))


def around(cluster: int, clusters: Sequence[ClusterShape]) -> list[int]:
    """The cluster and those around it, out to the outside, −1."""
    way = [cluster]
    while way[-1] >= 0:
        way.append(clusters[way[-1]].parent)
    return way


def straight(a: Point, b: Point) -> list[Point]:
    """A straight Bézier curve from a to b, without its first point."""
    (x, y), (u, v) = a, b
    return [((2 * x + u) / 3, (2 * y + v) / 3), ((x + 2 * u) / 3, (y + 2 * v) / 3), b]
