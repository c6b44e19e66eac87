"""Hypothesis strategies for the arguments of array operations: shapes, axes, indices, numbers, memory layouts.

Sizes are small, with 0 and 1 among them, and finite differences are precise at the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, isinf, prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy import ndarray

from ..engine.primitives import Primitive
from ..engine.primitives.shape import broadcast_to, expand_dims, flip, swapaxes

__all__ = ["Layout", "arrays", "axes", "broadcastable_shapes", "indices", "layouts", "numbers", "shapes", "window"]

Shape = tuple[int, ...]
Domain = tuple[float, float]
REALS: Domain = (-inf, inf)


@cache
def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 4) -> st.SearchStrategy[Shape]:
    """Shapes of up to `max_dims` axes (at most 4), each of `min_side` to `max_side` numbers.

    >>> from hypothesis import find
    >>> find(shapes(), lambda shape: len(shape) == 2 and 0 not in shape)
    (1, 1)
    """
    dims = [n for n in (0, 1, 2, 3, 4, 1, 2, 3, 2) if min_dims <= n <= max_dims]
    sides = [*range(min_side, max_side + 1), *range(2, max_side + 1)]  # those above 1 come twice as often
    of_dims = {n: st.tuples(*[st.sampled_from(sides)] * n) for n in dims}
    return st.sampled_from(dims).flatmap(of_dims.__getitem__)


@st.composite
def broadcastable_shapes(
    draw: st.DrawFn, n: int, max_dims: int = 3, min_side: int = 0, max_side: int = 4
) -> tuple[Shape, ...]:
    """`n` shapes that NumPy broadcasts together: some axes have size 1, some are missing.

    >>> from hypothesis import find
    >>> pair = find(broadcastable_shapes(2), lambda pair: len(pair[0]) == 2 > len(pair[1]))
    >>> len(np.broadcast_shapes(*pair))
    2
    """
    result = draw(shapes(0, max_dims, min_side, max_side))
    found = []
    for _ in range(n):
        dropped = draw(st.sampled_from([0, 0, 0, *range(len(result) + 1)]))
        stretched = draw(st.tuples(*[st.sampled_from([False, False, False, True])] * (len(result) - dropped)))
        found.append(tuple(1 if one else size for size, one in zip(result[dropped:], stretched)))
    return tuple(found)


@cache
def axes(shape: Shape, several: bool = True, everything: bool = True) -> st.SearchStrategy[Any]:
    """Values of `axis=` for a shape: an axis from either end; None if `everything`; tuples of axes if `several`.

    >>> from hypothesis import find
    >>> find(axes((3,)), lambda axis: isinstance(axis, int) and axis < 0)
    -1
    >>> find(axes((2, 3)), lambda axis: isinstance(axis, tuple) and len(axis) == 2)
    (0, 1)
    """
    choices: list[st.SearchStrategy[Any]] = [st.none()] if everything else []
    n = len(shape)
    if n:
        choices.append(st.integers(0, n - 1) | st.integers(-n, -1).map(lambda axis: -1 - n - axis))
    if several:
        signs = st.lists(st.booleans(), min_size=n, max_size=n)
        chosen = st.lists(st.integers(0, n - 1), unique=True) if n else st.just([])
        choices.append(st.tuples(chosen, signs).map(lambda drawn: tuple(a - n * drawn[1][a] for a in drawn[0])))
    return st.one_of(choices)


@st.composite
def indices(draw: st.DrawFn, shape: Shape) -> Any:
    """Indices for `x[...]`: slices, integers, None, `...`, masks, integer arrays with repeats, and mixtures.

    >>> from hypothesis import find
    >>> find(indices((1,)), lambda index: isinstance(index, np.ndarray) and index.dtype == bool and index.any())
    array([ True])
    """
    if shape and draw(st.integers(0, 7)) == 7:  # a mask of the whole shape
        n = prod(shape)
        return np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=bool).reshape(shape)
    parts: list[Any] = []
    left = list(shape)
    advanced = draw(st.booleans())
    together = draw(shapes(0, 2, 1, 3)) if advanced else ()
    for _ in range(draw(st.integers(0, len(shape)))):
        size = left.pop(0)
        kinds = ["slice", "integer"] if size else ["slice"]
        kinds += ["array"] * 2 if advanced and size else []
        kinds += (
            ["mask"]
            if advanced and len(together) <= 1 and not any(isinstance(p, ndarray) and p.dtype == bool for p in parts)
            else []
        )
        match draw(st.sampled_from(kinds)):
            case "slice":
                parts.append(draw(st.slices(size)))
            case "integer":
                parts.append(draw(st.integers(-size, size - 1)))
            case "array":
                stretched = tuple(1 if draw(st.booleans()) else n for n in together)
                places = st.lists(st.integers(-size, size - 1), min_size=prod(stretched), max_size=prod(stretched))
                parts.append(np.array(draw(places), dtype=np.intp).reshape(stretched))
            case "mask":
                n = together[0] if together else 1
                mask = np.zeros(size, dtype=bool)
                mask[draw(st.permutations(range(size)))[: n if n <= size else 1]] = size > 0
                if mask.sum() in (1, n):
                    parts.append(mask)
                else:
                    parts.append(slice(None))
    if draw(st.booleans()):  # `...` for the axes that have no index of their own
        tail = draw(st.integers(0, min(len(left), 1)))
        parts.append(Ellipsis)
        parts.extend(draw(st.slices(size)) for size in (left[-tail:] if tail else []))
    if draw(st.integers(0, 3)) == 3:
        parts.insert(draw(st.integers(0, len(parts))), None)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


def window(domain: Domain | Primitive) -> Domain:
    """The part of an open interval from which numbers are drawn: at most 6 wide, and away from both ends.

    >>> import tinygrad_edu as tg
    >>> window(tg.log), window(tg.exp)
    ((0.25, 6.25), (-3.0, 3.0))
    """
    low, high = domain.domain if isinstance(domain, Primitive) else domain
    if isinf(low) and isinf(high):
        return -3.0, 3.0
    if isinf(high):
        return low + 0.25, low + 6.25
    if isinf(low):
        return high - 6.25, high - 0.25
    margin = (high - low) / 16
    return low + margin, high - margin


def numbers(domain: Domain | Primitive = REALS, avoid: Sequence[float] = ()) -> st.SearchStrategy[float]:
    """Floats in a domain, away from its ends and from the points to `avoid`.

    >>> from hypothesis import find
    >>> find(numbers(), lambda x: True)
    1.0
    """
    return arrays((), domain=domain, avoid=avoid).map(float)


@st.composite
def arrays(
    draw: st.DrawFn,
    shape: Shape | st.SearchStrategy[Shape],
    dtype: Any = np.float64,
    domain: Domain | Primitive = REALS,
    avoid: Sequence[float] = (),
    distinct: bool = False,
) -> ndarray:
    """Arrays of numbers in a domain (an open interval, or a row of the table for its own), away from its ends.

    Parameters
    ----------
    avoid : points from which the numbers keep a distance, such as a kink.
    distinct : no two numbers are equal, or nearly so: for functions that have a kink at ties.

    An array is one draw of two bytes a number, so that larger arrays are quick too.

    >>> import tinygrad_edu as tg
    >>> from hypothesis import find
    >>> x = find(arrays((2, 3), domain=tg.log), lambda x: True)
    >>> x.shape, x.dtype, bool((x > 0).all())
    ((2, 3), dtype('float64'), True)
    """
    if not isinstance(shape, tuple):
        shape = draw(shape)
    n = prod(shape)
    drawn = draw(st.binary(min_size=2 * n, max_size=2 * n))
    places = (np.frombuffer(drawn, dtype=">u2") / 65536 + 2 / 3) % 1
    if distinct:
        ranks = np.empty(n)
        ranks[np.argsort(places, kind="stable")] = np.arange(n)
        places = (ranks + 0.5 * places) / max(n, 1)
    return _spread(places, window(domain), avoid).astype(dtype).reshape(shape)


def _spread(places: ndarray, interval: Domain, avoid: Sequence[float]) -> ndarray:
    """Spread places between 0 and 1 evenly over an interval with gaps around the points to avoid."""
    low, high = interval
    half = (high - low) / 50
    gaps = sorted(point for point in avoid if low < point < high)
    x = low + places * (high - low - 2 * half * len(gaps))
    for point in gaps:
        x = np.where(x > point - half, x + 2 * half, x)
    return x


@dataclass(frozen=True, repr=False)
class Layout:
    """A layout of numbers in memory.

    Attributes
    ----------
    name : such as "strided" or "backwards".
    base_shape : the shape of the array or node from which `view` is taken.
    view : gives the array or node of this layout, as a view of its argument.
    """

    name: str
    base_shape: Shape
    view: Callable[[Any], Any]

    def __repr__(self) -> str:
        return f"<layout {self.name} of {self.base_shape}>"


def layouts(shape: Shape, repeats: bool = True) -> st.SearchStrategy[Layout]:
    """Memory layouts of an array of this shape: C and Fortran order, strides, backwards; broadcast if `repeats`.

    >>> from hypothesis import find
    >>> layout = find(layouts((2, 3)), lambda layout: layout.name == "strided")
    >>> layout.base_shape, layout.view(np.zeros(layout.base_shape)).strides
    ((2, 6), (48, 16))
    """
    found = [Layout("C", shape, lambda base: base)]
    if shape:
        *rest, n = shape
        found += [
            Layout("strided", (*rest, 2 * n), lambda base: base[..., ::2]),
            Layout("a part of more", (shape[0] + 2, *shape[1:]), lambda base: base[1:-1]),
            Layout("backwards", shape, lambda base: flip(base, -1)),
            Layout("all backwards", shape, lambda base: flip(base)),
        ]
        if repeats:
            found.append(Layout("broadcast", (1, *shape[1:]), lambda base: broadcast_to(base, shape)))
    if len(shape) > 1:
        found += [
            Layout("Fortran", shape[::-1], lambda base: base.T),
            Layout("transposed", (*shape[:-2], shape[-1], shape[-2]), lambda base: swapaxes(base, -1, -2)),
        ]
    if repeats and len(shape) > 1:
        found.append(
            Layout("broadcast inside", (shape[0], *shape[2:]), lambda base: broadcast_to(expand_dims(base, 1), shape))
        )
    return st.sampled_from(found)
