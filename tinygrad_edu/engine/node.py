"""Node: a recorded call, the one thing that a graph is made of.

A node holds a number, the row of the table that made it, and the operands of that call in their order. It points
backward only, at what it was made from. So there are no reference cycles, and Python frees a graph as soon as nobody
holds its output. `Value` (a float) and `Tensor` (a NumPy array) are the two kinds of node; `record` makes both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from ..errors import DtypeError, GraphError
from .grad_mode import TRACED, Source, caller, recording, tracing

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Node", "Notes", "Operand", "Row", "ancestors", "describe", "number_of", "record", "shape_of"]

clock = count(1)
"""The clock of the graph: every node, and every change in place, takes the next tick."""

next_index = partial(next, clock)

creation = attrgetter("index")
"""The key that sorts nodes by age."""

Operand = Any
"""What a row is called with: a `Node`, or a constant, which is a Python number or a NumPy array."""

Attrs = dict[str, Any]
"""The attributes of a call, such as `{"axis": 0}`."""

NO_ATTRS: Attrs = {}


class Row(Protocol):
    """What is asked of the row of the table that made a node; `primitives/primitive.py` has the class."""

    name: str
    symbol: str
    precedence: int | None
    elementwise: bool
    variadic: bool
    arity: int
    rules: tuple[Any, ...]
    arrays: Callable[..., Any]
    floats: Callable[..., Any] | None
    composition: Callable[..., Any] | None

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: Attrs) -> list[Any]: ...
    def compute(self, values: Sequence[Any], attrs: Attrs) -> Any: ...
    def __call__(self, *given: Any, **attrs: Any) -> Any: ...


class Notes:
    """What only few nodes remember; each note is the business of the file that is named with it.

    Attributes
    ----------
    name : the user's name for the node.
    source : the line of the user's program that made it (`grad_mode.trace`).
    cut : what cut this leaf off from what it was computed from: "detach", or inside `trace()` "no_grad".
    retains_grad : whether `backward()` keeps the gradient of this intermediate node (`operators.py`).
    changed : the tick and the line of the latest change in place (`inplace.py`).
    released : shape and dtype of the array that a backward pass has released (`memory.py`).
    scopes : the calls of modules and functions that this node is a result of (`scopes.py`).
    walks : the spans of ticks in which differentiations made a graph from this leaf (`scopes.py`).
    derivative : the names of what this gradient is the derivative of and by, such as `("z", ("x", "y"))` (`scopes.py`).
    role : what it is to its module: "parameter" or "buffer" (`nn/parameter.py`).
    open_name, open_shape, open_dtype : what is known of an uninitialised parameter (`nn/parameter.py`).
    """

    name: str | None = None
    source: Source | None = None
    cut: str | None = None
    retains_grad: bool = False
    changed: tuple[int, Source | None] | None = None
    released: tuple[tuple[int, ...], np.dtype[Any]] | None = None
    scopes: tuple[Any, ...] = ()
    walks: tuple[tuple[int, int], ...] = ()
    derivative: tuple[str, tuple[str, ...]] | None = None
    role: str | None = None
    open_name: str
    open_shape: tuple[int | None, ...]
    open_dtype: np.dtype[Any]


class Node:
    """What `Value` and `Tensor` share: a place in the graph.

    Attributes
    ----------
    primitive : the row of the table that made this node; None for a leaf.
    attrs : the attributes of that call, such as `{"axis": 0}`.
    index : the tick at which it was made; whoever uses a node has a larger one.
    flow : whether gradients flow to this node.
    notes : what only few nodes remember; None for nearly all.
    """

    # The operands of one or two stand in the node itself: a tuple beside every node would be a second object for the
    # garbage collector to visit. More are a tuple in `_first`. `_grad` stays unset until a gradient arrives.
    __slots__ = ("_data", "_first", "_grad", "_second", "attrs", "flow", "index", "notes", "primitive")

    _data: Any
    _first: Any
    _second: Any
    _grad: Any
    attrs: Attrs
    flow: bool
    index: int
    notes: Notes | None
    primitive: Row | None

    array_kind: ClassVar[type[Node]]
    """The kind that holds arrays: where scalars and arrays meet, the result is of this kind."""

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """The operands of the call that made this node, in order: nodes, Python numbers and NumPy arrays."""
        if self.primitive is None:
            return ()
        if type(self._first) is tuple:
            return self._first
        return (self._first,) if self._second is None else (self._first, self._second)

    @property
    def is_leaf(self) -> bool:
        """Whether the user made this node, rather than an operation."""
        return self.primitive is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this node."""
        return self.flow

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let gradients flow to this leaf, or no longer; returns the node itself.

        >>> import tinygrad_edu as tg
        >>> tg.tensor([1.0]).requires_grad_()
        tensor([1.], requires_grad=True)
        """
        if self.primitive is not None:
            raise GraphError(f"requires_grad: {describe(self)} is no leaf; .detach() cuts a result off from the graph")
        self.flow = bool(requires_grad)
        return self

    def own_notes(self) -> Notes:
        """The notes of this node, to be written; made where there are none yet."""
        if self.notes is None:
            self.notes = Notes()
        return self.notes

    @property
    def name(self) -> str | None:
        """The user's name for this node, used in pictures, explanations and errors."""
        return self.notes.name if self.notes else None

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise DtypeError(f"name: a node's name is a string, not {type(name).__name__} {name!r:.60}")
        self.own_notes().name = name

    @property
    def source(self) -> Source | None:
        """The line of the user's program that made this node; recorded only inside `tg.trace()`."""
        return self.notes.source if self.notes else None

    @property
    def cut(self) -> str | None:
        """What cut this leaf off from what it was computed from: "detach", or inside `tg.trace()` "no_grad"."""
        return self.notes.cut if self.notes else None

    def cut_off(self, by: str) -> None:
        """Note what cut this leaf off from what it was computed from."""
        self.own_notes().cut = by
        if tracing():
            self.own_notes().source = caller()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise DtypeError(
            f"pickle: a {type(self).__name__} is not pickled, because loading a pickle can run any program; "
            "write `.data` with numpy.savez() instead"
        )

    # What a kind of node says of itself:

    @property
    def data(self) -> Any:
        """The number held: a float, or an array that cannot be written to."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the number held; () for a single one."""
        raise NotImplementedError

    @property
    def grad(self) -> Any:
        """The gradient collected by `backward()`, of the type and shape of `data`; None where there is none (yet)."""
        raise NotImplementedError

    def restored(self) -> Any:
        """The number of a node that holds it no longer (`memory.py`)."""
        raise NotImplementedError

    @classmethod
    def apply(cls, row: Any, operands: Sequence[Operand], attrs: Attrs) -> Any:
        """Call a row of the table on operands of any kind, this kind among them, and record the call."""
        raise NotImplementedError

    def unary(self, row: Any, attrs: Attrs = NO_ATTRS) -> Any:
        """Call a row on this one operand, and record the call."""
        raise NotImplementedError

    # What the walk asks a kind of node:

    def seed(self, gradient: Any, create_graph: bool) -> Any:
        """The upstream gradient that a walk from this node begins with."""
        raise NotImplementedError

    def fit(self, contribution: Any) -> Any:
        """A contribution to this node's gradient, brought to this node's type, shape and dtype."""
        raise NotImplementedError

    def receive(self, gradient: Any) -> None:
        """Add a gradient to `.grad`."""
        raise NotImplementedError


def record(
    node: Node,
    data: Any,
    primitive: Row | None = None,
    first: Operand = None,
    second: Operand = None,
    attrs: Attrs = NO_ATTRS,
) -> Any:
    """Fill a fresh node: the one place where nodes are made.

    It is the result of a call if a gradient flows on to one of its operands and recording is on; else it is a leaf.
    More than two operands are a tuple in the place of the first.
    """
    node._data = data
    node.index = next(clock)
    node.notes = None
    if (
        (isinstance(first, Node) and first.flow)
        or (isinstance(second, Node) and second.flow)
        or (type(first) is tuple and any(isinstance(x, Node) and x.flow for x in first))
    ):
        level = recording()
        if level:
            node.primitive = primitive
            node._first = first
            node._second = second
            node.attrs = attrs
            node.flow = True
            if level == TRACED:
                node.own_notes().source = caller()
            return node
        if tracing():
            node.cut_off("no_grad")
    node.primitive = node._first = node._second = None
    node.attrs = NO_ATTRS
    node.flow = False
    return node


def packed(operands: Sequence[Operand], row: Row) -> tuple[Operand, Operand]:
    """The operands of a call as a node keeps them: one or two in slots of their own, more as a tuple."""
    if row.variadic or len(operands) > 2:
        return tuple(operands), None
    return (operands[0], None) if len(operands) == 1 else (operands[0], operands[1])


def number_of(x: Operand) -> Any:
    """The number that a node holds; a constant is its own.

    >>> import tinygrad_edu as tg
    >>> number_of(tg.Value(2.0)), number_of(3)
    (2.0, 3)
    """
    if not isinstance(x, Node):
        return x
    try:
        return x._data
    except AttributeError:  # a backward pass has released it
        return x.restored()


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a node, an array, or what NumPy makes an array of."""
    return x.shape if isinstance(x, (Node, np.ndarray)) else np.shape(x)


def ancestors(outputs: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """Everything that the outputs were made from, themselves included, oldest first; without recursion.

    What a node that `stop` names was made from is left out, unless another path leads there.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(2.0, name="x")
    >>> [node.name for node in ancestors([x * x])]
    ['x', None]
    """
    todo = list(outputs)
    found = dict.fromkeys(todo)
    while todo:
        node = todo.pop()
        if stop is None or not stop(node):
            for x in node.inputs:
                if isinstance(x, Node) and x not in found:
                    found[x] = None
                    todo.append(x)
    return sorted(found, key=creation)


def describe(x: Any) -> str:
    """A node in a few words for an error message: its name, or what it is and where it was made."""
    if not isinstance(x, Node):
        return f"{type(x).__name__} of shape {x.shape}" if hasattr(x, "shape") else repr(x)
    if x.name:
        what = f"{x.name!r}"
    else:
        what = f"a {type(x).__name__}" if x.primitive is None else f"the result of {x.primitive.name}"
    holds_array = hasattr(x, "_data") and hasattr(x._data, "shape")  # not after a walk has released it
    return what + (f" of shape {x.shape}" if holds_array else "") + (f" (made at {x.source})" if x.source else "")
