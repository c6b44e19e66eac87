"""Arrays as single numbers: a graph of small arrays is written as rows of one number each, all that a page computes.

A matrix product is then products and their sums, and what a page knows of derivatives are those of single numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...plain import PlainNode
from ...transcribe import read_attribute

__all__ = ["EXPANSIONS", "THE_SAME", "Array", "Elements"]

Array = np.ndarray[Any, Any]
"""The numbers of rows, in the shape of the array that they stand for."""


class Elements:
    """The rows of a graph, `[operation or None, value, operands]`, which grow node by node.

    >>> elements = Elements({"multiply"})
    >>> x = elements.leaves([1.0, 2.0], (2,))
    >>> elements.made(PlainNode(3, "operation", "y", operation="multiply"), (2,), [x, x]).tolist()
    [2, 3]
    >>> elements.rows[2:]
    [['multiply', 0, [0, 0]], ['multiply', 0, [1, 1]]]
    """

    def __init__(self, known: set[str] | frozenset[str]) -> None:
        self.rows: list[list[Any]] = []
        self.known = known

    def leaves(self, numbers: Sequence[float], shape: Sequence[int], name: str | None = None) -> Array:
        """Rows of given numbers; with a name, of numbers that one can touch."""
        first = len(self.rows)
        for index, number in zip(np.ndindex(*shape), numbers):
            called = f"{name}[{', '.join(map(str, index))}]" if index else name
            self.rows.append([None, number, [], *([called] if name else [])])
        return np.arange(first, len(self.rows)).reshape(tuple(shape))

    def made(self, node: PlainNode, shape: Sequence[int], operands: Sequence[Array]) -> Array:
        """The rows of an operation. Raises `ValueError` for one that has no rows."""
        operation = node.operation or ""
        if operation in THE_SAME:
            return operands[0].reshape(tuple(shape))
        if operation in EXPANSIONS:
            attrs = {key: read_attribute(key, text) for key, text in node.attrs}
            made = EXPANSIONS[operation](self, *operands, **attrs).reshape(tuple(shape))
            repeated = np.unique(made).size < made.size  # what stands in two places has a gradient in each
            return self.each("identity", made) if repeated else made
        if operation not in self.known:
            raise ValueError(f"{operation} has no rows")
        return self.each(operation, *operands)

    def each(self, operation: str, *operands: Array) -> Array:
        """Element by element, with broadcasting."""
        made = np.frompyfunc(lambda *rows: self._row(operation, rows), len(operands), 1)(*operands)
        return np.asarray(made, dtype=int)

    def along(self, operation: str, x: Array, axis: Any = None, keepdims: bool = False) -> Array:
        """One row of all numbers that lie along some axes."""
        axes = {a % x.ndim for a in (range(x.ndim) if axis is None else np.atleast_1d(axis))}
        kept = [a for a in range(x.ndim) if a not in axes]
        shape = [1 if a in axes and keepdims else x.shape[a] for a in range(x.ndim) if keepdims or a not in axes]
        groups = x.transpose(*kept, *sorted(axes)).reshape(np.prod([x.shape[a] for a in kept], dtype=int), -1)
        return np.asarray([self._row(operation, group) for group in groups]).reshape(shape)

    def _row(self, operation: str, operands: Iterable[Any]) -> int:
        self.rows.append([operation, 0, [int(row) for row in operands]])
        return len(self.rows) - 1


# A row of the table: how it is written in rows of single numbers.


def _matmul(on: Elements, x: Array, y: Array) -> Array:
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y
    return on.along("sum", on.each("multiply", left[..., None], right[..., None, :, :]), -2)


def _linear(on: Elements, x: Array, weight: Array, *bias: Array) -> Array:
    product = _matmul(on, x, weight.T)
    return on.each("add", product, *bias) if bias else product


def _mean(on: Elements, x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    total = on.along("sum", x, axis, keepdims)
    return on.each("divide", total, on.leaves([x.size / total.size], ()))


def _softmax(on: Elements, x: Array, axis: Any = None) -> Array:
    return on.each("exp", _log_softmax(on, x, axis))


def _log_softmax(on: Elements, x: Array, axis: Any = None) -> Array:
    return on.each("subtract", x, on.along("logsumexp", x, axis, keepdims=True))


def _cross_entropy(on: Elements, logits: Array, targets: Any) -> Array:
    chosen = np.take_along_axis(logits, np.asarray(targets)[..., None], -1)[..., 0]
    return on.each("subtract", on.along("logsumexp", logits, -1), chosen)


EXPANSIONS: Mapping[str, Callable[..., Array]] = {
    "matmul": _matmul,
    "linear": _linear,
    "sum": lambda on, x, **how: on.along("sum", x, **how),
    "mean": _mean,
    "logsumexp": lambda on, x, **how: on.along("logsumexp", x, **how),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "softmax_cross_entropy": _cross_entropy,
    "transpose": lambda on, x, axes=None: x.transpose(axes),
    "swapaxes": lambda on, x, axis1, axis2: x.swapaxes(axis1, axis2),
    "getitem": lambda on, x, index: x[index],
    "stack": lambda on, *xs, axis=0: np.stack(xs, axis),
    "concatenate": lambda on, *xs, axis=0: np.concatenate(xs, axis),
    "broadcast_to": lambda on, x, shape: np.broadcast_to(x, shape),
}
"""The rows of the table that work on whole arrays, written in rows of single numbers."""

THE_SAME = frozenset({"reshape", "expand_dims", "squeeze", "astype", "to_tensor", "to_value"})
"""Those whose result has the numbers of their operand, in the same order."""
