"""The script of a derivation: the events of a program's forward pass and of its chain rule, one by one, as data.

Forward, an event is one operation. Back, it is one edge: what one use of a number adds to its gradient. The events are
made from one walk of the engine and from its table of rules; the script knows no derivative of its own. Players, texts
and handouts show the script and nothing else.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from .._support.formats import save_as
from .._support.json_records import Format
from .._support.languages import speaking
from ..engine.gradients import Contribution, contributions
from ..engine.messages import short
from ..engine.node import Node, number_of, shape_of
from ..errors import GraphError
from ..graph.asked import recorded_of
from ..graph.names import local_partial, partial
from ..graph.numbers import factor, number, printed_with
from ..graph.picture.bold import arrays_of
from ..graph.plain import Graph, Quantity
from ..graph.recorded import Recorded, forward_graph, is_single, one_like, passed_back
from ..graph.views.formulas import with_expressions
from ..graph.views.view import HUGE
from ..graph.words.expressions import expressions
from ..graph.words.formula import formula_of, one_call
from ..graph.words.rules import CELLS, pull_one, rule_in_letters
from ..graph.words.terms import ATOM, Term, printed, word

if TYPE_CHECKING:
    from ..optim import Optimizer

__all__ = ["FORMAT", "Arrival", "Event", "Script", "State", "steps"]

Kind = Literal["forward", "seed", "contribution", "sum", "update"]
"""The kinds of events.

forward       an operation is computed
seed          the walk back begins: the derivative of the output by itself is 1
contribution  one use of a number adds upstream · local derivative to its gradient
sum           a contribution to a number that was broadcast is summed back to its shape, and added
update        an optimiser changes a parameter by its gradient
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One local event.

    Attributes
    ----------
    kind : what happens, see `Kind`.
    node : the id, in the script's graph, of the operation that is computed, or that passes its gradient on; of the
        parameter that is updated.
    input, slot : on the way back, the id of the node that receives, and which operand of `node` it is.
    left, right : the two sides of its equation in letters: `q` and `x + y`, `∂z/∂x` and `∂z/∂q · ∂q/∂x`.
    rule : the local derivative in letters, `w`; None where the right side says it already.
    numeric : the right side in numbers, `4 · 1`; None where arrays take part.
    shapes : the right side in shapes, `(32, 10) @ (10, 64)`; None where all are single numbers.
    value : the result of the operation, or the contribution.
    upstream, local : the factors of a contribution; `local` only of what is computed element by element.
    direct : whether `local` is the derivative by this operand alone, because the input reaches the node by others too.
    before, after : the gradient of the input before and after; None where nothing has arrived yet.
    arrived, expected : how many contributions have reached the input with this one, and how many there are in all.
    """

    kind: Kind
    node: int
    input: int | None = None
    slot: int | None = None
    left: str = ""
    right: str = ""
    rule: str | None = None
    numeric: str | None = None
    shapes: str | None = None
    value: Quantity | None = None
    upstream: Quantity | None = None
    local: Quantity | None = None
    before: Quantity | None = None
    after: Quantity | None = None
    arrived: int = 0
    expected: int = 0
    direct: bool = False

    @property
    def becomes(self) -> str:
        """The sign between the sides: "+=" where a gradient has several contributions."""
        if self.kind == "update":
            return "←"
        return "+=" if self.expected > 1 and self.after is not None else "="

    @property
    def symbolic(self) -> str:
        """The equation in letters."""
        return f"{self.left} {self.becomes} {self.right}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A gradient so far: the sum (None before the first contribution), and how many contributions it is made of."""

    gradient: Quantity | None
    arrived: int
    expected: int

    @property
    def status(self) -> Literal["not reached", "partly", "final"]:
        """Whether none, some or all of the contributions have arrived."""
        if self.gradient is None:
            return "not reached"
        return "final" if self.arrived == self.expected else "partly"


@dataclass(frozen=True, slots=True)
class State:
    """What is known after some events of a script.

    Attributes
    ----------
    values : the known values, by the ids of their nodes.
    gradients : the gradients so far, by the ids of their nodes.
    """

    values: Mapping[int, Quantity]
    gradients: Mapping[int, Arrival]


@dataclass(frozen=True, eq=False, repr=False)
class Script(Sequence[Event]):
    """The derivation of every gradient of an output, as a sequence of events.

    Attributes
    ----------
    graph : the plain graph in which they happen.
    events : the events, forward and then back.
    formula : the output as one formula of its inputs, `(x + y) · w`; "" where that takes more than a line.
    bold : whether names of arrays are bold, in the player, the pictures and LaTeX.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
    >>> s = tg.steps((x + y) * w)
    >>> [event.kind for event in s]
    ['forward', 'forward', 'seed', 'contribution', 'contribution', 'contribution', 'contribution']
    >>> s[5].symbolic, s[5].numeric, s[5].value.text()
    ('∂v₂/∂x = ∂v₂/∂v₁ · ∂v₁/∂x', '4 · 1', '4')
    """

    graph: Graph
    events: tuple[Event, ...]
    formula: str = ""
    bold: bool = False

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.events[index]

    def __len__(self) -> int:
        return len(self.events)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .page import frame

        return frame(self)

    def show(self, *, lang: str | None = None, predict: bool = False) -> None:
        """Play the script: in the output cell of a notebook, in a terminal by keys, elsewhere as text.

        The terminal player needs Textual; without it, the text is printed after a line that says how to install it.
        """
        from .showing import show

        with speaking(lang):
            show(self, predict)

    def save(self, path: str | os.PathLike[str], *, lang: str | None = None, predict: bool = False) -> Path:
        """Write the player (.html), the derivation (.md, .tex, .txt), its pictures (.svg) or the script (.json).

        The file appears complete or not at all. Gives the path. `ValueError` for another extension, `OSError` where
        the file cannot be written.
        """
        from .showing import FORMATS

        with speaking(lang):
            return save_as(path, FORMATS, self, predict)

    def html(self, *, lang: str | None = None, predict: bool = False) -> str:
        """The player as a page of its own, which needs no network; with `predict` it asks for each result first."""
        from .page import page

        with speaking(lang):
            return page(self, predict=predict)

    def markdown(self, lang: str | None = None) -> str:
        """The derivation for a Markdown page."""
        from .handout import markdown

        with speaking(lang):
            return markdown(self)

    def latex(self, lang: str | None = None) -> str:
        """The derivation as LaTeX, for the body of a document that loads amsmath."""
        from .handout import latex

        with speaking(lang):
            return latex(self)

    def filmstrip(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        at: Sequence[int] | None = None,
        columns: int = 1,
        lang: str | None = None,
    ) -> str:
        """Pictures of the graph after some events, with their equations and a sentence below each, as one SVG.

        `at` says after how many events each picture is taken; None: up to a dozen pictures, spread over the way back.
        `columns` of them stand side by side.
        With a `path`, the strip is also written to that file: .svg, .png or .pdf. `ValueError` for another extension.
        """
        from .filmstrip import STRIPS, filmstrip
        from .wording import heading

        with speaking(lang):
            svg = filmstrip(self, at, columns)
            if path is not None:
                save_as(path, STRIPS, svg, heading(self), function="filmstrip")
            return svg

    def json(self) -> str:
        """The script as JSON; `step/script.schema.json` in the package describes it."""
        return FORMAT.write(self)

    def text(self, lang: str | None = None) -> str:
        """The whole derivation, a numbered entry for each event.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0, "x")
        >>> z = x * x
        >>> z.name = "z"
        >>> print(tg.steps(z))
        Step by step: z = x²
        <BLANKLINE>
        Forward
          1  z = x · x = 9
             z = 3 · 3 = 9
        <BLANKLINE>
        Back
          2  ∂z/∂z = 1
          3  (∂z/∂x)₁ = x = 3
             ∂z/∂x += ∂z/∂z · (∂z/∂x)₁
             ∂z/∂x += 1 · 3 = 3
          4  (∂z/∂x)₂ = x = 3
             ∂z/∂x += ∂z/∂z · (∂z/∂x)₂
             ∂z/∂x += 1 · 3 = 3
             ∂z/∂x: 3 → 6
        """
        from .handout import text

        with speaking(lang):
            return text(self)

    def groups(self) -> list[tuple[str, int]]:
        """The events in parts, each as a title and the number of events up to its end.

        A part holds the events of one module, or of one function marked with `tg.block`, on the way forward or back;
        outside of these, the events of one operation. The title is `features.0 Conv2d`, or the label of the node.
        """
        ends: list[tuple[str, int]] = []
        before: object = None
        for stop, event in enumerate(self.events, 1):
            node = self.graph.node(event.node)
            title = self._title(node.cluster) if node.cluster else node.label
            if ends and before == (title, event.kind == "forward"):
                ends.pop()
            before = title, event.kind == "forward"
            ends.append((title, stop))
        return ends

    def _title(self, path: str) -> str:
        cluster = self.graph.cluster(path)
        return f"{path} {cluster.title.partition('(')[0]}" if cluster.kind == "module" else path

    @property
    def arrays(self) -> frozenset[str]:
        """The names that are set in bold."""
        return arrays_of(self.graph) if self.bold else frozenset()

    def label(self, id: int) -> str:
        """The label of the node with this id."""
        return self.graph.node(id).label

    def local_derivative(self, event: Event) -> str:
        """`∂q/∂x`: of the node that passes its gradient on, by the receiving one; (∂q/∂x)₂ if by operand 2 alone."""
        of, by = word(self.label(event.node)), word(self.label(event.input or event.node))
        return local_partial(of, by, event.slot or 0, direct=event.direct)

    def state(self, step: int) -> State:
        """What is known after the first `step` events. Only the events say it, so going back is exact.

        Raises `IndexError` for a step beyond the end.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0, "x")
        >>> s = tg.steps(x * x)
        >>> for step in (2, 3, 4):
        ...     arrival = s.state(step).gradients[1]
        ...     print(arrival.status, arrival.gradient and arrival.gradient.text())
        not reached None
        partly 3
        final 6
        """
        if not 0 <= step <= len(self.events):
            raise IndexError(f"state: a step of this script is from 0 to {len(self.events)}, and not {step}")
        values = {node.id: node.value for node in self.graph.nodes if node.kind in ("leaf", "constant") and node.value}
        arrivals = {e.input: Arrival(None, 0, e.expected) for e in self.events if e.input is not None}
        for event in self.events[:step]:
            if event.kind in ("forward", "update") and event.value:
                values[event.node] = event.value
            elif event.input is not None and event.after is not None:
                arrivals[event.input] = Arrival(event.after, event.arrived, event.expected)
        return State(values, arrivals)


FORMAT = Format(Script, "tinygrad_edu.script", 1, "A derivation, event by event, as tinygrad_edu plays it")
"""The JSON form of a script; `json_form.py` reads it and checks what is read."""


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
        raise GraphError(f"steps: only a Value or a Tensor has steps, not {type(output).__name__} {short(output)}")
    if not is_single(output):
        raise GraphError(
            f"steps: the walk back begins at a single number, and this has shape {shape_of(output)}; take the steps "
            "of its sum() or mean(), or of one of its elements"
        )
    if optimizer is not None and not hasattr(optimizer, "preview"):
        raise GraphError(
            "steps: the optimiser is an object such as tg.optim.SGD([w], lr=0.1), not "
            f"{type(optimizer).__name__} {short(optimizer)}"
        )
    recorded = recorded_of(output, names, "steps")
    if len(recorded.nodes) > HUGE:
        raise GraphError(
            f"steps: {output.name or 'this'} was made by {len(recorded.nodes):,} nodes, more than anybody steps "
            f"through; take the steps of an inner node, one that was made by at most {HUGE:,}"
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
        drawn = [plain_node for plain_node in graph.nodes if plain_node.kind != "constant"]
        self.output, self.nodes, self.of = recorded.output, recorded.nodes, graph.of
        self.ids = {node: plain_node.id for node, plain_node in zip(self.nodes, drawn)}
        self.names = {node: word(name) for node, name in recorded.names.items()}
        self.shared, self.expressions = recorded.shared, expressions(recorded)
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
            right=_brief(one_call(node, lambda x: Term(self.names[x], ATOM))),
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
                yield replace(event, left="δ")
                event = self.summed_back(event, step)
            yield replace(event, before=so_far.get(x), after=total)
            so_far[x] = total

    def contribution(self, step: Contribution) -> Event:
        """`∂z/∂x = ∂z/∂q · ∂q/∂x`, `4 · 1`, `4`; for matrices `∂L/∂W = Xᵀ @ ∂L/∂Y`."""
        node, slot, x = step.node, step.slot, step.input
        local = self.local[self.ids[node], slot]
        pulled = pull_one(node, slot, step.upstream)
        rule = _rule(node, slot, carried=local is None)
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
            right="Σ δ",
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
        words = {_token(slot): self.names[x] for slot, x in enumerate(node.inputs) if isinstance(x, Node)}
        return _spelled(rule, words | {"result": self.names[node], "upstream": self.derivative(node)})


def _plain_rate(optimizer: Optimizer, p: Node) -> float | None:
    """The learning rate of plain gradient descent; None for any other optimiser."""
    (group,) = (group for group in optimizer.param_groups if any(p is x for x in group["params"]))
    extras = {key: value for key, value in group.items() if key not in ("params", "lr", "initial_lr")}
    plain_descent = type(optimizer).__name__ == "SGD" and not any(extras.values())
    return group["lr"] if plain_descent else None


def _rule(node: Node, slot: int, *, carried: bool) -> str | None:
    """The rule for one operand, in tokens for the operands, the result and, if `carried`, the upstream gradient."""
    letters = {x: _token(i) for i, x in enumerate(node.inputs) if isinstance(x, Node)} | {node: "result"}
    rule = rule_in_letters(node, slot, letters, "upstream" if carried else None)
    return rule and _brief(rule)


def _brief(formula: str) -> str:
    """A formula without shapes, which have a line of their own, and without the cells of large constants."""
    return re.sub(CELLS, "[…]", re.sub(r", shape=\([\d, ]*\)", "", formula))


def _token(slot: int) -> str:
    return f"operand{slot}"


def _spelled(rule: str, words: Mapping[str, str]) -> str:
    return re.sub(r"(?<!\w)(operand\d+|result|upstream)(?![a-z_])", lambda token: words[token[0]], rule)


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
