"""Saving a picture: the table of formats, and PNG, PDF and EPS, which other programs make."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from ..._support.formats import Writer
from ...errors import GraphError
from ..picture.paint import with_all_families
from .tikz import document

if TYPE_CHECKING:
    from ..draw import Drawing

__all__ = ["FORMATS", "converted_svg"]

FORMATS: dict[str, Writer] = {
    ".svg": lambda drawing: drawing.svg(),
    ".html": lambda drawing: drawing.html(),
    ".png": lambda drawing: _converted(drawing, "png"),
    ".pdf": lambda drawing: _converted(drawing, "pdf"),
    ".eps": lambda drawing: _eps(drawing),
    ".txt": lambda drawing: drawing.text() + "\n",
    ".tex": lambda drawing: document(drawing),
    ".dot": lambda drawing: drawing.dot(),
    ".mmd": lambda drawing: drawing.mermaid(),
    ".json": lambda drawing: drawing.json(),
}
"""What writes a drawing to a file of each extension. A new format is its writer and a line here."""


PIXELS_PER_INCH = 192
"""Of a PNG: two for each pixel of the SVG, for fine screens and slides."""

PAGE = """
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image("picture.svg", alt: sys.inputs.title)
"""


def _converted(drawing: Drawing, format: Literal["png", "pdf"]) -> bytes:
    """The picture in another format: of our SVG, so that it looks the same; without the typst package, by Graphviz.

    Raises `GraphError` where Graphviz is missing, too.
    """
    if find_spec("typst") is None:
        return _by_graphviz(drawing.dot(), format)
    return converted_svg(drawing.svg(), drawing.graph.title, format)


def converted_svg(svg: str, title: str, format: Literal["png", "pdf"]) -> bytes:
    """An SVG of ours in another format, by the typst package. Raises `ImportError` where that is missing."""
    try:
        import typst
    except ImportError:
        raise ImportError(f'.{format} is written with typst: pip install "tinygrad_edu[picture]"') from None
    with TemporaryDirectory() as folder:
        Path(folder, "picture.svg").write_text(_with_accents(with_all_families(svg)), encoding="utf-8")
        page = Path(folder, "page.typ")
        page.write_text(PAGE, encoding="utf-8")
        content: bytes = typst.compile(page, format=format, ppi=PIXELS_PER_INCH, sys_inputs={"title": title})
    return content


def _eps(drawing: Drawing) -> bytes:
    """The picture as Encapsulated PostScript: of its PDF by Ghostscript; without that or typst, by Graphviz.

    Raises `GraphError` where Graphviz is missing, too.
    """
    ghostscript = shutil.which("gs") or shutil.which("gswin64c")
    if ghostscript is None or find_spec("typst") is None:
        return _by_graphviz(drawing.dot(), "eps")
    command = [ghostscript, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=eps2write", "-sOutputFile=-", "-"]
    done = subprocess.run(command, input=_converted(drawing, "pdf"), capture_output=True, check=False)
    if done.returncode:
        raise GraphError(f"save: Ghostscript failed ({done.stderr.decode('utf-8', 'replace').strip()!s:.120})")
    return done.stdout


def _with_accents(svg: str) -> str:
    """The SVG with the font that typst brings along where a letter has an accent that few fonts can place."""
    words = r"<(?:text|tspan)\b[^<>]*>(?=[^<>]*[\u0300-\u036f])"
    return re.sub(words, lambda tag: re.sub('font-family="[^"]*"', 'font-family="Libertinus Serif"', tag[0]), svg)


def _by_graphviz(dot: str, format: str) -> bytes:
    from ..layout.engine import EngineError, run_dot

    try:
        return run_dot(dot, format)[0]
    except EngineError as error:
        raise GraphError(
            f'save: .{format} needs typst (pip install "tinygrad_edu[picture]") or Graphviz, and {error}; '
            ".svg and .html need nothing"
        ) from None
