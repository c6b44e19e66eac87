"""Graphs as formulas: few brackets, none too few, and never exponential."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tinygrad_edu as tg

from .examples import chain, doublings, programs, worked_example
from .test_plain import leaves_of
from .test_svg import HOSTILE

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
        (a ** (b + 1), "a^(b + 1)"),
        ((a**b) ** c, "(a^b)^c"),
        (a ** (b**c), "a^(b^c)"),
        (a**-1, "a⁻¹"),
        (a * -2, "a · (−2)"),
        (-2 * a, "−2 · a"),
        (2**a, "2^a"),
        (tg.exp(-a) / (1 + tg.exp(-a)), "exp(−a) / (1 + exp(−a))"),
        (abs(a - b), "|a − b|"),
        (a * 0.1, "a · 0.1"),
        (a, "a"),
    ],
)
def test_brackets_where_they_are_needed(node: Any, text: str) -> None:
    assert tg.formula(node) == text


X = tg.tensor(np.eye(2), requires_grad=True, name="X")


@pytest.mark.parametrize(
    ("node", "text", "latex"),
    [
        (tg.square(a), "a²", "a^{2}"),
        (tg.square(a) ** 2, "(a²)²", r"\left(a^{2}\right)^{2}"),
        (tg.square(tg.square(a)), "(a²)²", r"\left(a^{2}\right)^{2}"),
        (tg.square(-a), "(−a)²", r"\left(-a\right)^{2}"),
        (b * tg.square(a), "b · a²", r"b \cdot a^{2}"),
        (tg.sqrt(a) ** 2, "(√a)²", r"\left(\sqrt{a}\right)^{2}"),
        (tg.sqrt(tg.square(a)), "√(a²)", r"\sqrt{a^{2}}"),
        (2 ** tg.square(a), "2^(a²)", "2^{a^{2}}"),
        (tg.reciprocal(a) ** 2, "(1 / a)²", r"\left(\frac{1}{a}\right)^{2}"),
        (X.T**2, "(Xᵀ)²", r"\left(X^{\top}\right)^{2}"),
        (tg.square(X).T, "(X²)ᵀ", r"\left(X^{2}\right)^{\top}"),
        (tg.sqrt(X)[1:], "(√X)[1:]", r"\left(\sqrt{X}\right)_{[1:]}"),
        (tg.swapaxes(X, -1, -2) @ X, "Xᵀ X", r"X^{\top} \, X"),
    ],
)
def test_what_is_raised_has_brackets_as_a_base(node: Any, text: str, latex: str) -> None:
    assert tg.formula(node) == text
    assert tg.formula(node, latex=True) == latex


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
    assert tg.formula(d) == "(1 − tanh(a · b)²) · b"


def test_arrays() -> None:
    X, W = (tg.tensor(np.ones(s), requires_grad=True, name=n) for s, n in (((4, 3), "X"), ((2, 3), "W")))
    assert tg.formula((X @ W.T).sum(axis=0)[1:]) == "Σᵢ(X Wᵀ)[1:]"
    assert tg.formula((X + np.zeros(3)).mean()) == "mean(X + [0, 0, 0])"


def test_unnamed_leaves_and_names_that_are_no_words() -> None:
    assert tg.formula(tg.Value(1.0) * tg.Value(2.0, name="a + b")) == "x₁ · «a + b»"


def test_forty_doublings_take_forty_lines() -> None:
    lines = tg.formula(doublings(40)[1]).splitlines()
    assert len(lines) == 40
    assert lines[0] == "v₃₉ + v₃₉"
    assert lines[-1].strip() == "v₁ = x + x"


def test_a_long_chain_is_cut() -> None:
    text = tg.formula(chain(5_000), simplify=False)
    assert len(text) < 20_000
    assert text.splitlines()[-1].strip().startswith("…")


@given(programs())
def test_a_formula_computes_what_the_graph_computed(z: Any) -> None:
    text = tg.formula(z, digits=15)
    if "where" in text:
        return
    python = (
        text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
        .replace("−", "-")
        .replace("·", "*")
        .replace("²", "**2")
        .replace("⁻¹", "**-1")
        .replace("^", "**")
    )
    values = {"x": 0.0, "tanh": math.tanh, "sin": math.sin, "sigmoid": tg.sigmoid}
    for node in leaves_of(z):
        values |= dict.fromkeys([node.name] if node.name else ["x1", "a1"], node.data)
    assert eval(python, {"__builtins__": {}}, values) == pytest.approx(z.data)  # the formula is made from the test


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ((a + b) * c, r"\left(a + b\right) \cdot c"),
        (a - (b - c), r"a - \left(b - c\right)"),
        (a / (b * c), r"\frac{a}{b \cdot c}"),
        ((a + b) / c * a, r"\frac{a + b}{c} \cdot a"),
        ((a / b) ** 2, r"\left(\frac{a}{b}\right)^{2}"),
        ((-a) ** 2, r"\left(-a\right)^{2}"),
        (-(a**2), r"-a^{2}"),
        (a ** (b + 1), r"a^{b + 1}"),
        (a * -2, r"a \cdot \left(-2\right)"),
        (tg.exp(-a), r"\exp\left(-a\right)"),
        (abs(a - b), r"\left|a - b\right|"),
        (tg.sqrt(a + 1), r"\sqrt{a + 1}"),
        (tg.relu(a), r"\operatorname{relu}\left(a\right)"),
        (a * 1e-9, r"a \cdot 10^{-9}"),
    ],
)
def test_latex_has_brackets_where_they_are_needed_and_fractions_need_none(node: Any, text: str) -> None:
    assert tg.formula(node, latex=True) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("h₂", "h_{2}"),
        ("θ", r"\theta"),
        ("Ω", r"\Omega"),
        ("loss", r"\mathrm{loss}"),
        ("layer.0.weight", r"\mathrm{layer.0.weight}"),
        ("my_loss", r"\mathrm{my\_loss}"),
        ("变数", r"\mathrm{\text{变数}}"),
        ("किताब", r"\mathrm{\text{किताब}}"),  # with its vowel signs, which are no letters
        ("नमस्ते", r"\mathrm{\text{नमस्ते}}"),
        ("∂z/∂x", r"\frac{\partial z}{\partial x}"),
        ("∂³z/∂x²∂y", r"\frac{\partial^{3} z}{\partial x^{2} \, \partial y}"),
        (r"\input{x}", r"{\langle \mathrm{\backslash{}input\{x\}} \rangle}"),
        ("$a^2$", r"{\langle \mathrm{\$a}^{2}\$ \rangle}"),
        ("50%#&~", r"{\langle \mathrm{50\%\#\&\sim{}} \rangle}"),
        ("2", r"{\langle 2 \rangle}"),
    ],
)
def test_names_in_latex_are_symbols_words_or_derivatives_and_never_commands(name: str, text: str) -> None:
    assert tg.formula(tg.Value(1.0, name=name), latex=True) == text


def test_arrays_in_latex() -> None:
    X, W = (tg.tensor(np.ones(s), requires_grad=True, name=n) for s, n in (((4, 3), "X"), ((2, 3), "W")))
    assert tg.formula(X @ W.T, latex=True) == r"X \, W^{\top}"
    assert tg.formula((X @ W.T).sum(axis=0)[1:], latex=True) == (
        r"\left(\sum_{i}\left(X \, W^{\top}\right)\right)_{[1:]}"
    )


def test_parts_of_a_long_formula_stand_under_each_other_in_latex() -> None:
    lines = tg.formula(doublings(20)[1], latex=True).splitlines()
    assert lines[0] == r"\begin{aligned}"
    assert lines[1] == r"& v_{19} + v_{19} \\"
    assert lines[2] == r"\text{where} \quad & v_{19} = v_{18} + v_{18} \\"
    assert lines[-1] == r"\end{aligned}"


WRITTEN = {"left", "right", "langle", "rangle", "cdot", "mathrm", "text", *"{}_#$%& "}
CHARACTERS = {"backslash", "hat", "sim", "partial", "ldots", "infty", "times", "surd", "nabla", "Omega", "theta"}
CHARACTERS |= {"acute", "ddot", "ss"}


@given(programs())
def test_the_braces_and_brackets_of_latex_match(z: Any) -> None:
    text = tg.formula(z, latex=True)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_adds_no_command_to_latex(name: str) -> None:
    text = tg.formula(tg.Value(2.0, name=name) * a, latex=True)
    assert set(re.findall(r"\\([a-zA-Z]+|.)", text)) <= WRITTEN | CHARACTERS


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (-(a * b), "−a · b"),
        (-(a / b), "−a / b"),
        (-(a + b), "−(a + b)"),
        (c - (-(a * b)), "c + a · b"),
        (c * -(a * b), "c · (−a · b)"),
        ((-a) ** 2, "(−a)²"),
        (-((-a) * b), "−(−a · b)"),
    ],
)
def test_a_minus_before_a_product_needs_no_brackets(node: Any, text: str) -> None:
    assert tg.formula(node) == text
