"""Layouts: nothing overlaps, arrows run one way, and no picture fails for want of Graphviz."""

from __future__ import annotations

import os
import stat
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations, pairwise
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.errors import GraphError
from tinygrad_edu.graph.layout import engine
from tinygrad_edu.graph.layout.choice import lay_out
from tinygrad_edu.graph.layout.geometry import ClusterShape, Direction, Layout
from tinygrad_edu.graph.layout.layered import isotonic, layered
from tinygrad_edu.graph.layout.ordering import count_crossings, order_rows
from tinygrad_edu.graph.layout.ranks import make_lanes, rank_late
from tinygrad_edu.graph.layout.wrap import wrapped

Size = tuple[float, float]
Edges = list[tuple[int, int]]

DIAMOND: Edges = [(0, 1), (0, 2), (1, 3), (2, 3)]
DIRECTIONS: tuple[Direction, ...] = ("LR", "RL", "TB", "BT")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Size], Edges]:
    """Boxes of many sizes, and edges from earlier to later ones, some of them doubled."""
    count = draw(st.integers(1, 14))
    sizes = [(draw(st.integers(20, 200)) * 1.0, draw(st.integers(20, 90)) * 1.0) for _ in range(count)]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda p: p[0] < p[1])
    return sizes, draw(st.lists(pairs, max_size=25)) if count > 1 else []


def check(layout: Layout, sizes: list[Size], edges: Edges, direction: Direction) -> None:
    """No two boxes overlap, all lie within the picture, and every edge leads from its source on to its target."""
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(layout.centers, sizes)]
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] + 0.5 or b[2] <= a[0] + 0.5 or a[3] <= b[1] + 0.5 or b[3] <= a[1] + 0.5
    for left, top, right, bottom in boxes:
        assert left >= -0.5
        assert top >= -0.5
        assert right <= layout.width + 0.5
        assert bottom <= layout.height + 0.5
    axis, sign = {"LR": (0, 1), "RL": (0, -1), "TB": (1, 1), "BT": (1, -1)}[direction]
    for (source, target), route in zip(edges, layout.routes):
        assert len(route) % 3 == 1
        for box, end in ((source, route[0]), (target, route[-1])):
            assert boxes[box][0] - 2 <= end[0] <= boxes[box][2] + 2
            assert boxes[box][1] - 2 <= end[1] <= boxes[box][3] + 2
        assert sign * (layout.centers[target][axis] - layout.centers[source][axis]) > 0


@settings(deadline=None)
@given(graphs(), st.sampled_from(DIRECTIONS))
def test_the_built_in_layout_of_any_graph(graph: tuple[list[Size], Edges], direction: Direction) -> None:
    sizes, edges = graph
    layout = layered(sizes, edges, direction)
    check(layout, sizes, edges, direction)
    assert layout == layered(sizes, edges, direction)


@settings(deadline=None)
@given(graphs())
def test_the_arrows_of_the_built_in_layout_keep_clear_of_other_boxes(graph: tuple[list[Size], Edges]) -> None:
    sizes, edges = graph
    layout = layered(sizes, edges, "LR")
    for edge, route in zip(edges, layout.routes):
        for i, ((x, y), (w, h)) in enumerate(zip(layout.centers, sizes)):
            if i not in edge:
                assert not any(abs(p - x) < w / 2 - 1 and abs(q - y) < h / 2 - 1 for p, q in points(route))


@settings(deadline=None)
@given(graphs(), st.integers(250, 900))
def test_rows_of_any_graph(graph: tuple[list[Size], Edges], width: int) -> None:
    sizes, edges = graph
    layout = replace(layered(sizes, edges, "LR"), labels=(None,) * len(edges))
    rows = wrapped(layout, sizes, edges, [None] * len(edges), float(width))
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(rows.centers, sizes)]
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] + 0.5 or b[2] <= a[0] + 0.5 or a[3] <= b[1] + 0.5 or b[3] <= a[1] + 0.5
    assert all(a >= -0.5 and b >= -0.5 and c <= rows.width + 0.5 and d <= rows.height + 0.5 for a, b, c, d in boxes)
    for edge, route in zip(edges, rows.routes):
        for box, end in zip(edge, (route[0], route[-1])):
            assert boxes[box][0] - 2 <= end[0] <= boxes[box][2] + 2
            assert boxes[box][1] - 2 <= end[1] <= boxes[box][3] + 2
        for i, ((x, y), (w, h)) in enumerate(zip(rows.centers, sizes)):
            if i not in edge:
                assert not any(abs(p - x) < w / 2 - 1 and abs(q - y) < h / 2 - 1 for p, q in points(route))
    assert not rows.rows or all(rows.rows[a] <= rows.rows[b] for a, b in edges)


def points(route: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Points along a path of cubic Béziers."""
    found = []
    for i in range(0, len(route) - 1, 3):
        for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
            parts = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            found.append(
                (sum(w * p[0] for w, p in zip(parts, route[i:])), sum(w * p[1] for w, p in zip(parts, route[i:])))
            )
    return found


@pytest.mark.skipif(not (which("dot") or find_spec("pygraphviz")), reason="no Graphviz, neither dot nor pygraphviz")
@settings(deadline=None, max_examples=12)
@given(graphs(), st.sampled_from(DIRECTIONS))
def test_the_layout_of_graphviz_of_any_graph(graph: tuple[list[Size], Edges], direction: Direction) -> None:
    sizes, edges = graph
    layout = lay_out(sizes, edges, direction, "graphviz")
    assert layout.note is None
    check(layout, sizes, edges, direction)


@pytest.mark.skipif(find_spec("pygraphviz") is None, reason="pygraphviz is not installed")
def test_the_engine_in_pygraphviz_serves_where_there_is_no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    edges = [*DIAMOND, (0, 1)]
    layout = lay_out([(50.0, 30.0)] * 4, edges, "LR")
    assert layout.engine == "pygraphviz"
    check(layout, [(50.0, 30.0)] * 4, edges, "LR")


def test_without_graphviz_the_built_in_layout_steps_in_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    layout = lay_out([(50.0, 30.0)] * 4, DIAMOND, "LR")
    assert layout.engine == "builtin"
    assert layout.note is not None
    assert "no Graphviz" in layout.note
    assert "\n" not in layout.note
    assert lay_out([(50.0, 30.0)] * 4, DIAMOND, "LR", "builtin").note is None


def test_without_the_python_package_graphviz_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    layout = lay_out([(50.0, 30.0)] * 4, DIAMOND, "LR")
    assert "pip install graphviz" in (layout.note or "")


def fake_dot(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "dot"
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.skipif(os.name == "nt", reason="a script is no program on Windows")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import time; time.sleep(60)", "more than"),
        ("import sys; sys.exit('out of memory')", "out of memory"),
        ("import os; os.abort()", "Graphviz failed"),
        ("print('[]')", "cannot be read"),
        ("print('{}')", "cannot be read"),
        ("print('not json')", "cannot be read"),
        ("import json; print(json.dumps({'bb': '0,0,1,1', 'objects': [], 'edges': []}))", "cannot be read"),
        ("pass", "Graphviz failed"),
    ],
)
def test_a_dot_that_hangs_or_fails_or_lies_costs_no_picture(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_dot(tmp_path, script, monkeypatch)
    monkeypatch.setattr(engine, "TIME_LIMIT", 0.5 if reason == "more than" else 30)  # a busy machine starts late
    start = time.monotonic()
    layout = lay_out([(50.0, 30.0)] * 4, DIAMOND, "LR")
    assert time.monotonic() - start < 30
    assert layout.engine == "builtin"
    assert reason in (layout.note or "")


def test_an_unknown_engine_is_refused() -> None:
    unknown: Any = "neato"
    x = tg.Value(2.0)
    words = "engine is one of 'auto', 'graphviz', 'builtin', not 'neato'"
    with pytest.raises(ValueError, match=words):
        tg.draw(x, engine=unknown)
    with pytest.raises(ValueError, match=words):
        tg.graph.diff(x * x, x).draw(engine=unknown)


def test_leaves_stand_beside_what_uses_them() -> None:
    assert rank_late(5, [(0, 1), (1, 2), (2, 3), (4, 3)]) == [0, 1, 2, 3, 2]


def test_a_graph_with_a_cycle_is_refused() -> None:
    with pytest.raises(GraphError, match="cycle"):
        rank_late(2, [(0, 1), (1, 0)])


def test_a_crossing_that_need_not_be_is_removed() -> None:
    edges = [(0, 5), (1, 4), (2, 3), (3, 6), (4, 6), (5, 6)]
    lanes = make_lanes(rank_late(7, edges), edges)
    assert count_crossings(order_rows(lanes, 7), lanes) == 0


def test_edges_from_one_box_share_their_lanes() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)]
    lanes = make_lanes(rank_late(4, edges), edges)
    assert len(lanes.rank) == 6  # four boxes, and two lanes for the three arrows of box 0
    assert lanes.paths[3][:2] == lanes.paths[4][:2]


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10)), min_size=1, max_size=30))
def test_isotonic_regression(data: list[tuple[float, float]]) -> None:
    wanted, weights = [x for x, _ in data], [w for _, w in data]
    got = isotonic(wanted, weights)
    assert all(a <= b for a, b in pairwise(got))
    assert sum(w * x for x, w in data) == pytest.approx(sum(w * x for w, x in zip(weights, got)), abs=1e-6)


# Clusters, and arrows that lead back.


@st.composite
def clustered_graphs(draw: st.DrawFn) -> tuple[list[Size], Edges, list[ClusterShape]]:
    """Boxes, edges, and clusters in each other around stretches of consecutive boxes."""
    sizes, edges = draw(graphs())
    cuts = sorted(draw(st.lists(st.integers(0, len(sizes)), min_size=4, max_size=4)))
    outer, inner = range(cuts[0], cuts[3]), range(cuts[1], cuts[2])
    title = (draw(st.integers(10, 300)) * 1.0, 20.0)
    clusters = [
        ClusterShape(tuple(i for i in outer if i not in inner), -1, title),
        ClusterShape(tuple(inner), 0, title),
    ]
    return sizes, edges, clusters[: 0 if not outer else 1 if not inner else 2]


def check_clusters(layout: Layout, sizes: list[Size], clusters: list[ClusterShape]) -> None:
    """Every cluster holds its boxes and inner clusters with its title above them, and no other box."""
    held = [set(cluster.boxes) for cluster in clusters]
    for i in reversed(range(len(clusters))):
        if clusters[i].parent >= 0:
            held[clusters[i].parent] |= held[i]
    for i, (left, top, right, bottom) in enumerate(layout.clusters):
        assert right - left >= clusters[i].title[0]
        for box, ((x, y), (width, height)) in enumerate(zip(layout.centers, sizes)):
            inside = (
                left <= x - width / 2 and x + width / 2 <= right and top <= y - height / 2 and y + height / 2 <= bottom
            )
            apart = (
                x + width / 2 <= left + 1 or right <= x - width / 2 + 1
                or y + height / 2 <= top + 1 or bottom <= y - height / 2 + 1
            )  # fmt: skip
            assert inside if box in held[i] else apart


@settings(deadline=None)
@given(clustered_graphs(), st.sampled_from(DIRECTIONS))
def test_clusters_of_the_built_in_layout(
    graph: tuple[list[Size], Edges, list[ClusterShape]], direction: Direction
) -> None:
    sizes, edges, clusters = graph
    layout = lay_out(sizes, edges, direction, "builtin", clusters=clusters)
    check(layout, sizes, edges, direction)
    check_clusters(layout, sizes, clusters)
    assert layout == lay_out(sizes, edges, direction, "builtin", clusters=clusters)


@pytest.mark.skipif(not (which("dot") or find_spec("pygraphviz")), reason="no Graphviz, neither dot nor pygraphviz")
@settings(deadline=None, max_examples=12)
@given(clustered_graphs(), st.sampled_from(DIRECTIONS))
def test_clusters_of_graphviz(graph: tuple[list[Size], Edges, list[ClusterShape]], direction: Direction) -> None:
    sizes, edges, clusters = graph
    layout = lay_out(sizes, edges, direction, "graphviz", clusters=clusters)
    assert layout.note is None
    check(layout, sizes, edges, direction)
    check_clusters(layout, sizes, clusters)


@pytest.mark.parametrize("engine", ["builtin", "graphviz"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_an_arrow_back_runs_around_its_box_or_cluster(direction: Direction, engine: Any) -> None:
    sizes = [(50.0, 30.0)] * 4
    edges = [*DIAMOND, (2, 1), (3, 3)]
    clusters = [ClusterShape((1, 2), -1, (20.0, 20.0))]
    layout = lay_out(sizes, edges, direction, engine, clusters=clusters, back={4, 5})
    cluster = layout.clusters[0]
    x, y = layout.centers[3]
    for route, (left, top, right, bottom) in (
        (layout.routes[4], cluster),
        (layout.routes[5], (x - 25, y - 15, x + 25, y + 15)),
    ):
        assert len(route) % 3 == 1
        for px, py in (route[0], route[-1]):
            assert px in (left, right) or py in (top, bottom)
        assert not any(left < px < right and top < py < bottom for px, py in points(route))
        assert all(-1 <= px <= layout.width + 1 and -1 <= py <= layout.height + 1 for px, py in points(route))


def test_auto_places_clusters_itself() -> None:
    clusters = [ClusterShape((1, 2), -1, (20.0, 20.0))]
    layout = lay_out([(50.0, 30.0)] * 4, DIAMOND, "LR", clusters=clusters)
    assert (layout.engine, layout.note) == ("builtin", None)


@pytest.mark.slow
def test_ten_thousand_boxes_and_a_chain_as_deep() -> None:
    edges = [(max(0, i - 1 - (i * 7919) % 30), i) for i in range(1, 10_000)]
    edges += [(max(0, i - 1 - (i * 104729) % 30), i) for i in range(1, 10_000)]
    layered([(80.0, 40.0)] * 10_000, edges, "LR")
    layered([(80.0, 40.0)] * 10_000, [(i, i + 1) for i in range(9_999)], "TB")
