"""Normalisation: numbers brought to mean 0 and variance 1, over axes that tell the kinds apart.

Batch normalisation takes mean and variance over the images, for each channel; layer normalisation over the features of
each example. Both are the row `normalize`, over other axes. Local response normalisation divides by the size of the
neighbouring channels, and is made of other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from ..messages import in_words, several
from ..node import number_of, shape_of
from .elementwise import sqrt, square
from .kernels import in_float32
from .pooling import avg_pool
from .primitive import Variadic, primitive
from .reductions import mean
from .shape import astype, reshape, sum_to
from .windows import Sizes, per_axis

__all__ = ["batch_norm", "layer_norm", "local_response_norm"]


def _normalize_rule(
    slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], axis: Sizes, shape: Sizes, eps: float
) -> list[Any]:
    """With x̂ = (x - mean) / σ and h the gradient of x̂: (h - mean(h) - x̂·mean(h·x̂)) / σ.

    x moves its own mean and σ, which takes away from h what lies along 1 and along x̂ (Ioffe and Szegedy 2015, §3).
    """
    x, *affine = operands
    normal, deviation = _normal(x, axis, eps)
    gradients = []
    for slot in slots:
        if slot == 0:
            h = g * reshape(affine[0], shape) if affine else g
            along = normal * mean(h * normal, axis, True)
            gradients.append((h - mean(h, axis, True) - along) / deviation)
        else:
            gradients.append(reshape(sum_to(g * normal if slot == 1 else g, shape), affine[0].shape))
    return gradients


@primitive(_normalize_rule, kind=Variadic)
def normalize(*operands: Any, axis: Sizes, shape: Sizes, eps: float) -> Any:
    """x with mean 0 and variance 1 over `axis`; times a weight and plus a bias of this `shape`, if there are any."""
    x, *affine = operands
    out, _ = _normal(x, axis, eps)
    for apply, a in zip((np.multiply, np.add), affine):
        out = apply(out, a.reshape(shape))
    return out.astype(np.result_type(*operands)) if x.dtype.char == "e" else out


def _normal(x: Any, axis: Sizes, eps: float) -> tuple[Any, Any]:
    """(x - mean) / σ, and σ = √(variance + eps); of float16 in float32, where the squares have room."""
    x = astype(x, "float32") if in_float32(x.dtype) else x
    centred = x - mean(x, axis, True)
    deviation = sqrt(mean(square(centred), axis, True) + eps)
    return centred / deviation, deviation


# What the user calls.


def batch_norm(
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Every channel of x (N, C, *S) brought to mean 0 and variance 1, then times weight (C,) plus bias (C,).

    Parameters
    ----------
    running_mean, running_var : tensors (C,): taken for mean and variance, unless `training`.
    training : take mean and variance over the batch and all places, and let the running ones follow, in place:
        running ← (1 - momentum)·running + momentum·batch's. The running variance follows the unbiased one, as in
        PyTorch. Both may be None then.
    eps : added to the variance.

    Raises `ShapeError` for fewer than two numbers a channel in training, and for parameters of another shape.
    Source: S. Ioffe and C. Szegedy, "Batch Normalization" (2015), algorithms 1 and 2.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import batch_norm
    >>> batch_norm(tg.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    tensor([[-1.],
            [ 1.]])
    """
    size = shape_of(x)
    if len(size) < 2:
        raise ShapeError(f"batch_norm: the input is (N, C) or (N, C, *sizes), and not {size}")
    axis, shape = (0, *range(2, len(size))), (1, size[1], *[1] * (len(size) - 2))
    what = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, parameter in what.items():
        if parameter is not None and shape_of(parameter) != (size[1],):
            raise ShapeError(
                f"batch_norm: input {in_words(x)} has {size[1]} channels, and {name} {in_words(parameter)}"
            )
    if training:
        _follow(x, running_mean, running_var, momentum, axis)
        return normalize(x, *_affine(weight, bias), axis=axis, shape=shape, eps=eps)
    if running_mean is None or running_var is None:
        raise DtypeError(
            "batch_norm: without running_mean and running_var only the batch's can be taken: training=True"
        )
    scale = 1.0 / sqrt(running_var + eps) if weight is None else weight / sqrt(running_var + eps)
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    return x * reshape(scale, shape) + reshape(shift, shape)


def _affine(weight: Any, bias: Any) -> tuple[Any, ...]:
    """The operands behind x: those of weight and bias that there are; a bias alone needs a weight of 1."""
    if bias is None:
        return () if weight is None else (weight,)
    return np.ones(bias.shape, bias.dtype) if weight is None else weight, bias


def _follow(x: Any, running_mean: Any, running_var: Any, momentum: float, axis: Sizes) -> None:
    """Let the running mean and variance follow those of the batch."""
    numbers = np.asarray(number_of(x))
    numbers = numbers.astype(np.float32) if in_float32(numbers.dtype) else numbers
    count = numbers.size // max(1, numbers.shape[1])
    if count < 2:
        raise ShapeError(
            f"batch_norm: {count} numbers a channel in input {in_words(x)} have no variance to train with; give a "
            "larger batch, or call .eval() to use what was learned"
        )
    average = np.add.reduce(numbers, axis, keepdims=True) / count
    variance = np.add.reduce(np.square(numbers - average), axis) / (count - 1)
    for running, now in ((running_mean, average.reshape(-1)), (running_var, variance)):
        if running is not None:
            running.data = (1 - momentum) * running.data + momentum * now


def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """x (..., *normalized_shape) with mean 0 and variance 1 over its last axes, then times weight plus bias.

    weight and bias have the shape `normalized_shape`, an int or a tuple. Raises `ShapeError` where x does not end with
    it. Source: J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization" (2016).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import layer_norm
    >>> layer_norm(tg.tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0.0)
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    shape = feature_sizes("layer_norm", normalized_shape)
    size = shape_of(x)
    if size[len(size) - len(shape) :] != shape or len(shape) > len(size):
        raise ShapeError(f"layer_norm: input {in_words(x)} does not end with normalized_shape {shape}")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and shape_of(parameter) != shape:
            raise ShapeError(f"layer_norm: {name} {in_words(parameter)} must have normalized_shape {shape}")
    axis = tuple(range(len(size) - len(shape), len(size)))
    return normalize(x, *_affine(weight, bias), axis=axis, shape=shape, eps=eps)


def local_response_norm(x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """x (N, C, *S) divided by (k + alpha · m) to the power beta, m the mean square over `size` neighbouring channels.

    Channels that are not there count as zeros. Raises `ShapeError` for an x without channels, `DtypeError` for a size
    that is no whole number. Source: A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet Classification with Deep
    Convolutional Neural Networks" (2012), §3.3; as in PyTorch alpha multiplies the mean where the paper has the sum.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import local_response_norm
    >>> local_response_norm(tg.tensor([[[3.0], [1.0]]]), 1, alpha=1.0, beta=0.5, k=0.0)
    tensor([[[1.],
             [1.]]])
    """
    (size,) = per_axis("local_response_norm", "size", size, 1)
    shape = shape_of(x)
    if len(shape) < 3:
        raise ShapeError(f"local_response_norm: the input is (N, C, *sizes), and not {shape}")
    border = ((size // 2, (size - 1) // 2), (0, 0))
    channels = reshape(square(x), (shape[0], 1, shape[1], prod(shape[2:])))  # a window slides over the channels
    m = avg_pool(channels, kernel=(size, 1), padding=border, counted=border, windows=channels.shape[2:])
    return x / (reshape(m, shape) * alpha + k) ** beta


def feature_sizes(name: str, normalized_shape: Any) -> Sizes:
    """A `normalized_shape`, one whole number or several, as a tuple."""
    given = several(normalized_shape)
    if not given:
        raise ShapeError(f"{name}: normalized_shape names at least one axis")
    return per_axis(name, "normalized_shape", given, len(given))
