"""Rules of the table as formulas: the derivatives of a calculus book, printed by running the rules.

Nothing here knows a derivative. A rule is run on fresh nodes with letters for names, and the graph that it records is
printed as a formula.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..._support.languages import say
from ...engine.grad_mode import complete_graph
from ...engine.graphs import ancestors
from ...engine.node import Node, number_of, shape_of
from ...engine.tensor import Tensor
from ...engine.walk import by_the_table
from ...errors import TinygradError
from ..mathematics import LIFTED
from ..names import LOW, labels, over, summed
from ..numbers import Quantity, number
from ..recorded import one_like
from ..transcribe import SHAPES, attributes, is_plumbing
from .formula import formula_of
from .terms import PIPES, operand

__all__ = ["pull_one", "rule_in_letters"]

LONG = 15
"""Numbers of an array of more characters than this are not written into a rule: they have a box of their own."""


def pull_one(node: Node, slot: int, upstream: Any, letter_of: Mapping[int, Any] | None = None) -> Any:
    """What operand `slot` of a node receives, by the rule of the table, as the walk applies it.

    The rule is run on numbers, or on what `letter_of` has, by `id()`, in place of the node and its operands.
    """
    assert node.primitive is not None
    read = number_of if letter_of is None else lambda x: letter_of.get(id(x), x)
    out, *values = map(read, (node, *node.inputs))
    return by_the_table(node.primitive, (slot,), upstream, out, values, node.attrs)[0]


def rule_in_letters(
    node: Node, slot: int, names: Mapping[Any, str], upstream: str | None = None, taken: Collection[str] = ()
) -> str | None:
    """The rule for operand `slot` of a node, as a formula in these names.

    None if it cannot be printed, or is nothing but many numbers.

    Without `upstream` it is the local derivative; with the name of the upstream gradient, what the operand receives.
    Letters of the table that are among the `names`, or `taken` besides, are not in it.

    >>> import tinygrad_edu as tg
    >>> x, w = tg.Value(3.0), tg.Value(2.0)
    >>> names = {x: "x", w: "w", (z := x**2 * w): "z"}
    >>> q, _ = z.inputs
    >>> rule_in_letters(q, 0, names | {q: "q"}), rule_in_letters(z, 0, names | {q: "q"}, "∂z/∂z")
    ('2 · x', '∂z/∂z · w')
    """
    if upstream is not None and node.primitive is not None and node.primitive.words:
        return _in_words(node, slot, names, upstream, taken)
    operands = (x for x in (node, *node.inputs) if isinstance(x, (Node, np.ndarray)))
    letters = {id(x): _letter(x, names) for x in operands}
    g = 1.0 if upstream is None else _letter(node, {node: upstream})
    try:
        with complete_graph:
            result = pull_one(node, slot, g, letters)
            if upstream is not None and result is not None:
                result = letters[id(node.inputs[slot])].fit(result)
    except (TinygradError, ArithmeticError, ValueError, TypeError):
        return None
    if not isinstance(result, Node) or not result.requires_grad:
        return Quantity.of(result).in_short()
    made = ancestors([result])
    text = formula_of(result, made, labels(made) | {x: x.name for x in made if x.name}, plumbing=PIPES)
    if text == "[…]":
        return None
    return re.sub(r"^(−?Σ[ᵢⱼₖₗₘₙ]*)\(([^()]*)\)$", r"\1 \2", text)


def _in_words(node: Node, slot: int, names: Mapping[Any, str], upstream: str, besides: Collection[str]) -> str | None:
    """The rule as the table words it; with Σ before it where the operand was broadcast.

    None where a letter of the table, such as σ, is a name of the program.
    """
    assert node.primitive is not None
    if is_plumbing(node.primitive.name, attributes(node), SHAPES):
        return upstream
    words = node.primitive.words
    if isinstance(words, Mapping):  # by the numbers of axes of the operands
        words = words.get(tuple(len(shape_of(x)) for x in node.inputs), words[()])
    text = words[min(slot, len(words) - 1)]
    letters = [letter.replace("\u0302", "_hat") for letter in LETTERS.findall(text)]
    if not text or _are_names(letters, names, besides):
        return None
    called = [_called(x, names) for x in node.inputs]
    values = dict(zip("xyz", (*called, "", "")), g=upstream, out=names[node])
    values = {key: f"({value})" if "∂" in value and f"{{{key}}}ᵀ" in text else value for key, value in values.items()}
    values["over"] = over(node).translate(LOW)
    if "{targets}" in text:
        values["targets"] = "targets" if _are_names(["y"], names, besides) else "y"
    if "{n}" in text:
        values["n"] = number(math.prod(shape_of(node.inputs[0])) / math.prod(shape_of(node)) - node.attrs["ddof"])
    if "{by_axes}" in text:
        values["by_axes"] = _by_axes(node.attrs["subscripts"], slot, called, upstream)
    said = say(text, **values).strip()
    own = shape_of(node.inputs[slot])
    if node.primitive.elementwise and own != shape_of(node):
        said = f"Σ{summed(shape_of(node), own).translate(LOW)} {said}"
    said = said if shape_of(node) else said.replace("⊙", "·")
    return say("{rule}, shared by ties", rule=said) if text.startswith("{g} where") and _ties(node, slot) else said


LETTERS = re.compile(r"(?<![\w{])[^\W\d_]\u0302?(?![\w(}])")
"""The letters in the words of a rule that stand for what no operand is."""


def _by_axes(subscripts: str, slot: int, called: Sequence[str], upstream: str) -> str:
    """The rule of an einsum for one operand, with the letters of its axes as indices.

    >>> _by_axes("ij,jk->ik", 0, ["A", "B"], "g"), _by_axes("ij->i", 0, ["A"], "g")
    ('Σ_{k} g_{ik} B_{jk}', 'g_{i}')
    >>> _by_axes("ij,jk->ik", 1, ["net.weight", "v₁"], "g")
    'einsum(ik,ij→jk, g, net.weight)'
    """
    terms, result = subscripts.split("->")
    axes = [result, *terms.split(",")]
    own = axes.pop(slot + 1)
    factors = [upstream, *(name for i, name in enumerate(called) if i != slot)]
    indexed = [re.fullmatch(r"([^\W\d_₀-₉]{1,2})([₀-₉]*)", name) for name in factors]
    if not all(indexed):
        return f"einsum({','.join(axes)}→{own}, {', '.join(factors)})"
    gone = "".join(sorted(set("".join(axes)) - set(own)))
    parts = [f"Σ_{{{gone}}}"] if gone else []
    for name, letters in zip(indexed, axes):
        assert name is not None
        index = ",".join(filter(None, (name[2].translate(LIFTED), letters)))
        parts.append(f"{name[1]}_{{{index}}}" if index else name[1])
    return " ".join(parts)


def _are_names(letters: Collection[str], names: Mapping[Node, str], besides: Collection[str]) -> bool:
    """Whether any of these letters is a name; they are few, and mostly none."""
    return bool(letters) and any(name in letters for name in (*names.values(), *besides))


def _ties(node: Node, slot: int) -> bool:
    """Whether several elements are the largest or smallest and share the gradient."""
    let_through = np.asarray(pull_one(node, slot, one_like(node)))
    return bool(np.any((let_through > 0) & (let_through < 1)))


def _called(x: Any, names: Mapping[Any, str]) -> str:
    """An operand, or a result, by its name; data without one by their numbers, if these are few."""
    text = operand(x, names).text
    return text if isinstance(x, Node) or id(x) in names or len(text) <= LONG else "[…]"


def _letter(x: Any, names: Mapping[Any, str]) -> Any:
    """What a rule is run on in place of a node or an array: a fresh leaf with its number and its name.

    An array of one number without a name is a number.
    """
    data = number_of(x)
    if data is x and not x.ndim and id(x) not in names:
        return x.item()
    kind: Any = type(x) if isinstance(x, Node) else Tensor
    learned = not hasattr(data, "dtype") or data.dtype.kind == "f"
    return kind(data, requires_grad=learned, name=_called(x, names))
