"""Numerical kernels: functions that NumPy and Python lack, compute slowly, or compute with too few right digits."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = [
    "chosen", "elu", "erf", "in_blocks", "in_float32", "kept", "of_floats", "of_real_pairs", "of_reals", "reduced",
    "running", "scaled_erf", "sigmoid", "sigmoid_of_float", "sign_of_float", "softplus", "softplus_of_float",
    "underflow_is_zero", "where",
]  # fmt: skip

PYTHON_NUMBERS = frozenset({float, int, bool})
NUMPY_NUMBERS = frozenset(np.dtype(code).type for code in "?bBhHiIlLqQefdg")
NUMBERS = PYTHON_NUMBERS | NUMPY_NUMBERS

LARGE = 4096
"""Arrays of at least so many numbers are computed without decisions, which is quicker there."""

SHORT = 16
"""Along a last axis of at most so many numbers NumPy takes longer for a maximum than for a copy by columns."""

WORDS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (2, 4, 8)}
"""For each dtype of floats the dtype of integers with as many bits."""

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

EXACT = "fdg"
"""The dtypes in which numbers are computed with as they are: float32, float64 and long double."""


def in_float32(dtype: Any) -> bool:
    """Whether numbers of a dtype are computed with in float32: whole ones, whose minus can wrap around, and float16."""
    return dtype.char not in EXACT


def of_reals(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of real numbers, for arrays of any dtype; an underflow in it is 0, whatever `np.errstate` says.

    Whole numbers are taken as float32, as layers take them. float16 is computed with in float32 and rounded once, at
    the end: its largest number is 65,504, and its sum of ones stops at 2,048.
    """

    def odd(x: Any, *rest: Any, **attrs: Any) -> Any:
        char = x.dtype.char if hasattr(x, "dtype") else "?"
        if char not in EXACT:
            x = np.asarray(x, np.float32)
        with np.errstate(under="ignore"):
            out = f(x, *rest, **attrs)
        return out.astype(np.float16) if char == "e" else out

    def of_one(x: Any) -> Any:
        if type(x) is ndarray and ((dtype := x.dtype) is FLOAT32 or dtype is FLOAT64):  # nearly always
            try:
                return f(x)
            except FloatingPointError:  # an underflow, unless it happens again
                pass
        return odd(x)

    def of_more(x: Any, *rest: Any, **attrs: Any) -> Any:
        if type(x) is ndarray and ((dtype := x.dtype) is FLOAT32 or dtype is FLOAT64):
            try:
                return f(x, *rest, **attrs)
            except FloatingPointError:
                pass
        return odd(x, *rest, **attrs)

    if isinstance(f, np.ufunc):
        return of_one
    several = inspect.unwrap(f).__code__.co_argcount > 1
    return functools.wraps(f)(of_more if several else of_one)  # with f's signature


def of_real_pairs(f: Callable[..., Any]) -> Callable[..., Any]:
    """The same of a function of two, which is one of NumPy's and so computes with float16 in float32 already."""
    return underflow_is_zero(lambda x, y: f(_as_real(x), _as_real(y)))


def _as_real(x: Any) -> Any:
    return x.astype(np.float32) if hasattr(x, "dtype") and x.dtype.kind != "f" else x


def underflow_is_zero(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule in which an underflow is meant; where `np.errstate` makes an error of it, it is computed once more."""

    @functools.wraps(rule)
    def computed(*operands: Any, **attrs: Any) -> Any:
        try:
            return rule(*operands, **attrs)
        except FloatingPointError:
            with np.errstate(under="ignore"):
                return rule(*operands, **attrs)

    return computed


BLOCK = 1 << 17
"""How many bytes of an array `in_blocks` computes with at a time."""


def in_blocks(f: Callable[..., Any]) -> Callable[..., Any]:
    """An elementwise function of several steps, which go one block after another through large arrays.

    Between the steps a block stays in the cache, where a step takes a fifth of the time that memory needs. The arrays
    are of one shape and lie alike in memory; on anything else, such as nodes, the function runs as it is.
    """

    @functools.wraps(f)
    def computed(*operands: Any, **attrs: Any) -> Any:
        first = operands[0]
        if type(first) is not ndarray or first.nbytes < 2 * BLOCK:
            return f(*operands, **attrs)
        order = np.argsort([-step for step in first.strides], kind="stable")
        lying = first.transpose(order)
        alike = all(type(x) is ndarray and (x.shape, x.strides) == (first.shape, first.strides) for x in operands)
        if not (alike and lying.flags.c_contiguous):
            return f(*operands, **attrs)
        flat = [x.transpose(order).reshape(-1) for x in operands]
        size = BLOCK // first.itemsize
        begin = f(*[x[:size] for x in flat], **attrs)
        out = np.empty(lying.size, begin.dtype)
        out[:size] = begin
        for start in range(size, lying.size, size):
            block = slice(start, start + size)
            out[block] = f(*[x[block] for x in flat], **attrs)
        return out.reshape(lying.shape).transpose(np.argsort(order))

    return computed


def of_floats(f: Callable[..., Any]) -> Callable[..., float]:
    """A function of NumPy's, for Python floats: without its warnings."""

    def computed(*x: Any, **attrs: Any) -> float:
        with np.errstate(all="ignore"):
            return float(f(*x, **attrs))

    return computed


def reduced(ufunc: Any, x: Any, axis: Any, keepdims: bool = False) -> Any:
    """`numpy.sum` and its like, without their detour through Python; float16 is added up in float32."""
    if ufunc is np.maximum and axis == -1 and x.ndim and x.shape[-1] <= SHORT:
        x = np.asfortranarray(x)  # by columns, in which many maxima are found at once
    if x.dtype.char != "e":
        return ufunc.reduce(x, axis, None, None, keepdims)
    return ufunc.reduce(x, axis, np.float32, None, keepdims).astype(np.float16)


def running(function: Any, x: Any, axis: int | None) -> Any:
    """`numpy.cumsum` and `numpy.cumprod`; those of float16 in float32."""
    return function(x, axis) if x.dtype.char != "e" else function(x, axis, np.float32).astype(np.float16)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), which is 0 if exp(-x) overflows to inf."""
    with np.errstate(over="ignore"):
        t = np.asarray(np.exp(-x))
    t += 1
    return np.divide(1, t, out=t)


def sigmoid_of_float(x: float) -> float:
    """`sigmoid` of one float, with an exponential that cannot overflow."""
    t = math.exp(-abs(x))
    return (1.0 if x >= 0 else t) / (1.0 + t)


def softplus_of_float(x: float) -> float:
    """max(x, 0) + log(1 + exp(-|x|))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def softplus(x: Any) -> Any:
    """max(x, 0) + log(1 + exp(-|x|)), which cannot overflow."""
    t = np.exp(-np.abs(x))
    return np.maximum(x, 0) + (np.log1p(t) if np.size(t) < LARGE else _log1p(t))


def _log1p(t: Any) -> Any:
    """log(1 + t) for t from 0 to 1: 2·(s + s³/3 + s⁵/5 + ...) with s = t / (2 + t).

    s is at most 1/3, so few terms are enough. On large arrays this is several times as fast as NumPy's own logarithm.
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
    for n in range(1, 5):
        derivatives.append(-2 * a * derivatives[n] - 2 * (n - 1) * derivatives[n - 1])
    return [(d / math.factorial(n)).astype(dtype) for n, d in enumerate(derivatives)]


ERF_BY_TANH = (
    1.1283792460879174, 0.1027698974172603, -1.954335987015775e-04, -6.146250499615226e-04,
    8.446184487849622e-05, -4.7546418585382464e-06, 2.2158768175427358e-08, 5.689385937413575e-09,
)  # fmt: skip
"""The coefficients of a polynomial p with erf(x) = tanh(x · p(x²)) to 7 · 10⁻⁸ of the value; its first two are those of
the well-known approximation of GELU. They were fitted to artanh(erf(x)) / x for x up to 4.2, by least squares whose
weights were changed until the largest error was smallest (Lawson's algorithm)."""


def erf(x: Any) -> Any:
    """The error function; in float32 to three units in the last place."""
    return scaled_erf(x, 1.0)


def scaled_erf(x: Any, scale: float) -> Any:
    """The error function of scale · x, for which the factor is put into the coefficients."""
    if x.dtype == FLOAT32:
        return _erf_of_float32(x, coefficients=_scaled(scale))
    return _erf_by_table(x if scale == 1 else x * scale)


@functools.cache
def _scaled(scale: float) -> Any:
    """The coefficients of the polynomial for erf(scale · x), the last one first."""
    return [np.float32(c * scale ** (2 * n + 1)) for n, c in enumerate(ERF_BY_TANH)][::-1]


@in_blocks
def _erf_of_float32(x: Any, coefficients: Any) -> Any:
    highest, *between, lowest = coefficients
    with np.errstate(over="ignore"):  # tanh(inf) is 1
        squares = x * x
        out = np.asarray(squares * highest)  # an array for a single number, too
        for coefficient in between:
            out += coefficient
            out *= squares
        out += lowest
        out *= x
        return np.tanh(out, out=out)


@in_blocks
def _erf_by_table(x: Any) -> Any:
    """Taylor's series around the nearest multiple of 1/1024; from 6 on the result is 1 to double precision."""
    size = np.minimum(np.abs(x), x.dtype.type(6))
    place = np.rint(size * 1024)
    h = size - place / 1024
    place = np.fmin(place, 6 * 1024).astype(np.intp)  # any place for nan: the result is nan by its h
    highest, *rest = reversed(_erf_table(x.dtype))
    out = highest[place]
    for coefficients in rest:
        out *= h
        out += coefficients[place]
    return np.copysign(out, x)


def power(x: Any, y: Any) -> Any:
    """x ** y; whole powers of arrays up to 4 as products, since NumPy has a fast way for the square alone."""
    if type(x) is np.ndarray and x.dtype.kind == "f" and (type(y) is int or type(y) is float) and y in (3, 4):
        squared = x * x
        return squared * (x if y == 3 else squared)
    return x**y


def sign_of_float(x: float) -> float:
    """-1, 0 or 1; nan of nan."""
    return math.nan if x != x else float((x > 0) - (x < 0))


def elu(x: Any, alpha: float) -> Any:
    """x where it is positive, else alpha · (exp(x) - 1)."""
    t = np.tanh(np.minimum(x, 0) / 2)  # exp(x) - 1 = 2t / (1 - t), as exact as NumPy's expm1 and much faster
    return np.maximum(x, 0) + (2 * alpha) * (t / (1 - t))


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y: `numpy.where`, with faster ways for large arrays."""
    if type(y) is float and y == 0.0 and _pays(condition, x):
        return kept(condition, x)
    if type(x) is float and x == 0.0 and _pays(condition, y):
        return kept(~condition, y)
    if _pays(condition, x) and _pays(condition, y) and x.dtype == y.dtype:
        return chosen(condition, x, y)
    return np.where(condition, x, y)


def _pays(condition: Any, x: Any) -> bool:
    """Whether `kept` and `chosen` can be used and are faster than `numpy.where`."""
    both = type(condition) is np.ndarray and type(x) is np.ndarray and x.size >= LARGE
    return both and condition.shape == x.shape and condition.dtype == bool and x.dtype in WORDS


def kept(keep: Any, x: Any, out: Any = None) -> Any:
    """x where `keep` holds, else 0: what a kink does to a gradient.

    `numpy.where` decides for each number, and on a random mask the processor guesses half of the decisions wrong. Here
    the mask becomes integers of only ones or only zeros, and a bitwise "and" with the bits of x replaces the decision.
    This is eight times as fast on large arrays.
    """
    if x.dtype not in WORDS:
        return np.multiply(keep, x, out=out)
    word = WORDS[x.dtype]
    bits = np.negative(keep.view(np.int8))  # 0 or -1: all bits are equal, in wider integers too
    words = np.bitwise_and(bits, x.view(word), out=None if out is None else out.view(word))
    return words.view(x.dtype)


def chosen(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y, without decisions: y, in which the bits that differ in x are flipped."""
    word = WORDS[x.dtype]
    words = np.bitwise_xor(x.view(word), y.view(word))
    words &= np.negative(condition.view(np.int8))
    words ^= y.view(word)
    return words.view(x.dtype)


def ieee(function: Callable[..., Any], *arguments: Any, **attrs: Any) -> Any:
    """Call again a function of floats that raised: NumPy's floats answer inf or nan, as IEEE 754 says and C does.

    Called while an exception is handled, which goes on its way if an argument is no float.

    >>> try:
    ...     1 / 0.0
    ... except ArithmeticError:
    ...     print(ieee(lambda x: 1 / x, 0.0))
    inf
    """
    if not all(type(x) in PYTHON_NUMBERS for x in arguments):
        raise
    with np.errstate(all="ignore"):
        result = function(*(x if isinstance(x, bool) else np.float64(x) for x in arguments), **attrs)
    return None if result is None else float(result)
