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
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy import ndarray

import tinygrad_edu as tg

from ..primitives import TABLE
from ..primitives.reductions import count
from .strategies import REALS, Domain, Shape, arrays, axes, broadcastable_shapes, indices, shapes

__all__ = ["CASES", "Arrangement", "Call", "Case"]

Settings = dict[str, Any]
Sides = tuple[int, int]
POSITIVE: Domain = (0.0, math.inf)
BOOLS = None
"""The domain of an operand that holds bools, and has no gradient."""


class Arrangement(NamedTuple):
    """Shapes of operands that go together: how many (0: any number), a strategy of them, whether given ones do.

    The strategy takes the smallest and the largest side that it may draw.
    """

    n: int
    shapes: Callable[[Sides], st.SearchStrategy[tuple[Shape, ...]]]
    fit: Callable[..., bool]


@dataclass(frozen=True, repr=False)
class Case:
    """How one function is called.

    Attributes
    ----------
    name : of the row of the table, or of the public function made of rows.
    function : takes operands and settings; floats, arrays, Values and Tensors alike.
    reference : the same in NumPy alone.
    arrangement : what shapes the operands have.
    settings : a strategy of the settings for operands of given shapes; None where `calls` draws them otherwise.
    domains : for each operand the open interval to draw from; the last one holds for all that follow.
    kinks : points at which it is not smooth.
    ties : whether it is not smooth where two numbers are equal.
    smooth : whether a call with these shapes and settings is smooth at all.

    >>> exp = CASES["exp"]
    >>> exp.reference is np.exp, exp.arrangement.fit((2, 3))
    (True, True)
    """

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    arrangement: Arrangement
    settings: Callable[..., st.SearchStrategy[Settings]] = lambda *shapes: st.just({})
    domains: tuple[Domain | None, ...] = (REALS,)
    kinks: tuple[float, ...] = ()
    ties: bool = False
    smooth: Callable[[tuple[Shape, ...], Settings], bool] = lambda shapes, settings: True
    together: Callable[[Sides], st.SearchStrategy[tuple[tuple[Shape, ...], Settings]]] | None = None

    def __repr__(self) -> str:
        return f"<case {self.name}>"

    def domain(self, slot: int) -> Domain | None:
        """Where the numbers of an operand lie; None for bools."""
        return self.domains[min(slot, len(self.domains) - 1)]

    def calls(
        self, dtype: Any = np.float64, sides: Sides = (1, 4), of_shapes: tuple[Shape, ...] | None = None
    ) -> st.SearchStrategy[Call]:
        """Calls at points where the function is smooth, with axes of a length within `sides`, or of the given shapes.

        >>> from hypothesis import find
        >>> find(CASES["sum"].calls(of_shapes=((2,),)), lambda call: call.settings["axis"] is None).expected.shape
        ()
        """
        return _calls(self, dtype, sides, of_shapes).filter(lambda call: call.is_smooth)

    def draw_operands(self, draw: st.DrawFn, sizes: Sequence[Shape], dtype: Any) -> tuple[ndarray, ...]:
        """Operands of these shapes; where ties matter, no number stands in any two places of them."""
        if self.ties:
            ends = np.cumsum([0, *map(prod, sizes)])
            pool = draw(arrays((int(ends[-1]),), dtype, self.domain(0) or REALS, self.kinks, distinct=True))
            return tuple(pool[a:b].reshape(size) for a, b, size in zip(ends, ends[1:], sizes))
        return tuple(
            draw(arrays(size, np.float64)) > 0 if domain is BOOLS else draw(arrays(size, dtype, domain, self.kinks))
            for size, domain in ((size, self.domain(slot)) for slot, size in enumerate(sizes))
        )


@dataclass(frozen=True, repr=False)
class Call:
    """A call of a case's function, as data."""

    case: Case
    operands: tuple[ndarray, ...]
    settings: Settings

    def __repr__(self) -> str:
        return f"{self.case.name}({in_words(self.operands, self.settings)})"

    def __call__(self, *operands: Any) -> Any:
        """The function on these operands (floats, arrays or nodes), with the settings of this call."""
        return self.case.function(*operands, **self.settings)

    @property
    def expected(self) -> Any:
        """What NumPy answers."""
        return self.case.reference(*self.operands, **self.settings)

    @property
    def variables(self) -> tuple[int, ...]:
        """The slots of the operands that have gradients."""
        return tuple(slot for slot in range(len(self.operands)) if self.case.domain(slot) is not BOOLS)

    @property
    def is_smooth(self) -> bool:
        return self.case.smooth(tuple(x.shape for x in self.operands), self.settings)

    def of_variables(self, *variables: Any) -> Any:
        """The function of the operands that have gradients, the others held fixed."""
        operands: list[Any] = list(self.operands)
        for slot, x in zip(self.variables, variables):
            operands[slot] = x
        return self(*operands)


def in_words(operands: Sequence[Any], settings: Settings) -> str:
    """The arguments of a call, as one would write them."""
    return ", ".join([*map(repr, operands), *(f"{name}={value!r}" for name, value in settings.items())])


@st.composite
def _calls(draw: st.DrawFn, case: Case, dtype: Any, sides: Sides, of_shapes: tuple[Shape, ...] | None) -> Call:
    if case.together is not None and of_shapes is None:
        sizes, settings = draw(case.together(sides))
    else:
        sizes = of_shapes or draw(case.arrangement.shapes(sides))
        settings = draw(case.settings(*sizes))
    return Call(case, case.draw_operands(draw, sizes, dtype), settings)


# What shapes go together.


def one(min_dims: int = 0, max_dims: int = 3) -> Arrangement:
    """One operand."""
    return Arrangement(
        1,
        lambda sides: shapes(min_dims, max_dims, *sides).map(lambda shape: (shape,)),
        lambda x: min_dims <= len(x) <= max_dims,
    )


def broadcast(n: int) -> Arrangement:
    """`n` operands that broadcast together."""
    return Arrangement(n, lambda sides: broadcastable_shapes(n, 3, *sides), _broadcast)


def _broadcast(*sizes: Shape) -> bool:
    try:
        np.broadcast_shapes(*sizes)
    except ValueError:
        return False
    return True


def _product_shapes(sides: Sides) -> st.SearchStrategy[tuple[Shape, ...]]:
    side = st.integers(*sides)

    def shapes_of(drawn: tuple[int, int, int, tuple[Shape, ...], int]) -> tuple[Shape, ...]:
        n, k, m, (left, right), kind = drawn
        return (
            ((*left, n, k), (*right, k, m)),
            ((n, k), (k, m)),
            ((*left, n, k), (k,)),
            ((k,), (*right, k, m)),
            ((k,), (k,)),
        )[kind]

    batch = broadcastable_shapes(2, 2, sides[0], min(sides[1], 3))
    return st.tuples(side, side, side, batch, st.integers(0, 4)).map(shapes_of)


def _multiplies(x: Shape, y: Shape) -> bool:
    inner = len(y) - 2 if len(y) > 1 else 0
    return bool(x and y) and x[-1] == y[inner] and _broadcast(x[:-2], y[:-2])


PRODUCT = Arrangement(2, _product_shapes, _multiplies)


def alike(min_dims: int = 0) -> Arrangement:
    """One to three operands of one shape."""
    return Arrangement(
        0,
        lambda sides: st.tuples(shapes(min_dims, 2, *sides), st.integers(1, 3)).map(
            lambda drawn: (drawn[0],) * drawn[1]
        ),
        lambda *sizes: len(set(sizes)) == 1 and len(sizes[0]) >= min_dims,
    )


# What settings go with given shapes.


def _one_of(**choices: Callable[..., st.SearchStrategy[Any]]) -> Callable[..., st.SearchStrategy[Settings]]:
    """Settings drawn each on its own, given the shapes."""
    return lambda *sizes: st.fixed_dictionaries({name: choice(*sizes) for name, choice in choices.items()})


reduction = _one_of(axis=axes, keepdims=lambda x: st.booleans())
spread = _one_of(axis=axes, keepdims=lambda x: st.booleans(), ddof=lambda x: st.integers(0, 1))
any_axis = _one_of(axis=lambda x: axes(x, several=False))
one_axis = _one_of(axis=lambda x: axes(x, several=False, everything=False))
some_axes = _one_of(axis=axes)
diagonal = _one_of(k=lambda x: st.integers(-2, 2))


def _larger(x: Shape) -> st.SearchStrategy[Shape]:
    """Shapes that x can be broadcast to."""
    grown = st.tuples(*(st.integers(1, 3) if size == 1 else st.just(size) for size in x))
    return st.tuples(shapes(0, 1, 1, 3), grown).map(lambda drawn: (*drawn[0], *drawn[1]))


def _smaller(x: Shape) -> st.SearchStrategy[Shape]:
    """Shapes that can be broadcast to x."""
    shrunk = st.tuples(*(st.sampled_from([size, 1]) for size in x))
    return st.tuples(shrunk, st.integers(0, len(x))).map(lambda drawn: drawn[0][drawn[1] :])


@st.composite
def _reshaped(draw: st.DrawFn, x: Shape) -> Any:
    """Shapes of as many numbers, one size of them perhaps as -1."""
    sizes = list(draw(st.permutations([*x, 1])))
    if len(sizes) > 1 and draw(st.booleans()):
        sizes[:2] = [sizes[0] * sizes[1]]
    if 0 not in sizes and draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


@st.composite
def _reordered(draw: st.DrawFn, x: Shape) -> Any:
    """Permutations of the axes, some of them counted from the end; or None."""
    if draw(st.booleans()):
        return None
    order = draw(st.permutations(range(len(x))))
    return tuple(a - len(x) * draw(st.integers(0, 1)) for a in order)


@st.composite
def _moves(draw: st.DrawFn, x: Shape) -> Settings:
    n = draw(st.integers(1, len(x)))
    ways = [tuple(draw(st.permutations(range(-len(x), 0)))[:n]) for _ in range(2)]
    source, destination = (way[0] if n == 1 else way for way in ways)
    return {"source": source, "destination": destination}


@st.composite
def _new_axes(draw: st.DrawFn, x: Shape) -> Settings:
    if draw(st.booleans()):
        return {"axis": draw(st.integers(-len(x) - 1, len(x)))}
    return {"axis": tuple(draw(st.permutations(range(len(x) + 2)))[:2])}


@st.composite
def _squeezed(draw: st.DrawFn, x: Shape) -> Settings:
    ones = [a for a, size in enumerate(x) if size == 1]
    chosen = draw(st.lists(st.sampled_from(ones), unique=True)) if ones else []
    choices = [None, tuple(chosen), *(a - len(x) for a in chosen[:1])]
    return {"axis": draw(st.sampled_from(choices))}


@st.composite
def _rolls(draw: st.DrawFn, x: Shape) -> Settings:
    axis = draw(axes(x))
    if axis and isinstance(axis, tuple):
        return {"shift": tuple(draw(st.integers(-3, 3)) for _ in axis), "axis": axis}
    return {"shift": draw(st.integers(-3, 3)), "axis": None if axis == () else axis}


def _tiles(x: Shape) -> st.SearchStrategy[Any]:
    times = st.integers(1, 3)
    return times | st.lists(times, max_size=3).map(tuple)


@st.composite
def _repeats(draw: st.DrawFn, x: Shape) -> Settings:
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    each = st.lists(st.integers(0, 3), min_size=size, max_size=size).map(tuple)
    return {"repeats": draw(st.integers(1, 3) | each if 0 < size <= 6 else st.integers(1, 3)), "axis": axis}


@st.composite
def _pads(draw: st.DrawFn, x: Shape) -> Settings:
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"] if 0 not in x else ["constant"]))
    width = st.integers(0, 3)
    widths = draw(width | st.tuples(width, width) | st.tuples(*(st.tuples(width, width) for _ in x)))
    if not x and isinstance(widths, tuple):
        widths = 0
    settings = {"pad_width": widths, "mode": mode}
    return {**settings, "constant_values": draw(st.sampled_from([0.0, 2.5]))} if mode == "constant" else settings


@st.composite
def _taken(draw: st.DrawFn, x: Shape) -> Settings:
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    n = draw(st.integers(0, 3)) if size else 0
    shape = (n,) if axis is None else tuple(n if a == axis % len(x) else side for a, side in enumerate(x))
    places = draw(st.lists(st.integers(-size, size - 1), min_size=prod(shape), max_size=prod(shape))) if size else []
    return {"indices": np.array(places, dtype=np.intp).reshape(shape), "axis": axis}


@st.composite
def _scattered(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Settings]:
    shape = draw(shapes(0, 3, *sides))
    index = draw(indices(shape))
    return (np.empty(shape)[index].shape,), {"index": index, "shape": shape}


@st.composite
def _joined(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Settings]:
    shape = draw(shapes(1, 3, *sides))
    axis = draw(axes(shape, several=False))
    lengths = draw(st.lists(st.integers(*sides), min_size=1, max_size=3))
    if axis is None:
        return tuple((size,) if i else shape for i, size in enumerate(lengths)), {"axis": None}
    along = axis % len(shape)
    return tuple((*shape[:along], size, *shape[along + 1 :]) for size in lengths), {"axis": axis}


@st.composite
def _letters(draw: st.DrawFn, *sizes: Shape) -> Settings:
    """Subscripts of an einsum: axes of one size may share a letter, some of the letters are kept."""
    size_of: dict[str, int] = {}
    terms = []
    for shape in sizes:
        term = ""
        for size in shape:
            known = [c for c in size_of if size_of[c] == size and c not in term]
            letter = draw(st.sampled_from([*known, "abcdefghij"[len(size_of)]]))
            size_of[letter] = size
            term += letter
        terms.append(term)
    if draw(st.integers(0, 3)) == 0:
        return {"subscripts": ",".join(terms)}
    result = draw(st.permutations(sorted(size_of))) if size_of else []
    return {"subscripts": f"{','.join(terms)}->{''.join(result[: draw(st.integers(0, 3))])}"}


@st.composite
def _cuts(draw: st.DrawFn, x: Shape) -> Settings:
    axis = draw(axes(x, several=False, everything=False))
    size = x[axis]
    equal = st.sampled_from([n for n in range(1, size + 1) if size % n == 0] or [1])
    cuts = st.lists(st.integers(0, size), max_size=3).map(sorted)
    return {"indices_or_sections": draw(equal | cuts), "axis": axis}


@st.composite
def _flattened(draw: st.DrawFn, x: Shape) -> Settings:
    last = max(len(x) - 1, 0)
    start = draw(st.integers(0, last))
    end = draw(st.integers(start, last))
    if not x or draw(st.booleans()):
        return {"start_dim": start, "end_dim": end}
    return {"start_dim": start - len(x), "end_dim": end - len(x)}


@st.composite
def _clips(draw: st.DrawFn, *sizes: Shape) -> Settings:
    low, high = draw(st.sampled_from([(-1.0, 1.0), (-1.0, None), (None, 1.0), (None, None)]))
    return {"min": low, "max": high}


# What NumPy answers, where it has no function of that name.


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    np.max(x, axis=axis)  # refuses an axis of no numbers
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _softmax(x: Any, axis: int = -1) -> Any:
    np.max(x, axis=axis)  # refuses an axis of no numbers
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _norm(x: Any, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Any:
    if ord in (math.inf, -math.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    ord = 2 if ord == "fro" else ord
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _sum_to(x: Any, shape: Shape) -> Any:
    """Every number of x added up at the place that it came from."""
    places = np.broadcast_to(np.arange(prod(shape)).reshape(shape), x.shape)
    return np.bincount(places.ravel(), x.ravel(), prod(shape)).reshape(shape).astype(x.dtype)


def _scatter(x: Any, index: Any, shape: Shape) -> Any:
    places = np.arange(prod(shape)).reshape(shape)[index]
    return np.bincount(np.ravel(places), x.ravel(), prod(shape)).reshape(shape).astype(x.dtype)


def _pad(x: Any, pad_width: Any, mode: str, **options: Any) -> Any:
    return np.pad(x, pad_width, mode, **options)  # type: ignore[call-overload]


def _flatten(x: Any, start_dim: int, end_dim: int) -> Any:
    if not x.shape:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim + 1
    return x.reshape(*x.shape[:start], prod(x.shape[start:end]), *x.shape[end:])


def _sum_of_products(*x: Any) -> Any:
    """x₀·xₙ + x₁·xₙ₊₁ + ..., and the odd one at the end."""
    n = len(x) // 2
    products = [a * b for a, b in zip(x[:n], x[n : 2 * n])]
    return np.asarray(np.sum([*products, *x[2 * n :]]), x[0].dtype)


# The table.


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
