"""Linear algebra: the rows for products of matrices and vectors, and for triangles and diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index
from typing import Any

import numpy as np

from ..._support.languages import texts
from ...errors import ShapeError
from .. import messages
from ..blas import product
from ..node import Node, new, record, shape_of
from .arithmetic import multiply
from .indexing import getitem, scatter
from .primitive import Variadic, dispatch
from .reductions import sum_
from .rows import primitive
from .shape import expand_dims, flip, moveaxis, pad, reshape, roll, squeeze, swapaxes, transpose

__all__ = [
    "convolve", "correlate", "cross", "diag", "diagonal", "dot", "inner", "kron", "matmul", "matvec", "outer",
    "tensordot", "tril", "triu", "vdot", "vecdot",
]  # fmt: skip

FLOATS = frozenset({float})


def _by_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    """gradient @ yᵀ: each number of x meets a row of y."""
    if x.ndim == 2 == y.ndim:
        return product(g, y.T)
    if y.ndim == 1:
        return expand_dims(g, -1) * y
    if x.ndim == 1 and y.ndim == 2:
        return product(y, g)
    if x.ndim == 1:
        return product(expand_dims(g, -2), swapaxes(y, -1, -2)).reshape((*g.shape[:-1], x.shape[-1]))
    return product(g, swapaxes(y, -1, -2))


def _by_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    """xᵀ @ gradient: each number of y meets a column of x."""
    if x.ndim == 2 == y.ndim:
        return product(x.T, g)
    if x.ndim == 1:
        return x * g if y.ndim == 1 else expand_dims(x, -1) * expand_dims(g, -2)
    if y.ndim == 1:
        return product(g, x) if x.ndim == 2 else product(g.reshape(-1), x.reshape((prod(g.shape), x.shape[-1])))
    return product(swapaxes(x, -1, -2), g)


@primitive(
    _by_left,
    _by_right,
    words={(): ("{g} {y}ᵀ", "{x}ᵀ {g}"), (1, 1): ("{g} · {y}", "{g} · {x}"), (1, 2): ("{y} {g}", "{x} {g}ᵀ")},
    symbol="@",
    precedence=20,
    numpy=[np.matmul, np.linalg.matmul],
)
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
    messages.check("outer", x, y)
    return reshape(x, (-1, 1)) * reshape(y, (1, -1))


def _dot_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    """Each factor meets its partner; the bias, the odd one at the end, receives g itself."""
    n = len(operands) // 2
    partners = (*operands[n : 2 * n], *operands[:n])
    if len(slots) < len(operands):
        return [g * partners[i] if i < 2 * n else g for i in slots]
    return [*[g * partner for partner in partners], g][: len(operands)]


def _dot_floats(*operands: float) -> float:
    n = len(operands) // 2
    total = operands[-1] if len(operands) % 2 else 0.0
    for x, y in zip(operands[:n], operands[n : 2 * n]):
        total = total + x * y  # one after the other, as `_dot_of_values` does; `sum` is more exact since Python 3.12
    return total


dot_product = Variadic("dot", _dot_floats, [_dot_rule], floats=_dot_floats, symbol="·Σ")


def _dot_of_values(x: Any, y: Any, operands: tuple[Any, ...]) -> Any:
    """What the row gives for Values, or Values and floats, in a third of the time; None where there is anything else.

    With an array among them, the sum would be no float.
    """
    try:
        total = operands[-1]._number if len(operands) % 2 else 0.0
        values, factors = (y, x) if type(x[0]) is float else (x, y)
        if type(factors[0]) is float and FLOATS.issuperset(map(type, factors)):
            for value, number in zip(values, factors):
                total += value._number * number
        else:
            for value, factor in zip(values, factors):
                total += value._number * factor._number
    except (AttributeError, IndexError, ValueError):
        return None
    return record(new(type(values[0])), total, dot_product, operands) if type(total) is float else None


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
        operands = (*x, *y) if bias is None else (*x, *y, bias)
        out = _dot_of_values(x, y, operands)
        if out is None:
            out = dot_product(*operands)
        if getattr(out, "shape", ()):
            raise ShapeError("dot: two lists hold numbers and Values; tg.stack or np.array makes an array of rows")
        return out
    messages.check("dot", x, y)
    x, y = (z if isinstance(z, (Node, np.ndarray)) else np.asarray(z) for z in (x, y))
    if not shape_of(x) or not shape_of(y):
        out = x * y
    elif len(shape_of(y)) > 2:
        out = tensordot(x, y, (-1, -2))
    else:
        out = x @ y
    return out if bias is None else out + bias


def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """The sum of products over some axes of both: the last `axes` of x with the first of y, or a list of axes of each.

    Raises `ShapeError` for axes that differ in number or in size.

    >>> import tinygrad_edu as tg
    >>> tg.tensordot(tg.ones((2, 3, 4)), tg.ones((4, 3, 5)), ([1, 2], [1, 0])).shape
    (2, 5)
    """
    messages.check("tensordot", x, y)
    a, b = shape_of(x), shape_of(y)
    try:
        meeting = (range(-axes, 0), range(axes)) if messages.is_whole(axes) else map(messages.several, axes)
        left, right = ([range(len(shape))[i] for i in axes] for shape, axes in zip((a, b), meeting))
    except (IndexError, TypeError, ValueError):
        raise ShapeError(
            f"tensordot: {messages.in_words(x)} and {messages.in_words(y)} do not have the axes {messages.short(axes)}"
        ) from None
    if [a[i] for i in left] != [b[i] for i in right]:
        raise ShapeError(
            f"tensordot: axes {left} of {messages.in_words(x)} meet axes {right} of {messages.in_words(y)}: "
            "sizes differ"
        )
    free, other = ([i for i in range(len(s)) if i not in taken] for s, taken in ((a, left), (b, right)))
    rows, inner, columns = (tuple(s[i] for i in axes) for s, axes in ((a, free), (a, left), (b, other)))
    x = reshape(transpose(x, (*free, *left)), (prod(rows), prod(inner)))
    y = reshape(transpose(y, (*right, *other)), (prod(inner), prod(columns)))
    return reshape(matmul(x, y), rows + columns)


def inner(x: Any, y: Any) -> Any:
    """The sum of products over the last axes of both: (..., k), (*n, k) gives (..., *n).

    >>> import tinygrad_edu as tg
    >>> tg.inner(tg.tensor([1.0, 2.0]), tg.tensor([[3.0, 4.0], [5.0, 6.0]]))
    tensor([11., 17.])
    """
    messages.check("inner", x, y)
    return tensordot(x, y, (-1, -1)) if shape_of(x) and shape_of(y) else multiply(x, y)


def vdot(x: Any, y: Any) -> Any:
    """The sum of products of all numbers of x with all of y, in their order, whatever the shapes.

    >>> import tinygrad_edu as tg
    >>> tg.vdot(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor(5.)
    """
    return matmul(reshape(x, (-1,)), reshape(y, (-1,)))


def vecdot(x: Any, y: Any, axis: int = -1) -> Any:
    """The sum of products along one axis; the others broadcast.

    >>> import tinygrad_edu as tg
    >>> tg.vecdot(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    for z in (x, y):
        messages.check("vecdot", z, axis=axis)
    return sum_(multiply(moveaxis(x, axis, -1), moveaxis(y, axis, -1)), axis=-1)


def matvec(x: Any, y: Any) -> Any:
    """Matrices times vectors, the other axes broadcast: (..., n, k), (..., k) gives (..., n).

    >>> import tinygrad_edu as tg
    >>> tg.matvec(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    return squeeze(matmul(x, expand_dims(y, -1)), -1)


def kron(x: Any, y: Any) -> Any:
    """Kronecker's product: every number of x replaced by that number times the whole of y.

    >>> import tinygrad_edu as tg
    >>> tg.kron(tg.tensor([1.0, 10.0]), tg.tensor([1.0, 2.0]))
    tensor([ 1.,  2., 10., 20.])
    """
    messages.check("kron", x, y)
    n = max(len(shape_of(x)), len(shape_of(y)))
    a, b = ((1,) * (n - len(shape_of(z))) + shape_of(z) for z in (x, y))
    x = reshape(x, tuple(size for m in a for size in (m, 1)))
    y = reshape(y, tuple(size for m in b for size in (1, m)))
    return reshape(multiply(x, y), tuple(p * q for p, q in zip(a, b)))


def cross(x: Any, y: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The cross product of vectors of three numbers, which lie along the last axis, or along `axis`.

    Raises `ShapeError` for vectors of another length.

    >>> import tinygrad_edu as tg
    >>> tg.cross(tg.tensor([1.0, 0.0, 0.0]), tg.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    if shape_of(x)[-1] != 3 or shape_of(y)[-1] != 3:
        raise ShapeError(
            f"cross: {messages.in_words(x)} and {messages.in_words(y)} must have size 3 along the axis; "
            "put zeros to vectors of 2"
        )
    out = roll(x, -1, -1) * roll(y, -2, -1) - roll(x, -2, -1) * roll(y, -1, -1)
    return moveaxis(out, -1, axisc)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The convolution of two vectors, Σ a[k - i]·v[i]: the numbers of the product of two polynomials.

    `mode` is "full" for all n + m - 1 of them, "same" for as many as the longer vector has, from the middle, or "valid"
    for those in which the shorter one lies wholly within the longer one.

    Raises `ShapeError` for what is no vector, or an empty one. Images are convolved by `nn.functional.conv2d`.

    >>> import tinygrad_edu as tg
    >>> tg.convolve(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 10.0, 100.0]))
    tensor([  1.,  12., 120., 200.])
    """
    messages.check("convolve", a, v)
    if shape_of(a)[:1] < shape_of(v)[:1]:
        a, v = v, a
    (n, *more), (m, *others) = (shape_of(a) or (1,)), (shape_of(v) or (1,))
    if more or others or not m or mode not in ("full", "same", "valid"):
        raise ShapeError(
            f"convolve: {messages.in_words(a)} and {messages.in_words(v)}: needs two vectors, "
            "and a mode: full, same or valid"
        )
    begin = {"full": 0, "same": (m - 1) // 2, "valid": m - 1}[mode]
    count = {"full": n + m - 1, "same": n, "valid": n - m + 1}[mode]
    windows = np.arange(begin, begin + count)[:, None] + np.arange(m)
    return matmul(getitem(pad(reshape(a, (-1,)), m - 1), index=(windows,)), flip(reshape(v, (-1,))))


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """The correlation of two vectors, Σ a[k + i]·v[i]: a convolution with v in reverse order.

    Raises as `convolve`.

    >>> import tinygrad_edu as tg
    >>> tg.correlate(tg.tensor([1.0, 2.0, 4.0]), tg.tensor([-1.0, 1.0]))
    tensor([1., 2.])
    """
    messages.check("correlate", a, v)
    if shape_of(a)[:1] < shape_of(v)[:1]:
        return flip(correlate(v, a, mode))
    return convolve(a, flip(v), mode)


@primitive(lambda g, out, x, k: tril(g, k), words=texts(("lower triangle of {g}",)), numpy=[np.tril])
def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle: 0 above the k-th diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.tril(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 0.],
            [3., 4.]])
    """
    return np.tril(x, index(k))


@primitive(lambda g, out, x, k: triu(g, k), words=texts(("upper triangle of {g}",)), numpy=[np.triu])
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
    messages.check("diag", x, k=k)
    shape = shape_of(x)
    if len(shape) == 1:
        n = shape[0] + abs(k)
        rows = np.arange(shape[0])
        return scatter(x, index=(rows + max(-k, 0), rows + max(k, 0)), shape=(n, n))
    return diagonal(x, k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of the matrices that two axes make; the diagonal becomes the last axis.

    >>> import tinygrad_edu as tg
    >>> tg.diagonal(tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1)
    tensor([2., 6.])
    """
    messages.check("diagonal", x, offset=offset)
    dims = len(shape_of(x))
    if (axis1 % dims, axis2 % dims) != (dims - 2, dims - 1):
        x = moveaxis(x, (axis1, axis2), (-2, -1))
    n, m = shape_of(x)[-2:]
    rows = np.arange(max(0, min(n + min(offset, 0), m - max(offset, 0))))
    leading = (...,) if dims > 2 else ()
    return getitem(x, index=(*leading, rows + max(-offset, 0), rows + max(offset, 0)))


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a matrix's diagonal, as `numpy.trace(x)` or `x.trace()`; `tg.trace()` records source lines.

    >>> import tinygrad_edu as tg
    >>> np.trace(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    messages.check("trace", x, offset=offset)
    return sum_(diagonal(x, offset, axis1, axis2), axis=-1)


# fmt: off
def diagflat(x: Any, k: int = 0) -> Any: return diag(reshape(x, (-1,)), k)
def linalg_diagonal(x: Any, offset: int = 0) -> Any: return diagonal(x, offset, -2, -1)
def linalg_trace(x: Any, offset: int = 0) -> Any: return trace(x, offset, -2, -1)
# fmt: on


for function in (
    convolve, correlate, cross, diag, diagflat, diagonal, dot, inner, kron, matvec, outer, tensordot, trace, vdot,
    vecdot,
):  # fmt: skip
    if hasattr(np, function.__name__):  # matvec is NumPy's from 2.2 on
        dispatch(function, getattr(np, function.__name__))
for function in (cross, outer, tensordot, vecdot):
    dispatch(function, getattr(np.linalg, function.__name__))
dispatch(linalg_diagonal, np.linalg.diagonal)
dispatch(linalg_trace, np.linalg.trace)
