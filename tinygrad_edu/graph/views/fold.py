"""Folding: equal parts of a graph in a row, such as the steps of a recurrent network, are drawn once.

Operations in order of creation are a sequence, and a loop in the program is a period in it. A run of periods is folded
if its parts are wired alike: an operand comes from the same place of the same part, from the same place of the part
before (it is carried on), or from outside the run. The last part is drawn, because its numbers go on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..._support.grouping import grouped
from ..._support.languages import say, texts
from ..clusters import Cluster, common, enclosing
from ..plain import Edge, Graph, PlainNode
from .collapse import renumbered

__all__ = ["fold", "what_is_folded"]

TIMES = 4
"""Fewer equal parts than this are drawn one by one."""
SAVED = 12
"""Equal parts of a loop without a name are folded if this hides so many nodes."""
HOPELESS = 2_000
"""A graph of more nodes than this is folded on only while a run saves a twentieth of them; it would take long."""
TRIED = 24
"""How many periods, and how many beginnings of a run, are tried."""


class Run(NamedTuple):
    """`times` equal parts of `period` operations each, from the `start`-th operation on."""

    start: int
    period: int
    times: int

    @property
    def saved(self) -> int:
        """How many operations folding hides."""
        return self.period * (self.times - 1)


def fold(graph: Graph, *, calls_only: bool = False) -> Graph:
    """The graph with runs of equal parts drawn once.

    Arrows that lead from part to part become `recurrent`. With `calls_only`, only calls of the same module or function
    are equal; otherwise also calls of others like it, and steps of a loop.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> y = tg.Value(1.0, name="x")
    >>> for _ in range(20):
    ...     y = (y * 2).tanh()
    >>> folded = fold(plain(y))
    >>> [(node.label, node.operation) for node in folded.nodes]
    [('x', None), ('2', None), ('v₃₉', 'multiply'), ('v₄₀', 'tanh')]
    >>> folded.clusters[0].times
    20
    """
    while True:
        sequence = _Sequence(graph, calls_only)
        run = sequence.best_run()
        if run is None or (len(graph.nodes) > HOPELESS and run.saved < len(graph.nodes) // 20):
            return graph
        graph = _folded(graph, sequence, run)


def what_is_folded(graph: Graph) -> str:
    """A line on the parts that are drawn once for many; "" if there are none."""
    times = sorted({cluster.times for cluster in graph.clusters if cluster.times > 1})
    if not times:
        return ""
    counts = ", ".join(f"× {n:,}" for n in times)
    text = texts("{counts}: equal parts in a row are drawn once, with the numbers of the last; {code} draws them all.")
    return say(text, counts=counts, code="depth='all'")


class _Sequence:
    """The operations of a graph in order of creation, and how they are wired."""

    def __init__(self, graph: Graph, calls_only: bool) -> None:
        self.graph, self.calls_only = graph, calls_only
        self.records = {cluster.path: cluster for cluster in graph.clusters}
        self.nodes = [node for node in graph.nodes if node.kind in ("operation", "module", "gradient")]
        self.place = {node.id: i for i, node in enumerate(self.nodes)}
        self.arriving = grouped((edge.target, edge) for edge in graph.edges)
        self.results = self._results()
        self.inside = self._extents()
        kinds: dict[Any, int] = {}
        self.kinds = [kinds.setdefault(self._kind(node), len(kinds)) for node in self.nodes]

    def _results(self) -> dict[int, set[Any]]:
        """The shapes and dtypes of the results of each node: a closed cluster may have several, some of them unused."""
        results = {node.id: {(node.value.shape, node.value.dtype)} if node.value else set() for node in self.nodes}
        for edge in self.graph.edges:
            if edge.value and edge.source in results:
                results[edge.source].add((edge.value.shape, edge.value.dtype))
        return results

    def _extents(self) -> dict[str, tuple[int, int]]:
        """The first and the last operation of each cluster."""
        extents: dict[str, tuple[int, int]] = {}
        for i, node in enumerate(self.nodes):
            for path in enclosing(node.cluster, self.records):
                extents[path] = extents.get(path, (i, i))[0], i
        return extents

    def _kind(self, node: PlainNode) -> Any:
        """A value that is equal for equal nodes."""
        name: Callable[[str], str] = _base if self.calls_only else lambda path: self.records[path].title
        return (
            node.kind,
            node.operation,
            tuple(key for key, _ in node.attrs),
            frozenset(self.results[node.id]),
            node.carries,
            node.layer,
            node.opens and (name(node.opens), self.records[node.opens].times),
            tuple(map(name, enclosing(node.cluster, self.records))),
            len(self.arriving.get(node.id, ())),
        )

    def best_run(self) -> Run | None:
        """The run whose folding hides most, the later one of two that hide the same."""
        best: Run | None = None
        for period in self._periods():
            for run in self._runs(period):
                if best is None or run.saved >= best.saved:
                    best = self._well_begun(run) or best
        return best

    def _periods(self) -> list[int]:
        """The most frequent distances between equal stretches of operations, the longer first."""
        distances: Counter[int] = Counter()
        for length in (1, 3, 9):
            met: dict[tuple[int, ...], int] = {}
            for i in range(len(self.kinds) - length + 1):
                stretch = tuple(self.kinds[i : i + length])
                if stretch in met:
                    distances[i - met[stretch]] += 1
                met[stretch] = i
        return sorted((distance for distance, _ in distances.most_common(TRIED)), reverse=True)

    def _runs(self, period: int) -> Iterator[Run]:
        """The stretches of at least `TIMES` periods of operations of the same kind."""
        kinds, start = self.kinds, 0
        for i in range(len(kinds) - period + 1):
            if i + period < len(kinds) and kinds[i] == kinds[i + period]:
                continue
            times = (i - start) // period + 1
            if times >= TIMES and (self.calls_only or period * (times - 1) >= SAVED):
                yield Run(start, period, times)
            start = i + 1

    def _well_begun(self, run: Run) -> Run | None:
        """The run, moved to where its parts are wired alike and pass the fewest results on; None if there is none.

        It can be moved by as many operations as are left over after its last period.
        """
        stop = run.start + run.period * run.times
        while stop < len(self.kinds) and self.kinds[stop] == self.kinds[stop - run.period]:
            stop += 1
        spare = stop - run.start - run.period * run.times
        found = []
        for shift in range(min(spare, TRIED) + 1):
            moved = run._replace(start=run.start + shift)
            carried = self.carried(moved)
            if carried is not None:
                found.append((len({place for place, _ in carried.values()}), shift, moved))
        return min(found)[2] if found else None

    def carried(self, run: Run) -> dict[tuple[int, int], tuple[int, int]] | None:
        """What the parts of a run pass on: (place, slot) of each use to (place, how many parts before) of the operand.

        None if the parts are not wired alike.
        """
        stop = run.start + run.period * run.times
        if not self._whole_calls(run, stop):
            return None
        carried: dict[tuple[int, int], tuple[int, int]] = {}
        for place in range(run.period):
            users = [self.nodes[run.start + place + part * run.period] for part in range(run.times)]
            for slot, edges in enumerate(zip(*(self.arriving.get(user.id, []) for user in users))):
                wires = [self._wire(edge, part, run) for part, edge in enumerate(edges)]
                last = wires[-1]
                begun = last[1] if isinstance(last[0], int) else 0  # the first parts take theirs from outside
                if any(wire != last for wire in wires[begun:]) or any(isinstance(w[0], int) for w in wires[:begun]):
                    return None
                if begun:
                    carried[place, slot] = last
        return carried

    def _wire(self, edge: Edge, part: int, run: Run) -> Any:
        """The origin of an operand of a part: (place, how many parts before), or ("outside", kind, shape)."""
        at = self.place.get(edge.source, -1) - run.start
        if 0 <= at < run.period * run.times:
            return at % run.period, part - at // run.period
        source = self.graph.node(edge.source)
        return "outside", source.kind, source.value and source.value.shape

    def _whole_calls(self, run: Run, stop: int) -> bool:
        """Whether each cluster lies in one part or around the run; with `calls_only`, whether a part has any."""
        calls = 0
        for i in range(run.start, stop):
            node = self.nodes[i]
            part = (i - run.start) // run.period
            start = run.start + part * run.period
            for path in enclosing(node.cluster, self.records):
                first, last = self.inside[path]
                if first <= run.start and last >= stop - 1:
                    continue  # it is around the whole run
                if first < start or last >= start + run.period:
                    return False
                calls += 1
            calls += node.opens is not None
        return calls > 0 or not self.calls_only


def _folded(graph: Graph, sequence: _Sequence, run: Run) -> Graph:
    """The graph with the last part of a run in place of all parts."""
    parts = [
        sequence.nodes[start : start + run.period]
        for start in range(run.start, run.start + run.period * run.times, run.period)
    ]
    stand_in = {node.id: kept.id for part in parts for node, kept in zip(part, parts[-1])}
    edges, hidden, own = _rewired(graph, sequence, run, parts, stand_in)
    hidden |= {id for id, kept in stand_in.items() if id != kept}
    clusters, moved = _clusters(sequence, run, parts)
    records = {cluster.path: cluster for cluster in clusters}
    varied = {kept.id: [part[place] for part in parts] for place, kept in enumerate(parts[-1])}
    varied.update((last, [graph.node(id) for id in ids]) for last, ids in own.items())
    users = grouped((edge.source, edge.target) for edge in edges)
    nodes: list[PlainNode] = []
    for node in graph.nodes:
        if node.id in hidden:
            continue
        if node.id in stand_in:
            path = moved.get((node.opens, "opens"), node.opens)
            node = replace(node, cluster=moved[node.cluster, "lies in"], opens=path, label=path or node.label)
        elif (node.kind == "constant" or node.owned) and all(id in stand_in for id in users[node.id]):
            inside = [moved[graph.node(id).cluster, "lies in"] for id in users[node.id]]
            node = replace(node, cluster=common(inside, records))
        nodes.append(_in_general(node, varied.get(node.id, [])))
    return renumbered(graph, nodes, edges, (stand_in.get(id, id) for id in graph.outputs), clusters)


def _rewired(
    graph: Graph, sequence: _Sequence, run: Run, parts: list[list[PlainNode]], stand_in: dict[int, int]
) -> tuple[list[Edge], set[int], dict[int, list[int]]]:
    """The arrows of a folded run; the operands that go; and of operands of which each part had its own, all of them."""
    carried = sequence.carried(run) or {}
    users = grouped((edge.source, edge.target) for edge in graph.edges)

    edges = [edge for edge in graph.edges if edge.source not in stand_in and edge.target not in stand_in]
    hidden: set[int] = set()
    own: dict[int, list[int]] = {}
    for place, kept in enumerate(parts[-1]):
        for slot, uses in enumerate(zip(*(sequence.arriving.get(part[place].id, []) for part in parts))):
            last = uses[-1]
            sources = list(dict.fromkeys(edge.source for edge in uses))
            if (place, slot) in carried:
                begun = carried[place, slot][1]
                first = {edge.source: edge for edge in uses[:begun]}
                edges += [replace(edge, target=kept.id) for edge in first.values()]
                edges.append(replace(last, source=stand_in[last.source], recurrent=True, local=None, contribution=None))
            elif last.source in stand_in or len(sources) == 1:
                edges.append(last)
            elif all(graph.node(id).kind in ("leaf", "constant", "forward") for id in sources):
                edges.append(replace(last, times=run.times * last.times))
                hidden.update(id for id in sources if stand_in.keys() >= set(users[id]))
                own[last.source] = sources
            else:
                each = {edge.source: edge for edge in uses}
                edges += [replace(edge, target=kept.id) for edge in each.values()]
    leaving: dict[tuple[int, int], Edge] = {}
    for edge in graph.edges:
        if edge.source in stand_in and edge.target not in stand_in:
            key = stand_in[edge.source], edge.target
            before = leaving.get(key)
            times = edge.times + (before.times if before else 0)
            leaving[key] = replace(edge, source=key[0], slot=before.slot if before else edge.slot, times=times)
    edges += leaving.values()
    return edges, hidden - {edge.source for edge in edges}, own


def _clusters(
    sequence: _Sequence, run: Run, parts: list[list[PlainNode]]
) -> tuple[list[Cluster], dict[tuple[str | None, str], str]]:
    """The clusters, with one that stands for all parts; and the clusters that nodes of the last part lie in or open.

    The clusters of the first part remain, under their names. If a part is one call, its cluster stands for all; else
    there is a new one around what a part holds.
    """
    records = sequence.records
    stop = run.start + run.period * run.times

    def below(node: PlainNode) -> list[str]:
        """The clusters around a node inside its part, the innermost first."""
        ways = [*([node.opens] if node.opens else []), *enclosing(node.cluster, records)]
        return [p for p in ways if p == node.opens or not _covers(sequence.inside[p], run.start, stop)]

    around = next(
        (p for p in enclosing(parts[0][0].cluster, records) if _covers(sequence.inside[p], run.start, stop)), ""
    )
    calls = {(below(node) or [""])[-1] for node in parts[0]}
    last_calls = {(below(node) or [""])[-1] for node in parts[-1]}
    new = dict(records)
    names: dict[str, str] = {}
    if len(calls) == 1 and calls != {""}:
        (call,), (last_call,) = calls, last_calls
        path = call if _base(call) == _base(last_call) else f"{call}…{last_call}"
        names[call] = path
        new[path] = replace(new.pop(call), path=path, times=run.times * records[call].times)
        outer = around
    else:
        outer = path = _free("repetition", records)
        many = sum(records[node.opens].nodes * records[node.opens].times if node.opens else 1 for node in parts[0])
        new[path] = Cluster(path, around, "repetition", "", many, times=run.times)
        for call in calls - {""}:
            new[call] = replace(new[call], parent=path)
    moved: dict[tuple[str | None, str], str] = {}
    for first, last in zip(parts[0], parts[-1]):
        ways = [names.get(p, p) for p in below(first)]
        if last.opens and first.opens:
            moved[last.opens, "opens"] = ways[0]
            ways = ways[1:]
        moved[last.cluster, "lies in"] = ways[0] if ways else outer
    for old, record in new.items():
        if record.parent in names:
            new[old] = replace(record, parent=names[record.parent])
    return _outer_first(new), moved


def _covers(extent: tuple[int, int], start: int, stop: int) -> bool:
    return extent[0] <= start and extent[1] >= stop - 1


def _outer_first(records: dict[str, Cluster]) -> list[Cluster]:
    """The clusters, each after the one around it."""
    return sorted(records.values(), key=lambda record: sum(1 for _ in enclosing(record.path, records)))


def _in_general(node: PlainNode, alike: Sequence[PlainNode]) -> PlainNode:
    """A node that stands for others, with an ellipsis for what differs among them."""
    if node.kind == "constant" and len({other.label for other in alike}) > 1:
        return replace(node, label="…", value=None)
    attrs = tuple(
        (key, value if all(other.attrs[i] == (key, value) for other in alike) else "…")
        for i, (key, value) in enumerate(node.attrs)
    )
    return replace(node, attrs=attrs)


def _free(wish: str, taken: dict[str, Cluster]) -> str:
    return next(name for name in (wish, *(f"{wish}#{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def _base(path: str) -> str:
    """The path without the number of the call."""
    return path.partition("#")[0]
