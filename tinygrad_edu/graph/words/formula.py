"""A graph as mathematics: `formula(z)` is the text of the expression that made z; `latex` writes it for print.

Since gradients are graphs too, the printed graph of a gradient is the printed derivative. The text has as few brackets
as it can; what multiplies by 1 or adds 0 is left out. A part that is used several times is written out if the whole
stays short; else it gets a line of its own, so that forty doublings take forty lines and not 2⁴⁰ terms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...engine.node import Node, number_of
from ...errors import GraphError
from ..numbers import number
from ..plain import INTERNAL, Quantity, ancestors, attribute, labels

__all__ = ["ATOM", "Notation", "Term", "formula", "formula_of", "one_call", "printed", "word"]

SHORT = 60
"""An expression of up to this many symbols is written in one piece."""
LINES = 40
"""How many parts get a line of their own before the rest is only counted."""
NEWEST = LINES * SHORT
"""How many of the newest nodes such a text can need."""

MANY = 12
"""A call with more operands is cut in the middle."""

SUM, PRODUCT, SIGN, POWER, ATOM = 10, 20, 30, 40, 100
"""How tightly operators bind; a name binds tightest."""
SUPERSCRIPTS = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def formula(node: Node, *, latex: bool = False, simplify: bool = True) -> str:
    """The expression that made `node`, in the names of its leaves.

    Parameters
    ----------
    latex : in LaTeX, for between dollar signs, instead of text.
    simplify : leave out what changes nothing: 1·a is a, a + 0 is a, a + (−b) is a − b.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    >>> tg.formula((x + y) * w)
    '(x + y) · w'
    >>> tg.formula(tg.exp(-x**2) / (1 + y * w))
    'exp(−x²) / (1 + y · w)'
    >>> dx, = tg.gradients((x + y) * w**3, [w], create_graph=True)
    >>> tg.formula(dx)
    '(x + y) · 3 · w²'
    >>> print(tg.formula(tg.exp(-x**2) / (1 + y * w), latex=True))
    \\frac{\\exp\\left(-x^{2}\\right)}{1 + y \\cdot w}
    """
    if not isinstance(node, Node):
        raise GraphError(f"formula: only a Value or a Tensor has one, not {type(node).__name__} {node!r:.60}")
    nodes = ancestors([node])
    if not latex:
        return formula_of(node, nodes, labels(nodes), simplify=simplify)
    from .latex import LATEX

    return formula_of(node, nodes, labels(nodes), simplify=simplify, notation=LATEX)


class Notation(NamedTuple):
    """How terms are written.

    atom : a name or a number. label : the name of a term. pieces : a term with operands, as text and further terms;
    those in the set are written by name. lines : the first line, those it refers to, and how many more there are.
    """

    atom: Callable[[Term], str]
    label: Callable[[Term], str]
    pieces: Callable[[Term, set[Term]], list[str | Term]]
    lines: Callable[[str, list[tuple[str, str]], int], str]


def formula_of(
    node: Node,
    nodes: list[Node],
    names: Mapping[Node, str],
    *,
    simplify: bool = True,
    notation: Notation | None = None,
) -> str:
    """The expression that made `node` from `nodes`, in order of creation; nodes not among them appear by name."""
    terms: dict[Node, Term] = {}
    for x in nodes[-NEWEST:]:
        terms[x] = _term(x, terms, names, simplify)
    return _write(terms[node], notation or TEXT)


@dataclass(eq=False, slots=True)
class Term:
    """A part of an expression: a name or number (`operands` empty), or an operation on other parts.

    text : the name, the number, or the symbol of the operation. binds : how tightly. value : of a number.
    """

    text: str
    binds: int
    operands: tuple[Term, ...] = ()
    operation: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    label: str = ""
    value: float | None = None


def _term(node: Node, terms: Mapping[Node, Term], names: Mapping[Node, str], simplify: bool) -> Term:
    label = word(names[node])
    if node.primitive is None:
        nameless = simplify and not node.name and not node.requires_grad and Quantity.of(node).is_number
        return _constant(number_of(node)) if nameless else Term(label, ATOM, label=label)
    operands = []
    for x in node.inputs:
        if isinstance(x, Node):
            name = word(names[x])
            operands.append(terms.get(x) or Term(name, ATOM, label=name))
        else:
            operands.append(_constant(x))
    term = _call_term(node, tuple(operands), label)
    return _simplified(term) if simplify else term


def word(name: str) -> str:
    """A name that can stand in a formula: in quotation marks where it could be read as more than a name.

    >>> word("layer1.weight"), word("a + b")
    ('layer1.weight', '«a + b»')
    """
    return name if re.fullmatch(r"[^\W\d](\w|[.\[\]'′])*|[∂\w/.]+", name) else f"«{name}»"


def _constant(x: Any) -> Term:
    quantity = Quantity.of(x)
    if not quantity.is_number or quantity.elements is None:
        return Term(quantity.text(4) if quantity.elements is not None else f"[{quantity.kind()}]", ATOM)
    (value,) = quantity.elements
    return _number(value)


def _number(value: float) -> Term:
    return replace(printed(value, 12), value=value)


def printed(x: Any, digits: int = 6) -> Term:
    """A number as it is printed."""
    text = number(float(x), digits)
    return Term(text, SIGN if text.startswith("−") else ATOM)


def one_call(node: Node, term_of: Callable[[Node], Term], *, times: str = "·") -> str:
    """The one call that made `node`, its operands written as `term_of` says; `times` between factors."""
    operands = tuple(term_of(x) if isinstance(x, Node) else _constant(x) for x in node.inputs)
    term = _call_term(node, operands)
    if term.operation == "multiply":
        term.text = times
    return _line(term, set(), TEXT)[0]


def _call_term(node: Node, operands: tuple[Term, ...], label: str = "") -> Term:
    primitive = node.primitive
    assert primitive is not None
    settings = tuple((key, attribute(value, key)) for key, value in node.attrs.items() if key not in INTERNAL)
    return Term(primitive.symbol, primitive.precedence or ATOM, operands, primitive.name, settings, label)


# The obvious.


def _simplified(term: Term) -> Term:
    """The term without what changes nothing. Its operands are simplified already."""
    rule = RULES.get(term.operation)
    return (rule and rule(term, *term.operands)) or term


def _negative(a: Term, term: Term) -> Term:
    if a.operation == "negative":
        return a.operands[0]
    return _number(-a.value) if a.value is not None else Term("-", SIGN, (a,), "negative", label=term.label)


def _sum(term: Term, a: Term, b: Term) -> Term | None:
    if a.value == 0 or b.value == 0:
        return b if a.value == 0 else a
    if b.operation == "negative":
        return Term("-", SUM, (a, b.operands[0]), "subtract", label=term.label)
    return None


def _difference(term: Term, a: Term, b: Term) -> Term | None:
    if a.value == 0 or b.value == 0:
        return a if b.value == 0 else _negative(b, term)
    if b.operation == "negative":
        return Term("+", SUM, (a, b.operands[0]), "add", label=term.label)
    return None


def _product(term: Term, a: Term, b: Term) -> Term | None:
    if a.value == 0 or b.value == 0:
        return _number(0.0)
    if a.value == 1 or b.value == 1:
        return b if a.value == 1 else a
    if a.value == -1 or b.value == -1:
        return _negative(b if a.value == -1 else a, term)
    return None


def _quotient(term: Term, a: Term, b: Term) -> Term | None:
    if b.value == 1 or a.value == 0:
        return a
    return None


def _power(term: Term, a: Term, b: Term) -> Term | None:
    return a if b.value == 1 else _number(1.0) if b.value == 0 else None


RULES: dict[str, Callable[..., Term | None]] = {
    "add": _sum,
    "subtract": _difference,
    "multiply": _product,
    "divide": _quotient,
    "power": _power,
    "negative": lambda term, a: _negative(a, term),
}


# Writing.


def _write(root: Term, notation: Notation) -> str:
    """The text of a term, with lines for the parts that have to stand apart."""
    order = _terms(root)
    apart = _parts(root, order)
    first, lines = _lines(root, apart, notation)
    return notation.lines(first, lines, len(apart) - len(lines)) if lines else first


def _terms(root: Term) -> list[Term]:
    """All parts of a term, each once, operands before what they are used in."""
    done: dict[Term, None] = {}
    todo: list[tuple[Term, bool]] = [(root, False)]
    while todo:
        term, operands_done = todo.pop()
        if operands_done:
            done[term] = None
        elif term not in done:
            todo.append((term, True))
            todo.extend((x, False) for x in term.operands if x not in done)
    return list(done)


def _parts(root: Term, order: Iterable[Term]) -> set[Term]:
    """The parts that get a line of their own: none if the whole is short; else those used twice and those too long."""
    size: dict[Term, int] = {}
    uses: dict[Term, int] = {}
    for term in order:
        size[term] = min(1 + sum(size[x] for x in term.operands), 10**6)
        for x in term.operands:
            uses[x] = uses.get(x, 0) + 1
    if size[root] <= SHORT:
        return set()
    apart: set[Term] = set()
    for term in order:
        size[term] = 1 + sum(1 if x in apart else size[x] for x in term.operands)
        if term is not root and term.label and ((uses[term] > 1 and size[term] > 2) or size[term] > SHORT // 2):
            apart.add(term)
    return apart


def _lines(root: Term, apart: set[Term], notation: Notation) -> tuple[str, list[tuple[str, str]]]:
    """The first line, and (name, text) for the parts it refers to, and for those that they refer to."""
    first, waiting = _line(root, apart, notation)
    lines: list[tuple[str, str]] = []
    seen = set(waiting)
    for term in waiting:  # grows while it is read
        if len(lines) == LINES:
            break
        text, named = _line(term, apart, notation)
        lines.append((notation.label(term), text))
        waiting += [x for x in named if x not in seen]
        seen.update(named)
    return first, lines


def _line(root: Term, apart: set[Term], notation: Notation) -> tuple[str, list[Term]]:
    """One term in full, and the parts it refers to by name."""
    text: list[str] = []
    named: dict[Term, None] = {}
    todo: list[str | Term] = [root]
    while todo:
        piece = todo.pop()
        if isinstance(piece, str):
            text.append(piece)
        elif piece in apart and piece is not root:
            named[piece] = None
            text.append(notation.label(piece))
        elif piece.operands:
            todo.extend(reversed(notation.pieces(piece, apart)))
        else:
            text.append(notation.atom(piece))
    return "".join(text), list(named)


def _where(first: str, lines: list[tuple[str, str]], left_out: int) -> str:
    """Lines under each other."""
    starts = ("  where ", *(["        "] * len(lines)))
    rest = [f"{start}{name} = {text}" for start, (name, text) in zip(starts, lines)]
    rest += [f"        … and {left_out:,} more such lines"] if left_out > 0 else []
    return "\n".join([first, *rest])


def _pieces(term: Term, apart: set[Term]) -> list[str | Term]:
    """A term as text and operands, in brackets where they are needed."""

    def bracketed(x: Term, needed: bool) -> list[str | Term]:
        return ["(", x, ")"] if needed and x not in apart else [x]

    operands = term.operands
    if term.binds == ATOM or len(operands) > 2:
        return _call(term)
    if len(operands) == 1:
        return ["−" if term.text == "-" else term.text, *bracketed(operands[0], operands[0].binds <= term.binds)]
    a, b = operands
    left = bracketed(a, a.binds < term.binds or (term.binds == POWER == a.binds))
    if term.binds == POWER:
        if b.value is not None and b.value.is_integer() and abs(b.value) < 100:
            return [*left, b.text.translate(SUPERSCRIPTS)]
        return [*left, " ** ", *bracketed(b, b.binds < ATOM)]
    associative = term.text in "+·" and b.text in {"+": "+-", "·": "·"}[term.text]
    right = bracketed(b, b.binds < term.binds or b.binds == SIGN or (b.binds == term.binds and not associative))
    return [*left, f" {'−' if term.text == '-' else term.text} ", *right]


def _call(term: Term) -> list[str | Term]:
    """A term in function notation, or as an index or a transpose."""
    settings = dict(term.settings)
    first = term.operands[0]
    tight = ["(", first, ")"] if first.binds < ATOM else [first]
    if term.operation == "getitem" and len(term.operands) == 1:
        return [*tight, settings["index"]]
    if term.operation == "transpose" and settings.get("axes") == "None":
        return [*tight, "ᵀ"]
    pieces: list[str | Term] = [term.text, "("]
    operands: list[str | Term] = [*term.operands]
    if len(operands) > MANY:
        operands[MANY // 2 : 1 - MANY // 2] = ["…"]
    for i, x in enumerate(operands):
        pieces += [", ", x] if i else [x]
    pieces += [f", {key}={value}" for key, value in settings.items() if value not in ("None", "False")]
    return [*pieces, ")"]


TEXT = Notation(atom=lambda term: term.text, label=lambda term: term.label, pieces=_pieces, lines=_where)
