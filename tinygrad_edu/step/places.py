"""The boxes and arrows of the picture that an event of the script lights up."""

from __future__ import annotations

from .._support.grouping import grouped
from ..graph.clusters import enclosing
from ..graph.plain import Graph, PlainNode
from .script import Event

__all__ = ["Places"]


class Places:
    """The boxes and arrows for the nodes and events of a script.

    A closed cluster shows everything that it hides in its one box, and a leaf may have aliases.

    Attributes
    ----------
    graph, picture : of the script, and what the picture shows.
    around : its clusters, by path.
    opens : of each closed cluster in the picture, the id of its box.
    boxes_of : of each label in the picture, the ids of its boxes.
    arrows_to : of each box, the arrows that arrive there: source, operand slot, number.
    """

    def __init__(self, graph: Graph, picture: Graph) -> None:
        self.graph, self.picture = graph, picture
        self.around = {cluster.path: cluster for cluster in graph.clusters}
        self.opens = {node.opens: node.id for node in picture.nodes if node.opens}
        of = {node.id: node.label for node in picture.nodes}
        drawn = (node for node in picture.nodes if node.kind in ("leaf", "operation", "alias"))
        self.boxes_of = grouped((of[node.of] if node.of else node.label, node.id) for node in drawn)
        arrows = enumerate(picture.edges, 1)
        self.arrows_to = grouped((edge.target, (edge.source, edge.slot, number)) for number, edge in arrows)

    def boxes(self, node: PlainNode) -> list[int]:
        """The ids of the boxes that show a node."""
        if node.label in self.boxes_of:
            return self.boxes_of[node.label]
        for path in enclosing(node.cluster, self.around):
            box = self.opens.get(path, self.opens.get(path.partition("#")[0]))
            if box is not None:
                return [box]
        return []

    def edges(self, event: Event) -> list[int]:
        """The numbers of an event's arrows: those into an operation, or the one along which a contribution flows."""
        arriving = [arrow for box in self.boxes(self.graph.node(event.node)) for arrow in self.arrows_to.get(box, ())]
        if event.kind == "forward":
            return [number for _, _, number in arriving]
        if event.input is None or event.kind == "seed":
            return []
        sources = self.boxes(self.graph.node(event.input))
        along = [(slot, number) for source, slot, number in arriving if source in sources]
        return [number for slot, number in along if slot == event.slot] or [number for _, number in along]
