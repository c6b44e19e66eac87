"""`Tensor`: a NumPy array that remembers how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from . import messages
from .arrays import Numbers, Size
from .convert import DEFAULT_DTYPE, as_array, numbers, operand, own_index, sizes
from .grad_mode import recording, state
from .inplace import assign, shares
from .masks import answered
from .memory import recomputed
from .messages.elsewhere import METHODS, answer, refuse_arguments
from .methods import methods
from .node import NO_ATTRS, Attrs, Node, Operand, new, number_of, packed, record
from .operators import Operators, infix
from .primitives import indexing as i, linear_algebra as l, reductions as r, shape as s
from .primitives.arithmetic import add, divide, multiply, power, subtract
from .primitives.elementwise import floor_divide, remainder
from .primitives.linear_algebra import matmul
from .primitives.primitive import Variadic
from .primitives.rows import primitive
from .value import Value

if TYPE_CHECKING:
    from typing_extensions import Self


__all__ = ["Tensor", "tensor"]


class Tensor(Operators):
    """A NumPy array in the graph.

    Parameters
    ----------
    data : an array, a number, or nested lists of numbers. It is copied, so that a later change of it cannot falsify
        gradients.
    dtype : float32 for Python numbers and lists, the array's own for arrays, where left out.
    requires_grad : whether gradients flow to it; floating-point dtypes only.
    name : how pictures, explanations and errors call it.
    other : refused, with what arguments of other libraries, such as `label`, are called here.

    All operators, NumPy's functions and the functions of this package record when an operand requires a gradient.
    Comparisons give plain arrays of bools.

    Raises `DtypeError` for data that are no array of numbers, and for gradients of integers, and `GraphError` for a
    result through which a gradient flows: the copy would be cut off from it.

    >>> import numpy as np
    >>> X = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> loss = (np.exp(X) @ X.T).sum()
    >>> loss.backward()
    >>> X.grad.shape
    (2, 2)
    """

    __slots__ = ("__weakref__",)

    _number: ndarray

    def __init__(
        self, data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None, **other: Any
    ) -> None:
        if other:
            refuse_arguments("Tensor", other)
        if isinstance(data, Node) and not data.is_leaf and data.requires_grad and recording():
            raise messages.result_copied(data)
        array = as_array(data, dtype)
        if array is data or array.base is not None:
            array = array.copy()
        record(self, array)
        if requires_grad:
            self.requires_grad_()
        if name is not None:
            self.name = name

    __add__, __radd__, __iadd__ = infix(add, ndarray)
    __sub__, __rsub__, __isub__ = infix(subtract, ndarray)
    __mul__, __rmul__, __imul__ = infix(multiply, ndarray)
    __truediv__, __rtruediv__, __itruediv__ = infix(divide, ndarray)
    __pow__, __rpow__, __ipow__ = infix(power, ndarray)
    __mod__, __rmod__, __imod__ = infix(remainder, ndarray)
    __floordiv__, __rfloordiv__, __ifloordiv__ = infix(floor_divide, ndarray)
    __matmul__, __rmatmul__ = infix(matmul, ndarray)[:2]

    # What it holds.

    @property
    def data(self) -> ndarray:
        """The array, as a read-only view. Setting it changes the tensor in place: `w.data -= 0.1 * w.grad`."""
        view = number_of(self).view(Numbers)
        view.flags.writeable = False
        return view

    @data.setter
    def data(self, data: Any) -> None:
        assign(self, ..., data)

    # fmt: off
    @property
    def shape(self) -> tuple[int, ...]: return number_of(self).shape
    @property
    def dtype(self) -> np.dtype[Any]: return number_of(self).dtype
    @property
    def ndim(self) -> int: return number_of(self).ndim
    @property
    def size(self) -> int: return Size(number_of(self).size)
    @property
    def T(self) -> Tensor: return s.transpose(self)
    # fmt: on

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let gradients flow to this leaf, or no longer; returns the tensor itself.

        Raises `DtypeError` for integers and bools, which have no derivatives.
        """
        if requires_grad and self.dtype.kind != "f":
            raise messages.no_dtype_of_gradients(self)
        super().requires_grad_(requires_grad)
        return self

    def item(self) -> Any:
        """The one number of a tensor of size one, as a Python number.

        >>> tensor([[2.5]]).item()
        2.5
        """
        if self.size != 1:
            raise messages.not_one(self)
        messages.leaving(self, "item")
        return number_of(self).item()

    def numpy(self) -> ndarray:
        """A copy of the array, which may be changed freely.

        >>> tensor([1.0, 2.0]).numpy()
        array([1., 2.], dtype=float32)
        """
        return number_of(self).copy()

    def tolist(self) -> Any:
        """The numbers as nested lists of Python numbers.

        >>> tensor([1.0, 2.0]).tolist()
        [1.0, 2.0]
        """
        messages.leaving(self, "tolist")
        return number_of(self).tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> ndarray:
        if copy is False and dtype is not None and dtype != self.dtype:
            raise ValueError(f"a {self.dtype} tensor as {dtype} needs a copy")
        if self.requires_grad and recording():
            raise messages.leaves_the_graph(self)
        return self.data if copy is False else np.array(number_of(self), dtype=dtype)

    def __len__(self) -> int:
        if not self.ndim:
            raise messages.no_items(self)
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(number_of(self) == number_of(item)))

    def __bool__(self) -> bool:
        if self.size != 1:
            raise messages.neither_true_nor_false(self)
        return bool(number_of(self))

    def __index__(self) -> int:
        if self.dtype.kind not in "iub" or self.size != 1:
            raise messages.no_index(self)
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        text = np.array2string(number_of(self), separator=", ", prefix="tensor(", threshold=100)
        parts = [text]
        if self.dtype not in (DEFAULT_DTYPE, np.dtype(bool)):
            parts.append(f"dtype={self.dtype}")
        if self.primitive is not None:
            parts.append(f"made_by={self.primitive.name}")
        elif self.requires_grad:
            parts.append("requires_grad=True")
        if self.name:
            parts.append(f"name={self.name!r}")
        return f"tensor({', '.join(parts)})"

    # fmt: off
    # What only arrays have; the arithmetic is in operators.py.
    def __getitem__(self, index: Any) -> Tensor: return i.getitem(self, own_index(index))
    sum, mean, prod, max, min, var, std = methods(r.sum_, r.mean, r.prod_, r.max_, r.min_, r.var, r.std)
    logsumexp, softmax, cumsum = methods(r.logsumexp, r.softmax, r.cumsum)
    norm, dot, trace, diagonal = methods(r.norm, l.dot, l.trace, l.diagonal)
    take, ravel, moveaxis = methods(s.take, s.ravel, s.moveaxis)
    argmax, argmin = methods(r.argmax, r.argmin)
    def reshape(self, *shape_: Any) -> Tensor: return s.reshape(self, sizes(shape_))
    astype, swapaxes, flatten, squeeze = methods(s.astype, s.swapaxes, s.flatten, s.squeeze)
    expand_dims, broadcast_to, repeat = methods(s.expand_dims, s.broadcast_to, s.repeat)
    # fmt: on

    def transpose(self, *axes: Any) -> Tensor:
        if self.ndim == 2 and [*map(type, axes)] == [int, int] and axes in ((0, 1), (0, -1), (-2, 1), (-2, -1)):
            raise messages.no_exchange(self)
        return s.transpose(self, sizes(axes) if axes else None)

    def compared(self, other: Any, row: Any) -> Any:
        if other is None and row.name in ("equal", "not_equal"):
            return NotImplemented  # Python then asks whether it is the same object, and `x == None` is False
        try:
            if type(other) in (float, int) or isinstance(other, Node) or not messages.is_no_array_of_numbers(other):
                return answered(np.asarray(row.arrays(number_of(self), number_of(other))), row, self, other)
            raise TypeError
        except (OverflowError, TypeError, ValueError) as error:
            raise messages.refused(row.name, (self, other), {}, error, elementwise=True) from None

    # Changes in place.

    def __setitem__(self, index: Any, value: Any) -> None:
        if recording() and (self.requires_grad or (isinstance(value, Node) and value.requires_grad)):
            raise messages.not_recorded(self)
        if shares(self):
            raise messages.not_the_whole(self)
        assign(self, own_index(index), value)

    # How a call is recorded.

    def unary(self, row: Any, attrs: Attrs = NO_ATTRS) -> Any:
        try:
            defaults = not attrs or attrs is row.attrs  # nearly always
            data = row.arrays(self._number) if defaults else row.arrays(self._number, **attrs)
        except (AttributeError, IndexError, OverflowError, TypeError, ValueError):  # `apply` says what is wrong
            return Tensor.apply(row, (self,), attrs)
        if type(data) is ndarray and data.dtype.kind == "f":  # nearly always; `_result` has the other cases
            return record(new(Tensor), data, row, self, attrs or None)
        return _result(data, row, self, attrs or None)

    @classmethod
    def apply(cls, row: Any, operands: Sequence[Operand], attrs: Attrs) -> Any:
        kept: Sequence[Operand] = operands
        if {*map(type, operands)} != {Tensor}:
            kept = [operand(x, row.name) for x in operands]
            if row.floats is None and not row.variadic:  # the rules of such a row ask for shapes
                kept = [to_tensor(x) if isinstance(x, Value) else x for x in kept]
        data = row.on_arrays([*map(number_of, kept)], kept, attrs)
        return _result(data, row, *packed(kept, attrs, row))

    def to_value(self) -> Value:
        """The number of a tensor of shape () as a Value: how the gradient of a Value leaves the arrays."""
        return record(object.__new__(Value), number_of(self).item(), to_value, self)

    def restored(self) -> ndarray:
        return recomputed(self)

    # What the walk asks.

    def seed(self, gradient: Any, name: str = "backward") -> ndarray:
        data = number_of(self)
        if gradient is None:
            if data.size != 1:
                raise messages.needs_a_seed(self)
            seed = np.empty(data.shape, data.dtype)
            seed.fill(1)
            return seed
        seed = np.array(numbers(name, gradient), data.dtype)
        if seed.shape != data.shape:
            raise messages.not_of_its_shape(self, seed, name)
        return seed

    def fit(self, contribution: Any) -> Any:
        data = self._number
        if type(contribution) is ndarray:
            if contribution.shape != data.shape:
                contribution = s.summed_back(contribution, data.shape)
            return contribution if contribution.dtype is data.dtype else contribution.astype(data.dtype)
        if isinstance(contribution, Tensor):
            like = contribution._number
            if like.shape != data.shape:
                contribution = s.sum_to(contribution, data.shape)
            return contribution if like.dtype == data.dtype else s.astype(contribution, data.dtype)
        if isinstance(contribution, Value):  # one number for all of the array
            return s.astype(contribution * np.ones(data.shape), data.dtype)
        return np.full(data.shape, contribution, data.dtype)

    def receive(self, gradient: Any) -> None:
        notes = self.notes or self.own_notes()
        if type(notes.grad) is ndarray and type(gradient) is ndarray:
            notes.grad += gradient
        else:
            notes.grad = gradient if notes.grad is None else notes.grad + gradient


Node.array_kind = Tensor
answer(Tensor, METHODS)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Make a `Tensor`, where the parameters are described.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return Tensor(data, dtype, requires_grad, name)


def _result(data: Any, row: Any, first: Operand, second: Operand) -> Any:
    """The recorded result of a call. Whole numbers have no gradient, so such a result is a leaf in most graphs."""
    if type(data) is not ndarray:
        data = np.asarray(data)
    if data.dtype.kind == "f":
        return record(new(Tensor), data, row, first, second)
    if row.has_gradient and not state().complete:
        return Tensor(data)
    return record(new(Tensor), data, row, first, second, gradient=False)


@primitive(lambda slots, g, out, operands: [g] * len(slots), kind=Variadic)
def to_tensor(x: Any) -> ndarray:
    """The number of a Value as a tensor of shape ()."""
    return np.asarray(x)


@primitive(lambda g, out, x: to_tensor(g))
def to_value(x: Any) -> float:
    """The number of a tensor of shape () as a Value."""
    return float(x)
