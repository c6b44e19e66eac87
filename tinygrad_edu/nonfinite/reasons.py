"""Reasons why operations give nan or inf, and the usual remedies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._support.languages import say, texts
from ..engine.node import Node, number_of

__all__ = ["STEEP_PROGRAM", "Reason", "explain_entry", "explain_gradient", "explain_whole", "has_nan", "is_finite"]


def is_finite(x: Any) -> bool:
    """Whether a number, or all of an array, is neither nan nor inf."""
    return math.isfinite(x) if isinstance(x, (float, int)) else bool(np.isfinite(x).all())


def has_nan(x: Any) -> bool:
    """Whether a number, or any of an array, is nan."""
    return x != x if isinstance(x, (float, int)) else bool(np.isnan(x).any())


class Reason(NamedTuple):
    """Why an operation gives nan or inf, and the usual remedy."""

    why: str
    remedy: str


POSITIVE = texts(
    "keep it positive, such as tg.log(tg.clip(x, 1e-12)); or, for log-probabilities, take logits - tg.logsumexp(logits)"
)
DIVISOR = texts("keep the divisor away from 0: x / (y + 1e-12) if y ≥ 0, or x / tg.where(y == 0, 1.0, y)")
SHIFT = texts(
    "subtract the largest first, or take a function that does: tg.softmax, tg.logsumexp, tg.sigmoid, tg.softplus"
)
SCALE = texts("scale the numbers down, take logarithms, or use float64")
ROOT = texts("if it should be 0 but for rounding, tg.sqrt(tg.clip(x, 0.0))")
FINITE = texts("find out where the infinite operand came from, and keep it finite")
ANGLE = texts(
    Reason("no angle has a sine or cosine outside of [-1, 1]", "if it is rounding only, tg.clip(x, -1.0, 1.0)")
)

ENTRIES: dict[str, list[tuple[Callable[..., bool], Reason]]] = texts(
    {
        "log": [
            (lambda x: x < 0, Reason("a negative number has no logarithm", POSITIVE)),
            (lambda x: x == 0, Reason("the logarithm of 0 is -inf", POSITIVE)),
        ],
        "log1p": [
            (lambda x: x <= -1, Reason("log1p(x) is the logarithm of 1 + x, which is not positive", "keep x above -1"))
        ],
        "sqrt": [(lambda x: x < 0, Reason("a negative number has no real square root", ROOT))],
        "arcsin": [(lambda x: abs(x) > 1, ANGLE)],
        "arccos": [(lambda x: abs(x) > 1, ANGLE)],
        "divide": [
            (lambda x, y: x == 0 == y, Reason("0 / 0 is not defined", DIVISOR)),
            (lambda x, y: y == 0, Reason("division by 0", DIVISOR)),
            (lambda x, y: math.isinf(x) and math.isinf(y), Reason("inf / inf is not defined", FINITE)),
        ],
        "power": [
            (lambda x, y: x == 0 and y < 0, Reason("0 to a negative power is a division by 0", DIVISOR)),
            (
                lambda x, y: x < 0 and y != int(y),
                Reason(
                    "a negative number has no real power with a fraction as exponent", "take tg.abs(x), or clip x at 0"
                ),
            ),
        ],
        "multiply": [(lambda x, y: 0 in (x, y) and not is_finite(x + y), Reason("0 · inf is not defined", FINITE))],
        "add": [(lambda x, y: math.isinf(x) and x == -y, Reason("inf - inf is not defined", FINITE))],
        "subtract": [(lambda x, y: math.isinf(x) and x == y, Reason("inf - inf is not defined", FINITE))],
        "exp": [(lambda x: 80 < x < math.inf, Reason("exp grows beyond all numbers: it overflows", SHIFT))],
        "expm1": [(lambda x: 80 < x < math.inf, Reason("exp grows beyond all numbers: it overflows", SHIFT))],
        "sinh": [(lambda x: 80 < abs(x) < math.inf, Reason("sinh grows as exp does: it overflows", SCALE))],
        "cosh": [(lambda x: 80 < abs(x) < math.inf, Reason("cosh grows as exp does: it overflows", SCALE))],
    }
)
"""For each elementwise operation, conditions on its operands and the reasons that they give."""

ALL_MASKED = texts(
    Reason("all numbers along an axis are -inf: every one is masked", "leave one unmasked, or drop such rows")
)
STEEP_PROGRAM = texts(
    Reason(
        "the gradient is too large for its dtype",
        "scale the loss or the inputs down; smaller initial weights; use float64",
    )
)
HARMLESS = texts(
    Reason(
        "no gradient arrives here, but the local derivative is infinite, and 0 · inf is nan",
        "harmless operands where the result is not used: {code}",
    )
)
STEEP = texts(
    Reason(
        "the function is infinitely steep there",
        "keep away from the place: tg.sqrt(x + 1e-12), or tg.norm(x), whose derivative at 0 is 0",
    )
)


def explain_entry(node: Node, numbers: Sequence[Any]) -> Reason | None:
    """Why an elementwise operation gave nan or inf for these numbers."""
    assert node.primitive is not None
    for holds, reason in ENTRIES.get(node.primitive.name, ()):
        if holds(*numbers):
            return reason
    return _overflow(node) if all(map(is_finite, numbers)) else None


def explain_whole(node: Node) -> Reason | None:
    """Why an operation on whole arrays gave nan or inf."""
    assert node.primitive is not None
    values = [number_of(x) for x in node.inputs]
    if node.primitive.name in ("softmax", "logsumexp") and not any(map(has_nan, values)):
        return ALL_MASKED
    return _overflow(node) if all(map(is_finite, values)) else None


def _overflow(node: Node) -> Reason:
    """The only reason left where finite numbers give inf."""
    dtype = np.asarray(number_of(node)).dtype
    text = texts("the result is too large: {dtype} ends at {most}")
    return Reason(say(text, dtype=dtype, most=f"{np.finfo(dtype).max:.2g}"), SCALE)


def explain_gradient(node: Node, upstream: Any, local: Any) -> Reason:
    """Why the rule of an elementwise operation gave nan or inf."""
    assert node.primitive is not None
    if is_finite(local):
        return STEEP_PROGRAM
    if upstream == 0:
        code = f"tg.{node.primitive.name}(tg.where(mask, x, 1.0))"
        return HARMLESS._replace(remedy=say(HARMLESS.remedy, code=code))
    return STEEP
