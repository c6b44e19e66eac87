"""Reductions: the rows that make one number of many along axes, such as sums, extremes, variances and norms.

`axis` is None for all axes, an int or a tuple of ints, negative ones counted from the end, as in NumPy; `keepdims`
leaves the reduced axes in place with size one. Ties in `max` and `min` share the gradient equally, as in PyTorch's
`amax`. `norm` and `std` have derivative 0 where they are 0. float16 is added up in float32, and a mean or a norm of
whole numbers is a float32.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import inf, nan, prod
from typing import Any

import numpy as np

from ..._support.languages import texts
from ...errors import DtypeError
from .. import messages
from ..arrays import plain
from ..node import Node, number_of
from . import elementwise
from .comparisons import equal
from .elementwise import abs_, direction, exp, maximum, minimum, where
from .kernels import in_float32, of_reals, reduced, running, underflow_is_zero
from .primitive import dispatch
from .rows import primitive
from .shape import astype, broadcast_to, concatenate, expand_dims, flip, moveaxis, spread, wide

__all__ = [
    "argmax", "argmin", "cumprod", "cumsum", "logsumexp", "max_", "mean", "min_", "norm", "norm2", "prod_", "softmax",
    "std", "sum_", "var",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


def restore(x: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced array, spread again over the shape that was reduced."""
    if axis is None and isinstance(x, (np.ndarray, np.generic)):  # one number: the commonest case by far
        return spread(x, shape)
    if axis is not None and not keepdims and shape:  # NumPy sums axis 0 of a single number, which has no axes
        x = expand_dims(x, tuple(a % len(shape) for a in axis) if isinstance(axis, tuple) else axis)
    return x.unary(broadcast_to, {"shape": shape}) if isinstance(x, Node) else broadcast_to(x, shape)


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many numbers a reduction makes into one."""
    if axis is None or not shape:  # a single number has an axis 0 for NumPy and PyTorch
        return prod(shape)
    return prod(shape[a] for a in (axis if isinstance(axis, tuple) else (axis,)))


@primitive(lambda g, out, x, axis, keepdims: restore(g, x.shape, axis, keepdims), symbol="Σ")
def sum_(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over `axis`.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> tg.sum(x, axis=0), tg.sum(x, axis=1)
    (tensor([5., 7., 9.]), tensor([ 6., 15.]))
    """
    return reduced(np.add, x, axis, keepdims)


@primitive(lambda g, out, x, axis, keepdims: restore(wide(g) / divisor(x.shape, axis), x.shape, axis, keepdims))
@of_reals
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over `axis`.

    >>> import tinygrad_edu as tg
    >>> tg.mean(tg.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    return reduced(np.add, x, axis, keepdims) / divisor(x.shape, axis)


def divisor(shape: tuple[int, ...], axis: Axis, ddof: float = 0) -> float:
    """The divisor that makes a mean of a sum over `axis`. There is no mean of no numbers."""
    n = count(shape, axis) - ddof
    if n > 0:
        return n
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if all(shape[i] for i in set(range(len(shape))) - {a % len(shape) for a in axes}):
        raise ValueError(f"no mean of {n} numbers")
    return 1  # there is no result that could be divided


@primitive(
    lambda g, out, x, axis, keepdims: restore(g, x.shape, axis, keepdims) * _others(wide(x), axis),
    words=texts(("{g} · the other factors",)),
    symbol="Π",
)
def prod_(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product over `axis`; its derivatives are right also where factors are 0.

    >>> import tinygrad_edu as tg
    >>> tg.prod(tg.tensor([2.0, 3.0, 4.0]))
    tensor(24.)
    """
    return reduced(np.multiply, x, axis, keepdims)


def _others(x: Any, axis: Axis) -> Any:
    """For every factor of a product, the product of the others: of those before it times those behind it."""
    axes = reduced_axes(x, axis)
    if not axes:
        return x * 0.0 + 1.0
    moved, flat = in_rows(x, axes)
    others = _before(flat) * flip(_before(flip(flat, -1)), -1)
    return moveaxis(others.reshape(moved.shape), tuple(range(x.ndim - len(axes), x.ndim)), axes)


def in_rows(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """x with these axes moved to the end, and the same with one axis made of them."""
    kept = x.ndim - len(axes)
    moved = moveaxis(x, axes, tuple(range(kept, x.ndim)))
    return moved, moved.reshape((*moved.shape[:kept], prod(moved.shape[kept:])))


def reduced_axes(x: Any, axis: Axis) -> tuple[int, ...]:
    """The axes that a reduction over `axis` takes away, counted from the front."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % x.ndim for a in axes if x.ndim)


def _before(x: Any) -> Any:
    """The product of all that stands before each number along the last axis, in log2(n) doublings."""
    ones = np.ones_like(number_of(x))
    products = concatenate([ones[..., :1], x[..., :-1]], axis=-1)
    shift = 1
    while shift < x.shape[-1]:
        products = products * concatenate([ones[..., :shift], products[..., :-shift]], axis=-1)
        shift *= 2
    return products


def _extreme_rule(g: Any, out: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """The gradient goes to the extreme number, or in equal shares to those that tie; where that is nan, it is nan."""
    extreme = restore(out, x.shape, axis, keepdims)
    chosen = (extreme == x) | (extreme != extreme)
    if in_graph := isinstance(chosen, Node):
        ties = sum_(astype(chosen, x.dtype), axis, True)
    else:
        ties = np.asarray(reduced(np.add, chosen, axis, True), x.dtype)
    if in_graph or np.isnan(out).any():
        g = where(out == out, g, nan)
    return where(chosen, restore(g, x.shape, axis, keepdims) / ties, 0.0)


@primitive(_extreme_rule, words=texts(("{g} where {x} is largest",)))
def max_(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest over `axis`; equal ones share the gradient.

    >>> import tinygrad_edu as tg
    >>> tg.max(tg.tensor([1.0, 7.0, 5.0]))
    tensor(7.)
    """
    return reduced(np.maximum, x, axis, keepdims)


@primitive(_extreme_rule, words=texts(("{g} where {x} is smallest",)))
def min_(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest over `axis`; equal ones share the gradient.

    >>> import tinygrad_edu as tg
    >>> tg.min(tg.tensor([1.0, 7.0, 5.0]))
    tensor(1.)
    """
    return reduced(np.minimum, x, axis, keepdims)


def _deviation(x: Any, axis: Axis) -> Any:
    return x - mean(x, axis=axis, keepdims=True)


@primitive(
    lambda g, out, x, axis, ddof, keepdims: (
        restore(wide(g) * (2.0 / divisor(x.shape, axis, ddof)), x.shape, axis, keepdims) * _deviation(x, axis)
    ),
    words=("{g} ⊙ 2 ({x} − mean {x}) / {n}",),
)
@of_reals
def var(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The mean squared deviation from the mean, as NumPy's; PyTorch's divides by n - 1, which is `ddof=1`.

    >>> import tinygrad_edu as tg
    >>> tg.var(tg.tensor([1.0, 2.0, 3.0]), ddof=1)
    tensor(1.)
    """
    return _deviation_of(np.var, x, axis, ddof, keepdims)


@primitive(
    lambda g, out, x, axis, ddof, keepdims: (
        restore(wide(g) / divisor(x.shape, axis, ddof), x.shape, axis, keepdims)
        * direction(_deviation(x, axis), restore(out, x.shape, axis, keepdims))
    ),
    words=("{g} ⊙ ({x} − mean {x}) / ({n} {out})",),
)
@of_reals
def std(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The square root of `var`; its derivative is 0 where it is 0.

    >>> import tinygrad_edu as tg
    >>> tg.std(tg.tensor([1.0, 2.0, 3.0]), ddof=1)
    tensor(1.)
    """
    return _deviation_of(np.std, x, axis, ddof, keepdims)


def _deviation_of(function: Any, x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    """numpy.var or numpy.std; where x holds no numbers, an empty result without NumPy's warning, or a refusal."""
    if not isinstance(ddof, (int, float, np.number)):
        raise TypeError("ddof is a number")
    divisor(np.shape(x), axis, ddof)
    if not np.size(x):
        return reduced(np.add, x, axis, keepdims)
    return function(x, axis=axis, ddof=ddof, keepdims=keepdims)


@primitive(
    underflow_is_zero(
        lambda g, out, x, axis, keepdims: (
            restore(g, x.shape, axis, keepdims)
            * exp(x - restore(where(out == -inf, 0.0, out), x.shape, axis, keepdims))
        )
    ),
    words=("{g} ⊙ softmax{over}({x})",),
)
@of_reals
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(Σ exp(x)) over `axis`, shifted by the maximum so that nothing overflows. Its gradient is the softmax.

    >>> import tinygrad_edu as tg
    >>> tg.logsumexp(tg.tensor([1000.0, 1000.0]))
    tensor(1000.6932)
    """
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # where all are -inf, so is the result
        out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


@primitive(
    underflow_is_zero(lambda g, out, x, axis: out * (g - sum_(wide(g) * out, axis=axis, keepdims=True))),
    words=("{out} ⊙ ({g} − Σ{over} {g} ⊙ {out})",),
)
@of_reals
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along `axis`: positive numbers that sum to 1.

    >>> import tinygrad_edu as tg
    >>> tg.softmax(tg.tensor([2.0, 1.0, 0.1])).data.round(2)
    array([0.66, 0.24, 0.1 ], dtype=float32)
    """
    shifted = np.exp(x - reduced(np.maximum, x, axis, True))
    return shifted / reduced(np.add, shifted, axis, True)


@primitive(
    underflow_is_zero(
        lambda g, out, x, axis, keepdims: (
            restore(g, x.shape, axis, keepdims) * direction(x, restore(out, x.shape, axis, keepdims))
        )
    ),
    words=("{g} ⊙ {x} / {out}",),
    symbol="‖·‖",
)
@of_reals
def norm2(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The Euclidean length √Σx² over `axis`, scaled so that nothing overflows; its derivative is 0 where it is 0.

    >>> import tinygrad_edu as tg
    >>> tg.norm2(tg.tensor([3.0, 4.0]))
    tensor(5.)
    """
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.where((top > 0) & np.isfinite(top), top, 1)
    out = np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True)) * scale
    return out if keepdims else np.squeeze(out, axis=axis)


def norm(x: Any, ord: Any = 2, axis: Axis = None, keepdims: bool = False) -> Any:
    """The vector norm over `axis` (all numbers for None): `ord` 1, 2 (also "fro"), inf, -inf or any other number.

    Raises `DtypeError` for another `ord`.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([3.0, 4.0])
    >>> tg.norm(x, 1), tg.norm(x), tg.norm(x, float("inf"))
    (tensor(7.), tensor(5.), tensor(4.))
    """
    if ord is None or (isinstance(ord, str) and ord == "fro"):
        ord = 2
    if isinstance(ord, bool) or not isinstance(ord, (int, float, np.integer, np.floating)) or ord != ord:
        raise DtypeError(f"norm: ord={messages.short(ord)} is not known; use 1, 2, inf, -inf, another number, or 'fro'")
    if ord == 0:
        raise DtypeError("norm: ord=0 counts the numbers that are not 0, which has no derivative; use (x != 0).sum()")
    messages.check("norm", x, ord=ord, axis=axis, keepdims=keepdims)
    x = x if isinstance(x, (Node, float, int)) else np.asarray(x)
    dtype = getattr(x, "dtype", np.dtype(float))
    if in_float32(dtype):
        out = norm(astype(x, "float32"), ord, axis, keepdims)
        return out if dtype.kind != "f" else astype(out, "float16")
    if ord == 2:
        return norm2(x, axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum_(abs_(x), axis=axis, keepdims=keepdims)
    if ord in (inf, -inf):
        return (max_ if ord > 0 else min_)(abs_(x), axis=axis, keepdims=keepdims)
    if ord < 0:
        return sum_(abs_(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)
    return _smooth_power(sum_(_smooth_power(abs_(x), ord), axis=axis, keepdims=keepdims), 1.0 / ord)


def _smooth_power(x: Any, exponent: Any) -> Any:
    """x to the power of a positive exponent, for x ≥ 0; its derivatives are 0 where x is 0."""
    nothing = equal(x, 0)
    return where(nothing, 0.0, where(nothing, 1.0, x) ** exponent)


@primitive(
    lambda g, out, x, axis: flip(cumsum(flip(g, _axis(axis)), axis=_axis(axis)), _axis(axis)).reshape(x.shape),
    words=texts(("Σ {g} from here on",)),
    numpy=[np.cumsum],
)
def cumsum(x: Any, axis: int | None = None) -> Any:
    """The running sum along `axis`; of all numbers in a row where it is None.

    >>> import tinygrad_edu as tg
    >>> tg.cumsum(tg.tensor([1.0, 2.0, 3.0]))
    tensor([1., 3., 6.])
    """
    return running(np.cumsum, x, axis)


def _cumprod_rule(g: Any, out: Any, x: Any, axis: int | None) -> Any:
    """The products before x, times s: s = g + (the next x) · (the next s), in log2(n) doublings."""
    if axis is None or not x.ndim:
        return _cumprod_rule(g, out, x.reshape(-1), -1).reshape(x.shape)
    x, s = moveaxis(x, axis, -1), moveaxis(g, axis, -1)
    factors, shift = _ahead(x, 1), 1
    while shift < x.shape[-1]:
        s = s + factors * _ahead(s, shift)
        factors = factors * _ahead(factors, shift)
        shift *= 2
    return moveaxis(_before(x) * s, -1, axis)


def _ahead(x: Any, n: int) -> Any:
    """For each place the number n places further along the last axis; 0 where there is none."""
    return concatenate([x[..., n:], np.zeros((*x.shape[:-1], min(n, x.shape[-1])), x.dtype)], axis=-1)


@primitive(_cumprod_rule, words=texts(("{g} · the other factors",)), numpy=[np.cumprod])
def cumprod(x: Any, axis: int | None = None) -> Any:
    """The running product along `axis`, with derivatives that are right also where factors are 0.

    >>> import tinygrad_edu as tg
    >>> tg.cumprod(tg.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 6.])
    """
    return running(np.cumprod, x, axis)


def _axis(axis: int | None) -> int:
    return 0 if axis is None else axis


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest number stands, as plain NumPy integers: an index carries no gradient.

    >>> import tinygrad_edu as tg
    >>> int(tg.argmax(tg.tensor([1.0, 7.0, 5.0])))
    1
    """
    return _place(np.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest number stands, as plain NumPy integers: an index carries no gradient.

    >>> import tinygrad_edu as tg
    >>> int(tg.argmin(tg.tensor([1.0, 7.0, 5.0])))
    0
    """
    return _place(np.argmin, x, axis, keepdims)


def _place(function: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    settings = {"axis": axis, "keepdims": keepdims}
    messages.check(function.__name__, x, **settings)
    try:
        return plain(function(number_of(x), **settings))
    except (TypeError, ValueError) as error:
        raise messages.refused(function.__name__, [x], settings, error) from None


dispatch(argmax, np.argmax)
dispatch(argmin, np.argmin)


# The same by NumPy's names, with NumPy's options.


def _with_options(row: Any, left_out: float, combine: Callable[..., Any], *numpy: Any) -> None:
    """Have NumPy's functions call a reduction. Where `where` does not hold, a number is taken that changes nothing."""

    def function(
        x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
    ) -> Any:
        x = x if dtype is None else astype(x, dtype)
        out = row(x if where is True else elementwise.where(where, x, left_out), axis, keepdims)
        return out if initial is None else combine(out, initial)

    function.__name__ = row.name
    dispatch(function, *numpy)


def _mean_with_options(
    x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    x = x if dtype is None else astype(x, dtype)
    if where is True:
        return mean(x, axis, keepdims)
    chosen = np.broadcast_to(where, x.shape)
    return sum_(elementwise.where(chosen, x, 0.0), axis, keepdims) / reduced(np.add, chosen, axis, keepdims)


def _spread_with_options(row: Any, numpy: Any) -> None:
    def function(
        x: Any, axis: Axis = None, dtype: Any = None, *, ddof: int = 0, keepdims: bool = False, correction: Any = None
    ) -> Any:
        return row(x if dtype is None else astype(x, dtype), axis, ddof if correction is None else correction, keepdims)

    function.__name__ = row.name
    dispatch(function, numpy)


_with_options(sum_, 0.0, operator.add, np.sum, np.add.reduce)
_with_options(prod_, 1.0, operator.mul, np.prod, np.multiply.reduce)
_with_options(max_, -inf, maximum, np.max, np.amax, np.maximum.reduce)
_with_options(min_, inf, minimum, np.min, np.amin, np.minimum.reduce)
_spread_with_options(var, np.var)
_spread_with_options(std, np.std)
dispatch(_mean_with_options, np.mean)
