"""The gallery: every picture is made in light and dark, and in a browser no text leaves its box or covers another."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery, drawn."""
    spec = spec_from_file_location("gallery", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    gallery = module_from_spec(spec)
    spec.loader.exec_module(gallery)
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
