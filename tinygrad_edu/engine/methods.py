"""Functions of the table as methods of nodes: `x.exp()` is `exp(x)`."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from .messages.elsewhere import ARGUMENTS, NODES, Elsewhere, answer, refuse_other_names
from .node import Node
from .primitives import comparisons as c, elementwise as e
from .primitives.arithmetic import negative
from .primitives.primitive import Primitive

if TYPE_CHECKING:
    from typing_extensions import Self

    from .signatures import GivesSame

__all__ = ["Functions", "methods"]


def methods(*functions: Callable[..., Any]) -> tuple[GivesSame, ...]:
    """The methods of functions of the table: `x.exp()` is `exp(x)`, and `x.std(axis=0)` is `std(x, axis=0)`."""

    def method(function: Any) -> Any:
        of_one = isinstance(function, Primitive) and function.arity == 1

        def call(node: Any, *given: Any, **attrs: Any) -> Any:
            if of_one and not given and not attrs:  # what calling the row comes to
                return node.unary(function, function.attrs)
            if attrs:
                refuse_other_names(function.__name__, attrs, ARGUMENTS.values())
            return function(node, *given, **attrs)

        if of_one and not function.attrs:
            call = lambda node: node.unary(function)  # type: ignore[misc]
        call.__name__ = call.__qualname__ = function.__name__
        call.__doc__ = function.__doc__
        return call

    return tuple(map(method, functions))


class Functions(Node):
    """The functions that nodes of either kind have as methods."""

    __slots__ = ()
    __pandas_priority__ = 5000  # above a DataFrame's, so that `frame * node` is left to the node

    __neg__, __abs__, abs, sign = methods(negative, e.abs_, e.abs_, e.sign)
    exp, expm1, log, log1p, sqrt, square = methods(e.exp, e.expm1, e.log, e.log1p, e.sqrt, e.square)
    sin, cos, tan, arcsin, arccos, arctan = methods(e.sin, e.cos, e.tan, e.arcsin, e.arccos, e.arctan)
    sinh, cosh, tanh = methods(e.sinh, e.cosh, e.tanh)
    relu, sigmoid, softplus, erf = methods(e.relu, e.sigmoid, e.softplus, e.erf)

    __floor__, __ceil__, __trunc__, __round__ = methods(e.floor, e.ceil, e.trunc, e.round_)

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return e.floor_divide(self, other), e.remainder(self, other)

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return e.floor_divide(other, self), e.remainder(other, self)

    __and__, __or__, __xor__, __invert__ = methods(c.logical_and, c.logical_or, c.logical_xor, c.logical_not)
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def clip(self, min: Any = None, max: Any = None) -> Self:
        return e.clip(self, min, max)  # type: ignore[no-any-return]

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(getattr_static(self, name, None), Elsewhere)]


answer(Functions, NODES)
