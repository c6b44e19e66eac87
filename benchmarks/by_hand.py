"""Layers of convolutional networks in NumPy, forward and backward, from which `hand` is built.

They are as fast as we can make them: the images are the last axis in memory, (C, H, W, N); the columns of as many rows
of positions as fit the cache are built at a time, in one buffer; results overwrite arrays that are no longer needed.
Only the input is padded, only pooling has a stride, which is 2, and nothing is checked.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.lib.stride_tricks import as_strided


class Conv:
    """A convolution (C, H, W, N) -> (O, P, Q, N) with a k × k window, `rows` rows of positions at a time."""

    def __init__(self, weight: ndarray, bias: ndarray, rows: int) -> None:
        self.weight, self.bias, self.rows = weight, bias, rows
        self.buffer = np.empty(0, np.float32)

    def columns(self, x: ndarray) -> Iterator[tuple[int, ndarray]]:
        _, c, k, _ = self.weight.shape
        (_, h, w, n), (channel, row, column, image) = x.shape, x.strides
        p, q = h - k + 1, w - k + 1
        windows = as_strided(x, (c, k, k, p, q, n), (channel, row, column, row, column, image))
        if not self.buffer.size:
            self.buffer = np.empty(c * k * k * self.rows * q * n, np.float32)
        for start in range(0, p, self.rows):
            some = windows[:, :, :, start : start + self.rows]
            into = self.buffer[: some.size].reshape(some.shape)
            np.copyto(into, some)
            yield start, into.reshape(c * k * k, -1)

    def forward(self, x: ndarray) -> ndarray:
        o, _, k, _ = self.weight.shape
        out = np.empty((o, x.shape[1] - k + 1, x.shape[2] - k + 1, x.shape[3]), np.float32)
        w, b = self.weight.reshape(o, -1), self.bias[:, None]
        for start, columns in self.columns(x):
            block = out[:, start : start + self.rows].reshape(o, -1)
            np.matmul(w, columns, out=block)
            block += b
        return out

    def backward(self, x: ndarray, g: ndarray) -> tuple[ndarray, ndarray]:
        """The gradients of weight and bias."""
        o = len(g)
        dw = np.zeros((o, self.weight[0].size), np.float32)
        for start, columns in self.columns(x):
            dw += g[:, start : start + self.rows].reshape(o, -1) @ columns.T
        return dw.reshape(self.weight.shape), g.reshape(o, -1).sum(axis=1)

    def to_input(self, g: ndarray) -> ndarray:
        """The gradient of x."""
        o, c, k, _ = self.weight.shape
        _, p, q, n = g.shape
        dx = np.zeros((c, p + k - 1, q + k - 1, n), np.float32)
        w = self.weight.reshape(o, -1).T
        for start in range(0, p, self.rows):
            some = g[:, start : start + self.rows]
            columns = (w @ some.reshape(o, -1)).reshape(c, k, k, -1, q, n)
            for i in range(k):
                for j in range(k):
                    dx[:, start + i : start + i + some.shape[1], j : j + q] += columns[:, i, j]
        return dx


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next arrays; fresh pages cost a third of the time. See mallopt(3)."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(-3, 1 << 25)  # M_MMAP_THRESHOLD
            mallopt(-1, 1 << 28)  # M_TRIM_THRESHOLD


QUARTERS = [(slice(None), slice(i, None, 2), slice(j, None, 2)) for i in (0, 1) for j in (0, 1)]
"""The four numbers of each 2 × 2 window."""


def even(x: ndarray) -> ndarray:
    """x without the last row and column that no window reaches."""
    return x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]


def avg_pool(x: ndarray) -> ndarray:
    """(C, H, W, N) -> (C, H/2, W/2, N): the mean of each window."""
    out: ndarray = x[QUARTERS[0]] + x[QUARTERS[1]]
    for quarter in QUARTERS[2:]:
        out += x[quarter]
    out *= 0.25
    return out


def avg_pool_backward(g: ndarray, shape: tuple[int, ...]) -> ndarray:
    g *= 0.25
    dx = np.empty(shape, np.float32)
    for quarter in QUARTERS:
        dx[quarter] = g
    return dx


def max_pool(x: ndarray) -> ndarray:
    """(C, H, W, N) -> (C, H/2, W/2, N): the largest number of each window."""
    x = even(x)
    out: ndarray = np.maximum(x[QUARTERS[0]], x[QUARTERS[1]])
    for quarter in QUARTERS[2:]:
        np.maximum(out, x[quarter], out=out)
    return out


def max_pool_relu_backward(g: ndarray, x: ndarray, top: ndarray) -> ndarray:
    """Through max pooling and the relu before it: the gradient is 0 where the largest number is 0."""
    g *= top > 0
    dx = np.zeros(x.shape, np.float32)
    x, inner = even(x), even(dx)
    searching = np.ones(top.shape, bool)
    for quarter in QUARTERS:
        found = x[quarter] == top
        found &= searching
        searching ^= found
        np.multiply(g, found, out=inner[quarter])
    return dx


def sigmoid(x: ndarray) -> ndarray:
    """In place."""
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    np.reciprocal(x, out=x)
    return x


def sigmoid_backward(g: ndarray, out: ndarray) -> ndarray:
    """In place of g; destroys out."""
    g *= out
    np.subtract(1, out, out=out)
    g *= out
    return g


def softmax_cross_entropy(logits: ndarray, labels: ndarray) -> tuple[Any, ndarray]:
    """The mean loss, and its gradient in place of the logits (N, K)."""
    every = np.arange(len(labels))
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[every, labels]
    np.exp(logits, out=logits)
    total = logits.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - chosen).mean()
    logits /= total
    logits[every, labels] -= 1
    logits /= len(labels)
    return loss, logits


class Adam:
    """Kingma and Ba (2015), algorithm 1, in place, a block of each parameter at a time."""

    def __init__(self, parameters: list[ndarray], lr: float = 1e-3) -> None:
        self.parameters, self.lr, self.t = [p.reshape(-1) for p in parameters], lr, 0
        self.m, self.v = ([np.zeros_like(p) for p in self.parameters] for _ in range(2))

    def step(self, gradients: list[ndarray]) -> None:
        self.t += 1
        scale, root = self.lr / (1 - 0.9**self.t), (1 - 0.999**self.t) ** -0.5
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            g = g.reshape(-1)
            for a in range(0, p.size, 1 << 15):
                b = slice(a, a + (1 << 15))
                t = g[b] * 0.1
                m[b] *= 0.9
                m[b] += t
                np.multiply(g[b], g[b], out=t)
                t *= 0.001
                v[b] *= 0.999
                v[b] += t
                np.sqrt(v[b], out=t)
                t *= root
                t += 1e-8
                np.divide(m[b], t, out=t)
                t *= scale
                p[b] -= t
