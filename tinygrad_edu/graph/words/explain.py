"""`explain`: the chain rule with the numbers, as in the worked example of a textbook.

Nothing here knows a derivative. A local derivative is printed from its rule in the table (`rules`), and its number,
like every gradient, comes from the walk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..._support.grouping import grouped
from ..._support.languages import counted, say, speaking, texts
from ..._support.lazy import lazy
from ...engine.gradients import gradients
from ...engine.graphs import ancestors, reachable
from ...engine.messages import short
from ...engine.node import Node, number_of, shape_of
from ...engine.walk import walk
from ...errors import GraphError
from ..asked import recorded_of
from ..mathematics import isolated
from ..names import layers, local_partial, partial, shared_ways
from ..numbers import factor, number, printed_with
from ..plain import Quantity
from ..recorded import is_single, one_like
from ..text import in_code, in_markdown
from ..transcribe import place
from .formula import data_in_words, one_call
from .latex import equation, prose
from .rules import pull_one, rule_in_letters
from .terms import operand, printed
from .zeros import why_zero

__all__ = ["Explanation", "explain"]

T = TypeVar("T")

ENDS = texts(
    {
        "detach": "{name} was cut off by detach(){where}: whatever it was computed from, the path ends there.",
        "no_grad": "{name} was computed inside no_grad(){where}: the path ends there.",
        None: "{name} is a constant{where}: a path through whatever it was computed from would end there.",
    }
)
"""Why no gradient flows to a number, by what cut it off."""
LINES = 24
"""A longer list is cut in the middle."""
PATHS = 6
"""How many paths are written out."""
FACTORS = 8
"""A longer product is cut in the middle."""
GROUPED = 1_000
"""More paths than this are grouped, too."""
COUNTED = 10**15
"""Paths are counted up to this number."""


def explain(
    output: Node,
    by: Node,
    *,
    names: Mapping[str, Any] | None = None,
    digits: int | None = None,
    lang: str | None = None,
) -> Explanation:
    """How the derivative of `output` by `by` comes about: forward values, local derivatives, and the chain rule.

    The result shows itself, and `str()` gives its text. Up to six paths from one to the other are written out, and the
    sum is that of all paths; more than a thousand are also grouped by the use of `by` that they begin with. For arrays,
    each line carries the gradient back by one operation. `names` are names for nodes that have none: a dictionary, such
    as `locals()`. Numbers have so many significant `digits`; None: 4. `lang` is the language of the sentences, "en" or
    "zh"; None: the one that `TINYGRAD_EDU_LANG` names.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    >>> q = x + y
    >>> z = q * w
    >>> q.name, z.name = "q", "z"
    >>> tg.explain(z, x)
    How z changes with x
    <BLANKLINE>
    Forward
      q = x + y = 2 + 3 = 5
      z = q · w = 5 × 4 = 20
    <BLANKLINE>
    Local derivatives
      ∂z/∂q = w = 4
      ∂q/∂x = 1
    <BLANKLINE>
    Chain rule
      ∂z/∂x = ∂z/∂q · ∂q/∂x = 4 × 1 = 4
    """
    with speaking(lang), printed_with(digits):
        for what, node in ((say("the result"), output), (say("the variable"), by)):
            if not isinstance(node, Node):
                text = texts("explain: {what} has to be a Value or a Tensor, not {kind} {given}")
                raise GraphError(text, what=what, kind=type(node).__name__, given=short(node))
        recorded = recorded_of([output, by], names, "explain")
        explanation = Explanation(output, by, recorded.names, data_in_words(recorded))
        explanation.title, explanation.sections  # noqa: B018  # written now, in this language, with the numbers of now
    return explanation


class Link(NamedTuple):
    """A use on a path: `input` is operand `slot` of `node`."""

    node: Node
    slot: int
    input: Node


@dataclass(frozen=True, repr=False, eq=False)
class Explanation:
    """The derivative of `output` by `by`, explained; `names` are labels, `data` the texts of expressions of data."""

    output: Node
    by: Node
    names: Mapping[Any, str]
    data: Mapping[Node, str]

    @lazy
    def sections(self) -> list[tuple[str, list[str]]]:
        """The explanation in parts: a heading, which may be empty, and its lines."""
        z, x = self.names[self.output], self.names[self.by]
        sections = [(say("Forward"), self._forward())]
        if self.by is self.output:
            text = say("{partial} = 1: anything changes with itself one to one", partial=partial(z, x))
            return [*sections, ("", [text])]
        if not self.links:
            return [("", self._why_not())]
        if self._single_numbers():
            sections.append((say("Local derivatives"), _cut(self.links, self._local)))
            if self._paths_into[self.by] > GROUPED:
                sections.append((say("The paths grouped by the use of {x} that they begin with", x=x), self._grouped()))
            sections.append(self._chain_rule())
        else:
            sections += [(say("Backward, from {z} to {x}", z=z, x=x), self._carried_back())]
        reasons = why_zero(self.output, self.by, self.gradient, self.names)
        if reasons:
            some = np.any(np.asarray(self.gradient))
            sections.append((say("Why some elements are 0" if some else "Why it is 0"), _cut(reasons)))
        return sections

    @lazy
    def title(self) -> str:
        """The heading of the whole."""
        return say("How {z} changes with {x}", z=self.names[self.output], x=self.names[self.by])

    @lazy
    def text(self) -> str:
        """The explanation as plain text."""
        lines = [self.title]
        for heading, body in self.sections:
            lines += ["", *([heading] if heading else []), *(f"  {line}" for line in body)]
        return isolated("\n".join(lines))

    def markdown(self) -> str:
        """The explanation for a Markdown page; its lines stand in code, where nothing is interpreted."""
        parts = [f"# {in_markdown(self.title)}"]
        for heading, body in self.sections:
            parts += [*([f"## {in_markdown(heading)}"] if heading else []), "\n".join(f"- {in_code(x)}" for x in body)]
        return "\n\n".join(parts)

    def latex(self) -> str:
        r"""The explanation as LaTeX, for the body of a document that loads amsmath.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0, "x")
        >>> print(tg.explain(x * 2, x).latex())
        \section*{How $v_{1}$ changes with $x$}
        \subsection*{Forward}
        \begin{align*}
        v_{1} &= x \cdot 2 = 3 \times 2 = 6
        \end{align*}
        \subsection*{Local derivatives}
        \begin{align*}
        \frac{\partial v_{1}}{\partial x} &= 2
        \end{align*}
        \subsection*{Chain rule}
        \begin{align*}
        \frac{\partial v_{1}}{\partial x} &= 2
        \end{align*}
        """
        names = self.names[self.output], self.names[self.by]
        parts = [rf"\section*{{{prose(self.title, names)}}}"]
        for heading, body in self.sections:
            parts += [rf"\subsection*{{{prose(heading, names)}}}"] if heading else []
            if all(" = " in line and not re.search(": |：", line) for line in body):
                aligned = [equation(line).replace(" = ", " &= ", 1) for line in body]
                parts += [r"\begin{align*}", " \\\\\n".join(aligned), r"\end{align*}"]
            else:
                parts += [prose(line) + r" \par" for line in body]
        return "\n".join(parts)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    @lazy
    def gradient(self) -> Any:
        """The derivative: a float or an array; None where `output` does not depend on `by`."""
        if self.by is not self.output and not self.links:
            return None
        return gradients(self.output, [self.by], one_like(self.output))[0]

    # The graph between the two.

    @lazy
    def nodes(self) -> list[Node]:
        """Everything that the output was made from, in order of creation."""
        return ancestors([self.output])

    @lazy
    def links(self) -> list[Link]:
        """Every use on a path from `by` to `output`, youngest first."""
        if not (self.output.requires_grad and self.by.requires_grad):
            return []
        between = reachable(self.output, [self.by])
        if self.by not in between:
            return []
        return [
            Link(node, slot, x)
            for node in sorted(between, key=lambda node: -node.index)
            if node is not self.by
            for slot, x in enumerate(node.inputs)
            if isinstance(x, Node) and x in between
        ]

    @lazy
    def shared(self) -> set[tuple[Node, int]]:
        """The uses whose local derivative is only a part of the derivative of the one node by the other."""
        return shared_ways(self.nodes)

    def _single_numbers(self) -> bool:
        """Whether all nodes between `by` and `output` are single numbers, so that derivatives are numbers too."""
        return all(shape_of(node) == () for link in self.links for node in (link.node, link.input))

    def _why_not(self) -> list[str]:
        """The reasons why there is no derivative."""
        z, x = self.names[self.output], self.names[self.by]
        if any(node is self.by for node in self.nodes):
            if not np.issubdtype(np.asarray(number_of(self.by)).dtype, np.floating):
                why = texts("{x} holds no floats: {z} was computed from it, but only floats have gradients.")
            elif not self.by.requires_grad:
                why = texts(
                    "{x} was made with requires_grad=False: {z} was computed from it, but no gradient flows to it."
                )
            else:
                why = texts("{z} was computed from {x}, but by operations through which no gradient flows.")
            return [say(why, x=x, z=z)]
        if self.output.primitive is None and not self.output.requires_grad:
            text = say(
                "{z} is a constant{where}: nothing that it was computed from was recorded. That is so for what comes "
                "from detach(), from inside no_grad(), or from constants alone.",
                z=z,
                where=_where(self.output),
            )
            return [text]
        lines = [say("{z} does not depend on {x}: no path leads from {x} to {z}, so there is no derivative.", x=x, z=z)]
        ends = [node for node in self.nodes if node.primitive is None and not node.requires_grad]
        return lines + _cut(ends, self._where_recording_ended)

    def _where_recording_ended(self, node: Node) -> str:
        """Why no gradient flows to a number."""
        return say(ENDS[node.notes.cut if node.notes else None], name=self.names[node], where=_where(node))

    # Forward.

    def _forward(self) -> list[str]:
        made = [node for node in self.nodes if node.primitive is not None]
        if len(made) > LINES:
            between = {link.node for link in self.links} or {self.output}
            made = [node for node in made if node in between]
        layer = layers(self.nodes)
        leaves = (x for node in made for x in node.inputs if isinstance(x, Node) and x.primitive is None)
        introduced = dict.fromkeys(x for x in leaves if x in self.data or x in layer)
        return [*_cut(list(introduced), self._leaf_line), *_cut(made, self._forward_line)]

    def _leaf_line(self, leaf: Node) -> str:
        """`x₁ = 1 − y = [1, 0]`; `g₁ = 1` of what a differentiation began with."""
        return " = ".join(filter(None, (self.names[leaf], self.data.get(leaf), Quantity.of(leaf).in_short())))

    def _forward_line(self, node: Node) -> str:
        """`q = x + y = 2 + 3 = 5`"""
        line = f"{self.names[node]} = {one_call(node, lambda x: operand(x, self.names))}"
        operands = [Quantity.of(x) for x in node.inputs]
        value = Quantity.of(node)
        if value.is_number and all(x.is_number for x in operands) and node.primitive is not None:
            numbers = one_call(node, lambda x: printed(number_of(x)), times="×")
            line += f" = {numbers}" if numbers != value.in_short() else ""
        line += f" = {value.in_short()}"
        made_at = place(node)
        return line + (f"    [{made_at[0]}]" if made_at else "")

    # Numbers: local derivatives along paths.

    def _symbol(self, link: Link) -> str:
        """∂z/∂q, or (∂z/∂q)₂ where q reaches z by other operands too."""
        direct = (link.node, link.slot) in self.shared
        return local_partial(self.names[link.node], self.names[link.input], link.slot, direct=direct)

    def _local(self, link: Link) -> str:
        """`∂z/∂q = w = 4`"""
        value = number(self._local_value(link))
        text = rule_in_letters(link.node, link.slot, self.names)
        return f"{self._symbol(link)} = " + (value if text in (None, value) else f"{text} = {value}")

    def _local_value(self, link: Link) -> float:
        return float(pull_one(link.node, link.slot, 1.0))

    def _chain_rule(self) -> tuple[str, list[str]]:
        symbol = partial(self.names[self.output], self.names[self.by])
        total = number(float(self.gradient))
        count = self._paths_into[self.by]
        if count == 1:
            path = self.links  # everything between the two is on the only path
            parts = [symbol, self._factors(path), self._product(path), total] if len(path) > 1 else [symbol, total]
            return say("Chain rule"), [" = ".join(parts)]
        lines: list[str] = []
        sums: list[str] = []
        paths = list(islice(self._paths(), PATHS))
        for path, product in paths:
            sums.append(value := number(product))
            lines.append(f"{self._factors(path)} = " + (f"{self._product(path)} = " if len(path) > 1 else "") + value)
        if count > len(paths):
            lines.append(counted(count - len(paths), "… and {n} more path", "… and {n} more paths"))
            sums.append("…")
        lines.append(f"{symbol} = {_joined(sums, ' + ')} = {total}")
        return say("Chain rule, summed over {paths}", paths=_many(count)), lines

    def _grouped(self) -> list[str]:
        """All paths that begin with the same use of `by` in one line: `∂z/∂q · ∂q/∂x = 4 × 1 = 4 (12 paths)`."""
        gradient = dict(walk(self.output, one_like(self.output), inputs=[self.by], every=True))
        symbol, total = partial(self.names[self.output], self.names[self.by]), number(float(self.gradient))
        lines: list[str] = []
        sums: list[str] = []
        uses = sorted((link for link in self.links if link.input is self.by), key=lambda link: link.node.index)
        for link in uses[:LINES]:
            upstream, local = gradient.get(link.node, 0.0), self._local_value(link)
            value, count = number(float(upstream) * local), self._paths_into[link.node]
            carried = partial(self.names[self.output], self.names[link.node])
            factors = _joined([number(float(upstream)), number(local)], " × ")
            many = say("({paths})", paths=_many(count))
            lines.append(f"{carried} · {self._symbol(link)} = {factors} = {value} {many}")
            sums.append(value)
        if len(uses) > LINES:
            lines.append(counted(len(uses) - LINES, "… and {n} more use", "… and {n} more uses"))
            sums.append("…")
        return [*lines, f"{symbol} = {_joined(sums, ' + ')} = {total}"]

    def _factors(self, path: Sequence[Link]) -> str:
        """`∂z/∂q · ∂q/∂x`"""
        return " · ".join("…" if link is None else self._symbol(link) for link in _ends(path))

    def _product(self, path: Sequence[Link]) -> str:
        """`4 × 1`"""
        return _joined(["…" if link is None else number(self._local_value(link)) for link in _ends(path)], " × ")

    @lazy
    def _paths_into(self) -> dict[Node, int]:
        """The number of paths from each node to `output`: a node has as many as its users together."""
        paths = {self.output: 1}
        for link in self.links:
            paths[link.input] = min(paths.get(link.input, 0) + paths[link.node], COUNTED)
        return paths

    def _paths(self) -> Iterator[tuple[list[Link], float]]:
        """The paths from `output` to `by`, operand by operand, and the product of the local derivatives along each.

        Every link leads to `by`, so no search is in vain, and paths that begin alike share the work.
        """
        uses = grouped((use.node, use) for use in reversed(self.links))
        path: list[Link] = []
        products = [1.0]
        todo: list[Link | None] = [*uses[self.output]]
        while todo:
            link = todo.pop()
            if link is None:
                path.pop()
                products.pop()
                continue
            path.append(link)
            products.append(products[-1] * self._local_value(link))
            todo.append(None)
            if link.input is self.by:
                yield list(path), products[-1]
            else:
                todo.extend(uses[link.input])

    # Arrays: the gradient carried back, one operation in each line.

    def _carried_back(self) -> list[str]:
        """`∂L/∂W = Xᵀ @ ∂L/∂Y`, for each node on the way, youngest first."""
        receiving = grouped((link.input, link) for link in self.links)
        gradient = dict(walk(self.output, one_like(self.output), inputs=[self.by], every=True))
        first = f"{self._gradient_name(self.output)} = {Quantity.of(gradient[self.output]).in_short()}"
        if not is_single(self.output):
            first = say("{equation}: an upstream gradient of ones, as if the numbers were summed", equation=first)
        line = lambda x: self._received(x, receiving[x], gradient[x])
        return [first, *_cut(sorted(receiving, key=lambda node: -node.index), line)]

    def _received(self, node: Node, links: Sequence[Link], gradient: Any) -> str:
        parts = [
            rule_in_letters(link.node, link.slot, self.names, self._gradient_name(link.node))
            or say("what {operation} carries back", operation=repr(link.node.primitive))
            for link in links
        ]
        if len(parts) > 1:
            parts = [f"({part})" if _in_words(part, self.names.values()) else part for part in parts]
        total = " + ".join(parts).replace(" + −", " − ")
        return f"{self._gradient_name(node)} = {total} = {Quantity.of(gradient).in_short()}"

    def _gradient_name(self, node: Node) -> str:
        return partial(self.names[self.output], self.names[node])


WORDS = re.compile(r"(?<![\w.∂/])(?:[a-z]{2,}|[\u4e00-\u9fff]+)(?![\w.(])")


def _in_words(rule: str, names: Iterable[str]) -> bool:
    """Whether a rule says with words what it does, as in `g where x > 0`."""
    return not set(WORDS.findall(rule)).issubset(names)


def _where(node: Node) -> str:
    """` at lesson.py:3`, or nothing where it is not known."""
    made_at = place(node)
    return say(" at {place}", place=made_at[0]) if made_at else ""


def _joined(numbers: Sequence[str], sign: str) -> str:
    """Numbers with a sign between them; negative ones after it in brackets."""
    return sign.join([numbers[0], *map(factor, numbers[1:])])


def _many(paths: int) -> str:
    """How many paths there are."""
    return counted(paths, "{n} path", "{n} paths") if paths < COUNTED else say("more than {n} paths", n=f"{COUNTED:,}")


def _cut(items: Sequence[Any], line: Any = str) -> list[str]:
    """A line for each item, or of a long list for the items at both ends."""
    if len(items) <= LINES:
        return [line(item) for item in items]
    end = LINES // 2
    return [
        *(line(item) for item in items[:end]),
        counted(len(items) - 2 * end, "… {n} line left out …", "… {n} lines left out …"),
        *(line(item) for item in items[-end:]),
    ]


def _ends(items: Sequence[T]) -> list[T | None]:
    """The items; of a long list those at both ends, with None between them."""
    return list(items) if len(items) <= FACTORS else [*items[:4], None, *items[-3:]]
