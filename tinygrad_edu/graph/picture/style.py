"""Styles: how much the boxes of a picture say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Literal

from ..plain import Graph, PlainNode, Quantity
from .typeset import Text

__all__ = ["Style", "in_short", "in_space", "kind_of"]

Style = Literal["full", "shapes", "spaces", "formulas", "names"]
"""How much boxes say.

full      everything
shapes    shapes in place of arrays
spaces    the same, as a book writes them: ∈ ℝ³ˣ²
formulas  what has no name is written into the formulas that use it
names     names alone
"""


def in_short(graph: Graph, style: Style) -> Graph:
    """The graph without the numbers that a style leaves out."""
    if style == "full":
        return graph

    def left(quantity: Quantity | None) -> Quantity | None:
        if quantity is None or style == "names":
            return None
        if style == "spaces":
            return in_space(quantity)
        return quantity if prod(quantity.shape) == 1 else Quantity(quantity.shape, "", None)

    nodes = tuple(_node_in_short(node, left, style) for node in graph.nodes)
    if style in ("shapes", "spaces"):
        return replace(graph, nodes=nodes)
    types = (cluster.title.partition("(")[0] for cluster in graph.clusters)
    clusters = tuple(replace(cluster, title=title, parameters=0) for cluster, title in zip(graph.clusters, types))
    return replace(graph, nodes=nodes, clusters=clusters)


REAL = "ℝ"
SPACES = {"int": "ℤ", "uint": "ℤ", "bool": "ℤ", "complex": "ℂ"}
"""The letters of other numbers that arrays hold, by the beginning of the dtype."""


def in_space(quantity: Quantity) -> Quantity:
    """Only the shape of an array, with the letter of its numbers in place of the dtype; a single number stays."""
    if prod(quantity.shape) == 1:
        return quantity
    letter = next((letter for kind, letter in SPACES.items() if quantity.dtype.startswith(kind)), REAL)
    return Quantity(quantity.shape, letter, None)


def kind_of(quantity: Quantity, size: float, before: str = "", *, dtype: bool = False) -> Text:
    """The shape of an array: `(3, 2) float32`, or as a book writes it, ℝ³ˣ², with ∈ where there is space before it."""
    if quantity.dtype in (REAL, *SPACES.values()):
        sign = " ∈ " if before.isspace() else before
        return Text("space", f"{sign}{quantity.dtype}^{{{'×'.join(map(str, quantity.shape))}}}", size + 3)
    return Text("muted", before + quantity.kind(dtype=dtype), size)


def _node_in_short(node: PlainNode, left: Callable[[Quantity | None], Quantity | None], style: Style) -> PlainNode:
    """A node with what is left of its quantities; what was written into an expression is its own name, or its shape."""
    constant = node.value if node.kind == "constant" else None
    name = constant if constant is None or constant.is_number else Quantity(constant.shape, "", None)
    single = node.gradient is not None and node.gradient.is_number
    return replace(
        node,
        value=name if name and (name.is_number or style == "names") else left(node.value),
        gradient=left(node.gradient) if single else None,
        further=(),
        requires_grad=False,
        attrs=() if style == "names" else node.attrs,
    )
