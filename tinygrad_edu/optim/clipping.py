"""Clipping of gradients before a step, by their norm or by their values."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np

from ..engine.messages import short
from ..engine.messages.pytorch import taking_pytorchs
from ..engine.node import Node, number_of
from ..errors import DtypeError, OutOfRangeError

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


@taking_pytorchs
def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0) -> float:
    """Scale all gradients together so that their norm, as one vector, is at most `max_norm`; returns the norm before.

    Pascanu et al., "On the difficulty of training recurrent neural networks", arXiv:1211.5063. `norm_type` is the p of
    the norm, inf for the largest number. Parameters without a gradient do not count.

    Raises `DtypeError` if something is not a parameter, `OutOfRangeError` for a negative `max_norm` or a `norm_type`
    below 1.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> tg.optim.clip_grad_norm_([w], 5.0), w.grad.round(4)
    (10.0, array([3., 4.], dtype=float32))
    """
    _not_negative("clip_grad_norm_", "max_norm", max_norm)
    if not norm_type >= 1:
        raise OutOfRangeError(f"clip_grad_norm_: norm_type is 1 or more, not {norm_type}")
    clipped = _with_gradient("clip_grad_norm_", parameters)
    vectors = [np.ravel(number_of(p.notes.grad)) for p in clipped]
    vectors = [v.astype(np.float32) if v.dtype == np.float16 else v for v in vectors]  # squares need room
    norms = [float(np.linalg.norm(v, norm_type)) for v in vectors]
    total = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    # A total of inf or nan cannot be scaled back: the gradients become 0 or nan, as in PyTorch.
    factor = max_norm / (total + 1e-6)
    if not factor >= 1:
        for p in clipped:
            p.notes.grad *= factor
    return total


@taking_pytorchs
def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Clip every number of the gradients to between -clip_value and clip_value.

    Raises `DtypeError` if something is not a parameter, `OutOfRangeError` for a negative `clip_value`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([3.0, 0.25], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> tg.optim.clip_grad_value_([w], 1.0)
    >>> w.grad
    array([1. , 0.5], dtype=float32)
    """
    _not_negative("clip_grad_value_", "clip_value", clip_value)
    for p in _with_gradient("clip_grad_value_", parameters):
        p.grad = np.clip(number_of(p.notes.grad), -clip_value, clip_value)


def _with_gradient(function: str, parameters: Any) -> list[Any]:
    if not isinstance(parameters, (Node, Iterable)):
        raise DtypeError(f"{function}: the parameters are a list such as model.parameters(), not {short(parameters)}")
    found = [parameters] if isinstance(parameters, Node) else list(parameters)
    for p in found:
        if not isinstance(p, Node):
            raise DtypeError(f"{function}: a parameter is a Tensor or a Value, not {type(p).__name__} {short(p)}")
    return [p for p in found if p.notes and p.notes.grad is not None]


def _not_negative(function: str, name: str, x: float) -> None:
    if not 0 <= x <= inf:
        raise OutOfRangeError(f"{function}: {name} is 0 or more, not {x}")
