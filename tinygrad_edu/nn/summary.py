"""The table of a network: for each layer the shape of its output, its parameters, multiply-adds and memory.

It is made of a trial of the model: open sizes are known there, and the multiply-adds are counted on the graph, those of
the user's own functions included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import prod
from typing import Any, ClassVar, Literal

import numpy as np

from .._support.languages import language, say, speaking, texts
from .._support.nested import leaves
from .._support.text import clean, columns
from ..engine.graphs import ancestors
from ..engine.messages import short
from ..engine.node import Node, clock, number_of, shape_of
from ..engine.trial import example, trial
from ..errors import DtypeError
from .module import Module, tensors_in
from .parameter import Uninitialized, in_words

__all__ = ["Summary", "summary"]


def summary(model: Module, *inputs: Any, depth: int | None = None, lang: str | None = None) -> Summary:
    """A table of the layers of a model, with the shape of each output when the model is called on these inputs.

    Parameters
    ----------
    model : the network; it is not changed.
    inputs : for each input its shape, a tuple of ints that begins with the batch; or an example, such as an array of
        integers for an `Embedding`. Without inputs the table has no shapes and no multiply-adds.
    depth : the number of levels of inner modules with rows of their own; deeper ones are added to the row around them.
    lang : the language of the headings and notes, "en" or "zh"; None: the one that `TINYGRAD_EDU_LANG` names.

    A multiply-add is a product that is added to others: in products of matrices, convolutions and recurrent layers, not
    in functions of single numbers. A parameter in two places counts in the first.

    Raises the errors of the model for such inputs, and `DtypeError` if `model` is not a module.

    >>> from tinygrad_edu import nn
    >>> nn.summary(nn.Sequential(nn.Linear(None, 128), nn.ReLU(), nn.Linear(128, 10)), (1, 784))
    Layer         Output    Parameters  Multiply-adds  Memory
    Sequential    (1, 10)
      0 Linear    (1, 128)     100,480        100,352   512 B  uninitialised
      1 ReLU      (1, 128)                              512 B
      2 Linear    (1, 10)        1,290          1,280    40 B
    Total                      101,770        101,632  1.1 kB
    Parameters take 407.1 kB.
    """
    if not isinstance(model, Module):
        raise DtypeError(f"summary: needs a module, not {short(model)}")
    record = Record()
    with trial(model) as twin:
        if inputs:
            record.watch(twin)
            twin(*(example(x, twin) for x in inputs))
            _count_multiply_adds(record)
    with speaking(lang):
        return Summary(_folded(_rows(model, twin, record), depth), language())


@dataclass
class Row:
    """A row of the table.

    Attributes
    ----------
    name : the path of the module, such as `features.0`.
    kind : its class.
    depth : the number of modules around it.
    output : the shape of its last output, as text; empty if it was not called.
    parameters : the count of numbers that it learns itself: not those of inner modules, or in an earlier row.
    parameter_bytes : the memory of these numbers.
    multiply_adds : the count of its own, in all its calls.
    memory : the bytes of its outputs; 0 if inner modules made them.
    notes : remarks, such as "frozen" or "called 2 times".
    """

    name: str
    kind: str
    depth: int
    output: str = ""
    parameters: int = 0
    parameter_bytes: int = 0
    multiply_adds: int = 0
    memory: int = 0
    notes: list[str] = field(default_factory=list)


class Summary:
    """The table as text, as rich text by `rich.print`, as HTML in a notebook, and as `rows` for a program.

    >>> from tinygrad_edu import nn
    >>> table = nn.summary(nn.Sequential(nn.Linear(784, 10), nn.ReLU()), (1, 784))
    >>> table.parameters, table.multiply_adds, table.memory
    (7850, 7840, 80)
    >>> [row.output for row in table.rows]
    ['(1, 10)', '(1, 10)', '(1, 10)']
    """

    headings = texts(("Layer", "Output", "Parameters", "Multiply-adds", "Memory"))
    sides: ClassVar[tuple[Literal["left", "right"], ...]] = ("left", "left", "right", "right", "right", "left")

    def __init__(self, rows: Sequence[Row], lang: str | None = None) -> None:
        self.rows, self.lang = list(rows), lang

    @property
    def parameters(self) -> int:
        """The count of numbers that the model learns."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """The count of multiply-adds of one call."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self) -> int:
        """The bytes of the outputs of all layers."""
        return sum(row.memory for row in self.rows)

    def _cells(self) -> list[tuple[str, ...]]:
        with speaking(self.lang):
            cells, all_rows = [(*map(say, self.headings), "")], say("Total")
        around: list[str] = []
        for row in self.rows:
            around[row.depth :] = [row.name]
            outer = f"{around[-2]}." if row.depth > 1 else ""  # the outermost has no name
            name = f"{clean(row.name.removeprefix(outer))} " if row.name else ""
            counts = (_count(row.parameters), _count(row.multiply_adds), _bytes(row.memory))
            cells.append(("  " * row.depth + name + row.kind, row.output, *counts, say(", ").join(row.notes)))
        total = (_count(self.parameters), _count(self.multiply_adds), _bytes(self.memory))
        return [*cells, (all_rows, "", *total, "")]

    @property
    def _footer(self) -> str:
        taken = _bytes(sum(row.parameter_bytes for row in self.rows)) or "0 B"
        with speaking(self.lang):
            return say("Parameters take {memory}.", memory=taken)

    def __repr__(self) -> str:
        cells = self._cells()
        widths = [max(map(columns, column)) for column in zip(*cells)]
        lines = (
            "  ".join(
                (n - columns(cell)) * " " + cell if side == "right" else cell + (n - columns(cell)) * " "
                for cell, n, side in zip(row, widths, self.sides)
            )
            for row in cells
        )
        return "\n".join([*(line.rstrip() for line in lines), self._footer])

    def __rich__(self) -> Any:
        """The table as `rich.print(summary)` shows it."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text  # so that a name in brackets is not taken for markup

        head, *body, total = self._cells()
        table = Table(box=SIMPLE_HEAD, show_footer=True, caption=self._footer, caption_justify="left")
        for heading, foot, side in zip(head, total, self.sides):
            table.add_column(heading, Text(foot), justify=side, no_wrap=True)
        for row in body:
            table.add_row(*map(Text, row))
        return table

    def _repr_html_(self) -> str:
        head, *body, total = self._cells()
        rows = "\n".join(_html_line(row) for row in body)
        caption = f'<caption style="caption-side: bottom; text-align: left; padding: 0.5em">{self._footer}</caption>'
        return (
            f'<table style="border-collapse: collapse; font-variant-numeric: tabular-nums">\n{caption}\n'
            f"<thead>{_html_line(head, 'th')}</thead>\n<tbody>\n{rows}\n</tbody>\n"
            f"<tfoot>{_html_line(total, 'th')}</tfoot>\n</table>"
        )


def _html_line(cells: Iterable[str], tag: str = "td") -> str:
    line = {"td": "", "th": "border-top: 1px solid; border-bottom: 1px solid; "}[tag]
    styled = "".join(
        f'<{tag} style="{line}padding: 0.2em 0.7em; text-align: {side}; white-space: pre">{escape(cell)}</{tag}>'
        for side, cell in zip(Summary.sides, cells)
    )
    return f"<tr>{styled}</tr>"


# Recording the trial.


@dataclass
class Call:
    """A call of a module: its first and last tick of the node counter, the call around it, and its output."""

    module: Module
    start: int
    caller: Call | None
    end: int = 0
    output: Any = None
    multiply_adds: int = 0
    has_inner: bool = False


class Record:
    """The calls of all modules of a model, in the order of their starts."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.running: Call | None = None

    def watch(self, model: Module) -> None:
        """Record every call of the model and of its modules."""
        for module in model.modules():
            if hasattr(module, "forward"):  # a list of modules has none
                vars(module)["forward"] = self._watched(module, module.forward)

    def _watched(self, module: Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            call = Call(module, next(clock), self.running)
            self.calls.append(call)
            if call.caller is not None:
                call.caller.has_inner = True
            self.running = call
            call.output = forward(*args, **kwargs)
            call.end, self.running = next(clock), call.caller
            return call.output

        return watched

    def call_of(self, node: Node) -> Call | None:
        """The innermost call that made a node."""
        i = bisect_right(self.calls, node.index, key=lambda call: call.start) - 1
        call = self.calls[i] if i >= 0 else None
        while call is not None and call.end < node.index:
            call = call.caller
        return call


def _count_multiply_adds(record: Record) -> None:
    """Add the multiply-adds of every operation to the call that made it."""
    outputs = [x for call in record.calls for x in leaves(call.output) if isinstance(x, Node)]
    for node in ancestors(outputs):
        call = record.call_of(node)
        if call is not None and node.primitive is not None and node.primitive.name in MULTIPLY_ADDS:
            operands = [number_of(x) for x in node.inputs]
            call.multiply_adds += MULTIPLY_ADDS[node.primitive.name](number_of(node), *operands, **node.attrs)


MULTIPLY_ADDS: dict[str, Callable[..., int]] = {
    "linear": lambda out, x, weight, *bias: out.size * weight.shape[1],
    "matmul": lambda out, x, y: out.size * x.shape[-1],
    "einsum": lambda out, *x, subscripts: prod(_letters(subscripts, x).values()),
    "attention_weights": lambda out, q, *rest, **how: out.size * q.shape[-1],
    "dot": lambda out, *x: len(x) // 2,
    "convolution": lambda out, x, weight, *bias, **how: out.size * prod(weight.shape[1:]),
    "conv_transpose": lambda out, x, weight, *bias, **how: x.size * prod(weight.shape[1:]),
    "rnn": lambda out, x, w_ih, w_hh, *rest, **how: prod(x.shape[:2]) * (w_ih.size + w_hh.size),
    "lstm": lambda out, x, w_ih, w_hh, *rest: prod(x.shape[:2]) * (w_ih.size + w_hh.size),
    "gru": lambda out, x, w_ih, w_hh, *rest: prod(x.shape[:2]) * (w_ih.size + w_hh.size),
}
"""The number of multiply-adds of each row of the engine's table that has some, from its result and operands."""


def _letters(subscripts: str, x: Sequence[Any]) -> dict[str, int]:
    """The size of each axis that `einsum` names."""
    terms = subscripts.split("->")[0].replace(" ", "").split(",")
    return {letter: n for term, operand in zip(terms, x) for letter, n in zip(term, shape_of(operand))}


# Making the table.


def _rows(model: Module, twin: Module, record: Record) -> list[Row]:
    """A row for every module: names are from the model, sizes from its copy."""
    rows = []
    seen: dict[int, str] = {}
    named = {id(module): name for name, module in twin.named_modules()}
    for (name, module), (_, original) in zip(twin.named_modules(), model.named_modules()):
        row = Row(name, type(original).__name__, _depth(name, named.values()))
        _note_parameters(row, module, original, seen)
        calls = [call for call in record.calls if call.module is module]
        if calls:
            row.output = _shapes(calls[-1].output)
            row.multiply_adds = sum(call.multiply_adds for call in calls)
            row.memory = sum(x.nbytes for call in calls if not call.has_inner for x in _arrays(call.output))
        if len(calls) > 1:
            row.notes.append(say("called {n} times", n=len(calls)))
        if record.calls and not calls and hasattr(original, "forward"):
            row.notes.append(say("not called"))
        rows.append(row)
    return rows


def _folded(rows: Sequence[Row], depth: int | None) -> list[Row]:
    """The rows down to a depth; each deeper row is added to the last row before it that stays."""
    kept: list[Row] = []
    for row in rows:
        if depth is None or row.depth <= depth:
            kept.append(row)
            continue
        outer = kept[-1]
        outer.parameters += row.parameters
        outer.parameter_bytes += row.parameter_bytes
        outer.multiply_adds += row.multiply_adds
        outer.memory += row.memory
    return kept


def _note_parameters(row: Row, module: Module, original: Module, seen: dict[int, str]) -> None:
    """Count the module's own parameters, and note which are uninitialised, shared or frozen."""
    own = dict(tensors_in([(row.name, module)], "parameter"))
    originals = [x for _, x in tensors_in([("", original)], "parameter")]
    for name, x in own.items():
        if id(x) in seen:
            row.notes.append(say("{name} is {other}", name=name.rpartition(".")[2], other=seen[id(x)]))
            continue
        seen[id(x)] = name
        if not isinstance(x, Uninitialized):
            row.parameters += int(np.size(number_of(x)))
            row.parameter_bytes += int(np.asarray(number_of(x)).nbytes)
    frozen = [not x.requires_grad for x in originals]
    if any(isinstance(x, Uninitialized) for x in originals):
        row.notes.append(say("uninitialised"))
    if any(frozen):
        row.notes.append(say("frozen" if all(frozen) else "partly frozen"))


def _depth(name: str, names: Iterable[str]) -> int:
    """The number of modules around the one of this name."""
    return sum(name != outer and (not outer or name.startswith(f"{outer}.")) for outer in names)


def _arrays(output: Any) -> list[np.ndarray]:
    return [np.asarray(number_of(x)) for x in leaves(output) if hasattr(x, "shape")]


def _shapes(output: Any) -> str:
    """The shapes of an output, as text."""
    return ", ".join(in_words(shape_of(x)) if hasattr(x, "shape") else type(x).__name__ for x in leaves(output))


def _count(n: int) -> str:
    return f"{n:,}" if n else ""


def _bytes(n: float) -> str:
    """A number of bytes as text: 1.5 kB is 1,500."""
    for unit in ("B", "kB", "MB"):
        if n < 1000:
            return (f"{n:.0f} B" if unit == "B" else f"{n:.1f} {unit}") if n else ""
        n /= 1000
    return f"{n:,.1f} GB"
