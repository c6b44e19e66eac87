"""Forward and backward in one graph: each node is paired with its gradient, each arrow with the one that leads back.

Textbooks draw it so: the graph, and below it the same graph once more, in which each box is the gradient of the box
above and each arrow runs the other way. An arrow of the second half is one step of the chain rule, upstream gradient ·
local derivative of the arrow above = contribution. Where several arrows meet, the box is their sum.
"""

from __future__ import annotations

from dataclasses import replace

from ..._support.languages import say
from ..names import partial
from ..plain import Edge, Graph, PlainNode

__all__ = ["paired"]


def paired(graph: Graph) -> Graph:
    """A forward graph and the gradients that are known of its nodes, those of the youngest nodes first, as they arise.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> x, w = tg.Value(2.0, name="x"), tg.Value(4.0, name="w")
    >>> z = x * w
    >>> z.name = "z"
    >>> both = paired(plain(z))
    >>> for edge in both.edges:
    ...     print(both.node(edge.source).label, "→", both.node(edge.target).label)
    x → z
    w → z
    ∂z/∂z → ∂z/∂w
    ∂z/∂z → ∂z/∂x
    """
    back: dict[int, list[int]] = {}  # of each node, the numbers of the arrows along which its gradient arrives
    begins = set(graph.outputs)  # the nodes whose gradients others come from; in a part of a graph, not only outputs
    for number, edge in enumerate(graph.edges, 1):
        if _leads_back(edge, graph):
            back.setdefault(edge.source, []).append(number)
            begins.add(edge.target)
    gradient_of: dict[int, int] = {}
    nodes = [replace(node, kept=None, grad=None) for node in graph.nodes]  # it stands beside the gradient
    for node in reversed(graph.nodes):
        if node.id in back or node.id in begins:  # the others have no gradient
            gradient_of[node.id] = len(nodes) + 1
            nodes.append(_gradient(len(nodes) + 1, node, graph, met=len(back.get(node.id, ()))))
    edges = [
        replace(
            graph.edges[number - 1],
            source=gradient_of[graph.edges[number - 1].target],
            target=gradient,
            slot=slot,
            pair=number,
            value=None,
        )
        for node, gradient in gradient_of.items()
        for slot, number in enumerate(back.get(node, ()))
    ]
    nodes = [
        replace(node, of=gradient_of.get(node.of)) if node.pair and node.kind == "alias" and node.of else node
        for node in nodes
    ]
    return replace(
        graph,
        mode="both",
        title=say("{title}, and how the gradients of {of} flow back through it", title=graph.title, of=graph.of),
        nodes=tuple(nodes),
        edges=(*graph.edges, *edges),
    )


def _leads_back(edge: Edge, graph: Graph) -> bool:
    """Whether a gradient flows back along this arrow; a closed cluster passes it on, and hides how."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    if edge.recurrent or edge.contribution is not None:
        return not edge.recurrent
    if source.kind == "group":
        return bool(source.contents)  # constants have none
    return target.kind in ("module", "group") and source.gradient is not None


def _label(node: PlainNode, graph: Graph) -> str:
    """∂z/∂q; of a closed cluster, the derivative by its result. What has several results has no one derivative."""
    if node.kind == "group" or (node.kind == "module" and not node.result):
        return f"through {node.label}"
    return partial(graph.of, node.result or node.label)


def _gradient(id: int, node: PlainNode, graph: Graph, met: int) -> PlainNode:
    """The box of a node's gradient: a sum where several contributions meet, unless they are to several results."""
    met = min(met, 1) if node.kind == "module" and not node.result else met
    common = PlainNode(
        id=id,
        kind=node.kind if node.kind in ("alias", "group") else "operation" if met > 1 else "gradient",
        label=_label(node, graph),
        value=node.gradient,
        requires_grad=True,
        carries=True,
        layer=node.layer + 1,
        pair=node.id,
        source=node.source,
        of=node.of,
        kept=node.kept,
        grad=node.grad,
    )
    return replace(common, operation="add", symbol="+") if common.kind == "operation" else common
