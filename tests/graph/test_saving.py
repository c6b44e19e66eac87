"""Saving: every format from one table, PNG and PDF from our own SVG, files that appear complete or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import which
from typing import Any
from xml.etree import ElementTree

import pytest

import tinygrad_edu as tg
from tinygrad_edu._support.formats import format_of
from tinygrad_edu.errors import FileError
from tinygrad_edu.graph.formats.saving import FORMATS
from tinygrad_edu.graph.layout import engine

from .examples import worked_example

MAGIC = {".png": b"\x89PNG", ".pdf": b"%PDF"}


@pytest.fixture
def no_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(engine, "find_spec", lambda name: None)


@pytest.fixture
def no_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)


@pytest.mark.parametrize(
    ("suffix", "method"),
    [(".svg", "svg"), (".html", "html"), (".dot", "dot"), (".mmd", "mermaid"), (".json", "json"), (".SVG", "svg")],
)
def test_saved_files_hold_what_the_drawing_gives(suffix: str, method: str, tmp_path: Path) -> None:
    drawing = tg.draw(worked_example()[-1])
    path = drawing.save(tmp_path / f"z{suffix}")
    assert path.read_text(encoding="utf-8") == getattr(drawing, method)()
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(which("gs") is None, reason="no Ghostscript on the PATH")
def test_eps_is_made_from_the_svg_by_ghostscript(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    path = tg.draw(worked_example()[-1]).save(tmp_path / "z.eps")
    assert path.read_bytes().startswith(b"%!PS-Adobe-3.0 EPSF-3.0")


@pytest.mark.parametrize("suffix", MAGIC)
def test_png_and_pdf_are_made_from_the_svg(suffix: str, tmp_path: Path, no_graphviz: None) -> None:
    pytest.importorskip("typst", reason='typst makes PNG and PDF from SVG: pip install "tinygrad_edu[picture]"')
    drawing = tg.draw(worked_example()[-1])
    first = drawing.save(tmp_path / f"z{suffix}").read_bytes()
    assert first.startswith(MAGIC[suffix])
    assert first == drawing.save(tmp_path / f"again{suffix}").read_bytes()


@pytest.mark.skipif(which("dot") is None, reason="no dot on the PATH")
@pytest.mark.parametrize("suffix", MAGIC)
def test_without_typst_graphviz_draws_png_and_pdf(suffix: str, tmp_path: Path, no_typst: None) -> None:
    path = tg.draw(worked_example()[-1]).save(tmp_path / f"z{suffix}")
    assert path.read_bytes().startswith(MAGIC[suffix])


def test_without_either_png_is_refused_in_one_line(tmp_path: Path, no_typst: None, no_graphviz: None) -> None:
    drawing = tg.draw(worked_example()[-1])
    with pytest.raises(tg.GraphError) as refused:
        drawing.save(tmp_path / "z.png")
    assert 'save: .png needs typst (pip install "tinygrad_edu[picture]") or Graphviz, and no' in str(refused.value)
    assert "\n" not in str(refused.value)
    assert os.listdir(tmp_path) == []
    drawing.save(tmp_path / "z.svg")
    assert drawing.note is not None
    assert "no Graphviz" in drawing.note
    ElementTree.parse(tmp_path / "z.svg")


def test_a_failed_save_keeps_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "z.svg"
    path.write_text("precious")
    drawing = tg.draw(worked_example()[-1])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"^save: cannot write .*z\.svg: No space left on device$"):
        drawing.save(path)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["z.svg"]


def test_a_save_follows_a_link_and_replaces_what_it_points_at(tmp_path: Path) -> None:
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    real.write_text("old")
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    tg.draw(worked_example()[-1]).save(link)
    assert link.is_symlink()
    assert real.read_text().startswith("<svg")


def test_paths_that_cannot_be_written(tmp_path: Path) -> None:
    drawing = tg.draw(worked_example()[-1])
    with pytest.raises(FileNotFoundError, match=r"^save: cannot write .*no folder"):
        drawing.save(tmp_path / "no folder" / "z.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(OSError, match=r"^save: cannot write"):
        drawing.save(tmp_path / "folder.svg")
    assert os.listdir(tmp_path) == ["folder.svg"]


@pytest.mark.parametrize("name", ["z.bmp", "z", "svg", "z.svg.bak", "z.svg "])
def test_an_unknown_extension_is_refused_before_anything_is_computed_with_those_there_are(name: str) -> None:
    with pytest.raises(FileError, match=f"^save: '{name}' has none of the extensions {', '.join(FORMATS)}$"):
        format_of(name, FORMATS)


def test_a_new_format_is_a_writer_and_a_line_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, ".lst", lambda drawing: "\n".join(node.label for node in drawing.graph.nodes))
    drawing = tg.draw(worked_example()[-1])
    assert drawing.save(tmp_path / "z.lst").read_text() == "x\ny\nw\nq\nz"
    with pytest.raises(FileError, match=r"^save: 'z\.bmp' has none of the extensions .*, \.lst$"):
        drawing.save(tmp_path / "z.bmp")
