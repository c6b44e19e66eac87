"""Arguments that do not fit the type hints of a function: one check for all whole numbers, numbers and names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Signature
from typing import Any

from ..._support.languages import texts
from ...errors import DtypeError, TinygradError
from .words import in_words, short, whole

__all__ = ["FOREIGN", "explained", "misfit"]

FOREIGN = (TypeError, ValueError, IndexError, ArithmeticError)
"""What Python and NumPy raise on odd arguments."""


def misfit(function: str, known: Signature, args: Sequence[Any], given: Mapping[str, Any]) -> TinygradError | None:
    """What is wrong with the first argument that does not fit its type hint; None if all fit.

    >>> from inspect import signature
    >>> def f(x: Any, size: int, eps: float = 1e-5) -> Any: ...
    >>> misfit("f", signature(f), (1, 2.0), {})
    DtypeError('f: size is a whole number, not float 2.0')
    >>> misfit("f", signature(f), (1, 2), {"eps": "small"})
    DtypeError("f: eps is a number, not str 'small'")
    """
    for name, value in known.bind(*args, **given).arguments.items():
        parameter = known.parameters[name]
        hint, _, other = str(parameter.annotation).partition(" | ")
        if hint not in HINTS or other not in ("", "None") or (value is None and other):
            continue
        try:
            HINTS[hint](name, value)
        except TinygradError as error:
            return type(error)(f"{function}: {error}")
    return None


def explained(
    function: str, known: Signature, args: Sequence[Any], given: Mapping[str, Any], error: Exception
) -> Exception:
    """The error to raise instead of one of Python's or NumPy's: it names the argument, or else all of them."""
    try:
        known.bind(*args, **given)
    except TypeError:  # too few arguments, too many, or an unknown one: Python says which
        plain = [parameter.replace(annotation=parameter.empty) for parameter in known.parameters.values()]
        return DtypeError(f"{error}; it is {function}{Signature(plain)}")
    text = texts("{operation}: cannot be computed on {operands}: {error}")
    operands = ", ".join([*map(_in_words, args), *(f"{name}={_in_words(x)}" for name, x in given.items())])
    found = misfit(function, known, args, given)
    return found or DtypeError(text, operation=function, operands=operands, error=error)


def _in_words(x: Any) -> str:
    return in_words(x) if hasattr(x, "shape") else short(x)


def _needs(fits: Callable[[Any], bool], text: str) -> Callable[[str, Any], None]:
    def check(name: str, x: Any) -> None:
        if not fits(x):
            raise DtypeError(text, name=name, kind=type(x).__name__, value=short(x))

    return check


HINTS: dict[str, Callable[[str, Any], None]] = {
    "int": lambda name, x: whole(name, x, many=False),
    "float": _needs(lambda x: hasattr(x, "__float__"), texts("{name} is a number, not {kind} {value}")),
    "str": _needs(lambda x: isinstance(x, str), texts("{name} is a text, not {kind} {value}")),
    "Module": _needs(callable, texts("{name} is a layer, not {kind} {value}")),
}
"""By hint: what raises an error for a value that does not fit it."""
