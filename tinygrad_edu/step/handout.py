"""Handouts: a script as text, as Markdown and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._support.languages import say
from ..graph.mathematics import isolated
from ..graph.text import in_code, in_markdown
from ..graph.words.latex import prose
from .matrices import in_latex, in_rows
from .script import Script
from .texts import TEXTS
from .wording import heading, lines, whole

__all__ = ["latex", "markdown", "text"]


def text(script: Script) -> str:
    """The derivation as plain text; the events have the numbers that the players show."""
    result = [heading(script)]
    wide = len(str(len(script)))
    for part, number, equations in _entries(script):
        if part:
            result += ["", part]
        rows = [row for line in equations for row in in_rows(line)]
        result += [f"  {number if i == 0 else '':>{wide}}  {row}" for i, row in enumerate(rows)]
    return isolated("\n".join(result))


def markdown(script: Script) -> str:
    """The derivation for a Markdown page; the mathematics is code, in which Markdown finds no markup.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> print(markdown(tg.steps(x * 2)))
    # Step by step: v₁ = x · 2
    <BLANKLINE>
    ## Forward
    <BLANKLINE>
    1. `v₁ = x · 2 = 6`<br>`v₁ = 3 · 2 = 6`
    <BLANKLINE>
    ## Back
    <BLANKLINE>
    2. `∂v₁/∂v₁ = 1`
    3. `∂v₁/∂x = 2`<br>`∂v₁/∂x = ∂v₁/∂v₁ · ∂v₁/∂x`<br>`∂v₁/∂x = 1 · 2 = 2`
    """
    result = [f"# {in_markdown(heading(script))}"]
    for part, number, equations in _entries(script):
        if part:
            result += ["", f"## {part}", ""]
        result.append(f"{number}. {'<br>'.join(map(in_code, equations))}")
    return isolated("\n".join(result))


def latex(script: Script) -> str:
    r"""The derivation as LaTeX, for the body of a document that loads amsmath (and ctex, for names in Chinese).

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> print(latex(tg.steps(x * 2)))
    \section*{Step by step: $v_{1} = x \cdot 2$}
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
    before, _, after = say(TEXTS["title"]).partition("{of}")
    result = [rf"\section*{{{prose(before)}${in_latex(whole(script), script.arrays)}${prose(after)}}}"]
    for part, _, equations in _entries(script):
        if part:
            result.append(rf"\subsection*{{{prose(part)}}}")
        aligned = (re.sub(r" (=|\+=|\\to) ", r" &\1 ", in_latex(line, script.arrays), count=1) for line in equations)
        result += [r"\begin{align*}", " \\\\\n".join(aligned), r"\end{align*}"]
    return "\n".join(result)


def _entries(script: Script) -> Iterator[tuple[str, int, list[str]]]:
    """For each event: the heading of the part that begins with it, or ""; its number; and its equations."""
    before = ""
    for number, event in enumerate(script, 1):
        part = event.kind if event.kind in ("forward", "update") else "back"
        begins, before = part != before, part
        yield say(TEXTS[part]) if begins else "", number, lines(script, event)
