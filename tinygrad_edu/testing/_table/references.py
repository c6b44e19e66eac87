"""Functions of the table that NumPy does not have, written in NumPy in the plainest way."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ..strategies import Shape


def elu(x: Any, alpha: float) -> Any:
    """x where it is positive, else alpha · (exp(x) - 1), of moderate numbers."""
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu(x: Any, approximate: str) -> Any:
    """x times the distribution function of the normal distribution, or the approximation of it in the paper."""
    if approximate == "none":
        inner = np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))
    else:
        inner = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return (0.5 * x * (1 + inner)).astype(np.result_type(x, np.float32))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp(x), of moderate numbers."""
    np.max(x, axis=axis)  # refuses an axis of no numbers
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x), of moderate numbers."""
    np.max(x, axis=axis)  # refuses an axis of no numbers
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(exp(x) / Σ exp(x)), of moderate numbers."""
    return np.log(softmax(x, axis))


def softmax_cross_entropy(logits: Any, targets: Any) -> Any:
    """-log of the probability of each target."""
    return -np.take_along_axis(log_softmax(logits), targets[..., None], -1)[..., 0]


def _recurrent(cell: Callable[..., Any]) -> Callable[..., Any]:
    """The function that runs a cell over all steps and gives the state after each."""

    def steps(x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, *states: Any, **attrs: Any) -> Any:
        after = []
        for x_t in x:
            states = cell(x_t @ w_ih.T + b_ih, states[0] @ w_hh.T + b_hh, *states, **attrs)
            after.append(states[0] if len(states) == 1 else np.stack(states))
        return np.stack(after)

    return steps


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@_recurrent
def rnn(from_x: Any, from_h: Any, h: Any, nonlinearity: str) -> Any:
    """The cell of Elman."""
    z = from_x + from_h
    return (np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0),)


@_recurrent
def lstm(from_x: Any, from_h: Any, h: Any, c: Any) -> Any:
    """A cell with the gates in, forget, new, out."""
    i, f, new, o = np.split(from_x + from_h, 4, -1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(new)
    return _sigmoid(o) * np.tanh(c), c


@_recurrent
def gru(from_x: Any, from_h: Any, h: Any) -> Any:
    """A cell with the gates reset, update, new."""
    (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(from_x, 3, -1), np.split(from_h, 3, -1)
    z = _sigmoid(x_z + h_z)
    return ((1 - z) * np.tanh(x_n + _sigmoid(x_r + h_r) * h_n) + z * h,)


def attention_weights(q: Any, k: Any, mask: Any, scale: float, causal: bool) -> Any:
    """The softmax of the comparisons, of moderate numbers; 0 for a key that comes after the query."""
    shares = np.exp(q @ np.swapaxes(k, -1, -2) * scale + mask)
    shares = shares * np.tri(*shares.shape[-2:]).astype(shares.dtype) if causal else shares
    return shares / np.sum(shares, axis=-1, keepdims=True)


def norm(x: Any, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of all numbers as one vector."""
    if ord in (math.inf, -math.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    ord = 2 if ord == "fro" else ord
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def matrix_norm(x: Any, ord: Any, keepdims: bool) -> Any:
    """NumPy's, which knows the largest of nothing only from 2.4 on: a row and a column of zeros do not change it."""
    if ord in ("fro", "nuc") or ord > 0:
        x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(0, 1)] * 2)
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


def settled(x: Any) -> Any:
    """Moderate numbers as matrices that have inverses, and singular values that differ: 3, 6, ... on the diagonal."""
    n, m = np.shape(x)[-2:]
    return x * 0.1 + (np.eye(n, m) * (3.0 * np.arange(1, m + 1))).astype(x.dtype)


def symmetric(x: Any) -> Any:
    """The same as symmetric, positive definite matrices."""
    x = settled(x)
    return (x + np.swapaxes(x, -1, -2)) * 0.5


def sum_to(x: Any, shape: Shape) -> Any:
    """Every number of x added up at the place that it came from."""
    places = np.broadcast_to(np.arange(prod(shape)).reshape(shape), x.shape)
    return np.bincount(places.ravel(), x.ravel(), prod(shape)).reshape(shape).astype(x.dtype)


def sort_by(h: Any, x: Any, axis: int) -> Any:
    """Each number of h at the place that the number of x beside it has when x is sorted."""
    return unsort(h, np.argsort(x, axis), axis)


def unsort(g: Any, x: Any, axis: int) -> Any:
    """For each number of x the number of g at its rank, which is how many along the axis are smaller."""
    x, g = np.moveaxis(x, axis, -1), np.moveaxis(g, axis, -1)
    ranks = (x[..., None, :] < x[..., None]).sum(-1)
    return np.moveaxis(np.take_along_axis(g, ranks, -1), -1, axis)


def scatter(x: Any, index: Any, shape: Shape) -> Any:
    """Every number of x added up at the place that the index gives it."""
    places = np.arange(prod(shape)).reshape(shape)[index]
    return np.bincount(np.ravel(places), x.ravel(), prod(shape)).reshape(shape).astype(x.dtype)


def pad(x: Any, pad_width: Any, mode: str, **options: Any) -> Any:
    """`numpy.pad`, called by keyword."""
    return np.pad(x, pad_width, mode, **options)  # type: ignore[call-overload]


def flatten(x: Any, start_dim: int, end_dim: int) -> Any:
    """A run of axes made into one."""
    if not x.shape:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim + 1
    return x.reshape(*x.shape[:start], prod(x.shape[start:end]), *x.shape[end:])


def sum_of_products(*x: Any) -> Any:
    """x₀·xₙ + x₁·xₙ₊₁ + ..., and the odd one at the end."""
    n = len(x) // 2
    products = [a * b for a, b in zip(x[:n], x[n : 2 * n])]
    return np.asarray(np.sum([*products, *x[2 * n :]]), x[0].dtype)


def cofactors(x: Any) -> Any:
    """The determinant of what is left when a row and a column are crossed out, with its sign."""
    n = x.shape[-1]
    out = np.empty(x.shape, x.dtype)
    for i, j in np.ndindex(n, n):
        minor = np.delete(np.delete(x, i, -2), j, -1)
        out[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


def diff(x: Any, n: int, axis: int, **ends: Any) -> Any:
    """`numpy.diff`, with Python's numbers in the dtype of x."""
    return np.diff(x, n, axis, **{name: np.asarray(end, np.result_type(x.dtype, end)) for name, end in ends.items()})
