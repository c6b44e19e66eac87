"""The colours and fonts of a picture, on its elements and in its style sheet.

Programs that show or convert SVG know little of CSS: some match no rule with an id, some none at all. So each element
has what the rules of `svg.css` say of it as attributes of its own, and looks the same everywhere. The rules are there
besides, bound to the id of the picture: they weigh more than those of a page around it, and know dark colours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from ..._support.files import read_resource
from ..palette import DARK, LIGHT, Theme, coloured, is_coloured, rgb

__all__ = ["colour_class", "inherited", "ink_on", "painted", "size_class", "style_sheet", "with_all_families"]

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
    return read_resource(__package__, "svg.css").splitlines()


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


BOLD = {"font-weight": "bold", "font-style": "normal"}
"""How names of arrays are set, where that is asked for."""

SIZE = re.compile(r"s(\d+)")


def size_class(size: float) -> str:
    """The class of a font size.

    >>> size_class(12.5)
    's125'
    """
    return f"s{round(10 * size)}"


def colour_class(colour: str) -> str:
    """The class of a colour that the author gave; "" for none.

    >>> colour_class("#f4c430"), colour_class("")
    ('hue-f4c430', '')
    """
    return f"hue-{colour[1:]}" if colour else ""


def _hue(name: str) -> str:
    return f"#{name.removeprefix('hue-')}"


def ink_on(colour: str) -> str:
    """Black or white, whichever can be read on a colour."""
    red, green, blue = rgb(colour)
    return LIGHT["ink"] if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else LIGHT["sign"]


def _size_of(name: str) -> str | None:
    found = SIZE.fullmatch(name)
    return f"{int(found[1]) / 10:g}px" if found else None


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
    hues = ((_hue(name), group) for group in (own, *reversed(around)) for name in group if name.startswith("hue-"))
    hue, group = next(hues, (None, own))
    if hue and own & {"box", "line", "head"}:
        said["stroke" if "line" in own else "fill"] = hue
    elif hue and "bracket" in own:
        said["stroke"] = ink_on(hue)
    elif hue and (tag == "text" or (tag == "tspan" and "fill" in said)) and not own & {"symbol", "on-sign"}:
        said |= {} if "edge" in group else {"fill": ink_on(hue)}
    said.update(BOLD if "bold" in own else {})
    said.update(("font-size", size) for name in own if (size := _size_of(name)))
    return _written(said, DARK if dark else LIGHT)


def _written(said: Mapping[str, str], palette: Mapping[str, str]) -> str:
    pairs = ((key, coloured(value, palette).removesuffix("px")) for key, value in said.items())
    pairs = ((key, _first_family(value) if key == "font-family" else value) for key, value in pairs)
    return "".join(f' {key}="{value}"' for key, value in pairs)


def _first_family(value: str) -> str:
    """Of a list of font families the first: Qt takes a list for the name of one, and finds none."""
    return value.partition(",")[0].strip('"')


def with_all_families(svg: str) -> str:
    """The picture with whole lists of families as attributes, for a program that reads no rules and looks for fonts."""
    lists = (value for rule in _rules() for key, value in rule.says if key == "font-family")
    whole = {_first_family(families): families.replace('"', "'") for families in lists}
    return re.sub('font-family="([^"]*)"', lambda found: f'font-family="{whole.get(found[1], found[1])}"', svg)


def inherited(theme: Theme) -> str:
    """What all text of a picture has, as attributes of the group around it."""
    says = dict(pair for rule in _rules() if rule.steps == (("text", frozenset()),) for pair in rule.says)
    return _written(says, DARK if theme == "dark" else LIGHT)


ELEMENT = re.compile(r'<(/?)(\w+)(?:[^<>]*? ?class="([^"]*)")?[^<>]*?(/?)>')


def painted(parts: Iterable[str], theme: Theme, *, bare: bool = False) -> str:
    """The elements of a picture with the attributes that the rules give them. The parts are in order; groups nest.

    Bare elements have none, and the picture is half as large: enough for a browser.
    """
    dark = theme == "dark"
    around: tuple[frozenset[str], ...] = ()

    def paint(found: re.Match[str]) -> str:
        nonlocal around
        end, tag, classes, empty = found.groups()
        if tag == "g":
            around = around[:-1] if end else (*around, frozenset((classes or "").split()))
        elif tag in SHAPES and not end:
            looks = _attributes(tag, classes or "", around, dark)
            if looks:
                return f"{found[0][: -len(empty) - 1]}{looks}{empty}>"
        return found[0]

    picture = "".join(parts) if bare else ELEMENT.sub(paint, "\n".join(parts))
    head, end, body = picture.partition("</style>")
    used = {name for classes in set(re.findall(r'class="([^"]*)"', body)) for name in classes.split()}
    rules = [f"svg#\0 .{name}{{font-size:{size}}}" for name in sorted(used, key=_by_size) if (size := _size_of(name))]
    rules += ["svg#\0 .bold.bold{font-weight:bold;font-style:normal}"] if "bold" in used else []
    for hue in sorted(name for name in used if name.startswith("hue-")):
        rules += [f"svg#\0 .{hue}.{hue} .box{{fill:{_hue(hue)}}}", f"svg#\0 .{hue}.{hue} .line{{stroke:{_hue(hue)}}}"]
        rules += [f"svg#\0 .{hue}.{hue} .head{{fill:{_hue(hue)}}}"]
        ink = ink_on(_hue(hue))
        rules += [f"svg#\0 .{hue}.{hue} .box~text tspan,svg#\0 .{hue}.{hue} .box~text{{fill:{ink}}}"]
        rules += [f"svg#\0 .{hue}.{hue} .bracket.bracket{{stroke:{ink}}}"]
    head = head.replace(SIZES, "\n".join(rules))
    return (_with_rules_in_use(head, used) if bare else head) + end + body


def _by_size(name: str) -> tuple[int, str]:
    return len(name), name


def _with_rules_in_use(head: str, used: Collection[str]) -> str:
    """The beginning of a picture, with rules for what is in it; what a page lights up has the class `lit`."""
    there = {"lit", *used}

    def in_use(rule: str) -> bool:
        selectors = rule.partition("{")[0].split(",")
        return any(there.issuperset(re.findall(r"\.([\w-]+)", selector)) for selector in selectors)

    return re.sub(r"^svg#.*\n", lambda rule: rule[0] if in_use(rule[0]) else "", head, flags=re.MULTILINE)


SIZES = "\1"
"""Stands in the style sheet for the rules of the sizes that the picture has."""

SHAPES = {"rect", "path", "circle", "text", "tspan"}


def style_sheet(theme: Theme) -> str:
    """The rules of a picture, each bound to its id, for which \\0 stands; with "auto", the dark colours besides."""
    identity = "\0"
    fonts = [rule for rule in _lines() if "font-family" in rule]
    rules = [rule for rule in _lines() if rule not in fonts]
    first = f"\n@media all{{\n{_bound(fonts, identity)}\n}}"  # which Qt does not read, see `_first_family`
    if theme != "auto":
        return f"{first}\n{coloured(_bound(rules, identity), DARK if theme == 'dark' else LIGHT)}\n{SIZES}\n"
    dark = coloured(_bound(map(_colours_of, filter(is_coloured, rules)), identity), DARK)
    light = coloured(_bound(rules, identity), LIGHT)
    return f"{first}\n{light}\n{SIZES}\n@media screen and (prefers-color-scheme:dark){{\n{dark}\n}}\n"


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
