"""The elementwise rows of the table: the derivative table in the back of a calculus book.

Read a row as: name, on arrays, on floats, gradient to x. `g` is the gradient of the result `out`. A row by `real` is
a function of real numbers, and takes whole ones as float32; the others leave whole numbers whole.

At kinks the conventions are PyTorch's: `relu`, `abs` and `sign` have derivative 0 at 0, `elu` has that of its negative
side, `clip` has 1 on its borders, `maximum` and `minimum` share the gradient equally where their operands are equal,
`fmax` and `fmin` give it to x. Functions that are made of steps, such as `floor`, have derivative 0 everywhere.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from math import inf, pi
from typing import Any

import numpy as np

from ..._support.languages import texts
from ...errors import DtypeError
from .. import messages
from ..node import Node, shape_of
from . import kernels
from .comparisons import greater_equal, less_equal, logical_or, not_equal
from .kernels import of_floats, underflow_is_zero
from .primitive import Primitive, Rule, dispatch
from .rows import binary, primitive, unary

_NUMPY = tuple(map(int, np.__version__.split(".")[:2]))


def real(name: str, arrays: Callable[..., Any], floats: Any, rule: Rule, *rest: Any, **more: Any) -> Primitive:
    """A row of a function of real numbers; its arrays are those of `kernels.of_reals`."""
    return unary(name, kernels.of_reals(arrays), floats, rule, *rest, **{"numpy": [arrays], **more})


# fmt: off
# Powers, exponentials, logarithms
__all__ = ["cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "reciprocal", "sqrt", "square"]

exp = real("exp", np.exp, math.exp,
           lambda g, out, x: g * out,
           "e to the power x.", (0.0, 1.0))
expm1 = real("expm1", np.expm1, math.expm1,
             lambda g, out, x: g * exp(x),
             "exp(x) - 1, exact for small x.", (0.0, 0.0))
log = real("log", np.log, math.log,
           lambda g, out, x: g / x,
           "The natural logarithm.", (1.0, 0.0), domain=(0, inf))
log1p = real("log1p", np.log1p, math.log1p,
             lambda g, out, x: g / (x + 1.0),
             "log(1 + x), exact for small x.", (0.0, 0.0), domain=(-1, inf))
sqrt = real("sqrt", np.sqrt, math.sqrt,
            lambda g, out, x: g * 0.5 / out,
            "The square root; its derivative at 0 is inf.", (9.0, 3.0), domain=(0, inf))
cbrt = real("cbrt", np.cbrt, of_floats(np.cbrt),
            lambda g, out, x: g / (3.0 * out * out),
            "The cube root, also of negative numbers; its derivative at 0 is inf.", (8.0, 2.0))
exp2 = real("exp2", np.exp2, of_floats(np.exp2),
            lambda g, out, x: g * (math.log(2.0) * out),
            "2 to the power x.", (3.0, 8.0))
log2 = real("log2", np.log2, math.log2,
            lambda g, out, x: g / (math.log(2.0) * x),
            "The logarithm to base 2.", (8.0, 3.0), domain=(0, inf))
log10 = real("log10", np.log10, math.log10,
             lambda g, out, x: g / (math.log(10.0) * x),
             "The logarithm to base 10.", (100.0, 2.0), domain=(0, inf))
reciprocal = real("reciprocal", np.reciprocal, lambda x: 1.0 / x,
                  lambda g, out, x: -(g * out * out),
                  "1 / x.", (4.0, 0.25))
square = unary("square", np.square, lambda x: x * x,
               lambda g, out, x: g * (2.0 * x),
               "x · x.", (3.0, 9.0))

# Angles
__all__ += ["arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos", "cosh", "deg2rad", "hypot"]
__all__ += ["rad2deg", "sin", "sinc", "sinh", "tan", "tanh"]

sin = real("sin", np.sin, math.sin,
           lambda g, out, x: g * cos(x),
           "The sine of x in radians.", (0.0, 0.0))
cos = real("cos", np.cos, math.cos,
           lambda g, out, x: -(g * sin(x)),
           "The cosine of x in radians.", (0.0, 1.0))
tan = real("tan", np.tan, math.tan,
           lambda g, out, x: g * (1.0 + out * out),
           "The tangent of x in radians.", (0.0, 0.0), domain=(-pi / 2, pi / 2))
arcsin = real("arcsin", np.arcsin, math.asin,
              lambda g, out, x: g / sqrt((1.0 - x) * (1.0 + x)),
              "The angle in radians whose sine is x.", (0.0, 0.0), domain=(-1, 1))
arccos = real("arccos", np.arccos, math.acos,
              lambda g, out, x: -(g / sqrt((1.0 - x) * (1.0 + x))),
              "The angle in radians whose cosine is x.", (1.0, 0.0), domain=(-1, 1))
arctan = real("arctan", np.arctan, math.atan,
              lambda g, out, x: g / (1.0 + x * x),
              "The angle in radians whose tangent is x.", (0.0, 0.0))

sinh = real("sinh", np.sinh, math.sinh,
            lambda g, out, x: g * cosh(x),
            "The hyperbolic sine.", (0.0, 0.0))
cosh = real("cosh", np.cosh, math.cosh,
            lambda g, out, x: g * sinh(x),
            "The hyperbolic cosine.", (0.0, 1.0))
tanh = real("tanh", np.tanh, math.tanh,
            lambda g, out, x: g * (1.0 - out * out),
            "The hyperbolic tangent.", (0.0, 0.0))
arcsinh = real("arcsinh", np.arcsinh, math.asinh,
               lambda g, out, x: g / hypot(x, 1.0),
               "The number whose hyperbolic sine is x.", (0.0, 0.0))
arccosh = real("arccosh", np.arccosh, math.acosh,
               lambda g, out, x: g / (sqrt(x - 1.0) * sqrt(x + 1.0)),
               "The positive number whose hyperbolic cosine is x.", (1.0, 0.0), domain=(1, inf))
arctanh = real("arctanh", np.arctanh, math.atanh,
               lambda g, out, x: g / ((1.0 - x) * (1.0 + x)),
               "The number whose hyperbolic tangent is x.", (0.0, 0.0), domain=(-1, 1))

arctan2 = binary("arctan2", kernels.of_real_pairs(np.arctan2), math.atan2,
                 lambda g, out, x, y: g * _turn(y, x, y),
                 lambda g, out, x, y: -(g * _turn(x, x, y)),
                 "The angle in radians of the point with height x and width y.", (0.0, 1.0, 0.0), numpy=[np.arctan2],
                 words=("{g} ⊙ {y} / ({x}² + {y}²)", "−{g} ⊙ {x} / ({x}² + {y}²)"))
hypot = binary("hypot", kernels.of_real_pairs(np.hypot), math.hypot,
               lambda g, out, x, y: g * direction(x, out),
               lambda g, out, x, y: g * direction(y, out),
               "√(x² + y²), without an overflow; its derivative at 0 is 0.", (3.0, 4.0, 5.0), numpy=[np.hypot])
sinc = real("sinc", np.sinc, of_floats(np.sinc),
            lambda g, out, x: g * _slope_of_sinc(x, out),
            "sin(πx) / (πx), and 1 at 0.", (0.0, 1.0), words=("{g} ⊙ (cos(π {x}) − {out}) / {x}",))
deg2rad = real("deg2rad", np.deg2rad, math.radians,
               lambda g, out, x: g * (pi / 180.0),
               "An angle in degrees as radians.", (0.0, 0.0), numpy=[np.deg2rad, np.radians])
rad2deg = real("rad2deg", np.rad2deg, math.degrees,
               lambda g, out, x: g * (180.0 / pi),
               "An angle in radians as degrees.", (0.0, 0.0), numpy=[np.rad2deg, np.degrees])

# Activations
__all__ += ["erf", "identity", "logaddexp", "logaddexp2", "relu", "sigmoid", "softplus"]

sigmoid = real("sigmoid", kernels.sigmoid, kernels.sigmoid_of_float,
               underflow_is_zero(lambda g, out, x: g * (out * (1.0 - out))),
               "The logistic function 1 / (1 + exp(-x)).", (0.0, 0.5), numpy=[])
softplus = real("softplus", kernels.softplus, kernels.softplus_of_float,
                underflow_is_zero(lambda g, out, x: g * sigmoid(x)),
                "log(1 + exp(x)), a smooth relu.", (0.0, math.log(2.0)), numpy=[])
erf = real("erf", kernels.erf, math.erf,
           underflow_is_zero(lambda g, out, x: g * (2.0 / math.sqrt(pi)) * exp(-(x * x))),
           "The error function, 2/√π · ∫₀ˣ exp(-t²) dt.", (0.0, 0.0), numpy=[])
logaddexp = binary("logaddexp", kernels.of_real_pairs(np.logaddexp), of_floats(np.logaddexp),
                   underflow_is_zero(lambda g, out, x, y: g * sigmoid(x - y)),
                   underflow_is_zero(lambda g, out, x, y: g * sigmoid(y - x)),
                   "log(exp(x) + exp(y)), without an overflow.", (0.0, 0.0, math.log(2.0)), numpy=[np.logaddexp])
logaddexp2 = binary("logaddexp2", kernels.of_real_pairs(np.logaddexp2), of_floats(np.logaddexp2),
                    underflow_is_zero(lambda g, out, x, y: g * sigmoid((x - y) * math.log(2.0))),
                    underflow_is_zero(lambda g, out, x, y: g * sigmoid((y - x) * math.log(2.0))),
                    "log₂(2ˣ + 2ʸ), without an overflow.", (1.0, 1.0, 2.0), numpy=[np.logaddexp2])

relu = unary("relu", lambda x: np.maximum(x, 0), lambda x: x if x > 0 or x != x else 0.0,
             lambda g, out, x: choose(x <= 0, 0.0, g),
             "max(x, 0); its derivative at 0 is 0.", (-2.0, 0.0), numpy=[], words=texts(("{g} where {x} > 0",)))
identity = unary("identity", lambda x: x, lambda x: x,
                 lambda g, out, x: g,
                 "x itself, as a node of its own.", (2.0, 2.0), numpy=[np.positive])

# Comparing and choosing
__all__ += ["abs_", "clip", "copysign", "fmax", "fmin", "maximum", "minimum", "nan_to_num", "sign", "where"]

abs_ = unary("abs", np.abs, abs,
             lambda g, out, x: g * sign(x),
             "The absolute value; its derivative at 0 is 0.", (-2.0, 2.0), numpy=[np.abs, np.fabs])
sign = unary("sign", np.sign, kernels.sign_of_float,
             lambda g, out, x: g * 0.0,
             "-1, 0 or 1; its derivative is 0 everywhere.", (-2.0, -1.0))

maximum = binary("maximum", np.maximum, lambda x, y: x if x >= y or x != x else y,
                 lambda g, out, x, y: choose(x < y, 0.0, choose(x == y, g * 0.5, g)),  # g where one of them is nan
                 lambda g, out, x, y: choose(x > y, 0.0, choose(x == y, g * 0.5, g)),
                 "The larger of x and y; equal ones share the gradient.", (2.0, 3.0, 3.0), numpy=[np.maximum],
                 words=texts(("{g} where {x} > {y}", "{g} where {y} > {x}")))
minimum = binary("minimum", np.minimum, lambda x, y: x if x <= y or x != x else y,
                 lambda g, out, x, y: choose(x > y, 0.0, choose(x == y, g * 0.5, g)),
                 lambda g, out, x, y: choose(x < y, 0.0, choose(x == y, g * 0.5, g)),
                 "The smaller of x and y; equal ones share the gradient.", (2.0, 3.0, 2.0), numpy=[np.minimum],
                 words=texts(("{g} where {x} < {y}", "{g} where {y} < {x}")))
fmax = binary("fmax", np.fmax, lambda x, y: x if x >= y or y != y else y,
              lambda g, out, x, y: choose((x >= y) | (y != y), g, 0.0),
              lambda g, out, x, y: choose((x >= y) | (y != y), 0.0, g),
              "The larger of x and y; where one is nan, the other.", (2.0, math.nan, 2.0), numpy=[np.fmax],
              words=texts(("{g} where {x} ≥ {y}", "{g} where {y} > {x}")))
fmin = binary("fmin", np.fmin, lambda x, y: x if x <= y or y != y else y,
              lambda g, out, x, y: choose((x <= y) | (y != y), g, 0.0),
              lambda g, out, x, y: choose((x <= y) | (y != y), 0.0, g),
              "The smaller of x and y; where one is nan, the other.", (2.0, math.nan, 2.0), numpy=[np.fmin],
              words=texts(("{g} where {x} ≤ {y}", "{g} where {y} < {x}")))
copysign = binary("copysign", kernels.of_real_pairs(np.copysign), math.copysign,
                  lambda g, out, x, y: g * (sign(x) * sign(out)),
                  lambda g, out, x, y: g * 0.0,
                  "The size of x with the sign of y.", (2.0, -3.0, -2.0), numpy=[np.copysign])

# Remainders and steps
__all__ += ["ceil", "floor", "floor_divide", "fmod", "remainder", "rint", "round_", "trunc"]

remainder = binary("remainder", np.remainder, operator.mod,
                   lambda g, out, x, y: g,
                   lambda g, out, x, y: -(g * floor_divide(x, y)),
                   "x - y · ⌊x / y⌋, which has the sign of y.", (-7.0, 3.0, 2.0),
                   symbol="%", precedence=20, numpy=[np.remainder])
floor_divide = binary("floor_divide", np.floor_divide, operator.floordiv,
                      lambda g, out, x, y: g * 0.0,
                      lambda g, out, x, y: g * 0.0,
                      "⌊x / y⌋; its derivative is 0.", (7.0, 2.0, 3.0),
                      symbol="//", precedence=20, numpy=[np.floor_divide])
fmod = binary("fmod", np.fmod, math.fmod,
              lambda g, out, x, y: g,
              lambda g, out, x, y: -(g * trunc(x / y)),
              "The remainder of x / y, with the sign of x.", (-7.0, 3.0, -1.0),
              numpy=[np.fmod])
floor = unary("floor", np.floor, of_floats(np.floor),
              lambda g, out, x: g * 0.0,
              "The largest whole number up to x; its derivative is 0.", (2.7, 2.0))
ceil = unary("ceil", np.ceil, of_floats(np.ceil),
             lambda g, out, x: g * 0.0,
             "The smallest whole number from x on; its derivative is 0.", (2.2, 3.0))
trunc = unary("trunc", np.trunc, of_floats(np.trunc),
              lambda g, out, x: g * 0.0,
              "x without its fraction; its derivative is 0.", (-2.7, -2.0),
              numpy=[np.trunc, *([np.fix] if _NUMPY < (2, 5) else [])])  # then deprecated
rint = unary("rint", np.rint, of_floats(np.rint),
             lambda g, out, x: g * 0.0,
             "The nearest whole number, the even one of two; its derivative is 0.", (2.5, 2.0))
# fmt: on


@primitive(
    None,
    lambda g, out, condition, x, y: choose(condition, g, 0.0),
    lambda g, out, condition, x, y: choose(condition, 0.0, g),
    words=texts(("", "{g} where it was chosen", "{g} where it was chosen")),
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


def choose(condition: Any, x: Any, y: Any) -> Any:
    """`where` in a rule; on numbers without the way through the table, on floats in a fifth of the time."""
    if type(condition) is bool and type(x) is float and type(y) is float:
        return x if condition else y
    if type(condition) is np.ndarray and not isinstance(x, Node) and not isinstance(y, Node):
        return kernels.where(condition, x, y)
    return where(condition, x, y)


def _turn(a: Any, x: Any, y: Any) -> Any:
    """a / (x² + y²), without an overflow, for a = x or a = y; 0 where both are 0."""
    length = hypot(x, y)
    return direction(direction(a, length), length)


def direction(x: Any, length: Any) -> Any:
    """x / length, and 0 where the length is 0. It has no large numbers, however short x is."""
    return where(length == 0.0, 0.0, x / where(length == 0.0, 1.0, length))


def _slope_of_sinc(x: Any, out: Any) -> Any:
    """(cos πx - sinc x) / x; near 0, where these are equal, the first terms of its series."""
    near, t = abs_(x) < 0.01, square(x * pi)
    series = -x * (pi * pi / 3.0) * (1.0 - t / 10.0 + t * t / 280.0)
    return where(near, series, (cos(x * pi) - out) / where(near, 1.0, x))


@primitive(lambda g, out, x, decimals: g * 0.0, floats=of_floats(np.round), name="round", elementwise=True)
def _round(x: Any, decimals: int = 0) -> Any:
    return np.round(x, decimals)


def round_(x: Any, decimals: int = 0) -> Any:
    """x rounded to so many decimals, and halves to the even neighbour; its derivative is 0.

    >>> import tinygrad_edu as tg
    >>> tg.round(tg.tensor([0.126, 2.5]), 2)
    tensor([0.13, 2.5 ])
    """
    messages.check("round", x, decimals=decimals)
    return _round(x, decimals)


@primitive(
    lambda g, out, x, nan, posinf, neginf: choose(abs(x) < inf, g, 0.0),
    words=texts(("{g} where {x} is finite",)),
    floats=of_floats(np.nan_to_num),
    name="nan_to_num",
    elementwise=True,
)
def _nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    return np.nan_to_num(x, True, nan, posinf, neginf)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """x with numbers in the place of nan, inf and -inf: 0, and where left out the largest and smallest of the dtype.

    What is replaced receives no gradient. The result is a copy, whatever `copy` says, which stands here as in NumPy.

    >>> import tinygrad_edu as tg
    >>> tg.nan_to_num(tg.tensor([1.0, float("nan")]))
    tensor([1., 0.])
    """
    messages.check("nan_to_num", x, nan=nan, posinf=posinf, neginf=neginf)
    return _nan_to_num(x, nan, posinf, neginf)


@primitive(
    lambda g, out, x, alpha: choose(x > 0, g, g * (alpha * exp(choose(x > 0, 0.0, x)))),
    words=texts(("{g}, or {g} ⊙ ({out} + α) where {x} < 0",)),
    floats=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
    name="elu",
    elementwise=True,
)
@kernels.of_reals
def _elu(x: Any, alpha: float = 1.0) -> Any:
    return kernels.elu(x, alpha)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha · (exp(x) - 1): Clevert et al. (2016), eq. 16.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.elu(tg.tensor([-100.0, 3.0]), 2.0)
    tensor([-2.,  3.])
    """
    messages.check("elu", x, alpha=alpha)
    return _elu(x, alpha)


@primitive(
    lambda g, out, x, min, max: choose(_inside(x, min, max), g, 0.0),
    words=texts(("{g} between the borders",)),
    floats=lambda x, min, max: x if x != x else _upper(x if min is None or x >= min else float(min), max),
    name="clip",
    elementwise=True,
)
def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    return np.clip(x, min, max)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """x kept between `min` and `max`; either may be left out. The derivative is 1 on the borders, as inside.

    A bound that is a Tensor or a Value receives the gradient of what it takes the place of.

    >>> import tinygrad_edu as tg
    >>> tg.clip(7.0, 0.0, 5.0)
    5.0
    """
    if min is None and max is None:
        raise DtypeError("clip: nothing to keep x between; give min, max or both")
    min, max = _bound(min), _bound(max)
    if any(isinstance(b, Node) or (b is not None and shape_of(b) != () == shape_of(x)) for b in (min, max)):
        x = x if min is None else where(logical_or(greater_equal(x, min), not_equal(x, x)), x, min)
        return x if max is None else where(logical_or(less_equal(x, max), not_equal(x, x)), x, max)
    return _clip(x, min, max)


def _bound(x: Any) -> Any:
    """A bound of `clip`, as an array of its own where it is one."""
    if x is None or type(x) is float or isinstance(x, Node) or (type(x) is int and not messages.no_float(x)):
        return x
    messages.check("clip", x)
    return np.array(x)


def _numpy_clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return clip(x, a_min if min is None else min, a_max if max is None else max)


dispatch(_numpy_clip, np.clip)
dispatch(nan_to_num, np.nan_to_num)
dispatch(round_, np.round, np.around)


def _upper(x: float, bound: float | None) -> float:
    return x if bound is None or x <= bound else float(bound)


def _inside(x: Any, low: Any, high: Any) -> Any:
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)
