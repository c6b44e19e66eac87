"""Marks: what an author adds to a picture, in every format: emphasis, colours, labels, notes, title and caption."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from .._support.languages import say
from ..engine.messages import short
from ..errors import OutOfRangeError
from .asked import node_called, several
from .palette import in_hex
from .plain import Edge, Graph, PlainNode
from .recorded import Recorded
from .text import shorten, visible

__all__ = ["Marks", "marked"]

LONGEST = 60
"""How many characters of a label or a note are shown."""

Given = Mapping[Any, str] | Callable[[PlainNode], str | None] | None
"""Texts by node, by name, or by (from, to) for an arrow; or a function of the nodes of the plain graph."""


class Marks(NamedTuple):
    """What is added to a picture, as `tg.draw` takes it."""

    highlight: Any = None
    colour: Given = None
    label: Given = None
    note: Given = None
    title: str | None = None
    caption: str | None = None


def marked(graph: Graph, recorded: Recorded, marks: Marks) -> Graph:
    """The graph with marks on its nodes and arrows. Raises `GraphError` for a name that no node has."""
    if all(given is None for given in marks):
        return graph
    for what in ("title", "caption"):
        if getattr(marks, what) is not None:
            _text(what, getattr(marks, what))
    asked = () if marks.highlight is None else several(marks.highlight)
    lit = {_label(x, recorded, "highlight") for x in asked}
    said: dict[Any, dict[str, str]] = {}
    for what in ("colour", "label", "note"):
        for place, text in _given(what, getattr(marks, what), graph, recorded):
            said.setdefault(place, {})[what] = _text(what, text)
    nodes = tuple(_node(node, said.get(node.label, {}), node.label in lit) for node in graph.nodes)
    edges = tuple(_edge(edge, graph, said, lit) for edge in graph.edges)
    return replace(
        graph, nodes=nodes, edges=edges, heading=visible(marks.title or ""), caption=visible(marks.caption or "")
    )


def _given(what: str, given: Given, graph: Graph, recorded: Recorded) -> Iterator[tuple[Any, str]]:
    """Texts by the label of a node, or by those of the ends of an arrow."""
    if given is None:
        return
    if callable(given):
        texts = ((node.label, given(node)) for node in graph.nodes)
        yield from ((label, text) for label, text in texts if text is not None)
    elif isinstance(given, Mapping):
        for key, text in given.items():
            ends = tuple(_label(x, recorded, what) for x in (key if isinstance(key, tuple) else (key,)))
            yield ends if isinstance(key, tuple) else ends[0], text
    else:
        raise OutOfRangeError(
            "draw: {what} is a dictionary from nodes or their names to texts, or a function of a node, not {given}",
            what=what,
            given=short(given),
        )


def _label(asked: Any, recorded: Recorded, what: str) -> str:
    return recorded.names[node_called(say("a node of {option}", option=what), asked, recorded)]


def _text(what: str, text: object) -> str:
    if not isinstance(text, str):
        raise OutOfRangeError("draw: a {what} is a text, not {given}", what=what, given=short(text))
    if what == "colour":
        if colour := in_hex(text):
            return colour
        raise OutOfRangeError("draw: a colour is a name of CSS or like #rrggbb, not {given}", given=short(text))
    return shorten(visible(text), LONGEST)


def _node(node: PlainNode, said: Mapping[str, str], lit: bool) -> PlainNode:
    if not (said or lit):
        return node
    colour, shown, note = (said.get(what, "") for what in ("colour", "label", "note"))
    return replace(node, lit=lit, colour=colour, shown=shown, note=note)


def _edge(edge: Edge, graph: Graph, said: Mapping[Any, Mapping[str, str]], lit: set[str]) -> Edge:
    ends = graph.node(edge.source).label, graph.node(edge.target).label
    own = said.get(ends, {})
    between = ends[0] in lit and ends[1] in lit
    if not (own or between):
        return edge
    return replace(edge, lit=between, colour=own.get("colour", ""), note=own.get("note", own.get("label", "")))
