"""NumPy's protocols: how NumPy's own functions, called on a node, find their rows of the table.

Functions whose result has no gradient, such as comparisons, `isnan` or `argmax`, give plain arrays.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError
from . import messages, primitives
from .masks import ANSWERS, answered
from .node import Node, number_of, shape_of
from .primitives.primitive import BY_NUMPY, Primitive
from .primitives.shape import reshape

__all__ = ["call_function", "call_ufunc"]

OF_BOOLS = {
    np.bitwise_and: np.logical_and,
    np.bitwise_or: np.logical_or,
    np.bitwise_xor: np.logical_xor,
    np.invert: np.logical_not,
}
"""What `&`, `|`, `^` and `~` mean for an array and a node that both hold bools."""

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
"""Functions that answer a question about numbers: they are called on the plain arrays."""

TAKES_NUMBERS: dict[Any, int] = {np.unique: 0, np.bincount: 1, np.full_like: 1}
"""Those of them that put numbers into their answer, so that a gradient would be lost: from this argument on."""


def _numbers_of(x: Any) -> Any:
    """Nodes replaced by their numbers, also inside lists, tuples and dicts."""
    if isinstance(x, Node):
        return number_of(x)
    if isinstance(x, (list, tuple)):
        return type(x)(map(_numbers_of, x)) if not hasattr(x, "_fields") else x
    if isinstance(x, dict):
        return {key: _numbers_of(value) for key, value in x.items()}
    return x


def call_ufunc(ufunc: Any, method: str, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`numpy.exp(node)` and its like."""
    if options.get("out") is not None:
        raise _no_out(ufunc)
    if ufunc in OF_BOOLS and all(np.result_type(number_of(x)) == np.bool_ for x in operands):
        ufunc = OF_BOOLS[ufunc]
    if ufunc in NO_GRADIENT:
        answer = _plain_answer(ufunc if method == "__call__" else getattr(ufunc, method), ufunc, operands, options)
        comparison = ANSWERS.get(ufunc) if method == "__call__" and not options else None
        return answer if comparison is None else answered(answer, comparison, *operands)
    row: Callable[..., Any] | None = BY_NUMPY.get(ufunc) or ANSWERS.get(ufunc)
    if method == "outer" and row is not None:  # x gets an axis of size one for each axis of y
        x, y = operands
        return row(reshape(x, shape_of(x) + (1,) * len(shape_of(y))), y, **options)
    if method in METHODS:
        options = {"axis": 0, **{k: v for k, v in options.items() if v is not None or k == "axis"}}
        row = BY_NUMPY.get(METHODS[method].get(ufunc))
    if row is None or method not in ("__call__", *METHODS):
        raise _unknown(ufunc, method)
    return _call(row, ufunc, operands, options)


def call_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`numpy.sum(node)` and its like."""
    if function in NO_GRADIENT:
        if function in TAKES_NUMBERS:
            for x in (*args, *kwargs.values())[TAKES_NUMBERS[function] :]:
                if isinstance(x, Node):
                    messages.leaving(x, full_name(function), refused=True)
        return _plain_answer(function, function, args, kwargs)
    row = BY_NUMPY.get(function) or primitives.BY_NUMPY.get(function)  # the latter has the families that few need, too
    if row is None:
        raise _unknown(function)
    return _call(row, function, args, kwargs)


def _plain_answer(call: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return call(*_numbers_of(args), **_numbers_of(kwargs))
    except (TypeError, ValueError) as error:
        elementwise = isinstance(function, np.ufunc)
        raise messages.refused(full_name(function), args if elementwise else args[:1], {}, error, elementwise) from None


def _call(row: Callable[..., Any], function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if options:
        if options.pop("out", None) is not None:
            raise _no_out(function)
        options = {name: option for name, option in options.items() if option is not np._NoValue}
        known = _options(row)
        unknown = [name for name in options if name not in known and not _by_default(function, name, options[name])]
        options = {name: option for name, option in options.items() if name in known}
        if unknown:
            takes = messages.listed(known) if known else "no options"
            raise DtypeError(
                f"{full_name(function)} on a node takes {takes}, not {messages.listed(unknown)}; call it without, "
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
    """The names of all parameters of a function of the table but the first."""
    if isinstance(row, Primitive):
        return list(row.attrs)
    return [p.name for p in [*inspect.signature(row).parameters.values()][1:] if p.kind != p.VAR_POSITIONAL]


def _by_default(function: Any, name: str, option: Any) -> bool:
    """Whether an option of NumPy's function says what NumPy does without it, such as `dtype=None`."""
    if isinstance(function, np.ufunc):
        return name in UFUNC_DEFAULTS and isinstance(option, (str, bool, type(None))) and option == UFUNC_DEFAULTS[name]
    try:
        parameter = inspect.signature(function).parameters.get(name)
    except ValueError:  # older NumPy does not tell the options of `concatenate` and its like
        return option is None
    return parameter is not None and option is parameter.default


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
        "or write `a = a + x` for `a += x`; .data of the operands are plain arrays"
    )


def _unknown(function: Any, method: str = "__call__") -> DtypeError:
    name = full_name(function)
    if method != "__call__":
        way_out = _METHODS_INSTEAD.get(method, "call the function itself").format(name)
        return DtypeError(
            f"{name}.{method} is not recorded{', though ' + name + ' is' if function in BY_NUMPY else ''}; {way_out}"
        )
    way_out = INSTEAD.get(name.removeprefix("np.")) or next(
        (INSTEAD[room] for room in name.split(".") if room in INSTEAD), ""
    )
    if not way_out:
        import difflib  # which is needed here alone

        known = sorted({f.__name__ for f in primitives.BY_NUMPY})
        near = difflib.get_close_matches(function.__name__, known, 3, cutoff=0.7)
        way_out = f"near it are {', '.join(near)}; " if near else ""
        way_out += "where no gradient is wanted, .data is the plain array"
    return DtypeError(f"{name} is not in the table of primitives, so it is not recorded; {way_out}")


OF_DATA = "it has no derivative: .data is the plain array"
REAL_ONLY = "complex numbers are out of scope here, and so is what is made of them; keep real and imaginary parts apart"

# fmt: off
INSTEAD = {
    name: way_out
    for names, way_out in {
        # Elementwise.
        "fix": "take np.trunc, which gives the same",
        "modf divmod": "take x - np.floor(x.data) for the fraction",
        "ldexp": "take x * 2.0 ** n",
        "heaviside": "take tg.where(x > 0, 1.0, 0.0), whose derivative is 0",
        "unwrap": "take x + (np.unwrap(x.data) - x.data): what is added is constant",
        "i0": "its derivative is not in the table; compute with its series",
        "poly polyadd polymul polyval polyder polyint polyfit polydiv polysub roots polynomial":
            "write the polynomial as a sum, such as sum(c * x**n for n, c in enumerate(coefficients))",
        # Sums, means and order.
        "nanmax nanmin nanvar nanstd nanmedian nanquantile nanpercentile": "call it without `nan` on x[~np.isnan(x)]",
        "nanprod nancumsum nancumprod": "call it without `nan` on tg.where(np.isnan(x), 0, x), or with 1 for products",
        "cumulative_sum": "take np.cumsum",
        "cumulative_prod": "take np.cumprod",
        "ediff1d": "take x[1:] - x[:-1]",
        "corrcoef": "center the rows, divide them by their norms, and take x @ x.T",
        # Shapes, choosing and changing.
        "choose compress extract piecewise": "take indexing, x[index], or tg.where",
        "put place putmask copyto fill_diagonal put_along_axis":
            "build a new tensor with tg.where, tg.scatter or tg.concatenate, or assign x[index] = ... in tg.no_grad()",
        "resize": "take tg.tile and tg.reshape",
        "trim_zeros": "take indexing, x[begin:end]",
        "stride_tricks": "index with an array of places, such as x[np.arange(n)[:, None] + np.arange(k)]",
        "apply_along_axis apply_over_axes": "write the function for whole arrays, or tg.stack the results",
        "tril_indices_from triu_indices_from diag_indices_from": "call it with x.data",
        "linspace logspace geomspace": "take start + (stop - start) * np.linspace(0, 1, n), and 10 ** or exp of it",
        "vander": "take x[:, None] ** np.arange(n)",
        # Linear algebra.
        "vecmat": "take tg.matvec of the matrix with its axes swapped",
        "asmatrix bmat": "take tensors of two axes, np.block and @",
        "linalg.lstsq": "take tg.pinv(a) @ b, which is its solution",
        "linalg.qr": "take r = tg.cholesky(x.T @ x).T and q = x @ tg.inv(r), the same up to signs",
        "linalg.cond": "take s[0] / s[-1] with s = tg.svdvals(x)",
        "linalg.eig linalg.eigvals": "take tg.eigh for symmetric matrices; the eigenvalues of others are complex",
        "linalg.tensorsolve linalg.tensorinv": "take tg.reshape, then tg.solve or tg.inv",
        "fft real imag conj conjugate angle real_if_close sort_complex iscomplex": REAL_ONLY,
        # What has no derivative.
        "hamming hanning blackman bartlett kaiser": "it makes a constant: give it a plain number",
        "savez_compressed": "tg.save writes tensors",
        "histogram histogram2d histogramdd histogram_bin_edges digitize argpartition lexsort argwhere": OF_DATA,
        "flatnonzero isin intersect1d union1d setdiff1d setxor1d unique_values unique_counts unique_all": OF_DATA,
        "unique_inverse array_equiv isposinf isneginf spacing nextafter frexp packbits unpackbits": OF_DATA,
        "bitwise_and bitwise_or bitwise_xor invert left_shift right_shift bitwise_count gcd lcm": OF_DATA,
        "nanargmax nanargmin linalg.matrix_rank busday_count busday_offset is_busday isnat": OF_DATA,
        "unravel_index ravel_multi_index ix_ can_cast common_type min_scalar_type isrealobj einsum_path": OF_DATA,
        "datetime_as_string": OF_DATA,
    }.items()
    for name in names.split()
}
# fmt: on
"""What to use instead of functions of NumPy that are not recorded, or of whole modules of them, such as `fft`."""

UFUNC_DEFAULTS: dict[str, Any] = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True}
"""What a ufunc does where these options are left out."""

METHODS: dict[str, dict[Any, Any]] = {
    "reduce": {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min},
    "accumulate": {np.add: np.cumsum, np.multiply: np.cumprod},
}
"""The functions that `ufunc.reduce` and `ufunc.accumulate` stand for, by ufunc."""

_METHODS_INSTEAD = {
    "reduce": "write functools.reduce({0}, x), which goes through the first axis",
    "accumulate": "write tg.stack(list(itertools.accumulate(x, {0}))), which goes through the first axis",
    "reduceat": "cut x with tg.split, and reduce each part",
    "at": "tg.scatter adds numbers at places, and tg.where chooses: both make a new tensor",
    "outer": "write {0}(x[:, None], y)",
}
