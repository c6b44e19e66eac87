"""A derivation on paper: its script as text."""

from __future__ import annotations

from .script import Script
from .wording import catalogue, lines

__all__ = ["text"]


def text(script: Script, lang: str = "en") -> str:
    """The derivation as plain text, the events numbered as the players number them."""
    texts = catalogue(lang)
    result = [texts["title"].format(of=script.graph.of)]
    wide = len(str(len(script)))
    for i, event in enumerate(script, 1):
        if i == 1 or event.kind == "seed":
            result += ["", texts["forward" if event.kind == "forward" else "back"]]
        first, *rest = lines(script, event)
        result += [f"  {i:>{wide}}  {first}", *(f"  {'':{wide}}  {line}" for line in rest)]
    return "\n".join(result)
