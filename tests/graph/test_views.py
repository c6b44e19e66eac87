"""Views: modules open and close, equal parts are drawn once, a neighbourhood is cut out; and the picture says so."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from benchmarks.scalar_gpt import PROGRAM
from tinygrad_edu import nn
from tinygrad_edu.graph.backward import backward_graph
from tinygrad_edu.graph.mathematics import pieces
from tinygrad_edu.graph.plain import Graph
from tinygrad_edu.graph.recorded import plain
from tinygrad_edu.graph.views.collapse import close, opened
from tinygrad_edu.graph.views.fold import fold
from tinygrad_edu.graph.views.totals import totals
from tinygrad_edu.graph.views.view import LIMIT, view

from .examples import BINARY, chain, tangle
from .networks import batch, lenet, loop, mlp, neuron, neurons, rnn, tower

NETWORKS: dict[str, Callable[[], Any]] = {
    "LeNet": lenet,
    "perceptron": mlp,
    "recurrent network": lambda: rnn(6),
    "tower": lambda: tower(5),
    "neurons": neurons,
    "loop": lambda: loop(6),
}


def labels(graph: Graph) -> list[str]:
    return [node.label for node in graph.nodes]


def check(graph: Graph) -> None:
    """Ids count from 1, arrows lead somewhere, clusters are known, and no arrow but a recurrent one closes a cycle."""
    assert [node.id for node in graph.nodes] == list(range(1, len(graph.nodes) + 1))
    known = {"", *(cluster.path for cluster in graph.clusters)}
    assert {node.cluster for node in graph.nodes} | {cluster.parent for cluster in graph.clusters} <= known
    assert {node.opens for node in graph.nodes if node.opens} <= known
    missing = Counter(edge.target for edge in graph.edges if not edge.recurrent)
    ready = [node.id for node in graph.nodes if not missing[node.id]]
    for id in ready:
        for edge in graph.edges:
            if edge.source == id and not edge.recurrent:
                missing[edge.target] -= 1
                if not missing[edge.target]:
                    ready.append(edge.target)
    assert len(ready) == len(graph.nodes)
    assert graph.outputs


# Depth.


def test_lenet_is_its_textbook_figure_at_depth_one() -> None:
    graph = tg.draw(lenet(), depth=1, fit=None).graph
    layers = [graph.cluster(node.opens).title.partition("(")[0] for node in graph.nodes if node.opens]
    assert layers == [
        "Conv2d", "Sigmoid", "AvgPool2d", "Conv2d", "Sigmoid", "AvgPool2d", "Flatten",
        "Linear", "Sigmoid", "Linear", "Sigmoid", "Linear",
    ]  # fmt: skip
    assert [node.label for node in graph.nodes if node.kind == "leaf"] == ["X"]  # the parameters are in the boxes
    shapes = [edge.value.shape for edge in graph.edges if edge.value]
    assert shapes == [
        (2, 6, 28, 28), (2, 6, 28, 28), (2, 6, 14, 14), (2, 16, 10, 10), (2, 16, 10, 10), (2, 16, 5, 5), (2, 400),
        (2, 120), (2, 120), (2, 84), (2, 84), (2, 10),
    ]  # fmt: skip
    assert [node.cluster for node in graph.nodes if node.kind == "operation"] == ["CrossEntropyLoss"] * 2


def test_lenet_opens_to_operations_at_depth_two() -> None:
    graph = tg.draw(lenet(), depth=2).graph
    assert not any(node.opens for node in graph.nodes)
    assert [node.operation for node in graph.nodes if node.cluster == "0" and node.operation] == ["convolution"]


def test_depth_zero_is_a_box_for_each_model_which_says_what_it_hides() -> None:
    drawing = tg.draw(mlp(), depth=0)
    assert labels(drawing.graph) == ["X", "Sequential", "MSELoss"]
    assert drawing.graph.notes == ("2 boxes of modules hide 11 nodes: depth=1 opens them, expand={'Sequential'} one.",)
    text = " ".join(ElementTree.fromstring(drawing.svg()).itertext())
    assert "32 parameters" in text
    assert "hide 11 nodes" in text


def test_one_box_is_spoken_of_as_one() -> None:
    notes = tg.draw(nn.Linear(3, 2)(batch(4, 3)), depth=0, gradients=False).graph.notes
    assert notes == ("1 box of a module hides 3 nodes: depth=1 opens it.",)


@pytest.mark.parametrize("engine", ["builtin", "graphviz"])
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_every_depth_is_a_picture_in_every_mode(mode: Any, depth: int, engine: Any) -> None:
    ElementTree.fromstring(tg.draw(tower(3), mode, depth=depth, engine=engine).svg())


def test_one_module_opens_with_all_around_it() -> None:
    graph = tg.draw(mlp(), depth=0, expand="2").graph
    assert labels(graph) == ["2.weight", "2.bias", "X", "0", "1", "v₃", "MSELoss"]
    assert [(c.path, c.parent) for c in graph.clusters if c.path == "2"] == [("2", "Sequential")]


def test_a_last_call_of_whose_results_one_is_not_used_folds_with_the_others() -> None:
    cell, state = nn.LSTMCell(3, 4), (tg.zeros((2, 4)), tg.zeros((2, 4)))
    for _ in range(6):
        state = cell(tg.zeros((2, 3)), state)
    graph = tg.draw(state[0].sum(), depth=0).graph
    assert [graph.cluster(node.opens).times for node in graph.nodes if node.opens] == [6]


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_the_arrow_around_a_repetition_says_what_it_carries(direction: Any) -> None:
    def carried(depth: int) -> list[str]:
        root = ElementTree.fromstring(tg.draw(rnn(5), depth=depth, direction=direction).svg())
        return [
            "".join(g.itertext()) for g in root.iter("{http://www.w3.org/2000/svg}g") if g.get("class") == "carried"
        ]

    assert carried(0) == ["(4, 8)"]
    (state,) = (node.label for node in tg.draw(rnn(5), depth=2).graph.nodes if node.operation == "tanh")
    assert carried(2) == ["".join(piece[0] for piece in pieces(state))]


def test_a_name_opens_all_scopes_of_a_module_or_function() -> None:
    assert not any(node.opens for node in tg.draw(neurons(), depth=0, expand={"neuron"}).graph.nodes)
    assert [node.opens for node in tg.draw(neurons(), depth=0, expand={"neuron#2"}).graph.nodes if node.opens] == [
        "neuron"
    ]


@pytest.mark.parametrize("depth", [0, "auto", "all"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [("sequental", "did you mean 'Sequential'?"), ("q", "there are 'Sequential', '0', '1', '2', 'MSELoss'")],
)
def test_an_unknown_module_is_refused_with_those_of_similar_names(name: str, hint: str, depth: Any) -> None:
    message = f"draw: expand={name!r}: no part of the graph has this name; {hint}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tg.draw(mlp(), depth=depth, expand=name)


def test_a_graph_without_modules_says_so_when_one_is_to_open() -> None:
    with pytest.raises(ValueError, match=r"^draw: expand='a': no module and no function marked with tg\.block made"):
        tg.draw(chain(3), expand="a")


@pytest.mark.parametrize("expand", [3, [0]])
def test_what_is_no_path_of_a_module_does_not_open(expand: Any) -> None:
    with pytest.raises(ValueError, match=r"^draw: expand is the path of a module, or a set of such paths, not"):
        tg.draw(mlp(), depth=0, expand=expand)


@pytest.mark.parametrize("depth", [-1, "deep", None, 1.5])
def test_an_unknown_depth_is_refused(depth: Any) -> None:
    with pytest.raises(ValueError, match=r"^draw: depth is one of 'auto', 'all', a number from 0 on, not "):
        tg.draw(mlp(), depth=depth)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("graph_of", [plain, backward_graph])
def test_a_view_of_any_depth_is_a_graph(name: str, graph_of: Any) -> None:
    graph = graph_of(NETWORKS[name]())
    for depth in (0, 1, 2, 3, "all", "auto"):
        check(view(graph, depth))
    check(fold(graph))


@st.composite
def nested_calls(draw: st.DrawFn) -> Any:
    """The result of random calls of marked functions in each other, and of operations between them."""
    made: list[Any] = [tg.Value(0.5, name="x"), tg.Value(0.25, name="y")]

    def pick() -> Any:
        return made[draw(st.integers(0, len(made) - 1))]

    @tg.block
    def part(level: int) -> Any:
        for _ in range(draw(st.integers(1, 3))):
            if level < 3 and draw(st.booleans()):
                part(level + 1)
            else:
                made.append(draw(st.sampled_from(BINARY))(pick(), pick()))
        return made[-1], pick()

    for _ in range(draw(st.integers(1, 3))):
        part(0)
        made.append(draw(st.sampled_from(BINARY))(pick(), pick()))
    return made[-1] * 2.0


@settings(deadline=None, max_examples=40)
@given(nested_calls(), st.sampled_from([plain, backward_graph]), st.data())
def test_whatever_is_closed_no_box_is_before_and_after_another(z: Any, graph_of: Any, data: st.DataObject) -> None:
    graph = graph_of(z)
    paths = [cluster.path for cluster in graph.clusters]
    check(close(graph, data.draw(st.sets(st.sampled_from(paths))) if paths else ()))
    check(fold(close(graph, opened(graph.clusters, 1))))


def test_totals_count_the_calls_that_are_closed() -> None:
    """The operations between the calls are the smaller part of such a graph."""

    @tg.block
    def twice(x: Any) -> Any:
        return x + x * 0.5

    y = tg.Value(1.0, name="x")
    for i in range(LIMIT + 10):
        y = twice(y) + tg.Value(float(i))  # each with a leaf of its own
        y = tg.tanh(y)
    shown = totals(close(plain(y), ()))
    (calls,) = (node for node in shown.nodes if node.label.endswith("operations and calls"))
    assert ("twice", LIMIT + 10) in calls.contents


# Folding.


def test_a_recurrent_network_of_28_steps_folds_to_one_cell_28_times() -> None:
    graph = tg.draw(rnn(28)).graph
    assert graph.cluster("Cell").times == 28
    assert len([node for node in graph.nodes if node.operation == "tanh"]) == 1
    (carried,) = [edge for edge in graph.edges if edge.recurrent]
    assert graph.node(carried.source).operation == "tanh"
    assert graph.node(carried.target).cluster == "hidden"
    assert [edge.times for edge in graph.edges if edge.times > 1] == [28]  # the data of each step
    assert "× 28: equal parts in a row are drawn once" in " ".join(graph.notes)


def test_closed_it_is_one_box_with_an_arrow_to_itself() -> None:
    graph = tg.draw(rnn(28), depth=0).graph
    (box,) = [node for node in graph.nodes if node.opens == "Cell"]
    assert [(edge.source, edge.target) for edge in graph.edges if edge.recurrent] == [(box.id, box.id)]
    assert "× 28" in " ".join(ElementTree.fromstring(tg.draw(rnn(28), depth=0).svg()).itertext())


def test_a_loop_without_modules_folds_too_and_its_weights_stay_outside() -> None:
    graph = tg.draw(loop(28)).graph
    (repetition,) = graph.clusters
    assert (repetition.kind, repetition.times, repetition.nodes) == ("repetition", 28, 5)
    where = {node.label: node.cluster for node in graph.nodes if node.kind == "leaf"}
    assert where == {"W": "", "U": "", "b": "", "h0": "", "x27": ""}


def test_equal_blocks_of_a_tower_fold() -> None:
    graph = tg.draw(tower(40), fit=None).graph
    assert [(c.path, c.times) for c in graph.clusters if c.times > 1] == [("1…40", 40)]
    assert len(graph.nodes) < 30


def test_few_steps_are_drawn_one_by_one() -> None:
    assert not any(edge.recurrent for edge in tg.draw(rnn(3), depth=1).graph.edges)


def test_parts_that_are_wired_differently_do_not_fold() -> None:
    x = y = tg.Value(2.0, name="x")
    for i in range(8):
        y = y * x if i % 3 else y * y
    assert len(fold(plain(y)).nodes) == len(plain(y).nodes)


def test_what_differs_among_equal_parts_is_an_ellipsis() -> None:
    y: Any = tg.Value(2.0, name="x")
    for i in range(20):
        y = (y * (i + 1.0)).tanh()
    assert labels(fold(plain(y)))[:2] == ["x", "…"]
    vector = tg.tensor([[1.0] * 30], requires_grad=True)
    total: Any = tg.tensor([0.0])
    for i in range(30):
        total = total + vector[:, i]
    (getitem,) = [node for node in fold(plain(total)).nodes if node.operation == "getitem"]
    assert getitem.attrs == (("index", "…"),)


def test_many_results_of_a_folded_part_that_meet_are_one_arrow() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True, name="x")
    graph = fold(plain(tg.concatenate([x * 2.0 + 1.0 for _ in range(20)])))
    (arrow,) = [edge for edge in graph.edges if graph.node(edge.target).operation == "concatenate"]
    assert arrow.times == 20


@settings(deadline=None)
@given(st.integers(4, 30), st.integers(1, 4), st.integers(0, 3))
def test_any_loop_folds_to_its_body(times: int, body: int, before: int) -> None:
    y: Any = tg.Value(0.5, name="x")
    for _ in range(before):
        y = y.exp()
    for _ in range(times):
        for step in range(body):
            y = [lambda a: a.tanh(), lambda a: a + 1.0, lambda a: a * 2.0, lambda a: -a][step](y)
    graph = fold(plain(y))
    if body * (times - 1) < 12:
        assert graph == plain(y)
    else:
        assert len([node for node in graph.nodes if node.operation]) == before + body
        assert [cluster.times for cluster in graph.clusters] == [times]
        assert len([edge for edge in graph.edges if edge.recurrent]) == 1
    check(graph)


# Size.


@pytest.mark.parametrize("make", [lambda: rnn(60), lambda: tower(60), lambda: chain(2_000), lambda: tangle(500)])
@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_a_picture_is_readable_whatever_the_size_of_the_graph(make: Any, mode: Any) -> None:
    graph = tg.draw(make(), mode).graph
    assert len(graph.nodes) <= LIMIT
    assert graph.notes


def test_all_is_all() -> None:
    assert len(tg.draw(chain(200), depth="all").graph.nodes) == 401


def test_many_neurons_in_a_marked_function_close_before_anything_is_left_out() -> None:
    @tg.block
    def layer(xs: list[Any], salt: float) -> list[Any]:
        return [neuron(x, y, salt + i) for i, (x, y) in enumerate(zip(xs, xs[1:] + xs[:1]))]

    xs: list[Any] = [tg.Value(0.1 * i, name=f"x{i}") for i in range(12)]
    for salt in range(4):
        xs = layer(xs, 0.5 * salt + 0.25)
    graph = tg.draw(sum(xs[1:], xs[0])).graph
    assert len(graph.nodes) <= LIMIT
    assert graph.clusters
    assert not any(node.kind == "group" for node in graph.nodes)


# Focus.


def test_a_focus_shows_what_is_near_and_says_how_much_is_not() -> None:
    x = tg.Value(0.5, name="x")
    steps = [x]
    for _ in range(9):
        steps.append(steps[-1].tanh())
    graph = tg.draw(steps[-1], focus=steps[5], hops=2, fit=None).graph
    assert labels(graph) == ["v₃", "v₄", "v₅", "v₆", "v₇"]
    assert graph.notes == ("2 arrows around v₅: 5 nodes further away not shown; hops=3 shows more.",)
    backward = tg.draw(steps[-1], "backward", focus=steps[5], hops=1).graph
    assert "∂v₉/∂v₅" in labels(backward)


def test_a_focus_that_is_not_in_the_graph_is_refused() -> None:
    x, other = tg.Value(0.5, name="x"), tg.Value(1.0, name="other")
    with pytest.raises(tg.GraphError, match=r"^draw: the focus, 'other', has no part in the result of tanh$"):
        tg.draw(x.tanh(), focus=other)
    for hops, said in ((-1, "-1"), ("2", "'2'")):
        with pytest.raises(
            ValueError, match=f"^draw: hops is the number of arrows around the focus to show, not {said}$"
        ):
            tg.draw(x.tanh(), focus=x, hops=cast(int, hops))


def test_arrays_of_other_shapes_do_not_disturb_a_focus() -> None:
    loss = mlp()
    assert tg.draw(loss, focus=loss.inputs[0], hops=1).graph.notes


@pytest.mark.parametrize("depth", ["auto", 0, 1])
def test_a_graph_too_large_for_a_plain_one_still_closes_and_folds(depth: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would if it were small, but for the gradients, and for what lies deeper in modules that had to close."""
    small = tg.draw(rnn(100), depth=depth, gradients=False)
    monkeypatch.setattr(import_module("tinygrad_edu.graph.draw"), "HUGE", 300)
    large = tg.draw(rnn(100), depth=depth)
    assert large.graph.notes[0].startswith("The graph is too large to show gradients, and what is inside its modules")
    check(large.graph)
    if depth == 0:
        assert large.graph.nodes == small.graph.nodes
        assert large.graph.edges == small.graph.edges
    else:
        assert large.graph.cluster("Cell").times == 100


@pytest.mark.parametrize("many", [2, 12])
def test_a_graph_too_large_for_a_plain_one_has_the_totals_and_the_names_of_one(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, xs = tg.Value(0.0), [tg.Value(float(i)) for i in range(many)]
    for i in range(100):
        loss = loss + xs[i % many] * xs[i % many]
    names = {"loss": loss, **{f"w{i}": x for i, x in enumerate(xs)}}
    whole = totals(tg.draw(loss, names=names, depth="all").graph)
    monkeypatch.setattr(import_module("tinygrad_edu.graph.draw"), "HUGE", 150)
    monkeypatch.setattr(import_module("tinygrad_edu.graph.draw"), "written_out", None)  # minutes for a million nodes
    assert tg.draw(loss, names=names).graph.nodes == whole.nodes
    backward = tg.draw(loss, "backward", names=names).graph
    assert backward.of == "loss"
    assert backward.nodes[-1].label == ("∂loss/∂w1" if many == 2 else "13 outputs")


def test_what_boxes_hide_counts_every_time_they_stand_for() -> None:
    notes = tg.draw(rnn(28), depth=1, gradients=False).graph.notes
    assert notes[0].startswith("2 boxes of modules hide 56 nodes")


def test_a_whole_gpt_of_single_numbers_fits_on_a_page() -> None:
    """Its 4,192 weights go into the boxes that use them, and the many arrows between two boxes are one."""
    names: dict[str, Any] = {"__name__": "scalar_gpt"}
    exec(compile(PROGRAM.read_text("utf-8"), str(PROGRAM), "exec"), names)
    loss = names["loss_of"]("ab", names["new_weights"](random.Random(0)))
    shown = tg.draw(loss).graph
    assert len(shown.nodes) <= 150
    assert len(shown.edges) <= 200
    boxes = {node.label.partition("#")[0] for node in shown.nodes if node.kind == "module"}
    assert boxes == {"add", "norm", "attention", "perceptron", "linear", "softmax"}
    assert any("leaves that only boxes use are not shown" in note for note in shown.notes)


@pytest.mark.parametrize("steps", [4, 12])
def test_what_a_loop_begins_with_is_not_drawn_in_each_round(steps: int) -> None:
    """The method of Runge and Kutta uses y five times in a step; k is used in each step, y₀ in the first alone."""
    k, y = tg.Value(0.8, "k"), tg.Value(1.0, "y_0")
    for _ in range(steps):
        a = -k * y
        b = -k * (y + 0.125 * a)
        c = -k * (y + 0.125 * b)
        d = -k * (y + 0.25 * c)
        y = y + 0.25 / 6 * (a + 2 * b + 2 * c + d)
    loss = (y - 0.4) ** 2
    graph = tg.draw(loss, fit="page").graph
    assert [cluster.times for cluster in graph.clusters] == [steps]
    assert not [node for node in graph.nodes if node.label == "y_0" and node.cluster]
    assert any("last" in note for note in graph.notes)
