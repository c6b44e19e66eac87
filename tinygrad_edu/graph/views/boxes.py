"""Closed clusters: all that one call made, as one box that says what it hides and opens again.

How deep a picture opens is one number: at depth 0 every outermost call is a box, at depth 1 the calls in it are, ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches
from math import prod

from ..clusters import Cluster, enclosing, in_use
from ..plain import Edge, Graph, PlainNode
from ..text import plural

__all__ = ["TOO_LARGE", "close", "depth_of", "opened", "what_is_hidden"]

TOO_LARGE = "The graph is too large to show gradients, and what is inside its modules; depth='all' draws everything."
"""The note of a graph that was made without these."""


def depth_of(graph: Graph) -> int:
    """The depth at which nothing is closed any more: how many clusters lie in each other."""
    return max(_levels(graph).values(), default=-1) + 1


def _levels(graph: Graph) -> dict[str, int]:
    level = {"": -1}
    for cluster in graph.clusters:
        level[cluster.path] = level[cluster.parent] + 1
    return level


def opened(graph: Graph, depth: int, expand: Collection[str] = ()) -> set[str]:
    """The clusters that are open at a depth, and those that are named in `expand`, with all around them.

    A name stands for all calls of the module or function. `ValueError` for one that does not exist.
    """
    level = _levels(graph)
    around = {cluster.path: cluster.parent for cluster in graph.clusters}
    result = {path for path in around if level[path] < depth}
    for name in expand:
        called = [path for path in around if name in (path, path.partition("#")[0])]
        if not called:
            raise ValueError(f"draw: {_unknown(name, list(dict.fromkeys(p.partition('#')[0] for p in around)))}")
        for path in called:
            while path and path not in result:
                result.add(path)
                path = around[path]
    return result


def _unknown(name: str, paths: list[str]) -> str:
    if not paths:
        return f"expand={name!r}: no module and no function marked with tg.block made a part of this graph"
    near = get_close_matches(name, paths, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(map(repr, paths[:8]))}"
    return f"expand={name!r}: no part of the graph has this name; {hint}"


def close(graph: Graph, open_ones: Collection[str]) -> Graph:
    """The graph with every cluster that is not open as one box of kind "module".

    Parameters and buffers, and in a backward graph the numbers of the forward pass, go into the box if only boxes use
    them. Arrows into a box from the same node become one.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.plain import plain
    >>> @tg.block
    ... def neuron(w, x):
    ...     return (w * x).tanh()
    >>> graph = plain(neuron(tg.Value(2.0, "w"), tg.Value(3.0, "x")))
    >>> [(node.kind, node.label) for node in close(graph, ()).nodes]
    [('leaf', 'w'), ('leaf', 'x'), ('module', 'neuron')]
    """
    records = {cluster.path: cluster for cluster in graph.clusters}
    box_of: dict[str, str] = {"": ""}
    for cluster in graph.clusters:
        box_of[cluster.path] = box_of[cluster.parent] or ("" if cluster.path in open_ones else cluster.path)
    if not any(box_of.values()):
        return graph
    place = {node.id: box_of[node.cluster] for node in graph.nodes}
    used_outside = {edge.source for edge in graph.edges if not place[edge.target]}
    used = {edge.source for edge in graph.edges}
    hidden = {
        node.id
        for node in graph.nodes
        if (node.owned or node.kind == "forward") and node.id in used and node.id not in used_outside
    }
    results: dict[str, dict[int, None]] = {path: {} for path in place.values() if path}
    for edge in graph.edges:
        if place[edge.source] and place[edge.source] != place[edge.target]:
            results[place[edge.source]][edge.source] = None
    for id in graph.outputs:
        if place[id]:
            results[place[id]][id] = None
    last = {path: id for id, path in place.items() if path and id not in hidden}
    nodes: list[PlainNode] = []
    now: dict[int, int] = {}
    box: dict[str, int] = {}
    for node in graph.nodes:
        path = place[node.id]
        if path and last.get(path) == node.id:
            box[path] = len(nodes) + 1
            nodes.append(_box(len(nodes) + 1, records[path], [graph.node(id) for id in results[path]]))
        elif not path and node.id not in hidden:
            now[node.id] = len(nodes) + 1
            nodes.append(replace(node, id=len(nodes) + 1))
    now.update((id, box[path]) for id, path in place.items() if path in box and id not in hidden)
    return replace(
        graph,
        nodes=tuple(nodes),
        edges=tuple(_edges(graph, place, now)),
        outputs=tuple(dict.fromkeys(now[id] for id in graph.outputs)),
        clusters=in_use(graph.clusters, nodes),
    )


def _box(id: int, cluster: Cluster, results: list[PlainNode]) -> PlainNode:
    """A closed cluster as a node; it has a value and a gradient if it has one result."""
    only = results[0] if len(results) == 1 else None
    return PlainNode(
        id,
        "module",
        cluster.path,
        value=only.value if only else None,
        gradient=only.gradient if only else None,
        requires_grad=any(node.requires_grad for node in results),
        carries=any(node.carries for node in results),
        layer=max((node.layer for node in results), default=0),
        cluster=cluster.parent,
        opens=cluster.path,
    )


def _edges(graph: Graph, place: dict[int, str], now: dict[int, int]) -> Iterable[Edge]:
    """The arrows between what is left: those inside a box are gone, those from one node into a box are one."""
    met: set[tuple[int, str]] = set()
    arriving: Counter[str] = Counter()
    edges = []
    for edge in graph.edges:
        source, target = place[edge.source], place[edge.target]
        if edge.source not in now or (source and source == target):
            continue
        moved = replace(edge, source=now[edge.source], target=now[edge.target])
        if source:
            moved = replace(moved, value=edge.value or graph.node(edge.source).value)
        if target:
            if (edge.source, target) in met:
                continue
            met.add((edge.source, target))
            moved = replace(moved, slot=arriving[target], local=None, contribution=None)
            arriving[target] += 1
        edges.append(moved)
    return sorted(edges, key=lambda edge: (edge.target, edge.slot))


def what_is_hidden(graph: Graph) -> str:
    """A line on the boxes of a graph: how much they hide and how they open; "" where there are none."""
    records = {cluster.path: cluster for cluster in graph.clusters}
    boxes = [records[node.opens] for node in graph.nodes if node.opens]
    if not boxes:
        return ""
    hidden = sum(box.nodes * prod(records[path].times for path in enclosing(box.path, records)) for box in boxes)
    line = f"{plural(len(boxes), 'box of a module hides', 'boxes of modules hide')} {plural(hidden, 'node')}"
    if TOO_LARGE in graph.notes:
        return line + "."
    depth = 1 + min(_levels(graph)[box.path] for box in boxes)
    if len(boxes) == 1:
        return f"{line}: depth={depth} opens it."
    return f"{line}: depth={depth} opens them, expand={{{boxes[0].path!r}}} one."
