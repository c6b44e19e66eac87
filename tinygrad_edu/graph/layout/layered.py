"""The built-in layout: layers, after Sugiyama, Tagawa and Toda (1981) and Gansner et al. (1993).

It has four steps, each a loop over rows:

1. Every box gets a rank, as late as its users allow: so a leaf stands beside the operation that uses it (`ranks.py`).
2. An edge that crosses several ranks gets a lane in each of them. A lane is a box without size, and edges from the same
   box share their lanes until they part (`ranks.py`).
3. The order in each rank is improved by sweeps of medians and by swapping neighbours, while crossings are counted
   (`ordering.py`).
4. The places across the flow are a least-squares fit that keeps the order and the distances: isotonic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, islice, pairwise
from operator import le

from .geometry import NODE_GAP, RANK_GAP, ClusterShape, Direction, Layout, Point, Size, is_sideways, spread, straight
from .nested import Ends, Flow, nested
from .ordering import order_rows
from .ranks import Lanes, make_lanes, rank_late

__all__ = ["layered"]

LANE_GAP = 14.0
"""The free space beside a lane."""
DOOR_GAP = 26.0
"""The free space between the side of a cluster and the first or last rank in it."""


def layered(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    rank_gap: float = RANK_GAP,
    clusters: Sequence[ClusterShape] = (),
) -> Layout:
    """A layered layout of boxes and edges, in time nearly linear in their number.

    >>> layout = layered([(60, 30), (60, 30), (80, 30)], [(0, 2), (1, 2)], "TB")
    >>> layout.centers[0][1] < layout.centers[2][1]
    True
    """
    if not sizes:
        return Layout((), (), 0.0, 0.0, "builtin")
    horizontal = is_sideways(direction)
    depth = [size[0 if horizontal else 1] for size in sizes]  # along the flow
    breadth = [size[1 if horizontal else 0] for size in sizes]  # across it
    if clusters:
        flow = nested(depth, breadth, edges, clusters, direction, rank_gap, _flat)
    else:
        flow = _flat(depth, breadth, edges, rank_gap, Ends([0.0] * len(edges), [None] * len(edges)))
    return _turned(direction, flow, sizes)


def _flat(
    depth: Sequence[float],
    breadth: Sequence[float],
    edges: Sequence[tuple[int, int]],
    rank_gap: float,
    ends: Ends,
) -> Flow:
    """A layout of boxes of the given sizes along and across the flow, without clusters."""
    rank = _pinned(rank_late(len(depth), edges), ends)
    lanes = make_lanes(rank, edges, ends.leave)
    rows = order_rows(lanes, len(depth))
    across = _place_rows(rows, lanes, breadth, _shifts(lanes, ends))
    tracks = _tracks(rows, lanes, across, depth, rank_gap, ends)
    along = [(tracks[r][0] + tracks[r][1]) / 2 for r in lanes.rank]
    routes = _routes(lanes, tracks, along, across, depth, breadth, edges, ends)
    return Flow(along[: len(depth)], across[: len(depth)], routes, [])


def _pinned(rank: list[int], ends: Ends) -> list[int]:
    """The ranks, with the doors in a first and a last rank of their own."""
    if not ends.first and not ends.last:
        return rank
    inner = [r for i, r in enumerate(rank) if i not in ends.first and i not in ends.last]
    low, high = min(inner) - 1, max(inner) + 1
    pinned = [low if i in ends.first else high if i in ends.last else r for i, r in enumerate(rank)]
    lowest = min(pinned)
    return [r - lowest for r in pinned]


def _shifts(lanes: Lanes, ends: Ends) -> dict[tuple[int, int], float]:
    """For neighbours joined at a door, the distance of their middles when the edge between them is straight."""
    shifts: dict[tuple[int, int], float] = {}
    for path, leave, arrive in zip(lanes.paths, ends.leave, ends.arrive):
        for a, b, shift in ((path[0], path[1], leave), (path[-2], path[-1], -(arrive or 0.0))):
            if shift:
                shifts[b, a] = shifts.get((b, a), 0.0) + shift
                shifts[a, b] = -shifts[b, a]
    return shifts


# Places across the flow.


def _place_rows(
    rows: list[list[int]], lanes: Lanes, breadth: Sequence[float], shifts: dict[tuple[int, int], float]
) -> list[float]:
    """The place of each item across the flow: near its neighbours, with long edges straight and no overlap.

    Minimises Σ weight · (distance between neighbours)², a row at a time.
    """
    boxes = len(breadth)
    size = [*breadth, *[0.0] * (len(lanes.rank) - boxes)]
    offsets = [_offsets(row, size) for row in rows]
    at = [0.0] * len(size)
    for row, offset in zip(rows, offsets):
        for item, x in zip(row, offset):
            at[item] = x - offset[-1] / 2
    both = [above + below for above, below in zip(lanes.above, lanes.below)]
    rounds = 8 if len(size) < 5_000 else 2
    for down, up in ((lanes.above, lanes.below), (both, both)):
        for _ in range(rounds):
            before = at[:]
            for neighbours, step in ((down, 1), (up, -1)):
                for r in range(len(rows))[::step]:
                    _place_row(rows[r], offsets[r], at, neighbours, boxes, shifts)
            if at == before:
                break
    return at


def _offsets(row: list[int], size: Sequence[float]) -> list[float]:
    """The least distance of each item of a row from its first; lanes and doors have no size."""
    gaps = ((size[a] + size[b]) / 2 + (NODE_GAP if size[a] and size[b] else LANE_GAP) for a, b in pairwise(row))
    return list(accumulate(gaps, initial=0.0))


def _place_row(
    row: list[int],
    offsets: list[float],
    at: list[float],
    neighbours: list[list[int]],
    boxes: int,
    shifts: dict[tuple[int, int], float],
) -> None:
    """Move the items of a row to where their neighbours pull them, as far as there is room."""
    wanted, weights = [], []
    for item, offset in zip(row, offsets):
        pull, weight = 0.0, 0.0
        to_box, to_lane = (2.0, 8.0) if item >= boxes else (1.0, 2.0)
        for x in neighbours[item]:
            w = to_lane if x >= boxes else to_box
            pull += w * (at[x] + shifts.get((item, x), 0.0)) if shifts else w * at[x]
            weight += w
        wanted.append((pull / weight if weight else at[item]) - offset)
        weights.append(weight or 1e-3)
    if len(row) == 1:
        at[row[0]] = wanted[0]
        return
    for item, place, offset in zip(row, isotonic(wanted, weights), offsets):
        at[item] = place + offset


def isotonic(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing numbers nearest to those wanted, in weighted least squares: pool adjacent violators.

    >>> isotonic([1, 3, 2, 4], [1, 1, 1, 1])
    [1.0, 2.5, 2.5, 4.0]
    """
    if all(map(le, wanted, islice(wanted, 1, None))):
        return list(wanted)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for x, w in zip(wanted, weights):
        mean, weight, many = float(x), w, 1
        while pools and pools[-1][0] > mean:
            before, v, n = pools.pop()
            mean, weight, many = (before * v + mean * weight) / (v + weight), v + weight, n + many
        pools.append((mean, weight, many))
    return [mean for mean, _, many in pools for _ in range(many)]


# Coordinates along the flow, and the arrows.


def _tracks(
    rows: list[list[int]], lanes: Lanes, across: list[float], depth: Sequence[float], rank_gap: float, ends: Ends
) -> list[tuple[float, float]]:
    """The start and end of each rank along the flow. The gap is wider for steep arrows, and narrower at doors."""
    tracks = []
    start = 0.0
    doors = {0} if ends.first else set()
    doors |= {len(rows) - 2} if ends.last else set()
    for i, row in enumerate(rows):
        end = start + max((depth[i] for i in row if i < len(depth)), default=0.0)
        tracks.append((start, end))
        steepest = max((abs(across[i] - across[j]) for i in row for j in lanes.below[i]), default=0.0)
        start = end + (DOOR_GAP if i in doors else rank_gap) + min(0.12 * steepest, 100.0)
    return tracks


def _routes(
    lanes: Lanes,
    tracks: list[tuple[float, float]],
    along: list[float],
    across: list[float],
    depth: Sequence[float],
    breadth: Sequence[float],
    edges: Sequence[tuple[int, int]],
    ends: Ends,
) -> list[list[Point]]:
    """The arrows in (along, across): straight lines through the lanes, S-curves in the gaps between ranks."""
    arriving = [(target, across[path[-2]]) for (_, target), path in zip(edges, lanes.paths)]
    offsets = spread(arriving, lambda box: breadth[box])
    routes = []
    for path, leave, arrive, free in zip(lanes.paths, ends.leave, ends.arrive, offsets):
        source, target = path[0], path[-1]
        offset = free if arrive is None else arrive
        # Straight stretches: from the source to the end of its rank, through each lane, and up to the target.
        stretches = [(along[source] + depth[source] / 2, tracks[lanes.rank[source]][1], across[source] + leave)]
        stretches += [(*tracks[lanes.rank[lane]], across[lane]) for lane in path[1:-1]]
        stretches += [(tracks[lanes.rank[target]][0], along[target] - depth[target] / 2, across[target] + offset)]
        routes.append(_smooth(stretches))
    return routes


def _smooth(stretches: list[tuple[float, float, float]]) -> list[Point]:
    """Straight stretches (from, to, across) joined by S-curves into one path of cubic Béziers."""
    start, _, y = stretches[0]
    points: list[Point] = [(start, y)]
    for (start, end, y), (begin, _, then) in pairwise(stretches):
        if end > start:
            points += straight((start, y), (end, y))
        middle = (end + begin) / 2
        points += [(middle, y), (middle, then), (begin, then)]
    start, end, y = stretches[-1]
    if end > start:
        points += straight((start, y), (end, y))
    return points


def _turned(direction: Direction, flow: Flow, sizes: Sequence[Size]) -> Layout:
    """From (along, across) to (x, y) from the upper left corner."""
    flip = -1.0 if direction in ("RL", "BT") else 1.0
    across = [y for route in flow.routes for _, y in route]
    across += [y for _, near, _, far in flow.clusters for y in (near, far)]
    along = [x for route in flow.routes for x, _ in route]
    along += [x for start, _, end, _ in flow.clusters for x in (start, end)]
    sideways = is_sideways(direction)
    for x, y, size in zip(flow.along, flow.across, sizes):
        depth, breadth = size if sideways else size[::-1]
        along += (x - depth / 2, x + depth / 2)
        across += (y - breadth / 2, y + breadth / 2)
    left, top = min(flip * min(along), flip * max(along)), min(across)
    length, breadth = max(along) - min(along), max(across) - top

    def turn(p: Point) -> Point:
        x, y = flip * p[0] - left, p[1] - top
        return (x, y) if sideways else (y, x)

    width, height = (length, breadth) if sideways else (breadth, length)
    centers, routes = tuple(zip(flow.along, flow.across)), tuple(map(tuple, flow.routes))
    return Layout(centers, routes, width, height, "builtin", clusters=tuple(flow.clusters)).moved(turn)
