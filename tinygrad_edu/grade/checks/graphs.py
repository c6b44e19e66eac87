"""The check of a topological order: accepts every valid order, and shows the smallest graph that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from ..._support.languages import say, texts
from ..._support.text import clean
from ...graph.plain import Edge, Graph, Mark, PlainNode
from ..errors import StudentError, WrongAnswer
from ..expect import require
from ..results import Graphs

__all__ = ["topological_order"]

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
    for inputs in graphs(rng):
        output = list(inputs)[-1]
        answer = asked(order, inputs, output)
        wrong = fault(answer, inputs, output)
        asked_of = say("{inputs}, output {output}", inputs=clean(str(inputs), 200), output=output)
        message = say("{name}: {problem}", name=asked_of, problem=wrong.words) if wrong else ""
        if wrong and wrong.node:
            pair = None
            if len(inputs) <= SMALL:
                right = right_order(inputs, output)
                pair = Graphs(in_places(answer, wrong, inputs, output), in_places(right, None, inputs, output))
            raise WrongAnswer(message, kind=wrong.kind, how=say(KINDS[wrong.kind].how), graphs=pair)
        require(wrong is None, message, kind="no order")


def asked(order: Callable[[Inputs, str], Any], inputs: Inputs, output: str) -> Any:
    """The student's answer; an exception also names the graph."""
    try:
        return order(inputs, output)
    except StudentError as error:
        graph = say("{inputs}, output {output}", inputs=clean(str(inputs), 120), output=output)
        what = say("{name}: {problem}", name=graph, problem=error)
        raise StudentError(error.kind, what, error.where, error.line, error.text) from None


def graphs(rng: np.random.Generator) -> Iterator[Inputs]:
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


def fault(answer: Any, inputs: Inputs, output: str) -> Fault | None:
    """The first fault of an order; None if it is right."""
    shown = clean(str(answer), 200)
    if type(answer) not in (list, tuple) or any(type(node) is not str or node not in inputs for node in answer):
        return Fault("no order", say("{answer} is no list of its nodes", answer=shown))
    needed = set(right_order(inputs, output))
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


def right_order(inputs: Inputs, output: str) -> list[str]:
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


def in_places(answer: Sequence[str], wrong: Fault | None, inputs: Inputs, output: str) -> Graph:
    """A picture of the graph: each node with its place in an answer."""
    order = [*(x for x in inputs if x not in right_order(inputs, output)), *right_order(inputs, output)]
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
