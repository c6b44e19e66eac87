"""The walk for graphs of floats: the chain rule of `walk` in a third of the time, such as for a GPT on `Value`.

`walk` begins with this loop where nothing but numbers is asked for, and does the rest itself. It is the same chain
rule, written out for one and two operands, and for `dot`.

Every node has taken a tick of the graph's clock, and whoever used a node has taken a later one. So the loop needs no
search and no sorting: it lays out a place for each tick of a stretch of time, and goes down from the latest to the
earliest. Where a node's turn comes, all contributions to its gradient lie there already.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from math import isfinite
from typing import Any

from . import inplace
from .node import Node, creation
from .primitives.arithmetic import add, multiply
from .primitives.linear_algebra import dot_product

__all__ = ["pass_numbers_on"]

SHORT, LONG = 8, 65_536
"""How many ticks are laid out at first, and at most: each stretch is four times as long as the one before it."""

SPARSE = 15 / 16
"""The share of empty places from which on it is quicker to search and to sort: the ticks belong to other graphs."""

ROWS = 4096
"""How many rows of operands are remembered at most."""

OF_SUM, OF_PRODUCT = add.rules, multiply.rules
"""Rules that the loop has written out: nearly all nodes of such graphs are sums and products of two."""


def pass_numbers_on(gradient_of: dict[Node, Any]) -> None:
    """Pass the gradients of results on to the leaves, which take their place in `gradient_of`.

    It stops before a node that needs care, and leaves that one and all older ones to `walk`: a node that keeps its
    gradient, whose operands hold arrays or were changed in place, or whose rule raises. It also stops where the nodes
    of a graph lie far apart in time.
    """
    unfinished, span = Unfinished(gradient_of), SHORT
    while results := [x for x in unfinished.others if x.primitive is not None]:
        latest = max(results, key=creation).tick
        changed = inplace.newest[0]  # asked for once: another thread may change something
        if latest < changed:
            break
        unfinished.lay_out(max(latest + 1 - span, changed), latest)
        empty = _go_down(unfinished)
        if unfinished.sums:  # it stopped on the way
            unfinished.take_back()
            break
        if empty > max(8 * SHORT, SPARSE * len(unfinished.nodes)):
            break
        span = min(4 * span, LONG)
    gradient_of.clear()
    for x, i in unfinished.others.items():
        gradient_of[x] = unfinished.sums_of_others[i]


class Unfinished:
    """Gradients that are being added up: a sum for each tick of a stretch of time, and for each node outside of it.

    Attributes
    ----------
    first : the first tick of the stretch.
    nodes, sums : for each tick the node that took it, once a contribution has come, and their sum; the loop takes off
        `sums` what it is done with.
    others : leaves that had their turn and nodes older than the stretch, with their places in `sums_of_others`.
    rows : the rows of operands that were met, and can be met again.
    """

    first: int
    nodes: list[Any]
    sums: list[Any]
    rows: dict[tuple[Any, ...], Row]

    def __init__(self, gradient_of: dict[Node, Any]) -> None:
        sums = self.sums_of_others = list(gradient_of.values())

        def new_place() -> int:
            sums.append(0.0)
            return len(sums) - 1

        self.others = defaultdict(new_place, zip(gradient_of, count()))
        self.rows = {}

    def lay_out(self, first: int, latest: int) -> None:
        """Begin a stretch, with what has come for its nodes so far."""
        self.first, self.nodes = first, [None] * (latest + 1 - first)
        self.sums = [0.0] * len(self.nodes)
        self.rows = {x: row for x, row in self.rows.items() if row.latest < first}
        for x in [x for x in self.others if first <= x.tick <= latest]:
            self.nodes[x.tick - first], self.sums[x.tick - first] = x, self.sums_of_others[self.others.pop(x)]

    def take_back(self) -> None:
        """Give up the rest of the stretch."""
        for x, total in zip(self.nodes, self.sums):
            if x is not None:
                self.sums_of_others[self.others[x]] = total

    def add(self, x: Any, contribution: Any) -> None:
        """Add to the gradient of a node."""
        i = x.tick - self.first
        if i < 0:
            self.sums_of_others[self.others[x]] += contribution
        else:
            self.nodes[i] = x
            self.sums[i] += contribution

    def row(self, operands: tuple[Any, ...]) -> Row | None:
        """A row of operands, to be found in `rows` from now on; None where only some of them receive a gradient."""
        kind, first = type(self.nodes[-1]), self.first
        ticks = [x.tick if type(x) is kind else 0 for x in operands]
        in_order = sorted(ticks) or [0]  # quicker than min and max
        earliest, latest = in_order[0], in_order[-1]
        if latest <= 0:
            row = Row([x._number if type(x) is kind else float(x) for x in operands], [], [], 0)
        elif earliest <= 0 or earliest < first <= latest:
            return None
        else:
            sums, places = self.sums, [tick - first for tick in ticks]
            if earliest < first:
                sums = self.sums_of_others
                places = list(map(self.others.setdefault, operands, count(len(sums))))
                sums += [0.0] * len(places)
            else:
                for i, x in zip(places, operands):
                    self.nodes[i] = x
            row = Row([x._number for x in operands], sums, places, latest)
        if len(self.rows) == ROWS:
            self.rows.clear()
        self.rows[operands] = row
        return row


class Row:
    """Operands side by side in a `dot`: the weights of a neuron, or what a layer is given.

    All neurons of a layer are given the same row, and a neuron has the same weights for all examples. So a row is
    looked at once: its numbers, and the places where its gradients are added up.

    Attributes
    ----------
    numbers : those of the operands.
    sums, places : a list of sums, and the operands' places in it; none for constants.
    latest : the tick of the youngest; 0 for constants.
    finite : whether 0 times each number is 0.
    """

    __slots__ = ("finite", "latest", "numbers", "places", "sums")

    def __init__(self, numbers: list[float], sums: list[Any], places: list[int], latest: int) -> None:
        self.numbers, self.sums, self.places, self.latest = numbers, sums, places, latest
        self.finite = isfinite(sum(numbers))

    def receive(self, upstream: float, factors: Row) -> None:
        """Add upstream · factor to the gradient of each operand."""
        sums = self.sums
        for i, factor in zip(self.places, factors.numbers):
            sums[i] += upstream * factor


def _go_down(unfinished: Unfinished) -> int:
    """The loop over a stretch, from its last place down; returns how many places were empty."""
    nodes, sums, first = unfinished.nodes, unfinished.sums, unfinished.first
    others, sums_of_others = unfinished.others, unfinished.sums_of_others
    kind, empty = type(nodes[-1]), 0  # Value, which stands above this file
    for node in reversed(nodes):  # the places below fill up meanwhile
        upstream = sums.pop()
        if node is None:
            empty += 1
            continue
        row = node.primitive
        if row is None:
            sums_of_others[others[node]] += upstream
            continue
        if node.notes is not None and node.notes.retains_grad:
            break
        x, y = node._first, node._second
        try:
            if type(x) is kind and type(y) is kind:
                rules = row.rules
                if rules is OF_SUM:
                    to_x = to_y = upstream
                elif rules is OF_PRODUCT:
                    to_x, to_y = upstream * y._number, upstream * x._number
                else:
                    out, a, b = node._number, x._number, y._number
                    to_x = rules[0](upstream, out, a, b) if x.tick > 0 else 0.0
                    to_y = rules[1](upstream, out, a, b) if y.tick > 0 else 0.0
                    if not type(to_x) is type(to_y) is float:  # a user's rule may give a number of NumPy
                        to_x, to_y = x.fit(to_x), y.fit(to_y)
                i = x.tick - first
                if i >= 0:
                    nodes[i] = x
                    sums[i] += to_x
                elif x.tick > 0:
                    sums_of_others[others[x]] += to_x
            else:
                if type(x) is kind and type(y) is not dict:
                    rule, out, a = row.rules[0], node._number, x._number
                    to_y = rule(upstream, out, a) if y is None else rule(upstream, out, a, y)
                    y = x
                elif type(y) is kind:
                    to_y = row.rules[1](upstream, node._number, x, y._number)
                elif row.floats is None:
                    break
                else:
                    if row is not dot_product or not _pass_to_factors(unfinished, x, upstream):
                        _pass_to_many(unfinished, node, upstream)
                    continue
                if type(to_y) is not float:
                    to_y = y.fit(to_y)
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            break
        i = y.tick - first
        if i >= 0:
            nodes[i] = y
            sums[i] += to_y
        elif y.tick > 0:
            sums_of_others[others[y]] += to_y
    else:
        return empty
    sums.append(upstream)
    return empty


def _pass_to_many(unfinished: Unfinished, node: Any, upstream: float) -> None:
    """The same step for a call of any number of operands, or with attributes."""
    kind, operands = type(node), node.inputs
    values = [x._number if type(x) is kind else x for x in operands]
    parts = node.primitive.pull(range(len(values)), upstream, node._number, values, node.attrs)
    for x, part in zip(operands, parts):
        if part is not None and type(x) is kind and x.tick > 0:
            unfinished.add(x, x.fit(part))


def _pass_to_factors(unfinished: Unfinished, operands: tuple[Any, ...], upstream: float) -> bool:
    """The same step for a `dot`, by its two rows of factors; returns whether they are rows."""
    n = len(operands) // 2
    left, right = operands[:n], operands[n : 2 * n]
    x = unfinished.rows.get(left) or unfinished.row(left)
    y = unfinished.rows.get(right) or unfinished.row(right)
    if x is None or y is None:
        return False
    if upstream or not (x.finite and y.finite):  # else all products are 0, as behind a relu that lets nothing through
        x.receive(upstream, y)
        y.receive(upstream, x)
    if len(operands) > 2 * n:
        bias = operands[-1]
        if isinstance(bias, Node) and bias.tick > 0:
            unfinished.add(bias, upstream)
    return True
