"""Graphviz as a layout engine: the `dot` program on the PATH, or the library that `pygraphviz` wheels carry.

Only sizes and arrows are sent to it, never a label, so nothing a user wrote is read as DOT. Both ways run in a process
of their own with a time limit: a hang or crash costs a picture its fine layout, and nothing else.
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

from .geometry import (
    FRAME_PAD,
    LOOP,
    NODE_GAP,
    RANK_GAP,
    Direction,
    Frame,
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


class EngineError(Exception):
    """Graphviz is not there or did not answer; the message is one line for the user."""


def graphviz_layout(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    ordered: Collection[int] = (),
    rank_gap: float = RANK_GAP,
    frames: Sequence[Frame] = (),
    straight: Collection[int] = (),
) -> Layout:
    """Where Graphviz puts boxes of these sizes and frames around them, and how it routes the edges between them.

    Into boxes that are `ordered` the edges run in their own order; `straight` edges bend less than others.
    """
    try:
        from graphviz import Digraph
    except ImportError:
        raise EngineError("the Python package graphviz is not installed (pip install graphviz)") from None
    graph = Digraph(
        graph_attr={
            "rankdir": direction,
            "nodesep": f"{NODE_GAP / 72:.4f}",
            "ranksep": f"{rank_gap / 72:.4f}",
            "nslimit": "4",
            "nslimit1": "4",
        },
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={
            "arrowhead": "none",
            "tailport": _side(direction, out=True),
            "headport": _side(direction, out=False),
        },
    )
    inside = {-1: graph}
    inside.update((i, Digraph(f"cluster{i}", graph_attr=_frame(frame))) for i, frame in enumerate(frames))
    around = {box: i for i, frame in enumerate(frames) for box in frame.boxes}
    for i, (width, height) in enumerate(sizes):
        order = {"ordering": "in"} if i in ordered else {}
        inside[around.get(i, -1)].node(f"n{i}", width=f"{width / 72:.4f}", height=f"{height / 72:.4f}", **order)
    for i in reversed(range(len(frames))):  # a subgraph is written down as it is when it is added
        if frames[i].loop:
            room = Digraph(f"cluster_room{i}", graph_attr={"margin": f"{LOOP:g}", "label": ""})
            room.subgraph(inside[i])
            inside[frames[i].parent].subgraph(room)
        else:
            inside[frames[i].parent].subgraph(inside[i])
    for i, (source, target) in enumerate(edges):
        weight = {"weight": "8"} if i in straight else {}
        graph.edge(f"n{source}", f"n{target}", id=str(i), **weight)
    answer, engine = run_dot(graph.source, "json0")
    try:
        return _read(json.loads(answer), sizes, edges, direction, engine, len(frames))
    except (LookupError, TypeError, ValueError) as error:
        raise EngineError(f"{engine} gave an answer that cannot be read ({error!r:.80})") from None


def _frame(frame: Frame) -> dict[str, str]:
    """A frame with room for its title: Graphviz is given underscores of the same width, and knows that of Courier."""
    width, height = frame.title
    size = height / 1.4
    return {
        "margin": f"{FRAME_PAD:g}",
        "label": "_" * int(width / (0.6 * size) + 1),
        "fontname": "Courier",
        "fontsize": f"{size:.1f}",
    }


def _side(direction: Direction, *, out: bool) -> str:
    """The compass point at which arrows leave (`out`) or enter a box."""
    return {"LR": "ew", "RL": "we", "TB": "sn", "BT": "ns"}[direction][0 if out else 1]


def _read(
    answer: Any,
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    engine: str,
    frames: int,
) -> Layout:
    """Graphviz's JSON as a layout. Its origin is the lower left corner; ours is the upper left."""
    _, _, width, height = map(float, answer["bb"].split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(",")[:2])
        return x, height - y

    centers: list[Point] = [(0.0, 0.0)] * len(sizes)
    rectangles: list[Rectangle] = [(0.0, 0.0, 0.0, 0.0)] * frames
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
    return Layout(tuple(centers), tuple(map(tuple, routes)), width, height, engine, frames=tuple(rectangles))


def run_dot(source: str, format: str) -> tuple[bytes, str]:
    """The DOT text through Graphviz: the answer and the name of the engine. `EngineError` where that cannot be."""
    program = shutil.which("dot")
    if program is not None:
        return _run([program, f"-T{format}"], source), "dot"
    if find_spec("pygraphviz") is not None:
        return _run([sys.executable, "-c", _CHILD, format], source), "pygraphviz"
    raise EngineError("no Graphviz here (pip install 'tinygrad_edu[dot]', or see graphviz.org/download)")


# The first line keeps the working directory, in which anything may lie, out of what the child imports from.
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
        raise EngineError(f"Graphviz took more than {TIME_LIMIT:g} s") from None
    except OSError as error:
        raise EngineError(f"Graphviz could not be started ({error})") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EngineError(f"Graphviz failed ({said[-1] if said else f'exit code {done.returncode}'!s:.120})")
    return done.stdout
