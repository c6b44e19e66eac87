"""Tables of file formats: from a file's extension to what writes or reads such a file.

A room that saves something has one table, such as `{".svg": svg, ".json": json}`. Everything else follows from it: what
a path means, what a refusal lists, what the command line offers. A new format is a new line in the table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from io import TextIOBase
from pathlib import Path
from typing import IO, Any, TypeVar

from .files import replace_file
from .languages import FileError, say, texts

__all__ = ["Writer", "format_of", "save_as", "write_to"]

Writer = Callable[..., "str | bytes"]
"""Gives the content of a file; text is written in UTF-8."""

T = TypeVar("T")


def format_of(
    path: str | os.PathLike[str],
    formats: Mapping[str, T],
    *,
    function: str = "save",
) -> T:
    """The entry of a table of formats for a file of this name, in upper or lower case.

    Parameters
    ----------
    formats : by extension, in lower case and with its dot.
    function : the name of the function that the user called, with which the message begins.

    Raises `FileError`, with the extensions that there are, for another one, and for what is no path.

    >>> format_of("z.SVG", {".svg": 1, ".tar.gz": 2}), format_of("z.tar.gz", {".svg": 1, ".tar.gz": 2})
    (1, 2)
    >>> format_of("z.bmp", {".svg": 1, ".png": 2})
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.FileError: save: 'z.bmp' has none of the extensions .svg, .png
    """
    if not isinstance(path, (str, os.PathLike)):
        example, given = f"'z{next(iter(formats))}'", f"{path!r:.60}"
        text = texts("{function}: takes the path of a file, such as {example}, not {given}")
        raise FileError(text, function=function, example=example, given=given)
    name = Path(path).name
    for extension, entry in formats.items():
        if name.lower().endswith(extension):
            return entry
    text, given = texts("{function}: {name} has none of the extensions {extensions}"), repr(name or str(path))
    raise FileError(text, function=function, name=given, extensions=", ".join(formats))


def write_to(
    file: IO[Any], format: str | None, formats: Mapping[str, Writer], *arguments: Any, function: str = "save"
) -> None:
    """Write to an open file what the writer of a format, such as "png", makes of the arguments.

    >>> import io
    >>> file = io.BytesIO()
    >>> write_to(file, "txt", {".txt": lambda number: f"{number}!"}, 3)
    >>> file.getvalue()
    b'3!'
    """
    if format is None:
        text = texts("{function}: an open file has no extension; say the format, one of {extensions}")
        raise FileError(text, function=function, extensions=", ".join(formats))
    content = format_of(f"it.{format.removeprefix('.')}", formats, function=function)(*arguments)
    if isinstance(file, TextIOBase):
        if isinstance(content, bytes):
            text = texts("{function}: {format} is binary; open the file with mode {mode}")
            raise FileError(text, function=function, format=format, mode="'wb'")
        file.write(content)
    else:
        file.write(content if isinstance(content, bytes) else content.encode())


def save_as(
    path: str | os.PathLike[str], formats: Mapping[str, Writer], *arguments: Any, function: str = "save"
) -> Path:
    """Write the file that the writer of its extension makes of the arguments; gives the path.

    The file appears complete or not at all. `function` is what the user called. Raises `FileError` for an extension
    that is not in the table, before the writer is called, and `OSError` if the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_as(f"{folder}/x.txt", {".txt": lambda number: f"{number}!"}, 3).read_text("utf-8")
    '3!'
    """
    content = format_of(path, formats, function=function)(*arguments)
    path = Path(path)
    try:
        replace_file(path, content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        text = say("{function}: cannot write {path}: {reason}", function=function, path=path, reason=error.strerror)
        raise type(error)(text) from None
    return path
