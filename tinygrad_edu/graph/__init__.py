"""Pictures of graphs, and graphs in words: a node becomes a plain graph, and every output format is made from that.

plain       the graph as data, with labels (`names`) and the calls that made its parts (`clusters`)
backward    the graph of its gradients, in the same form
architecture  of a model: its layers and the shapes between them
views       the part that is shown: clusters closed, repetitions folded, nodes paired with their gradients
fit         the view, the direction and the rows that fit a cell, a page or a slide
layout      the places of boxes and arrows
picture     the content of boxes and labels, and the SVG
formats     the page, the film, characters, TikZ, DOT, Mermaid, JSON, and the table of file formats
draw        all of this in one call
words       formulas and explanations
replay      the numbers of a graph, computed again at other inputs
compare     the differences between two graphs
palette     every colour; `numbers`, `mathematics` and `text`: how numbers and names are printed
asked       what a user asks for; `part`: of which part of a graph; `marks`: what an author adds
showing     in notebooks and browsers
"""

from ..engine.messages.elsewhere import spell_here
from .compare.diff import Difference, diff
from .draw import Drawing, draw
from .formats.film import Film, film
from .formats.json_form import read
from .plain import Graph
from .recorded import plain
from .replay import replay
from .words.explain import Explanation, explain
from .words.formula import formula

__all__ = [
    "Difference", "Drawing", "Explanation", "Film", "Graph", "diff", "draw", "explain", "film", "formula", "plain",
    "read", "replay",
]  # fmt: skip
spell_here(globals())
