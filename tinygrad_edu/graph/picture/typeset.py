"""What a box of a picture is made of: text in a style, small matrices, rows of these, and their sizes."""

from __future__ import annotations

from typing import NamedTuple

from ..mathematics import pieces
from ..plain import Kind
from ..text import width

__all__ = ["CELL_GAP", "LEADING", "MATHEMATICAL", "SET", "UNKNOWN", "Card", "Grid", "Row", "Text"]

LEADING = 1.3125
"""The height of a line of text, in font sizes."""
CELL_GAP = 9.0
UNKNOWN = "unknown"
"""The style of what is not known yet: it takes its room, and is not written."""
MATHEMATICAL = frozenset({"name", "auto", "partial", "equation"})
"""The styles whose text is set as mathematics, with indices below and above the line."""
SET = MATHEMATICAL | {"space", "symbol", "heading", "note"}
"""The styles in which indices stand below and above the line."""


def _set_width(text: str, size: float) -> float:
    """How wide a text is that is set as mathematics: an upper estimate."""
    return sum([width(piece, size * (0.72 if level else 1.0)) for piece, level in pieces(text)])


class Text(NamedTuple):
    """A piece of text in one style: `name`, `auto`, `value`, `partial` (∂z/∂x), `slope` (its number), `muted`.

    `bold` are the names in it that are set in bold.
    """

    style: str
    text: str
    size: float
    bold: frozenset[str] = frozenset()

    def with_bold(self, names: frozenset[str]) -> Text:
        """The same with these names in bold, where it is mathematics."""
        return self._replace(bold=names) if self.style in MATHEMATICAL else self

    @property
    def width(self) -> float:
        """An upper estimate."""
        return (_set_width if self.style in SET else width)(self.text, self.size)

    @property
    def height(self) -> float:
        """The height of its line."""
        return self.size * LEADING


class Grid(NamedTuple):
    """A small matrix in brackets; its columns are at least so many font sizes wide."""

    style: str
    cells: tuple[tuple[str, ...], ...]
    size: float
    least: float = 0.0

    @property
    def columns(self) -> list[float]:
        """The width of each column."""
        least = self.least * self.size
        return [max(least, *(width(cell, self.size) for cell in column)) for column in zip(*self.cells)]

    @property
    def width(self) -> float:
        """With its brackets."""
        return sum(self.columns) + CELL_GAP * (len(self.columns) - 1) + 12

    @property
    def height(self) -> float:
        """Of all rows."""
        return len(self.cells) * self.size * LEADING + 4


Row = tuple["Text | Grid", ...]


class Card(NamedTuple):
    """A box of a picture.

    Attributes
    ----------
    kind : of its node.
    symbol : of the operation, in the part of the box where the arrows come in; None for other kinds.
    inlet : the size of that part along the flow.
    rows : the lines in the rest of the box.
    bars : the table of a group: what, how many, and the share of the most frequent.
    width, height : of the box.
    """

    kind: Kind
    symbol: Text | None
    inlet: float
    rows: tuple[Row, ...]
    bars: tuple[tuple[Text, Text, float], ...]
    width: float
    height: float

    def with_bold(self, names: frozenset[str]) -> Card:
        """The same with these names in bold."""
        if not names:
            return self
        rows = (tuple(x.with_bold(names) if isinstance(x, Text) else x for x in row) for row in self.rows)
        return self._replace(rows=tuple(rows))
