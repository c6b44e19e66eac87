"""The report about the first number that is not finite, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.languages import say, texts
from ..engine.gradients import Contribution
from ..engine.node import Node, number_of
from .reasons import STEEP_PROGRAM, Reason, explain_entry, explain_gradient, explain_whole, has_nan, is_finite

__all__ = ["NanReport", "backward_report", "forward_report"]


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


def forward_report(trail: Sequence[Node], harmless: bool = False) -> NanReport:
    """The report about the oldest node of a trail, and about the node that later made nan from its inf."""
    node, slot = trail[0], None
    wrong = _what_is_wrong(number_of(node))
    if node.primitive is None:
        kind = type(node).__name__
        leaf = say("the {kind} {name}", kind=kind, name=repr(node.name)) if node.name else say(NAMELESS, kind=kind)
        lines = [
            say("{leaf} is itself {wrong}", leaf=leaf, wrong=wrong),
            _remedy_line(LEAF_REMEDY if node.requires_grad else DATA_REMEDY),
        ]
    else:
        slot = next((i for i, x in enumerate(node.inputs) if not isinstance(x, Node) and not is_finite(x)), None)
        gave = {"operation": node.primitive.name, "wrong": wrong}
        text = say("{operation} gave {wrong}", **gave)
        if slot is not None:
            blamed = _operand_in_words(node.inputs[slot], slot)
            text = say("{operation} gave {wrong}, because of its {operand}", **gave, operand=blamed)
        lines = [text + _made_at(node), *_scene(node)]
    turned = next((x for x in trail[1:] if has_nan(number_of(x))), None)
    if turned is not None and turned.primitive is not None and not has_nan(number_of(node)):
        lines.append(f"  {say('later {operation} made nan of it', operation=turned.primitive.name)}{_made_at(turned)}")
        lines += ["  " + line for line in _scene(turned)]
    if harmless:
        lines.append("  " + say("it does not reach the output, and all gradients are finite"))
    return NanReport(node, "forward", slot, say("find_nan: {report}", report="\n".join(lines)))


def backward_report(step: Contribution) -> NanReport:
    """The report about the first gradient that is not finite."""
    node, primitive = step.node, step.node.primitive
    assert primitive is not None
    to = _operand_in_words(step.input, step.slot)
    if is_finite(step.contribution):
        text = texts("the output is finite, but the gradients that flow to {x} add up to {wrong}")
        lines = [say(text, x=to, wrong=_what_is_wrong(step.total))]
        last = say("the last of them comes from {operation}", operation=primitive.name)
        lines += [f"  {last}{_made_at(node)}", *_diagnosis(STEEP_PROGRAM)]
    else:
        wrong = _what_is_wrong(step.contribution)
        text = texts("the output is finite, but the gradient that {operation} passes to {x} is {wrong}")
        lines = [say(text, operation=primitive.name, x=to, wrong=wrong) + _made_at(node)]
        lines += _backward_scene(step)
    return NanReport(node, "backward", step.slot, say("find_nan: {report}", report="\n".join(lines)))


def _scene(node: Node) -> list[str]:
    """The operation on the numbers at the first wrong place, its operands, the reason and the remedy."""
    assert node.primitive is not None
    arrays = [_operand_line(x, i) for i, x in enumerate(node.inputs) if np.ndim(number_of(x))]
    if not node.primitive.elementwise:
        return arrays + _diagnosis(explain_whole(node))
    place = _first_bad(number_of(node))
    numbers = _entries(node, place)
    named = [
        say("{number} is {x}", number=a, x=_operand_in_words(x, i))
        for i, (x, a) in enumerate(zip(node.inputs, numbers))
        if isinstance(x, Node)
    ]
    found = _formula(node, numbers, place)
    if named:
        found = say("{formula}, where {names}", formula=found, names=say(" and ").join(named))
    return [f"  {_at(place)}{found}", *arrays, *_diagnosis(explain_entry(node, numbers))]


def _backward_scene(step: Contribution) -> list[str]:
    """The rule on the numbers at the first wrong place, the reason and the remedy."""
    node, local = step.node, step.local
    if local is None:
        lines = [_operand_line(x, i) for i, x in enumerate(node.inputs)]
        upstream = say("upstream gradient: {summary}", summary=_summary(step.upstream))
        return [f"  {upstream}", *lines, *_diagnosis(STEEP_PROGRAM)]
    shape = np.shape(number_of(node))
    product = np.broadcast_to(np.multiply(step.upstream, local), shape)
    place = _first_bad(product)
    upstream, slope = _entry(step.upstream, place, shape), _entry(local, place, shape)
    words = say(
        "upstream {upstream} · local derivative {local} = {product}, at {call}",
        upstream=upstream,
        local=slope,
        product=product[place],
        call=_formula(node, _entries(node, place), place),
    )
    return [f"  {_at(place)}{words}", *_diagnosis(explain_gradient(node, upstream, slope))]


# In words.


def _what_is_wrong(data: Any) -> str:
    """The kinds that occur, of nan, inf and -inf; for an array also how many, and the place of the first."""
    array = np.asarray(data)
    kinds = {"nan": np.isnan(array), "inf": np.isposinf(array), "-inf": np.isneginf(array)}
    words = say(" and ").join(kind for kind, where in kinds.items() if where.any())
    if not array.shape:
        return words
    bad = np.count_nonzero(~np.isfinite(array))
    place = ", ".join(map(str, _first_bad(array)))
    return say("{wrong} in {k} of {n} numbers, first at [{place}]", wrong=words, k=bad, n=array.size, place=place)


def _first_bad(data: Any) -> tuple[int, ...]:
    """The place of the first nan, or if there is none, of the first inf."""
    array = np.asarray(data)
    wanted = np.isnan(array)
    if not wanted.any():
        wanted = ~np.isfinite(array)
    return tuple(int(i) for i in np.unravel_index(np.argmax(wanted), array.shape))


def _at(place: tuple[int, ...]) -> str:
    """A place in an array, in words; nothing for a single number."""
    return say("at [{place}]: ", place=", ".join(map(str, place))) if place else ""


def _entry(data: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The number of an operand, perhaps broadcast, that belongs to a place of the result; a NumPy scalar."""
    return np.broadcast_to(np.asarray(data), shape)[place]


def _entries(node: Node, place: tuple[int, ...]) -> list[Any]:
    """The operands of an elementwise operation at a place of its result."""
    shape = np.shape(number_of(node))
    return [_entry(number_of(x), place, shape) for x in node.inputs]


def _summary(x: Any) -> str:
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


def _formula(node: Node, numbers: Sequence[Any], place: tuple[int, ...]) -> str:
    """The operation on numbers with its result: `1.0 / 0.0 = inf`, `log(-3.0) = nan`."""
    primitive = node.primitive
    assert primitive is not None
    words = f"{primitive.name}({', '.join(map(str, numbers))})"
    if primitive.precedence is not None and len(numbers) == 2:
        words = f" {primitive.symbol} ".join(f"({x})" if x < 0 else str(x) for x in numbers)
    return f"{words} = {np.asarray(number_of(node))[place]}"


def _operand_in_words(x: Any, slot: int) -> str:
    """The name of an operand, or a description."""
    if not isinstance(x, Node):
        return say("constant operand {n}", n=slot)
    if x.name:
        return f"{x.name!r}"
    if x.primitive:
        return say("the result of {operation} (operand {n})", operation=x.primitive.name, n=slot)
    return say("operand {n}", n=slot)


def _operand_line(x: Any, slot: int) -> str:
    """What an operand holds."""
    return "  " + say("{name}: {problem}", name=_operand_in_words(x, slot), problem=_summary(x))


NAMELESS = texts("a {kind} without a name")
LEAF_REMEDY = texts("look at what set it last: a gradient that was not finite, a learning rate too large")
DATA_REMEDY = texts(
    "look at the data; or, if it was computed without recording (no_grad, detach, inputs without requires_grad), "
    "compute it with a gradient required and ask again"
)


def _remedy_line(remedy: str) -> str:
    """The usual remedy, on a line of its own."""
    return "  " + say("usual remedy: {remedy}", remedy=say(remedy))


def _made_at(node: Node) -> str:
    """The source line of a node, if it was traced."""
    if not node.source:
        return ""
    return "\n  " + say("at {place}: {line}", place=node.source, line=node.source.text)


def _diagnosis(reason: Reason | None) -> list[str]:
    return ["  " + say("why: {reason}", reason=say(reason.why)), _remedy_line(reason.remedy)] if reason else []
