"""`assert_gradients`: the derivatives that the engine computes against finite differences, to any order.

`tg.gradcheck` asks every question about one function and explains the answer, kinks and all. This here asks the one
question that a property test asks a thousand times, at points where the function is smooth, and is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..check import numerical_jacobian
from ..engine.derivatives import grad
from ..engine.node import Node
from ..engine.tensor import Tensor
from ..engine.value import Value
from ..errors import DtypeError, GradientError

__all__ = ["assert_gradients"]

STEP = 2.0**-9
"""The longest step of the differences: short beside the distance that `arrays` keeps from kinks."""

Function = Callable[..., Any]


def assert_gradients(
    f: Function, *inputs: Any, order: int = 2, rtol: float = 1e-6, atol: float = 1e-7, seed: int = 0
) -> None:
    """Compare the derivatives of `f` at `inputs` with finite differences, those of all inputs, up to an order.

    Parameters
    ----------
    f : gives one result or a list of them, of any shape: Values, Tensors, numbers or arrays.
    inputs : floats, Values, and float64 arrays or Tensors, at a point where `f` is smooth.
    order : 2 compares second derivatives as well, mixed ones included.
    rtol, atol : how far the two may be apart, beside the error of the differences, which is estimated.
    seed : of the random directions.

    The results are summed with random weights u, so that the first derivative is that of one number, and every
    derivative of a higher order is the derivative of the one before it along a random direction v:

        s₁ = Σ u · f(x)        s₂ = Σ v · ∂s₁        s₃ = Σ w · ∂s₂        ...

    Weights that are all 1 would hide mistakes, such as a transposed gradient. They count as inputs too: a rule may
    forget that its upstream gradient can be differentiated. Each ∂sₙ is compared along a random direction, in which
    one wrong entry is enough to be seen; where the two differ, entry by entry.

    Raises `GradientError` that names the entry where the two are furthest apart.

    >>> import tinygrad_edu as tg
    >>> assert_gradients(lambda x, y: tg.sin(x) * y, 0.5, np.array([1.0, 2.0]))
    >>> assert_gradients(lambda x, y: (x * y.detach()).sum(), np.ones(2), np.array([1.0, 2.0]))
    Traceback (most recent call last):
    tinygrad_edu.errors.GradientError: derivative 1 by input 1, at [...]: the engine has 0, finite differences ...
    """
    random = np.random.default_rng(seed)
    n = len(inputs)
    points = [_plain(x) for x in inputs]
    points += [_around_one(random, _plain(y)) for y in _results(f, points)]

    def s(*x: Any) -> Any:
        return _total(y * u for y, u in zip(_results(f, x[:n]), x[n:]))

    for k in range(1, order + 1):
        found = [np.asarray(g) for g in grad(s, range(len(points)))(*points)]
        for i, (gradient, x) in enumerate(zip(found, points)):
            if gradient.shape != np.shape(x):
                raise GradientError(f"derivative {k} by input {i} has shape {gradient.shape}, the input {np.shape(x)}")
        direction = [_around_one(random, x) for x in points]
        parts = [g * d for g, d in zip(found, direction)]
        along, scale = sum(float(np.sum(p)) for p in parts), sum(float(np.sum(np.abs(p))) for p in parts)
        slope = numerical_jacobian(_on_a_line(s, points, direction), 0.0, step=STEP)
        if not abs(along - slope.value) <= atol + rtol * scale + 4 * slope.error:
            raise GradientError(f"derivative {k} by {_worst_entry(s, points, found, n)}")
        s = _derivative_along(s, [_around_one(random, x) for x in points])


def _derivative_along(s: Function, direction: Sequence[Any]) -> Function:
    """Σ v · ∂s/∂x, again a function of x."""
    gradient = grad(s, range(len(direction)))
    return lambda *x: _total(g * v for g, v in zip(gradient(*x), direction))


def _on_a_line(s: Function, points: Sequence[Any], direction: Sequence[Any]) -> Callable[[float], float]:
    return lambda t: float(
        s(*(x + t * d if isinstance(x, float) else np.asarray(x + t * d) for x, d in zip(points, direction)))
    )


def _worst_entry(s: Function, points: Sequence[Any], found: Sequence[ndarray], n: int) -> str:
    """In words, where engine and finite differences are furthest apart; the first n points are the inputs."""
    expected = [e.value for e in numerical_jacobian(lambda *x: float(s(*x)), tuple(points), step=STEP)]
    apart = [np.nan_to_num(np.abs(a - b), nan=np.inf) for a, b in zip(found, expected)]
    i = int(np.argmax([np.max(gap, initial=-1.0) for gap in apart]))
    place = np.unravel_index(np.argmax(apart[i]), apart[i].shape)
    where = f", at {[int(k) for k in place]}" if place else ""
    numbers = f"the engine has {found[i][place]:.9g}, finite differences {expected[i][place]:.9g}"
    return f"{f'input {i}' if i < n else f'the weights of result {i - n}'}{where}: {numbers}"


def _around_one(random: np.random.Generator, like: Any) -> Any:
    """Random weights of either sign, none of them near 0: a float for a float, else an array."""
    shape = np.shape(like)
    weights = random.uniform(0.5, 1.5, shape) * random.choice([-1.0, 1.0], shape)
    return weights if shape else float(weights)


def _total(parts: Any) -> Any:
    total: Any = 0.0
    for part in parts:
        total = total + (part.sum() if hasattr(part, "sum") else part)
    return total


def _results(f: Function, inputs: Sequence[Any]) -> list[Any]:
    """What f returns, as a list; f gets nodes."""
    nodes = (x if isinstance(x, Node) else _constant(x) for x in inputs)
    results = f(*nodes)
    return list(results) if isinstance(results, (list, tuple)) else [results]


def _constant(x: Any) -> Node:
    return Value(x, requires_grad=False) if isinstance(x, float) else Tensor(x)


def _plain(x: Any) -> Any:
    """The float or array of float64 that an input or a result is, or holds."""
    if isinstance(x, Node):
        x = x.data
    if isinstance(x, (int, float)):
        return float(x)
    dtype = getattr(x, "dtype", None)
    if dtype != np.float64:
        what = type(x).__name__ if dtype is None else dtype
        raise DtypeError(f"assert_gradients: finite differences need float64, not {what}; use x.astype(float)")
    return np.asarray(x)
