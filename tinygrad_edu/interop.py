"""What NumPy's own functions do when they meet a node: the row of the table that means the same.

Functions whose result carries no gradient, such as comparisons, `isnan` or `argmax`, give plain arrays.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import DtypeError
from .node import Node
from .primitives.primitive import BY_NUMPY

__all__ = ["call_function", "call_ufunc", "plain"]

NO_GRADIENT: frozenset[Any] = frozenset(
    {
        np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
        np.isnan, np.isinf, np.isfinite, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
        np.argsort, np.nonzero, np.count_nonzero, np.any, np.all, np.isclose, np.allclose, np.array_equal,
        np.array_repr, np.array_str, np.array2string, np.shape, np.ndim, np.size, np.result_type,
        np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.searchsorted, np.bincount, np.unique,
        np.may_share_memory, np.shares_memory, np.iscomplexobj, np.isreal, np.save, np.savez, np.savetxt,
    }
)  # fmt: skip
"""Answers about numbers, not made of them: they see the plain arrays."""


def plain(x: Any) -> Any:
    """Nodes replaced by their numbers, also inside lists, tuples and dicts."""
    if isinstance(x, Node):
        return x.data
    if isinstance(x, (list, tuple)):
        return type(x)(map(plain, x)) if not hasattr(x, "_fields") else x
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    return x


def call_ufunc(ufunc: Any, method: str, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`numpy.exp(node)` and its like."""
    function: Callable[..., Any] = ufunc if method == "__call__" else getattr(ufunc, method)
    if method != "__call__" and method != "reduce":
        raise DtypeError(f"np.{ufunc.__name__}.{method} is not recorded; take .data for the plain array")
    if options.get("out") is not None:
        raise DtypeError(
            f"np.{ufunc.__name__}(..., out=) cannot write into what is recorded; leave `out` away, "
            "or take .data of the operands for plain arrays"
        )
    if ufunc in NO_GRADIENT:
        return function(*map(plain, operands), **options)
    if method == "reduce":
        options = {"axis": 0, **{k: v for k, v in options.items() if v is not None or k == "axis"}}
        row = _REDUCTIONS.get(ufunc)
    else:
        row = BY_NUMPY.get(ufunc)
    if row is None:
        raise _unknown(ufunc.__name__)
    return _call(row, ufunc.__name__, operands, options)


def call_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`numpy.sum(node)` and its like."""
    if function in NO_GRADIENT:
        return function(*plain(args), **plain(kwargs))
    row = BY_NUMPY.get(function)
    if row is None:
        raise _unknown(function.__name__)
    return _call(row, function.__name__, args, kwargs)


def _call(row: Callable[..., Any], name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if options.pop("out", None) is not None:
        raise DtypeError(f"np.{name}(..., out=) cannot write into what is recorded; leave `out` away")
    if options.get("keepdims") is np._NoValue:
        del options["keepdims"]
    try:
        return row(*args, **options)
    except TypeError as error:
        if isinstance(error, DtypeError):
            raise
        raise DtypeError(f"np.{name} on a node takes fewer options than on an array: {error}") from None


def _unknown(name: str) -> DtypeError:
    known = sorted({f.__name__ for f in BY_NUMPY})
    near = difflib.get_close_matches(name, known, 3)
    hint = f"; near it are {', '.join(near)}" if near else ""
    return DtypeError(
        f"np.{name} is not in the table of primitives, so it has no gradient here{hint}; "
        "for the plain array take .data, which is not recorded"
    )


_REDUCTIONS = {
    ufunc: BY_NUMPY[function]
    for ufunc, function in {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}.items()
}
