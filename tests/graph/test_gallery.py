"""The gallery: every picture is made in light and dark, and in a browser no text leaves its box or covers another."""

from __future__ import annotations

import ast
import inspect
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import tinygrad_edu as tg

from .test_page import browser  # noqa: F401

SCRIPT = Path(__file__).parents[2] / "docs" / "gallery.py"

MISPLACED = """() => {
  const misplaced = [], box = element => element.getBoundingClientRect();
  const seen = selector => [...document.querySelectorAll(selector)]  // of a film, one frame is
    .filter(element => getComputedStyle(element).visibility === 'visible');
  for (const node of seen('svg > g > g[id*="-n"]')) {
    const outer = box(node.querySelector('.box'));
    for (const text of node.querySelectorAll('text')) {
      const inner = box(text);
      const beside = Math.max(outer.left - inner.left, inner.right - outer.right);
      if (Math.max(beside, outer.top - inner.top, inner.bottom - outer.bottom) > 1)
        misplaced.push(text.textContent + ' leaves its box');
    }
  }
  const apart = (a, b) => a.right < b.left + 1 || b.right < a.left + 1 || a.bottom < b.top + 3 || b.bottom < a.top + 3;
  const labels = seen('svg .edge text');
  const others = [...labels, ...seen('svg > g > g[id*="-n"] > .box')];
  for (const label of labels)
    for (const other of others)
      if (label !== other && !apart(box(label), box(other))) misplaced.push(label.textContent + ' covers something');
  return misplaced;
}"""


def script() -> Any:
    """The program that draws the gallery."""
    spec = spec_from_file_location("gallery", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    gallery = module_from_spec(spec)
    spec.loader.exec_module(gallery)
    return gallery


def test_every_option_has_an_example_and_every_picture_a_name_of_its_own() -> None:
    gallery = script()
    functions = [f for section in gallery.SECTIONS for f in gallery.functions_of(section)]
    assert len({f.__name__ for f in functions}) == len(functions)
    shown = "\n".join(map(gallery.source, functions))
    calls = [node for node in ast.walk(ast.parse(shown)) if isinstance(node, ast.Call)]
    used = {keyword.arg for call in calls for keyword in call.keywords}
    options = {name for name, p in inspect.signature(tg.draw).parameters.items() if p.kind is p.KEYWORD_ONLY}
    assert options - used == {"theme", "lang"} & options, "light and dark, and the language of the page, are everywhere"


def test_the_figures_of_the_chapter_fit_and_every_arrow_back_has_a_rule() -> None:
    gallery = script()
    bare = set()
    for function in gallery.functions_of(gallery.chapter):
        names = function()
        result = names[gallery.result_of(function)]
        ways: tuple[tuple[Any, Any], ...]
        ways = ("forward", None), ("forward", "TB"), ("backward", None), ("both", None)
        for mode, direction in ways:
            drawing = tg.draw(result, mode, direction=direction, names=names)
            across, down = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing.svg())[0])
            assert (across <= 1300, down <= 1600) == (True, True), (function.__name__, mode, direction)
            if any(edge.pair and not label for edge, label in zip(drawing.graph.edges, drawing.labels)):
                bare.add(function.__name__)
    assert bare <= {"lstm_cell"}, "of 22 arrows back, which would be too many labels for a cell"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery, drawn."""
    gallery = script()
    folder = tmp_path_factory.mktemp("gallery")
    gallery.main(folder)
    return folder


@pytest.mark.slow
def test_every_picture_is_there_in_light_and_dark_and_on_the_page(folder: Path) -> None:
    page = (folder / "index.md").read_text(encoding="utf-8")
    names = {path.name for path in folder.glob("*.svg")}
    assert len(names) >= 40
    assert names == {f"{name.rpartition('-')[0]}-{theme}.svg" for name in names for theme in ("light", "dark")}
    for name in names:
        assert name in page
        ElementTree.parse(folder / name)


@pytest.mark.slow
def test_in_a_browser_no_text_leaves_its_box_or_covers_another(folder: Path, browser: Any) -> None:  # noqa: F811
    page = browser.new_page()
    for path in sorted(folder.glob("*-light.svg")):
        page.set_content(path.read_text(encoding="utf-8"))
        assert page.evaluate(MISPLACED) == [], path.name
