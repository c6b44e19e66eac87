"""Formulas: what has no name stands in the formula of what uses it, and every number and derivative stays true."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.errors import GraphError
from tinygrad_edu.graph.fit import over, room_of
from tinygrad_edu.graph.names import partial
from tinygrad_edu.graph.numbers import Quantity, printed_with
from tinygrad_edu.graph.picture.arrows import local_symbol
from tinygrad_edu.graph.picture.card import sign_of
from tinygrad_edu.graph.picture.typeset import Grid
from tinygrad_edu.graph.plain import Graph
from tinygrad_edu.graph.recorded import plain
from tinygrad_edu.graph.views.fold import fold
from tinygrad_edu.graph.views.formulas import in_formulas, written_out
from tinygrad_edu.graph.views.view import aliased

from .examples import programs

FUNCTIONS = {"relu": lambda x: max(x, 0.0), "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "abs": abs}
FUNCTIONS |= {name: getattr(math, name) for name in ("tanh", "exp", "sin", "cos", "log", "sqrt")}
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def evaluated(formula: str, values: dict[str, float]) -> float:
    """What a formula gives, read as Python reads it."""
    text = formula.replace("·10", "*10").replace("−", "-").replace("·", "*").replace("^", "**").replace("√", "sqrt ")
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: f"**({found[0].translate(RAISED)})", text)
    text = re.sub(r"sqrt (\w+)", r"sqrt(\1)", text).replace("sqrt (", "sqrt(")
    names = {name.translate(LOWERED): value for name, value in values.items()}
    return float(eval(text.translate(LOWERED), {"__builtins__": {}}, {**FUNCTIONS, **names}))


def number(quantity: Quantity | None) -> float:
    """A single number."""
    assert quantity is not None
    assert quantity.elements is not None
    return quantity.elements[0]


@given(programs())
def test_numbers_and_derivatives_are_those_of_the_graph(z: Any) -> None:
    whole = plain(z)
    graph = in_formulas(whole)
    assert len(graph.nodes) <= len(whole.nodes)
    before = {node.label: node for node in whole.nodes}
    for node in graph.nodes:
        if node.kind != "constant":
            assert (node.value, node.gradient) == (before[node.label].value, before[node.label].gradient)
    for edge in graph.edges:
        upstream = graph.node(edge.target).gradient
        if edge.local is None or upstream is None or edge.contribution is None:
            continue
        u, local, adds = map(number, (upstream, edge.local, edge.contribution))
        if np.isfinite([u, local, adds]).all():
            assert math.isclose(u * local, adds, rel_tol=1e-9, abs_tol=1e-12 * max(1.0, abs(u), abs(local)))


@given(programs())
def test_a_formula_computes_the_number_of_its_box(z: Any) -> None:
    with printed_with(17):
        graph = in_formulas(plain(z))
    values = {node.label: number(node.value) for node in graph.nodes if node.kind != "constant"}
    for node in graph.nodes:
        if not node.formula or not np.isfinite(list(values.values())).all():
            continue
        try:
            found = evaluated(node.formula, values)
        except (ArithmeticError, ValueError, TypeError):
            continue  # beyond the numbers of Python, such as a root of a negative number
        if math.isfinite(found) and abs(values[node.label]) < 1e6:
            assert math.isclose(found, values[node.label], rel_tol=1e-6, abs_tol=1e-9), node.formula


def lstm() -> Any:
    """A cell of single numbers."""
    x, h, c, w, u = (tg.Value(v, name) for v, name in ((0.5, "x"), (0.1, "h"), (-0.2, "c"), (0.3, "w"), (0.7, "u")))
    i, f = tg.sigmoid(w * x + u * h), tg.sigmoid(u * x - w * h)
    c_t = f * c + i * tg.tanh(x)
    h_t = i * tg.tanh(c_t)
    i.name, f.name, c_t.name, h_t.name = "i", "f", "c_t", "h_t"
    return h_t


def test_a_cell_is_drawn_as_a_book_draws_it() -> None:
    drawing = tg.draw(lstm(), style="formulas")
    formulas = {node.label: node.formula for node in drawing.graph.nodes if node.formula}
    assert formulas == {
        "i": "sigmoid(w · x + u · h)",
        "f": "sigmoid(u · x − w · h)",
        "c_t": "f · c + i · tanh(x)",
        "h_t": "i · tanh(c_t)",
    }
    words = re.sub("<[^>]*>", "", drawing.svg())
    for text in (words, drawing.text(), drawing.dot(), drawing.html()):
        assert "tanh(x)" in text
    assert r"\tanh" in drawing.tikz()


def test_a_derivative_by_several_ways_is_whole_where_they_meet_in_one_formula() -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    z = x * y + x * x
    z.name = "z"
    graph = in_formulas(plain(z))
    (by_x, by_y) = graph.edges
    assert (number(by_x.local), by_x.direct, number(by_y.local)) == (7, False, 2)
    q = x * y
    q.name = "q"
    graph = in_formulas(plain(tg.tanh(q + x)))
    assert [edge.direct for edge in graph.edges if edge.target == len(graph.nodes)] == [False, True]


def kalman() -> Any:
    """The likelihood of a step of a Kalman filter: H reaches it by two ways."""
    numbers = {"m": 1.0, "P_0": 0.5, "Q": 0.1, "H": 1.2, "R": 0.3, "y": 1.4}
    m, P_0, Q, H, R, y = (tg.Value(v, name) for name, v in numbers.items())
    P = P_0 + Q
    S = H * P * H + R
    nll = 0.5 * tg.log(S) + 0.5 * (y - H * m) ** 2 / S
    P.name, S.name, nll.name = "P", "S", "NLL"
    return nll


def symbols(graph: Graph) -> dict[str, set[str]]:
    """The numbers that each derivative has in a picture, on its arrows and in its boxes."""
    found: dict[str, set[str]] = defaultdict(set)
    for node in graph.nodes:
        if node.gradient is not None and node.gradient.is_number:
            found[partial(graph.of, node.label)].add(node.gradient.text())
    for edge in graph.edges:
        if edge.local is not None and edge.local.is_number and edge.contribution is not None:
            found[local_symbol(edge, graph)].add(edge.local.text())
    return found


def curve() -> Any:
    """A point of a Bézier curve: t is drawn twice."""
    t = tg.Value(0.4, "t")
    p_0, p_1, p_2, p_3 = (tg.Value(v, f"p_{i}") for i, v in enumerate((0.0, 1.0, 3.0, 2.0)))
    point = (1 - t) ** 3 * p_0 + 3 * (1 - t) ** 2 * t * p_1 + 3 * (1 - t) * t**2 * p_2 + t**3 * p_3
    point.name = "B"
    return point


@pytest.mark.parametrize(("program", "part"), [(kalman, "(∂NLL/∂H)₂"), (curve, "(∂B/∂t)₂")])
@pytest.mark.parametrize("mode", ["forward", "both"])
def test_the_derivative_along_one_of_several_ways_has_another_symbol(program: Any, part: str, mode: Any) -> None:
    found = symbols(tg.draw(program(), mode, style="formulas", fit=None, steps=True).graph)
    assert any(symbol[:-1] == part[:-1] for symbol in found)
    assert all(len(values) == 1 for values in found.values())


@given(programs())
def test_a_symbol_has_one_value(z: Any) -> None:
    assert all(len(values) == 1 for values in symbols(in_formulas(aliased(plain(z)))).values())


def test_what_the_user_named_marked_or_put_into_a_module_stays_a_box() -> None:
    tg.manual_seed(0)
    layer = nn.Linear(3, 2)
    x = tg.randn(4, 3, name="x")
    loss = (tg.tanh(layer(x)) ** 2).mean()
    loss.name = "loss"
    drawing = tg.draw(loss, "both", style="formulas", depth=0, names={"layer": layer})
    boxes = [node.label for node in drawing.graph.nodes if node.pair is None]
    assert boxes == ["x", "layer", "loss"]
    (loss_box,) = [node for node in drawing.graph.nodes if node.formula]
    assert loss_box.formula == "mean(tanh(v₁)²)"
    assert "g · ∂loss/∂v₁" in {edge.rule for edge in drawing.graph.edges}
    marked = tg.draw(lstm(), style="formulas", highlight=["v₁"])
    assert "v₁" in {node.label for node in marked.graph.nodes}


def test_a_formula_that_would_be_too_long_leaves_parts_in_boxes() -> None:
    z = x = tg.Value(0.5, "x")
    for _ in range(30):
        z = tg.sin(z) + x
    graph = in_formulas(plain(z))
    assert 4 < len(graph.nodes) < 30
    assert all(len(node.formula) <= 48 for node in graph.nodes)


def test_a_picture_of_formulas_is_not_replayed() -> None:
    with pytest.raises(GraphError, match="stands for several operations, or for a formula"):
        tg.graph.replay(tg.draw(lstm(), style="formulas").graph, {})


@pytest.mark.parametrize("part", [{"hide": "constants"}, {"hide": ["y"]}, {"focus": "x", "hops": 1}])
def test_a_call_whose_operands_are_not_all_drawn_stays_a_box(part: dict[str, Any]) -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    z = tg.tanh((x + 1) * y * (y + 1))
    whole = tg.draw(z, style="full", **part).graph
    graph = tg.draw(z, style="formulas", **part).graph
    arrows = Counter(edge.target for edge in whole.edges)
    sums = [node for node in whole.nodes if node.operation in ("add", "multiply")]
    cut = {node.label for node in sums if arrows[node.id] < 2}
    assert cut
    assert cut == {node.label for node in graph.nodes if node.operation in ("add", "multiply") and not node.formula}


def test_a_call_that_stands_for_many_with_other_operands_stays_a_box() -> None:
    y = tg.Value(0.5, "x")
    results = []
    for _ in range(20):
        y = tg.tanh(y * 2 + 1)
        results.append(y)
    graph = in_formulas(fold(plain(sum(results[1:], results[0]))))
    again = {edge.target for edge in graph.edges if edge.recurrent}
    assert again
    assert not [graph.node(id).formula for id in again if graph.node(id).formula]
    assert [node.formula for node in graph.nodes if node.operation == "tanh"] == ["tanh(v₅₈ + 1)"]


@pytest.mark.parametrize("width", [3, 6])
def test_a_network_of_numbers_is_drawn_at_default_settings(width: int) -> None:
    layer = [tg.Value(0.1 * i) for i in range(4)]
    for _ in range(4):
        sums = [tg.Value(0.2) for _ in range(width)]
        for x in layer:
            sums = [s + x * tg.Value(0.3) for s in sums]
        layer = [s.tanh() for s in sums]
    assert tg.draw(sum(layer[1:], layer[0])).svg().startswith("<svg")


def test_a_leaf_with_aliases_keeps_its_own_box() -> None:
    E = tg.tensor([[0.5, 1.0], [0.2, -0.3], [1.1, 0.4]], requires_grad=True, name="E")
    score = E[0, 1] + E[1, 0] + E[2, 0]
    score.name = "score"
    log_Z = tg.logsumexp(tg.logsumexp(E[0] + E[1]) + E[2])
    for mode in ("forward", "both"):
        kinds = [node.kind for node in tg.draw(log_Z - score, mode, style="formulas").graph.nodes if node.label == "E"]
        assert kinds.count("leaf") == 1


@given(programs())
def test_each_leaf_that_a_formula_names_is_drawn_and_operands_are_in_the_order_of_the_formula(z: Any) -> None:
    graph = in_formulas(tg.draw(z, fit=None).graph)
    drawn = {node.label for node in graph.nodes if node.kind == "leaf"}
    assert {node.label for node in graph.nodes if node.kind == "alias"} <= drawn
    for node in graph.nodes:
        operands = [graph.node(edge.source).label for edge in graph.edges if edge.target == node.id and node.formula]
        places = [node.formula.index(label) for label in operands]
        assert places == sorted(places)


def test_what_is_a_number_has_no_formula_and_numbers_of_operands_stand_only_where_arrows_speak_of_them() -> None:
    x, y = tg.Value(-1.2, "x"), tg.Value(1.0, "y")
    f = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    f_x, f_y = tg.gradients(f, [x, y], create_graph=True)
    (f_yy,) = tg.gradients(f_y, [y], create_graph=True)
    f_x.name, f_yy.name = "f_x", "f_yy"
    formulas = {node.label: node.formula for node in tg.draw(f_x / f_yy, style="formulas").graph.nodes}
    assert formulas["f_yy"] == "100 · 2"
    assert not any(re.fullmatch("[0-9.]+", formula) for formula in formulas.values())
    for steps in (True, False):
        z = tg.tanh(x * y)
        z.name = "z"
        graph = tg.draw(tg.exp(z * x) + y, style="formulas", steps=steps).graph
        assert any(node.ordered for node in graph.nodes if node.formula) == steps


def neural_ode() -> Any:
    W, z = tg.tensor([[0.5, -0.2], [0.1, 0.3]], requires_grad=True, name="W"), tg.tensor([1.0, 0.0], name="z_0")
    for k in range(4):
        z = z + 0.25 * tg.tanh(W @ z)
        z.name = f"z_{k + 1}"
    loss = (z**2).sum()
    loss.name = "L"
    return loss


def test_a_backward_graph_in_formulas_is_the_derivation() -> None:
    """Derivatives by what has no name, such as v₁₁, stand in the formulas that use them, if only one does."""
    loss = neural_ode()
    graph = tg.draw(loss, "backward", style="formulas", fit=None).graph
    said = {node.label: node.formula for node in graph.nodes}
    assert said["∂L/∂z_4"] == "2 · ∂L/∂L ⊙ z_4"
    assert said["∂L/∂v₁₀"] == "∂L/∂z_4 · 0.25 ⊙ (1 − v₁₁²)"
    assert said["∂L/∂z_3"] == "∂L/∂z_4 + Wᵀ ∂L/∂v₁₀"
    assert said["∂L/∂W"].endswith("+ (∂L/∂z_1 · 0.25 ⊙ (1 − v₂²)) z_0ᵀ")
    assert [node.label for node in graph.nodes if node.kind == "forward" and node.label == "z_4"] == ["z_4"]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x, y, W: tg.tanh(W @ y).sum(), {"W": "g yᵀ", "y": "Wᵀ g"}),
        (lambda x, y, W: tg.tanh(x @ W).sum(), {"x": "", "W": "x gᵀ"}),  # W g is one call, as its box says
        (lambda x, y, W: tg.tanh(W @ y) @ x, {"W": "g yᵀ", "y": "Wᵀ g"}),
        (lambda x, y, W: tg.tanh(x[:, None] * y).sum(), {}),
        (lambda x, y, W: tg.tanh(W * x[:, None]).sum(axis=0) @ y, {}),
    ],
)
def test_products_with_vectors_are_those_of_a_book(call: Any, expected: dict[str, str]) -> None:
    """g is the derivative by the product. Where nothing is a product of matrices, none is written."""
    rng = np.random.default_rng(0)
    shapes: dict[str, Any] = {"x": 2, "y": 3, "W": (2, 3)}
    x, y, W = (tg.tensor(rng.normal(size=shape), requires_grad=True, name=name) for name, shape in shapes.items())
    result = call(x, y, W)
    result.name = "L"
    graph = tg.draw(result, "backward", style="formulas", fit=None).graph
    found = {node.label: node.formula for node in graph.nodes}
    for name, formula in expected.items():
        upstream = "∂L/∂v₁"
        if "gᵀ" in formula:
            upstream = f"({upstream})"
        assert found[f"∂L/∂{name}"] == formula.replace("g", upstream)
    if not expected:
        assert not any("ᵀ" in formula for formula in found.values())


def test_the_formula_of_a_gradient_has_the_products_that_its_picture_has() -> None:
    W, a = (tg.tensor(np.ones(s), requires_grad=True, name=n) for s, n in (((3, 2), "W"), ((2,), "a")))
    by_W, by_a = tg.gradients(tg.tanh(W @ a).sum(), [W, a], create_graph=True)
    assert tg.formula(by_W) == "(1 − tanh(W a)²) aᵀ"
    assert tg.formula(by_a) == "Wᵀ (1 − tanh(W a)²)"
    assert tg.formula(by_a, simplify=False).endswith("ᵀ W")


@pytest.mark.parametrize("shapes", [((1, 3), (2,)), ((2, 3), (1,))])
def test_what_is_stretched_is_no_product_of_matrices(shapes: Any) -> None:
    W, a = (tg.tensor(np.ones(s), requires_grad=True, name=n) for s, n in zip(shapes, "Wa"))
    z: Any = (W * np.expand_dims(a, -1)).sum(axis=0)
    z.name = "z"
    (formula,) = [node.formula for node in in_formulas(plain(z)).nodes if node.label == "z"]
    assert formula == "Σᵢ(W ⊙ a[..., None])"


def batched() -> Any:
    """A product of stacks of matrices, one of them transposed."""
    rng = np.random.default_rng(0)
    q, k = (tg.tensor(rng.normal(size=(2, 2, 2)), requires_grad=True, name=name) for name in "QK")
    z = (q @ k.swapaxes(-1, -2)).mean()
    z.name = "z"
    return z


def layer_norm() -> Any:
    """One that is made by hand."""
    x = tg.tensor([[1.0, 2.0, 4.0], [0.5, -1.0, 2.0]], requires_grad=True, name="x")
    g = tg.tensor([1.0, 2.0, 3.0], requires_grad=True, name="γ")
    z = ((x - x.mean(axis=1, keepdims=True)) * g).sum()
    z.name = "z"
    return z


@pytest.mark.parametrize("program", [batched, layer_norm])
def test_a_formula_with_a_transpose_or_a_sum_to_a_shape_is_written_as_in_a_book(program: Any) -> None:
    drawing = tg.draw(program(), "backward", style="formulas", fit=None)
    said = {node.label: node.formula for node in drawing.graph.nodes if node.formula}
    expected = {batched: ("∂z/∂K", "(Qᵀ ∂z/∂v₂)ᵀ"), layer_norm: ("∂z/∂γ", "Σᵢ(∂z/∂v₃ ⊙ v₂)")}
    label, formula = expected[program]
    assert said[label] == formula
    assert not any("sum_to" in text or "swapaxes" in text or "reshape" in text for text in said.values())
    formulas = [node for node in drawing.graph.nodes if node.formula and node.kind == "operation"]
    assert {sign_of(node, drawing.graph) for node in formulas} <= {"=", ""}


def second_derivative() -> Any:
    """Of the first one, which has no name, many parts are the 1 that it began with times a name."""
    x = tg.Value(0.8, "x")
    first = tg.gradients(tg.sin(x) * tg.exp(x), [x], create_graph=True)[0]
    return tg.gradients(first, [x], create_graph=True)[0] * x


def test_a_large_backward_graph_becomes_formulas_before_it_becomes_names() -> None:
    fitted = tg.draw(neural_ode(), "backward", width=560)
    results, how = fitted.graph.notes
    assert how.startswith("Drawn with formulas alone")
    assert results == "Here v₂ = tanh(W z_0), v₅ = tanh(W z_1), v₈ = tanh(W z_2), v₁₁ = tanh(W z_3)."
    assert not [node for node in fitted.graph.nodes if node.kind == "forward"]
    assert "(1 − v₁₁²)" in fitted.text()
    assert not [item for card in fitted.cards for row in card.rows for item in row if isinstance(item, Grid)]


def test_formulas_alone_say_all_that_they_are_made_of() -> None:
    """Each name in them is the user's, has a box, or is explained below."""
    for z in (black_scholes(), lstm(), neural_ode(), second_derivative()):
        drawing: Any = tg.draw(z, "backward", width=10)
        plan = next(i for i, plan in enumerate(drawing.looks.fitting.plans()) if not plan.way.numbers)
        graph = drawing.by_plan(plan, "builtin").graph
        explained = set(re.findall("([^ ]+) =", graph.notes[0]))
        boxes, named = {node.label for node in graph.nodes}, {node.label for node in plain(z).nodes if node.name}
        assert all(node.formula for node in graph.nodes)
        for formula in (*(node.formula for node in graph.nodes), graph.notes[0]):
            used = re.findall(r"∂\w+/∂\w+|\b[^\W\d_][₀-₉]+", formula)
            assert set(used) <= boxes | named | explained, formula


@given(programs())
def test_results_written_out_are_the_numbers_of_their_nodes(z: Any) -> None:
    with printed_with(17):
        graph = plain(z)
        written = written_out(graph)
    values = {node.label: number(node.value) for node in graph.nodes if node.kind != "constant"}
    assert set(written) <= set(values)
    for label, text in written.items():
        try:
            found = evaluated(text, values)
        except (ArithmeticError, ValueError, TypeError):
            continue
        if math.isfinite(found) and abs(values[label]) < 1e6:
            assert math.isclose(found, values[label], rel_tol=1e-6, abs_tol=1e-9), text


def test_what_is_handed_on_to_a_name_says_from_where_and_what_is_used_twice_in_a_formula_has_one_arrow() -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    s = tg.sigmoid(x * y)
    q = s + x
    s.name, q.name = "s", "q"
    graph = tg.draw(tg.tanh(q + y), "backward", style="formulas", fit=None).graph
    assert {node.label: node.formula for node in graph.nodes if node.kind == "gradient"} == {
        "∂v₃/∂v₃": "",
        "∂v₃/∂q": "∂v₃/∂v₂",
        "∂v₃/∂s": "∂v₃/∂q",
    }
    arrows = Counter((graph.node(edge.source).label, edge.target) for edge in graph.edges)
    assert ("s", next(node.id for node in graph.nodes if "(1 − s)" in node.formula)) in arrows
    assert max(arrows.values()) == 1


def black_scholes() -> Any:
    """The price of a call option."""
    S, K, r, sigma, T = (tg.Value(v, name) for v, name in ((100, "S"), (95, "K"), (0.05, "r"), (0.2, "σ"), (0.5, "T")))

    def Phi(x: Any) -> Any:
        return 0.5 * (1 + tg.erf(x / 2**0.5))

    d_1 = (tg.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * tg.sqrt(T))
    d_2 = d_1 - sigma * tg.sqrt(T)
    C = S * Phi(d_1) - K * tg.exp(-r * T) * Phi(d_2)
    d_1.name, d_2.name, C.name = "d_1", "d_2", "C"
    return C


def lstm_of_arrays() -> Any:
    tg.manual_seed(0)
    h, _ = nn.LSTMCell(3, 4)(tg.randn(2, 3), (tg.zeros((2, 4)), tg.zeros((2, 4))))
    return (h**2).sum()


@pytest.mark.parametrize("program", [black_scholes, lstm, lstm_of_arrays, neural_ode])
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
@pytest.mark.parametrize("engine", ["auto", "builtin"])
def test_a_large_formula_fits_a_cell_and_few_arrows_lead_from_row_to_row(program: Any, mode: Any, engine: Any) -> None:
    drawing = tg.draw(program(), mode, engine=engine)
    assert not [note for note in drawing.graph.notes if "too large" in note.lower()]
    assert over(drawing, room_of("cell", None)) <= (0, 1.0)


def test_a_formula_is_parted_at_its_sums_and_outside_brackets() -> None:
    x, h, w, u = (tg.Value(0.5, name) for name in ("x_{in}", "h_{old}", "w_{in}", "u_{old}"))
    z = tg.sigmoid(w * x + u * h)
    p = (x * 0.5 * (1 + tg.erf(w * h / 2**0.5)) - u * x).tanh()
    z.name, p.name = "z", "p"
    cards: Any = tg.draw([z, p], style="formulas").cards
    lines = [["".join(item.text for item in row) for row in card.rows] for card in cards]
    assert ["z", "= sigmoid(w_{in} · x_{in}", "+ u_{old} · h_{old})", "= 0.6225"] in [line[:4] for line in lines]


def test_a_formula_of_usual_length_is_not_parted_in_its_brackets() -> None:
    w, x, u, h = (tg.Value(0.5, name) for name in ("w_o", "x", "u_o", "h"))
    o = tg.sigmoid(w * x + u * h)
    o.name = "o"
    cards: Any = tg.draw(o, style="formulas").cards
    (card,) = (card for card in cards if card.kind == "operation")
    rows = ["".join(item.text for item in row) for row in card.rows]
    assert rows[:3] == ["o", "= sigmoid(w_o · x + u_o · h)", "= 0.6225"]
