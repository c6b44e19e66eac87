"""What stands on arrows and in formulas is mathematics: no row of the table shows what a program needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.graph import Drawing, Film
from tinygrad_edu.testing._table import CASES

from .test_gallery import script

OF_PROGRAMS = re.compile(r"astype|expand_dims|broadcast_to|squeeze|to_tensor|to_value|keepdims|dtype=|\bnp\b")
"""What no book writes."""


def of_programs(texts: Iterator[str]) -> set[str]:
    """Those that no book would write."""
    return set(filter(OF_PROGRAMS.search, texts))


def mathematics(drawing: Drawing) -> Iterator[str]:
    """The rules behind arrows, what is written on them, and the formulas in boxes."""
    yield from (edge.rule for edge in drawing.graph.edges if edge.rule)
    yield from (text.text for label in drawing.labels if label for line in label.lines for text in line)
    yield from (node.formula for node in drawing.graph.nodes)


def test_words_of_rules() -> None:
    assert of_programs(word for row in TABLE.values() for word in row.words) == set()


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=5)
@given(data=st.data())
def test_every_row_of_the_table(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls(dtype=data.draw(st.sampled_from([np.float32, np.float64])), sides=(1, 3)))
    variables = [tg.tensor(call.operands[i], requires_grad=True, name="abcdefghijkl"[i % 12]) for i in call.variables]
    results = call.of_variables(*variables)
    for y in results if isinstance(results, (list, tuple)) else [results]:
        if not isinstance(y, tg.Node):
            continue
        assert of_programs(iter((tg.formula(y), tg.formula(y, latex=True)))) == set()
        if y.requires_grad:
            loss: Any = tg.sum(y)
            for style in ("full", "formulas"):
                assert of_programs(mathematics(tg.draw(loss, "both", style=style, fit=None))) == set()


def drawings(picture: Any) -> Iterator[Drawing]:
    yield from picture.drawings if isinstance(picture, Film) else [picture]


@pytest.mark.slow
def test_the_gallery() -> None:
    gallery = script()
    functions = [f for section in gallery.SECTIONS for f in gallery.functions_of(section)]
    pictures = [picture for f in functions for _, picture in gallery.drawn(f)]
    for drawing in (drawing for picture in pictures for drawing in drawings(picture)):
        assert of_programs(mathematics(drawing)) == set()
