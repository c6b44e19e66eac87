"""`Tensor`: a NumPy array that remembers how it was made."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from ..errors import DtypeError, GraphError, InPlaceError, ShapeError
from .convert import DEFAULT_DTYPE, as_array, numbers, operand, own_index, sizes
from .grad_mode import OFF, ON, TRACED, caller, enable_grad, recording, tracing
from .inplace import note_change
from .messages import is_no_array_of_numbers, refused
from .node import (
    BOTH,
    FIRST,
    NO_SETTINGS,
    SECOND,
    Node,
    Operand,
    copy_call,
    describe,
    next_index,
    number_of,
    packed,
)
from .operators import GivesTensor, Operators
from .primitives import linear_algebra, reductions, shape
from .primitives.linear_algebra import matmul
from .primitives.primitive import Primitive, Variadic, primitive
from .value import Value
from .value import _node as value_node
from .walk import LARGE, Uses, unshared

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

    if TYPE_CHECKING:
        __add__: GivesTensor
        __radd__: GivesTensor
        __sub__: GivesTensor
        __rsub__: GivesTensor
        __mul__: GivesTensor
        __rmul__: GivesTensor
        __truediv__: GivesTensor
        __rtruediv__: GivesTensor
        __pow__: GivesTensor
        __rpow__: GivesTensor
        __iadd__: GivesTensor
        __isub__: GivesTensor
        __imul__: GivesTensor
        __itruediv__: GivesTensor
        __ipow__: GivesTensor

    _data: ndarray

    if TYPE_CHECKING:

        def _number(self) -> ndarray: ...

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> None:
        array = as_array(data, dtype)
        if array is data or array.base is not None:
            array = array.copy()
        _as_leaf(self, array, 0)
        if requires_grad:
            self.requires_grad_()
        if name is not None:
            self.name = name

    # What it holds.

    @property
    def data(self) -> ndarray:
        """The array, as a read-only view. Setting it changes the tensor in place: `w.data = w.data - 0.1 * w.grad`."""
        view = self._number().view()
        view.flags.writeable = False
        return view

    @data.setter
    def data(self, data: Any) -> None:
        self._assign(..., data)

    @property
    def grad(self) -> Any:
        """The gradient collected by `backward()`, an array like `data`; None where there is none (yet)."""
        return self._kept_grad()

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is not None:
            grad = np.array(numbers("grad", grad), dtype=self.dtype)
            if grad.shape != self.shape:
                raise ShapeError(f"grad: the gradient of {describe(self)} has the same shape, not {grad.shape}")
        self._grad = grad

    # fmt: off
    @property
    def shape(self) -> tuple[int, ...]: return self._number().shape
    @property
    def dtype(self) -> np.dtype[Any]: return self._number().dtype
    @property
    def ndim(self) -> int: return self._number().ndim
    @property
    def size(self) -> int: return self._number().size
    @property
    def T(self) -> Tensor: return shape.transpose(self)
    # fmt: on

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
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
        return self._number().item()

    def numpy(self) -> ndarray:
        """A copy of the array, which may be changed freely.

        >>> tensor([1.0, 2.0]).numpy()
        array([1., 2.], dtype=float32)
        """
        return self._number().copy()

    def tolist(self) -> Any:
        """The numbers as nested lists of Python numbers.

        >>> tensor([1.0, 2.0]).tolist()
        [1.0, 2.0]
        """
        return self._number().tolist()

    def detach(self) -> Tensor:
        """The same numbers outside the graph: nothing flows back through it.

        >>> tensor([1.0], requires_grad=True).detach()
        tensor([1.])
        """
        cut_off = Tensor(self._number(), name=self.name)
        cut_off._note_cut("detach")
        return cut_off

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
                "take .data where that is meant, or compute with the tensor itself"
            )
        return self.data if copy is False else np.array(self._number(), dtype=dtype)

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
        return bool(self._number())

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
        text = np.array2string(self._number(), separator=", ", prefix="tensor(", threshold=100)
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
    def __lt__(self, other: Any) -> Any: return _compare(np.less, self, other)
    def __le__(self, other: Any) -> Any: return _compare(np.less_equal, self, other)
    def __gt__(self, other: Any) -> Any: return _compare(np.greater, self, other)
    def __ge__(self, other: Any) -> Any: return _compare(np.greater_equal, self, other)
    def __eq__(self, other: Any) -> Any: return _compare(np.equal, self, other)
    def __ne__(self, other: Any) -> Any: return _compare(np.not_equal, self, other)
    __hash__ = object.__hash__

    # What only arrays have; the arithmetic is in operators.py.
    def __matmul__(self, other: Any) -> Tensor: return self._binary(matmul, other)
    def __rmatmul__(self, other: Any) -> Tensor: return self._reflected(matmul, other)
    def __getitem__(self, index: Any) -> Tensor: return shape.getitem(self, own_index(index))
    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return self._unary(reductions.sum_, {"axis": axis, "keepdims": keepdims})
    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return self._unary(reductions.mean, {"axis": axis, "keepdims": keepdims})
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
    def reshape(self, *shape_: Any) -> Tensor: return shape.reshape(self, sizes(shape_))
    def transpose(self, *axes: Any) -> Tensor: return shape.transpose(self, sizes(axes) if axes else None)
    def swapaxes(self, axis1: int, axis2: int) -> Tensor: return shape.swapaxes(self, axis1, axis2)
    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor: return shape.flatten(self, start_dim, end_dim)
    def squeeze(self, axis: Any = None) -> Tensor: return shape.squeeze(self, axis)
    def expand_dims(self, axis: Any) -> Tensor: return shape.expand_dims(self, axis)
    def broadcast_to(self, shape_: Any) -> Tensor: return shape.broadcast_to(self, shape_)
    def repeat(self, repeats: Any, axis: Any = None) -> Tensor: return shape.repeat(self, repeats, axis)
    # fmt: on

    # Changes in place.

    def __setitem__(self, index: Any, value: Any) -> None:
        if recording() and (self.requires_grad or (isinstance(value, Node) and value.requires_grad)):
            raise InPlaceError(
                f"setitem: a change in place of {describe(self)} would not be recorded; make it inside tg.no_grad(), "
                "or build a new tensor with tg.where(mask, new, old) or tg.concatenate"
            )
        self._assign(own_index(index), value)

    def _assign(self, index: Any, value: Any) -> None:
        """Change numbers in place."""
        new = np.asarray(numbers("setitem", value))
        if not np.can_cast(new.dtype, self.dtype, "same_kind"):
            raise DtypeError(
                f"setitem: {describe(self)} holds {self.dtype}, which cannot take {new.dtype} without loss; "
                "make it a tensor of that dtype first, with .astype()"
            )
        try:
            self._writable()[index] = new
        except (ValueError, IndexError) as error:
            raise refused("setitem", [value], {"into": self, "index": index}, error) from None
        note_change(self)

    def _writable(self) -> ndarray:
        """The array, to be changed in place by one who notes the change.

        Where somebody else holds the array, a copy takes its place first: views of it may be part of a graph, or in
        the user's hands, and keep the numbers that they had.
        """
        self._number()  # computed again, where a backward pass has let go of it
        if sys.getrefcount(self._data) > HELD_ONCE or self._data.base is not None:
            self._data = self._data.copy()
        return self._data

    def _in_place(self, primitive: Primitive, other: Any) -> Any:
        if recording() and (self.requires_grad or (isinstance(other, Node) and other.requires_grad)):
            if self.primitive is None and self.requires_grad:
                raise InPlaceError(
                    f"{primitive.name} in place: {describe(self)} is a leaf that requires a gradient, and changing "
                    "it while operations are recorded would cut it off from its gradient; write `with tg.no_grad():` "
                    "around the change"
                )
            return self._binary(primitive, other)
        self._assign(..., primitive.on_arrays((self._number(), numbers(primitive.name, other)), (self, other), {}))
        return self

    # How a call is recorded.

    def _unary(self, primitive: Primitive, attrs: dict[str, Any] = NO_SETTINGS) -> Any:
        try:
            data = primitive.arrays(self._data, **attrs)
        except (
            TypeError,
            ValueError,
            IndexError,
            OverflowError,
            AttributeError,
        ):  # refused, or let go of: `_apply` says which
            return Tensor._apply(primitive, (self,), attrs)
        if "dtype" in attrs and data.dtype.kind != "f":  # made into integers
            return Tensor(data)
        return _node(primitive, data, self, None, FIRST if self.flow else 0, attrs)

    def _binary(self, primitive: Primitive, other: Any) -> Any:
        try:
            if type(other) is Tensor:
                data = primitive.arrays(self._data, other._data)
                flow = BOTH if self.flow and other.flow else FIRST if self.flow else SECOND if other.flow else 0
            elif type(other) is float or type(other) is int:
                data, flow = primitive.arrays(self._data, other), FIRST if self.flow else 0
            else:
                return Tensor._apply(primitive, (self, other), {})
        except (TypeError, ValueError, OverflowError, AttributeError):  # refused, or let go of: `_apply` says which
            return Tensor._apply(primitive, (self, other), {})
        if flow and type(data) is ndarray and recording() == ON:  # as `_node` does, without the call
            node = _new(Tensor)
            node._data = data
            node.primitive = primitive
            node._first = self
            node._second = other
            node.flow = flow
            node.index = next_index()
            node.attrs = NO_SETTINGS
            node._extra = None
            return node
        return _node(primitive, data, self, other, flow)

    def _reflected(self, primitive: Primitive, other: Any) -> Any:
        if type(other) is not float and type(other) is not int:
            return Tensor._apply(primitive, (other, self), {})
        try:
            data = primitive.arrays(other, self._data)
        except (TypeError, ValueError, AttributeError):
            return Tensor._apply(primitive, (other, self), {})
        return _node(primitive, data, other, self, SECOND if self.flow else 0)

    @classmethod
    def _apply(cls, primitive: Primitive, operands: tuple[Operand, ...], attrs: dict[str, Any]) -> Any:
        kept = tuple([operand(x, primitive) for x in operands])
        if primitive.floats is None and not primitive.variadic:  # the rules of such a row ask for shapes
            kept = tuple([to_tensor(x) if isinstance(x, Value) else x for x in kept])
        values = [x._number() if isinstance(x, Node) else x for x in kept]
        data = primitive.on_arrays(values, kept, attrs)
        if data.dtype.kind != "f":  # made into integers
            return Tensor(data)
        return _node(primitive, data, *packed(kept, primitive), attrs)

    @staticmethod
    def _compute(primitive: Primitive, values: Any, attrs: dict[str, Any]) -> ndarray:
        return np.asarray(primitive.arrays(*values, **attrs))

    def _clone(self, inputs: tuple[Operand, ...]) -> Tensor:
        copy = Tensor(self._number())
        grad = getattr(self, "_grad", None)
        copy._grad = grad.copy() if type(grad) is ndarray else grad
        copy_call(self, copy, inputs)
        return copy

    # What the walk asks of a node.

    def _seed(self, gradient: Any, create_graph: bool) -> Any:
        if isinstance(gradient, Tensor) and create_graph and gradient.shape == self.shape:
            return gradient if gradient.dtype == self.dtype else shape.astype(gradient, self.dtype)
        if gradient is None:
            data = self._number()
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
        return _leaf(seed) if create_graph else seed

    def _fit(self, contribution: Any) -> Any:
        try:
            data = self._data
        except AttributeError:  # let go of
            data = self._number()
        if type(contribution) is ndarray:
            if contribution.shape != data.shape:
                contribution = shape.summed_back(contribution, data.shape)
            return contribution if contribution.dtype is data.dtype else contribution.astype(data.dtype)
        if isinstance(contribution, Tensor):
            like = contribution._number()
            if like.shape != data.shape:
                contribution = shape.sum_to(contribution, data.shape)
            return contribution if like.dtype == data.dtype else shape.astype(contribution, data.dtype)
        if isinstance(contribution, Value):  # one number for all of the array
            return shape.astype(contribution * np.ones(data.shape), data.dtype)
        return np.full(data.shape, contribution, data.dtype)

    def _plus(self, so_far: Any, contribution: Any, own: set[Node]) -> Any:
        if isinstance(so_far, Node) or isinstance(contribution, Node):
            return so_far + contribution
        if self in own:
            so_far += contribution
            return so_far
        own.add(self)
        return np.add(so_far, contribution, out=np.empty_like(so_far))  # in its layout

    def _receive(self, gradient: Any, taken: set[int]) -> None:
        so_far = getattr(self, "_grad", None)
        if so_far is None:
            self._grad = unshared(gradient, taken)
        elif type(so_far) is ndarray and type(gradient) is ndarray:
            so_far += gradient
        else:
            self._grad = so_far + gradient

    def _release(self, uses: Uses) -> None:
        if "changed" not in (self._extra or ()) and uses[self] + _references() >= sys.getrefcount(self):
            self._note("released", (self._data.shape, self._data.dtype))
            del self._data

    @staticmethod
    def _to_value(x: Tensor) -> Any:
        """A tensor's sum, as a Value: how the gradient of a Value leaves the arrays."""
        total = x.sum()
        if not total.requires_grad:
            return Value(total.item(), requires_grad=False)
        return value_node(total.item(), to_value, total, None, FIRST)


Node.array_kind = Tensor


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Make a `Tensor`, which see.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return Tensor(data, dtype, requires_grad, name)


@primitive(lambda slots, g, out, operands: [g] * len(slots), kind=Variadic)
def to_tensor(x: Any) -> ndarray:
    """The number of a Value as a tensor of shape ()."""
    return np.asarray(x)


@primitive(lambda g, out, x: g)
def to_value(x: Any) -> float:
    """The number of a tensor of shape () as a Value."""
    return float(x)


def _leaf(data: ndarray) -> Tensor:
    """A constant around an array that nobody else holds."""
    node = _new(Tensor)
    _as_leaf(node, data, 0)
    return node


def _as_leaf(node: Tensor, data: ndarray, flow: int) -> None:
    node._data = data
    node.primitive = node._first = node._second = node._grad = node._extra = None
    node.attrs = NO_SETTINGS
    node.index = next_index()
    node.flow = flow


_new = Tensor.__new__


def _node(
    primitive: Primitive,
    data: Any,
    first: Operand,
    second: Operand,
    flow: int,
    attrs: dict[str, Any] = NO_SETTINGS,
) -> Tensor:
    """The result of a call: recorded if a gradient flows on to an operand and recording is on, else a leaf."""
    node = _new(Tensor)
    if type(data) is not ndarray:
        data = np.asarray(data)
    level = recording() if flow else OFF
    if level == OFF:
        _as_leaf(node, data, 0)
        if flow and tracing():
            node._note_cut("no_grad")
        return node
    node._data = data
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


def _compare(ufunc: Any, x: Tensor, y: Any) -> Any:
    """A comparison: a plain array of bools."""
    try:
        if type(y) is float or type(y) is int or isinstance(y, Node) or not is_no_array_of_numbers(y):
            return np.asarray(ufunc(x._number(), number_of(y)))
        raise TypeError
    except (TypeError, ValueError) as error:
        raise refused(ufunc.__name__, (x, y), {}, error, elementwise=True) from None


@functools.cache
def _references() -> int:
    """How many references `_release` counts to a node that nobody holds but the graph and the walk itself.

    Interpreters count differently, so the number is read off a small graph.
    """
    seen: list[int] = []

    class Probe(Tensor):
        __slots__ = ()

        def _release(self, uses: Uses) -> None:
            seen.append(-uses[self] + sys.getrefcount(self))  # in this order: `uses` holds a reference as well

    with enable_grad():
        middle = Tensor(np.zeros(LARGE // 8), requires_grad=True) * 2.0
        middle.__class__ = Probe
        output = middle * 2.0
        del middle
        output.backward(output)
    return seen[0]


_probe = Tensor(0.0)
HELD_ONCE = sys.getrefcount(_probe._data)
"""The references that `_writable` counts to an array that nobody but its tensor holds; interpreters differ."""
