"""Errors for calls that cannot be computed: they name the operation, the operands, the broken rule and the way out.

`checks.CHECKS` is the table: for each operation, the functions that look for a mistake in its operands and attributes.
The first that finds a mistake says what is wrong. They look at shapes and types, and never repeat NumPy's own words.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ..._support.languages import say, texts
from ...errors import DtypeError, ShapeError, TinygradError
from ..node import Node
from .arguments import known_arguments
from .elsewhere import ARGUMENTS
from .operands import is_no_array_of_numbers, not_numbers
from .words import listed, made_at

__all__ = ["check", "refused", "wrong_call"]


def refused(
    name: str, operands: Sequence[Any], attrs: dict[str, Any], error: Exception, elementwise: bool = False
) -> Exception:
    """The error to raise instead of `error`, with which NumPy refused a call of operation `name`.

    >>> import numpy as np
    >>> refused("add", [np.ones((2, 3)), np.ones(4)], {}, ValueError(), elementwise=True)
    ShapeError('add: (2, 3) and (4,) do not broadcast: sizes 3 and 4 on the last axis differ and neither is 1')
    """
    if isinstance(error, TinygradError) and not any(isinstance(x, Node) for x in attrs.values()):
        return error  # a primitive that this one calls has said it already
    try:
        found = _broken_rule(name, operands, attrs, elementwise)
    except Exception:  # operands so odd that a check fails on them
        found = None
    if found is None:
        kind = DtypeError if isinstance(error, TypeError) else ShapeError
        text = texts("{operation}: cannot be computed on {operands}: {error}")
        found = kind(text, operation=name, operands=listed(operands), error=error)
    return found


def check(name: str, *operands: Any, **attrs: Any) -> None:
    """Raise an error if a check of operation `name` finds a mistake; for mistakes that NumPy lets pass.

    >>> import numpy as np
    >>> check("sum", np.ones((3, 4)), axis=2)
    Traceback (most recent call last):
    ...
    tinygrad_edu.errors.OutOfRangeError: sum: axis 2 is out of range for (3, 4), whose axes are 0 and 1 (or -2, -1)
    """
    found = _broken_rule(name, operands, attrs)
    if found is not None:
        raise found from None


def _broken_rule(
    name: str, operands: Sequence[Any], attrs: dict[str, Any], elementwise: bool = False
) -> TinygradError | None:
    """The first mistake that the checks find in a call; None if there is none."""
    from .checked_call import CheckedCall  # here, because a program without a mistake needs none of the checks
    from .checks import CHECKS, ELEMENTWISE, PUBLIC_NAME

    for x in operands:
        if is_no_array_of_numbers(x):
            return not_numbers(name, x)
    call = CheckedCall(name, operands, attrs)
    try:
        for rule in (*CHECKS.get(name, ()), *(ELEMENTWISE if elementwise else ())):
            rule(call)
    except TinygradError as found:
        problem = say("{operation}: {problem}", operation=PUBLIC_NAME.get(name, name), problem=found)
        return type(found)(problem + made_at(operands))
    return None


def wrong_call(row: Any, given: Sequence[Any], attrs: dict[str, Any]) -> DtypeError:
    """The error for a call that does not fit the signature of a row."""
    operands = _operand_names(row)
    known_arguments(row.name, attrs.keys() - ARGUMENTS.keys(), [*operands, *row.attrs])
    words = [*(type(x).__name__ for x in given), *(f"{name}={value!r:.30}" for name, value in attrs.items())]
    here = [
        say("; {name} is called {other} here", name=name, other=ARGUMENTS[name]) for name in attrs if name in ARGUMENTS
    ]
    return DtypeError(
        "{signature} was called as {call}{hints}",
        signature=f"{row.name}({', '.join([*operands, *(f'{name}={x!r}' for name, x in row.attrs.items())])})",
        call=f"{row.name}({', '.join(words)})",
        hints="".join(here),
    )


def _operand_names(row: Any) -> list[str]:
    """What the operands of a row are called, such as x and y."""
    function = row.arrays if inspect.isfunction(row.arrays) else row.floats
    known = list(inspect.signature(function).parameters) if inspect.isfunction(function) else list("xyzuvw")
    return known[: row.arity]
