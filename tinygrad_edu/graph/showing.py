"""Showing a picture where the program runs: as an image in a notebook, as a page in a browser."""

from __future__ import annotations

import webbrowser
from base64 import b64encode
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from .._support.languages import say
from .._support.notebook import displayed
from .._support.text import print_text
from .text import in_markup

__all__ = ["image", "show"]


def image(svg: str, words: str) -> str:
    """An SVG as an image in HTML, with its description in words.

    A notebook that is not trusted shows images, and no SVG; and an exported notebook hands the words on.

    >>> image("<svg/>", "x < y")
    '<img alt="x &lt; y" src="data:image/svg+xml;base64,PHN2Zy8+">'
    """
    return f'<img alt="{in_markup(words)}" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'


def show(drawing: Any) -> None:
    """Show a drawing in the output cell of a notebook; elsewhere, open its page in the browser."""
    if not displayed(drawing._repr_html_, drawing.__repr__):
        path = drawing.save(Path(mkdtemp(prefix="tinygrad_edu-"), "picture.html"))
        if not webbrowser.open(path.as_uri()):
            print_text(say("The picture is in {path}", path=path))
