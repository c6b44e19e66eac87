"""The operators and methods that `Value` and `Tensor` share: each calls one row of the table."""

from __future__ import annotations

from typing import Any

from .node import Node
from .primitives import arithmetic as a
from .primitives import elementwise as e
from .primitives.primitive import Primitive

__all__ = ["Operators"]


class Operators(Node):
    """What can be written on a node. The two kinds of node say how a call is recorded."""

    __slots__ = ()

    @staticmethod
    def _unary(primitive: Primitive, x: Any) -> Any:
        raise NotImplementedError

    @staticmethod
    def _binary(primitive: Primitive, x: Any, y: Any) -> Any:
        raise NotImplementedError

    def _in_place(self, primitive: Primitive, other: Any) -> Any:
        raise NotImplementedError

    # fmt: off
    def __add__(self, other: Any) -> Any: return self._binary(a.add, self, other)
    def __radd__(self, other: Any) -> Any: return self._binary(a.add, other, self)
    def __sub__(self, other: Any) -> Any: return self._binary(a.subtract, self, other)
    def __rsub__(self, other: Any) -> Any: return self._binary(a.subtract, other, self)
    def __mul__(self, other: Any) -> Any: return self._binary(a.multiply, self, other)
    def __rmul__(self, other: Any) -> Any: return self._binary(a.multiply, other, self)
    def __truediv__(self, other: Any) -> Any: return self._binary(a.divide, self, other)
    def __rtruediv__(self, other: Any) -> Any: return self._binary(a.divide, other, self)
    def __pow__(self, other: Any) -> Any: return self._binary(a.power, self, other)
    def __rpow__(self, other: Any) -> Any: return self._binary(a.power, other, self)
    def __neg__(self) -> Any: return self._unary(a.negative, self)
    def __pos__(self) -> Any: return self
    def __abs__(self) -> Any: return self._unary(e.abs_, self)

    # `x += y` makes a new node while operations are recorded, and changes x in place where they are not.
    def __iadd__(self, other: Any) -> Any: return self._in_place(a.add, other)
    def __isub__(self, other: Any) -> Any: return self._in_place(a.subtract, other)
    def __imul__(self, other: Any) -> Any: return self._in_place(a.multiply, other)
    def __itruediv__(self, other: Any) -> Any: return self._in_place(a.divide, other)
    def __ipow__(self, other: Any) -> Any: return self._in_place(a.power, other)

    def exp(self) -> Any: return self._unary(e.exp, self)
    def expm1(self) -> Any: return self._unary(e.expm1, self)
    def log(self) -> Any: return self._unary(e.log, self)
    def log1p(self) -> Any: return self._unary(e.log1p, self)
    def sqrt(self) -> Any: return self._unary(e.sqrt, self)
    def square(self) -> Any: return self._unary(e.square, self)
    def sin(self) -> Any: return self._unary(e.sin, self)
    def cos(self) -> Any: return self._unary(e.cos, self)
    def tan(self) -> Any: return self._unary(e.tan, self)
    def arcsin(self) -> Any: return self._unary(e.arcsin, self)
    def arccos(self) -> Any: return self._unary(e.arccos, self)
    def arctan(self) -> Any: return self._unary(e.arctan, self)
    def sinh(self) -> Any: return self._unary(e.sinh, self)
    def cosh(self) -> Any: return self._unary(e.cosh, self)
    def tanh(self) -> Any: return self._unary(e.tanh, self)
    def sigmoid(self) -> Any: return self._unary(e.sigmoid, self)
    def softplus(self) -> Any: return self._unary(e.softplus, self)
    def relu(self) -> Any: return self._unary(e.relu, self)
    def erf(self) -> Any: return self._unary(e.erf, self)
    def abs(self) -> Any: return self._unary(e.abs_, self)
    def sign(self) -> Any: return self._unary(e.sign, self)
    def clip(self, min: Any = None, max: Any = None) -> Any: return e.clip(self, min, max)
    # fmt: on

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        from .interop import call_ufunc

        return call_ufunc(ufunc, method, operands, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from .interop import call_function

        return call_function(function, args, kwargs)
