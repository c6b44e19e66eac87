"""`draw` and `save`: what a user asks for, mistakes included."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any
from xml.etree import ElementTree

import pytest

import tinygrad_edu as tg
from tinygrad_edu.graph import engine

from .examples import chain, doublings, small_network, worked_example

has_graphviz = which("dot") is not None or find_spec("pygraphviz") is not None


def test_a_drawing_shows_itself_in_a_notebook_and_in_a_line() -> None:
    drawing = tg.draw(worked_example()[-1])
    assert drawing._repr_svg_() == drawing.svg()
    assert repr(drawing) == "Drawing of the computation graph of z: 3 leaves, 2 operations; 4 arrows"


def test_a_drawing_stays_as_it_was_drawn() -> None:
    x, _, _, _, z = worked_example()
    drawing = tg.draw(z)
    x.data = 7.0
    assert "x = 2" in drawing.dot()


def test_gradients_can_be_left_out() -> None:
    assert "∂" not in tg.draw(worked_example()[-1], gradients=False).dot()


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".json", ".SVG"])
def test_saved_files_hold_what_the_drawing_gives(suffix: str, tmp_path: Path) -> None:
    drawing = tg.draw(worked_example()[-1])
    path = drawing.save(tmp_path / f"z{suffix}")
    assert path.read_text(encoding="utf-8") == getattr(drawing, suffix[1:].lower())()
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(not has_graphviz, reason="no Graphviz, neither dot nor pygraphviz")
@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_png_and_pdf_come_from_graphviz(suffix: str, magic: bytes, tmp_path: Path) -> None:
    path = tg.draw(worked_example()[-1]).save(str(tmp_path / f"z{suffix}"))
    assert path.read_bytes().startswith(magic)


def test_without_graphviz_png_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    drawing = tg.draw(worked_example()[-1])
    with pytest.raises(tg.GraphError, match=r"^save: \.png needs Graphviz: .*; \.svg needs nothing$"):
        drawing.save(tmp_path / "z.png")
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
    with pytest.raises(ValueError, match=r"^save: 'z.bmp' has none of the extensions \.svg, \.dot, "):
        drawing.save(tmp_path / "z.bmp")
    with pytest.raises(ValueError, match=r"^save: 'z' has none of the extensions"):
        drawing.save(tmp_path / "z")
    assert os.listdir(tmp_path) == ["folder.svg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "sideways"}, "draw: mode is one of 'forward', 'backward', not 'sideways'"),
        ({"engine": "neato"}, "draw: engine is one of 'auto', 'graphviz', 'builtin', not 'neato'"),
        ({"direction": "RL"}, "draw: direction is one of 'LR', 'TB', not 'RL'"),
        ({"theme": "blue"}, "draw: theme is one of 'auto', 'light', 'dark', not 'blue'"),
        ({"mode": None}, "draw: mode is one of 'forward', 'backward', not None"),
    ],
)
def test_unknown_options_are_refused_with_those_there_are(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tg.draw(worked_example()[-1], **options)


@pytest.mark.parametrize("thing", [3.0, "z", None, [tg.Value(1.0)]])
def test_what_is_not_a_node_is_refused(thing: Any) -> None:
    with pytest.raises(
        tg.GraphError, match=f"^draw: only a Value or a Tensor has a graph, not {type(thing).__name__} "
    ):
        tg.draw(thing)


def test_graphs_at_the_edge_of_what_is_drawn_in_full() -> None:
    assert len(tg.draw(chain(74)).graph.nodes) == 149
    collapsed = tg.draw(chain(75)).graph
    assert len(collapsed.nodes) == 4
    assert collapsed.notes[0].startswith("151 nodes, too many")


def test_a_collapsed_picture_still_has_the_gradients_of_its_leaves() -> None:
    X = tg.tensor([[1.0, 2.0]], name="X")
    w = tg.tensor([[3.0], [4.0]], requires_grad=True, name="w")
    y = X @ w
    for _ in range(200):
        y = y * 1.0
    nodes = {n.label: n for n in tg.draw(y.sum()).graph.nodes}
    assert nodes["w"].gradient is not None
    assert nodes["w"].gradient.text() == "[[1], [2]]"
    assert nodes["X"].gradient is None


def test_many_leaves_are_one_group() -> None:
    y = sum((tg.Value(1.0) for _ in range(300)), tg.Value(0.0))
    assert [n.label for n in tg.draw(y).graph.nodes] == ["301 inputs", "299 operations", "v300"]


@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_forty_doublings_are_drawn_in_full(mode: Any) -> None:
    assert len(tg.draw(doublings(40)[1], mode).graph.nodes) == 41


@pytest.mark.parametrize("engine", ["auto", "builtin"])
@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_tensors_are_drawn_by_every_engine(mode: Any, engine: Any) -> None:
    ElementTree.fromstring(tg.draw(small_network(), mode, engine=engine).svg())


MILLION = """
import tinygrad_edu as tg
x = tg.Value(1.0)
y = x
for _ in range(1_000_000):
    y = y * 1.0
assert "999,999 operations" in tg.draw(y).svg()  # and the last, which is the output
assert "1,000,000 contributions" in tg.draw(y, "backward").svg()
assert len(tg.formula(y)) < 100_000
assert str(tg.explain(y, x)).endswith("= 1")
"""


@pytest.mark.slow
def test_a_million_operations_get_a_clear_answer() -> None:
    """In an interpreter of its own, which no coverage measurement slows down twentyfold."""
    subprocess.run([sys.executable, "-c", MILLION], check=True, timeout=600)
