"""Whole graphs: everything that a node was made from, what of it needs a gradient, and copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import messages
from .node import Node, Operand, clock, creation, packed

__all__ = ["ancestors", "copied", "deep_copied", "reachable"]


def ancestors(outputs: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """Everything that the outputs were made from, themselves included, oldest first; without recursion.

    `stop` says at which nodes to stop: what these were made from is left out, unless another path leads there.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(2.0, name="x")
    >>> [node.name for node in ancestors([x * x])]
    ['x', None]
    """
    todo = list(outputs)
    found = dict.fromkeys(todo)
    while todo:
        node = todo.pop()
        if stop is None or not stop(node):
            x, y = node._first, node._second
            for z in x if type(x) is tuple else (x, y):
                if isinstance(z, Node) and z not in found:
                    found[z] = None
                    todo.append(z)
    return sorted(found, key=creation)


def reachable(output: Node, inputs: Sequence[Node] | None = None) -> dict[Node, bool]:
    """The nodes that `output` was made from and that need a gradient, itself included, as the keys of a dict.

    The values say whether the search went on from a node to its operands. With `inputs` there are only the nodes on a
    path from the output to one of the inputs.
    """
    if not getattr(output, "requires_grad", False):
        raise messages.no_gradient(output)
    wanted = set(inputs or ())
    oldest = 1 if inputs is None else min([output.index + 1, *[x.index for x in inputs]])
    found = {output: False}
    todo, strays = [output], False
    for node in todo:  # which grows meanwhile
        x, y = node._first, node._second
        goes_on = False
        for z in x if type(x) is tuple else (x, y):
            if isinstance(z, Node) and z.tick >= oldest:
                goes_on = True
                if z not in found:
                    found[z] = False
                    todo.append(z)
        if goes_on:
            found[node] = True
        elif node not in wanted:
            strays = True
    if strays and inputs is not None:  # some ways end elsewhere
        for node in sorted(found, key=creation):
            found[node] = any(isinstance(z, Node) and z in found for z in node.inputs)
            if not found[node] and node not in wanted:
                del found[node]
    return found


def copied(node: Node, inputs: Sequence[Operand]) -> Node:
    """A fresh node with the same number and gradient: the result of the same call, on these inputs."""
    from copy import copy  # which is needed here alone

    new = object.__new__(type(node))
    new.primitive, new.notes = node.primitive, copy(node.notes)
    new.tick = next(clock) if node.requires_grad else -next(clock)
    if hasattr(node, "_number"):
        new._number = copy(node._number)
    if new.notes:
        new.notes.grad = copy(new.notes.grad)
    new._first, new._second = packed(inputs, node.attrs, node.primitive) if node.primitive is not None else (None, None)
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
