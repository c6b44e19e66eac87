"""The walk: the only chain rule in the package.

It visits what the output was made from, youngest first. Whoever used a node is younger than that node, so by the time
a node's turn comes, every contribution to its gradient has arrived:

    gradient of x  =  Σ over the uses of x   (gradient of the use) · (local derivative of the use by x)

Run on plain numbers, the rules give gradients. Run on nodes (`create_graph=True`), they record while they compute, and
the gradients are graphs themselves: they can be differentiated again, drawn, or printed. `backward()`, `tg.grad`, the
pictures and the explanations all consume this one walk.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any, NamedTuple

from ..errors import DtypeError, GraphError
from .grad_mode import enable_grad
from .inplace import newest_change, unchanged
from .node import FIRST, MANY, SECOND, Node, creation, describe, next_index, number_of
from .primitives.primitive import Primitive, ieee

__all__ = ["Step", "gradients", "order", "reachable", "steps", "walk"]

LARGE = 1 << 16
"""From this many bytes on, an array that only the graph holds is let go once a backward pass has used it."""


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
    change = newest_change()
    in_short = on_edge is None and (todo[0].index > change or _all_newer(todo, change))
    some = inputs is not None
    own: set[Node] = set()
    uses: Uses | None = None
    while todo:
        node = todo.pop()
        upstream = gradient_of.pop(node)
        if upstream is None:  # reached only through operands that carry no gradient
            continue
        primitive = node.primitive
        if primitive is None or every or (node._extra is not None and "kept" in node._extra):
            yield node, upstream
            if primitive is None:
                continue
        if in_short and primitive.plain:
            _pass_on(node, upstream, gradient_of, create_graph, some, own)
        else:
            operands = node.inputs
            for slot, contribution in zip(*pull(node, upstream, gradient_of, create_graph)):
                if contribution is None:
                    continue
                x = operands[slot]
                total = gradient_of[x]
                if type(contribution) is float:
                    total = contribution if total is None else total + contribution
                else:
                    contribution = x._fit(contribution)
                    total = contribution if total is None else x._plus(total, contribution, own)
                gradient_of[x] = total
                if on_edge is not None:
                    on_edge(Step(node, slot, x, upstream, contribution, total))
                    own.clear()  # the sum is shown to others now
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
        flow = (FIRST if flow & FIRST and x in gradient_of else 0) | (
            SECOND if flow & SECOND and y in gradient_of else 0
        )
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
        if kind is not float and (kind is not type(upstream) or type(b) is not float):
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
        if kind is not float and (kind is not type(upstream) or type(a) is not float):
            contribution = y._fit(contribution)
        so_far = gradient_of[y]
        if so_far is not None:
            contribution = so_far + contribution if kind is float else y._plus(so_far, contribution, own)
        gradient_of[y] = contribution


def unshared(gradient: Any, taken: set[int]) -> Any:
    """A gradient as an array of its own: rules may hand one to several operands. `taken` are given away already."""
    if type(gradient) is float or isinstance(gradient, Node):
        return gradient
    if gradient.base is not None or id(gradient) in taken:
        gradient = gradient.copy()
    taken.add(id(gradient))
    return gradient


def recorded(walk: Iterator[tuple[Node, Any]]) -> list[tuple[Node, Any]]:
    """A walk to its end, its operations recorded even inside `no_grad()`."""
    with enable_grad():
        return list(walk)


def _all_newer(nodes: list[Node], tick: int) -> bool:
    """Whether all calls among the nodes are newer than the tick."""
    return all(node.primitive is None or node.index > tick for node in nodes)


def pull(node: Node, upstream: Any, needed: Container[Node], create_graph: bool = False) -> tuple[list[int], list[Any]]:
    """The slots of the needed operands of `node`, and what each receives: upstream · local derivative, by the table."""
    primitive, operands = node.primitive, node.inputs
    assert primitive is not None
    out: Any = node
    values: Sequence[Any] = operands
    if not create_graph:
        try:
            out, values = node._data, [x._data if isinstance(x, Node) else x for x in operands]
        except AttributeError:  # an earlier walk has let go of one
            out, values = node._number(), [number_of(x) for x in operands]
    if node.index < newest_change():
        out = unchanged(node, out, node)
        values = [unchanged(x, value, node) for x, value in zip(operands, values)]
    slots = [slot for slot, x in enumerate(operands) if isinstance(x, Node) and x in needed]
    return slots, pull_numbers(primitive, slots, upstream, out, values, node.attrs)


def pull_numbers(
    primitive: Primitive, slots: Sequence[int], upstream: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]
) -> list[Any]:
    """`primitive.pull`, with inf and nan where Python's floats raise."""
    try:
        return primitive.pull(slots, upstream, out, values, attrs)
    except (ArithmeticError, ValueError):
        return [
            ieee(lambda g, out, *xs, slot=slot: primitive.pull((slot,), g, out, xs, attrs)[0], upstream, out, *values)
            for slot in slots
        ]


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
    >>> for step in steps(q * w):
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
    return pull_numbers(primitive, (slot,), 1.0, out, values, node.attrs)[0]


def steps(output: Node, gradient: Any = None, *, create_graph: bool = False) -> Iterator[Step]:
    """The backward walk as data: one `Step` an edge, in the order of the walk. Leaves `.grad` untouched.

    With `create_graph=True` the gradients in the steps are nodes, the recorded graph of the backward pass.
    """
    waiting: list[Step] = []
    for _ in walk(output, gradient, create_graph=create_graph, every=True, on_edge=waiting.append):
        yield from waiting
        waiting.clear()
    yield from waiting


def gradients(output: Node, inputs: Sequence[Node], gradient: Any = None, *, create_graph: bool = False) -> list[Any]:
    """The gradients of `output` by each of `inputs`, which may be leaves or intermediate nodes.

    None stands for an input that the output does not depend on. Leaves `.grad` untouched; only paths that lead to the
    inputs are walked.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0)
    >>> q = x * x
    >>> tg.gradients(2 * q, [q, x])
    [2.0, 12.0]
    """
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(x, Node) for x in inputs):
        raise DtypeError("gradients: the inputs are a list of Values and Tensors, such as [x, w]")
    if create_graph:
        return _recorded_gradients(output, inputs, gradient)
    found: dict[Node, Any] = dict.fromkeys(inputs)
    taken: set[int] = set()
    for node, upstream in walk(output, gradient, inputs=inputs, every=True):
        if node in found:
            found[node] = unshared(upstream, taken)
    return [found[x] for x in inputs]


def _recorded_gradients(output: Node, inputs: Sequence[Node], gradient: Any) -> list[Any]:
    """The gradients as nodes.

    For pictures, they keep the names of what they are the derivative of and by; and the seed and other leaves, of which
    all of them are made, keep between which ticks of the clock that was.
    """
    start = next_index()
    gradient_of = dict(recorded(walk(output, gradient, inputs=inputs, create_graph=True, every=True)))
    span = start, next_index()
    for g in gradient_of.values():
        if g.primitive is None:
            g._note("walks", (*(g._extra or {}).get("walks", ()), span))
    found = [gradient_of.get(x) for x in inputs]
    of, by = (output._extra or {}).get("derivative", (output.name, ()))
    for x, g in zip(inputs, found):
        if g is not None and of and x.name and sum(g is other for other in found) == 1:  # not one handed on to several
            g._note("derivative", (of, (*by, x.name)))
    return found


def reachable(output: Node, inputs: Sequence[Node] | None = None) -> dict[Node, Any]:
    """The nodes that `output` was made from and that need a gradient, itself included, as the keys of a dict.

    With `inputs`, only those on a path from the output to one of the inputs.
    """
    if not isinstance(output, Node):
        raise GraphError(
            f"backward: only a Value or a Tensor has a graph; this is a {type(output).__name__}: {output!r:.60}"
        )
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
                if isinstance(x, Node) and x not in found and x.flow and x.index >= oldest:
                    found[x] = None
                    push(x)
    if inputs is not None:
        leading = set(inputs)
        for node in sorted(found, key=creation):
            flow = node.flow
            if (
                node in leading
                or (flow & FIRST and node._first in leading)
                or (flow & SECOND and node._second in leading)
                or (flow & MANY and any(isinstance(x, Node) and x in leading for x in node._first))
            ):  # fmt: skip
                leading.add(node)
            else:
                del found[node]
    return found


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
