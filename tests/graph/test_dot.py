"""DOT: two arrows for two uses, and labels that Graphviz shows as they are."""

from __future__ import annotations

import re
import subprocess
import sys
from shutil import which
from typing import Any
from xml.etree import ElementTree

import pytest

import tinygrad_edu as tg
from tinygrad_edu.graph.names import word
from tinygrad_edu.graph.text import shorten, visible

from .examples import EXAMPLES, square, worked_example
from .test_svg import HOSTILE

needs_dot = pytest.mark.skipif(which("dot") is None, reason="no dot on the PATH")


def rendered(dot: str) -> Any:
    done = subprocess.run(["dot", "-Tsvg"], input=dot.encode(), capture_output=True, check=True)
    assert not done.stderr
    return ElementTree.fromstring(done.stdout)


def test_x_times_x_has_two_arrows() -> None:
    assert tg.draw(square()).dot().count("n1 -> n2") == 2


def test_operands_are_numbered_where_order_matters() -> None:
    a, b = tg.Value(5.0, name="a"), tg.Value(2.0, name="b")
    assert tg.draw(a - b).dot().count("headlabel") == 2
    assert "headlabel" not in tg.draw(a + b).dot()


def test_the_digraph_can_be_gone_on_from() -> None:
    graph = tg.draw(worked_example()[-1]).digraph()
    graph.attr(bgcolor="white")
    assert "bgcolor=white" in graph.source


def test_without_the_python_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match="pip install graphviz"):
        tg.draw(square()).dot()


@needs_dot
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_graphviz_draws_what_is_written(name: str, mode: Any) -> None:
    drawing = tg.draw(EXAMPLES[name](), mode)
    root = rendered(drawing.dot())
    classes = [g.get("class") for g in root.iter("{http://www.w3.org/2000/svg}g")]
    assert classes.count("node") == len(drawing.graph.nodes)
    assert classes.count("edge") == len(drawing.graph.edges)


@needs_dot
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_come_out_of_graphviz_as_they_are_shown(name: str) -> None:
    x = tg.Value(2.0, name=name)
    root = rendered(tg.draw(x * x).dot())
    texts = [e.text.replace("\xa0", " ") for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"{word(shorten(visible(name)))} = 2" in texts
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_dot_and_mermaid_say_what_the_style_of_the_picture_says() -> None:
    X, w = tg.zeros((3, 2)), tg.ones(2, requires_grad=True)
    said = {"shapes": "X (3, 2)", "spaces": "X ∈ ℝ³ˣ²", "names": "X"}
    for style, words in said.items():
        drawing = tg.draw((X @ w).sum(), names={"X": X, "w": w}, style=style)  # type: ignore[arg-type]
        assert re.search(rf'n1 \[label="?{re.escape(words)}"? ', drawing.dot())
        assert f'n1(["{words}"])' in drawing.mermaid()
        assert 'tooltip="X = [[0, 0], [0, 0], [0, 0]]' in drawing.dot()
