"""`draw`: a picture of the graph that a node was made by, or of the graph of its gradients."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import GraphError
from ..node import Node
from .backward import backward_graph, collapse_backward
from .card import Card, cards, summary
from .layout import Direction, Engine, Layout, lay_out
from .plain import Graph, ancestors, plain
from .svg import Theme, write_svg
from .views import LIMIT, aliased, collapse, collapse_nodes

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["Drawing", "draw"]

Mode = Literal["forward", "backward"]


def draw(
    node: Node,
    mode: Mode = "forward",
    *,
    engine: Engine = "auto",
    direction: Literal["LR", "TB"] = "LR",
    theme: Theme = "auto",
    gradients: bool = True,
) -> Drawing:
    """A picture of the graph that `node` was made by.

    Parameters
    ----------
    mode : "forward", with the numbers of the forward pass; "backward" for the graph that computes the gradients, as
        the walk records it, its arrows the way gradients flow (against `direction`).
    engine : who places the boxes: "graphviz", "builtin", or "auto", Graphviz where there is one.
    direction : in which the forward pass runs: left to right or top to bottom.
    theme : "light", "dark", or "auto", as the reader's system is set.
    gradients : show beside each number of the forward pass the derivative of `node` by it, where `node` is a single
        number. They are computed for the picture; nobody's `.grad` is read or changed.

    A graph of more than 150 boxes is drawn as one box that says what is in it.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    >>> z = (x + y) * w
    >>> tg.draw(z)
    Drawing of the computation graph of v2: 3 leaves, 2 operations; 4 arrows
    >>> tg.draw(z).svg()[:4]
    '<svg'
    """
    _check("mode", mode, Mode)
    _check("engine", engine, Engine)
    _check("direction", direction, Literal["LR", "TB"])
    _check("theme", theme, Theme)
    if not isinstance(node, Node):
        raise GraphError(f"draw: only a Value or a Tensor has a graph, not {type(node).__name__} {node!r:.60}")
    nodes = ancestors([node])
    flow: Direction = direction
    if mode == "backward":
        flow = "RL" if direction == "LR" else "BT"
        graph = backward_graph(node) if len(nodes) <= LIMIT else collapse_backward(node, nodes)
    elif len(nodes) <= LIMIT:
        graph = plain(node, gradients=gradients)
    else:
        graph = collapse_nodes(nodes, node, gradients_too=gradients)
    view = aliased(graph)
    return Drawing(collapse(graph) if len(view.nodes) > LIMIT else view, engine, flow, theme)


def _check(what: str, given: object, allowed: Any) -> None:
    if given not in get_args(allowed):
        raise ValueError(f"draw: {what} is one of {', '.join(map(repr, get_args(allowed)))}, not {given!r}")


@dataclass(frozen=True)
class Drawing:
    """A picture, as it was when it was drawn: later changes of the numbers do not reach it.

    graph : what it shows. engine, flow, theme : as asked for; arrows run in the direction of `flow`.
    """

    graph: Graph
    engine: Engine
    flow: Direction
    theme: Theme

    @cached_property
    def cards(self) -> list[Card]:
        """What stands in each box."""
        return cards(self.graph, self.flow)

    @cached_property
    def layout(self) -> Layout:
        """Where everything is."""
        rims = {node.id: 16.0 if node.kind == "group" else 0.0 for node in self.graph.nodes}  # its further sheets
        rims.update(dict.fromkeys(self.graph.outputs, 8.0))  # their second line
        sizes = [(card.width + rim, card.height + rim) for card, rim in zip(self.cards, rims.values())]
        edges = [(edge.source - 1, edge.target - 1) for edge in self.graph.edges]
        ordered = {node.id - 1 for node in self.graph.nodes if node.ordered}
        return lay_out(sizes, edges, self.flow, self.engine, ordered)

    @property
    def note(self) -> str | None:
        """One line if another engine than the one asked for placed the boxes; else None."""
        return self.layout.note

    def svg(self) -> str:
        """The picture as SVG."""
        return write_svg(self.graph, self.cards, self.layout, self.flow, self.theme)

    def html(self) -> str:
        """The picture as a page of its own: pan, zoom, search, boxes that open, and the same as tables."""
        from .page import View, page

        return page([View("everything", [cluster.path for cluster in self.graph.clusters], self)], 0, self.theme)

    def digraph(self) -> Digraph:
        """The picture as a `graphviz.Digraph`, to go on from."""
        from .dot import digraph

        return digraph(self.graph, self.flow)

    def dot(self) -> str:
        """The picture in Graphviz's language."""
        return str(self.digraph().source)

    def mermaid(self) -> str:
        """The picture in Mermaid's language, for Markdown pages."""
        from .mermaid import mermaid

        return mermaid(self.graph, self.flow)

    def json(self) -> str:
        """The graph as data."""
        return self.graph.json()

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"Drawing of {self.graph.title[0].lower()}{self.graph.title[1:]}: {summary(self.graph)}"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file; its extension says in which format. Gives the path.

        .svg, .html, .dot, .mmd and .json need nothing but this package. .png and .pdf are made from the SVG by the
        typst package (`pip install 'tinygrad_edu[picture]'`), in light colours where the theme is "auto"; without it
        Graphviz draws them, from the DOT text. The file appears complete or not at all: one that was there before is
        replaced at the end, or stays as it was.
        """
        from .saving import save

        return save(self, path)
