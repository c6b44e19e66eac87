"""The player as a page: one file, without a network, in which only the player itself is executed.

The graph is laid out beforehand and all texts are written here, so the page only shows and hides. Its policy allows its
own script and style sheets, by their hashes, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from math import isfinite
from string import Template
from typing import Any

from .._support.files import read_resource
from .._support.languages import say
from .._support.offline_page import in_script, offline_page, slim
from ..graph.draw import Drawing
from ..graph.formats.page.touch import Rows, panel, place_of, script as shared, touchable
from ..graph.names import partial
from ..graph.palette import custom_properties
from ..graph.plain import Graph
from ..graph.text import in_markup, visible
from ..graph.views.view import view
from .matrices import MATRIX
from .places import Places
from .predict import ABSOLUTE, RELATIVE, asks, question
from .script import Script
from .texts import LABELS, MESSAGES
from .wording import called, data, heading, lines, sentences, shown, words

__all__ = ["frame", "page"]

NUMBERS = {key: number for number, key in enumerate(MESSAGES)}
"""The numbers by which the data of the page refer to messages."""


def page(script: Script, *, predict: bool = False) -> str:
    """The player as the text of an HTML page."""
    rows = _rows(script)
    least = rows.data["room"] if rows and rows.of_arrays else 0.0
    picture = Drawing(view(script.graph), "auto", "LR", "auto", False, script.graph, bold=script.bold, least=least)
    titles = re.compile(r"<title>.*?</title>\n?", re.DOTALL)  # they would give the answers away
    svg = titles.sub("", picture.svg(bare=True))
    title = in_markup(heading(script))
    body = Template(read_resource(__package__, "player/player.html")).substitute(
        {key: escape(say(text)) for key, text in LABELS.items()},
        title=title,
        svg=svg,
        predicting=" checked" if predict else "",
        touch=panel() if rows else "",
        data=in_script(_data(script, picture.graph, svg, rows)),
    )
    style = custom_properties("auto") + slim(read_resource(__package__, "player/player.css"))
    code = shared("shared.js") + (shared("touch.js") if rows else "") + read_resource(__package__, "player/player.js")
    return offline_page(title, body, style, slim(code))


FIT = slim("""
addEventListener("message", ({ data, source }) => {
  const frame = [...document.querySelectorAll("iframe")].find((frame) => frame.contentWindow === source);
  const fits = Math.min(data?.player, innerHeight - 40);
  if (frame && fits > frame.height) frame.height = fits;
});
""")
"""Around a player: its frame becomes as high as what is in it, or as the window. Where scripts are not run it stays."""


def frame(script: Script, *, predict: bool = False) -> str:
    """The page in an `iframe`, for a notebook: it is cut off from the page around it."""
    inside = escape(page(script, predict=predict), quote=True)
    return (
        f'<iframe srcdoc="{inside}" sandbox="allow-scripts allow-downloads" title="{escape(script.graph.title)}" '
        f'width="100%" height="780" style="border:0"></iframe><script>{FIT}</script>'
    )


# The data of the page.


def _rows(script: Script) -> Rows | None:
    """The rows of a script whose numbers the page can change: without the step of an optimiser, or one that is unknown.

    What comes back to a broadcast operand, before it is summed, is known only of what works element by element.
    """
    known = (event.after is not None or event.local is not None for event in script if event.kind == "contribution")
    return touchable(script.graph) if all(known) and all(event.kind != "update" for event in script) else None


def _touch(script: Script, picture: Graph, rows: Rows) -> dict[str, Any]:
    """What the page needs to tell the script anew: the places of boxes and nodes, and what each event passes back.

    Where all are single numbers, as mostly, it knows the places of nodes, in their order, and what is passed back.
    """
    labels = {node.id: node.label for node in script.graph.nodes}
    single = {(event.node, event.slot) for event in script if event.local is not None}
    ends: list[dict[str, Any] | None] = []
    for event in script:
        by, alone = rows.row_of[labels[event.node]], (event.node, event.slot) in single
        passed = None if event.slot is None else rows.operands[labels[event.node]][event.slot]
        if passed is None or (alone and not (passed.shape or by.shape)):
            ends.append(None)
        else:
            ends.append({"by": place_of(by) if alone else None, "slot": event.slot, "passed": place_of(passed)})
    places = [rows.row_of.get(labels[node.id]) for node in script.graph.nodes]
    nodes = [place if place is None else place_of(place) for place in places]
    in_order = all(place in (None, i) for i, place in enumerate(nodes))
    boxes = [*rows.places(picture)[0].values()]
    return {**rows.data, "boxes": boxes, "nodes": [] if in_order else nodes, "ends": ends if any(ends) else []}


RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"


def _holes(script: Script) -> dict[int, str]:
    """The right sides of forward events with {0}, {1}, ... for operands; {1!} for one that has brackets if negative.

    >>> import tinygrad_edu as tg
    >>> x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    >>> [*_holes(tg.steps(tg.exp(x - y) * -(y**2))).values()]
    ['{0} − {1!}', 'exp({0})', '{0!}²', '−{0!}', '{0} · {1!}']
    """
    slots: dict[int, dict[str, int]] = {}
    for edge in script.graph.edges:
        if script.graph.node(edge.source).kind != "constant":
            slots.setdefault(edge.target, {})[script.label(edge.source)] = edge.slot
    return {e.node: _with_holes(e.right, slots.get(e.node, {})) for e in script if e.kind == "forward"}


def _with_holes(text: str, slots: Mapping[str, int]) -> str:
    def hole(name: re.Match[str]) -> str:
        before, after = text[: name.start()].rstrip(), text[name.end() :]
        needed = before.endswith(("·", "/", "+", "−", "^")) or after.startswith(("^", *RAISED))
        return f"{{{slots[name[0]]}{'!' if needed else ''}}}"

    names = "|".join(map(re.escape, sorted(slots, key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{names})(?![^\W{RAISED}])", hole, text) if slots else text


def _data(script: Script, picture: Graph, svg: str, rows: Rows | None) -> dict[str, Any]:
    identity = re.search(r'id="(tg-[0-9a-f]+)"', svg)
    assert identity is not None
    shown_in = Places(script.graph, picture)
    made = {event.node: event.right for event in script if event.kind == "forward"}
    receiving = {event.input for event in script if event.input is not None}
    holes = _holes(script) if rows else {}
    sources = sorted({node.source for node in script.graph.nodes if node.source}, key=_by_line)
    return {
        "of": script.graph.of,
        "svg": identity[1],
        "relative": RELATIVE,
        "absolute": ABSOLUTE,
        "matrix": MATRIX.pattern,
        "bold": sorted(script.arrays, key=lambda name: (-len(name), name)),
        "texts": {key: say(text) for key, text in MESSAGES.items()},
        "touch": rows and _touch(script, picture, rows),
        "sources": [f"{place}  {visible(text)}" for place, text in sources],
        "groups": _table([{"title": title, "stop": stop} for title, stop in script.groups()]),
        "nodes": _table(
            [
                {
                    "id": node.id,
                    "label": node.label,
                    "boxes": shown_in.boxes(node),
                    "value": shown(node.value),
                    "receives": node.id in receiving or None,
                    "made": made.get(node.id) or node.formula or None,
                    "operation": called(node.operation) if node.operation else None,
                    "derivative": _derivative(script.graph.of, node.label),
                }
                for node in script.graph.nodes
                if node.kind != "constant"
            ]
        ),
        "events": _table([_event(script, i, shown_in, sources, holes) for i in range(len(script))]),
    }


def _derivative(of: str, label: str) -> str | None:
    """The derivative by a node, where it is not written with the two names alone."""
    written = partial(of, label)
    return None if written == f"∂{of}/∂{label}" else written


def _by_line(source: tuple[str, str]) -> tuple[list[str], list[int]]:
    """The key that sorts lines by their numbers: "lesson.py:9" before "lesson.py:12", "In[2]" before "In[12]"."""
    parts = re.split(r"(\d+)", source[0])
    return parts[::2], [int(number) for number in parts[1::2]]


def _table(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Records as a table, which keeps the page small: the names once, and no nulls at the end of a record."""
    rows = [list(record.values()) for record in records]
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    return {"columns": list(records[0]), "rows": rows}


def _event(
    script: Script, step: int, places: Places, sources: list[tuple[str, str]], holes: Mapping[int, str]
) -> dict[str, Any]:
    """The data of one event; what most events have comes first."""
    event, values = script[step], words(script, script[step])
    source = script.graph.node(event.node).source
    asked = question(script, step) if asks(event) else None
    said = sentences(script, event)
    return {
        "kind": event.kind,
        "node": event.node,
        "lines": lines(script, event),
        "said": [NUMBERS[key] for key in said],
        "edges": places.edges(event),
        "value": values.get("value"),
        "answer": asked
        and [x if isfinite(x) else str(x).replace("inf", "Infinity") for x in map(_short, asked.answer)],
        "product": (event.numeric or event.shapes) if event.local is None or event.shapes else None,
        "holes": holes.get(event.node) if event.kind == "forward" and event.numeric else None,
        "input": event.input,
        **{key: values.get(key) for key in ("upstream", "local", "after")},
        "arrived": event.arrived if event.expected else None,
        "expected": event.expected or None,
        "operand": values.get("operand"),
        "source": sources.index(source) if source else None,
        "asks": asked.asks if asked and asked.asks != "number" else None,
        "data": len(data(script, event)) or None,
        "shape": values.get("shape") if any("{shape}" in MESSAGES[key] for key in said) else None,
    }


def _short(x: float) -> float:
    """A number with enough digits to compare an answer with it."""
    return float(f"{x:.6g}")
