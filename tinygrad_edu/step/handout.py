"""A derivation on paper: its script as text, as Markdown and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    result = ["# " + re.sub(r"([\\`*_{}\[\]<>()#+!|~-])", r"\\\1", title(script, lang))]
    for heading, number, equations in _entries(script, lang):
        if heading:
            result += ["", f"## {heading}", ""]
        result.append(f"{number}. {'<br>'.join(map(_code, equations))}")
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
    result = [rf"\section*{{{latex_text(title(script, lang))}}}"]
    for heading, _, equations in _entries(script, lang):
        if heading:
            result.append(rf"\subsection*{{{latex_text(heading)}}}")
        aligned = (re.sub(r" (=|\+=|\\to) ", r" &\1 ", latex_math(equation), count=1) for equation in equations)
        result += [r"\begin{align*}", " \\\\\n".join(aligned), r"\end{align*}"]
    return "\n".join(result)


def title(script: Script, lang: str) -> str:
    """What the derivation is of."""
    return catalogue(lang)["title"].format(of=script.graph.of)


def _entries(script: Script, lang: str) -> Iterator[tuple[str, int, list[str]]]:
    """Of each event the heading that it begins a part with, or "", its number, and its equations."""
    texts = catalogue(lang)
    for number, event in enumerate(script, 1):
        heading = "back" if event.kind == "seed" else "forward" if number == 1 else None
        yield texts[heading] if heading else "", number, lines(script, event)


def _code(text: str) -> str:
    """Text as code in Markdown: between more backticks than it has in a row."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{text}{fence}" if len(fence) == 1 else f"{fence} {text} {fence}"


# Our notation as LaTeX.

SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "→": r"\to", "Σ": r"\sum", "∞": r"\infty", "…": r"\dots", "@": r"\,",
    "ᵀ": r"^{\top}", "∂": r"\partial ", "δ": r"\delta", "√": r"\surd ", "**": "^", "%": r"\%", "&": r"\&", "#": r"\#",
    "$": r"\$", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\sim ", "^": r"\hat{}", "\\": r"\backslash ",
}  # fmt: skip
SPECIAL = {
    **{c: f"\\{c}" for c in "%&#$_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
INDICES = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
NAME = r"[^\W\d_⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ](?:[^\W⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ]|[.\[\]'′])*"
TOKEN = re.compile(
    rf"«(?P<quoted>[^»]*)»|∂(?P<of>{NAME}|«[^»]*»)/∂(?P<by>{NAME}|«[^»]*»)|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)|(?P<name>{NAME})|\*\*|."
)


def latex_math(text: str) -> str:
    r"""An equation of ours as LaTeX mathematics.

    >>> print(latex_math("∂L/∂W1 += Xᵀ @ ∂L/∂h · tanh(x²)"))
    \frac{\partial L}{\partial W_{1}} += X^{\top} \, \frac{\partial L}{\partial h} \cdot \operatorname{tanh}(x^{2})
    """

    def written(match: re.Match[str]) -> str:
        if match["of"]:
            return rf"\frac{{\partial {_name(match['of'])}}}{{\partial {_name(match['by'])}}}"
        if match["power"]:
            return f"^{{{match['power'].translate(POWERS)}}}"
        if match["quoted"] is not None or match["name"]:
            called = text[match.end() : match.end() + 1] == "(" and match["name"]
            return rf"\operatorname{{{latex_text(match[0])}}}" if called else _name(match[0])
        return SIGNS.get(match[0], match[0])

    return TOKEN.sub(written, text)


def _name(name: str) -> str:
    """A name: one letter in italics, with its number as an index; a longer one upright."""
    if name in SIGNS:
        return SIGNS[name]
    index = re.fullmatch(r"([^\W\d_])[_]?([\d₀-₉]*)", name)
    if index:
        return index[1] + (f"_{{{index[2].translate(INDICES)}}}" if index[2] else "")
    return rf"\mathrm{{{latex_text(name.strip('«»'))}}}"


def latex_text(text: str) -> str:
    """Text in which nothing is a command."""
    return "".join(SPECIAL.get(c, c) for c in text)
