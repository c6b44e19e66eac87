"""`Tensor`: a NumPy array that remembers how it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from ..errors import DtypeError, GraphError, InPlaceError, ShapeError
from .convert import DEFAULT_DTYPE, as_array, numbers, operand, own_index, sizes
from .grad_mode import recording
from .inplace import note_change, owned
from .memory import recomputed
from .messages import is_no_array_of_numbers, refused
from .node import NO_ATTRS, Attrs, Node, Operand, describe, number_of, packed, record
from .operators import Operators, infix
from .primitives import joining, linear_algebra, reductions, shape
from .primitives.arithmetic import add, divide, multiply, power, subtract
from .primitives.linear_algebra import matmul
from .primitives.primitive import Variadic, primitive
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

    All operators, NumPy's functions and the functions of this package record when an operand requires a gradient.
    Comparisons give plain arrays of bools.

    Raises `DtypeError` for what is no array of numbers, and for gradients of integers.

    >>> import numpy as np
    >>> X = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> loss = (np.exp(X) @ X.T).sum()
    >>> loss.backward()
    >>> X.grad.shape
    (2, 2)
    """

    __slots__ = ("__weakref__",)

    _data: ndarray

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> None:
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
    __matmul__, __rmatmul__ = infix(matmul, ndarray)[:2]

    # What it holds.

    @property
    def data(self) -> ndarray:
        """The array, as a read-only view. Setting it changes the tensor in place: `w.data = w.data - 0.1 * w.grad`."""
        view = number_of(self).view()
        view.flags.writeable = False
        return view

    @data.setter
    def data(self, data: Any) -> None:
        self._assign(..., data)

    @property
    def grad(self) -> Any:
        """The gradient collected by `backward()`, an array like `data`; None where there is none (yet)."""
        return self.kept_grad()

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is not None:
            grad = np.array(numbers("grad", grad), dtype=self.dtype)
            if grad.shape != self.shape:
                raise ShapeError(f"grad: the gradient of {describe(self)} has the same shape, not {grad.shape}")
        self._grad = grad

    # fmt: off
    @property
    def shape(self) -> tuple[int, ...]: return number_of(self).shape
    @property
    def dtype(self) -> np.dtype[Any]: return number_of(self).dtype
    @property
    def ndim(self) -> int: return number_of(self).ndim
    @property
    def size(self) -> int: return number_of(self).size
    @property
    def T(self) -> Tensor: return shape.transpose(self)
    # fmt: on

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let gradients flow to this leaf, or no longer; returns the tensor itself.

        Raises `DtypeError` for integers and bools, which have no derivatives.
        """
        if requires_grad and self.dtype.kind != "f":
            raise DtypeError(
                f"requires_grad: only floating-point tensors have gradients, not {self.dtype}; "
                "make it with dtype='float32'"
            )
        super().requires_grad_(requires_grad)
        return self

    def item(self) -> Any:
        """The one number of a tensor of size one, as a Python number.

        >>> tensor([[2.5]]).item()
        2.5
        """
        if self.size != 1:
            raise ShapeError(f"item: {describe(self)} holds {self.size} numbers, not one; use .numpy() or .tolist()")
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
        return number_of(self).tolist()

    def detach(self) -> Tensor:
        """The same numbers outside the graph: nothing flows back through it.

        >>> tensor([1.0], requires_grad=True).detach()
        tensor([1.])
        """
        detached = Tensor(number_of(self), name=self.name)
        detached.cut_off("detach")
        return detached

    def astype(self, dtype: Any) -> Tensor:
        """The numbers in another dtype.

        >>> tensor([1.0]).astype("float64").dtype
        dtype('float64')
        """
        return shape.astype(self, dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> ndarray:
        if copy is False and dtype is not None and dtype != self.dtype:
            raise ValueError(f"a {self.dtype} tensor as {dtype} needs a copy")
        if self.flow and recording():
            raise GraphError(
                f"array: {describe(self)} as a NumPy array would leave the graph, and its gradient would be lost; "
                "take .data where that is meant, compute with the tensor itself, or make one of several by tg.stack"
            )
        return self.data if copy is False else np.array(number_of(self), dtype=dtype)

    def __len__(self) -> int:
        if not self.ndim:
            raise DtypeError("len: a tensor of shape () has no length and no items; use .item() for its number")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                f"bool: {describe(self)} holds {self.size} numbers, so it is neither true nor false; "
                "use .data.any() or .data.all()"
            )
        return bool(number_of(self))

    def __index__(self) -> int:
        if self.dtype.kind not in "iub" or self.size != 1:
            raise DtypeError(
                f"index: only an integer tensor of size one is a whole number, not {describe(self)} "
                f"of dtype {self.dtype}"
            )
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
    def __lt__(self, other: Any) -> Any: return self._compared(other, np.less)
    def __le__(self, other: Any) -> Any: return self._compared(other, np.less_equal)
    def __gt__(self, other: Any) -> Any: return self._compared(other, np.greater)
    def __ge__(self, other: Any) -> Any: return self._compared(other, np.greater_equal)
    def __eq__(self, other: Any) -> Any: return self._compared(other, np.equal)
    def __ne__(self, other: Any) -> Any: return self._compared(other, np.not_equal)
    __hash__ = object.__hash__

    # What only arrays have; the arithmetic is in operators.py.
    def __getitem__(self, index: Any) -> Tensor: return shape.getitem(self, own_index(index))
    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return self.unary(reductions.sum_, {"axis": axis, "keepdims": keepdims})
    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return self.unary(reductions.mean, {"axis": axis, "keepdims": keepdims})
    def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor: return reductions.prod_(self, axis, keepdims)
    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor: return reductions.max_(self, axis, keepdims)
    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor: return reductions.min_(self, axis, keepdims)
    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return reductions.var(self, axis, ddof, keepdims)
    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return reductions.std(self, axis, ddof, keepdims)
    def logsumexp(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reductions.logsumexp(self, axis, keepdims)
    def softmax(self, axis: int = -1) -> Tensor: return reductions.softmax(self, axis)
    def norm(self, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reductions.norm(self, ord, axis, keepdims)
    def cumsum(self, axis: Any = None) -> Tensor: return reductions.cumsum(self, axis)
    def argmax(self, axis: Any = None, keepdims: bool = False) -> Any: return reductions.argmax(self, axis, keepdims)
    def argmin(self, axis: Any = None, keepdims: bool = False) -> Any: return reductions.argmin(self, axis, keepdims)
    def dot(self, other: Any) -> Tensor: return linear_algebra.dot(self, other)
    def trace(self, offset: int = 0) -> Tensor: return linear_algebra.trace(self, offset)
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return linear_algebra.diagonal(self, offset, axis1, axis2)
    def take(self, indices: Any, axis: int | None = None) -> Tensor: return joining.take(self, indices, axis)
    def ravel(self, order: str = "C") -> Tensor: return joining.ravel(self, order)
    def moveaxis(self, source: Any, destination: Any) -> Tensor: return shape.moveaxis(self, source, destination)
    def reshape(self, *shape_: Any) -> Tensor: return shape.reshape(self, sizes(shape_))
    def transpose(self, *axes: Any) -> Tensor: return shape.transpose(self, sizes(axes) if axes else None)
    def swapaxes(self, axis1: int, axis2: int) -> Tensor: return shape.swapaxes(self, axis1, axis2)
    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor: return shape.flatten(self, start_dim, end_dim)
    def squeeze(self, axis: Any = None) -> Tensor: return shape.squeeze(self, axis)
    def expand_dims(self, axis: Any) -> Tensor: return shape.expand_dims(self, axis)
    def broadcast_to(self, shape_: Any) -> Tensor: return shape.broadcast_to(self, shape_)
    def repeat(self, repeats: Any, axis: Any = None) -> Tensor: return shape.repeat(self, repeats, axis)
    # fmt: on

    def _compared(self, other: Any, ufunc: np.ufunc) -> ndarray:
        """A comparison: a plain array of bools."""
        try:
            if type(other) in (float, int) or isinstance(other, Node) or not is_no_array_of_numbers(other):
                return np.asarray(ufunc(number_of(self), number_of(other)))
            raise TypeError
        except (TypeError, ValueError) as error:
            raise refused(ufunc.__name__, (self, other), {}, error, elementwise=True) from None

    # Changes in place.

    def __setitem__(self, index: Any, value: Any) -> None:
        if recording() and (self.flow or (isinstance(value, Node) and value.flow)):
            raise InPlaceError(
                f"setitem: a change in place of {describe(self)} would not be recorded; make it inside tg.no_grad(), "
                "or build a new tensor with tg.where(mask, new, old) or tg.concatenate"
            )
        self._assign(own_index(index), value)

    def _assign(self, index: Any, value: Any) -> None:
        new = np.asarray(numbers("setitem", value))
        if not np.can_cast(new.dtype, self.dtype, "same_kind"):
            raise DtypeError(
                f"setitem: {describe(self)} holds {self.dtype}, which cannot take {new.dtype} without loss; "
                "make it a tensor of that dtype first, with .astype()"
            )
        try:
            owned(self)[index] = new
        except (ValueError, IndexError) as error:
            raise refused("setitem", [value], {"into": self, "index": index}, error) from None
        note_change(self)

    def change(self, row: Any, other: Any, recorded: Callable[[Any, Any], Any]) -> Any:
        if recording() and (self.flow or (isinstance(other, Node) and other.flow)):
            if self.primitive is None and self.flow:
                raise InPlaceError(
                    f"{row.name} in place: {describe(self)} is a leaf that requires a gradient, and changing "
                    "it while operations are recorded would cut it off from its gradient; write `with tg.no_grad():` "
                    "around the change"
                )
            return recorded(self, other)
        self._assign(..., row.on_arrays((number_of(self), numbers(row.name, other)), (self, other), NO_ATTRS))
        return self

    # How a call is recorded.

    def unary(self, row: Any, attrs: Attrs = NO_ATTRS) -> Any:
        try:
            data = row.arrays(self._data, **attrs)
        except (AttributeError, IndexError, OverflowError, TypeError, ValueError):  # `apply` says what is wrong
            return Tensor.apply(row, (self,), attrs)
        return _result(data, row, self, None, attrs)

    @classmethod
    def apply(cls, row: Any, operands: Sequence[Operand], attrs: Attrs) -> Any:
        kept = [operand(x, row.name) for x in operands]
        if row.floats is None and not row.variadic:  # the rules of such a row ask for shapes
            kept = [to_tensor(x) if isinstance(x, Value) else x for x in kept]
        data = row.on_arrays([number_of(x) for x in kept], kept, attrs)
        return _result(data, row, *packed(kept, row), attrs)

    def to_value(self) -> Value:
        """The number of a tensor of shape () as a Value: how the gradient of a Value leaves the arrays."""
        return record(object.__new__(Value), self.item(), to_value, self)

    def restored(self) -> ndarray:
        return recomputed(self)

    # What the walk asks.

    def seed(self, gradient: Any, create_graph: bool) -> Any:
        if isinstance(gradient, Tensor) and create_graph and gradient.shape == self.shape:
            return gradient if gradient.dtype == self.dtype else shape.astype(gradient, self.dtype)
        if gradient is None:
            data = number_of(self)
            if data.size != 1:
                raise GraphError(
                    f"backward: {describe(self)} holds {self.size} numbers, and a gradient is that of one number: "
                    "reduce it first with .sum() or .mean(), or pass the upstream gradient, an array of its shape"
                )
            seed = np.empty(data.shape, data.dtype)
            seed.fill(1)
        else:
            seed = np.array(numbers("backward", gradient), dtype=self.dtype)
            if seed.shape != self.shape:
                raise ShapeError(
                    f"backward: the upstream gradient has the shape of its node, {describe(self)}, and not {seed.shape}"
                )
        return record(new(Tensor), seed) if create_graph else seed

    def fit(self, contribution: Any) -> Any:
        data = self._data
        if type(contribution) is ndarray:
            if contribution.shape != data.shape:
                contribution = shape.summed_back(contribution, data.shape)
            return contribution if contribution.dtype is data.dtype else contribution.astype(data.dtype)
        if isinstance(contribution, Tensor):
            like = contribution._data
            if like.shape != data.shape:
                contribution = shape.sum_to(contribution, data.shape)
            return contribution if like.dtype == data.dtype else shape.astype(contribution, data.dtype)
        if isinstance(contribution, Value):  # one number for all of the array
            return shape.astype(contribution * np.ones(data.shape), data.dtype)
        return np.full(data.shape, contribution, data.dtype)

    def receive(self, gradient: Any) -> None:
        so_far = getattr(self, "_grad", None)
        if type(so_far) is ndarray and type(gradient) is ndarray:
            so_far += gradient
        else:
            self._grad = gradient if so_far is None else so_far + gradient


Node.array_kind = Tensor
new = object.__new__


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Make a `Tensor`, which see.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return Tensor(data, dtype, requires_grad, name)


def _result(data: Any, row: Any, first: Operand, second: Operand, attrs: Attrs) -> Any:
    """The tensor of a call, recorded; one of whole numbers, which has no gradient, is a leaf."""
    if type(data) is not ndarray:
        data = np.asarray(data)
    return record(new(Tensor), data, row, first, second, attrs) if data.dtype.kind == "f" else Tensor(data)


@primitive(lambda slots, g, out, operands: [g] * len(slots), kind=Variadic)
def to_tensor(x: Any) -> ndarray:
    """The number of a Value as a tensor of shape ()."""
    return np.asarray(x)


@primitive(lambda g, out, x: to_tensor(g))
def to_value(x: Any) -> float:
    """The number of a tensor of shape () as a Value."""
    return float(x)
