"""The graph and the walk.

A node is a recorded call: the number it holds, the primitive that made it, and the operands of that call in their
order. It points backward only, at what it was made from, so there are no reference cycles and Python frees a graph
as soon as nobody holds its output. `Value` (a float) and `Tensor` (a NumPy array) are the two kinds of node.

`walk` is the only chain rule in the package. It visits what the output was made from, youngest first. Whoever used a
node is younger than that node, so by the time a node's turn comes, every contribution to its gradient has arrived:

    gradient of x  =  Σ over the uses of x   (gradient of the use) · (local derivative of the use by x)

Run on plain numbers, the rules give gradients. Run on nodes (`create_graph=True`), they record while they compute, and
the gradients are graphs themselves: they can be differentiated again, drawn, or printed.
"""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from .errors import GraphError, InPlaceError
from .recording import Source, caller, enable_grad

if TYPE_CHECKING:
    from .primitives.primitive import Primitive

__all__ = ["Node", "Step", "gradients", "order", "steps", "walk"]

next_index = count(1).__next__
"""The clock of the graph: every node, and every change in place, takes the next tick."""

creation = attrgetter("index")

_newest_change = 0
"""The tick of the latest change in place, of any node: what is younger need not be checked."""

Operand = Any
"""What a primitive is called with: a `Node`, or a constant (a Python number or a NumPy array)."""


class Node:
    """What `Value` and `Tensor` share: a place in the graph.

    Attributes
    ----------
    primitive : the row of the table that made this node; None for a leaf.
    attrs : the settings of that call, such as `{"axis": 0}`.
    index : the tick at which it was made; whoever uses a node has a larger one.
    requires_grad : whether gradients flow to this node.
    """

    # One or two operands stand in the node itself: a tuple beside every node would be a second object for the garbage
    # collector to visit. More than two are a tuple in `_first`. A slot never filled reads as its default (__getattr__).
    __slots__ = ("_data", "_extra", "_first", "_grad", "_second", "attrs", "index", "primitive", "requires_grad")

    _data: Any
    _first: Any
    _second: Any
    _grad: Any
    _extra: dict[str, Any] | None
    attrs: dict[str, Any]
    index: int
    primitive: Primitive | None
    requires_grad: bool

    def __getattr__(self, name: str) -> Any:
        """The default of a slot that was never filled; called only when ordinary lookup has failed."""
        if name == "_data" and self.primitive is not None:
            return recompute(self)
        if name in ("_grad", "_extra"):
            return None
        if name == "attrs":
            return {}
        raise no_attribute(self, name)

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
    def name(self) -> str | None:
        """The user's name for this node, used in pictures, explanations and errors."""
        return (self._extra or {}).get("name")

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a node's name is a string, not {name!r} of type {type(name).__name__}")
        self._note("name", name)

    @property
    def source(self) -> Source | None:
        """The line of the user's program that made this node; recorded only inside `tg.trace()`."""
        return (self._extra or {}).get("source")

    def _note(self, key: str, value: Any) -> None:
        if self._extra is None:
            self._extra = {}
        self._extra[key] = value

    def _kept_grad(self) -> Any:
        """`.grad`, with a warning where one asks for what was not kept."""
        if self._grad is None and self.primitive is not None and "kept" not in (self._extra or ()):
            warnings.warn(
                f"the gradient of {describe(self)} was not kept: it is the result of an operation, and backward() keeps "
                "those of leaves only; call retain_grad() on it before backward(), or use backward(retain_grads=True)",
                stacklevel=3,
            )
        return self._grad

    def retain_grad(self) -> None:
        """Have `backward()` keep the gradient of this intermediate node in `.grad`, as it does for leaves.

        >>> import tinygrad_edu as tg
        >>> x, w = tg.Value(2.0), tg.Value(4.0)
        >>> q = x + 3
        >>> q.retain_grad()
        >>> (q * w).backward()
        >>> q.grad
        4.0
        """
        self._note("kept", True)

    def backward(
        self, gradient: Any = None, *, create_graph: bool = False, retain_grads: bool = False
    ) -> None:
        """Add to `.grad` of every leaf the derivative of this node by that leaf.

        A second call adds once more: the graph stays usable, and gradients accumulate until they are set to None.

        Parameters
        ----------
        gradient : the upstream gradient to begin with, of this node's shape; may be left out for a single number.
        create_graph : record the backward pass, so that the gradients can be differentiated again.
        retain_grads : keep the gradients of intermediate nodes as well.

        Raises `GraphError` where there is nothing to differentiate or no seed, `InPlaceError` where a needed number
        was changed after its use.

        >>> import tinygrad_edu as tg
        >>> x, y, w = tg.Value(2.0), tg.Value(3.0), tg.Value(4.0)
        >>> z = (x + y) * w
        >>> z.backward()
        >>> x.grad, y.grad, w.grad
        (4.0, 4.0, 5.0)
        """
        taken: set[int] = set()
        with enable_grad():
            for node, upstream in walk(self, gradient, create_graph=create_graph, release=not create_graph):
                if node.primitive is None:
                    node._receive(upstream, taken)
                elif retain_grads or node._extra is not None and "kept" in node._extra:
                    node._note("kept", True)
                    node._receive(upstream, taken)

    def zero_grad(self) -> None:
        """Forget the gradient: `.grad` is None again.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0)
        >>> (x * x).backward()
        >>> x.zero_grad()
        >>> x.grad is None
        True
        """
        self._grad = None

    def _changed(self) -> None:
        """Note that the number was changed in place, now and here: older uses of it can no longer be differentiated."""
        global _newest_change
        _newest_change = next_index()
        self._note("changed", (_newest_change, caller()))

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__}: nodes are not pickled, because loading a pickle can run any program; "
            "write `.data` with tg.save() or numpy.savez() instead"
        )

    def __copy__(self) -> Any:
        return self._clone(self.inputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy_graph(self, memo)

    # What the two kinds of node do differently:

    array_kind: ClassVar[type[Node]]
    """The kind that holds arrays: where scalars and arrays meet, the result is of this kind."""

    @classmethod
    def _apply(cls, primitive: Primitive, operands: tuple[Operand, ...], attrs: dict[str, Any]) -> Any:
        """Call the primitive and record the call; NotImplemented where another kind of node has to do it."""
        raise NotImplementedError

    @staticmethod
    def _compute(primitive: Primitive, values: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The number that the primitive gives on plain numbers."""
        raise NotImplementedError

    def _clone(self, inputs: tuple[Operand, ...]) -> Node:
        """A copy of this node alone, made from other inputs."""
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

    def _release(self, uses: int) -> None:
        """Let go of the number, if it is large and nobody but its `uses` in the graph holds the node."""


def walk(
    output: Node,
    gradient: Any = None,
    *,
    inputs: Sequence[Node] | None = None,
    create_graph: bool = False,
    release: bool = False,
    on_edge: Callable[[Step], object] | None = None,
) -> Iterator[tuple[Node, Any]]:
    """Yield (node, gradient of `output` by that node), youngest node first; every gradient is final when it appears.

    Parameters
    ----------
    gradient : the upstream gradient at `output`; 1 for a single number.
    inputs : walk only the paths that lead to these nodes.
    create_graph : run the rules on nodes instead of numbers, so that the gradients are graphs.
    release : let go of large arrays that nobody else holds; they are computed again should anyone ask.
    on_edge : called with a `Step` for every edge.
    """
    needed = reachable(output, inputs)
    todo = sorted(needed, key=creation)
    gradient_of: dict[Node, Any] = {output: output._seed(gradient, create_graph)}
    arrived = gradient_of.get
    numbers_only = not create_graph and on_edge is None
    own: set[Node] = set()
    while todo:
        node = todo.pop()
        upstream = gradient_of.pop(node, None)
        if upstream is None:  # reached only through operands that carry no gradient
            continue
        yield node, upstream
        primitive = node.primitive
        if primitive is None:
            continue
        if type(upstream) is float and numbers_only and primitive.plain and node.index > _newest_change:
            # The loop below, written out for a scalar with one or two operands: half the time of a scalar graph is here.
            x, y, out, rules = node._first, node._second, node._data, primitive.rules
            a = x._data if isinstance(x, Node) else x
            try:
                if y is None:
                    by_x = rules[0](upstream, out, a) if x in needed else None
                    by_y = None
                else:
                    b = y._data if isinstance(y, Node) else y
                    by_x = rules[0](upstream, out, a, b) if x in needed else None
                    by_y = rules[1](upstream, out, a, b) if y in needed else None
            except (ArithmeticError, ValueError):
                pass  # 1 / 0 and its like: `pull`, below, answers as IEEE 754 does
            else:
                if by_x is not None:
                    so_far = arrived(x)
                    gradient_of[x] = by_x if so_far is None else so_far + by_x
                if by_y is not None:
                    so_far = arrived(y)
                    gradient_of[y] = by_y if so_far is None else so_far + by_y
                continue
        for slot, x, contribution in pull(node, upstream, needed, create_graph):
            so_far = arrived(x)
            total = gradient_of[x] = contribution if so_far is None else x._plus(so_far, contribution, own)
            if on_edge is not None:
                on_edge(Step(node, slot, x, upstream, contribution, total))
        if release and node is not output:
            node._release(needed[node])


def pull(
    node: Node, upstream: Any, needed: Container[Node], create_graph: bool = False
) -> Iterator[tuple[int, Node, Any]]:
    """Yield (slot, operand, contribution) for each needed operand of `node`: the table's rules, applied once.

    A contribution is upstream · local derivative, summed back to the operand's shape where it was broadcast.
    """
    primitive, operands, attrs = node.primitive, node.inputs, node.attrs
    assert primitive is not None
    if create_graph:
        out, values = node, operands
    else:
        out, values = node._data, [x._data if isinstance(x, Node) else x for x in operands]
    if node.index < _newest_change:
        out = _unchanged(node, out, node)
        values = [_unchanged(x, value, node) for x, value in zip(operands, values)]
    for slot, x in enumerate(operands):
        if isinstance(x, Node) and x in needed:
            try:
                contribution = primitive.pull(slot, upstream, out, values, attrs)
            except (ArithmeticError, ValueError):
                if type(upstream) is not float:
                    raise
                contribution = ieee(lambda g, out, *xs: primitive.pull(slot, g, out, xs, attrs), upstream, out, *values)
            if contribution is not None:
                yield slot, x, x._fit(contribution)


class Step(NamedTuple):
    """One edge of the backward walk: what one use of `input` adds to its gradient.

    Attributes
    ----------
    node : the node whose gradient is passed on.
    slot : which of its operands `input` is.
    input : the operand that receives.
    upstream : the gradient of the output by `node`.
    contribution : upstream · local derivative, in the shape of `input`.
    total : the sum of the contributions to `input` so far.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
    >>> q = x + y
    >>> for step in tg.steps(q * w):
    ...     print(step.upstream, "·", step.local, "=", step.contribution, "to", step.input.name or "q")
    1.0 · 4.0 = 4.0 to q
    1.0 · 5.0 = 5.0 to w
    4.0 · 1.0 = 4.0 to x
    4.0 · 1.0 = 4.0 to y
    """

    node: Node
    slot: int
    input: Node
    upstream: Any
    contribution: Any
    total: Any

    @property
    def local(self) -> Any:
        """The local derivative ∂node/∂input: the rule with an upstream of 1, for elementwise rows; None for others."""
        return local_derivative(self.node, self.slot)


def local_derivative(node: Node, slot: int, *, create_graph: bool = False) -> Any:
    """∂node/∂(operand `slot`) of an elementwise call, as a number, an array, or (`create_graph`) a node; else None."""
    primitive = node.primitive
    if primitive is None or not primitive.elementwise:
        return None
    out: Any = node if create_graph else node._data
    values = node.inputs if create_graph else [x._data if isinstance(x, Node) else x for x in node.inputs]
    try:
        return primitive.pull(slot, 1.0, out, values, node.attrs)
    except (ArithmeticError, ValueError):
        return ieee(lambda out, *xs: primitive.pull(slot, 1.0, out, xs, node.attrs), out, *values)


def steps(output: Node, gradient: Any = None, *, create_graph: bool = False) -> Iterator[Step]:
    """The backward walk as data: one `Step` an edge, in the order of the walk. Leaves `.grad` untouched.

    With `create_graph=True` the gradients in the steps are nodes, the recorded graph of the backward pass.
    """
    waiting: list[Step] = []
    for _ in walk(output, gradient, create_graph=create_graph, on_edge=waiting.append):
        yield from waiting
        waiting.clear()
    yield from waiting


def gradients(
    output: Node, inputs: Sequence[Node], gradient: Any = None, *, create_graph: bool = False
) -> list[Any]:
    """The gradients of `output` by each of `inputs`, which may be leaves or intermediate nodes.

    None stands for an input that the output does not depend on. Leaves `.grad` untouched; only paths that lead to the
    inputs are walked.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0)
    >>> q = x * x
    >>> tg.gradients(2 * q, [q, x])
    [2.0, 12.0]
    """
    found: dict[Node, Any] = dict.fromkeys(inputs)
    with enable_grad():
        for node, upstream in walk(output, gradient, inputs=inputs, create_graph=create_graph):
            if node in found:
                found[node] = upstream
    return [found[x] for x in inputs]


def reachable(output: Node, inputs: Sequence[Node] | None = None) -> dict[Node, int]:
    """The nodes that `output` was made from and that need a gradient, each with the number of its uses among them.

    With `inputs`, only those on a path from the output to one of the inputs.
    """
    if not isinstance(output, Node):
        raise GraphError(f"only a Value or a Tensor has a graph; this is a {type(output).__name__}: {output!r:.60}")
    if not output.requires_grad:
        raise GraphError(
            f"{describe(output)} does not require a gradient, so there is nothing to differentiate: make its inputs "
            "with requires_grad=True, and compute it outside no_grad() and without detach()"
        )
    oldest = 0 if inputs is None else min((x.index for x in inputs), default=output.index + 1)
    uses: dict[Node, int] = {}
    seen = uses.get
    todo = [output]
    pop, push = todo.pop, todo.append
    while todo:
        node = pop()
        count = seen(node)
        if count is not None:
            uses[node] = count + 1
            continue
        uses[node] = 1
        x, y = node._first, node._second
        if isinstance(x, Node):
            if x.requires_grad and x.index >= oldest:
                push(x)
        elif type(x) is tuple:
            todo.extend(x for x in x if isinstance(x, Node) and x.requires_grad and x.index >= oldest)
        if isinstance(y, Node) and y.requires_grad and y.index >= oldest:
            push(y)
    if inputs is not None:
        leading = set(inputs)
        for node in sorted(uses, key=creation):
            if node in leading or any(isinstance(x, Node) and x in leading for x in node.inputs):
                leading.add(node)
            else:
                del uses[node]
    return uses


def order(output: Node) -> list[Node]:
    """The nodes that `output` was made from and that need a gradient, youngest first: the order of the walk."""
    return sorted(reachable(output), key=creation, reverse=True)


# Numbers that went away, numbers that changed.


def recompute(node: Node) -> Any:
    """The number of a node that a backward pass has let go of: made again from what it was made from."""
    missing: dict[Node, None] = {}
    todo = [node]
    while todo:
        node = todo.pop()
        if node not in missing and not _holds_data(node):
            missing[node] = None
            todo.extend(x for x in node.inputs if isinstance(x, Node))
    for node in sorted(missing, key=creation):
        values = [_unchanged(x, x._data, node) if isinstance(x, Node) else x for x in node.inputs]
        assert node.primitive is not None
        node._data = node._compute(node.primitive, values, node.attrs)
    return node._data


def _holds_data(node: Node) -> bool:
    try:
        object.__getattribute__(node, "_data")
    except AttributeError:
        return False
    return True


def _unchanged(x: Operand, value: Any, user: Node) -> Any:
    """The value of x as `user` saw it; where x was changed since, a stand-in that refuses to be computed with."""
    changed = x._extra.get("changed") if isinstance(x, Node) and x._extra else None
    return Changed(x, user, changed[1]) if changed and changed[0] > user.index else value


class Changed:
    """Stands for a number that was changed in place after its use. Its shape may be asked for; its values may not."""

    __array_ufunc__ = None  # so that NumPy leaves `array * Changed` to us

    def __init__(self, x: Node, user: Node, where: Source | None) -> None:
        self._refusal = (x, user, where)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        x, user, where = self._refusal
        raise InPlaceError(
            f"{describe(x)} was changed in place{f' at {where}' if where else ''}, after {describe(user)} had used it, "
            "and the backward pass needs the number as it was: change it after backward(), or change a copy of it"
        )

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self._refusal[0], name)
        return self._refuse()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __abs__ = __float__ = __int__ = __bool__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __iter__ = __len__ = __index__ = _refuse
    __array__ = __array_function__ = _refuse
    __eq__ = __ne__ = _refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def ieee(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of floats where Python's raised: NumPy's floats answer inf or nan, as IEEE 754 says and C does.

    >>> ieee(lambda x: 1 / x, 0.0)
    inf
    """
    import numpy as np

    with np.errstate(all="ignore"):
        result = function(*(np.float64(x) if type(x) in (float, int) else x for x in arguments))
    return None if result is None else float(result)


# Nodes in words, and copies of graphs.


def describe(x: Any) -> str:
    """A node in a few words for an error message: its name, or what it is and where it was made."""
    if not isinstance(x, Node):
        return f"{type(x).__name__} of shape {x.shape}" if hasattr(x, "shape") else repr(x)
    shape = f" of shape {x.shape}" if hasattr(x, "shape") else ""
    if x.name:
        what = f"{x.name!r}"
    elif x.primitive is not None:
        what = f"the result of {x.primitive.name}"
    else:
        what = f"a {type(x).__name__}"
    return f"{what}{shape}" + (f" (made at {x.source})" if x.source else "")


def no_attribute(thing: object, name: str) -> AttributeError:
    """An AttributeError that suggests the attribute that was meant."""
    near = difflib.get_close_matches(name, [n for n in dir(type(thing)) if not n.startswith("_")], 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return AttributeError(f"{type(thing).__name__} has no attribute {name!r}{hint}", name=name, obj=None)


def copy_graph(node: Node, memo: dict[int, Any]) -> Node:
    """A copy of the node and of all it was made from, in the same order of creation; without recursion."""
    originals: dict[Node, None] = {}
    todo: list[Any] = [node]
    while todo:
        x = todo.pop()
        if isinstance(x, Node) and x not in originals and id(x) not in memo:
            originals[x] = None
            todo.extend(x.inputs)
    for x in sorted(originals, key=creation):
        memo[id(x)] = x._clone(tuple(memo[id(y)] if isinstance(y, Node) else y for y in x.inputs))
    return memo[id(node)]  # type: ignore[no-any-return]
