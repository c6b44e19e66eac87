"""A part of a graph: between two nodes, without constants or data, with named boxes around chosen nodes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


def regression() -> Any:
    """Logistic regression, the sigmoid written out."""
    X, t = tg.tensor(np.arange(6.0).reshape(3, 2), name="X"), tg.tensor([0.0, 1.0, 1.0], name="t")
    w = tg.tensor([0.5, -0.25], requires_grad=True, name="w")
    o = X @ w
    e = tg.exp(-o)
    p = 1 / (1 + e)
    o.name, e.name, p.name = "o", "e", "p"
    loss = -(t * tg.log(p)).mean()
    loss.name = "loss"
    return loss


def labels(graph: Any) -> list[str]:
    return [node.label for node in graph.nodes if node.kind != "constant"]


@pytest.mark.parametrize("mode", ["forward", "both"])
def test_between_are_the_ways_and_the_operands_on_them(mode: Any) -> None:
    graph = tg.draw(regression(), mode, between=("o", "p"), fit=None).graph
    forward = [label for label in labels(graph) if not label.startswith("∂")]
    assert forward == ["o", "v₁", "e", "v₂", "p"]
    assert sum(node.kind == "constant" for node in graph.nodes) == 2
    assert tg.graph.read(graph.json()) == graph
    assert tg.draw(regression(), mode, focus="p", hops=1, fit=None).svg()


def test_between_in_a_backward_graph_are_the_gradients_of_the_same_nodes() -> None:
    found = labels(tg.draw(regression(), "backward", between=("o", "p"), fit=None).graph)
    assert {"∂loss/∂o", "∂loss/∂p"} <= set(found)
    assert "∂loss/∂w" not in found


def test_constants_data_and_nodes_can_be_hidden() -> None:
    loss = regression()
    assert not [n for n in tg.draw(loss, hide="constants", fit=None).graph.nodes if n.kind == "constant"]
    assert {"X", "t"} & set(labels(tg.draw(loss, hide=("data", "constants"), fit=None).graph)) == set()
    assert "e" not in labels(tg.draw(loss, hide="e", fit=None).graph)
    assert "loss" in labels(tg.draw(loss.detach(), hide="data").graph)


def test_a_box_is_a_frame_that_closes_and_opens() -> None:
    loss = regression()
    box = {"sigmoid": ["e", "p", "v₁", "v₂"]}
    graph = tg.draw(loss, boxes=box, fit=None).graph
    assert {n.label for n in graph.nodes if n.cluster == "sigmoid" and n.kind != "constant"} == {"v₁", "e", "v₂", "p"}
    assert sum(n.kind == "constant" for n in graph.nodes if n.cluster == "sigmoid") == 2
    closed = tg.draw(loss, boxes=box, depth=0).graph
    assert [n.result for n in closed.nodes if n.opens == "sigmoid"] == ["p"]
    assert "sigmoid" in tg.draw(loss, boxes=box).svg()
    assert "sigmoid" in tg.draw(loss, "both", boxes=box).svg()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"between": ("p", "o")}, "draw: no way leads from p to o, so there is nothing between them"),
        ({"between": "p"}, "draw: between is two nodes or their names, (from, to), not 'p'"),
        ({"between": ("o", "q")}, "draw: a node of between is 'q', and no node of the graph has this name"),
        (
            {"boxes": {"b": ["o", "p"]}},
            "draw: a way leads out of the box 'b' and back, through v₁, e and v₂;",
        ),
        ({"boxes": ["o"]}, "draw: boxes maps names of boxes to the nodes in them, not ['o']"),
        (
            {"boxes": {"b": "o", "c": ["o", "v₁"]}},
            "draw: a box holds nodes that lie together; those of 'c' lie in no module and b",
        ),
        ({"boxes": {"b": []}}, "draw: the box 'b' holds no nodes"),
        ({"hide": "nobody"}, "draw: a node of hide is 'nobody', and no node of the graph has this name"),
    ],
)
def test_what_cannot_be_shown_is_refused(options: Any, message: str) -> None:
    with pytest.raises(tg.GraphError, match=f"^{re.escape(message)}"):
        tg.draw(regression(), **options)


def test_an_operation_whose_operands_are_all_hidden_is_drawn() -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    drawing = tg.draw(tg.tanh(x - y), hide=[x, y], fit=None)
    assert [node.operation for node in drawing.graph.nodes] == ["subtract", "tanh"]
    assert drawing.svg().count('class="sign"') == 2
