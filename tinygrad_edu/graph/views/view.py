"""Views: what a picture shows of a plain graph. A view takes a graph and gives a graph.

`view` chooses what is readable: everything, or clusters closed and repetitions folded, or the totals. `focused` cuts
out a neighbourhood. `aliased` draws a leaf that is used everywhere as a small copy beside each use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ..._support.grouping import grouped
from ..._support.languages import counted, say, texts
from ...engine.messages import short
from ...errors import OutOfRangeError
from ..plain import Graph, Kind
from .collapse import close, depth_of, opened, renumbered, what_is_hidden
from .fold import fold, what_is_folded
from .totals import totals

__all__ = ["HUGE", "LIMIT", "Depth", "aliased", "beside_users", "focused", "neighbourhood", "restricted", "view"]

Depth = int | Literal["auto", "all"]

USES = 4
"""A leaf with more users than this is drawn as an alias at each of them; a number of the forward pass, with more than
one. This is readable, and Graphviz is quick: shared leaves can take it minutes."""

LIMIT = 150
"""A picture of more boxes than this cannot be read."""

HUGE = 20_000
"""Of a graph of more nodes than this, no plain graph of the whole is made."""


def view(graph: Graph, depth: Depth = "auto", expand: Collection[str] = ()) -> Graph:
    """What a picture shows of a graph, ready to be drawn.

    Parameters
    ----------
    depth : how many clusters around each other are open: at 0 the outermost modules are boxes, at 1 those in them;
        calls of one module that follow each other are drawn once, and in a large picture all equal parts. "all":
        everything is open and drawn. "auto": everything if it is readable; else as deep as is readable, with equal
        parts drawn once.
    expand : clusters that are open in any case.

    Raises `OutOfRangeError` if `expand` names a cluster that does not exist, with clusters of similar names.
    """
    if depth == "all":
        opened(graph.clusters, 0, expand)  # for its check of the names
        return aliased(graph)
    if depth == "auto":
        return _readable(graph, expand)
    closed = close(graph, opened(graph.clusters, depth, expand))
    return _noted(_if_readable(fold(closed, calls_only=True)) or aliased(fold(closed)))


def _readable(graph: Graph, expand: Collection[str]) -> Graph:
    """The graph whole, or else with equal parts folded and as deep as is readable, or else its totals."""
    everything = None if expand else _if_readable(graph)
    if everything:
        return everything
    for depth in range(depth_of(graph.clusters), -1, -1):
        shown = _if_readable(fold(close(graph, opened(graph.clusters, depth, expand))))
        if shown:
            return _noted(shown)
    return totals(graph)


def _if_readable(graph: Graph) -> Graph | None:
    """The graph with its aliases, if a picture of so many boxes can be read."""
    if len(graph.nodes) > LIMIT:  # aliases only add to them
        return None
    shown = aliased(graph)
    return shown if len(shown.nodes) <= LIMIT else None


def _noted(graph: Graph) -> Graph:
    """The graph with a line on what its boxes hide, and one on what is drawn once for many."""
    return replace(graph, notes=(*graph.notes, *filter(None, (what_is_hidden(graph), what_is_folded(graph)))))


def focused(graph: Graph, center: int, hops: int) -> Graph:
    """The part of a graph within so many arrows, in or against their direction, of the node with the id `center`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> x = tg.Value(2.0, "x")
    >>> y = tg.Value(3.0, "y") * (x * x).tanh()
    >>> [node.label for node in focused(plain(y), 3, 1).nodes]
    ['x', 'v₁', 'v₂']
    """
    if not (type(hops) is int and hops >= 0):
        text = texts("draw: hops is the number of arrows around the focus to show, not {given}")
        raise OutOfRangeError(text, given=short(hops))
    near = neighbourhood(graph, [center], hops)
    far = len(graph.nodes) - len(near.nodes)
    note = say(
        "{arrows} around {name}: {rest}; {code} shows more.",
        arrows=counted(hops, "{n} arrow", "{n} arrows"),
        name=graph.node(center).label,
        rest=counted(far, "{n} node further away not shown", "{n} nodes further away not shown"),
        code=f"hops={hops + 1}",
    )
    return replace(near, notes=(*graph.notes, note)) if far else near


def neighbourhood(graph: Graph, centers: Iterable[int], hops: int) -> Graph:
    """The part of the graph within so many arrows, in or against their direction, of any of these nodes."""
    ways = ((edge.source, edge.target) for edge in graph.edges)
    neighbours = grouped(way for a, b in ways for way in ((a, b), (b, a)))
    rim = list(centers)
    shown = set(rim)
    for _ in range(hops):
        rim = [x for x in dict.fromkeys(x for id in rim for x in neighbours.get(id, ())) if x not in shown]
        shown.update(rim)
    return restricted(graph, shown)


def restricted(graph: Graph, shown: Collection[int]) -> Graph:
    """The part of the graph that has these nodes, and the arrows between them."""
    nodes = [node for node in graph.nodes if node.id in shown]
    edges = (edge for edge in graph.edges if edge.source in shown and edge.target in shown)
    return renumbered(graph, nodes, edges, (id for id in graph.outputs if id in shown), graph.clusters)


def aliased(graph: Graph) -> Graph:
    """The graph with an alias at each user of a leaf that has many; the first user keeps the leaf itself.

    What a loop that is drawn once only begins with has no alias in it: the other rounds take what the one before made.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> w = tg.Value(2.0, name="w")
    >>> y = w
    >>> for _ in range(5):
    ...     y = y * w
    >>> [node.kind for node in aliased(plain(y)).nodes].count("alias")
    4
    """
    users: dict[int, list[int]] = {}
    carried = {(edge.target, edge.slot) for edge in graph.edges if edge.recurrent}
    for edge in graph.edges:
        own = users.setdefault(edge.source, [])
        if edge.target not in own[-1:] and (edge.target, edge.slot) not in carried:
            own.append(edge.target)
    nodes = list(graph.nodes)
    place: dict[tuple[int, int], int] = {}
    for source, targets in users.items():
        node = graph.node(source)
        many = {"leaf": USES, "forward": 1}.get(node.kind)
        if many is not None and len(targets) > many:
            place.update({(source, target): target for target in targets[1:]})
            if node.kind == "forward":
                nodes[source - 1] = replace(node, cluster=graph.node(targets[0]).cluster)
    return _with_aliases(replace(graph, nodes=tuple(nodes)), place)


def beside_users(graph: Graph, rows: Sequence[int]) -> Graph:
    """The graph with an alias of a leaf in each further row in which the leaf is used; `rows` are those of nodes."""
    first: dict[int, int] = {}
    for edge in graph.edges:
        row = rows[edge.target - 1]
        first[edge.source] = min(first.get(edge.source, row), row)
    leaves = {node.id for node in graph.nodes if node.kind in ("leaf", "alias")}
    uses = ((edge, rows[edge.target - 1]) for edge in graph.edges if edge.source in leaves)
    return _with_aliases(graph, {(x.source, x.target): row for x, row in uses if row > first[x.source]})


def _with_aliases(graph: Graph, place: Mapping[tuple[int, int], int]) -> Graph:
    """The graph with other sources of arrows, given by their ends: an alias for each source and each place."""
    nodes = list(graph.nodes)
    stand_in: dict[tuple[int, int], int] = {}
    for (source, target), where in place.items():
        if (source, where) not in stand_in:
            node = graph.node(source)
            kind: Kind = "forward" if node.kind == "forward" else "alias"
            gradient = None if kind == "alias" else node.gradient
            cluster = graph.node(target).cluster
            of = node.of or source
            nodes.append(replace(node, id=len(nodes) + 1, kind=kind, of=of, gradient=gradient, cluster=cluster))
            stand_in[source, where] = len(nodes)
    edges = (
        replace(edge, source=stand_in[edge.source, place[edge.source, edge.target]])
        if (edge.source, edge.target) in place
        else edge
        for edge in graph.edges
    )
    return replace(graph, nodes=tuple(nodes), edges=tuple(edges)) if place else graph
