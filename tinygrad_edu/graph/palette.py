"""The colours of every picture and page, by name, on light and on dark ground.

A style sheet names a colour as CSS does, `var(--leaf)`. A page defines these names (`custom_properties`); a picture has
the colours themselves (`coloured`), because programs that show or convert SVG often do not know custom properties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from .._support.files import read_resource

__all__ = ["DARK", "LIGHT", "Theme", "coloured", "custom_properties", "in_hex", "is_coloured", "rgb"]

Theme = Literal["auto", "light", "dark"]
"""The ground of a picture; "auto": as the reader's system is set."""

# Blue, green, vermilion and purple that stay apart for colour-blind readers (a test simulates it), and shapes besides.
# `rule` and `good` are for pages: a thin line, and the text of an answer that is right.
LIGHT = {
    "paper": "#ffffff", "ink": "#1b1f24", "muted": "#5f6b7a", "line": "#6b7785", "slope": "#ad3c06",
    "operation": "#1a4fa0", "sign": "#ffffff", "body": "#f3f8fd", "leaf": "#1f8a4c", "leaf-body": "#eff9f5",
    "constant": "#7a8594", "constant-body": "#f5f6f8", "bar": "#cfe2f5", "frame": "#f3f1ea",
    "aside": "#5a6573", "aside-body": "#f6f7f9", "first-body": "#fdf4ef", "second": "#5c1250", "second-body": "#faf2f8",
    "rule": "#c6cdd6", "good": "#0b6e53",
}  # fmt: skip
DARK = {
    "paper": "#14171c", "ink": "#e9ecef", "muted": "#9aa5b4", "line": "#8d98a7", "slope": "#ffb07a",
    "operation": "#4a97e8", "sign": "#0c1a28", "body": "#1a232e", "leaf": "#4cc79c", "leaf-body": "#15241f",
    "constant": "#8691a0", "constant-body": "#1f2328", "bar": "#27425c", "frame": "#201f1b",
    "aside": "#8d98a7", "aside-body": "#1c2026", "first-body": "#2a1e17", "second": "#efc8f7", "second-body": "#281c2b",
    "rule": "#3b4450", "good": "#5fd3aa",
}  # fmt: skip

_NAME = re.compile(r"var\(--([\w-]+)\)")


@lru_cache
def in_hex(colour: str) -> str | None:
    """A colour as #rrggbb, of #rgb, #rrggbb or a name of CSS; None for what is no colour.

    >>> in_hex("Tomato"), in_hex("#08F"), in_hex("tomatoes")
    ('#ff6347', '#0088ff', None)
    """
    colour = colour.lower()
    if not colour.startswith("#"):
        return json.loads(read_resource(__package__, "colours.json")).get(colour)  # type: ignore[no-any-return]
    colour = re.sub("([0-9a-f])", r"\1\1", colour) if len(colour) == 4 else colour
    return colour if re.fullmatch("#[0-9a-f]{6}", colour) else None


def coloured(style: str, palette: Mapping[str, str] = LIGHT) -> str:
    """A style with the colours in place of their names.

    >>> coloured("fill:var(--leaf-body);stroke:var(--leaf)")
    'fill:#eff9f5;stroke:#1f8a4c'
    """
    return _NAME.sub(lambda name: palette[name[1]], style)


def rgb(colour: str) -> list[int]:
    """The red, green and blue of a colour like #rrggbb, from 0 to 255.

    >>> rgb("#f4c430")
    [244, 196, 48]
    """
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def is_coloured(style: str) -> bool:
    """Whether a style names a colour."""
    return _NAME.search(style) is not None


def custom_properties(theme: Theme) -> str:
    """The palette as a rule for the root of a page, which is printed on light paper."""

    def root(palette: Mapping[str, str], scheme: str) -> str:
        return f":root{{color-scheme:{scheme};{';'.join(f'--{name}:{value}' for name, value in palette.items())}}}\n"

    light, dark = root(LIGHT, "light"), root(DARK, "dark")
    auto = f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}\n"
    return {"light": light, "dark": dark, "auto": auto}[theme]
