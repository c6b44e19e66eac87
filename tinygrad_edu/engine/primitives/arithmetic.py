"""The arithmetic rows of the table: + - · / ** and negation.

Read a row as: name, on arrays, on floats, gradient to x, gradient to y. `g` is the gradient of the result `out`.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from . import kernels
from .elementwise import log, where
from .rows import binary, unary

__all__ = ["add", "divide", "multiply", "negative", "power", "subtract"]

# fmt: off
add = binary("add", operator.add, operator.add,
             lambda g, out, x, y: g,
             lambda g, out, x, y: g,
             "x + y.", (2.0, 3.0, 5.0), symbol="+", precedence=10, numpy=[np.add])

subtract = binary("subtract", operator.sub, operator.sub,
                  lambda g, out, x, y: g,
                  lambda g, out, x, y: -g,
                  "x - y.", (2.0, 3.0, -1.0), symbol="-", precedence=10, numpy=[np.subtract])

multiply = binary("multiply", operator.mul, operator.mul,
                  lambda g, out, x, y: g * y,
                  lambda g, out, x, y: g * x,
                  "x · y.", (2.0, 3.0, 6.0), symbol="·", precedence=20, numpy=[np.multiply])

divide = binary("divide", operator.truediv, operator.truediv,
                lambda g, out, x, y: g / y,
                lambda g, out, x, y: -(g * out / y),
                "x / y.", (3.0, 2.0, 1.5), symbol="/", precedence=20, numpy=[np.divide])

negative = unary("negative", operator.neg, operator.neg,
                 lambda g, out, x: -g,
                 "-x.", (2.0, -2.0), symbol="-", precedence=30, numpy=[np.negative])

power = binary("power", kernels.power, math.pow,
               lambda g, out, x, y: g * _power_by_base(x, y),
               lambda g, out, x, y: g * _power_by_exponent(out, x, y),
               "x to the power y.", (2.0, 3.0, 8.0), symbol="**", precedence=40, numpy=[np.power, np.float_power])
# fmt: on


def _power_by_base(x: Any, y: Any) -> Any:
    """y · x ** (y - 1), and 0 where both are 0."""
    if type(y) is int or type(y) is float:
        return 0.0 if y == 0 else y * (x if y == 2 else power(x, y - 1))
    return y * power(where((x == 0) & (y == 0), 1.0, x), y - 1.0)


def _power_by_exponent(out: Any, x: Any, y: Any) -> Any:
    """x ** y · log x, and 0 where x is 0 and y is not negative."""
    flat = (x == 0) & (y >= 0)
    return out * log(x) if type(x) in (int, float) and x > 0 else where(flat, 0.0, out * log(where(flat, 1.0, x)))
