"""Graphviz as a layout engine: the `dot` program on the PATH, or the library in the wheels of `pygraphviz`.

It is given sizes and arrows, and never a label, so nothing a user wrote is read as DOT. It runs in a process of its own
with a time limit: if it hangs or crashes, the built-in layout steps in.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import Any

from ..._support.languages import SpokenError
from .geometry import (
    CLUSTER_PAD,
    LOOP,
    NODE_GAP,
    RANK_GAP,
    ClusterShape,
    Direction,
    Layout,
    Point,
    Rectangle,
    Size,
    is_sideways,
    spread,
)

__all__ = ["EngineError", "graphviz_layout", "run_dot"]

TIME_LIMIT = 10.0
"""Seconds that Graphviz may take for a picture."""


class EngineError(SpokenError):
    """Graphviz is missing or did not answer; the message is one line for the user."""


def graphviz_layout(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    ordered: Collection[int] = (),
    rank_gap: float = RANK_GAP,
    clusters: Sequence[ClusterShape] = (),
    straight: Collection[int] = (),
) -> Layout:
    """Graphviz's layout of boxes, the clusters around them, and the edges between them.

    Edges arrive at `ordered` boxes in their own order; `straight` edges bend less than others.
    """
    try:
        from graphviz import Digraph
    except ImportError:
        raise EngineError("the Python package graphviz is not installed (pip install graphviz)") from None
    gaps = {"nodesep": f"{NODE_GAP / 72:.4f}", "ranksep": f"{rank_gap / 72:.4f}"}
    graph = Digraph(
        graph_attr={"rankdir": direction, **gaps, "nslimit": "4", "nslimit1": "4"},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowhead": "none", **_sides(direction)},
    )
    inside = {-1: graph}
    inside.update((i, Digraph(f"cluster{i}", graph_attr=_cluster(cluster))) for i, cluster in enumerate(clusters))
    around = {box: i for i, cluster in enumerate(clusters) for box in cluster.boxes}
    for i, (width, height) in enumerate(sizes):
        order = {"ordering": "in"} if i in ordered else {}
        inside[around.get(i, -1)].node(f"n{i}", width=f"{width / 72:.4f}", height=f"{height / 72:.4f}", **order)
    for i in reversed(range(len(clusters))):  # inner ones first: a subgraph is copied when it is added
        if clusters[i].loop:
            room = Digraph(f"cluster_room{i}", graph_attr={"margin": f"{LOOP:g}", "label": ""})
            room.subgraph(inside[i])
            inside[clusters[i].parent].subgraph(room)
        else:
            inside[clusters[i].parent].subgraph(inside[i])
    for i, (source, target) in enumerate(edges):
        weight = {"weight": "8"} if i in straight else {}
        graph.edge(f"n{source}", f"n{target}", id=str(i), **weight)
    answer, engine = run_dot(graph.source, "json0")
    try:
        return _read(json.loads(answer), sizes, edges, direction, engine, len(clusters))
    except (LookupError, TypeError, ValueError) as error:
        raise EngineError(f"{engine} gave an answer that cannot be read ({error!r:.80})") from None


def _cluster(cluster: ClusterShape) -> dict[str, str]:
    """The attributes of a cluster. Its title is as many underscores in Courier, whose width Graphviz knows."""
    width, height = cluster.title
    size = height / 1.4
    return {
        "margin": f"{CLUSTER_PAD:g}",
        "label": "_" * int(width / (0.6 * size) + 1),
        "fontname": "Courier",
        "fontsize": f"{size:.1f}",
    }


def _sides(direction: Direction) -> dict[str, str]:
    """The compass points at which arrows leave and enter a box."""
    out, into = {"LR": ("e", "w"), "RL": ("w", "e"), "TB": ("s", "n"), "BT": ("n", "s")}[direction]
    return {"tailport": out, "headport": into}


def _read(
    answer: Any,
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    engine: str,
    clusters: int,
) -> Layout:
    """Graphviz's JSON as a layout. Its origin is the lower left corner, and ours the upper left one."""
    _, _, width, height = map(float, answer["bb"].split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(",")[:2])
        return x, height - y

    centers: list[Point] = [(0.0, 0.0)] * len(sizes)
    rectangles: list[Rectangle] = [(0.0, 0.0, 0.0, 0.0)] * clusters
    for thing in answer["objects"]:
        kind, number = re.fullmatch(r"(n|cluster|cluster_room)(\d+)", thing["name"]).groups()  # type: ignore[union-attr]
        if kind == "n":
            centers[int(number)] = point(thing["pos"])
        elif kind == "cluster":
            left, bottom, right, top = map(float, thing["bb"].split(","))
            rectangles[int(number)] = left, height - top, right, height - bottom
    routes: list[list[Point]] = [[]] * len(edges)
    for edge in answer["edges"]:
        routes[int(edge["id"])] = [point(text) for text in edge["pos"].split()]
    if not all(len(route) % 3 == 1 for route in routes):
        raise ValueError("an edge without a route")
    across = int(is_sideways(direction))
    offsets = spread(
        [(target, route[-3][across]) for (_, target), route in zip(edges, routes)],
        lambda box: sizes[box][across],
    )
    for route, offset in zip(routes, offsets):
        for i in (-2, -1):
            x, y = route[i]
            route[i] = (x, y + offset) if across else (x + offset, y)
    return Layout(tuple(centers), tuple(map(tuple, routes)), width, height, engine, clusters=tuple(rectangles))


def run_dot(source: str, format: str) -> tuple[bytes, str]:
    """What Graphviz makes of a DOT text, and the name of the engine. Raises `EngineError` if there is no answer."""
    program = shutil.which("dot")
    if program is not None:
        return _run([program, f"-T{format}"], source), "dot"
    if find_spec("pygraphviz") is not None:
        return _run([sys.executable, "-c", _CHILD, format], source), "pygraphviz"
    ways = {"command": 'pip install "tinygrad_edu[dot]"', "page": "graphviz.org/download"}
    raise EngineError("no Graphviz here ({command}, or see {page})", **ways)


# The first line takes the working directory, which may hold any file, out of the child's import path.
_CHILD = """
import sys; sys.path[:] = filter(None, sys.path)
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"), strict=False)
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
"""


def _run(command: list[str], source: str) -> bytes:
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise EngineError("Graphviz took more than {n} s", n=f"{TIME_LIMIT:g}") from None
    except OSError as error:
        raise EngineError(f"Graphviz could not be started ({error})") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EngineError(f"Graphviz failed ({said[-1] if said else f'exit code {done.returncode}'!s:.120})")
    return done.stdout
