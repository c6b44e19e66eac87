"""The chain rule with the numbers, as in the textbook."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.engine.graphs import ancestors
from tinygrad_edu.graph.words.rules import pull_one, rule_in_letters

from .examples import chain, doublings, programs, small_network, square, worked_example
from .test_plain import leaves_of
from .test_text import read

WORKED_EXAMPLE = """\
How z changes with x

Forward
  q = x + y = 2 + 3 = 5
  z = q · w = 5 × 4 = 20

Local derivatives
  ∂z/∂q = w = 4
  ∂q/∂x = 1

Chain rule
  ∂z/∂x = ∂z/∂q · ∂q/∂x = 4 × 1 = 4"""


def last(explanation: object) -> str:
    """The line of the result; what follows says why it is 0."""
    return str(explanation).partition("\n\nWhy ")[0].splitlines()[-1].strip()


def test_the_worked_example() -> None:
    x, _, w, q, z = worked_example()
    explanation = tg.explain(z, x, digits=9)
    assert str(explanation) == repr(explanation) == WORKED_EXAMPLE
    assert explanation.gradient == 4.0
    assert last(tg.explain(z, w)) == "∂z/∂w = 5"
    assert last(tg.explain(z, q)) == "∂z/∂q = 4"


def test_x_times_x_is_a_sum_over_two_paths() -> None:
    y = square()
    assert str(tg.explain(y, *leaves_of(y))).splitlines()[-8:] == [
        "Local derivatives",
        "  (∂v₁/∂x)₁ = x = 3",
        "  (∂v₁/∂x)₂ = x = 3",
        "",
        "Chain rule, summed over 2 paths",
        "  (∂v₁/∂x)₁ = 3",
        "  (∂v₁/∂x)₂ = 3",
        "  ∂v₁/∂x = 3 + 3 = 6",
    ]


def test_paths_through_different_nodes_and_negative_numbers() -> None:
    x = tg.Value(2.0, name="x")
    a, b = 3 * x, -x
    a.name, b.name = "a", "b"
    z = a * b
    z.name = "z"
    assert str(tg.explain(z, x)).splitlines()[-3:] == [
        "  ∂z/∂a · ∂a/∂x = −2 × 3 = −6",
        "  ∂z/∂b · ∂b/∂x = 6 × (−1) = −6",
        "  ∂z/∂x = −6 + (−6) = −12",
    ]


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (tg.exp, "∂y/∂x = y = 7.389"),
        (tg.log, "∂y/∂x = 1 / x = 0.5"),
        (tg.tanh, "∂y/∂x = 1 − y² = 0.07065"),
        (tg.sigmoid, "∂y/∂x = y · (1 − y) = 0.105"),
        (lambda x: x**3, "∂y/∂x = 3 · x² = 12"),
        (lambda x: 1 / x, "∂y/∂x = −y / x = −0.25"),
        (lambda x: x - 5, "∂y/∂x = 1"),
        (lambda x: 5 - x, "∂y/∂x = −1"),
        (tg.relu, "∂y/∂x = 1"),
        (lambda x: 0.1 * x, "∂y/∂x = 0.1"),
    ],
)
def test_local_derivatives_are_the_rules_of_the_table_in_letters(function: Any, line: str) -> None:
    x = tg.Value(2.0, name="x")
    y = function(x)
    y.name = "y"
    assert line in [text.strip() for text in str(tg.explain(y, x)).splitlines()]


@settings(deadline=None)
@given(programs())
def test_the_last_line_holds_the_gradient(z: Any) -> None:
    x = next(leaf for leaf in leaves_of(z) if leaf.name)
    explanation = tg.explain(z, x, digits=9)
    (gradient,) = tg.gradients(z, [x])
    assert explanation.gradient == gradient
    shown = read(last(explanation).split(" = ")[-1])
    assert shown == pytest.approx(gradient, rel=1e-5)


def test_arrays_are_carried_back_an_operation_a_line() -> None:
    loss = small_network()
    W1 = next(x for x in leaves_of(loss) if x.name == "W1")
    lines = [line.strip() for line in str(tg.explain(loss, W1)).splitlines()]
    assert "Backward, from loss to W1" in lines
    assert any(line.startswith("∂loss/∂W1 = Xᵀ ∂loss/∂v₁ = ") for line in lines)
    assert any(line.startswith("∂loss/∂v₃ = ∂loss/∂v₄ W2ᵀ = ") for line in lines)


def test_a_broadcast_is_summed_back() -> None:
    b = tg.tensor([1.0, 2.0], requires_grad=True, name="b")
    y = (b + np.ones((3, 2))).sum()
    assert "∂v₂/∂b = Σᵢ ∂v₂/∂v₁ = " in str(tg.explain(y, b))
    assert str(tg.explain(y, b)).endswith("= [3, 3]")


def test_an_array_that_was_asked_for_is_seeded_with_ones() -> None:
    X = tg.tensor([1.0, 2.0], requires_grad=True, name="X")
    text = str(tg.explain(X * 3.0, X))
    assert "upstream gradient of ones" in text
    assert text.endswith("= [3, 3]")


def test_where_there_is_no_path_it_says_so() -> None:
    x, _, _, q, z = worked_example()
    assert last(tg.explain(q, z)) == "q does not depend on z: no path leads from z to q, so there is no derivative."
    assert tg.explain(q, z).gradient is None
    data = tg.Value(2.0, name="data", requires_grad=False)
    assert "requires_grad=False" in last(tg.explain(x * data, data))
    assert last(tg.explain(x, x)).startswith("∂x/∂x = 1")


def test_forty_doublings_count_their_paths_without_walking_them() -> None:
    x, y = doublings(40)
    text = str(tg.explain(y, x))
    assert "summed over 1,099,511,627,776 paths" in text
    assert text.endswith("∂v₄₀/∂x = 1 + 1 + 1 + 1 + 1 + 1 + … = 1099511627776")


def test_a_thousand_doublings() -> None:
    x, y = doublings(1_000)
    assert "more than 1,000,000,000,000,000 paths" in str(tg.explain(y, x))


def test_a_long_chain_is_cut_in_the_middle() -> None:
    y = chain(10_000)
    text = str(tg.explain(y, *leaves_of(y)))
    assert len(text.splitlines()) < 70
    assert "lines left out" in text


def test_a_fused_neuron() -> None:
    w = [tg.Value(2.0, name="w1"), tg.Value(-1.0, name="w2")]
    n = tg.dot(w, [3.0, 4.0], bias=1.0)
    n.name = "n"
    text = str(tg.explain(n, w[0]))
    assert text.endswith("∂n/∂w1 = 3")


def test_source_lines_are_named_where_they_were_recorded() -> None:
    x = tg.Value(2.0, name="x")
    with tg.trace():
        y = x * x
    assert "[test_explain.py:" in str(tg.explain(y, x))


def test_explaining_leaves_the_gradients_of_the_user_alone() -> None:
    x, _, _, _, z = worked_example()
    str(tg.explain(z, x))
    assert x.grad == 0.0
    with tg.no_grad():
        assert str(tg.explain(z, x)) == WORKED_EXAMPLE


def test_what_is_not_a_node_is_refused() -> None:
    x: Any = tg.Value(2.0)
    text: Any = "x"
    with pytest.raises(tg.GraphError, match="the variable has to be a Value or a Tensor, not str 'x'"):
        tg.explain(x, text)
    with pytest.raises(tg.GraphError, match="the result has to be a Value or a Tensor, not str 'x'"):
        tg.explain(text, x)


def why(z: tg.Node, x: tg.Node) -> str:
    return str(tg.explain(z, x))


def test_a_zero_gradient_is_explained_by_the_use_that_lets_nothing_through() -> None:
    x, w = tg.Value(-2.0, "x"), tg.Value(0.0, "w")
    assert "relu lets nothing through where its operand is not positive, and x is −2" in why(tg.relu(x) * 3, x)
    assert "sigmoid is saturated" in why(tg.sigmoid(x * 500), x)
    assert "multiply passes on the other factor, and w is 0" in why(x * w, x)
    assert "where took the other branch" in why(tg.where(False, x, w + 1), x)
    assert "cancel each other" in why(x - x, x)
    assert "Why it is 0" not in why(x * 2, x)


def test_of_arrays_too() -> None:
    x = tg.tensor([-1.0, -2.0, -3.0], requires_grad=True, name="x")
    assert "relu lets nothing through" in why(tg.relu(x).sum(), x)


def test_of_an_array_that_got_through_in_part_it_is_said_where_the_rest_stayed() -> None:
    x = tg.tensor([-1.0, 2.0, -3.0], requires_grad=True, name="x")
    text = str(tg.explain(tg.relu(x).sum(), x))
    assert "Why some elements are 0" in text
    assert "relu lets nothing through where its operand is not positive: 2 of 3 elements" in text
    assert "Why" not in str(tg.explain((x * x).sum(), x))


def test_why_comes_after_the_result_and_says_each_reason_once_with_the_factor() -> None:
    x = tg.tensor([1.0, -2.0, 0.0], requires_grad=True, name="x")
    text = str(tg.explain(tg.relu(x) * x, x))
    assert text.index("∂v₂/∂x") < text.index("Why some elements are 0")
    assert text.endswith(
        "v₂: multiply passes on the other factor, and x is 0: 1 of 3 elements\n"
        "  v₂: multiply passes on the other factor, and v₁ is 0: 2 of 3 elements\n"
        "  v₁: relu lets nothing through where its operand is not positive: 1 of 3 elements"
    )
    zero = tg.Value(0.0, "a")
    assert str(tg.explain(zero * zero, zero)).count("passes on the other factor, and a is 0") == 1
    Q = tg.tensor([[1.0, 2.0]], requires_grad=True, name="Q")  # what is 0 here, softmax makes so
    assert "cancel" not in str(tg.explain((tg.softmax(Q, axis=1) @ np.array([[0.0], [0.0]])).sum() + Q[0, 0], Q))


@pytest.mark.parametrize("make", [lambda: nn.LayerNorm(3), lambda: nn.BatchNorm1d(3), lambda: nn.GroupNorm(1, 3)])
def test_the_rule_of_a_normalisation_is_true_with_any_weight(make: Callable[[], nn.Module]) -> None:
    rng = np.random.default_rng(0)
    x = tg.tensor(rng.normal(size=(4, 3)), requires_grad=True, name="x")
    layer = make().double()
    for parameter in layer.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    y = layer(x)
    (node,) = (node for node in ancestors([y]) if node.primitive and node.primitive.name == "normalize")
    has_weight = len(node.inputs) > 1
    of = "γ ∂L/∂y" if has_weight else "∂L/∂y"
    rule = rule_in_letters(node, 0, {node.inputs[0]: "x", node: "y"} | dict.fromkeys(node.inputs[1:], "p"), "∂L/∂y")
    assert rule == f"({of} − mean {of} − x̂ mean {of} x̂) / σ"
    axis, shape = node.attrs["axis"], node.attrs["shape"]
    values = np.asarray(node.inputs[0].data)
    deviation = np.sqrt(values.var(axis, keepdims=True) + node.attrs["eps"])
    normal, g = (values - values.mean(axis, keepdims=True)) / deviation, rng.normal(size=node.shape)
    h = g * (np.reshape(node.inputs[1].data, shape) if has_weight else 1.0)
    expected = (h - h.mean(axis, keepdims=True) - normal * (h * normal).mean(axis, keepdims=True)) / deviation
    assert np.allclose(pull_one(node, 0, g), expected)


def test_only_an_exchange_of_the_last_axes_is_a_transpose() -> None:
    x = tg.tensor(np.arange(8.0).reshape(2, 2, 2), requires_grad=True, name="x")
    assert "= swapaxes(∂L/∂v₁, axis1=0, axis2=1) =" in str(tg.explain(_named_loss(tg.swapaxes(x, 0, 1)), x))
    assert "= (∂L/∂v₁)ᵀ =" in str(tg.explain(_named_loss(tg.swapaxes(x, -1, -2)), x))


def test_a_derivative_by_a_derivative_needs_no_quotation_marks() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True, name="w")
    y = (w**3).sum()
    y.name = "y"
    (g,) = tg.gradients(y, [w], create_graph=True)
    explained = tg.explain(_named_loss(g), w)
    assert "∂L/∂(∂y/∂w) ⊙ g₂" in str(explained)
    assert "«" not in explained.latex()


def test_attributes_have_as_many_digits_as_other_numbers() -> None:
    q = tg.tensor(np.ones((1, 1, 2, 2)), requires_grad=True, name="q")
    text = str(tg.explain(nn.functional.scaled_dot_product_attention(q, q, q).sum(), q))
    assert "scale=0.7071)" in text


def _named_loss(x: Any) -> Any:
    loss = (x * x).sum()
    loss.name = "L"
    return loss


def test_what_was_never_recorded_says_so() -> None:
    x = tg.Value(2.0, "x")
    assert "nothing that it was computed from was recorded" in why(x.detach() * 3, x)
    counts = tg.tensor(np.array([1, 2, 3]), name="n")
    assert "only floats have gradients" in why((counts * x).sum(), counts)


def test_where_a_path_was_cut_is_said() -> None:
    x = tg.Value(2.0, "x")
    with tg.trace():
        h = (x * 3).detach()
        h.name = "h"
        with tg.no_grad():
            k = x * 5
        y = tg.Value(1.0, "y")
        z = h * y + k * y
    text = why(z, x)
    assert "h was cut off by detach() at test_explain.py:" in text
    assert "was computed inside no_grad() at test_explain.py:" in text


def test_the_explanation_for_markdown_and_latex() -> None:
    x = tg.Value(3.0, "x_1")
    explanation = tg.explain(x * x, x)
    assert explanation.markdown().startswith(
        "# How v₁ changes with x\\_1\n\n## Forward\n\n- `v₁ = x_1 · x_1 = 3 × 3 = 9`"
    )
    assert r"\frac{\partial v_{1}}{\partial x_{1}}" in explanation.latex()


@pytest.mark.parametrize("name", [None, "x", "θ̂", "∂L/∂w", "a + b", "ℒ(θ)", "x̂_{t-1}", "2", "🚀", "a_b", "100 %"])
def test_words_in_latex_hold_no_sign_that_is_unknown_there(name: str | None) -> None:
    x = tg.Value(0.0, name)
    lines = tg.explain(x * x.relu() + x, x).latex().splitlines() + tg.explain(x.relu(), x).latex().splitlines()
    for line in lines:
        if "section" in line or r"\par" in line:
            assert line.count("$") % 2 == 0
            assert re.sub(r"\$[^$]*\$", "", line).isascii()


@pytest.mark.parametrize("file", ["\x1b[31mred.py", "caf\udce9.py", "a\u202eyp.exe.py"])
def test_the_name_of_a_file_is_shown_as_python_writes_it(file: str) -> None:
    names: dict[str, Any] = {"x": tg.Value(2.0, name="x"), "y": tg.Value(3.0, name="y")}
    with tg.trace():
        exec(compile("z = x * y", file, "exec"), names)
    explanation = tg.explain(names["z"], names["x"])
    for text in (str(explanation), explanation.markdown(), tg.steps(names["z"]).html(), tg.draw(names["z"]).svg()):
        text.encode()
        assert not {"\x1b", "\u202e"} & set(text)


def test_many_paths_are_grouped_by_the_use_that_they_begin_with() -> None:
    x = tg.Value(2.0, name="x")
    p, q = x * 3, x * 5
    y = p + q
    for _ in range(10):
        y = y + y
    y.name = "y"
    lines = str(tg.explain(y, x)).split("The paths grouped by the use of x that they begin with\n")[1].splitlines()
    assert [line.strip() for line in lines[:3]] == [
        "∂y/∂v₁ · ∂v₁/∂x = 1024 × 3 = 3072 (1,024 paths)",
        "∂y/∂v₂ · ∂v₂/∂x = 1024 × 5 = 5120 (1,024 paths)",
        "∂y/∂x = 3072 + 5120 = 8192",
    ]
    assert "grouped" not in str(tg.explain(p + q, x)), "few paths are written out, and that is enough"


def test_the_reasons_for_zeros_are_those_of_operations_whose_elements_have_counterparts() -> None:
    A = tg.tensor([[1.0, 1.0], [0.0, 1.0]], requires_grad=True, name="A")
    x = tg.tensor([0.0, 1.0], name="x")
    assert "Why some" not in str(tg.explain((A @ A.T)[0, 1] + (x @ A) @ x, A)).replace("the index takes", "")


def test_the_1_that_a_differentiation_began_with_is_introduced() -> None:
    x = tg.Value(1.3, "x")
    (first,) = tg.gradients(tg.tanh(x) * x, [x], create_graph=True)
    ((_, forward), *_) = tg.explain(first, x).sections
    assert forward[0] == "g₁ = 1"
    assert not any(line.startswith("x =") for line in forward)
