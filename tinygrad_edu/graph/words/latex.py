r"""The notation of LaTeX, for print and for pages with MathJax or KaTeX: `\frac{a}{b}`, `x^{2}`, `W^{\top}`.

It uses only commands that plain LaTeX with amsmath, MathJax and KaTeX all know. A name cannot add a command: every
character that LaTeX could read as more than a letter is escaped.
"""

from __future__ import annotations

import re
import unicodedata

from ..plain import switched_on
from .terms import ATOM, POWER, SIGN, Notation, Term, arguments

__all__ = ["LATEX", "equation", "prose", "symbol"]

FUNCTIONS = {
    name: rf"\{name}"
    for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")
}
"""Functions with a command of their own; the others are operator names."""

LARGE = {"sum": r"\sum", "prod": r"\prod"}
"""Reductions with a sign of their own; their axes stand below it."""

FENCES = {"abs": (r"\left|", r"\right|"), "norm": (r"\left\|", r"\right\|"), "sqrt": (r"\sqrt{", "}")}
"""Functions that are written around their operand."""

SPECIAL = {
    "\\": r"\backslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "#": r"\#", "$": r"\$", "%": r"\%", "&": r"\&",
    "^": r"\hat{}", "~": r"\sim{}", "−": "-", "∞": r"\infty{}", "…": r"\ldots{}", "∂": r"\partial{}", "·": r"\cdot{}",
    "×": r"\times{}", "√": r"\surd{}", "∇": r"\nabla{}", "′": "'", " ": r"\ ",
}  # fmt: skip
"""Characters of names and attributes that LaTeX does not read as letters."""

CAPITALS = {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
"""Greek letters whose capital is no Latin letter."""

SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def symbol(label: str) -> str:
    """A label as a symbol: one letter, its index below it; a word upright; a derivative as a fraction.

    >>> symbol("x"), symbol("v12"), symbol("θ₁"), symbol("loss"), symbol("∂z/∂x")
    ('x', 'v_{12}', '\\\\theta_{1}', '\\\\mathrm{loss}', '\\\\frac{\\\\partial z}{\\\\partial x}')
    """
    label = label.removeprefix("«").removesuffix("»")
    derivative = re.fullmatch(r"∂([⁰¹²³⁴⁵⁶⁷⁸⁹]*)([^∂/()]+)/((?:∂[^∂/()]+)+)", label)
    if derivative:
        below = re.findall(r"∂([^∂]+?)([⁰¹²³⁴⁵⁶⁷⁸⁹]*)(?=∂|$)", derivative[3])
        denominator = r" \, ".join(rf"\partial {symbol(x)}{_raised(power)}" for x, power in below)
        return rf"\frac{{\partial{_raised(derivative[1])} {symbol(derivative[2])}}}{{{denominator}}}"
    indexed = re.fullmatch(r"([^\W\d_])_?([0-9]*|[₀₁₂₃₄₅₆₇₈₉]+)(′*)", label)
    if indexed:
        index = indexed[2].translate(SUBSCRIPTS)
        return _letter(indexed[1]) + (f"_{{{index}}}" if index else "") + "'" * len(indexed[3])
    return rf"\mathrm{{{literal(label)}}}"


def _raised(power: str) -> str:
    return f"^{{{power.translate(POWERS)}}}" if power else ""


def _letter(char: str) -> str:
    """A letter of a formula: a Greek one by its command, because not every LaTeX reads the letter itself."""
    if char.isascii():
        return char
    name = unicodedata.name(char, "").split()
    if name[:1] == ["GREEK"] and name[2:3] == ["LETTER"] and len(name) == 4:
        greek = name[3].lower().replace("lamda", "lambda")  # as Unicode spells it
        if name[1] == "SMALL" and greek != "omicron":
            return rf"\{greek}"
        if greek in CAPITALS:
            return rf"\{greek.capitalize()}"
    return rf"\text{{{_on_a_space(char)}}}"


def _on_a_space(text: str) -> str:
    """Text that can stand after a brace: an accent at its start gets a space to stand on."""
    return f"\u00a0{text}" if unicodedata.combining(text[0]) else text


def literal(text: str) -> str:
    """Text in which nothing is read as a command."""
    pieces = re.split(r"([\x00-\x7f−∞…∂·×√∇′])", text)  # every other one is a run of other letters
    return "".join(SPECIAL.get(piece, piece) if i % 2 else _other(piece) for i, piece in enumerate(pieces))


def _other(letters: str) -> str:
    """Letters that are not ASCII; a single Greek one by its command."""
    if len(letters) < 2:
        return letters and _letter(letters)
    return rf"\text{{{_on_a_space(letters)}}}"


def _atom(term: Term) -> str:
    """A name, or a number."""
    if not term.label:
        number = re.fullmatch(r"(−?[\d.]+)(?:e(−?\d+))?", term.text)
        if number is None:
            return literal(term.text)
        mantissa, exponent = (part and part.replace("−", "-") for part in number.groups())
        return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else f"{mantissa}"
    return symbol(term.label)


def _pieces(term: Term, apart: set[Term]) -> list[str | Term]:
    """A term as text and operands, in brackets where they are needed."""
    operands = term.operands
    if term.binds == ATOM or len(operands) > 2:
        return _call(term, apart)

    def bracketed(x: Term, least: int) -> list[str | Term]:
        return _fenced(x) if _binds(x, apart) < least else [x]

    if len(operands) == 1:
        return ["-", *bracketed(operands[0], SIGN + 1)]
    a, b = operands
    if term.text == "/":
        return [r"\frac{", a, "}{", b, "}"]
    if term.binds == POWER:
        return [*bracketed(a, ATOM), "^{", b, "}"]
    between = {"+": " + ", "-": " - ", "·": r" \cdot ", "@": r" \, "}.get(term.text, f" {literal(term.text)} ")
    associative = term.text in "+·" and b.text in {"+": "+-", "·": "·/"}[term.text]
    least = term.binds if associative else term.binds + 1
    right = _fenced(b) if _binds(b, apart) == SIGN else bracketed(b, least)
    return [*bracketed(a, term.binds), between, *right]


def _binds(x: Term, apart: set[Term]) -> int:
    """How tightly a term binds here: a fraction or a sum needs no brackets as a factor, but as a base it does."""
    if x in apart or not x.operands:
        return ATOM if x in apart else x.binds
    return SIGN + 1 if x.text == "/" or x.operation in LARGE else x.binds


def _fenced(x: Term) -> list[str | Term]:
    return [r"\left(", x, r"\right)"]


def _call(term: Term, apart: set[Term]) -> list[str | Term]:
    """A term in function notation, with its sign, or as an index or a transpose."""
    attrs = dict(switched_on(term.attrs))
    first = term.operands[0]
    tight = [first] if _binds(first, apart) == ATOM else _fenced(first)
    if len(term.operands) == 1:
        if term.operation == "getitem":
            return [*tight, f"_{{{literal(attrs['index'])}}}"]
        if term.operation == "transpose" and "axes" not in attrs:
            return [*tight, r"^{\top}"]
        if term.operation in FENCES and not attrs:
            left, right = FENCES[term.operation]
            return [left, first, right]
        if term.operation in LARGE:
            below = f"_{{{_in_brackets(attrs)}}}" if attrs else ""
            return [f"{LARGE[term.operation]}{below}", *_fenced(first)]
    name = FUNCTIONS.get(term.operation) or rf"\operatorname{{{literal(term.operation or term.text)}}}"
    listed = [f", {_in_brackets(attrs)}"] if attrs else []
    return [f"{name}\\left(", *arguments(term, r"\ldots"), *listed, r"\right)"]


def _in_brackets(attrs: dict[str, str]) -> str:
    return ", ".join(rf"\mathrm{{{literal(key)}}}={literal(value)}" for key, value in attrs.items())


def _where(first: str, lines: list[tuple[str, str]], left_out: int) -> str:
    """Lines under each other, aligned at the equals signs."""
    rows = [rf"& {first}", r"\text{where} \quad & " + " = ".join(lines[0])]
    rows += [f"& {name} = {text}" for name, text in lines[1:]]
    rows += [rf"& \ldots \text{{ and {left_out:,} more}}"] if left_out > 0 else []
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


LATEX = Notation(atom=_atom, label=lambda term: symbol(term.label), pieces=_pieces, lines=_where)


# Lines in the notation of text, as LaTeX.

SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "→": r"\to", "←": r"\gets", "Σ": r"\sum", "δ": r"\delta",
    "∞": r"\infty", "@": r"\,", "ᵀ": r"^{\top}", "**": "^",
}  # fmt: skip
LETTER = "[^\\W⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ]"
NAME = rf"(?!\d){LETTER}(?:{LETTER}|[.\[\]'′])*|«[^»]*»"
TOKEN = re.compile(
    rf"(?P<function>{NAME})(?=\()|(?P<name>∂[⁰¹²³⁴⁵⁶⁷⁸⁹]*(?:{NAME})(?:/(?:∂(?:{NAME}))+)?|{NAME})"
    r"|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)|(?P<space> )|\*\*|."
)


def equation(line: str) -> str:
    r"""A line of text such as `tg.explain` and `tg.steps` print, as LaTeX mathematics.

    >>> print(equation("∂L/∂W1 += Xᵀ @ ∂L/∂h · tanh(x²)"))
    \frac{\partial L}{\partial W_{1}} += X^{\top} \, \frac{\partial L}{\partial h} \cdot \operatorname{tanh}(x^{2})
    """

    def written(match: re.Match[str]) -> str:
        sign = SIGNS.get(match[0])
        if sign or match["space"]:
            return sign or " "
        if match["power"]:
            return f"^{{{match['power'].translate(POWERS)}}}"
        if match["function"]:
            return rf"\operatorname{{{literal(match[0])}}}"
        return symbol(match[0]) if match["name"] else literal(match[0])

    return TOKEN.sub(written, line)


def prose(text: str) -> str:
    """Text of a paragraph in which nothing is read as a command."""
    return "".join(rf"\{c}" if c in "%&#$_{}" else f"\\char`\\{c} " if c in "\\~^" else c for c in text)
