"""Wrapping: a long layout from left to right, cut into rows that stand under each other, as lines of a text do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

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
    cuts = _cuts(extents, layout.width, width - 2 * (SIDE + 6 * TRACK))
    return _Rows(layout, sizes, edges, labels, cuts).layout() if cuts else layout


def _cuts(extents: list[tuple[float, float]], length: float, most: float) -> list[float]:
    """Places at which nothing but arrows is cut, as far from each other as rows of this length allow."""
    free: list[float] = []
    reach = 0.0
    for left, right in sorted(extents):
        if left > reach and reach > 0:
            free.append((reach + left) / 2)
        reach = max(reach, right)
    cuts: list[float] = []
    start = 0.0
    while length - start > most:
        within = [x for x in free if start < x <= start + most]
        if not within:
            within = [x for x in free if x > start][:1]  # this row will be too long
            if not within:
                break
        cuts.append(start := within[-1])
    return cuts


class _Rows:
    """A layout that is cut into rows."""

    def __init__(
        self,
        layout: Layout,
        sizes: Sequence[Size],
        edges: Sequence[tuple[int, int]],
        labels: Sequence[Size | None],
        cuts: list[float],
    ) -> None:
        self.old, self.edges, self.cuts = layout, edges, cuts
        self.pieces = [self._pieces(route) for route in layout.routes]
        spans = [(first, first + len(pieces) - 1) for first, pieces in self.pieces]
        self.crossing = [sum(first <= row < last for first, last in spans) for row in range(len(cuts))]
        most = max(self.crossing, default=0)
        self.side = SIDE + TRACK * most
        heights: list[list[float]] = [[] for _ in range(len(cuts) + 1)]
        for (x, y), (_, h) in zip(layout.centers, sizes):
            heights[self.row(x)] += [y - h / 2, y + h / 2]
        for at, size in zip(layout.labels, labels):
            if at and size:
                heights[self.row(at[0])] += [at[1] - size[1] / 2, at[1] + size[1] / 2]
        for left, top, _, bottom in layout.clusters:
            heights[self.row(left)] += [top, bottom + CLEAR]
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
        self.length = max(b - a for a, b in pairwise([*self.starts, layout.width]))
        self.used = [0] * len(cuts)

    def row(self, x: float) -> int:
        """The row of a place along the old layout."""
        return bisect_right(self.cuts, x)

    def moved(self, p: Point, row: int) -> Point:
        """A point of the old layout in its row."""
        return p[0] - self.starts[row] + self.side, p[1] + self.down[row]

    def _pieces(self, route: Sequence[Point]) -> tuple[int, list[list[Point]]]:
        """The row in which an arrow begins, and its pieces, one a row."""
        first, last = self.row(route[0][0]), self.row(route[-1][0])
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
            centers=tuple(self.moved(p, self.row(p[0])) for p in old.centers),
            routes=tuple(routes),
            labels=tuple(p and self.moved(p, self.row(p[0])) for p in old.labels),
            clusters=tuple(
                (*self.moved((a, b), self.row(a)), *self.moved((c, d), self.row(a))) for a, b, c, d in old.clusters
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

    def turn(p: Point) -> Point:
        return layout.width - p[0], p[1]

    return replace(
        layout,
        centers=tuple(map(turn, layout.centers)),
        routes=tuple(tuple(map(turn, route)) for route in layout.routes),
        labels=tuple(p and turn(p) for p in layout.labels),
        clusters=tuple((layout.width - c, b, layout.width - a, d) for a, b, c, d in layout.clusters),
    )
