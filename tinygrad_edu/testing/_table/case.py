"""`Case` says how one function is called and what NumPy answers; `Call` is one call of it, as data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy import ndarray

from ..strategies import REALS, Domain, Shape, arrays
from .arrangements import Arrangement, Sides
from .attrs import Attrs

__all__ = ["Call", "Case"]

POSITIVE: Domain = (0.0, math.inf)
BOOLS = None
"""The domain of an operand that holds bools, and has no gradient."""


@dataclass(frozen=True, repr=False)
class Case:
    """How one function is called: with which shapes, attributes and numbers, and what NumPy answers.

    Attributes
    ----------
    name : of the row of the table, or of the public function that is made of rows.
    function : takes operands and attributes: floats, arrays, Values and Tensors alike.
    reference : the same function in NumPy alone.
    arrangement : the shapes of the operands.
    attrs : makes a strategy of the attributes for operands of given shapes.
    domains : for each operand the open interval to draw from; the last one holds for all that follow.
    kinks : points at which the function is not smooth.
    ties : whether the function is not smooth where two numbers are equal.
    smooth : whether a call with given shapes and attributes is smooth at all.
    together : makes a strategy of shapes and attributes where they can only be drawn together; else None.

    >>> from tinygrad_edu.testing._table import CASES
    >>> exp = CASES["exp"]
    >>> exp.reference is np.exp, exp.arrangement.fit((2, 3))
    (True, True)
    """

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    arrangement: Arrangement
    attrs: Callable[..., st.SearchStrategy[Attrs]] = lambda *shapes: st.just({})
    domains: tuple[Domain | None, ...] = (REALS,)
    kinks: tuple[float, ...] = ()
    ties: bool = False
    smooth: Callable[[tuple[Shape, ...], Attrs], bool] = lambda shapes, attrs: True
    together: Callable[[Sides], st.SearchStrategy[tuple[tuple[Shape, ...], Attrs]]] | None = None

    def __repr__(self) -> str:
        return f"CASES[{self.name!r}]"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # how hypothesis prints an example
        printer.text(repr(self))

    def domain(self, slot: int) -> Domain | None:
        """The interval in which the numbers of an operand lie; None for bools."""
        return self.domains[min(slot, len(self.domains) - 1)]

    def calls(
        self, dtype: Any = np.float64, sides: Sides = (1, 4), of_shapes: tuple[Shape, ...] | None = None
    ) -> st.SearchStrategy[Call]:
        """A strategy of calls at points where the function has derivatives of any order.

        There finite differences agree with the rules: inside the domains, away from kinks, without ties. The sides of
        the shapes lie within `sides`; with `of_shapes`, the operands have these shapes.

        >>> from hypothesis import find
        >>> from tinygrad_edu.testing._table import CASES
        >>> find(CASES["sum"].calls(of_shapes=((2,),)), lambda call: call.attrs["axis"] is None).expected.shape
        ()
        """
        calls = _calls(self, dtype, sides, of_shapes)
        return calls.filter(lambda call: self.smooth(tuple(x.shape for x in call.operands), call.attrs))

    def draw_operands(self, draw: st.DrawFn, sizes: Sequence[Shape], dtype: Any) -> tuple[ndarray, ...]:
        """Draw operands of these shapes; where ties matter, no two numbers in them are equal."""
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
    attrs: Attrs

    def __repr__(self) -> str:
        return f"{self.case.name}({in_words(map(repr, self.operands), self.attrs)})"

    def __call__(self, *operands: Any) -> Any:
        """The result on other operands (floats, arrays or nodes), with the attributes of this call."""
        return self.case.function(*operands, **self.attrs)

    @property
    def expected(self) -> Any:
        """The answer of NumPy."""
        return self.case.reference(*self.operands, **self.attrs)

    @property
    def variables(self) -> tuple[int, ...]:
        """The slots of the operands that have gradients."""
        return tuple(slot for slot in range(len(self.operands)) if self.case.domain(slot) is not BOOLS)

    def of_variables(self, *variables: Any) -> Any:
        """The result as a function of the operands that have gradients; the others stay fixed."""
        operands: list[Any] = list(self.operands)
        for slot, x in zip(self.variables, variables):
            operands[slot] = x
        return self(*operands)


def in_words(operands: Iterable[str], attrs: Attrs) -> str:
    """The arguments of a call, as a program has them."""
    return ", ".join([*operands, *(f"{name}={value!r}" for name, value in attrs.items())])


@st.composite
def _calls(draw: st.DrawFn, case: Case, dtype: Any, sides: Sides, of_shapes: tuple[Shape, ...] | None) -> Call:
    if case.together is not None and of_shapes is None:
        sizes, attrs = draw(case.together(sides))
    else:
        sizes = of_shapes or draw(case.arrangement.shapes(sides))
        attrs = draw(case.attrs(*sizes))
    return Call(case, case.draw_operands(draw, sizes, dtype), attrs)
