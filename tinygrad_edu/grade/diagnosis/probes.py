"""Probes: inputs for which no mistake in a gradient stays hidden; and mutants, wrong gradients that test a probe.

Sizes are primes, so none is a multiple of another and a transpose changes the shape; one more probe is square, so that
a transpose also shows in the numbers. The upstream gradient is random: if it were all ones, a program that ignores it
would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ...errors import OutOfRangeError
from .diagnose import same
from .reference import Reference

__all__ = ["Mutant", "mutants", "probe_shapes", "random_upstream"]

SIZES = (5, 3, 7, 11, 13, 17)

Shape = tuple[int, ...]


def probe_shapes(*axes: str, square: bool = False) -> tuple[Shape, ...]:
    """Shapes from letters, one for each axis: equal letters are equal sizes, as in `einsum`, and "1" is a size of 1.

    The sizes are distinct and none is a multiple of another; with `square` all are equal.

    Raises `OutOfRangeError` for more than six letters.

    >>> probe_shapes("nk", "km", "m")
    ((5, 3), (3, 7), (7,))
    >>> probe_shapes("nk", "km", "1m", square=True)
    ((4, 4), (4, 4), (1, 4))
    """
    letters = dict.fromkeys(letter for word in axes for letter in word if letter != "1")
    if len(letters) > len(SIZES):
        raise OutOfRangeError(f"probe_shapes: {len(letters)} sizes were asked for; there are {len(SIZES)}")
    size = {"1": 1, **dict(zip(letters, [4] * len(letters) if square else SIZES))}
    return tuple(tuple(size[letter] for letter in word) for word in axes)


def random_upstream(rng: np.random.Generator, shape: Shape) -> ndarray:
    """An upstream gradient with numbers of both signs; none is near 0 or ±1, and no two are equal.

    >>> upstream = random_upstream(np.random.default_rng(0), (5, 3))
    >>> bool((np.abs(upstream) >= 1.25).all() and (np.abs(upstream) <= 2.75).all())
    True
    """
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(1.25, 2.75, size=shape)


def all_alike(upstream: Any) -> bool:
    """Whether an upstream gradient has several numbers that are all equal."""
    return np.size(upstream) != 1 and np.unique(np.asarray(upstream, float)).size < 2


def only_square(at: Sequence[Any]) -> bool:
    """Whether there are matrices among the inputs, and all axes, except those of size 1, have the same size."""
    sizes = [n for x in at for n in np.shape(x) if n != 1]
    return any(np.ndim(x) > 1 for x in at) and len(sizes) > 1 and len(set(sizes)) == 1


# Mutants.


class Mutant(NamedTuple):
    """A wrong answer, made by a known mistake.

    Attributes
    ----------
    key : identifies the mutant among those of one function, for any inputs.
    name : the name of the mistake.
    gradients : the gradients of all inputs; at least one is wrong.
    """

    key: str
    name: str
    gradients: list[ndarray | None]


def mutants(function: Callable[..., Any], at: Sequence[Any], upstream: Any) -> Iterator[Mutant]:
    """All known mistakes that change the gradients of a function, each alone and with a wrong sign.

    The arguments are those of `diagnose`. Mistakes that give nan or inf are left out, because every check sees them.

    >>> x, upstream = np.random.default_rng(0).normal(size=(2, 5, 4))
    >>> import tinygrad_edu as tg
    >>> [mutant.name for mutant in mutants(tg.exp, [x], upstream)][:5]
    ['sign', 'twice', 'factor', 'detached', 'region']
    """
    reference = Reference(function, at, upstream)
    right = reference.expected
    everywhere: dict[str, Callable[[ndarray], ndarray | None]] = {
        "sign": np.negative,
        "twice": lambda g: 2.0 * g,
        "factor": lambda g: g / len(g) if g.ndim else g / 5.0,
        "detached": lambda g: None,
    }
    for name, change in everywhere.items():
        changed = [change(g) for g in right]
        if not all(map(same, changed, right)):
            yield Mutant(name, name, changed)
    for i, (x, g) in enumerate(zip(reference.variables, right)):
        for name, key, wrong in _in_one(np.asarray(x.data), g):
            if wrong.any() and not same(wrong, g):
                yield Mutant(f"{name} {key} of operand {i}", name, [*right[:i], wrong, *right[i + 1 :]])
    if len(right) > 1 and not all(same(a, b) for a, b in zip(right, right[::-1])):
        yield Mutant("order of answers", "order of answers", [*right[::-1]])
    for i, (name, details, gradients, _) in enumerate(reference.candidates()):
        if all(same(a, b) for a, b in zip(gradients, right)):  # not a mistake for this function
            continue
        negated = [g if g is None else -g for g in gradients]
        for also, given in (("", gradients), (" + sign", negated)):
            finite = all(g is None or np.isfinite(g).all() for g in given)
            if finite and not all(map(same, given, right)):
                yield Mutant(f"{name} {sorted(details.items())} {i}{also}", name + also, given)


def _in_one(x: ndarray, g: ndarray) -> Iterator[tuple[str, str, ndarray]]:
    """Mistakes in the gradient g of the input x: name, variant, and the wrong gradient."""
    yield "region", "negative", np.where(x < 0, 0.0, g)
    if g.ndim:
        last = g.copy()
        last[-1] *= -1.0
        yield "region", "last", last
    if g.ndim > 1:
        yield "transposed", "", g.T
        yield "reshaped", "", g[..., None]
