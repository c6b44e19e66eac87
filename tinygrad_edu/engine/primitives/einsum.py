"""Einstein's summation, `einsum`: any product of arrays, its axes named by letters. Its gradients are einsums again."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..._support.languages import say
from ...errors import DtypeError, GraphError, ShapeError
from ..blas import one_thread
from ..messages import check
from ..node import Node, shape_of
from .linear_algebra import diagonal
from .primitive import Variadic, dispatch
from .rows import primitive
from .shape import reshape

__all__ = ["einsum"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The names of axes in `einsum`, in alphabetical order."""


def _einsum_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], subscripts: str) -> list[Any]:
    return [_einsum_by(slot, g, operands, subscripts) for slot in slots]


def _einsum_by(slot: int, g: Any, operands: Sequence[Any], subscripts: str) -> Any:
    """An einsum again: the gradient takes the operand's place, and the operand's letters become the result's."""
    terms, result = subscripts.split("->")
    letters = terms.split(",")
    mine = letters[slot]
    others = [i for i in range(len(operands)) if i != slot]
    summed_alone = [c for c in mine if c not in result and all(c not in letters[i] for i in others)]
    reached = "".join(c for c in mine if c not in summed_alone)
    g = einsum(f"{','.join([result, *(letters[i] for i in others)])}->{reached}", g, *(operands[i] for i in others))
    if summed_alone:  # an axis that was only summed over: every number along it receives the same
        sizes = shape_of(operands[slot])
        kept = tuple(1 if c in summed_alone else size for c, size in zip(mine, sizes))
        g = reshape(g, kept) * np.ones(sizes, g.dtype)
    return g


@primitive(_einsum_rule, words=("{by_axes}",), kind=Variadic, name="einsum")
def _einsum(*operands: Any, subscripts: str) -> Any:
    with one_thread():
        return np.einsum(subscripts, *operands, optimize=len(operands) > 2)


def einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Any:
    """Einstein's summation: name the axes of each operand, and those of the result after `->`; the rest is summed.

    All that NumPy's takes: `...` for axes without a name, one letter twice in an operand for its diagonal, axes of size
    one that are stretched, no `->` for a result in alphabetical order, axes as lists of numbers behind each operand.
    Axes under `...` that the result does not have are summed, as in PyTorch.
    `optimize` is without effect: more than two operands are always multiplied in a good order.

    Raises `ShapeError` for axes that do not fit the operands, `DtypeError` for subscripts that are none.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> tg.einsum("ij,kj->ik", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    >>> tg.einsum("ii", x), tg.einsum(x, [0, 0], [0])
    (tensor(5.), tensor([1., 4.]))
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, *operands)
    if [*map(type, operands)] in ([list], [tuple]) and any(isinstance(x, Node) for x in operands[0]):
        raise DtypeError(say("einsum: the operands follow one by one, einsum('ij,jk->ik', x, y), and not in a list"))
    terms, result = _every_axis_named(subscripts.replace(" ", ""), [shape_of(x) for x in operands])
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands):
        for letter, n in zip(term, shape_of(x)):
            if (n != 1 and sizes.setdefault(letter, n) != n) or len(set(term)) < len(term):
                check("einsum", *operands, subscripts=f"{','.join(terms)}->{result}")
    plain = [_each_letter_once(x, term, sizes) for x, term in zip(operands, terms)]
    return _einsum(*(x for x, _ in plain), subscripts=f"{','.join(term for _, term in plain)}->{result}")


def mixed(x: Any, axis: int, shares: Any) -> Any:
    """Along one axis of an array, of size n, weighted sums of its numbers instead: `shares` (m, n) gives m of them.

    >>> import tinygrad_edu as tg
    >>> mixed(tg.tensor([[2.0, 4.0, 9.0]]), 1, np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    tensor([[3., 9.]])
    """
    old = "abcde"[: len(shape_of(x))]
    x = x if x.dtype.kind == "f" else x.astype(np.float32)  # as layers take whole numbers
    return einsum(f"{old},z{old[axis]}->{old.replace(old[axis], 'z')}", x, shares.astype(x.dtype))


def _from_lists(*given: Any) -> tuple[str, tuple[Any, ...]]:
    """`einsum(x, [0, 1], y, [1, 2], [0, 2])` in letters, as NumPy puts them."""
    operands, lists = given[: len(given) // 2 * 2 : 2], [*given[1::2], *given[len(given) // 2 * 2 :]]
    try:
        terms = ["".join("..." if i is Ellipsis else LETTERS[index(i)] for i in axes) for axes in lists]
    except (TypeError, IndexError, GraphError):
        kind = type(given[0]).__name__
        raise DtypeError(
            f"einsum: the first argument is a string such as 'ij,jk->ik', not {kind}; without one, each operand is "
            "followed by the list of its axes, whole numbers from 0 to 51"
        ) from None
    return "->".join([",".join(terms[: len(operands)]), *terms[len(operands) :]]), operands


def _every_axis_named(subscripts: str, shapes: Sequence[tuple[int, ...]]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with letters of their own for the axes that `...` stands for."""
    left, arrow, result = subscripts.partition("->")
    terms = left.split(",")
    if not all(c.isalpha() or c == "," for c in "".join(term.replace("...", "", 1) for term in [*terms, result])):
        raise ShapeError(f"einsum: {subscripts!r} may hold letters, commas, '...' once an array, and one '->' only")
    spare = "".join(c for c in LETTERS if c not in subscripts)
    extra = [len(shape) - len(term) + 3 if "..." in term else 0 for term, shape in zip(terms, shapes)]
    most = max([0, *extra])
    for i, n in enumerate(extra):
        terms[i] = terms[i].replace("...", spare[most - n : most] if n >= 0 else "...")
    if not arrow:
        result = "..." + "".join(c for c in sorted(set(left) - {",", "."}) if left.count(c) == 1)
    result = result.replace("...", spare[:most])
    full = f"{','.join(terms)}->{result}"
    if len(terms) != len(shapes) or any(len(a) != len(s) for a, s in zip(terms, shapes)):
        raise ShapeError(f"einsum: {full!r} names axes of shapes {terms}, but the operands have {list(shapes)}")
    unknown = sorted(set(result) - set("".join(terms)))
    if unknown:
        raise ShapeError(f"einsum: {full!r} has {unknown} in the result but in no operand")
    if len(set(result)) < len(result):
        raise ShapeError(f"einsum: {full!r} names one axis of the result twice; tg.diag puts a vector on a diagonal")
    return terms, result


def _each_letter_once(x: Any, term: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """An operand without what the row does not know: diagonals are taken, axes to be stretched are left out."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            a, b = [i for i, c in enumerate(term) if c == letter][:2]
            x, term = diagonal(x, 0, a, b), term[:a] + term[a + 1 : b] + term[b + 1 :] + letter
    kept = [i for i, n in enumerate(shape_of(x)) if n == sizes.get(term[i], 1)]
    if len(kept) < len(term):
        x, term = reshape(x, tuple(shape_of(x)[i] for i in kept)), "".join(term[i] for i in kept)
    return x, term


dispatch(einsum, np.einsum)
