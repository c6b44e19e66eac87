"""Saving a picture: one table of formats, and files that appear complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..._support.files import replace_file
from .convert import convert

if TYPE_CHECKING:
    from ..draw import Drawing

__all__ = ["FORMATS", "Format", "format_of", "save"]

Format = Callable[["Drawing"], "str | bytes"]

FORMATS: dict[str, Format] = {
    ".svg": lambda drawing: drawing.svg(),
    ".html": lambda drawing: drawing.html(),
    ".png": lambda drawing: convert(drawing.svg(), drawing.dot(), drawing.graph.title, "png"),
    ".pdf": lambda drawing: convert(drawing.svg(), drawing.dot(), drawing.graph.title, "pdf"),
    ".dot": lambda drawing: drawing.dot(),
    ".mmd": lambda drawing: drawing.mermaid(),
    ".json": lambda drawing: drawing.json(),
}
"""What each extension means."""


def format_of(path: str | os.PathLike[str]) -> Format:
    """What to write to a file of this name; `ValueError`, with the list, for an extension that is not in the table.

    >>> format_of("z.bmp")
    Traceback (most recent call last):
        ...
    ValueError: save: 'z.bmp' has none of the extensions .svg, .html, .png, .pdf, .dot, .mmd, .json
    """
    name = Path(path).name
    for extension, write in FORMATS.items():
        if name.lower().endswith(extension):
            return write
    raise ValueError(f"save: {name!r} has none of the extensions {', '.join(FORMATS)}")


def save(drawing: Drawing, path: str | os.PathLike[str]) -> Path:
    """Write the picture to a file in the format of its extension; gives the path."""
    path = Path(path)
    content = format_of(path)(drawing)
    try:
        replace_file(path, content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise type(error)(f"save: cannot write {path}: {error.strerror}") from None
    return path
