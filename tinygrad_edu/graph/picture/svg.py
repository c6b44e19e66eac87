"""The SVG writer: a plain graph, its cards and its layout, as a picture.

A picture has no script and no external reference, and everything a user wrote is escaped in it. Light and dark follow
the reader's setting unless a theme is fixed; on paper it is light. Shapes say what a box stands for, as colours do:

    round ends          a leaf           cut corners    a constant
    a box with a sign   an operation     double line    the output
    dashed              drawn elsewhere: an alias, or in a backward graph a number of the forward pass
    a pointed sign      an operation of a differentiation; the sign of a second one has two points

The looks are in `svg.css` beside this file, and `paint.py` brings them to the elements. The id of a picture is made
from its content. So many pictures can stand in one page, and the same picture has the same bytes in every run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ..._support.grouping import grouped
from ..._support.languages import counted, say
from ..._support.lazy import lazy
from ..layout.geometry import Direction, Layout, Point, is_sideways
from ..palette import Theme
from ..plain import Edge, Graph, PlainNode
from ..text import in_markup, shorten
from .arrange import HEADING
from .arrows import Label
from .card import SHEET, flow_of, is_stack
from .descriptions import edge_in_words, node_in_words, summary
from .open_clusters import open_clusters, titles_of
from .paint import colour_class, inherited, painted, style_sheet
from .shapes import arrow, coordinate as _n, inside, outline, points, sign, slot, slots, text
from .sheet import LEGEND_LINE, OF, PADDING, Sheet
from .typeset import UNKNOWN, Card, Text

__all__ = ["Moment", "identified", "size_of", "write_svg"]

MOST_PAINTED = 500
"""A picture of more boxes than this, which nobody prints, has no looks on its elements: it would be twice as large."""

ID = "\0"
"""Stands for the id until the picture is known; no visible text has this character."""


def write_svg(
    graph: Graph,
    cards: Sequence[Card],
    labels: Sequence[Label | None],
    layout: Layout,
    direction: Direction,
    theme: Theme = "auto",
    moment: Moment | None = None,
    *,
    bare: bool = False,
) -> str:
    """The picture as the text of an SVG file: a card for each node, and a label or None for each arrow.

    With a `moment`, only what is known then, in the places of the whole. A `bare` picture is for browsers alone.
    """
    bare = bare or len(graph.nodes) > MOST_PAINTED
    if moment is not None:
        cards = [moment.part_of(node, card) for node, card in zip(graph.nodes, cards)]
    picture = painted(SvgWriter(graph, cards, labels, layout, direction, moment).parts(theme), theme, bare=bare)
    salt = f"{moment.number} " if moment else ""  # two moments may look alike
    return identified(picture, salt)


def identified(picture: str, salt: str = "") -> str:
    """The picture with an id that is made from its content, where `ID` stands for it."""
    return picture.replace(ID, "tg-" + sha256((salt + picture).encode()).hexdigest()[:10])


def size_of(picture: str) -> tuple[float, float]:
    """How many pixels a picture is wide and high."""
    wide, high = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)[0]
    return float(wide), float(high)


@dataclass(frozen=True)
class Moment:
    """What is known of a graph at a moment of its computation, and what happens then; ids and numbers of the picture.

    Attributes
    ----------
    number : of the moment.
    values, gradients : the nodes whose numbers, or gradients, are known.
    lit : the nodes that something happens to.
    along, against : the numbers of the arrows along which a number flows, and against which a gradient flows.
    """

    number: int
    values: Collection[int]
    gradients: Collection[int]
    lit: Collection[int] = ()
    along: Collection[int] = ()
    against: Collection[int] = ()

    def part_of(self, node: PlainNode, card: Card) -> Card:
        """The card of a node with the numbers that are known; what is not known leaves its room empty."""
        unknown = {"value"} if node.id not in self.values else set()
        unknown |= {"partial", "slope"} if node.id not in self.gradients else set()
        rows = tuple(
            tuple(item._replace(style=UNKNOWN) if item.style in unknown else item for item in row) for row in card.rows
        )
        return card._replace(rows=rows)


@dataclass(frozen=True)
class SvgWriter:
    """Writes one picture.

    Attributes
    ----------
    graph : what is shown.
    cards : what stands in the box of each node.
    labels : what stands on each arrow.
    layout : where they are.
    direction : in which the arrows run.
    moment : the moment that is shown; None: everything is known.
    """

    graph: Graph
    cards: Sequence[Card]
    labels: Sequence[Label | None]
    layout: Layout
    direction: Direction
    moment: Moment | None = None

    @lazy
    def sheet(self) -> Sheet:
        """The words around it."""
        return Sheet(self.graph, self.labels, self.layout)

    def parts(self, theme: Theme) -> Iterator[str]:
        """The picture, element by element."""
        graph, layout, sheet = self.graph, self.layout, self.sheet
        across, down = sheet.across, sheet.down
        described = say(" ").join([say("{summary}.", summary=summary(graph)), *graph.notes])
        if layout.note:
            described += f" ({layout.note})"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{ID}" class="tg-graph" role="img" '
            f'aria-labelledby="{ID}-title {ID}-desc" width="{_n(across)}" height="{_n(down)}" '
            f'viewBox="0 0 {_n(across)} {_n(down)}" xml:space="preserve">'
        )
        yield f'<title id="{ID}-title">{in_markup(graph.title)}</title>'
        yield f'<desc id="{ID}-desc">{in_markup(described.strip())}</desc>'
        yield f"<style>{style_sheet(theme)}</style>"
        yield f'<rect class="paper" width="{_n(across)}" height="{_n(down)}"/>'
        yield f"<g{inherited(theme)}>"
        for i, line in enumerate(sheet.titles):
            yield text((Text("heading", line, 17.0),), across / 2, PADDING + 6 + 21 * i)
        yield f'<g transform="translate({_n(PADDING)} {_n(PADDING + sheet.headed)})">'
        for words, x, y in sheet.headings:
            yield text((Text("heading", words.replace(OF, graph.of), 13.0),), x, y + HEADING / 3, "start")
        yield from self.frames()
        yield from self.arrows()
        yield from self.carried()
        yield from self.titles()
        yield from self.boxes()
        yield from self.badges()
        yield "</g>"
        yield from self.legend()
        for i, line in enumerate(sheet.notes):
            y = sheet.notes_down + 12 + 17 * i
            yield text((Text("note", line, 12.0),), PADDING, y - 4.2, "start")
        for i, line in enumerate(sheet.captions):
            yield text((Text("caption", line, 13.0),), across / 2, sheet.captions_down + 9 + 18 * i)
        yield "</g>"
        yield "</svg>\n"

    def legend(self) -> Iterator[str]:
        """The legend below the picture."""
        for layer, words, x, line in self.sheet.legend:
            colour = f" {_layer_class(layer)}" if layer else ""
            place = f"{_n(PADDING + x)} {_n(self.sheet.legend_down + LEGEND_LINE * line)}"
            yield f'<g class="operation{colour}" transform="translate({place})">'
            yield '<rect class="box" x="0" y="0" width="34" height="18" rx="7"/>'
            yield sign((0.0, 0.0, 15.0, 18.0), "LR")
            yield from points((0.0, 0.0, 15.0, 18.0), "LR", min(layer, 2))
            yield text((Text("legend", words, 12.0),), 42, 9, "start") + "</g>"

    # Clusters.

    def frames(self) -> Iterator[str]:
        """A frame around each open cluster."""
        for i, (cluster, (left, top, right, bottom)) in enumerate(
            zip(open_clusters(self.graph), self.layout.clusters), 1
        ):
            nodes = counted(cluster.nodes, "{n} node", "{n} nodes")
            words = say("{path}: {title}; {nodes}", path=cluster.path, title=cluster.title, nodes=nodes)
            if not cluster.title:  # a part of a loop, which has no name either
                words = say("{n} times in a row", n=f"{cluster.times:,}")
            yield f'<g id="{ID}-c{i}" class="cluster {cluster.kind}"><title>{in_markup(words)}</title>'
            yield (
                f'<rect class="frame" x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" '
                f'height="{_n(bottom - top)}" rx="9"/></g>'
            )

    def titles(self) -> Iterator[str]:
        """The titles of the frames, in the upper left corner, or where no arrow comes in."""
        for title in titles_of(self.graph, self.layout):
            yield f'<g class="frame-title">{text(*title, "start")}</g>'

    # Arrows.

    def arrows(self) -> Iterator[str]:
        """Each arrow, with its label, and the number of its operand where that does not stand in the sign."""
        sideways = is_sideways(self.direction)
        arrows = zip(self.graph.edges, self.labels, self.layout.labels, self.layout.routes)
        for i, (edge, label, at, route) in enumerate(arrows, 1):
            back = f' data-pair="{ID}-e{edge.pair}"' if edge.pair is not None else ""
            yield (
                f'<g id="{ID}-e{i}" class="{self.edge_classes(i, edge)}"{back}>'
                f"<title>{in_markup(self.said(edge_in_words(edge, self.graph)))}</title>"
            )
            if self.moment and i in self.moment.against:
                route = route[::-1]
            if label is None or at is None:
                yield from arrow(route)
            else:
                yield from arrow(route, None if sideways else (at, label.height / 2))
                middle = 0.5 if sideways else (len(label.lines) - 1) / 2
                for j, line in enumerate(label.lines):  # above and below the arrow, or in its gap
                    yield text(line, at[0], at[1] + (j - middle) * label.leading)
            if self.graph.node(edge.target).ordered and not edge.recurrent and not sideways:
                yield slot(edge.slot + 1, route)
            yield "</g>"

    def edge_classes(self, number: int, edge: Edge) -> str:
        """The classes of an arrow's group."""
        target = self.graph.node(edge.target)
        layer = _layer_class(target.layer) if target.layer and self.graph.mode != "forward" else None
        now = against = None
        if self.moment:
            now = "now" if number in self.moment.along or number in self.moment.against else None
            against = "against" if number in self.moment.against else None
        drawn = "lit" if edge.lit else None, colour_class(edge.colour)
        return " ".join(filter(None, ("edge", "back" if edge.pair else None, layer, edge.mark, now, against, *drawn)))

    def said(self, words: str) -> str:
        """What is said of a part of the picture, without numbers that are not known yet."""
        return words if self.moment is None else words.partition(";")[0].partition(" = ")[0]

    def carried(self) -> Iterator[str]:
        """On each arrow that leads on to the next repetition, what it carries; several may share a route."""
        ways: dict[tuple[Point, ...], list[str]] = {}
        for edge, route in zip(self.graph.edges, self.layout.routes):
            source = self.graph.node(edge.source)
            what = source.label if source.opens is None else edge.value.kind(dtype=False) if edge.value else ""
            if edge.recurrent and what and what not in ways.setdefault(route, []):
                ways[route].append(what)
        turned = "" if is_sideways(self.direction) else " rotate(90)"
        for route, names in ways.items():
            (x, y), (u, v) = route[3], route[6]  # the long straight side
            words = Text("auto", shorten(", ".join(names), 24), 12.5)
            ground = (
                f'<rect class="paper" x="{_n(-words.width / 2 - 3)}" y="-9" width="{_n(words.width + 6)}" height="18"/>'
            )
            place = f"translate({_n((x + u) / 2)} {_n((y + v) / 2)}){turned}"
            yield f'<g class="carried" transform="{place}">{ground}{text((words,), 0, 0)}</g>'

    # Boxes.

    def boxes(self) -> Iterator[str]:
        """The box of each node, with what stands in it."""
        graph, direction = self.graph, self.direction
        arrows = zip(graph.edges, self.layout.routes)
        arriving = grouped((edge.target, (edge.slot, route[-1])) for edge, route in arrows if not edge.recurrent)
        dx, dy = {"LR": (1, -1), "RL": (-1, -1), "TB": (1, 1), "BT": (1, -1)}[direction]  # away from the arrows
        for node, card, (x, y) in zip(graph.nodes, self.cards, self.layout.centers):
            if is_stack(node, graph):
                x, y = x - SHEET * dx, y - SHEET * dy
            pair = f' data-pair="{ID}-n{node.pair}"' if node.pair is not None else ""
            yield (
                f'<g id="{ID}-n{node.id}" class="{self.node_classes(node)}"{pair} '
                f'transform="translate({_n(x)} {_n(y)})">'
                f"<title>{in_markup(self.said(node_in_words(node, graph)))}</title>"
            )
            if node.id in graph.outputs:
                yield outline(card, "outline", 4.0)
            if is_stack(node, graph):
                yield from (outline(card, "box", shift=(dx * by, dy * by)) for by in (2 * SHEET, SHEET))
            yield outline(card, "box")
            yield from inside(card, flow_of(node, direction), min(node.layer, 2), ordered=node.ordered)
            if node.ordered and is_sideways(direction):
                yield from slots(card, direction, [(slot, tip[1] - y) for slot, tip in arriving.get(node.id, ())])
            yield "</g>"

    def node_classes(self, node: PlainNode) -> str:
        """The classes of a node's group, for the style sheet and for pages that bring their own; see docs/svg.md."""
        classes: list[str] = [node.kind]
        if node.kind == "leaf" and not node.requires_grad:
            classes.append("plain")
        if node.layer and node.kind != "constant":
            aside = self.graph.mode == "backward" and not node.carries
            classes.append("aside" if aside else _layer_class(node.layer))
        if node.mark:
            classes.append(node.mark)
        if node.id in self.graph.outputs:
            classes.append("output")
        if self.moment and node.id in self.moment.lit:
            classes.append("now")
        if node.lit:
            classes.append("lit")
        if node.colour:
            classes.append(colour_class(node.colour))
        return " ".join(classes)

    def badges(self) -> Iterator[str]:
        """The same number on each node and on its gradient, where no arrow arrives: away from the sign."""
        sideways = is_sideways(self.direction)
        pairs = sorted((node.pair, node.id) for node in self.graph.nodes if node.pair is not None)
        for number, pair in enumerate(pairs, 1):
            for id in pair:
                (x, y), card = self.layout.centers[id - 1], self.cards[id - 1]
                if sideways:
                    side = 1 if flow_of(self.graph.node(id), self.direction) == "LR" else -1
                    x, y = x + side * (card.width / 2 - 4), y - card.height / 2
                else:
                    x -= card.width / 2
                yield f'<g class="badge" transform="translate({_n(x)} {_n(y)})">'
                yield f'<circle r="8.5"/>{text((Text("number", str(number), 10.5),), 0, 0)}</g>'


def _layer_class(layer: int) -> str:
    """The class of a layer above the program; there are two, in turn."""
    return f"layer{2 - layer % 2}"
