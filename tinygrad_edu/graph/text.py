"""Text for pictures and pages: made visible, escaped, cut to size, measured."""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from .._support.text import columns, escaped
from .mathematics import isolated

__all__ = [
    "in_code", "in_markdown", "in_markup", "shorten", "typical_width", "visible", "width", "wrapped",
]  # fmt: skip


def visible(text: str) -> str:
    r"""The text with every invisible character written out, as Python escapes it.

    Control characters, line ends, bidirectional overrides and lone surrogates could break an output format, or make a
    picture show something else than its data. Joiners inside emoji and Persian words stay.

    >>> print(visible("a\nb\x00"))
    a\nb\x00
    >>> print(visible("x\u202ey"))
    x\u202ey
    >>> visible("Größe 変数")
    'Größe 変数'
    """
    return text if text.isprintable() else escaped(text, _hidden)


def _hidden(char: str) -> bool:
    unseen = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\u200c\u200d"
    return unseen or ord(char) & 0xFFFE == 0xFFFE  # the last two of every plane are no characters


def shorten(text: str, limit: int = 28) -> str:
    """The text in at most `limit` characters, with an ellipsis for the middle of what was too long.

    >>> shorten("encoder.layers.0.attention.query.weight", 24)
    'encoder.lay…query.weight'
    """
    if len(text) <= limit:
        return text
    front = (limit - 1) // 2
    return text[:front] + "…" + text[len(text) - (limit - 1 - front) :]


def in_markdown(text: str) -> str:
    """Text in which Markdown finds no markup.

    >>> print(in_markdown("W_1 <b>"))
    W\\_1 \\<b\\>
    """
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~-])", r"\\\1", text)


@lru_cache(maxsize=2**16)
def in_markup(text: str) -> str:
    """Text for between the tags of HTML or SVG, or in an attribute: everything visible, nothing a tag.

    >>> in_markup('x < "y"')
    'x &lt; &quot;y&quot;'
    """
    return isolated(escape(visible(text)))


def in_code(text: str) -> str:
    """Text as code in Markdown: between more backticks than it has in a row.

    >>> in_code("x + y"), in_code("a`b")
    ('`x + y`', '`` a`b ``')
    """
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"`{text}`" if len(fence) == 1 else f"{fence} {text} {fence}"


class _Widths(dict[str, float]):
    """The widths of characters, in hundredths of the font size; of those it lacks, a share of an upper estimate."""

    def __init__(self, known: Mapping[int, str], share: float) -> None:
        super().__init__((char, hundredths) for hundredths, chars in known.items() for char in chars)
        self.share = share

    def __missing__(self, char: str) -> float:
        return self.share * (_WIDEST.get(char) or _estimate(char))


def _estimate(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:  # accents and joiners take no room
        return 0
    if ord(char) > 0xFFFF:  # emoji, mathematical letters, rare ideographs
        return 135
    return 100 if unicodedata.east_asian_width(char) in {"W", "F"} else 78


# Those of the widest of the usual fonts (DejaVu Sans and Serif, Arial and Times), so that a box is wide enough in any.
_WIDEST = _Widths(
    {
        32: " ijl',.:;|`!·",
        40: 'f()[]I-/\\J"⟨⟩₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ',
        50: "rst_*",
        56: "cz∂∇",
        64: "0123456789abdeghknopquvxyFL?${}√",
        74: "ABCEKPRSTVXYZ",
        84: "DGHNOQUw+=<>~^#−×≈∞±≤≥",
        89: "&",
        100: "mM%@…→←—",
        104: "W",
    },
    1.0,
)


@lru_cache(maxsize=2**16)
def width(text: str, size: float = 1.0) -> float:
    """How wide the text is at the given font size: an upper estimate.

    In sixteenths of a pixel, because their sums are exact, and so the same on every platform.

    >>> width("iii") < width("www")
    True
    >>> width("変数", 10)
    20.0
    """
    return math.ceil(sum(map(_WIDEST.__getitem__, text)) * size * 0.16) / 16


# What characters mostly take: the widths of Helvetica and of Times Italic, and of the fonts that share them.
_SANS, _SERIF = (
    _Widths(table, 0.85)
    for table in (
        {
            22: "'`ijl", 26: "|", 28: " !,./:;I[\\]ft·", 33: "()-r{}", 36: '"', 39: "*", 47: "^", 50: "Jcksvxyz∂",
            56: "#$0123456789?L_abdeghnopqu", 58: "+<=>~−×", 61: "FTZ", 67: "&ABEKPSVXY", 72: "CDHNRUw", 78: "GOQ",
            83: "Mm", 89: "%", 94: "W", 100: "…→", 102: "@",
        },
        {
            25: " ,.·", 28: "/\\fijlt|", 33: "!'()-:;I`", 39: "[]rsz", 40: "{}", 42: '"^', 44: "Jcekvxy",
            50: "#$*0123456789?S_abdghnopqu∂", 54: "~", 56: "LTYZ", 61: "ABEFPRVX", 67: "CKNw", 68: "+<=>−×",
            72: "DGHOQUm", 78: "&", 83: "%MW", 92: "@", 89: "…", 100: "→",
        },
    )
)  # fmt: skip


@lru_cache(maxsize=2**16)
def typical_width(text: str, size: float = 1.0, serif: bool = False) -> float:
    """How wide the text is in the fonts that a picture asks for first.

    >>> typical_width("x = 2", 10) < width("x = 2", 10)
    True
    """
    table = _SERIF if serif else _SANS
    return math.ceil(sum(map(table.__getitem__, text)) * size * 0.16) / 16


_WIDE, _CLOSING = "⺀-鿿豈-﫿＀-￯", "，。、；：！？）》」』”’…"
_PIECE = re.compile(rf"[{_WIDE}][{_CLOSING}]*\s*|[^\s{_WIDE}]+[{_CLOSING}]*\s*|\s+")
"""What a line may end after: a word, or a character of Chinese with the signs that close it."""


def wrapped(words: str, most: int) -> list[str]:
    """Words in as few lines as hold them in so many columns (a Chinese character takes two), and of like length.

    >>> wrapped("one two three", 8), wrapped("一二三，四", 6), wrapped("abcdefg", 4), wrapped("one two three it.", 13)
    (['one two', 'three'], ['一二', '三，四'], ['abcd', 'efg'], ['one two', 'three it.'])
    """
    lines = _filled(words, most)
    few = lambda width: len(_filled(words, width)) <= len(lines)
    return _filled(words, bisect_left(range(most), True, lo=1, key=few)) if len(lines) > 1 else lines


def _filled(words: str, most: int) -> list[str]:
    """Words in lines that are as full as they can be."""
    lines, line = [], ""
    for piece in _PIECE.findall(words):
        if line and columns(line + piece.rstrip()) > most:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        word = line.rstrip()
        if columns(word) > most:  # alone, it is longer than a line
            *full, last = (word[i : i + most] for i in range(0, len(word), most))
            lines += full
            line = last + line[len(word) :]
    return [*lines, line.rstrip()] if line.strip() else lines
