"""Labels of nodes in pictures and formulas, and layers: which differentiation made which nodes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count, groupby

from ..engine.node import Node, creation, shape_of
from .mathematics import without_commands
from .text import shorten, visible

__all__ = [
    "LOW", "MARKED", "OVER", "RESULTS", "is_invented", "labels", "layers", "local_partial", "over", "partial",
    "shared_ways", "subscript", "summed", "word",
]  # fmt: skip

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789", "_{}")
POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
NO_NAMES: Mapping[Node, str] = {}
RESULTS = "vgh"
"""Letters for results without a name: of the program, of its differentiation, of the differentiation of that."""


def labels(
    nodes: Iterable[Node],
    letters: tuple[str, str] = ("x", "v"),
    known: Mapping[Node, str] = NO_NAMES,
    avoid: Iterable[str] = (),
) -> dict[Node, str]:
    """A label for each node, all different: the user's name, else x₁, x₂, ... for leaves and v₁, v₂, ... for results.

    A name that could be read as a number or an expression is in quotation marks, see `word`.

    Parameters and buffers of modules have their qualified names, which are `known`. A label that is not the user's has
    a subscript, as no variable of a program has, and is none of the user's names, written in whatever way, nor one of
    those to `avoid`. Where the user has a letter, alone or with an index, another is taken: no x₄ follows your x_3.

    The nodes that `tg.gradients(z, [x], create_graph=True)` made are g₁, g₂, ..., and its result is ∂z/∂x where both
    have names; the nodes that its differentiation made are h₁, h₂, ... Equal names get subscripts, in the order given.

    >>> import tinygrad_edu as tg
    >>> h = tg.Value(1.0, name="h")
    >>> g = tg.Value(2.0, name="h")
    >>> list(labels([h, g, h * g, tg.Value(3.0)]).values())
    ['h', 'h₂', 'v₁', 'x₁']
    """
    nodes = list(nodes)
    layer = layers(nodes)
    named = (node for node in nodes if node.notes or node in known)
    wanted = {node: name for node in named if (name := _own_name(node, known))}
    taken = set(map(_key, (*wanted.values(), *avoid)))
    given = _told_apart(wanted, taken)
    leaf, result = letters
    further = RESULTS[RESULTS.find(result) + 1 :] if result == RESULTS[0] else ""
    unnamed = [_numbered(_unused(letter, taken), taken) for letter in (leaf, result, *further)]

    def invented(node: Node) -> str:
        depth = layer.get(node, 0)
        kind = 0 if node.primitive is None and not depth else 1 + depth
        return next(unnamed[min(kind, len(unnamed) - 1)])

    return {node: given.get(node) or invented(node) for node in nodes}


AXES = "ijklmn"
"""The letters of axes, from the first on."""
LOW = str.maketrans(AXES, "ᵢⱼₖₗₘₙ")
OVER = frozenset(
    {"sum", "mean", "prod", "max", "min", "var", "std", "logsumexp", "softmax", "log_softmax", "norm2", "cumsum"}
)
"""The primitives that work along axes, which a book writes below their sign."""


def over(node: Node) -> str:
    """The letters of the axes that a call works along, "" for all: `j` for the second axis, `ij` for the first two.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1.0, 2.0]], requires_grad=True)
    >>> over(x.sum(axis=-1)), over(x.sum())
    ('j', '')
    """
    if node.primitive is not None and node.primitive.name == "sum_to":
        return summed(shape_of(node.inputs[0]), shape_of(node))
    axis = node.attrs.get("axis") if node.primitive is not None and node.primitive.name in OVER else None
    dims = len(shape_of(node.inputs[0])) if axis is not None else 0
    axes = axis if isinstance(axis, tuple) else (axis,)
    return "".join(AXES[a % dims] for a in axes) if 0 < dims <= len(AXES) and axis is not None else ""


def summed(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """The letters of the axes over which a sum leads from one shape to another, "" for all.

    >>> summed((4, 3), (3,)), summed((4, 3), (4, 1)), summed((4, 3), ())
    ('i', 'j', '')
    """
    gone = len(before) - len(after)
    kept = [False] * gone + [n == m for n, m in zip(before[gone:], after)]
    return "".join(letter for letter, is_kept in zip(AXES, kept) if not is_kept) if any(kept) else ""


def layers(nodes: Iterable[Node]) -> dict[Node, int]:
    """The layer of each node that `tg.gradients(..., create_graph=True)` made; all other nodes are of layer 0.

    A differentiation is one layer above the highest layer that it used: the derivative of a program is layer 1, its
    derivative layer 2.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.engine.graphs import ancestors
    >>> x = tg.Value(2.0)
    >>> first, = tg.gradients(x * x * x, [x], create_graph=True)
    >>> second, = tg.gradients(first, [x], create_graph=True)
    >>> layer = layers(ancestors([second]))
    >>> x in layer, layer[second]
    (False, 2)
    """
    nodes = list(nodes)
    spans = sorted({span for node in nodes if node.notes for span in node.notes.walks})
    layer: dict[Node, int] = {}
    if spans:
        nodes.sort(key=creation)
    for start, end in spans:
        made = nodes[bisect_left(nodes, start, key=creation) : bisect_left(nodes, end, key=creation)]
        used = (layer.get(x, 0) for node in made for x in node.inputs if isinstance(x, Node) and x.index < start)
        layer.update(dict.fromkeys(made, 1 + max(used, default=0)))
    return layer


def partial(of: str, *by: str) -> str:
    """The derivative of one label by others; `of` may be a derivative itself.

    >>> partial("z", "x"), partial("z", "x", "x", "y"), partial("∂z/∂x", "x"), partial("∂²z/∂x²", "y")
    ('∂z/∂x', '∂³z/∂x²∂y', '∂²z/∂x²', '∂³z/∂x²∂y')
    >>> partial("∂z/∂x", "∂z/∂x"), partial("dx/dt", "a/b")
    ('∂(∂z/∂x)/∂(∂z/∂x)', '∂(dx/dt)/∂(a/b)')
    """
    if len(by) == 1 and "∂" not in of and "∂" not in by[0]:
        return f"∂{_as_one(of)}/∂{_as_one(by[0])}"
    name = rf"(?:{MARKED}|[^∂/«{POWERS}]+)"
    lower = re.fullmatch(rf"∂[{POWERS}]?({name})/((?:∂{name}[{POWERS}]?)+)", of)
    plain = not any("∂" in x for x in by)
    if lower is not None and plain:
        before = re.findall(rf"∂({name})([{POWERS}]?)", lower[2])
        of, by = lower[1], (*(x for x, power in before for _ in range(POWERS.find(power or POWERS[1]))), *by)
    denominator = "".join(f"∂{_as_one(x)}{_power(len(list(times)))}" for x, times in groupby(by))
    return f"∂{_power(len(by))}{_as_one(of)}/{denominator}"


def _as_one(name: str) -> str:
    """A name beside ∂: in brackets, if it is a quotient."""
    return f"({name})" if ("∂" in name or "/" in name) and not name.startswith("«") else name


def subscript(n: int) -> str:
    """A number as an index.

    >>> subscript(12)
    '₁₂'
    """
    return str(n).translate(SUBSCRIPTS)


def local_partial(of: str, by: str, slot: int, *, direct: bool) -> str:
    """The local derivative of an operation by its operand at `slot`, as a symbol that has no other value.

    Mostly it is all of the derivative, ∂z/∂x. Where x reaches z by other operands too (`direct`), it is only a part of
    that, and is written as the derivative by one operand, whose number is the index.

    >>> local_partial("z", "x", 1, direct=False), local_partial("z", "x", 1, direct=True)
    ('∂z/∂x', '(∂z/∂x)₂')
    """
    return f"({partial(of, by)}){subscript(slot + 1)}" if direct else partial(of, by)


def shared_ways(nodes: Iterable[Node]) -> set[tuple[Node, int]]:
    """The uses, as (node, operand slot), whose operand reaches the node by another of its operands too.

    `nodes` are in order of creation, and ways that no gradient flows along do not count.

    >>> import tinygrad_edu as tg
    >>> x, y = tg.Value(2.0), tg.Value(3.0)
    >>> z = (q := x * y) + x
    >>> shared_ways([x, y, q, z]) == {(z, 1)}
    True
    """
    nodes = [node for node in nodes if node.requires_grad]
    uses = Counter(x for node in nodes for x in node.inputs if isinstance(x, Node) and x.requires_grad)
    bit = {x: 1 << i for i, x in enumerate(x for x, many in uses.items() if many > 1)}
    reached: dict[
        Node, int
    ] = {}  # of each node, the bits of those with several uses that it was made from, and its own
    found: set[tuple[Node, int]] = set()
    for node in nodes:
        below = [reached.get(x, bit.get(x, 0)) if isinstance(x, Node) and x.requires_grad else 0 for x in node.inputs]
        for slot, x in enumerate(node.inputs):
            own = bit.get(x, 0) if isinstance(x, Node) else 0
            if own and any(bits & own for other, bits in enumerate(below) if other != slot):
                found.add((node, slot))
        own = bit.get(node, 0)
        for bits in below:
            own |= bits
        if own:
            reached[node] = own
    return found


def _power(n: int) -> str:
    return "" if n == 1 else "".join(POWERS[int(digit)] for digit in str(n))


def _own_name(node: Node, known: Mapping[Node, str]) -> str | None:
    """The user's name, or ∂z/∂x for the derivative of a node by another, where both have names."""
    name = known.get(node) or node.name
    if name:
        return word(shorten(visible(without_commands(name))))
    of, by = (node.notes and node.notes.derivative) or ("", ())
    if not of:
        return None
    limit = max(4, 28 // len({of, *by}))
    return partial(*(word(shorten(visible(without_commands(name)), limit)) for name in (of, *by)))


def word(name: str) -> str:
    """A name that can stand in a formula: in quotation marks where it could be read as more than a name.

    >>> word("layer1.weight"), word("a + b"), word("W^{(1)}_i"), word("x^2"), word("x^*")
    ('layer1.weight', '«a + b»', 'W^{(1)}_i', '«x^2»', 'x^*')
    >>> word("2"), word("0.weight"), word("x/y"), word("dx/dt"), word("«2»"), word("w['out']")
    ('«2»', '0.weight', '«x/y»', 'dx/dt', '«2»', "w['out']")
    """
    return name if name.isidentifier() or WORD.fullmatch(name) else f"«{name}»"


MARKED = "«[^«»]*»[₀-₉]*"
WORD = re.compile(
    r"(?:\d+\.)*[^\W\d](?:[\w\u0300-\u036f.'′…]|\[(?:[\w,+−-]*|'\w+')\]|(?<=_)\{[\w,+−-]*\}|\^\{(?!\d+\})[\w,()[\]*+−-]*\}|\^[*+−-])*"
    rf"|∂\w+/(?:∂\w+)+|d[^\W\d]\w*/d[^\W\d]\w*|{MARKED}"
)
"""What is read as one name; one that is raised to a number, x^2, could be a power."""


def _told_apart(wanted: Mapping[Node, str], taken: set[str]) -> dict[Node, str]:
    """The names as labels that are all different, equal ones with subscripts; what is given counts as taken."""
    again = {name: _numbered(name, taken, 2) for name in wanted.values()}
    met: set[str] = set()
    label_of: dict[Node, str] = {}
    for node, name in wanted.items():
        label_of[node] = label = next(again[name]) if name in met else name
        met.add(name)
        taken.add(_key(label))
    return label_of


OTHERS = {"x": "acd", "v": "qst", "g": "dγ", "h": "pη", "u": "lm"}


def is_invented(label: str) -> bool:
    """Whether a label is one of those for what has no name, such as v₁."""
    return re.fullmatch("[^\\W\\d_][₀-₉]+", label) is not None


def _unused(letter: str, taken: Collection[str]) -> str:
    """The letter, or another in its place that no name has alone or with an index."""
    used = {key[0] for key in taken if re.fullmatch(r".([0-9].*)?", key)}
    return next((x for x in (letter, *OTHERS.get(letter, "")) if x not in used), letter)


def _numbered(stem: str, taken: Collection[str], first: int = 1) -> Iterator[str]:
    """v₁, v₂, ..., without labels that are taken."""
    key = _key(stem)
    for i in count(first):
        if f"{key}{i}" not in taken:
            yield stem + subscript(i)


def _key(label: str) -> str:
    """What is equal for labels that a reader takes for the same: v₁, v1, v_1 and v_{1}."""
    return label.translate(DIGITS)
