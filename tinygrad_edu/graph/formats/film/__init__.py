"""A film: pictures of one graph at several times, such as steps of training, in one layout; what changed is thick."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import floor, inf
from numbers import Real
from pathlib import Path
from string import Template

from ...._support.files import read_resource
from ...._support.formats import Writer, save_as
from ...._support.languages import say
from ...._support.lazy import lazy
from ...._support.offline_page import offline_page, slim
from ....engine.messages import short
from ....errors import GraphError, OutOfRangeError
from ...draw import Drawing, spoken_as_drawn
from ...fit import over
from ...layout.geometry import Layout
from ...palette import custom_properties
from ...picture.arrows import Label
from ...picture.card import same_size
from ...picture.svg import Moment, identified, size_of, write_svg
from ...picture.typeset import Card, Grid, Row, Text
from ...plain import Graph
from ...showing import image
from ...text import in_markup

__all__ = ["Film", "film"]


def film(drawings: Iterable[Drawing], seconds: float = 1.0) -> Film:
    """A film of drawings of one graph, such as one for each step of training.

    Each drawing is as it was when it was made, so a loop makes them. Where `fit` chose several ways to draw them, the
    film takes the one in which it fits best. It has one layout, in which the numbers of every step have room, and in
    each frame the boxes are thick whose numbers are others than in the one before.

    Parameters
    ----------
    drawings : of graphs that differ in their numbers alone, drawn in the same way. A `title=` or `caption=` of each is
        above and below its frame.
    seconds : how long each frame is shown.

    Raises `GraphError` where there are fewer than two drawings, or where they are of different graphs;
    `OutOfRangeError` for no time.

    >>> import tinygrad_edu as tg
    >>> w, drawings = tg.Value(2.0, "w"), []
    >>> for _ in range(3):
    ...     loss = (w * 3 - 4) ** 2
    ...     drawings.append(tg.draw(loss))
    ...     w.data -= 0.05 * tg.grad(lambda w: (w * 3 - 4) ** 2)(w.data)
    >>> tg.graph.film(drawings)
    Film of 3 frames: The computation graph of v₃
    """
    if not (isinstance(seconds, Real) and 0 < float(seconds) < inf):
        raise OutOfRangeError(f"film: seconds is how long each frame is shown, not {short(seconds)}")
    drawings = tuple(drawings) if isinstance(drawings, Iterable) else (drawings,)
    for other in drawings:
        if not isinstance(other, Drawing):
            raise GraphError(f"film: each frame is a drawing, tg.draw(loss), not {type(other).__name__} {short(other)}")
    if len(drawings) < 2:
        raise GraphError(f"film: takes two drawings or more, one for each frame, not {len(drawings)}")
    drawings = _in_one_way(drawings)
    first = drawings[0]
    for number, drawing in enumerate(drawings[1:], 2):
        if (_shape(drawing.graph), *_way(drawing)) != (_shape(first.graph), *_way(first)):
            raise GraphError(
                f"film: drawing {number} is of another graph than the first, or was drawn with other options; the "
                "graphs of a film differ in their numbers alone"
            )
    return Film(drawings, seconds)


def _shape(graph: Graph | None) -> object:
    """What is the same in all graphs of a film."""
    if graph is None:
        return None
    nodes = [(node.kind, node.label, node.operation, node.cluster, node.pair) for node in graph.nodes]
    return nodes, [(edge.source, edge.target) for edge in graph.edges]


def _way(drawing: Drawing) -> tuple[object, ...]:
    return drawing.flow, drawing.style, drawing.wrap


def _in_one_way(drawings: tuple[Drawing, ...]) -> tuple[Drawing, ...]:
    """Drawings of one graph by one of the plans that `fit` chose for them: the one by which the film fits best."""
    fittings = [drawing.looks.fitting for drawing in drawings if drawing.looks and drawing.looks.fitting]
    plans = dict.fromkeys((drawing.plan, drawing.engine, drawing.apart) for drawing in drawings)
    one_graph = all(_shape(drawing.whole) == _shape(drawings[0].whole) for drawing in drawings)
    if len(plans) == 1 or not one_graph or len(fittings) < len(drawings):
        return drawings
    films = (Film(tuple(drawing.by_plan(*plan) for drawing in drawings)) for plan in plans)
    return min(films, key=lambda film: over(film.drawings[0], fittings[0].room, film.layout)).drawings


@dataclass(frozen=True, repr=False)
class Film:
    """Pictures of one graph at several times: as frames, as a picture that moves, and as a page with a slider.

    Attributes
    ----------
    drawings : one for each frame.
    seconds : how long each frame is shown.
    """

    drawings: tuple[Drawing, ...]
    seconds: float = 1.0

    @lazy
    def cards(self) -> list[list[Card]]:
        """The boxes of each frame; a box is as large in all of them."""
        return [*map(list, zip(*map(same_size, zip(*(drawing.cards for drawing in self.drawings)))))]

    @property
    def lang(self) -> str | None:
        """The language of its words: that of the first drawing."""
        return self.drawings[0].lang

    @lazy
    def layout(self) -> Layout:
        """The places of everything, in every frame."""
        labels = [max(same, key=_width) for same in zip(*(drawing.labels for drawing in self.drawings))]
        return self.drawings[0].arranged(self.cards[0], labels)

    @lazy
    @spoken_as_drawn
    def frames(self) -> list[str]:
        """An SVG for each drawing, all in the same layout."""
        return list(self._frames())

    def _frames(self) -> Iterator[str]:
        before: list[Card] | None = None
        for number, (drawing, cards) in enumerate(zip(self.drawings, self.cards), 1):
            graph = drawing.graph
            heading = graph.heading or say("{number} of {count}", number=number, count=len(self.drawings))
            graph = replace(graph, heading=heading, notes=self.drawings[0].graph.notes)
            lit = {i for i, (new, old) in enumerate(zip(cards, before or cards), 1) if new.rows != old.rows}
            marked = [_marked(new, old) for new, old in zip(cards, before or cards)]
            known = {node.id for node in graph.nodes}
            moment = Moment(number, known, known, lit)
            yield write_svg(graph, marked, drawing.labels, self.layout, drawing.flow, drawing.theme, moment)
            before = cards

    def svg(self) -> str:
        """The frames as one SVG that moves; still, with the last frame, where the reader wants no motion."""
        wide, high = map(max, zip(*map(size_of, self.frames)))
        every, n = self.seconds * len(self.frames), len(self.frames)
        shown = floor(1e8 / n) / 1e6  # percent of the time; rounded up, two frames would be seen at once
        rules = [
            f"@media (prefers-reduced-motion:no-preference){{#\0>svg{{animation:\0 {every:g}s step-end infinite}}",
            *(f"#\0>svg:nth-of-type({i}){{animation-delay:{(i - 1 - n) * self.seconds:g}s}}" for i in range(1, n + 1)),
            f"}}@keyframes \0{{0%{{visibility:visible}}{shown:.8g}%{{visibility:hidden}}100%{{visibility:hidden}}}}",
        ]
        hidden = [frame.replace("<svg ", '<svg visibility="hidden" ', 1) for frame in self.frames[:-1]]
        text = "".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" id="\0" role="img" width="{wide:g}" height="{high:g}" '
                f'viewBox="0 0 {wide:g} {high:g}"><title>{in_markup(self.title)}</title>',
                f"<style>{''.join(rules)}</style>",
                *hidden,
                self.frames[-1],
                "</svg>\n",
            ]
        )
        return identified(text)

    @spoken_as_drawn
    def html(self) -> str:
        """The frames as a page of its own, with a slider; without a network."""
        title = in_markup(self.title)
        style = custom_properties(self.drawings[0].theme) + slim(read_resource(__package__, "film.css"))
        script = slim(read_resource(__package__, "film.js")).replace("SECONDS", f"{self.seconds:g}")
        body = Template(read_resource(__package__, "film.html")).substitute(
            title=title,
            frame=in_markup(say("Frame")),
            play=in_markup(say("Play")),
            stop=in_markup(say("Stop")),
            last=len(self.frames) - 1,
            frames="\n".join(f"<div{' hidden' if i else ''}>{frame}</div>" for i, frame in enumerate(self.frames)),
        )
        return offline_page(title, body, style, script)

    @property
    @spoken_as_drawn
    def title(self) -> str:
        """One line that says what it shows."""
        return say("Film of {count} frames: {title}", count=len(self.drawings), title=self.drawings[0].graph.title)

    def __repr__(self) -> str:
        return self.title

    def _repr_html_(self) -> str:
        return image(self.svg(), self.title)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the film to a file: .svg moves, .html has a slider. Gives the path.

        `FileError` for another extension, `OSError` where the file cannot be written.
        """
        return save_as(path, FORMATS, self, function="film")


FORMATS: dict[str, Writer] = {".svg": lambda film: film.svg(), ".html": lambda film: film.html()}
"""What writes a film to a file of each extension."""


def _width(label: Label | None) -> float:
    return label.width if label else 0.0


def _marked(card: Card, before: Card) -> Card:
    """A box with the numbers in bold that were others before."""
    return card._replace(rows=tuple(_bold(row) if row not in before.rows else row for row in card.rows))


def _bold(row: Row) -> Row:
    def bold(item: Text | Grid) -> Text | Grid:
        return item._replace(style=f"{item.style} mark") if item.style in ("value", "slope") else item

    return tuple(map(bold, row))
