"""Students' text in other people's formats: shown, and never taken for a command."""

from __future__ import annotations

import re
from html import escape

from ..._support.text import clean

__all__ = ["in_cell", "in_html", "in_log"]

LONGEST = 20_000
"""A text of more characters is cut."""

FORMULA = re.compile(r"[\s\x00]*[=+\-@\t＝＋－＠]")
NUMBER_OR_SIGN = re.compile(r"[+-]?(\d+([.,]\d+)*%?)?")
COMMAND = re.compile(r"^(\s*:)(?=:)|##(?=\[)", re.MULTILINE)


def in_cell(text: str) -> str:
    """Text for a cell of a spreadsheet, which takes what begins with =, +, -, @ or a tab for a formula.

    An apostrophe before it makes it text (OWASP, "CSV Injection"). Numbers and a single sign stay as they are.

    >>> in_cell("=1+1"), in_cell("-2.5"), in_cell("Emmy Noether")
    ("'=1+1", '-2.5', 'Emmy Noether')
    """
    return f"'{text}" if FORMULA.match(text) and not NUMBER_OR_SIGN.fullmatch(text) else text


def in_html(text: str) -> str:
    """Text for between tags or in an attribute; its lines stay.

    >>> in_html("<b>")
    '&lt;b&gt;'
    """
    return escape(clean(text, LONGEST))


def in_log(text: str) -> str:
    """Text for the log of a workflow, in which lines that begin with `::`, and `##[`, are commands to the runner.

    >>> in_log("::error::mine")
    ': :error::mine'
    """
    return COMMAND.sub(lambda found: "# #" if found[0] == "##" else f"{found[0]} ", clean(text, len(text)))
