"""Copies of nodes and of whole graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import inplace
from .graphs import ancestors
from .node import Node, Operand, clock, creation, packed

__all__ = ["copied", "deep_copied"]


def copied(node: Node, inputs: Sequence[Operand]) -> Node:
    """A fresh node with the same number and gradient: the result of the same call, on these inputs.

    What was changed in place since that call is as lost for the copy as it is for the node.
    """
    from copy import copy  # which is needed here alone

    new = object.__new__(type(node))
    new.primitive, new.notes = node.primitive, copy(node.notes)
    new.tick = next(clock) if node.requires_grad else -next(clock)
    if hasattr(node, "_number"):
        new._number = copy(node._number)
    if new.notes:
        new.notes.grad = copy(new.notes.grad)
    new._first = new._second = None
    if node.primitive is not None:
        new._first, new._second = packed(inputs, node.attrs, node.primitive)
        if any(inplace.change_since(node, x) for x in (node, *node.inputs)):
            new.own_notes().called = inplace.called(node)
            inplace.tick_of_change()  # so that the walk looks
    return new


def deep_copied(node: Node, memo: dict[int, Any]) -> Node:
    """A copy of the node and of all it was made from, in the same order of creation; without recursion."""
    from bisect import bisect_left  # which is needed here alone

    originals = ancestors([node], stop=lambda x: id(x) in memo)
    fresh = [x for x in originals if id(x) not in memo]
    for x in fresh:
        memo[id(x)] = copied(x, [memo[id(y)] if isinstance(y, Node) else y for y in x.inputs])
    for x in fresh:
        if x.notes and x.notes.scopes:  # they begin with the copy of the first node that they made
            first = [memo[id(fresh[bisect_left(fresh, scope.start, key=creation)])] for scope in x.notes.scopes]
            moved = tuple(scope._replace(start=y.index) for scope, y in zip(x.notes.scopes, first))
            memo[id(x)].own_notes().scopes = moved
    return memo[id(node)]  # type: ignore[no-any-return]
