"""The plain graph in Graphviz's language: labels, shapes, clusters, numbers of operands."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING

from ..layout.geometry import Direction
from ..palette import LIGHT
from ..picture.bold import parts_of
from ..picture.descriptions import node_in_words
from ..picture.paint import ink_on
from ..picture.style import Style, in_short
from ..plain import Cluster, Graph, PlainNode
from ..text import visible
from .outline import cluster_title, edge_words, node_lines, outline

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
    "module": {"shape": "box3d"},
    "group": {"shape": "box3d"},
}

MARKS = {
    "missing": {"style": "dashed", "color": LIGHT["slope"], "fontcolor": LIGHT["slope"]},
    "extra": {"style": "bold", "color": LIGHT["ink"], "fontcolor": LIGHT["ink"]},
    "changed": {"style": "bold", "color": LIGHT["second"], "fontcolor": LIGHT["second"]},
}
"""The attributes of what differs between two graphs; its label says how."""


def digraph(graph: Graph, direction: Direction, bold: Collection[str] = (), style: Style = "full") -> Digraph:
    """A `graphviz.Digraph` of the graph, with these names in bold; its `source` is the DOT text.

    Its boxes say what the style leaves them; their tooltips say everything.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> x = tg.Value(3.0, name="x")
    >>> print(*digraph(plain(x * x, gradients=False), "LR"), sep="")
    digraph {
        graph [fontname=Helvetica rankdir=LR tooltip="The computation graph of v₁"]
        node [fontname=Helvetica fontsize=12]
        edge [color="#6b7785" fontname=Helvetica fontsize=10]
        n1 [label="x = 3" shape=box style=rounded tooltip="x = 3"]
        n2 [label="×\\nv₁ = 9" peripheries=2 shape=box tooltip="v₁ = 9; result of multiply"]
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
        edge_attr={"fontname": "Helvetica", "fontsize": "10", "color": LIGHT["line"]},
    )
    short = in_short(graph, style)
    around = [dot]  # the open clusters, the innermost last
    for item in outline(short):
        if isinstance(item, PlainNode):
            tooltip = node_in_words(graph.node(item.id), graph)
            _node(around[-1], item, short, bold, tooltip)
        elif isinstance(item, Cluster):
            number = short.clusters.index(item)
            attributes = {"label": _lines([cluster_title(item)]), "style": "rounded", "color": LIGHT["constant"]}
            around.append(Digraph(f"cluster_{number}", graph_attr=attributes))
        else:
            inner = around.pop()
            around[-1].subgraph(inner)
    _edges(dot, graph)
    below = [*graph.notes, *([graph.caption] if graph.caption else [])]
    if below or graph.heading:
        dot.attr("graph", label=_lines([*([graph.heading] if graph.heading else []), *below]), labelloc="b")
    return dot


def _node(dot: Digraph, node: PlainNode, graph: Graph, bold: Collection[str], tooltip: str) -> None:
    attributes = dict(SHAPES[node.kind], tooltip=_literal(tooltip), **MARKS.get(node.mark or "", {}))
    if node.id in graph.outputs:
        attributes["peripheries"] = "2"
    if node.lit:
        attributes["penwidth"] = "3"
    if node.colour:
        attributes["style"] = f"{attributes.get('style', '')},filled".lstrip(",")
        attributes |= {"fillcolor": node.colour, "fontcolor": ink_on(node.colour)}
    lines = node_lines(node, graph)
    dot.node(f"n{node.id}", label=_with_bold(lines, bold) if bold else _lines(lines), **attributes)


def _edges(dot: Digraph, graph: Graph) -> None:
    for edge in graph.edges:
        target = graph.node(edge.target)
        attributes = dict(MARKS.get(edge.mark or "", {}))
        words = edge_words(edge, graph)
        if words:
            attributes["headlabel" if words == str(edge.slot + 1) and target.ordered else "label"] = f" {words} "
        if edge.lit:
            attributes["penwidth"] = "3"
        if edge.colour:
            attributes["color"] = edge.colour
        if edge.recurrent:
            attributes |= {"style": "dashed", "constraint": "false"}
        dot.edge(f"n{edge.source}", f"n{edge.target}", **attributes)
    for node in graph.nodes:
        if node.pair is not None:
            dot.edge(f"n{node.pair}", f"n{node.id}", style="dotted", arrowhead="none", constraint="false")


def _literal(text: str) -> str:
    """Text in which Graphviz finds no escape such as `\\N`, no entity such as `&lt;` and no HTML."""
    from graphviz import escape

    literal: str = escape(visible(text).replace("&", "&amp;"))
    return literal


def _lines(lines: list[str]) -> str:
    """Several lines of literal text as one label."""
    from graphviz import nohtml

    label: str = nohtml("\\n".join(map(_literal, lines)))
    return label


def _with_bold(lines: list[str], bold: Collection[str]) -> str:
    """Several lines as a label in the HTML of Graphviz, with these names in bold."""

    def literal(part: str) -> str:
        return escape(visible(part)).replace("\\", "&#92;")

    written = (
        "".join(f"<B>{literal(x)}</B>" if is_bold else literal(x) for x, is_bold in parts_of(y, bold)) for y in lines
    )
    return f"<{'<BR/>'.join(written)}>"
