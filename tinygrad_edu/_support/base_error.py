"""The errors of `tinygrad_edu.errors` that this folder raises, too, and so are here: `TinygradError`, `FileError`."""

from __future__ import annotations

from .text import clean

__all__ = ["FileError", "TinygradError"]


class TinygradError(Exception):
    """The base of all errors of this package.

    Names in a message may come from a stranger's file; what a terminal would obey is shown as Python writes it.
    """

    def __str__(self) -> str:
        text = super().__str__()
        return clean(text, len(text))


class FileError(TinygradError, ValueError):
    """A file that is missing, cut off, damaged, or not in a format that is known, or that it claims."""


TinygradError.__module__ = FileError.__module__ = "tinygrad_edu.errors"  # where callers find them
