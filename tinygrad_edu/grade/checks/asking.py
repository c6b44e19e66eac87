"""What several checks ask with: random operands, of sizes in which no mistake can hide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy import ndarray

from ..diagnosis import probe_shapes
from ..errors import AssignmentError, StudentError, WrongAnswer

__all__ = ["Axes", "called_unstable", "operands"]

Axes = str | tuple[int, ...]
"""A word with a letter for each axis, as `probe_shapes` takes it; or a shape."""


def operands(axes: Sequence[Axes], rng: np.random.Generator, scale: float = 1.0) -> Iterator[tuple[ndarray, ...]]:
    """Random operands, about as large as `scale`: of distinct sizes and then of equal ones, or of the shapes given.

    Of several numbers some are above 0 and some below: at negative numbers alone the gradient of `relu` is 0, which
    hides mistakes, and that of `softplus` in the thousands so near 0 that a right program might lose.

    Raises `AssignmentError` for words and shapes together.

    >>> [[x.shape for x in xs] for xs in operands(("nk", "k"), np.random.default_rng(0))]
    [[(5, 3), (3,)], [(4, 4), (4,)]]
    """
    words = [word for word in axes if isinstance(word, str)]
    shapes = tuple(shape for shape in axes if isinstance(shape, tuple))
    if words and shapes:
        raise AssignmentError(f"axes {axes}: give a word for each operand, or a shape for each")
    for some in (probe_shapes(*words), probe_shapes(*words, square=True)) if words else (shapes,):
        yield tuple(scale * of_both_signs(rng.normal(size=shape)) for shape in some)


def of_both_signs(x: ndarray) -> ndarray:
    """The numbers, with the first above 0 and the last below; of a single one as it is.

    >>> of_both_signs(np.array([-3.0, -1.0, 2.0]))
    array([ 3., -1., -2.])
    """
    if x.size > 1:
        x.flat[0], x.flat[-1] = abs(x.flat[0]), -abs(x.flat[-1])
    return x


@contextmanager
def called_unstable(scale: float) -> Iterator[None]:
    """What goes wrong in here, with large numbers, has gone right with small ones."""
    try:
        yield
    except (WrongAnswer, StudentError) as error:
        raise WrongAnswer(
            f"right for numbers near 1, wrong for numbers near {scale:,.0f}: {error}",
            kind="unstable",
            how="Find the exponential that overflows, and take the largest number out of it first.",
            graphs=getattr(error, "graphs", None),
        ) from None
