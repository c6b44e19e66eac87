"""The sheet of a picture: the words around the graph, in lines as long as it is wide, and the size of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from ..._support.languages import say, texts
from ..._support.lazy import lazy
from ..layout.geometry import Layout
from ..plain import Graph
from ..text import width, wrapped
from .arrows import Label, chain_rule

__all__ = ["LEGEND_LINE", "OF", "PADDING", "Heading", "Sheet"]

PADDING = 18.0
"""The free space around the graph."""
LEGEND_GAP, LEGEND_LINE = 70.0, 24.0
"""From the words of one entry of the legend to those of the next, its sign included; and from line to line."""
SHORTEST = 26
"""Lines are broken no earlier than after so many columns."""

Heading = tuple[str, float, float]
"""Words, and the place where they begin."""

OF = "{of}"
"""Stands in a heading for the name of what is differentiated."""

LAYERS = texts(("the program", "its gradients", "second derivatives", "third derivatives", "derivatives of order {n}"))
"""What the layers of a picture are; the last entry stands for all further ones."""


@dataclass(frozen=True)
class Sheet:
    """What stands around a graph, and the size of the picture.

    Attributes
    ----------
    graph : what is shown.
    labels : what stands on each arrow.
    layout : where boxes and arrows are.
    """

    graph: Graph
    labels: Sequence[Label | None]
    layout: Layout

    @lazy
    def titles(self) -> list[str]:
        """The lines above the graph."""
        return self._lines(self.graph.heading, 10.0)

    @lazy
    def notes(self) -> list[str]:
        """The lines below it, with what a reader should know besides."""
        return [*(line for note in self.graph.notes for line in self._lines(note)), *self.explained]

    @lazy
    def explained(self) -> list[str]:
        """The lines that say what g is, where the rule for an array is on an arrow."""
        arrows = zip(self.graph.edges, self.labels) if self.layout.mirror else ()
        ruled = any(label and edge.pair and chain_rule(edge, self.graph) is None for edge, label in arrows)
        return self._lines(say("{g} is the gradient where the arrow starts.", g=self.graph.upstream)) if ruled else []

    @lazy
    def captions(self) -> list[str]:
        """The lines below these."""
        return self._lines(self.graph.caption)

    def _lines(self, words: str, letter: float = 7.2) -> list[str]:
        return wrapped(words, max(SHORTEST, int(self.layout.width / letter)))

    @lazy
    def legend(self) -> list[tuple[int, str, float, int]]:
        """The meaning of the signs, where a picture has layers that flow in one direction, in lines as wide as it.

        Of each: the layer, the words, and the place in which line.
        """
        layers = sorted({node.layer for node in self.graph.nodes if node.kind != "constant"})
        if max(layers, default=0) < (1 if self.graph.mode == "forward" else 2):
            return []
        placed, x, line = [], 0.0, 0
        for layer in layers:
            words = say(LAYERS[min(layer, len(LAYERS) - 1)], n=layer)
            if x and x + LEGEND_GAP + width(words, 12) > self.layout.width:
                x, line = 0.0, line + 1
            placed.append((layer, words, x, line))
            x += LEGEND_GAP + width(words, 12)
        return placed

    @lazy
    def headings(self) -> list[Heading]:
        """The headings of both halves of a graph of both passes; none of others."""
        if self.layout.mirror is None:
            return []
        return [(say("forward: values"), 0.0, 0.0), (say("backward: gradients of {of}"), *self.layout.mirror)]

    # From top to bottom.

    @lazy
    def across(self) -> int:
        """How wide the picture is: in whole pixels, since some programs scale a picture to such, and blur it."""
        wide = [self.layout.width, *(x + width(words, 12) + LEGEND_GAP for _, words, x, _ in self.legend)]
        wide += [x + width(words.replace(OF, self.graph.of), 14) for words, x, _ in self.headings]
        for lines, size in ((self.titles, 17), (self.notes, 12), (self.captions, 13)):
            wide += [width(line, size) for line in lines]
        return ceil(max(wide) + 2 * PADDING)

    @lazy
    def headed(self) -> float:
        """The height of the title."""
        return 7.0 + 21 * len(self.titles) if self.titles else 0.0

    @lazy
    def legend_down(self) -> float:
        """Where the legend begins."""
        return self.headed + self.layout.height + 2 * PADDING

    @lazy
    def notes_down(self) -> float:
        """Where the notes begin."""
        return self.legend_down + (30 + LEGEND_LINE * self.legend[-1][-1] if self.legend else 0)

    @lazy
    def captions_down(self) -> float:
        """Where the caption begins."""
        return self.notes_down + (len(self.notes) * 17 + 8 if self.notes else 0)

    @lazy
    def down(self) -> int:
        """How high the picture is, in whole pixels, too."""
        return ceil(self.captions_down + (len(self.captions) * 18 + 8 if self.captions else 0))
