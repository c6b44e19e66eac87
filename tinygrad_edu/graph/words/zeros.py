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
        reasons = [(step, _loss(step, names)) for step in walked if _lost(step)]
    else:
        reasons = [(step, _reason(step, names)) for step in walked if not _any(step.contribution)]
    lines = dict.fromkeys(say("{name}: {reason}", name=names[step.node], reason=reason) for step, reason in reasons)
    if lines or _any(gradient):
        return [*lines]
    return [say("The contributions of the paths cancel each other: their sum is 0.")]


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


def _reason(step: Contribution, names: Mapping[Node, str]) -> str:
    primitive = step.node.primitive
    assert primitive is not None
    zeros = [x for x in _others(step) if not _any(number_of(x))]
    if primitive.name in ("multiply", "matmul", "dot", "divide") and zeros:
        return _other_factor(primitive.name, zeros[0], names)
    if primitive.name in ("multiply", "power", "square") and not _any(number_of(step.input)):
        return say("{operation} has derivative 0 here: {x} is 0", operation=primitive.name, x=names[step.input])
    about = say(REASONS.get(primitive.name, HERE), operation=primitive.name)
    value = Quantity.of(step.input).in_short()
    return say("{reason}, and {x} is {value}", reason=about, x=names[step.input], value=value)


def _others(step: Contribution) -> list[Any]:
    """The operands besides the one that receives."""
    return [x for slot, x in enumerate(step.node.inputs) if slot != step.slot]


def _other_factor(operation: str, x: Any, names: Mapping[Node, str]) -> str:
    factor = names[x] if isinstance(x, Node) else say("a constant")
    return say("{operation} passes on the other factor, and {factor} is 0", operation=operation, factor=factor)


def _lost(step: Contribution) -> int:
    """How many elements of the upstream gradient do not get through; 0 where elements have no counterparts."""
    primitive = step.node.primitive
    if primitive is None or not (primitive.elementwise or primitive.name in REASONS):
        return 0
    upstream, contribution = np.asarray(step.upstream), np.asarray(step.contribution)
    return int(np.sum((upstream != 0) & (contribution == 0))) if upstream.shape == contribution.shape else 0


def _loss(step: Contribution, names: Mapping[Node, str]) -> str:
    """`relu lets nothing through where its operand is not positive: 2 of 3 elements`"""
    name = step.node.primitive.name if step.node.primitive else ""
    about = say(REASONS.get(name, FLAT), operation=name)
    if name == "multiply":
        about = _other_factor(name, _others(step)[0], names)
    return say("{reason}: {lost} of {size} elements", reason=about, lost=_lost(step), size=np.size(step.upstream))


def _any(x: Any) -> bool:
    """Whether any element of a number or an array is not 0."""
    return bool(np.any(np.asarray(number_of(x))))
