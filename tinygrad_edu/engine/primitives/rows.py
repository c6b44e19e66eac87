"""Writing rows of the table: `unary` and `binary` for elementwise functions, `@primitive` for all others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .primitive import BY_NUMPY, TABLE, Primitive

__all__ = ["binary", "own_primitive", "primitive", "unary"]

Rule = Callable[..., Any]


def unary(
    name: str, arrays: Callable[..., Any], floats: Callable[..., Any], rule: Rule, doc: str,
    example: tuple[float, float], **rest: Any,
) -> Primitive:  # fmt: skip
    """A row of an elementwise function of one operand; `example` is an argument and the result."""
    return _elementwise(name, arrays, [rule], floats, doc, example, **{"numpy": [arrays], **rest})


def binary(
    name: str, arrays: Callable[..., Any], floats: Callable[..., Any], rule_x: Rule, rule_y: Rule, doc: str,
    example: tuple[float, float, float], **rest: Any,
) -> Primitive:  # fmt: skip
    """A row of an elementwise function of two operands, which are broadcast against each other."""
    return _elementwise(name, arrays, [rule_x, rule_y], floats, doc, example, **rest)


def primitive(*rules: Rule | None, kind: type[Primitive] = Primitive, **rest: Any) -> Callable[..., Primitive]:
    """Make a row of a function on arrays: its first arguments are the operands, one a rule, the others attributes.

    `tg.primitive` is this for rows of the user's own: see `own_primitive`.
    """
    return lambda arrays: kind(rest.pop("name", arrays.__name__.strip("_")), arrays, rules, **rest)


def own_primitive(*rules: Rule | None, **rest: Any) -> Callable[[Callable[..., Any]], Primitive]:
    """A decorator: a function of arrays and floats becomes a row with derivatives of your own.

    It is recorded, differentiated, drawn and graded like the rows of the library. The function's first parameters are
    its operands; the others are attributes, and have defaults. There is a rule for each operand; None where no gradient
    flows. It gets the gradient `g` of the result, the result, the operands and the attributes, and returns the
    contribution to the operand's gradient. Written in ordinary arithmetic and in functions of `tg`, the rules have
    derivatives, too. `rest` are the other parameters of a row, such as `symbol`, `numpy` and `elementwise`.

    A second definition of a name takes the place of the first, as when a cell of a notebook runs again. Raises
    `ValueError` for the name of a row of the library.

    >>> import numpy as np
    >>> import tinygrad_edu as tg
    >>> @tg.primitive(lambda g, out, x: g * (1 - out * out))
    ... def squashed(x):
    ...     return np.tanh(x)
    >>> tg.grad(squashed)(0.0), round(tg.grad(tg.grad(squashed))(0.5), 3)
    (1.0, -0.727)
    """

    def row(function: Callable[..., Any]) -> Primitive:
        name = rest.get("name", function.__name__)
        if name in OWN:
            for numpy in [numpy for numpy, known in BY_NUMPY.items() if known is TABLE[name]]:
                del BY_NUMPY[numpy]
            del TABLE[name]
        on_floats = lambda *values, **attrs: float(function(*map(np.float64, values), **attrs))
        made = Primitive(**{"floats": on_floats, **rest, "name": name, "arrays": function, "rules": rules})
        OWN.add(name)
        return made

    return row


OWN: set[str] = set()
"""The names of the rows that are the user's own."""


def _elementwise(
    name: str, arrays: Any, rules: Sequence[Rule], floats: Any, doc: str, example: Sequence[float], **rest: Any
) -> Primitive:
    *operands, result = example
    written = [str(x) if math.isfinite(x) else f'float("{x}")' for x in operands]
    call = f"tg.{name}({', '.join(written)})"
    doc += f"\n\n    >>> import tinygrad_edu as tg\n    >>> {call}\n    {result!r}\n    "
    return Primitive(name, arrays, rules, floats=floats, elementwise=True, doc=doc, **rest)
