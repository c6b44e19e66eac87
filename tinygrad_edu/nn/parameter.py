"""Tensors of a module (parameters, which it learns, and buffers, which it only keeps), and inputs in their dtype.

Both are ordinary tensors with a mark. A plain tensor that requires a gradient, or a `Value`, becomes a parameter when
it is made an attribute of a module. A plain tensor that requires none is a constant: it is not saved.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.languages import say, texts
from ..engine.convert import DEFAULT_DTYPE
from ..engine.messages import is_no_array_of_numbers, not_numbers
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor
from ..errors import DtypeError, ModuleError, OutOfRangeError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Buffer", "Parameter", "Uninitialized", "materialize"]

Shape = tuple[int | None, ...]
"""A shape, with None for each size that is not known yet."""


class _OfRole(type):
    """The class of `Parameter` and `Buffer`, of which plain tensors with a mark are instances."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        for base in bases:
            if isinstance(base, _OfRole):
                text = texts("{kind} has no subclasses: it marks a plain Tensor; write a function that returns one")
                raise DtypeError(text, kind=base.__name__)

    def __instancecheck__(cls, x: Any) -> bool:
        return role(x) == cls.__name__.lower()


class Parameter(Tensor, metaclass=_OfRole):
    """A tensor that a module learns. Without `data` it is uninitialised until its module knows its shape.

    It holds a copy of `data`: an array in its own dtype, numbers and lists in float32. What is made is a plain Tensor
    with a mark; `isinstance(x, Parameter)` says whether a module learns x, so also of a Value and of a plain leaf that
    requires a gradient. Raises `DtypeError` if `data` is not an array of floating-point numbers.

    >>> import tinygrad_edu as tg
    >>> class Scale(tg.nn.Module):
    ...     def __init__(self):
    ...         self.factor = tg.nn.Parameter([1.0, 2.0])
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> dict(Scale().named_parameters())
    {'factor': tensor([1., 2.], requires_grad=True)}
    >>> isinstance(Scale().factor, tg.nn.Parameter), isinstance(tg.tensor([1.0]), tg.nn.Parameter)
    (True, False)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        return _marked("parameter", data).requires_grad_(requires_grad)  # type: ignore[return-value]


class Buffer(Tensor, metaclass=_OfRole):
    """A tensor that a module keeps and saves but does not learn, such as a running mean.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Identity()
    >>> layer.steps = tg.nn.Buffer(0)
    >>> list(layer.parameters()), layer.state_dict()
    ([], {'steps': array(0., dtype=float32)})
    """

    __slots__ = ()

    def __new__(cls, data: Any = None) -> Self:
        return _marked("buffer", data)  # type: ignore[return-value]


def _marked(kind: str, data: Any) -> Tensor:
    tensor = Uninitialized() if data is None else Tensor(data)
    tensor.own_notes().role = kind
    return tensor


def _noted(key: str) -> Any:
    """A property kept in the node's notes: with slots of its own, the object could not change its class to `Tensor`."""
    return property(lambda self: getattr(self.notes, key), lambda self, value: setattr(self.own_notes(), key, value))


class Uninitialized(Tensor):
    """A parameter or buffer whose shape is not known yet; `materialize` turns this very object into a plain tensor.

    So optimisers may hold it already. To compute with it is an error.

    Attributes
    ----------
    open_name : its name in errors, such as "weight of Linear".
    open_shape : its shape, with None for the open sizes.
    open_dtype : the dtype that it will have.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(np.empty(0, DEFAULT_DTYPE))
        del self._number
        self.open_name, self.open_shape, self.open_dtype = say("a parameter"), (), DEFAULT_DTYPE

    open_name = _noted("open_name")
    open_shape = _noted("open_shape")
    open_dtype = _noted("open_dtype")

    def restored(self) -> Any:
        text = texts(
            "{name} is uninitialised: its shape {shape} becomes known at the first call; call the module once on an "
            "example of its input"
        )
        raise ModuleError(text, name=self.open_name, shape=in_words(self.open_shape))

    requires_grad_ = Node.requires_grad_  # its dtype, which is one of floats, is not asked for

    def __repr__(self) -> str:
        return f"uninitialized{in_words(self.open_shape)}"


def materialize(tensor: Tensor, shape: Any) -> Tensor:
    """Give an uninitialised tensor its shape, filled with zeros; leave any other tensor as it is. Returns the tensor.

    >>> weight = Parameter()
    >>> materialize(weight, (1, 2)) is weight
    True
    >>> weight
    tensor([[0., 0.]], requires_grad=True)
    """
    if isinstance(tensor, Uninitialized):
        tensor._number = np.zeros(shape, tensor.open_dtype)
        tensor.__class__ = Tensor  # type: ignore[assignment]
    return tensor


def unmake(tensor: Tensor) -> None:
    """Take back what `materialize` did."""
    if not isinstance(tensor, Uninitialized):
        del tensor._number
        tensor.__class__ = Uninitialized


def role(x: Any) -> str | None:
    """The role of x in the module that holds it: "parameter", "buffer", or None for everything else."""
    if not isinstance(x, Node) or x.primitive is not None:
        return None
    return (x.notes and x.notes.role) or ("parameter" if x.requires_grad else None)


def marked_role(x: Any) -> str | None:
    """The role of a node that bears the mark of it."""
    return x.notes.role if isinstance(x, Node) and x.notes else None


def adopt(x: Any) -> None:
    """Mark a parameter that was recognised by its `requires_grad`, so that it stays one when it is frozen."""
    if isinstance(x, Parameter):
        x.own_notes().role = "parameter"


def in_words(shape: Shape) -> str:
    """A shape with a question mark for each open size.

    >>> in_words((10, None))
    '(10, ?)'
    """
    return str(shape).replace("None", "?")


# Inputs of layers and losses.


def numeric(function: str, x: Any) -> Any:
    """An input checked: a node, a number or an array as it is; a list or another library's array as an array.

    Raises `DtypeError` for anything else, in the name of the function that the user called.

    >>> numeric("gelu", [1.0, 2.0])
    array([1., 2.])
    """
    if isinstance(x, Node):
        return x
    if is_no_array_of_numbers(x):
        raise not_numbers(function, x)
    return x if isinstance(x, (Real, np.ndarray)) else np.asarray(x)


def real(function: str, x: Any) -> Any:
    """An input checked as by `numeric`; whole numbers in an array become float32, as they do in layers.

    >>> real("gelu", np.array([1, 2], "uint8"))
    array([1., 2.], dtype=float32)
    """
    x = numeric(function, x)
    return x.astype(DEFAULT_DTYPE) if hasattr(x, "dtype") and x.dtype.kind in "biu" else x


def data_for(layer: Any, x: Any, parameter: Any) -> Any:
    """The input of a layer in the dtype of its parameter, so that a float32 network computes in float32.

    Data often comes in another dtype: NumPy makes float64, and images are integers. An input that a gradient flows to
    keeps its dtype, because that was chosen by the computation that it comes from.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(3, 2)
    >>> layer(np.ones((5, 3))).dtype, layer.double()(np.ones((5, 3))).dtype
    (dtype('float32'), dtype('float64'))
    """
    if not isinstance(x, Node):
        x = numeric(type(layer).__name__, x)
    elif x.requires_grad:
        return x
    kind = None if parameter is None else parameter.dtype
    if kind is None or getattr(x, "dtype", kind) == kind:
        return x
    return Tensor(x.data, kind, name=x.name) if isinstance(x, Tensor) else x.astype(kind)


def constant_like(x: Any, like: Any) -> Any:
    """The numbers of x as an array in the dtype of `like`; x itself if it has that dtype, or if `like` has none.

    >>> constant_like([1, 0], np.ones(2, np.float32))
    array([1., 0.], dtype=float32)
    """
    number, kind = number_of(x), getattr(number_of(like), "dtype", None)
    if kind is None or kind.kind != "f" or getattr(number, "dtype", None) == kind:
        return x
    return np.asarray(number, kind)


def class_indices(function: str, x: Any, n: int, of: str, ignore: int | None = None) -> np.ndarray:
    """A new array of the integers in x, checked to be from 0 to n - 1, or `ignore`.

    Raises `DtypeError` and `OutOfRangeError`, in the name of the function that the user called; `of` is a text that
    says what is picked by the integers.
    """
    array = np.array(number_of(x) if isinstance(x, Node) else x)
    if array.dtype.kind not in "iu" and array.size:
        raise DtypeError(
            "{function}: needs whole numbers to pick {of}, and got {dtype}; a list of ints makes a float32 tensor, "
            "so write {code} or give the list or array itself",
            function=function,
            of=say(of),
            dtype=array.dtype,
            code="tg.tensor(..., dtype='int64')",
        )
    if array.size and not 0 <= np.minimum.reduce(array, None) <= np.maximum.reduce(array, None) < n:
        bad = array[((array < 0) | (array >= n)) & (array != ignore)]
        if bad.size:
            text = texts("{function}: {bad} is not among the {n} {of}, which are 0 to {last}")
            raise OutOfRangeError(text, function=function, bad=bad.flat[0], n=n, of=say(of), last=n - 1)
    return array.astype(np.intp, copy=False)
