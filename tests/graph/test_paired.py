"""Both passes in one picture, steps of the chain rule on arrows, and derivatives of derivatives as layers."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu.engine.gradients import contributions
from tinygrad_edu.graph import Drawing
from tinygrad_edu.graph.backward import backward_graph
from tinygrad_edu.graph.names import partial
from tinygrad_edu.graph.plain import Graph
from tinygrad_edu.graph.recorded import plain

from .examples import EXAMPLES, chain, programs, small_network, square, tangle, worked_example
from .test_svg import by_class, parsed, words

ENGINES: list[Any] = ["auto", "builtin"]
DIRECTIONS: list[Any] = ["LR", "TB"]


def both(z: Any, **options: Any) -> Drawing:
    return tg.draw(z, "both", **options)


def texts(drawing: Drawing) -> list[str]:
    """What stands on each arrow."""
    labels = drawing.labels
    return ["" if x is None else " ".join("".join(t.text for t in line) for line in x.lines) for x in labels]


# Both passes.


@settings(deadline=None, max_examples=50)
@given(programs())
def test_every_gradient_has_its_node_and_every_arrow_back_its_arrow(z: Any) -> None:
    g = both(z, engine="builtin").graph
    pairs = {node.pair: node for node in g.nodes if node.pair is not None}
    assert g.mode == "both"
    for id, gradient in pairs.items():
        if gradient.kind != "alias":
            assert gradient.value == g.node(id).gradient
            assert gradient.label == partial(g.of, g.node(id).label)
    for edge in g.edges:
        if edge.pair is not None:
            forward = g.edges[edge.pair - 1]
            assert g.node(edge.source).pair == forward.target
            assert g.node(edge.target).pair == forward.source


@settings(deadline=None, max_examples=50)
@given(programs())
def test_a_gradient_is_the_sum_of_what_its_arrows_bring(z: Any) -> None:
    g = both(z, engine="builtin").graph
    brought: dict[int, list[float]] = {}
    for edge in g.edges:
        if edge.pair is not None:
            target = g.node(edge.target)
            brought.setdefault(target.of or target.id, []).append(edge.contribution.elements[0])  # type: ignore[index, union-attr]
    for id, parts in brought.items():
        assert g.node(id).value.elements[0] == pytest.approx(sum(parts))  # type: ignore[union-attr, index]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_each_gradient_stands_where_its_node_does_in_the_other_half(name: str, direction: Any, engine: Any) -> None:
    drawing = both(EXAMPLES[name](), direction=direction, engine=engine)
    layout, graph = drawing.layout, drawing.graph
    assert layout.mirror is not None
    dx, dy = layout.mirror
    for node in graph.nodes:
        if node.pair is not None:
            (x, y), (u, v) = layout.centers[node.pair - 1], layout.centers[node.id - 1]
            assert (u, v) == pytest.approx((x + dx, y + dy))
    assert (dx == 0) == (direction == "LR")


def test_a_node_and_its_gradient_have_the_same_number() -> None:
    root = parsed(both(worked_example()[-1]))
    numbers = [words(badge) for badge in by_class(root, "badge")]
    assert sorted(numbers) == sorted(["1", "2", "3", "4", "5"] * 2)


def test_contributions_that_meet_are_a_sum() -> None:
    g = both(square()).graph
    (gradient,) = [node for node in g.nodes if node.label == "∂v₁/∂x"]
    assert gradient.symbol == "+"
    assert len([edge for edge in g.edges if edge.target == gradient.id]) == 2


def test_what_needs_no_gradient_has_none() -> None:
    x, data = tg.Value(2.0, name="x"), tg.Value(3.0, name="data", requires_grad=False)
    labels = [node.label for node in both(x * data).graph.nodes]
    assert "∂v₁/∂x" in labels
    assert "∂v₁/∂data" not in labels


# Steps of the chain rule on arrows.


def test_forward_arrows_show_upstream_times_local() -> None:
    assert texts(tg.draw(worked_example()[-1])) == ["4 · 1 = 4", "4 · 1 = 4", "1 · 4 = 4", "1 · 5 = 5"]


def test_backward_arrows_show_it_where_the_gradient_enters_a_rule() -> None:
    drawing = tg.draw(worked_example()[-1], "backward")
    shown = {
        f"{drawing.graph.node(e.source).label} > {drawing.graph.node(e.target).label}": text
        for e, text in zip(drawing.graph.edges, texts(drawing))
    }
    assert shown == {
        "∂z/∂z > ∂z/∂q": "1 · 4 = 4",
        "w > ∂z/∂q": "",
        "∂z/∂z > ∂z/∂w": "1 · 5 = 5",
        "q > ∂z/∂w": "",
        "∂z/∂q > ∂z/∂x": "4 · 1 = 4",
        "∂z/∂q > ∂z/∂y": "4 · 1 = 4",
    }


@settings(deadline=None, max_examples=50)
@given(programs())
def test_every_step_of_the_walk_stands_on_one_arrow_of_the_backward_graph(z: Any) -> None:
    shown = [e.contribution.elements[0] for e in backward_graph(z).edges if e.contribution]  # type: ignore[index]
    walked = [step.contribution for step in contributions(z)]
    assert sorted(shown) == pytest.approx(sorted(walked))


def test_in_a_picture_of_both_passes_the_steps_have_names() -> None:
    shown = texts(both(worked_example()[-1]))
    assert shown[0] == "∂q/∂x = 1"
    assert "∂z/∂q · ∂q/∂x = 4 · 1 = 4" in shown


def test_arrays_are_passed_back_by_rules_written_as_formulas() -> None:
    shown = texts(both(small_network()))
    assert {"Xᵀ g", "g W2ᵀ", "Σᵢ g", "g ⊙ (1 − v₃²)"} <= set(shown)


def test_a_negative_factor_is_in_brackets() -> None:
    x = tg.Value(3.0, name="x")
    assert texts(tg.draw(-x * 2.0))[0] == "2 · (−1) = −2"


def test_steps_can_be_left_out_and_asked_for() -> None:
    z = worked_example()[-1]
    assert set(texts(tg.draw(z, steps=False))) == {""}
    y: Any = tg.Value(0.5, name="x")
    for _ in range(40):
        y = tg.tanh(y)
    assert set(texts(tg.draw(y, depth="all"))) == {""}
    assert "" not in texts(tg.draw(y, depth="all", steps=True))


def boxes(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    """The rectangles of all boxes and labels."""
    layout, sideways = drawing.layout, drawing.flow in ("LR", "RL")
    sizes = [(card.width, card.height) for card in drawing.cards]
    places = list(zip(layout.centers, sizes))
    for label, at in zip(drawing.labels, layout.labels):
        if label is not None and at is not None:
            places.append((at, (label.width, 2 * label.leading if sideways else label.height)))
    return [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in places]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_label_and_no_box_covers_another(name: str, mode: Any, direction: Any, engine: Any) -> None:
    drawing = tg.draw(EXAMPLES[name](), mode, direction=direction, engine=engine, steps=True)
    rectangles = boxes(drawing)
    for i, (a, b, c, d) in enumerate(rectangles):
        for e, f, g, h in rectangles[:i]:
            assert c <= e + 0.5 or g <= a + 0.5 or d <= f + 0.5 or h <= b + 0.5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_an_arrow_passes_through_the_middle_of_its_label(engine: Any, direction: Any) -> None:
    drawing = tg.draw(worked_example()[-1], direction=direction, engine=engine)
    for at, route in zip(drawing.layout.labels, drawing.layout.routes):
        middles = [((p[0] + q[0]) / 2, (p[1] + q[1]) / 2) for p, q in zip(route[::3], route[3::3])]
        assert at is not None
        assert any(m == pytest.approx(at, abs=0.6) for m in middles)


# Derivatives of derivatives.


def second_derivative() -> tuple[Any, Any]:
    x = tg.Value(2.0, name="x")
    y = x * x * x
    y.name = "y"
    (dy,) = tg.gradients(y, [x], create_graph=True)
    (d2y,) = tg.gradients(dy, [x], create_graph=True)
    return dy, d2y


def layers_of(g: Graph) -> set[int]:
    return {node.layer for node in g.nodes}


def test_what_a_differentiation_made_is_a_layer_and_has_the_name_of_a_derivative() -> None:
    dy, d2y = second_derivative()
    first, second = plain(dy), plain(d2y)
    assert layers_of(first) == {0, 1}
    assert layers_of(second) == {0, 1, 2}
    assert first.nodes[-1].label == "∂y/∂x"
    assert second.nodes[-1].label == "∂²y/∂x²"
    assert {node.label[0] for node in second.nodes if node.layer == 2 and node is not second.nodes[-1]} == {"h"}


def test_the_backward_graph_of_a_gradient_is_a_layer_above_it() -> None:
    dy, _ = second_derivative()
    g = backward_graph(dy)
    assert {node.layer for node in g.nodes if node.kind == "operation"} == {2}
    assert [g.node(id).label for id in g.outputs] == ["∂²y/∂x²"]
    assert {node.layer for node in g.nodes if node.kind == "forward"} == {0, 1}


def test_layers_differ_in_more_than_colour_and_are_explained_below() -> None:
    _, d2y = second_derivative()
    root = parsed(tg.draw(d2y))
    assert {"the program", "its gradients", "second derivatives"} <= {"".join(e.itertext()) for e in root.iter()}
    first, second = (len(by_class(root, f"layer{layer}")) for layer in (1, 2))
    assert first
    assert second
    pointed = [e for e in by_class(root, "layer2") if "operation" in e.get("class", "")]
    assert all(len(by_class(e, "sign")) == 2 and len(by_class(e, "point")) == 1 for e in pointed)
    assert not any(by_class(e, "point") for e in by_class(root, "layer1"))


def test_a_function_that_differentiates_makes_layers_too() -> None:
    df = tg.grad(lambda t: tg.sin(t) * t)
    assert layers_of(plain(df(tg.Value(0.3, name="x")))) == {0, 1}


def test_a_program_that_goes_on_from_a_gradient_is_a_program() -> None:
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    (g,) = tg.gradients((x**3).sum(), [x], create_graph=True)
    penalty = (g**2).sum()
    nodes = plain(penalty).nodes
    assert nodes[-1].layer == 0
    assert {node.layer for node in nodes} == {0, 1}


def test_names_of_derivatives_survive_neither_sharing_nor_missing_names() -> None:
    x, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="w")
    z = x + w
    z.name = "z"
    both_ways = tg.gradients(z, [x, w], create_graph=True)
    assert both_ways[0] is both_ways[1]  # handed on to both: neither ∂z/∂x alone nor ∂z/∂w alone
    assert plain(both_ways[0] * 2.0).nodes[0].label != "∂z/∂x"
    (g,) = tg.gradients(x * tg.Value(4.0), [x], create_graph=True)
    assert plain(g).nodes[-1].label == "g₂"


def test_a_copied_gradient_is_still_drawn() -> None:
    _, d2y = second_derivative()
    assert tg.draw(deepcopy(d2y), "backward").svg().startswith("<svg")


def test_a_hessian_vector_product_is_drawn_in_layers() -> None:
    x = tg.tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True, name="x")
    y = (tg.tanh(x) ** 2).sum()
    (g,) = tg.gradients(y, [x], create_graph=True)
    (h,) = tg.gradients((g * np.array([1.0, 0.0, 2.0])).sum(), [x], create_graph=True)
    assert layers_of(plain(h)) >= {1, 2}


# Lines of the program.


def test_what_a_rule_recorded_has_the_line_of_the_operation() -> None:
    with tg.trace():
        x = tg.Value(0.5, name="x")
        y = tg.tanh(x)
    places = {node.source for node in backward_graph(y).nodes if node.kind == "operation"}
    assert {place and place[1] for place in places} == {"y = tg.tanh(x)"}


# Closed boxes, collapsed pictures, and what has no picture.


def test_a_gradient_passes_through_closed_modules() -> None:
    net = tg.nn.Sequential(tg.nn.Linear(3, 5), tg.nn.Tanh(), tg.nn.Linear(5, 2))
    loss = net(tg.ones((4, 3))).sum()
    g = both(loss, depth=1).graph
    modules = {node.id for node in g.nodes if node.kind == "module"}
    assert modules == {node.pair for node in g.nodes if node.pair in modules}
    assert len([edge for edge in g.edges if edge.pair is not None]) == 3  # and none to the data


def test_a_collapsed_picture_has_both_halves_too() -> None:
    drawing = both(tangle(400))
    through = [node for node in drawing.graph.nodes if node.pair is not None and node.kind == "group"]
    assert [node.label for node in through] == ["through 534 operations"]
    assert by_class(parsed(drawing), "badge")


def test_folded_steps_are_drawn_once_in_both_halves() -> None:
    drawing = both(chain(1_000))
    assert len(drawing.graph.nodes) < 10
    parsed(drawing)


def test_gradients_of_an_array_and_of_data_are_refused_as_in_the_backward_picture() -> None:
    with pytest.raises(tg.GraphError, match=r"has shape \(2,\); draw its sum\(\)"):
        both(tg.tensor([1.0, 2.0], requires_grad=True) * 2)
    with pytest.raises(tg.GraphError, match="does not require a gradient"):
        both(tg.Value(1.0, requires_grad=False) * 2)


def test_both_passes_leave_the_users_gradients_alone() -> None:
    x, *_, z = worked_example()
    z.backward()
    both(z, gradients=False).svg()
    assert x.grad == 4.0


def bezier(route: Any) -> Any:
    """Points on a route."""
    for i in range(0, len(route) - 3, 3):
        a, b, c, d = np.array(route[i : i + 4])
        for t in np.linspace(0, 1, 20):
            yield (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d


@pytest.mark.parametrize("name", ["worked example", "small network", "cross-entropy"])
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_arrow_runs_through_a_box_or_another_arrows_label(name: str, mode: Any, direction: Any, engine: Any) -> None:
    drawing = tg.draw(EXAMPLES[name](), mode, direction=direction, engine=engine, steps=True)
    rectangles = boxes(drawing)
    own = [None] * len(drawing.cards) + [i for i, label in enumerate(drawing.labels) if label is not None]
    for arrow, route in enumerate(drawing.layout.routes):
        for x, y in bezier(route):
            for whose, (left, top, right, bottom) in zip(own, rectangles):
                assert whose == arrow or not (left + 2 < x < right - 2 and top + 2 < y < bottom - 2)


def test_the_rule_of_a_call_with_an_array_written_into_it_is_printed_too() -> None:
    X = tg.tensor([1.0, 2.0], requires_grad=True, name="X")
    graph = tg.draw(((X - np.array([3.0, 4.0])) ** 2).sum(), "both").graph
    assert None not in [edge.rule for edge in graph.edges if edge.pair is not None]
