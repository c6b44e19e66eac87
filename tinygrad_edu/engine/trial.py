"""A trial of a model: a copy of it runs once on examples and is recorded, so that the model itself does not change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np

from . import random
from .convert import DEFAULT_DTYPE
from .grad_mode import enable_grad
from .messages import is_whole
from .node import number_of
from .tensor import Tensor

__all__ = ["example", "trial"]


@contextmanager
def trial(model: Any) -> Iterator[Any]:
    """A copy of the model, in evaluation mode and recorded; random numbers go on afterwards as if none had been drawn.

    Its uninitialised parameters get their shapes and numbers when it is called.
    """
    state = random.get_state()
    try:
        with enable_grad():
            yield deepcopy(model).eval().requires_grad_()
    finally:
        random.set_state(state)


def example(x: Any, model: Any, name: str | None = None) -> Any:
    """An input: of a shape random numbers; floats in the model's dtype, with a gradient; anything else as it is."""
    if isinstance(x, (tuple, list)) and all(map(is_whole, x)):
        x = np.random.default_rng(0).normal(size=tuple(x))
    if not hasattr(x, "dtype") or x.dtype.kind != "f":
        return x
    dtypes = [getattr(p, "open_dtype", None) or np.asarray(number_of(p)).dtype for p in model.parameters()]
    return Tensor(number_of(x), dtypes[0] if dtypes else DEFAULT_DTYPE, requires_grad=True, name=name)
