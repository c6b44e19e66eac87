"""The backward picture is the recorded graph of the gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu.graph.backward import backward_graph
from tinygrad_edu.graph.plain import Graph

from .examples import cross_entropy, doublings, programs, small_network, square, tangle, worked_example
from .test_plain import check_arithmetic, leaves_of


def arrows(g: Graph) -> list[str]:
    return [f"{g.node(e.source).label} > {g.node(e.target).label}" for e in g.edges]


def test_the_worked_example() -> None:
    g = backward_graph(worked_example()[-1])
    assert arrows(g) == [
        "∂z/∂z > ∂z/∂w",
        "q > ∂z/∂w",
        "∂z/∂z > ∂z/∂q",
        "w > ∂z/∂q",
        "∂z/∂q > ∂z/∂x",
        "∂z/∂q > ∂z/∂y",
    ]
    assert [g.node(id).label for id in g.outputs] == ["∂z/∂x", "∂z/∂y", "∂z/∂w"]  # as the leaves were made
    assert {n.label: n.kind for n in g.nodes if n.label in "wq"} == {"w": "forward", "q": "forward"}


def test_contributions_meet_in_a_sum() -> None:
    g = backward_graph(square())
    (output,) = g.outputs
    assert g.node(output).operation == "add"
    assert g.node(output).label == "∂v₁/∂x"
    assert g.node(output).value is not None
    assert [e.source for e in g.edges if e.target == output] == [n.id for n in g.nodes if n.operation == "multiply"]


def test_a_sum_of_one_number_with_itself_hands_the_same_gradient_on_twice() -> None:
    x = tg.Value(3.0, name="x")
    y = x + x
    y.name = "y"
    assert arrows(backward_graph(y)) == ["∂y/∂y > ∂y/∂x", "∂y/∂y > ∂y/∂x"]


@settings(deadline=None)
@given(programs())
def test_each_box_holds_what_its_arrows_give_and_the_outputs_are_the_gradients(z: Any) -> None:
    g = backward_graph(z)
    check_arithmetic(g)
    leaves = [x for x in leaves_of(z) if x.requires_grad]
    shown = sorted(g.node(id).value.elements[0] for id in g.outputs)  # type: ignore[union-attr, index]
    found = sorted(d for d in tg.gradients(z, leaves) if d is not None)
    assert shown == pytest.approx(found)


def test_every_node_of_the_forward_graph_has_exactly_one_box() -> None:
    g = backward_graph(small_network())
    of = [n.label for n in g.nodes if n.label.startswith("∂loss/∂")]
    assert sorted(of) == sorted(
        {f"∂loss/∂{n}" for n in ("W1", "b1", "W2", "b2", "loss", *(f"v{i}" for i in "₁₂₃₄₅₆₇"))}
    )


def test_what_a_rule_does_with_data_is_drawn_too() -> None:
    g = backward_graph(small_network())
    transposed = next(e for e in g.edges if g.node(e.source).label == "X")
    assert g.node(transposed.target).operation == "transpose"
    assert g.node(transposed.source).kind == "forward"


def test_the_way_of_the_gradient_is_told_from_what_computes_local_derivatives() -> None:
    x = tg.Value(0.5, name="x")
    g = backward_graph(tg.tanh(x))
    assert [(n.label, n.carries) for n in g.nodes if n.kind == "operation"] == [
        ("u₁", False),  # y · y
        ("u₂", False),  # 1 − y · y
        ("∂v₁/∂x", True),
    ]


def test_neither_gradients_nor_flags_of_the_users_nodes_change() -> None:
    loss = small_network()
    before = [(x, x.requires_grad) for x in leaves_of(loss)]
    backward_graph(loss)
    assert all(x.requires_grad is flag and x.grad is None for x, flag in before)


def test_drawing_works_inside_no_grad() -> None:
    z = worked_example()[-1]
    with tg.no_grad():
        assert len(backward_graph(z).nodes) == 7


def test_a_number_changed_after_its_use_is_refused() -> None:
    x = tg.Value(2.0, name="x")
    y = x * x
    x.data = 5.0
    with pytest.raises(tg.InPlaceError, match="changed in place"):
        tg.draw(y, "backward")


def test_an_array_has_no_backward_graph_and_the_error_says_what_has() -> None:
    X = tg.tensor([1.0, 2.0], requires_grad=True, name="X")
    with pytest.raises(tg.GraphError, match=r"shape \(2,\); draw its sum\(\)"):
        tg.draw(X * 2, "backward")


def test_what_requires_no_gradient_has_no_backward_graph() -> None:
    with pytest.raises(tg.GraphError, match="does not require a gradient"):
        tg.draw(tg.Value(1.0, requires_grad=False), "backward")


def test_a_leaf_is_its_own_gradient() -> None:
    assert [n.label for n in backward_graph(tg.Value(2.0, name="x")).nodes] == ["∂x/∂x"]


def test_a_tensor_of_one_number_will_do() -> None:
    X = tg.tensor(np.ones((1, 1)), requires_grad=True, name="X")
    g = backward_graph(X * 3.0)
    assert g.node(g.outputs[0]).value.text() == "[[3]]"  # type: ignore[union-attr]


def test_cross_entropy_ends_in_softmax_minus_target() -> None:
    g = backward_graph(cross_entropy())
    value = g.node(g.outputs[0]).value
    assert value is not None
    logits = np.array([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]])
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert value.elements == pytest.approx(((softmax - np.eye(3)[:2]) / 2).ravel().tolist(), abs=1e-6)


def test_forty_doublings() -> None:
    g = backward_graph(doublings(40)[1])
    assert len(g.nodes) == 41
    assert g.node(g.outputs[0]).value.elements == (2.0**40,)  # type: ignore[union-attr]


def test_a_small_graph_with_a_large_backward_graph_is_collapsed() -> None:
    drawing = tg.draw(tangle(100), "backward")
    assert len(drawing.graph.nodes) < 20
    assert "too many" in drawing.graph.notes[0]


def test_numbers_of_the_forward_pass_stand_in_the_cluster_of_the_rule_that_uses_them() -> None:
    @tg.block
    def layer(x: Any, w: Any) -> Any:
        return tg.tanh(x) * w

    x, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="w")
    g = backward_graph(layer(x, w) * 5.0)
    assert [node.cluster for node in g.nodes if node.label == "w"] == ["layer"]


def test_a_number_used_in_two_clusters_is_drawn_in_each() -> None:
    @tg.block
    def layer(x: Any, w: Any) -> Any:
        return tg.tanh(x) * w

    w = tg.Value(3.0, name="w")
    drawn = tg.draw(layer(layer(tg.Value(2.0, name="x"), w), w), "backward").graph
    assert {node.cluster for node in drawn.nodes if node.label == "w"} == {"layer", "layer#2"}
