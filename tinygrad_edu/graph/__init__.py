"""Pictures of graphs, and graphs in words: a node becomes a plain graph, and every output format is made from that.

plain       the graph as data, with names (`names`) and the modules that made its parts (`clusters`)
views       what of it is shown: forward, backward, both; boxes closed, repetitions folded
layout      where boxes and arrows go
picture     what stands in them, and the SVG
formats     files of every kind
draw        all of that in one call
words       formulas and explanations
compare     what differs between two graphs
"""

from .compare.diff import Difference, diff
from .draw import Drawing, draw
from .formats.json_form import read
from .plain import Graph, plain
from .words.explain import Explanation, explain
from .words.formula import formula

__all__ = ["Difference", "Drawing", "Explanation", "Graph", "diff", "draw", "explain", "formula", "plain", "read"]
