r"""The notation of LaTeX, for print and for pages with MathJax or KaTeX: `\frac{a}{b}`, `x^{2}`, `W^{\top}`.

It uses only commands that plain LaTeX with amsmath, MathJax and KaTeX all know. A name cannot add a command: every
character that LaTeX could read as more than a letter is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import pairwise

from ..._support.languages import say
from ..mathematics import ABOVE, BELOW, LIFTED, pieces
from ..names import MARKED
from ..text import visible
from ..transcribe import setting
from .terms import (
    ATOM,
    POWER,
    SIGN,
    SUM,
    Notation,
    Term,
    above,
    arguments,
    begins_with_minus,
    in_function_notation,
    seems_looser,
)

__all__ = ["LATEX", "equation", "prose", "symbol"]

FUNCTIONS = {
    name: rf"\{name}"
    for name in (
        "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "det",
    )
}  # fmt: skip
"""Functions with a command of their own; the others are operator names."""

ASSOCIATIVE = {"add": ("add", "subtract"), "multiply": ("multiply", "divide"), "matmul": ("matmul",)}
"""The operations that may stand at the right of others without brackets; a fraction needs none."""

LARGE = {"sum": r"\sum", "prod": r"\prod"}
"""Reductions with a sign of their own; their axes stand below it."""

FENCES = {"abs": (r"\left|", r"\right|"), "norm2": (r"\left\|", r"\right\|"), "sqrt": (r"\sqrt{", "}")}
"""Functions that are written around their operand."""

SPECIAL = {
    "\\": r"\backslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "#": r"\#", "$": r"\$", "%": r"\%", "&": r"\&",
    "^": r"\hat{}", "~": r"\sim{}", "−": "-", "∞": r"\infty{}", "…": r"\ldots{}", "∂": r"\partial{}", "·": r"\cdot{}",
    "×": r"\times{}", "√": r"\surd{}", "∇": r"\nabla{}", "′": "'", " ": r"\ ", "Σ": r"\Sigma{}", "⊙": r"\odot{}",
    "‖": r"\|", "ß": r"\text{\ss}", "ø": r"\text{\o}", "Ø": r"\text{\O}", "æ": r"\text{\ae}", "Æ": r"\text{\AE}",
    "œ": r"\text{\oe}", "ł": r"\text{\l}", "Ł": r"\text{\L}", "«": r"\langle{}", "»": r"\rangle{}", "→": r"\to{}",
    "←": r"\gets{}", "≤": r"\le{}", "≥": r"\ge{}", "≠": r"\ne{}", "≈": r"\approx{}", "±": r"\pm{}",
    "°": r"{{}^{\circ}}",
    "ℝ": r"\mathbb{R}", "ℂ": r"\mathbb{C}", "ℤ": r"\mathbb{Z}",
    "∈": r"\in{}", "ℓ": r"\ell{}", "ℒ": r"\mathcal{L}", "ı": r"\imath{}", "⊤": r"\top{}",
    "§": r"\S{}", "½": r"\frac{1}{2}", "µ": r"\mu{}", "–": "-", "—": "-", "’": "'", "“": "''", "”": "''",
}  # fmt: skip
"""Characters of names and attributes that LaTeX does not read as letters, or reads only with further packages."""

MARKS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0306": "breve",
    "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check", "\u0305": "bar", "\u20d7": "vec",
}  # fmt: skip
"""Accents, by the mark that Unicode puts behind a letter."""

CAPITALS = {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
"""Greek letters whose capital is no Latin letter."""

VARIANTS = {"ϵ": r"\epsilon", "ε": r"\varepsilon", "ϕ": r"\phi", "φ": r"\varphi", "ϑ": r"\vartheta", "ς": r"\varsigma"}

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
POWERS = str.maketrans(dict(zip(f"{RAISED}⁻ᵀ", [*"0123456789-", r"\top"])))


def symbol(label: str, bold: Collection[str] = ()) -> str:
    r"""A label as a symbol: one letter with its indices; a word upright; a derivative as a fraction; these names bold.

    >>> symbol("x"), symbol("v12"), symbol("θ₁"), symbol("loss"), symbol("∂z/∂x")
    ('x', 'v_{12}', '\\theta_{1}', '\\mathrm{loss}', '\\frac{\\partial z}{\\partial x}')
    >>> print(symbol("ŷ"), symbol("σ²"), symbol("W_{hh}"), symbol("(∂z/∂x)₂"))
    \hat{y} \sigma^{2} W_{\mathrm{hh}} \left(\frac{\partial z}{\partial x}\right)_{2}
    """
    if label in bold:
        return rf"\{'mathbf' if label[0].isascii() else 'boldsymbol'}{{{symbol(label)}}}"
    label = visible(label)
    if marked := re.fullmatch("«([^«»]*)»([₀-₉]*)", label):
        return rf"{{\langle {symbol(marked[1], bold)} \rangle}}{_lowered(marked[2])}"
    part = re.fullmatch(r"\((∂.+)\)([₀-₉]*)", label)
    if part:
        return rf"\left({symbol(part[1], bold)}\right){_lowered(part[2])}"
    derivative = re.fullmatch(rf"∂([{RAISED}]*)({PART})/((?:∂(?:{PART})[{RAISED}]*)+)", label)
    if derivative:
        by = re.findall(rf"∂({PART})([{RAISED}]*)(?=∂|$)", derivative[3])
        denominator = r" \, ".join(rf"\partial {symbol(x, bold)}{_raised(power)}" for x, power in by)
        return rf"\frac{{\partial{_raised(derivative[1])} {symbol(derivative[2], bold)}}}{{{denominator}}}"
    numbered = re.fullmatch(r"(\w[\u0300-\u036f]*)([0-9]+)([′']*)", label)
    if numbered and not numbered[1][0].isdecimal():
        label = f"{numbered[1]}_{{{numbered[2]}}}{numbered[3]}"
    tex, before = "", 0
    used: set[int] = set()
    for text, level in pieces(label):
        if level:
            opened = tex.endswith("}") and level == before
            inner = text if re.fullmatch(r"[\w,+\-−]?|[0-9,+\-−]+|[0-9]+\.[0-9]+|T|\*", text) else ""
            below = r"\top" if (text, level) == ("T", 1) else _name(inner) if inner else rf"\mathrm{{{literal(text)}}}"
            again = level in used or (level > 0 and ("'" in tex or "^" in tex))
            tex += "{}" if again and not opened else ""
            used = used | {level} if opened or level not in used else {level}
            tex = f"{tex[:-1]} {below}}}" if opened else f"{tex}{'^' if level > 0 else '_'}{{{below}}}"
        else:
            used = set()
            primes = set(text) <= {"′", "'"} and tex
            name = "'" * len(text) if primes else _name(text)
            tex += (_between(tex, name) if tex and name else "") + name
        before = level
    return "{}" + tex if tex[:1] in {"^", "_", "'"} else tex  # of nothing, and not of what stands before it


PART = rf"{MARKED}|\([^()]+\)|[^∂/()«]+?"
"""A name above or below the line of a derivative."""


def _name(text: str) -> str:
    """Text on the line: a letter as one, a number as it is, a word upright; primes stand behind it."""
    unprimed = text.rstrip("'′")
    if unprimed and unprimed != text:
        return _name(unprimed) + "'" * (len(text) - len(unprimed))
    bare = unicodedata.normalize("NFD", text)
    if re.fullmatch(r"[0-9,+\-−]+|[0-9]+\.[0-9]+", text):
        return text.replace("−", "-")
    one = sum(not unicodedata.combining(char) for char in bare) == 1 and (text[0].isalpha() or text[0] in SPECIAL)
    return literal(text) if one else rf"\mathrm{{{literal(text)}}}"


def _lowered(index: str) -> str:
    return f"_{{{index.translate(LIFTED)}}}" if index else ""


def _raised(power: str) -> str:
    return f"^{{{power.translate(POWERS)}}}" if power else ""


MOST_ACCENTS = 8
"""On one letter; LaTeX nests them, and gives up at some hundred."""


def literal(text: str) -> str:
    r"""Text in which nothing is read as a command, in ASCII as far as there are commands for its letters.

    Letters of other scripts stay, for documents that load a package for them (ctex for Chinese); what is no letter and
    has no command is written as its name in Unicode.

    >>> print(literal("x_1"), literal("ŷ"), literal("größe"), literal("σ"), literal("🚀"))
    x\_1 \hat{y} gr\ddot{o}\text{\ss}e \sigma \text{[rocket]}
    >>> print(literal("θx"))
    \theta x
    """
    written: list[str] = []
    foreign, accents = "", 0  # the accents on the last letter
    for char in unicodedata.normalize("NFD", text):
        if _is_foreign(char) or (foreign and unicodedata.category(char)[0] == "M"):
            foreign += char
            continue
        if foreign:
            written.append(_foreign(foreign))
            foreign = ""
        accents = accents + 1 if unicodedata.combining(char) or char in MARKS else 0
        if accents > MOST_ACCENTS:
            continue
        if accents:
            base = written.pop() if written else ""
            written.append(rf"\{MARKS[char]}{{{base}}}" if char in MARKS else base)
        else:
            written.append(_character(char))
    written += [_foreign(foreign)] if foreign else []
    return _joined(written)


def _joined(parts: Sequence[str]) -> str:
    """Parts of a formula one after the other, none of which changes what the one before it is."""
    parts = [part for part in parts if part]
    apart = (_between(one, following) for one, following in pairwise(parts))
    return "".join(part + space for part, space in zip(parts, (*apart, "")))


def _between(one: str, following: str) -> str:
    """What stands between two parts: after a command a space, and between two superscripts nothing to be raised."""
    if re.search(r"\\[A-Za-z]+$", one) and re.match("[A-Za-z]", following):
        return " "
    return "{}" if following[0] in "^'" and ("^" in one or "'" in one) else ""


def _character(char: str) -> str:
    if char in SPECIAL:
        return SPECIAL[char]
    if char.isascii():
        return char
    if char in VARIANTS:
        return VARIANTS[char]
    if char in BELOW or char in ABOVE:
        raised = f"_{{{BELOW[char]}}}" if char in BELOW else f"^{{{ABOVE[char]}}}".replace("−", "-")
        return f"{{{{}}{raised}}}"  # in a group of its own, so that the whole may be raised once more
    name = unicodedata.name(char, "").split()
    if name[:1] == ["GREEK"] and name[2:3] == ["LETTER"] and len(name) == 4:
        greek = name[3].lower().replace("lamda", "lambda")  # as Unicode spells it
        if name[1] == "SMALL" and greek != "omicron":
            return rf"\{greek}"
        if greek in CAPITALS:
            return rf"\{greek.capitalize()}"
        return "o" if greek == "omicron" and name[1] == "SMALL" else rf"\mathrm{{{LATIN.get(greek, greek[0].upper())}}}"
    plain = unicodedata.normalize("NFKD", char)
    if plain.isascii() and plain.isalnum():
        return plain
    joiner = unicodedata.category(char) in ("Cf", "Mn")  # between the parts of an emoji
    return "" if joiner else rf"\text{{[{' '.join(name).lower() or f'U+{ord(char):04X}'}]}}"


LATIN = {"eta": "H", "rho": "P", "chi": "X"}
"""The Latin letters that Greek capitals look like, where the names begin with others."""


def _is_foreign(char: str) -> bool:
    """Whether this is a letter of a script that LaTeX needs a package for."""
    if char.isascii() or char in SPECIAL or not char.isalpha():
        return False
    script = unicodedata.name(char, "").split()[:1]
    plain = unicodedata.normalize("NFKD", char)
    return (
        script not in (["LATIN"], ["GREEK"], ["MATHEMATICAL"]) and not plain.isascii() and char not in (*BELOW, *ABOVE)
    )


def _foreign(letters: str) -> str:
    return rf"\text{{{unicodedata.normalize('NFC', letters)}}}"


def _atom(term: Term) -> str:
    """A name, or a number."""
    if not term.label:
        number = re.fullmatch(rf"(−?[\d.]+)(?:·10)?([{RAISED}⁻]+)?", term.text)
        if number is None:
            return literal(term.text)
        mantissa, exponent = number[1].replace("−", "-"), (number[2] or "").translate(POWERS)
        times = r" \cdot 10" if "·" in term.text else ""
        return f"{mantissa}{times}^{{{exponent}}}" if exponent else f"{mantissa}"
    return symbol(term.label)


def _pieces(term: Term) -> list[str | Term]:
    """A term as text and operands, in brackets where they are needed."""
    operands = term.operands
    if in_function_notation(term):
        return _call(term)

    def bracketed(x: Term, least: int) -> list[str | Term]:
        return _fenced(x) if _binds(x) < least else [x]

    if len(operands) == 1:
        x = operands[0]
        return ["-", *(_fenced(x) if begins_with_minus(x, fractions=True) else bracketed(x, SUM + 1))]
    a, b = operands
    if term.text == "/":
        return [r"\frac{", a, "}{", b, "}"]
    if term.binds == POWER:
        return [*bracketed(a, ATOM), "^{", b, "}"]
    between = {"+": " + ", "-": " - ", "·": r" \cdot ", "⊙": r" \odot ", "@": r" \, "}.get(
        term.text, f" {literal(term.text)} "
    )
    associative = b.operation in ASSOCIATIVE.get(term.operation, ())
    least = term.binds if associative else term.binds + 1
    right = _fenced(b) if begins_with_minus(b, fractions=True) else bracketed(b, least)
    left = _fenced(a) if a.text != "/" and seems_looser(a, term) else bracketed(a, term.binds)
    return [*left, between, *right]


def _binds(x: Term) -> int:
    """How tightly a term binds here: a fraction or a sum needs no brackets as a factor, but as a base it does."""
    return SIGN + 1 if x.operands and (x.text == "/" or x.operation in ("reciprocal", *LARGE)) else x.binds


def _fenced(x: Term) -> list[str | Term]:
    return [r"\left(", x, r"\right)"]


def _call(term: Term) -> list[str | Term]:
    """A term in function notation, with its sign, or as an index or a transpose."""
    attrs = dict(term.attrs)
    first = term.operands[0]
    tight = [first] if _binds(first) == ATOM else _fenced(first)
    if len(term.operands) == 1:
        if term.operation == "getitem":
            return [*tight, f"_{{{literal(attrs['index']).replace('None', NONE)}}}"]
        if exponent := above(term):
            return [*tight, EXPONENTS[exponent]]
        if term.operation in FENCES and not attrs:
            left, right = FENCES[term.operation]
            return [left, first, right]
        if term.operation == "reciprocal":
            return [r"\frac{1}{", first, "}"]
        if term.operation in LARGE and not attrs:
            below = f"_{{{term.over}}}" if term.over else ""
            return [f"{LARGE[term.operation]}{below}", *_fenced(first)]
    if term.operation == "dot" and len(term.operands) == 2:
        second = term.operands[1]
        return [*tight, r"^{\top} ", *([second] if _binds(second) == ATOM else _fenced(second))]
    name = _function(term.operation or term.text)
    name += f"_{{{term.over}}}" if term.over else ""
    listed = [f", {_in_brackets(attrs)}"] if attrs else []
    return [f"{name}\\left(", *arguments(term, r"\ldots"), *listed, r"\right)"]


def _function(name: str) -> str:
    return FUNCTIONS.get(name) or rf"\operatorname{{{literal(name)}}}"


NONE = r"\mathrm{None}"
EXPONENTS = {"ᵀ": r"^{\top}", "⁻¹": "^{-1}", "⁻ᵀ": r"^{-\top}"}


def _in_brackets(attrs: dict[str, str]) -> str:
    said = [(setting(key, value).removesuffix(value), value) for key, value in attrs.items()]
    return ", ".join((rf"\mathrm{{{literal(key[:-1])}}}=" if key else "") + literal(value) for key, value in said)


def _where(first: str, lines: list[tuple[str, str]], left_out: int) -> str:
    """Lines under each other, aligned at the equals signs."""
    rows = [rf"& {first}", rf"\text{{{say('where')}}} \quad & " + " = ".join(lines[0])]
    rows += [f"& {name} = {text}" for name, text in lines[1:]]
    rows += [rf"& \ldots \text{{{say(' and {n} more', n=f'{left_out:,}')}}}"] if left_out > 0 else []
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


LATEX = Notation(atom=_atom, pieces=_pieces, lines=_where)


# Lines in the notation of text, as LaTeX.

SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "→": r"\to", "←": r"\gets", "Σ": r"\sum", "δ": r"\delta",
    "∞": r"\infty", "@": r"\,", "**": r"\wedge", "^": r"\wedge", "⊙": r"\odot",
    "√": r"\surd ", "‖": r"\|",
}  # fmt: skip
LETTER = rf"[^\W{RAISED}ᵀ]"
NAME = (
    rf"(?!\d){LETTER}(?:{LETTER}|[\u0300-\u036f.'′]|\[(?:[\w,+−-]*|'\w+')\]|(?<=_)\{{[^{{}}]*\}}"
    rf"|\^\{{[^{{}}]*\}}|\^[*+−-])*|{MARKED}"
)
BESIDE = rf"(?:{NAME}|\([^()]*\))"
"""What stands beside ∂."""
TOKEN = re.compile(
    rf"(?:\^|\*\*) ?(?:(?P<exponent>[\d.]+|{NAME})(?!\()|\((?P<term>[^()]*)\))"
    r"|(?P<part>\(∂[^()]*\)[₀-₉]+)|(?P<sum>Σ(?:[ᵢⱼₖₗₘₙ]+|_\{[A-Za-z]+\}))"
    rf"|(?P<function>{NAME})(?=\()|(?P<name>∂[{RAISED}]*{BESIDE}/(?:∂{BESIDE}[{RAISED}]*)+|(?:∂[{RAISED}]*)?(?:{NAME}))"
    rf"|(?P<power>[{RAISED}⁻ᵀ]+)|(?P<times>(?<=[\w)\]}}])(?<!Σ) (?=[\w(∂]))|(?P<space> )|\*\*|.",
    re.DOTALL,
)


def equation(line: str, bold: Collection[str] = ()) -> str:
    r"""A line of text such as `tg.explain` and `tg.steps` print, as LaTeX mathematics; these names bold.

    >>> print(equation("∂L/∂W1 += Xᵀ @ ∂L/∂h · tanh(x²)"))
    \frac{\partial L}{\partial W_{1}} += X^{\top} \, \frac{\partial L}{\partial h} \cdot \tanh(x^{2})
    """

    def written(match: re.Match[str]) -> str:
        sign = SIGNS.get(match[0])
        if sign or match["space"]:
            return sign or " "
        if match["times"]:  # a product without a sign
            return r" \, "
        if match["exponent"]:
            return f"^{{{symbol(match['exponent'], bold)}}}"
        if match["term"] is not None:
            return f"^{{{equation(match['term'], bold)}}}"
        if match["part"]:
            return symbol(match[0], bold)
        if match["sum"]:
            return rf"\sum_{{{match[0].strip('Σ_{}').translate(LIFTED)}}}"
        if match["power"]:
            return f"^{{{match['power'].translate(POWERS)}}}"
        if match["function"]:
            return _function(match[0])
        return symbol(match[0], bold) if match["name"] else literal(match[0])

    return _joined([written(token) for token in TOKEN.finditer(line)])


def prose(text: str, names: Collection[str] = ()) -> str:
    r"""Text of a paragraph in which nothing is read as a command; these names, and signs of mathematics, as such.

    >>> print(prose("How loss changes with x_1: 100 % of θ₁: «a + b»", ["loss"]))
    How $\mathrm{loss}$ changes with x\_1: 100 \% of $\theta_{1}$: ${\langle \mathrm{a\ +\ b} \rangle}$
    """

    def written(match: re.Match[str]) -> str:
        word = match[0]
        text = word.rstrip(".,:;")
        if text in names or not all(map(_is_of_prose, text)):
            return f"${equation(text)}${word[len(text) :]}"
        return "".join(rf"\{c}" if c in "%&#$_{}" else f"\\char`\\{c} " if c in "\\~^" else c for c in word)

    return re.sub(rf"(?:{MARKED}|[^\s{EAST_ASIAN}])+", written, text)


EAST_ASIAN = "\u2e80-\u9fff\uff00-\uffef"
"""Scripts without spaces between words, and their punctuation."""


def _is_of_prose(char: str) -> bool:
    """Whether LaTeX sets this character, perhaps with a package, outside of mathematics."""
    latin = char.isalpha() and unicodedata.normalize("NFD", char)[0].isascii()
    return char.isascii() or latin or char in "“”‘’–—…" or _is_foreign(char)
