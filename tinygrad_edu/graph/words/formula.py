"""A graph as mathematics: `formula(z)` is the text of the expression that made z, or its LaTeX.

Gradients are graphs too, so the printed graph of a gradient is the printed derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..._support.languages import say, texts
from ..._support.text import columns
from ...engine.messages import short
from ...engine.node import Node, shape_of
from ...errors import GraphError
from ..asked import recorded_of
from ..mathematics import isolated
from ..names import LOW, layers
from ..numbers import RAISED, printed_with
from ..recorded import Recorded
from ..transcribe import PLUMBING, is_plumbing, setting
from .expressions import expressions
from .latex import LATEX
from .terms import (
    ATOM,
    NEWEST,
    POWER,
    SUM,
    Notation,
    Term,
    above,
    arguments,
    begins_with_minus,
    call_term,
    constant,
    in_function_notation,
    one_line,
    seems_looser,
    term_of,
    written,
)

__all__ = ["TEXT", "data_in_words", "formula", "formula_of", "one_call"]


NO_TERMS: Mapping[Node, Term] = {}

LONGEST = 48
"""An expression of data of more characters has no line and no box of its own."""


def formula(
    node: Node,
    *,
    latex: bool = False,
    simplify: bool = True,
    names: Mapping[str, Any] | None = None,
    digits: int | None = None,
) -> str:
    """The expression that made `node`, in the names of its leaves.

    A name that could be read as a number or an expression is in quotation marks, here and in pictures: «2», «a + b».

    Parameters
    ----------
    latex : in LaTeX, for between dollar signs, instead of text.
    simplify : leave out what changes nothing: 1·a is a, a + 0 is a, a + (−b) is a − b.
    names : names for nodes and arrays that have none: a dictionary, such as `locals()`.
    digits : how many significant digits numbers have; None: 4.

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
        text = texts("formula: only a Value or a Tensor has one, not {kind} {given}")
        raise GraphError(text, kind=type(node).__name__, given=short(node))
    recorded = recorded_of(node, names, "formula")
    with printed_with(digits):
        known = expressions(recorded)
        text = formula_of(node, recorded.nodes, recorded.names, known, latex=latex, simplify=simplify)
    return text if latex else isolated(text)


def formula_of(
    node: Node,
    nodes: Sequence[Node],
    names: Mapping[Any, str],
    known: Mapping[Node, Term] = NO_TERMS,
    *,
    latex: bool = False,
    simplify: bool = True,
    plumbing: Collection[str] = PLUMBING,
) -> str:
    """The expression that made `node` from `nodes`, in order of creation; other nodes appear in it by name.

    The terms of some may be `known`.
    """
    terms = dict(known)
    gradients = layers(nodes)
    for x in nodes[-NEWEST:]:
        if x not in known:
            terms[x] = term_of(x, terms, names, simplify, plumbing, gradient=x in gradients)
    return written(terms[node], LATEX if latex else TEXT)


def data_in_words(recorded: Recorded) -> dict[Node, str]:
    """The expressions of data that are short: of what pictures, explanations and steps call x₁, `1 − y`."""
    texts = {leaf: one_line(term, TEXT) for leaf, term in expressions(recorded).items()}
    return {leaf: text for leaf, text in texts.items() if 0 < len(text) <= LONGEST}


def one_call(node: Node, operand: Callable[[Any], Term], *, times: str = "·") -> str:
    """The one call that made `node`, with a term for each operand but single constants; `times` between factors."""
    said = (operand(x) if isinstance(x, Node) or shape_of(x) else constant(x) for x in node.inputs)
    term = call_term(node, tuple(said))
    if is_plumbing(term.operation, term.attrs):
        return one_line(term.operands[0], TEXT)
    if term.text == "·":
        term.text = times
    return one_line(term, TEXT)


# The notation of text.


def _where(first: str, lines: list[tuple[str, str]], left_out: int) -> str:
    """Lines under each other."""
    where = f"  {say('where')} "
    indent = " " * columns(where)
    rest = [f"{indent if i else where}{name} = {text}" for i, (name, text) in enumerate(lines)]
    rest += [indent + say("… and {n} more such lines", n=f"{left_out:,}")] if left_out > 0 else []
    return "\n".join([first, *rest])


def _pieces(term: Term) -> list[str | Term]:
    """A term as text and operands, in brackets where they are needed."""

    def bracketed(x: Term, needed: bool) -> list[str | Term]:
        return ["(", x, ")"] if needed else [x]

    operands = term.operands
    if in_function_notation(term):
        return _call(term)
    if len(operands) == 1:
        x = operands[0]
        return ["−" if term.text == "-" else term.text, *bracketed(x, x.binds <= SUM or begins_with_minus(x))]
    a, b = operands
    left = bracketed(a, a.binds < term.binds or (term.binds == POWER == a.binds) or seems_looser(a, term))
    if term.binds == POWER:
        if b.value is not None and b.value.is_integer() and abs(b.value) < 100:
            return [*left, b.text.translate(RAISED)]
        return [*left, "^", *bracketed(b, b.binds < ATOM)]
    associative = b.operation in ASSOCIATIVE.get(term.operation, ())
    right = bracketed(b, b.binds < term.binds or begins_with_minus(b) or (b.binds == term.binds and not associative))
    sign = {"-": " − ", "@": " "}.get(term.text, f" {term.text} ")
    return [*left, sign, *right]


ASSOCIATIVE = {"add": ("add", "subtract"), "multiply": ("multiply",), "matmul": ("matmul",)}
"""The operations that may stand at the right of others without brackets."""

AROUND = {"abs": "|", "norm2": "‖"}
"""The functions that are written around their operand."""


def _call(term: Term) -> list[str | Term]:
    """A term in function notation, or as an index or a transpose."""
    attrs = dict(term.attrs)
    first = term.operands[0]
    tight = ["(", first, ")"] if first.binds < ATOM else [first]
    if term.operation == "getitem" and len(term.operands) == 1:
        return [*tight, attrs["index"]]
    if exponent := above(term):
        return [*tight, exponent]
    low = term.over.translate(LOW)
    if len(term.operands) == 1 and not term.attrs:
        if term.operation in AROUND:
            return [AROUND[term.operation], first, AROUND[term.operation], low]
        if term.operation == "sqrt":
            return ["√", *tight]
        if term.operation == "reciprocal":
            return ["(1 / ", *tight, ")"]
    if term.operation == "dot" and len(term.operands) == 2:
        return [*tight, "ᵀ ", *(["(", term.operands[1], ")"] if term.operands[1].binds < ATOM else [term.operands[1]])]
    listed = [f", {setting(*attr)}" for attr in term.attrs]
    name = term.operation if "(" in term.text else term.text  # softmax(QKᵀ) is the sign of a box
    return [name + low, "(", *arguments(term, "…"), *listed, ")"]


TEXT = Notation(atom=lambda term: term.text, pieces=_pieces, lines=_where)
