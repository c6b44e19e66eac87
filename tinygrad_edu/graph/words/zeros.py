"""Why a gradient is 0: the uses that let nothing through, and the reason for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine.gradients import Contribution, contributions
from ...engine.graphs import reachable
from ...engine.node import Node, number_of
from ..plain import Quantity, one_like

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
        return [f"{names[step.node]}: {_loss(step)}" for step in walked if _lost(step)]
    lines = [f"{names[step.node]}: {_reason(step, names)}" for step in walked if not _any(step.contribution)]
    return lines or ["The contributions of the paths cancel each other: their sum is 0."]


REASONS = {
    "relu": "relu lets nothing through where its operand is not positive",
    "sigmoid": "sigmoid is saturated: so far out it does not change with its operand",
    "tanh": "tanh is saturated: so far out it does not change with its operand",
    "erf": "erf is saturated: so far out it does not change with its operand",
    "clip": "clip lets nothing through outside its borders",
    "where": "where took the other branch",
    "maximum": "maximum took the other operand",
    "minimum": "minimum took the other operand",
    "max": "max took other elements",
    "min": "min took other elements",
    "getitem": "the index takes other elements",
    "sign": "sign is flat: a small change of its operand changes nothing",
}
"""Why an operation lets nothing through."""


def _reason(step: Contribution, names: Mapping[Node, str]) -> str:
    primitive = step.node.primitive
    assert primitive is not None
    value = Quantity.of(step.input).in_short()
    others = [x for slot, x in enumerate(step.node.inputs) if slot != step.slot]
    zeros = [x for x in others if not _any(number_of(x))]
    if primitive.name in ("multiply", "matmul", "dot", "divide") and zeros:
        factor = names.get(zeros[0], "a constant") if isinstance(zeros[0], Node) else "a constant"
        return f"{primitive.name} passes on the other factor, and {factor} is 0"
    if primitive.name in ("multiply", "power", "square") and not _any(number_of(step.input)):
        return f"{primitive.name} has derivative 0 here: {names[step.input]} is 0"
    about = REASONS.get(primitive.name, f"the local derivative of {primitive.name} is 0 here")
    return f"{about}, and {names[step.input]} is {value}"


def _lost(step: Contribution) -> int:
    """How many elements of the upstream gradient do not get through; 0 where the shapes differ."""
    upstream, contribution = np.asarray(step.upstream), np.asarray(step.contribution)
    return int(np.sum((upstream != 0) & (contribution == 0))) if upstream.shape == contribution.shape else 0


def _loss(step: Contribution) -> str:
    """`relu lets nothing through where its operand is not positive: 2 of 3 elements`"""
    name = step.node.primitive.name if step.node.primitive else ""
    factor = f"{name} passes on the other factor, which is 0"
    about = REASONS.get(name, factor if name == "multiply" else f"the local derivative of {name} is 0")
    return f"{about}: {_lost(step)} of {np.size(step.upstream)} elements"


def _any(x: Any) -> bool:
    """Whether any element of a number or an array is not 0."""
    return bool(np.any(np.asarray(number_of(x))))
