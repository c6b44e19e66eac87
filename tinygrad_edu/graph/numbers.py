"""Numbers and arrays in pictures and texts: how a number is printed, and what one line says of an array."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .._support.languages import say, texts
from ..engine.messages import short
from ..engine.node import number_of
from ..errors import OutOfRangeError
from .text import shorten

__all__ = ["DIGITS", "POWERS", "RAISED", "Quantity", "aligned", "by_powers", "factor", "number", "printed_with"]

FEW = 12
"""An array of up to this many elements is shown in full."""

VERY_FEW = 6
"""An array of up to this many elements is shown in full in the middle of a line."""


DIGITS = 4
"""How many significant digits a number is printed with, in every view, unless it is asked for others."""

WHOLE = 1e15
"""Whole numbers below this one are printed in full."""

_digits: ContextVar[int] = ContextVar("digits", default=DIGITS)


@contextmanager
def printed_with(digits: int | None) -> Iterator[None]:
    """Inside, numbers are printed with so many significant digits; None changes nothing.

    >>> with printed_with(2):
    ...     print(number(2 / 3), Quantity.of(2 / 3).text())
    0.67 0.67
    """
    if digits is None:
        yield
        return
    if not (type(digits) is int and 1 <= digits <= 17):
        text = texts("digits is how many digits numbers are printed with, from 1 to 17, not {given}")
        raise OutOfRangeError(text, given=short(digits))
    before = _digits.set(digits)
    try:
        yield
    finally:
        _digits.reset(before)


def number(value: float, digits: int | None = None) -> str:
    """A number as a book prints it: rounded to so many digits, with a real minus sign; whole numbers in full.

    None: as many digits as `printed_with` says. The same number is the same text in every view.

    >>> number(4.0), number(-0.5), number(1 / 3), number(2.0**40), number(-0.0), number(float("inf"))
    ('4', '−0.5', '0.3333', '1099511627776', '0', '∞')
    >>> number(12345.678), number(1e-7), number(2.5e30)
    ('12346', '10⁻⁷', '2.5·10³⁰')

    A whole number is written out, but for one that ends in six zeros or more, such as what masks scores:

    >>> number(-1e9), number(25_000_000.0), number(25_000_001.0)
    ('−10⁹', '2.5·10⁷', '25000001')
    """
    return _printed(float(value), _digits.get() if digits is None else digits)


@lru_cache(maxsize=2**16)
def _printed(value: float, digits: int) -> str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    round_one = value != 0 and value % 1e6 == 0 and float(text) == value
    in_full = value.is_integer() or 10**digits <= abs(value) < 10 ** (digits + 3)
    if abs(value) < WHOLE and in_full and not round_one:
        text = str(round(value))
    return by_powers(text).replace("-", "−")


def by_powers(text: str) -> str:
    """A number as Python prints it, with a power of ten in place of an exponent.

    >>> by_powers("1e-05"), by_powers("-2.5e+30"), by_powers("0.1")
    ('10⁻⁵', '-2.5·10³⁰', '0.1')
    """
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    power = "10" + str(int(exponent)).translate(RAISED)
    return {"1": power, "-1": f"-{power}"}.get(mantissa, f"{mantissa}·{power}")


POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
RAISED = str.maketrans("0123456789-−×", f"{POWERS}⁻ˣ")


def factor(number: str) -> str:
    """A printed number as the second factor of a product: a negative one in brackets.

    >>> factor("2"), factor("−2")
    ('2', '(−2)')
    """
    return f"({number})" if number.startswith("−") else number


def aligned(elements: Sequence[float], digits: int | None = None) -> list[str]:
    """Numbers in a column: with zeros at their ends up to as many decimals each, where all these digits are known.

    >>> aligned([-0.17, 0.121, 0.5]), aligned([1.0, 20.0]), aligned([1e-6, 1.0]), aligned([0.1234, 12.3456])
    (['−0.170', '0.121', '0.500'], ['1', '20'], ['10⁻⁶', '1'], ['0.1234', '12.35'])
    >>> aligned([0.333, 0.09656]), aligned([1.0, 0.12345])
    (['0.3330', '0.09656'], ['1.000', '0.1235'])
    """
    digits = _digits.get() if digits is None else digits
    plain = [number(x, digits) for x in elements]
    decimals = max((len(text.partition(".")[2]) for text in plain), default=0)
    return [_padded(text, decimals, digits) for text in plain]


def _padded(text: str, decimals: int, digits: int) -> str:
    """A decimal with zeros at its end up to so many decimals; as it is if 0, or if not so many are known.

    >>> _padded("0.5", 3, 4), _padded("12.35", 4, 4), _padded("∞", 2, 4)
    ('0.500', '12.35', '∞')
    """
    whole, _, fraction = text.lstrip("−").partition(".")
    known = whole.isdecimal() and (fraction.isdecimal() or not fraction) and text != "0"
    missing = digits - len((whole + fraction).lstrip("0"))  # a number of fewer digits is exact, or ends in zeros
    decimals = min(decimals, len(fraction) + missing)
    if not known or decimals <= len(fraction):
        return text
    return "−" * text.startswith("−") + f"{whole}.{fraction:0<{decimals}}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or what can be said of an array in a line: its elements if they are few, else their range.

    Attributes
    ----------
    shape : `()` for a single number.
    dtype : "float" for a Python number; "" where only the shape is known.
    elements : the elements in C order; None where there are more than a dozen.
    low, high : the range of an array's finite elements; None where there are none.
    nonfinite : how many elements are nan or infinite.
    digits : how many significant digits it is printed with.
    """

    shape: tuple[int, ...]
    dtype: str
    elements: tuple[float, ...] | None
    low: float | None = None
    high: float | None = None
    nonfinite: int = field(default=0, metadata={"key": "strange"})  # as the JSON form, version 1, calls it
    digits: int = DIGITS

    def __post_init__(self) -> None:
        size = math.prod(self.shape)
        if min(self.shape, default=0) < 0 or len(self.elements or ()) != (0 if self.elements is None else size):
            raise ValueError(f"the elements of shape {self.shape} are not {size}")
        if self.elements is None and size == 1 and self.dtype:
            raise ValueError("a single number has to be there")

    @staticmethod
    def of(x: Any) -> Quantity:
        """What can be said of a Python number, a NumPy array, or the number that a node holds.

        >>> Quantity.of(2.5).text()
        '2.5'
        >>> import numpy as np
        >>> Quantity.of(np.arange(6.0).reshape(2, 3)).text()
        '[[0, 1, 2], [3, 4, 5]]'
        >>> Quantity.of(np.linspace(-1, 1, 100)).text()
        '(100,) float64, −1 … 1'
        """
        data = number_of(x)
        if not hasattr(data, "dtype"):
            return Quantity((), "float", (_float(data),), digits=_digits.get())
        import numpy as np

        data = np.asarray(data)
        shape, dtype = tuple(data.shape), str(data.dtype)
        if not (np.issubdtype(data.dtype, np.number) or data.dtype == bool) or np.iscomplexobj(data):
            return Quantity(shape, dtype, None, digits=_digits.get())
        elements = tuple(map(_float, data.ravel().tolist())) if data.size <= FEW else None
        finite = data[np.isfinite(data)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (None, None)
        return Quantity(shape, dtype, elements, low, high, int(data.size - finite.size), _digits.get())

    @property
    def is_number(self) -> bool:
        """Whether this is a single number, not an array."""
        return self.shape == () and self.elements is not None

    def text(self) -> str:
        """The quantity in one line."""
        if self.elements is None or 0 in self.shape:
            return f"{self.kind()}, {self.range()}" if self.dtype else self.kind()
        cells = self.cells()
        for size in reversed(self.shape):
            cells = ["[" + ", ".join(cells[i : i + size]) + "]" for i in range(0, len(cells), size)]
        return cells[0]

    def cells(self) -> list[str]:
        """The elements as text, if they are few."""
        if self.dtype == "bool":
            return ["true" if x else "false" for x in self.elements or ()]
        return [number(x, self.digits) for x in self.elements or ()]

    def kind(self, *, dtype: bool = True) -> str:
        """Shape and dtype, the shape as Python writes it."""
        return shorten(str(self.shape), 32) + (f" {self.dtype}" if dtype and self.dtype else "")

    def range(self, digits: int | None = None) -> str:
        """The smallest and the largest element, in words."""
        digits = self.digits if digits is None else digits
        if 0 in self.shape:
            return say("empty")
        if self.low is None or self.high is None:
            if self.nonfinite:
                return say("all nan or ∞")
            return say("not kept" if self.dtype.startswith(("float", "int", "uint", "bool")) else "not numbers")
        between = (
            f"{number(self.low, digits)} … {number(self.high, digits)}"
            if self.low < self.high
            else say("all {number}", number=number(self.low, digits))
        )
        if not self.nonfinite:
            return between
        return say("{range}, {n} nan or ∞", range=between, n=f"{self.nonfinite:,}")

    def in_short(self) -> str:
        """The quantity for the middle of a line: shape and range of all but a number or a very small array."""
        if self.is_number:
            return self.text()
        few = self.elements is None or len(self.elements) <= VERY_FEW
        return self.text() if few else f"{self.kind()}, {self.range()}"


def _float(x: Any) -> float:
    try:
        return math.nan if x != x else float(x)  # the one nan of this process: with it, equal graphs are equal
    except OverflowError:  # an integer beyond the floats
        return math.inf if x > 0 else -math.inf
