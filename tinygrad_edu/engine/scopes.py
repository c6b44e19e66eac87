"""Which part of a program made which part of the graph: calls of modules, and of functions marked with `@block`.

The result of such a call remembers who made it and at which tick of the graph's clock the call began. That is enough:
the call made whatever the result was made from and is not older than that tick. So recording costs nothing for a node
but the result, and the memory goes when the result goes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .node import Node, next_index

__all__ = ["Call", "block", "calls_of", "made_by"]

F = TypeVar("F", bound=Callable[..., Any])


class Call(NamedTuple):
    """A call that a node is the result of.

    Attributes
    ----------
    owner : the module, or the function, that was called.
    start : the tick at which the call began; what is older was there before it.
    """

    owner: Any
    start: int


def calls_of(node: Node) -> tuple[Call, ...]:
    """The calls that this node is a result of, the innermost first."""
    calls: tuple[Call, ...] = (node._extra or {}).get("calls", ())
    return calls


def made_by(owner: Any, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """The result of `call(*args, **kwargs)`, which remembers that `owner` made it.

    Nodes are found in the result itself and in tuples, lists and mappings of it. A node that was there before the call,
    and is only handed on, is not the owner's.
    """
    start = next_index()
    result = call(*args, **kwargs)
    for node in nodes_in(result):
        if node.index >= start and node.primitive is not None:
            made = Call(owner, start)
            if node._extra is None:  # nearly always
                node._extra = {"calls": (made,)}
            else:
                node._note("calls", (*calls_of(node), made))
    return result


def nodes_in(result: Any) -> Sequence[Node]:
    """The nodes in a result of nested tuples, lists and mappings, each once."""
    if isinstance(result, Node):  # nearly always
        return (result,)
    found: list[Node] = []
    seen: set[int] = set()
    todo = [result]
    while todo:
        x = todo.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, Node):
            found.append(x)
        elif isinstance(x, (tuple, list)):
            todo.extend(x)
        elif isinstance(x, Mapping):
            todo.extend(x.values())
    return found


def block(function: F) -> F:
    """A decorator: what the function computes is drawn as a box with its name, which opens.

    Modules are boxes of themselves; this is for functions.

    >>> import tinygrad_edu as tg
    >>> @tg.block
    ... def neuron(w, x, b):
    ...     return (w * x + b).tanh()
    >>> y = neuron(tg.Value(2.0), tg.Value(3.0), tg.Value(-5.0))
    >>> [call.owner.__name__ for call in calls_of(y)]
    ['neuron']
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return made_by(called, function, *args, **kwargs)

    return called  # type: ignore[return-value]
