"""The choice of a layout engine: Graphviz where there is one, else our own; and the arrows that lead back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..._support.languages import say
from .engine import EngineError, graphviz_layout
from .geometry import (
    LOOP,
    RANK_GAP,
    ClusterShape,
    Direction,
    Engine,
    Layout,
    Point,
    Rectangle,
    Size,
    around,
    ending_at,
    is_sideways,
)  # fmt: skip
from .layered import layered

__all__ = ["RANK_GAP", "lay_out"]


def lay_out(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    engine: Engine = "auto",
    ordered: Collection[int] = (),
    rank_gap: float = RANK_GAP,
    clusters: Sequence[ClusterShape] = (),
    back: Collection[int] = (),
    straight: Collection[int] = (),
) -> Layout:
    """A layered layout: every edge (from, to) of box indices runs in the given direction, and no box covers another.

    The built-in layout steps in where there is no Graphviz or it does not answer in time, and its `note` says so. With
    "auto" it also lays out every graph with clusters, because it keeps other arrows out of them, and Graphviz does not.

    Parameters
    ----------
    ordered : the boxes at which edges arrive in their own order, where the engine can do that.
    rank_gap : the free space between ranks.
    clusters : the open clusters, outer ones first.
    back : the edges that run against the direction: around their box, or around the innermost cluster of both ends.
    straight : the edges that bend less than others, where the engine can do that.

    >>> layout = lay_out([(60, 30), (60, 30), (80, 30)], [(0, 2), (1, 2)], "LR", "builtin")
    >>> layout.centers[0][0] < layout.centers[2][0]
    True
    """
    sizes = [(_whole(width), _whole(height)) for width, height in sizes]
    looped = {i: _innermost(*edges[i], clusters) for i in back}
    clusters = [
        cluster._replace(loop=any(where == i and edges[e][0] != edges[e][1] for e, where in looped.items()))
        for i, cluster in enumerate(clusters)
    ]
    own = {edges[i][0] for i in back if edges[i][0] == edges[i][1]}  # boxes with an arrow around them
    dx, dy = (0.0, 2 * LOOP) if is_sideways(direction) else (2 * LOOP, 0.0)
    roomy = [(w + dx, h + dy) if box in own else (w, h) for box, (w, h) in enumerate(sizes)]
    ahead = [i for i in range(len(edges)) if i not in looped]
    stiff = {place for place, i in enumerate(ahead) if i in straight}
    layout = _placed(roomy, [edges[i] for i in ahead], direction, engine, ordered, rank_gap, clusters, stiff)
    routes = dict(zip(ahead, layout.routes))
    across = int(is_sideways(direction))
    for i in ahead:
        target = edges[i][1]
        if target in own:  # not over the room of the arrow around it
            share = sizes[target][across] / roomy[target][across]
            middle = layout.centers[target][across]
            routes[i] = ending_at(routes[i], middle + (routes[i][-1][across] - middle) * share, across)
    for i, where in looped.items():
        source, target = edges[i]
        inside = _rectangle(layout.centers[source], sizes[source]) if source == target else layout.clusters[where]
        routes[i] = _loop_around(inside, direction)
    layout = replace(layout, routes=tuple(routes[i] for i in range(len(edges))))
    return _grown(layout, [routes[i] for i in looped]) if looped else layout


def _placed(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    engine: Engine,
    ordered: Collection[int],
    rank_gap: float,
    clusters: Sequence[ClusterShape],
    straight: Collection[int],
) -> Layout:
    """The layout of boxes and of the edges that run in the direction, by the engine that is available."""
    note = None
    if edges and (engine == "graphviz" or (engine == "auto" and not clusters)):
        try:
            return graphviz_layout(sizes, edges, direction, ordered, rank_gap, clusters, straight)
        except EngineError as error:
            note = say("built-in layout: {reason}", reason=error)
    return replace(layered(sizes, edges, direction, rank_gap, clusters), note=note)


def _rectangle(middle: Point, size: Size) -> Rectangle:
    (x, y), (width, height) = middle, size
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _grown(layout: Layout, routes: Sequence[Sequence[Point]]) -> Layout:
    """The layout, as large as routes beyond its sides need it."""
    xs, ys = ([p[axis] for route in routes for p in route] for axis in (0, 1))
    left, top = min([0.0, *xs]), min([0.0, *ys])
    width, height = max([layout.width, *xs]) - left, max([layout.height, *ys]) - top
    return replace(layout.moved(lambda p: (p[0] - left, p[1] - top)), width=width, height=height)


def _whole(length: float) -> float:
    """The length in whole pixels, rounded up: then sums of lengths are exact, and the same on every platform."""
    return float(-int(-(length - 1e-6) // 1))


def _innermost(source: int, target: int, clusters: Sequence[ClusterShape]) -> int:
    """The innermost cluster that holds both boxes, around which an edge between them runs back; −1 for none."""
    cluster_of = {box: i for i, cluster in enumerate(clusters) for box in cluster.boxes}
    out, into = (around(cluster_of.get(box, -1), clusters) for box in (source, target))
    shared = next(cluster for cluster in out if cluster in into)
    if shared < 0 and source != target:
        raise ValueError("an edge that runs back needs a cluster to run around")
    return shared


def _loop_around(rectangle: Rectangle, direction: Direction) -> tuple[Point, ...]:
    """An arrow around a rectangle, from the side where the flow leaves it to the side where the flow enters it."""
    left, top, right, bottom = rectangle
    horizontal = is_sideways(direction)
    start, end = (left, right) if horizontal else (top, bottom)  # along the flow
    near, far = (bottom, bottom + LOOP - 6) if horizontal else (right, right + LOOP - 6)  # across it
    if direction in ("RL", "BT"):
        start, end = end, start
    out = 18.0 if end > start else -18.0
    leave = near - min(8.0, (bottom - top if horizontal else right - left) / 4)
    bend = [
        (end, leave), (end + out, leave), (end + out, far), (end, far),
        (end, far), (start, far), (start, far),
        (start - out, far), (start - out, leave), (start, leave),
    ]  # fmt: skip
    return tuple(bend) if horizontal else tuple((y, x) for x, y in bend)
