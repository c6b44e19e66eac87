"""Text from anywhere, made safe to show, and its width in a terminal: invisible characters become Python's escapes."""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["clean", "columns", "escaped", "exception_text", "print_text"]


def escaped(text: str, hidden: Callable[[str], bool]) -> str:
    r"""The text, with each character that is `hidden` written as Python escapes it.

    >>> print(escaped("a\tb\x1b", lambda char: char < " "))
    a\tb\x1b
    """
    return "".join(char.encode("unicode_escape").decode("ascii") if hidden(char) else char for char in text)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: a Chinese character takes two, an accent none.

    >>> columns("x = 2"), columns("梯度")
    (5, 4)
    """
    from unicodedata import category, east_asian_width  # which are needed here alone

    shown = (char for char in text if category(char) not in {"Mn", "Me", "Cf"})
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in shown)


def clean(text: str, most: int = 2_000) -> str:
    r"""Text that students wrote, safe to show: invisible characters are escaped, and only `most` characters are kept.

    Terminal codes, NUL, characters that reverse the direction of a line, and halves of surrogate pairs are shown as
    Python writes them. Writers of HTML, Markdown and spreadsheets must still escape what is a command there.

    >>> clean("red \x1b[31malert and \u202ebackwards")
    'red \\x1b[31malert and \\u202ebackwards'
    """
    shown = escaped(text[:most], lambda char: not char.isprintable() and char not in "\n\t")
    return shown if len(text) <= most else f"{shown} ... (and {len(text) - most:,} characters more)"


def print_text(text: str) -> None:
    """Print a text, also where the output's encoding lacks signs such as ∂: these become Python's escapes.

    >>> print_text("∂z")
    ∂z
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def exception_text(error: BaseException) -> str:
    """The last line of the traceback of an exception; of one whose own `__str__` fails, the name alone.

    >>> exception_text(ZeroDivisionError("division by zero")), exception_text(KeyboardInterrupt())
    ('ZeroDivisionError: division by zero', 'KeyboardInterrupt')
    """
    try:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
