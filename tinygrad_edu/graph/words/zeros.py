"""Why a gradient is 0: the uses that let nothing through, and the reason for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ...engine.gradients import Contribution, contributions
from ...engine.graphs import reachable
from ...engine.node import Node, number_of
from ..plain import Quantity
from ..recorded import one_like

__all__ = ["why_zero"]


def why_zero(output: Node, by: Node, gradient: Any, names: Mapping[Node, str]) -> list[str]:
    """A line for each use on the way that lets nothing of the gradient through; none where the gradient is not 0.

    Where only some elements of the gradient are 0, a line for each use that does not let all elements through.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(-2.0, "x")
    >>> y = tg.relu(x) * 3
    >>> why_zero(y, x, 0.0, {x: "x", y.inputs[0]: "h", y: "y"})
    ['h: relu lets nothing through where its operand is not positive, and x is −2']
    """
    if gradient is None or np.all(np.asarray(gradient)):
        return []
    between = reachable(output, [by])
    walked = [step for step in contributions(output, one_like(output)) if step.input in between and _any(step.upstream)]
    if _any(gradient):
        return [say("{name}: {reason}", name=names[step.node], reason=_loss(step)) for step in walked if _lost(step)]
    lines = [
        say("{name}: {reason}", name=names[step.node], reason=_reason(step, names))
        for step in walked
        if not _any(step.contribution)
    ]
    return lines or [say("The contributions of the paths cancel each other: their sum is 0.")]


SATURATED = texts("{operation} is saturated: so far out it does not change with its operand")
OTHER_OPERAND = texts("{operation} took the other operand")
OTHER_ELEMENTS = texts("{operation} took other elements")
HERE = texts("the local derivative of {operation} is 0 here")
FLAT = texts("the local derivative of {operation} is 0")

REASONS = texts(
    {
        "relu": "relu lets nothing through where its operand is not positive",
        "sigmoid": SATURATED,
        "tanh": SATURATED,
        "erf": SATURATED,
        "clip": "clip lets nothing through outside its borders",
        "where": "where took the other branch",
        "maximum": OTHER_OPERAND,
        "minimum": OTHER_OPERAND,
        "max": OTHER_ELEMENTS,
        "min": OTHER_ELEMENTS,
        "getitem": "the index takes other elements",
        "sign": "sign is flat: a small change of its operand changes nothing",
    }
)
"""Why an operation lets nothing through."""
LOSSES = REASONS | texts({"multiply": "{operation} passes on the other factor, which is 0"})
"""Why it does not let all through."""


def _reason(step: Contribution, names: Mapping[Node, str]) -> str:
    primitive = step.node.primitive
    assert primitive is not None
    value = Quantity.of(step.input).in_short()
    others = [x for slot, x in enumerate(step.node.inputs) if slot != step.slot]
    zeros = [x for x in others if not _any(number_of(x))]
    if primitive.name in ("multiply", "matmul", "dot", "divide") and zeros:
        factor = (names.get(zeros[0]) if isinstance(zeros[0], Node) else None) or say("a constant")
        return say("{operation} passes on the other factor, and {factor} is 0", operation=primitive.name, factor=factor)
    if primitive.name in ("multiply", "power", "square") and not _any(number_of(step.input)):
        return say("{operation} has derivative 0 here: {x} is 0", operation=primitive.name, x=names[step.input])
    about = say(REASONS.get(primitive.name, HERE), operation=primitive.name)
    return say("{reason}, and {x} is {value}", reason=about, x=names[step.input], value=value)


def _lost(step: Contribution) -> int:
    """How many elements of the upstream gradient do not get through; 0 where elements have no counterparts."""
    primitive = step.node.primitive
    if primitive is None or not (primitive.elementwise or primitive.name in REASONS):
        return 0
    upstream, contribution = np.asarray(step.upstream), np.asarray(step.contribution)
    return int(np.sum((upstream != 0) & (contribution == 0))) if upstream.shape == contribution.shape else 0


def _loss(step: Contribution) -> str:
    """`relu lets nothing through where its operand is not positive: 2 of 3 elements`"""
    name = step.node.primitive.name if step.node.primitive else ""
    about = say(LOSSES.get(name, FLAT), operation=name)
    return say("{reason}: {lost} of {size} elements", reason=about, lost=_lost(step), size=np.size(step.upstream))


def _any(x: Any) -> bool:
    """Whether any element of a number or an array is not 0."""
    return bool(np.any(np.asarray(number_of(x))))
