"""Arguments that do not fit the type hints of a function: one check for numbers, texts, paths, lists and functions."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from functools import lru_cache, wraps
from inspect import Signature, isclass, isfunction, signature
from math import prod
from typing import Any, NamedTuple

from numpy import bool_, ndarray

from ..._support import languages
from ..._support.languages import say, texts
from ...errors import DtypeError, TinygradError
from ..node import number_of
from .arguments import known_arguments
from .words import in_words, is_whole, short, whole

__all__ = ["FOREIGN", "explained", "fitted", "hold_to_hints"]

FOREIGN = (TypeError, ValueError, IndexError, ArithmeticError, AttributeError)
"""What Python and NumPy raise on odd arguments."""


def fitted(
    function: str, known: Signature, args: Sequence[Any], given: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments, with a plain number where a number is meant and a Value, a Tensor or an array holds it.

    Raises `DtypeError` for the first one that does not fit its type hint.

    >>> def f(x: Any, size: int, eps: float | Sequence[float] = 1e-5) -> Any: ...
    >>> from tinygrad_edu import Value
    >>> fitted("f", signature(f), (1, 2), {"eps": [Value(0.5)]})
    ([1, 2], {'eps': [0.5]})
    >>> fitted("f", signature(f), (1, 2.0), {})
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.DtypeError: f: size is a whole number, not float 2.0
    """
    parameters = known.parameters
    if not given.keys() <= parameters.keys() and not takes_any(known):
        known_arguments(function, given, parameters)
    names = [name for name, parameter in parameters.items() if parameter.kind <= parameter.POSITIONAL_OR_KEYWORD]

    def fit(name: str, value: Any) -> Any:
        kinds = kinds_of(str(parameters[name].annotation)) if name in parameters else ()
        return _fit(name, kinds, value) if kinds else value

    try:  # of arguments that are too many Python tells
        return [*map(fit, names, args), *args[len(names) :]], {name: fit(name, value) for name, value in given.items()}
    except TinygradError as error:
        raise type(error)(f"{function}: {error}") from None


def takes_any(known: Signature) -> bool:
    """Whether a function takes arguments of any name."""
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.parameters.values())


def _fit(name: str, kinds: Sequence[Kind], value: Any) -> Any:
    kind = next((kind for kind in kinds if kind.fits(value)), None)
    if kind is None:
        what = languages.listed([say(kind.word) for kind in kinds], alternatives=True)
        raise DtypeError(NOT, name=name, what=what, kind=type(value).__name__, value=short(value))
    if is_whole(value):
        whole(name, value, many=False)
    return kind.plain(value)


NOT = texts("{name} is {what}, not {kind} {value}")


def explained(
    function: str, known: Signature, args: Sequence[Any], given: Mapping[str, Any], error: Exception
) -> Exception:
    """The error to raise instead of one of Python's or NumPy's: it names the argument, or else all of them.

    An error in a function of the user's, such as a schedule, stays as it is, with its line.
    """
    from traceback import walk_tb  # which is needed here alone

    *_, (frame, _) = walk_tb(error.__traceback__)
    raiser, package = (name.partition(".")[0] for name in (frame.f_globals.get("__name__", ""), __name__))
    if raiser not in {package, "numpy", *sys.stdlib_module_names}:
        return error
    try:
        known.bind(*args, **given)
    except TypeError:  # too few arguments, or too many: Python says which
        plain = [parameter.replace(annotation=parameter.empty) for parameter in known.parameters.values()]
        return DtypeError(f"{error}; it is {function}{Signature(plain)}")
    text = texts("{operation}: cannot be computed on {operands}: {error}")
    operands = ", ".join([*map(_in_words, args), *(f"{name}={_in_words(x)}" for name, x in given.items())])
    try:
        fitted(function, known, args, given)
    except TinygradError as found:
        return found
    return DtypeError(text, operation=function, operands=operands, error=error)


def _in_words(x: Any) -> str:
    return in_words(x) if hasattr(x, "shape") else short(x)


class Kind(NamedTuple):
    """What a hint says of a value: whether one fits, a word for all that do, and what the function gets for it."""

    fits: Callable[[Any], bool]
    word: str
    plain: Callable[[Any], Any] = lambda x: x


def _plain(x: Any) -> Any:
    """A plain number instead of what holds one."""
    return x.item() if hasattr(x, "item") and prod(getattr(x, "shape", ())) == 1 else x


def _plain_list(x: Any) -> Any:
    """A list of plain numbers, or an array of them; one of length 1 stays one."""
    return type(x)(map(_plain, x)) if type(x) in (list, tuple) else number_of(x)


KINDS: dict[str, Kind] = {
    "int": Kind(is_whole, texts("a whole number")),
    "float": Kind(lambda x: hasattr(x, "__float__") and prod(getattr(x, "shape", ())) == 1, texts("a number"), _plain),
    "bool": Kind(lambda x: x is None or isinstance(x, (int, bool_)), texts("True or False")),
    "str": Kind(lambda x: isinstance(x, str), texts("a text")),
    "None": Kind(lambda x: x is None, "None"),
    "os.PathLike": Kind(lambda x: isinstance(x, os.PathLike), texts("a path")),
    "ndarray": Kind(lambda x: isinstance(x, ndarray), texts("an array")),
    "Callable": Kind(callable, texts("a function")),
    "Module": Kind(callable, texts("a layer")),
    "Mapping": Kind(lambda x: isinstance(x, Mapping), texts("a dict")),
    "Sequence": Kind(lambda x: isinstance(x, Iterable) and not isinstance(x, str), texts("a list")),
    "Sequence[int]": Kind(lambda x: _is_list_of(is_whole, x), texts("a list of whole numbers")),
    "Sequence[float]": Kind(lambda x: _is_list_of(KINDS["float"].fits, x), texts("a list of numbers"), _plain_list),
    "tuple[int, int]": Kind(lambda x: _is_list_of(is_whole, x, 2), texts("two whole numbers")),
    "tuple[float, float]": Kind(lambda x: _is_list_of(KINDS["float"].fits, x, 2), texts("two numbers"), _plain_list),
    "Sequence[str]": Kind(lambda x: isinstance(x, Iterable), texts("a list of texts")),
}
"""By hint: as it is, then with the first of what is in its brackets, then without. Tuples are sequences, too."""


def _is_list_of(fits: Callable[[Any], bool], x: Any, n: int | None = None) -> bool:
    """Whether x has items, n of them, and they fit; of a long list, such as the tokens of a book, NumPy says it sooner.

    An iterator, which a look would use up, fits.
    """
    if not isinstance(x, Iterable) or isinstance(x, str) or getattr(x, "shape", None) == ():
        return False
    if not isinstance(x, Sized):
        return True
    return n in (None, len(x)) and (hasattr(x, "dtype") or len(x) > 100 or all(map(fits, x)))


@lru_cache(1024)
def kinds_of(hint: str) -> tuple[Kind, ...]:
    """The kinds of a hint; none if one of them is not in the table, or may hold anything."""
    found = []
    for each in re.split(r" \| (?![^\[]*\])", hint):
        head, item = re.sub(r"^(tuple|Iterable)\b", "Sequence", each.removeprefix("nn.")).partition("[")[::2]
        first = f"{head}[{item.partition(',')[0].rstrip(']')}]"
        kind = KINDS.get(each) or KINDS.get(first) or KINDS.get(head)
        if kind is None or item == "Any]":
            return ()
        found.append(kind)
    return tuple(found)


def hold_to_hints(room: dict[str, Any]) -> None:
    """Hold the arguments of the public functions, classes and methods of a room against their hints, at each call."""
    for name in room["__all__"]:
        x = room[name]
        if isfunction(x):
            room[name] = _checked(x)
            setattr(sys.modules[x.__module__], name, room[name])  # where pickles find it
        elif isclass(x):
            for kind in x.__mro__:
                if kind.__module__.startswith(room["__name__"]):
                    _hold_methods(kind)


def _hold_methods(kind: type) -> None:
    for key, method in list(vars(kind).items()):
        function = method.__func__ if isinstance(method, (classmethod, staticmethod)) else method
        is_public = key == "__init__" or not key.startswith("_")
        if is_public and isfunction(function) and not hasattr(function, "__wrapped__"):
            checked = _checked(function)
            setattr(kind, key, checked if function is method else type(method)(checked))


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; if it has hints to check, one that raises `DtypeError` for arguments that do not fit them."""
    if not any(kinds_of(str(hint)) for name, hint in function.__annotations__.items() if name != "return"):
        return function

    known = lru_cache(lambda: signature(function))  # at the first call, for it takes long

    @wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        name = type(args[0]).__name__ if args and function.__name__ == "__init__" else function.__qualname__
        plain, named = fitted(name, known(), args, given)
        return function(*plain, **named)

    return call
