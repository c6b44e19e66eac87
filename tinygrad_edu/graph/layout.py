"""Where the boxes of a picture go and how its arrows run: by Graphviz where there is one, else by our own layout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

__all__ = ["Direction", "Engine", "Layout", "lay_out"]

Engine = Literal["auto", "graphviz", "builtin"]
Direction = Literal["LR", "RL", "TB", "BT"]
Point = tuple[float, float]
Size = tuple[float, float]

NODE_GAP = 26.0
"""The free space between neighbours of one rank."""
RANK_GAP = 58.0
"""The free space between two ranks, which the arrows cross."""
PORT_GAP = 18.0
"""The distance of two arrow heads on one box, where there is room."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes, in pixels from the top left corner.

    Attributes
    ----------
    centers : of each box.
    routes : of each edge: a path of cubic Bézier curves, as 1 + 3k points.
    labels : the centre of each edge's label; None where it has none.
    width, height : of the whole.
    engine : who laid it out.
    note : one line if it is not who was asked.
    """

    centers: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float
    engine: str
    note: str | None = None
    labels: tuple[Point | None, ...] = ()


def lay_out(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    direction: Direction,
    engine: Engine = "auto",
    ordered: Collection[int] = (),
    rank_gap: float = RANK_GAP,
) -> Layout:
    """A layered layout: every edge (from, to) of box indices runs in the given direction, and no box covers another.

    With "auto" and "graphviz", where there is no Graphviz or it does not answer in time, the built-in layout steps in
    and its `note` says so.

    >>> layout = lay_out([(60, 30), (60, 30), (80, 30)], [(0, 2), (1, 2)], "LR", "builtin")
    >>> layout.centers[0][0] < layout.centers[2][0]
    True
    """
    if engine not in get_args(Engine):
        raise ValueError(f"engine is one of {', '.join(map(repr, get_args(Engine)))}, not {engine!r}")
    from .layered import layered

    if engine == "builtin" or not edges:
        return layered(sizes, edges, direction, rank_gap)
    from .engine import EngineError, graphviz_layout

    try:
        return graphviz_layout(sizes, edges, direction, ordered, rank_gap)
    except EngineError as error:
        return replace(layered(sizes, edges, direction, rank_gap), note=f"built-in layout: {error}")


def spread(ends: Sequence[tuple[int, float]], room: Callable[[int], float]) -> list[float]:
    """Offsets across the flow for arrows that end at the same box, so that each has a place of its own.

    ends : for each arrow, the box it ends at and where across the flow it comes from.
    room : how wide a box is across the flow.
    """
    arriving: dict[int, list[int]] = {}
    for arrow, (box, _) in enumerate(ends):
        arriving.setdefault(box, []).append(arrow)
    offsets = [0.0] * len(ends)
    for box, arrows in arriving.items():
        arrows.sort(key=lambda arrow: ends[arrow][1])
        gap = min(PORT_GAP, 0.8 * room(box) / len(arrows))
        for place, arrow in enumerate(arrows):
            offsets[arrow] = (place - (len(arrows) - 1) / 2) * gap
    return offsets
