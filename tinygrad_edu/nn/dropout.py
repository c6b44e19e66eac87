"""Dropout, as a function and as a module."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.messages import short
from ..engine.primitives.primitive import shape_of
from ..engine.random import generator
from ..errors import DtypeError, OutOfRangeError
from .inputs import numeric
from .module import Module

__all__ = ["Dropout", "dropout"]


def dropout(x: Any, p: float = 0.5, training: bool = True, seed: Any = None) -> Any:
    """Each number 0 with probability p, the others divided by 1 - p, so that the mean stays; x itself in use.

    Srivastava et al. (2014). `seed` is an int or a `numpy.random.Generator`; without one the numbers come from the
    package's own generator, which `tg.manual_seed` sets. Raises `OutOfRangeError` where p is no probability.

    >>> import tinygrad_edu as tg
    >>> dropout(tg.ones(6), 0.5, seed=1)
    tensor([0., 2., 2., 2., 0., 0.])
    """
    _check("dropout", p)
    if not training or p == 0:
        return x
    x = numeric("dropout", x)
    kind = x.dtype if hasattr(x, "dtype") and x.dtype.kind == "f" else np.dtype(float)
    keep = generator(seed).random(shape_of(x), np.float32) >= p
    return x * (keep.astype(kind) * (1 / (1 - p) if p < 1 else 0.0))


def _check(name: str, p: Any) -> None:
    if not isinstance(p, (int, float)):
        raise DtypeError(f"{name}: p is a probability, not {short(p)}")
    if not 0 <= p <= 1:
        raise OutOfRangeError(f"{name}: p is a probability, between 0 and 1, not {p}")


class Dropout(Module):
    """In training each number 0 with probability p, the others divided by 1 - p; in use nothing. See `dropout`.

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(1)
    >>> layer = tg.nn.Dropout(0.5)
    >>> layer(tg.ones(6))
    tensor([0., 2., 2., 2., 0., 0.])
    >>> layer.eval()(tg.ones(6))
    tensor([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        _check("Dropout", p)
        self.p = p

    def forward(self, x: Any) -> Any:
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"
