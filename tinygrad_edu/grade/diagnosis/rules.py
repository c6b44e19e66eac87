"""Wrong derivative rules: a row of the table with a mistake in it.

No derivative is written here. A mistake asks the engine's own rule the wrong question: with an upstream of ones, at the
output instead of the input, with the operands swapped, along another axis. The classic mistakes of softmax with
cross-entropy, convolution and normalisation stand in `OF_ROWS`, by the row that they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import tinygrad_edu as tg

from ...engine.node import Node, number_of
from ...engine.primitives.primitive import Primitive
from ...engine.walk import gradients

__all__ = ["Edge", "ErringRow", "Wrong", "wrong_rules"]


class Edge(NamedTuple):
    """One question to a rule: what the operand in `slot` receives."""

    row: Primitive
    slot: int
    g: Any
    out: Any
    values: Sequence[Any]
    attrs: dict[str, Any]

    def pull(self, **changes: Any) -> Any:
        """The engine's answer; `changes` make it the answer to another question."""
        e = self._replace(**changes)
        return e.row.pull((e.slot,), e.g, e.out, e.values, e.attrs)[0]


Wrong = Callable[[Edge], Any]
"""A mistake: what an operand receives by it."""


class ErringRow(Primitive):
    """A row whose operands in `slots` (None: in all) receive what a mistake makes of it.

    It stands in the place of a node's row while the engine walks. It is in no table.
    """

    def __init__(self, row: Primitive, wrong: Wrong, slots: Sequence[int] | None = None) -> None:
        self.__dict__.update(row.__dict__)
        self.row, self.wrong, self.slots = row, wrong, slots
        self.plain = False  # so that the walk asks `pull`, and no rule by itself

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]) -> list[Any]:
        """What the operands in `slots` receive."""
        edges = [Edge(self.row, slot, g, out, values, attrs) for slot in slots]
        return [self.wrong(e) if self.slots is None or e.slot in self.slots else e.pull() for e in edges]


def wrong_rules(node: Node) -> Iterator[tuple[str, dict[str, str], Wrong]]:
    """The mistakes that can be made in the rules of this node: name, details, and the wrong rule."""
    row = node.primitive
    assert row is not None
    for name, wrong in OF_ROWS.get(row.name, {}).items():
        yield name.partition(":")[0], {}, wrong
    for name, wrong in GENERAL.items():
        yield name, {}, wrong
    if len(node.inputs) == 2:
        yield from ((name, {}, wrong) for name, wrong in OF_TWO.items())
    if "axis" in node.attrs:
        x = number_of(node.inputs[0])
        for axis in (*range(np.ndim(x)), None):
            yield "wrong axis", {"axis": str(axis)}, partial(along, axis=axis)


# In any row.


def at_the_output(e: Edge) -> Any:
    """The rule at the output: f'(f(x))."""
    values = [e.out if np.shape(x) == np.shape(e.out) else x for x in e.values]
    return e.pull(values=values, out=e.row.compute(values, e.attrs))


def along(e: Edge, axis: int | None) -> Any:
    """The rule of the same call along another axis."""
    attrs = {**e.attrs, "axis": axis}
    return e.pull(attrs=attrs, out=e.row.compute(e.values, attrs))


GENERAL: dict[str, Wrong] = {
    "upstream ignored": lambda e: e.pull(g=1.0 if isinstance(e.g, float) else np.ones_like(e.g)),
    "local derivative ignored": lambda e: e.g,
    "at the output": at_the_output,
    "at the input": lambda e: e.pull(out=e.values[e.slot]),
}

OF_TWO: dict[str, Wrong] = {
    "operands swapped": lambda e: e.pull(values=e.values[::-1]),
    "other operand's rule": lambda e: e.pull(slot=1 - e.slot),
}


# Softmax with cross-entropy: with the probabilities p, (p - target)·g.


def with_probabilities(wrong: Callable[[Any], Any]) -> Wrong:
    """Something else in the place of the probabilities."""
    return lambda e: e.pull() + (wrong(e.values[0]) - tg.softmax(e.values[0])) * e.g[..., None]


def with_targets(shift: int) -> Wrong:
    """Each target's neighbour."""

    def wrong(e: Edge) -> Any:
        return e.pull(attrs={"targets": (e.attrs["targets"] + shift) % e.values[0].shape[-1]})

    return wrong


def target_alone(e: Edge) -> Any:
    """-1·g at the target."""
    return e.pull() - tg.softmax(e.values[0]) * e.g[..., None]


CROSS_ENTROPY: dict[str, Wrong] = {
    "no -1 at the target": lambda e: tg.softmax(e.values[0]) * e.g[..., None],
    "probabilities left out": target_alone,
    "no softmax": with_probabilities(lambda logits: logits),
    "not normalised": with_probabilities(np.exp),
    "softmax over the wrong axis": with_probabilities(lambda logits: tg.softmax(logits, axis=0)),
    "target off by one:": with_targets(1),
    "target off by one:down": with_targets(-1),
    "by the probabilities": lambda e: target_alone(e) / tg.softmax(e.values[0]),
}


# Convolution: x, weight and perhaps bias.


def with_weight(change: Callable[[Any], Any]) -> Wrong:
    """The weight changed, and so its own gradient; x's is that of the changed weight."""

    def wrong(e: Edge) -> Any:
        x, weight, *bias = e.values
        return change(e.pull()) if e.slot == 1 else e.pull(values=(x, change(weight), *bias))

    return wrong


def window_axes(weight: Any) -> tuple[int, ...]:
    return tuple(range(2, weight.ndim))


def behind(padding: Any) -> Any:
    """All of the border behind the images: what they have who take the first places of a bordered image for its own."""
    return padding and tuple((0, before + after) for before, after in padding)


CONVOLUTION: dict[str, Wrong] = {
    "kernel flipped": with_weight(lambda weight: np.flip(weight, window_axes(weight))),
    "channels swapped": with_weight(lambda weight: weight.swapaxes(0, 1)),
    "stride ignored": lambda e: e.pull(attrs={**e.attrs, "stride": None}),
    "padding ignored": lambda e: e.pull(attrs={**e.attrs, "padding": behind(e.attrs["padding"])}),
    "dilation ignored": lambda e: e.pull(attrs={**e.attrs, "dilation": None}),
}


# Normalisation: the gradient of another forward pass.


def of_forward(forward: Callable[..., Any]) -> Wrong:
    """The gradient of another function in the place of the row's."""

    def wrong(e: Edge) -> Any:
        variables = [tg.Tensor(x, requires_grad=True) for x in e.values]
        return gradients(forward(*variables, **e.attrs), variables, e.g)[e.slot]

    return wrong


def normalised(
    x: Any, *affine: Any, axis: Any, shape: Any, eps: float, constant: str = "", ddof: int = 0, outside: bool = False
) -> Any:
    """`normalize` with parts of it held constant, divided by n - ddof, or with eps outside of the root."""
    mean = tg.mean(x, axis=axis, keepdims=True)
    variance = tg.var(x, axis=axis, ddof=ddof, keepdims=True)
    mean = mean.detach() if "mean" in constant else mean
    variance = variance.detach() if "variance" in constant else variance
    out = (x - mean) / (tg.sqrt(variance) + eps if outside else tg.sqrt(variance + eps))
    if affine:
        out = out * affine[0].reshape(shape)
    return out + affine[1].reshape(shape) if len(affine) == 2 else out


NORMALIZE: dict[str, Wrong] = {
    "statistics constant": of_forward(partial(normalised, constant="mean variance")),
    "mean constant": of_forward(partial(normalised, constant="mean")),
    "variance constant": of_forward(partial(normalised, constant="variance")),
    "unbiased variance": of_forward(partial(normalised, ddof=1)),
    "eps outside the root": of_forward(partial(normalised, outside=True)),
    "eps left out": lambda e: e.pull(attrs={**e.attrs, "eps": 0.0}),
}

OF_ROWS: dict[str, dict[str, Wrong]] = {
    "softmax_cross_entropy": CROSS_ENTROPY,
    "convolution": CONVOLUTION,
    "normalize": NORMALIZE,
}
"""The classic mistakes of a row. What follows a colon in a name only tells two ways to make one mistake apart."""
