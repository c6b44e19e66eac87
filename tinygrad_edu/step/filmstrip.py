"""The filmstrip: pictures of the graph after some events, each with its equations, as one SVG for a handout.

All pictures are the same drawing, with hidden what is not known yet, and thick what the event is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from ..graph.draw import Drawing
from ..graph.palette import coloured
from ..graph.text import in_markup, width
from ..graph.views.view import view
from .places import ARROW, Places
from .script import Script
from .wording import heading, lines

__all__ = ["filmstrip"]

MOST = 12
"""The default number of pictures."""

SIZE, LEADING, MARGIN = 16.0, 23.0, 16.0
"""Of the equations, in pixels."""

RULES = (
    ".unknown .value,.unknown .bracket:not(.of-slope),.unreached .partial,.unreached .partial~tspan,.unreached .slope,"
    ".unreached .of-slope{visibility:hidden}"
    ".now .box{stroke-width:4!important}.edge.now .line{stroke-width:3!important;stroke:var(--operation)!important}"
    ".edge.against .line{stroke:var(--slope)!important;marker-start:url(#upstream)}#upstream{fill:var(--slope)}"
    ".edge.against .head{visibility:hidden}"
    '.equation{font:italic 16px "STIX Two Math","STIX Two Text",Cambria,"Times New Roman",serif;fill:var(--ink)}'
    ".number{font:bold 13px sans-serif;fill:var(--muted)}.sheet{fill:var(--paper)}"
)


def filmstrip(script: Script, at: Sequence[int] | None = None, lang: str = "en") -> str:
    """The strip, with a picture after each number of events in `at`; `ValueError` for a number that is too large."""
    chosen = _some(script) if at is None else list(at)
    wrong = [step for step in chosen if not 0 < step <= len(script)]
    if wrong or not chosen:
        raise ValueError(f"filmstrip: at has steps from 1 to {len(script)}, and not {wrong[0] if wrong else 'none'}")
    drawing = Drawing(view(script.graph), "auto", "LR", "light", False)
    picture = drawing.svg()
    across, down = (float(x) for x in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)[0])
    places = Places(script.graph, drawing.graph)
    texts = [lines(script, script[step - 1]) for step in chosen]
    heights = [down + LEADING * len(text) + 2 * MARGIN for text in texts]
    wide = max(across, *(width(line, SIZE) + 60 for text in texts for line in text)) + 2 * MARGIN
    frames = [
        f'<g transform="translate(0 {top:.1f})">{_frame(script, step, picture, places, down, text)}</g>'
        for step, text, top in zip(chosen, texts, accumulate(heights, initial=0.0))
    ]
    title = in_markup(heading(script, lang))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{wide:.1f}" height="{sum(heights):.1f}" '
        f'viewBox="0 0 {wide:.1f} {sum(heights):.1f}"><title>{title}</title><style>{coloured(RULES)}</style>'
        f'<rect class="sheet" width="100%" height="100%"/>{ARROW}{"".join(frames)}</svg>\n'
    )


def _some(script: Script) -> list[int]:
    """The end of the forward part, and up to a dozen events of the way back, evenly spread."""
    back = [i for i, event in enumerate(script, 1) if event.kind != "forward"]
    every = -(-len(back) // (MOST - 1))
    return [*([back[0] - 1] if back[0] > 1 else []), *back[::-1][::every][::-1]]


def _frame(script: Script, step: int, picture: str, places: Places, down: float, text: list[str]) -> str:
    """One picture, its boxes with the classes of their state, and the equations below."""
    state, event = script.state(step), script[step - 1]
    identity = re.findall(r'id="(tg-[0-9a-f]+)"', picture)[0]
    lit = "now" if event.kind == "forward" else "now against"
    classes: dict[str, str] = {f"e{number}": lit for number in places.edges(event)}
    for node in script.graph.nodes:
        arrival = state.gradients.get(node.id)
        marks = ["unknown"] if node.id not in state.values else []
        marks += ["unreached"] if arrival is None or arrival.status != "final" else []
        marks += ["now"] if node.id in (event.node, event.input) else []
        classes |= {f"n{box}": " ".join(marks) for box in places.boxes(node)}

    def marked(match: re.Match[str]) -> str:
        return f'id="{identity}-{match[1]}" class="{match[2]} {classes.get(match[1], "")}"'

    inside = re.sub(rf'id="{identity}-([ne]\d+)" class="([^"]*)"', marked, picture)
    inside = inside.replace(identity, f"{identity}-{step}")  # ids are unique in the whole strip
    equations = "".join(
        f'<text class="equation" x="{MARGIN + 44}" y="{down + MARGIN + LEADING * (i + 0.6):.1f}">'
        f"{in_markup(line)}</text>"
        for i, line in enumerate(text)
    )
    number = f'<text class="number" x="{MARGIN}" y="{down + MARGIN + LEADING * 0.6:.1f}">{step}</text>'
    return f"{inside}{number}{equations}"
