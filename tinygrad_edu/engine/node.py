"""Node: a recorded call, the one thing that a graph is made of.

A node holds a number, the row of the table that made it, and the operands of that call in their order. It points
backward only, at what it was made from. So there are no reference cycles, and Python frees a graph as soon as nobody
holds its output. `Value` (a float) and `Tensor` (a NumPy array) are the two kinds of node; `record` makes both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import DtypeError, GraphError
from .grad_mode import TRACED, Source, caller, state
from .notes import Notes

if TYPE_CHECKING:
    from typing_extensions import Self

    from .row import Row

__all__ = ["Node", "Operand", "number_of", "record", "shape_of"]

new = object.__new__

clock = count(1)
"""The clock of the graph: every node, and every change in place, takes the next tick."""

creation = attrgetter("index")
"""The key that sorts nodes by age."""

Operand = Any
"""What a row is called with: a `Node`, or a constant, which is a Python number or a NumPy array."""

Attrs = dict[str, Any]
"""The attributes of a call, such as `{"axis": 0}`."""

NO_ATTRS: Attrs = {}


class Node:
    """What `Value` and `Tensor` share: a place in the graph.

    Attributes
    ----------
    primitive : the row of the table that made this node; None for a leaf.
    attrs : the attributes of that call, such as `{"axis": 0}`.
    tick : the tick of the clock at which it was made, negative where no gradient flows to this node.
    notes : what only few nodes remember; None for nearly all.

    index : that tick without its sign; whoever uses a node has a larger one.
    requires_grad : whether gradients flow to this node.

    data : the number held: a float, or an array that cannot be written to.
    shape : its shape; () for a single number.
    grad : the gradient collected by `backward()`, of the type and shape of `data`;
        in a leaf to which none has come (yet), `unreached`: 0.0 in a Value, None in a Tensor.

    A kind of node has these methods:

    apply(row, operands, attrs) : call a row on operands of any kind, this kind among them, and record the call.
    unary(row, attrs) : call a row on this one operand, and record the call.
    restored() : the number of a node that holds it no longer.
    seed(gradient, name) : a gradient of this node that the user gave `name`, as a number of its own; 1 for None.
    fit(contribution) : a contribution to this node's gradient, brought to this node's type, shape and dtype.
    receive(gradient) : add a gradient to `.grad`.
    """

    # A call of one or two operands stands in the node itself, as `packed` says: a tuple beside every node would be a
    # second object for the garbage collector to visit, and a slot is one more visit and eight bytes. So the sign of the
    # tick says whether a gradient flows, and a gradient that has come is a note. No slot is called `_data`: functions
    # of masked arrays take what is called so, and the gradient would be lost.
    __slots__ = ("_first", "_number", "_second", "notes", "primitive", "tick")

    _number: Any
    _first: Any
    _second: Any
    notes: Notes | None
    primitive: Row | None
    tick: int

    array_kind: ClassVar[type[Node]]
    """The kind that holds arrays: where scalars and arrays meet, the result is of this kind."""

    @property
    def index(self) -> int:
        """The tick at which this node was made: its age."""
        return abs(self.tick)

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """The operands of the call that made this node, in order: nodes, Python numbers and NumPy arrays."""
        if self.primitive is None:
            return ()
        if type(self._first) is tuple:
            return self._first
        alone = self._second is None or type(self._second) is dict
        return (self._first,) if alone else (self._first, self._second)

    @property
    def attrs(self) -> Attrs:
        """The attributes of the call that made this node."""
        return self._second if type(self._second) is dict else NO_ATTRS

    @property
    def is_leaf(self) -> bool:
        """Whether the user made this node, rather than an operation."""
        return self.primitive is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this node."""
        return self.tick > 0

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
            what = repr(self.name) if self.name else f"the result of {self.primitive.name}"
            raise GraphError(f"requires_grad: {what} is no leaf; .detach() cuts a result off from the graph")
        self.tick = self.index if requires_grad else -self.index
        return self

    def own_notes(self) -> Notes:
        """The notes of this node, to be written; made where there are none yet."""
        self.notes = self.notes or Notes()
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

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise DtypeError(
            f"pickle: a {type(self).__name__} is not pickled, because loading a pickle can run any program; give "
            "another process its `.data`, or a module's state_dict(), and write files with tg.save()"
        )

    shape: Any
    data: Any
    grad: Any
    item: Callable[[], Any]
    apply: Callable[..., Any]
    unary: Callable[..., Any]
    restored: Callable[[], Any]
    seed: Callable[..., Any]
    fit: Callable[[Any], Any]
    receive: Callable[[Any], None]


def record(
    node: Node,
    data: Any,
    primitive: Row | None = None,
    first: Operand = None,
    second: Operand = None,
    gradient: bool = True,
) -> Any:
    """Fill a fresh node: the one place where nodes are made.

    It is the result of a call if a gradient flows on to one of its operands and recording is on; else it is a leaf.
    While rules record (`complete_graph`), every call is. `first` and `second` are operands and attributes as `packed`.
    No gradient flows to an answer, such as that of `x > 0` (`gradient` is False).
    """
    node._number = data
    node.notes = None
    if primitive is not None:
        here = state()
        flow = False
        for x in first if type(first) is tuple else (first, second):
            if isinstance(x, Node) and x.tick > 0:
                flow = True
                break
        if not gradient:  # an answer is recorded with what it is of, and with other answers
            flow = flow or any(isinstance(x, Node) and x.primitive is not None for x in (first, second))
        if (flow and here.level) or here.complete:
            node.primitive = primitive
            node._first = first
            node._second = second
            node.tick = next(clock) if flow and gradient else -next(clock)
            if here.level == TRACED:
                node.own_notes().source = caller()
            return node
        if here.tracing:
            node.own_notes().left_out((primitive, first, second), flow)
    node.primitive = node._first = node._second = None
    node.tick = -next(clock)
    return node


def packed(operands: Sequence[Operand], attrs: Attrs, row: Row) -> tuple[Operand, Operand | Attrs | None]:
    """A call as a node keeps it, in two slots: two operands, or one or a tuple of many, and the attributes, if any."""
    if row.variadic or len(operands) > 2 or (attrs and len(operands) == 2):
        return tuple(operands), attrs or None
    return (operands[0], attrs or None) if len(operands) == 1 else (operands[0], operands[1])


def number_of(x: Operand) -> Any:
    """The number that a node holds; a constant is its own.

    >>> import tinygrad_edu as tg
    >>> number_of(tg.Value(2.0)), number_of(3)
    (2.0, 3)
    """
    if not isinstance(x, Node):
        return x
    try:
        return x._number
    except AttributeError:  # a backward pass has released it
        return x.restored()


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a node, an array, or what NumPy makes an array of."""
    return x.shape if isinstance(x, (Node, np.ndarray)) else np.shape(x)
