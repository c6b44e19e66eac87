"""A student's graph beside the right one: as lines of text, and as two pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..._support.languages import say, texts
from ...graph.layout.geometry import Direction
from ...graph.picture.arrange import arrange
from ...graph.picture.arrows import arrow_labels
from ...graph.picture.card import attrs_of, cards, same_size
from ...graph.picture.svg import write_svg
from ...graph.plain import Edge, PlainNode, Quantity
from ...graph.views.view import aliased
from ..results import Graphs

__all__ = ["Picture", "in_lines", "pictures"]

FEW = 4
"""An array of up to this many elements is written out."""

FLOW: Direction = "TB"
"""From top to bottom, since the two pictures stand beside each other."""


def in_lines(graphs: Graphs) -> Iterator[str]:
    """The results from the last back to the inputs, and below each what its operands get from it.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.grade.diagnosis import beside_values
    >>> x, y = tg.Value(2.0), tg.Value(3.0)
    >>> for line in in_lines(beside_values(x * y + x, {x: "x", y: "y"}, {}, {x: 1.0, y: 2.0})):
    ...     print(line)
    Your program, from its result back to its inputs; ✗ is where it first goes wrong:
      v₂ = add(v₁, x) = 8, gradient 1
        v₁ gets 1
        x gets 1
      v₁ = multiply(x, y) = 6, gradient 1
    ✗   x gets nothing (3 is right)
        y gets 2
      y = 3, gradient 2
      x = 2, gradient 1 (4 is right)
    """
    found, right = graphs.found, graphs.expected or graphs.found
    yield say("Your program, from its result back to its inputs; ✗ is where it first goes wrong:")
    arrows: dict[int, list[tuple[Edge, Edge]]] = {node.id: [] for node in found.nodes}
    for pair in zip(found.edges, right.edges):
        arrows[pair[0].target].append(pair)
    for node, other in zip(reversed(found.nodes), reversed(right.nodes)):
        if node.kind in ("operation", "leaf"):
            operands = [_name(found.node(edge.source)) for edge, _ in arrows[node.id]]
            yield ("✗ " if node.mark else "  ") + _made(node, operands) + _numbers(node, other)
            for operand, (edge, wanted) in zip(operands, arrows[node.id]):
                if edge.mark or edge.contribution:
                    yield ("✗   " if edge.mark else "    ") + _added(operand, edge, wanted)
    yield from (f"  ({note})" for note in found.notes)


def _name(node: PlainNode) -> str:
    """What a node is called; an array that has no name, by its shape."""
    if node.kind == "constant" and node.value and not node.value.is_number:
        return say("array {shape}", shape=node.value.shape)
    return node.label


def _made(node: PlainNode, operands: list[str]) -> str:
    """The operation that made a node."""
    call = f" = {node.operation}({', '.join([*operands, *attrs_of(node)])})" if node.operation else ""
    return f"{node.label}{call}"


def _numbers(node: PlainNode, right: PlainNode) -> str:
    """What a node holds, and its gradient."""
    if node.value is None and right.value is None:
        return ""
    value = f" = {_text(node.value)}{_instead(node.value, right.value)}"
    if node.gradient is None and right.gradient is None:
        return value
    gradient = f"{_text(node.gradient)}{_instead(node.gradient, right.gradient)}"
    return say("{value}, gradient {gradient}", value=value, gradient=gradient)


ADDED = texts(
    {
        None: "{x} gets {contribution}{instead}",
        "missing": "{x} gets nothing{instead}",
        "extra": "{x} gets too much{instead}",
        "changed": "{x} gets something else{instead}",
    }
)
"""What a use adds: a number, or else what its mark says."""


def _added(operand: str, edge: Edge, right: Edge) -> str:
    """What a use adds to the gradient of an operand."""
    text = ADDED[edge.mark or "changed"] if edge.contribution is None else ADDED[None]
    instead = _instead(edge.contribution, right.contribution)
    return say(text, x=operand, contribution=_text(edge.contribution), instead=instead)


def _instead(found: Quantity | None, right: Quantity | None) -> str:
    if right is None or _text(found) == _text(right):
        return ""
    return say(" ({number} is right)", number=_text(right))


def _text(x: Quantity | None) -> str:
    """A number; of an array of more than a few, the shape and the range."""
    if x is None:
        return say("none")
    return x.text() if x.elements and len(x.elements) <= FEW else f"{x.kind(dtype=False)}: {x.range()}"


class Picture(NamedTuple):
    """A picture in SVG, how many pixels wide it is, and what it shows."""

    caption: str
    svg: str
    width: float


def pictures(graphs: Graphs) -> Iterator[Picture]:
    """A picture of each of the graphs. In both, everything is in the same place.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.grade.diagnosis import beside_values
    >>> x = tg.Value(2.0)
    >>> [picture.caption for picture in pictures(beside_values(x * x, {x: "x"}, {}, {x: 2.0}))]
    ['Your program, with a mark where it first goes wrong', 'As it should be']
    """
    captions = say("Your program, with a mark where it first goes wrong"), say("As it should be")
    shown = [aliased(graph) for graph in (graphs.found, graphs.expected) if graph is not None]
    boxes = [same_size(alike) for alike in zip(*(cards(graph, FLOW) for graph in shown))]
    labels = [arrow_labels(graph) for graph in shown]
    room = [
        max(filter(None, alike), key=lambda label: (label.height, label.width), default=None) for alike in zip(*labels)
    ]
    layout = arrange(shown[0], [alike[0] for alike in boxes], room, FLOW, "builtin")  # it is the same everywhere
    for i, (caption, graph) in enumerate(zip(captions, shown)):
        yield Picture(caption, write_svg(graph, [alike[i] for alike in boxes], labels[i], layout, FLOW), layout.width)
