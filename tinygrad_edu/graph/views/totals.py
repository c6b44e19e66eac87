"""Graphs that are too large to draw: their inputs, their operations by kind and number, and their outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..._support.languages import counted, say, texts
from ...engine.gradients import gradients
from ...engine.node import Node, shape_of
from ...engine.walk import walk
from ...errors import TinygradError
from ..names import partial
from ..numbers import Quantity
from ..plain import Edge, Graph, Mode, PlainNode
from ..recorded import Recorded, is_single, one_like
from ..transcribe import describe

__all__ = ["totals", "totals_of_backward", "totals_of_nodes"]

SHOWN = 8
"""Up to so many inputs, and outputs, are shown one by one."""

ROWS = 12
"""How many kinds of operation are listed."""


OPERATIONS = texts(("{n} operation", "{n} operations"))
CALLS = texts(("{n} operation or call", "{n} operations and calls"))
CONTRIBUTIONS = texts(("{n} contribution", "{n} contributions"))
INPUTS = texts(("{n} input", "{n} inputs"))
OUTPUTS = texts(("{n} output", "{n} outputs"))
TITLES: dict[Mode, str] = texts(
    {
        "forward": "The forward graph of {of}, collapsed",
        "backward": "The backward graph of {of}, collapsed",
        "both": "The both graph of {of}, collapsed",
    }
)


def totals(graph: Graph) -> Graph:
    """The picture of a plain graph that is too large.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> y = tg.Value(1.0, name="x")
    >>> for _ in range(200):
    ...     y = y * 2
    >>> [node.label for node in totals(plain(y)).nodes]
    ['x', '200 constants', '199 operations', 'v₂₀₀']
    """
    hidden = [node for node in graph.nodes if node.id not in graph.outputs]
    closed = Counter(graph.cluster(node.opens).title for node in hidden if node.opens is not None)
    operations = Counter(
        node.operation or say("handing on") for node in hidden if node.kind in ("operation", "gradient")
    )
    return _totals(
        graph.mode,
        graph.of,
        inputs=[node for node in hidden if node.kind in ("leaf", "forward")],
        constants=sum(node.kind == "constant" for node in hidden),
        operations=closed + operations,
        outputs=[graph.node(id) for id in graph.outputs],
        noun=CALLS if closed else OPERATIONS,
    )


def totals_of_nodes(recorded: Recorded, *, gradients_too: bool = True) -> Graph:
    """The same for a forward graph of millions of nodes, of which no plain graph is made; in time linear in them."""
    names, nodes, output = recorded.names, recorded.nodes, recorded.output
    asked = set(recorded.outputs)
    hidden = [node for node in nodes if node not in asked]
    leaves = [node for node in hidden if node.primitive is None]
    few = len(leaves) <= SHOWN
    own = one_like(output) if gradients_too and output.requires_grad and is_single(output) else None
    known: dict[Node, Any] = {}
    if few and own is not None:
        with suppress(TinygradError):
            known = dict(walk(output, own))

    def box(node: Node, gradient: Any) -> PlainNode:
        return describe(0, node, names[node], gradient=gradient, name=recorded.given.get(node))

    return _totals(
        "forward",
        names[output],
        inputs=[box(leaf, known.get(leaf)) for leaf in leaves] if few else leaves,
        constants=sum(not isinstance(x, Node) for node in nodes for x in node.inputs),
        operations=Counter(node.primitive.name for node in hidden if node.primitive is not None),
        outputs=[box(x, own if x is output else None) for x in recorded.outputs],
    )


def totals_of_backward(recorded: Recorded) -> Graph:
    """The same for the backward graph of an output made from too many nodes; in time linear in them."""
    names, nodes, output = recorded.names, recorded.nodes, recorded.output
    leaves = [node for node in nodes if node.primitive is None and node.requires_grad]
    found = zip(leaves, gradients(output, leaves, one_like(output)))
    reached = {leaf: gradient for leaf, gradient in found if gradient is not None}

    def box(node: Node, gradient: Any) -> PlainNode:
        label, value = partial(names[output], names[node]), Quantity.of(gradient)
        return PlainNode(0, "gradient", label, value, requires_grad=True, carries=True, layer=1)

    return _totals(
        "backward",
        names[output],
        inputs=[box(output, one_like(output))],
        operations=Counter(
            f"through {node.primitive.name}"
            for node in nodes
            if node.primitive is not None
            for x in node.inputs
            if isinstance(x, Node) and x.requires_grad
        ),
        outputs=[box(*each) for each in reached.items()] if len(reached) <= SHOWN else [*reached],
        noun=CONTRIBUTIONS,
    )


def _totals(
    mode: Mode,
    of: str,
    *,
    inputs: Sequence[PlainNode | Node],
    operations: Counter[str],
    outputs: Sequence[PlainNode | Node],
    constants: int = 0,
    noun: tuple[str, str] = OPERATIONS,
) -> Graph:
    """Inputs and outputs one by one if they are few, and described; everything else in groups."""
    many = operations.total()
    shown = [*_group_if_many(inputs, INPUTS)]
    if constants:
        shown.append(PlainNode(0, "group", counted(constants, "{n} constant", "{n} constants")))
    before = len(shown)
    shown.append(PlainNode(0, "group", counted(many, *noun), contents=_by_count(operations)))
    shown += _group_if_many(outputs, OUTPUTS)
    total = len(inputs) + constants + many + len(outputs)
    return Graph(
        mode=mode,
        title=say(TITLES[mode], of=of),
        nodes=tuple(replace(node, id=id) for id, node in enumerate(shown, 1)),
        edges=(
            *(Edge(id, before + 1, id - 1) for id in range(1, before + 1)),
            *(Edge(before + 1, id, 0) for id in range(before + 2, len(shown) + 1)),
        ),
        outputs=tuple(range(before + 2, len(shown) + 1)),
        of=of,
        notes=(
            say(
                "{n} nodes, too many to draw one by one: this shows their kinds and numbers. focus=node shows what is "
                "around one of them, depth='all' draws everything.",
                n=f"{total:,}",
            ),
        ),
    )


def _group_if_many(nodes: Sequence[PlainNode | Node], noun: tuple[str, str]) -> Sequence[PlainNode]:
    """The nodes themselves if they are few, without their operands; else one group of them."""
    described = [replace(node, ordered=False) for node in nodes if isinstance(node, PlainNode)]
    if len(described) == len(nodes) <= SHOWN:
        return described
    kinds = Counter("numbers" if _is_number(node) else "arrays" for node in nodes)
    return [PlainNode(0, "group", counted(len(nodes), *noun), contents=_by_count(kinds))]


def _is_number(node: PlainNode | Node) -> bool:
    if isinstance(node, Node):
        return shape_of(node) == ()
    return node.value is not None and node.value.is_number


def _by_count(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """The most frequent first, the rest in one line."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ranked[ROWS:]
    return (*ranked[:ROWS], *([(say("{n} more kinds", n=len(rest)), sum(count for _, count in rest))] if rest else []))
