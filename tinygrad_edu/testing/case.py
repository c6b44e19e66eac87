"""What a case is: how one function is called, and what NumPy answers. The cases themselves are in cases.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy import ndarray

from .strategies import REALS, Domain, Shape, arrays

__all__ = ["Arrangement", "Call", "Case"]

Settings = dict[str, Any]
Sides = tuple[int, int]
POSITIVE: Domain = (0.0, math.inf)
BOOLS = None
"""The domain of an operand that holds bools, and has no gradient."""


class Arrangement(NamedTuple):
    """Shapes of operands that go together: how many (0: any number), a strategy of them, whether given ones do.

    The strategy takes the smallest and the largest side that it may draw.
    """

    n: int
    shapes: Callable[[Sides], st.SearchStrategy[tuple[Shape, ...]]]
    fit: Callable[..., bool]


@dataclass(frozen=True, repr=False)
class Case:
    """How one function is called.

    Attributes
    ----------
    name : of the row of the table, or of the public function made of rows.
    function : takes operands and settings; floats, arrays, Values and Tensors alike.
    reference : the same in NumPy alone.
    arrangement : what shapes the operands have.
    settings : a strategy of the settings for operands of given shapes; None where `calls` draws them otherwise.
    domains : for each operand the open interval to draw from; the last one holds for all that follow.
    kinks : points at which it is not smooth.
    ties : whether it is not smooth where two numbers are equal.
    smooth : whether a call with these shapes and settings is smooth at all.

    >>> from tinygrad_edu.testing import CASES
    >>> exp = CASES["exp"]
    >>> exp.reference is np.exp, exp.arrangement.fit((2, 3))
    (True, True)
    """

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    arrangement: Arrangement
    settings: Callable[..., st.SearchStrategy[Settings]] = lambda *shapes: st.just({})
    domains: tuple[Domain | None, ...] = (REALS,)
    kinks: tuple[float, ...] = ()
    ties: bool = False
    smooth: Callable[[tuple[Shape, ...], Settings], bool] = lambda shapes, settings: True
    together: Callable[[Sides], st.SearchStrategy[tuple[tuple[Shape, ...], Settings]]] | None = None

    def __repr__(self) -> str:
        return f"CASES[{self.name!r}]"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # how hypothesis prints an example
        printer.text(repr(self))

    def domain(self, slot: int) -> Domain | None:
        """Where the numbers of an operand lie; None for bools."""
        return self.domains[min(slot, len(self.domains) - 1)]

    def calls(
        self, dtype: Any = np.float64, sides: Sides = (1, 4), of_shapes: tuple[Shape, ...] | None = None
    ) -> st.SearchStrategy[Call]:
        """Calls at points where the function is smooth, with axes of a length within `sides`, or of the given shapes.

        >>> from hypothesis import find
        >>> from tinygrad_edu.testing import CASES
        >>> find(CASES["sum"].calls(of_shapes=((2,),)), lambda call: call.settings["axis"] is None).expected.shape
        ()
        """
        return _calls(self, dtype, sides, of_shapes).filter(lambda call: call.is_smooth)

    def draw_operands(self, draw: st.DrawFn, sizes: Sequence[Shape], dtype: Any) -> tuple[ndarray, ...]:
        """Operands of these shapes; where ties matter, no number stands in any two places of them."""
        if self.ties:
            ends = np.cumsum([0, *map(prod, sizes)])
            pool = draw(arrays((int(ends[-1]),), dtype, self.domain(0) or REALS, self.kinks, distinct=True))
            return tuple(pool[a:b].reshape(size) for a, b, size in zip(ends, ends[1:], sizes))
        return tuple(
            draw(arrays(size, np.float64)) > 0 if domain is BOOLS else draw(arrays(size, dtype, domain, self.kinks))
            for size, domain in ((size, self.domain(slot)) for slot, size in enumerate(sizes))
        )


@dataclass(frozen=True, repr=False)
class Call:
    """A call of a case's function, as data."""

    case: Case
    operands: tuple[ndarray, ...]
    settings: Settings

    def __repr__(self) -> str:
        return f"{self.case.name}({in_words(self.operands, self.settings)})"

    def __call__(self, *operands: Any) -> Any:
        """The function on these operands (floats, arrays or nodes), with the settings of this call."""
        return self.case.function(*operands, **self.settings)

    @property
    def expected(self) -> Any:
        """What NumPy answers."""
        return self.case.reference(*self.operands, **self.settings)

    @property
    def variables(self) -> tuple[int, ...]:
        """The slots of the operands that have gradients."""
        return tuple(slot for slot in range(len(self.operands)) if self.case.domain(slot) is not BOOLS)

    @property
    def is_smooth(self) -> bool:
        return self.case.smooth(tuple(x.shape for x in self.operands), self.settings)

    def of_variables(self, *variables: Any) -> Any:
        """The function of the operands that have gradients, the others held fixed."""
        operands: list[Any] = list(self.operands)
        for slot, x in zip(self.variables, variables):
            operands[slot] = x
        return self(*operands)


def in_words(operands: Sequence[Any], settings: Settings) -> str:
    """The arguments of a call, as one would write them."""
    return ", ".join([*map(repr, operands), *(f"{name}={value!r}" for name, value in settings.items())])


@st.composite
def _calls(draw: st.DrawFn, case: Case, dtype: Any, sides: Sides, of_shapes: tuple[Shape, ...] | None) -> Call:
    if case.together is not None and of_shapes is None:
        sizes, settings = draw(case.together(sides))
    else:
        sizes = of_shapes or draw(case.arrangement.shapes(sides))
        settings = draw(case.settings(*sizes))
    return Call(case, case.draw_operands(draw, sizes, dtype), settings)
