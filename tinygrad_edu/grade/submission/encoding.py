"""Bytes of Python source as text, as whoever wrote them saw them."""

from __future__ import annotations

import io
import tokenize
import unicodedata

from ..errors import SubmissionError
from ..text import clean

__all__ = ["decode", "direction_changes"]

ENCODINGS = ("utf-8", "utf-8-sig", "ascii", "iso-8859-1", "iso-8859-15", "cp1252", "utf-16")
"""Encodings of real files. A coding line may name any codec Python has, some of which hide what is written."""

MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""How a file begins that some editors for Windows save."""


DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""The classes of the characters that embed, override and isolate a direction; Unicode Standard Annex 9."""


def decode(data: bytes, name: str) -> tuple[str, list[str]]:
    r"""The text, with plain line ends, and warnings for the student.

    Raises `SubmissionError` for an encoding that is none of the usual ones.

    >>> decode(b"# caf\xe9\r\n", "a.py")
    ('# café\n', ['a.py: not UTF-8; read as Windows-1252'])
    """
    encoding = MARKS.get(data[:2]) or declared(data, name)
    warnings = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        warnings.append(f"{name}: not {encoding.upper()}; read as Windows-1252")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, warnings + direction_changes(text, name)


def declared(data: bytes, name: str) -> str:
    """The encoding that the first two lines declare; UTF-8 where they do not."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except (SyntaxError, ValueError):  # an unknown codec, or no UTF-8
        return "utf-8"
    if encoding not in ENCODINGS:
        raise SubmissionError(f"{clean(name)}: the encoding {encoding!r:.40}; save it as UTF-8")
    return encoding


def direction_changes(text: str, name: str) -> list[str]:
    """Warnings for lines that do not read as Python reads them: characters that reverse the direction of writing."""
    lines = [
        number
        for number, line in enumerate(text.split("\n"), 1)
        if any(unicodedata.bidirectional(c) in DIRECTIONS for c in line)
    ]
    if not lines:
        return []
    where = ", ".join(map(str, lines[:5]))
    return [f"{name}: invisible characters that change the direction of writing in line {where}"]
