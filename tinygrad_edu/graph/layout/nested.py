"""Clusters in the built-in layout: the inside of each is laid out alone, and is one box in the layout around it.

An arrow crosses the side of a cluster at a door. Inside, a door is a box without size in the first or the last rank;
outside, it is the point of the cluster's side that the arrow meets. The innermost clusters are laid out first. Then
everything is moved to its place, the outermost clusters first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .geometry import CLUSTER_PAD, LOOP, ClusterShape, Direction, Point, Rectangle, Size, around, is_sideways, straight

__all__ = ["Ends", "Flow", "nested"]


class Flow(NamedTuple):
    """A layout in coordinates along and across the flow: box centres, routes of edges, rectangles of clusters."""

    along: list[float]
    across: list[float]
    routes: list[list[Point]]
    clusters: list[Rectangle]


class Ends(NamedTuple):
    """Where edges meet boxes that have doors.

    Attributes
    ----------
    leave, arrive : of each edge, how far across the flow from the middle of its source and of its target; None where
        the layout chooses the place.
    first, last : the boxes that are doors, in the first and in the last rank.
    """

    leave: Sequence[float]
    arrive: Sequence[float | None]
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


Flat = Callable[[Sequence[float], Sequence[float], Sequence[tuple[int, int]], float, Ends], Flow]
"""How the contents of one cluster are laid out: sizes along and across, edges, the gap between ranks, doors."""

OUTSIDE = -1
"""The number of the room that is in no cluster."""


class Piece(NamedTuple):
    """The part of an arrow that lies in one room.

    Attributes
    ----------
    source, target : the items that it joins.
    leave, arrive : the door of an item that is a cluster.
    """

    source: int
    target: int
    leave: int | None = None
    arrive: int | None = None


class Room:
    """The inside of a cluster. Its items are boxes, clusters and doors, numbered in this order."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.entries: list[int] = []
        self.exits: list[int] = []
        self.pieces: list[Piece] = []
        self.rectangle: Rectangle = (0.0, 0.0, 0.0, 0.0)

    def lay_out(self, size: dict[int, Size], offset: dict[int, float], rank_gap: float, flat: Flat) -> None:
        """Place the items, whose sizes and offsets of doors are known."""
        self.items += self.entries + self.exits
        place = {item: i for i, item in enumerate(self.items)}
        ends = Ends(
            [0.0 if piece.leave is None else offset[piece.leave] for piece in self.pieces],
            [None if piece.arrive is None else offset[piece.arrive] for piece in self.pieces],
            frozenset(place[door] for door in self.entries),
            frozenset(place[door] for door in self.exits),
        )
        depth, breadth = zip(*(size[item] for item in self.items))
        edges = [(place[piece.source], place[piece.target]) for piece in self.pieces]
        flow = flat(depth, breadth, edges, rank_gap, ends)
        self.routes = flow.routes
        self.at = dict(zip(self.items, zip(flow.along, flow.across)))

    def enclose(
        self, cluster: ClusterShape, size: dict[int, Size], offset: dict[int, float], direction: Direction
    ) -> Size:
        """Draw the cluster around the items; gives its size, and puts the offsets of its doors into `offset`."""
        corners = [
            (x + side * size[item][0] / 2, y + side * size[item][1] / 2)
            for item, (x, y) in self.at.items()
            for side in (-1, 1)
        ]
        corners += [point for route in self.routes for point in route]
        start, end = (edge(x for x, _ in corners) for edge in (min, max))
        near, far = (edge(y for _, y in corners) for edge in (min, max))
        start -= 0 if self.entries else CLUSTER_PAD
        end += 0 if self.exits else CLUSTER_PAD
        near, far = near - CLUSTER_PAD, far + CLUSTER_PAD
        width, height = cluster.title
        if is_sideways(direction):
            near -= height
            lack = max(0.0, width + CLUSTER_PAD - (end - start)) / 2
            start, end = start - lack, end + lack
        else:
            start, end = (start - height, end) if direction == "TB" else (start, end + height)
            lack = max(0.0, width + CLUSTER_PAD - (far - near)) / 2
            near, far = near - lack, far + lack
        self.rectangle = start, near, end, far
        for door in self.entries + self.exits:
            offset[door] = self.at[door][1] - (near + far) / 2
        return end - start, far - near + (2 * LOOP if cluster.loop else 0.0)


def nested(
    depth: Sequence[float],
    breadth: Sequence[float],
    edges: Sequence[tuple[int, int]],
    clusters: Sequence[ClusterShape],
    direction: Direction,
    rank_gap: float,
    flat: Flat,
) -> Flow:
    """A layout of boxes and the clusters around them; `flat` lays out the inside of one cluster."""
    boxes = len(depth)
    rooms, ways = _divided(boxes, edges, clusters)
    size = dict(enumerate(zip(depth, breadth)))
    size.update((door, (0.0, 0.0)) for room in rooms.values() for door in room.entries + room.exits)
    offset: dict[int, float] = {}
    for number in reversed(range(len(clusters))):
        rooms[number].lay_out(size, offset, rank_gap, flat)
        size[boxes + number] = rooms[number].enclose(clusters[number], size, offset, direction)
    rooms[OUTSIDE].lay_out(size, offset, rank_gap, flat)
    moved = {OUTSIDE: (0.0, 0.0)}
    for number, cluster in enumerate(clusters):
        (x, y), (u, v) = rooms[cluster.parent].at[boxes + number], moved[cluster.parent]
        start, near, end, far = rooms[number].rectangle
        moved[number] = x + u - (start + end) / 2, y + v - (near + far) / 2
    along, across = [0.0] * boxes, [0.0] * boxes
    for number, room in rooms.items():
        for item, point in room.at.items():
            if item < boxes:
                along[item], across[item] = _shifted(point, moved[number])
    rectangles = [
        (*_shifted(rooms[i].rectangle[:2], moved[i]), *_shifted(rooms[i].rectangle[2:], moved[i]))
        for i in range(len(clusters))
    ]
    routes = []
    for way in ways:
        route: list[Point] = []
        for number, piece in way:
            points = [_shifted(point, moved[number]) for point in rooms[number].routes[piece]]
            route += straight(route[-1], points[0]) + points[1:] if route else points
        routes.append(route)
    return Flow(along, across, routes, rectangles)


def _shifted(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]


def _divided(
    boxes: int, edges: Sequence[tuple[int, int]], clusters: Sequence[ClusterShape]
) -> tuple[dict[int, Room], list[list[tuple[int, int]]]]:
    """The rooms, and the way of each edge: the rooms it leads through, and its piece in each."""
    rooms = {number: Room() for number in (OUTSIDE, *range(len(clusters)))}
    cluster_of = {box: number for number, cluster in enumerate(clusters) for box in cluster.boxes}
    for box in range(boxes):
        rooms[cluster_of.get(box, OUTSIDE)].items.append(box)
    for number, cluster in enumerate(clusters):
        rooms[cluster.parent].items.append(boxes + number)
    doors: dict[tuple[int, bool, int], int] = {}
    known: dict[tuple[int, Piece], int] = {}

    def door(room: int, inward: bool, source: int) -> int:
        """The door through which arrows from one box come into a room, or go out of it."""
        key = room, inward, source
        if key not in doors:
            doors[key] = boxes + len(clusters) + len(doors)
            (rooms[room].entries if inward else rooms[room].exits).append(doors[key])
        return doors[key]

    def add(room: int, piece: Piece) -> tuple[int, int]:
        """Add a piece of an arrow. Arrows share a piece with the same ends, unless it ends at a box."""
        if piece.target < boxes or (room, piece) not in known:
            known[room, piece] = len(rooms[room].pieces)
            rooms[room].pieces.append(piece)
        return room, known[room, piece]

    ways = []
    for source, target in edges:
        out, into = (around(cluster_of.get(box, OUTSIDE), clusters) for box in (source, target))
        shared = next(room for room in out if room in into)
        way = []
        item, exit = source, None
        for room in out[: out.index(shared)]:
            through = door(room, False, source)
            way.append(add(room, Piece(item, through, exit)))
            item, exit = boxes + room, through
        here = shared
        for room in reversed(into[: into.index(shared)]):
            entry = door(room, True, source)
            way.append(add(here, Piece(item, boxes + room, exit, entry)))
            item, exit, here = entry, None, room
        way.append(add(here, Piece(item, target, exit)))
        ways.append(way)
    return rooms, ways
