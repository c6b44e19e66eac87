"""Labels of nodes in pictures and formulas, and layers: which differentiation made which nodes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, groupby

from ..engine.node import Node, creation
from .text import shorten, visible

__all__ = ["RESULTS", "labels", "layers", "partial"]

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
NO_NAMES: Mapping[Node, str] = {}
RESULTS = "vgh"
"""Letters for results without a name: of the program, of its differentiation, of the differentiation of that."""


def labels(
    nodes: Iterable[Node], letters: tuple[str, str] = ("x", "v"), known: Mapping[Node, str] = NO_NAMES
) -> dict[Node, str]:
    """A label for each node, all different: the user's name, else x1, x2, ... for leaves and v1, v2, ... for results.

    Parameters and buffers of modules have their qualified names, which are `known`.

    The nodes that `tg.gradients(z, [x], create_graph=True)` made are g1, g2, ..., and its result is ∂z/∂x where both
    have names; the nodes that its differentiation made are h1, h2, ... Equal names get subscripts, in the order given.

    >>> import tinygrad_edu as tg
    >>> h = tg.Value(1.0, name="h")
    >>> g = tg.Value(2.0, name="h")
    >>> list(labels([h, g, h * g, tg.Value(3.0)]).values())
    ['h', 'h₂', 'v1', 'x1']
    """
    nodes = list(nodes)
    layer = layers(nodes)
    wanted = {node: name for node in nodes if (name := _own_name(node, known))}
    taken = set(wanted.values())
    leaf, result = letters
    further = RESULTS[RESULTS.find(result) + 1 :] if result == RESULTS[0] else ""
    unnamed = [_numbered(letter, taken) for letter in (leaf, result, *further)]
    again = {name: _numbered(name, taken, subscript=True) for name in taken}
    given: set[str] = set()
    label_of: dict[Node, str] = {}
    for node in nodes:
        label = wanted.get(node)
        if label is None:
            depth = layer.get(node, 0)
            kind = 0 if node.primitive is None and not depth else 1 + depth
            label_of[node] = next(unnamed[min(kind, len(unnamed) - 1)])
        else:
            label_of[node] = label if label not in given else next(again[label])
            given.add(label)
    return label_of


def layers(nodes: Iterable[Node]) -> dict[Node, int]:
    """The layer of each node that `tg.gradients(..., create_graph=True)` made; all other nodes are of layer 0.

    A differentiation is one layer above the highest layer that it used: the derivative of a program is layer 1, its
    derivative layer 2.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.graph.plain import ancestors
    >>> x = tg.Value(2.0)
    >>> first, = tg.gradients(x * x * x, [x], create_graph=True)
    >>> second, = tg.gradients(first, [x], create_graph=True)
    >>> layer = layers(ancestors([second]))
    >>> x in layer, layer[second]
    (False, 2)
    """
    nodes = sorted(nodes, key=creation)
    spans = sorted({span for node in nodes for span in (node.notes.walks if node.notes else ())})
    layer: dict[Node, int] = {}
    for start, end in spans:
        made = nodes[bisect_left(nodes, start, key=creation) : bisect_left(nodes, end, key=creation)]
        used = (layer.get(x, 0) for node in made for x in node.inputs if isinstance(x, Node) and x.index < start)
        layer.update(dict.fromkeys(made, 1 + max(used, default=0)))
    return layer


def partial(of: str, *by: str) -> str:
    """The derivative of one label by others; `of` may be a derivative itself.

    >>> partial("z", "x"), partial("z", "x", "x", "y"), partial("∂z/∂x", "x"), partial("∂²z/∂x²", "y")
    ('∂z/∂x', '∂³z/∂x²∂y', '∂²z/∂x²', '∂³z/∂x²∂y')
    >>> partial("∂z/∂x", "∂z/∂x")
    '∂(∂z/∂x)/∂(∂z/∂x)'
    """
    name = rf"[^∂/{POWERS}]+"
    lower = re.fullmatch(rf"∂[{POWERS}]?({name})/((?:∂{name}[{POWERS}]?)+)", of)
    plain = not any("∂" in x for x in by)
    if lower is not None and plain:
        before = re.findall(rf"∂({name})([{POWERS}]?)", lower[2])
        of, by = lower[1], (*(x for x, power in before for _ in range(POWERS.find(power or POWERS[1]))), *by)
    numerator = f"({of})" if "∂" in of else of
    denominator = "".join(f"∂({x})" if "∂" in x else f"∂{x}{_power(len(list(times)))}" for x, times in groupby(by))
    return f"∂{_power(len(by))}{numerator}/{denominator}"


def _power(n: int) -> str:
    return "" if n == 1 else "".join(POWERS[int(digit)] for digit in str(n))


def _own_name(node: Node, known: Mapping[Node, str]) -> str | None:
    """The user's name, or ∂z/∂x for the derivative of a node by another, where both have names."""
    name = known.get(node) or node.name
    if name:
        return shorten(visible(name))
    of, by = (node.notes and node.notes.derivative) or ("", ())
    return shorten(partial(*(shorten(visible(name), 14) for name in (of, *by)))) if of else None


def _numbered(stem: str, taken: set[str], *, subscript: bool = False) -> Iterator[str]:
    """v1, v2, ..., or h₂, h₃, ..., without labels that are taken; one with a subscript counts as taken from then on."""
    for i in count(1 + subscript):
        label = f"{stem}{str(i).translate(SUBSCRIPTS) if subscript else i}"
        if label not in taken:
            if subscript:
                taken.add(label)
            yield label
