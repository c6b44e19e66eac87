"""PNG and PDF: from our own SVG, with the typst package, so that they look the same; else drawn by Graphviz."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from ...errors import GraphError

__all__ = ["convert"]

PIXELS_PER_INCH = 192
"""Of a PNG: two for each pixel of the SVG, as fine screens and slides want it."""

PAGE = """
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image("picture.svg", alt: sys.inputs.title)
"""


def convert(svg: str, dot: str, title: str, format: Literal["png", "pdf"]) -> bytes:
    """The picture in another format: of the SVG, or where the typst package is missing, of the DOT text.

    Raises `GraphError` where Graphviz is missing, too.
    """
    try:
        import typst
    except ImportError:
        return _by_graphviz(dot, format)
    with TemporaryDirectory() as folder:
        Path(folder, "picture.svg").write_text(svg, encoding="utf-8")
        page = Path(folder, "page.typ")
        page.write_text(PAGE, encoding="utf-8")
        content: bytes = typst.compile(page, format=format, ppi=PIXELS_PER_INCH, sys_inputs={"title": title})
    return content


def _by_graphviz(dot: str, format: str) -> bytes:
    from ..layout.engine import EngineError, run_dot

    try:
        return run_dot(dot, format)[0]
    except EngineError as error:
        raise GraphError(
            f"save: .{format} needs typst (pip install 'tinygrad_edu[picture]') or Graphviz, and {error}; "
            ".svg and .html need nothing"
        ) from None
