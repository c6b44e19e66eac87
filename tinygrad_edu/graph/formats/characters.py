"""The graph in characters, for a terminal: results with what they were made from below them, as a tree.

What is used again is not drawn again: a line that says so stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..._support.grouping import grouped
from ..._support.languages import say
from ..._support.text import columns
from ..names import partial
from ..picture.card import attrs_of, sign_of
from ..picture.style import is_space, kind_in_line
from ..plain import Graph, PlainNode, Quantity
from ..words.formula import TEXT
from ..words.terms import Term, call, named, number_term, one_line
from .outline import cluster_title

__all__ = ["characters", "lines_of"]

FEW = 4
"""Arrays of up to so many numbers are shown in full."""
WIDEST = 46
"""Gradients stand in a column of their own, at most so far to the right."""


def characters(graph: Graph) -> str:
    """The graph as text.

    >>> import tinygrad_edu as tg
    >>> x, w = tg.Value(2.0, "x"), tg.Value(3.0, "w")
    >>> z = (q := x * w) + x
    >>> q.name, z.name = "q", "z"
    >>> print(tg.draw(z))
    z = q + x = 8      ∂z/∂z = 1
    ├─ q = x × w = 6   ∂z/∂q = 1
    │  ├─ x = 2        ∂z/∂x = 4
    │  └─ w = 3        ∂z/∂w = 2
    └─ x = 2
    """
    text = [line for line, _ in lines_of(graph)]
    below = [*graph.notes, *([graph.caption] if graph.caption else [])]
    return "\n".join([*([graph.heading] if graph.heading else []), *text, *below])


def lines_of(graph: Graph) -> list[tuple[str, int]]:
    """The lines of the tree, from the outputs to the leaves, each with the id of its node."""
    lines = list(_tree(graph))
    wide = min(max((columns(left) for left, right, _ in lines if right), default=0), WIDEST)
    gaps = (" " * max(3, wide + 3 - columns(left)) if right else "" for left, right, _ in lines)
    return [(left + gap + right, id) for (left, right, id), gap in zip(lines, gaps)]


def _tree(graph: Graph) -> Iterator[tuple[str, str, int]]:
    """For each line the tree and the node, what is known of its gradient, and the id of the node."""
    edges = sorted(graph.edges, key=lambda edge: edge.slot)
    arriving = grouped((edge.target, edge.source) for edge in edges if not edge.recurrent)
    done: set[int] = set()
    todo = [(id, "", "") for id in reversed(graph.outputs)]
    while todo:
        id, before, below = todo.pop()
        node = graph.node(id)
        sources = arriving.get(id, [])
        again = id in done or node.kind == "alias"
        shown = say("{name}, see above", name=_name(node)) if again and sources else _words(node, sources, graph)
        yield before + shown, "" if again else _gradient(node, graph), id
        if again:
            continue
        done.add(id)
        inner = [source for source in dict.fromkeys(sources) if graph.node(source).kind != "constant"]
        for source in reversed(inner):
            last = source == inner[-1]
            todo.append((source, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))


def _name(node: PlainNode) -> str:
    return node.result if node.opens and node.result else node.shown or node.label


def _words(node: PlainNode, sources: list[int], graph: Graph) -> str:
    """A node in a line: its name, how it was made, and its number, or its shape and range."""
    made = _call(node, [graph.node(source) for source in sources], graph) if sources else node.formula
    made = cluster_title(graph.cluster(node.opens)) if node.opens else made
    value = None if node.kind == "constant" else node.value
    space = kind_in_line(value, " ") if value and is_space(value) else ""
    number = _number(value) if value and not space else ""
    line = " = ".join(dict.fromkeys(filter(None, (_name(node), made, number))))
    return line + space + (f"  ({node.note})" if node.note else "")


def _number(quantity: Quantity, *, shape: bool = True) -> str:
    """A number or a small array; of a larger one the shape, if that is asked for, and the range."""
    if quantity.elements is not None and len(quantity.elements) <= FEW:
        return quantity.text()
    kind = quantity.kind(dtype=False)
    return kind if not quantity.dtype else f"{kind}, {quantity.range()}" if shape else quantity.range()


INFIX = frozenset("+−×/@")


def _call(node: PlainNode, inputs: list[PlainNode], graph: Graph) -> str:
    symbol, operands = sign_of(node, graph), [_name(x) for x in inputs]
    if node.formula:
        return node.formula
    if len(operands) == 2 and symbol in INFIX:
        return f"{operands[0]} {symbol} {operands[1]}"
    if node.operation in ("power", "square", "sqrt"):
        return one_line(call(node.operation, symbol, node.precedence, tuple(map(_term, inputs)), (), "", ""), TEXT)
    if node.operation == "negative":
        return f"−{operands[0]}"
    if not symbol:  # handed on as it is
        return operands[0]
    said = [*operands, *attrs_of(node, shape=True)]
    return "".join(said) if node.operation == "getitem" else f"{node.operation}({', '.join(said)})"


def _term(node: PlainNode) -> Term:
    """An operand as a part of a formula."""
    number = node.value if node.kind == "constant" and node.value is not None and node.value.is_number else None
    return number_term(number.elements[0]) if number and number.elements else named(_name(node))


def _gradient(node: PlainNode, graph: Graph) -> str:
    known = [(of, x) for of, x in ((graph.of, node.gradient), *node.further) if x is not None]
    said = [f"{partial(of, _name(node))} = {_number(x, shape=False)}" for of, x in known]
    said += [f".grad = {'None' if node.grad is None else _number(node.grad, shape=False)}"] if node.kept else []
    return "   ".join(said)
