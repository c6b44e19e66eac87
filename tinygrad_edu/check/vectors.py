"""Arguments and results of a function as one vector each.

Finite differences move one number at a time, wherever it stands. So all numbers that vary, in floats, arrays, Values
and Tensors, are put into one vector, and all numbers that the function returns into another.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.convert import native
from ..engine.derivatives import function_of
from ..engine.messages import short
from ..engine.node import Node, number_of
from ..engine.primitives import Primitive
from ..engine.tensor import Tensor
from ..engine.value import Value
from ..errors import DtypeError

__all__ = ["Arguments", "Varied", "around_one", "flat", "index_in_words", "parameters_of", "parts"]


@dataclass(frozen=True)
class Varied:
    """An argument that is varied.

    Attributes
    ----------
    position : its place among the arguments of the call.
    name : its name in messages: that of the node, or of the function's parameter.
    kind : float, ndarray, Value or Tensor.
    shape, dtype : of its numbers.
    span : its part of the vector.
    """

    position: int
    name: str
    kind: type
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    span: slice


class Arguments:
    """The arguments of a call: floats, arrays of floats and nodes that require a gradient are varied.

    Others, such as integers, masks, strings and nodes without a gradient, are passed on unchanged.

    Attributes
    ----------
    given : the arguments as the user gave them.
    varied : those that are varied.
    point : all varied numbers in one vector of float64.
    """

    def __init__(self, f: Callable[..., Any], inputs: Any, *, all_nodes: bool = False) -> None:
        self.given = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
        function, n = function_of("gradcheck", f), len(self.given)
        names = parameters_of(function.arrays if isinstance(function, Primitive) else function)
        names += [f"input {i}" if n > 1 else "input" for i in range(len(names), n)]
        self.varied: list[Varied] = []
        arrays = [(name, x) for name, x in zip(names, self.given) if isinstance(x, (ndarray, Node))]
        self._before = [(name, x, np.array(number_of(x))) for name, x in arrays]
        chunks = [np.empty(0)]
        start = 0
        for position, (x, name) in enumerate(zip(self.given, names)):
            kind = _kind(x, all_nodes)
            if kind is None:
                continue
            data = native(np.asarray(number_of(x)))
            span = slice(start, start := start + data.size)
            name = (isinstance(x, Node) and x.name) or name
            self.varied.append(Varied(position, name, kind, data.shape, data.dtype, span))
            chunks.append(data.astype(np.float64).ravel())
        self.point = np.concatenate(chunks)

    @property
    def eps(self) -> float:
        """The rounding unit of the coarsest dtype among the varied arguments."""
        return max((float(np.finfo(x.dtype).eps) for x in self.varied), default=2.0**-52)

    def at(self, point: ndarray) -> list[Any]:
        """The arguments at another point, each of its own kind."""
        return self.placed([_MADE[x.kind](data) for x, data in zip(self.varied, self.split(point))])

    def leaves(self, point: ndarray) -> list[Node]:
        """New leaves for the varied arguments, at another point."""
        return [
            Value(data.item(), x.name) if x.kind in (float, Value) else Tensor(data, requires_grad=True, name=x.name)
            for x, data in zip(self.varied, self.split(point))
        ]

    def split(self, point: ndarray) -> list[ndarray]:
        """The numbers of each varied argument, in its shape and dtype."""
        return [point[x.span].reshape(x.shape).astype(x.dtype) for x in self.varied]

    def placed(self, varied: Sequence[Any]) -> list[Any]:
        """The arguments, with the varied ones replaced."""
        arguments = list(self.given)
        for x, replacement in zip(self.varied, varied):
            arguments[x.position] = replacement
        return arguments

    def changed(self, leaves: Sequence[Node]) -> str | None:
        """The name of an argument whose numbers were changed by a call at `point`; None if there is none."""
        for x, leaf, data in zip(self.varied, leaves, self.split(self.point)):
            if not np.array_equal(number_of(leaf), data, equal_nan=True):
                return x.name
        for name, given, before in self._before:
            if not np.array_equal(number_of(given), before):
                return name
        return None

    def in_words(self, j: int) -> str:
        """The j-th varied number in words: the argument and the index in it, such as `x[0, 2]`."""
        for x in self.varied:
            if x.span.start <= j < x.span.stop:
                return x.name + index_in_words(j - x.span.start, x.shape)
        raise IndexError(j)


_MADE: dict[type, Callable[[ndarray], Any]] = {
    float: float,
    ndarray: np.array,
    Value: lambda data: Value(data.item()),
    Tensor: Tensor,
}


def _kind(x: Any, all_nodes: bool) -> type | None:
    """The kind of a varied argument; None for one that is passed on unchanged."""
    if isinstance(x, Node):
        varies = (all_nodes or x.requires_grad) and np.asarray(number_of(x)).dtype.kind == "f"
        return (Value if isinstance(x, Value) else Tensor) if varies else None
    if isinstance(x, float):
        return float
    if isinstance(x, (ndarray, np.generic)):
        if x.dtype.kind == "c":
            raise DtypeError(f"complex numbers ({x.dtype}) are not differentiated; give real and imaginary parts")
        return ndarray if x.dtype.kind == "f" else None
    return None


def parameters_of(f: Callable[..., Any]) -> list[str]:
    """The names of the parameters that a function takes by their places, as far as they are known."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def index_in_words(flat_index: int, shape: tuple[int, ...]) -> str:
    """The place of a number in an array, such as `[0, 2]`; nothing for a single number."""
    if not shape:
        return ""
    return f"[{', '.join(str(int(i)) for i in np.unravel_index(flat_index, shape))}]"


def parts(output: Any) -> list[Any]:
    """The outputs of a function as a list; a function returns several outputs as a tuple or list."""
    return list(output) if isinstance(output, (tuple, list)) else [output]


def flat(outputs: Sequence[Any]) -> ndarray:
    """All numbers of all outputs in one vector of float64."""
    arrays = [np.asarray(number_of(x)) for x in outputs]
    for x, array in zip(outputs, arrays):
        if array.dtype.kind not in "fiub":
            raise DtypeError(
                f"the function returned {type(x).__name__} {short(x)}; finite differences need numbers: "
                "a Value, a Tensor, a float, an array, or a tuple of them"
            )
    return np.concatenate([np.empty(0), *(a.astype(np.float64).ravel() for a in arrays)])


def around_one(random: np.random.Generator, *shape: int) -> ndarray:
    """Random numbers of either sign, none of them near 0."""
    return np.asarray(random.uniform(0.5, 1.5, shape) * random.choice([-1.0, 1.0], shape))
