"""The rows of the table of linear algebra: products of matrices, vectors and any number of arrays, and triangles."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index, mul
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from ..blas import one_thread, product
from ..messages import check
from ..node import Node, shape_of
from .primitive import Variadic, dispatch
from .reductions import sum_
from .rows import primitive
from .shape import expand_dims, getitem, reshape, scatter, swapaxes

__all__ = ["diag", "dot", "einsum", "matmul", "outer", "tril", "triu"]


def _by_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    """gradient @ yᵀ: each number of x meets a row of y."""
    if x.ndim == 2 == y.ndim:
        return product(g, y.T)
    if y.ndim == 1:
        return expand_dims(g, -1) * y
    if x.ndim == 1:
        g = expand_dims(g, -2)
    return product(g, swapaxes(y, -1, -2)).reshape(
        (*g.shape[:-2], x.shape[-1]) if x.ndim == 1 else (*g.shape[:-1], x.shape[-1])
    )


def _by_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    """xᵀ @ gradient: each number of y meets a column of x."""
    if x.ndim == 2 == y.ndim:
        return product(x.T, g)
    if x.ndim == 1:
        return x * g if y.ndim == 1 else expand_dims(x, -1) * expand_dims(g, -2)
    if y.ndim == 1:
        return sum_(x * expand_dims(g, -1), axis=tuple(range(x.ndim - 1)))
    return product(swapaxes(x, -1, -2), g)


@primitive(_by_left, _by_right, symbol="@", precedence=20, numpy=[np.matmul])
def matmul(x: Any, y: Any) -> Any:
    """The matrix product x @ y: (..., n, k) @ (..., k, m) gives (..., n, m); leading axes broadcast.

    >>> import tinygrad_edu as tg
    >>> tg.matmul(tg.tensor([[1.0, 2.0]]), tg.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    return product(x, y)


def outer(x: Any, y: Any) -> Any:
    """Every number of x times every number of y: (n,), (m,) gives (n, m).

    >>> import tinygrad_edu as tg
    >>> tg.outer(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    check("outer", x, y)
    return reshape(x, (-1, 1)) * reshape(y, (1, -1))


def _einsum_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], subscripts: str) -> list[Any]:
    return [_einsum_by(slot, g, operands, subscripts) for slot in slots]


def _einsum_by(slot: int, g: Any, operands: Sequence[Any], subscripts: str) -> Any:
    """An einsum again: the gradient takes the operand's place, and the operand's letters become the result's."""
    terms, result = subscripts.split("->")
    letters = terms.split(",")
    mine = letters[slot]
    others = [i for i in range(len(operands)) if i != slot]
    summed_alone = [c for c in mine if c not in result and all(c not in letters[i] for i in others)]
    reached = "".join(c for c in mine if c not in summed_alone)
    g = einsum(f"{','.join([result, *(letters[i] for i in others)])}->{reached}", g, *(operands[i] for i in others))
    if summed_alone:  # an axis that was only summed over: every number along it receives the same
        sizes = shape_of(operands[slot])
        kept = tuple(1 if c in summed_alone else size for c, size in zip(mine, sizes))
        g = reshape(g, kept) * np.ones(sizes, g.dtype)
    return g


@primitive(_einsum_rule, kind=Variadic, name="einsum")
def _einsum(*operands: Any, subscripts: str) -> Any:
    with one_thread():
        return np.einsum(subscripts, *operands, optimize=len(operands) > 2)


def einsum(subscripts: str, *operands: Any) -> Any:
    """Einstein's summation: name the axes of each operand, and those of the result after `->`; the rest is summed.

    A letter may stand once in each operand (for a diagonal use `tg.diag`); `...` is not supported.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> tg.einsum("ij,kj->ik", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    """
    if not isinstance(subscripts, str):
        raise DtypeError(f"einsum: the first argument is a string such as 'ij,jk->ik', not {type(subscripts).__name__}")
    subscripts = subscripts.replace(" ", "")
    terms, arrow, result = subscripts.partition("->")
    letters = terms.split(",")
    if "..." in subscripts or not all(c.isalpha() or c == "," for c in terms + result):
        raise ShapeError(f"einsum: {subscripts!r} may hold letters, commas and one '->' only; name every axis")
    if any(len(set(term)) != len(term) for term in [*letters, result]):
        raise ShapeError(f"einsum: {subscripts!r} names one axis twice in one array; take tg.diag first")
    if not arrow:
        once = [c for c in sorted(set(terms) - {","}) if terms.count(c) == 1]
        subscripts, result = f"{terms}->{''.join(once)}", "".join(once)
    shapes = [shape_of(x) for x in operands]
    if len(letters) != len(shapes) or any(len(a) != len(s) for a, s in zip(letters, shapes)):
        raise ShapeError(f"einsum: {subscripts!r} names axes of shapes {letters}, but the operands have {shapes}")
    unknown = set(result) - set(terms)
    if unknown:
        raise ShapeError(f"einsum: {subscripts!r} has {sorted(unknown)} in the result but in no operand")
    return _einsum(*operands, subscripts=subscripts)


def _dot_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    """Each factor meets its partner; the bias, the odd one at the end, meets 1."""
    n = len(operands) // 2
    partners = (*operands[n : 2 * n], *operands[:n], 1.0)
    return [g * partners[slot] for slot in slots]


def _dot_floats(*operands: float) -> float:
    n = len(operands) // 2
    return sum(map(mul, operands[:n], operands[n : 2 * n]), operands[-1] if len(operands) % 2 else 0.0)


dot_product = Variadic("dot", _dot_floats, [_dot_rule], floats=_dot_floats, symbol="·Σ")


def dot(x: Any, y: Any, bias: Any = None) -> Any:
    """NumPy's dot of arrays; or, of two sequences of Values, Σ xᵢ·yᵢ (+ bias) as one node: a neuron's sum.

    >>> import tinygrad_edu as tg
    >>> w = [tg.Value(2.0), tg.Value(-1.0)]
    >>> tg.dot(w, [3.0, 4.0], bias=1.0)
    Value(3.0)
    >>> tg.dot(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
    tensor(11.)
    """
    if isinstance(x, (list, tuple)) and isinstance(y, (list, tuple)):
        if len(x) != len(y):
            raise ShapeError(f"dot: {len(x)} numbers against {len(y)}; both lists must be of one length")
        out = dot_product(*x, *y) if bias is None else dot_product(*x, *y, bias)
        if getattr(out, "shape", ()):
            raise ShapeError("dot: two lists hold numbers and Values; tg.stack or np.array makes an array of rows")
        return out
    check("dot", x, y)
    x, y = (z if isinstance(z, (Node, np.ndarray)) else np.asarray(z) for z in (x, y))
    if not shape_of(x) or not shape_of(y):
        out = x * y
    elif len(shape_of(y)) > 2:
        out = tensordot_last(x, y)
    else:
        out = x @ y
    return out if bias is None else out + bias


def tensordot_last(x: Any, y: Any) -> Any:
    """NumPy's dot with a right operand of more than two axes: the last axis of x against the last but one of y."""
    y_shape = y.shape
    flat = swapaxes(y, -1, -2).reshape((-1, y_shape[-2]))
    return (x @ flat.T).reshape((*x.shape[:-1], *y_shape[:-2], y_shape[-1]))


@primitive(lambda g, out, x, k: tril(g, k), numpy=[np.tril])
def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle: 0 above the k-th diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.tril(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 0.],
            [3., 4.]])
    """
    return np.tril(x, index(k))


@primitive(lambda g, out, x, k: triu(g, k), numpy=[np.triu])
def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle: 0 below the k-th diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.triu(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 2.],
            [0., 4.]])
    """
    return np.triu(x, index(k))


def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix; or, of a vector, the matrix that has it as k-th diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.diag(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    check("diag", x, k=k)
    shape = shape_of(x)
    if len(shape) == 1:
        n = shape[0] + abs(k)
        rows = np.arange(shape[0])
        return scatter(x, index=(rows + max(-k, 0), rows + max(k, 0)), shape=(n, n))
    rows = np.arange(max(0, min(shape[0] + min(k, 0), shape[1] - max(k, 0))))
    return getitem(x, index=(rows + max(-k, 0), rows + max(k, 0)))


def trace(x: Any, offset: int = 0) -> Any:
    """The sum of a matrix's diagonal, as `numpy.trace(x)` or `x.trace()`; `tg.trace()` records source lines.

    >>> import tinygrad_edu as tg
    >>> np.trace(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    check("trace", x, offset=offset)
    return sum_(diag(x, offset))


dispatch(dot, np.dot)
dispatch(outer, np.outer)
dispatch(einsum, np.einsum)
dispatch(diag, np.diag)
dispatch(trace, np.trace)
