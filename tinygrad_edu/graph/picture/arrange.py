"""The layout of a picture: boxes, arrows and labels, from a layout engine, which knows only boxes and arrows.

For an engine, an arrow with a label is two arrows and a box of the label's size between them. So a label never covers
anything, whichever engine it is. The second half of a graph of both passes is a copy of the first, moved aside.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..layout.choice import lay_out
from ..layout.geometry import RANK_GAP, Direction, Engine, Layout, Point, ending_at, is_sideways, straight
from ..layout.wrap import wrapped
from ..plain import Edge, Graph
from .arrows import Label
from .card import OUTPUT_RIM, SHEET, is_stack
from .open_clusters import shapes_of
from .typeset import Card

__all__ = ["HEADING", "arrange"]

LABEL_GAP = {"LR": 25.0, "RL": 25.0, "TB": 34.0, "BT": 34.0}
"""The free space before and behind a label: room for an arrow to turn, more where it turns further, and its head."""
CLOSE = 16.0
"""The same between the layers of a model, from top to bottom."""
SHORT = 36.0
"""The free space between two ranks of boxes with formulas, or with names alone: shorter, so that more of them fit."""
NO_LABEL = (20.0, 12.0)
"""The room in the middle of an arrow without a label, in a picture where others have one."""
PANEL_GAP = 34.0
"""The free space between the two halves of a graph of both passes."""
HEADING = 30.0
"""The room above each half for its heading."""


def arrange(
    graph: Graph,
    cards: Sequence[Card],
    labels: Sequence[Label | None],
    direction: Direction,
    engine: Engine,
    wrap: float | None = None,
    *,
    close: bool = False,
) -> Layout:
    """The layout of a graph with these cards and labels, in rows of at most this width where `wrap` is given.

    `close`: with less space between ranks.
    """
    boxes = _in_order(graph)
    box_of = {id: box for box, id in enumerate(boxes)}
    rims = {node.id: 2 * SHEET if is_stack(node, graph) else 0.0 for node in graph.nodes}  # its further sheets
    rims.update(dict.fromkeys(graph.outputs, OUTPUT_RIM))
    sizes = [(cards[id - 1].width + rims[id], cards[id - 1].height + rims[id]) for id in boxes]
    edges = [edge for edge in graph.edges if edge.pair is None]
    room = _rooms(graph, labels, direction)
    ends: list[tuple[int, int]] = []
    numbers: list[int] = []  # of the first of the arrows that each edge has become
    for edge, size in zip(edges, room):
        numbers.append(len(ends))
        source, target = box_of[edge.source], box_of[edge.target]
        if size is None:
            ends.append((source, target))
        else:
            ends += [(source, len(sizes)), (len(sizes), target)]
            sizes.append(size)
    ordered = {box for box, id in enumerate(boxes) if graph.node(id).ordered}
    gap = LABEL_GAP[direction] if any(room) else SHORT if close else RANK_GAP
    gap = CLOSE if graph.mode == "architecture" and not is_sideways(direction) else gap
    clusters = shapes_of(graph, ends, boxes)
    back = {i for i, edge in zip(numbers, edges) if edge.recurrent}
    stiff = {i for i, (_, target) in enumerate(ends) if target >= len(boxes)}  # up to the label
    layout = _joined(lay_out(sizes, ends, direction, engine, ordered, gap, clusters, back, stiff), len(boxes), room)
    layout = replace(layout, centers=tuple(layout.centers[box_of[id]] for id in sorted(boxes)))
    stacks = {node.id for node in graph.nodes if is_stack(node, graph)}
    if stacks:
        layout = _to_the_front(layout, edges, stacks, cards, direction)
    if wrap is not None and is_sideways(direction):
        own = [sizes[box_of[id]] for id in sorted(boxes)]
        pairs = [(edge.source - 1, edge.target - 1) for edge in edges]
        written = [None if size == NO_LABEL else size for size in room]
        layout = wrapped(layout, own, pairs, written, wrap, leftward=direction == "RL")
    return _with_mirror(graph, layout, direction) if graph.mode == "both" else layout


def _to_the_front(
    layout: Layout, edges: Sequence[Edge], stacks: Collection[int], cards: Sequence[Card], direction: Direction
) -> Layout:
    """The layout with the arrows that arrive at a stack on its front sheet, which is smaller and moved."""
    across = int(is_sideways(direction))
    shift = {"LR": SHEET, "RL": SHEET, "TB": -SHEET, "BT": -SHEET}[direction]
    routes = list(layout.routes)
    for i, edge in enumerate(edges):
        if edge.target in stacks and not edge.recurrent:
            card, middle = cards[edge.target - 1], layout.centers[edge.target - 1][across]
            room = card.height if across else card.width
            tip = routes[i][-1][across]
            at = middle + shift + (tip - middle) * room / (room + 2 * SHEET)
            routes[i] = ending_at(routes[i], at, across)
    return replace(layout, routes=tuple(routes))


def _in_order(graph: Graph) -> list[int]:
    """The ids of the nodes that are laid out, in the order in which an engine first puts them into ranks.

    This is the order of creation; but a backward graph begins with the gradients of the leaves, in the leaves' order.
    """
    first = graph.outputs if graph.mode == "backward" else ()
    return list(dict.fromkeys([*first, *(node.id for node in graph.nodes if node.pair is None)]))


def _rooms(graph: Graph, labels: Sequence[Label | None], direction: Direction) -> list[tuple[float, float] | None]:
    """The room that each arrow needs for its label, and for the label of the arrow that leads back beside it.

    If one arrow has a label, all get some room, so that all of them take as many ranks.
    """
    if not any(labels):
        return [None for edge in graph.edges if edge.pair is None]
    sideways = is_sideways(direction)
    bare = NO_LABEL if sideways else NO_LABEL[::-1]
    rooms: list[tuple[float, float] | None] = []
    for edge, label in zip(graph.edges, labels):
        own = bare if label is None else (label.width, 2 * label.leading if sideways else label.height)
        if edge.pair is None:
            rooms.append(None if edge.recurrent else own)
        elif other := rooms[edge.pair - 1]:
            rooms[edge.pair - 1] = max(other[0], own[0]), max(other[1], own[1])
    return rooms


def _joined(layout: Layout, boxes: int, room: Sequence[object]) -> Layout:
    """The two arrows of each label as one."""
    centers, routes = iter(layout.centers[boxes:]), iter(layout.routes)
    joined: list[tuple[Point, ...]] = []
    labels: list[Point | None] = []
    for size in room:
        first = next(routes)
        if size is None:
            joined.append(first)
            labels.append(None)
            continue
        second = next(routes)
        joined.append((*first, *straight(first[-1], second[0]), *second[1:]))
        labels.append(next(centers))
    return replace(layout, centers=layout.centers[:boxes], routes=tuple(joined), labels=tuple(labels))


def _with_mirror(graph: Graph, layout: Layout, direction: Direction) -> Layout:
    """The layout of the forward half and, below it or at its right, the same for the gradients."""
    below = is_sideways(direction)
    dx, dy = (0.0, layout.height + PANEL_GAP + HEADING) if below else (layout.width + PANEL_GAP, 0.0)

    def move(p: Point) -> Point:
        return p[0] + dx, p[1] + dy + HEADING

    pairs = [node.pair - 1 for node in graph.nodes if node.pair is not None]
    back = [edge.pair - 1 for edge in graph.edges if edge.pair is not None]
    first, second = layout.moved(lambda p: (p[0], p[1] + HEADING)), layout.moved(move)
    return replace(
        first,
        centers=(*first.centers, *(second.centers[i] for i in pairs)),
        routes=(*first.routes, *(second.routes[i][::-1] for i in back)),
        labels=(*first.labels, *(second.labels[i] for i in back)),
        width=layout.width + (0.0 if below else dx),
        height=layout.height + HEADING + (dy if below else 0.0),
        mirror=(dx, dy),
    )
