"""The words of the players: the lines of mathematics of an event, and sentences in the reader's language."""

from __future__ import annotations

from bisect import bisect_left

from .._support.languages import say, speaking, texts
from ..graph.plain import Quantity
from .script import Event, Script
from .texts import TEXTS

__all__ = ["called", "data", "heading", "lines", "sentence", "sentences", "shown", "whole", "words"]


def heading(script: Script) -> str:
    """The heading of a player: `Step by step: z = (x + y) · w`."""
    return say(TEXTS["title"], of=whole(script))


def whole(script: Script) -> str:
    """`z = (x + y) · w`, or `z` where that is too long."""
    return f"{script.graph.of} = {script.formula}" if script.formula else script.graph.of


def lines(script: Script, event: Event) -> list[str]:
    """The mathematics of an event, line by line: the local derivative, the chain rule, the numbers, the sum.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> s = tg.steps(x * x * 2)
    >>> for event in s[:1] + s[-1:]:
    ...     print(*lines(s, event), sep="\\n")
    v₁ = x · x = 9
    v₁ = 3 · 3 = 9
    (∂v₁/∂x)₂ = x = 3
    ∂v₂/∂x += ∂v₂/∂v₁ · (∂v₁/∂x)₂
    ∂v₂/∂x += 2 · 3 = 6
    ∂v₂/∂x: 6 → 12
    """
    value, equation = shown(event.value), f"{event.left} {event.becomes}"
    if event.kind == "seed":
        return [event.symbolic]
    told = event.kind == "forward" and event.shapes is None
    result = [f"{event.symbolic} = {value}" if told else event.symbolic]
    if event.local is not None:
        known = [script.local_derivative(event), event.rule, shown(event.local)]
        result.insert(0, " = ".join(dict.fromkeys(x for x in known if x is not None)))
    if event.numeric is not None:
        if event.numeric != value:  # v = −0.7 = −0.7 says nothing
            result.append(f"{equation} {event.numeric} = {value}")
    elif event.value is not None and event.shapes is not None:
        result.append(f"{event.shapes} → {event.value.shape}")
        if event.kind != "update":
            result.append(f"{equation} {value}")
    if event.kind == "update":
        result.append(f"{event.left}: {shown(script.graph.node(event.node).value)} → {value}")
    elif event.before is not None:
        result.append(f"{event.left}: {shown(event.before)} → {shown(event.after)}")
    return [*data(script, event), *result]


def data(script: Script, event: Event) -> list[str]:
    """`x₁ = 1 − y`, for each operand of an operation that is an expression of data."""
    if event.kind != "forward":
        return []
    edges, of = script.graph.edges, event.node
    first, end = (bisect_left(edges, target, key=lambda edge: edge.target) for target in (of, of + 1))
    operands = [script.graph.node(id) for id in dict.fromkeys(edge.source for edge in edges[first:end])]
    return [f"{x.label} = {x.formula}" for x in operands if x.kind == "leaf" and x.formula]


def sentence(script: Script, event: Event, lang: str | None = None) -> str:
    """The event in words, for a reader who sees no picture.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> s = tg.steps(x * x)
    >>> print(sentence(s, s[-1]))
    v₁ passes its gradient on to x: upstream 1 times local derivative 3 is 3. This is operand 2 of v₁. All 2
    contributions have arrived: the gradient of x is 6.
    >>> print(sentence(s, s[0], lang="zh"))
    v₁ = x · x = 9：由乘法（multiply）得到 v₁ 的值。
    """
    with speaking(lang):
        values = words(script, event)
        return say(TEXTS["between sentences"]).join(say(TEXTS[key], **values) for key in sentences(script, event))


def sentences(script: Script, event: Event) -> list[str]:
    """The keys of the sentences about an event, in their order."""
    carried = event.kind == "contribution" and event.local is None
    factors = event.upstream, event.local, event.value
    keys = ["said of carried contribution" if carried else _of(f"said of {event.kind}", *factors)]
    if event.kind == "contribution":
        if sum((edge.source, edge.target) == (event.input, event.node) for edge in script.graph.edges) > 1:
            keys.append("said of operand")
        if event.after is None:
            keys.append("said of broadcast contribution")
    if event.after is not None and event.expected:
        only, last = event.expected == 1, event.arrived == event.expected
        keys.append(_of(f"said of the {'only one' if only else 'last' if last else 'rest'}", event.after))
    return keys


def _of(key: str, *quantities: Quantity | None) -> str:
    """The key of a sentence; of its form for arrays, which does not read out their cells, where it has one."""
    arrays = any(x is not None and not x.is_number for x in quantities)
    return f"{key} as array" if arrays and f"{key} as array" in TEXTS else key


def words(script: Script, event: Event) -> dict[str, str | int]:
    """The values that are filled into the sentences about an event; what an event does not have is left out."""
    node, to = script.graph.node(event.node), script.graph.node(event.input or event.node)
    repeated = event.upstream if event.kind == "sum" else event.value
    every: dict[str, str | int | None] = {
        "symbolic": event.symbolic,
        "operation": called(node.operation) if node.operation else None,
        "from": node.label,
        "label": to.label,
        "old": shown(node.value),
        "value": shown(event.value),
        "upstream": shown(event.upstream),
        "local": shown(event.local),
        "after": shown(event.after),
        "shape": str(repeated.shape) if repeated else "",
        "operand": "" if event.slot is None else event.slot + 1,
        "arrived": event.arrived,
        "expected": event.expected,
    }
    return {key: value for key, value in every.items() if value not in (None, "")}


OPERATIONS = texts(
    (
        "add", "subtract", "multiply", "divide", "power", "negative", "exp", "log", "square", "sqrt", "sum", "mean",
        "max", "matmul", "transpose", "reshape", "getitem", "broadcast_to", "concatenate", "convolution",
    )
)  # fmt: skip
"""The operations that have a name in other languages; all others keep that of the code."""


def called(operation: str) -> str:
    """The name of an operation in a sentence.

    >>> called("add"), called("erf")
    ('add', 'erf')
    >>> with speaking("zh"):
    ...     called("add"), called("erf")
    ('加法（add）', '运算 erf ')
    """
    return say(operation) if operation in OPERATIONS else say("{operation_name}", operation_name=operation)


def shown(value: Quantity | None) -> str:
    """A number, a small vector or matrix, or the shape and range of a larger array."""
    if value is None:
        return ""
    return f"{value.kind()}, {value.range()}" if len(value.shape) > 2 else value.text()
