"""Value: a Python float that remembers how it was made.

Every operator calls a row of the table of primitives and records the call. That is all a scalar autodiff engine is;
the chain rule itself is `walk`, in walk.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

from . import messages
from .convert import as_float, float_operand
from .grad_mode import DEFAULT, state
from .inplace import note_change
from .masks import answered
from .messages.elsewhere import refuse_arguments
from .node import NO_ATTRS, Attrs, Node, Operand, new, packed, record
from .operators import Operators, infix
from .primitives.arithmetic import add, divide, multiply, power, subtract
from .primitives.elementwise import floor_divide, remainder
from .primitives.kernels import PYTHON_NUMBERS

__all__ = ["Value"]


class Value(Operators):
    """A Python float in the graph.

    Parameters
    ----------
    data : the number.
    name : how pictures, explanations and errors call it.
    requires_grad : whether gradients flow to it.
    other : refused, with what arguments of other libraries, such as `label`, are called here.

    Comparisons give plain bools and `float(x)` the plain number; neither is recorded. While `tg.grad` or its like takes
    a derivative, `float(x)` is refused, since the gradient would be lost. Numbers follow IEEE 754, as arrays do:
    `1 / Value(0.0)` is inf, not an exception.

    >>> x, y, w = Value(2.0, name="x"), Value(3.0, name="y"), Value(4.0, name="w")
    >>> z = (x + y) * w
    >>> z
    Value(20.0)
    >>> z.backward()
    >>> x.grad, y.grad, w.grad
    (4.0, 4.0, 5.0)
    """

    __slots__ = ()
    _number: float
    shape, ndim, size, unreached = (), 0, 1, 0.0

    def __init_subclass__(cls) -> None:
        raise TypeError("Value has no subclasses: its operators make plain Values; put one into a class of your own")

    def __init__(self, data: float, name: str | None = None, requires_grad: bool = True, **other: Any) -> None:
        if other:
            refuse_arguments("Value", other)
        record(self, as_float(data))
        self.requires_grad_(requires_grad)
        if name is not None:
            self.name = name

    __add__, __radd__, __iadd__ = infix(add, float)
    __sub__, __rsub__, __isub__ = infix(subtract, float)
    __mul__, __rmul__, __imul__ = infix(multiply, float)
    __truediv__, __rtruediv__, __itruediv__ = infix(divide, float)
    __pow__, __rpow__, __ipow__ = infix(power, float)
    __mod__, __rmod__, __imod__ = infix(remainder, float)
    __floordiv__, __rfloordiv__, __ifloordiv__ = infix(floor_divide, float)

    @property
    def data(self) -> float:
        """The number. Setting it changes the node in place: `w.data -= 0.1 * w.grad`."""
        return self._number

    @data.setter
    def data(self, data: float) -> None:
        self._number = as_float(data)
        note_change(self)

    def item(self) -> float:
        """The number, as a plain float.

        >>> Value(2.0).item()
        2.0
        """
        messages.leaving(self, "item")
        return self._number

    conjugate = Operators.__pos__  # itself, as of every real number: `np.var` and `np.std` of a list ask for it

    def __bool__(self) -> bool:
        return bool(self._number)

    def __format__(self, spec: str) -> str:
        return format(self._number, spec) if spec else repr(self)

    def __repr__(self) -> str:
        return f"Value({self._number!r}{f', name={self.name!r}' if self.name else ''})"

    def compared(self, other: Any, row: Any) -> Any:
        number = other._number if type(other) is Value else other
        if type(number) is not float and type(number) is not int and not isinstance(number, Real):
            return Node.array_kind.compared(self, other, row) if getattr(other, "shape", ()) else NotImplemented  # type: ignore[attr-defined]
        answer = row.floats(self._number, number)
        return answer if state() is DEFAULT else answered(answer, row, self, other)

    # How a call is recorded.

    def unary(self, row: Any, attrs: Attrs = NO_ATTRS) -> Any:
        if row.floats is None:
            return Node.array_kind.apply(row, (self,), attrs)
        return record(new(Value), row.on_floats((self._number,), attrs), row, self, attrs or None, row.has_gradient)

    @classmethod
    def apply(cls, row: Any, given: Sequence[Operand], attrs: Attrs) -> Any:
        if row.floats is None:
            return Node.array_kind.apply(row, given, attrs)
        operands: Sequence[Any] = given
        if not PYTHON_NUMBERS.issuperset([type(x) for x in given if type(x) is not Value]):
            operands = [x if type(x) is Value else float_operand(x, row.name) for x in given]
            if any(x is None for x in operands):
                return Node.array_kind.apply(row, given, attrs)
        data = row.on_floats([x._number if type(x) is Value else x for x in operands], attrs)
        data = data if type(data) is bool else as_float(data)
        return record(new(Value), data, row, *packed(operands, attrs, row), row.has_gradient)

    # What the walk asks.

    def seed(self, gradient: Any, name: str = "backward") -> float:
        return 1.0 if gradient is None else as_float(gradient)

    def fit(self, contribution: Any) -> Any:
        if type(contribution) is float:
            return contribution + 0.0  # 0.0 in the place of -0.0, as where a sum begins with 0.0
        if type(contribution) is Value:
            return contribution
        total: Any = contribution if isinstance(contribution, int) else contribution.sum()
        return total.to_value() if isinstance(total, Node) else float(total)  # type: ignore[attr-defined]

    def receive(self, gradient: Any) -> None:
        notes = self.notes or self.own_notes()
        notes.grad = gradient if notes.grad is None else notes.grad + gradient
