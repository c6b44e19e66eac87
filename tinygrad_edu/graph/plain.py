"""The plain graph: a recorded graph as immutable data, for everything that draws it or writes it down.

No output format sees anything else. A plain graph holds no arrays and no nodes of the engine, so it stays as it is,
whatever the program does next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal

from .._support.json_records import Format
from .._support.languages import say, texts
from .._support.lazy import lazy
from ..engine.gradients import Contribution, contributions
from ..engine.node import Node, creation, number_of, shape_of
from ..errors import GraphError, InPlaceError, TinygradError
from .clusters import NONE, Cluster, Clusters, find_clusters
from .names import NO_NAMES, labels, layers, over, shared_ways
from .numbers import Quantity
from .text import shorten, visible

__all__ = [
    "FORMAT",
    "Cluster",
    "Edge",
    "Graph",
    "PlainNode",
    "Quantity",
    "Recorded",
    "ancestors",
    "assembled",
    "attribute",
    "constant",
    "describe",
    "forward",
    "forward_graph",
    "further_gradients",
    "is_single",
    "known",
    "labels",
    "one_like",
    "passed_back",
    "place",
    "plain",
    "switched_on",
    "transcribe",
]  # fmt: skip

Kind = Literal["leaf", "constant", "operation", "forward", "gradient", "alias", "module", "group"]
"""What a plain node stands for.

leaf       a number or array that the user made
constant   a number or array written into an expression, or made without recording
operation  a recorded call
forward    in a backward graph: a number of the forward pass that a rule uses
gradient   in a backward graph: a gradient that nothing computed: the 1 it begins with, or one handed on unchanged
alias      one more appearance of a node that is drawn elsewhere in the same picture
module     a closed cluster: all that one call of a module, or of a marked function, made, as one box
group      many nodes drawn as one
"""

Mode = Literal["forward", "backward", "both", "architecture"]

Mark = Literal["missing", "extra", "changed"]
"""How a part of a graph differs from what was expected: it is missing, it is one too many, or it is another."""

Kept = Literal["none", "equal", "other"]
"""What stands in the `.grad` of a node: nothing, its derivative, or another number."""

Rule = Callable[[Node, int, Mapping[Node, str], str], "str | None"]
"""Writes a rule of the table as a formula: of a node, for one operand, in these names, with one for the upstream."""

COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum"})
"""The primitives whose operands may change places; those of all others are numbered."""

INTERNAL = frozenset({"counted", "ends", "windows"})
"""Attributes that no user gave."""


@dataclass(frozen=True, slots=True)
class PlainNode:
    """A node of a plain graph.

    Attributes
    ----------
    id : its number in this graph, in order of creation from 1.
    kind : what it stands for, see `Kind`.
    label : what it is called in pictures and formulas: the user's name, or `x₁`, `v₁`, ...; unique but for aliases.
    name : the user's name, whole and as it was given.
    operation, symbol, precedence, attrs : of the primitive that made it.
    ordered : whether its operands cannot change places, and are numbered therefore.
    value : what it holds.
    gradient : the derivative of the graph's output by this node; None where it is not known or there is none.
    requires_grad : whether gradients flow to it.
    carries : in a backward graph, whether the gradient flows through it, not only a part of a local derivative.
    layer : 0 for what the program computed, 1 for what its differentiation did, 2 for the differentiation of that, ...
    pair : for a gradient in a graph of both passes, the id of the node whose gradient it is.
    source : the line that made it: "file:line", without the folder, and its text; for what the rule of an operation
        recorded, the line that made the operation.
    of : for an alias, the id of the node it stands for.
    cluster : the path of the innermost cluster that it lies in; "" for none.
    owned : whether it is a parameter or buffer of a module.
    opens : for a closed cluster, its path; `Graph.cluster(path)` says more of it.
    result : for a closed cluster with one result, the label of that.
    further : in a graph of several outputs, the gradients of those after the first: (label of the output, gradient).
    kept, grad : where a picture shows `.grad`, what stands there, and its number.
    shown, note, colour, lit : what the author of a picture adds: another name, a line, a colour, emphasis.
    over : the letters of the axes that it works along: "j" for the second one.
    contents : for a group, what is in it: (description, count).
    mark : in a picture of what differs between two graphs, how this node does.
    """

    id: int
    kind: Kind
    label: str
    value: Quantity | None = None
    name: str | None = None
    operation: str | None = None
    symbol: str | None = None
    precedence: int | None = None
    attrs: tuple[tuple[str, str], ...] = ()
    ordered: bool = False
    gradient: Quantity | None = None
    requires_grad: bool = False
    carries: bool = False
    layer: int = 0
    pair: int | None = None
    source: tuple[str, str] | None = None
    of: int | None = None
    cluster: str = ""
    owned: bool = False
    opens: str | None = None
    contents: tuple[tuple[str, int], ...] = ()
    mark: Mark | None = None
    result: str = ""
    further: tuple[tuple[str, Quantity], ...] = ()
    over: str = ""
    kept: Kept | None = None
    grad: Quantity | None = None
    shown: str = ""
    note: str = ""
    colour: str = ""
    lit: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow: node `source` is operand `slot` (from 0) of node `target`.

    An arrow at a closed cluster stands for all that lead from the same node to the same box.

    Attributes
    ----------
    source, target : ids of nodes.
    slot : which operand of the target this is, from 0.
    local : the local derivative ∂target/∂source of an elementwise operation; None where there is none or it is not
        known. In a graph of gradients it stands where the upstream gradient enters a rule, as `contribution` does.
    direct : whether `local` is only the part of ∂target/∂source along this arrow, because the source reaches the
        target on other ways too.
    contribution : what this use adds to the gradient of the source; None where it is not known.
    rule : in a graph of both passes, how the contribution is computed, as a formula; g is the upstream gradient.
    value : where the source is a closed cluster, which may have several results, the one that this arrow carries.
    times : how many arrows this one stands for, where many equal parts are drawn once.
    recurrent : whether it leads on to the next repetition of what is drawn once; it then runs against the others, or
        from a box to itself.
    pair : in a graph of both passes, the number (from 1) of the forward arrow along which this one leads a gradient
        back.
    mark : in a picture of what differs between two graphs, how this arrow does.
    note, colour, lit : what the author of a picture adds to it.
    """

    source: int
    target: int
    slot: int
    local: Quantity | None = None
    contribution: Quantity | None = None
    rule: str | None = None
    value: Quantity | None = None
    times: int = 1
    recurrent: bool = False
    pair: int | None = None
    mark: Mark | None = None
    direct: bool = False
    note: str = ""
    colour: str = ""
    lit: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """A plain graph.

    Attributes
    ----------
    mode : "forward"; "backward" for the graph of the gradients: its boxes are gradients, not results; "both" for both
        in one: forward nodes first, then one gradient for each of them that has one; "architecture" for the layers of
        a model, without numbers.
    title : one line that says what it shows.
    nodes : in order of creation; `nodes[i].id == i + 1`.
    edges : by target, then by operand slot.
    outputs : the ids of the nodes that were asked for.
    of : the label of the node that is differentiated: `gradient` fields are ∂of/∂node.
    notes : what a reader should know besides: what is hidden, or why something is not shown.
    clusters : those that nodes lie in and those that are closed, each after the one around it.
    heading, caption : what the author writes above and below the picture.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, name="x")
    >>> g = plain(x * x)
    >>> [(e.source, e.target, e.slot) for e in g.edges]
    [(1, 2, 0), (1, 2, 1)]
    """

    mode: Mode
    title: str
    nodes: tuple[PlainNode, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[int, ...]
    of: str
    notes: tuple[str, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    heading: str = ""
    caption: str = ""

    def node(self, id: int) -> PlainNode:
        """The node with this id."""
        return self.nodes[id - 1]

    def cluster(self, path: str) -> Cluster:
        """The cluster with this path."""
        return next(cluster for cluster in self.clusters if cluster.path == path)

    def json(self) -> str:
        """The graph as JSON; `tg.graph.read` reads it back, and `graph.schema.json` describes it."""
        return FORMAT.write(self)


FORMAT = Format(Graph, "tinygrad_edu.graph", 1, "A computation graph, as tinygrad_edu draws it")
"""The JSON form of a graph; `formats/json_form.py` reads it and checks what is read."""


# From the engine's nodes to a plain graph.


class Recorded:
    """The recorded graph of an output: what every kind of plain graph of it is made from.

    Attributes
    ----------
    output : the node that was asked for; of several, the first.
    outputs : all nodes that were asked for.
    given : names from the user's program, for nodes that have none of their own.
    nodes : the output, the other nodes asked for, and everything that they were made from, in order of creation.
    clusters : which calls of modules made which of the nodes.
    names : a label for each node.
    """

    def __init__(self, output: Node, *others: Node, given: Mapping[Node, str] = NO_NAMES) -> None:
        self.output, self.outputs = output, (output, *others)
        self.nodes = ancestors(self.outputs)
        self.given = given

    @lazy
    def clusters(self) -> Clusters:
        return find_clusters(self.nodes)

    @lazy
    def names(self) -> dict[Node, str]:
        given = {node: name for node, name in self.given.items() if node.name is None}
        return labels(self.nodes, known={**self.clusters.names, **given})

    @lazy
    def shared(self) -> set[tuple[Node, int]]:
        """The uses whose local derivative is not all of a derivative, see `shared_ways`."""
        return shared_ways(self.nodes)


Along = Mapping[tuple[Node, int], tuple[Any, Any, "str | None"]]
"""Of uses, by node and operand slot: the local derivative, the contribution, and the rule as a formula."""


def plain(output: Node, *, gradients: bool = True, rule: Rule | None = None) -> Graph:
    """The graph that `output` was made by: all of it, with the numbers of the forward pass.

    Where the output is a single number, also the gradients, contributions and local derivatives, from one walk; `.grad`
    is neither read nor touched. Meant for graphs small enough to look at. With `rule`, each arrow has its rule as a
    formula: `rule(node, slot, names, "g")` writes it.
    """
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
    upstream = one_like(output) if seed is None else seeded(output, seed)
    try:
        passed = passed_back(recorded, contributions(output, upstream), rule, upstream)
    except TinygradError as error:
        return replace(forward_graph(recorded), notes=(say("no gradients: {problem}", problem=visible(str(error))),))
    graph = forward_graph(recorded, *passed)
    graph = with_grad(recorded, graph, passed[0]) if grad else graph
    return graph if seed is None else replace(graph, of=f"(seed·{graph.of})")


def seeded(output: Node, seed: Any) -> Any:
    """An upstream gradient that the user gave, of the kind of the output."""
    seed = number_of(seed)
    if shape_of(seed) != shape_of(output):
        raise GraphError(
            f"draw: the seed is of shape {shape_of(seed)}, and has to be of that of the result, {shape_of(output)}"
        )
    if not hasattr(output, "dtype"):
        return float(seed)
    import numpy as np

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
        text = None if rule is None else rule(step.node, step.slot, recorded.names, "g")
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
    drawn = [node.id for node in graph.nodes if node.kind != "constant"]
    place = dict(zip(recorded.nodes, drawn))
    found: dict[int, list[tuple[str, Quantity]]] = {}
    for output in recorded.outputs[1:]:
        if output.requires_grad and is_single(output):
            gradient: dict[Node, Any] = {output: one_like(output)}
            gradient.update((step.input, step.total) for step in contributions(output, one_like(output)))
            for node, total in gradient.items():
                found.setdefault(place[node], []).append((recorded.names[output], Quantity.of(total)))
    nodes = (replace(node, further=tuple(found.get(node.id, ()))) for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


def with_grad(recorded: Recorded, graph: Graph, gradient: Mapping[Node, Any]) -> Graph:
    """The graph with the `.grad` of leaves, and of results that keep one; a note says where it is no derivative."""
    drawn = [node.id for node in graph.nodes if node.kind != "constant"]
    nodes = list(graph.nodes)
    for x, id in zip(recorded.nodes, drawn):
        grad = getattr(x, "_grad", None)
        if x.requires_grad and (x.primitive is None or grad is not None):
            nodes[id - 1] = replace(nodes[id - 1], kept=_kept(grad, gradient.get(x)), grad=known(grad))
    others = [node.label for node in nodes if node.kept == "other"]
    notes = [say(OTHER, names=and_so_on([f"{name}.grad" for name in others]), of=graph.of)] if others else []
    return replace(graph, nodes=tuple(nodes), notes=(*graph.notes, *notes))


OTHER = texts(
    "What stands in {names} is not the derivative of {of}: backward() adds to it, and zero_grad() sets it to 0."
)


def _kept(grad: Any, derivative: Any) -> Kept:
    """How what stands in `.grad` goes with the derivative; 0 is what zero_grad() leaves."""
    import numpy as np

    if grad is None:
        return "none"
    number = number_of(grad)
    close = derivative is not None and np.allclose(number, number_of(derivative), rtol=1e-4, atol=1e-12, equal_nan=True)
    return "equal" if close or not np.any(number) else "other"


def assembled(
    recorded: Recorded, nodes: Sequence[PlainNode], edges: Iterable[Edge], notes: tuple[str, ...] = ()
) -> Graph:
    """The forward graph of these parts, of which the output is the last; several outputs are where their names are."""
    of = recorded.names[recorded.output]
    all_of = [recorded.names[output] for output in recorded.outputs]
    ids = {node.label: node.id for node in nodes if node.kind != "constant"}
    return Graph(
        mode="forward",
        title=say("The computation graph of {of}", of=and_so_on(all_of)),
        nodes=tuple(nodes),
        edges=tuple(edges),
        outputs=(len(nodes),) if len(all_of) == 1 else tuple(ids[label] for label in all_of),
        of=of,
        notes=notes,
        clusters=recorded.clusters.records,
    )


def and_so_on(names: Sequence[str]) -> str:
    """Names in a list.

    >>> and_so_on(["a"]), and_so_on(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def is_single(node: Node) -> bool:
    """Whether the node holds one number, so that a walk can begin there without a seed."""
    return math.prod(shape_of(node)) == 1


def one_like(node: Node) -> Any:
    """An upstream gradient of 1, or of ones, for a walk from this node."""
    if not hasattr(node, "dtype"):
        return 1.0
    import numpy as np

    return np.ones_like(number_of(node))


def ancestors(outputs: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """The outputs and all they were made from, in order of creation; nodes that `stop` is true of end the search."""
    seen = set(outputs)
    todo = list(seen)
    while todo:
        node = todo.pop()
        if stop is None or not stop(node):
            for x in node.inputs:
                if isinstance(x, Node) and x not in seen:
                    seen.add(x)
                    todo.append(x)
    return sorted(seen, key=creation)


def transcribe(
    nodes: Sequence[Node],
    names: Mapping[Node, str],
    *,
    gradient: Mapping[Node, Any] | None = None,
    edge: Along | None = None,
    clusters: Clusters = NONE,
    shared: Collection[tuple[Node, int]] = frozenset(),
    given: Mapping[Node, str] = NO_NAMES,
) -> tuple[tuple[PlainNode, ...], tuple[Edge, ...]]:
    """Nodes of the engine, in order of creation, as plain nodes and edges. Constants stand before their user.

    `gradient` holds what is known of the nodes, `edge` what is known of their uses.
    """
    gradient, edge = gradient or {}, edge or {}
    layer = layers(nodes)
    ids: dict[Node, int] = {}
    plain_nodes: list[PlainNode] = []
    edges: list[Edge] = []
    for node in nodes:
        cluster = clusters.path.get(node, "")
        sources = []
        for x in node.inputs:
            if not isinstance(x, Node):
                plain_nodes.append(constant(len(plain_nodes) + 1, x, cluster))
            sources.append(ids[x] if isinstance(x, Node) else len(plain_nodes))
        fields: dict[str, Any] = {"layer": layer.get(node, 0), "cluster": cluster, "owned": node in clusters.names}
        described = describe(
            len(plain_nodes) + 1, node, names[node], gradient=gradient.get(node), **fields, name=given.get(node)
        )
        plain_nodes.append(described)
        ids[node] = len(plain_nodes)
        for slot, source in enumerate(sources):
            local, contribution, rule = edge.get((node, slot), (None, None, None))
            direct = local is not None and (node, slot) in shared
            edges.append(Edge(source, ids[node], slot, known(local), known(contribution), rule, direct=direct))
    return tuple(plain_nodes), tuple(edges)


def constant(id: int, x: Any, cluster: str = "") -> PlainNode:
    """An operand that is not a node, as a plain node."""
    value = Quantity.of(x)
    return PlainNode(id, "constant", value.text(), value, cluster=cluster)


def describe(
    id: int,
    node: Node,
    label: str,
    kind: Kind | None = None,
    *,
    gradient: Any = None,
    name: str | None = None,
    **fields: Any,
) -> PlainNode:
    """One node of the engine as a plain node, of its own kind or of the `kind` given, with these fields besides."""
    primitive = node.primitive if kind in (None, "operation") else None
    if primitive is not None:
        fields |= {
            "operation": primitive.name,
            "symbol": primitive.symbol,
            "precedence": primitive.precedence,
            "attrs": tuple((key, attribute(value, key)) for key, value in node.attrs.items() if key not in INTERNAL),
            "ordered": primitive.name not in COMMUTATIVE and _differ(node.inputs),
            "over": over(node),
        }
    return PlainNode(
        id=id,
        kind=kind or ("leaf" if primitive is None else "operation"),
        label=label,
        value=_value_of(node),
        name=name if node.name is None else node.name,
        gradient=known(gradient),
        requires_grad=node.requires_grad,
        source=place(node),
        **fields,
    )


def _value_of(node: Node) -> Quantity:
    """The number of a node; only its shape and dtype where it cannot be computed any more."""
    try:
        return Quantity.of(node)
    except InPlaceError:  # a backward pass has released it, and what it was computed from has changed since
        shape, dtype = node.own_notes().released or ((), None)
        return Quantity(shape, str(dtype), None)


def place(node: Node) -> tuple[str, str] | None:
    """The line that made a node, as ("lesson.py:12", text), if it was recorded; the same on every machine."""
    source = node.source
    if source is None:
        return None
    shown = str(source if source.cell else source._replace(file=PurePath(source.file).name))
    return visible(shown), visible(source.text)


def _differ(operands: Sequence[Any]) -> bool:
    return any(x is not operands[0] for x in operands[1:])


def known(x: Any) -> Quantity | None:
    """A number, an array or the number of a node as a quantity; None of None."""
    return x if x is None or isinstance(x, Quantity) else Quantity.of(x)


def attribute(value: Any, key: str = "") -> str:
    """An attribute of a call in a few characters: `(0, 1)` for an axis, `[1:, None]` for an index.

    >>> attribute((slice(1, None), None, 2), "index")
    '[1:, None, 2]'
    """
    if key == "index":
        parts = value if isinstance(value, tuple) else (value,)
        return shorten("[" + ", ".join(map(_index, parts)) + "]", 40)
    if hasattr(value, "dtype") and shape_of(value):
        return Quantity.of(value).text()
    if key == "dtype" and value is not None:
        import numpy as np

        return str(np.dtype(value))
    return shorten(visible(repr(value)), 40)


def switched_on(attrs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The attributes of a call that switch something on."""
    return [(key, value) for key, value in attrs if value not in ("None", "False")]


def _index(part: Any) -> str:
    if isinstance(part, slice):
        start, stop, step = ("" if x is None else str(x) for x in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if part is Ellipsis else attribute(part)
