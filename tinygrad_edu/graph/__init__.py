"""Pictures of graphs, and graphs in words: a node becomes a plain graph, and every output format is made from that."""

from .diff import Difference, diff
from .draw import Drawing, draw
from .explain import Explanation, explain
from .formula import formula
from .json_form import read
from .plain import Graph, plain

__all__ = ["Difference", "Drawing", "Explanation", "Graph", "diff", "draw", "explain", "formula", "plain", "read"]
