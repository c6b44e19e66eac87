"""Sliding windows, which convolution and pooling share: their positions, and where their numbers lie in memory.

Images are (N, C, *S) for the user: N of them, C channels, and one, two or three
axes of sizes S. In memory the rows of the table put the axis of the images last, (C, *S, N), because then all numbers
that they copy, add or compare lie side by side. NumPy's strides make that possible: an array of shape (N, C, *S) may
lie in memory as (C, *S, N), and elementwise operations keep it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import product
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...errors import DtypeError, ShapeError
from ..messages import is_no_array_of_numbers, is_whole, not_numbers, several, short
from ..node import Node, shape_of

Sizes = tuple[int, ...]
Borders = tuple[tuple[int, int], ...]
"""For each axis, how many places the border has before and behind the image."""

AXES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
"""The shape of images with so many axes of their own, in messages."""


# Layout in memory.

CACHE = 1 << 19
"""About how many bytes of channels are computed with at a time."""


def images_last(x: ndarray) -> ndarray:
    """(N, C, *S) as (C, *S, N), contiguous in memory; copied only if it does not lie so already."""
    return np.ascontiguousarray(x.transpose(*range(1, x.ndim), 0))


def images_first(x: ndarray) -> ndarray:
    """(C, *S, N) as (N, C, *S), without moving anything in memory."""
    return x.transpose(-1, *range(x.ndim - 1))


def with_border(x: ndarray, padding: Borders, value: float = 0.0) -> ndarray:
    """(N, C, *S) as (C, *S, N), contiguous in memory, with a border of `value` around each image."""
    if not any(map(any, padding)):
        return images_last(x)
    n, channels, *size = x.shape
    out = np.empty((channels, *bordered(tuple(size), padding), n), x.dtype)
    out[inside(tuple(size), padding)] = images_last(x)
    for axis, (before, behind) in enumerate(padding, 1):
        along = out.swapaxes(0, axis)
        along[:before] = along[len(along) - behind :] = value
    return out


def some_channels(x: ndarray) -> Iterator[slice]:
    """Slices of x (C, ...) with so few channels each that several passes over one find it in the cache."""
    step = max(1, CACHE * len(x) // max(1, x.nbytes))
    return (slice(start, start + step) for start in range(0, len(x), step))


def bordered(size: Sizes, padding: Borders) -> Sizes:
    """The size of an image with its border."""
    return tuple(n + before + behind for n, (before, behind) in zip(size, padding))


def inside(size: Sizes, padding: Borders) -> tuple[slice, ...]:
    """The slices at which the image lies in (C, *bordered, N)."""
    return (slice(None), *(slice(before, before + n) for n, (before, _) in zip(size, padding)))


# Where the windows lie.


def positions(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Borders, dilation: Sizes, ceil: bool = False
) -> Sizes:
    """How many positions windows have along each axis.

    A window of k places, `dilation` apart, fits ⌊(n - dilation·(k - 1) - 1) / stride⌋ + 1 times into n places. With
    `ceil`, one that begins inside but reaches over the end counts too, as PyTorch's `ceil_mode` has it.
    """
    out = []
    for n, k, s, (before, behind), d in zip(size, kernel, stride, padding, dilation):
        room = n + before + behind - d * (k - 1) - 1
        p = (-(-room // s) if ceil else room // s) + 1
        out.append(p - 1 if (p - 1) * s >= n + before and ceil else p)
    return tuple(out)


def places(
    kernel: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes, rows: slice | None = None
) -> Iterator[tuple[Sizes, tuple[slice, ...]]]:
    """For each place in the window, in order: the place, and the slices of (C, *S, N) that pick it at all positions.

    With `rows`, only at these positions along the first axis.
    """
    spans = [(0, n) for n in windows]
    if rows is not None:
        spans[0] = (rows.start, rows.stop)
    along = [
        [slice(i * d + a * s, i * d + (b - 1) * s + 1, s) for i in range(k)]
        for k, (a, b), s, d in zip(kernel, spans, stride, dilation)
    ]
    for place, where in zip(product(*map(range, kernel)), product(*along)):
        yield place, (slice(None), *where)


def reached(
    kernel: Sizes, windows: Sizes, size: Sizes, stride: Sizes, padding: Borders, dilation: Sizes
) -> Iterator[tuple[Sizes, tuple[slice, ...], tuple[slice, ...]]]:
    """For each place in the window: the place, at which positions it is on the image of `size`, and where it is there.

    Both are slices of arrays (C, *P, N) and (C, *S, N).
    """
    for place in product(*map(range, kernel)):
        at, where = [slice(None)], [slice(None)]
        for i, p, n, s, (before, _), d in zip(place, windows, size, stride, padding, dilation):
            start = i * d - before
            first, last = max(0, -(start // s)), min(p, (n - 1 - start) // s + 1)
            at.append(slice(first, max(first, last)))
            where.append(slice(first * s + start, max(first, last) * s + start, s))
        yield place, tuple(at), tuple(where)


# Attributes. The rows take None for a usual value, so that pictures and formulas show only the unusual ones.


def unusual(attr: Any, usual: Any) -> Any:
    """The attribute, or None if it has its usual value."""
    return None if attr == usual else attr


def in_full(
    n: int, stride: Sizes | None, padding: Borders | None, dilation: Sizes | None
) -> tuple[Sizes, Borders, Sizes]:
    """The attributes with None replaced by the usual values on `n` axes: steps of one, no border, no gaps."""
    return stride or (1,) * n, padding or ((0, 0),) * n, dilation or (1,) * n


# Checks of what the user gives.


def per_axis(name: str, what: str, given: Any, n: int, least: int = 1) -> Sizes:
    """An argument `what` that is one whole number, or one for each of `n` axes, as a tuple of `n`."""
    if type(given) is int and given >= least:  # nearly always
        return (given,) * n
    numbers = several(given)
    if len(numbers) == 1:
        numbers *= n
    if len(numbers) != n or not all(is_whole(k) and k >= least for k in numbers):
        text = (
            texts("{name}: {what} is a whole number from {least} on, or a tuple of {n} such, not {value}")
            if n > 1
            else texts("{name}: {what} is a whole number from {least} on, not {value}")
        )
        raise DtypeError(text, name=name, what=what, least=least, n=n, value=short(given))
    return tuple(map(int, numbers))


def check_images(name: str, x: Any, n: int) -> Sizes:
    """The shape of x; raises `ShapeError` unless it is that of images with `n` axes."""
    shape = shape_of(x)
    if len(shape) != n + 2:
        if is_no_array_of_numbers(x):
            raise not_numbers(name, x)
        text = texts("{name}: the input is {axes}, or a single one without N, and not {shape}")
        raise ShapeError(text, name=name, axes=AXES[n], shape=shape)
    return shape


def single_too(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function(name, n, x, ...) of images with `n` axes take a single one, without the axis N, as well."""

    @wraps(function)
    def call(name: str, n: int, x: Any, *settings: Any) -> Any:
        if len(shape_of(x)) == n + 1:
            image: Any = x if isinstance(x, Node) else np.asarray(x)
            found = function(name, n, image[None], *settings)
            return (found[0][0], found[1][0]) if isinstance(found, tuple) else found[0]
        return function(name, n, x, *settings)

    return call


def check_fits(name: str, size: Sizes, kernel: Sizes, padding: Borders, dilation: Sizes) -> None:
    """Raise unless the window fits into the image at least once."""
    for n, k, border, d in zip(size, kernel, padding, dilation):
        if d * (k - 1) + 1 > n + sum(border):
            window, image = str(kernel), str(size)
            if max(dilation) > 1:
                window = say("{kernel} with dilation {dilation}", kernel=kernel, dilation=dilation)
            if any(map(any, padding)):
                image = say("{size} with its border {padding}", size=size, padding=padding)
            text = texts("{name}: the window {window} is larger than the image {image}")
            raise ShapeError(text, name=name, window=window, image=image)
