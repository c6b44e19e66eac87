"""`TinygradError`, the base class of all errors of this package. This folder raises it, too, so it stands here."""

from __future__ import annotations

from .text import clean

__all__ = ["TinygradError"]


class TinygradError(Exception):
    """The base of all errors of this package.

    Names in a message may come from a stranger's file; what a terminal would obey is shown as Python writes it.
    """

    def __str__(self) -> str:
        text = super().__str__()
        return clean(text, len(text))


TinygradError.__module__ = "tinygrad_edu.errors"  # where callers find it
