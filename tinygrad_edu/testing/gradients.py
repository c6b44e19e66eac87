"""`assert_gradients`: the engine's derivatives compared with finite differences, to any order, in property tests.

`tg.gradcheck` examines one function thoroughly and explains the result, kinks included. `assert_gradients` only says
whether the derivatives are right, at points where the function is smooth, and is quick enough for a thousand examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..check import numerical_jacobian
from ..check.vectors import around_one, parts
from ..engine.derivatives import grad
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor
from ..engine.value import Value
from ..errors import DtypeError, GradientError

__all__ = ["assert_gradients"]

STEP = 2.0**-9
"""The longest step of the differences: short beside the distance of `arrays` from kinks."""

Function = Callable[..., Any]


def assert_gradients(
    f: Function, *inputs: Any, order: int = 2, rtol: float = 1e-6, atol: float = 1e-7, seed: int = 0
) -> None:
    """Compare all derivatives of `f` at `inputs`, up to an order, with finite differences.

    Parameters
    ----------
    f : returns a Value, a Tensor, a number or an array of any shape, or a list of them.
    inputs : floats, Values, and float64 arrays or Tensors, at a point where `f` is smooth.
    order : 2 compares second derivatives as well, mixed ones included.
    rtol, atol : the difference that is allowed, besides the estimated error of the finite differences.
    seed : of the random directions.

    The results are summed with random weights u, so that the first derivative is that of one number. Every derivative
    of a higher order is the derivative, along a random direction v, of the one before it:

        s₁ = Σ u · f(x)        s₂ = Σ v · ∂s₁        s₃ = Σ w · ∂s₂        ...

    Weights that are all 1 would hide mistakes, such as a transposed gradient. The weights are inputs too, because a
    rule may forget that its upstream gradient can be differentiated. Each ∂sₙ is compared along a random direction, so
    that one wrong entry changes the result; if the two differ, they are compared entry by entry.

    Raises `GradientError`, which names the entry where the two are furthest apart; `DtypeError` for float32.

    >>> import tinygrad_edu as tg
    >>> assert_gradients(lambda x, y: tg.sin(x) * y, 0.5, np.array([1.0, 2.0]))
    >>> assert_gradients(lambda x, y: (x * y.detach()).sum(), np.ones(2), np.array([1.0, 2.0]))
    Traceback (most recent call last):
    tinygrad_edu.errors.GradientError: derivative 1 by input 1, at [...]: the engine has 0, finite differences ...
    """
    random = np.random.default_rng(seed)
    n = len(inputs)
    points = [_float64(x) for x in inputs]
    points += [_weights(random, _float64(y)) for y in _results(f, points)]

    def s(*x: Any) -> Any:
        return _total(y * u for y, u in zip(_results(f, x[:n]), x[n:]))

    for k in range(1, order + 1):
        found = [np.asarray(g) for g in grad(s, range(len(points)))(*points)]
        for i, (gradient, x) in enumerate(zip(found, points)):
            if gradient.shape != np.shape(x):
                raise GradientError(f"derivative {k} by input {i} has shape {gradient.shape}, the input {np.shape(x)}")
        direction = [_weights(random, x) for x in points]
        terms = [g * d for g, d in zip(found, direction)]
        along, scale = sum(float(np.sum(t)) for t in terms), sum(float(np.sum(np.abs(t))) for t in terms)
        slope = numerical_jacobian(_on_a_line(s, points, direction), 0.0, step=STEP)
        if not abs(along - slope.value) <= atol + rtol * scale + 4 * slope.error:
            raise GradientError(f"derivative {k} by {_worst_entry(s, points, found, n)}")
        s = _derivative_along(s, [_weights(random, x) for x in points])


def _derivative_along(s: Function, direction: Sequence[Any]) -> Function:
    """Σ v · ∂s/∂x, again a function of x."""
    gradient = grad(s, range(len(direction)))
    return lambda *x: _total(g * v for g, v in zip(gradient(*x), direction))


def _on_a_line(s: Function, points: Sequence[Any], direction: Sequence[Any]) -> Callable[[float], float]:
    return lambda t: float(
        s(*(x + t * d if isinstance(x, float) else np.asarray(x + t * d) for x, d in zip(points, direction)))
    )


def _worst_entry(s: Function, points: Sequence[Any], found: Sequence[ndarray], n: int) -> str:
    """The entry where engine and finite differences are furthest apart, in words; the first n points are the inputs."""
    expected = [e.value for e in numerical_jacobian(lambda *x: float(s(*x)), tuple(points), step=STEP)]
    apart = [np.nan_to_num(np.abs(a - b), nan=np.inf) for a, b in zip(found, expected)]
    i = int(np.argmax([np.max(gap, initial=-1.0) for gap in apart]))
    place = np.unravel_index(np.argmax(apart[i]), apart[i].shape)
    where = f", at {[int(k) for k in place]}" if place else ""
    numbers = f"the engine has {found[i][place]:.9g}, finite differences {expected[i][place]:.9g}"
    return f"{f'input {i}' if i < n else f'the weights of result {i - n}'}{where}: {numbers}"


def _weights(random: np.random.Generator, like: Any) -> Any:
    """Random weights: a float for a float, else an array."""
    weights = around_one(random, *np.shape(like))
    return weights if np.shape(like) else float(weights)


def _total(terms: Any) -> Any:
    total: Any = 0.0
    for term in terms:
        total = total + (term.sum() if hasattr(term, "sum") else term)
    return total


def _results(f: Function, inputs: Sequence[Any]) -> list[Any]:
    """The results of f as a list; f receives nodes."""
    constants = (Value(x, requires_grad=False) if isinstance(x, float) else x for x in inputs)
    return parts(f(*(x if isinstance(x, Node) else Tensor(x) for x in constants)))


def _float64(x: Any) -> Any:
    """An input or a result as a float or an array of float64."""
    x = number_of(x)
    if isinstance(x, (int, float)):
        return float(x)
    dtype = getattr(x, "dtype", None)
    if dtype != np.float64:
        what = type(x).__name__ if dtype is None else dtype
        raise DtypeError(f"assert_gradients: finite differences need float64, not {what}; use x.astype(float)")
    return np.asarray(x)
