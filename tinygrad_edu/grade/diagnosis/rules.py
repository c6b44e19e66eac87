"""Wrong derivative rules, made from the right ones.

No derivative is written here. A mistake calls the engine's own rule with wrong arguments: an upstream of ones, the
output instead of the input, swapped operands, another axis. The table `OF_ROWS` has the classic mistakes of softmax
with cross-entropy, convolution and normalisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..._support.languages import say, texts
from ...engine.gradients import gradients
from ...engine.node import Node, number_of
from ...engine.primitives.elementwise import sqrt
from ...engine.primitives.primitive import Primitive
from ...engine.primitives.reductions import mean, softmax, var
from ...engine.tensor import Tensor

__all__ = ["ErringRow", "RuleCall", "Wrong", "wrong_rules"]


class RuleCall(NamedTuple):
    """The call of a rule for the contribution to the operand in `slot`.

    Attributes
    ----------
    row : the row of the table.
    slot : which operand receives the contribution.
    g, out, values, attrs : the gradient of the result, the result, the operands and the attributes.
    """

    row: Primitive
    slot: int
    g: Any
    out: Any
    values: Sequence[Any]
    attrs: dict[str, Any]

    def pull(self, **changes: Any) -> Any:
        """The contribution by the engine's rule; `changes` replace arguments of the call."""
        e = self._replace(**changes)
        return e.row.pull((e.slot,), e.g, e.out, e.values, e.attrs)[0]


Wrong = Callable[[RuleCall], Any]
"""A mistake: returns the wrong contribution for a call of a rule; None for no contribution."""


class ErringRow(Primitive):
    """A row with a mistake in the rules of the operands in `slots` (None: of all operands).

    A node gets it in the place of its right row while the engine walks. Everything but the rules is the right row's. It
    is not in the table.
    """

    def __init__(self, row: Primitive, wrong: Wrong, slots: Sequence[int] | None = None) -> None:
        self.row, self.wrong, self.slots = row, wrong, slots
        self.rules = (None,) * row.arity  # so that the walk asks `pull`

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    def pull(self, slots: Sequence[int], g: Any, out: Any, values: Sequence[Any], attrs: dict[str, Any]) -> list[Any]:
        """The contributions to the operands in `slots`."""
        return [self.contribution(slot, g, out, *values, **attrs) for slot in slots]

    def contribution(self, slot: int, g: Any, out: Any, /, *values: Any, **attrs: Any) -> Any:
        """The contribution to one operand: by the mistake if it is one of those that err."""
        call = RuleCall(self.row, slot, g, out, values, attrs)
        return self.wrong(call) if self.slots is None or slot in self.slots else call.pull()


def wrong_rules(node: Node) -> Iterator[tuple[str, dict[str, str], Wrong]]:
    """All mistakes in the rules of a node: name, details, and the wrong rule."""
    row = node.primitive
    assert row is not None
    for name, wrong in OF_ROWS.get(row.name, {}).items():
        yield name.partition(":")[0], {}, wrong
    for formula, derivative in FORMULAS.get(row.name, {}).items():
        yield "formula", {"formula": say(formula)}, partial(_by_formula, derivative=derivative)
    for name, wrong in (GENERAL | OF_ONE if len(node.inputs) == 1 else GENERAL).items():
        yield name, {}, wrong
    if len(node.inputs) == 2:
        yield from ((name, {}, wrong) for name, wrong in OF_TWO.items())
    if "axis" in node.attrs:
        x = number_of(node.inputs[0])
        for axis in (*range(np.ndim(x)), None):
            yield "wrong axis", {"axis": str(axis)}, partial(_along, axis=axis)


# In any row.


def _at_the_output(e: RuleCall) -> Any:
    """The rule at the output: f'(f(x))."""
    values = [e.out if np.shape(x) == np.shape(e.out) else x for x in e.values]
    return e.pull(values=values, out=e.row.compute(values, e.attrs))


def _along(e: RuleCall, axis: int | None) -> Any:
    """The rule of the same operation along another axis."""
    attrs = {**e.attrs, "axis": axis}
    return e.pull(attrs=attrs, out=e.row.compute(e.values, attrs))


GENERAL: dict[str, Wrong] = {
    "upstream ignored": lambda e: e.pull(g=1.0 if isinstance(e.g, float) else np.ones_like(e.g)),
    "local derivative ignored": lambda e: e.g,
}

OF_ONE: dict[str, Wrong] = {
    "at the output": _at_the_output,
    "at the input": lambda e: e.pull(out=e.values[e.slot]),
    "at the upstream": lambda e: e.pull(values=[e.g], out=e.row.compute([e.g], e.attrs)),
}

OF_TWO: dict[str, Wrong] = {
    "operands swapped": lambda e: e.pull(values=e.values[::-1]),
    "other operand's rule": lambda e: e.pull(slot=1 - e.slot),
}


# Softmax with cross-entropy: the right rule is (p - target)·g, with the probabilities p.


def _with_probabilities(wrong: Callable[[Any], Any]) -> Wrong:
    """Something else in place of the probabilities."""
    return lambda e: e.pull() + (wrong(e.values[0]) - softmax(e.values[0])) * e.g[..., None]


def _with_targets(shift: int) -> Wrong:
    """The class next to each target."""

    def wrong(e: RuleCall) -> Any:
        return e.pull(attrs={"targets": (e.attrs["targets"] + shift) % e.values[0].shape[-1]})

    return wrong


def _target_alone(e: RuleCall) -> Any:
    """-1·g at the target."""
    return e.pull() - softmax(e.values[0]) * e.g[..., None]


CROSS_ENTROPY: dict[str, Wrong] = {
    "no -1 at the target": lambda e: softmax(e.values[0]) * e.g[..., None],
    "probabilities left out": _target_alone,
    "no softmax": _with_probabilities(lambda logits: logits),
    "not normalised": _with_probabilities(np.exp),
    "softmax over the wrong axis": _with_probabilities(lambda logits: softmax(logits, axis=0)),
    "softmax twice": _with_probabilities(lambda logits: softmax(softmax(logits))),
    "target off by one:": _with_targets(1),
    "target off by one:down": _with_targets(-1),
    "by the probabilities": lambda e: _target_alone(e) / softmax(e.values[0]),
}


# Convolution: x, weight and perhaps bias.


def _with_weight(change: Callable[[Any], Any]) -> Wrong:
    """A changed weight: its gradient is changed in the same way, and the gradient of x uses the changed weight."""

    def wrong(e: RuleCall) -> Any:
        x, weight, *bias = e.values
        return change(e.pull()) if e.slot == 1 else e.pull(values=(x, change(weight), *bias))

    return wrong


def _behind(padding: Any) -> Any:
    """All padding after the images: the gradient of a program that keeps the first places of the padded images."""
    return padding and tuple((0, before + after) for before, after in padding)


CONVOLUTION: dict[str, Wrong] = {
    "kernel flipped": _with_weight(lambda weight: np.flip(weight, tuple(range(2, weight.ndim)))),
    "channels swapped": _with_weight(lambda weight: weight.swapaxes(0, 1)),
    "stride ignored": lambda e: e.pull(attrs={**e.attrs, "stride": None}),
    "padding ignored": lambda e: e.pull(attrs={**e.attrs, "padding": _behind(e.attrs["padding"])}),
    "dilation ignored": lambda e: e.pull(attrs={**e.attrs, "dilation": None}),
}


# Normalisation: the gradient of another forward pass.


def _of_forward(forward: Callable[..., Any]) -> Wrong:
    """The gradient of another function in place of the row's."""

    def wrong(e: RuleCall) -> Any:
        variables = [Tensor(x, requires_grad=True) for x in e.values]
        return gradients(forward(*variables, **e.attrs), variables, e.g)[e.slot]

    return wrong


def _normalised(
    x: Any, *affine: Any, axis: Any, shape: Any, eps: float, constant: str = "", ddof: int = 0, outside: bool = False
) -> Any:
    """`normalize` with constant parts, with a variance divided by n - ddof, or with eps outside the root."""
    center = mean(x, axis=axis, keepdims=True)
    variance = var(x, axis=axis, ddof=ddof, keepdims=True)
    center = center.detach() if "mean" in constant else center
    variance = variance.detach() if "variance" in constant else variance
    out = (x - center) / (sqrt(variance) + eps if outside else sqrt(variance + eps))
    if affine:
        out = out * affine[0].reshape(shape)
    return out + affine[1].reshape(shape) if len(affine) == 2 else out


NORMALIZE: dict[str, Wrong] = {
    "statistics constant": _of_forward(partial(_normalised, constant="mean variance")),
    "mean constant": _of_forward(partial(_normalised, constant="mean")),
    "variance constant": _of_forward(partial(_normalised, constant="variance")),
    "unbiased variance": _of_forward(partial(_normalised, ddof=1)),
    "eps outside the root": _of_forward(partial(_normalised, outside=True)),
    "eps left out": lambda e: e.pull(attrs={**e.attrs, "eps": 0.0}),
}

# Formulas that are nearly right, of the result and the operands.


def _by_formula(e: RuleCall, derivative: Callable[..., Any]) -> Any:
    """The upstream gradient times another derivative with respect to the last operand; the other's rule is right."""
    last = len(e.values) - 1
    if e.row.name == "power":
        last = 0
    return e.g * derivative(e.out, *e.values) if e.slot == last else e.pull()


FORMULAS: dict[str, dict[str, Callable[..., Any]]] = texts(
    {
        "tanh": {
            "1 - tanh(x), without the square; it is 1 - tanh(x)²": lambda y, x: 1 - y,
            "1 - 2 tanh(x); it is 1 - tanh(x)²": lambda y, x: 1 - 2 * y,
            "1 + tanh(x)²; it is 1 - tanh(x)²": lambda y, x: 1 + y * y,
            "tanh(x)²; it is 1 - tanh(x)²": lambda y, x: y * y,
            "tanh(x) · (1 - tanh(x)), the rule of sigmoid; it is 1 - tanh(x)²": lambda y, x: y * (1 - y),
        },
        "sigmoid": {
            "σ(x); it is σ(x) · (1 - σ(x))": lambda y, x: y,
            "1 - σ(x); it is σ(x) · (1 - σ(x))": lambda y, x: 1 - y,
            "1 - σ(x)², the rule of tanh; it is σ(x) · (1 - σ(x))": lambda y, x: 1 - y * y,
            "σ(x) · (1 + σ(x)); it is σ(x) · (1 - σ(x))": lambda y, x: y * (1 + y),
        },
        "divide": {
            "x / y by y; it is -x / y²": lambda out, x, y: out,
            "-x / y; it is -x / y²": lambda out, x, y: -out,
            "-1 / y²; it is -x / y²": lambda out, x, y: -1 / (y * y),
            "-x / y³; it is -x / y²": lambda out, x, y: -out / (y * y),
            "-x · y²; it is -x / y²": lambda out, x, y: -x * y * y,
        },
        "power": {
            "n · xⁿ; it is n · xⁿ⁻¹": lambda out, x, n: n * out,
            "xⁿ⁻¹, without n; it is n · xⁿ⁻¹": lambda out, x, n: x ** (n - 1),
            "n · xⁿ - 1, without brackets around n - 1; it is n · xⁿ⁻¹": lambda out, x, n: n * out - 1,
            "(n - 1) · xⁿ⁻¹; it is n · xⁿ⁻¹": lambda out, x, n: (n - 1) * x ** (n - 1),
        },
        "exp": {"x · exp(x - 1), the rule of powers; it is exp(x)": lambda y, x: x * y / np.e},
        "log": {"1 / log(x); it is 1 / x": lambda y, x: 1 / y, "log(x); it is 1 / x": lambda y, x: y},
        "sqrt": {
            "1 / (2 x); it is 1 / (2 √x)": lambda y, x: 0.5 / x,
            "√x / 2; it is 1 / (2 √x)": lambda y, x: 0.5 * y,
        },
        "square": {"x²; it is 2 x": lambda y, x: y},
        "reciprocal": {"-1 / x; it is -1 / x²": lambda y, x: -y},
        "sin": {"sin(x); it is cos(x)": lambda y, x: y},
        "cos": {"cos(x); it is -sin(x)": lambda y, x: y},
        "softplus": {"1 - σ(x); it is σ(x)": lambda y, x: 1 - np.exp(x - y)},
    }
)
"""Derivatives that students write, in words, beside the right ones."""

OF_ROWS: dict[str, dict[str, Wrong]] = {
    "softmax_cross_entropy": CROSS_ENTROPY,
    "convolution": CONVOLUTION,
    "normalize": NORMALIZE,
}
"""The classic mistakes of single rows. The text after a colon distinguishes two ways to make the same mistake."""
