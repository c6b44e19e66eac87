"""Checks of the arguments of functions and layers: whole numbers, probabilities, and words of which there are a few."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..._support.languages import listed, texts
from ...errors import DtypeError, OutOfRangeError, TinygradError
from .words import is_whole, short

__all__ = ["in_the_name_of", "known_arguments", "one_of", "probability", "whole_from"]


def known_arguments(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `DtypeError` for an argument that a function does not have; it names the one that was meant.

    >>> known_arguments("draw", ["titles"], ["width", "title"])
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.DtypeError: draw has no argument titles; did you mean title?
    >>> known_arguments("draw", ["zoom"], ["width", "title"])
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.DtypeError: draw has no argument zoom; it has width and title
    """
    names = [name for name in known if name != "self"]
    for name in given:
        if name not in names:
            from difflib import get_close_matches  # which is needed here alone

            near = get_close_matches(name, names, 1)
            text = MEANT if near else UNKNOWN
            raise DtypeError(text, function=function, name=name, meant="".join(near), known=listed(names))


MEANT = texts("{function} has no argument {name}; did you mean {meant}?")
UNKNOWN = texts("{function} has no argument {name}; it has {known}")


def in_the_name_of(function: str, error: TinygradError) -> TinygradError:
    """The error, of the function that the user called, where it names another one, which that calls.

    >>> in_the_name_of("median", DtypeError("quantile: axis is a whole number"))
    DtypeError('median: quantile: axis is a whole number')
    >>> in_the_name_of("median", DtypeError("median: axis is a whole number"))
    DtypeError('median: axis is a whole number')
    """
    return error if str(error).startswith((f"{function}:", f"{function} ")) else type(error)(f"{function}: {error}")


def whole_from(least: int, function: str, **given: Any) -> None:
    """Raise `OutOfRangeError` for a number that is not whole, or is less than the least.

    >>> whole_from(1, "PositionalEncoding", d_model=0)
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.OutOfRangeError: PositionalEncoding: d_model is a whole number from 1 on, not 0
    """
    for name, x in given.items():
        if not is_whole(x) or x < least:
            text = texts("{function}: {name} is a whole number from {least} on, not {value}")
            raise OutOfRangeError(text, function=function, name=name, least=least, value=short(x))


def probability(function: str, **given: Any) -> None:
    """Raise `OutOfRangeError` for a number that is not between 0 and 1."""
    for name, x in given.items():
        if not 0 <= x <= 1:
            text = texts("{function}: {name} is a probability, between 0 and 1, not {value}")
            raise OutOfRangeError(text, function=function, name=name, value=x)


def one_of(known: Iterable[Any], function: str, error: type[TinygradError] = DtypeError, **given: Any) -> None:
    """Raise an error for a word that is not among the known ones.

    >>> one_of(("tanh", "relu"), "RNN", nonlinearity="sine")
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.DtypeError: RNN: nonlinearity is 'tanh' or 'relu', not 'sine'
    """
    words = list(known)
    for name, x in given.items():
        if not (x is None or isinstance(x, str)) or x not in words:
            those = listed(list(map(repr, words)), alternatives=True)
            text = texts("{function}: {name} is {known}, not {value}")
            raise error(text, function=function, name=name, known=those, value=short(x))
