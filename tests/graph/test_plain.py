"""The plain graph: what is in it, in which order, under which names."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.graphs import ancestors
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.graph.names import labels
from tinygrad_edu.graph.plain import Graph, Quantity
from tinygrad_edu.graph.recorded import plain

from .examples import EXAMPLES, doublings, programs, small_network, square, worked_example


def test_the_worked_example_is_five_nodes_and_four_arrows() -> None:
    g = plain(worked_example()[-1])
    assert [(n.id, n.kind, n.label) for n in g.nodes] == [
        (1, "leaf", "x"),
        (2, "leaf", "y"),
        (3, "leaf", "w"),
        (4, "operation", "q"),
        (5, "operation", "z"),
    ]
    assert [(e.source, e.target, e.slot) for e in g.edges] == [(1, 4, 0), (2, 4, 1), (4, 5, 0), (3, 5, 1)]
    assert g.outputs == (5,)


def test_values_gradients_local_derivatives_and_contributions_are_those_of_the_walk() -> None:
    g = plain(worked_example()[-1])
    assert [n.value.text() for n in g.nodes if n.value] == ["2", "3", "4", "5", "20"]
    assert [n.gradient.text() for n in g.nodes if n.gradient] == ["4", "4", "5", "4", "1"]
    assert [(e.local.text(), e.contribution.text()) for e in g.edges if e.local and e.contribution] == [
        ("1", "4"),
        ("1", "4"),
        ("4", "4"),
        ("5", "5"),
    ]


def test_x_times_x_has_two_arrows() -> None:
    g = plain(square())
    assert [(e.source, e.target, e.slot) for e in g.edges] == [(1, 2, 0), (1, 2, 1)]
    assert [e.contribution.text() for e in g.edges if e.contribution] == ["3", "3"]


def test_a_difference_is_one_node_with_numbered_operands() -> None:
    a, b = tg.Value(5.0, name="a"), tg.Value(2.0, name="b")
    g = plain(b - a)
    assert [g.node(e.source).label for e in g.edges] == ["b", "a"]
    assert g.nodes[-1].operation == "subtract"
    assert g.nodes[-1].ordered


@pytest.mark.parametrize(
    ("make", "ordered"),
    [
        (lambda a, b: a + b, False),
        (lambda a, b: a * b, False),
        (lambda a, b: tg.maximum(a, b), False),
        (lambda a, b: a / b, True),
        (lambda a, b: a**b, True),
        (lambda a, b: a - a, False),  # equal operands may change places
    ],
)
def test_operands_are_numbered_where_their_order_matters(make: Any, ordered: bool) -> None:
    assert plain(make(tg.Value(2.0), tg.Value(3.0))).nodes[-1].ordered is ordered


def test_a_constant_is_a_node_of_its_own_at_every_use() -> None:
    x = tg.Value(1.0, name="x")
    g = plain((x + 2) * 2)
    assert [n.label for n in g.nodes] == ["x", "2", "v₁", "2", "v₂"]
    assert [n.kind for n in g.nodes] == ["leaf", "constant", "operation", "constant", "operation"]


def test_no_gradient_yet_is_distinct_from_a_gradient_of_zero() -> None:
    x = tg.Value(0.0, name="x")
    y = x * x
    assert [n.gradient for n in plain(y, gradients=False).nodes] == [None, None]
    leaf = plain(y).nodes[0]
    assert leaf.gradient is not None
    assert leaf.gradient.text() == "0"


def test_drawing_leaves_the_gradients_of_the_user_alone() -> None:
    x, y, w, _, z = worked_example()
    plain(z)
    assert x.grad == 0.0
    z.backward()
    before = (x.grad, y.grad, w.grad)
    plain(z)
    assert (x.grad, y.grad, w.grad) == before


def test_a_number_that_was_changed_after_its_use_gives_a_picture_without_gradients_that_says_so() -> None:
    x = tg.Value(2.0, name="x")
    y = x * x
    x.data = 5.0
    g = plain(y)
    assert all(n.gradient is None for n in g.nodes)
    assert "changed in place" in g.notes[0]


def test_the_gradients_of_an_array_are_not_shown_and_the_picture_says_why() -> None:
    X = tg.tensor([1.0, 2.0], requires_grad=True, name="X")
    g = plain(X * 2)
    assert all(n.gradient is None for n in g.nodes)
    assert "array" in g.notes[0]


def test_data_that_requires_no_gradient_has_none() -> None:
    nodes = {n.label: n for n in plain(small_network()).nodes}
    assert not nodes["X"].requires_grad
    assert nodes["X"].gradient is None
    assert nodes["W1"].gradient is not None
    assert nodes["W1"].gradient.shape == (3, 5)


def test_what_is_not_recorded_is_one_node() -> None:
    with tg.no_grad():
        y = tg.Value(2.0) * 3
    assert len(plain(y).nodes) == 1


def test_source_lines_are_kept_without_the_folder() -> None:
    x = tg.Value(2.0, name="x")
    with tg.trace():
        y = x * x
    place, text = plain(y).nodes[-1].source or ("", "")
    assert place.startswith("test_plain.py:")
    assert text == "y = x * x"


def test_source_lines_in_a_notebook_name_their_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    IPython = pytest.importorskip("IPython")
    compiler = pytest.importorskip("IPython.core.compilerop").CachingCompiler()
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(compile=compiler))
    program = "import tinygrad_edu as tg\nwith tg.trace():\n    y = tg.Value(2.0) * 3"
    cell: dict[str, Any] = {}
    exec(compile(program, compiler.cache(program, 7), "exec"), cell)
    assert plain(cell["y"]).nodes[-1].source == ("Cell In[7], line 3", "y = tg.Value(2.0) * 3")
    assert str(cell["y"].source) == "Cell In[7], line 3"


def test_names_are_unique_and_those_of_unnamed_nodes_avoid_the_users() -> None:
    a, b, c = (tg.Value(1.0, name="v1") for _ in range(3))
    d = a * b + c
    assert list(labels([a, b, c, d, tg.Value(1.0)]).values()) == ["v1", "v1₂", "v1₃", "q₁", "x₁"]


@given(st.lists(st.sampled_from(["v1", "v1₂", "x1", "h", "h₂", "", None]), max_size=12))
def test_no_two_labels_are_equal(names: list[str | None]) -> None:
    nodes = [tg.Value(1.0, name=name) for name in names]
    assert len(set(labels(nodes).values())) == len(nodes)


@given(programs())
def test_every_box_holds_what_its_operands_give(z: Any) -> None:
    check_arithmetic(plain(z))


def check_arithmetic(g: Graph) -> None:
    """Each operation, computed again from the boxes that its arrows come from, gives the number in its box."""
    for node in g.nodes:
        operands = [g.node(e.source) for e in sorted(g.edges, key=lambda e: e.slot) if e.target == node.id]
        numbers = [x.value.elements[0] for x in operands if x.value and x.value.elements]
        assert node.value is not None
        assert node.value.elements is not None
        if node.operation:
            assert node.value.elements[0] == pytest.approx(TABLE[node.operation].compute(numbers, {}))
        elif operands:  # a gradient handed on
            assert [node.value.elements[0]] == numbers


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_is_json_and_the_same_for_the_same_graph(name: str) -> None:
    text = plain(EXAMPLES[name]()).json()
    assert text == plain(EXAMPLES[name]()).json()
    document = json.loads(text)
    assert document["format"] == "tinygrad_edu.graph"
    assert document["version"] == 1
    ids = {node["id"] for node in document["nodes"]}
    assert all(edge["source"] in ids and edge["target"] in ids for edge in document["edges"])


def test_json_carries_nan_and_infinity_as_text() -> None:
    document = json.loads(plain(tg.Value(float("inf")) * float("nan")).json())
    assert [node["value"]["elements"] for node in document["nodes"]] == [["inf"], ["nan"], ["nan"]]


def test_forty_doublings_are_forty_one_nodes() -> None:
    assert len(plain(doublings(40)[1]).nodes) == 41


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (2.0, "2"),
        (10**400, "∞"),
        (True, "1"),
        (np.float32(0.1), "0.1"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (np.array([True, False]), "[true, false]"),
        (np.zeros((0, 3)), "(0, 3) float64, empty"),
        (np.full((20,), 7.0), "(20,) float64, all 7"),
        (np.full((20,), np.nan), "(20,) float64, all nan or ∞"),
        (np.array([*range(20), np.inf]), "(21,) float64, 0 … 19, 1 nan or ∞"),
        (np.array(["a", "b"]), "(2,) <U1, not numbers"),
    ],
)
def test_quantities_in_words(data: Any, text: str) -> None:
    assert Quantity.of(data).text() == text


def leaves_of(z: Any) -> list[Any]:
    """The leaves that z was made from."""
    return [node for node in ancestors([z]) if node.primitive is None]
