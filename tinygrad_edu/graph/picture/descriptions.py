"""Nodes, arrows and graphs in one line: for readers who do not see the picture, and for a pointer over a part."""

from __future__ import annotations

from ..._support.languages import counted, say, texts
from ..clusters import Cluster
from ..names import partial
from ..plain import Edge, Graph, PlainNode
from ..text import visible
from ..transcribe import switched_on
from .arrows import leads_back, local_symbol, quantity

__all__ = ["edge_in_words", "node_in_words", "summary"]


def node_in_words(node: PlainNode, graph: Graph) -> str:
    """A node in one line."""
    unsaid = node.value is None or node.kind == "constant" or not node.value.dtype
    parts = [node.label if unsaid or node.value is None else f"{node.label} = {node.value.text()}"]
    if node.value is not None and not node.value.is_number:
        parts.append(node.value.kind())
    if node.operation:
        attrs = ", ".join(f"{key}={value}" for key, value in switched_on(node.attrs))
        made_by = node.formula or (f"{node.operation} ({attrs})" if attrs else node.operation)
        parts.append(say("result of {operation}", operation=made_by))
    if node.gradient is not None:
        parts.append(f"{partial(graph.of, node.label)} = {node.gradient.text()}")
    parts += [f"{partial(of, node.label)} = {gradient.text()}" for of, gradient in node.further]
    if node.kept:
        parts.append(f".grad = {'None' if node.grad is None else node.grad.text()}")
    if node.kind == "alias":
        parts.append(say("drawn elsewhere too"))
    if node.kind == "gradient":
        parts.append(say("the gradient handed on unchanged"))
    if node.kind == "forward":
        parts.append(say("from the forward pass"))
    if node.opens is not None:
        parts += _module_words(graph.cluster(node.opens))
    if node.contents:
        parts.append(", ".join(f"{what}: {count:,}" for what, count in node.contents))
    if node.name and visible(node.name) != node.label:
        parts.append(say("named {name}", name=visible(node.name)))
    if node.source:
        parts.append(": ".join(map(visible, node.source)).rstrip(": "))
    return say("; ").join(parts)


def _module_words(cluster: Cluster) -> list[str]:
    words = [cluster.title, counted(cluster.parameters, "{n} parameter", "{n} parameters")]
    words += [counted(cluster.nodes, "{n} node inside", "{n} nodes inside")] if cluster.nodes else []
    return words + ([say("{n} times in a row", n=f"{cluster.times:,}")] if cluster.times > 1 else [])


def edge_in_words(edge: Edge, graph: Graph) -> str:
    """An arrow in one line."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    parts = [say("{arrow}, operand {n}", arrow=f"{source.label} → {target.label}", n=edge.slot + 1)]
    adds = edge.contribution.text() if edge.contribution is not None else None
    if leads_back(edge, graph):
        if edge.rule is not None:
            parts.append(say("{rule}, where {g} is {name}", rule=edge.rule, g=graph.upstream, name=source.label))
        if edge.local is not None:
            parts.append(say("local derivative {number}", number=edge.local.text()))
        if adds is not None:
            parts.append(say("adds {number}", number=adds))
    else:
        if edge.local is not None:
            symbol = local_symbol(edge, graph)
            parts.append(f"{symbol} = {edge.local.text()}" if symbol else edge.local.text())
        if adds is not None and quantity(source):
            parts.append(say("adds {number} to {gradient}", number=adds, gradient=partial(graph.of, quantity(source))))
        elif adds is not None:
            parts.append(say("adds {number}", number=adds))
    return say("; ").join(parts)


COUNTS = texts(
    {
        "leaf": ("{n} leaf", "{n} leaves"),
        "constant": ("{n} constant", "{n} constants"),
        "operation": ("{n} operation", "{n} operations"),
        "forward": ("{n} forward number", "{n} forward numbers"),
        "module": ("{n} closed module", "{n} closed modules"),
        "group": ("{n} group", "{n} groups"),
        "gradient": ("{n} gradient handed on", "{n} gradients handed on"),
        "pair": ("{n} gradient", "{n} gradients"),
    }
)
"""One and many nodes of a kind."""
LAYERS = texts(("{n} layer", "{n} layers"))


def summary(graph: Graph) -> str:
    """The graph in one line: how much of what."""
    kinds = [node.kind if node.pair is None else "pair" for node in graph.nodes]
    names = COUNTS | {"module": LAYERS} if graph.mode == "architecture" else COUNTS
    counts = [counted(kinds.count(kind), *words) for kind, words in names.items() if kind in kinds]
    arrows = counted(len(graph.edges), "{n} arrow", "{n} arrows")
    return say("{nodes}; {arrows}", nodes=say(", ").join(counts), arrows=arrows)
