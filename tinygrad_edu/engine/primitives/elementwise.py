"""The elementwise rows of the table: the derivative table in the back of a calculus book.

Read a row as: name, on arrays, on floats, gradient to x. `g` is the gradient of the result `out`.

At kinks the conventions are PyTorch's: `relu`, `abs` and `sign` have derivative 0 at 0, `elu` has that of its negative
side, `clip` has 1 on its borders, `maximum` and `minimum` share the gradient equally where their operands are equal.
"""

from __future__ import annotations

import math
from math import inf, pi
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from ..messages import check
from ..node import Node, shape_of
from . import kernels
from .primitive import dispatch
from .rows import binary, primitive, unary

# fmt: off
# Powers, exponentials, logarithms
__all__ = ["exp", "expm1", "log", "log1p", "sqrt", "square"]

exp = unary("exp", np.exp, math.exp,
            lambda g, out, x: g * out,
            "e to the power x.", (0.0, 1.0))
expm1 = unary("expm1", np.expm1, math.expm1,
              lambda g, out, x: g * (out + 1.0),
              "exp(x) - 1, exact for small x.", (0.0, 0.0))
log = unary("log", np.log, math.log,
            lambda g, out, x: g / x,
            "The natural logarithm.", (1.0, 0.0), domain=(0, inf))
log1p = unary("log1p", np.log1p, math.log1p,
              lambda g, out, x: g / (x + 1.0),
              "log(1 + x), exact for small x.", (0.0, 0.0), domain=(-1, inf))
sqrt = unary("sqrt", np.sqrt, math.sqrt,
             lambda g, out, x: g * 0.5 / out,
             "The square root; its derivative at 0 is inf.", (9.0, 3.0), domain=(0, inf))
square = unary("square", np.square, lambda x: x * x,
               lambda g, out, x: g * (2.0 * x),
               "x · x.", (3.0, 9.0))

# Angles
__all__ += ["arccos", "arcsin", "arctan", "cos", "cosh", "sin", "sinh", "tan", "tanh"]

sin = unary("sin", np.sin, math.sin,
            lambda g, out, x: g * cos(x),
            "The sine of x in radians.", (0.0, 0.0))
cos = unary("cos", np.cos, math.cos,
            lambda g, out, x: -(g * sin(x)),
            "The cosine of x in radians.", (0.0, 1.0))
tan = unary("tan", np.tan, math.tan,
            lambda g, out, x: g * (1.0 + out * out),
            "The tangent of x in radians.", (0.0, 0.0), domain=(-pi / 2, pi / 2))
arcsin = unary("arcsin", np.arcsin, math.asin,
               lambda g, out, x: g / sqrt(1.0 - x * x),
               "The angle in radians whose sine is x.", (0.0, 0.0), domain=(-1, 1))
arccos = unary("arccos", np.arccos, math.acos,
               lambda g, out, x: -(g / sqrt(1.0 - x * x)),
               "The angle in radians whose cosine is x.", (1.0, 0.0), domain=(-1, 1))
arctan = unary("arctan", np.arctan, math.atan,
               lambda g, out, x: g / (1.0 + x * x),
               "The angle in radians whose tangent is x.", (0.0, 0.0))

sinh = unary("sinh", np.sinh, math.sinh,
             lambda g, out, x: g * cosh(x),
             "The hyperbolic sine.", (0.0, 0.0))
cosh = unary("cosh", np.cosh, math.cosh,
             lambda g, out, x: g * sinh(x),
             "The hyperbolic cosine.", (0.0, 1.0))
tanh = unary("tanh", np.tanh, math.tanh,
             lambda g, out, x: g * (1.0 - out * out),
             "The hyperbolic tangent.", (0.0, 0.0))

# Activations
__all__ += ["erf", "identity", "relu", "sigmoid", "softplus"]

sigmoid = unary("sigmoid", kernels.sigmoid, kernels.sigmoid_of_float,
                lambda g, out, x: g * (out * (1.0 - out)),
                "The logistic function 1 / (1 + exp(-x)).", (0.0, 0.5), numpy=[])
softplus = unary("softplus", kernels.softplus, kernels.softplus_of_float,
                 lambda g, out, x: g * sigmoid(x),
                 "log(1 + exp(x)), a smooth relu.", (0.0, math.log(2.0)), numpy=[])
erf = unary("erf", kernels.erf, math.erf,
            lambda g, out, x: g * (2.0 / math.sqrt(pi)) * exp(-(x * x)),
            "The error function, 2/√π · ∫₀ˣ exp(-t²) dt.", (0.0, 0.0), numpy=[])

relu = unary("relu", lambda x: np.maximum(x, 0), lambda x: x if x > 0 or x != x else 0.0,
             lambda g, out, x: where(x <= 0, 0.0, g),
             "max(x, 0); its derivative at 0 is 0.", (-2.0, 0.0), numpy=[])
identity = unary("identity", lambda x: x, lambda x: x,
                 lambda g, out, x: g,
                 "x itself, as a node of its own.", (2.0, 2.0), numpy=[np.positive])

# Comparing and choosing
__all__ += ["abs_", "clip", "maximum", "minimum", "sign", "where"]

abs_ = unary("abs", np.abs, abs,
             lambda g, out, x: g * sign(x),
             "The absolute value; its derivative at 0 is 0.", (-2.0, 2.0), numpy=[np.abs, np.fabs])
sign = unary("sign", np.sign, kernels.sign_of_float,
             lambda g, out, x: g * 0.0,
             "-1, 0 or 1; its derivative is 0 everywhere.", (-2.0, -1.0))

maximum = binary("maximum", np.maximum, lambda x, y: x if x >= y or x != x else y,
                 lambda g, out, x, y: where(x > y, g, where(x == y, g * 0.5, 0.0)),
                 lambda g, out, x, y: where(x < y, g, where(x == y, g * 0.5, 0.0)),
                 "The larger of x and y; equal ones share the gradient.", (2.0, 3.0, 3.0), numpy=[np.maximum])
minimum = binary("minimum", np.minimum, lambda x, y: x if x <= y or x != x else y,
                 lambda g, out, x, y: where(x < y, g, where(x == y, g * 0.5, 0.0)),
                 lambda g, out, x, y: where(x > y, g, where(x == y, g * 0.5, 0.0)),
                 "The smaller of x and y; equal ones share the gradient.", (2.0, 3.0, 2.0), numpy=[np.minimum])
# fmt: on


@primitive(
    None,
    lambda g, out, condition, x, y: where(condition, g, 0.0),
    lambda g, out, condition, x, y: where(condition, 0.0, g),
    floats=lambda condition, x, y: x if condition else y,
    numpy=[np.where],
    elementwise=True,
)
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y. The branch not taken receives exactly 0, even where it is nan.

    `condition` is a bool, or an array of bools that broadcasts with `x` and `y`; it receives no gradient.

    >>> import tinygrad_edu as tg
    >>> tg.where(2 > 1, 5.0, 6.0)
    5.0
    """
    return kernels.where(condition, x, y)


@primitive(
    lambda g, out, x, alpha: where(x > 0, g, g * (out + alpha)),
    floats=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
    elementwise=True,
)
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha · (exp(x) - 1): Clevert et al. (2016), eq. 16.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.elu(tg.tensor([-100.0, 3.0]), 2.0)
    tensor([-2.,  3.])
    """
    return kernels.elu(x, alpha)


@primitive(
    lambda g, out, x, min, max: where(_inside(x, min, max), g, 0.0),
    floats=lambda x, min, max: x if x != x else _upper(x if min is None or x >= min else float(min), max),
    name="clip",
    elementwise=True,
)
def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    return np.clip(x, min, max)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """x kept between `min` and `max`; either may be left out. The derivative is 1 on the borders, as inside.

    The bounds are numbers or arrays and receive no gradient.

    >>> import tinygrad_edu as tg
    >>> tg.clip(7.0, 0.0, 5.0)
    5.0
    """
    if min is None and max is None:
        raise DtypeError("clip: nothing to keep x between; give min, max or both")
    min, max = _bound("min", min), _bound("max", max)
    if (getattr(min, "shape", ()) or getattr(max, "shape", ())) and not shape_of(x):
        raise ShapeError(
            "clip: arrays as bounds need an array to clip, not one number; tg.broadcast_to makes one of it"
        )
    return _clip(x, min, max)


def _bound(which: str, x: Any) -> Any:
    """A bound of `clip`, as an array of its own where it is one."""
    if x is None or type(x) is float or type(x) is int:
        return x
    if isinstance(x, Node):
        raise DtypeError(
            f"clip: {which} is a number or an array, and receives no gradient; for a {type(x).__name__} as bound take "
            f"tg.{'maximum' if which == 'min' else 'minimum'}(x, bound)"
        )
    check("clip", x)
    return np.array(x)


def _numpy_clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return clip(x, a_min if min is None else min, a_max if max is None else max)


dispatch(_numpy_clip, np.clip)


def _upper(x: float, bound: float | None) -> float:
    return x if bound is None or x <= bound else float(bound)


def _inside(x: Any, low: Any, high: Any) -> Any:
    above = True if low is None else x >= low
    below = True if high is None else x <= high
    return above & below
