"""Heat maps as SVG: shares between 0 and 1, a square for each, with names beside the rows and above the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from .languages import say

__all__ = ["HeatMap", "svg_of"]

CELL, GAP, LETTER, LINE = 24, 26, 8.5, 18
"""Pixels: of a square, between two maps, for a letter of a name, and for a line of text."""

STYLE = """.tg-heat text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #1f2328 }
.tg-heat .h { font-weight: 600 } .tg-heat .frame { fill: none; stroke: #8c959f } .tg-heat .cell { fill: #0072B2 }
@media (prefers-color-scheme: dark) { .tg-heat text { fill: #e6edf3 } .tg-heat .cell { fill: #56B4E9 } }"""


@dataclass(frozen=True)
class HeatMap:
    """Shares (rows, columns), and what stands around them.

    Attributes
    ----------
    rows, columns : the names of the queries, and of the keys.
    title : above the map.
    """

    shares: Any
    rows: Sequence[str]
    columns: Sequence[str]
    title: str = ""

    @property
    def turned(self) -> bool:
        """Whether the names of the columns are too long to stand upright."""
        return max((wide(name) for name in self.columns), default=0) > 2.5

    @property
    def left(self) -> float:
        """The room for the names of the rows."""
        return 10 + LETTER * max((wide(name) for name in self.rows), default=0)

    @property
    def top(self) -> float:
        """The room for the title and the names of the columns."""
        names = LETTER * max((wide(name) for name in self.columns), default=0) if self.turned else LINE
        return (LINE + 6 if self.title else 0) + names + 6

    @property
    def width(self) -> float:
        """The width of all of it."""
        return self.left + max(CELL * len(self.columns), LETTER * wide(self.title) - self.left)

    @property
    def height(self) -> float:
        """The height of all of it."""
        return self.top + CELL * len(self.rows)

    def words(self) -> str:
        """What the map shows, for those who cannot see it."""
        most = [
            f"{name} {self.columns[int(np.argmax(row))]} {max(row):.2f}"
            for name, row in zip(self.rows, self.shares)
            if len(row)
        ]
        said = say(
            "{queries} queries, {keys} keys; most of: {shares}",
            queries=len(self.rows),
            keys=len(self.columns),
            shares=say(", ").join(most[:16]),
        )
        said += say("; and {n} more", n=len(most) - 16) if len(most) > 16 else ""
        return say("{name}: {problem}", name=self.title, problem=said) if self.title else said


def wide(text: str) -> float:
    """The width of a text, in letters; a Chinese character is as wide as two."""
    return sum(1.7 if ord(letter) > 0x2E7F else 1 for letter in text)


def svg_of(maps: Sequence[HeatMap], across: int) -> str:
    """The maps in rows, `across` of them in each, as an SVG that stands alone."""
    lines, x, y, below, right = [], 0.0, 0.0, 0.0, 0.0
    for i, one in enumerate(maps):
        if i and i % across == 0:
            x, y, below = 0.0, y + below + GAP, 0.0
        lines += [f'<g transform="translate({x:g} {y:g})">', *drawn(one), "</g>"]
        x, below = x + one.width + GAP, max(below, one.height)
        right = max(right, x - GAP)
    width, height = round(right + 12), round(y + below + 4)
    words = escape(say(". ").join(one.words() for one in maps))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tg-heat" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{words}">'
    )
    return "\n".join([head, f"<title>{words}</title>", f"<style>{STYLE}</style>", *lines, "</svg>"]) + "\n"


def drawn(one: HeatMap) -> list[str]:
    """The lines of one map."""
    left, top = one.left, one.top
    lines = [f'<text class="h" x="{left:g}" y="14">{escape(one.title)}</text>'] if one.title else []
    for j, name in enumerate(one.columns):
        x = left + CELL * (j + 0.5)
        place = (
            f'transform="translate({x + 4:g} {top - 6:g}) rotate(-90)"' if one.turned else f'x="{x:g}" y="{top - 6:g}"'
        )
        anchor = "start" if one.turned else "middle"
        lines.append(f'<text {place} text-anchor="{anchor}">{escape(name)}</text>')
    for i, (name, row) in enumerate(zip(one.rows, one.shares)):
        y = top + CELL * i
        lines.append(f'<text x="{left - 6:g}" y="{y + 17:g}" text-anchor="end">{escape(name)}</text>')
        for j, share in enumerate(row):
            words = escape(say("{query} takes {share} of {key}", query=name, share=f"{share:.3f}", key=one.columns[j]))
            lines.append(
                f'<rect class="cell" x="{left + CELL * j:g}" y="{y:g}" width="{CELL}" height="{CELL}" '
                f'fill-opacity="{min(max(float(share), 0.0), 1.0):.3f}"><title>{words}</title></rect>'
            )
    width, height = CELL * len(one.columns), CELL * len(one.rows)
    return [*lines, f'<rect class="frame" x="{left:g}" y="{top:g}" width="{width}" height="{height}"/>']
