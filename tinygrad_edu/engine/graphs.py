"""Whole graphs: everything that a node was made from, what of it needs a gradient, and copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import messages
from .node import Node, Operand, clock, creation, packed

__all__ = ["ancestors", "copied", "deep_copied", "operations", "reachable"]


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

    With `inputs`, only those on a path from the output to one of the inputs, oldest first. The values say whether such
    a path goes on from the node to its operands.
    """
    if not getattr(output, "flow", False):
        raise messages.no_gradient(output)
    oldest = 0 if inputs is None else min([x.index for x in inputs], default=output.index + 1)
    found = {output: True}
    todo = [output]
    for node in todo:  # which grows meanwhile
        x, y = node._first, node._second
        for z in x if type(x) is tuple else (x, y):
            if isinstance(z, Node) and z.flow and z.index >= oldest and z not in found:
                found[z] = True
                todo.append(z)
    if inputs is None:
        return found
    wanted = set(inputs)
    leading: dict[Node, bool] = {}
    for node in sorted(found, key=creation):
        x, y = node._first, node._second
        goes_on = False
        for z in x if type(x) is tuple else (x, y):
            if isinstance(z, Node) and z in leading:
                goes_on = True
                break
        if goes_on or node in wanted:
            leading[node] = goes_on
    return leading


def operations(outputs: Iterable[Node]) -> list[Node]:
    """The results that the outputs were made from, themselves included, oldest first."""
    todo = [x for x in outputs if x.primitive is not None]
    found, order = set(todo), []
    while True:  # CPython 3.11 makes this quicker in its first rounds, and `while todo` only after eight calls
        if not todo:
            break
        node = todo.pop()
        order.append(node)
        x, y = node._first, node._second
        if type(x) is tuple:
            for z in x:
                if isinstance(z, Node) and z.primitive is not None and z not in found:
                    found.add(z)
                    todo.append(z)
            continue
        if isinstance(x, Node) and x.primitive is not None and x not in found:
            found.add(x)
            todo.append(x)
        if isinstance(y, Node) and y.primitive is not None and y not in found:
            found.add(y)
            todo.append(y)
    order.sort(key=creation)
    return order


def copied(node: Node, inputs: Sequence[Operand]) -> Node:
    """A fresh node with the same number and gradient: the result of the same call, on these inputs."""
    from copy import copy  # which is needed here alone

    new = object.__new__(type(node))
    new.primitive, new.flow, new.index = node.primitive, node.flow, next(clock)
    for slot in ("_number", "_grad", "notes"):
        if hasattr(node, slot):
            setattr(new, slot, copy(getattr(node, slot)))
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
