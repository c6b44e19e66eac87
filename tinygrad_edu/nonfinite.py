"""`find_nan`: finds the operation that made the first nan or inf, and says why and what usually helps.

A nan spreads to every result that is computed from it, so it seldom shows where it was made. `find_nan` goes back
through the graph to the operation that made it from finite numbers. If all numbers are finite, it walks backward, to
the first gradient that is not finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ._support.languages import say, texts
from .engine.gradients import Contribution, contributions
from .engine.graphs import ancestors
from .engine.messages import short
from .engine.node import Node, number_of
from .engine.walk import walk
from .errors import GraphError, InPlaceError

__all__ = ["NanReport", "find_nan"]


@dataclass(frozen=True)
class NanReport:
    """The result of `find_nan`: false if all is finite; printed, it explains itself.

    Attributes
    ----------
    node : the culprit: the oldest node whose number is not finite, or (backward) the node whose rule made the first
        gradient that is not finite; None if all is finite.
    phase : "forward" or "backward"; "" if all is finite.
    slot : the operand to blame: backward, the one whose gradient is not finite; forward, a constant that is not finite.
    text : the explanation.
    """

    node: Node | None
    phase: str
    slot: int | None
    text: str

    def __bool__(self) -> bool:
        return self.node is not None

    def __str__(self) -> str:
        return self.text


def find_nan(output: Node) -> NanReport:
    """Find the origin of a nan or inf in a result or in its gradients.

    It looks for a culprit in this order:

    1. If `output` is not finite: the oldest node that made it so. That is an operation that made nan or inf from finite
       operands, or a leaf or constant that is not finite itself.
    2. The first gradient that is not finite, in a backward walk from an upstream gradient of ones.
    3. A nan or inf that does not reach the output, such as one that `where` left out; but not the -inf of a mask, which
       is intended.

    The time is proportional to the size of the graph, and `.grad` does not change. Nodes that were made inside
    `with tg.trace():` are reported with their source lines.

    Returns a report that is false if all is finite. Raises `GraphError` if `output` is not a node.

    >>> import tinygrad_edu as tg
    >>> p = tg.Value(-3.0, name="p")
    >>> loss = 2 * tg.log(p) + 1
    >>> print(tg.find_nan(loss))
    find_nan: log gave nan
      log(-3.0) = nan, where -3.0 is 'p'
      why: a negative number has no logarithm
      usual remedy: keep it positive, such as tg.log(tg.clip(x, 1e-12)); ...
    >>> bool(tg.find_nan(tg.exp(p)))
    False
    """
    if not isinstance(output, Node):
        raise GraphError(f"find_nan: needs a Value or a Tensor, not {type(output).__name__} {short(output)}")
    with np.errstate(all="ignore"):
        nodes = ancestors([output])
        nonfinite = {x for x in nodes if not is_finite(number_of(x))}
        if output in nonfinite:
            return forward_report(trail(nodes, nonfinite))
        try:
            step = first_bad_step(output)
        except InPlaceError as error:
            text = texts("find_nan: {n} nodes, all finite; of their gradients: {error}")
            return NanReport(None, "", None, say(text, n=len(nodes), error=error))
        if step is not None:
            return backward_report(step)
        for node in nodes:
            if node in nonfinite and made_here(node):
                return forward_report([node], harmless=True)
    return NanReport(None, "", None, say("find_nan: all is finite: {n} nodes, and their gradients", n=len(nodes)))


# The search.


def trail(nodes: Sequence[Node], nonfinite: Collection[Node]) -> list[Node]:
    """The nodes through which nan or inf came to the last one, in order of creation."""
    reached = {nodes[-1]}
    for node in reversed(nodes):  # a node is younger than its inputs
        if node in reached:
            reached.update(x for x in node.inputs if isinstance(x, Node) and x in nonfinite)
    return [x for x in nodes if x in reached]


def made_here(node: Node) -> bool:
    """Whether this operation made nan or inf from finite operands; a leaf is only blamed for nan."""
    if node.primitive is None:
        return has_nan(number_of(node))
    return all(is_finite(number_of(x)) for x in node.inputs)


def first_bad_step(output: Node) -> Contribution | None:
    """The first edge of a backward walk, from an upstream gradient of ones, on which nan or inf appears."""
    number = number_of(output)
    seed = np.ones_like(number) if isinstance(number, ndarray) else None
    if not output.requires_grad or all(is_finite(gradient) for _, gradient in walk(output, seed, every=True)):
        return None
    found = (x for x in contributions(output, seed) if not (is_finite(x.contribution) and is_finite(x.total)))
    return next(found, None)


def is_finite(x: Any) -> bool:
    """Whether a number, or all of an array, is neither nan nor inf."""
    return math.isfinite(x) if isinstance(x, (float, int)) else bool(np.isfinite(x).all())


def has_nan(x: Any) -> bool:
    """Whether a number, or any of an array, is nan."""
    return x != x if isinstance(x, (float, int)) else bool(np.isnan(x).any())


# The report.


def forward_report(trail: Sequence[Node], harmless: bool = False) -> NanReport:
    """The report about the oldest node of a trail, and about the node that later made nan from its inf."""
    node, slot = trail[0], None
    wrong = what_is_wrong(number_of(node))
    if node.primitive is None:
        kind = type(node).__name__
        leaf = say("the {kind} {name}", kind=kind, name=repr(node.name)) if node.name else say(NAMELESS, kind=kind)
        lines = [say("{leaf} is itself {wrong}", leaf=leaf, wrong=wrong), remedy_line(leaf_remedy(node))]
    else:
        slot = next((i for i, x in enumerate(node.inputs) if not isinstance(x, Node) and not is_finite(x)), None)
        gave = {"operation": node.primitive.name, "wrong": wrong}
        text = say("{operation} gave {wrong}", **gave)
        if slot is not None:
            blamed = operand_in_words(node.inputs[slot], slot)
            text = say("{operation} gave {wrong}, because of its {operand}", **gave, operand=blamed)
        lines = [text + made_at(node), *scene(node)]
    turned = next((x for x in trail[1:] if has_nan(number_of(x))), None)
    if turned is not None and turned.primitive is not None and not has_nan(number_of(node)):
        lines.append(f"  {say('later {operation} made nan of it', operation=turned.primitive.name)}{made_at(turned)}")
        lines += ["  " + line for line in scene(turned)]
    if harmless:
        lines.append("  " + say("it does not reach the output, and all gradients are finite"))
    return NanReport(node, "forward", slot, say("find_nan: {report}", report="\n".join(lines)))


def backward_report(step: Contribution) -> NanReport:
    """The report about the first gradient that is not finite."""
    node, primitive = step.node, step.node.primitive
    assert primitive is not None
    to = operand_in_words(step.input, step.slot)
    if is_finite(step.contribution):
        text = texts("the output is finite, but the gradients that flow to {x} add up to {wrong}")
        lines = [say(text, x=to, wrong=what_is_wrong(step.total))]
        last = say("the last of them comes from {operation}", operation=primitive.name)
        lines += [f"  {last}{made_at(node)}", *diagnosis(STEEP_PROGRAM)]
    else:
        wrong = what_is_wrong(step.contribution)
        text = texts("the output is finite, but the gradient that {operation} passes to {x} is {wrong}")
        lines = [say(text, operation=primitive.name, x=to, wrong=wrong) + made_at(node)]
        lines += backward_scene(step)
    return NanReport(node, "backward", step.slot, say("find_nan: {report}", report="\n".join(lines)))


def scene(node: Node) -> list[str]:
    """The operation on the numbers at the first wrong place, its operands, the reason and the remedy."""
    assert node.primitive is not None
    arrays = [operand_line(x, i) for i, x in enumerate(node.inputs) if np.ndim(number_of(x))]
    if not node.primitive.elementwise:
        return arrays + diagnosis(explain_whole(node))
    place = first_bad(number_of(node))
    numbers = entries(node, place)
    named = [
        say("{number} is {x}", number=a, x=operand_in_words(x, i))
        for i, (x, a) in enumerate(zip(node.inputs, numbers))
        if isinstance(x, Node)
    ]
    found = formula(node, numbers, place)
    if named:
        found = say("{formula}, where {names}", formula=found, names=say(" and ").join(named))
    return [f"  {at(place)}{found}", *arrays, *diagnosis(explain_entry(node, numbers))]


def backward_scene(step: Contribution) -> list[str]:
    """The rule on the numbers at the first wrong place, the reason and the remedy."""
    node, local = step.node, step.local
    if local is None:
        lines = [operand_line(x, i) for i, x in enumerate(node.inputs)]
        upstream = say("upstream gradient: {summary}", summary=summary(step.upstream))
        return [f"  {upstream}", *lines, *diagnosis(STEEP_PROGRAM)]
    shape = np.shape(number_of(node))
    product = np.broadcast_to(np.multiply(step.upstream, local), shape)
    place = first_bad(product)
    upstream, slope = entry(step.upstream, place, shape), entry(local, place, shape)
    words = say(
        "upstream {upstream} · local derivative {local} = {product}, at {call}",
        upstream=upstream,
        local=slope,
        product=product[place],
        call=formula(node, entries(node, place), place),
    )
    return [f"  {at(place)}{words}", *diagnosis(explain_gradient(node, upstream, slope))]


# In words.


def what_is_wrong(data: Any) -> str:
    """The kinds that occur, of nan, inf and -inf; for an array also how many, and the place of the first."""
    array = np.asarray(data)
    kinds = {"nan": np.isnan(array), "inf": np.isposinf(array), "-inf": np.isneginf(array)}
    words = say(" and ").join(kind for kind, where in kinds.items() if where.any())
    if not array.shape:
        return words
    bad = np.count_nonzero(~np.isfinite(array))
    place = ", ".join(map(str, first_bad(array)))
    text = texts("{wrong} in {k} of {n} numbers, first at [{place}]")
    return say(text, wrong=words, k=bad, n=array.size, place=place)


def first_bad(data: Any) -> tuple[int, ...]:
    """The place of the first nan, or if there is none, of the first inf."""
    array = np.asarray(data)
    wanted = np.isnan(array)
    if not wanted.any():
        wanted = ~np.isfinite(array)
    return tuple(int(i) for i in np.unravel_index(np.argmax(wanted), array.shape))


def at(place: tuple[int, ...]) -> str:
    """A place in an array, in words; nothing for a single number."""
    return say("at [{place}]: ", place=", ".join(map(str, place))) if place else ""


def entry(data: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The number of an operand, perhaps broadcast, that belongs to a place of the result; a NumPy scalar."""
    return np.broadcast_to(np.asarray(data), shape)[place]


def entries(node: Node, place: tuple[int, ...]) -> list[Any]:
    """The operands of an elementwise operation at a place of its result."""
    shape = np.shape(number_of(node))
    return [entry(number_of(x), place, shape) for x in node.inputs]


def summary(x: Any) -> str:
    """A short description of an array of any size."""
    array = np.asarray(number_of(x))
    good = array[np.isfinite(array)]
    if not array.shape:
        return str(array)
    if not good.size:
        return say("shape {shape}, {dtype}, nothing finite", shape=array.shape, dtype=array.dtype)
    worst = say(", {n} not finite", n=array.size - good.size) if good.size < array.size else ""
    return say(
        "shape {shape}, {dtype}, from {low} to {high}{worst}",
        shape=array.shape,
        dtype=array.dtype,
        low=f"{good.min():.6g}",
        high=f"{good.max():.6g}",
        worst=worst,
    )


def formula(node: Node, numbers: Sequence[Any], place: tuple[int, ...]) -> str:
    """The operation on numbers with its result: `1.0 / 0.0 = inf`, `log(-3.0) = nan`."""
    primitive = node.primitive
    assert primitive is not None
    words = f"{primitive.name}({', '.join(map(str, numbers))})"
    if primitive.precedence is not None and len(numbers) == 2:
        words = f" {primitive.symbol} ".join(f"({x})" if x < 0 else str(x) for x in numbers)
    return f"{words} = {np.asarray(number_of(node))[place]}"


def operand_in_words(x: Any, slot: int) -> str:
    """The name of an operand, or a description."""
    if not isinstance(x, Node):
        return say("constant operand {n}", n=slot)
    if x.name:
        return f"{x.name!r}"
    if x.primitive:
        return say("the result of {operation} (operand {n})", operation=x.primitive.name, n=slot)
    return say("operand {n}", n=slot)


def operand_line(x: Any, slot: int) -> str:
    """What an operand holds."""
    return "  " + say("{name}: {problem}", name=operand_in_words(x, slot), problem=summary(x))


NAMELESS = texts("a {kind} without a name")
LEAF_REMEDY = texts("look at what set it last: a gradient that was not finite, a learning rate too large")
DATA_REMEDY = texts(
    "look at the data; or, if it was computed without recording (no_grad, detach, inputs without requires_grad), "
    "compute it with a gradient required and ask again"
)


def remedy_line(remedy: str) -> str:
    """The usual remedy, on a line of its own."""
    return "  " + say("usual remedy: {remedy}", remedy=say(remedy))


def leaf_remedy(node: Node) -> str:
    if node.requires_grad:
        return LEAF_REMEDY
    return DATA_REMEDY


def made_at(node: Node) -> str:
    """The source line of a node, if it was traced."""
    if not node.source:
        return ""
    return "\n  " + say("at {place}: {line}", place=node.source, line=node.source.text)


# Reasons why operations give nan or inf, and the usual remedies.


class Reason(NamedTuple):
    """Why an operation gives nan or inf, and the usual remedy."""

    why: str
    remedy: str


def diagnosis(reason: Reason | None) -> list[str]:
    return ["  " + say("why: {reason}", reason=say(reason.why)), remedy_line(reason.remedy)] if reason else []


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
    return overflow(node) if all(map(is_finite, numbers)) else None


def explain_whole(node: Node) -> Reason | None:
    """Why an operation on whole arrays gave nan or inf."""
    assert node.primitive is not None
    values = [number_of(x) for x in node.inputs]
    if node.primitive.name in ("softmax", "logsumexp") and not any(map(has_nan, values)):
        return ALL_MASKED
    return overflow(node) if all(map(is_finite, values)) else None


def overflow(node: Node) -> Reason:
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
