"""The elementwise rows of the table: the derivative table in the back of a calculus book.

Read a row as: name, on arrays, on floats, gradient to x. `g` is the gradient of the result `out`.

At kinks the conventions are PyTorch's: `relu`, `abs` and `sign` have derivative 0 at 0, `elu` has that of its negative
side, `clip` has 1 on its borders, `maximum` and `minimum` share the gradient equally where their operands are equal.
"""

from __future__ import annotations

import functools
import math
from math import inf, pi
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from ..messages import check
from ..node import Node, shape_of
from .primitive import binary, dispatch, primitive, unary


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)); where exp(-x) is too large for a float, inf, that is 0."""
    with np.errstate(over="ignore"):
        t = np.asarray(np.exp(-x))
    t += 1
    return np.divide(1, t, out=t)


def _sigmoid_float(x: float) -> float:
    t = math.exp(-abs(x))
    return (1.0 if x >= 0 else t) / (1.0 + t)


def _softplus_float(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _softplus(x: Any) -> Any:
    """max(x, 0) + log(1 + exp(-|x|)), which cannot overflow."""
    t = np.exp(-np.abs(x))
    return np.maximum(x, 0) + (np.log1p(t) if np.size(t) < LARGE else _log1p(t))


def _log1p(t: Any) -> Any:
    """log(1 + t) for t from 0 to 1: 2·(s + s³/3 + s⁵/5 + ...) with s = t / (2 + t).

    As s is at most 1/3, few terms are enough; on large arrays that is several times as quick as NumPy's own logarithm.
    """
    s = t / (t + 2)
    ss = s * s
    terms = 16 if s.dtype.itemsize > 4 else 8  # (1/3)³² is below the precision of float64, (1/3)¹⁶ that of float32
    series = np.full_like(s, 1 / (2 * terms - 1))
    for n in range(2 * terms - 3, 0, -2):
        series *= ss
        series += 1 / n
    series *= 2 * s
    return series


@functools.cache
def _erf_table(dtype: Any) -> Any:
    """For each power of h the coefficients of Taylor's series of erf(a + h), at a = 0, 1/1024, 2/1024, ..., 6.

    The first derivative is 2/√π · exp(-a²), and the ones after it follow from f⁽ⁿ⁺¹⁾ = -2a·f⁽ⁿ⁾ - 2(n - 1)·f⁽ⁿ⁻¹⁾.
    """
    a = np.arange(6 * 1024 + 1) / 1024
    derivatives = [np.array([math.erf(x) for x in a]), 2 / math.sqrt(pi) * np.exp(-a * a)]
    for n in range(1, 5 if dtype.itemsize > 4 else 2):
        derivatives.append(-2 * a * derivatives[n] - 2 * (n - 1) * derivatives[n - 1])
    return [(d / math.factorial(n)).astype(dtype) for n, d in enumerate(derivatives)]


def _erf(x: Any) -> Any:
    """Taylor's series around the nearest multiple of 1/1024; from 6 on the result is 1 to double precision."""
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    x = x.astype(np.result_type(kind, np.float32), copy=False)
    size = np.minimum(np.abs(x), x.dtype.type(6))
    place = np.rint(size * 1024)
    h = size - place / 1024
    place = np.fmin(place, 6 * 1024).astype(np.intp)  # any place for nan: its h is nan, too
    highest, *rest = reversed(_erf_table(x.dtype))
    out = highest[place]
    for coefficients in rest:
        out *= h
        out += coefficients[place]
    return np.copysign(out, x).astype(kind, copy=False)


def _sign(x: float) -> float:
    return math.nan if x != x else float((x > 0) - (x < 0))


# fmt: off
identity = unary("identity", lambda x: x, lambda x: x,
                 lambda g, out, x: g,
                 "x itself, as a node of its own.", (2.0, 2.0), numpy=[np.positive])
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

sigmoid = unary("sigmoid", _sigmoid, _sigmoid_float,
                lambda g, out, x: g * (out * (1.0 - out)),
                "The logistic function 1 / (1 + exp(-x)).", (0.0, 0.5), numpy=[])
softplus = unary("softplus", _softplus, _softplus_float,
                 lambda g, out, x: g * sigmoid(x),
                 "log(1 + exp(x)), a smooth relu.", (0.0, math.log(2.0)), numpy=[])
erf = unary("erf", _erf, math.erf,
            lambda g, out, x: g * (2.0 / math.sqrt(pi)) * exp(-(x * x)),
            "The error function, 2/√π · ∫₀ˣ exp(-t²) dt.", (0.0, 0.0), numpy=[])

relu = unary("relu", lambda x: np.maximum(x, 0), lambda x: x if x > 0 or x != x else 0.0,
             lambda g, out, x: where(x <= 0, 0.0, g),
             "max(x, 0); its derivative at 0 is 0.", (-2.0, 0.0), numpy=[])
abs_ = unary("abs", np.abs, abs,
             lambda g, out, x: g * sign(x),
             "The absolute value; its derivative at 0 is 0.", (-2.0, 2.0), numpy=[np.abs, np.fabs])
sign = unary("sign", np.sign, _sign,
             lambda g, out, x: g * 0.0,
             "-1, 0 or 1; its derivative is 0 everywhere.", (-2.0, -1.0))
square = unary("square", np.square, lambda x: x * x,
               lambda g, out, x: g * (2.0 * x),
               "x · x.", (3.0, 9.0))

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
    if type(y) is float and y == 0.0 and _fits(condition, x):
        return kept(condition, x)
    if type(x) is float and x == 0.0 and _fits(condition, y):
        return kept(~condition, y)
    if _fits(condition, x) and _fits(condition, y) and x.dtype == y.dtype:
        return chosen(condition, x, y)
    return np.where(condition, x, y)


def _fits(condition: Any, x: Any) -> bool:
    """Whether `kept` and `chosen` can be used, and pay."""
    both = type(condition) is np.ndarray and type(x) is np.ndarray and x.size >= LARGE
    return both and condition.shape == x.shape and condition.dtype == bool and x.dtype in WORDS


def kept(keep: Any, x: Any, out: Any = None) -> Any:
    """x where `keep` holds, else 0: what a kink does to a gradient.

    `numpy.where` decides number by number, and on a random mask a processor guesses half of the decisions wrong. Here
    the mask becomes words of ones and of zeros that are laid over the bits of x: eight times as fast on large arrays.
    """
    if x.dtype not in WORDS:
        return np.multiply(keep, x, out=out)
    word = WORDS[x.dtype]
    bits = np.negative(keep.view(np.int8))  # 0 or -1, and so all bits alike in wider words too
    words = np.bitwise_and(bits, x.view(word), out=None if out is None else out.view(word))
    return words.view(x.dtype)


def chosen(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y, without decisions: y, with the bits changed in which x differs from it."""
    word = WORDS[x.dtype]
    words = np.bitwise_xor(x.view(word), y.view(word))
    words &= np.negative(condition.view(np.int8))
    words ^= y.view(word)
    return words.view(x.dtype)


WORDS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (2, 4, 8)}
"""The whole numbers of as many bits as a float."""

LARGE = 4096
"""From so many numbers on it pays to spare the processor decisions."""


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
    t = np.tanh(np.minimum(x, 0) / 2)  # exp(x) - 1 is 2t / (1 - t): as exact as NumPy's expm1, and much quicker
    return np.maximum(x, 0) + (2 * alpha) * (t / (1 - t))


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
