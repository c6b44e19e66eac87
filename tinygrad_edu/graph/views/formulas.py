"""Formulas: a box for each node that the user named, with what it was computed from: `i = sigmoid(w · x + u · h)`.

That is how a book draws an LSTM cell. What has no name and is used once goes into the formula of what uses it, with the
numbers written into the program. The derivative along an arrow is then that of the whole formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from ..._support.grouping import grouped
from ...engine.primitives.comparisons import COMPARISONS
from ...engine.primitives.primitive import TABLE
from ..names import is_invented, partial
from ..numbers import Quantity
from ..plain import Edge, Graph, PlainNode
from ..recorded import Recorded
from ..transcribe import is_plumbing
from ..words.formula import TEXT, data_in_words
from ..words.terms import (
    ATOM,
    SUM,
    Term,
    call,
    named,
    number_term,
    one_line,
    outer,
    simplified,
    through,
    transposed,
)  # fmt: skip
from .collapse import renumbered

__all__ = ["in_formulas", "with_expressions", "written_out"]

LONGEST = 48
"""A formula of more characters leaves some of its parts in boxes of their own."""


def in_formulas(graph: Graph, *, numbered: bool = True, alone: bool = False) -> Graph:
    """The graph with the results that have no name in the formulas of those that use them.

    The operands of a formula are `numbered` where arrows speak of them: (∂z/∂x)₂. Formulas that stand `alone`, without
    numbers, name what they take from the forward pass, which then has no box.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> x, w = tg.Value(2.0, "x"), tg.Value(3.0, "w")
    >>> z = tg.tanh(w * x + 1)
    >>> z.name = "z"
    >>> [(node.label, node.formula) for node in in_formulas(plain(z)).nodes]
    [('x', ''), ('w', ''), ('z', 'tanh(w · x + 1)')]
    """
    return _Writing(_without_copies(graph), alone).graph_of_formulas(numbered=numbered)


def written_out(graph: Graph) -> dict[str, str]:
    """Of each result without a name, the formula that computes it from what has one, or in parts where that is long.

    So is the 1 that an earlier differentiation began with.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> x, w = tg.Value(2.0, "x"), tg.Value(3.0, "w")
    >>> q = w * x + 1
    >>> written_out(plain(tg.tanh(q) / q))
    {'v₁': 'w · x', 'v₂': 'w · x + 1', 'v₃': 'tanh(w · x + 1)', 'v₄': 'tanh(w · x + 1) / (w · x + 1)'}
    """
    term = _Writing(graph, everywhere=True).term
    nameless = (node for node in graph.nodes if (node.layer or node.kind == "operation") and _has_no_name(node))
    texts = ((node.label, one_line(term[node.id], TEXT)) for node in nameless)
    return {label: text for label, text in texts if text != label}


def _without_copies(graph: Graph) -> Graph:
    """A backward graph without gradients that were handed on unchanged to what has no name: they are drawn already."""
    origin: dict[int, int] = {}
    again = {edge.target for edge in graph.edges if edge.recurrent}
    for edge in graph.edges:
        x, source = graph.node(edge.target), graph.node(edge.source)
        if x.id in again:
            continue
        if x.kind == "gradient" and source.carries and not _stays(x, graph) and x.cluster == source.cluster:
            origin[x.id] = origin.get(edge.source, edge.source)
    nodes = [node for node in graph.nodes if node.id not in origin]
    edges = (edge for edge in graph.edges if edge.target not in origin)
    moved = (replace(edge, source=origin.get(edge.source, edge.source)) for edge in edges)
    return renumbered(graph, nodes, moved, graph.outputs, graph.clusters) if origin else graph


def with_expressions(graph: Graph, recorded: Recorded) -> Graph:
    """The graph with the expressions of data, see `data_in_words`, in the boxes of their results."""
    written = {recorded.names[leaf]: text for leaf, text in data_in_words(recorded).items()}

    def said(node: PlainNode) -> PlainNode:
        text = written.get(node.label, "") if node.kind in ("leaf", "forward") else ""
        return replace(node, formula=text) if text else node

    return replace(graph, nodes=tuple(map(said, graph.nodes))) if written else graph


@dataclass
class _Writing:
    """The formulas of a graph.

    Attributes
    ----------
    graph : the graph.
    alone : whether boxes have no numbers, and those of the forward pass have no box.
    everywhere : whether results go into the formulas of all that use them, and not only of one.
    arriving : the arrows that arrive at each node, but for those from the repetition before.
    again : the nodes at which those arrive.
    users : the nodes that use each node.
    uses : the arrows from each node, or from another appearance of it.
    term : how each node is written in a formula.
    formula : the formulas of nodes that have taken in others.
    taken : of each node that has gone into a formula, the node that took it in.
    """

    graph: Graph
    alone: bool = False
    everywhere: bool = False
    term: dict[int, Term] = field(default_factory=dict)
    formula: dict[int, str] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        edges = self.graph.edges
        self.arriving = grouped((edge.target, edge) for edge in edges if not edge.recurrent)
        self.again = {edge.target for edge in edges if edge.recurrent}
        self.users = {id: set(users) for id, users in grouped((edge.source, edge.target) for edge in edges).items()}
        self.uses = grouped((self._origin(edge.source), edge) for edge in edges)
        for node in self.graph.nodes:
            self._write(node)

    def _write(self, node: PlainNode) -> None:
        """Write a node, whose operands are written, and take in those that fit."""
        if node.kind == "gradient" and (arriving := self.arriving.get(node.id)):
            self.formula[node.id] = one_line(_named(self.graph.node(arriving[0].source)), TEXT)  # handed on
        elif node.kind == "gradient" and self.alone and node.value and node.value.is_number:
            self.formula[node.id] = node.value.text()
        if not self._is_one_call(node):
            expression = Term(node.formula, SUM, label=node.label) if node.formula else None
            self.term[node.id] = expression or _number(node) or _named(node)
            return
        operands = [self.graph.node(edge.source) for edge in self.arriving.get(node.id, ())]
        inside = {x.id for x in operands if self._can_go_into(node, x)}
        names = {x.id: _named(x) for x in operands}  # one term each: x · x is a square
        while True:
            written = [self.term[x.id] if x.id in inside else names[x.id] for x in operands]
            turned = transposed(node.operation, [*map(_rank, operands)], written, node.label) if node.layer else None
            term = turned or _call(node, operands, written)
            text = one_line(term, TEXT)
            results = [x for x in inside if self.term[x].operands]
            if len(text) <= LONGEST or not results:
                break
            inside.remove(max(results, key=lambda x: len(one_line(self.term[x], TEXT))))
        self.term[node.id] = term
        inside |= {x.id for x in operands if self.alone and x.kind == "forward"}
        if (inside or self.alone or turned) and not self._is_number(node):
            self.taken.update(dict.fromkeys(inside, node.id))
            self.formula[node.id] = text

    def _is_one_call(self, node: PlainNode) -> bool:
        """Whether it is a call of whose operands each has one arrow.

        Operands may be left out, and a call that is drawn for many has one or another.
        """
        slots = [edge.slot for edge in self.arriving.get(node.id, ())]
        row: Any = TABLE.get(node.operation or "") or COMPARISONS.get(node.operation or "")
        many = len(slots) if row is None or row.variadic else row.arity
        return node.kind == "operation" and node.id not in self.again and slots == list(range(many))

    def _is_number(self, node: PlainNode) -> bool:
        """Whether all that a formula says of a node is a number, such as 1 · 100."""
        term = self.term.get(node.id)  # an alias stands behind those that use it
        return term is not None and term.value is not None and not (node.name or node.requires_grad)

    def _can_go_into(self, node: PlainNode, x: PlainNode) -> bool:
        """Whether `node` can take in its operand `x`: a number without a name, or a result that nothing else uses."""
        if self._is_number(x):
            return all(self.graph.node(user).kind == "operation" for user in self.users[x.id])
        plain = self._is_one_call(x) or x.formula
        alone = self.everywhere or self.users[x.id] == {node.id}
        return bool(plain and alone and (x.cluster, x.layer) == (node.cluster, node.layer)) and not _stays(
            x, self.graph
        )

    def graph_of_formulas(self, *, numbered: bool) -> Graph:
        """The graph of what is left."""
        edges = [edge for edge in self.graph.edges if edge.recurrent]
        ends = [node.id for node in self.graph.nodes if node.id not in self.users or node.id in self.graph.outputs]
        drawn = dict.fromkeys((*ends, *(id for edge in edges for id in (edge.source, edge.target))))
        todo = list(drawn)
        for id in todo:  # grows while it is read
            arrows = list(self._arrows(self.graph.node(id)))
            new = dict.fromkeys(edge.source for edge in arrows if edge.source not in drawn)
            drawn |= new
            todo += new
            edges += arrows
        nodes = [node for node in self.graph.nodes if node.id in drawn]
        by_number = {edge.target for edge in edges if edge.direct and numbered}
        boxes = [self._box(node, ordered=node.id in by_number) for node in nodes]
        return renumbered(self.graph, boxes, edges, self.graph.outputs, self.graph.clusters)

    def _box(self, node: PlainNode, *, ordered: bool) -> PlainNode:
        if node.id not in self.formula:
            return node
        formula = self.formula[node.id] if self.term[node.id].value is None else ""  # = 100 is said already
        return replace(node, symbol="=", formula=formula, attrs=(), over="", ordered=ordered)

    def _arrows(self, node: PlainNode) -> Iterator[Edge]:
        """The arrows that arrive at a node or at what it has taken in: one from each operand that is left.

        They are in the order of the formula. One for many comes from the operand itself, if that is among their ends,
        and not from an alias.
        """
        if node.id not in self.formula:
            yield from self.arriving.get(node.id, ())
            return
        arrows: dict[int, list[Edge]] = {}
        weight: dict[int, float | None] = {node.id: 1.0}  # of each part, the derivative of the whole by it
        todo = [*reversed(self.arriving.get(node.id, ()))]
        while todo:
            edge = todo.pop()
            x = self.graph.node(edge.source)
            if edge.source not in self.taken:
                arrows.setdefault(x.of or x.id, []).append(edge)
            elif edge.source not in weight:  # nothing but the target uses it
                uses = (use for use in self.arriving[edge.target] if use.source == edge.source)
                weight[edge.source] = reduce(_plus, (_times(weight[edge.target], use.local) for use in uses))
                todo += () if self._is_number(x) else reversed(self.arriving.get(edge.source, ()))
        for slot, group in enumerate(arrows.values()):
            group.sort(key=lambda edge: self.graph.node(edge.source).of is not None)
            yield self._joined(node, group, [weight[edge.target] for edge in group], slot)

    def _joined(self, node: PlainNode, group: Sequence[Edge], weights: Sequence[float | None], slot: int) -> Edge:
        """Arrows from one operand into the formula of a node, as one."""
        first = group[0]
        carrying = next((edge for edge in group if edge.contribution is not None), first)
        back = [edge.contribution for edge in group if edge.contribution is not None]
        total: float | None = 0.0
        for weight, edge in zip(weights, group):
            total = _plus(total, _times(weight, edge.local))
        whole = first.target == node.id and len(group) == 1
        rule = (
            carrying.rule
            if whole or carrying.rule is None
            else f"{self.graph.upstream} · {partial(node.label, _label(self.graph.node(first.source)))}"
        )
        return replace(
            first,
            target=node.id,
            slot=slot,
            local=None if carrying.local is None or total is None else _as(carrying.local, total),
            contribution=_sum(back) if back else None,
            rule=rule,
            direct=first.local is not None and self._another_way(node, self._origin(first.source)),
        )

    def _another_way(self, node: PlainNode, source: int) -> bool:
        """Whether the node reaches `source` through another of the operands that are left."""
        if len(self.uses[source]) == 1:
            return False
        reached: set[int] = set()
        todo = [node.id]
        while todo:
            for edge in self.arriving.get(todo.pop(), ()):
                x = self._origin(edge.source)
                if x == source and self._root(edge.target) != node.id:
                    return True
                if x not in reached and edge.contribution is not None:
                    reached.add(x)
                    todo.append(x)
        return False

    def _origin(self, id: int) -> int:
        """The node that is drawn, where this is another appearance of it."""
        return self.graph.node(id).of or id

    def _root(self, id: int) -> int:
        while id in self.taken:
            id = self.taken[id]
        return id


def _stays(node: PlainNode, graph: Graph) -> bool:
    """Whether the user asked for a node, by a name or in another way."""
    marked = node.shown or node.note or node.colour or node.lit or node.mark or node.kept == "other"
    return bool(marked) or node.id in graph.outputs or not _has_no_name(node)


def _has_no_name(node: PlainNode) -> bool:
    """Whether the user named neither a node nor, of a derivative, what it is by."""
    return not (node.name or node.owned or ("∂" in node.label and not is_invented(node.label.rpartition("/∂")[2])))


def _label(node: PlainNode) -> str:
    """The name of a node; of a closed module, that of its result."""
    return node.result or node.label


def _named(node: PlainNode) -> Term:
    return Term(node.label, ATOM) if node.kind == "constant" else named(_label(node))


def _number(node: PlainNode) -> Term | None:
    """A number written into the program, or one that the walk begins with."""
    nameless = node.kind == "constant" or (node.kind == "leaf" and not (node.name or node.owned or node.requires_grad))
    if not nameless or node.value is None or not node.value.is_number or node.value.elements is None:
        return None
    return number_term(node.value.elements[0])


def _call(node: PlainNode, operands: Sequence[PlainNode], terms: Sequence[Term]) -> Term:
    """The call that made a node, on operands that are written."""
    ranks = [*map(_rank, operands)]
    if product := outer(node.operation, ranks, terms, node.label):
        return product
    said = node.operation or "", node.symbol or "?", node.precedence, tuple(terms), node.attrs, node.label, node.over
    written = call(*said, ranks)
    number = node.operation in ("expand_dims", "getitem") and ranks[0] == 0
    plumbing = number or node.operation == "sum_to" or is_plumbing(node.operation, node.attrs)
    return through(written) if terms and plumbing else simplified(written)


def _rank(node: PlainNode) -> int | None:
    """How many axes a number has; None where it is not known."""
    return None if node.value is None else len(node.value.shape)


def _times(a: float | None, local: Quantity | None) -> float | None:
    if a is None or local is None or not local.is_number or local.elements is None:
        return None
    return a * local.elements[0]


def _plus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def _as(like: Quantity, value: float) -> Quantity:
    """A number that is printed as another."""
    return replace(like, shape=(), elements=(value,), low=value, high=value)


def _sum(quantities: Iterable[Quantity]) -> Quantity:
    """What several arrows add together; of arrays, only the shape is known."""
    first, *others = quantities
    if not others:
        return first
    if not first.is_number:
        return Quantity(first.shape, "", None)
    return _as(first, sum(x.elements[0] for x in (first, *others) if x.elements))
