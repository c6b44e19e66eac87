"""Statistics: sorted numbers, quantiles, averages, and differences between neighbours, all made of other rows.

The gradient of an ordered number goes to the place where it stood; equal ones keep their order. As in NumPy, a median
is the mean of the two middle numbers, and a quantile lies on the straight line between its two neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._support.languages import texts
from ...errors import DtypeError, OutOfRangeError, ShapeError
from ..arrays import plain
from ..convert import numbers
from ..messages import check, in_words, is_whole, short
from ..node import Node, number_of, shape_of
from .elementwise import clip, where
from .indexing import take_along_axis
from .primitive import dispatch
from .reductions import Axis, in_rows, max_, mean, min_, reduced_axes, sum_
from .rows import primitive
from .shape import (
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    moveaxis,
    reshape,
    rounded_once,
    squeeze,
    stack,
    transpose,
    wide,
)  # fmt: skip

__all__ = [
    "argsort", "average", "cov", "diff", "interp", "median", "nanmean", "nansum", "partition", "percentile", "ptp",
    "quantile", "sort", "trapezoid",
]  # fmt: skip


def _array(name: str, x: Any, **attrs: Any) -> Any:
    """x as a node or an array, if nothing is wrong with this call; a Value as a tensor of shape ()."""
    check(name, x, **attrs)
    return x if shape_of(x) and isinstance(x, Node) else reshape(x, shape_of(x))


def _real(name: str, x: Any, **attrs: Any) -> Any:
    """The same with whole numbers as float32, for a minus or a product would wrap around."""
    x = _array(name, x, **attrs)
    return x if x.dtype.kind == "f" else astype(x, "float32")


def argsort(x: Any, axis: int | None = -1) -> Any:
    """Where the smallest number along `axis` stands, the next one, and so on: plain NumPy integers, as of `argmax`.

    >>> import tinygrad_edu as tg
    >>> tg.argsort(tg.tensor([3.0, 1.0, 2.0])).tolist()
    [1, 2, 0]
    """
    return plain(np.argsort(number_of(_array("argsort", x, axis=axis)), axis, kind="stable"))


def sort(x: Any, axis: int | None = -1) -> Any:
    """The numbers along `axis` from the smallest to the largest, nan last; all of them in one row where it is None.

    >>> import tinygrad_edu as tg
    >>> tg.sort(tg.tensor([3.0, 1.0, 2.0]))
    tensor([1., 2., 3.])
    """
    x = _array("sort", x, axis=axis)
    return _sort(reshape(x, -1) if axis is None or not shape_of(x) else x, axis=-1 if axis is None else axis)


@primitive(lambda g, out, x, axis: unsort(g, x, axis=axis), words=texts(("{g} in the old order",)), name="sort")
def _sort(x: Any, axis: int = -1) -> Any:
    return np.sort(x, axis, kind="stable")


@primitive(lambda h, out, g, x, axis: sort_by(h, x, axis=axis), None, words=texts(("{g} in the order of {y}",)))
def unsort(g: Any, x: Any, axis: int = -1) -> Any:
    """The numbers of g, the first of which goes to the place of the smallest of x along `axis`, and so on."""
    out = np.empty_like(g)
    np.put_along_axis(out, np.argsort(x, axis, kind="stable"), g, axis)
    return out


@primitive(lambda g, out, h, x, axis: unsort(g, x, axis=axis), None, words=texts(("{g} in the old order",)))
def sort_by(h: Any, x: Any, axis: int = -1) -> Any:
    """The numbers of h in the order in which x would be sorted along `axis`."""
    return np.take_along_axis(h, np.argsort(x, axis, kind="stable"), axis)


def partition(x: Any, kth: Any, axis: int | None = -1) -> Any:
    """The number that `sort` would put at place `kth` stands there, smaller ones before it and larger ones behind.

    >>> import tinygrad_edu as tg
    >>> tg.partition(tg.tensor([3.0, 1.0, 2.0]), 0)[0]
    tensor(1.)
    """
    x = _array("partition", x, axis=axis)
    try:
        places = np.argpartition(number_of(x), kth, axis)
    except (TypeError, ValueError):
        raise OutOfRangeError(f"partition: kth={short(kth)} is no place along axis {axis} of {in_words(x)}") from None
    return take_along_axis(x, places, axis)


def quantile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The number that a share q of the others, from 0 to 1, lies below. Several q make new first axes.

    Raises `OutOfRangeError` for a q that is no share, `ShapeError` where there are no numbers.

    >>> import tinygrad_edu as tg
    >>> tg.quantile(tg.tensor([10.0, 20.0, 40.0]), [0.5, 0.75])
    tensor([20., 30.])
    """
    x = _real("quantile", x, axis=axis, keepdims=keepdims)
    shares = np.asarray(q, float)
    if not ((shares >= 0) & (shares <= 1)).all():
        raise OutOfRangeError(f"quantile: q={in_words(q)} is a share from 0 to 1; of 100 takes tg.percentile")
    axes = reduced_axes(x, axis)
    ordered = sort(in_rows(x, axes)[1])

    def at(share: float) -> Any:
        if not ordered.size:
            return sum_(x, axis, keepdims)  # which has no numbers either
        low, part = divmod(share * (ordered.shape[-1] - 1), 1.0)
        out = ordered[..., int(low)]
        out = out if part == 0 else out + (ordered[..., int(low) + 1] - out) * part
        last = ordered[..., -1]
        out = where(last == last, out, last)  # nan, if there is one among the numbers
        return expand_dims(out, axes) if keepdims else out

    if not shares.ndim:
        return at(float(shares))
    found = stack([at(float(share)) for share in shares.flat])
    return reshape(found, shares.shape + shape_of(found)[1:])


def percentile(x: Any, q: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """`quantile`, with q from 0 to 100.

    >>> import tinygrad_edu as tg
    >>> tg.percentile(tg.tensor([10.0, 20.0, 40.0]), 75)
    tensor(30.)
    """
    check("percentile", x, q)
    return quantile(x, np.asarray(q, float) / 100.0, axis, keepdims)


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The number in the middle, or the mean of the two that are; PyTorch takes the lower one.

    >>> import tinygrad_edu as tg
    >>> tg.median(tg.tensor([1.0, 100.0, 2.0, 3.0]))
    tensor(2.5)
    """
    return quantile(x, 0.5, axis, keepdims)


def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """From peak to peak: the largest number less the smallest.

    >>> import tinygrad_edu as tg
    >>> tg.ptp(tg.tensor([1.0, 7.0, 5.0]))
    tensor(6.)
    """
    return max_(x, axis, keepdims) - min_(x, axis, keepdims)


@rounded_once
def average(x: Any, axis: Axis = None, weights: Any = None, keepdims: bool = False) -> Any:
    """Σ weights · x / Σ weights over `axis`; the mean without weights.

    The weights have the shape of x, or are one row along `axis`. Raises `ShapeError` for others.

    >>> import tinygrad_edu as tg
    >>> tg.average(tg.tensor([1.0, 2.0]), weights=[3.0, 1.0])
    tensor(1.25)
    """
    if weights is None:
        return mean(x, axis, keepdims)
    x = _real("average", x, axis=axis, keepdims=keepdims)
    if not (isinstance(weights, Node) or hasattr(weights, "dtype")):
        weights = np.asarray(numbers("average", weights), x.dtype)
    weights = wide(_real("sum", weights))
    if weights.ndim == 1 != x.ndim and isinstance(axis, int) and weights.shape[0] == x.shape[axis]:
        weights = moveaxis(broadcast_to(weights, moveaxis(x, axis, -1).shape), -1, axis)
    elif weights.shape != x.shape:
        raise ShapeError(
            f"average: weights {in_words(weights)} have the shape of x, {in_words(x)}, or are one row along an axis"
        )
    return sum_(x * weights, axis, keepdims) / sum_(weights, axis, keepdims)


def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over `axis` of the numbers that are not nan.

    >>> import tinygrad_edu as tg
    >>> tg.nansum(tg.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    x = _array("sum", x, axis=axis, keepdims=keepdims)
    return sum_(where(x == x, x, 0.0), axis, keepdims)


@rounded_once
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over `axis` of the numbers that are not nan.

    >>> import tinygrad_edu as tg
    >>> tg.nanmean(tg.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5)
    """
    x = _real("mean", x, axis=axis, keepdims=keepdims)
    return average(where(x == x, x, 0.0), axis, (x == x).astype(x.dtype), keepdims)


def cov(x: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """The covariances of the rows of x, and of y; of the columns where not `rowvar`.

    A sum over n observations is divided by n - 1, or by n for `bias`, or by n - `ddof`. Raises `ShapeError` where that
    is not above 0.

    >>> import tinygrad_edu as tg
    >>> tg.cov(tg.tensor([[1.0, 2.0, 3.0], [6.0, 4.0, 2.0]]))
    tensor([[ 1., -2.],
            [-2.,  4.]])
    """
    parts = []
    for part in (x,) if y is None else (x, y):
        rows = _array("mean", part)
        if rows.ndim > 2:
            raise ShapeError(f"cov: needs a vector or a matrix of observations, not {in_words(part)}")
        rows = rows if rows.ndim == 2 else reshape(rows, (1, -1))
        parts.append(rows if rowvar or shape_of(part)[1:] == () else transpose(rows))
    rows = concatenate(parts)
    deviation = rows - mean(rows, 1, True)
    ddof = int(not bias) if ddof is None else ddof
    check("cov", rows, axis=1, ddof=ddof)
    out = deviation @ transpose(deviation) / (rows.shape[1] - ddof)
    return squeeze(out) if len(parts) == out.size == 1 else out


# Neighbours.


def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Each number along `axis` less the one before it; done `n` times.

    `prepend` and `append` are numbers, or arrays that fit, put before and after x first. Raises `DtypeError` for an n
    that is no whole number from 0 on.

    >>> import tinygrad_edu as tg
    >>> tg.diff(tg.tensor([1.0, 4.0, 9.0]))
    tensor([3., 5.])
    """
    if not (is_whole(n) and n >= 0):
        raise DtypeError(f"diff: n is a whole number from 0 on, not {short(n)}")
    parts = [_as_end(prepend, x, axis), x, _as_end(append, x, axis)]
    if n and (prepend is not None or append is not None):
        x = concatenate([part for part in parts if part is not None], axis)
    x = moveaxis(x, axis, -1)
    for _ in range(n):
        x = x[..., 1:] - x[..., :-1]
    return moveaxis(x, -1, axis)


def _as_end(end: Any, x: Any, axis: int) -> Any:
    """One number as an array of size 1 along `axis` and of the size of x along the others."""
    if end is None or shape_of(end):
        return end
    shape = list(shape_of(x))
    shape[axis] = 1
    if not isinstance(end, Node):
        return np.full(shape, end, np.result_type(x.dtype, end))
    return broadcast_to(end, shape)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The area under the straight lines between the points (x, y) along `axis`; without x they are `dx` apart.

    >>> import tinygrad_edu as tg
    >>> tg.trapezoid(tg.tensor([1.0, 3.0, 2.0]))
    tensor(4.5)
    """
    y = moveaxis(_real("trapezoid", y), axis, -1)
    width = dx if x is None else diff(x if len(shape_of(x)) == 1 else moveaxis(x, axis, -1))
    return sum_((y[..., 1:] + y[..., :-1]) * (width * 0.5), -1)


def interp(x: Any, xp: Any, fp: Any, left: float | None = None, right: float | None = None) -> Any:
    """The height at x of the straight lines between the points (xp, fp); xp ascends.

    Before the first point it is `left`, or the height there; behind the last one `right`. Raises `ShapeError` for fewer
    than two points, and where xp and fp are no two vectors of one length.

    >>> import tinygrad_edu as tg
    >>> tg.interp(tg.tensor([0.5, 3.0]), [0.0, 1.0], [10.0, 20.0])
    tensor([15., 20.])
    """
    check("interp", x, xp, fp)
    x = x if isinstance(x, Node) else np.asarray(x)
    dtype = getattr(x, "dtype", np.dtype(float))
    xp, fp = (z if hasattr(z, "dtype") else np.asarray(z, dtype if dtype.kind == "f" else float) for z in (xp, fp))
    if xp.shape != fp.shape or len(xp.shape) != 1 or xp.shape[0] < 2:
        raise ShapeError(f"interp: xp and fp are two vectors of one length, from 2 on, not {xp.shape} and {fp.shape}")
    places = np.asarray(number_of(xp))
    i = np.clip(np.searchsorted(places, number_of(x), "right") - 1, 0, places.size - 2)
    t = clip((x - xp[i]) / (xp[i + 1] - xp[i]), 0.0, 1.0)
    out = fp[i] + t * (fp[i + 1] - fp[i])
    out = out if left is None else where(x < places[0], left, out)
    return out if right is None else where(x > places[-1], right, out)


def _gradient(x: Any, *spacing: Any, axis: Any = None) -> Any:
    """`numpy.gradient` of equally distant points: half the difference of both neighbours, at the ends that to one."""
    axes = reduced_axes(x, axis)
    widths: Sequence[Any] = spacing if len(spacing) == len(axes) else (spacing or (1.0,)) * len(axes)
    if len(widths) != len(axes) or any(shape_of(width) for width in widths):
        raise DtypeError("np.gradient on a node takes one spacing, or one for each axis, and no coordinates of points")
    slopes = []
    for a, width in zip(axes, widths):
        y = moveaxis(x, a, -1)
        ends = [(y[..., 1:2] - y[..., :1]) / width, (y[..., -1:] - y[..., -2:-1]) / width]
        slope = concatenate([ends[0], (y[..., 2:] - y[..., :-2]) / (width * 2.0), ends[1]], -1)
        slopes.append(moveaxis(slope, -1, a))
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


for name in __all__[1:]:  # np.argsort answers with plain numbers already
    dispatch(globals()[name], getattr(np, name))
dispatch(_gradient, np.gradient)
