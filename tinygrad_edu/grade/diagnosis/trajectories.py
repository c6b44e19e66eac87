"""Diagnoses optimisers by the trajectory of the parameters for given gradients.

A mistake is the engine's own optimiser with a change: of its settings, its class, the gradients, the number of the
step, or its memory. The gradients are given in advance, so every step can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.tensor import Tensor
from ...errors import ShapeError
from ...optim import SGD, Adam, AdamW
from ...optim.optimizer import Optimizer
from ..compare import compare
from .mistakes import MISTAKES, Diagnosis

__all__ = ["diagnose_trajectory", "trajectory"]

Settings = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """A way to run an optimiser.

    Attributes
    ----------
    kind, settings : the class of the optimiser and its settings.
    gradient : changes each gradient.
    count : changes the number t of each step.
    forgets : whether each step begins with an empty memory.
    """

    kind: type[Optimizer]
    settings: Settings = field(default_factory=dict)
    gradient: Callable[[ndarray], ndarray] = lambda g: g
    count: Callable[[float], float] = lambda t: t
    forgets: bool = False


def trajectory(variant: Variant, start: ndarray, gradients: Sequence[ndarray]) -> list[ndarray]:
    """The parameters after each step.

    >>> variant = Variant(SGD, {"lr": 0.5})
    >>> trajectory(variant, np.array([1.0]), [np.array([1.0]), np.array([0.5])])
    [array([0.5]), array([0.25])]
    """
    count = variant.count

    class Counting(variant.kind):  # type: ignore[name-defined, misc]
        def update(self, w: ndarray, g: ndarray, t: int, *memory: ndarray, **settings: Any) -> None:
            super().update(w, g, count(t), *memory, **settings)

    w = Tensor(start, requires_grad=True)
    optimizer = Counting([w], **variant.settings)
    path = []
    for g in gradients:
        if variant.forgets:
            optimizer = Counting([w], **variant.settings)
        w.grad = variant.gradient(g)
        optimizer.step()
        path.append(w.numpy())
    return path


def diagnose_trajectory(
    kind: type[Optimizer], settings: Settings, start: ndarray, gradients: Sequence[ndarray], found: Sequence[Any]
) -> Diagnosis | None:
    """The mistake in the parameters `found` after each of several steps; None if, and only if, all are right.

    Parameters
    ----------
    kind, settings : the engine's optimiser and its settings.
    start, gradients : the initial parameters, and the gradient of each step: random, of both signs. All known mistakes
        differ after three steps.

    The words name the first wrong step, counted from 1. Raises `ShapeError` if a gradient has another shape than the
    parameters.

    >>> from tinygrad_edu.optim import SGD
    >>> gradients = [np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([-1.0, 3.0])]
    >>> found = [np.array([2.0, -1.0]), np.array([2.5, 0.0]), np.array([1.5, 3.0])]
    >>> print(diagnose_trajectory(SGD, {"lr": 1.0}, np.ones(2), gradients, found).feedback(2))
    It goes uphill. It departs in step 1.
    """
    if any(np.shape(g) != np.shape(start) for g in gradients):
        raise ShapeError(f"diagnose_trajectory: each gradient is of the shape {np.shape(start)} of the parameters")
    right = trajectory(Variant(kind, settings), start, gradients)
    wrong = [not compare(a, e) for a, e in zip(found, right)]
    if len(found) != len(right):
        return Diagnosis(MISTAKES["unknown trajectory"], (), {"step": str(min(len(found), len(right)) + 1)})
    if not any(wrong):
        return None
    details = {"step": str(1 + wrong.index(True))}
    for name, variant in _variants(kind, settings):
        if _agree(found, trajectory(variant, start, gradients)):
            return Diagnosis(MISTAKES[name], (), details)
    c = _step_ratio(start, right, found)
    if c is not None and abs(c - 1.0) < 1e-4:
        return Diagnosis(MISTAKES["nearly right steps"], (), details)
    if c is not None:
        return Diagnosis(MISTAKES["learning rate"], (), {**details, "factor": f"{c:.6g}"})
    return Diagnosis(MISTAKES["unknown trajectory"], (), details)


def _variants(kind: type[Optimizer], settings: Settings) -> Iterator[tuple[str, Variant]]:
    """The known mistakes that are possible with this optimiser and these settings."""
    set_to = {**kind([Tensor(np.zeros(1), requires_grad=True)], **settings).defaults}

    def but(**changes: Any) -> Variant:
        return Variant(kind, {**settings, **changes})

    yield "ascent", Variant(kind, settings, gradient=np.negative)
    yield "memory lost", Variant(kind, settings, forgets=True)
    if issubclass(kind, Adam):
        yield "no bias correction", Variant(kind, settings, count=lambda t: inf)
        yield "step not counted", Variant(kind, settings, count=lambda t: 1)
        yield "step counted from another", Variant(kind, settings, count=lambda t: t + 1)
        yield "betas swapped", but(betas=set_to["betas"][::-1])
        other = Adam if issubclass(kind, AdamW) else AdamW
        yield "weight decay coupling", Variant(other, {**settings, "weight_decay": set_to["weight_decay"]})
    if set_to.get("momentum"):
        yield "no momentum", but(momentum=0.0, **({"nesterov": False} if "nesterov" in set_to else {}))
    if issubclass(kind, SGD) and set_to["momentum"]:
        rest = 1 - set_to["momentum"]
        damped = {**settings, "weight_decay": rest * set_to["weight_decay"]}
        yield "momentum damped", Variant(kind, damped, gradient=lambda g: rest * g)
        if not set_to["dampening"]:
            yield "Nesterov", but(nesterov=not set_to["nesterov"])
    if set_to.get("weight_decay"):
        yield "no weight decay", but(weight_decay=0.0)


def _agree(found: Sequence[Any], path: Sequence[ndarray]) -> bool:
    return all(compare(a, e, rtol=1e-9) for a, e in zip(found, path, strict=True))


def _step_ratio(start: ndarray, right: Sequence[ndarray], found: Sequence[Any]) -> float | None:
    """The number c such that the steps found are c times the right steps; None if there is none."""
    shape = np.shape(start)
    if any(not isinstance(x, ndarray) or x.shape != shape or x.dtype.kind != "f" for x in found):
        return None
    a, b = np.diff([start, *found], axis=0).ravel(), np.diff([start, *right], axis=0).ravel()
    c = float(a @ b) / float(b @ b) if b.any() else 0.0
    return c if c != 0.0 and np.allclose(a, c * b, rtol=1e-7, atol=1e-9 * float(np.abs(a).max())) else None
