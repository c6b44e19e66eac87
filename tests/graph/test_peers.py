"""What drawing tools of other engines get wrong, and this one does not."""

from __future__ import annotations

from typing import Any

import pytest

import tinygrad_edu as tg

from .examples import chain, square, worked_example
from .golden import FORMATS


@pytest.mark.parametrize("extension", FORMATS)
def test_x_times_x_has_two_arrows_in_every_format(extension: str) -> None:
    text = FORMATS[extension](tg.draw(square(), engine="builtin"))
    arrow = {"svg": 'class="head"', "dot": "n1 -> n2", "mmd": "n1 --> n2", "json": '"slot"'}[extension]
    assert text.count(arrow) == 2


def test_a_graph_is_drawn_after_backward_as_before_it() -> None:
    *_, z = worked_example()
    before = tg.draw(z).svg()
    z.backward()
    assert tg.draw(z).svg() == before
    tg.draw(z, "backward").svg()
    assert [x.grad for x in worked_example()[:3]] == [0.0] * 3


def test_no_gradient_is_told_apart_from_a_gradient_of_0() -> None:
    x, dead = tg.Value(2.0, name="x"), tg.Value(3.0, name="dead")
    z = x * 5.0 + dead * 0.0
    unused = tg.draw(z, gradients=False)
    assert all(node.gradient is None for node in unused.graph.nodes)
    assert "∂" not in unused.dot()
    gradients = {node.label: node.gradient.text() for node in tg.draw(z).graph.nodes if node.gradient is not None}
    assert (gradients["x"], gradients["dead"]) == ("5", "0")


def test_a_quote_in_a_name_breaks_nothing() -> None:
    x = tg.Value(2.0, name='a"b')
    for write in FORMATS.values():
        assert write(tg.draw(x * x, engine="builtin"))


def test_a_thousand_operations_are_drawn_written_and_read_without_recursion() -> None:
    drawing = tg.draw(chain(1_000), depth="all", engine="builtin")
    assert len(drawing.graph.nodes) > 1_000
    for write in FORMATS.values():
        assert write(drawing)
    assert tg.graph.read(drawing.json()) == drawing.graph


def test_no_name_depends_on_where_an_object_lies_in_memory() -> None:
    first, keep = tg.draw(square()).svg(), [object() for _ in range(1_000)]
    assert tg.draw(square()).svg() == first
    del keep


def test_a_subtraction_is_one_node_with_numbered_operands() -> None:
    a, b = tg.Value(5.0, name="a"), tg.Value(2.0, name="b")
    graph = tg.draw(a - b).graph
    assert [node.operation for node in graph.nodes] == [None, None, "subtract"]
    assert graph.nodes[-1].ordered


@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
def test_doublings_are_drawn_in_no_exponential_time(mode: Any) -> None:
    x = y = tg.Value(1.0, name="x")
    for _ in range(40):
        y = y + y
    assert len(tg.draw(y, mode, engine="builtin").graph.nodes) <= 130
    assert x.grad == 0.0
