"""`assert_gradients`: the derivatives that the engine computes against finite differences, to any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import DtypeError, GradientError
from ..functional import grad
from ..node import Node
from ..tensor import Tensor
from ..value import Value

__all__ = ["assert_gradients"]

STEP = 1e-3
"""Of the differences, relative to the number where that is more than 1. Errors: about STEP⁴ and 1e-16 / STEP."""


def assert_gradients(
    f: Callable[..., Any], *inputs: Any, order: int = 2, rtol: float = 1e-5, atol: float = 1e-6, seed: int = 0
) -> None:
    """Compare the derivatives of `f` at `inputs` with finite differences, those of all inputs, up to an order.

    Parameters
    ----------
    f : gives one result or a list of them, of any shape: Values, Tensors, numbers or arrays.
    inputs : floats, Values, and float64 arrays or Tensors, at a point where `f` is smooth.
    order : 2 compares second derivatives as well, mixed ones included.
    rtol, atol : how far two numbers may be apart: rtol times the larger of the two in the array, and atol.
    seed : of the random directions.

    The results are summed with random weights u, so that the first derivative is that of one number, and every
    derivative of a higher order is the derivative of the one before it along a random direction v:

        s₁(x) = Σ u · f(x)        s₂(x) = Σ v · ∂s₁/∂x        s₃(x) = Σ w · ∂s₂/∂x        ...

    Each ∂sₙ/∂x is compared entry by entry. Weights that are all 1 would hide mistakes, such as a transposed gradient.

    Raises `GradientError` that names the entry where they are furthest apart.

    >>> import tinygrad_edu as tg
    >>> assert_gradients(lambda x, y: tg.sin(x) * y, 0.5, np.array([1.0, 2.0]))
    >>> assert_gradients(lambda x: x * x.detach(), 3.0)
    Traceback (most recent call last):
    tinygrad_edu.errors.GradientError: derivative 1 by input 0: the engine has 0.377..., finite differences 0.754...
    """
    rng = np.random.default_rng(seed)
    points = tuple(_plain(x) for x in inputs)
    s = _weighted_sum(f, _results(f, _variables(points)), rng)
    for n in range(1, order + 1):
        found = grad(s, range(len(points)))(*points)
        expected = differences(s, points)
        for i, (a, b) in enumerate(zip(found, expected)):
            _compare(np.asarray(a), b, rtol, atol, f"derivative {n} by input {i}")
        s = _along(s, points, rng)


def differences(s: Callable[..., Any], points: Sequence[Any], step: float = STEP) -> list[ndarray]:
    """The gradient of a function of floats and arrays that gives one number, by central differences.

    Two steps, h and h/2, are extrapolated to 0 (Richardson), which leaves an error of order h⁴.

    >>> differences(lambda x: (x ** 3).sum(), [np.array([1.0, 2.0])])[0].round(6)
    array([ 3., 12.])
    """
    found = []
    for i, point in enumerate(points):
        x = np.array(point, dtype=np.float64)
        derivative = np.empty(x.shape)
        for place in np.ndindex(x.shape):
            middle = x[place]

            def at(shift: float) -> float:
                x[place] = middle + shift  # noqa: B023
                moved = float(x) if isinstance(point, float) else x.copy()  # noqa: B023
                return float(s(*points[:i], moved, *points[i + 1 :]))  # noqa: B023

            h = step * max(1.0, abs(middle))
            coarse = (at(h) - at(-h)) / (2 * h)
            fine = (at(h / 2) - at(-h / 2)) / h
            derivative[place] = (4 * fine - coarse) / 3
            x[place] = middle
        found.append(derivative)
    return found


def _weighted_sum(f: Callable[..., Any], results: list[Any], rng: np.random.Generator) -> Callable[..., Any]:
    weights = [rng.uniform(0.5, 2.0, np.shape(_plain(y))) * rng.choice([-1, 1], np.shape(_plain(y))) for y in results]

    def weighted_sum(*points: Any) -> Any:
        nodes = tuple(x if isinstance(x, Node) else _constant(x) for x in points)
        return _total([(y * u) for y, u in zip(_results(f, nodes), weights)])

    return weighted_sum


def _along(s: Callable[..., Any], points: Sequence[Any], rng: np.random.Generator) -> Callable[..., Any]:
    """The derivative of s along a random direction, a function of the same inputs."""
    directions = [rng.standard_normal(np.shape(x)) for x in points]

    def along(*points: Any) -> Any:
        return _total([g * v for g, v in zip(grad(s, range(len(points)))(*points), directions)])

    return along


def _total(parts: Sequence[Any]) -> Any:
    total: Any = 0.0
    for part in parts:
        total = total + (part.sum() if hasattr(part, "sum") else part)
    return total


def _results(f: Callable[..., Any], nodes: Sequence[Any]) -> list[Any]:
    results = f(*nodes)
    return list(results) if isinstance(results, (list, tuple)) else [results]


def _plain(x: Any) -> Any:
    x = x.data if isinstance(x, Node) else x
    if isinstance(x, (int, float)):
        return float(x)
    x = np.asarray(x)
    if x.dtype != np.float64:
        raise DtypeError(f"assert_gradients: finite differences need float64 inputs, not {x.dtype}: use x.astype(float)")
    return x


def _constant(x: Any) -> Node:
    return Value(x, requires_grad=False) if isinstance(x, float) else Tensor(x)


def _variables(points: Sequence[Any]) -> list[Node]:
    return [_constant(x) for x in points]


def _compare(found: ndarray, expected: ndarray, rtol: float, atol: float, what: str) -> None:
    if found.shape != expected.shape:
        raise GradientError(f"{what}: the engine's has shape {found.shape}, the input {expected.shape}")
    if not found.size:
        return
    scale = max(float(np.max(np.abs(expected))), float(np.max(np.abs(found))))
    apart = np.abs(found - expected)
    if np.all(apart <= atol + rtol * scale):
        return
    worst = np.unravel_index(np.argmax(np.where(np.isnan(apart), np.inf, apart)), apart.shape)
    where = f" at {[int(i) for i in worst]}" if worst else ""
    raise GradientError(f"{what}{where}: the engine has {found[worst]:.9g}, finite differences {expected[worst]:.9g}")
