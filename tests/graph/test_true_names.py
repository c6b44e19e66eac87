"""No box bears a name of the user's and a number of another; one symbol has one value; all views name alike."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.engine.graphs import ancestors
from tinygrad_edu.graph.names import labels
from tinygrad_edu.graph.words.latex import equation

from .examples import programs

NAMES = st.sampled_from(["x", "x1", "x_1", "x₁", "x_{1}", "v1", "v_2", "v₁", "g1", "h", "h₂", "h_2", "w", "", None])


def plain_form(label: str) -> str:
    """A label without the ways to write an index."""
    return label.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789", "_{}"))


@given(st.lists(NAMES, max_size=10))
def test_an_invented_name_is_none_of_the_users_in_whatever_way_that_is_written(names: list[str | None]) -> None:
    nodes = [tg.Value(1.0, name=name) for name in names]
    given_ones = {plain_form(name) for name in names if name}
    for node, label in labels(nodes).items():
        if not node.name:
            assert plain_form(label) not in given_ones
            assert not label.isidentifier()  # no variable of a program is called so


def test_a_number_that_was_computed_of_data_does_not_take_the_name_of_the_data() -> None:
    x1 = tg.tensor([1.0, 2.0], name="x1")
    w = tg.tensor([3.0, 4.0], requires_grad=True, name="w")
    loss = ((1 - x1) * w).sum()
    shown = {node.label: node.value.text() for node in tg.draw(loss).graph.nodes if node.value}
    assert "x1" not in shown
    assert shown["x₁"] == "[0, −1]"
    assert tg.formula(loss) == "Σ(x₁ ⊙ w)"


def test_parameters_are_called_alike_in_all_views() -> None:
    tg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    loss = (net(tg.tensor([[1.0, 2.0, -1.0]], name="X")) ** 2).mean()
    weight = next(iter(net.parameters()))
    for text in (tg.formula(loss), tg.steps(loss).formula, str(tg.explain(loss, weight)), tg.draw(loss).svg()):
        assert "0.weight" in text


def equations(text: str) -> dict[str, set[str]]:
    """The values that a text gives to each derivative."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        symbol, *sides = line.strip().split(" = ")
        if re.match(r"\(?∂", symbol) and sides and re.fullmatch(r"[−\d.]+", sides[-1]) and " · " not in symbol:
            found.setdefault(symbol, set()).add(sides[-1])
    return found


@given(programs())
def test_in_an_explanation_a_derivative_has_one_value(z: Any) -> None:
    leaves = [node for node in ancestors([z]) if node.requires_grad and node.primitive is None]
    for leaf in leaves[:2]:
        for symbol, values in equations(str(tg.explain(z, leaf))).items():
            assert len(values) == 1, symbol


@pytest.mark.parametrize(
    ("program", "parts"),
    [
        (lambda x, y: x * y + x, {"(∂z/∂x)₂": "1"}),
        (lambda x, y: x * x, {"(∂z/∂x)₁": "2", "(∂z/∂x)₂": "2"}),
        (lambda x, y: x / x + y * 0, {}),
        (lambda x, y: tg.tanh(x) * 0 + x, {"(∂z/∂x)₂": "1"}),
        (lambda x, y: x * y, {}),
    ],
)
def test_the_derivative_along_one_arrow_has_a_symbol_of_its_own(program: Any, parts: dict[str, str]) -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(5.0, "y")
    z = program(x, y)
    z.name = "z"
    both = tg.draw(z, "both", fit=None)
    on_arrows = {
        "".join(text.text for text in line).split(" = ")[0]
        for edge, label in zip(both.graph.edges, both.labels)
        if label and edge.pair is None
        for line in label.lines
    }
    for symbol, value in parts.items():
        assert f"{symbol} = {value}" in str(tg.explain(z, x)).replace("= x = ", "= ").replace("= y = ", "= ")
        assert symbol in on_arrows
        assert symbol in tg.steps(z).text()
    assert ("∂z/∂x" in on_arrows) == (not parts and bool(program(x, y).inputs[0] is x))


def test_closed_layers_have_gradients_by_their_results_and_not_by_their_numbers() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    loss = net(tg.randn(2, 3)).sum()
    loss.name = "L"
    graph = tg.draw(loss, "both", depth=1).graph
    assert not [node.label for node in graph.nodes if re.fullmatch(r"∂L/∂\d+", node.label)]


@pytest.mark.parametrize(
    ("name", "called"),
    [
        (r"\alpha", "α"),
        (r"\Theta_{ij}", "Θ_{ij}"),
        (r"\lambda_1", "λ_1"),
        (r"\hat{y}", "ŷ"),
        (r"\bar x^2", "«x̄^2»"),
        (r"\tilde\theta", "θ̃"),
        (r"\hatx", r"«\hatx»"),
        (r"\mathcal{L}", "ℒ"),
        (r"\mathbf{W}_1", "W_1"),
        (r"\hat{\mathbf{x}}", "x̂"),
        (r"\mathcal{Z}", r"«\mathcal{Z}»"),
        (r"\unknown{x}", r"«\unknown{x}»"),
        (r"C:\data", r"«C:\data»"),
        ("\\", "«\\»"),
    ],
)
def test_commands_of_latex_for_letters_are_letters_in_all_views(name: str, called: str) -> None:
    x = tg.Value(2.0, name=name)
    assert called in tg.formula(x * 3)
    assert called in str(tg.explain(x * 3, x))
    assert next(node.label for node in tg.draw(x * 3, highlight=[name]).graph.nodes) == called
    other = tg.Value(1.0, name=called)
    assert len(set(labels([x, other]).values())) == 2


@pytest.mark.parametrize(
    "name",
    [
        "2",
        "3.5",
        "1e5",
        "-x",
        "a + b",
        "a*b",
        "x/y",
        "x^2",
        "sin(x)",
        "x = 3",
        "a, b",
        "train loss",
        "√2",
        "2x",
        "损失 (训练)",
    ],
)
def test_a_name_that_could_be_read_as_a_number_or_an_expression_is_marked_in_all_views(name: str) -> None:
    x, y = tg.Value(2.0, name=name), tg.Value(3.0, name="y")
    z = x * y + x
    assert tg.formula(z) == f"«{name}» · y + «{name}»"
    assert tg.formula(z, latex=True).count(r"\langle") == 2
    drawing = tg.draw(z, highlight=name)
    assert f"«{name}» = 2" in drawing.text()
    assert f"∂v₂/∂«{name}» = 4" in str(tg.explain(z, x)) + drawing.text()
    assert f"«{name}»" in tg.steps(z).text()
    rules = {edge.rule for edge in tg.draw(z, "both").graph.edges}
    assert f"g · «{name}»" in rules
    marked = re.sub("«[^»]*»", "", "".join((tg.formula(z), str(tg.explain(z, x)), drawing.text(), tg.steps(z).text())))
    assert name not in marked or name in ("2", "x = 3")  # which are numbers of the program, too


@pytest.mark.parametrize(
    "name",
    [
        *("x", "h_prev", "W_{hh}", "x_t^{(2)}", "0.weight", "layers.0.bias", "x'", "σ²", "∂z/∂x", "dx/dt", "ŷ", "权重"),
        *("x̄", "w[0]", "w[i,j]", "w['out']", "x_{t-1}", "क्षति", "משקל"),
    ],
)
def test_other_names_are_not_marked(name: str) -> None:
    assert "«" not in tg.draw(tg.Value(2.0, name=name) * 3).text()


def test_a_quotient_of_marked_names_is_a_fraction_in_latex() -> None:
    x = tg.Value(2.0, name="x/y")
    (g,) = tg.gradients((z := x**3), [x], create_graph=True)
    z.name = "a + b"
    text = tg.explain(z, x).latex()
    assert r"\frac{\partial {\langle \mathrm{a\ +\ b} \rangle}}{\partial {\langle \mathrm{x/y} \rangle}}" in text
    assert tg.formula(g) == "3 · «x/y»²"
    (first,) = tg.gradients(z, [x], create_graph=True)
    (second,) = tg.gradients(first, [x], create_graph=True)
    again = tg.explain(second, x)
    assert again.title == "How ∂²«a + b»/∂«x/y»² changes with «x/y»"
    assert rf"\frac{{\partial^{{3}} {SUM}}}{{\partial {{\langle \mathrm{{x/y}} \rangle}}^{{3}}}}" in again.latex()


SUM = r"{\langle \mathrm{a\ +\ b} \rangle}"


def test_equal_names_that_are_marked_are_told_apart_behind_the_marks() -> None:
    x, y = tg.Value(2.0, name="a + b"), tg.Value(3.0, name="a + b")
    z = x * y
    assert tg.formula(z) == "«a + b» · «a + b»₂"
    assert tg.formula(z, latex=True) == rf"{SUM} \cdot {SUM}_{{2}}"
    assert rf"{SUM} \cdot {SUM}_{{2}}" in tg.explain(z, y).latex()
    with pytest.raises(tg.errors.GraphError, match=r"its named leaves are «a \+ b» and «a \+ b»₂$"):
        tg.graph.replay(tg.graph.plain(z), {"c": 1.0})


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("∂²z/∂x² = 2", r"\frac{\partial^{2} z}{\partial x^{2}} = 2"),
        ("∂³z/∂x²∂y", r"\frac{\partial^{3} z}{\partial x^{2} \, \partial y}"),
        ("∂(dx/dt)/∂x · 3", r"\frac{\partial \mathrm{(dx/dt)}}{\partial x} \cdot 3"),
        ("∂(∂z/∂x)/∂h₄", r"\frac{\partial \left(\frac{\partial z}{\partial x}\right)}{\partial h_{4}}"),
        ("x̂ + θ̂_1", r"\hat{x} + \hat{\theta}_{1}"),
    ],
)
def test_lines_of_an_explanation_have_derivatives_and_accents_as_formulas_have_them(line: str, text: str) -> None:
    assert equation(line) == text


def test_names_come_from_the_program() -> None:
    x, lin = tg.Value(2.0), nn.Linear(2, 1)
    z = x * 3
    assert tg.formula(z, names=locals()) == "x · 3"
    assert "lin.weight" in tg.formula(lin(np.ones((1, 2), np.float32)).sum(), names={"lin": lin})
    with pytest.raises(tg.GraphError, match="names maps names to nodes"):
        tg.formula(z, names=["x"])  # type: ignore[arg-type]


def test_several_results_have_each_their_gradients() -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    graph = tg.draw({"a": x * y, "b": x + y}).graph
    (box,) = [node for node in graph.nodes if node.label == "x"]
    assert box.gradient is not None
    assert box.gradient.text() == "3"
    assert [(of, gradient.text()) for of, gradient in box.further] == [("b", "1")]
    assert len(graph.outputs) == 2


def test_an_array_is_differentiated_with_a_seed() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True, name="x")
    y = x * x
    y.name = "y"
    svg = tg.draw(y, seed=[1.0, 10.0]).svg()
    assert "seed·y" in svg
    with pytest.raises(tg.GraphError, match=r"the seed is of shape \(3,\)"):
        tg.draw(y, seed=[1.0, 2.0, 3.0])


@given(st.lists(st.sampled_from("xvghu"), unique=True), st.sampled_from(["", "1", "_3", "_{12}", "₄"]))
def test_no_invented_name_continues_a_row_of_the_users(letters: list[str], index: str) -> None:
    a, *_ = nodes = [tg.Value(1.0, letter + index) for letter in (*letters, "w")]
    made = [a * a, tg.Value(3.0)]
    label_of = labels([*nodes, *made])
    assert not {label_of[x][0] for x in made}.intersection(letters)


@pytest.mark.parametrize("names", ["g", "gδ", "xgδ", "ab"])
def test_the_upstream_gradient_has_a_letter_that_is_no_name_of_the_program(names: str) -> None:
    given = {name: tg.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True) for name in names}
    product: Any = np.eye(2)
    for x in given.values():
        product = product @ x
    drawing = tg.draw(tg.exp(product).sum(), "both", names=given, fit=None)
    letter = drawing.graph.upstream
    assert letter not in given
    assert f"{letter[0]}{letter[1:] and '<'}" in drawing.svg().partition("backward: gradients of ")[2]
    rules = [edge.rule for edge in drawing.graph.edges if edge.rule]
    assert f"[…]ᵀ {letter}" in rules
    assert all(rule.count(letter) == 1 for rule in rules)


@pytest.mark.parametrize(("target", "said"), [("t", "targets"), ("y", "y")])
def test_a_letter_of_the_table_is_no_name_of_the_program(target: str, said: str) -> None:
    y = tg.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True, name="y" if target == "t" else "o")
    rules = {e.rule for e in tg.draw(nn.CrossEntropyLoss()(y, np.array([0, 1])), "both", fit=None).graph.edges}
    assert f"g ⊙ (softmax({y.name}) − {said})" in rules
    for name, rule in (("s", "(γ g − mean γ g − x̂ mean γ g x̂) / σ"), ("σ", None)):
        x = tg.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True, name=name)
        graph = tg.draw(nn.LayerNorm(2)(x).sum(), "both", fit=None).graph
        (edge,) = (e for e in graph.edges if e.pair and graph.node(e.target).label.endswith(f"∂{name}"))
        assert edge.rule == rule


@pytest.mark.parametrize(("name", "looks"), [("y_hat", "name"), (None, "auto")])
def test_the_result_of_a_closed_module_looks_given_where_it_is(name: str | None, looks: str) -> None:
    y = nn.Linear(2, 2)(tg.tensor([[1.0, 2.0]], name="x"))
    y.name = name
    cards = tg.draw(tg.tanh(y).sum(), "both", depth=0, fit=None).cards
    (result,) = [row[0] for card in cards if card.kind == "module" for row in card.rows[-1:]]
    assert (result.text, result.style) == (name or "v₁", looks)  # type: ignore[union-attr]


def test_the_derivative_of_a_quotient_by_name_has_brackets() -> None:
    x = tg.Value(2.0, name="x")
    velocity = x * 3
    velocity.name = "dx/dt"
    assert "∂(dx/dt)/∂x = 3" in tg.draw(velocity).text()
    assert "∂(dx/dt)/∂x = 3" in tg.steps(velocity).text()
    assert r"\frac{\partial \mathrm{(dx/dt)}}{\partial x}" in tg.draw(velocity, "both").tikz()


@tg.block
def neuron(x: Any, w: Any) -> Any:
    return tg.tanh(x * w)


@tg.block
def scaled(x: Any, w: Any) -> Any:
    return x * w


@tg.block
def sum_and_product(x: Any, y: Any) -> Any:
    return x + y, x * y


@pytest.mark.parametrize(("block", "rules"), [(neuron, {None}), (scaled, {"g ⊙ x", "g ⊙ w"})])
def test_a_rule_into_a_closed_box_is_that_of_all_of_it(block: Any, rules: set[str | None]) -> None:
    x, w = (tg.tensor([2.0, 1.0], requires_grad=True, name=name) for name in "xw")
    graph = tg.draw(block(x, w).sum(), "both", depth=0).graph
    back = [edge for edge in graph.edges if edge.pair and graph.node(edge.target).label.endswith(("∂x", "∂w"))]
    assert {edge.rule for edge in back} == rules
    svg = tg.draw(block(x, w).sum(), "both", depth=0).svg()
    assert ("through neuron" in svg) == (block is neuron)


def test_a_closed_box_of_several_results_is_no_quantity() -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    a, b = sum_and_product(x, y)
    z = a / b
    z.name = "z"
    forward = tg.draw(z, depth=0)
    assert [text.text for label in forward.labels if label for line in label.lines for text in line] == ["5", "6"]
    both = tg.draw(z, "both", depth=0)
    (through,) = (node for node in both.graph.nodes if node.label.startswith("through"))
    assert through.kind == "gradient", "what arrives at two results is not added"
    assert "∂z/∂sum" not in both.svg()
    assert "1 · 0.1667" in both.svg()
