"""The walk for graphs of floats: the chain rule of `walk` in a third of the time, such as for a GPT on `Value`.

`walk` begins with this loop where nothing but numbers is asked for, and does the rest itself. It is the same chain
rule, written out for one and two operands.

Every node has taken a tick of the graph's clock, and whoever used a node has taken a later one. So the loop needs no
search and no sorting: it lays out a place for each tick of a stretch of time, and goes down from the latest to the
earliest. Where a node's turn comes, all contributions to its gradient lie there already.
"""

from __future__ import annotations

from typing import Any

from . import inplace
from .node import Node, creation

__all__ = ["pass_numbers_on"]

SHORT, LONG = 8, 65_536
"""How many ticks are laid out at first, and at most: each stretch is four times as long as the one before it."""

SPARSE = 15 / 16
"""The share of empty places from which on it is quicker to search and to sort: the ticks belong to other graphs."""

NOTHING = -0.0
"""A sum begins with it: -0.0 + x is x, also where x is -0.0."""


def pass_numbers_on(gradient_of: dict[Node, Any]) -> None:
    """Pass the gradients of results on to the leaves, which take their place in `gradient_of`.

    It stops before a node that needs care, and leaves that one and all older ones to `walk`: a node that keeps its
    gradient, whose operands hold arrays or were changed in place, or whose rule raises. It also stops where the nodes
    of a graph lie far apart in time.
    """
    span = SHORT
    while results := [x for x in gradient_of if x.primitive is not None]:
        latest = max(results, key=creation).index
        if latest < inplace.newest:
            break
        first = max(latest + 1 - span, inplace.newest)
        nodes: list[Any] = [None] * (latest + 1 - first)
        sums: list[Any] = [None] * len(nodes)
        for x in list(gradient_of):
            if first <= x.index <= latest:
                nodes[x.index - first], sums[x.index - first] = x, gradient_of.pop(x)
        empty = go_down(nodes, sums, first, gradient_of)
        if sums:  # it stopped on the way
            gradient_of |= {x: total for x, total in zip(nodes, sums) if x is not None}
            break
        if empty > max(8 * SHORT, SPARSE * len(nodes)):
            break
        span = min(4 * span, LONG)
    for x, total in gradient_of.items():
        if type(total) is not float:  # a rule of the user's own may give a number of NumPy
            gradient_of[x] = x.fit(total)


def go_down(nodes: list[Any], sums: list[Any], first: int, gradient_of: dict[Node, Any]) -> int:
    """The loop over a stretch, from its last place down; `first` is the tick of its first place.

    It takes off `sums` what it is done with. Gradients of leaves, and of nodes older than the stretch, are added up in
    `gradient_of`. Returns how many places were empty.
    """
    kind, so_far, empty = type(nodes[-1]), gradient_of.get, 0  # Value, which stands above this file
    for node in reversed(nodes):  # the places below fill up meanwhile
        upstream = sums.pop()
        if node is None:
            empty += 1
            continue
        if type(upstream) is not float:
            upstream = node.fit(upstream)
        x, y, attrs, row = node._first, node._second, node.attrs, node.primitive
        if row is None:
            gradient_of[node] = upstream
            continue
        if node.notes is not None and node.notes.retains_grad:
            break
        to_x = to_y = None
        try:
            if y is not None and not attrs:
                by_x, by_y = row.rules
                a = x._number if type(x) is kind else x
                b = y._number if type(y) is kind else y
                if type(x) is kind and x.flow:
                    to_x = by_x(upstream, node._number, a, b)
                if type(y) is kind and y.flow:
                    to_y = by_y(upstream, node._number, a, b)
            elif y is None and not attrs and type(x) is kind:
                to_x = row.rules[0](upstream, node._number, x._number)
            elif row.floats is None:
                break
            else:
                pass_to_many(node, upstream, nodes, sums, first, gradient_of)
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            break
        if to_x is not None:
            i = x.index - first
            if i < 0:
                gradient_of[x] = so_far(x, NOTHING) + to_x
            elif nodes[i] is None:
                nodes[i], sums[i] = x, to_x
            else:
                sums[i] += to_x
        if to_y is not None:
            i = y.index - first
            if i < 0:
                gradient_of[y] = so_far(y, NOTHING) + to_y
            elif nodes[i] is None:
                nodes[i], sums[i] = y, to_y
            else:
                sums[i] += to_y
    else:
        return empty
    sums.append(upstream)
    return empty


def pass_to_many(
    node: Any, upstream: float, nodes: list[Any], sums: list[Any], first: int, gradient_of: dict[Node, Any]
) -> None:
    """The same step for a call of any number of operands, such as `dot`, or with attributes."""
    kind, so_far, operands = type(node), gradient_of.get, node.inputs
    values = [z._number if type(z) is kind else z for z in operands]
    parts = node.primitive.pull(range(len(values)), upstream, node._number, values, node.attrs)
    for z, part in zip(operands, parts):
        if part is not None and type(z) is kind and z.flow:
            i = z.index - first
            if i < 0:
                gradient_of[z] = so_far(z, NOTHING) + part
            elif nodes[i] is None:
                nodes[i], sums[i] = z, part
            else:
                sums[i] += part
