"""The part of a graph that an author wants to show: near a node, between two, without some, some in a named box."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from .._support.grouping import grouped
from .._support.languages import listed, say, texts
from ..engine.messages import short
from ..engine.node import Node
from ..errors import GraphError
from .asked import node_called, several
from .clusters import Cluster
from .names import partial
from .plain import Graph
from .recorded import Recorded
from .text import visible
from .views.view import focused, restricted

__all__ = ["Part", "part_of"]


class Part(NamedTuple):
    """What of a graph is shown, as `tg.draw` takes it."""

    focus: Node | str | None = None
    hops: int = 2
    between: tuple[Any, Any] | None = None
    hide: Any = ()
    boxes: Mapping[str, Iterable[Any]] | None = None

    @property
    def is_near(self) -> bool:
        """Whether it is a part around or between nodes, and the graph itself may be as large as it wants."""
        return self.focus is not None or self.between is not None


def part_of(graph: Graph, recorded: Recorded, part: Part) -> Graph:
    """The graph with what is asked for. Raises `GraphError` for nodes that it does not have."""
    find = _Finder(graph, recorded)
    if part.focus is not None:
        return focused(graph, find.id(say("the focus"), part.focus), part.hops)
    boxes = [(name, say("a node of the box {name}", name=short(name)), members) for name, members in _items(part)]
    for name, ids in [(name, {find.id(what, x) for x in members}) for name, what, members in boxes]:
        graph = _boxed(graph, visible(name), ids)
    kept = {node.id for node in graph.nodes} if part.between is None else _between(graph, find.ends(part.between))
    kept -= set(_hidden(graph, part.hide, find))
    return graph if len(kept) == len(graph.nodes) else restricted(graph, kept)


def _items(part: Part) -> Iterable[tuple[str, Iterable[Any]]]:
    if part.boxes is None:
        return ()
    if not isinstance(part.boxes, Mapping):
        raise GraphError("draw: boxes maps names of boxes to the nodes in them, not {given}", given=short(part.boxes))
    return [(str(name), several(nodes)) for name, nodes in part.boxes.items()]


class _Finder(NamedTuple):
    """Finds the nodes of a plain graph that a user means."""

    graph: Graph
    recorded: Recorded

    def id(self, what: str, asked: Any) -> int:
        """The id of a node, in a backward graph that of its gradient."""
        node = node_called(what, asked, self.recorded)
        label = self.recorded.names[node]
        if self.graph.mode == "backward":
            label = partial(self.graph.of, label)
        for plain_node in self.graph.nodes:
            if plain_node.label == label and plain_node.kind != "constant":
                return plain_node.id
        name = self.recorded.names[node]
        text = texts("draw: no gradient flows to {what}, {name}; the backward graph has none of its gradient")
        raise GraphError(text, what=what, name=name)

    def ends(self, between: Any) -> tuple[int, int]:
        """The ids of two nodes."""
        if not (isinstance(between, (tuple, list)) and len(between) == 2):
            text = texts("draw: between is two nodes or their names, (from, to), not {given}")
            raise GraphError(text, given=short(between))
        first, last = (self.id(say("a node of {option}", option="between"), x) for x in between)
        return first, last


def _between(graph: Graph, ends: tuple[int, int]) -> set[int]:
    """The nodes on the ways from one node to another, and the operands of those on the way."""
    ends = ends[::-1] if graph.mode == "backward" else ends
    after, before = _ways(graph)
    on_the_way = _reached(ends[0], after) & _reached(ends[1], before)
    if not on_the_way:
        first, last = (graph.node(id).label for id in ends)
        text = texts("draw: no way leads from {first} to {last}, so there is nothing between them")
        raise GraphError(text, first=first, last=last)
    return on_the_way | {x for id in on_the_way - {ends[0]} for x in before.get(id, ())}


def _ways(graph: Graph) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """The users of each node, and its operands."""
    return grouped((edge.source, edge.target) for edge in graph.edges), grouped(
        (edge.target, edge.source) for edge in graph.edges
    )


def _reached(start: int, ways: Mapping[int, list[int]]) -> set[int]:
    seen, todo = {start}, [start]
    while todo:
        found = [id for id in ways.get(todo.pop(), ()) if id not in seen]
        seen.update(found)
        todo += found
    return seen


def _hidden(graph: Graph, hide: Any, find: _Finder) -> Iterator[int]:
    """The ids of what is left out: "constants", "data" (what takes no gradient), or nodes; never a result."""
    for what in several(hide):
        kinds = KINDS.get(what) if isinstance(what, str) else None
        if kinds is None:
            yield find.id(say("a node of {option}", option="hide"), what)
        else:
            nodes = (node for node in graph.nodes if node.kind in kinds and not node.requires_grad)
            yield from (node.id for node in nodes if node.id not in graph.outputs)


KINDS = {"constants": ("constant",), "data": ("leaf", "operation")}
"""The kinds of nodes without a gradient that are left out by one word."""


def _boxed(graph: Graph, name: str, ids: set[int]) -> Graph:
    """The graph with a named frame around these nodes, and around the constants that only they use."""
    around = {graph.node(id).cluster for id in ids}
    if not around:
        raise GraphError("draw: the box {name} holds no nodes", name=repr(name))
    if len(around) > 1:
        places = listed([place or say("no module") for place in sorted(around)])
        text = texts("draw: a box holds nodes that lie together; those of {name} lie in {places}")
        raise GraphError(text, name=repr(name), places=places)
    if name in {cluster.path for cluster in graph.clusters}:
        text = texts("draw: there is a module or a box called {name} already; give the box another name")
        raise GraphError(text, name=repr(name))
    after, before = _ways(graph)
    from_it, to_it = (set().union(*(_reached(id, ways) for id in ids)) for ways in (after, before))
    aside = sorted((from_it & to_it) - ids)
    if aside:
        labels = listed([graph.node(id).label for id in aside[:4]])
        text = texts("draw: a way leads out of the box {name} and back, through {labels}; put them in, too")
        raise GraphError(text, name=repr(name), labels=labels)
    inside = ids | {id for id, users in after.items() if graph.node(id).kind == "constant" and ids.issuperset(users)}
    (parent,) = around
    record = Cluster(name, parent, "function", name, len(inside))
    nodes = tuple(replace(node, cluster=name) if node.id in inside else node for node in graph.nodes)
    return replace(graph, nodes=nodes, clusters=(*graph.clusters, record))
