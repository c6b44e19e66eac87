"""The plain graph in Graphviz's language, for who wants to go on from there: labels, shapes, operand numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .card import in_words, pretty, settings_of
from .layout import Direction
from .plain import Graph, PlainNode
from .text import visible

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["digraph"]

SHAPES = {
    "leaf": {"shape": "box", "style": "rounded"},
    "gradient": {"shape": "box", "style": "rounded"},
    "alias": {"shape": "box", "style": "rounded,dashed"},
    "forward": {"shape": "box", "style": "dashed"},
    "constant": {"shape": "octagon"},
    "operation": {"shape": "box"},
    "module": {"shape": "box", "style": "rounded,bold"},
    "group": {"shape": "box3d"},
}


def digraph(graph: Graph, direction: Direction) -> Digraph:
    """A `graphviz.Digraph` of the graph; its `source` is the DOT text.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.plain import plain
    >>> x = tg.Value(3.0, name="x")
    >>> print(*digraph(plain(x * x, gradients=False), "LR"), sep="")
    digraph {
        graph [fontname=Helvetica rankdir=LR tooltip="The computation graph of v1"]
        node [fontname=Helvetica fontsize=12]
        edge [color="#6b7785" fontname=Helvetica fontsize=10]
        n1 [label="x = 3" shape=box style=rounded tooltip="x = 3"]
        n2 [label="×\\nv1 = 9" peripheries=2 shape=box tooltip="v1 = 9; result of multiply"]
        n1 -> n2
        n1 -> n2
    }
    """
    try:
        from graphviz import Digraph
    except ImportError:
        raise ImportError("DOT is written with the Python package graphviz: pip install graphviz") from None
    dot = Digraph(
        graph_attr={"fontname": "Helvetica", "rankdir": direction, "tooltip": _literal(graph.title)},
        node_attr={"fontname": "Helvetica", "fontsize": "12"},
        edge_attr={"fontname": "Helvetica", "fontsize": "10", "color": "#6b7785"},
    )
    for node in graph.nodes:
        attributes = dict(SHAPES[node.kind], tooltip=_literal(in_words(node, graph)))
        if node.id in graph.outputs:
            attributes["peripheries"] = "2"
        dot.node(f"n{node.id}", label=_lines(_label(node, graph)), **attributes)
    for edge in graph.edges:
        numbered = {"headlabel": f" {edge.slot + 1} "} if graph.node(edge.target).ordered else {}
        dot.edge(f"n{edge.source}", f"n{edge.target}", **numbered)
    if graph.notes:
        dot.attr("graph", label=_lines(list(graph.notes)), labelloc="b")
    return dot


def _label(node: PlainNode, graph: Graph) -> list[str]:
    """What stands in a box, line by line."""
    value = node.value
    lines = [pretty(node.symbol)] if node.symbol else []
    lines += settings_of(node)
    if value is None or node.kind in ("constant", "alias"):
        lines.append(node.label)
    elif value.is_number:
        lines.append(f"{node.label} = {value.text(4)}")
    else:
        lines += [f"{node.label} {value.kind()}", value.range()]
    if node.gradient is not None:
        shown = node.gradient.text(4) if node.gradient.is_number else node.gradient.range()
        lines.append(f"∂{graph.of}/∂{node.label} = {shown}")
    return lines + [f"{what}: {count:,}" for what, count in node.contents]


def _literal(text: str) -> str:
    """Text that Graphviz shows as it is: no escape such as `\\N`, no entity such as `&lt;`, no HTML."""
    from graphviz import escape

    literal: str = escape(visible(text).replace("&", "&amp;"))
    return literal


def _lines(lines: list[str]) -> str:
    """Several lines of literal text as one label."""
    from graphviz import nohtml

    label: str = nohtml("\\n".join(map(_literal, lines)))
    return label
