"""A derivation on paper: its script as text, as Markdown and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..graph.text import in_code, in_markdown
from ..graph.words.latex import equation, prose
from .script import Script
from .wording import catalogue, lines

__all__ = ["latex", "markdown", "text"]


def text(script: Script, lang: str = "en") -> str:
    """The derivation as plain text, the events numbered as the players number them."""
    result = [title(script, lang)]
    wide = len(str(len(script)))
    for heading, number, (first, *rest) in _entries(script, lang):
        if heading:
            result += ["", heading]
        result += [f"  {number:>{wide}}  {first}", *(f"  {'':{wide}}  {line}" for line in rest)]
    return "\n".join(result)


def markdown(script: Script, lang: str = "en") -> str:
    """The derivation for a Markdown page; the mathematics stands in code, where nothing is interpreted.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> print(markdown(tg.steps(x * 2)))
    # Step by step: v1
    <BLANKLINE>
    ## Forward
    <BLANKLINE>
    1. `v1 = x · 2 = 6`<br>`v1 = 3 · 2 = 6`
    <BLANKLINE>
    ## Back
    <BLANKLINE>
    2. `∂v1/∂v1 = 1`
    3. `∂v1/∂x = 2`<br>`∂v1/∂x = ∂v1/∂v1 · ∂v1/∂x`<br>`∂v1/∂x = 1 · 2 = 2`
    """
    result = [f"# {in_markdown(title(script, lang))}"]
    for heading, number, equations in _entries(script, lang):
        if heading:
            result += ["", f"## {heading}", ""]
        result.append(f"{number}. {'<br>'.join(map(in_code, equations))}")
    return "\n".join(result)


def latex(script: Script, lang: str = "en") -> str:
    r"""The derivation as LaTeX, for the body of a document that loads amsmath (and ctex, for names in Chinese).

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> print(latex(tg.steps(x * 2)))
    \section*{Step by step: v1}
    \subsection*{Forward}
    \begin{align*}
    v_{1} &= x \cdot 2 = 6 \\
    v_{1} &= 3 \cdot 2 = 6
    \end{align*}
    \subsection*{Back}
    \begin{align*}
    \frac{\partial v_{1}}{\partial v_{1}} &= 1
    \end{align*}
    \begin{align*}
    \frac{\partial v_{1}}{\partial x} &= 2 \\
    \frac{\partial v_{1}}{\partial x} &= \frac{\partial v_{1}}{\partial v_{1}} \cdot ...
    \frac{\partial v_{1}}{\partial x} &= 1 \cdot 2 = 2
    \end{align*}
    """
    result = [rf"\section*{{{prose(title(script, lang))}}}"]
    for heading, _, equations in _entries(script, lang):
        if heading:
            result.append(rf"\subsection*{{{prose(heading)}}}")
        aligned = (re.sub(r" (=|\+=|\\to) ", r" &\1 ", equation(line), count=1) for line in equations)
        result += [r"\begin{align*}", " \\\\\n".join(aligned), r"\end{align*}"]
    return "\n".join(result)


def title(script: Script, lang: str) -> str:
    """What the derivation is of."""
    return catalogue(lang)["title"].format(of=script.graph.of)


def _entries(script: Script, lang: str) -> Iterator[tuple[str, int, list[str]]]:
    """Of each event the heading that it begins a part with, or "", its number, and its equations."""
    texts = catalogue(lang)
    before = ""
    for number, event in enumerate(script, 1):
        part = event.kind if event.kind in ("forward", "update") else "back"
        heading, before = part if part != before else None, part
        yield texts[heading] if heading else "", number, lines(script, event)
