"""The tensors that a module owns: parameters, which are learned, and buffers, which are only kept.

Both are ordinary tensors with a mark. A plain tensor that requires a gradient, or a `Value`, becomes a parameter by
being made an attribute of a module; a plain one that requires none is a constant, which is not saved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.convert import DEFAULT_DTYPE
from ..engine.node import Node
from ..engine.tensor import Tensor
from ..errors import ModuleError

__all__ = ["Buffer", "Parameter", "Uninitialized", "is_buffer", "is_parameter", "materialize"]

Shape = tuple[int | None, ...]


def Parameter(data: Any = None, requires_grad: bool = True) -> Tensor:
    """A tensor that a module learns. Without `data` it is uninitialised until its module knows its shape.

    A copy of `data` is kept: an array in its own dtype, numbers and lists in float32. Raises `DtypeError` for what is
    no array of floating-point numbers.

    >>> import tinygrad_edu as tg
    >>> class Scale(tg.nn.Module):
    ...     def __init__(self):
    ...         self.factor = tg.nn.Parameter([1.0, 2.0])
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> dict(Scale().named_parameters())
    {'factor': tensor([1., 2.], requires_grad=True)}
    """
    return _marked("parameter", data).requires_grad_(requires_grad)


def Buffer(data: Any = None) -> Tensor:
    """A tensor that a module keeps and saves but does not learn, such as a running mean.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Identity()
    >>> layer.steps = tg.nn.Buffer(0)
    >>> list(layer.parameters()), layer.state_dict()
    ([], {'steps': array(0., dtype=float32)})
    """
    return _marked("buffer", data)


def is_parameter(x: Any) -> bool:
    """Whether a module learns x: a leaf that is a `Parameter`, or that requires a gradient and is no buffer.

    >>> import tinygrad_edu as tg
    >>> is_parameter(tg.nn.Parameter([1.0])), is_parameter(tg.Value(2.0)), is_parameter(tg.tensor([1.0]))
    (True, True, False)
    """
    return role(x) == "parameter"


def is_buffer(x: Any) -> bool:
    """Whether x is a `Buffer`.

    >>> import tinygrad_edu as tg
    >>> is_buffer(tg.nn.Buffer([1.0])), is_buffer(tg.tensor([1.0]))
    (True, False)
    """
    return role(x) == "buffer"


def role(x: Any) -> str | None:
    """What x is to the module that holds it: "parameter", "buffer", or None."""
    if not isinstance(x, Node) or x.primitive is not None:
        return None
    return (x.notes and x.notes.role) or ("parameter" if x.flow else None)


def adopt(x: Any) -> None:
    """Mark what counts as a parameter because it requires a gradient, so that it stays one when it is frozen."""
    if is_parameter(x):
        x.own_notes().role = "parameter"


def _marked(kind: str, data: Any) -> Tensor:
    tensor = Uninitialized() if data is None else Tensor(data)
    tensor.own_notes().role = kind
    return tensor


def _noted(key: str) -> Any:
    """A property kept in the node's notes: an object of another size could not become a `Tensor`."""
    return property(lambda self: getattr(self.notes, key), lambda self, value: setattr(self.own_notes(), key, value))


class Uninitialized(Tensor):
    """A parameter or buffer whose shape is not known yet; `materialize` makes an ordinary tensor of this very object.

    Optimisers may hold it already. To compute with it is an error.

    Attributes
    ----------
    open_name : how errors call it, such as "weight of Linear".
    open_shape : what is known of its shape, with None for the open sizes.
    open_dtype : the dtype that it will have.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(np.empty(0, DEFAULT_DTYPE))
        del self._data
        self.open_name, self.open_shape, self.open_dtype = "a parameter", (), DEFAULT_DTYPE

    open_name = _noted("open_name")
    open_shape = _noted("open_shape")
    open_dtype = _noted("open_dtype")

    def restored(self) -> Any:
        raise ModuleError(
            f"{self.open_name} is uninitialised: its shape {in_words(self.open_shape)} becomes known at the first "
            "call; call the module once on an example of its input"
        )

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Let gradients flow to this leaf, or no longer; returns the tensor itself."""
        self.flow = bool(requires_grad)
        return self

    def __repr__(self) -> str:
        return f"uninitialized{in_words(self.open_shape)}"


def in_words(shape: Shape) -> str:
    """A shape with a question mark for each open size.

    >>> in_words((10, None))
    '(10, ?)'
    """
    return str(shape).replace("None", "?")


def materialize(tensor: Tensor, shape: Any) -> Tensor:
    """Give an uninitialised tensor its shape, filled with zeros; leave any other as it is. Returns the tensor.

    >>> weight = Parameter()
    >>> materialize(weight, (1, 2)) is weight
    True
    >>> weight
    tensor([[0., 0.]], requires_grad=True)
    """
    if isinstance(tensor, Uninitialized):
        tensor._data = np.zeros(shape, tensor.open_dtype)
        tensor.__class__ = Tensor  # type: ignore[assignment]
    return tensor
