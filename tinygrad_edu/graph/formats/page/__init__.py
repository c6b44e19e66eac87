"""A picture as a page in one file: pan, zoom, search, boxes that open, and tables of the numbers; without a network.

The page's policy lets only its own script and styles run, by their hashes. Nothing is laid out in the page: every state
of the boxes is a picture that was made beforehand, and the script switches between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

from ...._support.files import read_resource
from ...._support.languages import say, texts
from ...._support.offline_page import in_script, offline_page, slim
from ...palette import custom_properties
from ...picture.open_clusters import open_clusters
from ...plain import Edge, Graph, PlainNode, Quantity
from ...text import in_markup
from ...transcribe import switched_on
from ...views.collapse import depth_of
from ...views.paired import paired
from ...views.view import LIMIT, view
from .touch import Rows, panel, script, still, touchable

if TYPE_CHECKING:
    from ...draw import Drawing

__all__ = ["page"]

MOST = 24
"""A page has at most so many other states of the boxes."""


class View(NamedTuple):
    """One state of the boxes: its name and its picture."""

    name: str
    drawing: Drawing

    @property
    def open(self) -> list[str]:
        """The paths of the clusters that are open."""
        graph = self.drawing.graph
        closed = {node.opens for node in graph.nodes}
        return [cluster.path for cluster in graph.clusters if cluster.path not in closed]


LABELS = texts(
    {
        "the_picture": "The picture",
        "search": "Search",
        "smaller": "Smaller",
        "larger": "Larger",
        "all": "All",
        "as_tables": "The same as tables",
    }
)
SAID = texts(
    {"open": "{path} is open", "closed": "{path} is closed", "found": "{n} found", "turn": "{i} of {n}: {name}"}
)
"""What the page says of what a reader does."""
KEYS = texts(
    "Keys: {tab} to a box, arrows from box to box, {enter} opens one, {back} closes what is around it, {plus} {minus} "
    "{zero} zoom, {shift} with arrows moves, {slash} searches."
)
NAMES_OF_KEYS = {
    "tab": "Tab", "enter": "Enter", "back": "⌫", "plus": "+", "minus": "−", "zero": "0", "shift": "Shift", "slash": "/",
}  # fmt: skip


def page(drawing: Drawing) -> str:
    """The text of an HTML file that shows the drawing, with its boxes as they are and opened and closed."""
    in_formulas = any(node.formula and node.operation for node in drawing.graph.nodes)
    rows = None if in_formulas else touchable(drawing.whole)
    drawing = replace(drawing, least=rows.data["room"]) if rows and rows.of_arrays else drawing
    code = script("shared.js") + (script("touch.js") if rows else "") + script("page.js")
    views = [View(say("as drawn"), drawing), *_other_views(drawing)]
    pictures = [one.drawing.svg(bare=True) for one in views]
    title = in_markup(drawing.graph.title)
    style = custom_properties(drawing.theme) + slim(read_resource(__package__, "page.css"))
    body = Template(read_resource(__package__, "page.html")).substitute(
        title=title,
        **{name: say(text) for name, text in LABELS.items()},
        pointer=say(
            "Drag to move; pinch, or wheel with {ctrl}, to zoom; click a box to open it, its frame to close it.",
            ctrl="<kbd>Ctrl</kbd>",
        ),
        keys=say(KEYS, **{name: f"<kbd>{key}</kbd>" for name, key in NAMES_OF_KEYS.items()}),
        depth=_choice(views),
        pictures=_divisions("view", pictures),
        tables=_divisions("tables", [_tables(one.drawing.graph) for one in views]),
        texts=in_script({key: say(text) for key, text in SAID.items()}),
        views=in_script([_data(one, rows) for one in views]),
        rows=in_script(rows.data if rows else {}),
        touch=panel() if rows else still(drawing.whole or drawing.graph),
    )
    return offline_page(title, body, style, slim(code))


def _other_views(drawing: Drawing) -> list[View]:
    """The picture at every depth, and with each closed box open, without those that are too large to read."""
    whole = drawing.whole
    if whole is None or not whole.clusters:
        return []
    of_the_program = {cluster.path for cluster in whole.clusters}  # without the frames around equal parts
    now = [path for path in View("", drawing).open if path in of_the_program]
    closed = [node.opens for node in drawing.graph.nodes if node.opens in of_the_program]
    depths = range(depth_of(whole.clusters) + 1)
    states: list[tuple[str, int, list[str]]] = [(say("depth {d}", d=d), d, []) for d in depths]
    states += [(say("{path} open", path=path), 0, [*now, path]) for path in dict.fromkeys(closed)]
    seen = [drawing.graph]
    views: list[View] = []
    for name, depth, expand in states:
        graph = view(whole, depth, expand)
        graph = paired(graph) if drawing.graph.mode == "both" else graph
        if len(views) < MOST and len(graph.nodes) <= 2 * LIMIT and graph not in seen:
            seen.append(graph)
            views.append(View(name, replace(drawing, graph=graph)))
    return views


def _divisions(name: str, contents: Sequence[str]) -> str:
    """A division for each view, of which the first one is shown."""
    return "\n".join(
        f'<div id="{name}-{i}"{" hidden" if i else ""}>{content}</div>' for i, content in enumerate(contents)
    )


def _choice(views: Sequence[View]) -> str:
    """The choice between views, where there are several."""
    if len(views) < 2:
        return ""
    options = "".join(f'<option value="{i}">{in_markup(one.name)}</option>' for i, one in enumerate(views))
    return f'<label>{say("Show")} <select id="depth">{options}</select></label>'


def _data(one: View, rows: Rows | None) -> dict[str, Any]:
    """The data of a view for the script: which parts belong together. All words are in the picture."""
    graph = one.drawing.graph
    touch = rows.places(graph) if rows else None
    return {
        "open": one.open,
        "flow": one.drawing.flow,
        "frames": [cluster.path for cluster in open_clusters(graph)],
        "nodes": [
            {"id": node.id, "pair": node.pair, "of": node.of, "cluster": node.cluster, "opens": node.opens}
            | ({"touch": touch[0][node.id]} if touch else {})
            for node in graph.nodes
        ],
        "edges": [
            {"source": edge.source, "target": edge.target, "pair": edge.pair}
            | ({"touch": touch[1][i]} if touch else {})
            for i, edge in enumerate(graph.edges)
        ],
    }


# The tables.


def _tables(graph: Graph) -> str:
    gradient = say("∂{of}/∂(it)", of=graph.of)
    return _table(
        say("Nodes"),
        (say("no."), say("name"), say("made by"), say("value"), gradient, say("line")),
        ((f' data-node="{node.id}"', _node_cells(node, graph)) for node in graph.nodes),
    ) + _table(
        say("Arrows"),
        (
            say("from"),
            say("to##the end of an arrow"),
            say("operand"),
            say("local derivative"),
            say("adds to {gradient}", gradient=gradient),
        ),
        (("", _edge_cells(edge, graph)) for edge in graph.edges),
    )


MADE: Mapping[str, str] = texts(
    {
        "leaf": "leaf##how a node was made",
        "constant": "constant##how a node was made",
        "forward": "forward##how a node was made",
        "gradient": "gradient##how a node was made",
        "alias": "alias##how a node was made",
        "operation": "operation##how a node was made",
        "module": "module##how a node was made",
        "group": "group##how a node was made",
    }
)


def _node_cells(node: PlainNode, graph: Graph) -> tuple[str, ...]:
    made = node.formula or node.operation or say(MADE[node.kind])
    made_by = graph.cluster(node.opens).title if node.opens is not None else made
    attrs = ", ".join(f"{key}={value}" for key, value in switched_on(node.attrs))
    return (
        str(node.id),
        _name(node),
        made_by + (f" ({attrs})" if attrs else ""),
        _words(node.value),
        _words(node.gradient),
        ": ".join(node.source) if node.source else "",
    )


def _name(node: PlainNode) -> str:
    """The label of a node; that of a constant is its value, which has a column of its own."""
    return "" if node.kind == "constant" else node.label


def _edge_cells(edge: Edge, graph: Graph) -> tuple[str, ...]:
    source, target = graph.node(edge.source), graph.node(edge.target)
    return (
        f"{source.id} {_name(source)}",
        f"{target.id} {_name(target)}",
        str(edge.slot + 1),
        _words(edge.local),
        _words(edge.contribution),
    )


def _words(quantity: Quantity | None) -> str:
    return "" if quantity is None else quantity.text()


def _table(caption: str, heads: Sequence[str], rows: Iterator[tuple[str, tuple[str, ...]]]) -> str:
    head = "".join(f'<th scope="col">{in_markup(name)}</th>' for name in heads)
    body = "".join(
        f"<tr{extra}>{''.join(f'<td>{in_markup(cell)}</td>' for cell in cells)}</tr>\n" for extra, cells in rows
    )
    return (
        f'<div class="scrolls" role="region" tabindex="0" aria-label="{in_markup(caption)}">'
        f"<table><caption>{in_markup(caption)}</caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>\n"
    )
