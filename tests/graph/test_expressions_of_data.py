"""Expressions of data: `1 − y`, computed inside `tg.trace()` without a gradient, is said as it was written."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.graphs import ancestors
from tinygrad_edu.graph.formats.page.touch import touchable
from tinygrad_edu.graph.picture.typeset import Text


def loss_of(y: Any, p: Any) -> Any:
    """Cross-entropy, with `1 − y`."""
    loss = -(y * tg.log(p) + (1 - y) * tg.log(1 - p)).mean()
    loss.name = "loss"
    return loss


def data(name: str | None = "y") -> Any:
    return tg.tensor([1.0, 0.0], name=name)


def weights() -> Any:
    return tg.tensor([0.3, 0.4], requires_grad=True, name="p")


def formulas(drawing: Any) -> list[str]:
    """What the boxes of leaves say that they were computed as."""
    return [node.formula for node in drawing.graph.nodes if node.kind in ("leaf", "forward") and node.formula]


def test_it_is_said_in_every_view() -> None:
    with tg.trace():
        loss = loss_of(data(), weights())
    assert tg.formula(loss) == "−mean(y ⊙ log(p) + (1 − y) ⊙ log(1 − p))"
    assert r"\left(1 - y\right) \odot" in tg.formula(loss, latex=True)
    for mode in ("forward", "both", "backward"):
        drawing = tg.draw(loss, mode)
        assert formulas(drawing) == ["1 − y"]
        assert "x₁ = 1 − y = [0, 1]" in str(drawing)
        assert "= 1 − y" in drawing.dot()
        assert "= 1 − y" in drawing.mermaid()
    inside = tg.draw(loss, style="formulas").graph
    assert [node.formula for node in inside.nodes if node.formula] == [tg.formula(loss)]
    assert all(node.label != "x₁" for node in inside.nodes), "it is written out where it is used"
    steps = tg.steps(loss)
    assert steps.formula == tg.formula(loss)
    assert re.search(r"x₁ = 1 − y\n +v₅ = x₁ ⊙ v₄\n", str(steps))
    (p,) = (node for node in ancestors([loss]) if node.name == "p")
    assert "  x₁ = 1 − y = [0, 1]\n" in str(tg.explain(loss, p))


def test_names_of_the_program_count_as_names() -> None:
    @tg.trace
    def program() -> dict[str, Any]:
        y, p = data(None), weights()
        loss = loss_of(y, p)
        return locals()

    names = program()
    assert tg.formula(names["loss"]) == "−mean(x₁ ⊙ log(p) + x₂ ⊙ log(1 − p))"
    assert "(1 − y)" in tg.formula(names["loss"], names=names)
    assert formulas(tg.draw(names["loss"], names=names)) == ["1 − y"]


def test_a_number_that_cannot_be_said_keeps_its_invented_name() -> None:
    loss = loss_of(data(), weights())
    assert formulas(tg.draw(loss)) == [], "nothing is kept outside of trace()"
    with tg.trace():
        unknown, y, deep, p = loss_of(data(None), weights()), data(), data(), weights()
        changed, named = loss_of(y, p), 1 - data()
        other = (1 - data()) * tg.tensor([1.0, 2.0], requires_grad=True, name="y")
        for _ in range(5):
            deep = deep / 2
        named.name = "t"
        far, called = (deep * p).sum(), (named * p).sum()
        learned = ((1 - data()).requires_grad_() * p).sum()
    y[0] = 0.5
    assert formulas(tg.draw(unknown)) == [], "y has no name"
    assert formulas(tg.draw(changed)) == [], "y has changed since"
    assert formulas(tg.draw(other.sum())) == [], "y is another node of this graph"
    assert formulas(tg.draw(far)) == [], "five operations inside each other"
    assert formulas(tg.draw(called)) == [], "it has a name"
    assert tg.formula(learned) == "Σ(x₁ ⊙ p)", "a gradient flows to it"


def test_what_is_remembered_changes_nothing_for_the_engine() -> None:
    with tg.trace():
        t = 1 - data()
        assert t.is_leaf
        assert not t.requires_grad
        assert t.requires_grad_().requires_grad
        long = data()
        for _ in range(100_000):
            long = long * 0.5
        del long  # and what it remembers, without a word from Python's stack
        with tg.no_grad():
            unrecorded = 1 - data()
    assert unrecorded.notes is None or unrecorded.notes.expression is None


def test_it_is_no_number_to_touch() -> None:
    x, w = tg.Value(3.0, "x", requires_grad=False), tg.Value(2.0, "w")
    with tg.trace():
        z = (1 - x) * w
    rows = touchable(tg.draw(z).graph)
    assert rows is not None
    assert [row[3] for row in rows.data["rows"] if len(row) > 3] == ["w"]
    assert '<select id="leaf">' in tg.draw(z).html()


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["1 - {}", "{} * 2", "{} / y", "{} - t", "-{}", "{} * t", "t - {}"]), max_size=4))
def test_the_formula_computes_what_the_program_did(parts: list[str]) -> None:
    text = "y"
    for part in parts:
        text = part.format(f"({text})")
    data = {name: tg.tensor(numbers, name=name) for name, numbers in {"y": [1.0, 3.0], "t": [2.0, -1.0]}.items()}
    w = tg.tensor([1.0, 1.0], requires_grad=True, name="w")
    with tg.trace():
        z = eval(text, dict(data)) + w
    said = tg.formula(z)
    assert "x" not in said
    program = said.translate(str.maketrans("−⊙·", "-**")).replace("²", "**2")
    assert np.allclose(eval(program, {**data, "w": w}).data, z.data)


@pytest.mark.parametrize("mode", ["forward", "both"])
def test_a_long_formula_breaks_outside_of_brackets_if_it_can(mode: Any) -> None:
    with tg.trace():
        loss = loss_of(data(), weights())
    rows = [row for card in tg.draw(loss, mode, style="formulas").cards for row in card.rows]
    assert "= −mean(y ⊙ log(p)" in ["".join(item.text for item in row if isinstance(item, Text)) for row in rows]
