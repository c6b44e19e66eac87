"""Operands' shapes that go together, and the settings that go with given shapes, for every row of the table."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .case import Arrangement, Settings, Sides
from .strategies import Shape, axes, broadcastable_shapes, indices, shapes

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
    return Arrangement(n, lambda sides: broadcastable_shapes(n, 3, *sides), _broadcasts)


def _broadcasts(*sizes: Shape) -> bool:
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
    return bool(x and y) and x[-1] == y[inner] and _broadcasts(x[:-2], y[:-2])


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


def two() -> Arrangement:
    """Two operands of any shapes."""
    return Arrangement(2, lambda sides: st.tuples(*[shapes(0, 2, *sides)] * 2), lambda x, y: True)


def scalars() -> Arrangement:
    """Two to seven single numbers."""
    sizes = st.integers(2, 7).map(lambda n: ((),) * n)
    return Arrangement(0, lambda sides: sizes, lambda *sizes: len(sizes) > 1 and not any(sizes))


def affine() -> Arrangement:
    """x (..., in), a weight (out, in) and a bias (out,)."""

    def shapes_of(sides: Sides) -> st.SearchStrategy[tuple[Shape, ...]]:
        drawn = st.tuples(shapes(1, 3, *sides), st.integers(*sides))
        return drawn.map(lambda drawn: (drawn[0], (drawn[1], drawn[0][-1]), (drawn[1],)))

    return Arrangement(3, shapes_of, lambda x, weight, bias: len(weight) == 2 and x[-1:] == weight[1:])


def sequence(blocks: int, states: int = 1) -> Arrangement:
    """x (T, N, I), two weights and two biases of a cell with so many blocks of H rows, first states (N, H)."""

    def shapes_for(t: int, n: int, i: int, h: int) -> tuple[Shape, ...]:
        rows = blocks * h
        return ((t, n, i), (rows, i), (rows, h), (rows,), (rows,), *[(n, h)] * states)

    def shapes_of(sides: Sides) -> st.SearchStrategy[tuple[Shape, ...]]:
        side = st.integers(sides[0], min(sides[1], 3))
        return st.tuples(st.integers(1, 3), side, side, side).map(lambda drawn: shapes_for(*drawn))

    def fit(*sizes: Shape) -> bool:
        return len(sizes[0]) == 3 and sizes == shapes_for(*sizes[0], sizes[-1][-1])

    return Arrangement(5 + states, shapes_of, fit)


def einsum_terms() -> Arrangement:
    """One to three operands of any shapes, of which many are alike."""
    return Arrangement(
        0,
        lambda sides: st.lists(shapes(0, 3, sides[0], 2), min_size=1, max_size=3).map(tuple),
        lambda *sizes: True,
    )


# What settings go with given shapes.


def each(**choices: Callable[..., st.SearchStrategy[Any]]) -> Callable[..., st.SearchStrategy[Settings]]:
    """Settings drawn each on its own, given the shapes."""
    return lambda *sizes: st.fixed_dictionaries({name: choice(*sizes) for name, choice in choices.items()})


def larger(x: Shape) -> st.SearchStrategy[Shape]:
    """Shapes that x can be broadcast to."""
    grown = st.tuples(*(st.integers(1, 3) if size == 1 else st.just(size) for size in x))
    return st.tuples(shapes(0, 1, 1, 3), grown).map(lambda drawn: (*drawn[0], *drawn[1]))


def smaller(x: Shape) -> st.SearchStrategy[Shape]:
    """Shapes that can be broadcast to x."""
    shrunk = st.tuples(*(st.sampled_from([size, 1]) for size in x))
    return st.tuples(shrunk, st.integers(0, len(x))).map(lambda drawn: drawn[0][drawn[1] :])


@st.composite
def reshaped(draw: st.DrawFn, x: Shape) -> Any:
    """Shapes of as many numbers, one size of them perhaps as -1."""
    sizes = list(draw(st.permutations([*x, 1])))
    if len(sizes) > 1 and draw(st.booleans()):
        sizes[:2] = [sizes[0] * sizes[1]]
    if 0 not in sizes and draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


@st.composite
def reordered(draw: st.DrawFn, x: Shape) -> Any:
    """Permutations of the axes, some of them counted from the end; or None."""
    if draw(st.booleans()):
        return None
    order = draw(st.permutations(range(len(x))))
    return tuple(a - len(x) * draw(st.integers(0, 1)) for a in order)


@st.composite
def moves(draw: st.DrawFn, x: Shape) -> Settings:
    """One axis, or several, and where they go."""
    n = draw(st.integers(1, len(x)))
    ways = [tuple(draw(st.permutations(range(-len(x), 0)))[:n]) for _ in range(2)]
    source, destination = (way[0] if n == 1 else way for way in ways)
    return {"source": source, "destination": destination}


@st.composite
def new_axes(draw: st.DrawFn, x: Shape) -> Settings:
    """Where axes of size one come in."""
    if draw(st.booleans()):
        return {"axis": draw(st.integers(-len(x) - 1, len(x)))}
    return {"axis": tuple(draw(st.permutations(range(len(x) + 2)))[:2])}


@st.composite
def squeezed(draw: st.DrawFn, x: Shape) -> Settings:
    """Axes of size one to leave out."""
    ones = [a for a, size in enumerate(x) if size == 1]
    chosen = draw(st.lists(st.sampled_from(ones), unique=True)) if ones else []
    choices = [None, tuple(chosen), *(a - len(x) for a in chosen[:1])]
    return {"axis": draw(st.sampled_from(choices))}


@st.composite
def rolls(draw: st.DrawFn, x: Shape) -> Settings:
    """How far to roll, along which axes."""
    axis = draw(axes(x))
    if axis and isinstance(axis, tuple):
        return {"shift": tuple(draw(st.integers(-3, 3)) for _ in axis), "axis": axis}
    return {"shift": draw(st.integers(-3, 3)), "axis": None if axis == () else axis}


def tiles(x: Shape) -> st.SearchStrategy[Any]:
    """How often to set an array side by side."""
    times = st.integers(1, 3)
    return times | st.lists(times, max_size=3).map(tuple)


@st.composite
def repeats(draw: st.DrawFn, x: Shape) -> Settings:
    """How often to repeat, along which axis."""
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    each = st.lists(st.integers(0, 3), min_size=size, max_size=size).map(tuple)
    return {"repeats": draw(st.integers(1, 3) | each if 0 < size <= 6 else st.integers(1, 3)), "axis": axis}


@st.composite
def pads(draw: st.DrawFn, x: Shape) -> Settings:
    """Borders in every notation and mode."""
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"] if 0 not in x else ["constant"]))
    width = st.integers(0, 3)
    widths = draw(width | st.tuples(width, width) | st.tuples(*(st.tuples(width, width) for _ in x)))
    if not x and isinstance(widths, tuple):
        widths = 0
    settings = {"pad_width": widths, "mode": mode}
    return {**settings, "constant_values": draw(st.sampled_from([0.0, 2.5]))} if mode == "constant" else settings


@st.composite
def taken(draw: st.DrawFn, x: Shape) -> Settings:
    """Integer arrays that pick along an axis."""
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    n = draw(st.integers(0, 3)) if size else 0
    shape = (n,) if axis is None else tuple(n if a == axis % len(x) else side for a, side in enumerate(x))
    places = draw(st.lists(st.integers(-size, size - 1), min_size=prod(shape), max_size=prod(shape))) if size else []
    return {"indices": np.array(places, dtype=np.intp).reshape(shape), "axis": axis}


@st.composite
def classes(draw: st.DrawFn, x: Shape) -> Settings:
    """For every row of the last axis one of its places."""
    *rows, n = x
    drawn = draw(st.lists(st.integers(0, max(n - 1, 0)), min_size=prod(rows), max_size=prod(rows)))
    return {"targets": np.array(drawn, dtype=np.intp).reshape(rows)}


@st.composite
def scattered(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Settings]:
    """A shape, an index into it, and the shape of what the index picks."""
    shape = draw(shapes(0, 3, *sides))
    index = draw(indices(shape))
    return (np.empty(shape)[index].shape,), {"index": index, "shape": shape}


@st.composite
def joined(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Settings]:
    """Shapes alike but along one axis."""
    shape = draw(shapes(1, 3, *sides))
    axis = draw(axes(shape, several=False))
    lengths = draw(st.lists(st.integers(*sides), min_size=1, max_size=3))
    if axis is None:
        return tuple((size,) if i else shape for i, size in enumerate(lengths)), {"axis": None}
    along = axis % len(shape)
    return tuple((*shape[:along], size, *shape[along + 1 :]) for size in lengths), {"axis": axis}


@st.composite
def subscripts(draw: st.DrawFn, *sizes: Shape) -> Settings:
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
def cuts(draw: st.DrawFn, x: Shape) -> Settings:
    """Equal parts, or places to cut."""
    axis = draw(axes(x, several=False, everything=False))
    size = x[axis]
    equal = st.sampled_from([n for n in range(1, size + 1) if size % n == 0] or [1])
    cuts = st.lists(st.integers(0, size), max_size=3).map(sorted)
    return {"indices_or_sections": draw(equal | cuts), "axis": axis}


@st.composite
def flattened(draw: st.DrawFn, x: Shape) -> Settings:
    """A run of axes, counted from either end."""
    last = max(len(x) - 1, 0)
    start = draw(st.integers(0, last))
    end = draw(st.integers(start, last))
    if not x or draw(st.booleans()):
        return {"start_dim": start, "end_dim": end}
    return {"start_dim": start - len(x), "end_dim": end - len(x)}


@st.composite
def bounds(draw: st.DrawFn, *sizes: Shape) -> Settings:
    """What `clip` clips to; one side may be open."""
    low, high = draw(st.sampled_from([(-1.0, 1.0), (-1.0, None), (None, 1.0)]))
    return {"min": low, "max": high}
