"""`draw`: a picture of the graph that made a node, or of the graph of its gradients."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from .._support.formats import save_as
from ..engine.messages import describe
from ..engine.node import Node
from ..errors import GraphError
from .backward import backward_graph, check_differentiable
from .layout.geometry import Direction, Engine, Layout
from .names import partial
from .palette import Theme
from .picture.arrange import arrange
from .picture.arrows import Label, arrow_labels
from .picture.card import Card, cards
from .picture.descriptions import summary
from .picture.svg import write_svg
from .plain import Graph, Recorded, forward
from .views.collapse import huge
from .views.paired import paired
from .views.totals import totals_of_backward, totals_of_nodes
from .views.view import HUGE, Depth, focused, view
from .words.rules import rule_in_letters

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["Drawing", "draw"]

Mode = Literal["forward", "backward", "both"]

FEW = 30
"""Pictures of up to so many arrows have the steps of the chain rule on them by default."""


def draw(
    node: Node,
    mode: Mode = "forward",
    *,
    engine: Engine = "auto",
    direction: Literal["LR", "TB"] = "LR",
    theme: Theme = "auto",
    gradients: bool = True,
    steps: bool | None = None,
    depth: Depth = "auto",
    expand: str | Collection[str] = (),
    focus: Node | None = None,
    hops: int = 2,
) -> Drawing:
    """A picture of the graph that `node` was made by.

    Parameters
    ----------
    mode : "forward", with the numbers of the forward pass; "backward" for the graph that computes the gradients, as
        the walk records it, its arrows the way gradients flow (against `direction`); "both" for the forward graph and,
        in the same places, the gradient of every node.
    engine : what places the boxes: "graphviz", "builtin", or "auto": Graphviz where it is installed, but the built-in
        layout where modules are open, because it keeps other arrows out of their frames.
    direction : of the forward pass: left to right or top to bottom.
    theme : "light", "dark", or "auto", as the reader's system is set.
    gradients : show beside each number of the forward pass the derivative of `node` by it, where `node` is a single
        number. They are computed for the picture; no `.grad` is read or changed.
    steps : write on each arrow between single numbers how the chain rule passes it: upstream gradient · local
        derivative = contribution. None: where there are few arrows.
    depth : how far modules, and functions marked with `tg.block`, open: at 0 the outermost are boxes, at 1 those in
        them, and so on; calls of one module that follow each other are drawn once. "all": everything is drawn.
        "auto": everything up to 150 boxes. In a larger graph modules close, and equal parts that follow each other are
        drawn once, until it is readable; where that is not enough, one box says what is in the graph.
    expand : the paths of modules that open in any case, such as `{"features.0"}`.
    focus, hops : show only what is at most `hops` arrows away from this node.

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
    if not (isinstance(depth, int) and depth >= 0):
        _check("depth", depth, Literal["auto", "all"], "a number from 0 on")
    paths: Any = (expand,) if isinstance(expand, str) else expand
    if not (isinstance(paths, Collection) and all(isinstance(path, str) for path in paths)):
        raise ValueError(f"draw: expand is the path of a module, or a set of such paths, not {expand!r:.60}")
    if not isinstance(node, Node):
        raise GraphError(f"draw: only a Value or a Tensor has a graph, not {type(node).__name__} {node!r:.60}")
    flow: Direction = direction
    if mode == "backward":
        flow = "RL" if direction == "LR" else "BT"
    whole = _whole(Recorded(node), mode, gradients, all_of_it=depth == "all", focus=focus, hops=hops)
    shown = view(whole, depth, paths)
    steps = len(shown.edges) <= FEW if steps is None else steps
    return Drawing(paired(shown) if mode == "both" else shown, engine, flow, theme, steps, whole)


def _whole(recorded: Recorded, mode: Mode, gradients: bool, *, all_of_it: bool, focus: Node | None, hops: int) -> Graph:
    """The graph that the picture shows a view of; of a very large one, without `all_of_it`, its clusters or totals."""
    node, nodes = recorded.output, recorded.nodes
    if focus is not None and focus not in set(nodes):
        raise GraphError(f"draw: the focus, {describe(focus)}, has no part in {describe(node)}")
    if mode == "both":
        check_differentiable(node)
    if len(nodes) > HUGE and not all_of_it and focus is None:
        if mode == "backward":
            return totals_of_backward(nodes)
        return huge(recorded, 2 * HUGE) or totals_of_nodes(nodes, gradients_too=gradients)
    if mode == "backward":
        graph = backward_graph(node, recorded)
    elif mode == "both":
        graph = forward(recorded, rule=rule_in_letters)
    else:
        graph = forward(recorded, gradients=gradients)
    return graph if focus is None else focused(graph, _id_of(focus, recorded, graph), hops)


def _id_of(focus: Node, recorded: Recorded, graph: Graph) -> int:
    """The id of a node, in a backward graph that of its gradient."""
    label = recorded.names[focus]
    if graph.mode == "backward":
        label = partial(graph.of, label)
    for node in graph.nodes:
        if node.label == label and node.kind != "constant":
            return node.id
    raise GraphError(f"draw: no gradient flows to the focus, {describe(focus)}")


def _check(what: str, given: object, allowed: Any, *others: str) -> None:
    if given not in get_args(allowed):
        choices = ", ".join([*map(repr, get_args(allowed)), *others])
        raise ValueError(f"draw: {what} is one of {choices}, not {given!r}")


@dataclass(frozen=True)
class Drawing:
    """A picture, as it was when it was drawn: later changes of the numbers do not reach it.

    Attributes
    ----------
    graph : what it shows.
    engine, theme, steps : as asked for.
    flow : the direction of the arrows.
    whole : the graph that `graph` is a view of, with everything in it; None where there is no more.
    """

    graph: Graph
    engine: Engine
    flow: Direction
    theme: Theme
    steps: bool
    whole: Graph | None = None

    @cached_property
    def cards(self) -> list[Card]:
        """The content of each box."""
        return cards(self.graph, self.flow)

    @cached_property
    def labels(self) -> list[Label | None]:
        """The label of each arrow; None for an arrow without one."""
        return arrow_labels(self.graph, steps=self.steps)

    @cached_property
    def layout(self) -> Layout:
        """The place of everything."""
        return arrange(self.graph, self.cards, self.labels, self.flow, self.engine)

    @property
    def note(self) -> str | None:
        """One line if another engine than the one asked for placed the boxes; else None."""
        return self.layout.note

    def svg(self) -> str:
        """The picture as SVG."""
        return write_svg(self.graph, self.cards, self.labels, self.layout, self.flow, self.theme)

    def html(self) -> str:
        """The picture as a page of its own, with pan, zoom, search, boxes that open, and tables of its numbers."""
        from .formats.page import page

        return page(self)

    def digraph(self) -> Digraph:
        """The picture as a `graphviz.Digraph`, which can be changed and drawn by Graphviz."""
        from .formats.dot import digraph

        return digraph(self.graph, self.flow)

    def dot(self) -> str:
        """The picture in Graphviz's language."""
        return str(self.digraph().source)

    def mermaid(self) -> str:
        """The picture in Mermaid's language, for Markdown pages."""
        from .formats.mermaid import mermaid

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
        from .formats.saving import FORMATS

        return save_as(path, FORMATS, self)
