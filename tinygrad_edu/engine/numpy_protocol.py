"""What NumPy's own functions do when they meet a node: the row of the table that means the same.

Functions whose result carries no gradient, such as comparisons, `isnan` or `argmax`, give plain arrays.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError
from .messages import listed, refused
from .node import Node
from .primitives import reductions
from .primitives.primitive import BY_NUMPY, Primitive

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
    if method not in ("__call__", "reduce"):
        raise DtypeError(f"{full_name(ufunc)}.{method} is not recorded; take .data for the plain array")
    if options.get("out") is not None:
        raise _no_out(ufunc)
    if ufunc in NO_GRADIENT:
        return _plain_answer(ufunc if method == "__call__" else ufunc.reduce, ufunc, operands, options)
    if method == "reduce":
        options = {"axis": 0, **{k: v for k, v in options.items() if v is not None or k == "axis"}}
        row: Callable[..., Any] | None = _REDUCTIONS.get(ufunc)
    else:
        row = BY_NUMPY.get(ufunc)
    if row is None:
        raise _unknown(ufunc)
    return _call(row, ufunc, operands, options)


def call_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`numpy.sum(node)` and its like."""
    if function in NO_GRADIENT:
        return _plain_answer(function, function, args, kwargs)
    row = BY_NUMPY.get(function)
    if row is None:
        raise _unknown(function)
    return _call(row, function, args, kwargs)


def _plain_answer(call: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return call(*plain(args), **plain(kwargs))
    except (TypeError, ValueError) as error:
        elementwise = isinstance(function, np.ufunc)
        raise refused(full_name(function), args if elementwise else args[:1], {}, error, elementwise) from None


def _call(row: Callable[..., Any], function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if options:
        if options.pop("out", None) is not None:
            raise _no_out(function)
        options = {name: option for name, option in options.items() if option is not np._NoValue}
        known = _options(row)
        unknown = [name for name in options if name not in known]
        if unknown:
            takes = listed(known) if known else "no options"
            raise DtypeError(
                f"{full_name(function)} on a node takes {takes}, not {listed(unknown)}; call it without, "
                "or take .data for the plain array"
            )
    if not isinstance(row, Primitive):
        try:
            inspect.signature(row).bind(*args, **options)
        except TypeError as error:
            called = f"{row.__name__}{_bare_signature(row)}"
            raise DtypeError(f"{full_name(function)} on a node is {called}: {error}") from None
    return row(*args, **options)


def _options(row: Callable[..., Any]) -> list[str]:
    """The names by which a function of the table can be given more than its first argument."""
    if isinstance(row, Primitive):
        return list(row.attrs)
    return [p.name for p in inspect.signature(row).parameters.values() if p.kind != p.VAR_POSITIONAL][1:]


def _bare_signature(row: Callable[..., Any]) -> str:
    signature = inspect.signature(row)
    bare = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    return str(inspect.Signature(bare))


def full_name(function: Any) -> str:
    """`np.linalg.inv`, as the user writes it."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"


def _no_out(function: Any) -> DtypeError:
    return DtypeError(
        f"{full_name(function)}(..., out=) cannot write into what is recorded; call it without `out`, "
        "or take .data of the operands for plain arrays"
    )


def _unknown(function: Any) -> DtypeError:
    way_out = INSTEAD.get(function.__name__)
    if way_out is None:
        near = difflib.get_close_matches(function.__name__, sorted({f.__name__ for f in BY_NUMPY}), 3, cutoff=0.7)
        way_out = f"near it are {', '.join(near)}; .data is the plain array" if near else ".data is the plain array"
    return DtypeError(f"{full_name(function)} is not in the table of primitives, so it is not recorded; {way_out}")


INSTEAD = {
    name: way_out
    for names, way_out in {
        "hstack vstack column_stack row_stack dstack append block": "tg.concatenate and tg.stack are",
        "tensordot inner vdot kron": "tg.einsum and @ are",
        "take select choose compress delete": "indexing, x[index], and tg.where are",
        "copyto": "build a new tensor with tg.where or tg.concatenate, or assign x[index] = ... inside tg.no_grad()",
    }.items()
    for name in names.split()
}
"""What can be taken in the place of functions of NumPy that are not recorded."""

_REDUCTIONS = {
    np.add: reductions.sum_,
    np.multiply: reductions.prod_,
    np.maximum: reductions.max_,
    np.minimum: reductions.min_,
}
"""What `ufunc.reduce` is."""
