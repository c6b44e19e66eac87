"""A page of its own for a picture: pan, zoom, search, boxes that open, and the same as tables; one file, no network.

The page's policy lets run only the one script and the styles that are written into it, by their hashes. Nothing is laid
out in the page: every state of the boxes is a picture that was made beforehand, and the script switches between them.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

from ..plain import Edge, Graph, PlainNode, Quantity
from ..svg import DARK, LIGHT, Theme
from ..text import visible

if TYPE_CHECKING:
    from ..draw import Drawing

__all__ = ["View", "page"]


class View(NamedTuple):
    """One state of the boxes: what it is called, the paths of the clusters that are open in it, and its picture."""

    name: str
    open: Sequence[str]
    drawing: Drawing


def page(views: Sequence[View], first: int, theme: Theme) -> str:
    """The text of an HTML file that shows the views, at the beginning `views[first]`."""
    pictures = [view.drawing.svg() for view in views]
    style = _colours(theme) + _file("page.css")
    script = _file("page.js")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; "
        f"style-src {' '.join(dict.fromkeys(_hash(text) for text in (style, *map(_style_in, pictures))))}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_file("page.html")).substitute(
        policy=policy,
        style=style,
        script=script,
        title=_e(views[first].drawing.graph.title),
        first=first,
        depth=_choice(views),
        pictures="\n".join(f'<div id="view-{i}"{_hidden(i, first)}>{svg}</div>' for i, svg in enumerate(pictures)),
        tables="\n".join(
            f'<div id="tables-{i}"{_hidden(i, first)}>{_tables(view.drawing.graph)}</div>'
            for i, view in enumerate(views)
        ),
        views=_json([_data(view) for view in views]),
    )


def _hidden(i: int, first: int) -> str:
    return "" if i == first else " hidden"


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _e(text: str) -> str:
    """Text for between tags or in an attribute: everything visible, nothing markup."""
    return escape(visible(text))


def _hash(text: str) -> str:
    """How a policy names an inline script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _style_in(svg: str) -> str:
    return svg.partition("<style>")[2].partition("</style>")[0]


def _colours(theme: Theme) -> str:
    """The colours of the pictures as custom properties."""

    def properties(palette: dict[str, str], scheme: str) -> str:
        return f":root{{color-scheme:{scheme};{';'.join(f'--{name}:{value}' for name, value in palette.items())}}}\n"

    light, dark = properties(LIGHT, "light"), properties(DARK, "dark")
    return {"light": light, "dark": dark}.get(theme, f"{light}@media (prefers-color-scheme:dark){{{dark}}}\n")


def _choice(views: Sequence[View]) -> str:
    """The choice between views, where there are several."""
    if len(views) < 2:
        return ""
    options = "".join(f'<option value="{i}">{_e(view.name)}</option>' for i, view in enumerate(views))
    return f'<label>Show <select id="depth">{options}</select></label>'


def _json(data: Any) -> str:
    """JSON that can stand in a script element, and ends none."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def _data(view: View) -> dict[str, Any]:
    """What the script needs to know of a view: what belongs together. All words are in the picture."""
    graph = view.drawing.graph
    return {
        "open": list(view.open),
        "flow": view.drawing.flow,
        "nodes": [
            {"id": node.id, "pair": node.pair, "of": node.of, "cluster": node.cluster, "opens": node.opens}
            for node in graph.nodes
        ],
        "edges": [{"source": edge.source, "target": edge.target, "pair": edge.pair} for edge in graph.edges],
    }


# The tables.


def _tables(graph: Graph) -> str:
    gradient = f"∂{graph.of}/∂(it)"
    return _table(
        "Nodes",
        ("", "name", "made by", "value", gradient, "line"),
        ((f' data-node="{node.id}"', _node_cells(node)) for node in graph.nodes),
    ) + _table(
        "Arrows",
        ("from", "to", "operand", "local derivative", f"adds to {gradient}"),
        (("", _edge_cells(edge, graph)) for edge in graph.edges),
    )


def _node_cells(node: PlainNode) -> tuple[str, ...]:
    made_by = node.operation or node.kind
    settings = ", ".join(f"{key}={value}" for key, value in node.attrs)
    return (
        str(node.id),
        _name(node),
        made_by + (f" ({settings})" if settings else ""),
        _words(node.value),
        _words(node.gradient),
        ": ".join(node.source) if node.source else "",
    )


def _name(node: PlainNode) -> str:
    """What a node is called; the label of a constant is its value, which has a place of its own."""
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
    return "" if quantity is None else quantity.text(6)


def _table(caption: str, heads: Sequence[str], rows: Iterator[tuple[str, tuple[str, ...]]]) -> str:
    head = "".join(f'<th scope="col">{_e(name)}</th>' for name in heads)
    body = "".join(f"<tr{extra}>{''.join(f'<td>{_e(cell)}</td>' for cell in cells)}</tr>\n" for extra, cells in rows)
    return (
        f'<div class="scrolls"><table><caption>{_e(caption)}</caption><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>\n"
    )
