"""Pieces of an SVG picture, as text: words, matrices, boxes, signs and arrows. They know coordinates, and no graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from math import dist, hypot
from typing import NamedTuple

from ..layout.geometry import Direction, Point, Rectangle, is_sideways
from ..mathematics import pieces
from ..plain import Kind
from ..text import in_markup, typical_width
from .bold import parts_of
from .card import POINT, SLOT
from .paint import size_class
from .typeset import CELL_GAP, LEADING, MATHEMATICAL, SET, UNKNOWN, Card, Grid, Row, Text

__all__ = [
    "SIZE", "arrow", "coordinate", "crossings", "cut", "divided", "inside", "outline", "points", "sign", "slot",
    "slots", "text",
]  # fmt: skip

HEAD = 8.0
"""The length of an arrow head."""
SIZE = 14.0
"""The font size where none is given."""


def coordinate(x: float) -> str:
    """A coordinate, to a tenth of a pixel.

    >>> coordinate(12.0), coordinate(1 / 3), coordinate(-0.01)
    ('12', '0.3', '0')
    """
    text = f"{x:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


_n = coordinate


# Text.


RISE, SMALLER = {0: 0.0, 1: -0.36, -1: 0.22}, 0.72
"""How far a piece above or below the line is moved, and how much smaller it is, in font sizes."""


APART = "space"
"""Runs of this style are placed by themselves: where a font lacks ℝ, typst sets all that flows with it in another."""
SERIF = {*MATHEMATICAL, APART}
BOLD = 1.1
"""How much wider bold letters are."""


class Run(NamedTuple):
    """Text in one style, size and height."""

    style: str
    size: float
    rise: float
    text: str
    over: str = ""
    """The letter before it, that it stands above as an accent."""


def _wide(run: Run) -> float:
    """What it takes in the usual fonts."""
    if run.over:
        return 0.0
    style = run.style
    if style.endswith(" bold"):
        return typical_width(run.text, run.size, style[:-5] in SERIF) * BOLD
    return typical_width(run.text, run.size, style in SERIF)


def text(texts: Sequence[Text], x: float, y: float, anchor: str = "middle") -> str:
    """Pieces of text in one line, with their middle, start or end (`anchor`) at (x, y).

    A line of several runs begins where it should in the usual fonts, because some programs centre each run by itself.
    The size that most of them share is written once: pictures are mostly text, and this makes them a tenth smaller.
    """
    baseline = y + 0.35 * max([text.size for text in texts])
    runs = _runs(texts)
    if not any(run.style != UNKNOWN for run in runs):
        return ""
    if len(runs) == 1 and not runs[0].rise:
        style, size, _, words, _ = runs[0]
        return _text(style if anchor == "middle" else f"{anchor} {style}", x, baseline, size, in_markup(words))
    widths = [_wide(run) for run in runs]
    if anchor != "start":
        x -= sum(widths) / (2 if anchor == "middle" else 1)
    while runs[-1].style == UNKNOWN:
        runs.pop()
    parts, height, along, before, ahead = [], 0.0, x, "", 0.0
    sizes = [run.size for run in runs]
    most = max(sizes, key=sizes.count)
    shared = most if sizes.count(most) > 1 or len(runs) == 1 else SIZE
    for (style, size, rise, words, over), wide in zip(runs, widths):
        moved = f' x="{_n(along)}"' if style != before and (style == APART or before == APART) else ""
        if rise != height:
            moved += f' dy="{_n(rise - height)}"'
        back = size * (typical_width(over, 1.0, True) / 2 + ACCENT / 2 - SLANT) if over else 0.0
        if ahead != back:
            moved += f' dx="{_n(ahead - back)}"'
        ahead = back - ACCENT * size if over else 0.0
        parts.append(f'<tspan class="{style}{_size(size, shared)}"{moved}>{in_markup(words)}</tspan>')
        height, along, before = rise, along + wide, style
    return _text("start", x, baseline, shared, "".join(parts))


BY_ITSELF = {"\u0302": "\u02c6", "\u0303": "\u02dc", "\u0304": "\u02c9", "\u0307": "\u02d9"}
ACCENTS = re.compile("(?<=[A-Zα-ωϑϕℓ])([\u0302\u0303\u0304\u0307])")
"""Accents on Greek letters and capitals, and the same as letters of their own: fonts and programs set x̂ well, but many
set θ̂ with the accent behind it. As letters they are moved back, above the letter."""
TALL = re.compile("[A-Zβδζθλξφψϑϕℓ]")
ACCENT, SLANT = 0.333, 0.05
"""The width of an accent, and how far a slanted letter leans, in font sizes."""


def _runs(texts: Sequence[Text]) -> list[Run]:
    """The runs of a line, of which neighbours are different: names are set as mathematics."""
    runs: list[Run] = []
    last = None
    for style, piece, level, size in _set(texts):
        looks = style, *_placed(size, level)
        for part in (piece,) if piece.isascii() or style not in SET else ACCENTS.split(piece):
            if part in BY_ITSELF:
                _, small, rise = looks
                up = -0.2 * small if TALL.match(runs[-1].text[-1]) else 0.0
                runs.append(Run(style, small, round(rise + up, 1), BY_ITSELF[part], runs[-1].text[-1]))
                last = None
            elif looks == last:
                runs[-1] = Run(*looks, runs[-1].text + part)
            elif part:
                runs.append(Run(*looks, part))
                last = looks
    return runs


def _set(texts: Sequence[Text]) -> Iterator[tuple[str, str, int, float]]:
    """The pieces of a line: the style, the text, the level and the size of each."""
    for style, words, size, bold in texts:
        if style not in SET:
            yield style, words, 0, size
            continue
        for part, is_bold in parts_of(words, bold) if bold and style != UNKNOWN else ((words, False),):
            for piece, level in pieces(part):
                yield f"{style} bold" if is_bold else style, piece, level, size


@cache
def _placed(size: float, level: int) -> tuple[float, float]:
    """The size of a piece of text, and how far it stands above the line."""
    return (round(size * SMALLER, 1), round(size * RISE[level], 1)) if level else (size, 0.0)


def _text(classes: str, x: float, baseline: float, size: float, words: str) -> str:
    return f'<text class="{classes}{_size(size, SIZE)}" x="{_n(x)}" y="{_n(baseline)}">{words}</text>'


@cache
def _size(size: float, inherited: float) -> str:
    """A font size as a class, for which the style sheet has a rule; a page of strict policy allows no style here."""
    return f" {size_class(size)}" if size != inherited else ""


def _grid(grid: Grid, x: float, y: float) -> Iterator[str]:
    """A matrix in brackets, centred at (x, y)."""
    if grid.style == UNKNOWN:
        return
    w, h = grid.width / 2 - 1, grid.height / 2 - 1
    for side in (-1, 1):
        corner = f"M{_n(x + side * (w - 4))} {_n(y - h)}"
        yield f'<path class="bracket of-{grid.style}" d="{corner}h{4 * side}v{_n(2 * h)}h{-4 * side}"/>'
    leading = grid.size * LEADING
    left = x - grid.width / 2 + 6
    for column, cells in zip(grid.columns, zip(*grid.cells)):
        for i, cell in enumerate(cells):
            middle = y + (i - (len(cells) - 1) / 2) * leading
            yield text((Text(grid.style, cell, grid.size),), left + column / 2, middle)
        left += column + CELL_GAP


# Boxes.


def outline(card: Card, style: str, grow: float = 0.0, shift: Point = (0.0, 0.0)) -> str:
    """The outline of a box, `grow` wider on every side, and moved by `shift`."""
    return _outline(card.kind, card.width / 2 + grow, card.height / 2 + grow, style, grow, shift)


@lru_cache(maxsize=2**10)
def _outline(kind: Kind, w: float, h: float, style: str, grow: float, shift: Point) -> str:
    if kind == "constant":
        c = 7.0
        corners = [(c - w, -h), (w - c, -h), (w, c - h), (w, h - c), (w - c, h), (c - w, h), (-w, h - c), (-w, c - h)]
        return f'<path class="{style}" d="M{"L".join(f"{_n(x)} {_n(y)}" for x, y in corners)}Z"/>'
    radius = {"leaf": 19.0, "gradient": 19.0, "alias": 19.0, "forward": 3.0}.get(kind, 7.0)
    return (
        f'<rect class="{style}" x="{_n(shift[0] - w)}" y="{_n(shift[1] - h)}" width="{_n(2 * w)}" height="{_n(2 * h)}" '
        f'rx="{_n(min(radius + grow, h))}"/>'
    )


def inside(card: Card, direction: Direction, many: int, *, ordered: bool) -> Iterator[str]:
    """The sign of an operation, with so `many` points, at the side where the arrows come in; then the rows."""
    x, y = 0.0, 0.0
    if card.symbol is not None:
        part, (x, y) = divided(card, direction)
        yield sign(part, direction)
        yield from points(part, direction, many)
        shift = (SLOT if ordered else 0.0) / 2 - POINT * max(many - 1, 0) / 2  # between the numbers and the points
        aside = shift if direction == "LR" else -shift if direction == "RL" else 0.0
        yield text((card.symbol,), part[0] + part[2] / 2 + aside, part[1] + part[3] / 2)
    heights = [max([item.height for item in row]) for row in card.rows]
    total = sum(heights) + (sum(a.height + 2 for a, _, _ in card.bars) + 4 if card.bars else 0.0)
    top = y - total / 2
    for row, height in zip(card.rows, heights):
        yield from _row(row, x, top + height / 2)
        top += height
    yield from _bars(card, top + 4)


def divided(card: Card, direction: Direction) -> tuple[Rectangle, Point]:
    """The place of the sign in a box, and the middle of the rest."""
    width, height, inlet = card.width, card.height, card.inlet
    left, top = -width / 2, -height / 2
    if is_sideways(direction):
        first = direction == "LR"
        return (left if first else -left - inlet, top, inlet, height), (inlet / 2 if first else -inlet / 2, 0.0)
    first = direction == "TB"
    return (left, top if first else -top - inlet, width, inlet), (0.0, inlet / 2 if first else -inlet / 2)


def _row(row: Row, x: float, y: float) -> Iterator[str]:
    """One row, centred at (x, y): text, or text and a matrix. The reader's font places the text exactly."""
    texts = [item for item in row if isinstance(item, Text)]
    grids = [item for item in row if isinstance(item, Grid)]
    if not grids:
        yield text(texts, x, y)
        return
    right = x + sum(item.width for item in row) / 2
    if texts:
        yield text(texts, right - grids[0].width - 4, y, "end")
    yield from _grid(grids[0], right - grids[0].width / 2, y)


def _bars(card: Card, top: float) -> Iterator[str]:
    """The table of a group: a bar behind each line, as long as its share."""
    inner = card.width - 20
    for what, count, share in card.bars:
        height = what.height + 2
        yield (
            f'<rect class="bar" x="{_n(-inner / 2)}" y="{_n(top + 1)}" width="{_n(max(inner * share, 2))}" '
            f'height="{_n(height - 2)}" rx="2"/>'
        )
        yield text((what,), 5 - inner / 2, top + height / 2, "start")
        yield text((count,), inner / 2 - 5, top + height / 2, "end")
        top += height


# The sign of an operation. Its place is left, top, width, height.


@lru_cache(maxsize=2**10)
def sign(place: Rectangle, direction: Direction) -> str:
    """The part of a box that holds the symbol: round outside, straight inside."""
    x, y, w, h = place
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


def points(place: Rectangle, direction: Direction, many: int) -> Iterator[str]:
    """The points on the inner side of a sign, in the direction of the arrows: one for each differentiation."""
    x, y, w, h = place
    ahead, tip = 5.0, min(h if is_sideways(direction) else w, 36.0) / 2
    for i in range(many):
        if is_sideways(direction):
            side = 1 if direction == "LR" else -1
            base, middle = x + (w if side == 1 else 0.0) - side * POINT * i, y + h / 2
            corners = [(base, middle - tip), (base + side * ahead, middle), (base, middle + tip)]
        else:
            side = 1 if direction == "TB" else -1
            base, middle = y + (h if side == 1 else 0.0) - side * POINT * i, x + w / 2
            corners = [(middle - tip, base), (middle, base + side * ahead), (middle + tip, base)]
        shape = "L".join(f"{_n(a)} {_n(b)}" for a, b in corners)
        yield f'<path class="{"point" if i else "sign"}" d="M{shape}{"" if i else "Z"}"/>'


def slots(card: Card, direction: Direction, places: Sequence[tuple[int, float]]) -> Iterator[str]:
    """The numbers of the operands in the sign, each where its arrow arrives: (slot, height in the box)."""
    x = (7.0 - card.width / 2) * (1 if direction == "LR" else -1)
    for number, y in places:
        yield f'<text class="slot on-sign" x="{_n(x)}" y="{_n(y + 4)}">{number + 1}</text>'


# Arrows: paths of cubic Bézier curves, as 1 + 3k points.


def arrow(route: Sequence[Point], gap: tuple[Point, float] | None = None) -> Iterator[str]:
    """The line up to the head, and the head. `gap`: the middle of a straight piece, half the room to leave there."""
    while len(route) > 4 and dist(route[-4], route[-1]) < 0.1:  # a last piece without length has no direction
        route = route[:-3]
    (x, y), tip = route[-2], route[-1]
    length = hypot(tip[0] - x, tip[1] - y) or 1.0
    dx, dy = (tip[0] - x) / length, (tip[1] - y) / length
    base = (tip[0] - HEAD * dx, tip[1] - HEAD * dy)
    bend = min(1.0, length / HEAD)
    line = [*route[:-2], (x - HEAD * dx * (1 - bend), y - HEAD * dy * (1 - bend)), base]
    yield f'<path class="line" d="{"".join(map(_curve, cut(line, *gap) if gap else [line]))}"/>'
    wing = 0.42 * HEAD
    corners = [tip, (base[0] - wing * dy, base[1] + wing * dx), (base[0] + wing * dy, base[1] - wing * dx)]
    (x, y), (a, b), (c, d) = _in_tenths(corners)
    sides = f"{_tenths(a - x)} {_tenths(b - y)} {_tenths(c - a)} {_tenths(d - b)}"
    yield f'<path class="head" d="M{_n(x / 10)} {_n(y / 10)}l{sides}z"/>'


def cut(line: list[Point], middle: Point, half: float) -> list[list[Point]]:
    """A line that runs up or down, without the stretch around the middle of one of its straight pieces."""
    for i in range(0, len(line) - 3, 3):
        (x, y), (_, end) = line[i], line[i + 3]
        if dist((x, (y + end) / 2), middle) < 1:
            half = min(half, abs(end - y) / 2)
            above, below = ((x, middle[1] - half), (x, middle[1] + half))[:: 1 if end > y else -1]
            return [[*line[: i + 1], (x, y), above, above], [below, below, line[i + 3], *line[i + 3 :]]]
    return [line]


def _curve(points: Sequence[Point]) -> str:
    """The path of a line: each piece relative to its start, which is short; what runs straight is shorter still."""
    (x, y), *others = _in_tenths(points)
    path = [f"M{_n(x / 10)} {_n(y / 10)}"]
    for (a, b), (c, d), (u, v) in zip(others[::3], others[1::3], others[2::3]):
        if b == d == v == y:
            path.append(f"h{_tenths(u - x)}")
        elif a == c == u == x:
            path.append(f"v{_tenths(v - y)}")
        else:
            ends = f"{_tenths(c - x)} {_tenths(d - y)} {_tenths(u - x)} {_tenths(v - y)}"
            path.append(f"c{_tenths(a - x)} {_tenths(b - y)} {ends}")
        x, y = u, v
    return "".join(path)


def _in_tenths(points: Sequence[Point]) -> list[tuple[int, int]]:
    """Points in tenths of a pixel, whose rounding errors do not add up."""
    return [(round(10 * x), round(10 * y)) for x, y in points]


@lru_cache(maxsize=2**14)
def _tenths(n: int) -> str:
    return f"{n / 10:.9g}"


def slot(number: int, route: Sequence[Point]) -> str:
    """The number of an operand, beside the head of its arrow."""
    (x, y), tip = route[-2], route[-1]
    if abs(tip[0] - x) >= abs(tip[1] - y):
        at = (tip[0] + (-HEAD - 5 if tip[0] > x else HEAD + 5), tip[1] - 4)
    else:
        at = (tip[0] + 8, tip[1] + (-3 if tip[1] > y else 11))
    return f'<text class="slot" x="{_n(at[0])}" y="{_n(at[1])}">{number}</text>'


def crossings(routes: Iterable[Sequence[Point]], top: float, bottom: float) -> list[tuple[float, float]]:
    """Where routes pass between two heights: from x to x, for each of their curves that does.

    >>> crossings([((0, 0), (0, 4), (0, 6), (0, 10))], 8, 20), crossings([((0, 0), (0, 4), (0, 6), (0, 10))], 12, 20)
    ([(0.0, 0.0)], [])
    """
    found = []
    for route in routes:
        for i in range(0, len(route) - 3, 3):
            curve = route[i : i + 4]
            steps = 8 + int(abs(curve[3][1] - curve[0][1]) / 4)
            passed = [x for x, y in (_on(curve, k / steps) for k in range(steps + 1)) if top <= y <= bottom]
            found += [(min(passed), max(passed))] if passed else []
    return found


def _on(curve: Sequence[Point], t: float) -> Point:
    """A point of a cubic curve."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return sum(w * x for w, (x, _) in zip(weights, curve)), sum(w * y for w, (_, y) in zip(weights, curve))
