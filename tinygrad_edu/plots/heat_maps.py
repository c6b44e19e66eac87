"""Attention weights as heat maps, which need no Matplotlib."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from .._support.formats import save_as
from .._support.languages import say
from ..engine.messages import whole_from
from ..errors import OutOfRangeError, ShapeError
from .plot import items, numbers

__all__ = ["AttentionPlot", "attention"]


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
        return max((_wide(name) for name in self.columns), default=0) > 2.5

    @property
    def left(self) -> float:
        """The room for the names of the rows."""
        return 10 + LETTER * max((_wide(name) for name in self.rows), default=0)

    @property
    def top(self) -> float:
        """The room for the title and the names of the columns."""
        names = LETTER * max((_wide(name) for name in self.columns), default=0) if self.turned else LINE
        return (LINE + 6 if self.title else 0) + names + 6

    @property
    def width(self) -> float:
        """The width of all of it."""
        return self.left + max(CELL * len(self.columns), LETTER * _wide(self.title) - self.left)

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


@dataclass(frozen=True, repr=False)
class AttentionPlot:
    """Attention weights as heat maps. A notebook shows it; `save` writes it as SVG. It needs no Matplotlib.

    Attributes
    ----------
    maps : one for each matrix of weights.
    columns : the number of maps in a row.
    """

    maps: tuple[HeatMap, ...]
    columns: int

    def __repr__(self) -> str:
        names = " | ".join(one.title or f"{len(one.rows)} × {len(one.columns)}" for one in self.maps)
        return say("Attention: {names}", names=names)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def svg(self) -> str:
        """The picture as SVG, with a description in words."""
        return _svg_of(self.maps, self.columns)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file that ends in .svg; gives the path. Raises `FileError` for another extension."""
        return save_as(path, {".svg": self.svg})


def attention(
    weights: Any,
    queries: Sequence[object] | None = None,
    keys: Sequence[object] | None = None,
    titles: Sequence[object] | None = None,
    *,
    columns: int = 4,
) -> AttentionPlot:
    """Attention weights (L, S) as a heat map: a row a query, a column a key, the darker the larger the share.

    Weights of several heads, layers or examples (..., L, S) give one map each.

    Parameters
    ----------
    queries, keys : names for rows and columns, such as the tokens; by default 0, 1, 2... Without keys, they are the
        queries where there are as many.
    titles : one for each map; by default head 1, head 2... of several.
    columns : the number of maps in a row.

    White space is written "␣", "\\n" and so on, and a long name is cut off.

    Raises `ShapeError` for weights without two axes, or for names of another number, `OutOfRangeError` for weights
    below 0 or nan.

    >>> attention([[1.0, 0.0], [0.25, 0.75]], "ab")
    Attention: 2 × 2
    """
    whole_from(1, "attention", columns=columns)
    shares = numbers(weights, "attention")
    if shares.ndim < 2 or not shares.size:
        raise ShapeError(f"attention: weights are (..., L, S), and not {shares.shape}")
    if not (shares >= 0).all():
        raise OutOfRangeError("attention: weights are shares, 0 or more; these have numbers below 0, or nan")
    stack = shares.reshape((-1, *shares.shape[-2:]))
    length, size = stack.shape[1:]
    asked = range(length) if queries is None else items(queries, "attention: queries")
    own = asked if length == size else range(size)
    across = own if keys is None else items(keys, "attention: keys")
    rows, names = [*map(_shown, asked)], [*map(_shown, across)]
    over = [say("head {n}", n=i + 1) if len(stack) > 1 else "" for i in range(len(stack))]
    over = over if titles is None else [str(title) for title in items(titles, "attention: titles")]
    for given, wanted, what in ((rows, length, "queries"), (names, size, "keys"), (over, len(stack), "titles")):
        if len(given) != wanted:
            raise ShapeError(f"attention: {len(given)} {what} for weights {shares.shape}, which need {wanted}")
    return AttentionPlot(tuple(HeatMap(one, rows, names, title) for one, title in zip(stack, over)), columns)


LONGEST = 24
"""Of a longer name, the beginning is shown."""


def _shown(name: object) -> str:
    """A token as it can be seen."""
    text = str(name)
    text = repr(text)[1:-1].replace(" ", "␣") if text.isspace() else text
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


# The picture.


def _wide(text: str) -> float:
    """The width of a text, in letters; a Chinese character is as wide as two."""
    return sum(1.7 if ord(letter) > 0x2E7F else 1 for letter in text)


def _svg_of(maps: Sequence[HeatMap], across: int) -> str:
    """The maps in rows, `across` of them in each, as an SVG that stands alone."""
    lines, x, y, below, right = [], 0.0, 0.0, 0.0, 0.0
    for i, one in enumerate(maps):
        if i and i % across == 0:
            x, y, below = 0.0, y + below + GAP, 0.0
        lines += [f'<g transform="translate({x:g} {y:g})">', *_drawn(one), "</g>"]
        x, below = x + one.width + GAP, max(below, one.height)
        right = max(right, x - GAP)
    width, height = round(right + 12), round(y + below + 4)
    words = escape(say(". ").join(one.words() for one in maps))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tg-heat" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{words}">'
    )
    return "\n".join([head, f"<title>{words}</title>", f"<style>{STYLE}</style>", *lines, "</svg>"]) + "\n"


def _drawn(one: HeatMap) -> list[str]:
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
