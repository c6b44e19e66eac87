"""The backward graph: the recorded graph of the gradients, as a plain graph.

The walk is run on nodes, so that every rule it applies is recorded, and what it recorded is drawn. Each node of the
forward graph has exactly one box here, its gradient: mostly the operation that computed it. Some rules, as that of
`x + y`, hand the gradient on unchanged; a box without a sign stands for the handing on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from .._support.languages import say
from ..engine import inplace
from ..engine.grad_mode import complete_graph
from ..engine.gradients import Contribution, gradients, local_derivative
from ..engine.graphs import ancestors, reachable
from ..engine.node import Node, creation, shape_of
from ..engine.walk import walk
from ..errors import GraphError
from .arrays import NamedArrays
from .clusters import Cluster, enclosing
from .names import RESULTS, labels, layers, partial, word
from .numbers import Quantity
from .plain import Edge, Graph, PlainNode
from .recorded import Recorded, is_single, one_like
from .transcribe import constant, describe, known, place

__all__ = ["backward_graph", "check_differentiable"]


def backward_graph(output: Node, recorded: Recorded | None = None) -> Graph:
    """The graph that computes ∂output/∂leaf for every leaf, from an upstream gradient of 1 on.

    Raises `GraphError` if there is nothing to differentiate, or the output is not a single number.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    >>> q = x + y
    >>> q.name = "q"
    >>> for node in backward_graph(q * w).nodes:
    ...     print(node.kind, node.label, node.value.text())
    forward w 4
    forward q 5
    gradient ∂v₁/∂v₁ 1
    operation ∂v₁/∂w 5
    operation ∂v₁/∂q 4
    gradient ∂v₁/∂x 4
    gradient ∂v₁/∂y 4
    """
    check_differentiable(output)
    recorded = recorded or Recorded(output)
    nodes, clusters = recorded.nodes, recorded.clusters
    leaves = [x for x in reachable(output) if x.primitive is None]
    if inplace.newest[0] > nodes[0].index:  # a copy cannot know what was changed after its use; this walk refuses it
        gradients(output, leaves, one_like(output))
    layer = layers(nodes)
    copy_of = _fully_recorded(nodes)
    output, leaves = copy_of[output], [copy_of[leaf] for leaf in leaves]
    # The 1 it begins with requires a gradient too, so that everything that is computed from it is recorded.
    seed = type(output)(one_like(output), requires_grad=True)  # type: ignore[call-arg]
    record = _Record(
        output,
        seed,
        names={copy_of[x]: recorded.names[x] for x in nodes},
        arrays=recorded.arrays,
        layer={copy_of[x]: layer.get(x, 0) for x in nodes},
        cluster={copy_of[x]: path for x, path in clusters.path.items()},
        owned={copy_of[x] for x in clusters.names if x in copy_of},
    )
    with complete_graph:
        take = lambda *edge: record.take(Contribution(*edge))
        for _ in walk(output, seed, inputs=leaves, create_graph=True, on_edge=take):
            pass
    graph = record.graph()
    return replace(graph, clusters=_counted(clusters.records, graph.nodes))


def check_differentiable(output: Node) -> None:
    """Raise `GraphError` if no gradient flows to the output, or it is not a single number."""
    if not is_single(output):
        raise GraphError(
            "draw: a backward graph begins at a single number, and this has shape {shape}; draw its sum() or mean(), "
            "or one of its elements",
            shape=shape_of(output),
        )
    reachable(output, [])  # raises where no gradient flows, and searches nothing


def _fully_recorded(nodes: Sequence[Node]) -> dict[Node, Node]:
    """The same graph over again, on the same numbers, by a copy of each node; but its data require a gradient as well.

    Otherwise what a rule does with data alone, such as `X.T`, would be computed but not recorded.
    """
    memo: dict[int, Any] = {}
    deepcopy(nodes[-1], memo)
    copy_of: dict[Node, Node] = {x: memo[id(x)] for x in nodes}
    for node in copy_of.values():
        if node.primitive is None and (not hasattr(node, "dtype") or node.dtype.kind == "f"):
            node.requires_grad_()  # for the rules; the walk still goes to the leaves that it is given
    return copy_of


def _counted(clusters: Sequence[Cluster], nodes: Iterable[PlainNode]) -> tuple[Cluster, ...]:
    """The clusters that any of the nodes lies in, with the number of nodes in each."""
    records = {cluster.path: cluster for cluster in clusters}
    many = Counter(path for node in nodes for path in enclosing(node.cluster, records))
    return tuple(replace(cluster, nodes=many[cluster.path]) for cluster in clusters if many[cluster.path])


Box = tuple[str, Any]
"""What a box stands for: ("recorded", node), ("forward", node), ("handed", forward node), ("constant", number)."""


class _Record:
    """What the walk recorded, as boxes and arrows in the order in which they came about.

    Attributes
    ----------
    output, seed : where the walk begins, and with which gradient.
    names, layer, cluster : of the forward nodes; a gradient lies in the cluster of its node.
    arrays : the names of arrays that are no nodes.
    owned : the forward nodes that modules own.
    arrows : of each box, the box that each of its operands comes from, and its slot.
    entered : of the arrows on which an upstream gradient enters a rule, the step of the walk.
    unchanged : of forward nodes, the step that handed their gradient on unchanged, until it has its arrow.
    made_for : of each box, the forward node whose rule made it.
    gradient_in : of each forward node, the box of its gradient, or of the sum so far.
    so_far : of each forward node, the sum of the contributions so far.
    differentiated : of boxes that hold a final gradient, the forward node.
    settled : the forward nodes whose gradient is final.
    """

    def __init__(
        self,
        output: Node,
        seed: Node,
        names: Mapping[Node, str],
        arrays: NamedArrays,
        layer: Mapping[Node, int],
        cluster: Mapping[Node, str],
        owned: Collection[Node],
    ) -> None:
        self.output, self.seed, self.names, self.layer, self.cluster = output, seed, names, layer, cluster
        self.arrays, self.owned = arrays, owned
        self.arrows: dict[Box, list[tuple[Box, int]]] = {("recorded", seed): []}
        self.entered: dict[tuple[Box, int], Contribution] = {}
        self.unchanged: dict[Node, Contribution] = {}
        self.made_for: dict[Box, Node] = {}
        self.gradient_in: dict[Node, Box] = {output: ("recorded", seed)}
        self.so_far: dict[Node, Any] = {output: seed}
        self.differentiated: dict[Box, Node] = {}
        self.settled: set[Node] = set()

    def take(self, step: Contribution) -> None:
        """Add one contribution: the nodes that its rule recorded, and the sum that it was added to."""
        upstream = self.settle(step.node)
        before = self.so_far.get(step.input)

        def box(x: Any) -> Box:
            """The box of an operand of what this step recorded."""
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
                handed: Box = ("handed", node)
                self.arrows[handed] = [(box, 0)]
                self.made_for[handed] = node
                if node in self.unchanged:
                    self.entered[handed, 0] = self.unchanged.pop(node)
                self.gradient_in[node] = box = handed
            self.differentiated[box] = node
        return box

    def graph(self) -> Graph:
        """Everything that was recorded, as a plain graph."""
        for leaf in sorted(self.so_far, key=creation):  # the other nodes are settled: the walk went on from them
            self.settle(leaf)
        of = self.names[self.output]
        forward = {x for arrows in self.arrows.values() for (kind, x), _ in arrows if kind == "forward"}
        nodes: list[PlainNode] = []
        edges: list[Edge] = []
        ids: dict[Box, int] = {}
        for node in sorted(forward, key=creation):
            layer = self.layer.get(node, 0)
            described = describe(len(nodes) + 1, node, self.names[node], "forward")
            nodes.append(replace(described, layer=layer, owned=node in self.owned))
            ids["forward", node] = len(nodes)
        boxes = sorted(self.arrows, key=self._backward_in_time)
        carriers = self._carriers()
        unnamed = self._labels(boxes, carriers)
        for box in boxes:
            gradient_of, origin = self.differentiated.get(box), self.made_for.get(box)
            owner = origin if gradient_of is None else gradient_of
            cluster = self.cluster.get(owner, "") if owner is not None else ""
            sources = []
            for source, _ in self.arrows[box]:
                if source[0] == "constant":
                    name, written = self.arrays.name(source[1]), constant(len(nodes) + 1, source[1], cluster)
                    source = ("named", name) if name else ("constant", written.id)
                    if source not in ids:
                        nodes.append(replace(written, kind="forward", label=word(name), name=name) if name else written)
                        ids[source] = written.id
                sources.append(ids[source])
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
            for source_id, (_, slot) in zip(sources, self.arrows[box]):
                edges.append(self._edge(source_id, len(nodes), slot, box))
        nodes = _with_their_users(nodes, edges)
        leaves = sorted((node for node in self.so_far if node.primitive is None), key=creation)
        return Graph(
            mode="backward",
            title=say("The backward graph of {of}, which computes its gradients", of=of),
            nodes=tuple(nodes),
            edges=tuple(edges),
            outputs=tuple(ids[self.gradient_in[leaf]] for leaf in leaves),
            of=of,
        )

    def _backward_in_time(self, box: Box) -> int:
        """The key that keeps together what belongs to one forward node, and so what one module made."""
        node = self.differentiated.get(box)
        if node is None or node.primitive is None:  # leaves stand where their last contribution was made
            node = self.made_for.get(box, self.output)
        return 0 if node.primitive is None else -node.index

    def _labels(self, boxes: Sequence[Box], carriers: set[Box]) -> dict[Node, str]:
        """Labels for what was recorded: g₁, g₂, ... on the way of the gradient, u₁, u₂, ... beside it."""
        letter = RESULTS[min(1 + self.layer.get(self.output, 0), len(RESULTS) - 1)]
        recorded = [box for box in boxes if box[0] == "recorded"]
        taken = list(self.names.values())
        carrying = labels((x for kind, x in recorded if (kind, x) in carriers), ("c", letter), avoid=taken)
        beside = (x for kind, x in recorded if (kind, x) not in carriers)
        return carrying | labels(beside, ("c", "u"), avoid=[*taken, *carrying.values()])

    def _edge(self, source: int, target: int, slot: int, box: Box) -> Edge:
        """An arrow; where an upstream gradient enters a rule, with the local derivative and the contribution."""
        step = self.entered.get((box, slot))
        if step is None:
            return Edge(source, target, slot)
        local = local_derivative(step.node, step.slot)
        return Edge(source, target, slot, known(local), known(step.contribution))

    def _carriers(self) -> set[Box]:
        """The boxes through which the gradient flows, from the 1 on; the others compute local derivatives."""
        carriers: set[Box] = {("recorded", self.seed)}
        for box, arrows in self.arrows.items():
            if any(source in carriers for source, _ in arrows if source[0] != "constant"):
                carriers.add(box)
        return carriers

    def _box(self, id: int, box: Box, label: str) -> PlainNode:
        kind, node = box
        if kind == "handed" or node is self.seed:
            gradient = self.seed if node is self.seed else self.so_far[node]
            return PlainNode(id, "gradient", label, Quantity.of(gradient), requires_grad=True)
        if node.primitive is None:  # a number that a rule made
            return constant(id, node)
        return describe(id, node, label)


def _with_their_users(nodes: list[PlainNode], edges: list[Edge]) -> list[PlainNode]:
    """The nodes, with each number of the forward pass in the cluster that uses it, where there is only one."""
    homes: dict[int, set[str]] = {}
    for edge in edges:
        homes.setdefault(edge.source, set()).add(nodes[edge.target - 1].cluster)
    return [
        replace(node, cluster=min(homes[node.id])) if node.kind == "forward" and len(homes[node.id]) == 1 else node
        for node in nodes
    ]
