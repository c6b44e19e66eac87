"""The open clusters of a picture: which have a frame, what stands in its corner, and their shapes for a layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..._support.grouping import grouped
from ..clusters import Cluster, enclosing
from ..layout.geometry import ClusterShape, Layout, Point
from ..plain import Graph
from .shapes import crossings
from .typeset import Text

__all__ = ["open_clusters", "shapes_of", "titles_of"]


def open_clusters(graph: Graph) -> list[Cluster]:
    """The clusters that are drawn around boxes: those with several boxes in them, and those that stand for many."""
    records = {cluster.path: cluster for cluster in graph.clusters}
    held = Counter(path for node in graph.nodes for path in enclosing(node.cluster, records))
    return [cluster for cluster in graph.clusters if held[cluster.path] > (1 if cluster.times == 1 else 0)]


def _title_of(cluster: Cluster) -> tuple[Text, ...]:
    """The title in the corner of an open cluster."""
    times = Text("title", f"× {cluster.times:,}", 13.0)
    if cluster.kind == "repetition":
        return (times,)
    name, bracket, arguments = cluster.title.partition("(")
    same = cluster.path.partition("#")[0] == name  # the path of an outermost module is its type already
    rest = bracket + arguments if same else f"  {cluster.title}"
    what = [Text("title", cluster.inside, 13.0), *([Text("muted", rest, 12.0)] if rest else [])]
    return (*what, Text("title", "  ", 13.0), times) if cluster.times > 1 else tuple(what)


Title = tuple[tuple[Text, ...], float, float]
"""The words of a title, and where they begin."""


def titles_of(graph: Graph, layout: Layout) -> Iterator[Title]:
    """The titles of the open clusters: in the upper left corner, or beside the arrows that come in there."""
    clusters = open_clusters(graph)
    records = {cluster.path: cluster for cluster in graph.clusters}
    ends = ((id, route) for edge, route in zip(graph.edges, layout.routes) for id in (edge.source, edge.target))
    of_path = grouped((path, route) for id, route in ends for path in enclosing(graph.node(id).cluster, records))
    for cluster, (left, top, right, _) in zip(clusters, layout.clusters):
        yield _placed(_title_of(cluster), of_path.get(cluster.path, ()), left + 9, right - 9, top)


def _placed(title: tuple[Text, ...], routes: Iterable[Sequence[Point]], left: float, right: float, top: float) -> Title:
    """A title where it lies on no arrow; if there is no room for its arguments, without them."""
    high = max(text.height for text in title)
    passing = sorted(crossings(routes, top + 3, top + 7 + high))
    short = tuple(text._replace(text=text.text.partition("(")[0]) for text in title)
    for words in (title, short):
        wide = sum(text.width for text in words)
        for x in (left, *(end + BESIDE for _, end in passing), right - wide):
            clear = all(end + BESIDE <= x or x + wide + BESIDE <= begin for begin, end in passing)
            if clear and left <= x <= max(left, right - wide):
                return words, x, top + 5 + high / 2
    return short, left, top + 5 + high / 2


BESIDE = 4.0
"""The room between a title and an arrow."""


def shapes_of(graph: Graph, edges: Sequence[tuple[int, int]], boxes: Sequence[int]) -> list[ClusterShape]:
    """The open clusters for a layout whose boxes hold the nodes with these ids.

    Boxes after these are labels, which `edges` lead through. A label lies in every cluster that holds both ends of its
    arrow.
    """
    clusters = open_clusters(graph)
    number = {cluster.path: i for i, cluster in enumerate(clusters)}
    records = {cluster.path: cluster for cluster in graph.clusters}
    ways: dict[int, list[int]] = {
        box: [number[path] for path in enclosing(graph.node(id).cluster, records) if path in number]
        for box, id in enumerate(boxes)
    }
    for source, label in edges:
        if label >= len(boxes):
            target = next(end for begin, end in edges if begin == label)
            ways[label] = [cluster for cluster in ways[source] if cluster in ways[target]]
    inside: list[list[int]] = [[] for _ in clusters]
    for box, way in ways.items():
        if way:
            inside[way[0]].append(box)
    shapes = []
    for held, cluster in zip(inside, clusters):
        parent = next((number[path] for path in enclosing(cluster.parent, records) if path in number), -1)
        title = _title_of(cluster)
        size = sum(text.width for text in title), max(text.height for text in title) + 4
        shapes.append(ClusterShape(tuple(held), parent, size))
    return shapes
