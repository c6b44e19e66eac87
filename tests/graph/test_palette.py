"""The palette: colours are written there and nowhere else, and what is drawn with them can be seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinygrad_edu
from tinygrad_edu.graph.formats import mermaid
from tinygrad_edu.graph.palette import DARK, LIGHT, coloured

from .test_svg import luminance

PACKAGE = Path(tinygrad_edu.__file__).parent
FILES = [
    path for room in ("graph", "step") for path in (PACKAGE / room).rglob("*") if path.suffix in (".py", ".css", ".js")
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_other_file_writes_a_colour(path: Path) -> None:
    if path.name == "palette.py":
        return
    text = re.sub(r"^ +(>>> .*|classDef .*|edge \[.*)$", "", path.read_text("utf-8"), flags=re.MULTILINE)  # doctests
    assert re.findall(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", text) == []


def test_light_and_dark_have_the_same_names() -> None:
    assert list(LIGHT) == list(DARK)


def test_the_page_about_the_svg_says_the_colours_that_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "svg.md").read_text("utf-8")
    table = re.findall(r"^\| (\w[\w ]*), \w+ \| `(#\w+)` \| `(#\w+)` \|$", page, re.MULTILINE)
    names = {"operations": "operation", "leaves": "leaf", "gradients": "slope", "second derivatives": "second"}
    assert {what: (light, dark) for what, light, dark in table} == {
        what: (LIGHT[name], DARK[name]) for what, name in names.items()
    }


def contrast(one: str, other: str) -> float:
    """As WCAG defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("kind", mermaid.STYLES)
def test_borders_and_text_of_mermaid_can_be_seen_in_their_boxes(kind: str) -> None:
    """At least 3 : 1 for a border and 4.5 : 1 for text, as WCAG 2.1 AA asks."""
    style = dict(part.split(":") for part in coloured(mermaid.STYLES[kind]).split(",") if "#" in part)
    fills = [style["fill"]] if "fill" in style else [LIGHT["body"], LIGHT["leaf-body"], LIGHT["paper"]]
    for fill in fills:
        assert contrast(style.get("stroke", LIGHT["ink"]), fill) >= 3
        assert contrast(style.get("color", LIGHT["ink"]), fill) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_text_of_the_player_can_be_read(palette: dict[str, str]) -> None:
    for text in ("ink", "muted", "slope", "good"):
        for ground in ("paper", "aside-body"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
