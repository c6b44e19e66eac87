"""Shapes of operands that go together: `one()` for one operand, `broadcast(2)` for two that broadcast, and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

from ...engine.messages.shapes import broadcasts, multiply
from ..strategies import Shape, broadcastable_shapes, shapes

Sides = tuple[int, int]
"""The smallest and the largest side of the shapes that a strategy draws."""


class Arrangement(NamedTuple):
    """A rule for the shapes of the operands of one function.

    Attributes
    ----------
    n : the number of operands; 0 for any number.
    shapes : makes a strategy of shapes that go together, with sides within the given bounds.
    fit : whether given shapes go together.
    """

    n: int
    shapes: Callable[[Sides], st.SearchStrategy[tuple[Shape, ...]]]
    fit: Callable[..., bool]


def one(min_dims: int = 0, max_dims: int = 3) -> Arrangement:
    """One operand."""
    return Arrangement(
        1,
        lambda sides: shapes(min_dims, max_dims, *sides).map(lambda shape: (shape,)),
        lambda x: min_dims <= len(x) <= max_dims,
    )


def broadcast(n: int) -> Arrangement:
    """`n` operands that broadcast together."""
    return Arrangement(n, lambda sides: broadcastable_shapes(n, 3, *sides), lambda *sizes: broadcasts(sizes))


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


PRODUCT = Arrangement(2, _product_shapes, lambda x, y: bool(x and y) and multiply(x, y))
"""The operands of a matrix product: matrices, vectors, and stacks of matrices."""


def alike(min_dims: int = 0) -> Arrangement:
    """One to three operands of one shape."""
    return Arrangement(
        0,
        lambda sides: st.tuples(shapes(min_dims, 2, *sides), st.integers(1, 3)).map(
            lambda drawn: (drawn[0],) * drawn[1]
        ),
        lambda *sizes: len(set(sizes)) == 1 and len(sizes[0]) >= min_dims,
    )


TWICE = Arrangement(2, lambda sides: shapes(0, 3, *sides).map(lambda shape: (shape, shape)), lambda x, y: x == y)
"""Two operands of one shape."""

TWO_ROWS = Arrangement(
    2, lambda sides: shapes(1, 3, *sides).map(lambda shape: (shape, shape)), lambda x, y: x == y != ()
)
"""Two operands of one shape, with at least one axis."""

TWO = Arrangement(2, lambda sides: st.tuples(*[shapes(0, 2, *sides)] * 2), lambda x, y: True)
"""Two operands of any shapes."""

ANY = Arrangement(
    0,
    lambda sides: st.lists(shapes(0, 3, sides[0], 2), min_size=1, max_size=3).map(tuple),
    lambda *sizes: True,
)
"""One to three operands of any shapes; many sizes are equal."""

VECTORS = Arrangement(
    0,
    lambda sides: st.lists(shapes(1, 1, *sides), min_size=1, max_size=3).map(tuple),
    lambda *sizes: {len(size) for size in sizes} == {1},
)
"""One to three vectors."""

TWO_VECTORS = Arrangement(2, lambda sides: st.tuples(*[shapes(1, 1, *sides)] * 2), lambda x, y: len(x) == len(y) == 1)

THREES = Arrangement(
    2,
    lambda sides: broadcastable_shapes(2, 2, *sides).map(lambda pair: tuple((*shape, 3) for shape in pair)),
    lambda x, y: x[-1:] == y[-1:] == (3,) and broadcasts([x, y]),
)
"""Vectors of three numbers, along the last axis."""

SQUARE = Arrangement(
    1,
    lambda sides: shapes(1, 2, *sides).map(lambda shape: ((*shape, shape[-1]),)),
    lambda x: len(x) > 1 and x[-1] == x[-2],
)
"""A square matrix, or a stack of them."""

EQUATIONS = Arrangement(
    2,
    lambda sides: st.tuples(shapes(1, 2, *sides), st.lists(st.integers(*sides), max_size=1)).map(
        lambda drawn: ((*drawn[0], drawn[0][-1]), (*(drawn[0] if drawn[1] else drawn[0][-1:]), *drawn[1]))
    ),
    lambda a, b: len(a) > 1 and a[-1] == a[-2] and (b == a[-1:] or b[:-1] == a[:-1]),
)
"""A square matrix, or a stack of them, and what is to stand on the right: one vector, or matrices."""

MATRIX_AND_VECTOR = Arrangement(
    2,
    lambda sides: shapes(2, 3, *sides).map(lambda shape: (shape, shape[:-2] + shape[-1:])),
    lambda x, y: len(x) > 1 and y == x[:-2] + x[-1:],
)
"""Matrices and vectors, as many."""

SCALARS = Arrangement(
    0,
    lambda sides: st.integers(2, 7).map(lambda n: ((),) * n),
    lambda *sizes: len(sizes) > 1 and not any(sizes),
)
"""Two to seven single numbers."""

AFFINE = Arrangement(
    3,
    lambda sides: st.tuples(shapes(1, 3, *sides), st.integers(*sides)).map(
        lambda drawn: (drawn[0], (drawn[1], drawn[0][-1]), (drawn[1],))
    ),
    lambda x, weight, bias: len(weight) == 2 and x[-1:] == weight[1:],
)
"""x (..., in), a weight (out, in) and a bias (out,)."""

ATTENTION = Arrangement(
    3,
    lambda sides: st.tuples(*[st.integers(*sides)] * 3, shapes(0, 2, sides[0], min(sides[1], 3)), st.booleans()).map(
        lambda drawn: (
            (*drawn[3], drawn[0], drawn[2]),
            (*drawn[3][-1:], drawn[1], drawn[2]),
            (*drawn[3], *drawn[:2]) if drawn[4] else (drawn[1],),
        )
    ),
    lambda q, k, mask: len(q) > 1 < len(k) and q[-1] == k[-1] and mask in ((*q[:-1], k[-2]), (k[-2],)),
)
"""Queries (..., L, E), keys (..., S, E) and numbers that are added to the comparisons (..., L, S)."""


def sequence(blocks: int, states: int = 1) -> Arrangement:
    """x (T, N, I), two weights and two biases of a cell with `blocks` blocks of H rows, and initial states (N, H)."""

    def shapes_for(t: int, n: int, i: int, h: int) -> tuple[Shape, ...]:
        rows = blocks * h
        return ((t, n, i), (rows, i), (rows, h), (rows,), (rows,), *[(n, h)] * states)

    def shapes_of(sides: Sides) -> st.SearchStrategy[tuple[Shape, ...]]:
        side = st.integers(sides[0], min(sides[1], 3))
        return st.tuples(st.integers(1, 3), side, side, side).map(lambda drawn: shapes_for(*drawn))

    def fit(*sizes: Shape) -> bool:
        return len(sizes[0]) == 3 and sizes == shapes_for(*sizes[0], sizes[-1][-1])

    return Arrangement(5 + states, shapes_of, fit)
