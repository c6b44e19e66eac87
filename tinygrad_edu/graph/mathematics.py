"""Names as a book sets them: which characters of a label stand on the line, which above it and which below it.

`w_1`, `W_{hh}`, `h_prev`, `x_t^{(2)}`, `y_hat` and `v₁` are read as mathematics; a name of several letters, such as
`hidden_size`, stays a word. Pictures, LaTeX and TikZ all read names by `pieces`, and all views call a node by the
letters of LaTeX's commands in its name, such as ŷ and α.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["ABOVE", "ACCENTS", "BELOW", "LIFTED", "Piece", "isolated", "pieces", "without_commands"]

BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+−=()aehijklmnoprstuvx"))
ABOVE = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵀⁿⁱ", "0123456789+−=()Tni"))
"""Characters of Unicode that stand below or above the line, and what stands there."""

ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
"""The accents that a name may spell out: `y_hat` is ŷ."""

GREEK = {
    unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda"): letter
    for letter in "αβγδεζηθικλμνξοπρστυφχψω"
}
COMMANDS = {**GREEK, **{name.capitalize(): letter.upper() for name, letter in GREEK.items()}, "ell": "ℓ"}
"""Letters that have a command in LaTeX."""

SMALL = re.escape("".join((*BELOW, *ABOVE)))
SMALL_ONES = re.compile(f"([{re.escape(''.join(BELOW))}]+|[{re.escape(''.join(ABOVE))}]+)")
LIFTED, LOWERED = str.maketrans(BELOW), str.maketrans(ABOVE)
NOT_PLAIN = re.compile(f"[_^{SMALL}]")
LETTER = rf"(?:(?![{SMALL}])[^\W\d_])"
MARK = "[\u0300-\u036f]"
COMMAND = re.compile(r"\\([A-Za-z]+)")
STYLED = re.compile(r"\\(?:mathbf|boldsymbol|bm|mathrm|mathit|text)\{([^{}]*)\}")
SCRIPT = re.compile(r"\\mathcal\{([BEFHILMR])\}")
ACCENTED = re.compile(rf"\\({'|'.join(ACCENTS)})(?:\{{({LETTER})\}}|[ ]+({LETTER})|(?=[^\x00-\x7f])({LETTER}))")
END = rf"(?![0-9_.…]|{LETTER})"
NAME = re.compile(
    rf"(?<![\w.…])(?P<base>{LETTER}{MARK}*|{LETTER}+(?=_[0-9{{]))"
    rf"(?P<accent>_(?:{'|'.join(ACCENTS)})(?!{LETTER}|[0-9]))?"
    rf"(?P<rest>(?:_\{{[^{{}}]*\}}|_(?:{LETTER}|[0-9])+|\^\{{[^{{}}]*\}}|\^(?:{LETTER}|[0-9*+−-]){END})+)?"
    rf"(?P<prime>[′']*){END}"
)
"""A name with indices: its letter, an accent, what stands below and above, and primes."""


Piece = tuple[str, int]
"""Some characters of a label, and where they stand: 0 on the line, 1 above it, −1 below it."""


@lru_cache(maxsize=2**16)
def pieces(label: str) -> tuple[Piece, ...]:
    """The pieces of a label.

    >>> pieces("W_{hh}"), pieces("∂z/∂w_1")
    ((('W', 0), ('hh', -1)), (('∂z/∂w', 0), ('1', -1)))
    >>> pieces("hidden_size"), pieces("y_hat²")
    ((('hidden_size', 0),), (('ŷ', 0), ('2', 1)))
    """
    if not NOT_PLAIN.search(label):
        return ((label, 0),)
    found: list[Piece] = []
    for text, level in _read(label) if "_" in label or "^" in label else _in_unicode(label):
        before = found.pop()[0] if found and found[-1][1] == level else ""
        found.append((before + text, level))
    return tuple(found) or (("", 0),)


def _read(label: str) -> Iterator[Piece]:
    end = 0
    for name in NAME.finditer(label):
        if not (name["accent"] or name["rest"]):
            continue
        yield from _in_unicode(label[end : name.start()])
        accent = ACCENTS[name["accent"][1:]] if name["accent"] else ""
        yield unicodedata.normalize("NFC", name["base"] + accent), 0
        indices = re.findall(r"([_^])(?:\{([^{}]*)\}|([^_^{]+))", name["rest"] or "")
        below, above = (",".join(a or b for sign, a, b in indices if sign == kind) for kind in "_^")
        yield from ((text.replace("-", "−"), level) for text, level in ((below, -1), (above, 1)) if text)
        if name["prime"]:
            yield "′" * len(name["prime"]), 0
        end = name.end()
    yield from _in_unicode(label[end:])


def _in_unicode(text: str) -> Iterator[Piece]:
    """Text in which small characters stand for themselves."""
    for part in SMALL_ONES.split(text):
        if part[:1] in BELOW:
            yield part.translate(LIFTED), -1
        elif part[:1] in ABOVE:
            yield part.translate(LOWERED), 1
        elif part:
            yield part, 0


def without_commands(name: str) -> str:
    r"""A name with letters in the place of LaTeX's commands for them; other commands stay.

    >>> without_commands(r"\alpha"), without_commands(r"\hat{y}_i"), without_commands(r"\mathcal{L}")
    ('α', 'ŷ_i', 'ℒ')
    """
    if "\\" not in name:
        return name
    name = COMMAND.sub(lambda found: COMMANDS.get(found[1], found[0]), STYLED.sub(r"\1", name))
    name = SCRIPT.sub(lambda found: unicodedata.lookup(f"SCRIPT CAPITAL {found[1]}"), name)
    return ACCENTED.sub(
        lambda found: unicodedata.normalize("NFC", found[found.lastindex or 0] + ACCENTS[found[1]]), name
    )


RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[^\x00-\x7f]|[ ]+(?=[\u0590-\u08ff]))*")


def isolated(text: str) -> str:
    """Text in which words of scripts that run from right to left do not turn around what stands beside them.

    Each gets an isolate of Unicode around it, which is not visible.

    >>> isolated("x = 2"), isolated("\u05d0 = 2") == "\u2068\u05d0\u2069 = 2"
    ('x = 2', True)
    """
    return text if text.isascii() else RIGHT_TO_LEFT.sub("\u2068\\g<0>\u2069", text)
