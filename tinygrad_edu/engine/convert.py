"""Conversions: the data, operands, attributes and indices that a user passes, as a graph keeps them."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy import ndarray

from . import messages
from .grad_mode import recording, taking_derivative
from .masks import Mask
from .node import Node, Operand, number_of

__all__ = [
    "DEFAULT_DTYPE", "array_of", "as_array", "as_float", "float_operand", "native", "numbers", "operand", "own_attr",
    "own_index", "plain_operand", "sizes",
]  # fmt: skip

DEFAULT_DTYPE = np.dtype(np.float32)
"""The dtype that Python numbers and lists get, as in PyTorch; arrays keep theirs."""


FIXED = frozenset({int, bool, float, str, type(None)})
"""The types of attributes that nobody can change."""


def as_float(x: Any) -> float:
    """A real number as a Python float; raises `DtypeError` for anything else, `GraphError` for a node.

    >>> as_float(2)
    2.0
    """
    if type(x) is float:
        return x
    if type(x) is int or (
        not isinstance(x, Node)
        and (isinstance(x, Real) or (getattr(x, "shape", None) == () and not messages.is_no_array_of_numbers(x)))
    ):
        try:
            return float(x)
        except OverflowError:
            pass
    raise messages.not_one_number("Value", x)


def as_array(data: Any, dtype: Any = None) -> ndarray:
    """`data` as an array of numbers. Python numbers and lists become float32; lists of bools stay bools.

    Raises `DtypeError` for what holds no numbers, `GraphError` for a node whose derivative is being taken: the array
    would be cut off from it.

    >>> as_array([1, 2]).dtype
    dtype('float32')
    """
    if isinstance(data, Node):
        if data.requires_grad and taking_derivative():
            raise messages.leaves_the_graph(data)
        data = number_of(data)
    if type(data) is not ndarray and messages.is_no_array_of_numbers(data):
        raise messages.no_tensor(data, dtype) from None
    try:
        array = np.asarray(data, dtype)
    except (TypeError, ValueError, OverflowError):
        raise messages.no_tensor(data, dtype) from None
    if array.dtype.kind not in "biuf":
        raise messages.no_tensor(data, dtype) from None
    if dtype is None and not isinstance(data, (ndarray, np.generic)) and array.dtype.kind != "b":
        leaf = data
        while isinstance(leaf, (list, tuple)) and leaf:
            leaf = leaf[0]
        if not isinstance(leaf, (ndarray, np.generic)):
            array = array.astype(DEFAULT_DTYPE)
    return native(array)


def native(array: ndarray) -> ndarray:
    """An array with its bytes in the order of this machine, as all rows have them; files may hold another one."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def operand(x: Any, name: str) -> Operand:
    """An operand of row `name` as the graph keeps it: a node, a Python number, or an array of its own."""
    if isinstance(x, Node) or type(x) is float or type(x) is int or type(x) is bool:
        return x
    if isinstance(x, np.generic):
        if x.dtype.kind in "biuf":
            return x.item()
    elif isinstance(x, Mask):
        return x.as_node()
    elif isinstance(x, ndarray):
        if x.dtype.kind in "biuf" and (type(x) is ndarray or not messages.is_masked(x)):  # no subclass with another `*`
            if not recording() or (x.base is None and not x.flags.writeable):
                return native(np.asarray(x))
            own = np.array(native(x))
            own.flags.writeable = False  # so the gradient, which is computed with it as well, needs no copy of its own
            return own
    elif isinstance(x, (list, tuple)) and not messages.is_no_array_of_numbers(x):
        return as_array(x)
    elif hasattr(x, "__array__") and not messages.is_no_array_of_numbers(x):  # an array of another library
        return np.array(x)
    elif isinstance(x, Real) and not messages.no_float(x):
        return int(x) if isinstance(x, Integral) else float(x)
    raise messages.not_numbers(name, x) from None


def float_operand(x: Any, name: str) -> Any:
    """An operand of row `name` beside floats, as a Python number; None for what holds an array."""
    if type(x) is float or type(x) is int or type(x) is bool:
        return x
    if isinstance(x, Node) or getattr(x, "shape", False):
        return None
    if not messages.is_no_array_of_numbers(x) and not isinstance(x, (list, tuple)):
        return as_float(x)
    raise messages.not_numbers(name, x) from None


def plain_operand(x: Any, name: str) -> Any:
    """An operand of row `name` as an array of real numbers; for calls without a node."""
    if messages.is_no_array_of_numbers(x):
        raise messages.not_numbers(name, x)
    return np.asarray(float(x) if isinstance(x, Real) else x)


def numbers(name: str, x: Any) -> Any:
    """The numbers of x, which `name` writes into an array; raises `DtypeError` if x holds anything else."""
    if not isinstance(x, Node) and messages.is_no_array_of_numbers(x):
        raise messages.not_numbers(name, x) from None
    return number_of(x)


def array_of(x: Any) -> ndarray:
    """The numbers of a Tensor, an array or a list as an array, where no gradient is wanted.

    >>> import tinygrad_edu as tg
    >>> array_of(tg.tensor([1.0, 2.0])), array_of([3, 4])
    (array([1., 2.], dtype=float32), array([3, 4]))
    """
    return np.asarray(x.data if isinstance(x, Node) else x)


def own_attr(value: Any) -> Any:
    """An attribute that nobody else can change: lists and arrays are copied."""
    if type(value) in FIXED or (type(value) is tuple and FIXED.issuperset(map(type, value))):  # nearly always
        return value
    from copy import deepcopy  # which is needed here alone

    return deepcopy(value) if isinstance(value, (list, tuple, dict, ndarray)) else value


def own_index(index: Any) -> Any:
    """An index in which nodes, lists and arrays are replaced by arrays that nobody else can change."""
    if isinstance(index, tuple):
        return tuple(map(own_index, index))
    index = number_of(index)
    if isinstance(index, (ndarray, list)):
        try:
            return np.array(index, dtype=np.intp if isinstance(index, list) and not index else None)
        except ValueError as error:
            raise messages.refused("getitem", [index], {}, error) from None
    return index


def sizes(given: tuple[Any, ...]) -> Any:
    """The sizes that a user gave as several arguments or as one tuple: `reshape(2, 3)` or `reshape((2, 3))`."""
    return given[0] if len(given) == 1 else given
