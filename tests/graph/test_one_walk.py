"""The gradients of a picture, a script or an explanation are computed once: a rule that counts its calls tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives.primitive import TABLE, Primitive


def counted() -> tuple[Any, list[Any]]:
    """A product of two numbers, and the upstream gradients with which the rule of its first operand is called."""
    called: list[Any] = []

    def rule(g: Any, out: Any, x: Any, y: Any) -> Any:
        called.append(g)
        return g * y

    product: Any = lambda x, y: x * y
    rules = [rule, lambda g, out, x, y: g * x]
    row = Primitive("counted product", product, rules, floats=product, elementwise=True)
    del TABLE["counted product"]
    z = row(tg.Value(2.0, name="x"), tg.Value(3.0, name="y")) * 5.0
    called.clear()
    return z, called


WALK, LOCAL, LETTERS, PULLED = "the walk", "the local derivative", "the rule in letters", "what comes back, unsummed"
MADE: dict[str, tuple[Callable[[Any], object], list[str]]] = {
    "forward": (tg.draw, [WALK, LOCAL]),
    "forward, without gradients": (lambda z: tg.draw(z, gradients=False), []),
    "backward": (lambda z: tg.draw(z, "backward"), [WALK, LOCAL]),
    "both": (lambda z: tg.draw(z, "both"), [WALK, LOCAL, LETTERS]),
    "script": (tg.steps, [WALK, LOCAL, LETTERS, PULLED]),
    "script with the step of an optimiser": (
        lambda z: tg.steps(z, tg.optim.SGD(list(z.inputs[0].inputs))),
        [WALK, LOCAL, LETTERS, PULLED],
    ),
}
"""What is made of a node, and each reason to run a rule for it."""


@pytest.mark.parametrize("name", MADE)
def test_a_rule_runs_once_for_each_reason(name: str) -> None:
    z, called = counted()
    make, reasons = MADE[name]
    make(z)
    assert len(called) == len(reasons)


def test_showing_a_picture_in_every_format_computes_no_gradient_anew() -> None:
    z, called = counted()
    drawing = tg.draw(z, "both")
    called.clear()
    for write in (drawing.svg, drawing.html, drawing.dot, drawing.mermaid, drawing.json):
        write()
    assert called == []


def test_an_explanation_walks_once_for_the_gradient() -> None:
    z, called = counted()
    explanation = tg.explain(z, z.inputs[0].inputs[0])
    explanation.markdown()
    upstream = [g for g in called if isinstance(g, float) and g != 1.0]
    assert upstream == [5.0]
    called.clear()
    assert explanation.gradient == 15.0
    assert str(explanation)
    assert called == []
