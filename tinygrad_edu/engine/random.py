"""The random number generator of the package, for everything that gets no seed of its own.

>>> import tinygrad_edu as tg
>>> _ = tg.manual_seed(7)
>>> first = tg.randn(3)
>>> _ = tg.manual_seed(7)
>>> bool((tg.randn(3) == first).all())
True
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

import numpy as np

from ..errors import DtypeError, ModuleError
from . import messages
from .parts import here

__all__ = ["generator", "get_state", "manual_seed", "set_state"]

_generator: np.random.Generator | None = None
"""The package's own, made when it is first used: to load `numpy.random` takes as long as the import of all the rest."""


def __getattr__(name: str) -> NoReturn:
    """Answer for the names of `numpy.random`."""
    raise AttributeError(
        f"tg.random has no {name}: tg.rand(shape) and tg.randn(shape) draw tensors, and np.random.default_rng(seed) "
        "draws arrays",
        name=name,
    )


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the package's generator, so that initial weights, dropout and `tg.randn` give the same numbers in every run.

    Until it is called, every run of a program draws other numbers. Processes that are forked from here on draw other
    numbers than this one and than each other, and the same ones in every run. Returns the generator.
    """
    global _generator
    _generator = generator(seed)
    return _generator


def generator(seed: Any = None) -> np.random.Generator:
    """The generator to draw from: a new one for a seed, `seed` itself if it is a generator, the package's own for None.

    Raises `DtypeError` for anything else, and `ModuleError` where threads compute parts of a batch, since the numbers
    would not be those of one thread: they are drawn for the whole batch there (`for_examples` and `together`).

    >>> generator(0).random() == generator(0).random()
    True
    """
    if here():
        raise ModuleError(
            "fit: random numbers that threads draw for parts of a batch would be other ones than on one thread; draw "
            "a number for each example, such as by tg.rand(x.shape), or use threads=1"
        )
    if seed is None:
        return _own()
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        given = messages.short(seed)
        raise DtypeError(f"seed is a whole number from 0 on, or a numpy.random.Generator, not {given}") from None


def _own() -> np.random.Generator:
    """The package's own generator."""
    global _generator
    if _generator is None:
        _generator = np.random.default_rng()
    return _generator


def get_state() -> dict[str, Any]:
    """The state of the package's generator, as plain dicts, strings and whole numbers: for a checkpoint.

    >>> state = get_state()
    >>> x = generator().random()
    >>> set_state(state)
    >>> generator().random() == x
    True
    """
    return dict(_own().bit_generator.state)


def set_state(state: dict[str, Any]) -> None:
    """Return to a state that `get_state()` gave.

    Raises `ValueError` or `TypeError` if it is not such a state.
    """
    _own().bit_generator.state = state


# Forked processes, which would all draw what this one is about to draw.

_forks = 0
_seed_of_child: list[int] = []


def _before_fork() -> None:
    """A seed for the child, from where the generator stands and from how many children came before."""
    global _forks, _seed_of_child
    if _generator is not None:  # else the child makes its own
        _forks += 1
        _seed_of_child = [_forks, *repr(get_state()).encode()]


def _in_child() -> None:
    """A generator of its own: the parent's may be locked by a thread that drew from it, and is not in this process."""
    global _generator
    if _generator is not None:
        _generator = np.random.default_rng(_seed_of_child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
