"""The filmstrip: pictures of the graph after some events, each with its equations, as one SVG for a handout.

All pictures are the same drawing, with nothing in it that is not known yet; what the event is about is thick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .._support.formats import Writer
from ..engine.messages import is_whole, short
from ..errors import OutOfRangeError
from ..graph.draw import Drawing
from ..graph.formats.saving import converted_svg
from ..graph.picture.paint import inherited, painted, style_sheet
from ..graph.picture.shapes import coordinate as _n, text
from ..graph.picture.svg import Moment, identified, size_of
from ..graph.picture.typeset import Text
from ..graph.text import in_markup
from ..graph.views.view import view
from .places import Places
from .script import Script
from .wording import heading, lines, sentence

__all__ = ["STRIPS", "filmstrip"]

STRIPS: dict[str, Writer] = {
    ".svg": lambda svg, title: svg,
    ".png": lambda svg, title: converted_svg(svg, title, "png"),
    ".pdf": lambda svg, title: converted_svg(svg, title, "pdf"),
}
"""What writes a strip to a file of each extension."""

MOST = 12
"""The default number of pictures."""

SIZE, LEADING, MARGIN = 16.0, 23.0, 16.0
"""Of the equations, in pixels."""
SMALL = 13.0
"""The font size of the sentences."""
INDENT = 44.0
"""From the number of a picture to its equations."""


def filmstrip(script: Script, at: int | Iterable[int] | None = None, columns: int = 1) -> str:
    """The strip, with a picture after each number of events in `at`, so many in a row.

    `OutOfRangeError` for a number of events that is too large, and for no columns.
    """
    if not (is_whole(columns) and columns > 0):
        raise OutOfRangeError(f"filmstrip: columns is how many pictures stand in a row, not {short(columns)}")
    chosen = _some(script) if at is None else list(at) if isinstance(at, Iterable) else [at]
    wrong = [step for step in chosen if not (is_whole(step) and 0 < step <= len(script))]
    if wrong or not chosen:
        raise OutOfRangeError(
            f"filmstrip: at has steps from 1 to {len(script)}, and not {short(wrong[0]) if wrong else 'none'}"
        )
    drawing = Drawing(view(script.graph), "auto", "LR", "light", False, script.graph, bold=script.bold)
    places = Places(script.graph, drawing.graph)
    frames = [_frame(script, step, number, drawing, places) for number, step in enumerate(chosen)]
    across = max(frame.width for frame in frames)
    parts: list[str] = []
    down = 0.0
    for start in range(0, len(frames), columns):
        row = frames[start : start + columns]
        for column, frame in enumerate(row):
            parts += frame.parts(column * across, down)
        down += max(frame.height for frame in row)
    return _sheet(parts, across * min(columns, len(frames)), down, heading(script))


class _Frame(NamedTuple):
    """A picture with its words below."""

    picture: str
    words: list[tuple[Text, float, float]]
    width: float
    height: float

    def parts(self, x: float, y: float) -> Iterator[str]:
        """The frame at a place of the sheet."""
        yield f'<g transform="translate({_n(x + MARGIN / 2)} {_n(y)})">{self.picture}</g>'
        yield from (text((word,), x + left, y + below, "start") for word, left, below in self.words)


def _frame(script: Script, step: int, number: int, drawing: Drawing, places: Places) -> _Frame:
    picture = drawing.svg(_moment(script, step, number, places)).rstrip()
    across, height = size_of(picture)
    words = [(word, left, height + below) for word, left, below in _words(script, step)]
    width = max([across + MARGIN, *(left + word.width + MARGIN for word, left, _ in words)])
    return _Frame(picture, words, width, words[-1][2] + MARGIN)


def _sheet(frames: Sequence[str], wide: float, down: float, title: str) -> str:
    """Everything on one sheet of paper."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="\0" class="tg-graph" role="img" width="{_n(wide)}" '
        f'height="{_n(down)}" viewBox="0 0 {_n(wide)} {_n(down)}" xml:space="preserve">',
        f"<title>{in_markup(title)}</title><style>{style_sheet('light')}</style>",
        f'<rect class="paper" width="{_n(wide)}" height="{_n(down)}"/><g{inherited("light")}>',
    ]
    holes = [f"<!--{i}-->" if "<svg" in part else part for i, part in enumerate(frames)]
    strip = painted([*parts, *holes, "</g></svg>\n"], "light")
    for i, part in enumerate(frames):
        strip = strip.replace(f"<!--{i}-->", part)
    return identified(strip)


def _some(script: Script) -> list[int]:
    """The end of the forward part, and up to a dozen events of the way back, evenly spread."""
    back = [i for i, event in enumerate(script, 1) if event.kind != "forward"]
    every = -(-len(back) // (MOST - 1))
    return [*([back[0] - 1] if back[0] > 1 else []), *back[::-1][::every][::-1]]


def _moment(script: Script, step: int, number: int, places: Places) -> Moment:
    """What is known after so many events, in terms of the picture."""
    state, event = script.state(step), script[step - 1]
    edges = places.edges(event)
    boxes = {node.id: places.boxes(node) for node in script.graph.nodes}
    final = [id for id, arrival in state.gradients.items() if arrival.status == "final"]
    constants = {box.id for box in places.picture.nodes if box.kind == "constant"}
    return Moment(
        number,
        values=constants.union(*(boxes[id] for id in state.values)),
        gradients={box for id in final for box in boxes[id]},
        lit={box for id in (event.node, event.input) if id is not None for box in boxes[id]},
        along=edges if event.kind == "forward" else (),
        against=() if event.kind == "forward" else edges,
    )


def _words(script: Script, step: int) -> Iterator[tuple[Text, float, float]]:
    """The number of a picture, its equations and its sentence: each with its place below the picture."""
    y = MARGIN / 2 + LEADING / 2
    yield Text("step", str(step), SMALL), MARGIN, y
    for line in lines(script, script[step - 1]):
        yield Text("equation", line, SIZE, script.arrays), MARGIN + INDENT, y
        y += LEADING
    yield Text("muted", sentence(script, script[step - 1]), SMALL), MARGIN + INDENT, y - 2
