"""The detective: where the first nan or inf came from, why, and what is usually done about it.

A nan spreads: what is computed from one is one. So the place where it shows is seldom the place where it was made.
`find_nan` goes back through the graph to the operation that made it out of finite numbers. If all numbers are finite,
it walks backward, to the first gradient that is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .errors import GraphError
from .node import Node, Step, creation, steps

__all__ = ["NanReport", "find_nan"]


@dataclass(frozen=True)
class NanReport:
    """What `find_nan` found: false if all is finite; in words when printed.

    Attributes
    ----------
    node : the culprit: the oldest node whose number is not finite, or (backward) the one whose rule made the first
        gradient that is not; None if all is finite.
    phase : "forward" or "backward"; "" if all is finite.
    slot : the operand to blame: backward the one whose gradient is not finite, forward a constant that is not.
    text : all of it in words.
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
    """Find out where a nan or inf, in a number or in its gradients, came from.

    If `output` is not finite, the culprit is the oldest node from which that came: an operation that made nan or inf
    out of finite operands; a leaf or a constant that is not finite itself. Else it is the first gradient that is not
    finite, in the order of the backward walk from an upstream gradient of ones. Else it is a nan or inf that did not
    get as far as the output, such as one that `where` left out; but not the -inf of a mask, which is meant.

    Takes time in proportion to the size of the graph. Leaves `.grad` untouched. Nodes that were made inside
    `with tg.trace():` are reported with their source lines.

    Returns a report that is false if all is finite. Raises `GraphError` for what is not a node.

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
        raise GraphError(f"find_nan: needs a Value or a Tensor, not {type(output).__name__} {output!r:.60}")
    with np.errstate(all="ignore"):
        nodes = everything(output)
        unwell = {x for x in nodes if not is_finite(x._data)}
        if output in unwell:
            return forward_report(spread(output, unwell))
        for step in backward_steps(output):
            if not (is_finite(_plain(step.contribution)) and is_finite(_plain(step.total))):
                return backward_report(step)
        for node in nodes:
            if node in unwell and made_here(node):
                return forward_report([node], harmless=True)
    return NanReport(None, "", None, f"find_nan: all is finite: {len(nodes)} nodes, and their gradients")


# The search.


def everything(output: Node) -> list[Node]:
    """All nodes that the output was made from, oldest first."""
    seen, todo = {output}, [output]
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x not in seen:
                seen.add(x)
                todo.append(x)
    return sorted(seen, key=creation)


def spread(output: Node, unwell: set[Node]) -> list[Node]:
    """The nodes through which nan and inf came to the output, oldest first: the first of them had finite operands."""
    seen, todo = {output}, [output]
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x in unwell and x not in seen:
                seen.add(x)
                todo.append(x)
    return sorted(seen, key=creation)


def made_here(node: Node) -> bool:
    """Whether a nan or inf was made by this operation, of finite operands; a leaf is to blame for a nan only."""
    if node.primitive is None:
        return has_nan(node._data)
    return all(is_finite(_plain(x)) for x in node.inputs)


def backward_steps(output: Node) -> Iterable[Step]:
    """The backward walk, from an upstream gradient of ones."""
    if not output.requires_grad:
        return ()
    return steps(output, np.ones(np.shape(output._data), output._data.dtype) if hasattr(output, "dtype") else None)


def is_finite(x: Any) -> bool:
    """Whether a number, or all of an array, is neither nan nor inf."""
    return math.isfinite(x) if isinstance(x, (float, int)) else bool(np.isfinite(x).all())


def has_nan(x: Any) -> bool:
    """Whether a number, or any of an array, is nan."""
    return x != x if isinstance(x, (float, int)) else bool(np.isnan(x).any())


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


# The report.


def forward_report(trail: Sequence[Node], harmless: bool = False) -> NanReport:
    """What to say of the operation, leaf or constant that is the oldest of a trail of nodes that are not finite."""
    node = trail[0]
    slot, lines = None, []
    if node.primitive is None:
        lines.append(f"{leaf_in_words(node)} is {what_is_wrong(node._data)} itself{made_at(node)}")
        lines += ["  " + leaf_remedy(node)]
    else:
        constants = [i for i, x in enumerate(node.inputs) if not isinstance(x, Node) and not is_finite(x)]
        slot = constants[0] if constants else None
        blame = f", because its constant operand {slot} is not finite" if constants else ""
        lines.append(f"{node.primitive.name} gave {what_is_wrong(node._data)}{blame}{made_at(node)}")
        lines += scene(node)
    turned = next((x for x in trail[1:] if has_nan(x._data)), None)
    if turned is not None and turned.primitive is not None and not has_nan(node._data):
        lines.append(f"  later {turned.primitive.name} made nan of it{made_at(turned)}")
        lines += ["  " + line for line in scene(turned)]
    if harmless:
        lines.append("  it does not reach the output, and all gradients are finite")
    return NanReport(node, "forward", slot, "find_nan: " + "\n".join(lines))


def backward_report(step: Step) -> NanReport:
    """What to say of the first gradient that is not finite."""
    node, x, primitive = step.node, step.input, step.node.primitive
    assert primitive is not None
    to = f"to {operand_in_words(x, step.slot)}"
    if is_finite(_plain(step.contribution)):
        lines = [
            f"all numbers are finite, but the gradients that flow {to} add up to {what_is_wrong(step.total)}",
            f"  the last of them comes from {primitive.name}{made_at(node)}",
            *diagnosis(TOO_LARGE_GRADIENT),
        ]
    else:
        gave = what_is_wrong(_plain(step.contribution))
        lines = [f"all numbers are finite, but the gradient that {primitive.name} passes {to} is {gave}{made_at(node)}"]
        lines += backward_scene(step)
    return NanReport(node, "backward", step.slot, "find_nan: " + "\n".join(lines))


def scene(node: Node) -> list[str]:
    """The operation with the numbers at the place where it first went wrong, why, and the remedy."""
    assert node.primitive is not None
    values = [_plain(x) for x in node.inputs]
    if not node.primitive.elementwise:
        lines = [f"  {operand_in_words(x, i)}: {summary(_plain(x))}" for i, x in enumerate(node.inputs)]
        return lines + diagnosis(explain_whole(node, values))
    place = first_bad(node._data)
    numbers = [entry(v, place, np.shape(node._data)) for v in values]
    named = {
        f"{a} is {operand_in_words(x, i)}" for i, (x, a) in enumerate(zip(node.inputs, numbers)) if isinstance(x, Node)
    }
    where = f", where {' and '.join(sorted(named))}" if named else ""
    at = f"at [{', '.join(map(str, place))}]: " if place else ""
    lines = [f"  {at}{formula(node, numbers)} = {entry(node._data, place, np.shape(node._data))}{where}"]
    lines += [f"  {operand_in_words(x, i)}: {summary(x._data)}" for i, x in enumerate(node.inputs) if is_array(x)]
    return lines + diagnosis(explain_entry(node, numbers))


def backward_scene(step: Step) -> list[str]:
    """The rule with the numbers at the place where it first went wrong, why, and the remedy."""
    node, local = step.node, step.local
    if local is None:
        lines = [f"  upstream gradient: {summary(step.upstream)}"]
        lines += [f"  {operand_in_words(x, i)}: {summary(_plain(x))}" for i, x in enumerate(node.inputs)]
        return lines + diagnosis(explain_gradient(step.upstream, None))
    shape = np.shape(node._data)
    product = np.broadcast_to(np.asarray(step.upstream) * np.asarray(_plain(local)), shape)
    place = (
        first_bad(product) if not is_finite(product) else first_bad(np.broadcast_to(_plain(step.contribution), shape))
    )
    upstream, slope = entry(step.upstream, place, shape), entry(_plain(local), place, shape)
    numbers = [entry(_plain(x), place, shape) for x in node.inputs]
    at = f"at [{', '.join(map(str, place))}]: " if place else ""
    result = entry(node._data, place, shape)
    lines = [
        f"  {at}upstream {upstream} · local derivative {slope} = {upstream * slope}, "
        f"at {formula(node, numbers)} = {result}"
    ]
    return lines + diagnosis(explain_gradient(upstream, slope))


# In words.


def what_is_wrong(data: Any) -> str:
    """How many numbers are nan or inf, and where the first stands."""
    array = np.asarray(data)
    bad = ~np.isfinite(array)
    kinds = " and ".join(
        name for name, test in (("nan", np.isnan), ("inf", np.isposinf), ("-inf", np.isneginf)) if test(array).any()
    )
    if not array.shape:
        return kinds
    place = ", ".join(map(str, first_bad(array)))
    return f"{kinds} in {np.count_nonzero(bad)} of {array.size} numbers, first at [{place}]"


def first_bad(data: Any) -> tuple[int, ...]:
    """The place of the first nan; if there is none, of the first inf."""
    array = np.asarray(data)
    wanted = np.isnan(array)
    if not wanted.any():
        wanted = ~np.isfinite(array)
    return tuple(int(i) for i in np.unravel_index(np.argmax(wanted), array.shape))


def entry(data: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The number that stands at a place of a result, in an operand that may have been broadcast."""
    return np.broadcast_to(np.asarray(data), shape)[place].item()


def is_array(x: Any) -> bool:
    return bool(np.shape(_plain(x)))


def summary(data: Any) -> str:
    """An array in a few words, however large it is."""
    array = np.asarray(data)
    if not array.shape:
        return f"{array.item()!r}"
    good = array[np.isfinite(array)]
    reach = f"from {good.min():.6g} to {good.max():.6g}" if good.size else "no finite number"
    bad = array.size - good.size
    return f"shape {array.shape}, {array.dtype}, {reach}" + (f", {bad} not finite" if bad and good.size else "")


def formula(node: Node, numbers: Sequence[Any]) -> str:
    """The operation on numbers, as one writes it: `1.0 / 0.0`, `log(-3.0)`."""
    primitive = node.primitive
    assert primitive is not None
    words = [f"({x!r})" if isinstance(x, float) and x < 0 and len(numbers) > 1 else repr(x) for x in numbers]
    if primitive.precedence is not None and len(words) == 2:
        return f" {primitive.symbol} ".join(words)
    return f"{primitive.name}({', '.join(map(repr, numbers))})"


def operand_in_words(x: Any, slot: int) -> str:
    """An operand by its name, or by what it is."""
    if not isinstance(x, Node):
        return f"the constant operand {slot}"
    if x.name:
        return f"{x.name!r}"
    return f"operand {slot}, the result of {x.primitive.name}" if x.primitive else f"operand {slot}"


def leaf_in_words(node: Node) -> str:
    kind = type(node).__name__
    return f"the {kind} {node.name!r}" if node.name else f"a {kind} without a name"


def leaf_remedy(node: Node) -> str:
    if node.requires_grad:
        return (
            "usual remedy: look at the step that set it last: a gradient that was not finite, a learning rate too large"
        )
    return (
        "usual remedy: look at the data; or, if it was computed without recording (no_grad, detach, inputs without "
        "requires_grad), compute it with a gradient required, and ask again"
    )


def made_at(node: Node) -> str:
    """The source line, if it was traced."""
    return f"\n  at {node.source}: {node.source.text}" if node.source else ""


# The knowledge: why operations give nan or inf, and what is usually done about it.


class Reason(NamedTuple):
    """A reason, and the usual remedy."""

    why: str
    remedy: str


def diagnosis(reason: Reason | None) -> list[str]:
    return [f"  why: {reason.why}", f"  usual remedy: {reason.remedy}"] if reason else []


POSITIVE = (
    "keep it positive, such as tg.log(tg.clip(x, 1e-12)); or, for log-probabilities, take logits - tg.logsumexp(logits)"
)
DIVISOR = "keep the divisor away from 0: x / (y + 1e-12) if y ≥ 0, or x / tg.where(y == 0, 1.0, y)"
SHIFT = (
    "take the largest number away before, or a function that does so: tg.softmax, tg.logsumexp, tg.sigmoid, tg.softplus"
)
ANGLE = Reason(
    "no angle has a sine or cosine outside of [-1, 1]", "if it is outside by rounding only, tg.clip(x, -1.0, 1.0)"
)
SCALE = "scale the numbers down, take logarithms, or use float64"
ROOT = "if it should be 0 but for rounding, tg.sqrt(tg.clip(x, 0.0))"
FINITE = "find out where the infinite operand came from, and keep it finite"

ENTRIES: dict[str, list[tuple[Callable[..., bool], Reason]]] = {
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
            Reason("a negative number has no real power with a fraction as exponent", "take tg.abs(x), or clip x at 0"),
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
"""For elementwise operations, by the numbers that they met."""

NO_NUMBERS = Reason("a mean of no numbers is 0 / 0", "check the shapes: an axis has size 0")
FREEDOM = Reason("it divides by n - ddof, and there are no more than ddof numbers", "ddof=0, or more numbers")
ALL_MASKED = Reason(
    "all numbers along the axis are -inf: every one is masked", "leave one unmasked, or leave such rows out"
)
TOO_LARGE_GRADIENT = Reason(
    "the gradient is too large for its dtype", "scale the loss or the inputs down; smaller initial weights; use float64"
)


def explain_entry(node: Node, numbers: Sequence[Any]) -> Reason | None:
    """Why an elementwise operation gave nan or inf of these numbers."""
    assert node.primitive is not None
    for holds, reason in ENTRIES.get(node.primitive.name, ()):
        if holds(*numbers):
            return reason
    return overflow(node) if all(map(is_finite, numbers)) else None


def explain_whole(node: Node, values: Sequence[Any]) -> Reason | None:
    """Why an operation on whole arrays gave nan or inf."""
    name = node.primitive.name if node.primitive else ""
    well = all(map(is_finite, values))
    if name == "mean" and not np.size(values[0]):
        return NO_NUMBERS
    if name in ("var", "std", "mean") and well and has_nan(node._data):
        return FREEDOM
    if name in ("softmax", "logsumexp") and not well and not any(map(has_nan, values)):
        return ALL_MASKED
    return overflow(node) if well else None


def overflow(node: Node) -> Reason:
    """The reason that is left where finite numbers give inf."""
    dtype = getattr(node, "dtype", np.dtype(np.float64))
    return Reason(f"the result is too large: {dtype} ends at {np.finfo(dtype).max:.2g}", SCALE)


def explain_gradient(upstream: Any, local: Any) -> Reason:
    """Why a rule gave nan or inf."""
    if local is None or is_finite(local):
        return TOO_LARGE_GRADIENT
    if upstream == 0:
        return Reason(
            "nothing flows here, for another branch was taken; but the local derivative is infinite, and 0 · inf is nan",
            "give the operation harmless numbers where its result is not used: tg.log(tg.where(mask, x, 1.0))",
        )
    return Reason(
        "the function is infinitely steep there",
        "keep away from the place: tg.sqrt(x + 1e-12), or tg.norm(x), whose derivative at 0 is 0",
    )
