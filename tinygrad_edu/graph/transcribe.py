"""From the engine's nodes to plain nodes and edges."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np

from ..engine.node import Node, shape_of
from ..errors import InPlaceError
from .clusters import NONE, Clusters
from .names import NO_NAMES, layers, over
from .numbers import Quantity, by_powers, number
from .plain import Edge, Kind, PlainNode
from .text import shorten, visible

__all__ = [
    "COMMUTATIVE", "INTERNAL", "PLUMBING", "SHAPES", "Along", "attribute", "attributes", "constant", "describe",
    "is_plumbing", "known", "passes_on", "place", "read_attribute", "setting", "switched_on", "transcribe",
    "worth_saying",
]  # fmt: skip


COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum"})
"""The primitives whose operands may change places; those of all others are numbered."""

INTERNAL = frozenset({"counted", "ends", "windows"})
"""Attributes that no user gave."""

PLUMBING = frozenset({"astype", "broadcast_to", "squeeze", "to_tensor", "to_value"})
"""The primitives that a program needs for its shapes and types, and of which a book says nothing."""
SHAPES = PLUMBING | {"getitem"}
"""The same with every index that takes everything: where a rule carries a gradient back, its shape is known."""

LONG = 26
"""Of the lists of numbers in an index of more characters, those at the ends are shown."""
LIST = re.compile(r"\[([^],]+, [^],]+),[^]]*(,[^],]+)\]")

EVERYTHING = re.compile(r"\[(:|None|\.\.\.)(, (:|None|\.\.\.))*\]")
"""An index that takes everything, such as `[:, None]`."""
IN_FRONT = re.compile(r"\[(None(, |\]$))*((:|\.\.\.)(, (:|\.\.\.))*\])?")
"""One that adds axes in front, as broadcasting does by itself.

`u[:, None]` is a column, and `u[:, None] ⊙ v` another matrix than `u ⊙ v`, so there a formula has the index.
"""

Along = Mapping[tuple[Node, int], tuple[Any, Any, "str | None"]]
"""Of uses, by node and operand slot: the local derivative, the contribution, and the rule as a formula."""


def transcribe(
    nodes: Sequence[Node],
    names: Mapping[Any, str],
    *,
    gradient: Mapping[Node, Any] | None = None,
    edge: Along | None = None,
    clusters: Clusters = NONE,
    shared: Collection[tuple[Node, int]] = frozenset(),
    given: Mapping[Node, str] = NO_NAMES,
) -> tuple[tuple[PlainNode, ...], tuple[Edge, ...]]:
    """Nodes of the engine, in order of creation, as plain nodes and edges. Constants stand before their user.

    `gradient` holds what is known of the nodes, `edge` what is known of their uses.
    """
    gradient, edge = gradient or {}, edge or {}
    layer = layers(nodes)
    ids: dict[Any, int] = {}
    plain_nodes: list[PlainNode] = []
    edges: list[Edge] = []
    for node in nodes:
        cluster = clusters.path.get(node, "")
        sources = []
        for x in node.inputs:
            name = None if isinstance(x, Node) else names.get(id(x))  # an array with a name is one leaf
            key = x if isinstance(x, Node) else name
            if key is None or key not in ids:
                written = constant(len(plain_nodes) + 1, x, cluster)
                plain_nodes.append(replace(written, kind="leaf", label=name, name=name) if name else written)
                ids[key] = written.id
            sources.append(ids[key])
        fields: dict[str, Any] = {"layer": layer.get(node, 0), "cluster": cluster, "owned": node in clusters.names}
        described = describe(
            len(plain_nodes) + 1, node, names[node], gradient=gradient.get(node), **fields, name=given.get(node)
        )
        plain_nodes.append(described)
        ids[node] = len(plain_nodes)
        for slot, source in enumerate(sources):
            local, contribution, rule = edge.get((node, slot), (None, None, None))
            direct = local is not None and (node, slot) in shared
            edges.append(Edge(source, ids[node], slot, known(local), known(contribution), rule, direct=direct))
    return tuple(plain_nodes), tuple(edges)


def constant(id: int, x: Any, cluster: str = "") -> PlainNode:
    """An operand that is not a node, as a plain node."""
    value = Quantity.of(x)
    return PlainNode(id, "constant", value.text(), value, cluster=cluster)


def describe(
    id: int,
    node: Node,
    label: str,
    kind: Kind | None = None,
    *,
    gradient: Any = None,
    name: str | None = None,
    **fields: Any,
) -> PlainNode:
    """One node of the engine as a plain node, of its own kind or of the `kind` given, with these fields besides."""
    primitive = node.primitive if kind in (None, "operation") else None
    if primitive is not None:
        fields |= {
            "operation": primitive.name,
            "symbol": primitive.symbol,
            "precedence": primitive.precedence,
            "attrs": attributes(node),
            "ordered": primitive.name not in COMMUTATIVE and _differ(node.inputs),
            "over": over(node),
        }
    return PlainNode(
        id=id,
        kind=kind or ("leaf" if primitive is None else "operation"),
        label=label,
        value=_value_of(node),
        name=name if node.name is None else node.name,
        gradient=known(gradient),
        requires_grad=node.requires_grad,
        source=place(node),
        **fields,
    )


def _value_of(node: Node) -> Quantity:
    """The number of a node; only its shape and dtype where it cannot be computed any more."""
    try:
        return Quantity.of(node)
    except InPlaceError:  # a backward pass has released it, and what it was computed from has changed since
        shape, dtype = node.own_notes().released or ((), None)
        return Quantity(shape, str(dtype), None)


def place(node: Node) -> tuple[str, str] | None:
    """The line that made a node, as ("lesson.py:12", text), if it was recorded; the same on every machine."""
    source = node.source
    if source is None:
        return None
    shown = str(source if source.cell else source._replace(file=PurePath(source.file).name))
    return visible(shown), visible(source.text)


def _differ(operands: Sequence[Any]) -> bool:
    return any(x is not operands[0] for x in operands[1:])


def known(x: Any) -> Quantity | None:
    """A number, an array or the number of a node as a quantity; None of None."""
    return x if x is None or isinstance(x, Quantity) else Quantity.of(x)


def attributes(node: Node) -> tuple[tuple[str, str], ...]:
    """The attributes of the call that made a node, those that a user gave."""
    return tuple((key, attribute(value, key)) for key, value in node.attrs.items() if key not in INTERNAL)


def attribute(value: Any, key: str = "") -> str:
    """An attribute of a call in a few characters: `(0, 1)` for an axis, `[1:, None]` for an index.

    >>> attribute((slice(1, None), None, np.int64(2)), "index"), attribute((np.int64(0), 1))
    ('[1:, None, 2]', '(0, 1)')
    """
    if key == "index":
        parts = [_index(part) for part in (value if isinstance(value, tuple) else (value,))]
        if sum(map(len, parts)) > LONG:
            parts = [LIST.sub(r"[\1, …\2]", part) for part in parts]
        return shorten("[" + ", ".join(parts) + "]", 40)
    if hasattr(value, "dtype") and shape_of(value):
        return Quantity.of(value).text()
    if key == "dtype" and value is not None:
        return str(np.dtype(value))
    if key == "subscripts":
        return visible(str(value).replace("->", "→"))
    value = _pythons(value)
    return shorten(by_powers(repr(value)) if isinstance(value, float) else visible(repr(value)), 40)


def read_attribute(key: str, text: str) -> Any:
    """An attribute from its words, as `attribute` writes them. Raises `ValueError` for what is not all there.

    >>> read_attribute("index", "[..., 1:]"), read_attribute("index", "[[0, 2]]"), read_attribute("axis", "(0, −1)")
    ((Ellipsis, slice(1, None, None)), array([0, 2]), (0, -1))
    """
    text = text.replace("−", "-")
    try:
        if key == "dtype":
            return np.dtype(text)
        body: Any = ast.parse(f"x{text}" if key == "index" else text, mode="eval").body
        return _read(body.slice if key == "index" else body)
    except (AttributeError, SyntaxError, TypeError) as error:
        raise ValueError(f"{key}={text} is not all of an attribute") from error


def _read(part: ast.expr) -> Any:
    """A value, or a part of an index; what is in square brackets was an array."""
    if isinstance(part, ast.Slice):
        return slice(*(bound and ast.literal_eval(bound) for bound in (part.lower, part.upper, part.step)))
    if isinstance(part, ast.Tuple):
        return tuple(map(_read, part.elts))
    value = ast.literal_eval(part)
    return np.array(value) if isinstance(value, list) else value


def _pythons(value: Any) -> Any:
    """A number of NumPy as one of Python, which has no type before it in print; also in tuples and lists."""
    if type(value) in (tuple, list):
        return type(value)(map(_pythons, value))
    return value.item() if isinstance(value, np.generic) else value


def is_plumbing(operation: str | None, attrs: Iterable[tuple[str, str]], plumbing: Collection[str] = PLUMBING) -> bool:
    """Whether a call only gives the numbers of its operand another shape or type.

    >>> is_plumbing("getitem", [("index", "[None, :]")]), is_plumbing("getitem", [("index", "[:, None]")])
    (True, False)
    """
    if operation in ("getitem", "expand_dims"):
        index = dict(worth_saying(operation, attrs, "")).get("index", "")
        return bool((EVERYTHING if "getitem" in plumbing else IN_FRONT).fullmatch(index))
    return operation in plumbing


def passes_on(node: PlainNode) -> bool:
    """The same of a plain node. A gradient has the shape of what it is the gradient of, which needs no word."""
    return is_plumbing(node.operation, node.attrs, SHAPES if node.layer else PLUMBING)


def switched_on(attrs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The attributes of a call that switch something on."""
    off = {("ddof", "0"), ("approximate", "'none'")}
    return [(key, value) for key, value in attrs if value not in ("None", "False") and (key, value) not in off]


def worth_saying(operation: str | None, attrs: Iterable[tuple[str, str]], over: str) -> list[tuple[str, str]]:
    """Those of them that neither the sign of the call nor the shape of its result says."""
    if operation == "expand_dims":
        attrs = [("index", _new_axis(axis)) for _, axis in attrs]
    unsaid = {"keepdims", *(["axis"] if over else []), *UNSAID.get(operation or "", ())}
    return [(key, value) for key, value in switched_on(attrs) if key not in unsaid]


UNSAID: Mapping[str, Collection[str]] = {"normalize": ("axis", "shape")}
"""Attributes that no program gives, and that shapes say."""


def _new_axis(axis: str) -> str:
    """A new axis as an index.

    >>> _new_axis("1"), _new_axis("-1"), _new_axis("-2")
    ('[:, None]', '[..., None]', '[..., None, :]')
    """
    if not axis.lstrip("-").isdecimal():
        return f"axis={axis}"
    before, after = (["..."], -int(axis) - 1) if axis.startswith("-") else ([":"] * int(axis), 0)
    return f"[{', '.join([*before, 'None', *[':'] * after])}]"


def setting(key: str, value: str) -> str:
    """An attribute as it is written: `axis=0`; an index and the axes of an einsum say themselves what they are.

    >>> setting("axis", "0"), setting("index", "[1:]"), setting("scale", "0.7071067811865475")
    ('axis=0', '[1:]', 'scale=0.7071')
    """
    value = re.sub(r"\d+\.\d{5,}", lambda long: number(float(long[0])), value)
    return value if key in ("index", "subscripts") else f"{key}={value}"


def _index(part: Any) -> str:
    if isinstance(part, slice):
        start, stop, step = ("" if x is None else str(x) for x in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if part is Ellipsis else attribute(part)
