"""The text of DOT and Mermaid: the lines in a box, the words on an arrow, and the boxes in their clusters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..._support.grouping import grouped
from ..._support.languages import counted
from ..names import partial
from ..numbers import RAISED
from ..picture.card import attrs_of, sign_of
from ..picture.style import kind_of
from ..plain import Cluster, Edge, Graph, PlainNode, Quantity

__all__ = ["cluster_title", "edge_words", "node_lines", "outline"]


def node_lines(node: PlainNode, graph: Graph) -> list[str]:
    """The lines in a box."""
    value, label = node.value, node.shown or node.label
    low = f" over {node.over}" if node.over else ""
    sign = sign_of(node, graph)
    lines = [f"= {node.formula}"] if node.formula else [sign + low] if sign else []
    lines += attrs_of(node)
    if value is None or node.kind in ("constant", "alias"):
        lines.append(label)
    elif value.is_number:
        lines.append(f"{label} = {value.text()}")
    else:
        unnamed = graph.mode == "architecture" and node.opens
        kind = kind_of(value, 0.0, "" if unnamed else " ", dtype=True)
        space = re.sub(r"\^\{(.*)\}", lambda power: power[1].translate(RAISED), kind.text)
        lines.append(space if unnamed else label + space)
        lines += [value.range()] if value.dtype and kind.style == "muted" else []
    if node.opens is not None:
        lines.insert(0, cluster_title(graph.cluster(node.opens)))
    if node.gradient is not None and graph.mode != "both":  # in such a graph it has a box of its own
        lines.append(f"{partial(graph.of, node.label)} = {_short(node.gradient)}")
    lines += [f"{partial(of, node.label)} = {_short(gradient)}" for of, gradient in node.further]
    lines += [f".grad = {_short(node.grad)}"] if node.kept else []
    lines += [f"{what}: {count:,}" for what, count in node.contents]
    lines += [node.note] if node.note else []
    return lines + ([node.mark] if node.mark else [])


def _short(quantity: Quantity | None) -> str:
    """A number, or the range of an array."""
    if quantity is None:
        return "None"
    return quantity.text() if quantity.is_number else quantity.range()


def cluster_title(cluster: Cluster) -> str:
    """The title of a cluster: `features.0: Conv2d(1, 6, kernel_size=5)`, and how many it stands for."""
    name = cluster.path.partition("#")[0]
    if cluster.title in ("", name):  # a function is called as it is
        title = cluster.path
    else:
        title = cluster.title if cluster.title.startswith(f"{name}(") else f"{cluster.path}: {cluster.title}"
    return title + (f" × {cluster.times:,}" if cluster.times > 1 else "")


def edge_words(edge: Edge, graph: Graph) -> str:
    """The words on an arrow: the number of the operand where order matters, the shape of the array."""
    words = [f"{edge.slot + 1}"] if graph.node(edge.target).ordered else []
    words += [edge.value.kind(dtype=False)] if edge.value is not None and edge.value.shape else []
    words += [counted(edge.times, "{n} arrow", "{n} arrows")] if edge.times > 1 else []
    words += ["next"] if edge.recurrent else []
    words += [edge.note] if edge.note else []
    return ", ".join([*words, *([edge.mark] if edge.mark else [])])


def outline(graph: Graph) -> Iterator[PlainNode | Cluster | None]:
    """The boxes in their clusters: each cluster that is not empty, the boxes in it, and None where it ends."""
    inside: dict[str, list[PlainNode | Cluster]] = grouped((node.cluster, node) for node in graph.nodes)
    parents = {cluster.path: cluster.parent for cluster in graph.clusters}
    used = set(inside)
    for path in reversed(parents):  # inner ones first: a cluster around one that is not empty is not empty
        if path in used:
            used.add(parents[path])
    for cluster in graph.clusters:
        if cluster.path in used:
            inside.setdefault(cluster.parent, []).append(cluster)
    todo: list[PlainNode | Cluster | None] = [*reversed(inside.get("", []))]
    while todo:
        item = todo.pop()
        yield item
        if isinstance(item, Cluster):
            todo += [None, *reversed(inside.get(item.path, []))]
