"""The graph.

A node is a recorded call: the number it holds, the primitive that made it, and the operands of that call in their
order. It points backward only, at what it was made from, so there are no reference cycles and Python frees a graph
as soon as nobody holds its output. `Value` (a float) and `Tensor` (a NumPy array) are the two kinds of node.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import DtypeError, GraphError
from .grad_mode import Source, caller, tracing

if TYPE_CHECKING:
    from .primitives.primitive import Primitive
    from .walk import Uses

__all__ = ["Node", "describe"]

next_index = count(1).__next__
"""The clock of the graph: every node, and every change in place, takes the next tick."""

creation = attrgetter("index")
"""The key that sorts nodes by age."""

FIRST, SECOND, BOTH, LEAF, MANY = 1, 2, 3, 4, 8
"""Where the gradient of a node flows on to; see `Node.flow`."""

NO_SETTINGS: dict[str, Any] = {}
"""The settings of a call that has none."""

Operand = Any
"""What a primitive is called with: a `Node`, or a constant (a Python number or a NumPy array)."""


class Node:
    """What `Value` and `Tensor` share: a place in the graph.

    Attributes
    ----------
    primitive : the row of the table that made this node; None for a leaf.
    attrs : the settings of that call, such as `{"axis": 0}`.
    index : the tick at which it was made; whoever uses a node has a larger one.
    flow : where gradients flow on to: `FIRST` and `SECOND` operand, `BOTH`, some of `MANY`; `LEAF`: they stay here; 0:
        none comes here at all.
    """

    # One or two operands stand in the node itself: a tuple beside every node would be a second object for the garbage
    # collector to visit. More than two are a tuple in `_first`. `_grad` stays unset until a gradient arrives.
    __slots__ = ("_data", "_extra", "_first", "_grad", "_second", "attrs", "flow", "index", "primitive")

    _data: Any
    _first: Any
    _second: Any
    _grad: Any
    _extra: dict[str, Any] | None
    attrs: dict[str, Any]
    index: int
    primitive: Primitive | None
    flow: int

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """The operands of the call that made this node, in order: nodes, Python numbers and NumPy arrays."""
        if self.primitive is None:
            return ()
        if type(self._first) is tuple:
            return self._first
        return (self._first,) if self._second is None else (self._first, self._second)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this node."""
        return self.flow != 0

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Let gradients flow to this leaf, or no longer; returns the node itself.

        >>> import tinygrad_edu as tg
        >>> tg.tensor([1.0]).requires_grad_()
        tensor([1.], requires_grad=True)
        """
        if self.primitive is not None:
            raise GraphError(f"requires_grad: {describe(self)} is no leaf; .detach() cuts a result off from the graph")
        self.flow = LEAF if requires_grad else 0
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the user made this node, rather than an operation."""
        return self.primitive is None

    @property
    def name(self) -> str | None:
        """The user's name for this node, used in pictures, explanations and errors."""
        return (self._extra or {}).get("name")

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise DtypeError(f"name: a node's name is a string, not {type(name).__name__} {name!r:.60}")
        self._note("name", name)

    @property
    def source(self) -> Source | None:
        """The line of the user's program that made this node; recorded only inside `tg.trace()`."""
        return (self._extra or {}).get("source")

    @property
    def cut(self) -> str | None:
        """What cut this leaf off from what it was computed from: "detach", or inside `tg.trace()` "no_grad"."""
        return (self._extra or {}).get("cut")

    def _note_cut(self, by: str) -> None:
        self._note("cut", by)
        if tracing():
            self._note("source", caller())

    def _note(self, key: str, value: Any) -> None:
        if self._extra is None:
            self._extra = {}
        self._extra[key] = value

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise DtypeError(
            f"pickle: a {type(self).__name__} is not pickled, because loading a pickle can run any program; "
            "write `.data` with numpy.savez() instead"
        )

    def __copy__(self) -> Any:
        return self._clone(self.inputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy_graph(self, memo)

    # What the two kinds of node do differently:

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

    def _number(self) -> Any:
        """The number held, for those who do not change it."""
        raise NotImplementedError

    array_kind: ClassVar[type[Node]]
    """The kind that holds arrays: where scalars and arrays meet, the result is of this kind."""

    @classmethod
    def _apply(cls, primitive: Primitive, operands: tuple[Operand, ...], attrs: dict[str, Any]) -> Any:
        """Call the primitive and record the call; NotImplemented where another kind of node has to do it."""
        raise NotImplementedError

    def _unary(self, primitive: Primitive, attrs: dict[str, Any] = NO_SETTINGS) -> Any:
        """The call on this one operand."""
        raise NotImplementedError

    @staticmethod
    def _compute(primitive: Primitive, values: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The number that the primitive gives on plain numbers."""
        raise NotImplementedError

    def _clone(self, inputs: tuple[Operand, ...]) -> Node:
        """A copy of this node alone, made from other inputs."""
        raise NotImplementedError

    @staticmethod
    def _to_value(x: Any) -> Any:
        """The sum of a node that holds an array, as a node that holds a float."""
        raise NotImplementedError

    def _seed(self, gradient: Any, create_graph: bool) -> Any:
        """The upstream gradient that a walk from this node begins with."""
        raise NotImplementedError

    def _fit(self, contribution: Any) -> Any:
        """A contribution to this node's gradient, brought to this node's type, shape and dtype."""
        raise NotImplementedError

    def _plus(self, so_far: Any, contribution: Any, own: set[Node]) -> Any:
        """The sum of two gradients of this node. `own` holds the nodes whose sum is an array of the walk's own."""
        return so_far + contribution

    def _receive(self, gradient: Any, taken: set[int]) -> None:
        """Add a gradient to `.grad`. `taken` holds the arrays that this walk has given away already."""
        raise NotImplementedError

    def _release(self, uses: Uses) -> None:
        """Let go of the number, if it is large and nobody but its users in the graph holds the node."""


# Nodes in words, and copies of graphs.


def describe(x: Any) -> str:
    """A node in a few words for an error message: its name, or what it is and where it was made."""
    if not isinstance(x, Node):
        return f"{type(x).__name__} of shape {x.shape}" if hasattr(x, "shape") else repr(x)
    shape = ""
    if hasattr(x, "_data") and (x.shape or isinstance(x, Node.array_kind)):  # not after a walk has let go of it
        shape = f" of shape {x.shape}"
    if x.name:
        what = f"{x.name!r}"
    elif x.primitive is not None:
        what = f"the result of {x.primitive.name}"
    else:
        what = f"a {type(x).__name__}"
    return f"{what}{shape}" + (f" (made at {x.source})" if x.source else "")


def number_of(x: Operand) -> Any:
    """The number that a node holds; a constant is its own."""
    return x._number() if isinstance(x, Node) else x


def packed(operands: Sequence[Operand], primitive: Primitive) -> tuple[Operand, Operand, int]:
    """The operands of a call as a node keeps them, and the way that gradients flow on."""
    if len(operands) > 2 or primitive.variadic:
        flow = MANY if any(isinstance(x, Node) and x.flow for x in operands) else 0
        return tuple(operands), None, flow
    first, second = operands if len(operands) == 2 else (operands[0], None)
    flow = FIRST if isinstance(first, Node) and first.flow else 0
    return first, second, flow | (SECOND if isinstance(second, Node) and second.flow else 0)


def copy_call(original: Node, copy: Node, inputs: tuple[Operand, ...]) -> None:
    """Make `copy`, fresh and with its own number, the result of the same call as `original`, on other inputs."""
    copy.primitive, copy.attrs, copy.flow = original.primitive, original.attrs, original.flow
    copy._extra = dict(original._extra) if original._extra else None
    if original.primitive is not None:
        copy._first, copy._second, _ = packed(inputs, original.primitive)


def copy_graph(node: Node, memo: dict[int, Any]) -> Node:
    """A copy of the node and of all it was made from, in the same order of creation; without recursion."""
    originals: dict[Node, None] = {}
    todo: list[Any] = [node]
    while todo:
        x = todo.pop()
        if isinstance(x, Node) and x not in originals and id(x) not in memo:
            originals[x] = None
            todo.extend(x.inputs)
    aged = sorted(originals, key=creation)
    for x in aged:
        memo[id(x)] = x._clone(tuple(memo[id(y)] if isinstance(y, Node) else y for y in x.inputs))
    for x in aged:
        if x._extra and "calls" in x._extra:  # they begin with the copy of the first node that they made
            first = [memo[id(aged[bisect_left(aged, call.start, key=creation)])] for call in x._extra["calls"]]
            moved = (call._replace(start=y.index) for call, y in zip(x._extra["calls"], first))
            memo[id(x)]._note("calls", tuple(moved))
    return memo[id(node)]  # type: ignore[no-any-return]
