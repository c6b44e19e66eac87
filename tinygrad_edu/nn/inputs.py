"""What layers and losses are called with: numbers, which take the dtype of what they are computed with."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.messages import is_no_array_of_numbers, not_numbers
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor

__all__ = ["constant_like", "data_for", "numeric"]


def numeric(function: str, x: Any) -> Any:
    """x, where it is a node, a number or an array; lists as an array.

    Raises `DtypeError` for anything else, in the name of the function that the user called.

    >>> numeric("gelu", [1.0, 2.0])
    array([1., 2.])
    """
    if isinstance(x, Node):
        return x
    if is_no_array_of_numbers(x):
        raise not_numbers(function, x)
    return np.asarray(x) if isinstance(x, (list, tuple)) else x


def data_for(layer: Any, x: Any, parameter: Any) -> Any:
    """The input of a layer in the dtype of its parameter, so that a float32 network computes in float32.

    Arrays are float64 unless one cares, and images whole numbers. What a gradient flows to stays as it is: it is part
    of a computation, and whoever made it has chosen its dtype.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(3, 2)
    >>> layer(np.ones((5, 3))).dtype, layer.double()(np.ones((5, 3))).dtype
    (dtype('float32'), dtype('float64'))
    """
    if isinstance(x, Node) and x.flow:
        return x
    x = numeric(type(layer).__name__, x)
    if parameter is None or getattr(x, "dtype", parameter.dtype) == parameter.dtype:
        return x
    return Tensor(x.data, parameter.dtype, name=x.name) if isinstance(x, Tensor) else x.astype(parameter.dtype)


def constant_like(x: Any, like: Any) -> Any:
    """The numbers of x as an array in the dtype of `like`; x itself where it has that dtype, or `like` has none.

    >>> constant_like([1, 0], np.ones(2, np.float32))
    array([1., 0.], dtype=float32)
    """
    number, kind = number_of(x), getattr(number_of(like), "dtype", None)
    if kind is None or kind.kind != "f" or getattr(number, "dtype", None) == kind:
        return x
    return np.asarray(number, kind)
