"""Clusters: which call made which node, and their frames."""

from __future__ import annotations

from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.graph.backward import backward_graph
from tinygrad_edu.graph.picture.open_clusters import titles_of
from tinygrad_edu.graph.picture.shapes import crossings
from tinygrad_edu.graph.plain import Graph
from tinygrad_edu.graph.recorded import plain

from .networks import batch, lenet, mlp, neurons, rnn


def paths(graph: Graph) -> dict[str, str]:
    """The cluster of each node, by its label."""
    return {node.label: node.cluster for node in graph.nodes if node.kind != "constant"}


def test_layers_have_their_qualified_names_and_parameters_lie_in_them() -> None:
    where = paths(plain(mlp()))
    assert where["X"] == ""
    assert where["0.weight"] == where["0.bias"] == where["v₁"] == "0"
    assert where["v₂"] == "1"


def test_a_cluster_says_what_it_is_how_much_is_in_it_and_what_is_around_it() -> None:
    records = {cluster.path: cluster for cluster in plain(lenet()).clusters}
    assert list(records)[:3] == ["Sequential", "0", "1"]
    conv = records["0"]
    assert (conv.parent, conv.kind, conv.parameters, conv.nodes) == ("Sequential", "module", 156, 3)
    assert conv.title.startswith("Conv2d(1, 6, ")
    assert records["Sequential"].parameters == 61_706


def test_a_function_called_again_has_a_number() -> None:
    graph = plain(neurons())
    assert [(c.path, c.kind, c.title) for c in graph.clusters] == [
        ("neuron", "function", "neuron"),
        ("neuron#2", "function", "neuron"),
    ]
    assert {label: path for label, path in paths(graph).items() if label in "wxb"} == {"w": "", "x": "", "b": ""}


def test_what_a_module_owns_is_named_by_it_and_counted_at_every_call() -> None:
    graph = plain(rnn(3))
    assert [c.path for c in graph.clusters if c.title == "Cell"] == ["Cell", "Cell#2", "Cell#3"]
    assert {c.parameters for c in graph.clusters if c.title == "Cell"} == {3 * 8 + 8 + 8 * 8 + 8}
    assert [n.label for n in graph.nodes if n.owned][:4] == [
        "input.weight", "input.bias", "hidden.weight", "hidden.bias",
    ]  # fmt: skip


def test_a_tied_parameter_lies_in_the_cluster_around_all_its_uses_and_counts_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            self.a = nn.Linear(3, 3, bias=False)
            self.b = nn.Linear(3, 3, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x: Any) -> Any:
            return self.b(self.a(x))

    graph = plain(Tied()(batch(2, 3)))
    assert paths(graph)["a.weight"] == "Tied"
    assert [c.parameters for c in graph.clusters] == [9, 9, 9]


def test_two_models_whose_layers_have_the_same_names_are_told_apart() -> None:
    x = batch(2, 3)
    first, second = nn.Sequential(nn.Linear(3, 4)), nn.Sequential(nn.Linear(4, 2))
    graph = plain(second(first(x)))
    assert [c.path for c in graph.clusters] == ["Sequential", "Sequential.0", "Sequential_2", "Sequential_2.0"]
    assert [c.inside for c in graph.clusters] == ["Sequential", "0", "Sequential_2", "0"]


def test_every_call_of_a_network_is_named_in_the_same_way() -> None:
    G, D = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    loss = (D(G(batch(2, 2))) - D(batch(2, 3))).mean()
    drawing = tg.draw(loss, depth=1, names={"G": G, "D": D}, fit=None)
    paths = [c.path for c in drawing.graph.clusters]
    assert paths == ["G", "G.0", "G.1", "D", "D.0", "D.1", "D.2", "D#2", "D.0#2", "D.1#2", "D.2#2"]
    assert [c.inside for c in drawing.graph.clusters] == [*"G01D012", "D#2", *"012"]
    assert tg.draw(loss, depth=1, expand={"D.0"}, names={"G": G, "D": D}).graph.clusters


def test_a_gradient_lies_in_the_cluster_of_what_it_is_the_gradient_of() -> None:
    where = paths(backward_graph(mlp()))
    assert where["∂v₆/∂0.weight"] == where["∂v₆/∂v₁"] == "0"
    assert where["∂v₆/∂v₃"] == "2"


def test_clusters_are_the_same_in_every_run() -> None:
    assert plain(lenet()).clusters == plain(lenet()).clusters


def test_the_graph_of_a_gradient_has_no_cluster_for_the_differentiation() -> None:
    x = tg.Value(2.0, name="x")
    (slope,) = tg.gradients(x * x * x, [x], create_graph=True)
    assert plain(slope).clusters == ()


def test_a_parameter_that_learnt_its_shape_in_the_first_of_many_calls_lies_around_them_all() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(None, 3)

        def forward(self, x: Any) -> Any:
            return self.layer(self.layer(x))

    assert paths(plain(Twice()(batch(2, 3))))["layer.weight"] == "Twice"


def test_a_setting_that_a_module_has_by_default_is_not_said() -> None:
    x = batch(2, 3, 9, 8)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 2, stride=(1, 1), padding=1), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(64, 2)
    )
    titles = [cluster.title for cluster in plain(model(x)).clusters]
    assert titles == [
        "Sequential",
        "Conv2d(3, 4, kernel_size=(2, 2), padding=(1, 1))",
        "MaxPool2d(kernel_size=3, stride=2)",
        "Flatten",
        "Linear(in_features=64, out_features=2)",
    ]


@pytest.mark.parametrize("style", ["full", "shapes", "names"])
@pytest.mark.parametrize("engine", ["builtin", "auto"])
def test_no_title_of_a_frame_lies_on_an_arrow(engine: Any, style: Any) -> None:
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.GRUCell(3, 3))
    drawing = tg.draw(model(tg.randn(1, 3)).sum(), depth="all", direction="TB", style=style, fit=None, engine=engine)
    titles = list(titles_of(drawing.graph, drawing.layout))
    assert len(titles) == 3
    for words, x, y in titles:
        end = x + sum(text.width for text in words)
        passing = crossings(drawing.layout.routes, y - 6, y + 6)
        assert not [low for low, high in passing if low < end and x < high], "".join(text.text for text in words)
