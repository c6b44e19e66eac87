"""Matrices in lines of mathematics: `A = [[1, 2], [3, 4]]` is one line of text, shown as rows and columns."""

from __future__ import annotations

import re
from collections.abc import Collection

from .._support.text import columns
from ..graph.words.latex import equation

__all__ = ["MATRIX", "in_latex", "in_rows"]

MATRIX = re.compile(r"(?<![\[=\w])(?<!\], )\[\[[^\[\]()=]*\](?:, \[[^\[\]()=]*\])*\](?!\])")
"""A matrix in a line: brackets of brackets, but no index, no attribute, and no part of an array of more axes."""

ARRAY = re.compile(rf"{MATRIX.pattern}|(?<![\[=\w])(?<!\], )\[[^\[\]()=]+\](?!\])")
"""A matrix, or a vector."""


def in_rows(line: str, room: int | None = None) -> list[str]:
    """The line as lines of text, with matrices as rows and columns, and the rest at the middle of their height.

    Where it is wider than the `room`, matrices and vectors leave out numbers in their middle, as NumPy
    prints large ones.

    >>> print(*in_rows("A = [[1, 2], [3, −4], [0, 5]] + b"), sep="\\n")
        ⎡1   2⎤
    A = ⎢3  −4⎥ + b
        ⎣0   5⎦
    >>> print(*in_rows("[[0.11, 0.12, 0.13, 0.14, 0.15], [1, 2, 3, 4, 5]]", 24), sep="\\n")
    ⎡0.11  0.12  …  0.15⎤
    ⎣   1     2  …     5⎦
    >>> in_rows("x = [0.11, 0.12, 0.13, 0.14, 0.15]", 27)
    ['x = [0.11, 0.12, …, 0.15]']
    """
    pieces = _pieces(line, ARRAY)
    most = max((len(_cells(piece)[0]) for piece in pieces if ARRAY.fullmatch(piece)), default=0)
    rows = _lines(pieces, most)
    while room is not None and most > FEWEST and max(map(columns, rows)) > room:
        most -= 1
        rows = _lines(pieces, most)
    return rows


FEWEST = 3
"""Of an array that is too wide so many columns are left: the first, … and the last."""


def _lines(pieces: list[str], most: int) -> list[str]:
    """The lines of text, with at most so many columns in an array."""
    blocks = [_rows(piece, most) if ARRAY.fullmatch(piece) else [piece] for piece in pieces]
    height = max(map(len, blocks), default=1)
    rows = zip(*(_centred(block, height) for block in blocks))
    return ["".join(row).rstrip() for row in rows]


def in_latex(line: str, bold: Collection[str] = ()) -> str:
    r"""The line as LaTeX mathematics, with matrices in brackets and these names in bold.

    >>> print(in_latex("∂L/∂b = [[1, −0.5]]"))
    \frac{\partial L}{\partial b} = \begin{bmatrix} 1 & -0.5 \end{bmatrix}
    """
    return "".join(
        _bmatrix(piece) if MATRIX.fullmatch(piece) else equation(piece, bold) for piece in _pieces(line, MATRIX)
    )


def _pieces(line: str, arrays: re.Pattern[str] = MATRIX) -> list[str]:
    """The arrays of a line, and the text between them."""
    return [piece for piece in re.split(f"({arrays.pattern})", line) if piece]


def _cells(array: str) -> list[list[str]]:
    return [row.split(", ") for row in array.strip("[]").split("], [")]


def _rows(array: str, most: int) -> list[str]:
    rows = [
        row if len(row) <= most else [*row[: most // 2], "…", *row[most // 2 - most + 1 :]] for row in _cells(array)
    ]
    wide = [max(map(len, column)) for column in zip(*rows)]
    gap = "  " if array.startswith("[[") else ", "
    inside = [gap.join(cell.rjust(size) for cell, size in zip(row, wide)) for row in rows]
    if len(inside) == 1:
        return [f"[{inside[0]}]"]
    left, right = ("".join(sides) for sides in ("⎡" + "⎢" * (len(rows) - 2) + "⎣", "⎤" + "⎥" * (len(rows) - 2) + "⎦"))
    return [first + row + last for first, row, last in zip(left, inside, right)]


def _bmatrix(matrix: str) -> str:
    rows = r" \\ ".join(" & ".join(map(equation, row)) for row in _cells(matrix))
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _centred(block: list[str], height: int) -> list[str]:
    """The lines of a block between blank ones, which are as wide as the block in a terminal."""
    blank = " " * columns(block[0])
    above = (height - len(block)) // 2
    return [blank] * above + block + [blank] * (height - len(block) - above)
