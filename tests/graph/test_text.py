"""Text for pictures: visible, cut, measured; numbers as in print."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given, strategies as st

from tinygrad_edu.graph.numbers import number
from tinygrad_edu.graph.text import shorten, visible, width, wrapped


@given(st.text(st.characters(codec=None)))
def test_what_is_visible_holds_nothing_hidden(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(c in shown for c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff")
    shown.encode()


@given(st.text(st.characters(whitelist_categories=["L", "N", "P", "S"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text(), st.integers(3, 50))
def test_shortened_text_keeps_its_beginning_and_end(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or (text.startswith(short.split("…")[0]) and "…" in short)


@given(st.text("ab 梯，。", max_size=60), st.integers(4, 30))
def test_wrapped_words_are_all_there_and_no_line_is_too_long(words: str, most: int) -> None:
    lines = wrapped(words, most)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(len(line) <= most for line in lines)


def test_a_word_of_any_length_is_wrapped_at_once() -> None:
    assert wrapped("x" * 100_000 + " y", 50) == ["x" * 50] * 2_000 + ["y"]


@given(st.text(), st.text())
def test_width_is_additive_up_to_rounding(a: str, b: str) -> None:
    assert 0 <= width(a) + width(b) - width(a + b) <= 1 / 16  # each is rounded up to a sixteenth
    assert width(a) * 16 == int(width(a) * 16)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_true_to_their_digits(x: float) -> None:
    assert abs(read(number(x, 6)) - x) <= 1e-5 * abs(x)


def read(printed: str) -> float:
    """A printed number: −1.5·10⁻⁷ is −1.5e−7."""
    mantissa, _, power = re.fullmatch(r"(.*?)(·?10(?=[⁰¹²³⁴⁵⁶⁷⁸⁹⁻])([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?", printed).groups()  # type: ignore[union-attr]
    exponent = (power or "⁰").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
    mantissa = mantissa.replace("−", "-")
    return float(f"{mantissa if mantissa not in ('', '-') else mantissa + '1'}e{exponent}")


@given(st.integers(-(10**14), 10**14))
def test_whole_numbers_are_printed_whole(i: int) -> None:
    assert number(float(i)).replace("−", "-") == str(i)
