"""Writing rows of the table: `unary` and `binary` for elementwise functions, `@primitive` for all others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .primitive import Primitive

__all__ = ["binary", "primitive", "unary"]

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

    `tg.primitive` is this for rows of the user's own: see `own.py`.
    """
    return lambda arrays: kind(rest.pop("name", arrays.__name__.strip("_")), arrays, rules, **rest)


def _elementwise(
    name: str, arrays: Any, rules: Sequence[Rule], floats: Any, doc: str, example: Sequence[float], **rest: Any
) -> Primitive:
    *operands, result = example
    written = [str(x) if math.isfinite(x) else f'float("{x}")' for x in operands]
    call = f"tg.{name}({', '.join(written)})"
    doc += f"\n\n    >>> import tinygrad_edu as tg\n    >>> {call}\n    {result!r}\n    "
    return Primitive(name, arrays, rules, floats=floats, elementwise=True, doc=doc, **rest)
