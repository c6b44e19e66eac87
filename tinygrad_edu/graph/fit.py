"""Fitting: which way to draw a graph so that a notebook cell, a page or a slide holds it, with letters one can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeVar

from .._support.languages import say, texts
from .picture.arrows import chain_rule
from .picture.style import Style
from .picture.svg import lines_below
from .plain import Graph
from .views.collapse import depth_of
from .views.fold import fold
from .views.view import aliased, view

__all__ = ["Choice", "Fit", "Way", "fitted", "room_of"]

Drawing = TypeVar("Drawing")

Fit = Literal["cell", "page", "slide"]

ROOM: dict[Fit, tuple[float, float]] = {"cell": (1300.0, 1600.0), "page": (930.0, 1300.0), "slide": (1860.0, 1040.0)}
"""How large a picture may be: scaled to 830, 600 and 1,200 pixels, its letters are 9 pixels high."""

WORDS: dict[Fit, str] = texts({"cell": "a notebook cell", "page": "a page", "slide": "a slide"})

SAID: dict[Style, str] = texts(
    {
        "shapes": "with shapes in place of numbers",
        "formulas": "with formulas of what has a name",
        "names": "with names alone",
    }
)

RIM = 36.0
"""How much larger a picture is than its layout."""
LINE = 17.0
"""The height of a line below the picture."""


class Way(NamedTuple):
    """A way to draw a graph."""

    direction: Literal["LR", "TB"]
    style: Style
    wrap: float | None = None
    bare: bool = False
    """Whether arrows have no steps of the chain rule."""


class Choice(NamedTuple):
    """What may be chosen: the direction, the style, whether arrows are bare, and another view than what is `shown`."""

    whole: Graph
    shown: Graph
    direction: bool
    style: bool
    bare: bool
    view: bool


class Room(NamedTuple):
    """How large a picture may be, and what for."""

    width: float
    height: float
    words: str


def room_of(fit: Fit | None, width: float | None) -> Room:
    """The room of a cell, a page or a slide, or of a width in pixels."""
    if width is not None:
        return Room(width, max(width, ROOM["cell"][1]), say("{n} pixels", n=f"{width:g}"))
    assert fit is not None
    return Room(*ROOM[fit], say(WORDS[fit]))


def fitted(draw: Callable[[Graph, Way], Drawing], first: Way, choice: Choice, room: Room) -> Drawing:
    """The first drawing that fits; if none does, the one that is least too large.

    The built-in layout, which is quick, says what is worth a try; if it alone fits, it stays before more is left out.
    """
    best = asked = draw(choice.shown, first)
    spare: Drawing | None = None
    least = over(best, room)
    for graph, way, words in () if least <= 1 else ways(first, choice, room.width - RIM):
        if spare is not None and (way.bare or way.style == "names"):
            return spare
        drawing: Any = draw(graph, way)
        if _has_rules(asked) and not _has_rules(drawing):
            words.append(say("without the chain rule on arrows"))
        drawing = replace(drawing, graph=_noted(drawing.graph, words, room))
        quick = replace(drawing, engine="builtin")
        size = over(quick, room)
        if size < 1.1 * max(least, 1.0) and drawing.layout.engine != "builtin":
            spare = quick if spare is None and drawing.engine == "auto" and size <= 1 else spare
            size = over(drawing, room)
        if size < least:
            best, least = drawing, size
        if least <= 1:
            return best
    return best if spare is None else spare


def _has_rules(drawing: Any) -> bool:
    """Whether arrows have steps of the chain rule."""
    return drawing.steps and any(edge.rule or chain_rule(edge, drawing.graph) for edge in drawing.graph.edges)


def over(drawing: Any, room: Room) -> float:
    """How many times larger a drawing is than the room."""
    down = drawing.layout.height + LINE * (len(lines_below(drawing.graph, drawing.layout)) + 1)
    return float(max((drawing.layout.width + RIM) / room.width, (down + RIM) / room.height))


def ways(first: Way, choice: Choice, width: float) -> Iterator[tuple[Graph, Way, list[str]]]:
    """Other ways to draw a graph, those that leave least out first, each with what it does in words."""
    turns: list[tuple[Literal["LR", "TB"], float | None, str]] = [(first.direction, None, "")]
    turns += [("TB", None, say("from top to bottom"))] if choice.direction and first.direction == "LR" else []
    turns += [("LR", width, say("in rows"))] if first.direction == "LR" else []
    styles: list[Style] = [first.style]
    styles += ["shapes", "formulas", "names"] if choice.style and first.style == "full" else []
    views = [(choice.shown, ""), *(_views(choice) if choice.view else ())]
    plans = [(graph, said, style, False) for graph, said in views for style in styles]
    plans += [(*plan[:3], True) for plan in plans if choice.bare and plan[2] == "formulas"]
    arrays = any(node.value is not None and node.value.shape for node in choice.shown.nodes)
    plans.sort(key=lambda plan: plan[2] == "names")  # they say so little that all else is tried before
    for graph, said, style, bare in plans:
        for direction, wrap, turned in turns:
            way = Way(direction, style, wrap, bare)
            words = [said, say(SAID[style]) if style != first.style and (arrays or style != "shapes") else "", turned]
            if way != first or graph is not choice.shown:
                yield graph, way, [word for word in words if word]


def _views(choice: Choice) -> Iterator[tuple[Graph, str]]:
    """The whole with equal parts drawn once, then with its modules closed, the inner ones first."""
    whole, fewest = choice.whole, len(choice.shown.nodes)
    views = [(aliased(fold(whole)), say("with equal parts once"))]
    depths = range(depth_of(whole.clusters) - 1, -1, -1)
    views += [(view(whole, depth), say("with modules closed as by {code}", code=f"depth={depth}")) for depth in depths]
    for graph, words in views:
        if len(graph.nodes) < fewest:
            fewest = len(graph.nodes)
            yield graph, words


def _noted(graph: Graph, words: list[str], room: Room) -> Graph:
    """The graph with a line on what was done so that it fits."""
    text = texts("Drawn {ways}, to fit {room}; fit=None undoes it.")
    return replace(graph, notes=(*graph.notes, say(text, ways=say(", ").join(words), room=room.words)))
