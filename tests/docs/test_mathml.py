"""Formulas of the pages look as TeX sets them, where the site can be built."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="what the site is built with: make docs")


@pytest.mark.parametrize(
    ("short", "with_braces"),
    [
        (r"\log \frac12 - 1", r"\log \frac{1}{2} - 1"),
        (r"\frac123", r"\frac{1}{2}3"),
        (r"\frac{1}23", r"\frac{1}{2}3"),
        (r"\frac1n \frac1{10}", r"\frac{1}{n} \frac{1}{10}"),
        (r"\sqrt12 + x^12 + a_1^23", r"\sqrt{1}2 + x^{1}2 + a_{1}^{2}3"),
        (r"\binom12 10^{12}", r"\binom{1}{2} 10^{12}"),
    ],
)
def test_an_argument_without_braces_is_one_digit(short: str, with_braces: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "docs"))
    math, mathml = import_module("docutils.nodes").math, import_module("extensions.mathml").mathml
    assert mathml(math("", short), as_block=False) == mathml(math("", with_braces), as_block=False)


def test_the_bar_of_a_mean_is_a_macron_above_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "docs"))
    math, mathml = import_module("docutils.nodes").math, import_module("extensions.mathml").mathml
    made = mathml(math("", r"\hat y + \bar x - \bar y"), as_block=False)
    assert (made.count("\u00af"), made.count("\u02c9"), made.count("accent")) == (2, 0, 1)
