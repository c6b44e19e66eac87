"""The walk of a graph of floats, once more, in half the time: for graphs of single numbers, such as a GPT on `Value`.

`walk` hands its nodes to this loop where nothing but the numbers is asked for, and goes on with the rest itself. It is
the same chain rule, written out for one and two operands: a backward pass of a scalar network takes half of the time
that it takes without this file.
"""

from __future__ import annotations

from itertools import repeat
from operator import add, attrgetter
from typing import Any

from . import inplace
from .node import Node, number_held

__all__ = ["pass_numbers_on"]

flows = attrgetter("flow")


def pass_numbers_on(todo: list[Node], gradient_of: dict[Node, Any]) -> None:
    """The same loop for a graph of floats, in half the time; takes the nodes that it is done with out of `todo`.

    It stops before a node whose gradient is no float or is to be kept, that is older than a change in place, or whose
    rule raises: the walk takes that one with care.
    """
    newest, so_far, take = inplace.newest, gradient_of.get, gradient_of.pop
    while todo:
        node = todo.pop()
        upstream = take(node, None)
        if type(upstream) is not float or node.index < newest or (node.notes is not None and node.notes.retains_grad):
            break
        x, y, rules, out = node._first, node._second, node.primitive.rules, node._data  # type: ignore[union-attr]
        to_x = to_y = None
        try:
            if y is not None:
                if node.attrs:
                    break
                a = x._data if isinstance(x, Node) else x
                b = y._data if isinstance(y, Node) else y
                if isinstance(x, Node) and x.flow:
                    to_x = rules[0](upstream, out, a, b)
                if isinstance(y, Node) and y.flow:
                    to_y = rules[1](upstream, out, a, b)
            elif type(x) is not tuple:
                to_x = rules[0](upstream, out, x._data, **node.attrs)
            elif not pass_to_all(node, upstream, gradient_of):
                break
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            break
        if to_x is not None:
            if type(to_x) is not float:
                to_x = x.fit(to_x)
            gradient_of[x] = to_x if (before := so_far(x)) is None else before + to_x
        if to_y is not None:
            if type(to_y) is not float:
                to_y = y.fit(to_y)
            gradient_of[y] = to_y if (before := so_far(y)) is None else before + to_y
    else:
        return
    todo.append(node)
    if upstream is not None:
        gradient_of[node] = upstream


def pass_to_all(node: Node, upstream: float, gradient_of: dict[Node, Any]) -> bool:
    """The same for a call of many operands, with no loop in Python; does nothing, and says so, where that cannot be."""
    operands: Any = node._first
    if len(set(operands)) < len(operands) or not all(map(flows, operands)):  # an operand that is no node raises
        return False
    values = list(map(number_held, operands))
    parts = node.primitive.pull(range(len(values)), upstream, node._data, values, node.attrs)  # type: ignore[union-attr]
    if set(map(type, parts)) != {float}:
        return False
    so_far = map(gradient_of.get, operands, repeat(0.0))
    gradient_of.update(zip(operands, list(map(add, so_far, parts))))
    return True
