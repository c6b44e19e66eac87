"""Explains why a call was refused: the operation, the operands, the rule that is broken, and the way out.

`checks.CHECKS` is the table: for each operation the functions that look for a mistake in its operands and attributes.
The first that finds one says what is wrong. They look at shapes and types, and never repeat NumPy's own words.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ...errors import DtypeError, ShapeError, TinygradError
from .checks import CHECKS, ELEMENTWISE, PUBLIC_NAME
from .elsewhere import ARGUMENTS
from .not_numbers import is_no_array_of_numbers, not_numbers
from .words import Call, listed, made_at

__all__ = ["check", "refused", "wrong_call"]


def refused(
    name: str, operands: Sequence[Any], attrs: dict[str, Any], error: Exception, elementwise: bool = False
) -> Exception:
    """The error to raise instead of NumPy's `error`, when it refuses any call.

    >>> import numpy as np
    >>> refused("add", [np.ones((2, 3)), np.ones(4)], {}, ValueError(), elementwise=True)
    ShapeError('add: (2, 3) and (4,) do not broadcast: sizes 3 and 4 on the last axis differ and neither is 1')
    """
    if isinstance(error, TinygradError):  # said already by a primitive that this one is made of
        return error
    try:
        found = broken_rule(Call(name, operands, attrs), elementwise)
    except Exception:  # operands so odd that they cannot even be looked at
        found = None
    if found is None:
        kind = DtypeError if isinstance(error, TypeError) else ShapeError
        found = kind(f"{name}: cannot be computed on {listed(operands)}: {error}")
    return found


def check(name: str, *operands: Any, **attrs: Any) -> None:
    """Raise what is wrong with a call of operation `name`; for what NumPy would let pass.

    >>> import numpy as np
    >>> check("sum", np.ones((3, 4)), axis=2)
    Traceback (most recent call last):
    ...
    tinygrad_edu.errors.OutOfRangeError: sum: axis 2 is out of range for (3, 4), whose axes are 0 and 1 (or -2, -1)
    """
    found = broken_rule(Call(name, operands, attrs))
    if found is not None:
        raise found from None


def broken_rule(call: Call, elementwise: bool = False) -> TinygradError | None:
    """The first mistake that is found in a call."""
    for x in call.operands:
        if is_no_array_of_numbers(x):
            return not_numbers(call.name, x)
    for finder in (*CHECKS.get(call.name, ()), *(ELEMENTWISE if elementwise else ())):
        found = finder(call)
        if found is not None:
            return type(found)(f"{PUBLIC_NAME.get(call.name, call.name)}: {found}{made_at(call.operands)}")
    return None


def wrong_call(row: Any, given: Sequence[Any], attrs: dict[str, Any]) -> DtypeError:
    """The error of a call of a row that does not fit its signature: `sum(x, axis=None, keepdims=False)`."""
    function = row.arrays if inspect.isfunction(row.arrays) else row.floats
    known = list(inspect.signature(function).parameters) if inspect.isfunction(function) else "xyzuvw"
    defaults = [f"{name}={default!r}" for name, default in row.attrs.items()]
    signature = f"{row.name}({', '.join([*known[: row.arity], *defaults])})"
    words = [*(type(x).__name__ for x in given), *(f"{name}={value!r:.30}" for name, value in attrs.items())]
    here = "".join(f"; {name} is called {ARGUMENTS[name]} here" for name in attrs if name in ARGUMENTS)
    return DtypeError(f"{signature} was called as {row.name}({', '.join(words)}){here}")
