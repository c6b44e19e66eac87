"""`Reference`: the engine's backward pass of a function, and the same pass with one mistake in it.

The mistake is in a row of the table, not in the walk: a node of the graph gets an erring row, the engine walks as
usual, and the node gets its own row back. So there is no second chain rule here, and every candidate is the answer of a
program with exactly this mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..._support.grouping import grouped
from ..._support.languages import listed, say, texts
from ...check.vectors import parameters_of
from ...engine.gradients import Contribution, contributions, gradients
from ...engine.graphs import ancestors
from ...engine.node import Node, number_of
from ...engine.primitives.primitive import Primitive
from ...engine.tensor import Tensor
from ...engine.value import Value
from ...errors import TinygradError
from .rules import ErringRow, RuleCall, Wrong, wrong_rules

__all__ = ["Candidate", "Reference"]

WALKED = 3_000
"""The most arrows that are walked to try mistakes in sums, and as many for mistakes in rules: about 50 ms. In a large
graph fewer mistakes are tried, the most probable first; an arrow counts once more for every 2,000 numbers on it."""

USES = 8
"""The most uses of one operand in which mistakes are tried: the first and the last ones."""

Mistakes = Mapping[Node, tuple[Wrong, Sequence[int] | None]]
"""For each node that errs: the wrong rule, and its slots (None: all)."""

Attempt = tuple[str, dict[str, str], Mistakes]
"""A mistake to try: its name, its details, and where it is made."""


class Candidate(NamedTuple):
    """The result of a mistake.

    Attributes
    ----------
    name, details : the mistake, and the details for its words.
    gradients : the gradients of all inputs; None for an input that gets none.
    mistakes : the wrong rules.
    """

    name: str
    details: dict[str, str]
    gradients: list[ndarray | None]
    mistakes: Mistakes


class Reference:
    """A function at a point, its graph, and the right gradients.

    Attributes
    ----------
    inputs : nodes for floats and arrays of floats; all else (integers, masks) as it was given.
    variables, names : the nodes among the inputs, and the names of their parameters: those that are given, or those of
        the function.
    expected : the right gradients of the variables.
    """

    def __init__(
        self, function: Callable[..., Any], at: Sequence[Any], upstream: Any = None, names: Sequence[str] = ()
    ) -> None:
        self.upstream = upstream
        self.inputs = [_variable(x) for x in at]
        parameters = names or names_of(function, len(at))
        both = [(name, x) for name, x in zip(parameters, self.inputs) if isinstance(x, Node)]
        self.names = tuple(name for name, _ in both)
        self.variables = [x for _, x in both]
        self.output: Node = function(*self.inputs)
        self.steps: list[Contribution] = list(contributions(self.output, upstream))
        self.expected = self.gradients()
        walk = sum(1.0 + np.size(step.total) / 2_000 for step in self.steps)
        self.tries = max(4, int(WALKED / max(walk, 1.0)))

    def gradients(self) -> list[ndarray]:
        """The gradients of the variables by the present rows of the graph; 0 if there is no path."""
        found = gradients(self.output, self.variables, self.upstream)
        return [np.zeros(x.shape) if g is None else np.array(g) for g, x in zip(found, self.variables)]

    def candidates(self) -> Iterator[Candidate]:
        """The candidates of all known mistakes in rules and sums."""
        yield from self.in_sums()
        yield from self.in_rules()
        yield from self.in_broadcasts()

    def tried(self, attempts: Iterable[Attempt]) -> Iterator[Candidate]:
        """The candidates of these mistakes: of the first ones, as many as there is time for."""
        for attempt in islice(attempts, self.tries):
            yield from self.erring(*attempt)

    # Mistakes in rules.

    def in_rules(self) -> Iterator[Candidate]:
        return self.tried(self.mistakes_in_rules())

    def mistakes_in_rules(self) -> Iterator[Attempt]:
        nodes = list(dict.fromkeys(step.node for step in reversed(self.steps)))  # those near the inputs first
        of_row = grouped((_row_of(node).name, node) for node in nodes)
        # A student's wrong rule errs in every node that uses it.
        together = [group for group in of_row.values() if len(group) > 1]
        for group in together:
            for slots in self.slots_of(group):
                yield "sign of one contribution", _at(group), dict.fromkeys(group, (_negated, slots))
        for group in (*together, *([node] for node in nodes)):
            for name, details, wrong in wrong_rules(group[0]):
                for slots in self.slots_of(group):
                    yield name, {**_at(group), **details}, dict.fromkeys(group, (wrong, slots))

    def slots_of(self, group: Sequence[Node]) -> Iterator[list[int] | None]:
        """Which rules of a row may err together: all of them (None), or one.

        One alone matters only behind other operations, because the gradients of inputs are compared one by one.
        """
        yield None
        members = set(group)
        used = {step.slot: step.input for step in self.steps if step.node in members}
        for slot, x in sorted(used.items()):
            if len(used) > 1 and (len(group) > 1 or not any(x is variable for variable in self.variables)):
                yield [slot]

    def erring(self, name: str, details: dict[str, str], mistakes: Mistakes) -> Iterator[Candidate]:
        """The pass with wrong rules in some nodes; nothing if these do not fit the shapes."""
        try:
            with _erring_rows(mistakes):
                found = self.gradients()
        except (TinygradError, ArithmeticError, AttributeError, IndexError, TypeError, ValueError):
            return  # most mistakes cannot be made in most operations
        if all(np.shape(g) == x.shape for g, x in zip(found, self.variables)):
            yield Candidate(name, details, [*found], mistakes)

    def erring_steps(self, mistakes: Mistakes) -> list[Contribution]:
        """The walk with wrong rules in some nodes, arrow by arrow."""
        with _erring_rows(mistakes):
            return list(contributions(self.output, self.upstream))

    # Mistakes in sums of contributions.

    def in_sums(self) -> Iterator[Candidate]:
        return self.tried(self.mistakes_in_sums())

    def mistakes_in_sums(self) -> Iterator[Attempt]:
        uses = grouped((step.input, step) for step in self.steps)
        shared = [several for several in reversed(uses.values()) if len(several) > 1]  # those near the inputs first
        if len(shared) > 1:  # = instead of += loses contributions in every shared node
            for kept in (-1, 0):
                lost = [step for several in shared for step in several if step is not several[kept]]
                yield _on_edges("overwritten", lost, _nothing, named=[several[kept] for several in reversed(shared)])
        for several in shared:
            some = several if len(several) <= USES else [*several[: USES // 2], *several[-USES // 2 :]]
            for step in some:
                others = [other for other in several if other is not step]
                yield _on_edges("overwritten", others, _nothing, named=[step])
            for step in some:
                if len(several) > 2:
                    yield _on_edges("missing contribution", [step], _nothing, named=[step])
                yield _on_edges("counted twice", [step], lambda e: 2.0 * e.pull(), named=[step])
                yield _on_edges("sign of one contribution", [step], _negated, named=[step])

    # Mistakes in the forward pass.

    def in_forward(self) -> Iterator[Candidate]:
        """Passes in which an operation is left out of the values, but not of the rules: `h = x @ w` for `x @ w + b`."""
        made = [node for node in ancestors([self.output]) if node.primitive is not None]
        for node in made if len(made) > 1 else ():
            for kept in dict.fromkeys(x for x in node.inputs if isinstance(x, Node)):
                if np.shape(kept.data) != np.shape(node.data) or len(self.steps) > self.tries * 20:
                    continue
                beside = [x for x in node.inputs if x is not kept]
                others = [name for name, x in zip(self.names, self.variables) if any(x is y for y in beside)]
                said = _at([node])["operation"] + (f" ({', '.join(others)})" if others else "")
                try:
                    found = gradients(self.without(node, kept, made), self.variables, self.upstream)
                except (TinygradError, ArithmeticError, AttributeError, IndexError, TypeError, ValueError):
                    continue  # not every operation can be left out
                if all(g is not None for g in found):
                    yield Candidate("left out", {"operation": said}, [np.array(g) for g in found], {})

    def without(self, node: Node, kept: Node, made: Sequence[Node]) -> Node:
        """The output, computed with the value of the operand `kept` in the place of what `node` gives."""
        again: dict[int, Any] = {}
        for old in made:
            new = _row_of(old)(*(again.get(id(x), x) for x in old.inputs), **old.attrs)
            if old is node:
                new = new + (again.get(id(kept), kept) - new).detach()
            again[id(old)] = new
        result: Node = again[id(self.output)]
        return result

    # Mistakes in the sum over broadcast axes.

    def in_broadcasts(self) -> Iterator[Candidate]:
        raw = [self.before_summing(x) for x in self.variables]
        if all(r is None for r in raw):
            return
        yield self.with_raw("not summed", {}, raw)
        most = max(r.ndim for r in raw if r is not None)
        for axes in (axes for count in range(1, most + 1) for axes in combinations(range(most), count)):
            over = say("axis {axes}" if len(axes) == 1 else "axes {axes}", axes=", ".join(map(str, axes)))
            for words, way in SUMMED.items():
                found = [
                    None if r is None or axes[-1] >= r.ndim else way(r, axes, e.shape)
                    for r, e in zip(raw, self.expected)
                ]
                yield self.with_raw("summed over the wrong axis", {"summed": say(words, over=over)}, found)

    def with_raw(self, name: str, details: dict[str, str], found: Sequence[ndarray | None]) -> Candidate:
        """A candidate that is right for inputs without broadcasting."""
        return Candidate(name, details, [e if r is None else r for r, e in zip(found, self.expected)], {})

    def before_summing(self, x: Node) -> ndarray | None:
        """The gradient of a variable in its broadcast shape, before it is summed back; None without broadcasting."""
        contributions = [_raw_contribution(step) for step in self.steps if step.input is x]
        if not contributions or all(c.shape == x.shape for c in contributions):
            return None
        try:
            return np.asarray(sum(contributions[1:], contributions[0]))
        except ValueError:  # shapes that do not fit together
            return None


SUMMED: dict[str, Callable[[ndarray, tuple[int, ...], tuple[int, ...]], ndarray]] = texts(
    {
        "summed over {over}": lambda r, axes, _: r.sum(axes),
        "summed over {over}, which stay as axes of 1": lambda r, axes, _: r.sum(axes, keepdims=True),
        "the first along {over}, not a sum": lambda r, axes, shape: _one_along(r, axes, 0, shape),
        "only the last along {over}, as if = stood for +=": lambda r, axes, shape: _one_along(r, axes, -1, shape),
    }
)
"""What students do instead of summing over the right axes."""


@contextmanager
def _erring_rows(mistakes: Mistakes) -> Iterator[None]:
    """Give some nodes wrong rules in this context."""
    rows = {node: _row_of(node) for node in mistakes}
    try:
        for node, (wrong, slots) in mistakes.items():
            node.primitive = ErringRow(rows[node], wrong, slots)
        with np.errstate(all="ignore"):
            yield
    finally:
        for node, row in rows.items():
            node.primitive = row


def _variable(x: Any) -> Any:
    """A node for a float or an array of floats."""
    if isinstance(x, float):
        return Value(float(x))
    if isinstance(x, ndarray) and x.dtype.kind == "f":
        return Tensor(x, requires_grad=True)
    return x


def names_of(function: Callable[..., Any], count: int) -> list[str]:
    """The names of a function's parameters; x, y, z and so on where they have none.

    >>> names_of(lambda w, b: w + b, 2), names_of(np.exp, 1)
    (['w', 'b'], ['x'])
    """
    known = parameters_of(function)
    others = [f"x{i}" for i in range(1, count + 1)] if count > 3 else ["x", "y", "z"]
    return [*known, *others[len(known) :]][:count]


def _row_of(node: Node) -> Primitive:
    assert isinstance(node.primitive, Primitive)
    return node.primitive


def _at(nodes: Iterable[Node]) -> dict[str, str]:
    """The detail that names the operations that err."""
    return {"operation": listed(list(dict.fromkeys(f"`{_row_of(node).name}`" for node in nodes)))}


def _on_edges(name: str, edges: Sequence[Contribution], wrong: Wrong, named: Sequence[Contribution]) -> Attempt:
    """A mistake on single edges; the student is told of those in `named`."""
    slots = grouped((step.node, step.slot) for step in edges)
    text = texts("`{operation}` (operand {operand})")
    told = dict.fromkeys(say(text, operation=_row_of(step.node).name, operand=step.slot + 1) for step in named)
    return name, {"operation": listed(list(told))}, {node: (wrong, slots[node]) for node in slots}


def _nothing(e: RuleCall) -> None:
    """No contribution at all."""


def _negated(e: RuleCall) -> Any:
    return -e.pull()


def _raw_contribution(step: Contribution) -> ndarray:
    """The contribution of a rule before it is summed to the shape of the operand."""
    if _row_of(step.node).name == "broadcast_to":
        return np.asarray(step.upstream)
    values = [number_of(x) for x in step.node.inputs]
    return np.asarray(_row_of(step.node).pull((step.slot,), step.upstream, step.node.data, values, step.node.attrs)[0])


def _one_along(x: ndarray, axes: tuple[int, ...], place: int, shape: tuple[int, ...]) -> ndarray:
    """One place along these axes, instead of the sum; in this shape if it fits."""
    taken = x[tuple(place if axis in axes else slice(None) for axis in range(x.ndim))]
    return taken.reshape(shape) if taken.size == np.prod(shape) else taken
