"""The reasons why a state does not fit a module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.languages import say
from .parameter import Shape, Uninitialized, in_words

__all__ = ["fits", "misfits"]


def misfits(ours: Mapping[str, Any], arrays: Mapping[str, np.ndarray], strict: bool) -> list[str]:
    """The reasons why these arrays cannot be loaded into these parameters and buffers; empty if they can.

    Names that only one side has are a reason if `strict`.

    >>> import tinygrad_edu as tg
    >>> misfits({"w": tg.zeros((2, 3))}, {"w": np.zeros((3, 2)), "v": np.zeros(1)}, strict=True)
    ['w has shape (2, 3) here and (3, 2) there', 'v is not expected']
    """
    problems = [_misfit(name, x, arrays[name]) for name, x in ours.items() if name in arrays]
    if strict:
        problems += [say("{name} is missing", name=name) for name in ours if name not in arrays]
        problems += [say("{name} is not expected", name=name) for name in arrays if name not in ours]
    return [problem for problem in problems + _half_loaded(ours, arrays) if problem]


def fits(x: Any, shape: Shape) -> bool:
    """Whether a tensor has this shape, or no shape yet; None stands for any size."""
    if x is None or isinstance(x, Uninitialized):
        return True
    return len(x.shape) == len(shape) and all(n in (None, size) for n, size in zip(shape, x.shape))


def _misfit(name: str, x: Any, array: np.ndarray) -> str | None:
    """The reason why an array cannot be loaded into x; None if it can."""
    shape = x.open_shape if isinstance(x, Uninitialized) else x.shape
    if not fits(array, shape):
        return say("{name} has shape {here} here and {there} there", name=name, here=in_words(shape), there=array.shape)
    if array.dtype.kind not in "biuf":
        return say("{name} is no array of numbers but of {dtype}", name=name, dtype=array.dtype)
    return None


def _half_loaded(ours: Mapping[str, Any], arrays: Mapping[str, Any]) -> list[str | None]:
    """Uninitialised parameters that would still wait for the first call although others of their layer are loaded."""
    neighbours = {
        name.rpartition(".")[0] for name, x in ours.items() if isinstance(x, Uninitialized) and name in arrays
    }
    return [
        say("{name} is uninitialised and missing, while its layer is loaded", name=name)
        for name, x in ours.items()
        if isinstance(x, Uninitialized) and name not in arrays and name.rpartition(".")[0] in neighbours
    ]
