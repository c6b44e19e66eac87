"""The labels of arrows: a step of the chain rule, or the shape of the array that the arrow carries."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from math import isclose, prod
from typing import NamedTuple

from ..._support.grouping import grouped
from ..._support.languages import say
from ..mathematics import pieces
from ..names import local_partial, partial
from ..numbers import Quantity, factor
from ..plain import Edge, Graph, PlainNode
from ..text import shorten
from .card import MARKS
from .style import in_space, kind_of
from .typeset import Text

__all__ = ["Label", "arrow_labels", "chain_rule", "leads_back", "local_symbol", "quantity"]

SIZE = 11.5
"""The font size of labels."""
LONGEST = 40
"""A rule of more characters than this is not written on an arrow."""
LONGEST_CHAIN = 68
"""Nor are the names of an upstream gradient and a local derivative of more."""
MOST_NAMED = 40
"""A graph of both passes that has more arrows has the numbers of the chain rule alone on those that lead back."""
SPACE = 3.0
"""The free space between a line of text and the arrow."""


class Label(NamedTuple):
    """One or two short lines: above and below an arrow that runs sideways, in a gap of one that runs up or down."""

    lines: tuple[tuple[Text, ...], ...]

    def with_bold(self, names: frozenset[str]) -> Label:
        """The same with these names in bold."""
        return Label(tuple(tuple(text.with_bold(names) for text in line) for line in self.lines))

    @property
    def width(self) -> float:
        """Of the widest line, with the space around it."""
        return max(sum(text.width for text in line) for line in self.lines) + 2 * SPACE

    @property
    def leading(self) -> float:
        """The distance of two lines; where the arrow runs sideways, it lies between them."""
        return max(text.height for line in self.lines for text in line) + SPACE

    @property
    def height(self) -> float:
        """Of the lines."""
        return len(self.lines) * self.leading


def arrow_labels(graph: Graph, *, steps: bool = True, spaces: bool = False) -> list[Label | None]:
    """The label of each arrow, or None; with `steps` of the chain rule, and with shapes as `spaces`, ℝ³ˣ²."""
    if spaces:
        edges = (replace(edge, value=edge.value and in_space(edge.value)) for edge in graph.edges)
        graph = replace(graph, edges=tuple(edges))
    if any(cluster.times > 1 for cluster in graph.clusters):
        graph = replace(graph, edges=_of_one(graph))
    return [_label(edge, graph, steps) for edge in graph.edges]


def _of_one(graph: Graph) -> tuple[Edge, ...]:
    """The arrows of a graph in which equal parts are drawn once, without numbers of the parts that are not drawn.

    The numbers of a gradient's arrows stay where they are true of what is drawn: each is the product of what the
    picture shows, and together they are the gradient.
    """
    arriving = grouped((edge.target, edge) for edge in graph.edges if edge.pair is not None)
    true = {
        edge.pair
        for id, edges in arriving.items()
        if _alike(graph.node(id).value, [edge.contribution for edge in edges])
        for edge in edges
        if _is_product(edge, graph)
    }
    called = {node.label for node in graph.nodes}
    return tuple(
        edge if (edge.pair or number) in true else replace(edge, local=None, rule=_in_use(edge.rule, called))
        for number, edge in enumerate(graph.edges, 1)
    )


def _alike(total: Quantity | None, parts: Sequence[Quantity | None]) -> bool:
    numbers = [part.elements[0] for part in (total, *parts) if part and part.is_number and part.elements]
    return len(numbers) == len(parts) + 1 and isclose(numbers[0], sum(numbers[1:]), rel_tol=1e-4, abs_tol=1e-12)


def _is_product(edge: Edge, graph: Graph) -> bool:
    """Whether what an arrow passes back is the product of the two numbers that are written on it."""
    factors = [x.elements[0] for x in (graph.node(edge.source).value, edge.local) if x and x.elements]
    return edge.contribution is not None and _alike(edge.contribution, [_times(edge.contribution, factors)])


def _times(like: Quantity, factors: Sequence[float]) -> Quantity | None:
    return replace(like, elements=(prod(factors),)) if like.is_number and len(factors) == 2 else None


def _in_use(rule: str | None, called: Collection[str]) -> str | None:
    """The rule, if all invented names in it are in the picture."""
    return rule if rule and all(name in called for name in re.findall(r"[^\W\d_₀-₉][₀-₉]+", rule)) else None


def _label(edge: Edge, graph: Graph, steps: bool) -> Label | None:
    label = _own_label(edge, graph, steps)
    if not edge.note or edge.pair is not None:
        return label
    return Label((*(label.lines if label else ()), (Text("muted", shorten(edge.note, 40), SIZE),))[:2])


def _result(edge: Edge, graph: Graph) -> list[Text]:
    """Which of the results of a closed cluster an arrow carries: its shape; a number, where the box does not say it."""
    if edge.value is None:
        return []
    if not edge.value.is_number:
        return [kind_of(edge.value, SIZE)]
    said = graph.node(edge.source).value
    return [] if said is not None and said.is_number else [Text("muted", edge.value.text(), SIZE)]


def _own_label(edge: Edge, graph: Graph, steps: bool) -> Label | None:
    if edge.mark:
        adds, mark = edge.contribution, Text("mark", say(MARKS[edge.mark]), SIZE)
        if adds is None or not adds.is_number:
            return _lines(mark)
        return _lines(mark, Text("slope", say("adds {number}", number=adds.text()), SIZE))
    if edge.recurrent:
        return None
    carried = [*_result(edge, graph), *([Text("muted", f"× {edge.times:,}", SIZE)] if edge.times > 1 else [])]
    if carried:
        return _lines(*carried)
    step = chain_rule(edge, graph)
    if not steps:
        return None
    if step is None:
        return _written(edge, graph) if edge.pair is not None else None
    upstream, local, contribution = step
    if graph.mode == "both" and len(graph.edges) <= MOST_NAMED:
        if named := _named(edge, graph, upstream, local, contribution):
            return named
    elif graph.mode == "both" and edge.pair is None:
        return None
    return _lines(Text("slope", f"{upstream} · {factor(local)}", SIZE), Text("slope", f"= {contribution}", SIZE))


def _lines(*texts: Text) -> Label:
    return Label(tuple((text,) for text in texts))


def _named(edge: Edge, graph: Graph, upstream: str, local: str, contribution: str) -> Label | None:
    """In a graph of both passes: forward the name of the local derivative, backward the chain rule in names.

    None where the names are too long.
    """
    forward = edge if edge.pair is None else graph.edges[edge.pair - 1]
    target = quantity(graph.node(forward.target))
    symbol = local_symbol(forward, graph)
    names = f"{partial(graph.of, target)} · {symbol}"
    if not (target and symbol) or len(names) > LONGEST_CHAIN:
        return None
    if edge.pair is None:
        return Label(((Text("partial", symbol, SIZE + 1), Text("slope", f" = {local}", SIZE)),))
    numbers = Text("slope", f"= {upstream} · {factor(local)} = {contribution}", SIZE)
    return _lines(Text("partial", names, SIZE + 1), numbers)


def _written(edge: Edge, graph: Graph) -> Label | None:
    """The rule that passes an array back; of one that is too long, or of a closed box, through what it passes."""
    if edge.pair is None:
        return None
    if edge.rule is not None and sum(len(piece) for piece, _ in pieces(edge.rule)) <= LONGEST and "\n" not in edge.rule:
        return _lines(Text("partial", edge.rule, SIZE + 1))
    target = graph.node(graph.edges[edge.pair - 1].target)
    closed = graph.cluster(target.opens).title.partition("(")[0] if target.opens and target.result else None
    through = target.operation or closed
    if through is None:
        return None
    words = Text("muted", f" {say('through {operation}', operation=through)}", SIZE)
    return Label(((Text("partial", graph.upstream, SIZE + 1), words),))


def local_symbol(edge: Edge, graph: Graph) -> str:
    """The symbol of the local derivative on a forward arrow: ∂z/∂x, or (∂z/∂x)₂ where that is not all of it.

    "" where the arrow is one of several from a closed module, whose path is no quantity.
    """
    target, source = quantity(graph.node(edge.target)), quantity(graph.node(edge.source))
    return local_partial(target, source, edge.slot, direct=edge.direct) if target and source else ""


def quantity(node: PlainNode) -> str:
    """What a node is called where something is differentiated by it: a closed module, as its result."""
    return node.label if node.opens is None else node.result


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
    return upstream.text(), edge.local.text(), edge.contribution.text()
