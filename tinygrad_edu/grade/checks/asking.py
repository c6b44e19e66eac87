"""Shared by several checks: random operands, of sizes that hide no mistake; errors at large numbers; memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from ..diagnosis import probe_shapes
from ..errors import AssignmentError, StudentError, WrongAnswer
from ..expect import require
from ..sandbox.proxies import Handle, Student, evaluate

__all__ = ["Axes", "called_unstable", "operands", "peak_memory"]

Axes = str | tuple[int, ...]
"""A word with a letter for each axis, as in `probe_shapes`; or a shape."""

MEASURED = """lambda function, arguments: (
    m := __import__("tracemalloc"), m.start(), function(*arguments), m.get_traced_memory()[1], m.stop())[3]"""


def operands(axes: Sequence[Axes], rng: np.random.Generator, scale: float = 1.0) -> Iterator[tuple[ndarray, ...]]:
    """Random operands, about as large as `scale`: first of distinct sizes, then of equal ones; or of the given shapes.

    An operand with several numbers has positive and negative ones: if all were negative, the gradient of `relu` would
    be 0 and hide mistakes, and that of `softplus` in the thousands so near 0 that a right program might fail.

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
    """The numbers, with a positive first and a negative last one; a single number stays as it is.

    >>> of_both_signs(np.array([-3.0, -1.0, 2.0]))
    array([ 3., -1., -2.])
    """
    if x.size > 1:
        x.flat[0], x.flat[-1] = abs(x.flat[0]), -abs(x.flat[-1])
    return x


@contextmanager
def called_unstable(scale: float) -> Iterator[None]:
    """Report an error in this context as "unstable": it arises with large numbers, after small ones were right."""
    try:
        yield
    except (WrongAnswer, StudentError) as error:
        raise WrongAnswer(
            f"right for numbers near 1, wrong for numbers near {scale:,.0f}: {error}",
            kind="unstable",
            how="Find the exponential that overflows, and take the largest number out of it first.",
            graphs=getattr(error, "graphs", None),
        ) from None


def peak_memory(student: Student, function: Handle, *arguments: Any, most: float) -> None:
    """`function(*arguments)` must not hold more than `most` bytes at once, in addition to its arguments.

    Python's `tracemalloc` counts them in the student's process. So this check finds waste, but a program could cheat
    it; no program can cheat `Limits(memory=...)`.

    Raises `WrongAnswer` of the kind "memory".
    """
    used = evaluate(student, MEASURED)(function, list(arguments))
    require(type(used) is int, "the memory of the call could not be measured", kind="memory")
    require(used <= most, f"the call holds {used / 1e6:.3g} MB at once; {most / 1e6:.3g} MB must do", kind="memory")
