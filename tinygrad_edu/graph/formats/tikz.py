r"""The picture in TikZ, for documents in LaTeX: the same places and colours, with the document's own mathematics.

It needs the packages tikz and amsmath, and compiles with pdflatex. A name cannot add a command, see `words.latex`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..layout.geometry import Layout, Point, is_sideways
from ..palette import DARK, LIGHT, rgb
from ..picture.arrange import HEADING
from ..picture.card import OUTPUT_RIM, flow_of
from ..picture.open_clusters import open_clusters, titles_of
from ..picture.paint import ink_on
from ..picture.shapes import cut, divided
from ..picture.sheet import OF, Sheet
from ..picture.typeset import Card, Grid, Row, Text
from ..plain import PlainNode
from ..words.latex import equation, literal, symbol

if TYPE_CHECKING:
    from ..draw import Drawing

__all__ = ["document", "tikz"]

COLOURS = ("ink", "muted", "line", "slope", "operation", "sign", "body", "leaf", "leaf-body", "constant",
           "constant-body", "frame", "paper", "second", "second-body", "first-body")  # fmt: skip

LOOKS = {
    "leaf": ("leaf", "leaf-body", 14), "plain": ("muted", "paper", 14),
    "alias": ("leaf", "paper", 14), "gradient": ("slope", "paper", 14),
    "constant": ("constant", "constant-body", 4), "forward": ("muted", "paper", 2),
    "operation": ("operation", "body", 5), "module": ("operation", "body", 5), "group": ("operation", "body", 5),
}  # fmt: skip
"""Of each kind of box, "plain" for a leaf without a gradient: the colours of its line and of its ground, and how round
its corners are."""

INK = {"partial": "slope", "slope": "slope", "muted": "muted", "auto": "muted", "symbol": "sign"}


def document(drawing: Drawing) -> str:
    """A document of its own that shows the picture."""
    picture = tikz(drawing)
    foreign = sorted({char for char in picture if not char.isascii()})
    unknown = "".join(rf"\DeclareUnicodeCharacter{{{ord(char):04X}}}{{U+{ord(char):04X}}}" for char in foreign)
    guard = rf"\usepackage{{iftex}}\ifPDFTeX{unknown}\fi" + "\n" if foreign else ""
    return (
        "\\documentclass[border=4pt]{standalone}\n\\usepackage{amsmath,amssymb,tikz}\n"
        f"{guard}\\begin{{document}}\n{picture}\\end{{document}}\n"
    )


def tikz(drawing: Drawing) -> str:
    r"""The picture as a `tikzpicture`.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x_1")
    >>> print(*[line for line in tikz(tg.draw(x * 2, engine="builtin")).splitlines() if "x_{1} = " in line])
    \node[text=tgink] at (53.5,17.0) {$x_{1} = 3$};
    """
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    graph, layout, sideways = drawing.graph, drawing.layout, is_sideways(drawing.flow)
    palette = DARK if drawing.theme == "dark" else LIGHT
    yield r"\begin{tikzpicture}[x=0.75bp,y=-0.75bp,every node/.style={inner sep=0pt,font=\small}]"
    for name in COLOURS:
        yield rf"\definecolor{{tg{name}}}{{HTML}}{{{palette[name].removeprefix('#').upper()}}}"
    frames = zip(open_clusters(graph), layout.clusters, titles_of(graph, layout))
    for cluster, (left, top, right, bottom), (_, x, y) in frames:
        dashed = ",dashed" if cluster.kind == "repetition" else ""
        yield (
            rf"\draw[tgconstant,fill=tgframe,rounded corners=6pt{dashed}] "
            rf"({left:.1f},{top:.1f}) rectangle ({right:.1f},{bottom:.1f});"
        )
        title = cluster.inside + (f" × {cluster.times}" if cluster.times > 1 else "")
        yield rf"\node[anchor=west,text=tgmuted] at ({x:.1f},{y:.1f}) {{${_words(title)}$}};"
    sheet = Sheet(graph, drawing.labels, layout)
    for words, x, y in sheet.headings:
        parts = [_words(part) for part in words.split(OF)]
        heading = symbol(graph.of).join(parts)
        yield rf"\node[anchor=west,text=tgmuted] at ({x:.1f},{y + HEADING / 3:.1f}) {{${heading}$}};"
    for edge, label, at, route in zip(graph.edges, drawing.labels, layout.labels, layout.routes):
        looks = f"color={_colour(edge.colour)}" if edge.colour else "tgline"
        looks += ",line width=1.6pt" if edge.lit else ""
        *before, last = cut(list(route), at, label.height / 2) if label and at and not sideways else [list(route)]
        yield from (rf"\draw[{looks}] {_path(piece)};" for piece in before)
        yield rf"\draw[-latex,{looks}] {_path(last)};"
        if graph.node(edge.target).ordered and not edge.recurrent:
            yield _slot(edge.slot + 1, route)
        if label is not None and at is not None:
            middle = 0.5 if sideways else (len(label.lines) - 1) / 2
            for i, line in enumerate(label.lines):
                y = at[1] + (i - middle) * label.leading
                words = _row(line, along=True)
                yield rf"\node[text=tg{_ink(line)},font=\scriptsize] at ({at[0]:.1f},{y:.1f}) {{${words}$}};"
    for node, card, center in zip(graph.nodes, drawing.cards, layout.centers):
        yield from _box(drawing, node, card, center)
    for i, words in enumerate(sheet.titles):
        yield _line(words, layout, 18.0 * (i - len(sheet.titles)) - 8)
    for i, words in enumerate([*sheet.explained, *sheet.captions]):
        yield _line(words, layout, layout.height + 18.0 * (i + 1))
    yield r"\end{tikzpicture}"


def _line(words: str, layout: Layout, y: float) -> str:
    """A line above or below the graph."""
    return rf"\node at ({layout.width / 2:.1f},{y:.1f}) {{${_words(words)}$}};"


def _colour(asked: str) -> str:
    """A colour that the author gave, for TikZ; "" for none."""
    if not asked:
        return ""
    red, green, blue = rgb(asked)
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _slot(number: int, route: Sequence[Point]) -> str:
    """The number of an operand, beside the head of its arrow."""
    (x, y), (u, v) = route[-2], route[-1]
    across = abs(u - x) >= abs(v - y)
    at = (u + (-11 if u > x else 11), v - 5) if across else (u + 7, v + (-6 if v > y else 6))
    return rf"\node[text=tgmuted,font=\tiny] at ({at[0]:.1f},{at[1]:.1f}) {{{number}}};"


def _box(drawing: Drawing, node: PlainNode, card: Card, middle: Point) -> Iterator[str]:
    x, y = middle
    w, h = card.width / 2, card.height / 2
    line, ground, round_by = LOOKS["plain" if node.kind == "leaf" and not node.requires_grad else node.kind]
    if node.layer and node.kind != "constant":
        line, ground = ("second", "second-body") if node.layer % 2 == 0 else ("slope", "first-body")
    looks = [
        f"draw=tg{line}",
        f"fill={_colour(node.colour) or f'tg{ground}'}",
        f"rounded corners={min(round_by, 0.7 * h):.1f}pt",
    ]
    looks += ["dashed"] if node.kind in ("alias", "forward") else []
    looks += ["line width=1.6pt"] if node.lit else []
    if node.id in drawing.graph.outputs:
        rim = OUTPUT_RIM / 2
        yield rf"\draw[tg{line},rounded corners=8pt] {_rectangle(x - w - rim, y - h - rim, x + w + rim, y + h + rim)};"
    yield rf"\path[{','.join(looks)}] {_rectangle(x - w, y - h, x + w, y + h)};"
    if card.symbol is not None:
        (left, top, wide, high), (dx, dy) = divided(card, flow_of(node, drawing.flow))
        left, top = x + left, y + top
        yield rf"\fill[tg{line},rounded corners=4pt] {_rectangle(left, top, left + wide, top + high)};"
        sign = SIGNS.get(card.symbol.text) or symbol(card.symbol.text)
        yield rf"\node[text=tgsign] at ({left + wide / 2:.1f},{top + high / 2:.1f}) {{${sign}$}};"
        x, y = x + dx, y + dy
    heights = [max(item.height for item in row) for row in card.rows]
    down = y - sum(heights) / 2
    fixed = node.colour and {LIGHT["ink"]: "black", LIGHT["sign"]: "white"}[ink_on(node.colour)]
    for row, height in zip(card.rows, heights):
        yield rf"\node[text={fixed or f'tg{_ink(row)}'}] at ({x:.1f},{down + height / 2:.1f}) {{${_row(row)}$}};"
        down += height


SIGNS = {"×": r"\times", "−": "-", "/": "/", "+": "+", "@": "@", "[ ]": r"[\ ]", "‖·‖": r"\|\cdot\|"}


def _ink(row: Row) -> str:
    """The colour of a row: that of its number, or of its name where only a shape follows."""
    said = [item.style for item in row if item.style != "muted"]
    return INK.get(said[-1] if said else "muted", "ink")


def _row(row: Row, *, along: bool = False) -> str:
    """A row as mathematics; `along` an arrow, what begins with ∂ may be more than a name."""
    return "".join(_item(item, along) for item in row)


def _item(item: Text | Grid, along: bool) -> str:
    if isinstance(item, Grid):
        cells = r" \\ ".join(" & ".join(map(equation, row)) for row in item.cells)
        return rf"\begin{{bmatrix}} {cells} \end{{bmatrix}}"
    whole = not along or re.fullmatch(r"\(?∂[^·@]*", item.text)
    if item.style in ("name", "auto", "space") or (item.style == "partial" and whole):
        return symbol(item.text, item.bold)
    if item.style in ("partial", "slope", "value", "equation"):
        return equation(item.text, item.bold)
    return rf"\ {_words(item.text.strip())}"


def _words(text: str) -> str:
    written = literal(text).replace(":", "{:}")  # with no room before it
    return rf"\mathrm{{{written}}}" if text else ""


def _path(route: Sequence[Point]) -> str:
    points = [f"({x:.1f},{y:.1f})" for x, y in route]
    pieces = (f".. controls {a} and {b} .. {c}" for a, b, c in zip(points[1::3], points[2::3], points[3::3]))
    return " ".join([points[0], *pieces])


def _rectangle(left: float, top: float, right: float, bottom: float) -> str:
    return f"({left:.1f},{top:.1f}) rectangle ({right:.1f},{bottom:.1f})"
