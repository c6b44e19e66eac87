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

import sys
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from .errors import DtypeError, GraphError, InPlaceError
from .recording import Source, caller, enable_grad

if TYPE_CHECKING:
    from .primitives.primitive import Primitive

__all__ = ["Node", "Step", "gradients", "order", "steps", "walk"]

next_index = count(1).__next__
"""The clock of the graph: every node, and every change in place, takes the next tick."""

creation = attrgetter("index")

_newest_change = 0
"""The tick of the latest change in place, of any node: what is younger need not be checked."""

FIRST, SECOND, BOTH, LEAF, MANY = 1, 2, 3, 4, 8
"""Where the gradient of a node flows on to; see `Node.flow`."""

LARGE = 1 << 16
"""From this many bytes on, an array that only the graph holds is let go once a backward pass has used it."""

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

    def _note(self, key: str, value: Any) -> None:
        if self._extra is None:
            self._extra = {}
        self._extra[key] = value

    def _kept_grad(self) -> Any:
        """`.grad`, with a warning where one asks for what was not kept."""
        grad = getattr(self, "_grad", None)
        if grad is None and self.primitive is not None and "kept" not in (self._extra or ()):
            warnings.warn(
                f"the gradient of {describe(self)} was not kept: it is the result of an operation, and backward() keeps "
                "those of leaves only; call retain_grad() on it before backward(), or use backward(retain_grads=True)",
                stacklevel=3,
            )
        return grad

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
        pairs = walk(self, gradient, create_graph=create_graph, every=retain_grads, release=not create_graph)
        for node, upstream in recorded(pairs) if create_graph else pairs:
            if node.primitive is not None:
                node.retain_grad()
            node._receive(upstream, taken)

    def _number(self) -> Any:
        """The number held; computed again if a backward pass has let go of it."""
        try:
            return self._data
        except AttributeError:
            return recompute(self)

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
        raise DtypeError(
            f"pickle: a {type(self).__name__} is not pickled, because loading a pickle can run any program; "
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

    def _release(self, uses: Uses) -> None:
        """Let go of the number, if it is large and nobody but its users in the graph holds the node."""


def walk(
    output: Node,
    gradient: Any = None,
    *,
    inputs: Sequence[Node] | None = None,
    create_graph: bool = False,
    every: bool = False,
    release: bool = False,
    on_edge: Callable[[Step], object] | None = None,
) -> Iterator[tuple[Node, Any]]:
    """Yield (node, gradient of `output` by that node), youngest node first; every gradient is final when it appears.

    Yields the leaves and the nodes that retain their gradient; with `every`, all nodes.

    Parameters
    ----------
    gradient : the upstream gradient at `output`; 1 for a single number.
    inputs : walk only the paths that lead to these nodes.
    create_graph : run the rules on nodes instead of numbers, so that the gradients are graphs.
    release : let go of large arrays that nobody else holds; they are computed again should anyone ask.
    on_edge : called with a `Step` for every edge.
    """
    gradient_of: dict[Node, Any] = reachable(output, inputs)  # None until the first contribution arrives
    if output not in gradient_of:  # none of the inputs can be reached
        return
    todo = sorted(gradient_of, key=creation)
    gradient_of[output] = output._seed(gradient, create_graph)
    in_short = on_edge is None and _all_newer(todo, _newest_change)
    own: set[Node] = set()
    uses: Uses | None = None
    while todo:
        node = todo.pop()
        upstream = gradient_of.pop(node)
        if upstream is None:  # reached only through operands that carry no gradient
            continue
        primitive = node.primitive
        if primitive is None or every or node._extra is not None and "kept" in node._extra:
            yield node, upstream
            if primitive is None:
                continue
        if in_short and primitive.plain:
            _pass_on(node, upstream, gradient_of, create_graph, inputs is not None, own)
        else:
            for slot, x, contribution in pull(node, upstream, gradient_of, create_graph):
                so_far = gradient_of[x]
                total = gradient_of[x] = contribution if so_far is None else x._plus(so_far, contribution, own)
                if on_edge is not None:
                    on_edge(Step(node, slot, x, upstream, contribution, total))
        if release and type(upstream) is not float and upstream.nbytes >= LARGE and node is not output:
            uses = uses or Uses(output)
            node._release(uses)


def _pass_on(
    node: Node, upstream: Any, gradient_of: dict[Node, Any], create_graph: bool, some: bool, own: set[Node]
) -> None:
    """What `pull` and the loop in `walk` do, in short for one or two operands: most of a backward pass is spent here.

    `some`: not all operands that could receive a gradient are asked for.
    """
    flow, x, y, rules = node.flow, node._first, node._second, node.primitive.rules  # type: ignore[union-attr]
    if some:
        flow = (FIRST if flow & FIRST and x in gradient_of else 0) | (SECOND if flow & SECOND and y in gradient_of else 0)
    if create_graph:
        out, a, b = node, x, y
    else:
        try:
            out = node._data
            a = x._data if flow & FIRST or isinstance(x, Node) else x
            b = y._data if flow & SECOND or isinstance(y, Node) else y
        except AttributeError:  # an earlier walk has let go of one
            out, a, b = node._number(), number_of(x), number_of(y)
    if y is None and flow:
        attrs = node.attrs
        try:
            contribution = rules[0](upstream, out, a, **attrs) if attrs else rules[0](upstream, out, a)
        except (ArithmeticError, ValueError):
            contribution = ieee(rules[0], upstream, out, a, **attrs)
        kind = type(contribution)
        if kind is not type(upstream):
            contribution = x._fit(contribution)
        so_far = gradient_of[x]
        if so_far is not None:
            contribution = so_far + contribution if kind is float else x._plus(so_far, contribution, own)
        gradient_of[x] = contribution
        return
    if flow & FIRST:
        try:
            contribution = rules[0](upstream, out, a, b)
        except (ArithmeticError, ValueError):
            contribution = ieee(rules[0], upstream, out, a, b)
        kind = type(contribution)
        if kind is not float and (kind is not type(upstream) or type(b) is kind):
            contribution = x._fit(contribution)
        so_far = gradient_of[x]
        if so_far is not None:
            contribution = so_far + contribution if kind is float else x._plus(so_far, contribution, own)
        gradient_of[x] = contribution
    if flow & SECOND:
        try:
            contribution = rules[1](upstream, out, a, b)
        except (ArithmeticError, ValueError):
            contribution = ieee(rules[1], upstream, out, a, b)
        kind = type(contribution)
        if kind is not float and (kind is not type(upstream) or type(a) is kind):
            contribution = y._fit(contribution)
        so_far = gradient_of[y]
        if so_far is not None:
            contribution = so_far + contribution if kind is float else y._plus(so_far, contribution, own)
        gradient_of[y] = contribution


def recorded(walk: Iterator[tuple[Node, Any]]) -> list[tuple[Node, Any]]:
    """A walk to its end, its operations recorded even inside `no_grad()`."""
    with enable_grad():
        return list(walk)


def _all_newer(nodes: list[Node], tick: int) -> bool:
    """Whether all calls among the nodes, which come oldest first, are newer than the tick."""
    return tick < nodes[0].index or all(node.primitive is None or node.index > tick for node in nodes)


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
        out, values = node._number(), [x._number() if isinstance(x, Node) else x for x in operands]
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
    out: Any = node if create_graph else node._number()
    values = node.inputs if create_graph else [x._number() if isinstance(x, Node) else x for x in node.inputs]
    try:
        return primitive.pull(slot, 1.0, out, values, node.attrs)
    except (ArithmeticError, ValueError):
        return ieee(lambda out, *xs: primitive.pull(slot, 1.0, out, xs, node.attrs), out, *values)


def steps(output: Node, gradient: Any = None, *, create_graph: bool = False) -> Iterator[Step]:
    """The backward walk as data: one `Step` an edge, in the order of the walk. Leaves `.grad` untouched.

    With `create_graph=True` the gradients in the steps are nodes, the recorded graph of the backward pass.
    """
    waiting: list[Step] = []
    for _ in walk(output, gradient, create_graph=create_graph, every=True, on_edge=waiting.append):
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
    pairs = walk(output, gradient, inputs=inputs, create_graph=create_graph, every=True)
    for node, upstream in recorded(pairs) if create_graph else pairs:
        if node in found:
            found[node] = upstream
    return [found[x] for x in inputs]


def reachable(output: Node, inputs: Sequence[Node] | None = None) -> dict[Node, Any]:
    """The nodes that `output` was made from and that need a gradient, itself included, as the keys of a dict.

    With `inputs`, only those on a path from the output to one of the inputs.
    """
    if not isinstance(output, Node):
        raise GraphError(f"backward: only a Value or a Tensor has a graph; this is a {type(output).__name__}: {output!r:.60}")
    if not output.flow:
        raise GraphError(
            f"backward: {describe(output)} does not require a gradient, so there is nothing to differentiate: make its "
            "inputs with requires_grad=True, and compute it outside no_grad() and without detach()"
        )
    oldest = 0 if inputs is None else min((x.index for x in inputs), default=output.index + 1)
    found: dict[Node, Any] = {output: None}
    todo = [output]
    pop, push = todo.pop, todo.append
    while todo:
        node = pop()
        flow = node.flow
        if flow & FIRST:
            x = node._first
            if x not in found and (not oldest or x.index >= oldest):
                found[x] = None
                push(x)
        if flow & SECOND:
            x = node._second
            if x not in found and (not oldest or x.index >= oldest):
                found[x] = None
                push(x)
        if flow & MANY:
            for x in node._first:
                if isinstance(x, Node) and x.flow and x not in found and x.index >= oldest:
                    found[x] = None
                    push(x)
    if inputs is not None:
        leading = set(inputs)
        for node in sorted(found, key=creation):
            flow = node.flow
            if (
                node in leading
                or flow & FIRST and node._first in leading
                or flow & SECOND and node._second in leading
                or flow & MANY and any(isinstance(x, Node) and x in leading for x in node._first)
            ):  # fmt: skip
                leading.add(node)
            else:
                del found[node]
    return found


def number_of(x: Operand) -> Any:
    """The number that a node holds; a constant is its own."""
    return x._number() if isinstance(x, Node) else x


class Uses:
    """How many times the nodes that `output` was made from are used among themselves; counted when first asked."""

    def __init__(self, output: Node) -> None:
        self.output = output
        self.counts: dict[Node, int] = {}

    def __getitem__(self, node: Node) -> int:
        if not self.counts:
            for user in reachable(self.output):
                for x in user.inputs:
                    if isinstance(x, Node):
                        self.counts[x] = self.counts.get(x, 0) + 1
        return self.counts[node]


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
        if node not in missing and not hasattr(node, "_data"):
            missing[node] = None
            todo.extend(x for x in node.inputs if isinstance(x, Node))
    for node in sorted(missing, key=creation):
        values = [_unchanged(x, x._data, node) if isinstance(x, Node) else x for x in node.inputs]
        assert node.primitive is not None
        node._data = node._compute(node.primitive, values, node.attrs)
    return node._data


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
            f"backward: {describe(x)} was changed in place{f' at {where}' if where else ''}, after {describe(user)} had "
            "used it, and the backward pass needs the number as it was: change it after backward(), or change a copy of it"
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


def ieee(function: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """Call again a function of floats that raised: NumPy's floats answer inf or nan, as IEEE 754 says and C does.

    >>> ieee(lambda x: 1 / x, 0.0)
    inf
    """
    import numpy as np

    if not all(type(x) in (float, int, bool) for x in arguments):
        raise
    with np.errstate(all="ignore"):
        result = function(*(np.float64(x) if type(x) in (float, int) else x for x in arguments), **settings)
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


def packed(operands: Sequence[Operand], primitive: Primitive) -> tuple[Operand, Operand, int]:
    """The operands of a call as a node keeps them, and the way that gradients flow on."""
    flows = [isinstance(x, Node) and x.flow != 0 for x in operands]
    if len(operands) > 2 or primitive.variadic:
        return tuple(operands), None, MANY if any(flows) else 0
    if len(operands) == 1:
        return operands[0], None, FIRST if flows[0] else 0
    return operands[0], operands[1], FIRST * flows[0] + SECOND * flows[1]


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
    for x in sorted(originals, key=creation):
        memo[id(x)] = x._clone(tuple(memo[id(y)] if isinstance(y, Node) else y for y in x.inputs))
    return memo[id(node)]  # type: ignore[no-any-return]
