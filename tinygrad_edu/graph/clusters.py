"""Clusters: the parts of a graph, each made by one call of a module or of a function marked with `tg.block`.

Everything that a call made lies between two ticks of the graph's clock, its start and the last of its results. So calls
nest as intervals do, and no path leads out of one and back in: a cluster can always be drawn as one box.

A module is recognised by its methods (`named_modules`, `named_parameters`), not by its type.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from ..engine.gradients import gradients
from ..engine.node import Node, shape_of
from ..engine.scopes import scopes_of
from .text import shorten, visible

__all__ = ["Cluster", "Clusters", "common", "enclosing", "find_clusters", "is_module", "pieces"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A part of the graph that belongs together: what one call made, or one of many equal parts.

    Attributes
    ----------
    path : its name in this graph: `features.0`, the qualified name of the module, or the name of the function; from
        the second call on with the number of the call, `cell#2`.
    parent : the path of the cluster around it; "" for none.
    kind : "module", "function", or "repetition" for equal parts of a loop without a name.
    title : what it is: `Conv2d(1, 6, kernel_size=5)`.
    nodes : how many nodes of the whole graph lie in it, those of its inner clusters included.
    parameters : how many trainable numbers it uses.
    times : how many equal parts in a row it stands for.
    """

    path: str
    parent: str
    kind: Literal["module", "function", "repetition"]
    title: str
    nodes: int
    parameters: int = 0
    times: int = 1

    @property
    def inside(self) -> str:
        """The path as it is said in the frame of the cluster around it: `0` for `G.0` in `G`."""
        base, _, call = self.path.partition("#")
        around, _, same = self.parent.partition("#")
        return base.removeprefix(f"{around}.") + (f"#{call}" if call and call != same else "")


class Clusters(NamedTuple):
    """The clusters of a graph.

    Attributes
    ----------
    path : of each node that lies in a cluster, the path of the innermost one.
    names : of each parameter and buffer, its qualified name.
    records : the clusters, each after the one around it.
    """

    path: dict[Node, str]
    names: dict[Node, str]
    records: tuple[Cluster, ...]


NONE = Clusters({}, {}, ())
"""A graph that no module and no marked function made a part of."""


class Span(NamedTuple):
    """A call, and the first and last tick at which it made nodes."""

    owner: Any
    start: int
    end: int


def find_clusters(nodes: Sequence[Node], called: Mapping[int, str] = MappingProxyType({})) -> Clusters:
    """The clusters of a graph, whose nodes are given in order of creation; in time linear in them.

    Modules that are in no other module are `called`, by `id()`, as the user's program calls them, or by their type.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.engine.graphs import ancestors
    >>> @tg.block
    ... def neuron(w, x):
    ...     return (w * x).tanh()
    >>> y = neuron(tg.Value(2.0), neuron(tg.Value(3.0), tg.Value(-5.0)))
    >>> [(cluster.path, cluster.nodes) for cluster in find_clusters(ancestors([y])).records]
    [('neuron', 2), ('neuron#2', 2)]
    """
    spans = _spans(nodes)
    if not spans:
        return NONE
    roots = {id(span.owner): span.owner for span in _outermost(spans) if is_module(span.owner)}
    naming = _Naming(called, several=sum(len(dict(root.named_modules())) > 1 for root in roots.values()) > 1)
    path: dict[Node, str] = {}
    open_spans: list[tuple[Span, str]] = []
    coming = iter([*spans, None])
    following = next(coming)
    for node in nodes:
        while open_spans and open_spans[-1][0].end < node.index:
            open_spans.pop()
        while following is not None and following.start <= node.index:
            around = open_spans[-1] if open_spans else None
            # Calls of two threads may overlap without nesting: the inner one is cut short.
            end = following.end if around is None else min(following.end, around[0].end)
            record = naming.add(following.owner, [span.owner for span, _ in open_spans], around[1] if around else "")
            open_spans.append((following._replace(end=end), record))
            following = next(coming)
        if open_spans:
            path[node] = open_spans[-1][1]
    records = {record.path: record for record in naming.records}
    parameters = _place_owned(nodes, naming.owned, path, records)
    sizes = dict.fromkeys(records, 0)
    for node in nodes:
        if node in path:
            many = 1 + sum(not isinstance(x, Node) for x in node.inputs)
            for cluster in enclosing(path[node], records):
                sizes[cluster] += many
    counted = (replace(record, nodes=sizes[p], parameters=parameters[p]) for p, record in records.items())
    return Clusters(path, naming.owned, tuple(counted))


def _spans(nodes: Sequence[Node]) -> list[Span]:
    """The calls whose results are among the nodes, by their start."""
    spans: dict[int, Span] = {}
    for node in nodes:
        for call in scopes_of(node):
            if call.owner is not gradients:  # they make layers, not clusters
                spans[call.start] = Span(call.owner, call.start, node.index)  # the youngest result comes last
    return [spans[start] for start in sorted(spans)]


def _outermost(spans: Iterable[Span]) -> Iterator[Span]:
    """The calls that are in no other call."""
    end = -1
    for span in spans:
        if span.start > end:
            end = span.end
            yield span


def enclosing(path: str, records: Mapping[str, Cluster]) -> Iterator[str]:
    """The cluster and those around it, the innermost first."""
    while path:
        yield path
        path = records[path].parent


def common(paths: Iterable[str], records: Mapping[str, Cluster]) -> str:
    """The innermost cluster around all of these; "" for none."""
    ways = [list(enclosing(path, records)) for path in paths]
    return next((path for path in ways[0] if all(path in way for way in ways)), "")


def _place_owned(
    nodes: Sequence[Node], owned: dict[Node, str], path: dict[Node, str], records: dict[str, Cluster]
) -> dict[str, int]:
    """Put parameters into the innermost cluster with all their uses; gives the trainable numbers that each uses."""
    uses: dict[Node, dict[str, None]] = {}
    for node in nodes:
        for x in node.inputs:
            if isinstance(x, Node) and x in owned:
                uses.setdefault(x, {})[path.get(node, "")] = None
    parameters = dict.fromkeys(records, 0)
    for leaf, places in uses.items():
        shared = common(places, records)
        path.pop(leaf, None)  # a parameter that was made in its first call belongs to all of them
        if shared:
            path[leaf] = shared
        if leaf.requires_grad:
            around = (path for place in places for path in enclosing(place, records))
            for place in dict.fromkeys(around):
                parameters[place] += math.prod(shape_of(leaf))
    return parameters


class _Naming:
    """Gives each call a path, and each parameter and buffer its name.

    Attributes
    ----------
    called : of outermost modules, by `id()`, the names that the user's program has for them.
    records : the clusters so far.
    owned : the names of parameters and buffers.
    known : of each outermost module, by `id()`, the names of the modules in it.
    base : of each owner, by `id()`, its path without the number of the call.
    taken : how often each path was called.
    several : whether there are several networks, so that the name of each stands before the names of its modules.
    """

    def __init__(self, called: Mapping[int, str], *, several: bool) -> None:
        self.called, self.several = called, several
        self.records: list[Cluster] = []
        self.owned: dict[Node, str] = {}
        self.known: dict[int, dict[int, str]] = {}
        self.base: dict[int, str] = {}
        self.taken: dict[str, int] = {}

    def add(self, owner: Any, around: Sequence[Any], parent: str) -> str:
        """Add a call of `owner`, inside calls of the owners `around` (the outermost first); gives its path."""
        base = self.base.get(id(owner))
        if base is None:
            base = self.base[id(owner)] = self._free(self._wish(owner, around), around)
        self.taken[base] = number = self.taken.get(base, 0) + 1
        path = base if number == 1 else f"{base}#{number}"
        self.records.append(Cluster(path, parent, "module" if is_module(owner) else "function", _title(owner), 0))
        return path

    def _wish(self, owner: Any, around: Sequence[Any]) -> str:
        """The qualified name of a module in the outermost one that has it; else the name of its type or function."""
        for root in around:
            name = self.known.get(id(root), {}).get(id(owner))
            if name:
                return visible(f"{self.base[id(root)]}.{name}" if self.several else name)
        if not is_module(owner):
            return _title(owner)
        self.known[id(owner)] = {id(module): name for name, module in owner.named_modules()}
        for offered in ("named_parameters", "named_buffers"):
            for name, leaf in getattr(owner, offered, tuple)():
                self.owned.setdefault(leaf, name)
        return visible(self.called.get(id(owner)) or type(owner).__name__)

    def _free(self, wish: str, around: Sequence[Any]) -> str:
        """The wish; if it is taken, with the name of the outermost call before it, or with a number after it."""
        if wish in self.taken and around:
            wish = f"{self.base[id(around[0])]}.{wish}"
        free, number = wish, 2
        while free in self.taken:
            free, number = f"{wish}_{number}", number + 1
        return free


def is_module(owner: Any) -> bool:
    """Whether it has the methods of a module."""
    return hasattr(owner, "named_modules") and not isinstance(owner, type)


def _title(owner: Any) -> str:
    """A module as its `repr` begins, `Linear(3, 5)`; the name of a function."""
    if not is_module(owner):
        return visible(getattr(owner, "__name__", type(owner).__name__))
    arguments = ", ".join(_unusual(owner)) if hasattr(owner, "extra_repr") else ""
    return shorten(visible(f"{type(owner).__name__}({arguments})" if arguments else type(owner).__name__), 100)


def _unusual(owner: Any) -> list[str]:
    """The arguments in the brackets of a module's `repr`, without those that equal their default."""
    usual = {name: parameter.default for name, parameter in inspect.signature(type(owner)).parameters.items()}

    def is_usual(argument: str) -> bool:
        name, _, value = argument.partition("=")
        default = usual.get(name, inspect.Parameter.empty)
        return value in (repr(default), *(repr((default,) * axes) for axes in (1, 2, 3)))  # (1, 1) for 1

    return [argument for argument in pieces(owner.extra_repr()) if not is_usual(argument)]


def pieces(arguments: str) -> list[str]:
    """Arguments, one by one; a comma in brackets does not end one.

    >>> pieces("1, 6, kernel_size=(5, 5)")
    ['1', '6', 'kernel_size=(5, 5)']
    """
    return re.split(r", (?![^(]*\))", arguments)
