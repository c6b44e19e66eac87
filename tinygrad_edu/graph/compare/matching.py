"""Matching: which node of one graph computes what a node of another computes, under any name and in any order.

Every node gets colours: numbers that are equal for two nodes that were made in the same way, and that are used in the
same way, with or without their values. Matching begins at the outputs and goes down operand by operand; where operands
may change places, those of equal colour belong together. What is left over is matched by colour alone, and last what is
merely alike at the same place. The time is linear in the graphs, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from graphlib import CycleError, TopologicalSorter

from ...errors import GraphError
from ..plain import Graph, PlainNode
from ..transcribe import COMMUTATIVE

__all__ = ["Matching", "Side"]


class Side:
    """A graph as matching sees it: nodes without aliases, their operands and users, an order from leaves to outputs."""

    def __init__(self, graph: Graph) -> None:
        real = {node.id: node.of or node.id for node in graph.nodes}
        self.graph = graph
        self.nodes = {node.id: node for node in graph.nodes if node.of is None}
        self.operands: dict[int, list[int]] = {id: [] for id in self.nodes}
        self.users: dict[int, list[tuple[int, int]]] = {id: [] for id in self.nodes}
        for edge in sorted(graph.edges, key=lambda edge: edge.slot):
            self.operands[real[edge.target]].append(real[edge.source])
            self.users[real[edge.source]].append((real[edge.target], edge.slot))
        self.outputs = [real[id] for id in graph.outputs]
        try:  # operands before their users
            self.order = list(TopologicalSorter(self.operands).static_order())
        except CycleError:
            raise GraphError(
                "diff: a graph that leads back into itself, as one with folded repetitions, has no match"
            ) from None


class Matching:
    """Pairs of nodes of `expected` and `found`.

    Attributes
    ----------
    partner : of nodes of `expected`, the node of `found`.
    back : of nodes of `found`, the node of `expected`.
    """

    def __init__(self, expected: Side, found: Side, *, commutative: bool, values: bool) -> None:
        self.expected, self.found = expected, found
        self.commutative = commutative
        self.partner: dict[int, int] = {}
        self.back: dict[int, int] = {}
        self._exact, self._exact_used = self._colours(lambda node: _description(node, with_value=values))
        self._loose, _ = self._colours(lambda node: _description(node, with_value=False))
        self._match()

    def _match(self) -> None:
        outputs = list(zip(self.expected.outputs, self.found.outputs))
        self._descend(outputs, self._same)
        for colours in (self._exact_used, self._exact, self._loose):
            self._pair_by_colour(colours)
        self._climb()
        self._descend(outputs, self._as_many_operands)
        for pair in sorted(self.partner.items(), reverse=True):
            self._descend(self.aligned(*pair), self._alike)

    def aligned(self, a: int, b: int) -> list[tuple[int, int]]:
        """The operands of two matched nodes, in pairs."""
        left, right = self.expected.operands[a], list(self.found.operands[b])
        if self.ordered(a, b):
            return list(zip(left, right))
        pairs: dict[int, int] = {}
        tests: list[Callable[[int, int], bool]] = [
            lambda x, y: self.partner.get(x) == y,
            *(lambda x, y, c=c: c[0][x] == c[1][y] for c in (self._exact_used, self._exact, self._loose)),
            lambda x, y: x not in self.partner and y not in self.back,
            lambda x, y: True,
        ]
        for test in tests:
            for i, x in enumerate(left):
                y = next((y for y in right if i not in pairs and test(x, y)), None)
                if y is not None:
                    pairs[i] = y
                    right.remove(y)
        return [(left[i], y) for i, y in sorted(pairs.items())]

    def ordered(self, a: int, b: int) -> bool:
        """Whether the order of the operands counts for two matched nodes."""
        return self._ordered(self.expected.nodes[a]) and self._ordered(self.found.nodes[b])

    # Steps of the matching.

    def _descend(self, pairs: Iterable[tuple[int, int]], accept: Callable[[int, int], bool]) -> None:
        """Match the pairs that are accepted, and go on with their operands."""
        todo = list(pairs)
        while todo:
            a, b = todo.pop()
            if a in self.partner or b in self.back or not accept(a, b):
                continue
            self.partner[a], self.back[b] = b, a
            todo.extend(reversed(self.aligned(a, b)))

    def _same(self, a: int, b: int) -> bool:
        """Whether two nodes at the same place certainly match."""
        if self._exact[0][a] == self._exact[1][b]:
            return True
        x, y = self.expected.nodes[a], self.found.nodes[b]
        return x.operation is not None and x.operation == y.operation and x.kind == y.kind

    def _alike(self, a: int, b: int) -> bool:
        """Whether two nodes at the same place that nothing else matches are alike, with a difference."""
        x, y = self.expected.nodes[a], self.found.nodes[b]
        if x.operation is None or y.operation is None:
            return x.operation is None and y.operation is None
        left = [self._loose[0][i] for i in self.expected.operands[a]]
        right = [self._loose[1][i] for i in self.found.operands[b]]
        common = sum(min(left.count(colour), right.count(colour)) for colour in set(left))
        return x.operation == y.operation or (len(left) == len(right) and 2 * common >= len(left))

    def _as_many_operands(self, a: int, b: int) -> bool:
        """Whether two outputs that nothing else matches may be paired: their operands may match."""
        return self._alike(a, b) or len(self.expected.operands[a]) == len(self.found.operands[b]) > 0

    def _pair_by_colour(self, colours: tuple[dict[int, int], dict[int, int]]) -> None:
        """Match nodes of equal colour that are left over, from the outputs down, so that whole parts are found.

        Leaves only where their numbers agree, and no constants: they belong to the call in which they are written.
        """
        waiting: dict[int, list[int]] = {}
        for b in self.found.order:
            if b not in self.back and self._stands_alone(self.found.nodes[b], colours):
                waiting.setdefault(colours[1][b], []).append(b)
        for a in reversed(self.expected.order):
            while a not in self.partner and waiting.get(colours[0][a]):
                self._descend([(a, waiting[colours[0][a]].pop())], lambda x, y: colours[0][x] == colours[1][y])

    def _climb(self) -> None:
        """Match a node that is left over with the only node of its operation that shares an operand."""
        for a in self.expected.order:
            if a in self.partner or self.expected.nodes[a].operation is None:
                continue
            used = (self.partner[x] for x in self.expected.operands[a] if x in self.partner)
            candidates = {user for y in used for user, _ in self.found.users[y] if user not in self.back}
            same = [b for b in candidates if self.found.nodes[b].operation == self.expected.nodes[a].operation]
            if len(same) == 1:
                self._descend([(a, same[0])], self._same)

    def _stands_alone(self, node: PlainNode, colours: object) -> bool:
        return node.operation is not None or (node.kind != "constant" and colours is not self._loose)

    # Colours.

    def _colours(
        self, describe: Callable[[PlainNode], Hashable]
    ) -> tuple[tuple[dict[int, int], dict[int, int]], tuple[dict[int, int], dict[int, int]]]:
        """For both sides, the colours of nodes by what they are made from, and by this and their uses."""
        number: dict[Hashable, int] = {}

        def colour(key: Hashable) -> int:
            return number.setdefault(key, len(number))

        sides = (self.expected, self.found)
        made_from: list[dict[int, int]] = [{}, {}]
        used: list[dict[int, int]] = [{}, {}]
        for side, down in zip(sides, made_from):
            for id in side.order:
                operands = [down[x] for x in side.operands[id]]
                in_order = operands if self._ordered(side.nodes[id]) else sorted(operands)
                down[id] = colour((describe(side.nodes[id]), tuple(in_order)))
        for side, down, up in zip(sides, made_from, used):
            for id in reversed(side.order):
                uses = [(up[user], slot if self._ordered(side.nodes[user]) else -1) for user, slot in side.users[id]]
                up[id] = colour(("used", down[id], id in side.outputs, tuple(sorted(uses))))
        return (made_from[0], made_from[1]), (used[0], used[1])

    def _ordered(self, node: PlainNode) -> bool:
        return not (self.commutative and node.operation in COMMUTATIVE)


def _description(node: PlainNode, *, with_value: bool) -> Hashable:
    """A node without its operands. The value of a result follows from these."""
    if node.operation is not None:
        return node.operation, node.attrs
    if not with_value or node.value is None:
        return node.kind, node.value and node.value.shape
    numbers = node.value.elements or (node.value.low or 0.0, node.value.high or 0.0)
    return node.kind, node.requires_grad, node.value.shape, tuple(f"{x:.6g}" for x in numbers)
