"""Scopes: which module, function or differentiation made which nodes. Pictures draw them as boxes and layers.

The result of a call notes who was called, and at which tick of the graph's clock the call began. That is enough: of all
nodes that the result was made from, the call made those that are not older than that tick. So only the result has a
note, other nodes cost nothing, and the note is freed with the result.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .node import Node, clock

__all__ = ["Scope", "block", "made_by", "note_derivatives", "scopes_of"]

F = TypeVar("F", bound=Callable[..., Any])


class Scope(NamedTuple):
    """A call of a module, or of a function with `@block`, as its result remembers it.

    Attributes
    ----------
    owner : the module, or the function, that was called.
    start : the tick at which the call began; older nodes were made before it.
    """

    owner: Any
    start: int


def scopes_of(node: Node) -> tuple[Scope, ...]:
    """The scopes of which this node is a result, innermost first."""
    return node.notes.scopes if node.notes else ()


def made_by(owner: Any, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call `call(*args, **kwargs)` and note on its result that `owner` made it.

    The result is a node, or holds nodes in tuples, lists and mappings. A node that is older than the call, and was only
    handed on, gets no note.
    """
    start = next(clock)
    result = call(*args, **kwargs)
    for node in (result,) if isinstance(result, Node) else _nodes_in(result):
        if node.primitive is not None and abs(node.tick) >= start:
            notes = node.notes or node.own_notes()
            notes.scopes = (*notes.scopes, Scope(owner, start))
    return result


def _nodes_in(result: Any) -> Sequence[Node]:
    """The nodes in a result of nested tuples, lists and mappings, each once."""
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
    """A decorator: pictures draw what the function computes as a box with its name, which can be opened.

    Modules are drawn as boxes without it.

    >>> import tinygrad_edu as tg
    >>> @tg.block
    ... def neuron(w, x, b):
    ...     return (w * x + b).tanh()
    >>> y = neuron(tg.Value(2.0), tg.Value(3.0), tg.Value(-5.0))
    >>> [scope.owner.__name__ for scope in scopes_of(y)]
    ['neuron']
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return made_by(called, function, *args, **kwargs)

    return called  # type: ignore[return-value]


def note_derivatives(
    output: Node, inputs: Sequence[Node], found: Sequence[Node | None], seed: Node | None, span: tuple[int, int]
) -> None:
    """Note for pictures the names of the gradients of a differentiation, and the span of ticks in which it made them.

    `found` are the gradients of `output` by `inputs`. The seed keeps the span: all of them are made from it.
    """
    if seed is not None and seed.primitive is None:
        notes = seed.own_notes()
        notes.walks = (*notes.walks, span)
    of, by = (output.notes and output.notes.derivative) or (output.name, ())
    for x, gradient in zip(inputs, found):
        if of and x.name and gradient is not None and sum(gradient is other for other in found) == 1:  # not handed on
            gradient.own_notes().derivative = (of, (*by, x.name))
