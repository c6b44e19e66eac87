"""Cases of the rows that slide windows over images: strategies of calls, and answers of NumPy number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..strategies import Shape
from .arrangements import Arrangement, Sides
from .attrs import Attrs

Drawn = tuple[tuple[Shape, ...], Attrs]

ONE, TWO, THREE = (Arrangement(n, lambda sides: st.nothing(), lambda *sizes: False) for n in (1, 2, 3))
"""One, two or three operands; each case draws their shapes together with the attributes."""


# Strategies of shapes and attributes. `window` draws what the rows share.


@st.composite
def window(draw: st.DrawFn, sides: Sides, dilated: bool = True) -> tuple[int, Shape, Attrs]:
    """The number of images, their size, and the attributes of a window that fits them."""
    axes = draw(st.integers(1, 2))

    def each(low: int, high: int) -> Shape:
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    kernel, stride, dilation = each(1, 2), each(1, 2), each(1, 2) if dilated else (1,) * axes
    padding = tuple((draw(st.integers(0, k // 2)), draw(st.integers(0, k // 2))) for k in kernel)
    reach = [d * (k - 1) + 1 - sum(border) for k, d, border in zip(kernel, dilation, padding)]
    size = tuple(max(2, r) + more for r, more in zip(reach, each(0, 1)))  # every window meets the image
    return draw(st.integers(*sides)), size, {
        "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation
    }  # fmt: skip


def positions(size: Shape, kernel: Shape, stride: Shape, padding: Any, dilation: Shape) -> Shape:
    """The number of positions of the window along each axis."""
    return tuple(
        (n + sum(border) - d * (k - 1) - 1) // s + 1
        for n, k, s, border, d in zip(size, kernel, stride, padding, dilation)
    )


@st.composite
def convolutions(draw: st.DrawFn, sides: Sides) -> tuple[Shape, Shape, Shape, Attrs]:
    """The shapes of x, weight and result, and the attributes that all three rows of convolution have."""
    n, size, how = draw(window(sides))
    groups, per_group, out = (draw(st.integers(1, 2)) for _ in range(3))
    where = positions(size, **how)
    kernel = how.pop("kernel")
    how["groups"] = groups
    return (n, per_group * groups, *size), (out * groups, per_group, *kernel), (n, out * groups, *where), how


def convolution_calls(sides: Sides) -> st.SearchStrategy[Drawn]:
    """x, weight and bias."""
    return convolutions(sides).map(lambda d: ((d[0], d[1], (d[1][0],)), d[3]))


def conv_transpose_calls(sides: Sides) -> st.SearchStrategy[Drawn]:
    """The result's gradient, weight and bias."""
    return convolutions(sides).map(lambda d: ((d[2], d[1], (d[0][1],)), {"size": d[0][2:], **d[3]}))


def conv_weight_calls(sides: Sides) -> st.SearchStrategy[Drawn]:
    """x and the result's gradient."""
    return convolutions(sides).map(lambda d: ((d[0], d[2]), {"kernel": d[1][2:], **d[3]}))


@st.composite
def max_pool_calls(draw: st.DrawFn, sides: Sides) -> Drawn:
    """x."""
    n, size, how = draw(window(sides))
    return ((n, draw(st.integers(1, 2)), *size),), {**how, "windows": positions(size, **how)}


def max_pick_calls(sides: Sides) -> st.SearchStrategy[Drawn]:
    """h and x."""
    return max_pool_calls(sides).map(lambda drawn: (drawn[0] * 2, drawn[1]))


def max_unpool_calls(sides: Sides) -> st.SearchStrategy[Drawn]:
    """The result's gradient, and x."""
    return max_pool_calls(sides).map(lambda d: (((*d[0][0][:2], *d[1]["windows"]), d[0][0]), d[1]))


@st.composite
def avg_pool_calls(draw: st.DrawFn, sides: Sides) -> Drawn:
    """x."""
    n, size, how = draw(window(sides, dilated=False))
    windows = positions(size, **how)
    del how["dilation"]
    counted = draw(st.sampled_from([how["padding"], ((0, 0),) * len(size)]))
    if not _counts(size, **how, counted=counted, windows=windows).all():  # a window lies outside, on no numbers at all
        counted = how["padding"]
    return ((n, draw(st.integers(1, 2)), *size),), {**how, "counted": counted, "windows": windows}


@st.composite
def avg_unpool_calls(draw: st.DrawFn, sides: Sides) -> Drawn:
    """The result's gradient."""
    (x,), how = draw(avg_pool_calls(sides))
    return ((*x[:2], *how["windows"]),), {"size": x[2:], **how}


@st.composite
def normalize_calls(draw: st.DrawFn, sides: Sides) -> Drawn:
    """x, weight and bias, of batch normalisation or of layer normalisation."""
    n, channels, side = draw(st.integers(2, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x, eps = (n, channels, side), draw(st.sampled_from([0.1, 1.0]))
    if draw(st.booleans()) or channels * side == 1:
        return (x, (channels,), (channels,)), {"axis": (0, 2), "shape": (1, channels, 1), "eps": eps}
    return (x, x[1:], x[1:]), {"axis": (1, 2), "shape": x[1:], "eps": eps}


# Answers of NumPy.


def _bordered(x: Any, padding: Any, value: float = 0.0) -> Any:
    return np.pad(x, ((0, 0), (0, 0), *padding), constant_values=value)


def _without_border(x: Any, size: Shape, padding: Any) -> Any:
    return x[(..., *(slice(before, before + n) for n, (before, _) in zip(size, padding)))]


def _at(position: Shape, place: Shape, stride: Shape, dilation: Shape) -> tuple[Any, ...]:
    """The index, into an array with its border, of one place of the window at one position."""
    return (..., *(p * s + i * d for p, i, s, d in zip(position, place, stride, dilation)))


def _pairs(windows: Shape, kernel: Shape) -> Any:
    return ((position, place) for position in np.ndindex(windows) for place in np.ndindex(kernel))


def _by_group(x: Any, groups: int) -> Any:
    """(A, B) as (A, groups, B / groups)."""
    return x.reshape(len(x), groups, x.shape[1] // groups)


def convolution(x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """Σ x · w, and the bias."""
    windows = positions(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    out = np.zeros((len(x), len(weight), *windows), x.dtype)
    x = _bordered(x, padding)
    for position, place in _pairs(windows, weight.shape[2:]):
        w = weight[(..., *place)].reshape(groups, -1, weight.shape[1])
        products = np.einsum("ngc,goc->ngo", _by_group(x[_at(position, place, stride, dilation)], groups), w)
        out[(..., *position)] += products.reshape(out.shape[:2])
    return out + bias.reshape(-1, *[1] * len(windows))


def conv_transpose(
    y: Any, weight: Any, bias: Any, size: Shape, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """Adds up, for every number of y, its multiple of the window."""
    bordered = [n + sum(border) for n, border in zip(size, padding)]
    out = np.zeros((len(y), weight.shape[1] * groups, *bordered), y.dtype)
    for position, place in _pairs(y.shape[2:], weight.shape[2:]):
        w = weight[(..., *place)].reshape(groups, -1, weight.shape[1])
        products = np.einsum("ngo,goc->ngc", _by_group(y[(..., *position)], groups), w)
        out[_at(position, place, stride, dilation)] += products.reshape(out.shape[:2])
    return _without_border(out, size, padding) + bias.reshape(-1, *[1] * len(size))


def conv_weight(x: Any, y: Any, kernel: Shape, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """Σ x · y for every place of the window."""
    out = np.zeros((y.shape[1], x.shape[1] // groups, *kernel), x.dtype)
    x = _bordered(x, padding)
    for position, place in _pairs(y.shape[2:], kernel):
        under = _by_group(x[_at(position, place, stride, dilation)], groups)
        products = np.einsum("ngo,ngc->goc", _by_group(y[(..., *position)], groups), under)
        out[(..., *place)] += products.reshape(out.shape[:2])
    return out


def max_pool(x: Any, kernel: Shape, stride: Any, padding: Any, dilation: Any, windows: Shape) -> Any:
    """The largest number under each window."""
    return max_pick(x, x, kernel, stride, padding, dilation, windows)


def max_pick(h: Any, x: Any, kernel: Shape, stride: Any, padding: Any, dilation: Any, windows: Shape) -> Any:
    """The number of h where x is largest."""
    out = np.zeros((*x.shape[:2], *windows), h.dtype)
    h, x = _bordered(h, padding), _bordered(x, padding, -np.inf)
    for position in np.ndindex(windows):
        places = [_at(position, place, stride, dilation) for place in np.ndindex(kernel)]
        largest = np.argmax([x[at] for at in places], axis=0)
        out[(..., *position)] = np.take_along_axis(np.array([h[at] for at in places]), largest[None], 0)[0]
    return out


def max_unpool(g: Any, x: Any, kernel: Shape, stride: Any, padding: Any, dilation: Any, windows: Shape) -> Any:
    """g where x is largest."""
    size, x = x.shape[2:], _bordered(x, padding, -np.inf)
    out = np.zeros(x.shape, g.dtype)
    for position in np.ndindex(windows):
        places = [_at(position, place, stride, dilation) for place in np.ndindex(kernel)]
        largest = np.argmax([x[at] for at in places], axis=0)
        for i, at in enumerate(places):
            out[at] += g[(..., *position)] * (largest == i)
    return _without_border(out, size, padding)


def _counts(size: Shape, kernel: Shape, stride: Any, padding: Any, counted: Any, windows: Shape) -> Any:
    """The number of places that count in each window."""
    ones = np.pad(np.pad(np.ones(size), counted, constant_values=1.0), [
        (b - c, e - f) for (b, e), (c, f) in zip(padding, counted)
    ])  # fmt: skip
    out = np.zeros(windows)
    for position, place in _pairs(windows, kernel):
        out[position] += ones[_at(position, place, stride, (1,) * len(size))]
    return out


def avg_pool(x: Any, kernel: Shape, stride: Any, padding: Any, counted: Any, windows: Shape) -> Any:
    """The mean of the numbers that count under each window."""
    counts = _counts(x.shape[2:], kernel, stride, padding, counted, windows)
    out, x = np.zeros((*x.shape[:2], *windows), x.dtype), _bordered(x, padding)
    for position, place in _pairs(windows, kernel):
        out[(..., *position)] += x[_at(position, place, stride, (1,) * len(kernel))]
    return (out / counts).astype(x.dtype)


def avg_unpool(g: Any, size: Shape, kernel: Shape, stride: Any, padding: Any, counted: Any, windows: Shape) -> Any:
    """g in equal shares to all places of its window."""
    share = g / _counts(size, kernel, stride, padding, counted, windows)
    out = np.zeros((*g.shape[:2], *(n + sum(border) for n, border in zip(size, padding))), g.dtype)
    for position, place in _pairs(windows, kernel):
        out[_at(position, place, stride, (1,) * len(kernel))] += share[(..., *position)]
    return _without_border(out, size, padding)


def normalize(x: Any, weight: Any, bias: Any, axis: Shape, shape: Shape, eps: float) -> Any:
    """(x - mean) / √(variance + eps) · weight + bias."""
    mean, variance = np.mean(x, axis=axis, keepdims=True), np.var(x, axis=axis, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps).astype(x.dtype) * weight.reshape(shape) + bias.reshape(shape)
