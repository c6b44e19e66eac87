"""`CASES`: one case for each row of the table, and for each public function that is made of rows.

A test that goes through `CASES` goes through everything that the engine can differentiate. A row that is added to the
table without a case is found by a test of the project.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ...engine import primitives
from ...engine.primitives import (
    TABLE,
    decompositions,
    einsum,
    fused,
    indexing,
    joining,
    linear_algebra,
    reductions,
    shape,
    statistics,
)
from ..strategies import Domain, Shape, axes, indices
from . import attrs, images, references
from .arrangements import (
    AFFINE,
    ANY,
    ATTENTION,
    EQUATIONS,
    MATRIX_AND_VECTOR,
    PRODUCT,
    SCALARS,
    SQUARE,
    THREES,
    TWICE,
    TWO,
    TWO_ROWS,
    TWO_VECTORS,
    VECTORS,
    Arrangement,
    alike,
    broadcast,
    one,
    sequence,
)  # fmt: skip
from .attrs import Attrs, each
from .case import BOOLS, POSITIVE, Case

__all__ = ["CASES"]


def row(name: str, reference: Callable[..., Any], arrangement: Arrangement, *rest: Any, **more: Any) -> Case:
    """The case of a row that is called as it is."""
    return Case(name, TABLE[name], reference, arrangement, *rest, **more)


def elementwise(
    name: str, reference: Callable[..., Any], n: int = 1, domains: Sequence[Domain | None] = (), **more: Any
) -> Case:
    """The case of an elementwise row of `n` operands; those without a domain here are drawn from the row's own."""
    return row(name, reference, one() if n == 1 else broadcast(n), domains=(*domains, TABLE[name].domain), **more)


def at_maxima(name: str) -> Callable[..., Any]:
    """A row that takes, as its third operand, what max pooling has found."""
    return lambda g, x, **window: TABLE[name](g, x, TABLE["max_pool"](x, **window), **window)


def has_spread(sizes: tuple[Shape, ...], attrs: Attrs) -> bool:
    """Whether a variance is taken over at least two numbers; that of one number is 0, or undefined."""
    return all(reductions.count(size, attrs["axis"]) >= 2 for size in sizes)


keepdims = {"keepdims": lambda x: st.booleans()}
reduction = each(axis=axes, **keepdims)
spread = each(axis=axes, **keepdims, ddof=lambda x: st.integers(0, 1))
orders = each(axis=axes, **keepdims, ord=lambda x: st.sampled_from([1, 2, "fro", 3, math.inf, -math.inf]))
axis_or_none = each(axis=lambda x: axes(x, several=False))


def one_of(x: Shape) -> st.SearchStrategy[Any]:
    """One axis."""
    return axes(x, several=False, everything=False)


one_axis = each(axis=one_of)
two_axes = each(axis1=lambda x: axes(x, False, False), axis2=lambda x: axes(x, False, False))
new_axis = each(axis=lambda *sizes: st.integers(-len(sizes[0]) - 1, len(sizes[0])))
shares = each(axis=axes, **keepdims, q=lambda x: st.sampled_from([0, 0.3, 1.0, [0.25, 0.5]]))
diagonal = each(k=lambda x: st.integers(-2, 2))
modes = each(mode=lambda *sizes: st.sampled_from(["full", "same", "valid"]))
matrix_norms = each(ord=lambda x: st.sampled_from(["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf]), **keepdims)


def of_settled(
    name: str, ours: Callable[..., Any], numpys: Callable[..., Any], how: Callable[..., Any] = references.settled,
    arrangement: Arrangement = SQUARE, *rest: Any, **more: Any,
) -> Case:  # fmt: skip
    """The case of a function of matrices, the first operand, that are made ready by `how`."""
    ours_of, numpys_of = ((lambda x, *y, f=f, **o: f(how(x), *y, **o)) for f in (ours, numpys))
    return Case(name, ours_of, numpys_of, arrangement, *rest, **more)


WHOLE, HALVES = range(-3, 4), [n + 0.5 for n in range(-3, 3)]
"""Where `floor` and its like step, and where `rint` does."""

NO_STEP = [(-2.9, -2.7), (1.0, 1.3)]
"""Domains of x and y in which ⌊x / y⌋ stays the same, and is not what is left when the fraction is cut off."""

# Read a line as: name, (our function,) the reference in NumPy, the shapes of the operands, the attributes.
# fmt: off
LINES = [
    # Arithmetic.
    elementwise("add", np.add, 2),
    elementwise("subtract", np.subtract, 2),
    elementwise("multiply", np.multiply, 2),
    elementwise("divide", np.divide, 2, kinks=(0,)),
    elementwise("negative", np.negative),
    elementwise("power", np.power, 2, [POSITIVE]),
    # Elementwise.
    elementwise("identity", np.positive),
    elementwise("exp", np.exp),
    elementwise("expm1", np.expm1),
    elementwise("log", np.log),
    elementwise("log1p", np.log1p),
    elementwise("sqrt", np.sqrt),
    elementwise("square", np.square),
    elementwise("sin", np.sin),
    elementwise("cos", np.cos),
    elementwise("tan", np.tan),
    elementwise("arcsin", np.arcsin),
    elementwise("arccos", np.arccos),
    elementwise("arctan", np.arctan),
    elementwise("sinh", np.sinh),
    elementwise("cosh", np.cosh),
    elementwise("tanh", np.tanh),
    elementwise("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    elementwise("softplus", lambda x: np.log(1 + np.exp(x))),
    elementwise("log2", np.log2),
    elementwise("log10", np.log10),
    elementwise("exp2", np.exp2),
    elementwise("cbrt", np.cbrt, kinks=(0,)),
    elementwise("reciprocal", np.reciprocal, kinks=(0,)),
    elementwise("arcsinh", np.arcsinh),
    elementwise("arccosh", np.arccosh),
    elementwise("arctanh", np.arctanh),
    elementwise("sinc", np.sinc),
    elementwise("deg2rad", np.deg2rad),
    elementwise("rad2deg", np.rad2deg),
    elementwise("arctan2", np.arctan2, 2, kinks=(0,)),
    elementwise("hypot", np.hypot, 2, kinks=(0,)),
    elementwise("logaddexp", np.logaddexp, 2),
    elementwise("logaddexp2", np.logaddexp2, 2),
    elementwise("erf", np.vectorize(math.erf, otypes=[float])),
    elementwise("relu", lambda x: x * (x > 0), kinks=(0,)),
    elementwise("abs", np.abs, kinks=(0,)),
    elementwise("sign", np.sign, kinks=(0,)),
    elementwise("maximum", np.maximum, 2, ties=True),
    elementwise("minimum", np.minimum, 2, ties=True),
    elementwise("fmax", np.fmax, 2, ties=True),
    elementwise("fmin", np.fmin, 2, ties=True),
    elementwise("copysign", np.copysign, 2, kinks=(0,)),
    elementwise("remainder", np.remainder, 2, NO_STEP),
    elementwise("floor_divide", np.floor_divide, 2, NO_STEP),
    elementwise("fmod", np.fmod, 2, NO_STEP),
    elementwise("floor", np.floor, kinks=WHOLE),
    elementwise("ceil", np.ceil, kinks=WHOLE),
    elementwise("trunc", np.trunc, kinks=WHOLE),
    elementwise("rint", np.rint, kinks=HALVES),
    elementwise("round", np.round, kinks=HALVES),
    elementwise("nan_to_num", np.nan_to_num),
    elementwise("where", np.where, 3, [BOOLS]),
    elementwise("elu", references.elu, attrs=each(alpha=lambda x: st.sampled_from([0.5, 1.0, 2.0])), kinks=(0,)),
    # By position, for NumPy 2.0 does not know the keywords.
    elementwise("clip", lambda x, min=None, max=None: np.clip(x, min, max), attrs=attrs.bounds, kinks=(-1, 1)),
    Case("clip between tensors", primitives.elementwise.clip, lambda x, low, high: np.minimum(np.maximum(x, low), high),
         broadcast(3), ties=True),
    # Reductions.
    row("sum", np.sum, one(), reduction),
    row("mean", np.mean, one(), reduction),
    row("prod", np.prod, one(), reduction),
    row("max", np.max, one(), reduction, ties=True),
    row("min", np.min, one(), reduction, ties=True),
    row("var", np.var, one(), spread, smooth=has_spread),
    row("std", np.std, one(), spread, smooth=has_spread, ties=True),
    row("logsumexp", references.logsumexp, one(), reduction),
    row("softmax", references.softmax, one(1), one_axis),
    row("norm2", references.norm, one(), reduction, kinks=(0,)),
    Case("norm", reductions.norm, references.norm, one(), orders, domains=(POSITIVE,), ties=True),
    row("cumsum", np.cumsum, one(), axis_or_none),
    row("cumprod", np.cumprod, one(), axis_or_none),
    # Samples.
    Case("sort", statistics.sort, np.sort, one(1), axis_or_none, ties=True),
    row("sort_by", references.sort_by, TWO_ROWS, each(axis=lambda h, x: one_of(x)), ties=True),
    row("unsort", references.unsort, TWO_ROWS, each(axis=lambda g, x: one_of(x)), ties=True),
    Case("partition", statistics.partition, np.partition, one(1), each(axis=one_of, kth=lambda x: st.just(0)),
         ties=True),
    Case("quantile", statistics.quantile, np.quantile, one(), shares, ties=True),
    Case("percentile", statistics.percentile, np.percentile, one(), shares, ties=True),
    Case("median", statistics.median, np.median, one(), reduction, ties=True),
    Case("ptp", statistics.ptp, np.ptp, one(), reduction, ties=True),
    Case("average", lambda x, w, **attrs: statistics.average(x, weights=w, **attrs),
         lambda x, w, **attrs: np.average(x, weights=w, **attrs), TWICE,
         each(axis=lambda x, w: axes(x), keepdims=lambda x, w: st.booleans()), domains=(POSITIVE,)),
    Case("nansum", statistics.nansum, np.nansum, one(), reduction),
    Case("nanmean", statistics.nanmean, np.nanmean, one(), reduction),
    Case("cov", statistics.cov, np.cov, one(2, 2), each(bias=lambda x: st.just(True))),
    Case("diff", statistics.diff, references.diff, one(1), attrs.differences),
    Case("trapezoid", statistics.trapezoid, np.trapezoid, one(1), each(axis=one_of, dx=lambda x: st.just(0.5))),
    Case("interp", statistics.interp, np.interp, one(),
         each(xp=lambda x: st.just([-4.0, 0.0, 4.0]), fp=lambda x: st.just([1.0, 3.0, 2.0])), kinks=(0,)),
    # Shapes.
    row("broadcast_to", np.broadcast_to, one(), each(shape=attrs.larger)),
    row("sum_to", references.sum_to, one(), each(shape=attrs.smaller)),
    row("reshape", lambda x, shape: np.reshape(x, shape), one(), each(shape=attrs.reshaped)),
    Case("flatten", shape.flatten, references.flatten, one(), attrs.flattened),
    row("transpose", np.transpose, one(), each(axes=attrs.reordered)),
    row("moveaxis", np.moveaxis, one(1), attrs.moves),
    row("swapaxes", np.swapaxes, one(1), two_axes),
    row("expand_dims", np.expand_dims, one(), attrs.new_axes),
    row("squeeze", np.squeeze, one(), attrs.squeezed),
    row("flip", np.flip, one(), each(axis=axes)),
    row("roll", np.roll, one(), attrs.rolls),
    Case("tile", shape.tile, np.tile, one(), each(reps=attrs.tiles)),
    Case("repeat", shape.repeat, np.repeat, one(), attrs.repeats),
    row("pad", references.pad, one(), attrs.pads),
    row("astype", np.ndarray.astype, one(), each(dtype=lambda x: st.just("float64"))),
    Case("concatenate", lambda *x, axis: shape.concatenate(x, axis), lambda *x, axis: np.concatenate(x, axis),
         alike(1), together=attrs.joined),
    Case("stack", lambda *x, axis: shape.stack(x, axis), lambda *x, axis: np.stack(x, axis), alike(), new_axis),
    Case("split", shape.split, np.split, one(1), attrs.cuts),
    Case("array_split", joining.array_split, np.array_split, one(1), attrs.parts),
    Case("hstack", lambda *x: joining.hstack(x), lambda *x: np.hstack(x), alike()),
    Case("vstack", lambda *x: joining.vstack(x), lambda *x: np.vstack(x), alike()),
    Case("dstack", lambda *x: joining.dstack(x), lambda *x: np.dstack(x), alike()),
    Case("column_stack", lambda *x: joining.column_stack(x), lambda *x: np.column_stack(x), alike()),
    Case("meshgrid", joining.meshgrid, np.meshgrid, VECTORS, each(indexing=lambda *x: st.sampled_from(["xy", "ij"]))),
    Case("rot90", joining.rot90, np.rot90, one(2), each(k=lambda x: st.integers(-1, 4))),
    # Picking numbers out.
    row("getitem", lambda x, index: x[index], one(), each(index=indices)),
    row("scatter", references.scatter, one(), together=attrs.scattered),
    Case("take_along_axis", indexing.take_along_axis, np.take_along_axis, one(1), attrs.taken),
    Case("take", shape.take, np.take, one(1), attrs.picks),
    Case("diag", linear_algebra.diag, np.diag, one(1, 2), diagonal),
    Case("diagonal", linear_algebra.diagonal, np.diagonal, one(2, 3), attrs.matrix_axes),
    # Linear algebra.
    row("matmul", np.matmul, PRODUCT),
    Case("outer", linear_algebra.outer, np.outer, TWO),
    Case("einsum", lambda *x, subscripts: einsum.einsum(subscripts, *x),
         lambda *x, subscripts: np.einsum(subscripts, *x), ANY, attrs.subscripts),
    row("dot", references.sum_of_products, SCALARS),
    row("tril", np.tril, one(2), diagonal),
    row("triu", np.triu, one(2), diagonal),
    Case("trace", np.trace, np.trace, one(2, 3), attrs.matrix_axes),
    Case("tensordot", linear_algebra.tensordot, np.tensordot, TWO, together=attrs.contracted),
    Case("inner", linear_algebra.inner, np.inner, TWO_ROWS),
    Case("vdot", linear_algebra.vdot, np.vdot, TWO_ROWS),
    Case("vecdot", linear_algebra.vecdot, np.vecdot, TWO_ROWS),
    Case("matvec", linear_algebra.matvec, lambda x, y: (x @ y[..., None])[..., 0], MATRIX_AND_VECTOR),
    Case("kron", linear_algebra.kron, np.kron, TWO),
    Case("cross", linear_algebra.cross, np.cross, THREES),
    Case("convolve", linear_algebra.convolve, np.convolve, TWO_VECTORS, modes),
    Case("correlate", linear_algebra.correlate, np.correlate, TWO_VECTORS, modes),
    of_settled("inv", decompositions.inv, np.linalg.inv),
    of_settled("solve", decompositions.solve, np.linalg.solve, arrangement=EQUATIONS),
    of_settled("det", decompositions.det, np.linalg.det),
    of_settled("cofactors", decompositions.cofactors, references.cofactors),
    of_settled("slogdet", lambda x: decompositions.slogdet(x)[1], lambda x: np.linalg.slogdet(x)[1]),
    of_settled("cholesky", decompositions.cholesky, np.linalg.cholesky, references.symmetric),
    of_settled("eigh", lambda x: [*decompositions.eigh(x)], lambda x: [*np.linalg.eigh(x)], references.symmetric),
    of_settled("eigvalsh", decompositions.eigvalsh, np.linalg.eigvalsh, references.symmetric),
    of_settled("svd", lambda x: [*decompositions.svd(x, False)], lambda x: [*np.linalg.svd(x, False)],
               arrangement=one(2)),
    of_settled("svdvals", decompositions.svdvals, np.linalg.svdvals, arrangement=one(2)),
    of_settled("pinv", decompositions.pinv, np.linalg.pinv, arrangement=one(2)),
    of_settled("matrix_power", decompositions.matrix_power, np.linalg.matrix_power, references.settled, SQUARE,
               each(n=lambda x: st.integers(-2, 5))),
    of_settled("matrix_norm", decompositions.matrix_norm, references.matrix_norm,
               references.settled, one(2), matrix_norms, kinks=(0,), ties=True),
    Case("multi_dot", lambda *x: decompositions.multi_dot(x), lambda x, y: x @ y, PRODUCT),
    # Networks.
    Case("linear", fused.linear, lambda x, weight, bias: x @ weight.T + bias, AFFINE),
    elementwise("gelu", references.gelu, attrs=each(approximate=lambda x: st.sampled_from(["none", "tanh"]))),
    row("log_softmax", references.log_softmax, one(1), one_axis),
    Case("softmax_cross_entropy", fused.softmax_cross_entropy, references.softmax_cross_entropy, one(1),
         attrs.classes),
    row("rnn", references.rnn, sequence(1), each(nonlinearity=lambda *sizes: st.just("tanh"))),
    row("lstm", references.lstm, sequence(4, states=2)),
    row("gru", references.gru, sequence(3)),
    row("attention_weights", references.attention_weights, ATTENTION,
        each(scale=lambda *sizes: st.sampled_from([0.5, 1.5]), causal=lambda *sizes: st.booleans())),
    # Images.
    row("convolution", images.convolution, images.THREE, together=images.convolution_calls),
    row("conv_transpose", images.conv_transpose, images.THREE, together=images.conv_transpose_calls),
    row("conv_weight", images.conv_weight, images.TWO, together=images.conv_weight_calls),
    row("max_pool", images.max_pool, images.ONE, ties=True, together=images.max_pool_calls),
    Case("max_pick", at_maxima("max_pick"), images.max_pick, images.TWO, ties=True, together=images.max_pick_calls),
    Case("max_unpool", at_maxima("max_unpool"), images.max_unpool, images.TWO, ties=True,
         together=images.max_unpool_calls),
    row("avg_pool", images.avg_pool, images.ONE, together=images.avg_pool_calls),
    row("avg_unpool", images.avg_unpool, images.ONE, together=images.avg_unpool_calls),
    row("normalize", images.normalize, images.THREE, together=images.normalize_calls),
    row("sum_over_parts", np.positive, one()),
    # Between Value and Tensor.
    row("to_tensor", lambda x: x, one(0, 0)),
    row("to_value", lambda x: x, one(0, 0)),
]
# fmt: on

CASES: dict[str, Case] = {case.name: case for case in LINES}
"""Every case by its name."""
