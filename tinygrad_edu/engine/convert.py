"""What may become an array, an operand or an index of a Tensor, and in which form it is kept."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray

from .grad_mode import recording
from .messages import is_no_array_of_numbers, no_tensor, not_numbers, refused
from .node import Node, Operand, number_of
from .primitives.primitive import Primitive

__all__ = ["DEFAULT_DTYPE", "as_array", "numbers", "operand", "own_index", "sizes"]

DEFAULT_DTYPE = np.dtype(np.float32)
"""What Python numbers and lists become, as in PyTorch; arrays keep their dtype."""


def as_array(data: Any, dtype: Any = None) -> ndarray:
    """What a Tensor can hold: an array of numbers. Python numbers and lists become float32, lists of bools stay bools.

    >>> as_array([1, 2]).dtype
    dtype('float32')
    """
    if isinstance(data, Node):
        data = data.data
    if type(data) is not ndarray and is_no_array_of_numbers(data):
        raise no_tensor(data, dtype) from None
    try:
        array = np.asarray(data, dtype)
    except (TypeError, ValueError, OverflowError):
        raise no_tensor(data, dtype) from None
    if array.dtype.kind not in "biuf":
        raise no_tensor(data, dtype) from None
    if dtype is None and not isinstance(data, (ndarray, np.generic)) and array.dtype.kind != "b":
        leaf = data
        while isinstance(leaf, (list, tuple)) and leaf:
            leaf = leaf[0]
        if not isinstance(leaf, (ndarray, np.generic)):
            array = array.astype(DEFAULT_DTYPE)
    return array


def operand(x: Any, primitive: Primitive) -> Operand:
    """An operand as it is kept in the graph: a node, a Python number, or an array that nobody else can change."""
    if isinstance(x, Node) or type(x) is float or type(x) is int or type(x) is bool:
        return x
    if isinstance(x, np.generic):
        if x.dtype.kind in "biuf":
            return x.item()
    elif isinstance(x, ndarray):
        if x.dtype.kind in "biuf":
            return x.copy() if recording() else x
    elif isinstance(x, (list, tuple)) and not is_no_array_of_numbers(x):
        return as_array(x)
    elif isinstance(x, Real):
        return float(x)
    raise not_numbers(primitive.name, x) from None


def numbers(name: str, x: Any) -> Any:
    """What may be written into an array: the numbers of a node, or anything that is an array of numbers."""
    if not isinstance(x, Node) and is_no_array_of_numbers(x):
        raise not_numbers(name, x) from None
    return number_of(x)


def own_index(index: Any) -> Any:
    """An index without nodes or lists in it, and with arrays of its own."""
    if isinstance(index, tuple):
        return tuple(map(own_index, index))
    if isinstance(index, Node):
        index = index.data
    if isinstance(index, (ndarray, list)):
        try:
            return np.array(index, dtype=np.intp if isinstance(index, list) and not index else None)
        except ValueError as error:
            raise refused("getitem", [index], {}, error) from None
    return index


def sizes(given: tuple[Any, ...]) -> Any:
    """`reshape(2, 3)` and `reshape((2, 3))` mean the same."""
    return given[0] if len(given) == 1 else given
