"""What a page needs to compute a graph of numbers and small arrays again: its rows, and which box shows which row."""

from __future__ import annotations

import math
import re
from functools import cache
from html import escape
from string import Template
from typing import Any, NamedTuple

import numpy as np

from ...._support.files import read_resource
from ...._support.grouping import grouped
from ...._support.languages import say, texts
from ...plain import Edge, Graph, Quantity
from ...text import width
from .elements import EXPANSIONS, THE_SAME, Array, Elements

__all__ = ["Rows", "panel", "place_of", "script", "still", "touchable", "why_still"]

MOST, MOST_NUMBERS = 1_000, 2_500
"""A graph of more nodes, or of more single numbers, stays still."""

PANEL = """<section id="touch" aria-label="$touch" hidden>
<label>$change <select id="leaf"></select></label>
<label>$to <input id="number" type="text" inputmode="decimal" autocomplete="off"></label>
<input id="range" type="range" aria-label="$drag">
<button id="reset" type="button">$reset</button>
<span id="nudge"></span>
<output id="touched" for="number range" aria-live="polite"></output>
</section>"""
"""The panel of a page."""

TEXTS = texts(
    {"touch": "Numbers to touch", "change": "Change", "to": "to", "drag": "Drag the number", "reset": "Reset"}
)


class Rows(NamedTuple):
    """The rows of a graph: its data for the page, the rows of each label, and those of each operand of each label."""

    data: dict[str, Any]
    row_of: dict[str, Array]
    operands: dict[str, list[Array]]

    @property
    def of_arrays(self) -> bool:
        """Whether there is an array among them."""
        return any(rows.shape for rows in self.row_of.values())

    def places(self, graph: Graph) -> tuple[dict[int, Any], list[Any]]:
        """The row of each node of a picture, and of each arrow the rows of its ends and the operand.

        Of arrays, the rows with what is needed to print them; an arrow has the rows of what it passes back.
        """
        labels: dict[int, str] = {}
        for node in graph.nodes:
            own = graph.node(node.pair) if node.pair else node
            own = graph.node(own.of) if own.kind == "alias" and own.of else own
            label = own.result if own.kind == "module" else own.label
            labels[node.id] = label if own.kind != "constant" and label in self.row_of else ""
        ends: list[Any] = []
        for edge in graph.edges:
            forward = graph.edges[edge.pair - 1] if edge.pair else edge
            target, source = labels[forward.target], labels[forward.source]
            known = target and source and graph.node(forward.target).kind == "operation"
            ends.append(self._end(target, source, forward) if known else None)
        return {id: place_of(self.row_of[label]) if label else None for id, label in labels.items()}, ends

    def _end(self, target: str, source: str, edge: Edge) -> Any:
        to, passed = self.row_of[target], self.operands[target][edge.slot]
        if not to.shape and not passed.shape:
            return [place_of(to), place_of(self.row_of[source]), edge.slot]
        return {"passed": place_of(passed), "by": place_of(to) if edge.local else None, "slot": edge.slot}


def place_of(rows: Array) -> Any:
    """The rows of an array for the page: one alone, or all with the shape."""
    return {"rows": rows.ravel().tolist(), "shape": list(rows.shape)} if rows.shape else int(rows)


@cache
def known_operations() -> frozenset[str]:
    """The operations that the page can compute on single numbers."""
    table = script("touch.js").partition("const OPERATIONS = {")[2].partition("\n};")[0]
    return frozenset(re.findall(r"^  (\w+): \[", table, re.MULTILINE))


def why_still(graph: Graph) -> str:
    """Why the numbers of a page stay as they are: "operation" where it cannot compute one; else ""."""
    given = all(node.value and node.value.elements for node in graph.nodes if not node.operation)
    known = known_operations() | set(EXPANSIONS) | THE_SAME
    unknown = any(node.operation and node.operation not in known for node in graph.nodes)
    return "operation" if graph.mode == "forward" and given and unknown else ""


def still(graph: Graph) -> str:
    """What the page says of numbers that it cannot compute again; nothing of other graphs."""
    if not why_still(graph):
        return ""
    said = say("These numbers stay as they are: the graph has an operation that the page cannot compute.")
    return f'<p class="keys">{escape(said)}</p>'


def touchable(graph: Graph | None) -> Rows | None:
    """The rows of a whole graph, where it is of numbers and small arrays, and all operations have rows; else None."""
    if graph is None or graph.mode != "forward" or len(graph.outputs) != 1 or len(graph.nodes) > MOST:
        return None
    output = graph.node(graph.outputs[0])
    if output.value is None or not output.value.is_number:
        return None
    try:
        elements, of, operands = _elements(graph)
    except ValueError:
        return None
    if not any(len(row) > 3 for row in elements.rows) or len(elements.rows) > MOST_NUMBERS:
        return None
    data = {
        "rows": elements.rows,
        "output": int(of[output.id]),
        "digits": output.value.digits,
        "of": output.label,
        "all": say("all {number}"),
        "room": width(f"−0.{'0' * output.value.digits}", 1.0),
    }
    names = {node.id: node.label for node in graph.nodes if node.kind != "constant"}
    row_of = {names[id]: rows for id, rows in of.items() if id in names}
    return Rows(data, row_of, {names[id]: x for id, x in operands.items()})


def _elements(graph: Graph) -> tuple[Elements, dict[int, Array], dict[int, list[Array]]]:
    """The rows of a graph, those of each node, and those of the operands of each operation.

    Arrays are copied on their way into an operation: what it passes back to them is the gradient of the copy.
    """
    arriving = grouped((edge.target, (edge.slot, edge.source)) for edge in graph.edges)
    elements, of, operands = Elements(known_operations()), {}, {}
    for node in graph.nodes:
        value = node.value
        if value is None:
            raise ValueError(f"{node.label} has no value")
        if node.operation is None and node.kind in ("leaf", "constant"):
            if value.elements is None or not all(map(math.isfinite, value.elements)):
                raise ValueError(f"{node.label} is too large, or not finite")
            free = node.kind == "leaf" and not node.formula  # 1 − y changes with y alone
            of[node.id] = elements.leaves(_as_written(value), value.shape, node.label if free else None)
        elif node.kind == "operation" and node.id in arriving:
            inputs = [of[source] for _, source in sorted(arriving[node.id])]
            if node.operation not in elements.known or value.shape or any(x.shape for x in inputs):
                inputs = [elements.each("identity", x) for x in inputs]
            operands[node.id] = inputs
            of[node.id] = elements.made(node, value.shape, inputs)
        else:
            raise ValueError(f"{node.label} is no leaf and no operation")
    return elements, of, operands


def _as_written(value: Quantity) -> tuple[float, ...]:
    """The numbers of a leaf as a program has them: 0.1, where float32 holds 0.10000000149011612."""
    numbers = value.elements or ()
    if value.dtype not in ("float16", "float32"):
        return numbers
    return tuple(float(str(number)) for number in np.asarray(numbers, value.dtype))


def panel() -> str:
    """The panel of a page, in the reader's language."""
    return Template(PANEL).substitute({key: escape(say(text)) for key, text in TEXTS.items()})


def script(name: str) -> str:
    """A script of this folder: "shared.js" of all pages; "touch.js" computes the rows, and drives the panel."""
    return read_resource(__package__, name)
