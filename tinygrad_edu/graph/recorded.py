"""Recorded graphs: everything that an output was made from, and the forward graph of it as plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from types import MappingProxyType
from typing import Any

import numpy as np

from .._support.languages import listed, say, texts
from .._support.lazy import lazy
from ..engine.gradients import Contribution, contributions
from ..engine.graphs import ancestors
from ..engine.messages import has_no_graph, short
from ..engine.node import Node, number_of, shape_of
from ..errors import GraphError, TinygradError
from .arrays import NO_ARRAYS, NamedArrays
from .clusters import Clusters, find_clusters
from .names import NO_NAMES, labels, shared_ways, subscript, word
from .numbers import Quantity
from .plain import Edge, Graph, Kept, PlainNode
from .text import visible
from .transcribe import Along, known, transcribe

__all__ = [
    "Recorded", "Rule", "assembled", "forward", "forward_graph", "further_gradients",
    "ids_of", "is_single", "one_like", "passed_back", "plain",
]  # fmt: skip


Rule = Callable[[Node, int, Mapping[Node, str], str], "str | None"]
"""Writes a rule of the table as a formula: of a node, for one operand, in these names, with one for the upstream."""


class Recorded:
    """The recorded graph of an output: what every kind of plain graph of it is made from.

    Attributes
    ----------
    output : the node that was asked for; of several, the first.
    outputs : all nodes that were asked for.
    given : names from the user's program, for nodes that have none of their own.
    modules : the same for modules, by `id()`.
    arrays : the same for arrays of NumPy.
    nodes : the output, the other nodes asked for, and everything that they were made from, in order of creation.
    clusters : which calls of modules made which of the nodes.
    names : a label for each node, and by `id()` for each operand that is an array with a name.
    """

    def __init__(
        self,
        output: Node,
        *others: Node,
        given: Mapping[Node, str] = NO_NAMES,
        modules: Mapping[int, str] = MappingProxyType({}),
        arrays: NamedArrays = NO_ARRAYS,
    ) -> None:
        self.output, self.outputs = output, (output, *others)
        self.nodes = ancestors(self.outputs)
        self.given, self.modules, self.arrays = {**self._data(arrays), **given}, modules, arrays

    def _data(self, arrays: NamedArrays) -> dict[Node, str]:
        """The names of tensors that were made of arrays, and are not to be learned."""
        leaves = (node for node in self.nodes if node.primitive is None and not node.requires_grad) if arrays else ()
        return {node: name for node in leaves if (name := arrays.name(number_of(node)))}

    @lazy
    def clusters(self) -> Clusters:
        return find_clusters(self.nodes, self.modules)

    @lazy
    def names(self) -> dict[Any, str]:
        given = {node: name for node, name in self.given.items() if node.name is None}
        operands = (x for node in self.nodes for x in node.inputs) if self.arrays else ()
        arrays = {id(x): word(name) for x in operands if (name := self.arrays.name(x))}
        names = labels(self.nodes, known={**self.clusters.names, **given}, avoid=arrays.values())
        nodes = set(names.values())
        return {**names, **{x: name for x, name in arrays.items() if name not in nodes}}

    @lazy
    def upstream(self) -> str:
        """The letter of the upstream gradient in rules: g, or δ where the program has a g of its own."""
        return self.unused("gδ")

    def unused(self, letters: str) -> str:
        """The first of these letters that is no name of the program; else the last with an index."""
        indexed = (f"{letters[-1]}{subscript(i)}" for i in count(1))
        return next(letter for letter in chain(letters, indexed) if letter not in self.names.values())

    @lazy
    def shared(self) -> set[tuple[Node, int]]:
        """The uses whose local derivative is not all of a derivative, see `shared_ways`."""
        return shared_ways(self.nodes)


def plain(output: Node, *, gradients: bool = True, rule: Rule | None = None) -> Graph:
    """The graph that `output` was made by: all of it, with the numbers of the forward pass.

    Where the output is a single number, also the gradients, contributions and local derivatives, from one walk; `.grad`
    is neither read nor touched. Meant for graphs small enough to look at. With `rule`, each arrow has its rule as a
    formula: `rule(node, slot, names, upstream)` writes it.
    """
    if not isinstance(output, Node):
        raise has_no_graph("plain", output)
    return forward(Recorded(output), gradients=gradients, rule=rule)


def forward(
    recorded: Recorded, *, gradients: bool = True, rule: Rule | None = None, seed: Any = None, grad: bool = False
) -> Graph:
    """The same, of what is known to be recorded; with a `seed`, the gradients that it begins.

    With `grad`, what stands in `.grad` is beside the derivatives.
    """
    output = recorded.output
    if not (gradients and output.requires_grad):
        return forward_graph(recorded)
    if seed is None and not is_single(output):
        name = recorded.names[output]
        text = texts(
            "no gradients: {name} is an array, and they are those of a single number, such as its sum, or of "
            "seed · {name}, with seed="
        )
        return replace(forward_graph(recorded), notes=(say(text, name=name),))
    upstream = one_like(output) if seed is None else _seeded(output, seed)
    try:
        passed = passed_back(recorded, contributions(output, upstream), rule, upstream)
    except TinygradError as error:
        return replace(forward_graph(recorded), notes=(say("no gradients: {problem}", problem=visible(str(error))),))
    graph = forward_graph(recorded, *passed)
    graph = _with_grad(recorded, graph, passed[0]) if grad else graph
    return graph if seed is None else replace(graph, of=f"(seed·{graph.of})")


def _seeded(output: Node, seed: Any) -> Any:
    """An upstream gradient that the user gave, of the kind of the output."""
    given, seed = seed, number_of(seed)
    try:
        np.asarray(seed, float)
    except (TypeError, ValueError):
        raise GraphError("draw: the seed is an array of numbers, not {given}", given=short(given)) from None
    if shape_of(seed) != shape_of(output):
        text = texts("draw: the seed is of shape {shape}, and has to be of that of the result, {wanted}")
        raise GraphError(text, shape=shape_of(seed), wanted=shape_of(output))
    if not hasattr(output, "dtype"):
        return float(seed)
    return np.asarray(seed, dtype=number_of(output).dtype)


def passed_back(
    recorded: Recorded, walked: Iterable[Contribution], rule: Rule | None = None, upstream: Any = None
) -> tuple[dict[Node, Any], Along]:
    """What a walk from the output says: the gradient of each node, and what was passed back along each use."""
    upstream = one_like(recorded.output) if upstream is None else upstream
    gradient: dict[Node, Any] = {recorded.output: upstream}
    along: dict[tuple[Node, int], tuple[Any, Any, str | None]] = {}
    for step in walked:
        gradient[step.input] = step.total
        text = None if rule is None else rule(step.node, step.slot, recorded.names, recorded.upstream)
        along[step.node, step.slot] = step.local, step.contribution, text
    return gradient, along


def forward_graph(recorded: Recorded, gradient: Mapping[Node, Any] | None = None, along: Along | None = None) -> Graph:
    """The forward graph, with what is known of its gradients."""
    parts = transcribe(
        recorded.nodes,
        recorded.names,
        gradient=gradient,
        edge=along,
        clusters=recorded.clusters,
        shared=recorded.shared if along else frozenset(),
        given=recorded.given,
    )
    return assembled(recorded, *parts)


def further_gradients(recorded: Recorded, graph: Graph) -> Graph:
    """The graph of several results with the gradients of those after the first, too, where they are single numbers."""
    ids = ids_of(graph.nodes)
    found: dict[int, list[tuple[str, Quantity]]] = {}
    for output in recorded.outputs[1:]:
        if output.requires_grad and is_single(output):
            gradient: dict[Node, Any] = {output: one_like(output)}
            gradient.update((step.input, step.total) for step in contributions(output, one_like(output)))
            for node, total in gradient.items():
                found.setdefault(ids[recorded.names[node]], []).append((recorded.names[output], Quantity.of(total)))
    nodes = (replace(node, further=tuple(found.get(node.id, ()))) for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


def _with_grad(recorded: Recorded, graph: Graph, gradient: Mapping[Node, Any]) -> Graph:
    """The graph with the `.grad` of leaves, and of results that keep one; a note says where it is no derivative."""
    nodes, ids = list(graph.nodes), ids_of(graph.nodes)
    for x in recorded.nodes:
        grad = x.grad if x.primitive is None else (x.notes and x.notes.grad)
        if x.requires_grad and (x.primitive is None or grad is not None):
            id = ids[recorded.names[x]]
            nodes[id - 1] = replace(nodes[id - 1], kept=_kept(grad, gradient.get(x)), grad=known(grad))
    others = [node.label for node in nodes if node.kept == "other"]
    notes = [say(OTHER, names=listed([f"{name}.grad" for name in others]), of=graph.of)] if others else []
    return replace(graph, nodes=tuple(nodes), notes=(*graph.notes, *notes))


OTHER = texts(
    "What stands in {names} is not the derivative of {of}: backward() adds to it, and zero_grad() sets it to 0."
)


def _kept(grad: Any, derivative: Any) -> Kept:
    """How what stands in `.grad` goes with the derivative; 0 is what zero_grad() leaves."""
    if grad is None:
        return "none"
    number = number_of(grad)
    close = derivative is not None and np.allclose(number, number_of(derivative), rtol=1e-4, atol=1e-12, equal_nan=True)
    return "equal" if close or not np.any(number) else "other"


def ids_of(nodes: Iterable[PlainNode]) -> dict[str, int]:
    """The ids of nodes by their labels."""
    return {node.label: node.id for node in nodes if node.kind != "constant"}


def assembled(
    recorded: Recorded, nodes: Sequence[PlainNode], edges: Iterable[Edge], notes: tuple[str, ...] = ()
) -> Graph:
    """The forward graph of these parts, of which the output is the last; several outputs are where their names are."""
    of = recorded.names[recorded.output]
    all_of = [recorded.names[output] for output in recorded.outputs]
    return Graph(
        mode="forward",
        title=say("The computation graph of {of}", of=listed(all_of)),
        nodes=tuple(nodes),
        edges=tuple(edges),
        outputs=(len(nodes),) if len(all_of) == 1 else tuple(map(ids_of(nodes).__getitem__, all_of)),
        of=of,
        upstream=recorded.upstream,
        notes=notes,
        clusters=recorded.clusters.records,
    )


def is_single(node: Node) -> bool:
    """Whether the node holds one number, so that a walk can begin there without a seed."""
    return math.prod(shape_of(node)) == 1


def one_like(node: Node) -> Any:
    """An upstream gradient of 1, or of ones, for a walk from this node."""
    if not hasattr(node, "dtype"):
        return 1.0
    return np.ones_like(number_of(node))
