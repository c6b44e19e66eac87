"""What a page needs to compute a graph of single numbers again: its rows, and which box shows which row."""

from __future__ import annotations

import math
import re
from functools import cache
from html import escape
from string import Template
from typing import Any, NamedTuple

from ...._support.files import read_resource
from ...._support.grouping import grouped
from ...._support.languages import say, texts
from ...plain import Graph

__all__ = ["Rows", "panel", "script", "still", "touchable", "why_still"]

MOST = 1_000
"""A graph of more nodes than this stays still."""

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
    """The rows of a graph: its data for the page, and the row of each label."""

    data: dict[str, Any]
    row_of: dict[str, int]

    def places(self, graph: Graph) -> tuple[dict[int, int | None], list[list[int] | None]]:
        """The row of each node of a picture, and of each arrow the rows of its ends and the operand."""
        rows: dict[int, int | None] = {}
        for node in graph.nodes:
            own = graph.node(node.pair) if node.pair else node
            own = graph.node(own.of) if own.kind == "alias" and own.of else own
            label = own.result if own.kind == "module" else own.label
            rows[node.id] = None if own.kind == "constant" else self.row_of.get(label)
        ends: list[list[int] | None] = []
        for edge in graph.edges:
            forward = graph.edges[edge.pair - 1] if edge.pair else edge
            target, source = rows[forward.target], rows[forward.source]
            known = target is not None and source is not None and graph.node(forward.target).kind == "operation"
            ends.append([target, source, forward.slot] if known else None)  # type: ignore[list-item]
        return rows, ends


@cache
def _operations() -> frozenset[str]:
    """The operations that the page can compute."""
    table = script("touch.js").partition("const OPERATIONS = {")[2].partition("\n};")[0]
    return frozenset(re.findall(r"^  (\w+): \[", table, re.MULTILINE))


def why_still(graph: Graph) -> str:
    """Why the numbers of a page stay as they are: "operation" where it cannot compute one; else ""."""
    single = all(node.value is not None and node.value.is_number for node in graph.nodes)
    known = _operations()
    unknown = any(node.operation and node.operation not in known for node in graph.nodes)
    return "operation" if graph.mode == "forward" and single and unknown else ""


def still(graph: Graph) -> str:
    """What the page says of numbers that it cannot compute again; nothing of other graphs."""
    if not why_still(graph):
        return ""
    said = say("These numbers stay as they are: the graph has an operation that the page cannot compute.")
    return f'<p class="keys">{escape(said)}</p>'


def touchable(graph: Graph | None) -> Rows | None:
    """The rows of a whole graph, where it is of single numbers and of operations that the page knows; else None."""
    if graph is None or graph.mode != "forward" or len(graph.outputs) != 1 or len(graph.nodes) > MOST:
        return None
    known = _operations()
    operands = grouped((edge.target, (edge.slot, edge.source - 1)) for edge in graph.edges)
    rows: list[list[Any]] = []
    for node in graph.nodes:
        value = node.value
        if value is None or not value.is_number or value.elements is None or not math.isfinite(value.elements[0]):
            return None
        if node.operation is None and node.kind in ("leaf", "constant"):
            free = node.kind == "leaf" and not node.formula  # 1 − y changes with y alone
            rows.append([None, value.elements[0], [], *([node.label] if free else [])])
        elif node.operation in known and node.id in operands:
            rows.append([node.operation, 0, [source for _, source in sorted(operands[node.id])]])
        else:
            return None
    if not any(len(row) > 3 for row in rows) or value is None:
        return None
    output = graph.outputs[0]
    data = {"rows": rows, "output": output - 1, "digits": value.digits, "of": graph.node(output).label}
    return Rows(data, {node.label: node.id - 1 for node in graph.nodes if node.kind != "constant"})


def panel() -> str:
    """The panel of a page, in the reader's language."""
    return Template(PANEL).substitute({key: escape(say(text)) for key, text in TEXTS.items()})


def script(name: str) -> str:
    """A script of this folder: "shared.js" of all pages; "touch.js" computes the rows, and drives the panel."""
    return read_resource(__package__, name)
