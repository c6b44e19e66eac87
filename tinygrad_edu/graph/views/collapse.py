"""Closed clusters: everything that one call made, as one box that says what it hides, and that can open again.

How deep a picture opens is one number: at depth 0 every outermost call is a box, at depth 1 every call inside these,
and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from math import prod

from ..._support.languages import counted, say, texts
from ...engine.node import Node
from ...errors import OutOfRangeError
from ..clusters import Cluster, enclosing
from ..plain import Edge, Graph, PlainNode
from ..recorded import Recorded, assembled
from ..transcribe import constant, describe

__all__ = ["TOO_LARGE", "close", "depth_of", "huge", "in_use", "opened", "what_is_hidden"]

PARALLEL = 8
"""More arrows than this from one box to another are one."""

MANY = 150
"""More leaves than this that only boxes use are hidden in them, as parameters are."""

TOO_LARGE = texts(
    "The graph is too large to show gradients, and what is inside its modules; depth='all' draws everything."
)
"""The note of a graph that was made without these."""

UNSHOWN = texts(("{n} leaf that only boxes use are not shown.", "{n} leaves that only boxes use are not shown."))


def depth_of(clusters: Sequence[Cluster]) -> int:
    """The depth at which every cluster is open: how many of them lie in each other."""
    return max(_levels(clusters).values(), default=-1) + 1


def _levels(clusters: Iterable[Cluster]) -> dict[str, int]:
    """How many clusters lie around each."""
    level = {"": -1}
    for cluster in clusters:
        level[cluster.path] = level[cluster.parent] + 1
    return level


def opened(clusters: Sequence[Cluster], depth: int, expand: Collection[str] = ()) -> set[str]:
    """The clusters that are open at a depth, and those that are named in `expand`, with all around them.

    A name stands for all calls of the module or function. Raises `OutOfRangeError` for a name that does not exist.
    """
    level = _levels(clusters)
    around = {cluster.path: cluster.parent for cluster in clusters}
    result = {path for path in around if level[path] < depth}
    for name in expand:
        called = [path for path in around if name in (path, path.partition("#")[0])]
        if not called:
            raise OutOfRangeError(f"draw: {_unknown(name, list(dict.fromkeys(p.partition('#')[0] for p in around)))}")
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


def _box_of(clusters: Iterable[Cluster], open_ones: Collection[str]) -> dict[str, str]:
    """For each cluster, the outermost closed one around it, which is drawn as a box; "" where all are open."""
    box_of = {"": ""}
    for cluster in clusters:
        box_of[cluster.path] = box_of[cluster.parent] or ("" if cluster.path in open_ones else cluster.path)
    return box_of


def in_use(clusters: Sequence[Cluster], nodes: Iterable[PlainNode]) -> tuple[Cluster, ...]:
    """The clusters that the nodes lie in or stand for, and those around them."""
    records = {cluster.path: cluster for cluster in clusters}
    used: set[str] = set()
    for node in nodes:
        used.update(enclosing(node.cluster, records), [node.opens] if node.opens else [])
    return tuple(cluster for cluster in clusters if cluster.path in used)


def renumbered(
    graph: Graph, nodes: Sequence[PlainNode], edges: Iterable[Edge], outputs: Iterable[int], clusters: Sequence[Cluster]
) -> Graph:
    """The graph of these nodes, with ids from 1 on in their order, and of these arrows between them."""
    now = {node.id: id for id, node in enumerate(nodes, 1)}
    moved = (replace(edge, source=now[edge.source], target=now[edge.target]) for edge in edges)
    return replace(
        graph,
        nodes=tuple(replace(node, id=now[node.id], of=node.of and now.get(node.of)) for node in nodes),
        edges=tuple(sorted(moved, key=lambda edge: (edge.target, edge.slot, edge.recurrent))),
        outputs=tuple(dict.fromkeys(now[id] for id in outputs)),
        clusters=in_use(clusters, nodes),
    )


def close(graph: Graph, open_ones: Collection[str]) -> Graph:
    """The graph with every cluster that is not open as one box of kind "module".

    Parameters and buffers, and in a backward graph the numbers of the forward pass, go into the box if only boxes use
    them; and so do other leaves, if they are very many. Arrows into a box from the same node become one.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> @tg.block
    ... def neuron(w, x):
    ...     return (w * x).tanh()
    >>> graph = plain(neuron(tg.Value(2.0, "w"), tg.Value(3.0, "x")))
    >>> [(node.kind, node.label) for node in close(graph, ()).nodes]
    [('leaf', 'w'), ('leaf', 'x'), ('module', 'neuron')]
    """
    box_of = _box_of(graph.clusters, open_ones)
    if not any(box_of.values()):
        return graph
    place = {node.id: box_of[node.cluster] for node in graph.nodes}
    hidden, notes = _only_in_boxes(graph, place)
    results = _results(graph, place)
    records = {cluster.path: cluster for cluster in graph.clusters}
    shown = [node for node in graph.nodes if node.id not in hidden]
    last = {place[node.id]: node.id for node in shown}  # of each box, the node in whose place it stands
    now = {node.id: last[path] if (path := place[node.id]) else node.id for node in shown}
    nodes = [
        _box(node.id, records[path], [graph.node(id) for id in results[path]]) if (path := place[node.id]) else node
        for node in shown
        if now[node.id] == node.id
    ]
    closed = replace(graph, notes=(*graph.notes, *notes))
    outputs = (now[id] for id in graph.outputs)
    return renumbered(closed, nodes, _edges(graph, place, now, results), outputs, graph.clusters)


def _only_in_boxes(graph: Graph, place: dict[int, str]) -> tuple[set[int], list[str]]:
    """The nodes that are hidden in the boxes that use them, and a line on those that a reader may miss."""
    used_outside = {edge.source for edge in graph.edges if not place[edge.target]}
    used = {edge.source for edge in graph.edges}
    in_boxes = [node for node in graph.nodes if node.id in used and node.id not in used_outside]
    leaves = [node.id for node in in_boxes if node.kind == "leaf" and not node.owned and not place[node.id]]
    hidden = {node.id for node in in_boxes if node.owned or node.kind == "forward"}
    return (hidden, []) if len(leaves) <= MANY else (hidden | {*leaves}, [counted(len(leaves), *UNSHOWN)])


def _results(graph: Graph, place: dict[int, str]) -> dict[str, dict[int, None]]:
    """For each box, the nodes in it that something outside uses, and the outputs."""
    results: dict[str, dict[int, None]] = {path: {} for path in place.values() if path}
    for edge in graph.edges:
        if place[edge.source] and place[edge.source] != place[edge.target]:
            results[place[edge.source]][edge.source] = None
    for id in graph.outputs:
        if place[id]:
            results[place[id]][id] = None
    return results


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
        result=only.label if only else "",
    )


def _edges(
    graph: Graph, place: dict[int, str], now: dict[int, int], results: Mapping[str, Collection[int]]
) -> Iterable[Edge]:
    """The arrows that remain: those inside a box are gone, and those from one node into one box are one.

    One into a box has a rule where that is all of the way through the box: from its only result.
    """
    met: set[tuple[int | str, str]] = set()
    arriving: Counter[str] = Counter()
    edges = []
    ways = {(edge.source, place[edge.target]) for edge in graph.edges if place[edge.source] and place[edge.target]}
    parallel = Counter((place[source], target) for source, target in ways)
    uses = Counter((edge.source, place[edge.target]) for edge in graph.edges)
    for edge in graph.edges:
        source, target = place[edge.source], place[edge.target]
        if edge.source not in now or (source and source == target):
            continue
        moved = replace(edge, source=now[edge.source], target=now[edge.target])
        if source:
            moved = replace(moved, value=edge.value or graph.node(edge.source).value)
        if target:
            many = parallel[source, target] > PARALLEL
            origin = source if many else edge.source
            if (origin, target) in met:
                continue
            met.add((origin, target))
            moved = replace(moved, value=None) if many else moved
            through = list(results[target]) == [edge.target] and uses[edge.source, target] == 1
            rule = edge.rule if through else None
            moved = replace(moved, slot=arriving[target], local=None, contribution=None, rule=rule)
            arriving[target] += 1
        edges.append(moved)
    return edges


def what_is_hidden(graph: Graph) -> str:
    """A line on the closed clusters of a graph: how much they hide and how they open; "" where none is closed."""
    records = {cluster.path: cluster for cluster in graph.clusters}
    closed = [records[node.opens] for node in graph.nodes if node.opens and records[node.opens].nodes]
    if not closed:
        return ""
    hidden = sum(one.nodes * prod(records[path].times for path in enclosing(one.path, records)) for one in closed)
    nodes = counted(hidden, "{n} node", "{n} nodes")
    line = counted(len(closed), "{n} box of a module hides {nodes}", "{n} boxes of modules hide {nodes}", nodes=nodes)
    if say(TOO_LARGE) in graph.notes:
        return say("{summary}.", summary=line)
    level = _levels(graph.clusters)
    depth = 1 + min(level[one.path] for one in closed)
    if len(closed) == 1:
        return say("{line}: {code} opens it.", line=line, code=f"depth={depth}")
    text = texts("{line}: {code} opens them, {other} one.")
    return say(text, line=line, code=f"depth={depth}", other=f"expand={{{closed[0].path!r}}}")


# Graphs of so many nodes that no plain graph of the whole is made.


def huge(recorded: Recorded, limit: int) -> Graph | None:
    """A graph of very many nodes with its clusters closed, so deep that no more than `limit` boxes are left.

    Only what the picture can show is described: nodes outside of the closed clusters, and what leads into and out of
    these. None if there are no clusters, or not enough. The time is linear in the number of nodes.
    """
    nodes, clusters = recorded.nodes, recorded.clusters
    for depth in range(depth_of(clusters.records) - 1, -1, -1):
        open_ones = opened(clusters.records, depth)
        box_of = _box_of(clusters.records, open_ones)
        home = {node: box_of[clusters.path.get(node, "")] for node in nodes}
        left = sum(not path for path in home.values()) + len(set(home.values()))
        if left <= limit:
            return close(_without_insides(recorded, home), open_ones)
    return None


def _without_insides(recorded: Recorded, home: dict[Node, str]) -> Graph:
    """The graph without what is inside boxes: of each, only the results; all that leads into it leads to the last.

    `home` is the box that each node lies in; "" for none.
    """
    nodes, names, clusters = recorded.nodes, recorded.names, recorded.clusters
    results = {
        x: None for node in nodes for x in node.inputs if isinstance(x, Node) and home[x] not in ("", home[node])
    }
    results[recorded.output] = None
    last = {home[node]: node for node in sorted(results, key=lambda node: node.index)}
    described: list[PlainNode] = []
    ids: dict[Node, int] = {}
    arrows: list[tuple[int, Node, int]] = []
    met: set[tuple[Node, str]] = set()
    for node in nodes:
        box, cluster = home[node], clusters.path.get(node, "")
        for slot, x in enumerate(node.inputs):
            if isinstance(x, Node):
                if not box or (home[x] != box and (x, box) not in met):
                    met.add((x, box))
                    arrows.append((ids[x], last[box] if box else node, slot if not box else len(arrows)))
            elif not box:
                described.append(constant(len(described) + 1, x, cluster))
                arrows.append((len(described), node, slot))
        if not box or node in results:
            ids[node] = len(described) + 1
            shown = describe(ids[node], node, names[node])
            described.append(replace(shown, cluster=cluster, owned=node in clusters.names))
    edges = (Edge(source, ids[target], slot) for source, target, slot in arrows)
    return assembled(recorded, described, edges, notes=(say(TOO_LARGE),))
