"""Reading a plain graph from its JSON form, and checking it.

`graph.schema.json` beside this file is the published schema; a test compares it with `FORMAT.schema()`.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from graphlib import CycleError, TopologicalSorter

from ..._support.json_records import Wrong, shown
from ...engine.messages import short
from ...errors import GraphError
from ..palette import in_hex
from ..plain import FORMAT, Graph

__all__ = ["FORMAT", "check", "read"]


def read(source: str | os.PathLike[str]) -> Graph:
    """The graph that a JSON text describes, or the file at a path. Nothing in it is ever executed.

    Raises `GraphError` if the text is truncated, is of another version, or breaks the format anywhere; and `OSError`
    where the file cannot be read.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, name="x")
    >>> graph = tg.draw(x * x).graph
    >>> tg.graph.read(graph.json()) == graph
    True
    >>> tg.graph.read('{"format": "tinygrad_edu.graph", "version": 2}')
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.GraphError: read: this is version 2 of the format, and version 1 is what can be read here
    """
    if not isinstance(source, (str, os.PathLike)):
        raise GraphError(f"read: takes a text of JSON, or the path of a file, not {short(source)}")
    try:
        graph: Graph = FORMAT.read(source, "graph")
        check(graph)
    except Wrong as wrong:
        raise GraphError(f"read: {wrong}") from None
    return graph


def check(graph: Graph) -> None:
    """Check what the types do not say; raises `Wrong`.

    Ids count from 1, everything that is referred to exists, no cluster lies in itself, no arrows lead in a circle, and
    colours are like #rrggbb.
    """
    for position, node in enumerate(graph.nodes, 1):
        if node.id != position:
            raise Wrong(f"graph.nodes[{position - 1}].id is {node.id}, and ids count from 1")
    for name, parts in (("nodes", graph.nodes), ("edges", graph.edges)):
        paired = [part.pair is not None for part in parts]
        if paired != sorted(paired):
            raise Wrong(f"graph.{name} with a pair stand before some without one")
        for i, colour in enumerate([part.colour for part in parts]):
            if colour and in_hex(colour) != colour:
                raise Wrong(f"graph.{name}[{i}].colour is {shown(colour)}, and a colour is like #rrggbb")
    for where, reference, known in _references(graph):
        if reference is not None and reference not in known:
            raise Wrong(f"{where} is {shown(reference)}, and there is none of that name or number")
    before = {""}
    for i, cluster in enumerate(graph.clusters):
        if cluster.parent not in before or cluster.path in before:
            raise Wrong(f"graph.clusters[{i}] comes before the one around it, or again")
        before.add(cluster.path)
    arrows_of: TopologicalSorter[int] = TopologicalSorter()
    for edge in graph.edges:
        if not edge.recurrent:
            arrows_of.add(edge.target, edge.source)
    try:
        arrows_of.prepare()
    except CycleError as error:
        raise Wrong(f"graph.edges lead in a circle, through the nodes {shown(error.args[1])}") from None


def _references(graph: Graph) -> Iterator[tuple[str, int | str | None, Container[int | str]]]:
    """Every reference to a node, an arrow or a cluster: its place, its value, and the values that it may have."""
    ids = range(1, len(graph.nodes) + 1)
    forward = range(1, 1 + sum(node.pair is None for node in graph.nodes))  # those that have no pair stand first
    arrows = range(1, 1 + sum(edge.pair is None for edge in graph.edges))
    paths = {cluster.path for cluster in graph.clusters}
    for i, id in enumerate(graph.outputs):
        yield f"graph.outputs[{i}]", id, ids
    for i, node in enumerate(graph.nodes):
        yield f"graph.nodes[{i}].of", node.of, ids
        yield f"graph.nodes[{i}].pair", node.pair, forward
        yield f"graph.nodes[{i}].cluster", node.cluster or None, paths
        yield f"graph.nodes[{i}].opens", node.opens, paths
    for i, edge in enumerate(graph.edges):
        yield f"graph.edges[{i}].source", edge.source, ids if edge.pair else forward
        yield f"graph.edges[{i}].target", edge.target, ids if edge.pair else forward
        yield f"graph.edges[{i}].pair", edge.pair, arrows
    for i, cluster in enumerate(graph.clusters):
        yield f"graph.clusters[{i}].parent", cluster.parent or None, paths
