"""Wrapping: a long layout from left to right, cut into rows that stand under each other, as lines of a text do.

A box that nothing leads to stands in the row of those that use it, if there is room at the beginning of that row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf

from ..._support.grouping import grouped
from .geometry import Layout, Point, Size, straight

__all__ = ["wrapped"]

TRACK = 9.0
"""The distance of arrows that run side by side from the end of a row to the beginning of the next."""
SIDE = 14.0
"""The free space beside a row, besides the arrows that run there."""
GAP = 30.0
"""The free space between two rows, besides the arrows that run there."""
CLEAR = 26.0
"""How far a cut stays away from a frame, around which an arrow may run."""
ARROW = 40.0
"""How long an arrow may be, besides its label, before the beginning of a row."""
ASIDE = 60.0
"""How much higher or lower than before such a box may stand."""
NEAR = 6.0
"""How near an arrow may come to such a box."""


def wrapped(
    layout: Layout,
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    labels: Sequence[Size | None],
    width: float,
    *,
    leftward: bool = False,
) -> Layout:
    """The layout in rows that are no wider than `width`; as it is where nothing can be cut.

    `edges` are pairs of boxes, and `labels` the sizes of their labels. `leftward`: the arrows run from right to left.
    """
    if leftward:
        turned = wrapped(_mirrored(layout), sizes, edges, labels, width)
        return _mirrored(turned)
    extents = [(x - w / 2, x + w / 2) for (x, _), (w, _) in zip(layout.centers, sizes)]
    extents += [(at[0] - size[0] / 2, at[0] + size[0] / 2) for at, size in zip(layout.labels, labels) if at and size]
    extents += [(left - CLEAR, right + CLEAR) for left, _, right, _ in layout.clusters]
    leaves = _Leaves(layout, sizes, edges, labels)
    cuts = _cuts(extents, layout.width, width - 2 * (SIDE + 6 * TRACK), leaves)
    return _Rows(leaves.nearer(cuts), sizes, labels, cuts, leaves).layout() if cuts else layout


class _Leaves:
    """The boxes that nothing leads to, and those of them that a row begins with.

    Attributes
    ----------
    used : of each leaf, the arrows that lead away from it.
    """

    def __init__(
        self, layout: Layout, sizes: Sequence[Size], edges: Sequence[tuple[int, int]], labels: Sequence[Size | None]
    ) -> None:
        self.layout, self.sizes, self.edges, self.labels = layout, sizes, edges, labels
        self.used = grouped((source, i) for i, (source, _) in enumerate(edges))
        framed = {box for box, at in enumerate(layout.centers) if any(_inside(at, frame) for frame in layout.clusters)}
        for box in {target for _, target in edges} | framed:
            self.used.pop(box, None)

    def at(self, cut: float, until: float) -> dict[int, float]:
        """Those that the row from a cut on begins with, as all their users are there; and how high each stands.

        That is as high as it stood, or a little more or less, so that no arrow runs into it.
        """
        centers, routes = self.layout.centers, self.layout.routes
        there = [
            box
            for box, arrows in self.used.items()
            if self.right(box) < cut and all(cut < centers[self.edges[i][1]][0] < until for i in arrows)
        ]
        own = {i for box in there for i in self.used[box]}
        ways = (route for i, route in enumerate(routes) if i not in own and route[0][0] < cut < route[-1][0])
        taken = [(_height(route, cut), 0.0) for route in ways]
        found: dict[int, float] = {}
        for box in sorted(there, key=lambda box: -self.right(box)):
            y, h = centers[box][1], self.sizes[box][1]
            room = [(other, (h + height) / 2 + NEAR) for other, height in taken]
            may_move = not any(self.labels[i] for i in self.used[box])
            beside = [side for other, gap in room for side in (other - gap, other + gap)] if may_move else []
            near = sorted((place for place in beside if abs(place - y) <= ASIDE), key=lambda place: abs(place - y))
            free = (place for place in (y, *near) if all(abs(place - other) >= gap - 0.1 for other, gap in room))
            place = next(free, None)
            if place is not None:
                found[box] = place
                taken.append((place, h))
        return found

    def right(self, box: int) -> float:
        """The right side of a box."""
        return self.layout.centers[box][0] + self.sizes[box][0] / 2

    def share(self, box: int, cut: float) -> float:
        """How much of the way from such a box to the cut its arrows need, and their labels."""
        right = self.right(box)
        shares = [ARROW / (cut - right)]
        for i in self.used[box]:
            at, size = self.layout.labels[i], self.labels[i]
            if at and size:
                shares.append((size[0] / 2 + NEAR) / max(1.0, min(cut - at[0], at[0] - right)))
        return min(1.0, max(shares))

    def lead(self, cut: float, until: float) -> float:
        """The room that they take at the beginning of the row."""
        rooms = (self.sizes[box][0] + self.share(box, cut) * (cut - self.right(box)) for box in self.at(cut, until))
        return max(rooms, default=0.0)

    def nearer(self, cuts: Sequence[float]) -> Layout:
        """The layout with them near the cuts, their arrows as short as labels let them be."""
        centers, routes, labels = [*self.layout.centers], [*self.layout.routes], [*self.layout.labels]
        for cut, until in pairwise((*cuts, inf)):
            for box, y in self.at(cut, until).items():

                def near(p: Point, share: float = self.share(box, cut), cut: float = cut) -> Point:
                    return (p[0] if p[0] > cut else cut - (cut - p[0]) * share), p[1]

                right = near((self.right(box), y))[0]
                for i in self.used[box]:
                    routes[i] = tuple(map(near, routes[i]))
                    if y != centers[box][1]:
                        routes[i] = _from((right, y), routes[i], cut)
                    labels[i] = (at := labels[i]) and near(at)
                centers[box] = right - self.sizes[box][0] / 2, y
        return replace(self.layout, centers=tuple(centers), routes=tuple(routes), labels=tuple(labels))


def _inside(at: Point, frame: tuple[float, float, float, float]) -> bool:
    return frame[0] < at[0] < frame[2] and frame[1] < at[1] < frame[3]


def _from(begin: Point, route: Sequence[Point], x: float) -> tuple[Point, ...]:
    """An arrow that runs to the right, with another beginning up to x."""
    i = next(i for i in range(0, len(route) - 3, 3) if route[i + 3][0] >= x)
    _, rest = _split(list(route[i : i + 4]), x)
    middle = (begin[0] + x) / 2
    return (begin, (middle, begin[1]), (middle, rest[0][1]), *rest, *route[i + 4 :])


def _height(route: Sequence[Point], x: float) -> float:
    """Where an arrow that runs to the right crosses a vertical line."""
    curves = (list(route[i : i + 4]) for i in range(0, len(route) - 3, 3))
    return next(_split(curve, x)[0][-1][1] for curve in curves if curve[3][0] >= x)


def _cuts(extents: list[tuple[float, float]], length: float, most: float, leaves: _Leaves) -> list[float]:
    """Places at which nothing but arrows is cut, as far from each other as rows of this length allow."""
    free: list[float] = []
    reach = 0.0
    for left, right in sorted(extents):
        if left > reach and reach > 0:
            free.append((reach + left) / 2)
        reach = max(reach, right)
    cuts: list[float] = []
    start = room = 0.0
    while length - start > most - room:
        within = [x for x in free if start < x <= start + most - room]
        if not within:
            within = [x for x in free if x > start][:1]  # this row will be too long
            if not within:
                break
        cuts.append(start := within[-1])
        room = leaves.lead(start, start + most)
    return cuts


class _Rows:
    """A layout that is cut into rows."""

    def __init__(
        self,
        layout: Layout,
        sizes: Sequence[Size],
        labels: Sequence[Size | None],
        cuts: list[float],
        leaves: _Leaves,
    ) -> None:
        self.old, self.cuts = layout, cuts
        self.rows = [bisect_right(cuts, x) for x, _ in layout.centers]
        self.rows_of_labels = [bisect_right(cuts, at[0]) if at else 0 for at in layout.labels]
        self.pieces = [self._pieces(route) for route in layout.routes]
        self.leads = [0.0, *map(leaves.lead, cuts, (*cuts[1:], inf))]
        for row, (cut, until) in enumerate(pairwise((*cuts, inf)), 1):
            for box in leaves.at(cut, until):
                self.rows[box] = row
                for i in leaves.used[box]:
                    self.pieces[i] = row, [list(layout.routes[i])]
                    self.rows_of_labels[i] = row
        spans = [(first, first + len(pieces) - 1) for first, pieces in self.pieces]
        self.crossing = [sum(first <= row < last for first, last in spans) for row in range(len(cuts))]
        most = max(self.crossing, default=0)
        self.side = SIDE + TRACK * most
        heights: list[list[float]] = [[] for _ in range(len(cuts) + 1)]
        for (_, y), (_, h), row in zip(layout.centers, sizes, self.rows):
            heights[row] += [y - h / 2, y + h / 2]
        for at, size, row in zip(layout.labels, labels, self.rows_of_labels):
            if at and size:
                heights[row] += [at[1] - size[1] / 2, at[1] + size[1] / 2]
        for left, top, _, bottom in layout.clusters:
            heights[bisect_right(cuts, left)] += [top, bottom + CLEAR]
        for first, pieces in self.pieces:
            for row, piece in enumerate(pieces, first):
                heights[row] += [y for _, y in piece]
        self.down: list[float] = []
        self.tops: list[float] = []
        below = 0.0
        for row, ys in enumerate(heights):
            top, bottom = (min(ys), max(ys)) if ys else (0.0, 0.0)
            self.down.append(below - top)
            self.tops.append(below)
            below += bottom - top + GAP + (TRACK * self.crossing[row] if row < len(cuts) else 0.0)
        self.height = below - GAP
        self.starts = [0.0, *cuts]
        lengths = (b - a for a, b in pairwise([*self.starts, layout.width]))
        self.length = max(length + lead for length, lead in zip(lengths, self.leads))
        self.used = [0] * len(cuts)

    def moved(self, p: Point, row: int) -> Point:
        """A point of the old layout in its row."""
        return p[0] - self.starts[row] + self.leads[row] + self.side, p[1] + self.down[row]

    def _pieces(self, route: Sequence[Point]) -> tuple[int, list[list[Point]]]:
        """The row in which an arrow begins, and its pieces, one a row."""
        first, last = (bisect_right(self.cuts, x) for x in (route[0][0], route[-1][0]))
        pieces: list[list[Point]] = [[route[0]]]
        row = first
        for i in range(0, len(route) - 3, 3):
            curve = list(route[i : i + 4])
            while row < last and curve[0][0] <= self.cuts[row] < curve[3][0]:
                before, curve = _split(curve, self.cuts[row])
                pieces[-1] += before[1:]
                pieces.append([curve[0]])
                row += 1
            pieces[-1] += curve[1:]
        return first, pieces

    def layout(self) -> Layout:
        """The rows under each other."""
        old = self.old
        routes = []
        for first, pieces in self.pieces:
            route = [self.moved(p, first) for p in pieces[0]]
            for row, piece in enumerate(pieces[1:], first):
                then = [self.moved(p, row + 1) for p in piece]
                route += self._around(route[-1], then[0], row)
                route += then[1:]
            routes.append(tuple(route))
        return replace(
            old,
            rows=tuple(self.rows),
            centers=tuple(map(self.moved, old.centers, self.rows)),
            routes=tuple(routes),
            labels=tuple(p and self.moved(p, row) for p, row in zip(old.labels, self.rows_of_labels)),
            clusters=tuple(
                (*self.moved((a, b), row), *self.moved((c, d), row))
                for (a, b, c, d), row in ((frame, bisect_right(self.cuts, frame[0])) for frame in old.clusters)
            ),
            width=self.length + 2 * self.side,
            height=self.height,
        )

    def _around(self, end: Point, begin: Point, row: int) -> list[Point]:
        """From the end of a row, down between the rows, to the beginning of the next, without its first point."""
        self.used[row] += 1
        track = TRACK * self.used[row]
        right, left = self.length + self.side + track, self.side - track
        channel = self.tops[row + 1] - GAP / 2 - TRACK * (self.crossing[row] - self.used[row])
        corners = [end, (right, end[1]), (right, channel), (left, channel), (left, begin[1]), begin]
        return [p for a, b in pairwise(corners) for p in straight(a, b)]


def _split(curve: list[Point], x: float) -> tuple[list[Point], list[Point]]:
    """A Bézier curve that runs to the right, cut at x (de Casteljau)."""
    low, high = 0.0, 1.0
    for _ in range(30):
        t = (low + high) / 2
        if _cut(curve, t)[0][3][0] < x:
            low = t
        else:
            high = t
    return _cut(curve, (low + high) / 2)


def _cut(curve: list[Point], t: float) -> tuple[list[Point], list[Point]]:
    def between(a: Point, b: Point) -> Point:
        return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t

    a, b, c, d = curve
    ab, bc, cd = between(a, b), between(b, c), between(c, d)
    abc, bcd = between(ab, bc), between(bc, cd)
    middle = between(abc, bcd)
    return [a, ab, abc, middle], [middle, bcd, cd, d]


def _mirrored(layout: Layout) -> Layout:
    """The layout with left and right exchanged."""
    return layout.moved(lambda p: (layout.width - p[0], p[1]))
