"""Asks a student's function again: does it change its arguments, and does it take them in another order?

What one answer cannot tell, a second call can. Names in feedback are those of the student's own parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, permutations
from typing import Any

import numpy as np

from ..errors import StudentError
from ..sandbox.proxies import Call, parameters, repeated
from .mistakes import MISTAKES, Diagnosis

__all__ = ["by_asking_again", "names_in"]

ORDERS = 24
"""The most orders of arguments that are tried."""


def names_in(call: Call | None, at: Sequence[Any]) -> list[str]:
    """The student's names of the parameters to which these arguments were handed; none if they were not."""
    if call is None:
        return []
    names = dict(zip(map(id, call.arguments), parameters(call)))
    return [names[id(x)] for x in at] if all(id(x) in names for x in at) else []


def by_asking_again(call: Call, known: Diagnosis, right: Callable[[Any], bool]) -> Diagnosis | None:
    """The mistake that a second call shows; None if it shows nothing that is better than what is known.

    Parameters
    ----------
    known : what the first answer says; other orders of the arguments are tried if that is nothing.
    right : whether an answer is right.
    """
    names = parameters(call) or [f"argument {i + 1}" for i in range(len(call.arguments))]
    try:
        _, left = repeated(call, call.arguments)
        changed = [name for name, x, y in zip(names, call.arguments, left) if not unchanged(x, y)]
        if changed:
            return Diagnosis(MISTAKES["changed arguments"], (), {"changed": " and ".join(changed)})
        orders = permutations(range(len(call.arguments))) if known.name == "unknown" else iter(())
        for order in islice(orders, 1, ORDERS):
            answer = in_order(call, order)
            if answer is not None and right(answer):
                given, taken = (", ".join(names[i] for i in places) for places in (range(len(order)), inverse(order)))
                return Diagnosis(MISTAKES["order of parameters"], (), {"given": given, "taken": taken})
    except StudentError:  # it ended, or took too long
        return None
    return None


def in_order(call: Call, order: Sequence[int]) -> Any:
    """The answer to the arguments in another order; None if it raises an exception."""
    try:
        return repeated(call, [call.arguments[i] for i in order])[0]
    except StudentError as error:
        if error.kind == "raised":
            return None
        raise


def inverse(order: Sequence[int]) -> list[int]:
    return [order.index(i) for i in range(len(order))]


def unchanged(before: Any, after: Any) -> bool:
    """Whether an argument is what it was before."""
    if isinstance(before, np.ndarray):
        return isinstance(after, np.ndarray) and np.array_equal(before, after, equal_nan=True)
    return type(before) is type(after)
