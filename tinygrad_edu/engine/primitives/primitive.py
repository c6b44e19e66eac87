"""What a row of the table is.

A primitive has a name, a way to compute it, and for each operand the rule that carries the gradient back to it:

    rule(g, out, x, y)  =  g · ∂out/∂x          g: the gradient of the result, out: the result, x, y: the operands

The rules are written once, in arithmetic and in primitives, and so run on floats, on arrays and on nodes alike. On
nodes they record what they do, which is how second derivatives and backward graphs come about.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from math import inf
from numbers import Real
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ...errors import DtypeError
from ..messages import is_no_array_of_numbers, not_numbers, refusal
from ..node import Node

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["BY_NUMPY", "TABLE", "Primitive", "Variadic", "binary", "ieee", "primitive", "shape_of", "unary"]

TABLE: dict[str, Primitive] = {}
"""Every primitive by its name."""

BY_NUMPY: dict[Any, Callable[..., Any]] = {}
"""What NumPy's own functions do when they meet a node."""

Rule = Callable[..., Any]
REALS = (-inf, inf)
PLAIN_NUMBERS = frozenset({float, int, bool})
NUMPY_NUMBERS = frozenset(np.dtype(code).type for code in "?bBhHiIlLqQefdg")


class Primitive:
    """A row of the table, and the function that a user calls.

    Parameters
    ----------
    arrays : computes it on arrays.
    rules : for each operand the rule for its gradient; None for an operand that has none, such as an index.
    floats : computes it on Python floats; None where it makes no sense on one number.
    numpy : the NumPy functions that mean the same.
    symbol : how formulas and pictures show it; the name where left out.
    precedence : how tightly an operator binds (+ 10, · 20, neg 30, ** 40); None for a function.
    elementwise : whether each number of the result depends on the same place in the operands only.
    domain : the open interval of the real line on which a function of one operand is smooth.
    """

    variadic = False

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
        domain: tuple[float, float] = REALS,
        doc: str | None = None,
    ) -> None:
        if name in TABLE:
            raise ValueError(f"the table has a primitive {name!r} already")
        self.name = self.__name__ = self.__qualname__ = name
        self.arrays, self.floats = arrays, floats
        self.rules: tuple[Any, ...] = tuple(rules)
        self.scalars = NUMPY_NUMBERS if floats is None else NUMPY_NUMBERS | PLAIN_NUMBERS
        self.symbol = symbol or name
        self.precedence, self.elementwise, self.domain = precedence, elementwise, domain
        self.__doc__ = doc or arrays.__doc__
        self.settings = {} if self.variadic else _settings(arrays, len(self.rules))
        self.arity = len(self.rules)
        self.plain = not self.variadic and (self.arity == 1 or (self.arity == 2 and not self.settings))
        TABLE[name] = self
        BY_NUMPY.update(dict.fromkeys(numpy, self))

    @overload
    def __call__(self, x: Tensor, /, *given: Any, **settings: Any) -> Tensor: ...
    @overload
    def __call__(self, *given: Any, **settings: Any) -> Any: ...
    def __call__(self, *given: Any, **settings: Any) -> Any:
        operands, attrs = given, settings
        if self.settings or settings or len(given) != self.arity:
            operands, attrs = self._bind(given, settings)
        if self.arity == 1:
            x = operands[0]
            return x._unary(self, attrs) if isinstance(x, Node) else self.compute(operands, attrs)
        for x in operands:
            if isinstance(x, Node):
                result = x._apply(self, operands, attrs)
                return Node.array_kind._apply(self, operands, attrs) if result is NotImplemented else result
        return self.compute(operands, attrs)

    def _bind(self, given: tuple[Any, ...], attrs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Split a call into operands and settings, with the defaults filled in."""
        operands, rest = given[: self.arity], given[self.arity :]
        if len(operands) < self.arity or len(rest) > len(self.settings) or not attrs.keys() <= self.settings.keys():
            raise DtypeError(f"{self.signature} was called as {self.name}{_call_in_words(given, attrs)}")
        if not rest and not attrs:
            return operands, self.settings
        given_settings = {**dict(zip(self.settings, rest)), **attrs}
        return operands, {**self.settings, **{name: settled(value) for name, value in given_settings.items()}}

    def compute(self, values: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The result on plain numbers: a float for floats, else an array."""
        if self.floats is not None and all(type(x) in PLAIN_NUMBERS for x in values):
            return self.on_floats(values, attrs)
        for x in values:
            if not (x.dtype.kind in "fiub" if type(x) is np.ndarray else type(x) in self.scalars):
                values = [self._plain_operand(x) for x in values]
                break
        return self.on_arrays(values, values, attrs)

    def _plain_operand(self, x: Any) -> Any:
        """An operand that is no node, as NumPy is to see it: lists as arrays, and nothing but real numbers."""
        if type(x) in self.scalars:
            return x
        if is_no_array_of_numbers(x):
            raise not_numbers(self.name, x)
        return np.asarray(float(x) if isinstance(x, Real) else x)

    def on_floats(self, values: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The result on Python numbers; inf or nan where Python would raise, as IEEE 754 has it."""
        assert self.floats is not None
        try:
            return self.floats(*values, **attrs)
        except (ArithmeticError, ValueError):
            return ieee(lambda *numbers: self.arrays(*numbers, **attrs), *values)

    def on_arrays(self, values: Sequence[Any], operands: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The result on arrays; what NumPy refuses is refused in words that name the `operands`."""
        try:
            return self.arrays(*values, **attrs)
        except (TypeError, ValueError, IndexError, OverflowError) as error:
            raise self.refusal(operands, values, attrs, error) from None

    def refusal(
        self, operands: Sequence[Any], values: Sequence[Any], attrs: dict[str, Any], error: Exception
    ) -> Exception:
        """The error of a call that NumPy refused: operation, operands, shapes, the rule that is broken, the way out."""
        return refusal(self, operands, values, attrs, error)

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]) -> list[Any]:
        """What the operands in `slots` receive when the result's gradient is g; None where no gradient flows."""
        rules = [self.rules[slot] for slot in slots]
        return [None if rule is None else rule(g, out, *values, **attrs) for rule in rules]

    @property
    def signature(self) -> str:
        """How it is called: `sum(x, axis=None, keepdims=False)`."""
        function = self.arrays if inspect.isfunction(self.arrays) else self.floats
        known = list(inspect.signature(function).parameters) if inspect.isfunction(function) else "xyzuvw"
        settings = [f"{name}={default!r}" for name, default in self.settings.items()]
        return f"{self.name}({', '.join([*known[: len(self.rules)], *settings])})"

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


class Variadic(Primitive):
    """A primitive of any number of operands. It has one rule for all of them: rule(slots, g, out, operands)."""

    variadic = True

    def __call__(self, *operands: Any, **attrs: Any) -> Any:
        for x in operands:
            if isinstance(x, Node):
                result = x._apply(self, operands, attrs)
                return Node.array_kind._apply(self, operands, attrs) if result is NotImplemented else result
        return self.compute(operands, attrs)

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]) -> list[Any]:
        """What the operands in `slots` receive."""
        (rule,) = self.rules
        contributions: list[Any] = rule(slots, g, out, values, **attrs)
        return contributions


def ieee(function: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """Call again a function of floats that raised: NumPy's floats answer inf or nan, as IEEE 754 says and C does.

    >>> ieee(lambda x: 1 / x, 0.0)
    inf
    """
    if not all(type(x) in (float, int, bool) for x in arguments):
        raise
    with np.errstate(all="ignore"):
        result = function(*map(_float64, arguments), **settings)
    return None if result is None else float(result)


def _float64(x: Any) -> Any:
    try:
        return x if isinstance(x, bool) else np.float64(x)
    except OverflowError:  # a whole number beyond the largest float
        return np.float64(inf if x > 0 else -inf)


def settled(value: Any) -> Any:
    """A setting that nobody else can change: lists and arrays are copied."""
    if type(value) is tuple and is_of_whole_numbers(value):  # a shape, as nearly always
        return value
    return copy.deepcopy(value) if isinstance(value, (list, tuple, dict, np.ndarray)) else value


def is_of_whole_numbers(x: Any) -> bool:
    """Whether x is a whole number, or a tuple of such, or of tuples of them, and so on."""
    return type(x) is int or (type(x) is tuple and all(map(is_of_whole_numbers, x)))


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a node, an array, or what NumPy makes an array of."""
    return x.shape if isinstance(x, (Node, np.ndarray)) else np.shape(x)


def unary(
    name: str,
    arrays: Callable[..., Any],
    floats: Callable[..., Any],
    rule: Rule,
    doc: str,
    example: tuple[float, float],
    **rest: Any,
) -> Primitive:
    """A row of an elementwise function of one operand; `example` is an argument and the result."""
    rest.setdefault("numpy", [arrays])
    doc = _documented(name, doc, f"{example[0]}", example[1])
    return Primitive(name, arrays, [rule], floats=floats, elementwise=True, doc=doc, **rest)


def binary(
    name: str,
    arrays: Callable[..., Any],
    floats: Callable[..., Any],
    rule_x: Rule,
    rule_y: Rule,
    doc: str,
    example: tuple[float, float, float],
    **rest: Any,
) -> Primitive:
    """A row of an elementwise function of two operands, which are broadcast against each other."""
    doc = _documented(name, doc, f"{example[0]}, {example[1]}", example[2])
    return Primitive(name, arrays, [rule_x, rule_y], floats=floats, elementwise=True, doc=doc, **rest)


def primitive(*rules: Rule | None, kind: type[Primitive] = Primitive, **rest: Any) -> Callable[..., Primitive]:
    """Make a row of a function on arrays: its first arguments are the operands, one a rule, the others settings."""

    def row(arrays: Callable[..., Any]) -> Primitive:
        name = rest.pop("name", arrays.__name__.strip("_"))
        return kind(name, arrays, rules, **rest)

    return row


def _documented(name: str, doc: str, arguments: str, result: float) -> str:
    return f"{doc}\n\n    >>> import tinygrad_edu as tg\n    >>> tg.{name}({arguments})\n    {result!r}\n    "


def _settings(arrays: Callable[..., Any], arity: int) -> dict[str, Any]:
    """The parameters of a function beyond its operands, with their defaults; all of ours have one."""
    if not inspect.isfunction(arrays):
        return {}
    parameters = list(inspect.signature(arrays).parameters.values())[arity:]
    return {p.name: p.default for p in parameters}


def _call_in_words(given: Sequence[Any], attrs: dict[str, Any]) -> str:
    words = [type(x).__name__ for x in given] + [f"{k}={v!r:.30}" for k, v in attrs.items()]
    return f"({', '.join(words)})"
