"""Pictures and scripts: the time for large ones, and the crossings of arrows in our layout and in Graphviz's."""

from __future__ import annotations

import os
import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from . import scalar_gpt
from .harness import OURS, Options, Outcome, Target, bounded, peer

CROSSINGS = "crossings in sum"
SCRIPT = "script of the scalar GPT's block, s"


def scalar_network(nodes: int) -> Any:
    """A multilayer perceptron of single numbers, with about so many nodes."""
    value, choose = peer(OURS).Value, random.Random(0)
    layer = [value(choose.uniform(-1, 1)) for _ in range(4)]
    made = 4
    while made < nodes:
        sums = [value(choose.uniform(-1, 1)) for _ in range(6)]
        for x in layer:
            sums = [s + x * value(choose.uniform(-1, 1)) for s in sums]
        made += 6 * (3 * len(layer) + 2)
        layer = [s.tanh() for s in sums]
    return sum(layer[1:], layer[0])


def tangle(operations: int, reach: int) -> Any:
    """A random program: each operation takes the result before it and one of the `reach` results before that."""
    tg, choose = peer(OURS), random.Random(operations)
    rows: list[Callable[[Any, Any], Any]] = [lambda a, b: a + b, lambda a, b: tg.tanh(a * b), tg.maximum]
    made = [tg.Value(0.5), tg.Value(0.25)]
    for _ in range(operations):
        other = made[choose.randrange(max(0, len(made) - reach), len(made))]
        made.append(choose.choice(rows)(made[-1], other))
    return made[-1]


def bushy(operations: int) -> Any:
    """A random program: each operation takes two results that are not used yet, or now and then an old one."""
    tg, choose = peer(OURS), random.Random(operations)
    rows: list[Callable[[Any, Any], Any]] = [lambda a, b: a + b, lambda a, b: tg.tanh(a * b), lambda a, b: a - b]
    made = [tg.Value(choose.uniform(-1, 1)) for _ in range(operations // 4 + 2)]
    waiting = made[:]
    while len(waiting) > 1:
        a = waiting.pop(choose.randrange(min(6, len(waiting))))
        b = waiting.pop(0) if choose.random() < 0.7 else choose.choice(made[-12:])
        made.append(choose.choice(rows)(a, b))
        waiting.append(made[-1])
    return waiting[0]


def recurrent(steps: int) -> Any:
    """A recurrent network with shared weights, written out."""
    tg = peer(OURS)
    tg.manual_seed(0)
    W, U, b = (tg.randn(*shape, requires_grad=True) for shape in ((3, 8), (8, 8), (8,)))
    h = tg.zeros((2, 8))
    for _ in range(steps):
        h = (tg.randn(2, 3) @ W + h @ U + b).tanh()
    return (h * h).mean()


def attention(heads: int) -> Any:
    """Attention with so many heads, written out, and a sum around it."""
    tg = peer(OURS)
    tg.manual_seed(0)
    x = tg.randn(5, 6)
    y = x
    for _ in range(heads):
        q, k, v = (x @ tg.randn(6, 4, requires_grad=True) + tg.randn(4, requires_grad=True) for _ in range(3))
        y = y + tg.softmax(q @ k.T / 2.0, axis=1) @ v @ tg.randn(4, 6, requires_grad=True)
    return y.sum()


def million() -> Any:
    """A chain of a million operations."""
    y = peer(OURS).Value(1.0)
    for _ in range(1_000_000):
        y = y * 1.0
    return y


def gpt_step() -> Any:
    """The loss of a training step of the GPT of single numbers: some 34,000 nodes."""
    names = scalar_gpt.names_of(scalar_gpt.IMPORT)
    return names["loss_of"]("emma", names["new_weights"](random.Random(0)))


def gpt_block() -> Any:
    """One block of that GPT at one position: attention, perceptron and what stands around them."""
    names = scalar_gpt.names_of(scalar_gpt.IMPORT)
    rng = random.Random(0)
    weights, x = names["new_weights"](rng), [peer(OURS).Value(rng.gauss(0, 1)) for _ in range(16)]
    x = names["add"](x, names["attention"](names["norm"](x), [], [], weights))
    return sum(names["add"](x, names["perceptron"](names["norm"](x), weights)))


LARGE: tuple[tuple[str, Callable[[], Any], dict[str, Any]], ...] = (
    ("1,000 nodes, s", lambda: scalar_network(1_000), {"engine": "builtin", "depth": "all", "gradients": False}),
    ("10,000 nodes, s", lambda: scalar_network(10_000), {"engine": "builtin", "depth": "all", "gradients": False}),
    ("400 steps, s", lambda: recurrent(400), {"engine": "graphviz", "gradients": False}),
    ("400 steps, each drawn, s", lambda: recurrent(400), {"engine": "graphviz", "depth": "all", "gradients": False}),
    ("1,000,000 nodes, s", million, {}),
    ("scalar GPT's step, s", gpt_step, {}),
)
"""What is timed, how its graph is made, and how it is drawn."""

GALLERY: dict[str, Callable[[], Any]] = {
    "scalar network, 100": lambda: scalar_network(100),
    "scalar network, 300": lambda: scalar_network(220),
    "tangle, 60": lambda: tangle(40, 5),
    "tangle, 150": lambda: tangle(110, 9),
    "tangle, 300": lambda: tangle(200, 4),
    "bushy, 100": lambda: bushy(60),
    "bushy, 300": lambda: bushy(160),
    "recurrent, 20 steps": lambda: recurrent(20),
    "attention, 3 heads": lambda: attention(3),
    "attention, 8 heads": lambda: attention(8),
}
"""Ten graphs of up to 300 nodes."""

Point = tuple[float, float]


def crossings(routes: Sequence[Sequence[Point]], ends: Sequence[tuple[int, int]]) -> int:
    """The number of places, to two pixels, where lines cross that share no end; arrows that run as one line are one."""
    pieces: list[tuple[float, float, int, Point, Point]] = []
    for i, route in enumerate(routes):
        for a, b in pairwise(_polyline(route)):
            pieces.append((min(a[0], b[0]), max(a[0], b[0]), i, a, b))
    pieces.sort(key=lambda piece: piece[0])
    starts = [piece[0] for piece in pieces]
    places: set[tuple[int, int]] = set()
    for n, (_, right, i, a, b) in enumerate(pieces):
        for _, _, j, c, d in pieces[n + 1 : bisect_left(starts, right)]:
            if i != j and not set(ends[i]) & set(ends[j]):
                at = _cross(a, b, c, d)
                if at is not None:
                    places.add((round(at[0] / 2), round(at[1] / 2)))
    return len(places)


def _polyline(route: Sequence[Point], steps: int = 6) -> Iterator[Point]:
    """Points along a path of cubic Bézier curves."""
    yield route[0]
    for i in range(0, len(route) - 1, 3):
        for k in range(1, steps + 1):
            t = k / steps
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = route[i : i + 4]
            p, q, r, s = weights
            yield p * x0 + q * x1 + r * x2 + s * x3, p * y0 + q * y1 + r * y2 + s * y3


def _cross(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """The point where the segments from a to b and from c to d cross; None if they do not."""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    before, after = side(c, d, a), side(c, d, b)
    if side(a, b, c) * side(a, b, d) >= 0 or before * after >= 0:
        return None
    t = before / (before - after)
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])


def cpu_time() -> float:
    """CPU time of this process and of those that it has started, such as Graphviz."""
    return sum(os.times()[:4])


@dataclass(frozen=True)
class Pictures:
    """Seconds of CPU time from a graph to its picture or script; and crossings, which are the same every time."""

    name: str
    computes: str
    targets: tuple[Target, ...]

    def measure(self, options: Options) -> Outcome:
        outcome = Outcome()
        tg = peer(OURS)
        for metric, make, settings in LARGE:
            output = make()
            for _ in range(1 if options.quick else 5):
                began = cpu_time()
                drawing = tg.draw(output, **settings)
                drawing.svg()
                outcome.add("ours", metric, cpu_time() - began)
                if drawing.note:
                    outcome.absent["graphviz"] = drawing.note
            del output
        block = gpt_block()
        for _ in range(1 if options.quick else 5):
            began = cpu_time()
            script = tg.steps(block)
            outcome.add("ours", SCRIPT, cpu_time() - began)
        outcome.notes.append(f"script of the scalar GPT's block: {len(script):,} events")
        for name, make in GALLERY.items():
            output = make()
            counts = []
            for engine in ("builtin", "graphviz"):
                drawing = tg.draw(output, engine=engine, depth="all", gradients=False)
                ends = [(edge.source, edge.target) for edge in drawing.graph.edges]
                counts.append(crossings(drawing.layout.routes, ends))
            outcome.notes.append(f"{name}: {len(drawing.graph.nodes)} boxes, crossings {counts[0]}, dot {counts[1]}")
            for who, count in zip(("ours", "graphviz"), counts, strict=True):
                row = outcome.samples.setdefault(who, {}).setdefault(CROSSINGS, [0.0])
                row[0] += count
        return outcome


WORKLOADS = (
    Pictures(
        "pictures",
        "a graph to SVG, everything drawn, and arrows that cross in ten graphs",
        (
            bounded(0.5, "ours", "1,000 nodes, s"),
            bounded(3.0, "ours", "10,000 nodes, s"),
            bounded(1.0, "ours", "400 steps, s"),
            bounded(10.0, "ours", "1,000,000 nodes, s"),
            bounded(1.0, "ours", "scalar GPT's step, s"),
            bounded(5.0, "ours", SCRIPT),
            Target("ours: at most 1.5 x the crossings of Graphviz", "ours", 1.5, CROSSINGS, "graphviz"),
        ),
    ),
)
