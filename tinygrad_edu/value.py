"""`Value`: a number that remembers how it was made.

Every operator calls a row of the table of primitives and records the call. That is all a scalar autodiff engine is;
the chain rule itself is `walk`, in node.py.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

from .errors import DtypeError, GraphError
from .node import Node, Operand, describe, next_index
from .operators import Operators
from .primitives.primitive import Primitive
from .recording import OFF, ON, TRACED, caller, recording

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

    _data: float
    shape = ()

    def __init__(self, data: float, name: str | None = None, requires_grad: bool = True) -> None:
        self._data = number(data)
        _as_leaf(self, bool(requires_grad))
        if name is not None:
            self.name = name

    @property
    def data(self) -> float:
        """The number. Setting it changes the node in place: `w.data -= 0.1 * w.grad`."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        self._data = number(data)
        self._changed()

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
        return Value(self._data, self.name, requires_grad=False)

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

    @staticmethod
    def _unary(primitive: Primitive, x: Any) -> Any:
        data = x._data
        try:
            data = primitive.floats(data)  # type: ignore[misc]
        except (ArithmeticError, ValueError):
            data = primitive.on_floats((data,), {})
        return _node(data, primitive, x, None, x.requires_grad)

    @staticmethod
    def _binary(primitive: Primitive, x: Any, y: Any) -> Any:
        if type(y) is Value:
            q, requires_grad = y._data, y.requires_grad
            if type(x) is Value:
                p, requires_grad = x._data, requires_grad or x.requires_grad
            elif type(x) is float or type(x) is int:
                p = x
            else:
                return Value._apply(primitive, (x, y), {})
        elif type(x) is Value and (type(y) is float or type(y) is int):
            p, q, requires_grad = x._data, y, x.requires_grad
        else:
            return Value._apply(primitive, (x, y), {})
        try:
            data = primitive.floats(p, q)  # type: ignore[misc]
        except (ArithmeticError, ValueError):
            data = primitive.on_floats((p, q), {})
        return _node(data, primitive, x, y, requires_grad)

    @classmethod
    def _apply(cls, primitive: Primitive, operands: tuple[Operand, ...], attrs: dict[str, Any]) -> Any:
        if primitive.floats is None:
            return NotImplemented
        kept: list[Operand] = []
        values: list[Any] = []
        for x in operands:
            if isinstance(x, Value):
                kept.append(x)
                values.append(x._data)
            elif isinstance(x, Node) or getattr(x, "shape", ()):  # a Tensor or an array: the result is a Tensor
                return NotImplemented
            elif isinstance(x, Real) or hasattr(x, "dtype") and x.dtype.kind in "biuf":
                values.append(x if type(x) in (int, bool) else number(x))
                kept.append(values[-1])
            else:
                raise DtypeError(
                    f"{primitive.name}: a Value goes together with numbers, Values, arrays and Tensors, "
                    f"not with {type(x).__name__} {x!r:.60}"
                )
        requires_grad = any(x.requires_grad for x in kept if isinstance(x, Value))
        data = Value._compute(primitive, values, attrs)
        if len(kept) > 2:
            return _node(data, primitive, tuple(kept), None, requires_grad, attrs)
        return _node(data, primitive, kept[0], kept[1] if len(kept) > 1 else None, requires_grad, attrs)

    def _in_place(self, primitive: Primitive, other: Any) -> Any:
        if recording():
            return self._binary(primitive, self, other)
        self.data = primitive.on_floats((self._data, number(other)), {})
        return self

    @staticmethod
    def _compute(primitive: Primitive, values: Any, attrs: dict[str, Any]) -> float:
        return float(primitive.on_floats(values, attrs))

    def _clone(self, inputs: tuple[Operand, ...]) -> Value:
        copy = Value(self._data, None, self.requires_grad)
        copy.primitive, copy.attrs, copy._grad = self.primitive, self.attrs, self._grad
        copy._extra = dict(self._extra) if self._extra else None
        copy._first, copy._second = (inputs, None) if len(inputs) > 2 else (*inputs, None, None)[:2]
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
        self._grad = gradient if self._grad is None else self._grad + gradient


def number(x: Any) -> float:
    """A real number as a Python float; raises `DtypeError` for anything else.

    >>> number(2)
    2.0
    """
    if type(x) is float:
        return x
    if isinstance(x, Node):
        raise GraphError(
            f"a plain number is needed, not {describe(x)}: take float(x), which leaves the graph, or compute with x itself"
        )
    if isinstance(x, Real) or getattr(x, "shape", None) == () and x.dtype.kind in "biuf":
        return float(x)
    raise DtypeError(f"a Value holds one real number, not {type(x).__name__} {x!r:.60}; tg.tensor() holds arrays")


def _as_leaf(node: Value, requires_grad: bool) -> None:
    node.primitive = node._first = node._second = node._grad = node._extra = None
    node.index = next_index()
    node.requires_grad = requires_grad


_new = Value.__new__


def _node(
    data: float,
    primitive: Primitive,
    first: Operand,
    second: Operand,
    requires_grad: bool,
    attrs: dict[str, Any] | None = None,
) -> Value:
    """The result of a call: recorded if an operand requires it and recording is on, else a leaf."""
    node = _new(Value)
    node._data = data
    level = recording() if requires_grad else OFF
    if level == OFF:
        _as_leaf(node, False)
        return node
    node.primitive = primitive
    node._first = first
    node._second = second
    node._extra = None
    node.index = next_index()
    node.requires_grad = True
    if attrs:
        node.attrs = attrs
    if level == TRACED:
        node._note("source", caller())
    return node


def _compare(x: Value, y: Any, holds: Any) -> Any:
    if isinstance(y, Value):
        return holds(x._data, y._data)
    if isinstance(y, Real):
        return holds(x._data, float(y))
    return NotImplemented
