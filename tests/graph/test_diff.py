"""What differs between two graphs: nothing for one computation in other words, else what a teacher would say."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.graph import Graph, diff
from tinygrad_edu.graph.recorded import plain
from tinygrad_edu.graph.transcribe import COMMUTATIVE

from .examples import EXAMPLES, chain, doublings, programs

Formula = Callable[[Any, Any, Any], Any]


def made(formula: Formula, names: str = "xyw", numbers: tuple[float, ...] = (2.0, 3.0, 4.0)) -> Any:
    return formula(*(tg.Value(v, name=name) for v, name in zip(numbers, names)))


SAME: list[tuple[Formula, Formula]] = [
    (lambda x, y, w: (x + y) * w, lambda x, y, w: w * (y + x)),
    (lambda x, y, w: tg.exp(x) + tg.exp(y), lambda x, y, w: tg.exp(y) + tg.exp(x)),
    (lambda x, y, w: tg.maximum(x, y) * w, lambda x, y, w: w * tg.maximum(y, x)),
    (lambda x, y, w: x * x + y, lambda x, y, w: y + x * x),
]


@pytest.mark.parametrize("number", range(len(SAME)))
def test_other_names_another_order_of_making_and_places_that_can_be_changed_are_no_difference(number: int) -> None:
    one, other = SAME[number]
    difference = diff(made(one), made(other, "abc"))
    assert not difference
    assert str(difference) == "no difference"
    assert diff(made(one), made(other), commutative=False) or one is other


WRONG: dict[str, tuple[Formula, Formula, list[str]]] = {
    "an operation": (
        lambda x, y, w: (x + y) * w,
        lambda x, y, w: (x - y) * w,
        ["v₁: expected add(x, y), found subtract(x, y)"],
    ),
    "operands changed places": (
        lambda x, y, w: (x - y) * w,
        lambda x, y, w: (y - x) * w,
        ["v₁: expected the operands in the order x, y, found y, x"],
    ),
    "another operand": (
        lambda x, y, w: x * y - x + w,
        lambda x, y, w: x * y - y + w,
        ["v₂, operand 2: expected x, found y"],
    ),
    "a factor too much": (
        lambda x, y, w: tg.exp(x) * w,
        lambda x, y, w: tg.exp(2 * x) * w,
        ["too much: v₁ = multiply(the constant 2, x)", "v₂: expected x, found v₁"],
    ),
    "a step left out": (
        lambda x, y, w: tg.tanh(tg.relu(x * w + y)),
        lambda x, y, w: tg.tanh(x * w + y),
        ["v₃: expected relu(v₂), found v₂", "missing: relu(v₂)"],
    ),
    "a constant": (lambda x, y, w: x**2, lambda x, y, w: x**3, ["constant 3, operand 2 of v₁: expected 2"]),
    "one leaf twice": (
        lambda x, y, w: x * y,
        lambda x, y, w: x * x,
        ["v₁: expected y, found x", "missing: y"],
    ),
    "the last step": (
        lambda x, y, w: x * y,
        lambda x, y, w: tg.exp(x * y),
        ["too much: v₂ = exp(v₁)", "the result: expected multiply(x, y), found v₂ = exp(v₁)"],
    ),
    "the order of two steps": (
        lambda x, y, w: tg.sin(tg.exp(x)),
        lambda x, y, w: tg.exp(tg.sin(x)),
        ["v₁: expected exp(x), found sin(x)", "v₂: expected sin(v₁), found exp(v₁)"],
    ),
    "the last operation, and one before it": (
        lambda x, y, w: tg.exp(x * y),
        lambda x, y, w: tg.tanh(x * y * w),
        ["too much: w", "too much: v₂ = multiply(v₁, w)", "v₃: expected exp(v₁), found tanh(v₂)"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_slip_is_told_where_it_is_and_the_rest_is_left_alone(case: str) -> None:
    right, wrong, lines = WRONG[case]
    difference = diff(made(right), made(wrong))
    assert difference
    assert list(difference.lines) == lines


def test_numbers_shapes_and_settings() -> None:
    W = np.arange(6.0).reshape(2, 3)

    def total(array: Any, axis: int, requires_grad: bool = True) -> Any:
        return tg.sum(tg.tensor(array, requires_grad=requires_grad, name="W") * 2.0, axis=axis)

    assert diff(total(W, 0), total(W, 1)).lines == ("v₂: expected axis=0, found axis=1",)
    assert diff(total(W, 0), total(W.T, 0)).lines == ("W: expected shape (2, 3), found (3, 2)",)
    assert diff(total(W, 0), total(W.astype("f4"), 0)).lines == ("W: expected dtype float64, found float32",)
    assert diff(total(W, 0), total(W + 1, 0)).lines == (
        "W: expected [[0, 1, 2], [3, 4, 5]], found [[1, 2, 3], [4, 5, 6]]",
    )
    assert not diff(total(W, 0), total(W + 1, 0), values=False)
    assert not diff(total(W, 0), total(W * (1 + 1e-9), 0))
    assert diff(total(W, 0), total(W * (1 + 1e-9), 0), tolerance=1e-12)


def test_a_leaf_that_should_require_a_gradient() -> None:
    x = tg.Value(2.0, name="x")
    right, wrong = (x * tg.Value(3.0, requires_grad=requires_grad, name="w") for requires_grad in (True, False))
    assert diff(right, wrong).lines == ("w: expected requires_grad=True, found False",)


def test_the_line_that_made_a_node_is_told() -> None:
    x = tg.Value(2.0, name="x")
    with tg.trace():
        found = tg.exp(x)
    (line,) = diff(tg.sin(x), found).lines
    assert line.startswith("v₁ (test_diff.py:")
    assert line.endswith("): expected sin(x), found exp(x)")


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_what_is_drawn_differs_in_nothing_from_itself(name: str, mode: Any) -> None:
    graph = tg.draw(EXAMPLES[name](), mode).graph
    assert not diff(graph, tg.graph.read(graph.json()))


@given(programs(), st.randoms(use_true_random=False))
def test_a_program_under_other_names_and_with_changed_places_is_the_same(z: Any, chance: random.Random) -> None:
    graph = plain(z, gradients=False)
    assert not diff(graph, shuffled(graph, chance))


def shuffled(graph: Graph, chance: random.Random) -> Graph:
    """Other names, another order of making, and the operands of + and · in another order."""
    waiting = {node.id: sum(edge.target == node.id for edge in graph.edges) for node in graph.nodes}
    ready = [id for id, count in waiting.items() if not count]
    order: list[int] = []
    while ready:
        order.append(ready.pop(chance.randrange(len(ready))))
        for edge in graph.edges:
            if edge.source == order[-1]:
                waiting[edge.target] -= 1
                ready += [edge.target] * (not waiting[edge.target])
    new = {id: position for position, id in enumerate(order, 1)}
    nodes = [replace(graph.node(id), id=new[id], name=None, label=f"n{new[id]}") for id in order]
    edges = []
    for edge in graph.edges:
        turned = graph.node(edge.target).operation in COMMUTATIVE and new[edge.target] % 2
        edges.append(replace(edge, source=new[edge.source], target=new[edge.target], slot=edge.slot ^ bool(turned)))
    return replace(graph, nodes=tuple(nodes), edges=tuple(edges), outputs=tuple(new[id] for id in graph.outputs))


@given(programs(), st.data())
def test_a_changed_operation_is_always_found(z: Any, data: Any) -> None:
    graph = plain(z, gradients=False)
    calls = [node for node in graph.nodes if node.operation]
    changed = data.draw(st.sampled_from(calls))
    nodes = tuple(replace(node, operation="other") if node is changed else node for node in graph.nodes)
    assert diff(graph, replace(graph, nodes=nodes))


def test_both_graphs_are_drawn_in_one_with_the_differences_marked_in_words() -> None:
    right, wrong, _ = WRONG["a step left out"]
    svg = diff(made(right), made(wrong)).draw(engine="builtin").svg()
    assert "− missing" in svg
    assert "+ extra" in svg
    assert 'class="edge missing"' in svg
    assert "expected relu(v₂), found v₂" in svg


def test_of_a_large_graph_the_neighbourhood_of_the_differences_is_drawn() -> None:
    x = tg.Value(2.0, name="x")

    def deep(step: Callable[[Any], Any]) -> Any:
        y: Any = x
        for i in range(400):
            y = step(y) if i == 200 else y * 1.5
        return y

    drawing = diff(deep(tg.exp), deep(tg.tanh)).draw(engine="builtin")
    assert [node.operation for node in drawing.graph.nodes if node.mark] == ["tanh"]
    assert len(drawing.graph.nodes) < 12
    assert any("further from a difference not shown" in note for note in drawing.graph.notes)


def test_large_graphs_are_compared_in_linear_time_and_forty_doublings_too() -> None:
    assert not diff(plain(chain(3_000), gradients=False), plain(chain(3_000), gradients=False))
    assert not diff(doublings(40)[1], doublings(40)[1])
    assert diff(doublings(40)[1], doublings(41)[1])


@pytest.mark.parametrize("thing", [3.0, None, "z"])
def test_what_has_no_graph_is_refused(thing: Any) -> None:
    with pytest.raises(tg.GraphError, match=f"^diff: a Value, a Tensor or a plain graph, not {type(thing).__name__} "):
        diff(thing, tg.Value(1.0))
