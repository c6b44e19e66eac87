"""Copies: `copy.copy` of a node, and `copy.deepcopy` of a node with everything that it was made from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from copy import copy
from typing import Any

from .node import Node, Operand, ancestors, creation, next_index, packed

__all__ = ["copied", "deep_copied"]


def copied(node: Node, inputs: Sequence[Operand]) -> Node:
    """A fresh node with the same number and gradient: the result of the same call, on these inputs."""
    new = object.__new__(type(node))
    new.primitive, new.attrs, new.flow, new.index = node.primitive, node.attrs, node.flow, next_index()
    for slot in ("_data", "_grad", "notes"):
        if hasattr(node, slot):
            setattr(new, slot, copy(getattr(node, slot)))
    new._first, new._second = packed(inputs, node.primitive) if node.primitive is not None else (None, None)
    return new


def deep_copied(node: Node, memo: dict[int, Any]) -> Node:
    """A copy of the node and of all it was made from, in the same order of creation; without recursion."""
    originals = ancestors([node], stop=lambda x: id(x) in memo)
    fresh = [x for x in originals if id(x) not in memo]
    for x in fresh:
        memo[id(x)] = copied(x, [memo[id(y)] if isinstance(y, Node) else y for y in x.inputs])
    for x in fresh:
        if x.notes and x.notes.scopes:  # they now begin at the copy of the first node that they made
            first = [memo[id(fresh[bisect_left(fresh, scope.start, key=creation)])] for scope in x.notes.scopes]
            moved = tuple(scope._replace(start=y.index) for scope, y in zip(x.notes.scopes, first))
            memo[id(x)].own_notes().scopes = moved
    return memo[id(node)]  # type: ignore[no-any-return]
