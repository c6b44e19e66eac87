"""The function under test, as a function of one vector, and its derivatives by the engine.

The gradient of a function is again a function, of the same arguments and of the upstream gradient. So second
derivatives need no method of their own: they are the first derivatives of the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .._support.languages import say
from ..engine.grad_mode import enable_grad
from ..engine.gradients import gradients
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor
from ..engine.value import Value
from ..engine.walk import walk
from ..errors import GradientError
from .vectors import Arguments, flat, index_in_words, parts

__all__ = ["Gradient", "Recorded", "Subject"]


class Recorded(NamedTuple):
    """A recorded call: its leaves, its results, and the numbers of the results in one vector."""

    leaves: list[Node]
    outputs: list[Any]
    values: ndarray


class Subject:
    """The function of the user, called on new leaves, so that no `.grad` of the user changes.

    Attributes
    ----------
    order : 1 for a function, 2 for its gradient, and so on.
    arguments : its arguments, some of which are varied.
    shapes : the shapes of its outputs.
    precision : how closely two calls must agree: relative to each number, and relative to the largest.
    unsteady : the message if they do not.
    """

    order = 1
    precision = 1e-12, 0.0
    unsteady = (
        "the function is not deterministic: called twice on the same inputs it gave {}; "
        "fix its seed, or switch its randomness off"
    )

    def __init__(self, f: Callable[..., Any], inputs: Any) -> None:
        self.f = f
        self.arguments = Arguments(f, inputs)

    def call(self, leaves: Sequence[Node], create_graph: bool) -> list[Any]:
        """The outputs of the function, as a list."""
        with enable_grad():
            return parts(self.f(*self.arguments.placed(leaves)))

    def record(self, point: ndarray, create_graph: bool = True) -> Recorded:
        """Call the function at a point, on new leaves."""
        leaves = self.arguments.leaves(point)
        outputs = self.call(leaves, create_graph)
        self.shapes = [np.shape(number_of(x)) for x in outputs]
        return Recorded(leaves, outputs, flat(outputs))

    def values(self, point: ndarray) -> ndarray:
        """The numbers of all outputs at a point."""
        return self.record(point, create_graph=False).values

    def pull(self, call: Recorded, upstream: ndarray, create_graph: bool = False) -> list[Any]:
        """The engine's gradient of Σ upstream · output by each leaf; None if no path leads to the leaf."""
        return _pulled(call.outputs, call.leaves, self.upstreams(call, upstream), create_graph)

    def size(self, call: Recorded, upstream: ndarray) -> float:
        """The size of the numbers whose rounding makes Σ upstream · output inexact.

        The rounding error of a step is a fraction of its result, and reaches the output multiplied by the derivative
        of the output by that step. Rounding errors are random, so their squares add up.
        """
        total = 0.0
        for out, g in zip(call.outputs, self.upstreams(call, upstream)):
            total = math.hypot(total, _length(np.multiply(number_of(g), number_of(out))))
            if isinstance(out, Node) and out.requires_grad:
                for x, derivative in walk(out, number_of(g), every=True):
                    if x.primitive is not None:
                        total = math.hypot(total, _length(number_of(x) * derivative))
        return total

    def upstreams(self, call: Recorded, upstream: ndarray) -> list[Node]:
        """The upstream gradient of each output, from all of them in one vector."""
        ends = np.cumsum([math.prod(shape) for shape in self.shapes])
        return [
            Value(part[0], f"upstream{mark}") if isinstance(x, (Value, float)) else _tensor(part, x, f"upstream{mark}")
            for part, x, mark in zip(np.split(upstream, ends), call.outputs, _marks(call.outputs))
        ]

    def flat_gradient(self, found: Sequence[Any]) -> ndarray:
        """The gradients by all leaves in one vector, 0 for None; `GradientError` if one does not fit its leaf."""
        for x, gradient in zip(self.arguments.varied, found):
            array = np.asarray(number_of(gradient))
            if gradient is not None and (array.shape, array.dtype) != (x.shape, x.dtype):
                raise GradientError(
                    f"{x.name} has shape {x.shape} and dtype {x.dtype}, "
                    f"but its gradient has {array.shape} and {array.dtype}"
                )
        return flat([np.zeros(x.shape) if g is None else g for x, g in zip(self.arguments.varied, found)])

    def differs(self, once: ndarray, twice: ndarray) -> str | None:
        """The difference between two calls at one point, in words; None if they gave the same numbers."""
        rtol, atol = self.precision
        if once.shape == twice.shape and np.allclose(once, twice, rtol, atol * np.max(np.abs(once), initial=0.0)):
            return None
        return self.unsteady.format(_first_apart(once, twice))

    def output_in_words(self, i: int) -> str:
        """The i-th number of the outputs in words, such as `output[2]`."""
        for shape, mark in zip(self.shapes, _marks(self.shapes)):
            if i < math.prod(shape):
                return f"output{mark}" + index_in_words(i, shape)
            i -= math.prod(shape)
        raise IndexError(i)


class Gradient(Subject):
    """The gradient of another subject, as a function of its arguments and of the upstream gradient."""

    precision = 1e-9, 1e-12
    unsteady = (
        "the gradient depends on whether it is recorded: with create_graph=True and without, it is {}; "
        "a rule computes something else on nodes than on numbers"
    )

    def __init__(self, of: Subject, upstream: ndarray) -> None:
        self.of, self.order = of, of.order + 1
        call = of.record(of.arguments.point)
        self.arguments = Arguments(lambda: None, [*call.leaves, *of.upstreams(call, upstream)])

    def call(self, leaves: Sequence[Node], create_graph: bool) -> list[Any]:
        n = len(self.of.arguments.varied)
        variables, upstreams = leaves[:n], leaves[n:]
        found = _pulled(self.of.call(variables, create_graph=True), variables, upstreams, create_graph)
        return [np.zeros(x.shape) if g is None else g for x, g in zip(self.of.arguments.varied, found)]

    def output_in_words(self, i: int) -> str:
        return f"∂{'' if self.order == 2 else self.order - 1}f/∂{self.of.arguments.in_words(i)}"


def _pulled(outputs: Sequence[Any], leaves: Sequence[Node], upstreams: Sequence[Node], create_graph: bool) -> list[Any]:
    """The gradients of Σ upstream · output, over all outputs, by each leaf; None if no path leads to the leaf."""
    total: list[Any] = [None] * len(leaves)
    for out, upstream in zip(outputs, upstreams):
        if isinstance(out, Node) and out.requires_grad:
            found = gradients(out, leaves, upstream if create_graph else number_of(upstream), create_graph=create_graph)
            with enable_grad():
                total = [b if a is None else a if b is None else a + b for a, b in zip(total, found)]
    return total


def _length(x: Any) -> float:
    """The root of the sum of squares of the finite numbers."""
    finite = np.abs(x)[np.isfinite(x)]
    largest = np.max(finite, initial=0.0)
    return float(largest * np.sqrt(np.sum(np.square(finite / largest)))) if largest else 0.0


def _first_apart(once: ndarray, twice: ndarray) -> str:
    if once.shape != twice.shape:
        return say("{n} numbers and {m}", n=once.size, m=twice.size)
    i = int(np.argmax(once != twice))
    return say("{most} and {last}", most=f"{once[i]:.9g}", last=f"{twice[i]:.9g}")


def _tensor(part: ndarray, like: Any, name: str) -> Tensor:
    array = np.asarray(number_of(like))
    dtype = array.dtype if array.dtype.kind == "f" else np.float64
    return Tensor(part.reshape(array.shape), dtype, requires_grad=True, name=name)


def _marks(outputs: Sequence[Any]) -> list[str]:
    """The marks that tell several outputs apart; a single one needs none."""
    return [""] if len(outputs) == 1 else [f" {i}" for i in range(len(outputs))]
