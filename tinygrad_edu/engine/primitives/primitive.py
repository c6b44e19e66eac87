"""Primitive: a row of the table, and the function that a user calls.

A row has a name, a way to compute it, and for each operand the rule that carries the gradient back to it:

    rule(g, out, x, y)  =  g · ∂out/∂x          g: the gradient of the result, out: the result, x, y: the operands

The rules are written once, in arithmetic and in primitives, and so run on floats, on arrays and on nodes alike. On
nodes they record what they do, which is how second derivatives and backward graphs come about.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .. import messages
from ..convert import own_attr, plain_operand
from ..node import Attrs, Node
from .kernels import NUMBERS, NUMPY_NUMBERS, PYTHON_NUMBERS, ieee

if TYPE_CHECKING:
    from ..signatures import Tensor

__all__ = ["BY_NUMPY", "TABLE", "Primitive", "Variadic", "dispatch"]

TABLE: dict[str, Primitive] = {}
"""Every primitive by its name."""

BY_NUMPY: dict[Any, Callable[..., Any]] = {}
"""What NumPy's own functions do when they meet a node; `dispatch` adds to it."""

Rule = Callable[..., Any]


class Primitive:
    """A row of the table, and the function that a user calls.

    Parameters
    ----------
    arrays : computes it on arrays. Its first parameters are the operands, one a rule; the others are attributes, and
        have a default.
    rules : for each operand the rule for its gradient; None for an operand that has none, such as an index.
    floats : computes it on Python floats; None where it makes no sense on one number.
    numpy : the NumPy functions that mean the same.
    symbol : how formulas and pictures show it; the name where left out.
    precedence : how tightly an operator binds (+ 10, · 20, neg 30, ** 40); None for a function.
    elementwise : whether each number of the result depends on the same place in the operands only.
    domain : the open interval of the real line on which a function of one operand is smooth.
    words : for each operand its rule as a book writes it, such as "{x}ᵀ {g}", where the rule itself would be read less
        easily; in braces g, out, the operands x, y, z, and `others`, all operands but the one that receives. The last
        one is that of all further operands.
    composition : the same, made of other rows. Where it is given, the rules run on arrays only; gradients that are
        graphs come from the rows that it is made of.

    Raises `ValueError` where the table has the name, or one of the NumPy functions, already.
    """

    variadic = False
    has_gradient = True
    table = TABLE

    def __init__(
        self,
        name: str,
        arrays: Callable[..., Any],
        rules: Sequence[Rule | None],
        *,
        floats: Callable[..., Any] | None = None,
        numpy: Sequence[Callable[..., Any]] = (),
        symbol: str | None = None,
        precedence: int | None = None,
        elementwise: bool = False,
        domain: tuple[float, float] = (-inf, inf),
        composition: Callable[..., Any] | None = None,
        words: Sequence[str] | Mapping[tuple[int, ...], Sequence[str]] = (),
        doc: str | None = None,
    ) -> None:
        self.name = self.__name__ = self.__qualname__ = name
        self.__module__ = next((rule.__module__ for rule in rules if rule), type(self).__module__)
        if name in self.table and not written_again(self.table[name], self):
            raise ValueError(f"the table has a primitive {name!r} already")
        dispatch(self, *numpy)
        self.table[name] = self
        self.arrays, self.floats = arrays, floats
        self.rules: tuple[Any, ...] = tuple(rules)
        self.symbol, self.precedence = symbol or name, precedence
        self.elementwise, self.domain, self.composition = elementwise, domain, composition
        self.words = words
        self.__doc__ = doc or arrays.__doc__
        self.arity = len(self.rules)
        self.attrs: Attrs = {}
        if inspect.isfunction(arrays) and not self.variadic:  # the parameters beyond its operands
            f = inspect.unwrap(arrays)
            names = f.__code__.co_varnames[self.arity : f.__code__.co_argcount]
            self.attrs = dict(zip(names, (f.__defaults__ or ())[-len(names) :])) | (f.__kwdefaults__ or {})
        self.scalars = NUMPY_NUMBERS if floats is None else NUMBERS

    @overload
    def __call__(self, x: Tensor, /, *given: Any, **attrs: Any) -> Tensor: ...
    @overload
    def __call__(self, *given: Any, **attrs: Any) -> Any: ...
    def __call__(self, *given: Any, **attrs: Any) -> Any:
        operands, attrs = (given, self.attrs) if len(given) == self.arity and not attrs else self.bind(given, attrs)
        for x in operands:
            if isinstance(x, Node):
                return x.unary(self, attrs) if len(operands) == 1 else x.apply(self, operands, attrs)
        return self.compute(operands, attrs)

    def bind(self, given: tuple[Any, ...], attrs: Attrs) -> tuple[tuple[Any, ...], Attrs]:
        """Split a call into operands and attributes, with the defaults filled in."""
        operands, rest = given[: self.arity], given[self.arity :]
        attrs = attrs if attrs.keys() <= self.attrs.keys() else messages.without_pytorchs(self.name, attrs, self.attrs)
        bound = {**self.attrs, **dict(zip(self.attrs, rest)), **attrs}
        if len(operands) < self.arity or len(rest) > len(self.attrs) or len(bound) > len(self.attrs):
            raise messages.wrong_call(self, given, attrs)
        return operands, {name: own_attr(value) for name, value in bound.items()}

    def compute(self, values: Sequence[Any], attrs: Attrs) -> Any:
        """The result on plain numbers: a float for floats, else an array."""
        if self.floats is not None and PYTHON_NUMBERS.issuperset(map(type, values)):
            return self.on_floats(values, attrs)
        for x in values:
            if not (x.dtype.kind in "fiub" if type(x) is np.ndarray else type(x) in self.scalars):
                values = [x if type(x) in self.scalars else plain_operand(x, self.name) for x in values]
                break
        return self.on_arrays(values, values, attrs)

    def on_floats(self, values: Sequence[Any], attrs: Attrs) -> Any:
        """The result on Python numbers; inf or nan where Python would raise, as IEEE 754 has it."""
        try:
            return self.floats(*values, **attrs)  # type: ignore[misc]
        except (ArithmeticError, ValueError):
            for x in (*values, *attrs.values()):
                if messages.no_float(x):
                    raise messages.not_numbers(self.name, x) from None
            return ieee(self.arrays, *values, **attrs)

    def on_arrays(self, values: Sequence[Any], operands: Sequence[Any], attrs: Attrs) -> Any:
        """The result on arrays; what NumPy refuses is refused in words that name the `operands`."""
        try:
            return self.arrays(*values, **attrs)
        except (TypeError, ValueError, IndexError, OverflowError) as error:
            raise messages.refused(self.name, operands, attrs, error, self.elementwise) from None

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: Attrs) -> list[Any]:
        """What the operands in `slots` receive when the result's gradient is g; None where no gradient flows."""
        contributions = []
        for rule in [self.rules[slot] for slot in slots]:
            try:
                contributions.append(rule and rule(g, out, *values, **attrs))
            except (ArithmeticError, ValueError):
                contributions.append(ieee(rule, g, out, *values, **attrs))
        return contributions

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


class Variadic(Primitive):
    """A primitive of any number of operands. It has one rule for all of them: rule(slots, g, out, operands)."""

    variadic = True

    def bind(self, given: tuple[Any, ...], attrs: Attrs) -> tuple[tuple[Any, ...], Attrs]:
        """All that is given without a name is an operand."""
        return given, attrs

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: Attrs) -> list[Any]:
        """What the operands in `slots` receive."""
        return self.rules[0](slots, g, out, values, **attrs)  # type: ignore[no-any-return]


def dispatch(function: Callable[..., Any], *numpy: Any) -> None:
    """Have NumPy's own functions call `function` when they meet a node.

    Raises `ValueError` for one that calls another already.
    """
    for known in filter(BY_NUMPY.get, numpy):
        if not written_again(BY_NUMPY[known], function):
            raise ValueError(f"np.{known.__name__} of a node is {BY_NUMPY[known].__name__} already")
    BY_NUMPY.update(dict.fromkeys(numpy, function))


def written_again(known: Any, function: Any) -> bool:
    """Whether a row takes the place of its former self, since its module of the library is loaded again."""
    same = known is not function and known.__module__ == function.__module__ and known.__name__ == function.__name__
    return same and known.__module__.startswith(__package__)
