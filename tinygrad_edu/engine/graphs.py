"""Whole graphs: everything that a node was made from, and what of it needs a gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from . import messages
from .node import Node, creation

__all__ = ["ancestors", "reachable"]


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
    oldest = 1 if inputs is None else min([output.tick + 1, *[abs(x.tick) for x in inputs]])
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
