"""Pooling: the largest number, or the mean, in each position of a window that slides over each channel.

The mean is linear, so `avg_pool` and `avg_unpool` are each other's rules. The gradient of the largest number goes back
to the place where that number stands: `max_unpool` puts it there, and `max_pick` reads there, each the rule of the
other. If several numbers are the largest, the first in the window counts, row by row, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import inf, nan, prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import texts
from ...errors import DtypeError, ShapeError
from ..messages import is_whole, short
from ..node import number_of, shape_of
from .kernels import kept, of_reals
from .rows import primitive
from .windows import (
    Borders,
    Sizes,
    bordered,
    check_fits,
    check_images,
    images_first,
    images_last,
    in_full,
    inside,
    per_axis,
    places,
    positions,
    single_too,
    some_channels,
    unusual,
    with_border,
)

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d",
]  # fmt: skip

# The rows of the largest number. `windows` is the number of positions along each axis.


@primitive(lambda g, out, x, **how: max_unpool(g, x, out, **how), words=texts(("{g} where {x} is largest",)))
def max_pool(
    x: Any,
    kernel: Sizes = (),
    stride: Sizes | None = None,
    padding: Borders | None = None,
    dilation: Sizes | None = None,
    windows: Sizes = (),
) -> Any:
    """The largest number in each window on x (N, C, *S): (N, C, *windows)."""
    stride, padding, dilation = in_full(len(kernel), stride, padding, dilation)
    x = with_border(x, padding, _lowest(x.dtype))
    return images_first(_folded(np.maximum, x, kernel, windows, stride, dilation))


@primitive(
    lambda h, out, g, x, top, **how: max_pick(h, x, top, **how), None, None, words=texts(("{g} where {y} is largest",))
)
def max_unpool(
    g: Any, x: Any, top: Any, kernel: Sizes = (), stride: Sizes | None = None, padding: Borders | None = None,
    dilation: Sizes | None = None, windows: Sizes = (),
) -> Any:  # fmt: skip
    """Zeros, and each number of g (N, C, *windows) added to the place where x (N, C, *S) has that window's `top`."""
    size = x.shape[2:]
    stride, padding, dilation = in_full(len(kernel), stride, padding, dilation)
    x, top = _searched(x, top, padding)
    g = images_last(g)
    out, disjoint = _blank(x.shape, g.dtype, kernel, windows, stride, dilation)
    for some in some_channels(out):
        for where, found in _found(x[some], top[some], kernel, windows, stride, dilation):
            if disjoint:
                kept(found, g[some], out=out[some][where])
            else:
                out[some][where] += kept(found, g[some])
    return images_first(out[inside(size, padding)])


@primitive(
    lambda g, out, h, x, top, **how: max_unpool(g, x, top, **how),
    None,
    None,
    words=texts(("{g} where {y} is largest",)),
)
def max_pick(
    h: Any, x: Any, top: Any, kernel: Sizes = (), stride: Sizes | None = None, padding: Borders | None = None,
    dilation: Sizes | None = None, windows: Sizes = (),
) -> Any:  # fmt: skip
    """For each window the number of h (N, C, *S) that stands where x has that window's `top`."""
    stride, padding, dilation = in_full(len(kernel), stride, padding, dilation)
    x, top = _searched(x, top, padding)
    out, h = np.zeros(top.shape, h.dtype), with_border(h, padding)
    for where, found in _found(x, top, kernel, windows, stride, dilation):
        out += kept(found, h[where])
    return images_first(out)


def _searched(x: ndarray, top: ndarray, padding: Borders) -> tuple[ndarray, ndarray]:
    """x with its border and `top` as `_found` searches them: a nan, which equals nothing, is the largest number of all.

    Nothing is found in the border.
    """
    if top.size and np.isnan(np.maximum.reduce(top, None)):
        most = np.finfo(x.dtype).max  # in place of inf
        x, top = (np.where(np.isnan(numbers), inf, np.minimum(numbers, most)) for numbers in (x, top))
    return with_border(x, padding, nan if x.dtype.kind == "f" else _lowest(x.dtype)), images_last(top)


def _found(
    x: ndarray, top: ndarray, kernel: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes
) -> Iterator[tuple[tuple[slice, ...], ndarray]]:
    """For each place in the window: where it lies, and at which positions it is the first to hold the `top`."""
    searching = np.ones(top.shape, bool)
    for _, where in places(kernel, windows, stride, dilation):
        found = x[where] == top
        found &= searching
        yield where, found
        searching ^= found


def _folded(ufunc: Any, x: ndarray, kernel: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes) -> ndarray:
    """The numbers of each window, joined by a ufunc."""
    out = np.empty((len(x), *windows, x.shape[-1]), x.dtype)
    for some in some_channels(x):
        first, *rest = (x[some][where] for _, where in places(kernel, windows, stride, dilation))
        out[some] = first
        for numbers in rest:
            ufunc(out[some], numbers, out=out[some])
    return out


def _blank(
    shape: Sizes, dtype: Any, kernel: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes
) -> tuple[ndarray, bool]:
    """An array for what windows write, of zeros unless they write all of it once; and whether they are disjoint."""
    disjoint = all(s > d * (k - 1) for s, d, k in zip(stride, dilation, kernel))
    full = disjoint and all(k * p == n for k, p, n in zip(kernel, windows, shape[1:]))
    return np.empty(shape, dtype) if full else np.zeros(shape, dtype), disjoint


def _lowest(dtype: Any) -> Any:
    """The number of the border around an image, which is never the largest."""
    return -inf if dtype.kind == "f" else dtype.kind != "b" and np.iinfo(dtype).min


# The rows of the mean. The zeros of the border `counted` count for the mean; those of the rest of `padding` do not.


@primitive(lambda g, out, x, **how: avg_unpool(g, size=x.shape[2:], **how), words=texts(("{g} / window",)))
@of_reals
def avg_pool(
    x: Any,
    kernel: Sizes = (),
    stride: Sizes | None = None,
    padding: Borders | None = None,
    counted: Borders | None = None,
    windows: Sizes = (),
) -> Any:
    """The mean of each window on x (N, C, *S): (N, C, *windows)."""
    stride, padding, gapless = in_full(len(kernel), stride, padding, None)
    size = x.shape[2:]
    x = with_border(x, padding)
    out = _folded(np.add, x, kernel, windows, stride, gapless)
    out /= _counts(size, kernel, stride, padding, counted, windows, out.dtype)
    return images_first(out)


@primitive(lambda h, out, g, size, **how: avg_pool(h, **how), words=texts(("means of {g}",)))
@of_reals
def avg_unpool(
    g: Any,
    size: Sizes = (),
    kernel: Sizes = (),
    stride: Sizes | None = None,
    padding: Borders | None = None,
    counted: Borders | None = None,
    windows: Sizes = (),
) -> Any:
    """Each number of g (N, C, *windows) in equal shares to all places of its window: (N, C, *size)."""
    stride, padding, gapless = in_full(len(kernel), stride, padding, None)
    g = images_last(g)
    share = g / _counts(size, kernel, stride, padding, counted, windows, g.dtype)
    shape = (len(g), *bordered(size, padding), g.shape[-1])
    out, disjoint = _blank(shape, share.dtype, kernel, windows, stride, gapless)
    for _, where in places(kernel, windows, stride, gapless):
        if disjoint:
            out[where] = share
        else:
            out[where] += share
    return images_first(out[inside(size, padding)])


def _counts(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Borders, counted: Borders | None, windows: Sizes, dtype: Any
) -> Any:
    """How many numbers each window is the mean of: one count for all where there is no border, else (*windows, 1)."""
    if not any(map(any, padding)):
        return prod(kernel)
    counted = counted or ((0, 0),) * len(size)
    along = []
    for n, k, s, (before, _), (zeros_before, zeros_behind), p in zip(size, kernel, stride, padding, counted, windows):
        start = np.arange(p) * s - before
        along.append(np.clip(start + k, None, n + zeros_behind) - np.clip(start, -zeros_before, None))
    return reduce(np.multiply.outer, along)[..., None].astype(dtype)


# What the user calls.


def max_pool1d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number in each window on sequences x (N, C, L); the parameters are those of `max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import max_pool1d
    >>> max_pool1d(tg.tensor([[[1.0, 5.0, 2.0, 4.0]]]), 2)
    tensor([[[5., 4.]]])
    """
    return max_pool_nd("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number in each window on images x (N, C, H, W): (N, C, P, Q).

    Along an axis with size n and kernel k, P = ⌊(n + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1.

    Parameters
    ----------
    kernel_size : of the window; one number, or one for each axis.
    stride : how far the window moves; by default its own size.
    padding : a border that is never the largest, of at most half the window.
    dilation : how far the places of the window are apart.
    ceil_mode : whether a window counts that begins inside and reaches over the end.
    return_indices : whether to give the places too: a pair, with an array (N, C, P, Q) of where in its image of H · W
        numbers, counted row by row, each of the largest stands.

    Raises `ShapeError` for a window larger than the image, `DtypeError` for arguments that are not such numbers.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import max_pool2d
    >>> max_pool2d(tg.tensor([[[[1.0, 5.0, 2.0, 4.0], [3.0, 0.0, 9.0, 1.0]]]]), 2)
    tensor([[[[5., 9.]]]])
    >>> max_pool2d(tg.tensor([[[[1.0, 5.0, 2.0, 4.0], [3.0, 0.0, 9.0, 1.0]]]]), 2, return_indices=True)[1]
    array([[[[1, 6]]]])
    """
    return max_pool_nd("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number in each window on volumes x (N, C, D, H, W); the settings are those of `max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import max_pool3d
    >>> max_pool3d(tg.ones((2, 3, 4, 6, 8)), 2).shape
    (2, 3, 2, 3, 4)
    """
    return max_pool_nd("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of each window on sequences x (N, C, L); the parameters are those of `avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import avg_pool1d
    >>> avg_pool1d(tg.tensor([[[1.0, 5.0, 2.0, 4.0]]]), 2)
    tensor([[[3., 3.]]])
    """
    return avg_pool_nd("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window on images x (N, C, H, W): (N, C, P, Q), with sizes as in `max_pool2d`.

    Parameters
    ----------
    kernel_size, stride, ceil_mode : as in `max_pool2d`.
    padding : a border of zeros, of at most half the window.
    count_include_pad : whether the zeros of the border count when the mean is taken.
    divisor_override : what every sum is divided by, instead of the count of its numbers.

    Raises as `max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import avg_pool2d
    >>> avg_pool2d(tg.tensor([[[[1.0, 5.0, 2.0, 4.0], [3.0, 3.0, 9.0, 1.0]]]]), 2)
    tensor([[[[3., 4.]]]])
    """
    how = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pool_nd("avg_pool2d", 2, x, *how)


def avg_pool3d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window on volumes x (N, C, D, H, W); the settings are those of `avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import avg_pool3d
    >>> avg_pool3d(tg.ones((2, 3, 4, 6, 8)), 2).shape
    (2, 3, 2, 3, 4)
    """
    how = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pool_nd("avg_pool3d", 3, x, *how)


@single_too
def max_pool_nd(
    name: str, n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    spread = per_axis(name, "dilation", dilation, n)
    how, _ = _windows(name, n, x, kernel_size, stride, padding, spread, ceil_mode)
    how["dilation"] = unusual(spread, (1,) * n)
    largest = max_pool(x, **how)
    if not return_indices:
        return largest
    shape = shape_of(x)
    place = np.broadcast_to(np.arange(prod(shape[2:])).reshape(shape[2:]), shape)
    return largest, max_pick(place, number_of(x), number_of(largest), **how)


@single_too
def avg_pool_nd(
    name: str, n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor: int | None = None,
) -> Any:  # fmt: skip
    how, border = _windows(name, n, x, kernel_size, stride, padding, (1,) * n, ceil_mode)
    if divisor is not None:
        if not (is_whole(divisor) and divisor):
            text = texts("{name}: divisor_override is a whole number other than 0, not {value}")
            raise DtypeError(text, name=name, value=short(divisor))
        return avg_pool(x, counted=how["padding"], **how) * (prod(how["kernel"]) / divisor)  # the mean of full windows
    return avg_pool(x, counted=border if count_include_pad else None, **how)


def _windows(
    name: str, n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Sizes, ceil_mode: bool
) -> tuple[dict[str, Any], Borders]:
    """The attributes of the rows, with the border as `ceil_mode` enlarges it; and the border as the user gave it."""
    size = check_images(name, x, n)[2:]
    kernel = per_axis(name, "kernel_size", kernel_size, n)
    step = kernel if stride is None or np.size(stride) == 0 else per_axis(name, "stride", stride, n)
    less = per_axis(name, "padding", padding, n, 0)
    if any(2 * p > k for p, k in zip(less, kernel)):
        text = texts("{name}: padding {less} is more than half of the window {kernel}: some would lie outside")
        raise ShapeError(text, name=name, less=less, kernel=kernel)
    border = tuple((p, p) for p in less)
    windows = positions(size, kernel, step, border, dilation, ceil_mode)
    if not (ceil_mode and min(windows) > 0):  # then a window may reach over the end even where there is only one
        check_fits(name, size, kernel, border, dilation)
    reach = ((p - 1) * s + d * (k - 1) + 1 for p, s, d, k in zip(windows, step, dilation, kernel))
    enlarged = tuple((p, max(p, r - m - p)) for p, r, m in zip(less, reach, size))
    how = {"kernel": kernel, "stride": step, "padding": unusual(enlarged, ((0, 0),) * n), "windows": windows}
    return how, border
