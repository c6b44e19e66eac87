"""`Value`: a number that remembers how it was made.

Every operator calls a row of the table of primitives and records the call. That is all a scalar autodiff engine is;
the chain rule itself is `walk`, in node.py.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from .grad_mode import OFF, ON, TRACED, caller, recording, tracing
from .inplace import note_change
from .messages import not_numbers, not_one_number
from .node import BOTH, FIRST, LEAF, NO_SETTINGS, SECOND, Node, Operand, copy_call, next_index, packed
from .operators import GivesEither, Operators
from .primitives.primitive import Primitive

__all__ = ["Value"]


class Value(Operators):
    """A Python float in the graph.

    Parameters
    ----------
    data : the number.
    name : how pictures, explanations and errors call it.
    requires_grad : whether gradients flow to it.

    Comparisons give plain bools and `float(x)` the plain number; neither is recorded. Numbers follow IEEE 754, as
    arrays do: `1 / Value(0.0)` is inf, not an exception.

    >>> x, y, w = Value(2.0, name="x"), Value(3.0, name="y"), Value(4.0, name="w")
    >>> z = (x + y) * w
    >>> z
    Value(20.0)
    >>> z.backward()
    >>> x.grad, y.grad, w.grad
    (4.0, 4.0, 5.0)
    """

    __slots__ = ()

    if TYPE_CHECKING:
        __add__: GivesEither
        __radd__: GivesEither
        __sub__: GivesEither
        __rsub__: GivesEither
        __mul__: GivesEither
        __rmul__: GivesEither
        __truediv__: GivesEither
        __rtruediv__: GivesEither
        __pow__: GivesEither
        __rpow__: GivesEither
        __iadd__: GivesEither
        __isub__: GivesEither
        __imul__: GivesEither
        __itruediv__: GivesEither
        __ipow__: GivesEither

    def __init_subclass__(cls) -> None:
        raise TypeError("Value has no subclasses: its operators make plain Values; put one into a class of your own")

    _data: float
    shape = ()

    def __init__(self, data: float, name: str | None = None, requires_grad: bool = True) -> None:
        self._data = number(data)
        _as_leaf(self, LEAF if requires_grad else 0)
        if name is not None:
            self.name = name

    @property
    def data(self) -> float:
        """The number. Setting it changes the node in place: `w.data -= 0.1 * w.grad`."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        self._data = number(data)
        note_change(self)

    @property
    def grad(self) -> Any:
        """The derivative collected by `backward()`, a float; None where there is none (yet)."""
        return self._kept_grad()

    @grad.setter
    def grad(self, grad: float | None) -> None:
        self._grad = None if grad is None else number(grad)

    def item(self) -> float:
        """The number, as a plain float.

        >>> Value(2.0).item()
        2.0
        """
        return self._data

    def detach(self) -> Value:
        """The same number outside the graph: nothing flows back through it.

        >>> Value(2.0).detach().requires_grad
        False
        """
        cut_off = Value(self._data, self.name, requires_grad=False)
        cut_off._note_cut("detach")
        return cut_off

    def __float__(self) -> float:
        return self._data

    def __int__(self) -> int:
        return int(self._data)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        return f"Value({self._data!r}{f', name={self.name!r}' if self.name else ''})"

    # fmt: off
    def __lt__(self, other: Any) -> Any: return _compare(self, other, float.__lt__)
    def __le__(self, other: Any) -> Any: return _compare(self, other, float.__le__)
    def __gt__(self, other: Any) -> Any: return _compare(self, other, float.__gt__)
    def __ge__(self, other: Any) -> Any: return _compare(self, other, float.__ge__)
    def __eq__(self, other: Any) -> Any: return _compare(self, other, float.__eq__)
    def __ne__(self, other: Any) -> Any: return _compare(self, other, float.__ne__)
    __hash__ = object.__hash__
    # fmt: on

    # How a call is recorded.

    def _unary(self, primitive: Primitive, attrs: dict[str, Any] = NO_SETTINGS) -> Any:
        if primitive.floats is None:
            return Node.array_kind._apply(primitive, (self,), attrs)
        try:
            data = primitive.floats(self._data, **attrs) if attrs else primitive.floats(self._data)
        except (ArithmeticError, ValueError):
            data = primitive.on_floats((self._data,), attrs)
        return _node(data, primitive, self, None, FIRST if self.flow else 0, attrs)

    def _binary(self, primitive: Primitive, other: Any) -> Any:
        if type(other) is Value:
            number = other._data
            flow = BOTH if self.flow and other.flow else FIRST if self.flow else SECOND if other.flow else 0
        elif type(other) is float or type(other) is int:
            number, flow = other, FIRST if self.flow else 0
        else:
            return Value._apply(primitive, (self, other), {})
        try:
            data = primitive.floats(self._data, number)  # type: ignore[misc]
        except (ArithmeticError, ValueError):
            data = primitive.on_floats((self._data, number), {})
        if flow and recording() == ON:  # what `_node` does; without the call a graph is made in four fifths of the time
            node = _new(Value)
            node._data = data
            node.primitive = primitive
            node._first = self
            node._second = other
            node.flow = flow
            node.index = next_index()
            node.attrs = NO_SETTINGS
            node._extra = None
            return node
        return _node(data, primitive, self, other, flow)

    def _reflected(self, primitive: Primitive, other: Any) -> Any:
        if type(other) is not float and type(other) is not int:
            return Value._apply(primitive, (other, self), {})
        data = primitive.on_floats((other, self._data), {})
        return _node(data, primitive, other, self, SECOND if self.flow else 0)

    @classmethod
    def _apply(cls, primitive: Primitive, operands: tuple[Operand, ...], attrs: dict[str, Any]) -> Any:
        if primitive.floats is None:
            return NotImplemented
        if not _USUAL.issuperset(map(type, operands)):
            if any(not isinstance(x, Value) and (isinstance(x, Node) or getattr(x, "shape", ())) for x in operands):
                return NotImplemented  # a Tensor or an array among them: the result is a Tensor
            operands = tuple(_operand(x, primitive) for x in operands)
        values = [x._data if type(x) is Value else x for x in operands]
        data = Value._compute(primitive, values, attrs)
        return _node(data, primitive, *packed(operands, primitive), attrs)

    def _in_place(self, primitive: Primitive, other: Any) -> Any:
        if recording():
            return self._binary(primitive, other)
        self.data = primitive.on_floats((self._data, number(other)), {})
        return self

    @staticmethod
    def _compute(primitive: Primitive, values: Any, attrs: dict[str, Any]) -> float:
        return float(primitive.on_floats(values, attrs))

    def _clone(self, inputs: tuple[Operand, ...]) -> Value:
        copy = Value(self._data)
        copy._grad = getattr(self, "_grad", None)
        copy_call(self, copy, inputs)
        return copy

    # What the walk asks of a node.

    def _seed(self, gradient: Any, create_graph: bool) -> Any:
        if create_graph:
            return gradient if isinstance(gradient, Node) else Value(1.0 if gradient is None else gradient, None, False)
        return 1.0 if gradient is None else number(gradient)

    def _fit(self, contribution: Any) -> Any:
        if type(contribution) is float or isinstance(contribution, Value):
            return contribution
        if isinstance(contribution, Node):
            return Node.array_kind._to_value(contribution)
        return float(contribution if type(contribution) is int else contribution.sum())

    def _receive(self, gradient: Any, taken: set[int]) -> None:
        so_far = getattr(self, "_grad", None)
        self._grad = gradient if so_far is None else so_far + gradient


def number(x: Any) -> float:
    """A real number as a Python float; raises `DtypeError` for anything else.

    >>> number(2)
    2.0
    """
    if type(x) is float:
        return x
    if isinstance(x, Node):
        raise not_one_number("Value", x)
    if isinstance(x, Real) or (getattr(x, "shape", None) == () and x.dtype.kind in "biuf"):
        return float(x)
    raise not_one_number("Value", x)


_USUAL = {Value, float, int, bool}
"""The types of operand that are kept as they are."""


def _operand(x: Any, primitive: Primitive) -> Operand:
    """An operand as it is kept in the graph: a Value or a Python number."""
    if type(x) in _USUAL:
        return x
    if isinstance(x, Real) or (hasattr(x, "dtype") and x.dtype.kind in "biuf"):
        return number(x)
    raise not_numbers(primitive.name, x) from None


def _as_leaf(node: Value, flow: int) -> None:
    node.primitive = node._first = node._second = node._grad = node._extra = None
    node.attrs = NO_SETTINGS
    node.index = next_index()
    node.flow = flow


_new = Value.__new__


def _node(
    data: float,
    primitive: Primitive,
    first: Operand,
    second: Operand,
    flow: int,
    attrs: dict[str, Any] = NO_SETTINGS,
) -> Value:
    """The result of a call: recorded if a gradient flows on to an operand and recording is on, else a leaf."""
    node = _new(Value)
    node._data = data
    level = recording() if flow else OFF
    if level == OFF:
        _as_leaf(node, 0)
        if flow and tracing():
            node._note_cut("no_grad")
        return node
    node.primitive = primitive
    node._first = first
    node._second = second
    node.flow = flow
    node.index = next_index()
    node.attrs = attrs
    node._extra = None
    if level == TRACED:
        node._note("source", caller())
    return node


def _compare(x: Value, y: Any, holds: Any) -> Any:
    if isinstance(y, Value):
        return holds(x._data, y._data)
    if isinstance(y, Real):
        return holds(x._data, float(y))
    return NotImplemented
