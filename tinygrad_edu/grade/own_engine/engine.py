"""`Engine`: a home-made engine behind its adapter.

An adapter is a file of a few lines that says how the engine makes a number or an array, and, where it differs from
micrograd, how an operation is called, and how a backward pass is run and read. The engine is the user's own, so it is
trusted.
"""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ..._support.text import exception_text
from ..assignment import place
from ..errors import AssignmentError

__all__ = ["OPERATORS", "OURS", "Engine", "Function", "NotOffered", "load_adapter", "plain"]

OPERATORS: dict[str, Callable[..., Any]] = {
    "abs": abs, "add": operator.add, "divide": operator.truediv, "getitem": operator.getitem,
    "matmul": operator.matmul, "multiply": operator.mul, "negative": operator.neg, "power": operator.pow,
    "subtract": operator.sub,
}  # fmt: skip


class NotOffered(Exception):
    """The engine has no such operation."""


class Engine:
    """An engine behind its adapter. A function of the adapter of the same name replaces a method.

    `number` or `tensor`, or both, must be in the adapter; the defaults of all others are those of micrograd.
    """

    def __init__(self, adapter: ModuleType) -> None:
        self.adapter = adapter

    def own(self, name: str, default: Callable[..., Any] | None = None) -> Any:
        """The function of the adapter of this name; else the default."""
        return getattr(self.adapter, name, default)

    def make(self, x: Any) -> Any:
        """A node that records, of a number or of an array."""
        make = self.own("tensor" if isinstance(x, ndarray) else "number")
        if make is None:
            raise NotOffered(say("no arrays" if isinstance(x, ndarray) else "no numbers"))
        return make(_copied(x))

    def call(self, name: str, *operands: Any, **attributes: Any) -> Any:
        """The result of an operation: by `call` of the adapter, else an operator of Python, else a method."""
        own = self.own("call")
        if own and (result := own(name, *operands, **attributes)) is not NotImplemented:
            return result
        if name in OPERATORS:
            return OPERATORS[name](*operands)
        method = getattr(operands[0], name, None)
        if not callable(method):
            raise NotOffered(say("no {name}", name=name))
        return method(*operands[1:], **attributes)

    def value(self, node: Any) -> Any:
        """The number or the array that a node holds."""
        return plain(self.own("value", attrgetter("data"))(node))

    def backward(self, result: Any, upstream: Any) -> None:
        """Run a backward pass; the upstream gradient is 1.0 for a number."""
        self.own("backward", _backward)(result, upstream)

    def gradient(self, node: Any) -> Any:
        """The gradient that a node holds."""
        return plain(self.own("gradient", attrgetter("grad"))(node))

    def change(self, node: Any, number: float) -> None:
        """Set the first number of an array to another one, in place."""
        self.own("change", _change)(node, number)

    def gradients(self, result: Any, inputs: Sequence[Any]) -> Sequence[Any]:
        """The gradients as nodes that record, for second derivatives."""
        own = self.own("gradients")
        if own is None:
            raise NotOffered(say("no second derivatives: the adapter has no gradients(result, inputs)"))
        return list(own(result, inputs))

    def vjp(self, function: Callable[..., Any], at: Sequence[Any], upstream: Any) -> tuple[Any, tuple[Any, ...]]:
        """The value and the gradients of a function of nodes."""
        own = self.own("vjp")
        if own:
            out, found = own(function, list(map(_copied, at)), upstream)
            return plain(out), tuple(map(plain, found))
        nodes = list(map(self.make, at))
        result = function(*nodes)
        out = self.value(result)
        self.backward(result, _copied(upstream))
        return out, tuple(self.gradient(node) for node in nodes)


def _backward(result: Any, upstream: Any) -> None:
    result.backward(*([upstream] if isinstance(upstream, ndarray) else []))


def _change(node: Any, number: float) -> None:
    node.data[(0,) * np.ndim(node.data)] = number


def _copied(x: Any) -> Any:
    return x.copy() if isinstance(x, ndarray) else x


def plain(x: Any) -> Any:
    """A number as a float, an array as an array of NumPy; wherever it comes from."""
    if isinstance(x, (bool, int, float)) or x is None:
        return x
    array = np.asarray(x)
    return float(array) if array.ndim == 0 and array.dtype.kind in "iuf" else array


OURS = Engine(ModuleType("ours"))
"""Our own engine in the same form: it knows what is right."""

Function = Callable[..., Any]
"""A function of an engine and of its nodes."""


def load_adapter(path: str | os.PathLike[str]) -> Engine:
    """The engine of an adapter's file. Raises `AssignmentError` if it cannot be used."""
    file = Path(path).resolve()
    module = ModuleType(f"adapter {file.stem}")
    module.__file__ = str(file)
    sys.path.insert(0, str(file.parent))
    try:
        exec(compile(file.read_bytes(), str(file), "exec", dont_inherit=True), vars(module))
    except OSError as error:
        raise AssignmentError(f"{path}: {error.strerror}") from None
    except Exception as error:
        raise AssignmentError(f"{place(error, file)}: {exception_text(error)}") from error
    if not any(hasattr(module, name) for name in ("number", "tensor", "vjp")):
        text = texts("{path}: an adapter defines number(x), for floats, or tensor(x), for arrays, or both")
        raise AssignmentError(text, path=path)
    return Engine(module)
