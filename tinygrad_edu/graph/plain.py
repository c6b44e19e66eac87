"""The plain graph: what a picture, a formula or a file needs to know of a graph, as immutable data.

Everything that is drawn or written goes through this form, and no output format sees anything else. It holds no arrays
and no nodes of the engine, so it stays as it was when it was taken, whatever the program does next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal, cast

from ..engine.node import Node, creation
from ..engine.primitives.primitive import shape_of
from ..engine.walk import steps
from ..errors import InPlaceError, TinygradError
from .clusters import NONE, Cluster, Clusters, find_clusters
from .names import labels, layers
from .text import number, shorten, visible

__all__ = [
    "Cluster",
    "Edge",
    "Graph",
    "PlainNode",
    "Quantity",
    "ancestors",
    "constant",
    "data_of",
    "describe",
    "is_single",
    "known",
    "labels",
    "one_like",
    "place",
    "plain",
    "transcribe",
]

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

Mode = Literal["forward", "backward", "both"]

Mark = Literal["missing", "extra", "changed"]
"""How a part of a graph differs from what was expected: it is missing, it is one too many, or it is another."""

Rule = Callable[[Node, int, Mapping[Node, str], str], str | None]
"""Writes a rule of the table: of a node, for one of its operands, in these names, with this one for the upstream."""

COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum"})
"""The primitives whose operands may change places; those of all others are numbered."""

INTERNAL = frozenset({"counted", "ends", "windows"})
"""Attributes that no user gave."""

FEW = 12
"""An array of up to this many elements is shown in full."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or what can be said of an array in a line: its elements if they are few, else their range.

    Attributes
    ----------
    shape : `()` for a single number.
    dtype : "float" for a Python number.
    elements : the elements in C order; None where there are more than a dozen.
    low, high : the range of an array's finite elements; None where there are none.
    strange : how many elements are nan or infinite.
    """

    shape: tuple[int, ...]
    dtype: str
    elements: tuple[float, ...] | None
    low: float | None = None
    high: float | None = None
    strange: int = 0

    @staticmethod
    def of(data: Any) -> Quantity:
        """What can be said of a Python number or NumPy array.

        >>> Quantity.of(2.5).text()
        '2.5'
        >>> import numpy as np
        >>> Quantity.of(np.arange(6.0).reshape(2, 3)).text()
        '[[0, 1, 2], [3, 4, 5]]'
        >>> Quantity.of(np.linspace(-1, 1, 100)).text()
        '(100,) float64, −1 … 1'
        """
        if not hasattr(data, "dtype"):
            return Quantity((), "float", (_float(data),))
        import numpy as np

        data = np.asarray(data)
        shape, dtype = tuple(data.shape), str(data.dtype)
        if not (np.issubdtype(data.dtype, np.number) or data.dtype == bool) or np.iscomplexobj(data):
            return Quantity(shape, dtype, None)
        elements = tuple(map(_float, data.ravel().tolist())) if data.size <= FEW else None
        finite = data[np.isfinite(data)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (None, None)
        return Quantity(shape, dtype, elements, low, high, int(data.size - finite.size))

    @property
    def is_number(self) -> bool:
        """Whether this is a single number, not an array."""
        return self.shape == () and self.elements is not None

    def text(self, digits: int = 6) -> str:
        """The quantity in one line."""
        if self.elements is None or 0 in self.shape:
            return f"{self.kind()}, {self.range(digits)}"
        cells = self.cells(digits)
        for size in reversed(self.shape):
            cells = ["[" + ", ".join(cells[i : i + size]) + "]" for i in range(0, len(cells), size)]
        return cells[0]

    def cells(self, digits: int = 6) -> list[str]:
        """The elements as text, if they are few."""
        if self.dtype == "bool":
            return ["true" if x else "false" for x in self.elements or ()]
        return [number(x, digits) for x in self.elements or ()]

    def kind(self, *, dtype: bool = True) -> str:
        """Shape and dtype, the shape as Python writes it."""
        return shorten(str(self.shape), 32) + (f" {self.dtype}" if dtype else "")

    def range(self, digits: int = 4) -> str:
        """Between which numbers the elements lie."""
        if 0 in self.shape:
            return "empty"
        if self.low is None or self.high is None:
            if self.strange:
                return "all nan or ∞"
            return "not kept" if self.dtype.startswith(("float", "int", "uint", "bool")) else "not numbers"
        between = (
            f"{number(self.low, digits)} … {number(self.high, digits)}"
            if self.low < self.high
            else f"all {number(self.low, digits)}"
        )
        return between + (f", {self.strange:,} nan or ∞" if self.strange else "")


def _float(x: Any) -> float:
    try:
        return math.nan if x != x else float(x)  # the one nan of this process: with it, equal graphs are equal
    except OverflowError:  # an integer beyond the floats
        return float("inf") if x > 0 else float("-inf")


@dataclass(frozen=True, slots=True)
class PlainNode:
    """A node of a plain graph.

    Attributes
    ----------
    id : its number in this graph, in order of creation from 1.
    kind : what it stands for, see `Kind`.
    label : what it is called in pictures and formulas: the user's name, or `x1`, `v1`, ...; unique but for aliases.
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
    contribution : what this use adds to the gradient of the source; None where it is not known.
    rule : in a graph of both passes, how the contribution is computed, as a formula; g is the upstream gradient.
    value : where the source is a closed cluster, which may have several results, the one that this arrow carries.
    times : how many arrows this one stands for, where many equal parts are drawn once.
    recurrent : whether it leads on to the next repetition of what is drawn once; it then runs against the others, or
        from a box to itself.
    pair : in a graph of both passes, the number (from 1) of the forward arrow along which this one leads a gradient
        back.
    mark : in a picture of what differs between two graphs, how this arrow does.
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


@dataclass(frozen=True, slots=True)
class Graph:
    """A plain graph.

    Attributes
    ----------
    mode : "forward"; "backward" for the graph of the gradients: its boxes are gradients, not results; "both" for both
        in one: forward nodes first, then one gradient for each of them that has one.
    title : one line that says what it shows.
    nodes : in order of creation; `nodes[i].id == i + 1`.
    edges : by target, then by operand slot.
    outputs : the ids of the nodes that were asked for.
    of : the label of the node that is differentiated: `gradient` fields are ∂of/∂node.
    notes : what a reader should know besides: what is hidden, or why something is not shown.
    clusters : those that nodes lie in and those that are closed, each after the one around it.

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

    def node(self, id: int) -> PlainNode:
        """The node with this id."""
        return self.nodes[id - 1]

    def cluster(self, path: str) -> Cluster:
        """The cluster with this path."""
        return next(cluster for cluster in self.clusters if cluster.path == path)

    def json(self) -> str:
        """The graph as JSON; `tg.graph.read` reads it back, and `graph.schema.json` describes it."""
        from .formats.json_form import FORMAT

        return FORMAT.write(self)


def plain(output: Node, *, gradients: bool = True, rule: Rule | None = None) -> Graph:
    """The graph that `output` was made by: all of it, with the numbers of the forward pass.

    Where the output is a single number, also the gradients, contributions and local derivatives, from the walk;
    `.grad` is neither read nor touched. Meant for graphs small enough to look at; see `collapse` for larger ones.
    `rule(node, slot, names, "g")` writes the rule of an arrow as a formula, where that is asked for.
    """
    nodes = ancestors([output])
    clusters = find_clusters(nodes)
    names = labels(nodes, known=clusters.names)
    gradient: dict[Node, Any] = {}
    edge: dict[tuple[Node, int], tuple[Any, Any, str | None]] = {}
    notes: list[str] = []
    if gradients and output.requires_grad:
        if is_single(output):
            try:
                gradient[output] = one_like(output)
                for step in steps(output, one_like(output)):
                    gradient[step.input] = step.total
                    text = None if rule is None else rule(step.node, step.slot, names, "g")
                    edge[step.node, step.slot] = step.local, step.contribution, text
            except TinygradError as error:
                gradient.clear()
                edge.clear()
                notes.append(f"no gradients: {visible(str(error))}")
        else:
            notes.append(
                f"no gradients: {names[output]} is an array, and they are those of a single number, such as its sum"
            )
    plain_nodes, edges = transcribe(nodes, names, gradient=gradient, edge=edge, clusters=clusters)
    return Graph(
        mode="forward",
        title=f"The computation graph of {names[output]}",
        nodes=plain_nodes,
        edges=edges,
        outputs=(len(plain_nodes),),
        of=names[output],
        notes=tuple(notes),
        clusters=clusters.records,
    )


def is_single(node: Node) -> bool:
    """Whether the node holds one number, so that a walk can begin there without a seed."""
    return math.prod(shape_of(node)) == 1


def one_like(node: Node) -> Any:
    """An upstream gradient of 1, or of ones, for a walk from this node."""
    if not hasattr(node, "dtype"):
        return 1.0
    import numpy as np

    return np.ones_like(data_of(node))


def ancestors(outputs: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """The outputs and all they were made from, in order of creation; what `stop` names is not followed further."""
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
    edge: Mapping[tuple[Node, int], tuple[Any, Any, str | None]] | None = None,
    clusters: Clusters = NONE,
) -> tuple[tuple[PlainNode, ...], tuple[Edge, ...]]:
    """Nodes of the engine, in order of creation, as plain nodes and edges. Constants stand before their user.

    `gradient` has what is known of the nodes, `edge` (local derivative, contribution) of their uses.
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
        described = describe(len(plain_nodes) + 1, node, names[node], gradient=gradient.get(node))
        described = replace(described, layer=layer.get(node, 0), cluster=cluster, owned=node in clusters.names)
        plain_nodes.append(described)
        ids[node] = len(plain_nodes)
        for slot, source in enumerate(sources):
            local, contribution, rule = edge.get((node, slot), (None, None, None))
            edges.append(Edge(source, ids[node], slot, known(local), known(contribution), rule))
    return tuple(plain_nodes), tuple(edges)


def constant(id: int, x: Any, cluster: str = "") -> PlainNode:
    """An operand that is no node, as a plain node."""
    value = Quantity.of(x)
    return PlainNode(id, "constant", value.text(4), value, cluster=cluster)


def describe(id: int, node: Node, label: str, kind: Kind | None = None, *, gradient: Any = None) -> PlainNode:
    """One node of the engine as a plain node; of another `kind` than its own where that is given."""
    primitive = node.primitive if kind in (None, "operation") else None
    common = PlainNode(
        id=id,
        kind=kind or ("leaf" if primitive is None else "operation"),
        label=label,
        value=_number_of(node),
        name=node.name,
        gradient=known(gradient),
        requires_grad=node.requires_grad,
        source=place(node),
    )
    if primitive is None:
        return common
    return replace(
        common,
        operation=primitive.name,
        symbol=primitive.symbol,
        precedence=primitive.precedence,
        attrs=tuple((key, attribute(value, key)) for key, value in node.attrs.items() if key not in INTERNAL),
        ordered=primitive.name not in COMMUTATIVE and _differ(node.inputs),
    )


def _number_of(node: Node) -> Quantity:
    """What can be said of a node's number."""
    try:
        return Quantity.of(data_of(node))
    except InPlaceError:  # a backward pass has let go of it, and what it was computed from has changed since
        shape, dtype = node.notes.released
        return Quantity(shape, str(dtype), None)


def place(node: Node) -> tuple[str, str] | None:
    """The line that made a node, as ("lesson.py:12", text), if it was recorded; the same on every machine."""
    source = node.source
    if source is None:
        return None
    return str(source if source.cell else source._replace(file=PurePath(source.file).name)), source.text


def _differ(operands: Sequence[Any]) -> bool:
    return any(x is not operands[0] for x in operands[1:])


def known(x: Any) -> Quantity | None:
    """What can be said of a number, an array or the content of a node; None of None."""
    return x if x is None or isinstance(x, Quantity) else Quantity.of(data_of(x))


def data_of(x: Any) -> Any:
    """The number or array in a node; a number or array as it is."""
    return cast(Any, x).data if isinstance(x, Node) else x


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


def _index(part: Any) -> str:
    if isinstance(part, slice):
        start, stop, step = ("" if x is None else str(x) for x in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if part is Ellipsis else attribute(part)
