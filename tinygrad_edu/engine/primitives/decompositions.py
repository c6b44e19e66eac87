"""The rows of `numpy.linalg`: inverses, determinants and decompositions of matrices, or of stacks of them.

The rules are those of M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), written in products of matrices, so that they record; where they are of another source, it is
named. A decomposition into several arrays is one row that gives them side by side, and a function that parts them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import reduce
from math import inf
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from ..blas import one_thread
from ..messages import check, in_words, is_whole, one_of, refused
from ..node import Node, number_of, shape_of
from .elementwise import abs_, where
from .linear_algebra import matmul, tril
from .primitive import Primitive, dispatch
from .reductions import max_, min_, norm, sum_
from .rows import primitive
from .shape import expand_dims, moveaxis, sequence, squeeze, swapaxes

__all__ = [
    "cholesky", "det", "eigh", "eigvalsh", "inv", "matrix_norm", "matrix_power", "multi_dot", "pinv",
    "slogdet", "solve", "svd", "svdvals",
]  # fmt: skip


def linalg(*rules: Callable[..., Any], **rest: Any) -> Callable[..., Primitive]:
    """Make a row whose function and rules compute on one thread: those of LAPACK, too, wait for the last of them."""
    return lambda arrays: primitive(*map(one_thread(), rules), **rest)(one_thread()(arrays))


SlogdetResult = namedtuple("SlogdetResult", "sign logabsdet")
EighResult = namedtuple("EighResult", "eigenvalues eigenvectors")
SVDResult = namedtuple("SVDResult", "U S Vh")


def _t(x: Any) -> Any:
    """The transposed matrices."""
    return swapaxes(x, -1, -2)


def _scaled(x: Any, by: Any) -> Any:
    """The columns of matrices times the numbers of a vector: x @ diag(by)."""
    return x * expand_dims(by, -2)


def _number(x: Any) -> Any:
    """A number for each matrix as a matrix of one number, to multiply matrices with."""
    return expand_dims(x, (-1, -2))


def _eye(x: Any) -> Any:
    return np.eye(x.shape[-1], dtype=x.dtype)


@linalg(lambda g, out, x: -(_t(out) @ g @ _t(out)), words=("−{out}ᵀ {g} {out}ᵀ",), numpy=[np.linalg.inv])
def inv(x: Any) -> Any:
    """The inverse of square matrices (..., n, n). To solve equations, `tg.solve` is quicker and more exact.

    Raises `ShapeError` for a matrix that has none.

    >>> import tinygrad_edu as tg
    >>> tg.inv(tg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return np.linalg.inv(x)


def _solve_by_right(g: Any, out: Any, a: Any, b: Any) -> Any:
    return squeeze(solve(_t(a), expand_dims(g, -1)), -1) if b.ndim == 1 else solve(_t(a), g)


def _solve_by_left(g: Any, out: Any, a: Any, b: Any) -> Any:
    g = _solve_by_right(g, out, a, b)
    return -(expand_dims(g, -1) * expand_dims(out, -2) if b.ndim == 1 else g @ _t(out))


@linalg(_solve_by_left, _solve_by_right, words=("−{x}⁻ᵀ {g} {out}ᵀ", "{x}⁻ᵀ {g}"), numpy=[np.linalg.solve])
def solve(a: Any, b: Any) -> Any:
    """The x for which a @ x is b: a (..., n, n), and b one vector (n,) or matrices (..., n, k).

    Raises `ShapeError` where there is not exactly one; `tg.pinv(a) @ b` is the one of least squares.

    >>> import tinygrad_edu as tg
    >>> tg.solve(tg.tensor([[2.0, 0.0], [0.0, 4.0]]), tg.tensor([1.0, 1.0]))
    tensor([0.5 , 0.25])
    """
    return np.linalg.solve(a, b)


@linalg(lambda g, out, x: _number(g) * cofactors(x), words=("{g} ⊙ cof({x})",), numpy=[np.linalg.det])
def det(x: Any) -> Any:
    """The determinant of square matrices (..., n, n): (...). Its derivative is right for singular matrices, too.

    >>> import tinygrad_edu as tg
    >>> tg.det(tg.tensor([[1.0, 2.0], [3.0, 4.0]])).data.round(4)
    np.float32(-2.0)
    """
    return np.linalg.det(x)


def _cofactors_rule(g: Any, out: Any, x: Any) -> Any:
    """The rule of det(x)·inv(x)ᵀ; it needs the inverse."""
    y = _t(inv(x))
    return y * _number(sum_(g * out, axis=(-2, -1))) - y @ _t(g) @ out


@linalg(_cofactors_rule, words=("{x}⁻ᵀ (I tr({g}ᵀ {out}) − {g}ᵀ {out})",))
def cofactors(x: Any) -> Any:
    """The derivative of the determinant by each number of x: det(x)·inv(x)ᵀ, also where there is no inverse."""
    u, s, v = np.linalg.svd(x)
    others = np.where(_eye(x) == 1, 1, s[..., None, :]).prod(-1)  # for each singular value the product of the others
    return (u * (others * _number(np.linalg.det(u) * np.linalg.det(v))[..., 0])[..., None, :]) @ v


@linalg(lambda g, out, x: _number(g) * _t(inv(x)), words=("{g} ⊙ {x}⁻ᵀ",), name="slogdet")
def _logabsdet(x: Any) -> Any:
    """log |det x|, which does not overflow."""
    return np.linalg.slogdet(x)[1]


def slogdet(x: Any) -> SlogdetResult:
    """The sign of the determinant, a plain array of 1, -1 and 0, and log |det x|, which does not overflow.

    >>> import tinygrad_edu as tg
    >>> sign, logabsdet = tg.slogdet(tg.tensor([[2.0, 0.0], [0.0, 0.5]]))
    >>> float(sign), logabsdet
    (1.0, tensor(0.))
    """
    return SlogdetResult(_plainly("slogdet", np.linalg.slogdet, x)[0], _logabsdet(x))


def _plainly(name: str, function: Any, x: Any) -> Any:
    try:
        with one_thread():
            return function(number_of(x))
    except (TypeError, ValueError) as error:
        raise refused(name, [x], {}, error) from None


def _cholesky_rule(g: Any, out: Any, x: Any) -> Any:
    """I. Murray, "Differentiation of the Cholesky decomposition" (2016); symmetric, as in PyTorch."""
    m, back = _t(out) @ g, inv(out)
    half = _t(back) @ (tril(m) + tril(m, -1)) @ back * 0.5
    return (half + _t(half)) * 0.5


@linalg(_cholesky_rule, words=("sym({out}⁻ᵀ Φ({out}ᵀ {g}) {out}⁻¹)",), numpy=[np.linalg.cholesky])
def cholesky(x: Any) -> Any:
    """The lower triangle L for which L @ Lᵀ is x, of symmetric positive definite matrices (..., n, n).

    Raises `ShapeError` for a matrix that is not positive definite.

    >>> import tinygrad_edu as tg
    >>> tg.cholesky(tg.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return np.linalg.cholesky(x)


def _over(x: Any, gap: Any) -> Any:
    """x / gap, and 0 where both are 0: equal eigenvalues harm only those who ask how their vectors turn."""
    return x / where((x == 0) & (gap == 0), 1.0, gap)


def _between(x: Any, values: Any) -> Any:
    """x, without its diagonal, over the differences of each two of the values."""
    return _over(x * (1.0 - _eye(x)), expand_dims(values, -2) - expand_dims(values, -1))


def _eigh_rule(g: Any, out: Any, x: Any, UPLO: Any) -> Any:
    w, v, g_w, g_v = out[..., 0], _t(out[..., 1:]), g[..., 0], _t(g[..., 1:])
    return (_scaled(v, g_w) + v @ _between(_t(v) @ g_v, w)) @ _t(v)


@linalg(_eigh_rule, words=("V (diag g_λ + F ⊙ Vᵀ g_V) Vᵀ",), name="eigh")
def _eigh(x: Any, UPLO: Any = "L") -> Any:
    """Row by row an eigenvalue, and its vector."""
    w, v = np.linalg.eigh(x, UPLO)
    return np.concatenate([w[..., None], _t(v)], axis=-1)


def eigh(x: Any, UPLO: Any = "L") -> EighResult:
    """The eigenvalues (..., n), in ascending order, and eigenvectors, as columns, of symmetric matrices (..., n, n).

    Only one triangle is looked at, the lower one unless `UPLO` is "U". The gradient, as in
    PyTorch, tells how the result changes when both triangles change alike: where x comes from a matrix that is not
    symmetric, take (x + x.T) / 2. For the vectors it is infinite or nan where eigenvalues are equal.

    In the rule on arrows, x = V diag(λ) Vᵀ, and F has 1 / (λⱼ − λᵢ) off its diagonal, which is 0.

    >>> import tinygrad_edu as tg
    >>> tg.eigh(tg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    one_of(("L", "U"), "eigh", UPLO=UPLO)
    out = _eigh(x, UPLO)
    return EighResult(out[..., 0], _t(out[..., 1:]))


def eigvalsh(x: Any, UPLO: Any = "L") -> Any:
    """The eigenvalues of symmetric matrices, as `eigh` has them.

    >>> import tinygrad_edu as tg
    >>> tg.eigvalsh(tg.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])
    """
    return eigh(x, UPLO).eigenvalues


def _svd_rule(g: Any, out: Any, x: Any) -> Any:
    """J. Townsend, "Differentiating the singular value decomposition" (2016)."""
    m = x.shape[-2]
    u, s, v = _svd_parts(out, m)
    g_u, g_s, g_v = _svd_parts(g, m)
    turn_u, turn_v = _t(u) @ g_u, _t(v) @ g_v
    turn_u, turn_v = _between(turn_u - _t(turn_u), s * s), _between(turn_v - _t(turn_v), s * s)
    inner = u @ (_scaled(turn_u, s) + _t(_scaled(_t(turn_v), s)) + expand_dims(g_s, -2) * _eye(turn_u)) @ _t(v)
    if m > s.shape[-1]:
        inner = inner + _over(g_u - u @ (_t(u) @ g_u), expand_dims(s, -2)) @ _t(v)
    if v.shape[-2] > s.shape[-1]:
        inner = inner + u @ _t(_over(g_v - v @ (_t(v) @ g_v), expand_dims(s, -2)))
    return inner


def _svd_parts(out: Any, m: int) -> tuple[Any, Any, Any]:
    """The left vectors as columns, the singular values, the right vectors as columns."""
    return _t(out[..., :m]), out[..., m], _t(out[..., m + 1 :])


@linalg(_svd_rule, words=("U (J_U S + S J_V + diag g_σ) Vᵀ",), name="svd")
def _svd(x: Any) -> Any:
    """Row by row a left vector, its singular value, and its right vector."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([_t(u), s[..., None], vt], axis=-1)


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U (..., m, k), the singular values S (..., k) in descending order, and Vᵀ (..., k, n): x is U @ diag(S) @ Vᵀ.

    k is the smaller one of m and n; the rest of the vectors, which NumPy's `full_matrices` adds, has no derivative.
    The gradient of the vectors is infinite or nan where singular values are equal, as in PyTorch.

    In the rule on arrows, U and V are square, with all vectors, J_U = F ⊙ (Uᵀ g_U − g_Uᵀ U),
    J_V = F ⊙ (Vᵀ g_V − g_Vᵀ V), and F has 1 / (σⱼ² − σᵢ²) off its diagonal, which is 0.

    Raises `ShapeError` for `full_matrices` where m and n differ.

    >>> import tinygrad_edu as tg
    >>> tg.svd(tg.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    out = _svd(x)
    m, n = shape_of(x)[-2:]
    if full_matrices and compute_uv and m != n:
        raise ShapeError(f"svd: of {in_words(x)} not all vectors have derivatives; write full_matrices=False")
    u, s, v = _svd_parts(out, m)
    return SVDResult(u, s, _t(v)) if compute_uv else s


def svdvals(x: Any) -> Any:
    """The singular values of matrices, in descending order.

    >>> import tinygrad_edu as tg
    >>> tg.svdvals(tg.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor([4., 3.])
    """
    return svd(x, compute_uv=False)


def _pinv_rule(g: Any, out: Any, x: Any, rcond: float | None) -> Any:
    """G. Golub and V. Pereyra, "The differentiation of pseudo-inverses" (1973); the rank must not change."""
    p, g = out, _t(g)
    return (g - x @ (p @ g)) @ p @ _t(p) + _t(p) @ p @ (g - (g @ p) @ x) - _t(p) @ _t(g) @ _t(p)


@linalg(_pinv_rule, words=("(I−AP) {g}ᵀ PPᵀ + PᵀP {g}ᵀ (I−PA) − Pᵀ {g} Pᵀ",), numpy=[np.linalg.pinv])
def pinv(x: Any, rcond: float | None = None) -> Any:
    """The pseudo-inverse (..., n, m) of matrices (..., m, n); `tg.pinv(a) @ b` solves by least squares.

    In the rule on arrows, A is the matrix and P its pseudo-inverse.

    >>> import tinygrad_edu as tg
    >>> tg.pinv(tg.tensor([[2.0], [0.0]])).data.round(4)
    array([[0.5, 0. ]], dtype=float32)
    """
    return np.linalg.pinv(x, rcond)


def matrix_power(x: Any, n: int) -> Any:
    """A square matrix multiplied n times with itself, in few products; of its inverse where n is negative.

    >>> import tinygrad_edu as tg
    >>> tg.matrix_power(tg.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    check("matrix_power", x)
    x = x if isinstance(x, Node) else np.asarray(x)
    shape = shape_of(x)
    if not is_whole(n):
        raise DtypeError(f"matrix_power: n is a whole number, not {type(n).__name__} {n!r}")
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"matrix_power: {in_words(x)} is no square matrix")
    if n < 0:
        return matrix_power(inv(x), -n)
    if n < 2:  # of power 0 it is so whatever x holds, and x is part of the graph
        return (x if n else where(True, _eye(x), x)) * 1.0
    half = matrix_power(x, n // 2)
    return matmul(matmul(half, half), x) if n % 2 else matmul(half, half)


def multi_dot(arrays: Sequence[Any]) -> Any:
    """The product of matrices, from left to right; the first and the last may be vectors.

    >>> import tinygrad_edu as tg
    >>> tg.multi_dot([tg.ones((2, 3)), tg.ones((3, 4)), tg.ones(4)])
    tensor([12., 12.])
    """
    return reduce(matmul, sequence("multi_dot", arrays))


def matrix_norm(x: Any, ord: Any = "fro", axis: Any = (-2, -1), keepdims: bool = False) -> Any:
    """A norm of matrices, which lie along two axes.

    Parameters
    ----------
    ord : "fro", √Σx²; "nuc", the sum of the singular values; 2 and -2, the largest and the smallest of them; 1 and -1,
        the largest and the smallest sum of absolute values of a column; inf and -inf, of a row.

    Raises `DtypeError` for another `ord`.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[3.0, 0.0], [0.0, -4.0]])
    >>> tg.matrix_norm(x), tg.matrix_norm(x, "nuc"), tg.matrix_norm(x, 2), tg.matrix_norm(x, 1)
    (tensor(5.), tensor(7.), tensor(4.), tensor(4.))
    """
    check("matrix_norm", x, axis=axis)
    if ord not in ("fro", "nuc", 1, -1, 2, -2, inf, -inf):
        raise DtypeError(f"matrix_norm: ord={ord!r} is not known; use 'fro', 'nuc', 1, -1, 2, -2, inf or -inf")
    x = moveaxis(x, axis, (-2, -1))
    if ord == "fro":
        out = norm(x, axis=(-2, -1))
    elif ord == "nuc":
        out = sum_(svdvals(x), axis=-1)
    else:
        lengths = svdvals(x) if abs(ord) == 2 else sum_(abs_(x), axis=-2 if abs(ord) == 1 else -1)
        largest = max_ if shape_of(lengths)[-1] else sum_  # the largest of no lengths is 0
        out = (largest if ord > 0 else min_)(lengths, axis=-1)
    return expand_dims(out, tuple(sorted(a % len(shape_of(x)) for a in axis))) if keepdims else out


def linalg_norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`numpy.linalg.norm`: of matrices where there are two axes and an `ord`, else of vectors."""
    axes = axis if axis is not None or ord is None else tuple(range(len(shape_of(x))))
    if isinstance(axes, (tuple, list)) and len(axes) == 2:
        return matrix_norm(x, "fro" if ord is None else ord, tuple(axes), keepdims)
    return norm(x, 2 if ord is None else ord, axis, keepdims)


# fmt: off
def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return norm(x, ord, axis, keepdims)
def linalg_matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    return matrix_norm(x, ord, keepdims=keepdims)
def matrix_transpose(x: Any) -> Any: return swapaxes(x, -1, -2)
# fmt: on


dispatch(slogdet, np.linalg.slogdet)
dispatch(eigh, np.linalg.eigh)
dispatch(eigvalsh, np.linalg.eigvalsh)
dispatch(svd, np.linalg.svd)
dispatch(svdvals, np.linalg.svdvals)
dispatch(matrix_power, np.linalg.matrix_power)
dispatch(multi_dot, np.linalg.multi_dot)
dispatch(linalg_norm, np.linalg.norm)
dispatch(vector_norm, np.linalg.vector_norm)
dispatch(linalg_matrix_norm, np.linalg.matrix_norm)
dispatch(matrix_transpose, np.matrix_transpose, np.linalg.matrix_transpose)
