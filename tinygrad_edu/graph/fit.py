"""Fitting: which way to draw a graph so that a notebook cell, a page or a slide holds it, with letters one can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeVar

from .._support.languages import say, texts
from .layout.geometry import Layout
from .picture.arrows import chain_rule
from .picture.sheet import PADDING, Sheet
from .picture.style import Style
from .plain import Graph
from .views.collapse import depth_of
from .views.fold import fold
from .views.view import aliased, view

__all__ = ["Choice", "Fit", "Fitting", "Plan", "Way", "fitted", "noted", "over", "room_of"]

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


ALONE = texts("with formulas alone")


class Way(NamedTuple):
    """A way to draw a graph."""

    direction: Literal["LR", "TB"]
    style: Style
    wrap: float | None = None
    bare: bool = False
    """Whether arrows have no steps of the chain rule."""
    numbers: bool = True
    """Whether boxes with formulas have numbers."""


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
    undone: str = "fit=None"
    """The options that undo it."""
    or_higher: bool = False
    """Whether a picture that is too high, and not too wide, is better than one that is too wide."""


def room_of(fit: Fit | None, width: float | None) -> Room:
    """The room of a cell, a page or a slide, or of a width in pixels."""
    if width is not None:
        words, undone = say("{n} pixels", n=f"{width:g}"), "width=None, fit=None"
        return Room(width, max(width, ROOM["cell"][1]), words, undone, or_higher=True)
    assert fit is not None
    return Room(*ROOM[fit], say(WORDS[fit]))


class Plan(NamedTuple):
    """What to draw in which way, and what was done in words; the number is that of the same plan for equal graphs."""

    number: int
    graph: Graph
    way: Way
    words: Sequence[str] = ()


class Fitting(NamedTuple):
    """All that may be tried so that a picture fits its room."""

    first: Way
    choice: Choice
    room: Room

    def plans(self) -> Iterator[Plan]:
        """First what was asked for, then what leaves least out."""
        yield Plan(0, self.choice.shown, self.first)
        others = _ways(self.first, self.choice, self.room.width - 2 * PADDING)
        yield from (Plan(number, *other) for number, other in enumerate(others, 1))


def fitted(draw: Callable[[Plan], Drawing], fitting: Fitting) -> Drawing:
    """The first drawing that fits; if none does, the one that is least too large, which says so.

    The built-in layout, which is quick, says what is worth a try; if it alone fits, it stays before more is left out.
    """
    room, plans = fitting.room, fitting.plans()
    plan = chosen = next(plans)
    best = asked = draw(plan)
    spare: Drawing | None = None
    least = over(best, room)
    for plan in plans if least > FITS else ():
        if spare is not None and (plan.way.bare or plan.way.style == "names" or not plan.way.numbers):
            return spare
        drawing: Any = draw(plan)
        if _has_rules(asked) and not _has_rules(drawing):
            plan = plan._replace(words=[*plan.words, say("without the chain rule on arrows")])
        drawing = replace(drawing, graph=noted(drawing.graph, plan.words, room))
        tried = quick = replace(drawing, engine="builtin")
        size = over(quick, room)
        if size[1] < 1.1 * max(least[1], 1.0) and drawing.layout.engine != "builtin":
            spare = quick if spare is None and drawing.engine == "auto" and size <= FITS else spare
            tried, size = drawing, over(drawing, room)
        if size < least:
            best, chosen, least = tried, plan, size
        if least <= FITS:
            return best
    if spare is not None or least < TOO_LARGE:
        return spare or best
    if room.or_higher:
        room = room._replace(words=say("{room}, as it takes {n}", room=room.words, n=round(least[1] * room.width)))
    unfit: Any = draw(chosen)
    return replace(unfit, graph=noted(unfit.graph, chosen.words, room, fits=False))  # type: ignore[no-any-return]


def _has_rules(drawing: Any) -> bool:
    """Whether arrows have steps of the chain rule."""
    return drawing.steps and any(edge.rule or chain_rule(edge, drawing.graph) for edge in drawing.graph.edges)


FITS, TOO_LARGE = (0, 1.0), (2, 1.0)
"""The largest size of what fits, and the smallest one of what does not."""

TANGLED = 4
"""A picture with more arrows from row to row is read only if no other fits."""


def over(drawing: Any, room: Room, layout: Layout | None = None) -> tuple[int, float]:
    """How many times larger a drawing, in its own layout or another, is than the room.

    Before that number stands 0 for what fits, 1 for what is too high where that may be, and 2 for what is too large;
    one more for what is tangled.
    """
    layout = layout or drawing.layout
    sheet = Sheet(drawing.graph, drawing.labels, layout)
    wide, high = sheet.across / room.width, sheet.down / room.height
    beyond = 0 if max(wide, high) <= 1 else 1 if room.or_higher and wide <= 1 else 2
    return beyond + (_from_row_to_row(drawing.graph, layout) > TANGLED), max(wide, high)


def _from_row_to_row(graph: Graph, layout: Layout) -> int:
    """How many arrows lead from a row, or past it, to a later one; of all rows the most."""
    if not layout.rows:
        return 0
    ends = [(layout.rows[edge.source - 1], layout.rows[edge.target - 1]) for edge in graph.edges if edge.pair is None]
    return max((sum(a <= row < b for a, b in ends) for row in range(max(layout.rows))), default=0)


def _ways(first: Way, choice: Choice, width: float) -> Iterator[tuple[Graph, Way, list[str]]]:
    """Other ways to draw a graph, those that leave least out first, each with what it does in words."""
    turns: list[tuple[Literal["LR", "TB"], float | None, str]] = [(first.direction, None, "")]
    turns += [("TB", None, say("from top to bottom"))] if choice.direction and first.direction == "LR" else []
    turns += [("LR", width, say("in rows"))] if first.direction == "LR" else []
    styles: list[Style] = [first.style]
    styles += ["shapes", "formulas", "names"] if choice.style and first.style == "full" else []
    views = [(choice.shown, ""), *(_views(choice) if choice.view else ())]
    plans = [(graph, said, first._replace(style=style)) for graph, said in views for style in styles]
    in_formulas = [plan for plan in plans if plan[2].style == "formulas"]
    plans += [(graph, said, way._replace(bare=True)) for graph, said, way in in_formulas if choice.bare]
    plans += [(graph, said, way._replace(numbers=False)) for graph, said, way in in_formulas if choice.style]
    arrays = any(node.value is not None and node.value.shape for node in choice.shown.nodes)
    plans.sort(key=lambda plan: (plan[2].style == "names", not plan[2].numbers))  # what says little comes last
    for graph, said, plan in plans:
        for direction, wrap, turned in turns:
            way = plan._replace(direction=direction, wrap=wrap)
            styled = say(SAID[way.style] if way.numbers else ALONE) if way.style != first.style else ""
            words = [said, styled if arrays or way.style != "shapes" else "", turned]
            if way != first or graph is not choice.shown:
                yield graph, way, [word for word in words if word]


def _views(choice: Choice) -> Iterator[tuple[Graph, str]]:
    """The whole with the last of equal parts alone, then with its modules closed, the inner ones first."""
    whole, fewest = choice.whole, len(choice.shown.nodes)
    views = [(aliased(fold(whole)), say("with the last of equal parts alone"))]
    depths = range(depth_of(whole.clusters) - 1, -1, -1)
    views += [(view(whole, depth), say("with modules closed as by {code}", code=f"depth={depth}")) for depth in depths]
    for graph, words in views:
        if len(graph.nodes) < fewest:
            fewest = len(graph.nodes)
            yield graph, words


def noted(graph: Graph, words: Sequence[str], room: Room, *, fits: bool = True) -> Graph:
    """The graph with a line below it on what was done so that it fits, or that it does not."""
    text = SAYS_WHAT if fits else SAYS_MORE if words else SAYS_THAT
    return replace(
        graph, notes=(*graph.notes, say(text, ways=say(", ").join(words), room=room.words, code=room.undone))
    )


SAYS_WHAT, SAYS_MORE, SAYS_THAT = texts(
    (
        "Drawn {ways}, to fit {room}; {code} undoes it.",
        "Drawn {ways}, and still too large for {room}; {code} undoes it, focus=, between= or hide= show a part.",
        "Too large for {room}; focus=, between= or hide= show a part.",
    )
)
