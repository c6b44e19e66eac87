"""Pictures on a page: each is a link to itself in full size, and says what it shows to those who cannot see it."""

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

TITLE = re.compile(r"<(?:dc:)?title[^>]*>(.*?)</", re.DOTALL)


def visit_image(translator: Any, node: nodes.image) -> None:
    """Write the picture, inside a link. One that a cell gave has no text: the title in its file is that."""
    if "jupyter_execute/" in node["uri"]:
        node["alt"] = title(Path(translator.builder.srcdir, node["uri"])) or "the result of the cell"
    HTML5Translator.visit_image(translator, node)
    if not isinstance(node.parent, nodes.reference):
        address = re.search(r'src="([^"]*)"', translator.body[-1])
        assert address is not None
        classes = escape(" ".join(["picture", *node["classes"]]))
        translator.body[-1] = f'<a class="{classes}" href="{address[1]}">{translator.body[-1]}</a>'


def title(picture: Path) -> str | None:
    """The title in an SVG file: its own, or, in a plot, that of its metadata."""
    found = TITLE.search(picture.read_text(encoding="utf-8")) if picture.suffix == ".svg" else None
    return unescape(found[1]).strip() if found else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_node(nodes.image, override=True, html=(visit_image, HTML5Translator.depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
