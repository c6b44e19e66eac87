"""Batch normalisation on arrays: the kernels of `normalize` for a mean and a variance of each channel.

The numbers of a channel lie side by side in memory, as `windows.py` has it, and are computed with as rows of one
length: (C, R, L). Sums go along the rows, and then over the rows, so that float32 keeps its digits.
Few channels at a time go through all steps, so that they stay in the cache, and each step overwrites the one before.

Of a part of a batch (`engine/parts.py`) they take the mean and the variance of the whole batch. `batch_norm` has these
already, for the running ones, and hands them on in `KNOWN`. The gradient takes all channels through a step at once
there, so that the threads meet once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..parts import here, together
from .windows import images_first, images_last, some_channels

__all__ = ["KNOWN", "joined", "moments", "normalized", "pulled_back"]

Moments = tuple[int, ndarray, ndarray]
"""How many numbers each channel has, and for each channel their mean and variance: arrays (C,)."""

KNOWN: ContextVar[tuple[Any, Any]] = ContextVar("KNOWN", default=(None, None))
"""An array, and the moments of the batch that it is or of which it is a part; only while `batch_norm` normalises it."""


def moments(x: ndarray) -> Moments:
    """Those of the channels of x (N, C, *S)."""
    rows = _rows(x)
    counts, *found = zip(*(_centred(rows[some]) for some in some_channels(rows)))
    mean, variance = map(np.concatenate, found)
    return counts[0], mean, variance


def joined(parts: Sequence[Moments]) -> Moments:
    """The moments of a whole from those of its parts.

    Source: T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for Computing the Sample Variance" (1983), (2.1).
    """
    if len(parts) == 1:
        return parts[0]
    count = sum(n for n, _, _ in parts)
    mean = sum(n / count * m for n, m, _ in parts)
    return count, mean, sum(n / count * (v + (m - mean) ** 2) for n, m, v in parts)  # type: ignore[return-value]


def normalized(x: ndarray, affine: Sequence[ndarray], eps: float) -> ndarray:
    """(x - mean) / √(variance + eps) for each channel of x (N, C, *S), times a weight and plus a bias, if given."""
    rows = _rows(x)
    known, found = KNOWN.get()
    if known is not x:
        found = together(f"batch_norm of {len(rows)} channels", joined, moments(x))
    _, mean, variance = found
    scale = (affine[0] if affine else 1) / np.sqrt(variance + eps)
    out = np.empty_like(rows)
    for some in some_channels(rows):
        part = np.subtract(rows[some], _for_rows(mean[some]), out=out[some])
        part *= _for_rows(scale[some])
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
    where = f"the gradient of batch_norm of {len(rows)} channels"
    for some in _at_once(rows):
        part, h = to_x[some], gradient[some]
        own = _centred(rows[some], part)
        along, total = _sums_of_products(h, part), _sums(h)
        (count, mean, variance), every_along, every_total = together(where, _joined_sums, (own, along, total))
        shift, deviation = own[1] - mean, np.sqrt(variance + eps)
        to_weight[some], to_bias[some] = (along + shift * total) / deviation, total
        if 0 in slots:
            slope = every_along / (-count * deviation * deviation)
            part *= _for_rows(slope)
            part += h
            part -= _for_rows(every_total / count - slope * shift)
            part *= _for_rows((affine[0][some] if affine else 1) / deviation)
    every = [_images(to_x, x.shape), to_weight, to_bias]
    return [every[slot] for slot in slots]


def _at_once(rows: ndarray) -> Iterable[slice]:
    """The channels that go through all steps before the next ones do; all of them in a part of a batch."""
    return [slice(None)] if here() else some_channels(rows)


def _joined_sums(parts: Sequence[tuple[Moments, ndarray, ndarray]]) -> tuple[Moments, ndarray, ndarray]:
    """The moments of all parts, Σ g(x - their mean) and Σ g, from those of each part."""
    every = joined([own for own, _, _ in parts])
    along = sum(along + (own[1] - every[1]) * total for own, along, total in parts)
    return every, along, sum(total for _, _, total in parts)  # type: ignore[return-value]


def _rows(x: ndarray) -> ndarray:
    """(N, C, *S) as (C, R, L)."""
    lying = images_last(x)
    return lying.reshape(len(lying), *((1, -1) if x.ndim == 2 else (lying.shape[1], prod(lying.shape[2:]))))


def _images(rows: ndarray, shape: tuple[int, ...]) -> ndarray:
    """(C, R, L) as (N, C, *S)."""
    return images_first(rows.reshape(*shape[1:], shape[0]))


def _for_rows(of_channel: ndarray) -> ndarray:
    return of_channel[:, None, None]


def _centred(rows: ndarray, out: ndarray | None = None) -> Moments:
    """Writes the rows less the mean of their channel to `out`; gives their moments."""
    count = prod(rows.shape[1:])
    mean = _sums(rows) / count
    centred = np.subtract(rows, _for_rows(mean), out=out)
    return count, mean, _sums_of_products(centred, centred) / count


def _sums(rows: ndarray) -> Any:
    return np.add.reduce(np.einsum("crl->cr", rows), 1)


def _sums_of_products(x: ndarray, y: ndarray) -> Any:
    return np.add.reduce(np.einsum("crl,crl->cr", x, y), 1)
