"""Terms: a graph as an expression, simplified, and written in lines by any notation.

The text has as few brackets as it can; what multiplies by 1 or adds 0 is left out. A part that is used several times is
written out if the whole stays short; else it gets a line of its own, so that forty doublings take forty lines and not
2⁴⁰ terms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...engine.node import Node, shape_of
from ..mathematics import pieces
from ..names import over
from ..numbers import POWERS, Quantity, number
from ..transcribe import PLUMBING, SHAPES, attributes, is_plumbing, worth_saying

__all__ = [
    "ATOM", "NEWEST", "PIPES", "POWER", "PRODUCT", "SIGN", "SUM", "Notation", "Term", "above", "arguments", "as_row",
    "begins_with_minus", "call", "call_term", "constant", "in_function_notation", "is_transpose", "named",
    "number_term", "one_line", "operand", "outer", "printed", "seems_looser", "simplified", "term_of", "through",
    "transposed", "written",
]  # fmt: skip

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


class Notation(NamedTuple):
    """How terms are written.

    Attributes
    ----------
    atom : a name or a number.
    pieces : a term with operands, as text and further terms.
    lines : the first line, the lines that it refers to, and how many more there are.
    """

    atom: Callable[[Term], str]
    pieces: Callable[[Term], list[str | Term]]
    lines: Callable[[str, list[tuple[str, str]], int], str]


@dataclass(eq=False, slots=True)
class Term:
    """A part of an expression: a name or number (`operands` empty), or an operation on other parts.

    Attributes
    ----------
    text : the name, the number, or the symbol of the operation.
    binds : how tightly.
    operands, operation, attrs : of a call.
    label : the name of its node; "" if it has none, as a number written into an expression.
    value : of a number.
    over : the letters of the axes that a reduction takes away, such as "j" for the second one.
    """

    text: str
    binds: int
    operands: tuple[Term, ...] = ()
    operation: str = ""
    attrs: tuple[tuple[str, str], ...] = ()
    label: str = ""
    value: float | None = None
    over: str = ""


PIPES = frozenset({"reshape", "sum_to", "where", *SHAPES})
"""The plumbing of rules: everything comes back to the shape of its operand, and single points may be apart."""


def term_of(
    node: Node,
    terms: Mapping[Node, Term],
    names: Mapping[Any, str],
    simplify: bool,
    plumbing: Collection[str] = PLUMBING,
    *,
    gradient: bool = False,
) -> Term:
    """The term of a node, made from the terms of its operands; operands that have none appear by name.

    Where terms are simplified, what is in `plumbing` is left out, and a `gradient` has vectors that are columns.
    """
    label = names[node]
    if node.primitive is None:
        nameless = simplify and not node.name and not node.requires_grad and Quantity.of(node).is_number
        return constant(node) if nameless else named(label)
    operands = tuple((isinstance(x, Node) and terms.get(x)) or operand(x, names) for x in node.inputs)
    term = call_term(node, operands, label)
    if not simplify:
        return term
    if gradient:
        said = term.operation, [len(shape_of(x)) for x in node.inputs], operands, label
        if product := transposed(*said) or outer(*said):
            return product
    return through(term) if is_plumbing(term.operation, term.attrs, plumbing) else simplified(term)


def named(label: str) -> Term:
    """A name; one with something above the line, such as σ² or ∂z/∂x, needs brackets as a base."""
    raised = "/" in label or label.endswith("ᵀ") or any(level == 1 for _, level in pieces(label))
    return Term(label, POWER if raised and not label.startswith("«") else ATOM, label=label)


def through(term: Term) -> Term:
    """What a book writes in place of a call that is plumbing: mostly its operand."""
    if term.operation == "sum_to":
        positive = _without_minus(term.operands[0])
        whole = Term("Σ", ATOM, (positive or term.operands[0],), "sum", label=term.label, over=term.over)
        return Term("-", SIGN, (whole,), "negative", label=term.label) if positive else whole
    if term.operation == "where":  # a number at a single point is left out
        condition, number, elsewhere = term.operands
        return elsewhere if number.value is not None and _is_a_point(condition) else term
    operand = term.operands[0]  # a term of its own, since x · x[None] is no square
    return replace(operand, label=term.label if operand.operands else operand.label)


def _is_a_point(condition: Term) -> bool:
    both = condition.operation == "logical_and"
    return condition.operation == "equal" or (both and any(map(_is_a_point, condition.operands)))


def operand(x: Any, names: Mapping[Any, str]) -> Term:
    """An operand by its name; an array is named by its `id()`, and what has no name is a constant."""
    if isinstance(x, Node):
        return named(names[x])
    return named(names[id(x)]) if id(x) in names else constant(x)


def constant(x: Any) -> Term:
    """A number or an array that has no name."""
    quantity = Quantity.of(x)
    if not quantity.is_number or quantity.elements is None:
        return Term(quantity.text() if quantity.elements is not None else f"[{quantity.kind()}]", ATOM)
    (value,) = quantity.elements
    return number_term(value)


def number_term(value: float) -> Term:
    """A number without a name."""
    return replace(printed(value), value=value)


def printed(x: Any) -> Term:
    """A number as it is printed."""
    text = number(float(x))
    product, power = PRODUCT if "·" in text else ATOM, POWER if set(text) & set(POWERS) else ATOM
    return Term(text, min(SIGN if text.startswith("−") else ATOM, product, power))


def call_term(node: Node, operands: tuple[Term, ...], label: str = "") -> Term:
    """The call that made a node, on operands of any kind."""
    row = node.primitive
    assert row is not None
    ranks = [len(shape_of(x)) for x in node.inputs]
    return call(row.name, row.symbol, row.precedence, operands, attributes(node), label, over(node), ranks)


def call(
    operation: str,
    symbol: str,
    precedence: int | None,
    operands: tuple[Term, ...],
    attrs: tuple[tuple[str, str], ...],
    label: str,
    over: str,
    ranks: Sequence[int | None] = (),
) -> Term:
    """A call as a book writes it: a square is a power, and what solves A x = b is A⁻¹ b.

    `ranks` are the numbers of axes of the operands: a product of arrays is a ⊙ b, and a vector before a matrix a row.
    A root, a power, an inverse and a transpose need brackets as a base.
    """
    if operation == "matmul" and [*ranks[:1]] == [1]:
        operands = (as_row(operands[0]), *operands[1:])
    symbol = "⊙" if operation == "multiply" and ranks and all(ranks) else symbol
    if operation == "solve":
        a, b = operands
        return Term("@", PRODUCT, (call("inv", "inv", None, (a,), (), "", ""), b), "matmul", label=label)
    if operation == "square":
        return Term("**", POWER, (*operands, number_term(2.0)), "power", label=label)
    if operation == "inv" and is_transpose(operands[0].operation, operands[0].attrs):
        operation, operands = "inverse_transpose", operands[0].operands
    attrs = tuple(worth_saying(operation, attrs, over))
    operation = "getitem" if operation == "expand_dims" else operation
    raised = operation == "sqrt" or operation in EXPONENTS or is_transpose(operation, attrs)
    return Term(symbol, precedence or (POWER if raised else ATOM), operands, operation, attrs, label, over=over)


def as_row(term: Term) -> Term:
    """A vector as the left factor of a matrix product: xᵀ A; what is xᵀ A already stays."""
    row = term.operation == "matmul" and term.operands[0].operation == "row"
    return term if row else Term("T", POWER, (term,), "row")


COLUMN, ROW = "[..., None]", "[..., None, :]"
"""The indices that make a column and a row of a vector."""


def outer(operation: str | None, ranks: Sequence[int | None], terms: Sequence[Term], label: str) -> Term | None:
    """a bᵀ, where the engine writes a[:, None] ⊙ b; `ranks` are the numbers of axes of the operands."""
    if operation != "multiply":
        return None
    a = _vector(terms[0], ranks[0], COLUMN)
    b = terms[1] if ranks[1] == 1 else _vector(terms[1], ranks[1], ROW)
    return _matrix_product(a, as_row(b), label) if a and b else None


def transposed(operation: str | None, ranks: Sequence[int | None], terms: Sequence[Term], label: str) -> Term | None:
    """Wᵀ a, where a rule says a W: a gradient is a column, as what it belongs to."""
    if operation != "matmul" or [*ranks] != [1, 2]:
        return None
    matrix = terms[1]
    turned = matrix.operands[0] if is_transpose(matrix.operation, matrix.attrs) else as_row(matrix)
    return _matrix_product(turned, terms[0], label)


def _vector(term: Term, rank: int | None, index: str) -> Term | None:
    """The vector of which a term, of so many axes, makes a matrix of one column, or of one row."""
    made = term.operation == "getitem" and ("index", index) in term.attrs and rank == 2
    return term.operands[0] if made else None


def _matrix_product(a: Term, b: Term, label: str) -> Term:
    return Term("@", PRODUCT, (a, b), "matmul", label=label)


EXPONENTS = {"inv": "⁻¹", "inverse_transpose": "⁻ᵀ"}


def above(term: Term) -> str:
    """What stands above the operand of an inverse or a transpose; "" for others."""
    return "ᵀ" if is_transpose(term.operation, term.attrs) else EXPONENTS.get(term.operation, "")


def is_transpose(operation: str | None, attrs: Iterable[tuple[str, str]]) -> bool:
    """Whether a call is written Xᵀ: it turns all axes around, or changes the places of the last two."""
    given = dict(attrs)
    if operation == "swapaxes":
        return {given.get("axis1"), given.get("axis2")} == {"-1", "-2"}
    if operation == "transpose":
        return "axes" not in given or given["axes"] == "None" or bool(re.fullmatch(LAST_TWO, given["axes"]))
    return operation == "row"


LAST_TWO = r"\((0, )?(1, 0|2, 1)\)|\(0, 1, 3, 2\)|\(.*-1, -2\)"
"""The orders of axes in which the last two have changed places."""


def in_function_notation(term: Term) -> bool:
    """Whether a term is written as a call, or with a sign around its operand, and not with an operator."""
    return term.binds == ATOM or len(term.operands) > 2 or (term.binds == POWER and len(term.operands) == 1)


# Simplification.


def simplified(term: Term) -> Term:
    """The term without factors of 1, summands of 0 and the like. Its operands are simplified already."""
    rule = RULES.get(term.operation)
    return (rule and rule(term, *term.operands)) or term


def _negative(a: Term, term: Term) -> Term:
    if a.operation == "negative":
        return a.operands[0]
    return number_term(-a.value) if a.value is not None else Term("-", SIGN, (a,), "negative", label=term.label)


def _sum(term: Term, a: Term, b: Term) -> Term | None:
    if a.value == 0 or b.value == 0:
        return b if a.value == 0 else a
    positive = _without_minus(b)
    return positive and Term("-", SUM, (a, positive), "subtract", label=term.label)


def _without_minus(term: Term) -> Term | None:
    """The term that this one is the negative of, where it begins with a minus; else None."""
    if term.operation == "negative":
        return term.operands[0]
    if term.value is not None:
        return number_term(-term.value) if term.value < 0 else None
    if term.operation in ("multiply", "divide"):
        for i, factor in enumerate(term.operands):
            positive = _without_minus(factor)
            if positive is not None:
                others = [x for k, x in enumerate(term.operands) if k != i]
                rest = replace(term, operands=(*term.operands[:i], positive, *term.operands[i + 1 :]))
                return others[0] if term.operation == "multiply" and positive.value == 1 else rest
    return None


def begins_with_minus(term: Term, *, fractions: bool = False) -> bool:
    """Whether a term is written with a minus at its beginning; with `fractions`, a quotient has none there."""
    while len(term.operands) == 2 and SUM < term.binds < ATOM and not (fractions and term.text == "/"):
        term = term.operands[0]
    return term.binds == SIGN


def seems_looser(left: Term, term: Term) -> bool:
    """Whether the left factor of a matrix product, which has no sign, has one that needs brackets: (a ⊙ b) C.

    A number before a matrix needs none, as in 2 · A B.
    """
    if term.operation != "matmul" or left.binds != PRODUCT or left.operation == "matmul":
        return False
    return left.text != "·" or any(x.binds <= PRODUCT for x in left.operands)


def _difference(term: Term, a: Term, b: Term) -> Term | None:
    if a.value == 0 or b.value == 0:
        return a if b.value == 0 else _negative(b, term)
    positive = _without_minus(b)
    return positive and Term("+", SUM, (a, positive), "add", label=term.label)


def _product(term: Term, a: Term, b: Term) -> Term | None:
    if a.value == 0 or b.value == 0:
        return number_term(0.0)
    if a.value == 1 or b.value == 1:
        return b if a.value == 1 else a
    if a.value == -1 or b.value == -1:
        return _negative(b if a.value == -1 else a, term)
    if term.text == "⊙" and b.operation == "multiply" and b.operands[0].value is not None:  # 2 · a ⊙ b
        arrays = replace(term, operands=(a, b.operands[1]), label="")
        return Term("·", PRODUCT, (b.operands[0], arrays), "multiply", label=term.label)
    if a is b:
        return Term("**", POWER, (a, number_term(2.0)), "power", label=term.label)
    return None


def _quotient(term: Term, a: Term, b: Term) -> Term | None:
    if b.value == 1 or a.value == 0:
        return a
    return None


def _power(term: Term, a: Term, b: Term) -> Term | None:
    return a if b.value == 1 else number_term(1.0) if b.value == 0 else None


RULES: dict[str, Callable[..., Term | None]] = {
    "add": _sum,
    "subtract": _difference,
    "multiply": _product,
    "divide": _quotient,
    "power": _power,
    "negative": lambda term, a: _negative(a, term),
}


# Writing.


def written(root: Term, notation: Notation) -> str:
    """The text of a term, with lines of their own for parts that are long or used several times."""
    order = _terms(root)
    apart = _parts(root, order)
    first, lines = _lines(root, apart, notation)
    return notation.lines(first, lines, len(apart) - len(lines)) if lines else first


def _terms(root: Term) -> list[Term]:
    """All parts of a term, each once, operands before the terms that use them."""
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


def _parts(root: Term, order: Iterable[Term]) -> dict[Term, Term]:
    """The parts that get a line of their own, each with the name that stands in its place.

    None if the whole is short; else those used twice and the long ones.
    """
    size: dict[Term, int] = {}
    uses: dict[Term, int] = {}
    for term in order:
        size[term] = min(1 + sum(size[x] for x in term.operands), 10**6)
        for x in term.operands:
            uses[x] = uses.get(x, 0) + 1
    if size[root] <= SHORT:
        return {}
    apart: dict[Term, Term] = {}
    for term in order:
        size[term] = 1 + sum(1 if x in apart else size[x] for x in term.operands)
        if term is not root and term.label and ((uses[term] > 1 and size[term] > 2) or size[term] > SHORT // 2):
            apart[term] = named(term.label)
    return apart


def _lines(root: Term, apart: Mapping[Term, Term], notation: Notation) -> tuple[str, list[tuple[str, str]]]:
    """The first line, and (name, text) for the parts that it refers to, directly or through others."""
    first, waiting = _line(root, apart, notation)
    lines: list[tuple[str, str]] = []
    seen = set(waiting)
    for term in waiting:  # grows while it is read
        if len(lines) == LINES:
            break
        text, referred = _line(term, apart, notation)
        lines.append((notation.atom(apart[term]), text))
        waiting += [x for x in referred if x not in seen]
        seen.update(referred)
    return first, lines


def arguments(term: Term, ellipsis: str) -> list[str | Term]:
    """The operands of a call, with commas between them; of very many, those at both ends."""
    operands: list[str | Term] = [*term.operands]
    if len(operands) > MANY:
        operands[MANY // 2 : 1 - MANY // 2] = [ellipsis]
    return [piece for x in operands for piece in (", ", x)][1:]


def one_line(root: Term, notation: Notation) -> str:
    """The text of a term in one line."""
    return _line(root, {}, notation)[0]


def _line(root: Term, apart: Mapping[Term, Term], notation: Notation) -> tuple[str, list[Term]]:
    """One term in full, and the parts that it refers to by name."""
    text: list[str] = []
    parts: dict[Term, Term] = {}
    referred: dict[Term, None] = {}
    todo: list[str | Term] = [root]
    while todo:
        piece = todo.pop()
        if isinstance(piece, str):
            text.append(piece)
        elif piece.operands:
            parts |= {apart[x]: x for x in piece.operands if x in apart}
            with_names = replace(piece, operands=tuple(apart.get(x, x) for x in piece.operands))
            todo.extend(reversed(notation.pieces(with_names)))
        else:
            referred |= {parts[piece]: None} if piece in parts else {}
            text.append(notation.atom(piece))
    return "".join(text), list(referred)
