"""A graph can be drawn when training has gone on: what is known still is shown, what is not is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import nn, optim


def trained_a_step() -> tg.Tensor:
    """A loss whose large numbers the backward pass has released, and whose parameters have changed since."""
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 300), nn.Tanh(), nn.Linear(300, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loss: tg.Tensor = nn.MSELoss()(model(tg.ones((70, 3))), np.ones((70, 1)))
    loss.backward()
    optimizer.step()
    return loss


def test_released_numbers_are_shown_by_their_shape() -> None:
    graph = tg.draw(trained_a_step(), depth="all").graph
    found = {node.operation: node.value.text() for node in graph.nodes if node.value is not None}
    assert found["tanh"] == "(70, 300) float32, not kept"
    assert found["mean"].startswith(("0.", "1."))
    assert any(note.startswith("no gradients: ") and "changed in place" in note for note in graph.notes)


def test_every_format_takes_it(tmp_path: Path) -> None:
    drawing = tg.draw(trained_a_step(), depth=1)
    for ending in ("svg", "html", "dot", "mmd", "json"):
        assert drawing.save(tmp_path / f"after.{ending}").stat().st_size > 100
