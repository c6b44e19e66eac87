"""Attributes of calls, such as `axis` and `keepdims`: strategies of those that suit operands of given shapes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..strategies import Shape, axes, indices, shapes
from .arrangements import Sides

Attrs = dict[str, Any]


def each(**choices: Callable[..., st.SearchStrategy[Any]]) -> Callable[..., st.SearchStrategy[Attrs]]:
    """A maker of strategies: each attribute is drawn on its own, from the shapes of the operands."""
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
    """Shapes of as many numbers as x; one size may be -1."""
    sizes = list(draw(st.permutations([*x, 1])))
    if len(sizes) > 1 and draw(st.booleans()):
        sizes[:2] = [sizes[0] * sizes[1]]
    if 0 not in sizes and draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


@st.composite
def reordered(draw: st.DrawFn, x: Shape) -> Any:
    """Permutations of the axes, some of them counted from the end, a single one without brackets too; or None."""
    if draw(st.booleans()):
        return None
    order = draw(st.permutations(range(len(x))))
    axes_in_order = tuple(a - len(x) * draw(st.integers(0, 1)) for a in order)
    return axes_in_order[0] if len(x) == 1 and draw(st.booleans()) else axes_in_order


@st.composite
def differences(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `diff`: the axis, how often, and perhaps a number to put before or after the others."""
    attrs = {"axis": draw(axes(x, several=False, everything=False)), "n": draw(st.integers(0, 2))}
    ends = draw(st.sets(st.sampled_from(["prepend", "append"])))
    return {**attrs, **{end: draw(st.sampled_from([0.5, 2])) for end in sorted(ends)}}


@st.composite
def moves(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `moveaxis`: one axis or several, and their new places."""
    n = draw(st.integers(1, len(x)))
    ways = [tuple(draw(st.permutations(range(-len(x), 0)))[:n]) for _ in range(2)]
    source, destination = (way[0] if n == 1 else way for way in ways)
    return {"source": source, "destination": destination}


@st.composite
def new_axes(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `expand_dims`: the places of new axes."""
    if draw(st.booleans()):
        return {"axis": draw(st.integers(-len(x) - 1, len(x)))}
    return {"axis": tuple(draw(st.permutations(range(len(x) + 2)))[:2])}


@st.composite
def squeezed(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `squeeze`: axes of size one."""
    ones = [a for a, size in enumerate(x) if size == 1]
    chosen = draw(st.lists(st.sampled_from(ones), unique=True)) if ones else []
    choices = [None, tuple(chosen), *(a - len(x) for a in chosen[:1])]
    return {"axis": draw(st.sampled_from(choices))}


@st.composite
def rolls(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `roll`: distances and axes."""
    axis = draw(axes(x))
    if axis and isinstance(axis, tuple):
        return {"shift": tuple(draw(st.integers(-3, 3)) for _ in axis), "axis": axis}
    return {"shift": draw(st.integers(-3, 3)), "axis": None if axis == () else axis}


def tiles(x: Shape) -> st.SearchStrategy[Any]:
    """Of `tile`: the number of copies along each axis."""
    times = st.integers(1, 3)
    return times | st.lists(times, max_size=3).map(tuple)


@st.composite
def repeats(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `repeat`: the number of repetitions, and the axis."""
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    each = st.lists(st.integers(0, 3), min_size=size, max_size=size).map(tuple)
    return {"repeats": draw(st.integers(1, 3) | each if 0 < size <= 6 else st.integers(1, 3)), "axis": axis}


@st.composite
def pads(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `pad`: borders in every notation and mode."""
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"] if 0 not in x else ["constant"]))
    width = st.integers(0, 3)
    widths = draw(width | st.tuples(width, width) | st.tuples(*(st.tuples(width, width) for _ in x)))
    if not x and isinstance(widths, tuple):
        widths = 0
    attrs = {"pad_width": widths, "mode": mode}
    return {**attrs, "constant_values": draw(st.sampled_from([0.0, 2.5]))} if mode == "constant" else attrs


@st.composite
def taken(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `take_along_axis`: integer arrays, and the axis. Other axes of size 1 are broadcast, on either side."""
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    n = draw(st.integers(0, 3)) if size else 0
    shape = (
        (n,)
        if axis is None
        else tuple(
            n
            if a == axis % len(x)
            else draw(st.sampled_from([1, 2]))
            if side == 1
            else draw(st.sampled_from([1, side]))
            for a, side in enumerate(x)
        )
    )
    places = draw(st.lists(st.integers(-size, size - 1), min_size=prod(shape), max_size=prod(shape))) if size else []
    return {"indices": np.array(places, dtype=np.intp).reshape(shape), "axis": axis}


@st.composite
def classes(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `softmax_cross_entropy`: for every row one of its classes."""
    *rows, n = x
    drawn = draw(st.lists(st.integers(0, max(n - 1, 0)), min_size=prod(rows), max_size=prod(rows)))
    return {"targets": np.array(drawn, dtype=np.intp).reshape(rows)}


@st.composite
def scattered(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Attrs]:
    """Of `scatter`: a shape and an index into it; the operand has the shape that the index picks."""
    shape = draw(shapes(0, 3, *sides))
    index = draw(indices(shape))
    return (np.empty(shape)[index].shape,), {"index": index, "shape": shape}


@st.composite
def joined(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Attrs]:
    """Of `concatenate`: shapes that differ along one axis only, and that axis."""
    shape = draw(shapes(1, 3, *sides))
    axis = draw(axes(shape, several=False))
    lengths = draw(st.lists(st.integers(*sides), min_size=1, max_size=3))
    if axis is None:
        return tuple((size,) if i else shape for i, size in enumerate(lengths)), {"axis": None}
    along = axis % len(shape)
    return tuple((*shape[:along], size, *shape[along + 1 :]) for size in lengths), {"axis": axis}


@st.composite
def subscripts(draw: st.DrawFn, *sizes: Shape) -> Attrs:
    """Of `einsum`: axes of one size may share a letter, some go without, and the result keeps some of the letters."""
    size_of: dict[str, int] = {}
    terms = []
    unnamed = draw(st.integers(0, min(map(len, sizes)))) * draw(st.booleans())
    if len({shape[:unnamed] for shape in sizes}) > 1:
        unnamed = 0
    for shape in sizes:
        own: list[tuple[str, int]] = []
        for size in shape[unnamed:]:
            known = [c for c, n in size_of.items() if dict(own).get(c, n if size > 1 else size) == size]
            letter = draw(st.sampled_from([*known, "abcdefghij"[len(size_of)]]))
            size_of.setdefault(letter, size)
            own.append((letter, size))
        terms.append("..." * bool(unnamed) + "".join(letter for letter, _ in own))
    if draw(st.integers(0, 3)) == 0:
        return {"subscripts": ",".join(terms)}
    result = draw(st.permutations(sorted(size_of))) if size_of else []
    kept = "..." * bool(unnamed) + "".join(result[: draw(st.integers(0, 3))])
    return {"subscripts": f"{','.join(terms)}->{kept}"}


@st.composite
def cuts(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `split`: a number of equal parts, or the places to cut."""
    axis = draw(axes(x, several=False, everything=False))
    size = x[axis]
    equal = st.sampled_from([n for n in range(1, size + 1) if size % n == 0] or [1, 2])
    cuts = st.lists(st.integers(0, size), max_size=3).map(sorted)
    return {"indices_or_sections": draw(equal | cuts), "axis": axis}


def parts(x: Shape) -> st.SearchStrategy[Attrs]:
    """Of `array_split`: a number of parts, which need not divide the size, or the places to cut."""
    uneven = st.fixed_dictionaries({"indices_or_sections": st.integers(1, 5), "axis": axes(x, False, False)})
    return uneven | cuts(x)


@st.composite
def picks(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `take`: places along an axis, or among all numbers; beyond the ends where they are put right."""
    axis = draw(axes(x, several=False))
    size = prod(x) if axis is None else x[axis]
    mode = draw(st.sampled_from(["raise", "wrap", "clip"])) if size else "raise"
    place = st.integers(-size, size - 1) if mode == "raise" else st.integers(-5, 5)
    places = draw(place | st.lists(place, max_size=3)) if size else []
    return {"indices": np.array(places, dtype=np.intp), "axis": axis, "mode": mode}


@st.composite
def contracted(draw: st.DrawFn, sides: Sides) -> tuple[tuple[Shape, ...], Attrs]:
    """Of `tensordot`: two shapes, and the axes that meet: by their number, or by two lists."""
    common, *others = (draw(shapes(0, 2, *sides)) for _ in range(3))
    n = len(common)
    if draw(st.booleans()):
        return ((*others[0], *common), (*common, *others[1])), {"axes": n}
    orders = [draw(st.permutations(range(n + len(other)))) for other in others]
    sizes = tuple(
        tuple((*common, *other)[order.index(i)] for i in range(len(order))) for other, order in zip(others, orders)
    )
    return sizes, {"axes": tuple(tuple(order[:n]) for order in orders)}


@st.composite
def matrix_axes(draw: st.DrawFn, x: Shape) -> Attrs:
    """Two axes, in which matrices lie."""
    axis1, axis2 = draw(st.permutations(range(-len(x), 0)))[:2]
    return {"offset": draw(st.integers(-2, 2)), "axis1": axis1, "axis2": axis2}


@st.composite
def flattened(draw: st.DrawFn, x: Shape) -> Attrs:
    """Of `flatten`: a run of axes, counted from either end."""
    last = max(len(x) - 1, 0)
    start = draw(st.integers(0, last))
    end = draw(st.integers(start, last))
    if not x or draw(st.booleans()):
        return {"start_dim": start, "end_dim": end}
    return {"start_dim": start - len(x), "end_dim": end - len(x)}


@st.composite
def bounds(draw: st.DrawFn, *sizes: Shape) -> Attrs:
    """Of `clip`: the bounds, of which one may be missing."""
    low, high = draw(st.sampled_from([(-1.0, 1.0), (-1.0, None), (None, 1.0)]))
    return {"min": low, "max": high}
