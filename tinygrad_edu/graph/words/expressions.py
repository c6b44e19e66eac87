"""Expressions of data: what was computed inside `tg.trace()` without a gradient, such as `1 − y`, as it was written.

Such a number is a leaf of the graph, and has no name. It is said by the names of what it was computed from, if these
are known, and if none of them has been changed since.
"""

from __future__ import annotations

from ...engine.grad_mode import complete_graph
from ...engine.node import Node, new, number_of, record, shape_of
from ..names import word
from ..recorded import Recorded
from ..text import shorten, visible
from .terms import Term, constant, named, term_of

__all__ = ["expressions"]

DEEPEST = 4
"""An expression of more operations inside each other is not said."""


def expressions(recorded: Recorded) -> dict[Node, Term]:
    """The terms of the leaves that were computed of data with names.

    >>> import tinygrad_edu as tg
    >>> y, p = tg.tensor([0.0, 1.0], name="y"), tg.tensor([0.3, 0.6], requires_grad=True, name="p")
    >>> with tg.trace():
    ...     z = (1 - y) * p
    >>> tg.formula(z)
    '(1 − y) ⊙ p'
    """
    made = (x for x in recorded.nodes if x.notes and x.notes.expression)
    nameless = (x for x in made if not (x.requires_grad or x.notes.changed or _name(x, recorded)))  # type: ignore[union-attr]
    terms = ((x, _term(x, recorded, x.index, DEEPEST)) for x in nameless)
    return {x: term for x, term in terms if term}


def _name(node: Node, recorded: Recorded) -> str | None:
    return node.name or recorded.given.get(node) or recorded.clusters.names.get(node)


def _term(x: object, recorded: Recorded, before: int, depth: int) -> Term | None:
    """The term of what was used at a tick of the clock; None if it cannot be said."""
    if not isinstance(x, Node):
        return None if shape_of(x) else constant(x)
    if x.notes and x.notes.changed and x.notes.changed[0] > before:
        return None
    if name := _name(x, recorded):
        label = recorded.names.get(x, word(shorten(visible(name))))
        return named(label) if x in recorded.names or label not in recorded.names.values() else None
    if x.notes and x.notes.expression:
        with complete_graph:
            call: Node = record(new(type(x)), number_of(x), *x.notes.expression)
        terms = [_term(y, recorded, x.index, depth - 1) if depth else None for y in call.inputs]
        known = {y: term for y, term in zip(call.inputs, terms) if term and isinstance(y, Node)}
        return term_of(call, known, {call: recorded.names.get(x, "")}, True) if all(terms) else None
    return constant(x) if not shape_of(x) and x.primitive is None else None
