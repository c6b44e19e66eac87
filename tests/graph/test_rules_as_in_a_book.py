"""What stands on arrows and in formulas is mathematics: no row of the table shows what a program needs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.graph import Drawing, Film
from tinygrad_edu.graph.picture.typeset import Text
from tinygrad_edu.testing._table import CASES

from .test_gallery import script

OF_PROGRAMS = re.compile(r"astype|expand_dims|broadcast_to|squeeze|to_tensor|to_value|keepdims|dtype=|\bnp\b")
"""What no book writes."""


def of_programs(texts: Iterator[str]) -> set[str]:
    """Those that no book would write."""
    return set(filter(OF_PROGRAMS.search, texts))


def boxes(drawing: Drawing) -> Iterator[str]:
    """The signs of boxes and what they say."""
    for card in drawing.cards:
        yield from (card.symbol.text,) if card.symbol else ()
        yield from ("".join(item.text for item in row if isinstance(item, Text)) for row in card.rows)


def mathematics(drawing: Drawing) -> Iterator[str]:
    """The rules behind arrows, what is written on them, and the formulas in boxes."""
    yield from (edge.rule for edge in drawing.graph.edges if edge.rule)
    yield from (text.text for label in drawing.labels if label for line in label.lines for text in line)
    yield from (node.formula for node in drawing.graph.nodes)


def test_words_of_rules() -> None:
    tables: list[Any] = [row.words if isinstance(row.words, dict) else {(): row.words} for row in TABLE.values()]
    assert of_programs(word for table in tables for words in table.values() for word in words) == set()


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
            assert of_programs(boxes(tg.draw(loss, "backward", fit=None))) == set()
            assert of_programs(event.symbolic for event in tg.steps(loss)) == set()


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=5)
@given(data=st.data())
def test_every_row_has_a_rule_that_an_arrow_has_room_for(name: str, data: st.DataObject) -> None:
    """Also where other operands are arrays of data, with and without names."""
    call = data.draw(CASES[name].calls(dtype=np.float64, sides=(2, 3)))
    learned = data.draw(st.sets(st.sampled_from(call.variables), min_size=1))
    operands = [
        tg.tensor(x, requires_grad=True, name=letter) if i in learned else np.asarray(x)
        for i, letter in zip(call.variables, itertools.cycle("abcdefghijkl"))
        for x in [call.operands[i]]
    ]
    given = (
        {f"X_{i}": x for i, x in enumerate(operands) if isinstance(x, np.ndarray)} if data.draw(st.booleans()) else None
    )
    results = call.of_variables(*operands)
    for y in results if isinstance(results, (list, tuple)) else [results]:
        if isinstance(y, tg.Node) and y.requires_grad and y.shape:
            drawing = tg.draw(tg.sum(y), "both", fit=None, steps=True, names=given)
            labels = zip(drawing.graph.edges, drawing.labels)
            written = ["".join(x.text for x in label.lines[0]) for edge, label in labels if edge.pair and label]
            assert not [text for text in written if "g through" in text]


def test_rules_are_said_in_the_language_of_the_picture() -> None:
    x = tg.tensor([[2.0, -1.0], [1.0, 4.0]], requires_grad=True, name="x")
    y = tg.tensor([0.5, 0.7], requires_grad=True, name="a name of many letters")
    drawing = tg.draw(tg.relu(x).max() + tg.arctan2(y, y).sum(), "both", lang="zh", fit=None)
    written = {"".join(text.text for text in line) for label in drawing.labels if label for line in label.lines}
    assert {"g（x > 0 处）", "g（v₁ 最大处）", "g 经过 arctan2"} <= written


def test_what_changes_only_the_shape_has_no_sign_and_a_power_its_exponent() -> None:
    x = tg.tensor([0.5, 0.7], requires_grad=True, name="x")
    drawing = tg.draw((x[None, :] * x).sum() + (x**2).sum() + (x**x).sum() + (x**-1).sum())
    signs = [card.symbol.text for card in drawing.cards if card.symbol]
    assert [sign for sign in signs if "x" in sign] == ["x²", "xⁿ", "x⁻¹"]
    assert len(signs) == len([node for node in drawing.graph.nodes if node.kind == "operation"]) - 1
    assert "x⁻¹" in drawing.dot()


def test_a_formula_keeps_an_index_and_the_brackets_of_a_matrix_product() -> None:
    A, B = (tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name=name) for name in "AB")
    x = tg.tensor([0.5, 0.7, 3.0], requires_grad=True, name="x")
    said = {
        "x[[0, 2]]": x[[0, 2]],
        "x[:, None] ⊙ x": x[:, None] * x,
        "x[..., None] ⊙ x": tg.expand_dims(x, -1) * x,
        "x + x": x[None, :] + x,
        "A ⊙ A[:, None, :]": A * A[:, None, :],
        "A Bᵀ A": A @ B.transpose(1, 0) @ A,
        "(A ⊙ B) A": (A * B) @ A,
        "(A / B) A": (A / B) @ A,
        "2 · A B": (2 * A) @ B,
        "A B A": A @ B @ A,
        "A ⊙ (B A)": A * (B @ A),
    }
    assert {tg.formula(node): node for node in said.values()} == said
    assert tg.formula((A * B) @ A, latex=True) == r"\left(A \odot B\right) \, A"
    assert tg.formula((A / B) @ A, latex=True) == r"\frac{A}{B} \, A"


def drawings(picture: Any) -> Iterator[Drawing]:
    yield from picture.drawings if isinstance(picture, Film) else [picture]


@pytest.mark.slow
def test_the_gallery() -> None:
    gallery = script()
    functions = [f for section in gallery.SECTIONS for f in gallery.functions_of(section)]
    pictures = [picture for f in functions for _, picture in gallery.drawn(f)]
    for drawing in (drawing for picture in pictures for drawing in drawings(picture)):
        assert of_programs(mathematics(drawing)) == set()


VECTOR, MATRIX = np.array([1.0, -2.0]), np.array([[2.0, 1.0], [0.5, 3.0]])


@pytest.mark.parametrize(
    ("a", "b", "formula", "rules"),
    [
        (MATRIX, MATRIX, "a b", {"g bᵀ", "aᵀ g"}),
        (MATRIX, VECTOR, "a b", {"g bᵀ", "aᵀ g"}),
        (VECTOR, MATRIX, "aᵀ b", {"b g", "a gᵀ"}),
        (VECTOR, VECTOR, "aᵀ b", {"g · b", "g · a"}),
    ],
)
def test_a_vector_is_a_column(a: Any, b: Any, formula: str, rules: set[str]) -> None:
    x, y = tg.tensor(a, requires_grad=True, name="a"), tg.tensor(b, requires_grad=True, name="b")
    product = x @ y
    assert tg.formula(product) == formula
    edges = tg.draw(tg.exp(product).sum(), "both", fit=None).graph.edges
    assert rules <= {edge.rule for edge in edges}


def test_inverses_and_transposes_stand_above_the_line() -> None:
    A, x = tg.tensor(MATRIX, requires_grad=True, name="A"), tg.tensor(VECTOR, name="x")
    said = {
        "A⁻¹": tg.inv(A),
        "A⁻¹ x": tg.solve(A, x),
        "A⁻ᵀ A⁻¹ x": tg.solve(A.T, tg.solve(A, x)),
        "xᵀ A⁻¹ x": x @ tg.inv(A) @ x,
        "(A x)ᵀ A": (A @ x) @ A,
        "(2 · A)⁻¹": tg.inv(2 * A),
    }
    assert {tg.formula(node): node for node in said.values()} == said
    assert tg.formula(said["A⁻ᵀ A⁻¹ x"], latex=True) == r"A^{-\top} \, A^{-1} \, x"
    (slope,) = tg.gradients(tg.exp(A).sum(), [A], create_graph=True)
    slope.name = "∂L/∂A"
    assert tg.formula(slope.T @ slope, names={}).startswith("exp(A)ᵀ")
    assert "(∂v₃/∂v₁)ᵀ" in str(tg.explain(tg.exp(A.T).sum(), A))


@pytest.mark.parametrize("function", [tg.maximum, tg.minimum])
def test_a_rule_says_that_ties_share_the_gradient(function: Any) -> None:
    for numbers, shared in (([1.0, 2.0], False), ([3.0, 3.0], True)):
        a = tg.tensor(numbers, requires_grad=True, name="a")
        b = tg.tensor([3.0, 1.0], requires_grad=True, name="b")
        rules = [e.rule or "" for e in tg.draw(function(a, b).sum() + a.max(), "both", fit=None).graph.edges]
        assert any(rule.endswith("where a is largest, shared by ties") for rule in rules) == shared
        assert any(re.search("[<>] [ab], shared by ties", rule) for rule in rules) == shared


def test_a_sum_goes_over_axes_and_a_minus_stands_before_it() -> None:
    x = tg.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True, name="x")
    m = x.mean(axis=1, keepdims=True)
    b = tg.tensor([1.0, 2.0], requires_grad=True, name="b")
    m.name = "m"
    loss = tg.softmax((x - m) / tg.norm(x, axis=1, keepdims=True) * b, axis=1).sum() + x.var(axis=0, ddof=1).sum()
    rules = {edge.rule for edge in tg.draw(loss, "both", fit=None).graph.edges}
    assert {"−Σⱼ g", "g ⊙ 2 (x − mean x) / 1", "Σᵢ g ⊙ v₃"} <= rules
    assert any(rule and rule.startswith("−Σⱼ g ⊙ ") for rule in rules)
    signs = [card.symbol.text for card in tg.draw(loss, fit=None).cards if card.symbol]
    assert {"‖·‖ⱼ", "softmaxⱼ", "meanⱼ", "varᵢ"} <= set(signs)
    assert "ddof" not in tg.formula(x.var(axis=0)) + str(tg.draw(x.var(axis=0)))


@pytest.mark.parametrize(
    ("subscripts", "rules"),
    [
        ("ij,jk->ik", {"Σ_{k} g_{ik} b_{jk}", "Σ_{i} g_{ik} v_{1,ij}"}),
        ("ij,ij->i", {"g_{i} b_{ij}", "g_{i} v_{1,ij}"}),
        ("ij,ij->", {"g b_{ij}", "g v_{1,ij}"}),
        ("ij,kl->jk", {"Σ_{kl} g_{jk} b_{kl}", "Σ_{ij} g_{jk} v_{1,ij}"}),
    ],
)
def test_the_rule_of_an_einsum_has_its_indices(subscripts: str, rules: set[str]) -> None:
    a, b = (tg.tensor(MATRIX, requires_grad=True, name=name) for name in "ab")
    edges = tg.draw(tg.exp(tg.einsum(subscripts, tg.exp(a), b)).sum(), "both", fit=None).graph.edges
    assert rules <= {edge.rule for edge in edges}


def test_a_broadcast_operand_of_a_rule_in_words_is_summed_over_its_axes() -> None:
    a = tg.tensor(MATRIX, requires_grad=True, name="a")
    b = tg.tensor([0.0, 5.0], requires_grad=True, name="b")
    c = tg.tensor(1.5, requires_grad=True, name="c")
    loss = tg.maximum(a, b).sum() + tg.minimum(a, c).sum()
    rules = {edge.rule for edge in tg.draw(loss, "both", fit=None).graph.edges}
    assert {"Σᵢ g where b > a", "Σ g where c < a"} <= rules


def test_a_number_stands_before_the_arrays_that_it_multiplies() -> None:
    a, b = (tg.tensor(MATRIX, requires_grad=True, name=name) for name in "ab")
    said = {
        "2 · a ⊙ b": a * (2 * b),
        "a (2 · a ⊙ b)": a @ (a * (2 * b)),
        "a − 2 · a ⊙ b": a - a * (2 * b),
        "−2 · a ⊙ b": a * (-2 * b),
        "(2 · a ⊙ b)²": (a * (2 * b)) ** 2,
    }
    assert {tg.formula(node): node for node in said.values()} == said


@pytest.mark.parametrize("base", [2, np.e, 0.5, np.float64(3.0)])
@pytest.mark.parametrize("x", [tg.Value(1.5, "x"), tg.tensor([1.5, -2.0], requires_grad=True, name="x")])
def test_the_slope_of_an_exponential_has_no_cases(base: Any, x: Any) -> None:
    y = tg.sum(base**x)
    (slope,) = tg.gradients(y, [x])
    assert np.allclose(slope, base ** np.asarray(x.data) * np.log(base))
    assert "where" not in str(tg.explain(y, x))


def test_data_are_called_in_a_rule_as_their_box_is_called() -> None:
    w, data = tg.tensor([0.5, 0.7, 3.0], requires_grad=True, name="w"), np.array([1.25, -0.33, 4.07])
    for names, rule in ((None, "g ⊙ […]"), ({"D": data}, "g ⊙ D")):
        graph = tg.draw((w * data).sum(), "both", names=names).graph
        assert {edge.rule for edge in graph.edges if edge.pair} == {rule, "g"}


@pytest.mark.parametrize(
    ("y", "rule", "local"),
    [
        (lambda w: w * np.array(-2.0), "g · (−2)", "−2"),
        (lambda w: w ** np.array(-2.0), "−2 · g ⊙ w⁻³", "−2 · w⁻³"),
        (lambda w: np.array(2.0) ** w, "g ⊙ v₁ · 0.6931", "v₁ · 0.6931"),
        (lambda w: w * np.array([1.25, -0.33, 4.07]), "g ⊙ […]", None),
    ],
)
def test_an_array_of_one_number_is_a_number_and_nothing_is_said_of_many_alone(
    y: Any, rule: str, local: str | None
) -> None:
    w = tg.tensor([0.5, 0.7, 3.0], requires_grad=True, name="w")
    graph = tg.draw(loss := tg.sum(y(w)), "both").graph
    assert rule in {edge.rule for edge in graph.edges if edge.pair}
    assert local in {event.rule for event in tg.steps(loss) if event.kind == "contribution" and event.local}
