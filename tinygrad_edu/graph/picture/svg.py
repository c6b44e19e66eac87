"""The one SVG writer: a plain graph, its cards and a layout, as a picture.

No script, no external reference, nothing a user wrote that is not escaped. Light and dark follow the reader's setting
unless a theme is fixed; on paper it is light. What a box stands for shows in its shape as well as in its colour:

    round ends          a leaf           cut corners    a constant
    a box with a sign   an operation     double line    the output
    dashed              drawn elsewhere: an alias, or in a backward graph a number of the forward pass
    a pointed sign      an operation of a differentiation; the sign of a second one has two points

Every rule of the style sheet is bound to the id of its picture, and ids are made from the content, so that many
pictures can stand in one page, and the same picture has the same bytes in every run.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from itertools import groupby
from math import dist, hypot
from typing import Literal, get_args

from ..clusters import enclosing
from ..layout.geometry import Direction, Layout, Point
from ..names import partial
from ..plain import Edge, Graph, PlainNode
from ..text import plural, shorten, visible, width
from .arrange import HEADING
from .arrows import Label, chain_rule, leads_back
from .card import CELL_GAP, LEADING, POINT, SHEET, SLOT, Card, Grid, Row, Text, flow_of, in_words, is_stack, summary
from .frames import framed, title_of

__all__ = ["Theme", "write_svg"]

Theme = Literal["auto", "light", "dark"]

PADDING = 18.0
LEGEND_GAP = 70.0
"""From a legend's words to the next, its sign included."""
HEAD = 8.0
"""The length of an arrow head."""
SIZE = 14.0
"""The font size where none is said."""

# Blue, green, vermilion and purple that stay apart for colour-blind readers (a test simulates it), and shapes besides.
LIGHT = {
    "paper": "#ffffff", "ink": "#1b1f24", "muted": "#5f6b7a", "line": "#6b7785", "slope": "#ad3c06",
    "operation": "#1a4fa0", "sign": "#ffffff", "body": "#f3f8fd", "leaf": "#1f8a4c", "leaf-body": "#eff9f5",
    "constant": "#7a8594", "constant-body": "#f5f6f8", "bar": "#cfe2f5", "frame": "#f3f1ea",
    "aside": "#5a6573", "aside-body": "#f6f7f9", "first-body": "#fdf4ef", "second": "#5c1250", "second-body": "#faf2f8",
}  # fmt: skip
DARK = {
    "paper": "#14171c", "ink": "#e9ecef", "muted": "#9aa5b4", "line": "#8d98a7", "slope": "#ffb07a",
    "operation": "#4a97e8", "sign": "#0c1a28", "body": "#1a232e", "leaf": "#4cc79c", "leaf-body": "#15241f",
    "constant": "#8691a0", "constant-body": "#1f2328", "bar": "#27425c", "frame": "#201f1b",
    "aside": "#8d98a7", "aside-body": "#1c2026", "first-body": "#2a1e17", "second": "#efc8f7", "second-body": "#281c2b",
}  # fmt: skip

RULES = """\
text{font-family:"Helvetica Neue",Arial,"Liberation Sans",sans-serif;fill:%(ink)s;text-anchor:middle}
.name,.auto,.partial{font-family:"STIX Two Text",Cambria,"Times New Roman","Liberation Serif",serif;font-style:italic}
.auto,.muted,.slot,.note{fill:%(muted)s}
.partial,.slope{fill:%(slope)s}
.symbol{fill:%(sign)s;font-weight:bold}
.paper{fill:%(paper)s}
.line{fill:none;stroke:%(line)s;stroke-width:1.5}
.head{fill:%(line)s}
.bracket{fill:none;stroke:%(ink)s;stroke-width:1}
.bracket.of-slope{stroke:%(slope)s}
.box{stroke-width:1.5}
.frame{fill:%(frame)s;fill-opacity:.55;stroke:%(constant)s;stroke-width:1.2}
.repetition .frame{stroke-dasharray:7 4}
.title{font-weight:bold}
.carried text{paint-order:stroke;stroke:%(paper)s;stroke-width:9;stroke-linejoin:round}
.frame-title{paint-order:stroke;stroke:%(frame)s;stroke-width:5;stroke-linejoin:round}
.operation .box,.group .box,.module .box{fill:%(body)s;stroke:%(operation)s}
.outline{fill:none;stroke-width:1.5;stroke:%(operation)s}
.sign{fill:%(operation)s}
.leaf .box{fill:%(leaf-body)s;stroke:%(leaf)s}
.plain .box{fill:%(paper)s;stroke:%(muted)s}
.leaf .outline{stroke:%(leaf)s}
.gradient .outline{stroke:%(slope)s}
.constant .box{fill:%(constant-body)s;stroke:%(constant)s}
.gradient .box{fill:%(paper)s;stroke:%(slope)s}
.layer1 .box{fill:%(first-body)s;stroke:%(slope)s}
.layer1 .sign{fill:%(slope)s}
.layer1 .outline{stroke:%(slope)s}
.layer2 .box{fill:%(second-body)s;stroke:%(second)s}
.layer2 .sign{fill:%(second)s}
.layer2 .outline{stroke:%(second)s}
.layer2 .partial,.layer2 .slope{fill:%(second)s}
.layer2 .bracket.of-slope{stroke:%(second)s}
.aside .box{fill:%(aside-body)s;stroke:%(aside)s}
.aside .sign{fill:%(aside)s}
.point{fill:none;stroke:%(sign)s;stroke-width:1.5}
.badge circle{fill:%(paper)s;stroke:%(muted)s}
.badge text,.heading{fill:%(muted)s;font-weight:bold}
.alias .box,.forward .box{fill:%(paper)s;stroke:%(leaf)s;stroke-dasharray:5 3}
.forward .box{stroke:%(muted)s}
.forward.layer1 .box,.alias.layer1 .box{stroke:%(slope)s}
.forward.layer2 .box,.alias.layer2 .box{stroke:%(second)s}
.mark{font-weight:bold}
.missing .box{fill:%(paper)s;stroke:%(slope)s;stroke-width:2.5;stroke-dasharray:7 5}
.missing .line{stroke:%(slope)s;stroke-width:2.5;stroke-dasharray:7 5}
.missing .head,.missing .mark,.missing .sign{fill:%(slope)s}
.extra .box{stroke:%(ink)s;stroke-width:3.5}
.extra .line{stroke:%(ink)s;stroke-width:3.5}
.extra .head{fill:%(ink)s}
.changed .box{stroke:%(second)s;stroke-width:3.5}
.changed .line{stroke:%(second)s;stroke-width:3.5}
.changed .head,.changed .mark{fill:%(second)s}
.bar{fill:%(bar)s}
.slot{font-size:11px;font-weight:bold}
.slot.on-sign{fill:%(sign)s}
.note{font-size:12px;text-anchor:start}
.start{text-anchor:start}
.end{text-anchor:end}"""


def write_svg(
    graph: Graph,
    cards: Sequence[Card],
    labels: Sequence[Label | None],
    layout: Layout,
    direction: Direction,
    theme: Theme = "auto",
) -> str:
    """The picture as the text of an SVG file. `labels` has that of each arrow."""
    if theme not in get_args(Theme):
        raise ValueError(f"theme is one of {', '.join(map(repr, get_args(Theme)))}, not {theme!r}")
    notes = [line for note in graph.notes for line in textwrap.wrap(note, max(60, int(layout.width / 6)))]
    legend = _legend(graph)
    lines_wide = [width(line, 12) for line in notes] + [sum(width(words, 12) + LEGEND_GAP for _, words in legend)]
    lines_wide += [x + width(words, 14) for words, x, _ in _headings(graph, labels, layout)]
    across = max([layout.width, *lines_wide]) + 2 * PADDING
    legend_down = layout.height + 2 * PADDING
    notes_down = legend_down + (30 if legend else 0)
    down = notes_down + (len(notes) * 17 + 8 if notes else 0)
    identity = "\0"  # until the picture is known; nothing visible is this character
    described = f"{summary(graph)}. " + " ".join(graph.notes)
    if layout.note:
        described += f" ({layout.note})"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{identity}" class="tg-graph" role="img" '
        f'aria-labelledby="{identity}-title {identity}-desc" width="{_n(across)}" height="{_n(down)}" '
        f'viewBox="0 0 {_n(across)} {_n(down)}" font-size="{SIZE:g}" xml:space="preserve">',
        f'<title id="{identity}-title">{_e(graph.title)}</title>',
        f'<desc id="{identity}-desc">{_e(described.strip())}</desc>',
        f"<style>{_style(identity, theme)}</style>",
        f'<rect class="paper" width="{_n(across)}" height="{_n(down)}"/>',
        f'<g transform="translate({_n(PADDING)} {_n(PADDING)})">',
        *(
            _text((Text("heading", words, 13.0),), x, y + HEADING / 3, "start")
            for words, x, y in _headings(graph, labels, layout)
        ),
        *_frames(graph, layout, identity),
        *_edges(graph, labels, layout, direction, identity),
        *_carried(graph, layout, direction),
        *_titles(graph, layout),
        *_nodes(graph, cards, layout, direction, identity),
        *_badges(graph, cards, layout, direction),
        "</g>",
        *_legend_drawn(legend, legend_down),
        *_notes(notes, notes_down),
        "</svg>\n",
    ]
    picture = "\n".join(parts)
    return picture.replace(identity, "tg-" + sha256(picture.encode()).hexdigest()[:10])


def _legend(graph: Graph) -> list[tuple[int, str]]:
    """What the signs of the layers mean, where a picture has several in one direction: (layer, words)."""
    layers = sorted({node.layer for node in graph.nodes if node.kind != "constant"})
    if max(layers, default=0) < (1 if graph.mode == "forward" else 2):
        return []
    words = ("the program", "its gradients", "second derivatives", "third derivatives")
    return [(layer, words[layer] if layer < len(words) else f"derivatives of order {layer}") for layer in layers]


def _legend_drawn(legend: Sequence[tuple[int, str]], top: float) -> Iterator[str]:
    """The legend in one line below the picture."""
    x = PADDING
    for layer, words in legend:
        colour = f" layer{2 - layer % 2}" if layer else ""
        yield f'<g class="operation{colour}" transform="translate({_n(x)} {_n(top)})">'
        yield '<rect class="box" x="0" y="0" width="34" height="18" rx="7"/>'
        yield _sign((0.0, 0.0, 15.0, 18.0), "LR")
        yield from _points((0.0, 0.0, 15.0, 18.0), "LR", min(layer, 2))
        yield _text((Text("legend", words, 12.0),), 42, 9, "start") + "</g>"
        x += width(words, 12) + LEGEND_GAP


def _notes(lines: Sequence[str], top: float) -> Iterator[str]:
    """What a reader should know besides, below the picture."""
    for i, line in enumerate(lines):
        y = top + 12 + 17 * i
        yield f'<text class="note" x="{_n(PADDING)}" y="{_n(y)}">{_e(line)}</text>'


def _e(text: str) -> str:
    """Text for between or inside tags: everything visible, nothing markup."""
    return escape(visible(text))


def _n(x: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    text = f"{x:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _style(identity: str, theme: Theme) -> str:
    """The rules of the picture, each bound to its id."""

    def bound(rules: str) -> str:
        selectors_and_bodies = (rule.split("{") for rule in rules.splitlines())
        return "\n".join(
            ",".join(f"#{identity} {selector}" for selector in selectors.split(",")) + "{" + body
            for selectors, body in selectors_and_bodies
        )

    if theme == "auto":
        dark = "\n".join(_coloured(rule) for rule in RULES.splitlines() if "%(" in rule)
        return f"\n{bound(RULES % LIGHT)}\n@media screen and (prefers-color-scheme:dark){{\n{bound(dark % DARK)}\n}}\n"
    return f"\n{bound(RULES % (DARK if theme == 'dark' else LIGHT))}\n"


def _coloured(rule: str) -> str:
    """Only what a rule says about colours."""
    selectors, body = rule.split("{")
    return selectors + "{" + ";".join(part for part in body.rstrip("}").split(";") if "%(" in part) + "}"


# Frames.


def _frames(graph: Graph, layout: Layout, identity: str) -> Iterator[str]:
    """A frame around what each open module made."""
    for i, (cluster, (left, top, right, bottom)) in enumerate(zip(framed(graph), layout.frames), 1):
        words = f"{cluster.path}: {cluster.title}; {plural(cluster.nodes, 'node')}"
        yield f'<g id="{identity}-c{i}" class="cluster {cluster.kind}"><title>{_e(words)}</title>'
        yield (
            f'<rect class="frame" x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}" '
            'rx="9"/></g>'
        )


def _titles(graph: Graph, layout: Layout) -> Iterator[str]:
    """The titles of the frames, over the arrows: in the upper left corner, or the right one where fewer come in."""
    clusters = framed(graph)
    records = {cluster.path: cluster for cluster in graph.clusters}
    arrows: dict[str, list[tuple[Point, ...]]] = {cluster.path: [] for cluster in clusters}  # with an end in a frame
    for edge, route in zip(graph.edges, layout.routes):
        for id in (edge.source, edge.target):
            for path in enclosing(graph.node(id).cluster, records):
                if path in arrows:
                    arrows[path].append(route)
    for cluster, (left, top, right, _) in zip(clusters, layout.frames):
        title = title_of(cluster)
        wide = sum(text.width for text in title)
        middle = top + 5 + max(text.height for text in title) / 2
        x = min((left + 9, right - 9 - wide), key=lambda x: _crossings(arrows[cluster.path], x, x + wide, middle))
        yield f'<g class="frame-title">{_text(title, x, middle, "start")}</g>'


def _crossings(routes: Sequence[Sequence[Point]], left: float, right: float, y: float) -> int:
    """How many of these pass, or nearly pass, the line at height y from left to right."""
    curves = [route[i : i + 4] for route in routes for i in range(0, len(route) - 3, 3)]
    passing = [curve for curve in curves if min(curve[0][1], curve[3][1]) <= y <= max(curve[0][1], curve[3][1])]
    return sum(min(curve)[0] < right + HEAD and left - HEAD < max(curve)[0] for curve in passing)


# Arrows.


def _edges(
    graph: Graph, labels: Sequence[Label | None], layout: Layout, direction: Direction, identity: str
) -> Iterator[str]:
    sideways = direction in ("LR", "RL")
    for i, (edge, label, at, route) in enumerate(zip(graph.edges, labels, layout.labels, layout.routes), 1):
        target = graph.node(edge.target)
        back = f' data-pair="{identity}-e{edge.pair}"' if edge.pair is not None else ""
        yield (
            f'<g id="{identity}-e{i}" class="{_edge_classes(edge, graph)}"{back}>'
            f"<title>{_e(_edge_in_words(edge, graph))}</title>"
        )
        if label is None or at is None:
            yield from _arrow(route)
        else:
            yield from _arrow(route, None if sideways else (at, label.height / 2))
            yield from _label(label, at, sideways=sideways)
        if target.ordered and not edge.recurrent and not sideways:
            yield _slot(edge.slot + 1, route)
        yield "</g>"


def _edge_classes(edge: Edge, graph: Graph) -> str:
    target = graph.node(edge.target)
    layer = _layer(target) if target.layer and graph.mode != "forward" else None
    return " ".join(filter(None, ("edge", "back" if edge.pair else None, layer, edge.mark)))


def _edge_in_words(edge: Edge, graph: Graph) -> str:
    source, target = graph.node(edge.source), graph.node(edge.target)
    words = f"{source.label} → {target.label}, operand {edge.slot + 1}"
    if leads_back(edge, graph):
        if edge.rule is not None:
            words += f"; {edge.rule}, where g is {source.label}"
        if edge.local is not None:
            words += f"; local derivative {edge.local.text()}"
        return words + (f"; adds {edge.contribution.text()}" if edge.contribution is not None else "")
    if edge.local is not None:
        words += f"; {partial(target.label, source.label)} = {edge.local.text()}"
    if edge.contribution is not None:
        words += f"; adds {edge.contribution.text()} to {partial(graph.of, source.label)}"
    return words


def _label(label: Label, at: Point, *, sideways: bool) -> Iterator[str]:
    """The lines of a label: above and below the arrow if that runs sideways, else in the gap of the arrow."""
    x, y = at
    middle = 0.5 if sideways else (len(label.lines) - 1) / 2
    for i, line in enumerate(label.lines):
        yield _text(line, x, y + (i - middle) * label.leading)


def _arrow(route: Sequence[Point], gap: tuple[Point, float] | None = None) -> Iterator[str]:
    """The line up to the head, and the head. `gap`: the middle of a straight piece, half the room to leave there."""
    while len(route) > 4 and dist(route[-4], route[-1]) < 0.1:  # a last piece without length has no direction
        route = route[:-3]
    (x, y), tip = route[-2], route[-1]
    length = hypot(tip[0] - x, tip[1] - y) or 1.0
    dx, dy = (tip[0] - x) / length, (tip[1] - y) / length
    base = (tip[0] - HEAD * dx, tip[1] - HEAD * dy)
    bend = min(1.0, length / HEAD)
    line = [*route[:-2], (x - HEAD * dx * (1 - bend), y - HEAD * dy * (1 - bend)), base]
    yield f'<path class="line" d="{"".join(map(_path, _cut(line, *gap) if gap else [line]))}"/>'
    wing = 0.42 * HEAD
    corners = [tip, (base[0] - wing * dy, base[1] + wing * dx), (base[0] + wing * dy, base[1] - wing * dx)]
    yield f'<path class="head" d="{_path(corners, "l", 1)}z"/>'


def _cut(line: list[Point], middle: Point, half: float) -> list[list[Point]]:
    """A line that runs up or down, without the stretch around the middle of one of its straight pieces."""
    for i in range(0, len(line) - 3, 3):
        (x, y), (_, end) = line[i], line[i + 3]
        if dist((x, (y + end) / 2), middle) < 1:
            half = min(half, abs(end - y) / 2)
            above, below = ((x, middle[1] - half), (x, middle[1] + half))[:: 1 if end > y else -1]
            return [[*line[: i + 1], (x, y), above, above], [below, below, line[i + 3], *line[i + 3 :]]]
    return [line]


def _path(points: Sequence[Point], letter: str = "c", each: int = 3) -> str:
    """A path of pieces of so many points each, written from the start of each piece, which is short."""
    tenths = [(round(10 * x), round(10 * y)) for x, y in points]  # so that what is rounded does not add up
    x, y = tenths[0]
    path = [f"M{_n(x / 10)} {_n(y / 10)}"]
    for i in range(1, len(tenths), each):
        piece = tenths[i : i + each]
        path.append(letter + " ".join([f"{(u - x) / 10:g} {(v - y) / 10:g}" for u, v in piece]))
        x, y = piece[-1]
    return "".join(path)


def _slot(number: int, route: Sequence[Point]) -> str:
    """The number of an operand, beside the head of its arrow."""
    (x, y), tip = route[-2], route[-1]
    if abs(tip[0] - x) >= abs(tip[1] - y):
        at = (tip[0] + (-HEAD - 5 if tip[0] > x else HEAD + 5), tip[1] - 4)
    else:
        at = (tip[0] + 8, tip[1] + (-3 if tip[1] > y else 11))
    return f'<text class="slot" x="{_n(at[0])}" y="{_n(at[1])}">{number}</text>'


def _carried(graph: Graph, layout: Layout, direction: Direction) -> Iterator[str]:
    """On each arrow that leads on to the next repetition, what it carries; several may share a way."""
    ways: dict[tuple[Point, ...], list[str]] = {}
    for edge, route in zip(graph.edges, layout.routes):
        source = graph.node(edge.source)
        what = source.label if source.opens is None else edge.value.kind(dtype=False) if edge.value else ""
        if edge.recurrent and what and what not in ways.setdefault(route, []):
            ways[route].append(what)
    turned = direction in ("TB", "BT")
    for route, names in ways.items():
        (x, y), (u, v) = route[3], route[6]  # the long straight side
        text = _text((Text("muted", shorten(", ".join(names), 24), 11.5),), 0, 0)
        place = f"translate({_n((x + u) / 2)} {_n((y + v) / 2)})" + (" rotate(90)" if turned else "")
        yield f'<g class="carried" transform="{place}">{text}</g>'


# What ties the two halves of a graph of both passes.


def _headings(graph: Graph, labels: Sequence[Label | None], layout: Layout) -> tuple[tuple[str, float, float], ...]:
    """What stands above each half, and where."""
    if layout.mirror is None:
        return ()
    return ("forward: values", 0.0, 0.0), (_backward(graph, labels), *layout.mirror)


def _backward(graph: Graph, labels: Sequence[Label | None]) -> str:
    """The heading of the second half; it says what g is, where a rule is written on an arrow."""
    rules = any(label and edge.pair and chain_rule(edge, graph) is None for edge, label in zip(graph.edges, labels))
    return f"backward: gradients of {graph.of}" + (", g being the one an arrow starts from" if rules else "")


def _badges(graph: Graph, cards: Sequence[Card], layout: Layout, direction: Direction) -> Iterator[str]:
    """The same number on each node and on its gradient, where no arrow comes."""
    corner = direction in ("LR", "RL")
    pairs = sorted((node.pair, node.id) for node in graph.nodes if node.pair is not None)
    for number, pair in enumerate(pairs, 1):
        for id in pair:
            (x, y), card = layout.centers[id - 1], cards[id - 1]
            left, top = x - card.width / 2 + 4 * corner, y - card.height / 2 * corner
            yield f'<g class="badge" transform="translate({_n(left)} {_n(top)})">'
            yield f'<circle r="8.5"/>{_text((Text("number", str(number), 10.5),), 0, 0)}</g>'


# Boxes.


def _nodes(graph: Graph, cards: Sequence[Card], layout: Layout, direction: Direction, identity: str) -> Iterator[str]:
    arriving: dict[int, list[tuple[int, Point]]] = {}
    for edge, route in zip(graph.edges, layout.routes):
        if not edge.recurrent:
            arriving.setdefault(edge.target, []).append((edge.slot, route[-1]))
    dx, dy = {"LR": (1, -1), "RL": (-1, -1), "TB": (1, 1), "BT": (1, -1)}[direction]  # away from the arrows
    for node, card, (x, y) in zip(graph.nodes, cards, layout.centers):
        if is_stack(node, graph):
            x, y = x - SHEET * dx, y - SHEET * dy
        pair = f' data-pair="{identity}-n{node.pair}"' if node.pair is not None else ""
        yield (
            f'<g id="{identity}-n{node.id}" class="{_classes(node, graph)}"{pair} '
            f'transform="translate({_n(x)} {_n(y)})">'
            f"<title>{_e(in_words(node, graph))}</title>"
        )
        if node.id in graph.outputs:
            yield _outline(card, "outline", 4.0)
        if is_stack(node, graph):
            yield from (_outline(card, "box", 0.0, (dx * shift, dy * shift)) for shift in (2 * SHEET, SHEET))
        yield _outline(card, "box", 0.0)
        yield from _inside(card, flow_of(node, direction), min(node.layer, 2), ordered=node.ordered)
        if node.ordered and direction in ("LR", "RL"):
            yield from _slots(card, direction, [(slot, tip[1] - y) for slot, tip in arriving[node.id]])
        yield "</g>"


def _classes(node: PlainNode, graph: Graph) -> str:
    """The classes of a node's group, for the style sheet and for pages that bring their own; see docs/svg.md."""
    classes: list[str] = [node.kind]
    if node.kind == "leaf" and not node.requires_grad:
        classes.append("plain")
    if node.layer and node.kind != "constant":
        aside = graph.mode == "backward" and not node.carries
        classes.append("aside" if aside else _layer(node))
    if node.mark:
        classes.append(node.mark)
    if node.id in graph.outputs:
        classes.append("output")
    return " ".join(classes)


def _layer(node: PlainNode) -> str:
    """The class of a layer above the program; there are two, in turn."""
    return f"layer{2 - node.layer % 2}"


def _outline(card: Card, style: str, grow: float, shift: Point = (0.0, 0.0)) -> str:
    """The outline of a box, `grow` wider on every side."""
    w, h = card.width / 2 + grow, card.height / 2 + grow
    if card.kind == "constant":
        c = 7.0
        corners = [(c - w, -h), (w - c, -h), (w, c - h), (w, h - c), (w - c, h), (c - w, h), (-w, h - c), (-w, c - h)]
        return f'<path class="{style}" d="M{"L".join(f"{_n(x)} {_n(y)}" for x, y in corners)}Z"/>'
    radius = {"leaf": 19.0, "gradient": 19.0, "alias": 19.0, "forward": 3.0}.get(card.kind, 7.0)
    return (
        f'<rect class="{style}" x="{_n(shift[0] - w)}" y="{_n(shift[1] - h)}" width="{_n(2 * w)}" height="{_n(2 * h)}" '
        f'rx="{_n(min(radius + grow, h))}"/>'
    )


def _inside(card: Card, direction: Direction, points: int, *, ordered: bool) -> Iterator[str]:
    """The sign of an operation at the side where the arrows come in, and the rows in the rest of the box."""
    x, y = 0.0, 0.0
    if card.symbol is not None:
        w, h, inlet = card.width / 2, card.height / 2, card.inlet
        part = {
            "LR": (-w, -h, inlet, 2 * h),
            "RL": (w - inlet, -h, inlet, 2 * h),
            "TB": (-w, -h, 2 * w, inlet),
            "BT": (-w, h - inlet, 2 * w, inlet),
        }[direction]
        yield _sign(part, direction)
        yield from _points(part, direction, points)
        shift = (SLOT if ordered else 0.0) / 2 - POINT * max(points - 1, 0) / 2  # between the numbers and the points
        aside = {"LR": shift, "RL": -shift}.get(direction, 0.0)
        yield _text((card.symbol,), part[0] + part[2] / 2 + aside, part[1] + part[3] / 2)
        x, y = {"LR": (inlet / 2, 0.0), "RL": (-inlet / 2, 0.0), "TB": (0.0, inlet / 2), "BT": (0.0, -inlet / 2)}[
            direction
        ]
    heights = [max(item.height for item in row) for row in card.rows]
    total = sum(heights) + (sum(a.height + 2 for a, _, _ in card.bars) + 4 if card.bars else 0.0)
    top = y - total / 2
    for row, height in zip(card.rows, heights):
        yield from _row(row, x, top + height / 2)
        top += height
    yield from _bars(card, top + 4)


def _sign(part: tuple[float, float, float, float], direction: Direction) -> str:
    """The part of a box that holds the symbol: round outside, straight inside."""
    x, y, w, h = part
    r = 7.0
    # For each corner, clockwise from the upper left, whether it is an outer one.
    tl, tr, br, bl = {"LR": (r, 0, 0, r), "RL": (0, r, r, 0), "TB": (r, r, 0, 0), "BT": (0, 0, r, r)}[direction]
    sides = (  # each with the corner at its end
        (f"h{_n(w - tl - tr)}", (tr, tr)),
        (f"v{_n(h - tr - br)}", (-br, br)),
        (f"h{_n(br + bl - w)}", (-bl, -bl)),
        (f"v{_n(bl + tl - h)}", (tl, -tl)),
    )
    line = "".join(side + (f"a{r:g} {r:g} 0 0 1 {dx:g} {dy:g}" if dx else "") for side, (dx, dy) in sides)
    return f'<path class="sign" d="M{_n(x + tl)} {_n(y)}{line}z"/>'


def _slots(card: Card, direction: Direction, places: list[tuple[int, float]]) -> Iterator[str]:
    """The numbers of the operands, in the sign, each where its arrow arrives."""
    x = (7.0 - card.width / 2) * (1 if direction == "LR" else -1)
    for slot, y in places:
        yield f'<text class="slot on-sign" x="{_n(x)}" y="{_n(y + 4)}">{slot + 1}</text>'


def _points(part: tuple[float, float, float, float], direction: Direction, points: int) -> Iterator[str]:
    """The points on the inner side of a sign, the way the arrows run: one for each time of differentiating."""
    x, y, w, h = part
    ahead, tip = 5.0, min(h if direction in ("LR", "RL") else w, 36.0) / 2
    for i in range(points):
        if direction in ("LR", "RL"):
            side = 1 if direction == "LR" else -1
            base, middle = x + (w if side == 1 else 0.0) - side * POINT * i, y + h / 2
            corners = [(base, middle - tip), (base + side * ahead, middle), (base, middle + tip)]
        else:
            side = 1 if direction == "TB" else -1
            base, middle = y + (h if side == 1 else 0.0) - side * POINT * i, x + w / 2
            corners = [(middle - tip, base), (middle, base + side * ahead), (middle + tip, base)]
        shape = "L".join(f"{_n(a)} {_n(b)}" for a, b in corners)
        yield f'<path class="{"point" if i else "sign"}" d="M{shape}{"" if i else "Z"}"/>'


def _row(row: Row, x: float, y: float) -> Iterator[str]:
    """One row, centred at (x, y): text, or text and a matrix. The reader's font places the text exactly."""
    texts = [item for item in row if isinstance(item, Text)]
    grids = [item for item in row if isinstance(item, Grid)]
    if not grids:
        yield _text(texts, x, y)
        return
    right = x + sum(item.width for item in row) / 2
    if texts:
        yield _text(texts, right - grids[0].width - 4, y, "end")
    yield from _grid(grids[0], right - grids[0].width / 2, y)


def _text(texts: Sequence[Text], x: float, y: float, anchor: str = "middle") -> str:
    """Pieces of text in one line, centred at (x, y), or with their start or end there.

    What is the same for all of them is said once: pictures are mostly text, and this makes them a tenth smaller.
    """
    baseline = y + 0.35 * max(text.size for text in texts)
    alike = groupby(texts, key=lambda text: (text.style, text.size))
    runs = [(style, size, _e("".join(text.text for text in run))) for (style, size), run in alike]
    sizes = {size for _, size, _ in runs}
    size = sizes.pop() if len(sizes) == 1 else SIZE
    classes, words = [anchor] * (anchor != "middle"), runs[0][2]
    if len(runs) == 1:
        classes.append(runs[0][0])
    else:
        words = "".join(f"<tspan{_class(style)}{_size(own, size)}>{text}</tspan>" for style, own, text in runs)
    return f'<text{_class(" ".join(classes))} x="{_n(x)}" y="{_n(baseline)}"{_size(size, SIZE)}>{words}</text>'


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""


def _size(size: float, inherited: float) -> str:
    return f' font-size="{size:g}"' if size != inherited else ""


def _grid(grid: Grid, x: float, y: float) -> Iterator[str]:
    """A matrix in brackets, centred at (x, y)."""
    w, h = grid.width / 2 - 1, grid.height / 2 - 1
    for side in (-1, 1):
        corner = f"M{_n(x + side * (w - 4))} {_n(y - h)}"
        yield f'<path class="bracket of-{grid.style}" d="{corner}h{4 * side}v{_n(2 * h)}h{-4 * side}"/>'
    leading = grid.size * LEADING
    left = x - grid.width / 2 + 6
    for column, cells in zip(grid.columns, zip(*grid.cells)):
        for i, cell in enumerate(cells):
            middle = y + (i - (len(cells) - 1) / 2) * leading
            yield _text((Text(grid.style, cell, grid.size),), left + column / 2, middle)
        left += column + CELL_GAP


def _bars(card: Card, top: float) -> Iterator[str]:
    """The table of a group: a bar behind each line, as long as its share."""
    inner = card.width - 20
    for what, count, share in card.bars:
        height = what.height + 2
        yield (
            f'<rect class="bar" x="{_n(-inner / 2)}" y="{_n(top + 1)}" width="{_n(max(inner * share, 2))}" '
            f'height="{_n(height - 2)}" rx="2"/>'
        )
        yield _text((what,), 5 - inner / 2, top + height / 2, "start")
        yield _text((count,), inner / 2 - 5, top + height / 2, "end")
        top += height
