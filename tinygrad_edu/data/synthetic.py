"""Synthetic datasets: linear regression, and three classifications that no straight line solves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.messages import whole_from
from ..engine.random import generator
from .dataset import TensorDataset

__all__ = ["linear_regression", "moons", "spirals", "xor"]


def linear_regression(
    weight: Sequence[float], bias: float, n: int = 1000, noise: float = 0.01, seed: Any = 0
) -> TensorDataset:
    """y = X·weight + bias + noise, with standard normal X: inputs (n, len(weight)), targets (n, 1), float32.

    >>> X, y = linear_regression([2.0, -3.4], 4.2, n=5).arrays
    >>> X.shape, y.shape
    ((5, 2), (5, 1))
    """
    rng = _begin("linear_regression", n, seed)
    X = rng.standard_normal((n, len(weight)))
    y = X @ np.asarray(weight) + bias + noise * rng.standard_normal(n)
    return TensorDataset(X.astype(np.float32), y[:, None].astype(np.float32))


def moons(n: int = 200, noise: float = 0.1, seed: Any = 0) -> TensorDataset:
    """Two interleaved half circles: points (n, 2), float32; classes 0 and 1 (n,), int64.

    >>> X, y = moons(5, noise=0).arrays
    >>> bool(np.allclose((X[y == 0] ** 2).sum(1), 1))
    True
    """
    rng = _begin("moons", n, seed)
    y = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    X = np.where(y == 0, (np.cos(angle), np.sin(angle)), (1 - np.cos(angle), 0.5 - np.sin(angle))).T
    return _labelled(X, y, noise, rng)


def spirals(n: int = 300, classes: int = 3, turns: float = 0.75, noise: float = 0.02, seed: Any = 0) -> TensorDataset:
    """Interleaved spiral arms, one for each class: points (n, 2), float32; classes (n,), int64.

    >>> X, y = spirals(7, classes=3).arrays
    >>> y.tolist()
    [0, 1, 2, 0, 1, 2, 0]
    """
    rng = _begin("spirals", n, seed)
    whole_from(1, "spirals", classes=classes)
    y = np.arange(n) % classes
    radius = rng.uniform(0, 1, n)
    angle = 2 * np.pi * (turns * radius + y / classes)
    return _labelled(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y, noise, rng)


def xor(n: int = 200, noise: float = 0.1, seed: Any = 0) -> TensorDataset:
    """Points around the corners (±1, ±1): class 1 where the signs differ. Points (n, 2), float32; classes int64.

    >>> X, y = xor(4, noise=0).arrays
    >>> X.tolist(), y.tolist()
    ([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    rng = _begin("xor", n, seed)
    corner = np.arange(n) % 4
    signs = np.stack([corner // 2, corner % 2], axis=1)
    return _labelled(2.0 * signs - 1, signs[:, 0] ^ signs[:, 1], noise, rng)


def _begin(function: str, n: int, seed: Any) -> np.random.Generator:
    """The generator to draw n points from."""
    whole_from(0, function, n=n)
    return generator(seed)


def _labelled(points: ndarray, classes: ndarray, noise: float, rng: np.random.Generator) -> TensorDataset:
    """A dataset of points with normal noise, float32, and their classes, int64."""
    noisy = points + noise * rng.standard_normal(points.shape)
    return TensorDataset(noisy.astype(np.float32), classes.astype(np.int64))
