"""Probes: at what numbers, and of what shapes, a gradient is asked for, so that no mistake can hide.

Sizes are primes, so none is a multiple of another and a transpose changes the shape; one probe more is square, so that
a transpose shows in the numbers too. The upstream gradient is random: from one of ones, a program that ignores it would
be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...errors import OutOfRangeError

__all__ = ["check_probe", "probe_shapes", "random_upstream"]

SIZES = (5, 3, 7, 11, 13, 17)

Shape = tuple[int, ...]


def probe_shapes(*axes: str, square: bool = False) -> tuple[Shape, ...]:
    """Shapes from the letters of their axes, "1" for an axis of 1; one letter is one size, as in `einsum`.

    Sizes are pairwise distinct and none is a multiple of another; with `square` all are equal.

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
    """An upstream gradient: of both signs, none near 0 or ±1, no two alike.

    >>> upstream = random_upstream(np.random.default_rng(0), (5, 3))
    >>> bool((np.abs(upstream) >= 1.25).all() and (np.abs(upstream) <= 2.75).all())
    True
    """
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(1.25, 2.75, size=shape)


def check_probe(at: Sequence[Any], upstream: Any) -> None:
    """Refuse a probe in which a mistake could hide.

    Raises `OutOfRangeError` for an upstream gradient of which all numbers are equal (a single one may be any but 1),
    and for inputs all of whose axes are of one size: these need a probe of other sizes beside it.

    >>> check_probe([np.ones((5, 3))], np.ones((5, 3)))
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.OutOfRangeError: check_probe: all numbers of the upstream gradient are 1.0: ...
    """
    if all_alike(upstream) or (np.size(upstream) == 1 and np.all(np.asarray(upstream) == 1.0)):
        numbers = np.unique(np.asarray(upstream, float))
        raise OutOfRangeError(
            f"check_probe: all numbers of the upstream gradient are {numbers[0] if numbers.size else 'missing'}: "
            "take random ones, or a program that ignores the upstream gradient is right"
        )
    if only_square(at):
        raise OutOfRangeError(
            "check_probe: all axes are of one size, so that a transposed gradient has the right shape: take "
            "probe_shapes() of distinct sizes, and a square probe only beside it"
        )


def all_alike(upstream: Any) -> bool:
    """Whether an upstream gradient has several numbers, and all of them are equal."""
    return np.size(upstream) != 1 and np.unique(np.asarray(upstream, float)).size < 2


def only_square(at: Sequence[Any]) -> bool:
    """Whether there are matrices among the inputs, and all their axes, but those of size 1, are of one size."""
    sizes = [n for x in at for n in np.shape(x) if n != 1]
    return any(np.ndim(x) > 1 for x in at) and len(sizes) > 1 and len(set(sizes)) == 1
