"""A refused call, and its operands in words."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from ...errors import DtypeError, OutOfRangeError, TinygradError
from ..node import Node, shape_of

Shape = tuple[int, ...]

PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
"""The modes of `pad`."""


class Call(NamedTuple):
    """A call that was refused, or is to be checked."""

    name: str
    operands: Sequence[Any]
    attrs: dict[str, Any]

    @property
    def shapes(self) -> list[Shape]:
        return [shape_of(x) for x in self.operands]

    @property
    def shape(self) -> Shape:
        """The shape of the first operand."""
        return shape_of(self.operands[0])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def x(self) -> str:
        """The first operand in words."""
        return in_words(self.operands[0])


def in_words(x: Any) -> str:
    """An operand as an error names it: the user's name for it and its shape, or the number that it is."""
    if isinstance(x, Real) or (isinstance(x, np.ndarray) and x.ndim == 0):
        return str(x)
    if not isinstance(x, Node):
        return str(shape_of(x))
    if x.primitive is not None and x.primitive.name == "to_tensor":  # the user gave a Value
        return in_words(x.inputs[0])
    if not hasattr(x, "dtype"):  # a Value
        return f"{x.name!r} = {x._data}" if x.name else repr(x)
    return f"{x.name!r} {x.shape}" if x.name else str(x.shape)


def listed(things: Sequence[Any], last: str = " and ") -> str:
    """`a, b and c`; operands in words."""
    words = [x if isinstance(x, str) else in_words(x) for x in things]
    if len(words) > 6:
        words = [*words[:5], f"{len(words) - 5} more"]
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def symbols(operands: Sequence[Any]) -> list[str]:
    """How a suggestion calls the operands: by the user's names, where these can be written, or a, b, c."""
    names = [x.name if isinstance(x, Node) else None for x in operands]
    return [name if name and name.isidentifier() else letter for name, letter in zip(names, "abcdefgh")]


def short(x: Any) -> str:
    """A value in one line of at most sixty characters, without the address that it has in this run."""
    text = x.__name__ if isinstance(x, type) else " ".join(re.sub(r"( object)? at 0x\w+", "", repr(x)).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def made_at(operands: Sequence[Any]) -> str:
    """A second line that says where the operands were made, if `tg.trace()` recorded it."""
    places = [f"{in_words(x)} at {x.source}" for x in operands if isinstance(x, Node) and x.source]
    return f"\n  made: {', '.join(places[:3])}" if places else ""


# Settings: one thing or several, whole numbers.


def several(x: Any) -> tuple[Any, ...]:
    """A setting that may be one thing or a sequence of things, as a tuple."""
    if isinstance(x, np.ndarray):
        x = x.tolist()
    return tuple(x) if isinstance(x, (list, tuple, range)) else (x,)


def leaves(x: Any) -> Iterator[Any]:
    """The things in nested lists."""
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
    """Whether x is a whole number; True and False are none."""
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def not_whole(what: str, given: Any, many: bool = True) -> TinygradError | None:
    """What is wrong with a setting that is to be a whole number, or (`many`) several."""
    for x in several(given) if many else (given,):
        if not is_whole(x):
            or_several = " or a tuple of them" if many else ""
            return DtypeError(f"{what} is a whole number{or_several}, not {type(x).__name__} {short(x)}")
        if abs(x) > sys.maxsize:
            return OutOfRangeError(f"{what} {short(x)} is larger than any array")
    return None


def describe(x: Any) -> str:
    """A node in a few words for an error message: its name, or what it is and where it was made."""
    if not isinstance(x, Node):
        return f"{type(x).__name__} of shape {x.shape}" if hasattr(x, "shape") else repr(x)
    if x.name:
        what = f"{x.name!r}"
    else:
        what = f"a {type(x).__name__}" if x.primitive is None else f"the result of {x.primitive.name}"
    holds_array = hasattr(x, "_data") and hasattr(x._data, "shape")  # not after a walk has released it
    return what + (f" of shape {x.shape}" if holds_array else "") + (f" (made at {x.source})" if x.source else "")
