"""What a user asks a picture of: one result or several, their names, and a node by its name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from .._support.languages import listed, say, texts
from ..engine.messages import describe, short
from ..engine.node import Node
from ..errors import GraphError
from .arrays import NamedArrays
from .clusters import is_module
from .recorded import Recorded

__all__ = ["node_called", "recorded_of", "several"]


def recorded_of(asked: Any, names: Mapping[str, Any] | None, function: str = "draw") -> Recorded:
    """The recorded graph of a node, or of several in a list, a tuple or a dictionary, whose keys are their names.

    `names` maps further names to nodes, to arrays of NumPy, and to modules, whose parameters they begin; `locals()` is
    such a mapping.

    Raises `GraphError` for anything else, with the way out.
    """
    results = list(_results(asked, function))
    given = dict(_given(names, function)) if names is not None else {}
    given.update((node, name) for name, node in results if name)
    shown = [(str(name), value) for name, value in (names or {}).items()]
    modules = {id(value): name for name, value in reversed(shown) if is_module(value)}
    arrays = NamedArrays((name, x) for name, x in shown if isinstance(x, np.ndarray) and not name.startswith("_"))
    return Recorded(*dict.fromkeys(node for _, node in results), given=given, modules=modules, arrays=arrays)


def _results(asked: Any, function: str) -> Iterator[tuple[str, Node]]:
    if isinstance(asked, Node):
        yield "", asked
        return
    if isinstance(asked, Mapping):
        items = [(str(name), node) for name, node in asked.items()]
    elif isinstance(asked, (list, tuple)):
        items = [("", node) for node in asked]
    else:
        raise _refused(asked, function)
    if not items:
        raise GraphError("{function}: there is nothing in {given} to draw", function=function, given=short(asked))
    for name, node in items:
        if not isinstance(node, Node):
            raise _refused(node, function)
        yield name, node


def _refused(asked: Any, function: str) -> GraphError:
    kind = type(asked).__name__
    if hasattr(asked, "named_modules") and callable(asked):
        text = texts(
            "{function}: a {kind} is not a result, and has no graph yet; {function}(model(x)) is the graph of what it "
            "computes"
        )
        return GraphError(text, function=function, kind=kind)
    given = {"function": function, "kind": kind, "given": short(asked)}
    if callable(asked):
        text = texts("{function}: {kind} {given} is no result; call it, and give what it returns: {function}(f(x))")
        return GraphError(text, **given)
    text = texts("{function}: only a Value or a Tensor has a graph, or several in a list, not {kind} {given}")
    return GraphError(text, **given)


def _given(names: Mapping[str, Any], function: str) -> Iterator[tuple[Node, str]]:
    """The names from a mapping; of a node with several, the first."""
    if not isinstance(names, Mapping):
        text = texts("{function}: names maps names to nodes, as locals() does, not {given}")
        raise GraphError(text, function=function, given=short(names))
    seen: set[Node] = set()
    for name, value in [(str(name), value) for name, value in names.items()]:
        if name.startswith("_"):
            continue
        if isinstance(value, Node):
            found = [(value, name)]
        elif is_module(value):
            found = [(node, f"{name}.{path}") for path, node in value.named_parameters()]
        else:
            continue
        for node, called in found:
            if node not in seen:
                seen.add(node)
                yield node, called


def several(asked: Any) -> Collection[Any]:
    """Nodes or names that are asked for: several, or one."""
    return asked if isinstance(asked, (list, tuple, set, frozenset)) else (asked,)


def node_called(what: str, asked: Any, recorded: Recorded) -> Node:
    """A node of the graph: itself, or the one with this name; `what` it is for is said by errors."""
    if isinstance(asked, Node):
        if asked not in recorded.names:
            text = texts("draw: {what}, {node}, has no part in {output}")
            raise GraphError(text, what=what, node=describe(asked), output=describe(recorded.output))
        return asked
    if not isinstance(asked, str):
        text = texts("draw: {what} is a node or the name of one, not {kind} {given}")
        raise GraphError(text, what=what, kind=type(asked).__name__, given=short(asked))
    for node in recorded.nodes:
        if asked in (node.name, recorded.names[node]):
            return node
    known = [label for node in recorded.nodes if (label := recorded.names[node])]
    near = get_close_matches(asked, known, n=3, cutoff=0.5)
    meant = say("did you mean {names}?", names=listed([*map(repr, near)], alternatives=True))
    hint = meant if near else say("there are {names}", names=say(", ").join(known[:8]))
    text = texts("draw: {what} is {given}, and no node of the graph has this name; {hint}")
    raise GraphError(text, what=what, given=repr(asked), hint=hint)
