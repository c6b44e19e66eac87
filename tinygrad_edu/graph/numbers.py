"""Numbers and arrays in pictures and texts: how a number is printed, and what one line says of an array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engine.node import number_of
from .text import shorten

__all__ = ["Quantity", "aligned", "factor", "number"]

FEW = 12
"""An array of up to this many elements is shown in full."""

VERY_FEW = 6
"""An array of up to this many elements is shown in full in the middle of a line."""


def number(value: float, digits: int = 6) -> str:
    """A number as a book prints it: rounded to so many digits, with a real minus sign. Whole numbers stay whole longer.

    >>> number(4.0), number(-0.5), number(1 / 3, 4), number(2.0**40), number(1e-7), number(float("inf"))
    ('4', '−0.5', '0.3333', '1099511627776', '1e−7', '∞')
    >>> number(29082632.0, 3)
    '2.91e7'
    """
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value.is_integer() and abs(value) < (1e15 if digits >= 6 else 10 ** (digits + 3)):
        text = str(int(value))
    else:
        text = f"{value:.{digits}g}"
        if "e" in text:
            mantissa, exponent = text.split("e")
            text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def factor(number: str) -> str:
    """A printed number as the second factor of a product: a negative one in brackets.

    >>> factor("2"), factor("−2")
    ('2', '(−2)')
    """
    return f"({number})" if number.startswith("−") else number


def aligned(elements: Sequence[float]) -> list[str]:
    """Numbers with as many decimals each, so that they line up; as they are where rounding would hide one.

    >>> aligned([-0.17, 0.121, 0.5]), aligned([1.0, 20.0]), aligned([1e-6, 1.0])
    (['−0.170', '0.121', '0.500'], ['1', '20'], ['1e−6', '1'])
    """
    largest = max(abs(x) for x in elements)
    plain = [number(x, 3) for x in elements]
    if math.isnan(largest) or largest >= 1e5 or any("e" in text for text in plain):
        return plain
    decimals = max(len(text.partition(".")[2]) for text in plain)
    if decimals > 4 or any(x and abs(x) < 0.5 * 10.0**-decimals for x in elements):
        return plain
    return [f"{x:.{decimals}f}".replace("-", "−") for x in elements]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or what can be said of an array in a line: its elements if they are few, else their range.

    Attributes
    ----------
    shape : `()` for a single number.
    dtype : "float" for a Python number.
    elements : the elements in C order; None where there are more than a dozen.
    low, high : the range of an array's finite elements; None where there are none.
    nonfinite : how many elements are nan or infinite.
    """

    shape: tuple[int, ...]
    dtype: str
    elements: tuple[float, ...] | None
    low: float | None = None
    high: float | None = None
    nonfinite: int = field(default=0, metadata={"key": "strange"})  # as the JSON form, version 1, calls it

    def __post_init__(self) -> None:
        size = math.prod(self.shape)
        if min(self.shape, default=0) < 0 or len(self.elements or ()) != (0 if self.elements is None else size):
            raise ValueError(f"the elements of shape {self.shape} are not {size}")
        if self.elements is None and size == 1:
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
            return Quantity((), "float", (_float(data),))
        import numpy as np

        data = np.asarray(data)
        shape, dtype = tuple(data.shape), str(data.dtype)
        if not (np.issubdtype(data.dtype, np.number) or data.dtype == bool) or np.iscomplexobj(data):
            return Quantity(shape, dtype, None)
        elements = tuple(map(_float, data.ravel().tolist())) if data.size <= FEW else None
        finite = data[np.isfinite(data)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (None, None)
        return Quantity(shape, dtype, elements, low, high, int(data.size - finite.size))

    @property
    def is_number(self) -> bool:
        """Whether this is a single number, not an array."""
        return self.shape == () and self.elements is not None

    def text(self, digits: int = 6) -> str:
        """The quantity in one line."""
        if self.elements is None or 0 in self.shape:
            return f"{self.kind()}, {self.range(digits)}"
        cells = self.cells(digits)
        for size in reversed(self.shape):
            cells = ["[" + ", ".join(cells[i : i + size]) + "]" for i in range(0, len(cells), size)]
        return cells[0]

    def cells(self, digits: int = 6) -> list[str]:
        """The elements as text, if they are few."""
        if self.dtype == "bool":
            return ["true" if x else "false" for x in self.elements or ()]
        return [number(x, digits) for x in self.elements or ()]

    def kind(self, *, dtype: bool = True) -> str:
        """Shape and dtype, the shape as Python writes it."""
        return shorten(str(self.shape), 32) + (f" {self.dtype}" if dtype else "")

    def range(self, digits: int = 4) -> str:
        """Between which numbers the elements lie."""
        if 0 in self.shape:
            return "empty"
        if self.low is None or self.high is None:
            if self.nonfinite:
                return "all nan or ∞"
            return "not kept" if self.dtype.startswith(("float", "int", "uint", "bool")) else "not numbers"
        between = (
            f"{number(self.low, digits)} … {number(self.high, digits)}"
            if self.low < self.high
            else f"all {number(self.low, digits)}"
        )
        return between + (f", {self.nonfinite:,} nan or ∞" if self.nonfinite else "")

    def in_short(self) -> str:
        """The quantity for the middle of a line: shape and range of all but a number or a very small array."""
        if self.is_number:
            return self.text()
        few = self.elements is None or len(self.elements) <= VERY_FEW
        return self.text(4) if few else f"{self.kind()}, {self.range()}"


def _float(x: Any) -> float:
    try:
        return math.nan if x != x else float(x)  # the one nan of this process: with it, equal graphs are equal
    except OverflowError:  # an integer beyond the floats
        return math.inf if x > 0 else -math.inf
