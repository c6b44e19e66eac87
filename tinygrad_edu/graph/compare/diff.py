"""The differences between two graphs; names and the order of creation do not count."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..._support.languages import counted, say, texts
from ...engine.messages import short
from ...engine.node import Node
from ...errors import GraphError
from ..choices import check_choices
from ..layout.geometry import Engine
from ..palette import Theme
from ..plain import Edge, Graph, Mark, PlainNode, Quantity
from ..recorded import plain
from ..transcribe import switched_on
from ..views.view import LIMIT, neighbourhood, view
from .matching import Matching, Side

if TYPE_CHECKING:
    from ..draw import Drawing

__all__ = ["Difference", "diff"]

SHOWN = 12
"""At most so many differences are written below a picture."""


@dataclass(frozen=True)
class Difference:
    """The differences between two graphs; true where there are any.

    Attributes
    ----------
    lines : a sentence for each difference, the earliest operation first.
    graph : both graphs in one, each node and arrow with a mark: "missing", "extra" or "changed".
    """

    lines: tuple[str, ...]
    graph: Graph

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines) or say("no difference")

    def draw(self, *, engine: Engine = "auto", direction: Literal["LR", "TB"] = "LR", theme: Theme = "auto") -> Drawing:
        """The graph that was found, with what is missing drawn in and what differs marked; options as in `tg.draw`.

        Of a graph of more than 150 nodes, only the parts near a difference.
        """
        from ..draw import Drawing

        check_choices(engine=engine, direction=direction, theme=theme)
        graph = self.graph
        if len(graph.nodes) > LIMIT:
            marked = [node.id for node in graph.nodes if node.mark]
            marked += [id for edge in graph.edges if edge.mark for id in (edge.source, edge.target)]
            graph = neighbourhood(graph, dict.fromkeys(marked or graph.outputs), 2)
            one = texts("{n} node further from a difference not shown")
            many = texts("{n} nodes further from a difference not shown")
            note = counted(len(self.graph.nodes) - len(graph.nodes), one, many)
            graph = replace(graph, notes=(*graph.notes, note))
        shown = view(graph, "all" if len(graph.nodes) <= LIMIT else "auto")
        return Drawing(shown, engine, direction, theme, steps=False)

    def _repr_svg_(self) -> str:
        return self.draw().svg()


def diff(
    expected: Node | Graph,
    found: Node | Graph,
    *,
    commutative: bool = True,
    values: bool = True,
    tolerance: float = 1e-6,
) -> Difference:
    """The differences between the graph that was expected and the one that was found.

    Names do not count, nor does the order in which the nodes were made.

    Parameters
    ----------
    commutative : let the operands of +, ·, maximum and minimum change places.
    values : compare the numbers of leaves and constants too, to a relative `tolerance`; not only the structure. A plain
        graph knows the elements of arrays up to a dozen; larger ones are compared by shape, dtype and range.

    Raises `GraphError` for what has no graph, and for graphs with folded parts.

    >>> import tinygrad_edu as tg
    >>> x, y = tg.Value(2.0, name="x"), tg.Value(3.0, name="y")
    >>> print(tg.graph.diff((x + y) * y, y * (y + x)))
    no difference
    >>> print(tg.graph.diff((x + y) * y, (x - y) * y))
    v₁: expected add(x, y), found subtract(x, y)
    >>> print(tg.graph.diff((x + y) ** 2, (x + y) ** 3))
    constant 3, operand 2 of v₂: expected 2
    """
    sides = Side(_plain(expected)), Side(_plain(found))
    matching = Matching(*sides, commutative=commutative, values=values)
    comparison = _Comparison(matching, values=values, tolerance=tolerance)
    lines = tuple(comparison.lines())
    return Difference(lines, comparison.graph(lines))


def _plain(graph: Node | Graph) -> Graph:
    if isinstance(graph, Node):
        return plain(graph, gradients=False)
    if not isinstance(graph, Graph):
        raise GraphError(f"diff: a Value, a Tensor or a plain graph, not {type(graph).__name__} {short(graph)}")
    return graph


class _Comparison:
    """Two matched graphs, node by node and arrow by arrow."""

    def __init__(self, matching: Matching, *, values: bool, tolerance: float) -> None:
        self.matching = matching
        self.expected, self.found = matching.expected, matching.found
        self.values, self.tolerance = values, tolerance
        self.changed: set[int] = set()  # of found
        self.extra_arrows: set[tuple[int, int, int]] = set()  # of found: source, target, which operand
        self.missing_arrows: list[tuple[int, int, int]] = []  # of expected

    def lines(self) -> Iterator[str]:
        """A sentence for each difference."""
        if len(self.expected.outputs) != len(self.found.outputs):
            one, many = texts(("expected {n} output, found {given}", "expected {n} outputs, found {given}"))
            yield counted(len(self.expected.outputs), one, many, given=len(self.found.outputs))
        for b in self.found.order:
            a = self.matching.back.get(b)
            if a is None:
                self.extra_arrows |= {(x, b, slot) for slot, x in enumerate(self.found.operands[b])}
                if not self._said_with_its_user(b, self.found, self.matching.back):
                    yield say("too much: {what}", what=_defined(b, self.found))
                continue
            said = list(self._node(a, b))
            if said:
                self.changed.add(b)
            yield from said
            of_operands = list(self._operands(a, b))
            if self.expected.nodes[a].operation == self.found.nodes[b].operation:
                yield from of_operands  # otherwise the two calls have been written out
        for a in self.expected.order:
            if a not in self.matching.partner:
                self.missing_arrows += [(x, a, slot) for slot, x in enumerate(self.expected.operands[a])]
                if not self._said_with_its_user(a, self.expected, self.matching.partner):
                    yield say("missing: {what}", what=self._call(a))
        for a, b in zip(self.expected.outputs, self.found.outputs):
            if self.matching.partner.get(a) != b:
                yield say(EXPECTED, where=say("the result"), wanted=self._call(a), given=_defined(b, self.found))

    def _said_with_its_user(self, id: int, side: Side, matched: Container[int]) -> bool:
        """Whether a node is a constant in a call that is written out already."""
        users = side.users[id]
        return side.nodes[id].kind == "constant" and bool(users) and users[0][0] not in matched

    def _node(self, a: int, b: int) -> Iterator[str]:
        """The differences between two nodes."""
        x, y = self.expected.nodes[a], self.found.nodes[b]
        where = _where(b, self.found)
        if x.operation != y.operation:
            yield say(EXPECTED, where=where, wanted=self._call(a), given=_call(b, self.found))
        elif x.attrs != y.attrs:
            wanted, given = dict(x.attrs), dict(y.attrs)
            for key in sorted({*wanted, *given}):
                if wanted.get(key) != given.get(key):
                    values = {"wanted": f"{key}={wanted.get(key)}", "given": f"{key}={given.get(key)}"}
                    yield say(EXPECTED, where=where, **values)
        elif x.operation is None:
            if x.kind != y.kind and "constant" not in (x.kind, y.kind):
                text = texts("{where}: expected a node of kind {wanted}, found {given}")
                yield say(text, where=where, wanted=x.kind, given=y.kind)
            elif self.values and x.kind == y.kind == "leaf" and x.requires_grad != y.requires_grad:
                yield say(EXPECTED, where=where, wanted=f"requires_grad={x.requires_grad}", given=y.requires_grad)
            yield from self._numbers(x.value, y.value, where, y.kind == "constant" and bool(self.found.users[b]))

    def _numbers(self, x: Quantity | None, y: Quantity | None, where: str, constant: bool) -> Iterator[str]:
        """The differences between the numbers of two leaves."""
        if x is None or y is None:
            return
        if x.shape != y.shape:
            yield say("{where}: expected shape {wanted}, found {given}", where=where, wanted=x.shape, given=y.shape)
        elif self.values and x.dtype != y.dtype:
            yield say("{where}: expected dtype {wanted}, found {given}", where=where, wanted=x.dtype, given=y.dtype)
        elif self.values and not self._close(x, y):
            text = texts("{where}: expected {wanted}") if constant else EXPECTED  # a constant's place names its value
            yield say(text, where=where, wanted=x.text(), given=y.text())

    def _close(self, x: Quantity, y: Quantity) -> bool:
        left, right = ((q.low, q.high, q.nonfinite) if q.elements is None else q.elements for q in (x, y))
        return all(p == q or _is_close(p, q, self.tolerance) for p, q in zip(left, right))

    def _operands(self, a: int, b: int) -> Iterator[str]:
        """What differs between the arrows into two nodes."""
        left, right = self.expected.operands[a], self.found.operands[b]
        where = _where(b, self.found)
        if len(left) != len(right):
            one = texts("{where}: expected {n} operand, found {given}")
            many = texts("{where}: expected {n} operands, found {given}")
            yield counted(len(left), one, many, where=where, given=len(right))
        pairs = self.matching.aligned(a, b)
        wrong = [i for i, (x, y) in enumerate(pairs) if self.matching.partner.get(x) != y]
        kept = [y for i, (_, y) in enumerate(pairs) if i not in wrong]
        self.missing_arrows += [(pairs[i][0], a, left.index(pairs[i][0])) for i in wrong]
        self.missing_arrows += [(x, a, slot) for slot, x in enumerate(left[len(pairs) :], len(pairs))]
        for slot, y in enumerate(right):
            if y in kept:
                kept.remove(y)
            else:
                self.extra_arrows.add((y, b, slot))
        if len(wrong) > 1 and Counter(map(self.matching.partner.get, left)) == Counter(right):
            wanted = ", ".join(self._name(x) for x in left)
            given = ", ".join(_name(y, self.found) for y in right)
            text = texts("{where}: expected the operands in the order {wanted}, found {given}")
            yield say(text, where=where, wanted=wanted, given=given)
            return
        for i in wrong:
            x, y = pairs[i]
            values = {"wanted": self._name(x), "given": _name(y, self.found)}
            if self.matching.ordered(a, b) and len(right) > 1:
                yield say("{where}, operand {i}: expected {wanted}, found {given}", where=where, i=i + 1, **values)
            else:
                yield say(EXPECTED, where=where, **values)

    # Words. A node that was expected has the name of its partner, where it has one.

    def _name(self, a: int) -> str:
        b = self.matching.partner.get(a)
        return self._call(a) if b is None else _name(b, self.found)

    def _call(self, a: int, depth: int = 3) -> str:
        """A node that was expected, written out in names of the graph that was found; deep parts are "…"."""
        node = self.expected.nodes[a]
        if node.operation is None:
            return say("the constant {value}", value=node.label) if node.kind == "constant" else node.label
        operands = []
        for x in self.expected.operands[a]:
            b = self.matching.partner.get(x)
            operands.append(_name(b, self.found) if b is not None else self._call(x, depth - 1) if depth else "…")
        return _written(node, operands)

    # The picture.

    def graph(self, lines: tuple[str, ...]) -> Graph:
        """Both graphs in one: what was found, and what is missing, each part after its last operand."""
        partner, found = self.matching.partner, self.found
        place: dict[tuple[str, int], tuple[int, int, int]] = {
            ("found", b): (position, 0, 0) for position, b in enumerate(found.order)
        }
        for a in self.expected.order:
            if a not in partner:
                after = [place[self._key(x)][0] for x in self.expected.operands[a]]
                place["missing", a] = (max(after, default=-1), 1, a)
        ids = {key: id for id, key in enumerate(sorted(place, key=place.__getitem__), 1)}
        nodes = [
            replace(found.nodes[i], id=id, mark=self._mark(i)) if side == "found" else replace(self._missing(i), id=id)
            for (side, i), id in ids.items()
        ]
        edges = [
            Edge(ids["found", x], ids["found", b], slot, mark="extra" if (x, b, slot) in self.extra_arrows else None)
            for b in found.order
            for slot, x in enumerate(found.operands[b])
        ]
        for x, a, slot in self.missing_arrows:
            source, target = ids[self._key(x)], ids[self._key(a)]
            edges.append(Edge(source, target, slot, mark="missing", recurrent=source >= target))
        outputs = tuple(sorted(ids["found", b] for b in found.outputs))
        left = len(lines) - SHOWN
        more = (counted(left, "… and {n} more difference", "… and {n} more differences"),) if left > 0 else ()
        return Graph(
            mode=found.graph.mode,
            title=counted(len(lines), "What differs: {n} difference", "What differs: {n} differences"),
            nodes=tuple(nodes),
            edges=tuple(sorted(edges, key=lambda edge: (edge.target, edge.slot, edge.mark == "missing"))),
            outputs=outputs,
            of=found.graph.of,
            notes=(*lines[:SHOWN], *more),
            clusters=found.graph.clusters,
        )

    def _missing(self, a: int) -> PlainNode:
        """A node that was expected, with a prime where its label is taken."""
        node = self.expected.nodes[a]
        taken = node.kind != "constant" and any(node.label == other.label for other in self.found.nodes.values())
        return replace(node, label=node.label + "′" * taken, mark="missing", cluster="")

    def _key(self, a: int) -> tuple[str, int]:
        """The key of a node that was expected: its own, or that of its partner."""
        b = self.matching.partner.get(a)
        return ("missing", a) if b is None else ("found", b)

    def _mark(self, b: int) -> Mark | None:
        if b not in self.matching.back:
            return "extra"
        return "changed" if b in self.changed else None


EXPECTED = texts("{where}: expected {wanted}, found {given}")


def _is_close(p: float | None, q: float | None, tolerance: float) -> bool:
    if p is None or q is None:
        return False
    return math.isclose(p, q, rel_tol=tolerance, abs_tol=tolerance * 1e-6) or (p != p and q != q)


def _written(node: PlainNode, operands: list[str]) -> str:
    attrs = [f"{key}={value}" for key, value in switched_on(node.attrs)]
    return f"{node.operation}({', '.join([*operands, *attrs])})"


def _name(b: int, side: Side) -> str:
    node = side.nodes[b]
    return say("the constant {value}", value=node.label) if node.kind == "constant" else node.label


def _call(b: int, side: Side) -> str:
    node = side.nodes[b]
    return _written(node, [_name(x, side) for x in side.operands[b]]) if node.operation else _name(b, side)


def _defined(b: int, side: Side) -> str:
    """A node as "v₂ = add(x, y)"."""
    return f"{side.nodes[b].label} = {_call(b, side)}" if side.nodes[b].operation else _name(b, side)


def _where(b: int, side: Side) -> str:
    """A node that was found, and the line that made it; of a constant, its use."""
    node = side.nodes[b]
    if node.kind == "constant" and side.users[b]:
        user, slot = side.users[b][0]
        return say("constant {value}, operand {i} of {user}", value=node.label, i=slot + 1, user=_where(user, side))
    return f"{node.label} ({node.source[0]})" if node.source else node.label
