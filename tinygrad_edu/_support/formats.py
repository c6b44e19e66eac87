"""Tables of file formats: from a file's extension to what writes or reads such a file.

A room that saves something has one table, such as `{".svg": svg, ".json": json}`. Everything else follows from it: what
a path means, what a refusal lists, what the command line offers. A new format is a new line in the table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .files import replace_file

__all__ = ["Writer", "format_of", "save_as"]

Writer = Callable[..., "str | bytes"]
"""Gives the content of a file; text is written in UTF-8."""

T = TypeVar("T")


def format_of(
    path: str | os.PathLike[str],
    formats: Mapping[str, T],
    *,
    function: str = "save",
    error: type[Exception] = ValueError,
) -> T:
    """The entry of a table of formats for a file of this name, in upper or lower case.

    Parameters
    ----------
    formats : by extension, in lower case and with its dot.
    function : the name of the function that the user called, with which the message begins.
    error : what is raised, with the list of extensions, for one that is not in the table.

    >>> format_of("z.SVG", {".svg": 1, ".tar.gz": 2}), format_of("z.tar.gz", {".svg": 1, ".tar.gz": 2})
    (1, 2)
    >>> format_of("z.bmp", {".svg": 1, ".png": 2})
    Traceback (most recent call last):
        ...
    ValueError: save: 'z.bmp' has none of the extensions .svg, .png
    """
    name = Path(path).name
    for extension, entry in formats.items():
        if name.lower().endswith(extension):
            return entry
    raise error(f"{function}: {name!r} has none of the extensions {', '.join(formats)}")


def save_as(path: str | os.PathLike[str], formats: Mapping[str, Writer], *arguments: Any) -> Path:
    """Write the file that the writer of its extension makes of the arguments; gives the path.

    The file appears complete or not at all. Raises `ValueError` for an extension that is not in the table, before the
    writer is called, and `OSError` if the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_as(f"{folder}/x.txt", {".txt": lambda number: f"{number}!"}, 3).read_text()
    '3!'
    """
    path = Path(path)
    content = format_of(path, formats)(*arguments)
    try:
        replace_file(path, content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise type(error)(f"save: cannot write {path}: {error.strerror}") from None
    return path
