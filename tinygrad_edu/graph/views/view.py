"""Views of a plain graph: what a picture shows of it. A view takes a graph and gives a graph.

`view` chooses what to show of a graph; `focused` cuts out a neighbourhood. `aliased` draws a leaf that is used
everywhere as a small copy beside each use; `collapse` stands for a graph that is too large to draw in any other way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from ...engine.node import Node
from ...engine.walk import gradients
from ...errors import TinygradError
from ..plain import Edge, Graph, Kind, Mode, PlainNode, describe, is_single, labels, one_like
from ..text import plural
from .boxes import close, depth_of, opened, what_is_hidden
from .fold import fold, what_is_folded

__all__ = ["HUGE", "LIMIT", "Depth", "aliased", "collapse", "collapse_nodes", "collapsed", "focused", "view"]

Depth = int | Literal["auto", "all"]

USES = 4
"""A leaf with more users than this is drawn as an alias at each of them; a number of the forward pass, with more than
one. Besides being readable, this is what keeps Graphviz alive: shared leaves take it minutes."""

LIMIT = 150
"""A picture of more boxes than this says nothing."""

HUGE = 20_000
"""Of a graph of more nodes than this no plain graph is made."""

SHOWN = 8
"""A collapsed picture still shows up to so many inputs, and outputs, one by one."""

ROWS = 12
"""How many kinds of operation a collapsed picture lists."""


def view(graph: Graph, depth: Depth = "auto", expand: Collection[str] = ()) -> Graph:
    """What a picture shows of a graph, ready to be drawn.

    Parameters
    ----------
    depth : how many clusters around each other are open: at 0 the outermost modules are boxes, at 1 those in them;
        calls of one module that follow each other are drawn once, and in a large picture all equal parts. "all":
        everything is open and drawn. "auto": everything if it is readable; else as deep as is readable, with equal
        parts drawn once where need be.
    expand : clusters that are open in any case.

    Raises `ValueError` where `expand` names a cluster that does not exist, with those of similar names.
    """
    if depth == "all":
        opened(graph, 0, expand)  # the names may be wrong all the same
        return aliased(graph)
    if depth == "auto":
        return _readable(graph, expand)
    closed = close(graph, opened(graph, depth, expand))
    shown = aliased(fold(closed, calls_only=True))
    return _noted(shown if len(shown.nodes) <= LIMIT else aliased(fold(closed)))


def _readable(graph: Graph, expand: Collection[str]) -> Graph:
    """The graph whole, or else with equal parts folded and as deep as is readable, or else collapsed."""
    everything = aliased(graph)
    if len(everything.nodes) <= LIMIT and not expand:
        return everything
    for depth in range(depth_of(graph), -1, -1):
        shown = aliased(fold(close(graph, opened(graph, depth, expand))))
        if len(shown.nodes) <= LIMIT:
            return _noted(shown)
    return collapse(graph)


def _noted(graph: Graph) -> Graph:
    """The graph with a line on what its boxes hide and what it shows once for many times."""
    return replace(graph, notes=(*graph.notes, *filter(None, (what_is_hidden(graph), what_is_folded(graph)))))


def focused(graph: Graph, center: int, hops: int) -> Graph:
    """What lies within so many arrows, in or against their direction, of the node with the id `center`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.plain import plain
    >>> x = tg.Value(2.0, "x")
    >>> y = tg.Value(3.0, "y") * (x * x).tanh()
    >>> [node.label for node in focused(plain(y), 3, 1).nodes]
    ['x', 'v1', 'v2']
    """
    if not (type(hops) is int and hops >= 0):
        raise ValueError(f"draw: hops is the number of arrows around the focus to show, not {hops!r:.60}")
    near = neighbourhood(graph, [center], hops)
    far = len(graph.nodes) - len(near.nodes)
    note = (
        f"{plural(hops, 'arrow')} around {graph.node(center).label}: {plural(far, 'node')} further away not shown; "
        f"hops={hops + 1} shows more."
    )
    return replace(near, notes=(*graph.notes, note)) if far else near


def neighbourhood(graph: Graph, centers: Iterable[int], hops: int) -> Graph:
    """The part of the graph within so many arrows, in or against their direction, of any of these nodes."""
    neighbours: dict[int, list[int]] = {}
    for edge in graph.edges:
        neighbours.setdefault(edge.source, []).append(edge.target)
        neighbours.setdefault(edge.target, []).append(edge.source)
    rim = list(centers)
    shown = set(rim)
    for _ in range(hops):
        rim = [x for x in dict.fromkeys(x for id in rim for x in neighbours.get(id, ())) if x not in shown]
        shown.update(rim)
    nodes = [node for node in graph.nodes if node.id in shown]
    now = {node.id: id for id, node in enumerate(nodes, 1)}
    return replace(
        graph,
        nodes=tuple(replace(node, id=now[node.id]) for node in nodes),
        edges=tuple(
            replace(edge, source=now[edge.source], target=now[edge.target])
            for edge in graph.edges
            if edge.source in now and edge.target in now
        ),
        outputs=tuple(now[id] for id in graph.outputs if id in now),
    )


def aliased(graph: Graph, uses: int = USES) -> Graph:
    """The graph with one dashed alias per user of a leaf that has many; the first user keeps the leaf itself.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.plain import plain
    >>> w = tg.Value(2.0, name="w")
    >>> y = w
    >>> for _ in range(5):
    ...     y = y * w
    >>> [node.kind for node in aliased(plain(y)).nodes].count("alias")
    4
    """
    users: dict[int, list[int]] = {}
    for edge in graph.edges:
        own = users.setdefault(edge.source, [])
        if edge.target not in own[-1:]:
            own.append(edge.target)
    nodes = list(graph.nodes)
    stand_in: dict[tuple[int, int], int] = {}
    for source, targets in users.items():
        node = graph.node(source)
        many = {"leaf": uses, "forward": 1}.get(node.kind)
        if many is None or len(targets) <= many:
            continue
        if node.kind == "forward":
            nodes[source - 1] = replace(node, cluster=graph.node(targets[0]).cluster)
        for target in targets[1:]:
            kind: Kind = "forward" if node.kind == "forward" else "alias"
            gradient = None if kind == "alias" else node.gradient
            cluster = graph.node(target).cluster
            nodes.append(replace(node, id=len(nodes) + 1, kind=kind, of=source, gradient=gradient, cluster=cluster))
            stand_in[source, target] = len(nodes)
    edges = tuple(replace(edge, source=stand_in.get((edge.source, edge.target), edge.source)) for edge in graph.edges)
    return replace(graph, nodes=tuple(nodes), edges=edges)


def collapse(graph: Graph) -> Graph:
    """A graph too large to draw, as its inputs, its operations by kind and number, and its outputs.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.plain import plain
    >>> y = tg.Value(1.0, name="x")
    >>> for _ in range(200):
    ...     y = y * 2
    >>> [node.label for node in collapse(plain(y)).nodes]
    ['x', '200 constants', '199 operations', 'v200']
    """
    hidden = [node for node in graph.nodes if node.id not in graph.outputs]
    return collapsed(
        graph.mode,
        graph.of,
        inputs=[node for node in hidden if node.kind in ("leaf", "forward")],
        constants=sum(node.kind == "constant" for node in hidden),
        operations=Counter(node.operation or "handing on" for node in hidden if node.kind in ("operation", "gradient")),
        outputs=[graph.node(id) for id in graph.outputs],
    )


def collapse_nodes(nodes: Sequence[Node], output: Node, *, gradients_too: bool = True) -> Graph:
    """The same for a forward graph of millions of nodes, of which no plain graph is made; in time linear in them.

    `nodes` is all that the output was made from, itself included, in order of creation.
    """
    names = labels(nodes)
    hidden = [node for node in nodes if node is not output]
    leaves = [node for node in hidden if node.primitive is None]
    known: list[Any] = [None] * len(leaves)
    own = None
    if gradients_too and len(leaves) <= SHOWN and output.requires_grad and is_single(output):
        with suppress(TinygradError):
            own = one_like(output)
            known = gradients(output, leaves, own)
    return collapsed(
        "forward",
        names[output],
        inputs=[describe(0, leaf, names[leaf], gradient=gradient) for leaf, gradient in zip(leaves, known)],
        constants=sum(not isinstance(x, Node) for node in nodes for x in node.inputs),
        operations=Counter(node.primitive.name for node in hidden if node.primitive is not None),
        outputs=[describe(0, output, names[output], gradient=own)],
    )


def collapsed(
    mode: Mode,
    of: str,
    *,
    inputs: Sequence[PlainNode],
    operations: Counter[str],
    outputs: Sequence[PlainNode],
    constants: int = 0,
    noun: str = "operation",
) -> Graph:
    """The picture of a graph that is too large: inputs and outputs one by one if they are few, all else in groups."""
    many = operations.total()
    shown = [*_group_if_many(inputs, "input")]
    if constants:
        shown.append(PlainNode(0, "group", plural(constants, "constant")))
    before = len(shown)
    shown.append(PlainNode(0, "group", plural(many, noun), contents=_by_count(operations)))
    shown += _group_if_many(outputs, "output")
    total = len(inputs) + constants + many + len(outputs)
    return Graph(
        mode=mode,
        title=f"The {mode} graph of {of}, collapsed",
        nodes=tuple(replace(node, id=id) for id, node in enumerate(shown, 1)),
        edges=(
            *(Edge(id, before + 1, id - 1) for id in range(1, before + 1)),
            *(Edge(before + 1, id, 0) for id in range(before + 2, len(shown) + 1)),
        ),
        outputs=tuple(range(before + 2, len(shown) + 1)),
        of=of,
        notes=(
            f"{plural(total, 'node')}, too many to draw one by one: this shows their kinds and numbers. "
            "focus=node shows what is around one of them, depth='all' draws everything.",
        ),
    )


def _group_if_many(nodes: Sequence[PlainNode], noun: str) -> Sequence[PlainNode]:
    """The nodes themselves if they are few, without their operands; else one group of them."""
    if len(nodes) <= SHOWN:
        return [replace(node, ordered=False) for node in nodes]
    kinds = Counter("numbers" if node.value and node.value.is_number else "arrays" for node in nodes)
    return [PlainNode(0, "group", plural(len(nodes), noun), contents=_by_count(kinds))]


def _by_count(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """The most frequent first, the rest in one line."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ranked[ROWS:]
    return (*ranked[:ROWS], *([(f"{len(rest)} more kinds", sum(count for _, count in rest))] if rest else []))
