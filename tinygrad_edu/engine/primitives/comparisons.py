"""The rows of comparisons: they answer yes or no, and have no gradient. `masks.py` says where they are recorded.

They stand in a table of their own: `TABLE` has the functions with derivatives.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DtypeError
from ..masks import ANSWERS
from .primitive import Primitive

__all__ = [
    "COMPARISONS", "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip

COMPARISONS: dict[str, Primitive] = {}
"""Every comparison by its name."""


class Comparison(Primitive):
    """A row that gives bools."""

    table = COMPARISONS
    has_gradient = False

    def __init__(
        self, name: str, arrays: np.ufunc, floats: Callable[..., Any], symbol: str | None = None,
        precedence: int | None = None, numpy: Any = None,
    ) -> None:  # fmt: skip
        doc = f"{name.replace('_', ' ')}, number by number."
        super().__init__(
            name, arrays, [None] * arrays.nin, floats=floats, symbol=symbol, precedence=precedence, elementwise=True,
            doc=doc,
        )  # fmt: skip
        ANSWERS.update(dict.fromkeys([arrays, numpy or arrays], self))


def of_bools(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Python bools; of a float "and" and its like make no sense."""

    def computed(*x: Any) -> Any:
        if any(type(value) is not bool for value in x):
            raise DtypeError("and, or, not: they are for the answers of comparisons, such as (x > 0) & (x < 1)")
        return function(*x)

    return computed


# fmt: off
less = Comparison("less", np.less, operator.lt, "<", 5)
less_equal = Comparison("less_equal", np.less_equal, operator.le, "≤", 5)
greater = Comparison("greater", np.greater, operator.gt, ">", 5)
greater_equal = Comparison("greater_equal", np.greater_equal, operator.ge, "≥", 5)
equal = Comparison("equal", np.equal, operator.eq, "==", 5)
not_equal = Comparison("not_equal", np.not_equal, operator.ne, "≠", 5)

logical_and = Comparison("logical_and", np.bitwise_and, of_bools(operator.and_), "and", 3, np.logical_and)
logical_or = Comparison("logical_or", np.bitwise_or, of_bools(operator.or_), "or", 2, np.logical_or)
logical_xor = Comparison("logical_xor", np.bitwise_xor, of_bools(operator.xor), "≠", 4, np.logical_xor)
logical_not = Comparison("logical_not", np.invert, of_bools(operator.not_), numpy=np.logical_not)

isnan = Comparison("isnan", np.isnan, math.isnan)
isinf = Comparison("isinf", np.isinf, math.isinf)
isfinite = Comparison("isfinite", np.isfinite, math.isfinite)
# fmt: on
