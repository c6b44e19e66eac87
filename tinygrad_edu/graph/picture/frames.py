"""The frames of a picture: one around what an open module made, or around what is drawn once for many times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..clusters import Cluster, enclosing
from ..layout.geometry import Frame
from ..plain import Graph
from .card import Text

__all__ = ["framed", "frames_of", "title_of"]


def framed(graph: Graph) -> list[Cluster]:
    """The clusters with a frame: those with several boxes in them, and those that stand for many."""
    records = {cluster.path: cluster for cluster in graph.clusters}
    held = Counter(path for node in graph.nodes for path in enclosing(node.cluster, records))
    return [cluster for cluster in graph.clusters if held[cluster.path] > (1 if cluster.times == 1 else 0)]


def title_of(cluster: Cluster) -> tuple[Text, ...]:
    """What stands in the upper left corner of a frame."""
    times = Text("title", f"× {cluster.times:,}", 13.0)
    if cluster.kind == "repetition":
        return (times,)
    name, settings = cluster.title.partition("(")[::2]
    same = cluster.path.partition("#")[0] == name  # the path of an outermost module is its type already
    rest = f"({settings}" if settings and same else "" if same else f"  {cluster.title}"
    what = [Text("title", cluster.path, 13.0), *([Text("muted", rest, 12.0)] if rest else [])]
    return (*what, Text("title", "  ", 13.0), times) if cluster.times > 1 else tuple(what)


def frames_of(graph: Graph, edges: Sequence[tuple[int, int]], boxes: Sequence[int]) -> list[Frame]:
    """The frames for a layout whose boxes hold the nodes with these ids. `edges` leads through others, for labels.

    A label lies in every frame in which both ends of its arrow lie.
    """
    clusters = framed(graph)
    number = {cluster.path: i for i, cluster in enumerate(clusters)}
    records = {cluster.path: cluster for cluster in graph.clusters}
    ways: dict[int, list[int]] = {
        box: [number[path] for path in enclosing(graph.node(id).cluster, records) if path in number]
        for box, id in enumerate(boxes)
    }
    for source, label in edges:
        if label >= len(boxes):
            target = next(end for begin, end in edges if begin == label)
            ways[label] = [frame for frame in ways[source] if frame in ways[target]]
    inside: list[list[int]] = [[] for _ in clusters]
    for box, way in ways.items():
        if way:
            inside[way[0]].append(box)
    found = []
    for i, cluster in enumerate(clusters):
        parent = next((number[path] for path in enclosing(cluster.parent, records) if path in number), -1)
        title = title_of(cluster)
        size = sum(text.width for text in title), max(text.height for text in title) + 4
        found.append(Frame(tuple(inside[i]), parent, size))
    return found
