"""What stands on each arrow of a picture: a step of the chain rule, or the shape that the arrow carries."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..names import partial
from ..numbers import factor
from ..plain import Edge, Graph
from .card import MARKS, Text

__all__ = ["Label", "arrow_labels", "chain_rule", "edge_in_words"]

SIZE = 11.5
"""The font size of labels."""
LONGEST = 30
"""How many characters of a rule an arrow can carry."""
DIGITS = 3
"""How many digits a number on an arrow has."""
SPACE = 3.0
"""Between a line of text and the arrow."""


class Label(NamedTuple):
    """One or two short lines: above and below an arrow that runs sideways, in a gap of one that runs up or down."""

    lines: tuple[tuple[Text, ...], ...]

    @property
    def width(self) -> float:
        """Of the widest line."""
        return max(sum(text.width for text in line) for line in self.lines) + 2 * SPACE

    @property
    def leading(self) -> float:
        """From one line to the next; between those of an arrow that runs sideways there is the arrow."""
        return max(text.height for line in self.lines for text in line) + SPACE

    @property
    def height(self) -> float:
        """Of the lines; of an arrow that runs sideways, of two."""
        return len(self.lines) * self.leading


def arrow_labels(graph: Graph, *, steps: bool = True) -> list[Label | None]:
    """The label of each arrow of the graph; None for one that has none. `steps`: with steps of the chain rule."""
    return [_label(edge, graph, steps) for edge in graph.edges]


def _label(edge: Edge, graph: Graph, steps: bool) -> Label | None:
    if edge.mark:
        adds = edge.contribution
        number = [(Text("slope", f"adds {adds.text(DIGITS)}", SIZE),)] if adds is not None and adds.is_number else []
        return Label(((Text("mark", MARKS[edge.mark], SIZE),), *number))
    if edge.recurrent:
        return None
    if edge.value is not None or edge.times > 1:
        shape = [Text("muted", edge.value.kind(dtype=False), SIZE)] if edge.value else []
        times = [Text("muted", f"× {edge.times:,}", SIZE)] if edge.times > 1 else []
        return Label(tuple((text,) for text in shape + times))
    step = chain_rule(edge, graph)
    if not steps:
        return None
    if step is None:
        return _written(edge) if edge.pair is not None else None
    upstream, local, contribution = step
    if graph.mode == "both" and (named := _named(edge, graph, upstream, local, contribution)):
        return named
    return Label(((Text("slope", f"{upstream} · {factor(local)}", SIZE),), (Text("slope", f"= {contribution}", SIZE),)))


def _named(edge: Edge, graph: Graph, upstream: str, local: str, contribution: str) -> Label | None:
    """In a graph of both passes: the name of the local derivative forward; backward the chain rule in names.

    None where the names are too long for an arrow.
    """
    forward = edge if edge.pair is None else graph.edges[edge.pair - 1]
    source, target = graph.node(forward.source).label, graph.node(forward.target).label
    names = f"{partial(graph.of, target)} · {partial(target, source)}"
    if len(names) > 2 * LONGEST:
        return None
    if edge.pair is None:
        return Label(((Text("partial", partial(target, source), SIZE + 1), Text("slope", f" = {local}", SIZE)),))
    numbers = Text("slope", f"= {upstream} · {factor(local)} = {contribution}", SIZE)
    return Label(((Text("partial", names, SIZE + 1),), (numbers,)))


def _written(edge: Edge) -> Label | None:
    """The rule that passes an array back, where it is short enough for an arrow."""
    rule = re.sub(r"\b(sum_to|broadcast_to|reshape)\(([^()]*), shape=\([^()]*\)\)", _without_shape, edge.rule or "")
    if not rule or len(rule) > LONGEST:
        return None
    return Label(((Text("partial", rule, SIZE + 1),),))


def _without_shape(call: re.Match[str]) -> str:
    """Summing back and spreading as a book writes them: the box at the end of the arrow has the shape."""
    return {"sum_to": f"Σ {call[2]}", "broadcast_to": call[2]}.get(call[1], f"{call[1]}({call[2]})")


def leads_back(edge: Edge, graph: Graph) -> bool:
    """Whether gradients flow along this arrow, rather than against it."""
    return graph.mode == "backward" or edge.pair is not None


def chain_rule(edge: Edge, graph: Graph) -> tuple[str, str, str] | None:
    """Upstream gradient, local derivative and their product, where all three are single numbers and known."""
    upstream = graph.node(edge.source).value if leads_back(edge, graph) else graph.node(edge.target).gradient
    if upstream is None or edge.local is None or edge.contribution is None:
        return None
    if not (upstream.is_number and edge.local.is_number and edge.contribution.is_number):
        return None
    return upstream.text(DIGITS), edge.local.text(DIGITS), edge.contribution.text(DIGITS)


def edge_in_words(edge: Edge, graph: Graph) -> str:
    """An arrow in one line, for a reader who does not see the picture, and for whoever points at the arrow."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    words = f"{source.label} → {target.label}, operand {edge.slot + 1}"
    if leads_back(edge, graph):
        if edge.rule is not None:
            words += f"; {edge.rule}, where g is {source.label}"
        if edge.local is not None:
            words += f"; local derivative {edge.local.text()}"
        return words + (f"; adds {edge.contribution.text()}" if edge.contribution is not None else "")
    if edge.local is not None:
        words += f"; {partial(target.label, source.label)} = {edge.local.text()}"
    if edge.contribution is not None:
        words += f"; adds {edge.contribution.text()} to {partial(graph.of, source.label)}"
    return words
