"""Wrong gradients, each with the name of the mistake that made it: to find out whether a check would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .diagnose import same
from .reference import Reference

__all__ = ["Mutant", "mutants"]


class Mutant(NamedTuple):
    """A wrong answer: the gradients of all inputs, at least one of them wrong.

    `key` tells the mutants of one function apart, at any numbers.
    """

    key: str
    name: str
    gradients: list[ndarray | None]


def mutants(function: Callable[..., Any], at: Sequence[Any], upstream: Any) -> Iterator[Mutant]:
    """Every known mistake, alone and with a wrong sign, where it makes a difference to the gradients of a function.

    The arguments are those of `diagnose`. Mistakes that give nan or inf are left out: these nobody takes for right.

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
        for name, key, wrong in in_one(np.asarray(x.data), g):
            if wrong.any() and not same(wrong, g):
                yield Mutant(f"{name} {key} of operand {i}", name, [*right[:i], wrong, *right[i + 1 :]])
    if len(right) > 1 and not all(same(a, b) for a, b in zip(right, right[::-1])):
        yield Mutant("order of answers", "order of answers", [*right[::-1]])
    for i, (name, details, gradients, _) in enumerate(reference.candidates()):
        if all(same(a, b) for a, b in zip(gradients, right)):  # no mistake here
            continue
        negated = [g if g is None else -g for g in gradients]
        for also, given in (("", gradients), (" + sign", negated)):
            finite = all(g is None or np.isfinite(g).all() for g in given)
            if finite and not all(map(same, given, right)):
                yield Mutant(f"{name} {sorted(details.items())} {i}{also}", name + also, given)


def in_one(x: ndarray, g: ndarray) -> Iterator[tuple[str, str, ndarray]]:
    """Mistakes in the gradient g of the input x: name, what tells it from others of the name, the wrong gradient."""
    yield "region", "negative", np.where(x < 0, 0.0, g)
    if g.ndim:
        last = g.copy()
        last[-1] *= -1.0
        yield "region", "last", last
    if g.ndim > 1:
        yield "transposed", "", g.T
        yield "reshaped", "", g[..., None]
