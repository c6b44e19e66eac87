"""HTML pages of one file that need no network: their frame, content security policy, and data for scripts."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from string import Template
from typing import Any

from .languages import tag

__all__ = ["in_script", "offline_page", "policy", "slim"]

FRAME = Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="$policy">
<title>$title</title>
<style>$style</style>
</head>
<body>
$body$script</body>
</html>
""")


def offline_page(title: str, body: str, style: str, script: str = "") -> str:
    """A page with one style sheet and one script; its policy allows these, and the styles of the pictures in the body.

    `title` and `body` are HTML: all text in them is escaped, so only pictures have styles.
    """
    styles = [style, *re.findall("<style>(.*?)</style>", body, re.DOTALL)]
    allowed = policy(script, styles)
    element = f"<script>{script}</script>\n" if script else ""
    return FRAME.substitute(lang=tag(), policy=allowed, title=title, style=style, body=body, script=element)


def policy(script: str, styles: Iterable[str]) -> str:
    """The content security policy of a page: it fetches nothing, and runs only this script and these styles.

    >>> policy("", [""])[:43]
    "default-src 'none'; script-src 'sha256-47DE"
    """
    allowed = " ".join(dict.fromkeys(map(_hash, styles)))  # each of them once
    return f"default-src 'none'; script-src {_hash(script)}; style-src {allowed}; base-uri 'none'; form-action 'none'"


def slim(code: str) -> str:
    r"""A script or style sheet without its indentation and the comments that have lines of their own.

    >>> slim("a {\n  /* why */\n  b: c;\n}")
    'a {\nb: c;\n}'
    """
    return re.sub(r"^[ ]*(//.*|/\*.*\*/)?\n?", "", code, flags=re.MULTILINE)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def in_script(data: Any) -> str:
    r"""Data as JSON for a script element: no text in it can end the element or begin a comment.

    >>> in_script({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return safe.encode("utf-8", "backslashreplace").decode("utf-8")
