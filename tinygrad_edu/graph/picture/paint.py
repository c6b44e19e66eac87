"""The colours and fonts of a picture, on its elements and in its style sheet.

Programs that show or convert SVG know little of CSS: some match no rule with an id, some none at all. So each element
has what the rules of `svg.css` say of it as attributes of its own, and looks the same everywhere. The rules are there
besides, bound to the id of the picture: they weigh more than those of a page around it, and know dark colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from ..palette import DARK, LIGHT, Theme, coloured, is_coloured

__all__ = ["painted", "style_sheet"]

ATTRIBUTES = {
    "fill", "fill-opacity", "font-family", "font-size", "font-style", "font-weight", "paint-order", "stroke",
    "stroke-dasharray", "stroke-linejoin", "stroke-width", "text-anchor",
}  # fmt: skip
"""The properties that SVG knows as attributes."""


class Rule(NamedTuple):
    """A rule for one selector: the steps of the selector, (tag, classes) each, and what it says."""

    steps: tuple[tuple[str, frozenset[str]], ...]
    says: tuple[tuple[str, str], ...]

    @property
    def weight(self) -> tuple[int, int]:
        """How much it weighs against others: classes, then tags."""
        return sum(len(classes) for _, classes in self.steps), sum(bool(tag) for tag, _ in self.steps)


@lru_cache(maxsize=1)
def _lines() -> list[str]:
    return (files(__package__) / "svg.css").read_text("utf-8").splitlines()


@lru_cache(maxsize=1)
def _rules() -> list[Rule]:
    """The rules of the style sheet, those that weigh more last."""
    rules = []
    for line in _lines():
        selectors, body = line.rstrip("}").split("{")
        says = tuple((key, value) for key, _, value in (part.partition(":") for part in body.split(";")))
        says = tuple((key, value) for key, value in says if key in ATTRIBUTES and value != "inherit")
        for selector in selectors.split(","):
            steps = [step.split(".") for step in selector.split()]
            rules.append(Rule(tuple((step[0], frozenset(step[1:])) for step in steps), says))
    return sorted(rules, key=lambda rule: rule.weight)


def _matches(rule: Rule, tag: str, classes: frozenset[str], around: tuple[frozenset[str], ...]) -> bool:
    """Whether a rule is about an element with these groups around it, the outermost first."""
    *outer, (own_tag, own) = rule.steps
    if own_tag not in ("", tag) or not own <= classes:
        return False
    place = len(around)
    for _, wanted in reversed(outer):
        place = next((i for i in range(place - 1, -1, -1) if wanted <= around[i]), -1)
        if place < 0:
            return False
    return True


@lru_cache(maxsize=20_000)
def _attributes(tag: str, classes: str, around: tuple[frozenset[str], ...], dark: bool) -> str:
    """What the rules say of an element, as attributes; without what all text inherits from the picture."""
    own = frozenset(classes.split())
    said: dict[str, str] = {}
    for rule in _rules():
        if rule.steps != (("text", frozenset()),) and _matches(rule, tag, own, around):
            said.update(rule.says)
    return _written(said, DARK if dark else LIGHT)


def _written(said: Mapping[str, str], palette: Mapping[str, str]) -> str:
    pairs = ((key, coloured(value, palette).removesuffix("px").replace('"', "'")) for key, value in said.items())
    return "".join(f' {key}="{value}"' for key, value in pairs)


def inherited(theme: Theme) -> str:
    """What all text of a picture has, as attributes of the group around it."""
    says = next(rule.says for rule in _rules() if rule.steps == (("text", frozenset()),))
    return _written(dict(says), DARK if theme == "dark" else LIGHT)


ELEMENT = re.compile(r'<(/?)(\w+)(?:[^<>]*? ?class="([^"]*)")?[^<>]*?(/?)>')


def painted(parts: Iterable[str], theme: Theme) -> str:
    """The elements of a picture with the attributes that the rules give them. The parts are in order; groups nest."""
    dark = theme == "dark"
    around: list[frozenset[str]] = []

    def paint(found: re.Match[str]) -> str:
        end, tag, classes, empty = found.groups()
        if tag == "g":
            if end:
                around.pop()
            else:
                around.append(frozenset((classes or "").split()))
        elif tag in SHAPES and not end:
            looks = _attributes(tag, classes or "", tuple(around), dark)
            if looks:
                return f"{found[0][: -len(empty) - 1]}{looks}{empty}>"
        return found[0]

    return "\n".join(ELEMENT.sub(paint, part) for part in parts)


SHAPES = {"rect", "path", "circle", "text", "tspan"}


def style_sheet(theme: Theme, identity: str) -> str:
    """The rules of a picture, each bound to its id; with "auto", the dark colours besides."""
    rules = _lines()
    if theme != "auto":
        return f"\n{coloured(_bound(rules, identity), DARK if theme == 'dark' else LIGHT)}\n"
    dark = coloured(_bound(map(_colours_of, filter(is_coloured, rules)), identity), DARK)
    light = coloured(_bound(rules, identity), LIGHT)
    return f"\n{light}\n@media screen and (prefers-color-scheme:dark){{\n{dark}\n}}\n"


def _bound(rules: Iterable[str], identity: str) -> str:
    """Rules that are valid inside this picture alone. LibreOffice takes no notice of them, and else would be dark."""
    selectors_and_bodies = (rule.split("{") for rule in rules)
    return "\n".join(
        ",".join(f"svg#{identity} {selector}" for selector in selectors.split(",")) + "{" + body
        for selectors, body in selectors_and_bodies
    )


def _colours_of(rule: str) -> str:
    """Only what a rule says about colours."""
    selectors, body = rule.split("{")
    return selectors + "{" + ";".join(filter(is_coloured, body.rstrip("}").split(";"))) + "}"
