"""Gradients as data: by given inputs, or one contribution at a time. `.grad` is not changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..errors import DtypeError
from .node import Node, clock, number_of
from .scopes import note_derivatives
from .walk import recorded, unshared, walk

__all__ = ["Contribution", "contributions", "gradients", "local_derivative"]


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
    wanted: dict[Node, Any] = {}
    for x in inputs if isinstance(inputs, (list, tuple)) else (None,):
        if not isinstance(x, Node):
            raise DtypeError("gradients: the inputs are a list of Values and Tensors, such as [x, w]")
        wanted[x] = None
    start = next(clock)
    pairs: Any = walk(output, gradient, inputs=inputs, create_graph=create_graph, every=True)
    if create_graph:
        pairs = recorded(pairs)
    handed_out: set[int] = set()
    for node, upstream in pairs:
        if node in wanted:
            wanted[node] = upstream if create_graph else unshared(upstream, handed_out)
    found = [wanted[x] for x in inputs]
    if create_graph:
        seed = pairs[0][1] if pairs else None
        note_derivatives(output, inputs, found, seed, (start, next(clock)))
    return found


class Contribution(NamedTuple):
    """One edge of the walk: what one use of `input` adds to its gradient.

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
    >>> for c in contributions(q * w):
    ...     print(c.upstream, "·", c.local, "=", c.contribution, "to", c.input.name or "q")
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


def contributions(output: Node, gradient: Any = None, *, create_graph: bool = False) -> Iterator[Contribution]:
    """The walk as data: one `Contribution` an edge, in the order of the walk. Leaves `.grad` untouched.

    With `create_graph=True` the gradients in them are nodes, the recorded graph of the backward pass.
    """
    waiting: list[Contribution] = []
    for _ in walk(
        output,
        gradient,
        create_graph=create_graph,
        every=True,
        on_edge=lambda *edge: waiting.append(Contribution(*edge)),
    ):
        yield from waiting
        waiting.clear()
    yield from waiting


def local_derivative(node: Node, slot: int, *, create_graph: bool = False) -> Any:
    """∂node/∂(operand `slot`) of an elementwise call, as a number, an array, or (`create_graph`) a node; else None."""
    row = node.primitive
    if row is None or not row.elementwise:
        return None
    out: Any = node if create_graph else number_of(node)
    values = node.inputs if create_graph else [number_of(x) for x in node.inputs]
    return row.pull((slot,), 1.0, out, values, node.attrs)[0]
