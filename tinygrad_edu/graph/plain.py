"""The plain graph: a recorded graph as immutable data, for everything that draws it or writes it down.

No output format sees anything else. A plain graph holds no arrays and no nodes of the engine, so it stays as it is,
whatever the program does next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._support.json_records import Format
from .clusters import Cluster
from .numbers import Quantity

__all__ = ["FORMAT", "Cluster", "Edge", "Graph", "Kept", "Kind", "Mark", "Mode", "PlainNode", "Quantity"]


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
    formula : where other results are written out in this box, the whole of what it computes.
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
    formula: str = ""
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
    rule : in a graph of both passes, how the contribution is computed, as a formula.
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
    upstream : the letter of the upstream gradient in rules.
    notes : what a reader should know besides: what is hidden, or why something is not shown.
    clusters : those that nodes lie in and those that are closed, each after the one around it.
    heading, caption : what the author writes above and below the picture.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, name="x")
    >>> [(e.source, e.target, e.slot) for e in tg.graph.plain(x * x).edges]
    [(1, 2, 0), (1, 2, 1)]
    """

    mode: Mode
    title: str
    nodes: tuple[PlainNode, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[int, ...]
    of: str
    upstream: str = "g"
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
