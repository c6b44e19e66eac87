"""A topological order: every valid one is right, and the smallest graph on which it fails is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import StudentError
from ..expect import require
from ..text import clean

__all__ = ["topological_order"]

Graph = dict[str, list[str]]
"""The inputs of each node. The output is the last."""


def topological_order(order: Callable[[Graph, str], Any], rng: np.random.Generator) -> None:
    """`order(inputs, output)` must list the nodes that `output` depends on, itself too, each after its inputs.

    Every graph of up to four nodes is tried, smallest first; then `x * x`, a large random one, and a chain of 3,000,
    too deep for recursion.

    Raises `WrongAnswer` with the first graph that goes wrong.

    >>> topological_order(lambda inputs, output: list(inputs), np.random.default_rng(0))
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: {'a': [], 'b': []}, output b: ['a', 'b'] holds a, which b does not depend on
    """
    for inputs in graphs(rng):
        output = list(inputs)[-1]
        wrong = fault(asked(order, inputs, output), inputs, output)
        graph = clean(str(inputs), 200)
        require(not wrong, f"{graph}, output {output}: {wrong}", kind="order")


def asked(order: Callable[[Graph, str], Any], inputs: Graph, output: str) -> Any:
    """The answer; an exception as one that says for which graph it was raised."""
    try:
        return order(inputs, output)
    except StudentError as error:
        graph = f"{clean(str(inputs), 120)}, output {output}"
        raise StudentError(error.kind, f"{graph}: {error}", error.where, error.line, error.text) from None


def graphs(rng: np.random.Generator) -> Iterator[Graph]:
    """The smallest first. Names say nothing about the order, and neither does the order of the dict."""
    for size in (1, 2, 3, 4):
        pairs = list(combinations(range(size), 2))
        for choice in range(2 ** len(pairs)):
            edges = [pair for bit, pair in enumerate(pairs) if choice >> bit & 1]
            yield graph(size, edges, rng)
    yield graph(2, [(0, 1), (0, 1)], rng)  # x * x
    yield graph(40, [(i, j) for i, j in combinations(range(40), 2) if rng.random() < 0.1], rng)
    yield graph(3000, [(i, i + 1) for i in range(2999)], rng)


def graph(size: int, edges: list[tuple[int, int]], rng: np.random.Generator) -> Graph:
    names = [chr(ord("a") + i) if size <= 26 else f"v{i}" for i in range(size)]
    if size > 2:
        names = [names[i] for i in rng.permutation(size)]
    inputs: Graph = {names[i]: [] for i in [*rng.permutation(size - 1), size - 1]}
    for before, after in edges:
        inputs[names[after]].append(names[before])
    return inputs


def fault(answer: Any, inputs: Graph, output: str) -> str:
    """What is wrong with an order; empty if nothing."""
    shown = clean(str(answer), 200)
    if type(answer) not in (list, tuple) or any(type(node) is not str or node not in inputs for node in answer):
        return f"{shown} is no list of its nodes"
    needed, waiting = {output}, [output]
    while waiting:
        new = set(inputs[waiting.pop()]) - needed
        needed |= new
        waiting += new
    seen: set[str] = set()
    for node in answer:
        if node in seen:
            return f"{shown} holds {node} twice"
        if node not in needed:
            return f"{shown} holds {node}, which {output} does not depend on"
        late = [before for before in inputs[node] if before not in seen]
        if late:
            return f"in {shown}, {node} comes before its input {late[0]}"
        seen.add(node)
    return f"{shown} leaves out {min(needed - seen)}" if needed - seen else ""
