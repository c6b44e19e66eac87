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

from ..primitives import TABLE
from ..primitives.reductions import count
from . import references as by_hand
from . import settings as s
from .case import BOOLS, POSITIVE, Arrangement, Case, Settings
from .strategies import Domain, Shape, axes, indices, shapes

__all__ = ["CASES"]


def _elementwise(
    name: str, reference: Callable[..., Any], n: int = 1, domains: Sequence[Domain | None] = (), **rest: Any
) -> Case:
    row = TABLE[name]
    return Case(name, row, reference, one() if n == 1 else broadcast(n), domains=(*domains, row.domain), **rest)


def _enough(sizes: tuple[Shape, ...], settings: Settings) -> bool:
    """Whether a spread is taken over at least two numbers; that of a single one is 0, or undefined."""
    return all(count(shape, settings["axis"]) >= 2 for shape in sizes)


_table = [
    # Arithmetic.
    _elementwise("add", np.add, 2),
    _elementwise("subtract", np.subtract, 2),
    _elementwise("multiply", np.multiply, 2),
    _elementwise("divide", np.divide, 2, kinks=(0,)),
    _elementwise("negative", np.negative),
    _elementwise("power", np.power, 2, [POSITIVE]),
    # Elementwise.
    _elementwise("identity", np.positive),
    _elementwise("exp", np.exp),
    _elementwise("expm1", np.expm1),
    _elementwise("log", np.log),
    _elementwise("log1p", np.log1p),
    _elementwise("sqrt", np.sqrt),
    _elementwise("square", np.square),
    _elementwise("sin", np.sin),
    _elementwise("cos", np.cos),
    _elementwise("tan", np.tan),
    _elementwise("arcsin", np.arcsin),
    _elementwise("arccos", np.arccos),
    _elementwise("arctan", np.arctan),
    _elementwise("sinh", np.sinh),
    _elementwise("cosh", np.cosh),
    _elementwise("tanh", np.tanh),
    _elementwise("sigmoid", _sigmoid),
    _elementwise("softplus", lambda x: np.log(1 + np.exp(x))),
    _elementwise("erf", np.vectorize(math.erf, otypes=[float])),
    _elementwise("relu", lambda x: x * (x > 0), kinks=(0,)),
    _elementwise("abs", np.abs, kinks=(0,)),
    _elementwise("sign", np.sign, kinks=(0,)),
    _elementwise("maximum", np.maximum, 2, ties=True),
    _elementwise("minimum", np.minimum, 2, ties=True),
    _elementwise("where", np.where, 3, [BOOLS]),
    _elementwise("clip", np.clip, settings=_clips, kinks=(-1, 1)),
    # Reductions.
    Case("sum", tg.sum, np.sum, one(), reduction),
    Case("mean", tg.mean, np.mean, one(), reduction),
    Case("prod", tg.prod, np.prod, one(), reduction),
    Case("max", tg.max, np.max, one(), reduction, ties=True),
    Case("min", tg.min, np.min, one(), reduction, ties=True),
    Case("var", tg.var, np.var, one(), spread, smooth=_enough),
    Case("std", tg.std, np.std, one(), spread, smooth=_enough, ties=True),
    Case("logsumexp", tg.logsumexp, _logsumexp, one(), reduction),
    Case("softmax", tg.softmax, _softmax, one(1), one_axis),
    Case("norm2", tg.norm2, _norm, one(), reduction, kinks=(0,)),
    Case("cumsum", tg.cumsum, np.cumsum, one(), any_axis),
    Case(
        "norm",
        tg.norm,
        _norm,
        one(),
        _one_of(
            axis=axes, keepdims=lambda x: st.booleans(), ord=lambda x: st.sampled_from([1, 2, "fro", 3, math.inf, -math.inf])
        ),
        domains=(POSITIVE,),
        ties=True,
    ),
    # Shapes.
    Case("broadcast_to", tg.broadcast_to, np.broadcast_to, one(), _one_of(shape=_larger)),
    Case("sum_to", tg.sum_to, _sum_to, one(), _one_of(shape=_smaller)),
    Case("reshape", tg.reshape, lambda x, shape: np.reshape(x, shape), one(), _one_of(shape=_reshaped)),
    Case("flatten", tg.flatten, _flatten, one(), _flattened),
    Case("transpose", tg.transpose, np.transpose, one(), _one_of(axes=_reordered)),
    Case("moveaxis", tg.moveaxis, np.moveaxis, one(1), _moves),
    Case(
        "swapaxes",
        tg.swapaxes,
        np.swapaxes,
        one(1),
        _one_of(axis1=lambda x: st.integers(-len(x), len(x) - 1), axis2=lambda x: st.integers(-len(x), len(x) - 1)),
    ),
    Case("expand_dims", tg.expand_dims, np.expand_dims, one(), _new_axes),
    Case("squeeze", tg.squeeze, np.squeeze, one(), _squeezed),
    Case("flip", tg.flip, np.flip, one(), some_axes),
    Case("roll", tg.roll, np.roll, one(), _rolls),
    Case("tile", tg.tile, np.tile, one(), _one_of(reps=_tiles)),
    Case("repeat", tg.repeat, np.repeat, one(), _repeats),
    Case("pad", tg.pad, _pad, one(), _pads),
    Case("astype", tg.astype, np.ndarray.astype, one(), _one_of(dtype=lambda x: st.just("float64"))),
    Case("concatenate", lambda *x, axis: tg.concatenate(x, axis), lambda *x, axis: np.concatenate(x, axis), alike(1), together=_joined),
    Case(
        "stack",
        lambda *x, axis: tg.stack(x, axis),
        lambda *x, axis: np.stack(x, axis),
        alike(),
        lambda *sizes: _one_of(axis=lambda x: st.integers(-len(x) - 1, len(x)))(sizes[0]),
    ),
    Case("split", tg.split, np.split, one(1), _cuts),
    # Picking numbers out.
    Case("getitem", tg.getitem, lambda x, index: x[index], one(), _one_of(index=indices)),
    Case("scatter", tg.scatter, _scatter, one(), together=_scattered),
    Case("take_along_axis", tg.take_along_axis, np.take_along_axis, one(1), _taken),
    Case("diag", tg.diag, np.diag, one(1, 2), diagonal),
    # Linear algebra.
    Case("matmul", tg.matmul, np.matmul, PRODUCT),
    Case("outer", tg.outer, np.outer, Arrangement(2, lambda sides: st.tuples(*[shapes(0, 2, *sides)] * 2), lambda x, y: True)),
    Case(
        "einsum",
        lambda *x, subscripts: tg.einsum(subscripts, *x),
        lambda *x, subscripts: np.einsum(subscripts, *x),
        Arrangement(
            0, lambda sides: st.lists(shapes(0, 3, sides[0], 2), min_size=1, max_size=3).map(tuple), lambda *sizes: True
        ),
        _letters,
    ),
    Case(
        "dot",
        TABLE["dot"],
        _sum_of_products,
        Arrangement(
            0, lambda sides: st.integers(2, 7).map(lambda n: ((),) * n), lambda *sizes: len(sizes) > 1 and not any(sizes)
        ),
    ),
    Case("tril", tg.tril, np.tril, one(2), diagonal),
    Case("triu", tg.triu, np.triu, one(2), diagonal),
    Case("trace", np.trace, np.trace, one(2, 2), _one_of(offset=lambda x: st.integers(-2, 2))),
    # Between Value and Tensor.
    Case("to_tensor", TABLE["to_tensor"], lambda x: x, one(0, 0)),
    Case("to_value", TABLE["to_value"], lambda x: x, one(0, 0)),
]  # fmt: skip

CASES: dict[str, Case] = {case.name: case for case in _table}
"""Every case by its name."""
