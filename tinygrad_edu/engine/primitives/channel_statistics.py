"""Batch normalisation on arrays: the kernels of `normalize` for a mean and a variance of each channel.

The numbers of a channel lie side by side in memory, as `windows.py` has it, and are computed with as rows of one
length: (C, R, L). Sums go along the rows, and then over the rows, so that float32 keeps its digits.
Few channels at a time go through all steps, so that they stay in the cache, and each step overwrites the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from .windows import images_first, images_last

__all__ = ["mean_and_variance", "normalized", "pulled_back"]

CACHE = 1 << 19
"""About so many bytes of channels are computed with at a time."""


def mean_and_variance(x: ndarray) -> tuple[ndarray, ndarray]:
    """For each channel of x (N, C, *S) its mean and variance: two arrays (C,)."""
    rows = _rows(x)
    mean, variance = np.empty((2, len(rows)), x.dtype)
    for some in _channels(rows):
        _, mean[some], variance[some] = _centred(rows[some])
    return mean, variance


def normalized(x: ndarray, affine: Sequence[ndarray], eps: float) -> ndarray:
    """(x - mean) / √(variance + eps) for each channel of x (N, C, *S), times a weight and plus a bias, if given."""
    rows = _rows(x)
    out = np.empty_like(rows)
    for some in _channels(rows):
        part, _, variance = _centred(rows[some], out[some])
        scale = 1 / np.sqrt(variance + eps)
        if affine:
            scale *= affine[0][some]
        part *= _for_rows(scale)
        if len(affine) == 2:
            part += _for_rows(affine[1][some])
    return _images(out, x.shape)


def pulled_back(slots: Sequence[int], g: ndarray, x: ndarray, affine: Sequence[ndarray], eps: float) -> list[ndarray]:
    """What x, the weight and the bias receive; `slots` says of which to compute it.

    With M numbers a channel and σ² = variance + eps, x receives weight/σ · (g - Σg/M - (x - mean)·Σ g(x - mean)/Mσ²).
    """
    rows, gradient = _rows(x), _rows(g)
    to_x = np.empty_like(rows)
    to_weight, to_bias = np.empty((2, len(rows)), x.dtype)
    count = prod(rows.shape[1:])
    for some in _channels(rows):
        part, _, variance = _centred(rows[some], to_x[some])
        upstream, deviation = gradient[some], np.sqrt(variance + eps)
        along, total = _sums_of_products(upstream, part), _sums(upstream)
        to_weight[some], to_bias[some] = along / deviation, total
        if 0 in slots:
            part *= _for_rows(along / (-count * deviation * deviation))
            part += upstream
            part -= _for_rows(total / count)
            part *= _for_rows((affine[0][some] if affine else 1) / deviation)
    every = (_images(to_x, x.shape), to_weight, to_bias)
    return [every[slot] for slot in slots]


def _rows(x: ndarray) -> ndarray:
    """(N, C, *S) as (C, R, L)."""
    lying = images_last(x)
    return lying.reshape(len(lying), *((1, -1) if x.ndim == 2 else (lying.shape[1], prod(lying.shape[2:]))))


def _images(rows: ndarray, shape: tuple[int, ...]) -> ndarray:
    """(C, R, L) as (N, C, *S)."""
    return images_first(rows.reshape(*shape[1:], shape[0]))


def _channels(rows: ndarray) -> Iterator[slice]:
    step = max(1, CACHE * len(rows) // max(1, rows.nbytes))
    return (slice(start, start + step) for start in range(0, len(rows), step))


def _for_rows(of_channel: ndarray) -> ndarray:
    return of_channel[:, None, None]


def _centred(rows: ndarray, out: ndarray | None = None) -> tuple[ndarray, ndarray, ndarray]:
    """Rows less the mean of their channel; these means, and the variances."""
    count = prod(rows.shape[1:])
    mean = _sums(rows) / count
    out = np.subtract(rows, _for_rows(mean), out=out)
    return out, mean, _sums_of_products(out, out) / count


def _sums(rows: ndarray) -> Any:
    return np.add.reduce(np.einsum("crl->cr", rows), 1)


def _sums_of_products(x: ndarray, y: ndarray) -> Any:
    return np.add.reduce(np.einsum("crl,crl->cr", x, y), 1)
