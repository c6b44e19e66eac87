"""The `.grad` that stands in a node beside its derivative: a forgotten zero_grad() can be seen, in every format."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


def loss_of(w: Any, b: Any) -> Any:
    loss = tg.sum((w * 3 + b) ** 2)
    loss.name = "loss"
    return loss


@pytest.fixture(params=["numbers", "arrays"])
def leaves(request: Any) -> tuple[Any, Any]:
    if request.param == "numbers":
        return tg.Value(2.0, "w"), tg.Value(0.5, "b")
    return tuple(tg.tensor(np.arange(1.0, 4.0), requires_grad=True, name=name) for name in "wb")  # type: ignore[return-value]


def kept(drawing: Any) -> dict[str, Any]:
    return {node.label: node.kept for node in drawing.graph.nodes if node.kept}


@pytest.mark.parametrize("mode", ["forward", "both"])
def test_what_stands_there_is_told_from_the_derivative(leaves: Any, mode: Any) -> None:
    w, b = leaves
    name = ("w", "b") if mode == "forward" else ("∂loss/∂w", "∂loss/∂b")
    found = []
    for clear in (True, True, False, True):
        drawing = tg.draw(loss_of(w, b), mode, gradients="grad")
        found.append(tuple(kept(drawing)[label] for label in name))
        if clear:
            w.zero_grad()
        b.grad = None
        loss_of(w, b).backward()
    drawing = tg.draw(loss_of(w, b), mode, gradients="grad")
    begun = "equal" if isinstance(w, tg.Value) else "none"  # the 0 that stands in a Value is what zero_grad() leaves
    assert found == [(begun, begun), ("equal", "equal"), ("equal", "equal"), ("other", "equal")]
    b.zero_grad()
    loss_of(w, b).backward()
    drawing = tg.draw(loss_of(w, b), mode, gradients="grad")
    assert kept(drawing) == {name[0]: "other", name[1]: "equal"}
    assert [note for note in drawing.graph.notes if "What stands in w.grad is not the derivative of loss" in note]
    for text in (drawing.svg(), drawing.dot(), drawing.mermaid()):
        assert text.count(".grad ") >= 2


def test_without_being_asked_no_picture_shows_it_and_none_is_changed(leaves: Any) -> None:
    w, b = leaves
    loss_of(w, b).backward()
    before = np.array(w.grad)
    drawing = tg.draw(loss_of(w, b), gradients="grad")
    assert np.array_equal(before, w.grad)
    assert ".grad =" not in tg.draw(loss_of(w, b)).dot()
    assert tg.graph.read(drawing.json()) == drawing.graph
    with pytest.raises(ValueError, match=re.escape("draw: gradients is one of True, False, 'grad', not 'yes'")):
        tg.draw(loss_of(w, b), gradients="yes")  # type: ignore[arg-type]


def test_a_result_that_keeps_its_gradient_shows_it() -> None:
    w = tg.Value(2.0, "w")
    h = w * 3
    h.name = "h"
    z = h * h
    z.backward(retain_grads=True)
    assert kept(tg.draw(z, gradients="grad"))["h"] == "equal"
