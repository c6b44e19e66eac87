"""Checks of the student's own engine: a class like micrograd's `Value`, and the topological order of its nodes.

`Value` has `data`, `grad`, operators and `backward()`. Every valid order is accepted, and the smallest graph that fails
is shown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from ..._support.languages import say, texts
from ..._support.text import clean
from ...engine.gradients import contributions
from ...engine.node import Node
from ...engine.value import Value as Engine
from ...graph.plain import Edge, Graph, Mark, PlainNode
from ..compare import compare, kind_of
from ..diagnosis import MISTAKES, beside_values
from ..diagnosis.beside import where_marked
from ..diagnosis.reference import names_of
from ..errors import StudentError, WrongAnswer
from ..expect import expect, require
from ..results import Graphs
from ..sandbox.proxies import Student, evaluate, session_of
from .asking import number_is

__all__ = ["adds_up", "deep_chain", "linear_time", "same_as_engine", "topological_order"]

GRAPH = """lambda first, second, steps, doubles: (x := Value(first), z := Value(second),
    __import__("functools").reduce(lambda y, step: (y + y if doubles else y) + (x if step else z), steps, x))"""
"""Values x and z, and y, which is x at first; in each step y may be doubled, and x or z is added to it."""


def same_as_engine(Value: Callable[[float], Any], function: Callable[..., Any], *at: float) -> None:
    """`function` of the student's values must give the engine's result and gradients.

    Parameters
    ----------
    Value : makes a value from a float.
    function : works on the student's values and on the engine's, with operators and methods, such as
        `lambda x, y: (x * y + x).tanh()`.

    Raises `WrongAnswer`, with the mistake that explains the gradients if one does, and with the `data` and `grad` of
    all the student's values beside the right ones.

    >>> import tinygrad_edu as tg
    >>> same_as_engine(tg.Value, lambda x, y: (x * y + x).tanh(), 0.5, -0.25)
    """
    _after_backward(Value, function, at)


def _after_backward(
    Value: Callable[[float], Any], function: Callable[..., Any], at: tuple[float, ...]
) -> tuple[Twins, list[Twins], tuple[Any, ...]]:
    """The result of `function`, its operands, and their gradients after one backward pass, all of them right."""
    made: list[Twins] = []
    leaves = [Twins(Value(x), Engine(x), made) for x in at]
    out = function(*leaves)
    _call(out.theirs, "backward")
    try:
        number_is(out.theirs.data, float(out.ours.data), say("the result's data"))
        found = tuple(leaf.theirs.grad for leaf in leaves)
        expect(found, "grad").is_gradient_of(function, at=at)
    except WrongAnswer as wrong:
        data, gradients = ({x.ours: _number_in(x.theirs, what) for x in made} for what in ("data", "grad"))
        names = {leaf.ours: name for leaf, name in zip(leaves, names_of(function, len(at)))}
        wrong.graphs = graphs = beside_values(out.ours, names, data, gradients)
        if graphs and wrong.kind not in MISTAKES:
            wrong.where = where_marked(graphs) or wrong.where
        raise
    return out, leaves, found


def adds_up(Value: Callable[[float], Any], function: Callable[..., Any], *at: float) -> None:
    """A second `backward` of the student's values must add to their gradients, so that they are twice the first ones.

    The arguments are those of `same_as_engine`. Raises `WrongAnswer`: as that does if the first `backward` is wrong,
    "overwritten" if the second gradients replace the first ones, "not reset" if gradients of values in between are
    kept, and flow on once more.

    >>> import tinygrad_edu as tg
    >>> adds_up(tg.Value, lambda x: x * x.tanh(), 0.5)
    """
    out, leaves, once = _after_backward(Value, function, at)
    _call(out.theirs, "backward")
    twice = tuple(leaf.theirs.grad for leaf in leaves)
    if compare(twice, once):
        raise WrongAnswer(
            say("After a second backward, the gradients are those of one."),
            kind="overwritten",
            how=say("A gradient is added to what `grad` holds: use += instead of =, and do not set it back to 0."),
        )
    if compare(twice, kept_in_between(function, at)):
        raise WrongAnswer(
            say(
                "In a second backward, the gradients that values in between have kept from the first flow on once more."
            ),
            kind="not reset",
            how=say(
                "Only the values at the beginning keep their gradient: let each backward() begin with 0 in all others."
            ),
        )
    expect(twice, say("after two backwards, grad")).equals(tuple(2.0 * float(gradient) for gradient in once))


def kept_in_between(function: Callable[..., Any], at: tuple[float, ...]) -> tuple[float, ...]:
    """The gradients after two backward passes, if the second finds the gradients that the first has left."""
    leaves = [Engine(x) for x in at]
    out = function(*leaves)
    held: dict[Node, float] = dict.fromkeys(leaves, 0.0)
    for _ in range(2):
        held[out] = 1.0
        for step in contributions(out):
            held[step.input] = held.get(step.input, 0.0) + step.local * held[step.node]
    return tuple(held[leaf] for leaf in leaves)


def deep_chain(student: Student, n: int = 10_000, rng: np.random.Generator | None = None) -> None:
    """`Value.backward` must work on a chain of `n` additions.

    Parameters
    ----------
    rng : draws which of two values is added in each step, so that nobody knows the gradients in advance.

    Raises `WrongAnswer` of the kind "recursion" if Python's stack is too small for it.
    """
    try:
        _asked(student, n, rng, doubles=False)
    except StudentError as error:
        if "RecursionError" not in str(error):
            raise
        raise WrongAnswer(
            say("backward() recurses: a chain of {n} additions is too deep for it", n=f"{n:,}"),
            kind="recursion",
            where=error.text,
            how=say("Keep the nodes that are still to be visited in a list of your own, and loop."),
        ) from None


def linear_time(student: Student, n: int = 40, rng: np.random.Generator | None = None) -> None:
    """`Value.backward` must visit a shared node once, not once for every path to it.

    A value is doubled n times, so that there are 2**n paths: for n = 40 no program could walk them all. With half and a
    quarter of the doublings, a program that tries is found out sooner.

    Raises `WrongAnswer` of the kind "exponential time".
    """
    before = 0.0
    for doublings in (n // 4, n // 2, n):
        try:
            passed = _asked(student, doublings, rng, doubles=True)
            if before and passed > max(20 * before, 0.03):  # it may have been a pause of the machine: the best counts
                passed = min(passed, *(_asked(student, doublings, rng, doubles=True) for _ in range(2)))
            late = bool(before) and passed > max(20 * before, 0.03)
        except StudentError as error:
            if error.kind != "time":
                raise
            late = True
        require(
            not late,
            say("{n} additions y = y + y take too long: the time doubles with each of them", n=doublings),
            kind="exponential time",
            how=say("Visit every node once, after all that use it: order the nodes first."),
        )
        before = passed


def _asked(student: Student, n: int, rng: np.random.Generator | None, *, doubles: bool) -> float:
    """The seconds that the student's backward pass takes, with the reading of the gradients, which must be right."""
    rng = rng or np.random.default_rng()
    steps = rng.integers(2, size=n).tolist()
    answer = evaluate(student, GRAPH)(*rng.uniform(0.5, 1.5, size=2).tolist(), steps, doubles)
    require(type(answer) is tuple and len(answer) == 3, say("the sum of two values is no value"), kind="type")
    x, z, y = answer
    for value in answer:
        expect(value, say("a sum of values")).is_object()
    right = [1.0, 0.0]
    for step in steps:
        right = [(2.0 if doubles else 1.0) * g for g in right]
        right[1 - step] += 1.0
    session = session_of(student)
    _call(y, "backward")
    passed = session.last_seconds
    for value, gradient, name in zip((x, z), right, ("x", "z")):
        if gradient:  # a value that was never added has no gradient, and may have None
            found = value.grad
            passed += session.last_seconds
            number_is(found, gradient, say("the gradient of {name}, which is added often", name=name))
    return passed


def _call(value: Any, method: str) -> None:
    """Call a method of the student's value."""
    found = getattr(value, method)
    what = say("{name} is {kind}, not a method", name=method, kind=kind_of(found))
    require(callable(found), what, kind="type")
    found()


# Pairs of values.


class Twins:
    """A student's value and the engine's, made by the same operations: each operation is done on both.

    So the grader knows how each of the student's values was made, and what it should hold, and never asks the student's
    program for its graph.

    Attributes
    ----------
    theirs, ours : the student's value and the engine's.
    made : all twins in the order in which they were made; they share this list.

    Raises `WrongAnswer` if the student's value is a plain number.

    >>> import tinygrad_edu as tg
    >>> made = []
    >>> x = Twins(tg.Value(2.0), tg.Value(2.0), made)
    >>> y = 3 * x.tanh() + x
    >>> [both.ours.primitive.name for both in made[1:]]
    ['tanh', 'multiply', 'add']
    """

    def __init__(self, theirs: Any, ours: Node, made: list[Twins]) -> None:
        made_by = ours.primitive and say("what {operation} gives", operation=ours.primitive.name)
        expect(theirs, made_by or say("a value")).is_object()
        self.theirs, self.ours, self.made = theirs, ours, made
        made.append(self)

    def __getattr__(self, name: str) -> Any:
        """A method calls that of both; any other attribute, such as `data`, is the student's."""
        if name.startswith("__"):
            raise AttributeError(name)
        if not callable(getattr(self.ours, name)):
            return getattr(self.theirs, name)
        return lambda *others: self._both(lambda x, *rest: getattr(x, name)(*rest), *others)

    def _both(self, do: Callable[..., Any], *others: Any) -> Twins:
        theirs = do(self.theirs, *(x.theirs if isinstance(x, Twins) else x for x in others))
        ours = do(self.ours, *(x.ours if isinstance(x, Twins) else x for x in others))
        return Twins(theirs, ours, self.made)


def _operator(name: str, reflected: bool = False) -> Any:
    """A method of `Twins` that applies the function of that name in the module `operator`."""
    apply = getattr(operator, name)
    if reflected:
        return lambda self, other: self._both(lambda x, y: apply(y, x), other)
    return lambda self, *others: self._both(apply, *others)


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Twins, f"__{_name}__", _operator(_name))
    setattr(Twins, f"__r{_name}__", _operator(_name, reflected=True))
for _name in ("neg", "pos", "abs"):
    setattr(Twins, f"__{_name}__", _operator(_name))


def _number_in(value: Any, attribute: str) -> Any:
    """An attribute of a student's value; None if the program fails to give it."""
    try:
        return getattr(value, attribute)
    except StudentError:
        return None


# The topological order.


Inputs = dict[str, list[str]]
"""A graph: the inputs of each node. The output is the last node."""

SMALL = 4
"""The most nodes of a graph that is drawn."""


def topological_order(order: Callable[[Inputs, str], Any], rng: np.random.Generator) -> None:
    """`order(inputs, output)` must list `output` and all nodes that it depends on, each after its inputs.

    All graphs of up to four nodes are tried, the smallest first; then `x * x`, a large random graph, and a chain of
    3,000 nodes, too deep for recursion.

    Raises `WrongAnswer` with the first graph that fails. Its kind is "node twice", "node not needed", "input after its
    user", "node missing", or "no order" for an answer that is not a list of nodes.

    >>> topological_order(lambda inputs, output: list(inputs), np.random.default_rng(0))
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: {'a': [], 'b': []}, output b: ['a', 'b'] holds a, which b does not depend on
    """
    for inputs in _graphs(rng):
        output = list(inputs)[-1]
        answer = _answer_of(order, inputs, output)
        wrong = _fault(answer, inputs, output)
        asked_of = say("{inputs}, output {output}", inputs=clean(str(inputs), 200), output=output)
        message = say("{name}: {problem}", name=asked_of, problem=wrong.words) if wrong else ""
        if wrong and wrong.node:
            pair = None
            if len(inputs) <= SMALL:
                right = _right_order(inputs, output)
                pair = Graphs(_in_places(answer, wrong, inputs, output), _in_places(right, None, inputs, output))
            raise WrongAnswer(message, kind=wrong.kind, how=say(KINDS[wrong.kind].how), graphs=pair)
        require(wrong is None, message, kind="no order")


def _answer_of(order: Callable[[Inputs, str], Any], inputs: Inputs, output: str) -> Any:
    """The student's answer; an exception also names the graph."""
    try:
        return order(inputs, output)
    except StudentError as error:
        graph = say("{inputs}, output {output}", inputs=clean(str(inputs), 120), output=output)
        what = say("{name}: {problem}", name=graph, problem=error)
        raise StudentError(error.kind, what, error.where, error.line, error.text) from None


def _graphs(rng: np.random.Generator) -> Iterator[Inputs]:
    """The graphs to try, the smallest first. Neither names nor the order of the dict reveal the topological order."""
    for size in (1, 2, 3, 4):
        pairs = list(combinations(range(size), 2))
        for choice in range(2 ** len(pairs)):
            edges = [pair for bit, pair in enumerate(pairs) if choice >> bit & 1]
            yield graph(size, edges, rng)
    yield graph(2, [(0, 1), (0, 1)], rng)  # x * x
    yield graph(40, [(i, j) for i, j in combinations(range(40), 2) if rng.random() < 0.1], rng)
    yield graph(3000, [(i, i + 1) for i in range(2999)], rng)


def graph(size: int, edges: list[tuple[int, int]], rng: np.random.Generator) -> Inputs:
    names = [chr(ord("a") + i) if size <= 26 else f"v{i}" for i in range(size)]
    if size > 2:
        names = [names[i] for i in rng.permutation(size)]
    inputs: Inputs = {names[i]: [] for i in [*rng.permutation(size - 1), size - 1]}
    for before, after in edges:
        inputs[names[after]].append(names[before])
    return inputs


class Fault(NamedTuple):
    """The first fault of an order: its kind, its words, and the node."""

    kind: str
    words: str
    node: str = ""


class Kind(NamedTuple):
    """For a kind of fault: the mark of its node, and how to mend it."""

    mark: Mark
    how: str


KINDS = {
    "node twice": Kind("extra", texts("Keep a set of the nodes that were visited, and visit none of them again.")),
    "node not needed": Kind("extra", texts("Begin at the output, and go on from nodes to their inputs only.")),
    "input after its user": Kind(
        "changed", texts("List a node after all its inputs: when the loop over them has ended.")
    ),
    "node missing": Kind(
        "missing", texts("List every node that is reached, with inputs or without, and the output too.")
    ),
}


def _fault(answer: Any, inputs: Inputs, output: str) -> Fault | None:
    """The first fault of an order; None if it is right."""
    shown = clean(str(answer), 200)
    if type(answer) not in (list, tuple) or any(type(node) is not str or node not in inputs for node in answer):
        return Fault("no order", say("{answer} is no list of its nodes", answer=shown))
    needed = set(_right_order(inputs, output))
    seen: set[str] = set()
    for node in answer:
        if node in seen:
            return Fault("node twice", say("{answer} holds {node} twice", answer=shown, node=node), node)
        if node not in needed:
            text = texts("{answer} holds {node}, which {output} does not depend on")
            return Fault("node not needed", say(text, answer=shown, node=node, output=output), node)
        for before in inputs[node]:
            if before not in seen and before in answer:
                text = texts("in {answer}, {node} comes before its input {input}")
                return Fault("input after its user", say(text, answer=shown, node=node, input=before), before)
        seen.add(node)
    missing = sorted(needed - seen)
    if not missing:
        return None
    return Fault("node missing", say("{answer} leaves out {node}", answer=shown, node=missing[0]), missing[0])


def _right_order(inputs: Inputs, output: str) -> list[str]:
    """A right order."""
    order: dict[str, None] = {}
    waiting = [output]
    while waiting:
        before = [x for x in inputs[waiting[-1]] if x not in order]
        if before:
            waiting.append(before[0])
        else:
            order[waiting.pop()] = None
    return list(order)


def _in_places(answer: Sequence[str], wrong: Fault | None, inputs: Inputs, output: str) -> Graph:
    """A picture of the graph: each node with its place in an answer."""
    order = [*(x for x in inputs if x not in _right_order(inputs, output)), *_right_order(inputs, output)]
    nodes, edges = [], []
    for id, name in enumerate(order, 1):
        places = [str(place) for place, x in enumerate(answer, 1) if x == name]
        text = texts("{node}: place {places}") if places else texts("{node}: not listed")
        label = say(text, node=name, places=say(" and ").join(places[:2]))
        mark = KINDS[wrong.kind].mark if wrong and wrong.node == name else None
        nodes.append(PlainNode(id, "leaf", label, mark=mark))
        edges += [Edge(order.index(before) + 1, id, slot) for slot, before in enumerate(inputs[name])]
    title = say("As it should be" if wrong is None else "Your program")
    return Graph("forward", title, tuple(nodes), tuple(edges), (len(nodes),), output)
