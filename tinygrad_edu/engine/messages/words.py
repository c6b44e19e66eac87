"""Operands and attributes in words, and small questions about them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np

from ..._support import languages
from ..._support.languages import say, texts
from ...errors import DtypeError, OutOfRangeError
from ..node import Node, shape_of

__all__ = ["PAD_MODES", "describe", "in_words", "is_whole", "listed", "several", "short"]

Shape = tuple[int, ...]

PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
"""The modes of `pad`."""


def in_words(x: Any) -> str:
    """An operand in an error message: its name and shape, or its value if it is one number."""
    if isinstance(x, Real) or (isinstance(x, np.ndarray) and x.ndim == 0):
        return str(x)
    if not isinstance(x, Node):
        return str(shape_of(x))
    if x.primitive is not None and x.primitive.name == "to_tensor":  # the user gave a Value
        return in_words(x.inputs[0])
    if not hasattr(x, "dtype"):  # a Value
        return f"{x.name!r} = {x._number}" if x.name else repr(x)
    return f"{x.name!r} {x.shape}" if x.name else str(x.shape)


def listed(things: Sequence[Any], alternatives: bool = False) -> str:
    """`a, b and c`, or `a, b or c`; operands in words."""
    words = [x if isinstance(x, str) else in_words(x) for x in things]
    if len(words) > 6:
        words = [*words[:5], say("{n} more", n=len(words) - 5)]
    return languages.listed(words, alternatives)


def symbols(operands: Sequence[Any]) -> list[str]:
    """Names for the operands in a suggestion: the user's, where they can be written in Python, else a, b, c."""
    names = [x.name if isinstance(x, Node) else None for x in operands]
    return [name if name and name.isidentifier() else letter for name, letter in zip(names, "abcdefgh")]


def short(x: Any) -> str:
    """A value in one line of at most sixty characters, without its address in memory."""
    text = x.__name__ if isinstance(x, type) else " ".join(re.sub(r"( object)? at 0x\w+", "", repr(x)).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def made_at(operands: Sequence[Any]) -> str:
    """A second line of a message: where the operands were made, if `tg.trace()` recorded it."""
    made = [x for x in operands if isinstance(x, Node) and x.source][:3]
    places = [say("{x} at {place}", x=in_words(x), place=x.source) for x in made]
    return "\n  " + say("made: {places}", places=say(", ").join(places)) if places else ""


# Attributes: one thing or several, whole numbers.


def several(x: Any) -> tuple[Any, ...]:
    """An attribute that may be one thing or a sequence of things, as a tuple."""
    if isinstance(x, np.ndarray):
        x = x.tolist()
    return tuple(x) if isinstance(x, (list, tuple, range)) else (x,)


def leaves(x: Any) -> Iterator[Any]:
    """The items of nested lists, from the innermost ones."""
    todo = [x]
    while todo:
        x = todo.pop()
        if isinstance(x, (list, tuple)):
            todo.extend(x)
        else:
            yield x


def is_ragged(x: Any) -> bool:
    """Whether nested lists have rows of different lengths."""
    if not isinstance(x, (list, tuple)) or any(isinstance(leaf, Node) for leaf in leaves(x)):
        return False
    try:
        np.asarray(x)
    except (TypeError, ValueError):
        return True
    return False


def is_whole(x: Any) -> bool:
    """Whether x is a whole number; True and False do not count."""
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


WHOLE = texts("{what} is a whole number or a tuple of them, not {kind} {value}")
ONE_WHOLE = texts("{what} is a whole number, not {kind} {value}")


def whole(what: str, given: Any, many: bool = True) -> None:
    """An attribute is a whole number, or several if `many`.

    `what` is its name, or a text that describes it.
    """
    for x in several(given) if many else (given,):
        if not is_whole(x):
            text = WHOLE if many else ONE_WHOLE
            raise DtypeError(text, what=say(what), kind=type(x).__name__, value=short(x))
        if abs(x) > sys.maxsize:
            raise OutOfRangeError("{what} {value} is larger than any array", what=say(what), value=short(x))


def describe(x: Any) -> str:
    """A node in a few words for an error message: its name, or what it is and where it was made."""
    if not isinstance(x, Node):
        return say("{what} of shape {shape}", what=type(x).__name__, shape=x.shape) if hasattr(x, "shape") else repr(x)
    if x.name:
        what = f"{x.name!r}"
    elif x.primitive is None:
        what = say("a {kind}", kind=type(x).__name__)
    else:
        what = say("the result of {operation}", operation=x.primitive.name)
    if hasattr(x, "_number") and hasattr(x._number, "shape"):  # not after a walk has released it
        what = say("{what} of shape {shape}", what=what, shape=x.shape)
    return say("{what} (made at {place})", what=what, place=x.source) if x.source else what
