"""Convolution over one, two or three axes: one sum of products, seen from its three sides.

A convolution slides a window of weights w over x, and at each position p sums the products. Multiply its result by a
gradient g and add everything up, and there is one sum over three arrays, over images n, channels c and o, positions p
and places i of the window, with stride s, dilation d and border b:

    T(x, w, g)  =  Σ  x[n, c, s·p + d·i - b] · w[o, c, i] · g[n, o, p]

It is linear in each of the three, so its derivative by one is a sum over the other two. Three rows of the table
compute these, and the rules of each row are the other two rows:

    convolution      ∂T/∂g, from x and w: the convolution itself
    conv_transpose   ∂T/∂x, from g and w: the gradient of the images, known as transposed convolution
    conv_weight      ∂T/∂w, from x and g: the gradient of the weights

The work is one matrix product. What lies under the window is copied into the columns of a matrix ("im2col"), for a
few rows of positions at a time so that they stay in the cache, and the weights multiply all columns. Where a row of
positions is wide, it has a matrix of its own; those of neighbouring rows overlap in memory as their windows do in the
image, so that windows of 3 × 3 copy each number three times instead of nine. With several channels `row_by_row.py`
has a quicker way. As is the custom in the field, the window is not turned around; mathematicians call this a
cross-correlation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...errors import ShapeError
from ..blas import multiply, multiply_by_rows
from ..messages import check, in_words
from ..node import shape_of
from . import row_by_row
from .primitive import Variadic
from .reductions import sum_
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
    unusual,
    with_border,
)

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

CACHE = 1 << 21
"""About how many bytes of columns are made at a time: enough for an efficient matrix product, and few enough that they
are still in the cache when it reads them. In LeNet 1 MB makes no difference, and 4 MB takes a tenth more time."""

WIDE = 256
"""From so many columns on a row of positions has a matrix of its own."""


# The three rows.


def _wide(row: Callable[..., Any]) -> Callable[..., Any]:
    """A row that computes with float16 in float32, which BLAS knows, and rounds once."""

    @wraps(row)
    def computed(*operands: Any, **how: Any) -> Any:
        if np.result_type(*operands) != np.float16:
            return row(*operands, **how)
        return row(*(x.astype(np.float32) for x in operands), **how).astype(np.float16)

    return computed


def _convolution_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], **how: Any) -> list[Any]:
    x, weight = operands[:2]
    rules: list[Callable[[], Any]] = [
        lambda: conv_transpose(g, weight, size=x.shape[2:], **how),
        lambda: conv_weight(x, g, kernel=weight.shape[2:], **how),
        lambda: _sum_by_channel(g),
    ]
    return [rules[slot]() for slot in slots]


@primitive(_convolution_rule, words=texts(("{g} ∗ {y} turned", "{x} ∗ {g}", "Σ {g}")), kind=Variadic)
@_wide
def convolution(*operands: Any, groups: int | None = None, **slide: Any) -> Any:
    """x (N, C, *S) and weight (O, C / groups, *K), and perhaps bias (O,), make (N, O, *P)."""
    x, weight, *bias = operands
    kernel = weight.shape[2:]
    stride, padding, dilation = in_full(len(kernel), **slide)
    windows = positions(x.shape[2:], kernel, stride, padding, dilation)
    dtype = np.result_type(*operands)
    if dtype.kind == "b":
        check("convolution", *operands)
    by_row = groups is None and max(stride) == 1 and len(weight) <= weight.shape[1]
    if by_row and row_by_row.pays(weight.shape, x.shape[2:], stride, dilation, len(x)):
        return images_first(row_by_row.convolve(images_last(x), weight, windows, padding, dilation, dtype, *bias))
    out = np.empty((len(weight), *windows, len(x)), dtype)
    weight = weight.transpose(_order(kernel, windows, dilation, len(x)))
    for x_, w, y, *b in _grouped(groups, with_border(x, padding), weight, out, *bias):
        for rows, matrices in _columns(x_, kernel, windows, stride, dilation):
            multiply(_matrix(w), matrices, _matrices(y[:, rows], len(matrices)))
            _plus(y[:, rows], *b)
    return images_first(out)


def _conv_transpose_rule(
    slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], size: Sizes, **how: Any
) -> list[Any]:
    y, weight = operands[:2]
    rules: list[Callable[[], Any]] = [
        lambda: _convolution_at(y.shape, g, weight, **how),
        lambda: conv_weight(g, y, kernel=weight.shape[2:], **how),
        lambda: _sum_by_channel(g),
    ]
    return [rules[slot]() for slot in slots]


@primitive(_conv_transpose_rule, words=("{g} ∗ {y}", "{g} ∗ {x}", "Σ {g}"), kind=Variadic)
@_wide
def conv_transpose(*operands: Any, size: Sizes, groups: int | None = None, **slide: Any) -> Any:
    """y (N, O, *P) and weight (O, C / groups, *K), and perhaps bias (C,), make (N, C, *size)."""
    y, weight, *bias = operands
    n, windows, kernel = len(y), y.shape[2:], weight.shape[2:]
    stride, padding, dilation = in_full(len(kernel), **slide)
    dtype = np.result_type(*operands)
    if dtype.kind == "b":
        check("conv_transpose", *operands)
    if groups is None and row_by_row.pays(weight.shape, windows, stride, dilation, n):
        how = (size, stride, padding, dilation, dtype, *bias)
        return images_first(row_by_row.to_images(images_last(y), weight, *how))
    out = np.zeros((weight.shape[1] * (groups or 1), *bordered(size, padding), n), dtype)
    for y_, w, x in _grouped(groups, images_last(y), weight, out):
        for rows, columns in _blocks(_matrix(w).shape[1], windows, n, out.dtype):
            multiply(_matrix(w).T, _matrix(y_[:, rows]), columns)
            by_place: Any = columns.reshape(len(x), *kernel, *y_[:, rows].shape[1:])
            for place, where in places(kernel, windows, stride, dilation, rows):
                x[where] += by_place[(slice(None), *place)]
    return images_first(_plus(out[inside(size, padding)], *bias))


def _conv_weight_rule(
    slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], kernel: Sizes, **how: Any
) -> list[Any]:
    x, y = operands
    rules: list[Callable[[], Any]] = [
        lambda: conv_transpose(y, g, size=x.shape[2:], **how),
        lambda: _convolution_at(y.shape, x, g, **how),
    ]
    return [rules[slot]() for slot in slots]


@primitive(_conv_weight_rule, words=texts(("{y} ∗ {g} turned", "{x} ∗ {g}")), kind=Variadic)
@_wide
def conv_weight(*operands: Any, kernel: Sizes, groups: int | None = None, **slide: Any) -> Any:
    """x (N, C, *S) and y (N, O, *P) make (O, C / groups, *kernel)."""
    x, y = operands
    stride, padding, dilation = in_full(len(kernel), **slide)
    windows = y.shape[2:]
    shape, dtype = (y.shape[1], x.shape[1] // (groups or 1), *kernel), np.result_type(x, y)
    if groups is None and row_by_row.pays(shape, windows, stride, dilation, len(x)):
        return row_by_row.to_weight(images_last(x), images_last(y), kernel, stride, padding, dilation, dtype)
    order = _order(kernel, windows, dilation, len(x))
    out = (np.empty if windows[0] else np.zeros)([shape[axis] for axis in order], dtype)
    for x_, w, y_ in _grouped(groups, with_border(x, padding), out, images_last(y)):
        for rows, matrices in _columns(x_, kernel, windows, stride, dilation):
            part = w if rows.start == 0 else np.empty_like(w)
            multiply_by_rows(_matrices(y_[:, rows], len(matrices)), matrices, _matrix(part))
            if part is not w:
                w += part
    return out if order == sorted(order) else out.transpose(np.argsort(order)).copy()


def _convolution_at(shape: Sizes, x: Any, weight: Any, **how: Any) -> Any:
    """The convolution at as many positions as `shape` has; with `output_padding` there may be room for more."""
    out = convolution(x, weight, **how)
    return out if out.shape == shape else out[tuple(map(slice, shape))]


def _sum_by_channel(g: Any) -> Any:
    return sum_(g, axis=(0, *range(2, g.ndim)))


def _grouped(groups: int | None, *arrays: ndarray) -> Iterator[tuple[ndarray, ...]]:
    """The arrays cut along their first axis into groups, which are computed independently."""
    return zip(*(np.split(x, groups or 1) for x in arrays))


def _matrix(x: ndarray) -> ndarray:
    """x as a matrix: the first axis, and all others made into one."""
    return x.reshape(len(x), prod(x.shape[1:]))


def _matrices(x: ndarray, count: int) -> ndarray:
    """(C, *P, N) as `count` matrices (C, positions·N), of so many rows each."""
    return x.reshape(len(x), count, prod(x.shape[1:]) // count).swapaxes(0, 1)


def _plus(out: ndarray, bias: ndarray | None = None) -> ndarray:
    """A number added to each channel of (C, *S, N)."""
    if bias is not None:
        out += bias.reshape(-1, *[1] * (out.ndim - 1))
    return out


def _overlap(kernel: Sizes, windows: Sizes, dilation: Sizes, n: int) -> bool:
    """Whether each row of positions has a matrix of its own, which overlaps with the next."""
    return dilation[0] == 1 < kernel[0] and prod(windows[1:]) * n >= WIDE


def _order(kernel: Sizes, windows: Sizes, dilation: Sizes, n: int) -> list[int]:
    """The axes of the weight (O, C, *K) in the order of the rows of `_columns`."""
    axes = list(range(2 + len(kernel)))
    return [0, *axes[2:], 1] if _overlap(kernel, windows, dilation, n) else axes


def _columns(
    x: ndarray, kernel: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes
) -> Iterator[tuple[slice, ndarray]]:
    """Rows of positions, a few at a time, and their columns: matrices (1, C·places, positions·N), or one for each row.

    A view of x has an axis for each axis of the window, and one for each axis of the positions: the next place lies
    `dilation` numbers further on in memory, the next position `stride`. Making a matrix of a part of it copies that.
    """
    channels, *size, n = x.shape
    channel, *steps, image = x.strides
    next_place, next_position = ([step * k for step, k in zip(steps, by)] for by in (dilation, stride))
    if not _overlap(kernel, windows, dilation, n):
        shape = (channels, *kernel, *windows, n)
        view = np.ndarray(shape, x.dtype, x, strides=(channel, *next_place, *next_position, image))
        for rows, columns in _blocks(channels * prod(kernel), windows, n, x.dtype):
            block = view[(*[slice(None)] * (1 + len(kernel)), rows)]
            columns.reshape(block.shape)[...] = block
            yield rows, columns[None]
        return
    shape = (size[0], *kernel[1:], channels, *windows[1:], n)  # the window's first axis goes through the rows of this
    view = np.ndarray(shape, x.dtype, x, strides=(steps[0], *next_place[1:], channel, *next_position[1:], image))
    (high, *_), (step, *_), width = kernel, stride, prod(windows[1:]) * n
    count = (CACHE // max(1, prod(shape[1:]) * x.itemsize) - high) // step + 1
    count = max(1, min(count, windows[0]))
    memory = np.empty(((count - 1) * step + high, *shape[1:]), x.dtype)
    strides = (step * memory.strides[0], width * x.itemsize, x.itemsize)
    for start in range(0, windows[0], count):
        rows = slice(start, min(start + count, windows[0]))
        under = view[start * step : (rows.stop - 1) * step + high]
        memory[: len(under)] = under
        yield rows, np.ndarray((rows.stop - start, channels * prod(kernel), width), x.dtype, memory, strides=strides)


def _blocks(height: int, windows: Sizes, n: int, dtype: Any) -> Iterator[tuple[slice, ndarray]]:
    """Rows of positions, so many that their columns stay cached, and one memory for all of these (height, columns)."""
    a_row = prod(windows[1:]) * n
    step = min(max(1, CACHE // max(1, height * a_row * dtype.itemsize)), max(1, windows[0]))
    memory = np.empty(height * step * a_row, dtype)
    for start in range(0, windows[0], step):
        rows = slice(start, min(start + step, windows[0]))
        size = (rows.stop - start) * a_row
        yield rows, memory[: height * size].reshape(height, size)


# What the user calls.


def conv1d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Convolution of sequences x (N, C, L) with weight (O, C / groups, k) and bias (O,): (N, O, P).

    The parameters are those of `conv2d`, for one axis.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import conv1d
    >>> conv1d(tg.tensor([[[1.0, 2.0, 4.0, 8.0]]]), tg.tensor([[[-1.0, 1.0]]]))
    tensor([[[1., 2., 4.]]])
    """
    return _convolve("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Convolution of images x (N, C, H, W) with weight (O, C / groups, kh, kw) and bias (O,): (N, O, P, Q).

    Along an axis with size n and kernel k, P = ⌊(n + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1.

    Parameters
    ----------
    stride, dilation : how far the window moves, and how far its places are apart; one number, or one for each axis.
    padding : how many zeros are put around the images; "valid" for none; "same" for as many as let the result have the
        size of x (the odd one behind, as in PyTorch), which needs stride 1.
    groups : the channels are cut into so many groups, each convolved with weights of its own.

    Raises `ShapeError` for shapes that do not go together, `DtypeError` for arguments that are not such numbers.
    Source of the formulas: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning" (2016).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import conv2d
    >>> x = tg.tensor([[[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]]])
    >>> conv2d(x, tg.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]))
    tensor([[[[19., 25.],
              [37., 43.]]]])
    """
    return _convolve("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Convolution of volumes x (N, C, D, H, W) with weight (O, C / groups, kd, kh, kw) and bias (O,).

    The parameters are those of `conv2d`, for three axes.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import conv3d
    >>> conv3d(tg.ones((1, 1, 4, 3, 3)), tg.ones((1, 1, 3, 2, 2))).shape
    (1, 1, 2, 2, 2)
    """
    return _convolve("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """Transposed convolution of sequences x (N, C, L); the settings are those of `conv_transpose2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import conv_transpose1d
    >>> conv_transpose1d(tg.tensor([[[1.0, 2.0]]]), tg.tensor([[[1.0, 10.0]]]))
    tensor([[[ 1., 12., 20.]]])
    """
    return _transposed("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """Transposed convolution: each number of x (N, C, H, W) puts its multiple of the window into a larger image.

    It is the gradient of `conv2d` by its images. weight is (C, O / groups, kh, kw), bias (O,); of a size n it makes
    (n - 1)·stride - 2·padding + dilation·(k - 1) + output_padding + 1. `padding` is taken away from the border, and
    `output_padding`, smaller than stride or dilation, chooses among the sizes that `conv2d` would make into x's.

    Raises as `conv2d`, which has the source too.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import conv_transpose2d
    >>> conv_transpose2d(tg.tensor([[[[1.0, 2.0]]]]), tg.tensor([[[[1.0, 10.0]]]]))
    tensor([[[[ 1., 12., 20.]]]])
    """
    return _transposed("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """Transposed convolution of volumes x (N, C, D, H, W); the settings are those of `conv_transpose2d`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import conv_transpose3d
    >>> conv_transpose3d(tg.ones((1, 2, 2, 3, 4)), tg.ones((2, 1, 2, 2, 2))).shape
    (1, 1, 3, 4, 5)
    """
    return _transposed("conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation)


@single_too
def _transposed(
    name: str, n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: int,
    dilation: Any,
) -> Any:  # fmt: skip
    """Check a transposed convolution, and compute it."""
    (_, channels, *sizes), (takes, makes, *kernel) = check_images(name, x, n), _weight_shape(name, weight, n, TO_LARGER)
    step, spread = per_axis(name, "stride", stride, n), per_axis(name, "dilation", dilation, n)
    less, more = per_axis(name, "padding", padding, n, 0), per_axis(name, "output_padding", output_padding, n, 0)
    (groups,) = per_axis(name, "groups", groups, 1)
    if takes != channels:
        how = {"x": in_words(x), "n": channels, "weight": in_words(weight), "m": takes, "form": say(TO_LARGER)}
        raise ShapeError(TAKES_OTHERS, name=name, **how)
    if channels % groups:
        text = texts("{name}: input {x} has {n} channels, which {groups} groups cannot share")
        raise ShapeError(text, name=name, x=in_words(x), n=channels, groups=groups)
    if any(m >= max(s, d) for m, s, d in zip(more, step, spread)):
        text = texts("{name}: output_padding {more} must be smaller than stride {step} or dilation {spread}")
        raise ShapeError(text, name=name, more=more, step=step, spread=spread)
    size = tuple(
        (z - 1) * s - 2 * p + d * (k - 1) + m + 1 for z, s, p, d, k, m in zip(sizes, step, less, spread, kernel, more)
    )
    if min(size) < 1:
        text = texts("{name}: padding {less} leaves nothing of the result, which would be of size {size}")
        raise ShapeError(text, name=name, less=less, size=size)
    operands = _operands(name, x, weight, bias, makes * groups)
    border = tuple((p, p) for p in less)
    return conv_transpose(*operands, size=size, **_how(step, border, spread, groups))


@single_too
def _convolve(
    name: str, n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """Check a convolution, and compute it."""
    (_, channels, *size), (out, per_group, *window) = check_images(name, x, n), _weight_shape(name, weight, n, WEIGHT)
    kernel = tuple(window)
    step, spread = per_axis(name, "stride", stride, n), per_axis(name, "dilation", dilation, n)
    border = borders(name, padding, kernel, step, spread)
    (groups,) = per_axis(name, "groups", groups, 1)
    if channels != per_group * groups:
        text = TAKES_OTHERS_IN_GROUPS if groups > 1 else TAKES_OTHERS
        how = {"x": in_words(x), "n": channels, "weight": in_words(weight), "m": per_group, "form": say(WEIGHT)}
        raise ShapeError(text, name=name, total=per_group * groups, groups=groups, **how)
    if out % groups:
        text = texts("{name}: weight {weight} makes {n} channels, which {groups} groups cannot share")
        raise ShapeError(text, name=name, weight=in_words(weight), n=out, groups=groups)
    check_fits(name, tuple(size), kernel, border, spread)
    operands = _operands(name, x, weight, bias, out)
    return convolution(*operands, **_how(step, border, spread, groups))


def _how(stride: Sizes, padding: Borders, dilation: Sizes, groups: int) -> dict[str, Any]:
    """The attributes of a row."""
    ones = (1,) * len(stride)
    return {
        "stride": unusual(stride, ones),
        "padding": unusual(padding, ((0, 0),) * len(stride)),
        "dilation": unusual(dilation, ones),
        "groups": unusual(groups, 1),
    }


WEIGHT = texts("(channels out, channels in / groups, *window)")
TO_LARGER = texts("(channels in, channels out / groups, *window)")

TAKES_OTHERS = texts("{name}: input {x} has {n} channels, and weight {weight} takes {m}; its shape is {form}")
TAKES_OTHERS_IN_GROUPS = texts(
    "{name}: input {x} has {n} channels, and weight {weight} takes {m}, and {total} with groups={groups}; its shape is "
    "{form}"
)


def _weight_shape(name: str, weight: Any, n: int, form: str) -> Sizes:
    """The shape of the weight; raises `ShapeError` unless it has `n` + 2 axes."""
    shape = shape_of(weight)
    if len(shape) != n + 2:
        text = texts("{name}: the weight is {form} with a window of {n} sizes, and not {shape}")
        raise ShapeError(text, name=name, form=say(form), n=n, shape=shape)
    return shape


def borders(name: str, padding: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Borders:
    """The border that `padding` means, in each of its spellings."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if max(stride) > 1:
            text = texts("{name}: padding='same' needs stride 1, and not {stride}; give the padding as numbers")
            raise ShapeError(text, name=name, stride=stride)
        around = [d * (k - 1) for k, d in zip(kernel, dilation)]
        return tuple((total // 2, total - total // 2) for total in around)
    if isinstance(padding, str):
        text = texts("{name}: padding is 'same', 'valid', or in numbers, and not {padding}")
        raise ShapeError(text, name=name, padding=repr(padding))
    return tuple((p, p) for p in per_axis(name, "padding", padding, len(kernel), 0))


def _operands(name: str, x: Any, weight: Any, bias: Any, channels: int) -> tuple[Any, ...]:
    """The operands of the row, without the bias if it is None."""
    if bias is None:
        return x, weight
    if shape_of(bias) != (channels,):
        text = texts("{name}: bias {bias} must be one number a channel, of shape {shape}")
        raise ShapeError(text, name=name, bias=in_words(bias), shape=(channels,))
    return x, weight, bias
