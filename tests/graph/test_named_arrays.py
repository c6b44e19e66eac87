"""Arrays of data bear the names that the program has for them, in all views, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

import tinygrad_edu as tg
from tinygrad_edu.graph.arrays import NamedArrays

X, Y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 0.0, 1.0])


def weights() -> Any:
    return tg.tensor([0.5, -1.0], requires_grad=True, name="w")


def as_operands(w: Any) -> Any:
    return ((X @ w - Y) ** 2).mean()


def as_tensors(w: Any) -> Any:
    return ((tg.tensor(X) @ w - tg.tensor(Y)) ** 2).mean()


def views_of_them(w: Any) -> Any:
    return ((X[:] @ w - Y.reshape(3)) ** 2).mean()


@pytest.mark.parametrize("program", [as_operands, as_tensors, views_of_them])
def test_the_names_are_in_every_view(program: Any) -> None:
    w = weights()
    loss, names = program(w), {"X": X, "y": Y, "_": Y}
    assert tg.formula(loss, names=names) == "mean((X w − y)²)"
    drawing = tg.draw(loss, names=names)
    assert sorted(node.label for node in drawing.graph.nodes if node.kind == "leaf") == ["X", "w", "y"]
    assert {node.label for node in drawing.graph.nodes if node.kind == "constant"} == {"2"}
    both = tg.draw(loss, "both", names=names).graph
    assert "Xᵀ g" in [edge.rule for edge in both.edges]
    assert "X" in [node.label for node in tg.draw(loss, "backward", names=names).graph.nodes]
    assert "v₁ = X w" in str(tg.explain(loss, w, names=names))
    steps = tg.steps(loss, names=names).text()
    assert "v₂ = v₁ − y" in steps
    assert "Xᵀ ∂v₄/∂v₁" in steps
    assert "[[1" not in tg.draw(loss, names=names, style="formulas").text()


def test_a_name_is_one_box_and_has_one_value() -> None:
    w, mask = tg.tensor([1.0, 2.0, 3.0], requires_grad=True, name="w"), np.array([1.0, 0.0, 1.0])
    z = ((w * mask + 1) * mask).sum()
    graph = tg.draw(z, names={"mask": mask}, fit=None).graph
    assert [node.label for node in graph.nodes if node.label == "mask" and node.kind != "alias"] == ["mask"]
    other = w * tg.tensor([5.0, 5.0, 5.0], name="mask")  # a node of this name, and of another value
    labels = [node.label for node in tg.draw((other * mask).sum(), names={"mask": mask}, fit=None).graph.nodes]
    assert labels.count("mask") == 1
    assert "[1, 0, 1]" in labels


def test_no_guess_between_equal_arrays() -> None:
    w, m, v = tg.tensor([1.0, 2.0], requires_grad=True, name="w"), np.zeros(2), np.zeros(2)
    z = ((w + m) * v).sum()
    assert tg.formula(z, names={"m": m, "v": v}) == "Σ((w + [0, 0]) ⊙ [0, 0])"
    assert tg.formula(z, names={"m": m, "again": m}) == "Σ((w + m) ⊙ m)"


def test_what_was_changed_since_has_no_name() -> None:
    w, data = tg.tensor([1.0, 2.0], requires_grad=True, name="w"), np.array([3.0, 4.0])
    z = w * data
    data[0] = 0.0
    assert tg.formula(z, names={"data": data}) == "w ⊙ [3, 4]"


@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=3), elements=st.floats(-9, 9)))
def test_an_array_is_known_by_its_numbers(x: Any) -> None:
    known = NamedArrays([("x", x)])
    assert known.name(x.copy()) == "x"
    assert known.name(x + 1) is None
    assert known.name(x.ravel()[0]) is None
    assert known.name(x.astype(np.float32)) == "x"
    if x.ndim == 2:
        assert known.name(x.T.copy()) in ("xᵀ", "x")
