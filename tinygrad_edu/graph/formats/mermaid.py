"""The plain graph in Mermaid's language, for Markdown pages: labels, shapes, clusters, numbers of operands.

Mermaid refuses a diagram of more than 500 arrows or 50,000 characters, and shows an error in its place. Of a larger
graph, the totals are written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ..layout.geometry import Direction
from ..palette import coloured
from ..picture.bold import parts_of
from ..picture.paint import ink_on
from ..plain import Cluster, Graph, PlainNode
from ..text import visible
from ..views.totals import totals
from .outline import cluster_title, edge_words, node_lines, outline

__all__ = ["mermaid"]

MOST_ARROWS, MOST_CHARACTERS = 500, 50_000
"""The limits of Mermaid, by default."""

SHAPES = {
    "leaf": ("([", "])"),
    "gradient": ("([", "])"),
    "alias": ("([", "])"),
    "forward": ("[", "]"),
    "constant": ("{{", "}}"),
    "operation": ("[", "]"),
    "module": ("[[", "]]"),
    "group": ("[[", "]]"),
}

STYLES = {
    "leaf": "fill:var(--leaf-body),stroke:var(--leaf),color:var(--ink)",
    "gradient": "fill:var(--paper),stroke:var(--slope),color:var(--ink)",
    "alias": "fill:var(--paper),stroke:var(--leaf),color:var(--ink),stroke-dasharray:5 3",
    "forward": "fill:var(--paper),stroke:var(--muted),color:var(--ink),stroke-dasharray:5 3",
    "constant": "fill:var(--constant-body),stroke:var(--constant),color:var(--ink)",
    "operation": "fill:var(--body),stroke:var(--operation),color:var(--ink)",
    "module": "fill:var(--body),stroke:var(--operation),color:var(--ink)",
    "group": "fill:var(--body),stroke:var(--operation),color:var(--ink)",
    "frame": "fill:var(--frame),stroke:var(--constant),color:var(--ink)",
    "note": "fill:var(--paper),stroke:var(--constant),color:var(--ink)",
    "output": "stroke-width:3px",
    "missing": "fill:var(--paper),stroke:var(--slope),color:var(--slope),stroke-dasharray:5 3",
    "extra": "stroke:var(--ink),stroke-width:3px",
    "changed": "stroke:var(--second),stroke-width:3px",
}
"""By kind; for clusters and notes; and besides, for the output and for what differs.

Boxes are light on every page, so that one set of colours can be read on light and on dark ones."""


def mermaid(graph: Graph, direction: Direction, bold: Collection[str] = ()) -> str:
    """The text of a Mermaid flowchart; it goes into Markdown between ```` ```mermaid ```` and ```` ``` ````.

    The names in `bold` are bold.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.recorded import plain
    >>> x = tg.Value(3.0, name="x")
    >>> print(mermaid(plain(x * x, gradients=False), "LR"), end="")
    flowchart LR
        accTitle: The computation graph of v₁
        n1(["x = 3"]):::leaf
        n2["×<br>v₁ = 9"]:::operation
        n1 --> n2
        n1 --> n2
        classDef leaf fill:#eff9f5,stroke:#1f8a4c,color:#1b1f24
        classDef operation fill:#f3f8fd,stroke:#1a4fa0,color:#1b1f24
        classDef output stroke-width:3px
        class n2 output
    """
    text = _flowchart(graph, direction, bold)
    arrows = len(graph.edges) + sum(node.pair is not None for node in graph.nodes)
    if arrows > MOST_ARROWS or len(text) > MOST_CHARACTERS:
        text = _flowchart(totals(graph), direction, bold)
    return text


def _flowchart(graph: Graph, direction: Direction, bold: Collection[str]) -> str:
    return "".join(f"{line}\n" for line in [f"flowchart {direction}", *_lines(graph, bold)])


def _lines(graph: Graph, bold: Collection[str]) -> Iterator[str]:
    yield f"    accTitle: {_literal(graph.title)}"
    indent = "    "
    for item in outline(graph):
        if isinstance(item, PlainNode):
            before, after = SHAPES[item.kind]
            label = "<br>".join(_with_bold(line, bold) for line in node_lines(item, graph))
            yield f'{indent}n{item.id}{before}"{label}"{after}:::{item.kind}'
        elif isinstance(item, Cluster):
            yield f'{indent}subgraph c{graph.clusters.index(item)}["{_literal(cluster_title(item))}"]'
            indent += "    "
        else:
            indent = indent[4:]
            yield f"{indent}end"
    for edge in graph.edges:
        words = _literal(edge_words(edge, graph))
        arrow = "-.->" if edge.recurrent or edge.mark == "missing" else "==>" if edge.mark else "-->"
        yield f"    n{edge.source} {arrow}" + (f'|"{words}"|' if words else "") + f" n{edge.target}"
    yield from (f"    n{node.pair} -.- n{node.id}" for node in graph.nodes if node.pair is not None)
    said = [line for line in (graph.heading, *graph.notes, graph.caption) if line]
    if said:
        yield f'    notes>"{"<br>".join(map(_literal, said))}"]:::note'
    for node in graph.nodes:
        drawn = [f"fill:{node.colour},color:{ink_on(node.colour)}"] if node.colour else []
        drawn += ["stroke-width:4px"] * node.lit
        if drawn:
            yield f"    style n{node.id} {','.join(drawn)}"
    for i, edge in enumerate(graph.edges):
        drawn = [f"stroke:{edge.colour}"] * bool(edge.colour) + ["stroke-width:4px"] * edge.lit
        if drawn:
            yield f"    linkStyle {i} {','.join(drawn)}"
    yield from _classes(graph)


def _classes(graph: Graph) -> Iterator[str]:
    """The styles that are used, and the nodes that have one besides that of their kind."""
    further: dict[str, list[str]] = {"output": [f"n{id}" for id in graph.outputs]}
    for node in graph.nodes:
        if node.mark:
            further.setdefault(node.mark, []).append(f"n{node.id}")
    clusters = [f"c{graph.clusters.index(item)}" for item in outline(graph) if isinstance(item, Cluster)]
    if clusters:
        further["frame"] = clusters
    used = (
        {node.kind for node in graph.nodes}
        | set(further)
        | ({"note"} if graph.notes or graph.heading or graph.caption else set())
    )
    yield from (f"    classDef {name} {coloured(style)}" for name, style in STYLES.items() if name in used)
    yield from (f"    class {','.join(ids)} {name}" for name, ids in further.items() if ids)


def _literal(text: str) -> str:
    """Text with a code for every character that Mermaid's grammar, its Markdown or HTML could read as syntax.

    >>> _literal('a "quoted" <b>')
    'a #34;quoted#34; #60;b#62;'
    """
    return re.sub(r"[^\w\s=,()\[\]/:.]|\.(?!\w)|(?<!\w)_|_(?!\w)|__|(?<=fa):|(?<=fa\w):", _codes, visible(text))


def _with_bold(line: str, bold: Collection[str]) -> str:
    """A line as literal text, with these names in bold."""
    parts = parts_of(line, bold) if bold else [(line, False)]
    return "".join(f"<b>{_literal(part)}</b>" if is_bold else _literal(part) for part, is_bold in parts)


def _codes(found: re.Match[str]) -> str:
    """The ASCII characters that were found, as codes; others are no syntax.

    Mermaid looks for line ends (\\n), formulas ($$) and icons (fa:) once more after it has decoded the text, so a space
    of no width follows these characters.
    """

    def code(char: str) -> str:
        return (f"#{ord(char)};" if char.isascii() else char) + ("#8203;" if char in "\\$:" else "")

    return "".join(map(code, found[0]))
