"""Graphs as formulas: few brackets, none too few, and never exponential."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tinygrad_edu as tg

from .examples import chain, doublings, programs, worked_example
from .test_plain import leaves_of

a, b, c = (tg.Value(v, name=n) for v, n in ((2.0, "a"), (3.0, "b"), (5.0, "c")))


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ((a + b) * c, "(a + b) · c"),
        (a + b * c, "a + b · c"),
        (a * b + c, "a · b + c"),
        (a - (b - c), "a − (b − c)"),
        (a - (b + c), "a − (b + c)"),
        (a - b - c, "a − b − c"),
        (a + (b - c), "a + b − c"),
        (a / (b * c), "a / (b · c)"),
        (a / b * c, "a / b · c"),
        (a * (b / c), "a · (b / c)"),
        (a / (b / c), "a / (b / c)"),
        (-(a**2), "−a²"),
        ((-a) ** 2, "(−a)²"),
        (-(a + b), "−(a + b)"),
        (a ** (b + 1), "a ** (b + 1)"),
        ((a**b) ** c, "(a ** b) ** c"),
        (a ** (b**c), "a ** (b ** c)"),
        (a**-1, "a⁻¹"),
        (a * -2, "a · (−2)"),
        (-2 * a, "−2 · a"),
        (2**a, "2 ** a"),
        (tg.exp(-a) / (1 + tg.exp(-a)), "exp(−a) / (1 + exp(−a))"),
        (abs(a - b), "abs(a − b)"),
        (a * 0.1, "a · 0.1"),
        (a, "a"),
    ],
)
def test_brackets_where_they_are_needed(node: Any, text: str) -> None:
    assert tg.formula(node) == text


@pytest.mark.parametrize(
    ("node", "simple", "exact"),
    [
        (a * 1, "a", "a · 1"),
        (1 * a + 0, "a", "1 · a + 0"),
        (a + -b, "a − b", "a + (−b)"),
        (a - -b, "a + b", "a − (−b)"),
        (tg.negative(-a), "a", "−(−a)"),
        (0 - a, "−a", "0 − a"),
        (a / 1, "a", "a / 1"),
        (a**1, "a", "a¹"),
        (a * 0 + b, "b", "a · 0 + b"),
        (a * -1, "−a", "a · (−1)"),
    ],
)
def test_the_obvious_is_left_out(node: Any, simple: str, exact: str) -> None:
    assert tg.formula(node) == simple
    assert tg.formula(node, simplify=False) == exact


def test_the_printed_gradient_is_the_printed_backward_graph() -> None:
    x, _, w, _, z = worked_example()
    dx, dw = tg.gradients(z, [x, w], create_graph=True)
    assert tg.formula(dx) == "w"
    assert tg.formula(dw) == "x + y"
    (d,) = tg.gradients(tg.tanh(a * b), [a], create_graph=True)
    assert tg.formula(d) == "(1 − tanh(a · b) · tanh(a · b)) · b"


def test_arrays() -> None:
    X, W = (tg.tensor(np.ones(s), requires_grad=True, name=n) for s, n in (((4, 3), "X"), ((2, 3), "W")))
    assert tg.formula((X @ W.T).sum(axis=0)[1:]) == "Σ(X @ Wᵀ, axis=0)[1:]"
    assert tg.formula((X + np.zeros(3)).mean()) == "mean(X + [0, 0, 0])"


def test_unnamed_leaves_and_names_that_are_no_words() -> None:
    assert tg.formula(tg.Value(1.0) * tg.Value(2.0, name="a + b")) == "x1 · «a + b»"


def test_forty_doublings_take_forty_lines() -> None:
    lines = tg.formula(doublings(40)[1]).splitlines()
    assert len(lines) == 40
    assert lines[0] == "v39 + v39"
    assert lines[-1].strip() == "v1 = x + x"


def test_a_long_chain_is_cut() -> None:
    text = tg.formula(chain(5_000), simplify=False)
    assert len(text) < 20_000
    assert text.splitlines()[-1].strip().startswith("…")


@given(programs())
def test_a_formula_computes_what_the_graph_computed(z: Any) -> None:
    text = tg.formula(z)
    if "where" in text:
        return
    python = text.replace("−", "-").replace("·", "*").replace("²", "**2").replace("⁻¹", "**-1")
    values = {"x": 0.0, "x1": 0.0, "tanh": math.tanh, "sin": math.sin, "sigmoid": tg.sigmoid}
    for node in leaves_of(z):
        values[node.name or "x1"] = node.data
    assert eval(python, {"__builtins__": {}}, values) == pytest.approx(z.data)  # the formula is made from the test
