"""The architecture of a model: its layers, the shapes between them, and no numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models, nn
from tinygrad_edu.engine import random


class Residual(nn.Module):
    """A skip around a convolution, with functions between the layers and two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(None, 4))

    def forward(self, image: Any, skip: Any) -> Any:
        return self.head(tg.relu(self.norm(self.conv(image)) + skip))


def layers(graph: Any) -> list[str]:
    return [node.opens or node.operation or node.label for node in graph.nodes]


def test_boxes_are_layers_and_arrows_have_shapes() -> None:
    graph = tg.draw(Residual(), [(2, 3, 8, 8), (2, 3, 8, 8)]).graph
    assert layers(graph) == ["image", "skip", "conv", "norm", "add", "relu", "head.0", "head.1"]
    carried = {layers(graph)[edge.source - 1]: edge.value.shape for edge in graph.edges if edge.value}
    assert carried == dict.fromkeys(("conv", "norm", "add", "relu"), (2, 3, 8, 8)) | {"head.0": (2, 192)}
    assert graph.title == "The architecture of Residual"


@pytest.mark.parametrize("name", ["svg", "html", "dot", "mermaid", "tikz", "json"])
def test_no_format_has_a_number_of_the_model(name: str) -> None:
    drawing = tg.draw(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (5, 3))
    text = getattr(drawing, name)()
    assert ("ReLU" in text) == ("Linear" in text) is True
    assert "float32" not in text
    assert "…" not in text
    assert tg.graph.read(drawing.json()) == drawing.graph


def test_the_model_and_the_random_numbers_stay_as_they_were() -> None:
    model = nn.Sequential(nn.BatchNorm1d(None), nn.Dropout(0.5), nn.Linear(None, 2))
    state = random.get_state()
    drawing = tg.draw(model, (4, 3))
    assert random.get_state() == state
    assert model.training
    assert "uninitialised" in repr(nn.summary(model))
    assert drawing.graph.cluster("2").title == "Linear(in_features=3, out_features=2)"


def test_it_runs_from_top_to_bottom_and_fits() -> None:
    drawing = tg.draw(models.lenet(), (1, 1, 28, 28))
    assert drawing.flow == "TB"
    assert len(layers(drawing.graph)) == 13
    assert not drawing.graph.notes
    assert tg.draw(models.lenet(), (1, 1, 28, 28), direction="LR").flow == "LR"
    closed = tg.draw(models.resnet_small(), (1, 1, 28, 28))
    assert any("depth=2 opens them" in note for note in closed.graph.notes)
    assert closed.layout.height < 1600


def test_an_example_stands_for_a_shape() -> None:
    model = models.gpt(vocabulary=20, layers=1, channels=8, heads=2)
    assert tg.draw(model, np.zeros((1, 8), int)).graph.nodes[-1].value.shape == (1, 8, 20)  # type: ignore[union-attr]


@pytest.mark.parametrize("given", ["forward", None])
def test_a_model_without_a_shape_is_told_so(given: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"the second argument is the shape of its input, such as \(1, 1, 28, 28\)"):
        tg.draw(nn.Linear(3, 2), given)


def test_a_model_without_a_result_is_told_so() -> None:
    class Nothing(nn.Module):
        def forward(self, x: Any) -> None: ...

    with pytest.raises(tg.GraphError, match="Nothing gives no Tensor"):
        tg.draw(Nothing(), (1, 2))
