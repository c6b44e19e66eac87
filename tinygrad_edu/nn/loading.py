"""Weights that are to be loaded into a module: all that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .parameter import Shape, Uninitialized, in_words

__all__ = ["fits", "misfits"]


def misfits(ours: Mapping[str, Any], arrays: Mapping[str, np.ndarray], strict: bool) -> list[str]:
    """Why these arrays cannot be loaded into these parameters and buffers; nothing where they can.

    Names that only one side has are a reason if `strict`.

    >>> import tinygrad_edu as tg
    >>> misfits({"w": tg.zeros((2, 3))}, {"w": np.zeros((3, 2)), "v": np.zeros(1)}, strict=True)
    ['w has shape (2, 3) here and (3, 2) there', 'v is not expected']
    """
    problems = [_misfit(name, x, arrays[name]) for name, x in ours.items() if name in arrays]
    if strict:
        problems += [f"{name} is missing" for name in ours if name not in arrays]
        problems += [f"{name} is not expected" for name in arrays if name not in ours]
    return [problem for problem in problems + _half_loaded(ours, arrays) if problem]


def fits(x: Any, shape: Shape) -> bool:
    """Whether a tensor has this shape, or no shape yet; None is a size that may be any."""
    if x is None or isinstance(x, Uninitialized):
        return True
    return len(x.shape) == len(shape) and all(n in (None, size) for n, size in zip(shape, x.shape))


def _misfit(name: str, x: Any, array: np.ndarray) -> str | None:
    """Why an array cannot be loaded into x; None where it can."""
    shape = x.open_shape if isinstance(x, Uninitialized) else x.shape
    if not fits(array, shape):
        return f"{name} has shape {in_words(shape)} here and {array.shape} there"
    if array.dtype.kind not in "biuf":
        return f"{name} is no array of numbers but of {array.dtype}"
    return None


def _half_loaded(ours: Mapping[str, Any], arrays: Mapping[str, Any]) -> list[str | None]:
    """Uninitialised parameters that would have to wait for the first call, though their neighbours are loaded."""
    neighbours = {
        name.rpartition(".")[0] for name, x in ours.items() if isinstance(x, Uninitialized) and name in arrays
    }
    return [
        f"{name} is uninitialised and missing, while its layer is loaded"
        for name, x in ours.items()
        if isinstance(x, Uninitialized) and name not in arrays and name.rpartition(".")[0] in neighbours
    ]
