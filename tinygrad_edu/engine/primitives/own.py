"""Rows of the user's own: `tg.primitive`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from .. import messages
from ..convert import as_float
from ..node import shape_of
from .primitive import BY_NUMPY, Primitive
from .rows import Rule

__all__ = ["OWN", "primitive"]

OWN: set[str] = set()
"""The names of the rows that are the user's own."""


def primitive(*rules: Rule | None, **rest: Any) -> Callable[[Callable[..., Any]], Primitive]:
    """A decorator: a function of arrays and floats becomes a row with derivatives of your own.

    It is recorded, differentiated, drawn and graded like the rows of the library. The function's first parameters are
    its operands; the others are attributes, and have defaults. There is a rule for each operand; None where no gradient
    flows. It gets the gradient `g` of the result, the result, the operands and the attributes, and returns the
    contribution to the operand's gradient. Written in ordinary arithmetic and in functions of `tg`, the rules have
    derivatives, too. `rest` are the other parameters of a row, such as `symbol`, `numpy` and `elementwise`.

    A second definition of a name takes the place of the first, as when a cell of a notebook runs again. Raises
    `ValueError` for the name of a row of the library, `DtypeError` for what is no function; in a backward pass
    `DtypeError` for a rule that returns no numbers, `ShapeError` for one whose numbers do not fit the operand.

    >>> import numpy as np
    >>> import tinygrad_edu as tg
    >>> @tg.primitive(lambda g, out, x: g * (1 - out * out))
    ... def squashed(x):
    ...     return np.tanh(x)
    >>> tg.grad(squashed)(0.0), round(tg.grad(tg.grad(squashed))(0.5), 3)
    (1.0, -0.727)
    """
    for rule in rules:
        if rule is not None and not callable(rule):
            raise DtypeError(
                f"primitive: a rule is a function, or None where no gradient flows; not {messages.short(rule)}"
            )

    def row(function: Callable[..., Any]) -> Primitive:
        if not callable(function):
            raise DtypeError("primitive: the rules come first, @tg.primitive(lambda g, out, x: ...), then the function")
        from . import TABLE  # the whole of it, so that no name is taken twice

        name = rest.get("name", function.__name__)
        if name in OWN:
            for numpy in [numpy for numpy, known in BY_NUMPY.items() if known is TABLE[name]]:
                del BY_NUMPY[numpy]
            del TABLE[name]
        on_floats = lambda *values, **attrs: as_float(function(*map(np.float64, values), **attrs))
        checked = [rule and _checked(rule, name, slot) for slot, rule in enumerate(rules)]
        made = Primitive(**{"floats": on_floats, **rest, "name": name, "arrays": function, "rules": checked})
        OWN.add(name)
        return made

    return row


def _checked(rule: Rule, name: str, slot: int) -> Rule:
    """The rule, whose mistakes are told where they are made."""

    @wraps(rule)
    def checked(g: Any, out: Any, *operands: Any, **attrs: Any) -> Any:
        given = rule(g, out, *operands, **attrs)
        if messages.is_no_array_of_numbers(given):
            raise messages.not_numbers(f"{name}: rule {slot + 1}", given)
        shape, wanted = shape_of(given), shape_of(operands[slot])
        behind = shape[len(shape) - len(wanted) :]  # what is larger is summed, as where an operand was broadcast
        if shape and (len(behind) < len(wanted) or any(n not in (1, m) for m, n in zip(behind, wanted))):
            raise ShapeError(f"{name}: rule {slot + 1} returns shape {shape} for an operand of shape {wanted}")
        return given

    return checked
