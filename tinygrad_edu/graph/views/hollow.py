"""A graph of very many nodes, as far as its modules go: closed so deep that a plain graph of the rest can be made.

Only what a picture can show is described: nodes outside the closed modules, and what leads into and out of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...engine.node import Node
from ..clusters import Clusters, find_clusters
from ..names import labels
from ..plain import Edge, Graph, PlainNode, constant, describe
from .boxes import TOO_LARGE, close, depth_of, opened

__all__ = ["hollow"]


def hollow(nodes: Sequence[Node], limit: int) -> Graph | None:
    """The graph of these nodes, in order of creation, closed until no more than `limit` boxes are left.

    None if there are no modules, or not enough. The time is linear in the number of nodes.
    """
    clusters = find_clusters(nodes)
    if not clusters.records:
        return None
    names = labels(nodes, known=clusters.names)
    empty = Graph(
        mode="forward",
        title=f"The computation graph of {names[nodes[-1]]}",
        nodes=(),
        edges=(),
        outputs=(),
        of=names[nodes[-1]],
        notes=(TOO_LARGE,),
        clusters=clusters.records,
    )
    for depth in range(depth_of(empty) - 1, -1, -1):
        open_ones = opened(empty, depth)
        box_of = {"": ""}
        for cluster in clusters.records:
            box_of[cluster.path] = box_of[cluster.parent] or ("" if cluster.path in open_ones else cluster.path)
        home = {node: box_of[clusters.path.get(node, "")] for node in nodes}
        left = sum(not path for path in home.values()) + len(set(home.values()))
        if left <= limit:
            return close(_without_insides(nodes, home, names, clusters, empty), open_ones)
    return None


def _without_insides(
    nodes: Sequence[Node], home: dict[Node, str], names: dict[Node, str], clusters: Clusters, empty: Graph
) -> Graph:
    """The graph without what is inside boxes: of each, only the results; all that leads into it leads to the last."""
    results = {
        x: None for node in nodes for x in node.inputs if isinstance(x, Node) and home[x] not in ("", home[node])
    }
    results[nodes[-1]] = None
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
    edges = tuple(Edge(source, ids[target], slot) for source, target, slot in arrows)
    return replace(empty, nodes=tuple(described), edges=edges, outputs=(ids[nodes[-1]],))
