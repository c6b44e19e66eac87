"""The graph of a student's gradients beside the right one, with a mark at the first mistake.

Both are the engine's graph. The student's graph has the numbers that the program answered, but no name, text or
structure of the program. An arrow is marked if everything before it, from the output on, is right, and its contribution
to the gradient of its operand is missing, extra or changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..._support.grouping import grouped
from ..._support.languages import counted, say
from ...engine.gradients import Contribution, contributions
from ...engine.graphs import ancestors
from ...engine.node import Node, number_of
from ...graph.names import labels
from ...graph.plain import Edge, Graph, Mark, PlainNode, Quantity
from ...graph.transcribe import known, transcribe
from ...graph.views.view import neighbourhood
from ..compare import TOLERANCE
from ..results import Graphs
from .calling import JudgedStep
from .diagnose import as_numbers, same
from .mistakes import Diagnosis
from .reference import Mistakes, Reference

__all__ = ["beside_answers", "beside_steps", "beside_values", "where_marked"]

MOST = 40
"""The most nodes of a graph that is shown as a whole; of a larger one, only the nodes near a mark are shown."""

LARGEST = 500
"""The most nodes of a graph of which anything is shown."""

DIGITS = 4
"""The digits of each number: enough to compare, and too few to hand in."""

Arrow = tuple[Node, int]
"""A use of an operand: the node that uses it, and in which slot."""

Marks = dict[Node | Arrow, Mark]


class Numbers(NamedTuple):
    """What is known of a backward pass.

    Attributes
    ----------
    gradients : the gradient of each node.
    arrows : the local derivative and the contribution of each arrow.
    data : wrong values of nodes.
    """

    gradients: Mapping[Node, Any]
    arrows: Mapping[Arrow, tuple[Any, Any, None]]
    data: Mapping[Node, Any] = MappingProxyType({})


def beside_answers(reference: Reference, answers: Sequence[Any], diagnosis: Diagnosis) -> Graphs | None:
    """The graphs for a backward pass that answered wrong gradients of a function.

    Arrows are marked if the diagnosed mistake is in their rule or sum; and the uses of operands whose wrong gradients
    this does not explain. None if there is not one answer for each operand, the graph is too large, or nothing in it
    can be marked.

    >>> from tinygrad_edu.grade.diagnosis import MISTAKES
    >>> reference = Reference(lambda x, y: x * y, (2.0, 3.0))
    >>> found = beside_answers(reference, (-5.0, 2.0), Diagnosis(MISTAKES["unknown"], ("x",))).found
    >>> [(found.node(edge.source).label, edge.mark) for edge in found.edges]
    [('x', 'changed'), ('y', None)]
    """
    nodes = ancestors([reference.output])
    if len(nodes) > LARGEST or len(answers) != len(reference.variables):
        return None
    seed = 1.0 if reference.upstream is None else reference.upstream
    right = _numbers(reference.output, reference.steps, seed)
    answered = {x: _in_numbers(answer) for x, answer in zip(reference.variables, answers)}
    passed, marks = right, {}
    if diagnosis.mistakes:
        mistakes = _believable(diagnosis.mistakes, reference, answered, right)
        passed = _numbers(reference.output, reference.erring_steps(mistakes), seed)
        marks = _differing(right, passed, mistakes)
    explained = set(ancestors(step.input for step in reference.steps if (step.node, step.slot) in marks))
    others = _wrong_arrows(reference.steps, {x: answered[x] for x in answered if x not in explained})
    found = _as_far_as_known(passed, answered, others)
    marks |= others
    names = labels(nodes, known=dict(zip(reference.variables, reference.names)))
    of = names[reference.output] if np.ndim(seed) == 0 and seed == 1.0 else "L"
    return _graphs(nodes, names, of, found, right, marks)


def beside_values(
    output: Node, names: Mapping[Node, str], data: Mapping[Node, Any], gradients: Mapping[Node, Any]
) -> Graphs | None:
    """The graphs for the student's own class of values, which did the same operations as the engine.

    Parameters
    ----------
    output : the engine's output.
    names : the names of its leaves.
    data, gradients : those of the student's values, by the engine's nodes of the same operations.

    If data are wrong, the graphs have no gradients, and the first wrong results are marked. None if the graph is too
    large.
    """
    nodes = ancestors([output])
    if len(nodes) > LARGEST:
        return None
    names = labels(nodes, known=names)
    wrong = {x: _in_numbers(data[x]) for x in nodes if x in data and not _agree(_in_numbers(data[x]), number_of(x))}
    if wrong:
        first = [x for x in wrong if not any(isinstance(operand, Node) and operand in wrong for operand in x.inputs)]
        return _graphs(
            nodes, names, names[output], Numbers({}, {}, wrong), Numbers({}, {}), dict.fromkeys(first, "changed")
        )
    walked = list(contributions(output))
    right = _numbers(output, walked, 1.0)
    answered = {x: _in_numbers(gradient) for x, gradient in gradients.items()}
    between = {x: answered[x] for x in answered if x.inputs and x is not output}
    if all(gradient is None or not gradient.any() for gradient in between.values()):
        answered = {x: answered[x] for x in answered if x not in between}  # a class may store gradients of leaves only
    marks = _wrong_arrows(walked, answered)
    return _graphs(nodes, names, names[output], _as_far_as_known(right, answered, marks), right, marks)


def beside_steps(start: Any, judged: Sequence[JudgedStep]) -> Graphs:
    """The graphs for a chain that was judged step by step; every step had right inputs.

    >>> from tinygrad_edu.grade.diagnosis import ChainStep, judge_chain
    >>> x = np.array([1.0, 3.0])
    >>> found = beside_steps(x, judge_chain([ChainStep("square", lambda x: x**3, np.square)], x)).found
    >>> [(node.label, node.operation, node.mark) for node in found.nodes]
    [('x', None, None), ('v1', 'square', 'changed')]
    """
    inputs = start if isinstance(start, tuple) else (start,)
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(1, len(inputs) + 1)]
    nodes = [PlainNode(i, "leaf", name, _in_short(x), name) for i, (name, x) in enumerate(zip(names, inputs), 1)]
    edges = [Edge(node.id, len(nodes) + 1, slot) for slot, node in enumerate(nodes)]
    theirs = list(nodes)
    for i, step in enumerate(judged, 1):
        id = len(nodes) + 1
        node = PlainNode(id, "operation", f"v{i}", _in_short(step.expected), operation=step.name, symbol=step.name)
        nodes.append(node)
        theirs.append(node if step.right else replace(node, value=_in_short(step.answer), mark="changed"))
        edges.append(Edge(id, id + 1, 0))
    expected = Graph("forward", say("As it should be"), tuple(nodes), tuple(edges[:-1]), (len(nodes),), nodes[-1].label)
    yours = replace(expected, title=say("Your program"), nodes=tuple(theirs))
    centers = [node.id for node in theirs if node.mark] or [len(nodes)]
    return Graphs(_rounded(_near_by(yours, centers)), _rounded(_near_by(expected, centers)))


def _in_short(x: Any) -> Quantity | None:
    """A number or array as a quantity; None for several."""
    return known(_in_numbers(x))


def where_marked(graphs: Graphs) -> str:
    """The marked operations, in words; empty if nothing is marked."""
    found = graphs.found
    ids = [node.id for node in found.nodes if node.mark] + [edge.target for edge in found.edges if edge.mark]
    marked = [found.node(id) for id in ids]
    operations = dict.fromkeys(f"`{node.operation}`" for node in marked if node.operation)
    leaves = dict.fromkeys(node.label for node in marked if not node.operation)
    both = say(" and ")
    places = [*operations, *([say("the value {names} as it was made", names=both.join(leaves))] if leaves else [])]
    return say("Look at {places}.", places=both.join(places)) if places else ""


# The numbers of a pass.


def _numbers(output: Node, walked: Iterable[Contribution], seed: Any) -> Numbers:
    """The numbers of a walk."""
    gradients: dict[Node, Any] = {output: seed}
    arrows: dict[Arrow, tuple[Any, Any, None]] = {}
    for step in walked:
        gradients[step.input] = step.total
        arrows[step.node, step.slot] = step.local, step.contribution, None
    return Numbers(gradients, arrows)


def _as_far_as_known(right: Numbers, gradients: Mapping[Node, Any], marks: Marks) -> Numbers:
    """The student's pass: the known gradients, and the contributions that are certain."""
    wrong = {x for x in gradients if x in right.gradients and not _agree(gradients[x], right.gradients[x])}
    arrows = {arrow: found for arrow, found in right.arrows.items() if arrow[0] not in wrong and arrow not in marks}
    uses = Counter(node.inputs[slot] for node, slot in right.arrows)
    for node, slot in right.arrows:
        x = node.inputs[slot]
        if (node, slot) in marks and uses[x] == 1 and x in gradients:  # its only contribution
            arrows[node, slot] = None, gradients[x], None
    return Numbers({**right.gradients, **gradients}, arrows)


def _in_numbers(answer: Any) -> ndarray | None:
    """An answer as an array of its own precision; None if it is not numbers."""
    return None if as_numbers(answer) is None else np.asarray(answer)


def _agree(found: Any, right: Any) -> bool:
    """Whether two numbers or arrays are equal, to the precision of `found`."""
    if found is None:
        return False
    found = np.asarray(found)
    coarse = found.dtype.kind == "f" and found.dtype.itemsize < 8
    return same(found, np.asarray(right), 10 * TOLERANCE["float32"] if coarse else 1e-9)


# Where the first mistake is.


def _believable(mistakes: Mistakes, reference: Reference, answered: Mapping[Node, Any], right: Numbers) -> Mistakes:
    """The mistakes without the rules that would spoil a right gradient."""
    erring = _numbers(reference.output, reference.erring_steps(mistakes), right.gradients[reference.output])
    spoiled = {
        x
        for x, gradient in answered.items()
        if x in right.gradients
        and _agree(gradient, right.gradients[x])
        and not _agree(erring.gradients.get(x), right.gradients[x])
    }
    for node in ancestors([reference.output]):  # operands come before their uses
        if any(isinstance(x, Node) and x in spoiled for x in node.inputs):
            spoiled.add(node)
    believed = {}
    for node, (wrong, slots) in mistakes.items():
        left = [i for i, x in enumerate(node.inputs) if isinstance(x, Node) and x not in spoiled]
        believed[node] = wrong, [i for i in left if slots is None or i in slots]
    return believed


def _differing(right: Numbers, found: Numbers, mistakes: Mistakes) -> Marks:
    """Marks for the arrows whose contribution a wrong rule changes."""
    marks: Marks = {}
    for (node, slot), (_, wanted, _) in right.arrows.items():
        _, slots = mistakes.get(node, (None, ()))
        if slots is None or slot in slots:
            _, added, _ = found.arrows.get((node, slot), (None, None, None))
            if added is None:
                marks[node, slot] = "missing"
            elif not _agree(added, wanted):
                marks[node, slot] = "extra" if _agree(added, 2.0 * wanted) else "changed"
    return marks


def _wrong_arrows(walked: Iterable[Contribution], gradients: Mapping[Node, Any]) -> Marks:
    """Marks for the arrows that explain the first wrong gradients, not for those that are wrong as a consequence."""
    uses = grouped((step.input, step) for step in walked)
    wrong = {x: gradients[x] for x in uses if x in gradients and not _agree(gradients[x], uses[x][-1].total)}
    marks: Marks = {}
    for x, found in wrong.items():
        if not any(step.node in wrong for step in uses[x]):
            marks.update(_explained(uses[x], found))
    return marks


def _explained(uses: Sequence[Contribution], found: ndarray | None) -> Marks:
    """Marks for the contributions to a gradient that are missing or counted twice; for all if neither explains it."""
    if found is None or not found.any():
        return {(step.node, step.slot): "missing" for step in uses}
    total = uses[-1].total
    for count in range(1, len(uses) if len(uses) <= 8 else 2):
        for lost in combinations(uses, count):
            if _agree(found, total - sum(step.contribution for step in lost)):
                return {(step.node, step.slot): "missing" for step in lost}
    for step in uses:
        if len(uses) > 1 and _agree(found, total + step.contribution):
            return {(step.node, step.slot): "extra"}
    return {(step.node, step.slot): "changed" for step in uses}


# The graphs.


def _graphs(
    nodes: Sequence[Node],
    names: Mapping[Node, str],
    of: str,
    found: Numbers,
    right: Numbers,
    marks: Marks,
) -> Graphs | None:
    """The student's graph and the right one, with the same nodes and arrows; None if nothing is marked."""
    if not marks:
        return None
    plain_nodes, edges = transcribe(nodes, names, gradient=right.gradients, edge=right.arrows)
    plain_nodes = tuple(replace(node, source=None) for node in plain_nodes)  # the source line belongs to the instructor
    expected = Graph("forward", say("As it should be"), plain_nodes, edges, (len(plain_nodes),), of)
    node_of = dict(zip((node.id for node in plain_nodes if node.kind != "constant"), nodes))
    theirs = []
    for node in plain_nodes:
        x = node_of.get(node.id)
        if x is not None:
            value = known(found.data[x]) if x in found.data else node.value
            node = replace(node, value=value, gradient=known(found.gradients.get(x)), mark=marks.get(x))
        theirs.append(node)
    arrows = []
    for edge in edges:
        arrow = node_of[edge.target], edge.slot
        local, added, _ = found.arrows.get(arrow, (None, None, None))
        arrows.append(replace(edge, local=known(local), contribution=known(added), mark=marks.get(arrow)))
    yours = replace(expected, title=say("Your program"), nodes=tuple(theirs), edges=tuple(arrows))
    centers = [node.id for node in theirs if node.mark]
    centers += [id for edge in arrows if edge.mark for id in (edge.source, edge.target)]
    return Graphs(_rounded(_near_by(yours, centers)), _rounded(_near_by(expected, centers)))


def _near_by(graph: Graph, centers: Sequence[int]) -> Graph:
    """The graph; of a large one, as many nodes around the centers as can be shown, above all around the last two."""
    if len(graph.nodes) <= MOST:
        return graph
    near = graph
    for some, hops in ((centers, 2), (centers, 1), (centers, 0), (centers[-2:], 1), (centers[-2:], 0)):
        near = neighbourhood(graph, dict.fromkeys(some), hops)
        if len(near.nodes) <= MOST:
            break
    left = len(graph.nodes) - len(near.nodes)
    note = counted(left, "{n} node further away not shown", "{n} nodes further away not shown")
    return replace(near, notes=(note,))


def _rounded(graph: Graph) -> Graph:
    """The graph with all numbers rounded to a few digits."""
    return replace(
        graph,
        nodes=tuple(
            replace(node, value=_few_digits(node.value), gradient=_few_digits(node.gradient)) for node in graph.nodes
        ),
        edges=tuple(
            replace(edge, local=_few_digits(edge.local), contribution=_few_digits(edge.contribution))
            for edge in graph.edges
        ),
    )


def _few_digits(x: Quantity | None) -> Quantity | None:
    if x is None:
        return None
    low, high = (None if bound is None else _cut(bound) for bound in (x.low, x.high))
    return replace(x, elements=x.elements and tuple(map(_cut, x.elements)), low=low, high=high)


def _cut(x: float) -> float:
    """
    >>> _cut(1 / 3)
    0.3333
    """
    return float(f"{x:.{DIGITS}g}")
