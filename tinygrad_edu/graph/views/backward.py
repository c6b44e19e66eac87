"""The recorded graph of the gradients, as a plain graph.

The walk is run on nodes, so that every rule it applies is recorded; what it recorded is drawn. Each node of the forward
graph has exactly one box here, its gradient: mostly the operation that computed it. Where a rule hands the gradient on
unchanged, as that of `x + y` does, nothing was computed, and a box without a sign stands for the handing on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from ...engine.grad_mode import enable_grad
from ...engine.node import Node, creation
from ...engine.primitives.primitive import shape_of
from ...engine.walk import Step, gradients, local_derivative, reachable, walk
from ...errors import GraphError
from ..clusters import counted, find_clusters
from ..names import RESULTS, labels, layers, partial
from ..plain import (
    Edge,
    Graph,
    PlainNode,
    Quantity,
    ancestors,
    constant,
    data_of,
    describe,
    is_single,
    known,
    one_like,
    place,
)
from .view import collapsed

__all__ = ["backward_graph", "collapse_backward", "differentiable"]


def backward_graph(output: Node) -> Graph:
    """The graph that computes ∂output/∂leaf for every leaf, from an upstream gradient of 1 on.

    Raises `GraphError` where there is nothing to differentiate, or where the output is not a single number.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    >>> q = x + y
    >>> q.name = "q"
    >>> for node in backward_graph(q * w).nodes:
    ...     print(node.kind, node.label, node.value.text())
    forward w 4
    forward q 5
    gradient ∂v1/∂v1 1
    operation ∂v1/∂w 5
    operation ∂v1/∂q 4
    gradient ∂v1/∂x 4
    gradient ∂v1/∂y 4
    """
    leaves = differentiable(output)
    gradients(output, leaves, one_like(output))  # refuses numbers that were changed after their use
    nodes = ancestors([output])
    clusters = find_clusters(nodes)
    names, layer = labels(nodes, known=clusters.names), layers(nodes)
    copy_of = _fully_recorded(nodes)
    output, leaves = copy_of[output], [copy_of[leaf] for leaf in leaves]
    record = _Record(output, {copy_of[x]: names[x] for x in nodes}, {copy_of[x]: layer.get(x, 0) for x in nodes})
    record.cluster = {copy_of[x]: path for x, path in clusters.path.items()}
    # The 1 it begins with requires a gradient too, so that all that is computed from it is recorded.
    seed = type(output)(one_like(output), requires_grad=True)  # type: ignore[call-arg]
    record.begin(seed)
    with enable_grad():
        for _ in walk(output, seed, inputs=leaves, create_graph=True, on_edge=record.take):
            pass
    graph = record.graph()
    return replace(graph, clusters=counted(clusters.records, graph.nodes))


def differentiable(output: Node) -> list[Node]:
    """The leaves that gradients of the output flow to; `GraphError` where there are none, or it is not one number."""
    if not is_single(output):
        raise GraphError(
            f"draw: a backward graph begins at a single number, and this has shape {shape_of(output)}; "
            "draw its sum() or mean(), or one of its elements"
        )
    return [x for x in reachable(output) if x.primitive is None]


def _fully_recorded(nodes: Sequence[Node]) -> dict[Node, Node]:
    """The same graph over again, on the same numbers, by a copy of each node; but its data require a gradient as well.

    Otherwise what a rule does with data alone, such as `X.T`, would be computed but not recorded.
    """
    memo: dict[int, Any] = {}
    deepcopy(nodes[-1], memo)
    copy_of: dict[Node, Node] = {x: memo[id(x)] for x in nodes}
    for node in copy_of.values():
        if node.primitive is None and (not hasattr(node, "dtype") or node.dtype.kind == "f"):
            node.flow = True  # for the rules; the walk still goes only where it went
    return copy_of


Box = tuple[str, Any]
"""What a box stands for: ("recorded", node), ("forward", node), ("handed on", forward node), ("constant", number)."""


class _Record:
    """What the steps of the walk recorded, as boxes and arrows in the order in which they came about."""

    def __init__(self, output: Node, names: Mapping[Node, str], layer: Mapping[Node, int]) -> None:
        self.output, self.names, self.layer = output, names, layer
        self.arrows: dict[Box, list[tuple[Box, int]]] = {}  # of each box: from which box each of its operands comes
        self.entered: dict[tuple[Box, int], Step] = {}  # the arrows on which the upstream gradient of a step comes in
        self.unchanged: dict[Node, Step] = {}  # the step that handed a gradient on unchanged, till that has its arrow
        self.made_for: dict[Box, Node] = {}  # the forward node whose rule made a box
        self.gradient_in: dict[Node, Box] = {}  # of each forward node, where its gradient stands, or has got to so far
        self.so_far: dict[Node, Any] = {}  # the sum of the contributions to each forward node
        self.differentiated: dict[Box, Node] = {}  # the forward node whose final gradient a box holds
        self.settled: set[Node] = set()
        self.cluster: dict[Node, str] = {}  # of forward nodes; their gradients lie there, too

    def begin(self, seed: Node) -> None:
        self.seed = seed
        self.arrows["recorded", seed] = []
        self.gradient_in[self.output] = ("recorded", seed)
        self.so_far[self.output] = seed

    def take(self, step: Step) -> None:
        """One contribution: the nodes its rule recorded, and the sum it was added to."""
        upstream = self.settle(step.node)
        before = self.so_far.get(step.input)

        def box(x: Any) -> Box:
            """Where an operand of what this step recorded is drawn."""
            if x is step.upstream:
                return upstream
            if x is before:
                return self.gradient_in[step.input]
            return "recorded" if x.index > self.output.index else "forward", x

        made = [x for x in (step.contribution, step.total) if isinstance(x, Node)]

        def stop(x: Node) -> bool:
            return x.index <= self.output.index or x is step.upstream or x is before

        entrances: list[tuple[Box, int]] = []
        for node in ancestors(made, stop):
            if not stop(node) and ("recorded", node) not in self.arrows:
                operands = [box(x) if isinstance(x, Node) else ("constant", x) for x in node.inputs]
                self.arrows["recorded", node] = [(x, slot) for slot, x in enumerate(operands)]
                self.made_for["recorded", node] = step.node
                for slot, x in enumerate(node.inputs):
                    if x is before and step.input in self.unchanged:
                        self.entered[("recorded", node), slot] = self.unchanged.pop(step.input)
                    elif x is step.upstream:
                        entrances.append((("recorded", node), slot))
        if len(entrances) == 1:
            self.entered[entrances[0]] = step
        elif step.contribution is step.upstream:
            self.unchanged[step.input] = step
        self.so_far[step.input] = step.total
        self.gradient_in[step.input] = box(step.total) if isinstance(step.total, Node) else ("constant", step.total)

    def settle(self, node: Node) -> Box:
        """The box of a forward node's gradient, once all contributions have arrived."""
        box = self.gradient_in[node]
        if node not in self.settled:
            self.settled.add(node)
            if box[0] != "recorded" or box in self.differentiated:
                handed: Box = ("handed on", node)
                self.arrows[handed] = [(box, 0)]
                self.made_for[handed] = node
                if node in self.unchanged:
                    self.entered[handed, 0] = self.unchanged.pop(node)
                self.gradient_in[node] = box = handed
            self.differentiated[box] = node
        return box

    def graph(self) -> Graph:
        for leaf in sorted(self.so_far, key=creation):  # all others are settled: they were stepped from
            self.settle(leaf)
        of = self.names[self.output]
        forward = {x for arrows in self.arrows.values() for (kind, x), _ in arrows if kind == "forward"}
        nodes: list[PlainNode] = []
        edges: list[Edge] = []
        ids: dict[Box, int] = {}
        for node in sorted(forward, key=creation):
            layer = self.layer.get(node, 0)
            nodes.append(replace(describe(len(nodes) + 1, node, self.names[node], "forward"), layer=layer))
            ids["forward", node] = len(nodes)
        carriers = self._carriers()
        boxes = sorted(self.arrows, key=self._backward_in_time)
        recorded = [box for box in boxes if box[0] == "recorded"]
        letter = RESULTS[min(1 + self.layer.get(self.output, 0), len(RESULTS) - 1)]
        unnamed = labels((x for _, x in recorded if ("recorded", x) in carriers), ("c", letter))
        unnamed |= labels((x for _, x in recorded if ("recorded", x) not in carriers), ("c", "u"))
        for box in boxes:
            arrows = self.arrows[box]
            gradient_of, origin = self.differentiated.get(box), self.made_for.get(box)
            owner = origin if gradient_of is None else gradient_of
            cluster = self.cluster.get(owner, "") if owner is not None else ""
            sources = []
            for source, _ in arrows:
                if source[0] == "constant":
                    nodes.append(constant(len(nodes) + 1, source[1], cluster))
                sources.append(len(nodes) if source[0] == "constant" else ids[source])
            label = unnamed.get(box[1], "") if gradient_of is None else partial(of, self.names[gradient_of])
            described = replace(
                self._box(len(nodes) + 1, box, label),
                carries=box in carriers,
                layer=1 + self.layer.get(self.output, 0),
                source=None if origin is None else place(origin),
                cluster=cluster,
            )
            nodes.append(described)
            ids[box] = len(nodes)
            edges += [self._edge(source, len(nodes), slot, box) for source, (_, slot) in zip(sources, arrows)]
        nodes = _with_their_users(nodes, edges)
        leaves = sorted((node for node in self.so_far if node.primitive is None), key=creation)
        return Graph(
            mode="backward",
            title=f"The backward graph of {of}, which computes its gradients",
            nodes=tuple(nodes),
            edges=tuple(edges),
            outputs=tuple(ids[self.gradient_in[leaf]] for leaf in leaves),
            of=of,
        )

    def _backward_in_time(self, box: Box) -> int:
        """The key that brings together what belongs to one forward node, so that what a module made stays together."""
        node = self.differentiated.get(box)
        if node is None or node.primitive is None:  # leaves stand where their last contribution was made
            node = self.made_for.get(box, self.output)
        return 0 if node.primitive is None else -node.index

    def _edge(self, source: int, target: int, slot: int, box: Box) -> Edge:
        """An arrow; where the upstream gradient of a step comes in, with what the step makes of it."""
        step = self.entered.get((box, slot))
        if step is None:
            return Edge(source, target, slot)
        local = local_derivative(step.node, step.slot)
        return Edge(source, target, slot, known(local), known(step.contribution))

    def _carriers(self) -> set[Box]:
        """The boxes that the gradient flows through, from the 1 on; the others compute local derivatives."""
        carriers: set[Box] = {("recorded", self.seed)}
        for box, arrows in self.arrows.items():
            if any(source in carriers for source, _ in arrows if source[0] != "constant"):
                carriers.add(box)
        return carriers

    def _box(self, id: int, box: Box, label: str) -> PlainNode:
        kind, node = box
        if kind == "handed on" or node is self.seed:
            gradient = self.seed if node is self.seed else self.so_far[node]
            return PlainNode(id, "gradient", label, Quantity.of(data_of(gradient)), requires_grad=True)
        if node.primitive is None:  # a number that a rule made
            return constant(id, data_of(node))
        return describe(id, node, label)


def _with_their_users(nodes: list[PlainNode], edges: list[Edge]) -> list[PlainNode]:
    """The nodes; numbers of the forward pass that are used in one cluster alone lie in it."""
    homes: dict[int, set[str]] = {}
    for edge in edges:
        homes.setdefault(edge.source, set()).add(nodes[edge.target - 1].cluster)
    return [
        replace(node, cluster=min(homes[node.id])) if node.kind == "forward" and len(homes[node.id]) == 1 else node
        for node in nodes
    ]


def collapse_backward(output: Node, nodes: Sequence[Node]) -> Graph:
    """The backward graph of an output made from too many nodes to draw: through what its gradients are carried.

    `nodes` is all that the output was made from, in order of creation. The time is linear in their number.
    """
    names = labels(nodes)
    of = names[output]
    leaves = [node for node in nodes if node.primitive is None and node.requires_grad]

    def box(node: Node, gradient: Any) -> PlainNode:
        return PlainNode(
            0, "gradient", partial(of, names[node]), Quantity.of(gradient), requires_grad=True, carries=True, layer=1
        )

    return collapsed(
        "backward",
        of,
        inputs=[box(output, one_like(output))],
        operations=Counter(
            f"through {node.primitive.name}"
            for node in nodes
            if node.primitive is not None
            for x in node.inputs
            if isinstance(x, Node) and x.requires_grad
        ),
        outputs=[box(x, g) for x, g in zip(leaves, gradients(output, leaves, one_like(output))) if g is not None],
        noun="contribution",
    )
