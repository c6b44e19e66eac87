"""In a notebook a drawing shows itself, and it is the picture that is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import tinygrad_edu as tg

from .examples import worked_example

CELLS = [
    "import tinygrad_edu as tg\n"
    "x, y, w = tg.Value(2.0, name='x'), tg.Value(3.0, name='y'), tg.Value(4.0, name='w')\n"
    "q = x + y\n"
    "q.name = 'q'\n"
    "z = q * w\n"
    "z.name = 'z'\n"
    "tg.draw(z, engine='builtin')",
    "tg.draw(z, 'both', engine='builtin')",
    "tg.graph.diff(z, x * w)",
]


@pytest.mark.slow
def test_drawings_show_themselves_in_a_notebook(tmp_path: Path) -> None:
    nbformat = pytest.importorskip(
        "nbformat", reason="the notebook test needs nbclient: pip install nbclient ipykernel"
    )
    nbclient = pytest.importorskip(
        "nbclient", reason="the notebook test needs nbclient: pip install nbclient ipykernel"
    )
    pytest.importorskip("ipykernel", reason="the notebook test needs a kernel: pip install ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(book, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [picture(cell) for cell in book.cells]
    assert shown[0] == tg.draw(worked_example()[-1], engine="builtin").svg()
    for svg in shown:
        ElementTree.fromstring(svg)


def picture(cell: Any) -> str:
    (output,) = cell.outputs
    svg: str = output.data["image/svg+xml"]
    return svg
