"""A student's graph beside the right one: the arrow where it first goes wrong is marked, and nothing is given away."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import tinygrad_edu as tg
from benchmarks import diagnosis as figures
from tests.grade.test_formats import Page
from tinygrad_edu.grade import (
    Assignment,
    Result,
    ResultError,
    Sandbox,
    Submission,
    WrongAnswer,
    expect,
    grade_one,
    read_result as read,
)
from tinygrad_edu.grade.checks import same_as_engine
from tinygrad_edu.grade.diagnosis import mutants
from tinygrad_edu.grade.diagnosis.beside import MOST
from tinygrad_edu.grade.formats import gradescope, junit, student_report
from tinygrad_edu.grade.formats.graphs import in_lines, pictures
from tinygrad_edu.grade.results import EXAMPLE, Graphs
from tinygrad_edu.graph import Graph

RNG = np.random.default_rng(0)
W, X, B, UPSTREAM = RNG.normal(size=(4, 3, 2))


def graphs_of(answer: Any, function: Callable[..., Any], at: Any, upstream: Any = UPSTREAM) -> Graphs:
    with pytest.raises(WrongAnswer) as caught:
        expect(answer).is_gradient_of(function, at=at, upstream=upstream)
    assert isinstance(caught.value.graphs, Graphs)
    return caught.value.graphs


def marked(graph: Graph) -> list[str]:
    """The marked parts of a graph: `x → tanh missing`."""
    nodes = [f"{node.operation or node.label} {node.mark}" for node in graph.nodes if node.mark]
    return nodes + [
        f"{graph.node(edge.source).label} → {graph.node(edge.target).operation} {edge.mark}"
        for edge in graph.edges
        if edge.mark
    ]


# Functions: the answers are gradients of the operands; the rest is what the mistake makes of the engine's own pass.


def neuron(w: Any, x: Any, b: Any) -> Any:
    return tg.tanh(w * x + b)


def affine(X: Any, scale: Any, shift: Any) -> Any:
    return X * scale + shift


SLOPE = 1 - np.tanh(W * X + B) ** 2
SLOPED = UPSTREAM * SLOPE
RIGHT = UPSTREAM * B[0], (UPSTREAM * X).sum(0), UPSTREAM.sum(0)


@pytest.mark.parametrize(
    ("answer", "function", "at", "marks"),
    [
        ((SLOPE * X, SLOPE * W, SLOPE), neuron, (W, X, B), ["v₂ → tanh changed"]),
        (tuple(UPSTREAM * SLOPE * g for g in (X, W, -1)), neuron, (W, X, B), ["b → add changed"]),
        (UPSTREAM * np.tanh(X), lambda x: x * tg.tanh(x), X, ["x → tanh missing"]),
        (UPSTREAM * (3 + 1), lambda x: 3 * x, X, ["x → multiply changed"]),
        ((UPSTREAM, None), lambda x, y: x + y, (X, W), ["y → add missing"]),
        ((UPSTREAM, UPSTREAM), lambda x, b: x + b, (X, B[0]), ["b → add changed"]),
        ((SLOPED * X, SLOPED * W, UPSTREAM), neuron, (W, X, B), ["b → add changed"]),
        ((RIGHT[0], UPSTREAM.sum(0), RIGHT[2]), affine, (X, B[0], W[0]), ["scale → multiply changed"]),
        ((RIGHT[0], X.sum(0), RIGHT[2]), affine, (X, B[0], W[0]), ["scale → multiply changed"]),
        ((RIGHT[0], (UPSTREAM * B[0]).sum(0), RIGHT[2]), affine, (X, B[0], W[0]), ["scale → multiply changed"]),
        ((RIGHT[0], (UPSTREAM * X).sum(1), RIGHT[2]), affine, (X, B[0], W[0]), ["scale → multiply changed"]),
        ((RIGHT[0], RIGHT[1], np.full(2, 3.0)), affine, (X, B[0], W[0]), ["shift → add changed"]),
        (
            (-UPSTREAM * B[0], (UPSTREAM * X).sum(1), RIGHT[2]),
            affine,
            (X, B[0], W[0]),
            ["X → multiply changed", "scale → multiply changed"],
        ),
    ],
)
def test_the_wrong_arrow_is_marked_in_the_students_graph_and_in_no_other(
    answer: Any, function: Callable[..., Any], at: Any, marks: list[str]
) -> None:
    graphs = graphs_of(answer, function, at)
    assert marked(graphs.found) == marks
    assert graphs.expected is not None
    assert marked(graphs.expected) == []


def test_a_contribution_that_is_counted_twice_is_extra() -> None:
    once = np.tanh(X) + 0 * X
    graphs = graphs_of(UPSTREAM * (2 * once + X * (1 - once**2)), lambda x: x * tg.tanh(x), X)
    assert marked(graphs.found) == ["x → multiply extra"]


def test_the_students_graph_has_their_answers_and_the_other_the_right_ones() -> None:
    graphs = graphs_of((7.0, 2.0), lambda x, y: x * y, (2.0, 3.0), 1.0)
    assert [node.gradient and node.gradient.elements for node in graphs.found.nodes] == [(7.0,), (2.0,), (1.0,)]
    assert graphs.expected is not None
    assert [node.gradient and node.gradient.elements for node in graphs.expected.nodes] == [(3.0,), (2.0,), (1.0,)]


def test_an_answer_of_another_shape_is_shown_in_its_shape() -> None:
    graphs = graphs_of((UPSTREAM, UPSTREAM), lambda x, b: x + b, (X, B[0]))
    shown = [node.gradient.shape for node in graphs.found.nodes if node.label == "b" and node.gradient]
    assert shown == [(3, 2)]


@pytest.mark.parametrize("answer", [(), (1.0,), "text", (1.0, 2.0, 3.0)])
def test_where_there_is_not_an_answer_for_each_operand_there_is_no_graph(answer: Any) -> None:
    with pytest.raises(WrongAnswer) as caught:
        expect(answer).is_gradient_of(lambda x, y: x * y, at=(2.0, 3.0))
    assert caught.value.graphs is None


@settings(max_examples=15)
@given(st.sampled_from(figures.OPERATIONS), st.integers(0, 100), st.data())
def test_every_known_mistake_can_be_shown(operation: figures.Operation, seed: int, data: st.DataObject) -> None:
    at, upstream = operation.probe(seed)
    mutant = data.draw(st.sampled_from(list(mutants(operation.function, at, upstream))))
    assume(len(at) > 1 or mutant.gradients[0] is not None)
    graphs = graphs_of(tuple(mutant.gradients), operation.function, tuple(at), upstream)
    assert marked(graphs.found)
    assert len(list(pictures(graphs))) == 2
    assert sum(line.startswith("✗") for line in in_lines(graphs)) == len(marked(graphs.found))


def test_what_is_only_not_exact_is_called_so_and_has_no_graph() -> None:
    with pytest.raises(WrongAnswer) as caught:
        expect(UPSTREAM * W * (1 + 8e-6)).is_gradient_of(lambda x: x * W, at=X, upstream=UPSTREAM)
    assert caught.value.kind == "imprecise"
    assert caught.value.graphs is None


def test_answers_in_single_precision_are_right_to_that_precision() -> None:
    answers = (-UPSTREAM * W, UPSTREAM * X)
    graphs = graphs_of(tuple(g.astype(np.float32) for g in answers), lambda x, w: x * w, (X, W))
    assert marked(graphs.found) == ["x → multiply changed"]


# A class of values: the numbers of all of them are read, whatever the student calls their parts.


class Wrong:
    """An engine whose rules are right, but for those that a test changes."""

    def __init__(self, data: float, parents: Any = (), slopes: Any = ()) -> None:
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def __add__(self, other: Wrong) -> Wrong:
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Wrong) -> Wrong:
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self) -> Wrong:
        t = float(np.tanh(self.data))
        return type(self)(t, (self,), (1 - t * t,))

    def backward(self) -> None:
        order: list[Wrong] = []

        def visit(x: Wrong) -> None:
            if x not in order:
                for parent in x.parents:
                    visit(parent)
                order.append(x)

        visit(self)
        self.grad = 1.0
        for x in reversed(order):
            for parent, slope in zip(x.parents, x.slopes):
                parent.receive(x.grad * slope)

    def receive(self, contribution: float) -> None:
        self.grad += contribution


class Overwrites(Wrong):
    def receive(self, contribution: float) -> None:
        self.grad = contribution


class SteepTanh(Wrong):
    def tanh(self) -> Wrong:
        out = super().tanh()
        out.slopes = (1.7 * out.slopes[0] - 0.1,)  # no mistake that has a name
        return out


class HalfProducts(Wrong):
    def __mul__(self, other: Wrong) -> Wrong:
        out = super().__mul__(other)
        out.data /= 2
        return out


def diamond(x: Any, y: Any) -> Any:
    product = x * y
    return (product + x) * (product + y).tanh()


def found_by(Value: type[Wrong]) -> WrongAnswer:
    with pytest.raises(WrongAnswer) as caught:
        same_as_engine(Value, diamond, 0.5, -0.75)
    return caught.value


@pytest.mark.parametrize(
    ("Value", "marks", "where"),
    [
        (Overwrites, ["v₁ → add missing"], None),
        (SteepTanh, ["v₃ → tanh changed"], "Look at `tanh`."),
        (HalfProducts, ["multiply changed"], "Look at `multiply`."),
    ],
)
def test_in_a_class_of_values_the_first_wrong_step_is_found(
    Value: type[Wrong], marks: list[str], where: str | None
) -> None:
    wrong = found_by(Value)
    assert isinstance(wrong.graphs, Graphs)
    assert sorted(marked(wrong.graphs.found)) == marks
    assert where is None or wrong.where == where


def test_a_class_in_single_precision_is_not_accused_of_that() -> None:
    class Single(SteepTanh):
        def __init__(self, data: Any, parents: Any = (), slopes: Any = ()) -> None:
            super().__init__(np.float32(data), parents, slopes)  # type: ignore[arg-type]

        def receive(self, contribution: float) -> None:
            self.grad = np.float32(self.grad + contribution)  # type: ignore[assignment]

    wrong = found_by(Single)
    assert isinstance(wrong.graphs, Graphs)
    assert marked(wrong.graphs.found) == ["v₃ → tanh changed"]


def test_a_class_that_keeps_the_gradients_of_leaves_alone_is_not_accused_of_that() -> None:
    class Leaves(SteepTanh):
        def backward(self) -> None:
            super().backward()
            todo: list[Wrong] = [self]
            while todo:
                x = todo.pop()
                x.grad = None if x.parents else x.grad  # type: ignore[assignment]
                todo += x.parents

    wrong = found_by(Leaves)
    assert isinstance(wrong.graphs, Graphs)
    assert {mark.split(" ")[0] for mark in marked(wrong.graphs.found)} == {"x", "y"}


ENGINE = """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other))
    @property
    def operation(self):
        return "<script>"
    def backward(self):
        self.grad = 1.0
        x, y = self.parents
        x.grad, y.grad = y.data, -x.data
"""


@pytest.fixture(scope="module")
def result() -> Result:
    """A class of values with a wrong sign, graded in the sandbox; once openly, once hidden."""
    hw = Assignment("hw1")

    def product(student: Any, rng: np.random.Generator) -> None:
        same_as_engine(student.Value, lambda x, y: x * y, *rng.uniform(1.0, 2.0, size=2).tolist())

    def hidden(student: Any, rng: np.random.Generator) -> None:
        product(student, rng)

    hw.check(needs=["Value"])(product)
    hw.check(needs=["Value"], hidden=True)(hidden)
    with Sandbox() as sandbox:
        return grade_one(hw, Submission.from_source(ENGINE), sandbox=sandbox)


def test_from_the_sandbox_come_numbers_and_no_text(result: Result) -> None:
    graphs = result.checks[0].graphs
    assert graphs is not None
    assert marked(graphs.found) == ["y → multiply changed"]
    assert "script" not in result.json()


# How much is told.


def test_each_level_of_feedback_tells_so_much_and_no_more(result: Result) -> None:
    what, where, how = (result.told(level).checks[0].graphs for level in ("what", "where", "how"))
    assert what is None
    assert where is not None
    assert (where.expected, marked(where.found)) == (None, ["y → multiply changed"])
    assert how == result.checks[0].graphs


def test_a_hidden_check_shows_no_graph(result: Result) -> None:
    assert result.checks[1].outcome == "fail"
    assert result.checks[1].graphs is None


def test_numbers_are_cut_so_that_none_can_be_handed_in(result: Result) -> None:
    assert result.checks[0].graphs is not None
    numbers = re.findall(r"\d+\.\d{5,}", replace(result, checks=result.checks[:1]).json())
    assert not numbers


def test_a_long_chain_is_shown_around_the_mark() -> None:
    def chain(x: Any, y: Any) -> Any:
        for _ in range(200):
            x = tg.sin(x) + 1.0
        return x * y

    _, (right, _) = tg.value_and_grad(chain, argnums=(0, 1))(tg.Value(0.5), tg.Value(0.25))
    graphs = graphs_of((float(right), 3.0), chain, (0.5, 0.25), 1.0)
    assert len(graphs.found.nodes) <= MOST
    assert marked(graphs.found) == ["y → multiply changed"]
    assert any("not shown" in note for note in graphs.found.notes)


# The formats.


def with_graphs(graphs: Graphs) -> Result:
    return replace(EXAMPLE, checks=(replace(EXAMPLE.checks[1], graphs=graphs),), score=0.0)


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def hostile() -> Graphs:
    """Graphs in which every text is hostile: of a file that somebody has edited."""
    graphs = graphs_of((-UPSTREAM, UPSTREAM), lambda x, y: x + y, (X, W))

    def spoilt(graph: Graph) -> Graph:
        nodes = tuple(
            replace(
                node, label=HOSTILE, name=HOSTILE, operation=node.operation and HOSTILE, symbol=node.symbol and HOSTILE
            )
            for node in graph.nodes
        )
        return replace(graph, title=HOSTILE, of=HOSTILE, notes=(HOSTILE,), nodes=nodes)

    assert graphs.expected is not None
    return Graphs(spoilt(graphs.found), spoilt(graphs.expected))


def test_in_all_formats_labels_are_only_text() -> None:
    result = with_graphs(hostile())
    page = student_report(result)
    assert "<script" not in page
    assert {"svg", "path"} <= {tag for tag, _ in Page(page).tags}
    for text in (page, gradescope(result), junit([result])):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_the_page_lets_the_styles_of_its_pictures_in_and_nothing_else(result: Result) -> None:
    page = student_report(result)
    assert page.count("<style>") == 3
    assert len(re.findall("'sha256-", page.partition("style-src")[2].partition(";")[0])) == 3


def test_in_both_pictures_everything_is_in_the_same_place(result: Result) -> None:
    assert result.checks[0].graphs is not None
    one, other = (picture.svg for picture in pictures(result.checks[0].graphs))
    places = re.compile(r'transform="[^"]*"|viewBox="[^"]*"')
    assert places.findall(one) == places.findall(other)


def test_where_students_are_not_told_how_there_is_one_picture_and_no_right_number(result: Result) -> None:
    graphs = result.told("where").checks[0].graphs
    assert graphs is not None
    assert len(list(pictures(graphs))) == 1
    assert "right" not in "".join(in_lines(graphs))


def test_a_result_with_graphs_is_read_back_as_it_was_and_refused_if_it_is_broken(result: Result) -> None:
    assert read(result.json()) == result
    broken = result.json().replace('"source": 1', '"source": 99')
    with pytest.raises(ResultError, match="99"):
        read(broken)
