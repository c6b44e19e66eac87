"""Cards: the content of each box of a picture, and the size of the box."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

from ..._support.languages import counted, say, texts
from ..clusters import Cluster, pieces as arguments_in
from ..layout.geometry import PORTS, Direction, is_sideways
from ..names import LOW, is_invented, partial
from ..numbers import RAISED, aligned
from ..plain import Graph, PlainNode, Quantity
from ..text import shorten, visible
from ..transcribe import passes_on, setting, worth_saying
from ..words.terms import is_transpose
from .style import Style, in_short, kind_of
from .typeset import Card, Grid, Row, Text

__all__ = ["MARKS", "OUTPUT_RIM", "POINT", "SHEET", "SLOT", "attrs_of", "cards", "flow_of", "is_stack", "sign_of"]

MARGIN = 12.0
"""The free space left and right of the rows in a box."""
SHEET = 4.0
"""The shift from one sheet of a stack to the next."""
OUTPUT_RIM = 8.0
"""The double line of an output adds this to its width and height."""
OPPOSITE: dict[Direction, Direction] = {"LR": "RL", "RL": "LR", "TB": "BT", "BT": "TB"}
SHORT = 3
"""A path of up to so many characters, such as the number of a layer, stands before the type of the module."""
OPERAND = {True: 11.0, False: 8.0}
"""The room that an arrow needs where it arrives: with the number of the operand, and without."""
OPERAND_DOWN = 18.0
"""The same where arrows with numbers come from above or below: the number stands beside the arrow."""
SLOT = 9.0
"""The room for the numbers of operands in a sign, where arrows arrive sideways."""
POINT = 7.0
"""The distance of the two points of a sign."""
LONG = 130.0
"""A name wider than this has a row of its own."""
VERY_LONG = 170.0
"""A name wider than this has two rows."""
LONG_FORMULA = 150.0
"""A formula wider than this, its name included, has a row without it; alone, it has two rows."""


def cards(graph: Graph, direction: Direction, style: Style = "full", least: float = 0.0) -> list[Card]:
    """A card for each node of the graph. In a graph of both passes, a node and its gradient are of the same size.

    Columns of matrices are at least so many font sizes wide.
    """
    graph = in_short(graph, style)
    known = graph.mode != "both" and any(node.gradient is not None or node.further for node in graph.nodes)
    arriving = Counter(edge.target for edge in graph.edges if not edge.recurrent)
    made = [
        _roomy(_card(node, graph, flow_of(node, direction), known, least), node, arriving[node.id], direction)
        for node in graph.nodes
    ]
    for node in graph.nodes:
        if node.pair is not None:
            own, made[node.pair - 1] = same_size([made[node.id - 1], made[node.pair - 1]])
            rim = OUTPUT_RIM if node.pair in graph.outputs else 0.0
            made[node.id - 1] = own._replace(width=own.width + rim, height=own.height + rim)
    return made


def same_size(alike: Sequence[Card]) -> list[Card]:
    """Cards that are each as large as the largest."""
    width, height = max(card.width for card in alike), max(card.height for card in alike)
    return [card._replace(width=width, height=height) for card in alike]


def _roomy(card: Card, node: PlainNode, arriving: int, direction: Direction) -> Card:
    """The card, as large as the arrows that arrive need it."""
    if is_sideways(direction):
        return card._replace(height=max(card.height, arriving * OPERAND[node.ordered] / PORTS))
    gap = OPERAND_DOWN if node.ordered else OPERAND[False]
    return card._replace(width=max(card.width, arriving * gap / PORTS))


def flow_of(node: PlainNode, direction: Direction) -> Direction:
    """The direction of the arrows at this node: for a gradient in a second half, against that of the picture."""
    return direction if node.pair is None else OPPOSITE[direction]


def _card(node: PlainNode, graph: Graph, direction: Direction, show_gradient: bool, least: float) -> Card:
    rows = (*_mark(node), *_rows(node, graph, show_gradient))
    if least:
        rows = tuple(tuple(x._replace(least=least) if isinstance(x, Grid) else x for x in row) for row in rows)
    rows += ((Text("muted", node.note, 11.5),),) if node.note else ()
    bars = _bars(node)
    inner_width = max((sum(item.width for item in row) for row in rows), default=0.0)
    inner_height = sum(max(item.height for item in row) for row in rows)
    if bars:
        inner_width = max(inner_width, max(a.width + b.width for a, b, _ in bars) + 40)
        inner_height += sum(a.height + 2 for a, _, _ in bars) + 4
    round_ends = node.kind in ("leaf", "gradient") or (node.kind == "alias" and not node.operation)
    box_width = inner_width + 2 * MARGIN + (6 if round_ends else 0)
    box_height = inner_height + 12
    says_it_all = node.formula and node.value is None
    if node.kind != "operation" or passes_on(node) or says_it_all:
        return Card(node.kind, None, 0.0, rows, bars, box_width, max(box_height, 30.0))
    symbol = _symbol(node, graph)
    if is_sideways(direction):
        inlet = max(30.0, symbol.width + 14) + (SLOT if node.ordered else 0.0) + (POINT if node.layer > 1 else 0.0)
        return Card(node.kind, symbol, inlet, rows, bars, box_width + inlet, max(box_height, 36.0))
    inlet = 25.0
    return Card(node.kind, symbol, inlet, rows, bars, max(box_width, symbol.width + 20, 44.0), box_height + inlet)


PRETTY = {
    "-": "−", "·": "×", "**": "xⁿ", "getitem": "[ ]", "transpose": "T", "sqrt": "√", "square": "x²", "sum_to": "Σ",
    "expand_dims": "[ ]",
}  # fmt: skip
RAISABLE = re.compile("−?[0-9]{1,3}")
"""An exponent that the sign of a power shows."""


def sign_of(node: PlainNode, graph: Graph) -> str:
    """The sign of an operation in its box: x² for a power; none where only the shape or the type is another."""
    if node.symbol == "**":
        at = bisect_left(graph.edges, (node.id, 1), key=lambda edge: (edge.target, edge.slot))
        exponent = graph.node(graph.edges[at].source) if at < len(graph.edges) else node
        return f"x{exponent.label.translate(RAISED)}" if RAISABLE.fullmatch(exponent.label) else PRETTY["**"]
    symbol = "transpose" if not node.formula and is_transpose(node.operation, node.attrs) else node.symbol or ""
    return "" if passes_on(node) else PRETTY.get(symbol, symbol)


def _symbol(node: PlainNode, graph: Graph) -> Text:
    symbol = shorten(visible(sign_of(node, graph) or "?"), 22)
    size = {1: 18.0, 2: 16.0, 3: 14.0}.get(len(symbol), 13.0 if len(symbol) < 8 else 11.5)
    return Text("symbol", symbol + node.over.translate(LOW), size)


def _rows(node: PlainNode, graph: Graph, show_gradient: bool) -> list[Row]:
    """The lines of a card: name and value, attributes, gradient."""
    if node.kind == "group":
        return [(Text("value", node.label, 14.0),)]
    if node.opens is not None:
        named = graph.mode == "both" and node.requires_grad
        return [*_module_rows(node, graph.cluster(node.opens), named=named), *_result(node, graph)]
    names = _parted(_name(node))
    if node.kind == "alias":
        return names
    if graph.mode == "architecture" and node.kind == "operation":
        lines = [(Text("muted", line, 11.0),) for line in _few_lines(attrs_of(node), 20)]
        return [*(names if node.name else []), *lines, *_result(node, graph)]
    if node.kind == "constant" and node.value is not None:
        return _equation(None, node.value, "value", 14.0)
    if node.kind == "constant":
        return [(Text("muted", "…", 14.0),)]
    if node.value is None:
        return _formula(node) if node.formula else names
    if node.formula:
        number = [(Text("value", f"= {node.value.text()}", 14.0),)] if node.value.is_number else None
        rows = [*_formula(node), *(number or _equation(None, node.value, "value", 14.0))]
    else:
        rows = _equation(_name(node), node.value, "slope" if node.carries else "value", 14.0)
    at = len(names)
    rows[at:at] = [(Text("muted", line, 11.0),) for line in _few_lines(attrs_of(node))]
    gradients = [*([(graph.of, node.gradient)] if node.gradient is not None else []), *node.further]
    if show_gradient and gradients:
        for of, gradient in gradients:
            by = Text("partial", _short_partial(of, node.label), 13.0)
            rows += _equation(by, gradient, "slope", 13.0, dtype=False)
    elif show_gradient and node.requires_grad:
        rows.append((Text("partial", _short_partial(graph.of, node.label), 13.0), Text("slope", ": none", 13.0)))
    return rows + _grad(node)


def _formula(node: PlainNode) -> list[Row]:
    """`name = formula`; where it is long, the name has a row of its own, and the formula two."""
    name, formula = _name(node), Text("equation", node.formula, 15.0)
    if name.width + formula.width <= LONG_FORMULA:
        return [(name, Text("equation", " = ", 15.0), formula)]
    text = f"= {node.formula}"
    breaks = (
        [found.start() for found in re.finditer(" [-+−·⊙/] (?![^«]*»)", text)] if formula.width > LONG_FORMULA else []
    )

    def badness(place: int) -> float:
        """How far from the middle a place is, and what it parts: a sum may be parted, if not in brackets."""
        brackets = text.count("(", 0, place) - text.count(")", 0, place)
        return abs(place / len(text) - 0.5) + brackets / 2 + (text[place + 1] in "·⊙/") / 4

    worst = formula.width / LONG_FORMULA / 2  # the wider it is, the worse a place may be
    at = min((place for place in breaks if badness(place) < worst), key=badness, default=len(text))
    return [*_parted(name), *((formula._replace(text=part),) for part in (text[:at], text[at:].strip()) if part)]


def _grad(node: PlainNode) -> list[Row]:
    """What stands in `.grad`, in bold where it is not the derivative."""
    if node.kept is None:
        return []
    style = "mark" if node.kept == "other" else "muted"
    if node.grad is None:
        return [(Text(style, ".grad = None", 13.0),)]
    return _equation(Text(style, ".grad", 13.0), node.grad, style, 13.0, dtype=False)


MARKS: Mapping[str, str] = texts({"missing": "− missing", "extra": "+ extra", "changed": "≠ changed"})
"""The words for how a part of a graph differs from what was expected."""


def _mark(node: PlainNode) -> list[Row]:
    return [(Text("mark", say(MARKS[node.mark]), 11.5),)] if node.mark else []


def _short_partial(of: str, by: str) -> str:
    """∂of/∂by in a width that fits a box, each name cut in its middle if need be.

    >>> _short_partial("model.loss", "encoder.layers.0.attention.query.weight")
    '∂model.loss/∂encoder….weight'
    """
    whole = partial(of, by)
    return whole if len(whole) <= 30 else partial(shorten(of, 15), shorten(by, 15))


def _module_rows(node: PlainNode, cluster: Cluster, *, named: bool) -> list[Row]:
    """The lines of a closed cluster: its type, its arguments, its path and parameters; how many it stands for; its
    result, by name where a gradient of it is drawn.
    """
    name, _, arguments = cluster.title.partition("(")
    short = cluster.inside != name and len(cluster.inside) <= SHORT
    rows: list[Row] = [(*([Text("muted", f"{cluster.inside}  ", 12.0)] if short else []), Text("title", name, 15.0))]
    rows += [(Text("muted", line, 11.0),) for line in _few_lines(arguments_in(arguments.removesuffix(")")), 20) if line]
    path = [] if short or cluster.inside == name else [cluster.inside]
    if cluster.parameters:
        path.append(counted(cluster.parameters, "{n} parameter", "{n} parameters"))
    if path:
        rows.append((Text("muted", " · ".join(path), 11.0),))
    if cluster.times > 1:
        rows.append((Text("title", f"× {cluster.times:,}", 15.0),))
    looks = "auto" if is_invented(node.result) else "name"
    result = [Text(looks, node.result, 14.0)] if named and node.result else []
    if node.value is not None and node.value.is_number:
        rows.append((*result, Text("value", f"{' ' * bool(result)}= {node.value.text()}", 14.0)))
    elif result and node.value is not None:
        rows.append((*result, kind_of(node.value, 11.0, "  ")))
    return rows


def _result(node: PlainNode, graph: Graph) -> list[Row]:
    """The shape of an output that is an array, which stands on no arrow."""
    if node.id not in graph.outputs or node.value is None or node.value.is_number:
        return []
    return [(kind_of(node.value, 11.5, "→ "),)]


def is_stack(node: PlainNode, graph: Graph) -> bool:
    """Whether the node is drawn as a stack of sheets: a group, or a closed cluster that stands for many."""
    return node.kind == "group" or (node.opens is not None and graph.cluster(node.opens).times > 1)


def attrs_of(node: PlainNode, *, shape: bool = False) -> list[str]:
    """The attributes of a call that a picture shows: those that switch something on.

    The `shape` of a result is said beside its name.
    """
    if node.operation == "sum_to" or passes_on(node) or is_transpose(node.operation, node.attrs):
        return []
    said = worth_saying(node.operation, node.attrs, node.over)
    return [setting(key, value) for key, value in said if shape or key != "shape"]


def _few_lines(words: Sequence[str], limit: int = 26) -> list[str]:
    """Words in lines, as many in a line as fit."""
    lines: list[str] = []
    for piece in words:
        if lines and len(lines[-1]) + len(piece) + 2 <= limit:
            lines[-1] += f", {piece}"
        else:
            lines.append(shorten(piece, limit + 6))
    return lines


def _name(node: PlainNode) -> Text:
    if node.carries:
        of, _, by = node.label.removeprefix("∂").partition("/∂")
        return Text("partial", _short_partial(of, by) if by and len(node.label) > 36 else node.label, 15.0)
    given = node.name or node.owned or "∂" in node.label
    return Text("name" if given else "auto", node.shown or node.label, 16.0 if node.name else 15.0)


def _parted(name: Text) -> list[Row]:
    """A name in a row; a very long one in two, the first of which ends with a sign between words."""
    places = [found.end() for found in re.finditer("[_.…/]+(?=[^_.…/])", name.text)]
    if name.width <= VERY_LONG or not places or not re.fullmatch("[A-Za-z0-9_.…/∂₀-₉]+", name.text):
        return [(name,)]
    at = min(places, key=lambda place: abs(place - len(name.text) / 2))
    return [(name._replace(text=part),) for part in (name.text[:at], name.text[at:])]


def _equation(name: Text | None, value: Quantity, style: str, size: float, *, dtype: bool = True) -> list[Row]:
    """`name = value` in one row; of a larger array, shape and dtype in one row and the range in the next."""
    names: list[Row] = _parted(name) if name else [()]
    cells = _cells(value)
    if value.is_number or cells:
        shown = Text(style, value.text(), size) if value.is_number else Grid(style, cells, size - 1.5)
        if name and name.width > LONG:
            return [*names, (Text(style, "= ", size), shown)]
        return [(name, Text(style, " = ", size), shown) if name else (shown,)]
    kind = kind_of(value, 11.0, "  " if name else "", dtype=dtype)
    *above, last = names
    head: list[Row] = [*above, (*last, kind)]
    return [*head, (Text(style, value.range(), size - 1),)] if value.dtype and kind.style == "muted" else head


def _cells(value: Quantity) -> tuple[tuple[str, ...], ...]:
    """The elements as the rows of a matrix, where they are few enough."""
    if value.elements is None or not 1 <= len(value.shape) <= 2 or 0 in value.shape:
        return ()
    columns = value.shape[-1]
    if columns > 4 or len(value.elements) > 3 * columns:
        return ()
    cells = aligned(value.elements, value.digits) if value.dtype != "bool" else value.cells()
    return tuple(tuple(cells[i : i + columns]) for i in range(0, len(cells), columns))


def _bars(node: PlainNode) -> tuple[tuple[Text, Text, float], ...]:
    """The table of a group, see `Card`."""
    if not node.contents:
        return ()
    most = max(count for _, count in node.contents)
    return tuple(
        (Text("value", shorten(what, 30), 12.5), Text("value", f"{count:,}", 12.0), count / most)
        for what, count in node.contents
    )
