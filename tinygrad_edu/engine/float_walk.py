"""The walk for graphs of floats: the chain rule of `walk` in half the time, such as for a GPT on `Value`.

It is the same chain rule, written out for one and two operands. `walk` hands its nodes to this loop if only numbers are
asked for, and goes on itself with the nodes that the loop leaves.
"""

from __future__ import annotations

from typing import Any

from . import inplace
from .node import Node

__all__ = ["pass_numbers_on"]

NOTHING = -0.0
"""A sum begins with it: -0.0 + x is x, also where x is -0.0."""


def pass_numbers_on(todo: list[Node], gradient_of: dict[Node, Any]) -> None:
    """The loop of `walk` for a graph of floats; removes from `todo` the nodes that it is done with.

    It stops before a node whose gradient is no float or is to be kept, or whose rule raises: the walk takes that one
    with care. It does nothing for a graph with a node that is older than a change in place.
    """
    if todo[0].index < inplace.newest:
        return
    so_far, take = gradient_of.get, gradient_of.pop
    kind = type(todo[-1])  # Value, which stands above this file; its operands are Values and Python numbers
    for _ in range(len(todo)):  # CPython 3.11 makes a `for` quicker in its first rounds, a `while` after eight calls
        node = todo.pop()
        upstream = take(node, None)
        if type(upstream) is not float or (node.notes is not None and node.notes.retains_grad):
            break
        x, y, attrs, row = node._first, node._second, node.attrs, node.primitive
        to_x = to_y = None
        try:
            if y is not None and not attrs:
                by_x, by_y = row.rules  # type: ignore[union-attr]
                a = x._number if type(x) is kind else x
                b = y._number if type(y) is kind else y
                if type(x) is kind and x.flow:
                    to_x = by_x(upstream, node._number, a, b)
                if type(y) is kind and y.flow:
                    to_y = by_y(upstream, node._number, a, b)
            elif y is None and type(x) is not tuple and not attrs:
                to_x = row.rules[0](upstream, node._number, x._number)  # type: ignore[union-attr]
            else:
                operands = node.inputs
                values = [z._number if type(z) is kind else z for z in operands]
                parts = row.pull(range(len(values)), upstream, node._number, values, attrs)  # type: ignore[union-attr]
                for z, part in zip(operands, parts):
                    if type(z) is kind and z.flow and part is not None:
                        gradient_of[z] = so_far(z, NOTHING) + (part if type(part) is float else z.fit(part))
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            break
        if to_x is not None:
            gradient_of[x] = so_far(x, NOTHING) + (to_x if type(to_x) is float else x.fit(to_x))
        if to_y is not None:
            gradient_of[y] = so_far(y, NOTHING) + (to_y if type(to_y) is float else y.fit(to_y))
    else:
        return
    todo.append(node)
    if upstream is not None:
        gradient_of[node] = upstream
