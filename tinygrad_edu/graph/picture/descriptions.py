"""Nodes, arrows and graphs in one line: for readers who do not see the picture, and for a pointer over a part."""

from __future__ import annotations

from ..clusters import Cluster
from ..names import partial
from ..plain import Edge, Graph, PlainNode
from ..text import plural, visible
from .arrows import leads_back, local_symbol

__all__ = ["edge_in_words", "node_in_words", "summary"]


def node_in_words(node: PlainNode, graph: Graph) -> str:
    """A node in one line."""
    unsaid = node.value is None or node.kind == "constant" or not node.value.dtype
    parts = [node.label if unsaid or node.value is None else f"{node.label} = {node.value.text()}"]
    if node.value is not None and not node.value.is_number:
        parts.append(node.value.kind())
    if node.operation:
        attrs = ", ".join(f"{key}={value}" for key, value in node.attrs)
        parts.append(f"result of {node.operation}" + (f" ({attrs})" if attrs else ""))
    if node.gradient is not None:
        parts.append(f"{partial(graph.of, node.label)} = {node.gradient.text()}")
    parts += [f"{partial(of, node.label)} = {gradient.text()}" for of, gradient in node.further]
    if node.kept:
        parts.append(f".grad = {'None' if node.grad is None else node.grad.text()}")
    if node.kind == "alias":
        parts.append("drawn elsewhere too")
    if node.kind == "gradient":
        parts.append("the gradient handed on unchanged")
    if node.kind == "forward":
        parts.append("from the forward pass")
    if node.opens is not None:
        parts += _module_words(graph.cluster(node.opens))
    if node.contents:
        parts.append(", ".join(f"{what}: {count:,}" for what, count in node.contents))
    if node.name and visible(node.name) != node.label:
        parts.append(f"named {visible(node.name)}")
    if node.source:
        parts.append(": ".join(map(visible, node.source)).rstrip(": "))
    return "; ".join(parts)


def _module_words(cluster: Cluster) -> list[str]:
    words = [cluster.title, plural(cluster.parameters, "parameter")]
    words += [f"{plural(cluster.nodes, 'node')} inside"] if cluster.nodes else []
    return words + ([f"{cluster.times:,} times in a row"] if cluster.times > 1 else [])


def edge_in_words(edge: Edge, graph: Graph) -> str:
    """An arrow in one line."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    words = f"{source.label} → {target.label}, operand {edge.slot + 1}"
    if leads_back(edge, graph):
        if edge.rule is not None:
            words += f"; {edge.rule}, where g is {source.label}"
        if edge.local is not None:
            words += f"; local derivative {edge.local.text()}"
        return words + (f"; adds {edge.contribution.text()}" if edge.contribution is not None else "")
    if edge.local is not None:
        words += f"; {local_symbol(edge, graph)} = {edge.local.text()}"
    if edge.contribution is not None:
        words += f"; adds {edge.contribution.text()} to {partial(graph.of, source.label)}"
    return words


def summary(graph: Graph) -> str:
    """The graph in one line: how much of what."""
    kinds = [node.kind if node.pair is None else "pair" for node in graph.nodes]
    counts = [
        plural(kinds.count(kind), *words)
        for kind, words in {
            "leaf": ("leaf", "leaves"),
            "constant": ("constant",),
            "operation": ("operation",),
            "forward": ("forward number",),
            "module": ("layer" if graph.mode == "architecture" else "closed module",),
            "group": ("group",),
            "gradient": ("gradient handed on", "gradients handed on"),
            "pair": ("gradient",),
        }.items()
        if kind in kinds
    ]
    return f"{', '.join(counts)}; {plural(len(graph.edges), 'arrow')}"
