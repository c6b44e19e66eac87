"""How every row of the table is called: with what shapes, settings and numbers, and what NumPy answers.

`CASES` holds one case for each primitive, and for each public function that is made of primitives. `case.calls()` is
a strategy of calls to it, as data: operands, settings, and the answer that NumPy alone gives. A test that goes through
`CASES` goes through everything that the engine can differentiate; what is added to the table without a case is found
by a test of the project.

The numbers are drawn where a function is smooth: inside `Primitive.domain`, off its kinks, without ties. There every
row has derivatives of any order, so finite differences agree with the rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

import tinygrad_edu as tg

from ..engine.primitives import TABLE, fused
from ..engine.primitives.reductions import count
from . import images, references, settings
from .case import BOOLS, POSITIVE, Case, Settings
from .settings import PRODUCT, affine, alike, broadcast, each, einsum_terms, one, scalars, sequence, two
from .strategies import Domain, Shape, axes, indices

__all__ = ["CASES"]


def elementwise(
    name: str, reference: Callable[..., Any], n: int = 1, domains: Sequence[Domain | None] = (), **rest: Any
) -> Case:
    """The case of an elementwise row of `n` operands, of which the last are drawn from the row's own domain."""
    row = TABLE[name]
    return Case(name, row, reference, one() if n == 1 else broadcast(n), domains=(*domains, row.domain), **rest)


def enough(sizes: tuple[Shape, ...], settings: Settings) -> bool:
    """Whether a spread is taken over at least two numbers; that of a single one is 0, or undefined."""
    return all(count(shape, settings["axis"]) >= 2 for shape in sizes)


def yes_or_no(*sizes: Shape) -> st.SearchStrategy[bool]:
    """What `keepdims` may be."""
    return st.booleans()


reduction = each(axis=axes, keepdims=yes_or_no)
spread = each(axis=axes, keepdims=yes_or_no, ddof=lambda x: st.integers(0, 1))
orders = each(axis=axes, keepdims=yes_or_no, ord=lambda x: st.sampled_from([1, 2, "fro", 3, math.inf, -math.inf]))
some_axes = each(axis=axes)
axis_or_none = each(axis=lambda x: axes(x, several=False))
one_axis = each(axis=lambda x: axes(x, several=False, everything=False))
two_axes = each(axis1=lambda x: axes(x, False, False), axis2=lambda x: axes(x, False, False))
new_axis = each(axis=lambda *sizes: st.integers(-len(sizes[0]) - 1, len(sizes[0])))
float64 = each(dtype=lambda x: st.just("float64"))
slope = each(alpha=lambda x: st.sampled_from([0.5, 1.0, 2.0]))
diagonal = each(k=lambda x: st.integers(-2, 2))
offset = each(offset=lambda x: st.integers(-2, 2))


def at_the_top(name: str) -> Callable[..., Any]:
    """A row that is told where max pooling has found the largest numbers."""
    return lambda g, x, **how: TABLE[name](g, x, TABLE["max_pool"](x, **how), **how)


# Read a row as: name, our function, NumPy's, the operands' shapes, the settings.
# fmt: off
TABLE_OF_CASES = [
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
    elementwise("erf", np.vectorize(math.erf, otypes=[float])),
    elementwise("relu", lambda x: x * (x > 0), kinks=(0,)),
    elementwise("abs", np.abs, kinks=(0,)),
    elementwise("sign", np.sign, kinks=(0,)),
    elementwise("maximum", np.maximum, 2, ties=True),
    elementwise("minimum", np.minimum, 2, ties=True),
    elementwise("where", np.where, 3, [BOOLS]),
    elementwise("elu", references.elu, settings=slope, kinks=(0,)),
    # By position, for NumPy 2.0 does not know the keywords.
    elementwise("clip", lambda x, min=None, max=None: np.clip(x, min, max), settings=settings.bounds, kinks=(-1, 1)),
    # Reductions.
    Case("sum", tg.sum, np.sum, one(), reduction),
    Case("mean", tg.mean, np.mean, one(), reduction),
    Case("prod", tg.prod, np.prod, one(), reduction),
    Case("max", tg.max, np.max, one(), reduction, ties=True),
    Case("min", tg.min, np.min, one(), reduction, ties=True),
    Case("var", tg.var, np.var, one(), spread, smooth=enough),
    Case("std", tg.std, np.std, one(), spread, smooth=enough, ties=True),
    Case("logsumexp", tg.logsumexp, references.logsumexp, one(), reduction),
    Case("softmax", tg.softmax, references.softmax, one(1), one_axis),
    Case("norm2", tg.norm2, references.norm, one(), reduction, kinks=(0,)),
    Case("norm", tg.norm, references.norm, one(), orders, domains=(POSITIVE,), ties=True),
    Case("cumsum", tg.cumsum, np.cumsum, one(), axis_or_none),
    # Shapes.
    Case("broadcast_to", tg.broadcast_to, np.broadcast_to, one(), each(shape=settings.larger)),
    Case("sum_to", tg.sum_to, references.sum_to, one(), each(shape=settings.smaller)),
    Case("reshape", tg.reshape, lambda x, shape: np.reshape(x, shape), one(), each(shape=settings.reshaped)),
    Case("flatten", tg.flatten, references.flatten, one(), settings.flattened),
    Case("transpose", tg.transpose, np.transpose, one(), each(axes=settings.reordered)),
    Case("moveaxis", tg.moveaxis, np.moveaxis, one(1), settings.moves),
    Case("swapaxes", tg.swapaxes, np.swapaxes, one(1), two_axes),
    Case("expand_dims", tg.expand_dims, np.expand_dims, one(), settings.new_axes),
    Case("squeeze", tg.squeeze, np.squeeze, one(), settings.squeezed),
    Case("flip", tg.flip, np.flip, one(), some_axes),
    Case("roll", tg.roll, np.roll, one(), settings.rolls),
    Case("tile", tg.tile, np.tile, one(), each(reps=settings.tiles)),
    Case("repeat", tg.repeat, np.repeat, one(), settings.repeats),
    Case("pad", tg.pad, references.pad, one(), settings.pads),
    Case("astype", tg.astype, np.ndarray.astype, one(), float64),
    Case("concatenate", lambda *x, axis: tg.concatenate(x, axis), lambda *x, axis: np.concatenate(x, axis),
         alike(1), together=settings.joined),
    Case("stack", lambda *x, axis: tg.stack(x, axis), lambda *x, axis: np.stack(x, axis), alike(), new_axis),
    Case("split", tg.split, np.split, one(1), settings.cuts),
    # Picking numbers out.
    Case("getitem", tg.getitem, lambda x, index: x[index], one(), each(index=indices)),
    Case("scatter", tg.scatter, references.scatter, one(), together=settings.scattered),
    Case("take_along_axis", tg.take_along_axis, np.take_along_axis, one(1), settings.taken),
    Case("diag", tg.diag, np.diag, one(1, 2), diagonal),
    # Linear algebra.
    Case("matmul", tg.matmul, np.matmul, PRODUCT),
    Case("outer", tg.outer, np.outer, two()),
    Case("einsum", lambda *x, subscripts: tg.einsum(subscripts, *x), lambda *x, subscripts: np.einsum(subscripts, *x),
         einsum_terms(), settings.subscripts),
    Case("dot", TABLE["dot"], references.sum_of_products, scalars()),
    Case("tril", tg.tril, np.tril, one(2), diagonal),
    Case("triu", tg.triu, np.triu, one(2), diagonal),
    Case("trace", np.trace, np.trace, one(2, 2), offset),
    # Networks.
    Case("linear", fused.linear, lambda x, weight, bias: x @ weight.T + bias, affine()),
    Case("log_softmax", fused.log_softmax, references.log_softmax, one(1), one_axis),
    Case("softmax_cross_entropy", fused.softmax_cross_entropy, references.softmax_cross_entropy, one(1),
         settings.classes),
    Case("rnn", TABLE["rnn"], references.rnn, sequence(1), each(nonlinearity=lambda *sizes: st.just("tanh"))),
    Case("lstm", TABLE["lstm"], references.lstm, sequence(4, states=2)),
    Case("gru", TABLE["gru"], references.gru, sequence(3)),
    # Images.
    Case("convolution", TABLE["convolution"], images.convolution, images.THREE, together=images.convolution_calls),
    Case("conv_transpose", TABLE["conv_transpose"], images.conv_transpose, images.THREE,
         together=images.conv_transpose_calls),
    Case("conv_weight", TABLE["conv_weight"], images.conv_weight, images.TWO, together=images.conv_weight_calls),
    Case("max_pool", TABLE["max_pool"], images.max_pool, images.ONE, ties=True, together=images.max_pool_calls),
    Case("max_pick", at_the_top("max_pick"), images.max_pick, images.TWO, ties=True, together=images.max_pick_calls),
    Case("max_unpool", at_the_top("max_unpool"), images.max_unpool, images.TWO, ties=True,
         together=images.max_unpool_calls),
    Case("avg_pool", TABLE["avg_pool"], images.avg_pool, images.ONE, together=images.avg_pool_calls),
    Case("avg_unpool", TABLE["avg_unpool"], images.avg_unpool, images.ONE, together=images.avg_unpool_calls),
    Case("normalize", TABLE["normalize"], images.normalize, images.THREE, together=images.normalize_calls),
    # Between Value and Tensor.
    Case("to_tensor", TABLE["to_tensor"], lambda x: x, one(0, 0)),
    Case("to_value", TABLE["to_value"], lambda x: x, one(0, 0)),
]
# fmt: on

CASES: dict[str, Case] = {case.name: case for case in TABLE_OF_CASES}
"""Every case by its name."""
