"""Writing a script: `steps` makes events of a recorded graph and of one walk, with their equations.

The rules come from the engine's table: nothing here knows a derivative.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._support.languages import texts
from ..engine.gradients import Contribution, contributions
from ..engine.messages import short
from ..engine.node import Node, number_of, shape_of
from ..errors import GraphError
from ..graph.asked import recorded_of
from ..graph.mathematics import ABOVE
from ..graph.names import local_partial, partial
from ..graph.numbers import factor, number, printed_with
from ..graph.plain import Graph, Quantity
from ..graph.recorded import Recorded, forward_graph, ids_of, is_single, one_like, passed_back
from ..graph.views.formulas import with_expressions
from ..graph.views.view import HUGE
from ..graph.words.expressions import expressions
from ..graph.words.formula import formula_of, one_call
from ..graph.words.rules import pull_one, rule_in_letters
from ..graph.words.terms import ATOM, Term, operand, printed
from .script import Event, Script

if TYPE_CHECKING:
    from ..optim import Optimizer

__all__ = ["steps"]


def steps(
    output: Node,
    optimizer: Optimizer | None = None,
    *,
    names: Mapping[str, Any] | None = None,
    digits: int | None = None,
    bold: bool = False,
) -> Script:
    """The script of what made `output` and of all its gradients; with an optimiser, also of its next step.

    Nothing changes: `.grad` is neither read nor touched, and the optimiser only says what it would do. So
    `tg.steps(loss, optimizer)` shows a whole training step. `names` are names for nodes that have none: a dictionary,
    such as `locals()`. Numbers have so many significant `digits`; None: 4. With `bold`, names of arrays are bold.

    Raises `GraphError` where the output is not a single number or has nothing to differentiate.

    >>> import tinygrad_edu as tg
    >>> w = tg.Value(2.0, "w")
    >>> loss = (w * 3 - 4) ** 2
    >>> loss.name = "L"
    >>> s = tg.steps(loss, tg.optim.SGD([w], lr=0.1))
    >>> s[-1].symbolic, s[-1].numeric, s[-1].value.text()
    ('w ← w − lr · ∂L/∂w', '2 − 0.1 · 12', '0.8')
    """
    if not isinstance(output, Node):
        text = texts("steps: only a Value or a Tensor has steps, not {kind} {given}")
        raise GraphError(text, kind=type(output).__name__, given=short(output))
    if not is_single(output):
        raise GraphError(
            "steps: the walk back begins at a single number, and this has shape {shape}; take the steps of its sum() "
            "or mean(), or of one of its elements",
            shape=shape_of(output),
        )
    if optimizer is not None and not hasattr(optimizer, "preview"):
        raise GraphError(
            "steps: the optimiser is an object such as tg.optim.SGD([w], lr=0.1), not {kind} {given}",
            kind=type(optimizer).__name__,
            given=short(optimizer),
        )
    recorded = recorded_of(output, names, "steps")
    if len(recorded.nodes) > HUGE:
        raise GraphError(
            "steps: {name} was made by {n} nodes, more than anybody steps through; take the steps of an inner node, "
            "one that was made by at most {most}",
            name=recorded.names[output],
            n=f"{len(recorded.nodes):,}",
            most=f"{HUGE:,}",
        )
    walked = list(contributions(output, one_like(output)))
    with printed_with(digits):
        return _written(recorded, walked, optimizer, bold)


def _written(recorded: Recorded, walked: Sequence[Contribution], optimizer: Optimizer | None, bold: bool) -> Script:
    """The script of what was recorded and of a walk from its output."""
    gradient, along = passed_back(recorded, walked)
    graph = with_expressions(forward_graph(recorded, gradient, along), recorded)
    scribe = _Scribe(recorded, graph)
    made = [node for node in recorded.nodes if node.primitive is not None]
    events = [*map(scribe.forward, made), scribe.seed(), *scribe.back(walked)]
    if optimizer is not None:
        events += scribe.updates(optimizer, gradient)
    return Script(graph, tuple(events), scribe.formula(), bold)


LINE = 90
"""A formula of the whole of more characters than this is left out."""


class _Scribe:
    """Writes events, with the names and ids that the plain graph has for the nodes."""

    def __init__(self, recorded: Recorded, graph: Graph) -> None:
        self.output, self.nodes, self.of = recorded.output, recorded.nodes, graph.of
        ids = ids_of(graph.nodes)
        self.ids = {node: ids[recorded.names[node]] for node in self.nodes}
        self.names = recorded.names
        self.shared, self.expressions = recorded.shared, expressions(recorded)
        self.part = recorded.unused("δ")
        self.local = {(edge.target, edge.slot): edge.local for edge in graph.edges}

    def derivative(self, node: Node) -> str:
        """`∂z/∂x`"""
        return partial(self.of, self.names[node])

    def formula(self) -> str:
        """`(x + y) · w`, if that is short."""
        formula = _brief(formula_of(self.output, self.nodes, self.names, self.expressions))
        return formula if len(formula) <= LINE and "\n" not in formula else ""

    # Forward.

    def forward(self, node: Node) -> Event:
        """`q = x + y`, `2 + 3`, `5`"""
        numbers = _single(node, *node.inputs)
        return Event(
            "forward",
            self.ids[node],
            left=self.names[node],
            right=_brief(one_call(node, lambda x: operand(x, self.names))),
            numeric=one_call(node, lambda x: printed(number_of(x))) if numbers else None,
            shapes=None if numbers else _brief(one_call(node, lambda x: Term(str(shape_of(x)), ATOM))),
            value=Quantity.of(node),
        )

    # Back.

    def seed(self) -> Event:
        """`∂z/∂z = 1`"""
        one, id = Quantity.of(one_like(self.output)), self.ids[self.output]
        return Event("seed", id, id, left=self.derivative(self.output), right="1", value=one, after=one)

    def back(self, walked: Sequence[Contribution]) -> Iterator[Event]:
        """An event for each edge, in the order of the walk, and one more where a broadcast operand is summed back."""
        expected = Counter(step.input for step in walked)
        arrived: Counter[Node] = Counter()
        so_far: dict[Node, Quantity] = {}
        for step in walked:
            x, total = step.input, Quantity.of(step.total)
            arrived[x] += 1
            event = replace(self.contribution(step), arrived=arrived[x], expected=expected[x])
            if event.value is not None and event.value.shape != shape_of(x):
                yield replace(event, left=self.part)
                event = self.summed_back(event, step)
            yield replace(event, before=so_far.get(x), after=total)
            so_far[x] = total

    def contribution(self, step: Contribution) -> Event:
        """`∂z/∂x = ∂z/∂q · ∂q/∂x`, `4 · 1`, `4`; for matrices `∂L/∂W = Xᵀ @ ∂L/∂Y`."""
        node, slot, x = step.node, step.slot, step.input
        local = self.local[self.ids[node], slot]
        pulled = pull_one(node, slot, step.upstream)
        rule = _rule(node, slot, self.names, carried=local is None)
        event = Event(
            "contribution",
            self.ids[node],
            self.ids[x],
            slot,
            left=self.derivative(x),
            upstream=Quantity.of(step.upstream),
            value=Quantity.of(pulled),  # before it is summed back to the shape of the operand
        )
        if local is None:  # the contribution is no product element by element
            right = self.spelled(rule, node) if rule else f"vjp({node.primitive!r}, {self.derivative(node)})"
            return replace(event, right=right, shapes=rule and _in_shapes(rule, node))
        numbers = _single(node, x)
        direct = (node, slot) in self.shared
        return replace(
            event,
            right=f"{self.derivative(node)} · {local_partial(self.names[node], self.names[x], slot, direct=direct)}",
            direct=direct,
            rule=rule and self.spelled(rule, node),
            local=local,
            numeric=_product(step.upstream, *local.elements) if numbers and local.elements else None,
            shapes=None if numbers else f"{shape_of(step.upstream)} · {local.shape}",
        )

    def summed_back(self, event: Event, step: Contribution) -> Event:
        """`∂L/∂b = Σ δ`: the sum of what came back to a broadcast operand, over the axes of its repetition."""
        assert event.value is not None
        return replace(
            event,
            kind="sum",
            right=f"Σ {self.part}",
            rule=None,
            numeric=None,
            shapes=f"Σ {event.value.shape}",
            upstream=event.value,
            local=None,
            value=Quantity.of(step.contribution),
        )

    # The step of an optimiser.

    def updates(self, optimizer: Optimizer, gradient: Mapping[Node, Any]) -> Iterator[Event]:
        """`w ← w − lr · ∂L/∂w`, `2 − 0.1 · 12`, `0.8`, for each parameter that the optimiser would change."""
        for p, new in optimizer.preview(gradient).items():
            if p not in self.ids:
                continue
            lr = _plain_rate(optimizer, p)
            change = f"{type(optimizer).__name__}({{w}}, {{g}})" if lr is None else "{w} − lr · {g}"
            numbers = lr is not None and _single(p)
            yield Event(
                "update",
                self.ids[p],
                left=self.names[p],
                right=change.format(w=self.names[p], g=self.derivative(p)),
                numeric=f"{number(float(number_of(p)))} − {_product(lr, gradient[p])}" if numbers else None,
                shapes=None if _single(p) else change.replace("lr", str(lr)).format(w=shape_of(p), g=shape_of(p)),
                value=Quantity.of(new),
            )

    def spelled(self, rule: str, node: Node) -> str:
        """A rule in the names of this graph."""
        called = ((_token(slot), x if isinstance(x, Node) else id(x)) for slot, x in enumerate(node.inputs))
        words = {token: self.names[key] for token, key in called if key in self.names}
        return _spelled(rule, words | {"result": self.names[node], "upstream": self.derivative(node)})


def _plain_rate(optimizer: Optimizer, p: Node) -> float | None:
    """The learning rate of plain gradient descent; None for any other optimiser."""
    (group,) = (group for group in optimizer.param_groups if any(p is x for x in group["params"]))
    extras = {key: value for key, value in group.items() if key not in ("params", "lr", "initial_lr")}
    plain_descent = type(optimizer).__name__ == "SGD" and not any(extras.values())
    return group["lr"] if plain_descent else None


def _rule(node: Node, slot: int, names: Mapping[Any, str], *, carried: bool) -> str | None:
    """The rule for one operand, in tokens for the operands, the result and, if `carried`, the upstream gradient.

    No letter in it is one of the `names`.
    """
    letters: dict[Any, str] = {x: _token(i) for i, x in enumerate(node.inputs) if isinstance(x, Node)}
    arrays = {id(x): _token(i) for i, x in enumerate(node.inputs) if id(x) in names}
    called = {**letters, **arrays, node: "result"}
    return rule_in_letters(node, slot, called, "upstream" if carried else None, names.values())


def _brief(formula: str) -> str:
    """A formula without shapes, which have a line of their own, and without the cells of large constants."""
    return re.sub(r"(?<![=\w])\[\[[^=()]{20,}?\]\]+", "[…]", re.sub(r", shape=\([\d, ]*\)", "", formula))


def _token(slot: int) -> str:
    return f"operand{slot}"


def _spelled(rule: str, words: Mapping[str, str]) -> str:
    def in_place(token: re.Match[str]) -> str:
        name, after = words[token[0]], rule[token.end() : token.end() + 1]
        return f"({name})" if "∂" in name and after and after in ABOVE else name

    return re.sub(r"(?<!\w)(operand\d+|result|upstream)(?![a-z_])", in_place, rule)


def _in_shapes(rule: str, node: Node) -> str:
    """A rule with shapes in place of the tokens: `(32, 10) @ (10, 64)`."""
    own = str(shape_of(node))
    words = {_token(slot): str(shape_of(x)) for slot, x in enumerate(node.inputs)}
    return _spelled(rule, words | {"result": own, "upstream": own})


def _single(*operands: Any) -> bool:
    """Whether all operands are single numbers."""
    return all(shape_of(x) == () for x in operands)


def _product(a: Any, b: Any) -> str:
    """`4 · (−1)`"""
    return f"{number(float(a))} · {factor(number(float(b)))}"
