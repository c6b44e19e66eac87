"""Text that students wrote, made safe to show."""

from __future__ import annotations

__all__ = ["clean"]


def clean(text: str, most: int = 2_000) -> str:
    r"""The text with everything invisible made visible, cut after so many characters.

    Terminal codes, NUL, characters that reverse the direction of a line, and halves of surrogate pairs are shown as
    Python writes them. What HTML, Markdown or a spreadsheet would take for a command is left to those who write them.

    >>> clean("red \x1b[31malert and \u202ebackwards")
    'red \\x1b[31malert and \\u202ebackwards'
    """
    shown = "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii") for c in text[:most]
    )
    return shown if len(text) <= most else f"{shown} ... (and {len(text) - most:,} characters more)"
