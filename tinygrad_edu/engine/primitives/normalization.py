"""Normalisation: numbers shifted and scaled to mean 0 and variance 1, over axes that depend on the kind.

Batch normalisation takes mean and variance over the images, for each channel; layer normalisation over the features of
each example. Both are the row `normalize`, over other axes. Local response normalisation divides by the size of the
neighbouring channels, and is composed of other rows.

Where threads compute parts of a batch (`engine/parts.py`), batch normalisation is still that of the whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ...errors import DtypeError, ShapeError
from ..messages import in_words, several
from ..node import Node, number_of, shape_of
from ..parts import here, together
from . import channel_statistics, row_statistics
from .elementwise import sqrt, square
from .kernels import in_float32
from .pooling import avg_pool
from .primitive import Variadic
from .reductions import count, mean, sum_
from .rows import primitive
from .shape import astype, reshape, rounded_once, sum_to
from .windows import Sizes, per_axis

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def _normalize_rule(
    slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], axis: Sizes, shape: Sizes, eps: float
) -> list[Any]:
    """With x̂ = (x - mean) / σ and h the gradient of x̂: (h - mean(h) - x̂·mean(h·x̂)) / σ.

    x also changes its own mean and σ. That removes from h the parts along 1 and along x̂ (Ioffe and Szegedy 2015, §3).
    """
    x, *affine = operands
    kernels = _kernels(x, axis, g, *affine)
    if kernels:
        found: list[Any] = kernels.pulled_back(slots, g, x, affine, eps)
        return found
    normal, deviation = _normal(x, axis, eps)
    gradients = []
    for slot in slots:
        if slot == 0:
            h = g * reshape(affine[0], shape) if affine else g
            along = normal * _mean(h * normal, axis)
            h = h - _mean(h, axis)
            h -= along
            h /= deviation
            gradients.append(h)
        else:
            gradients.append(reshape(sum_to(g * normal if slot == 1 else g, shape), affine[0].shape))
    return gradients


@primitive(
    _normalize_rule,
    words={(): ("(γ {g} − mean γ {g} − x̂ mean γ {g} x̂) / σ", "Σ {g} ⊙ x̂", "Σ {g}")}
    | {(axes,): ("({g} − mean {g} − x̂ mean {g} x̂) / σ",) for axes in range(7)},
    kind=Variadic,
)
def normalize(*operands: Any, axis: Sizes, shape: Sizes, eps: float) -> Any:
    """x with mean 0 and variance 1 over `axis`; times a weight and plus a bias of this `shape`, if there are any."""
    x, *affine = operands
    kernels = _kernels(x, axis, *affine)
    if kernels:
        return kernels.normalized(x, affine, eps)
    out, _ = _normal(x, axis, eps)
    for apply, a in zip((np.multiply, np.add), affine):
        out = apply(out, a.reshape(shape))
    return out.astype(np.result_type(*operands)) if x.dtype.char == "e" else out


def _kernels(x: Any, axis: Sizes, *others: Any) -> Any:
    """The module with faster ways for arrays of one dtype, in full precision, over these axes; or None."""
    if type(x) is not np.ndarray or in_float32(x.dtype) or not x.size:
        return None
    if not all(type(y) is np.ndarray and y.dtype == x.dtype for y in others):
        return None
    return {(0, *range(2, x.ndim)): channel_statistics, (x.ndim - 1,): row_statistics}.get(axis)


def _normal(x: Any, axis: Sizes, eps: float) -> tuple[Any, Any]:
    """(x - mean) / σ, and σ = √(variance + eps); of float16 in float32, where the squares have room."""
    x = astype(x, "float32") if in_float32(x.dtype) else x
    centred = x - _mean(x, axis)
    deviation = sqrt(_mean(square(centred), axis) + eps)
    return centred / deviation, deviation


def _mean(x: Any, axis: Sizes) -> Any:
    """The mean over the axes, with kept dimensions; over all examples of a batch if axis 0 is one of them."""
    if 0 in axis and here():
        return sum_over_parts(sum_(x, axis, True)) / sum_over_parts(np.array(count(x.shape, axis)))
    return mean(x, axis, True)


@primitive(lambda g, out, x: sum_over_parts(g))
def sum_over_parts(x: Any) -> Any:
    """The sum of the x of all parts of a batch, if threads compute such parts. Each part gets it, and so do gradients.

    >>> float(sum_over_parts(3.0))
    3.0
    """
    return together(f"a sum of shape {np.shape(x)} in batch_norm", sum, x)


# What the user calls.


def batch_norm(
    x: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Every channel of x (N, C, *S) normalised to mean 0 and variance 1, then times weight (C,) plus bias (C,).

    Parameters
    ----------
    running_mean, running_var : tensors (C,) that serve as mean and variance, unless `training`.
    training : compute mean and variance over the batch and all places, and update the running ones in place:
        running ← (1 - momentum)·running + momentum·batch's. The running variance follows the unbiased one, as in
        PyTorch. In training both may be None.
    momentum : the weight of the batch in the running ones.
    eps : added to the variance.

    Raises `ShapeError` for fewer than two numbers a channel in training, and for parameters of a wrong shape.
    Source: S. Ioffe and C. Szegedy, "Batch Normalization" (2015), algorithms 1 and 2.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import batch_norm
    >>> batch_norm(tg.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    tensor([[-1.],
            [ 1.]])
    """
    size = shape_of(x)
    if len(size) < 2:
        raise ShapeError("batch_norm: the input is (N, C) or (N, C, *sizes), and not {shape}", shape=size)
    axis, shape = (0, *range(2, len(size))), (1, size[1], *[1] * (len(size) - 2))
    what = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, parameter in what.items():
        if parameter is not None and shape_of(parameter) != (size[1],):
            text = texts("batch_norm: input {x} has {n} channels, and {name} {parameter}")
            raise ShapeError(text, x=in_words(x), n=size[1], name=name, parameter=in_words(parameter))
    if training:
        token = channel_statistics.KNOWN.set(_follow(x, (running_mean, running_var), momentum))
        try:
            return normalize(x, *_affine(weight, bias), axis=axis, shape=shape, eps=eps)
        finally:
            channel_statistics.KNOWN.reset(token)
    if running_mean is None or running_var is None:
        text = texts("batch_norm: without running_mean and running_var only the batch's can be taken: training=True")
        raise DtypeError(say(text))
    scale = 1.0 / sqrt(running_var + eps) if weight is None else weight / sqrt(running_var + eps)
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    return x * reshape(scale, shape) + reshape(shift, shape)


def _affine(weight: Any, bias: Any) -> tuple[Any, ...]:
    """The operands after x: weight and bias, unless they are None; a bias alone gets a weight of 1."""
    if bias is None:
        return () if weight is None else (weight,)
    return np.ones(bias.shape, bias.dtype) if weight is None else weight, bias


def _move(running: Sequence[Any], now: Sequence[Any], momentum: float) -> None:
    """Let running statistics, tensors or arrays, follow those of a batch."""
    for old, new in zip(running, now):
        if old is None:
            continue
        moved = (1 - momentum) * number_of(old) + momentum * new
        if isinstance(old, Node):
            old.data = moved
        else:
            old[...] = moved


def _follow(x: Any, running: Sequence[Any], momentum: float) -> tuple[np.ndarray, channel_statistics.Moments]:
    """Let the running mean and variance follow those of the batch x; gives its numbers and their moments."""
    numbers = np.asarray(number_of(x))
    numbers = numbers.astype(np.float32) if in_float32(numbers.dtype) else numbers

    def follow(parts: list[channel_statistics.Moments]) -> channel_statistics.Moments:
        n = sum(n for n, _, _ in parts)
        if n < 2:
            raise ShapeError(
                "batch_norm: fewer than two numbers a channel, as in input {x}, have no variance to train with; give a "
                "larger batch, or call .eval() to use what was learned",
                x=in_words(x),
            )
        n, average, variance = found = channel_statistics.joined(parts)
        _move(running, (average, variance * (n / (n - 1))), momentum)
        return found

    own = channel_statistics.moments(numbers) if numbers.size else (0, numbers, numbers)
    return numbers, together(f"batch_norm of {numbers.shape[1]} channels", follow, own)


def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """x (..., *normalized_shape) with mean 0 and variance 1 over its last axes, then times weight plus bias.

    weight and bias have the shape `normalized_shape`, an int or a tuple. Raises `ShapeError` if x does not end with
    it. Source: J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization" (2016).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import layer_norm
    >>> layer_norm(tg.tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0.0)
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    shape = _ending("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    size = shape_of(x)
    axis = tuple(range(len(size) - len(shape), len(size)))
    return normalize(x, *_affine(weight, bias), axis=axis, shape=shape, eps=eps)


def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Every group of channels of each example of x (N, C, *S) with mean 0 and variance 1; times weight (C,) plus bias.

    Raises `ShapeError` for channels that the groups cannot share.
    Source: Y. Wu and K. He, "Group Normalization" (2018).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import group_norm
    >>> group_norm(tg.tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0.0)
    tensor([[-1.,  1., -1.,  1.]])
    """
    (num_groups,) = per_axis("group_norm", "num_groups", num_groups, 1)
    size = shape_of(x)
    if len(size) < 2 or size[1] % num_groups:
        text = texts("group_norm: {groups} groups share the channels of (N, C, *sizes); input {x}")
        raise ShapeError(text, groups=num_groups, x=in_words(x))
    grouped = reshape(x, (size[0], num_groups, size[1] // num_groups * prod(size[2:])))
    out = reshape(normalize(grouped, axis=(2,), shape=(), eps=eps), size)
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None:
            if shape_of(parameter) != size[1:2]:
                text = texts("group_norm: input {x} has {n} channels; {name} {parameter}")
                raise ShapeError(text, x=in_words(x), n=size[1], name=name, parameter=in_words(parameter))
            parameter = reshape(parameter, (size[1], *[1] * (len(size) - 2)))
            out = out * parameter if name == "weight" else out + parameter
    return out


def instance_norm(
    x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Every channel of every example of x (N, C, *S) brought to mean 0 and variance 1, times weight plus bias.

    The running mean and variance (C,), if there are any, follow the means over the batch; without `use_input_stats`
    they are taken instead. The other arguments are those of `batch_norm`. Raises `ShapeError` for fewer than two
    numbers a channel.
    Source: D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance Normalization" (2016).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import instance_norm
    >>> instance_norm(tg.tensor([[[1.0, 3.0], [10.0, 30.0]]]), eps=0.0)
    tensor([[[-1.,  1.],
             [-1.,  1.]]])
    """
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    size = shape_of(x)
    if len(size) < 3 or prod(size[2:]) < 2:
        text = texts("instance_norm: the input is (N, C, *sizes) with two or more numbers a channel, not {shape}")
        raise ShapeError(text, shape=size)
    numbers = np.asarray(number_of(x)).reshape(*size[:2], prod(size[2:]))

    def follow(parts: list[tuple[np.ndarray, np.ndarray]]) -> None:
        now = [np.concatenate(of) for of in zip(*parts)]
        if len(now[0]):  # no examples, no means
            _move((running_mean, running_var), [of.mean(0) for of in now], momentum)

    together(f"instance_norm of {size[1]} channels", follow, (numbers.mean(2), numbers.var(2, ddof=1)))
    return group_norm(x, size[1], weight, bias, eps)


@rounded_once
def rms_norm(x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x (..., *normalized_shape) divided by √(its mean square over the last axes + eps), times weight.

    Without `eps` it is the smallest step at 1 of the dtype that is computed with. Raises `ShapeError` where x does not
    end with the shape. Source: B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization" (2019).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import rms_norm
    >>> rms_norm(tg.tensor([[1.0, 7.0]]), 2).data.round(4)  # √(50 / 2) is 5
    array([[0.2, 1.4]], dtype=float32)
    """
    shape = _ending("rms_norm", x, normalized_shape, weight=weight)
    x = x if isinstance(x, Node) else np.asarray(x)
    eps = float(np.finfo(np.result_type(x.dtype, np.float16)).eps) if eps is None else eps
    out = x / sqrt(mean(square(x), tuple(range(-len(shape), 0)), True) + eps)
    return out if weight is None else out * weight


def _ending(name: str, x: Any, normalized_shape: Any, **parameters: Any) -> Sizes:
    """The `normalized_shape` as a tuple; x ends with it, and the parameters have it."""
    shape, size = feature_sizes(name, normalized_shape), shape_of(x)
    if size[len(size) - len(shape) :] != shape or len(shape) > len(size):
        text = texts("{name}: input {x} does not end with normalized_shape {shape}")
        raise ShapeError(text, name=name, x=in_words(x), shape=shape)
    for which, parameter in parameters.items():
        if parameter is not None and shape_of(parameter) != shape:
            text = texts("{name}: {which} {parameter} must have normalized_shape {shape}")
            raise ShapeError(text, name=name, which=which, parameter=in_words(parameter), shape=shape)
    return shape


@rounded_once
def local_response_norm(x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """x (N, C, *S) divided by (k + alpha · m) to the power beta, m the mean square over `size` neighbouring channels.

    Missing channels, at both ends, count as zeros. Raises `ShapeError` for an x without channels, `DtypeError` for a
    size that is not a whole number. Source: A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet Classification with
    Deep Convolutional Neural Networks" (2012), §3.3; as in PyTorch, alpha multiplies the mean and not the sum.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import local_response_norm
    >>> local_response_norm(tg.tensor([[[3.0], [1.0]]]), 1, alpha=1.0, beta=0.5, k=0.0)
    tensor([[[1.],
             [1.]]])
    """
    (size,) = per_axis("local_response_norm", "size", size, 1)
    shape = shape_of(x)
    if len(shape) < 3:
        raise ShapeError("local_response_norm: the input is (N, C, *sizes), and not {shape}", shape=shape)
    border = ((size // 2, (size - 1) // 2), (0, 0))
    channels = reshape(square(x), (shape[0], 1, shape[1], prod(shape[2:])))  # a window slides over the channels
    m = avg_pool(channels, kernel=(size, 1), padding=border, counted=border, windows=channels.shape[2:])
    return x / (reshape(m, shape) * alpha + k) ** beta


def feature_sizes(name: str, normalized_shape: Any) -> Sizes:
    """A `normalized_shape`, one whole number or several, as a tuple."""
    given = several(normalized_shape)
    if not given:
        raise ShapeError("{name}: normalized_shape names at least one axis", name=name)
    return per_axis(name, "normalized_shape", given, len(given))
