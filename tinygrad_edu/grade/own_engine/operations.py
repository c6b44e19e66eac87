"""Questions to a home-made engine about single operations: their values and gradients, of numbers and of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...engine.derivatives import vjp
from ...engine.node import Node
from ...engine.tensor import Tensor
from ..assignment import exception_text
from ..diagnosis import probe_shapes, random_upstream
from ..diagnosis.reference import names_of
from ..expect import expect
from .engine import OPERATORS, OURS, Asked, Engine, NotOffered

__all__ = ["Question", "about_operations", "judged", "offered"]


@dataclass(frozen=True)
class Question:
    """A question to an engine.

    Attributes
    ----------
    section, name : under which its outcome stands on the page.
    ask : asks an engine; raises `WrongAnswer`, or `NotOffered`.
    """

    section: str
    name: str
    ask: Callable[[Engine], None]


def operations() -> Iterator[tuple[str, Asked, tuple[str, ...], float]]:
    """The operations: name, function, axes, and the smallest operand (or -inf)."""
    anything, positive = -np.inf, 0.3

    def unary(name: str, least: float = anything, **attributes: Any) -> tuple[str, Asked, tuple[str, ...], float]:
        said = ", ".join(f"{key}={value}" for key, value in attributes.items())
        return f"{name}({said})" if said else name, lambda e, x: e.call(name, x, **attributes), ("nk",), least

    for name in ("add", "subtract", "multiply", "divide"):
        yield (
            name,
            lambda e, x, y, name=name: e.call(name, x, y),
            ("nk", "nk"),
            positive if name == "divide" else anything,
        )
    yield "x ** 3", lambda e, x: e.call("power", x, 3), ("nk",), anything
    yield "x ** -0.5", lambda e, x: e.call("power", x, -0.5), ("nk",), positive
    for name in ("negative", "exp", "tanh", "relu", "sigmoid", "sin", "cos", "abs"):
        yield unary(name)
    for name in ("log", "sqrt"):
        yield unary(name, positive)
    for name, how in (("2 + x", "add"), ("2 - x", "subtract"), ("2 * x", "multiply"), ("2 / x", "divide")):
        yield name, lambda e, x, how=how: OPERATORS[how](2.0, x), ("nk",), positive
    for name, how in (("x - 2", "subtract"), ("x / 2", "divide")):
        yield name, lambda e, x, how=how: OPERATORS[how](x, 2.0), ("nk",), anything


def array_operations() -> Iterator[tuple[str, Asked, tuple[str, ...]]]:
    """The operations of arrays alone."""
    yield "matmul", lambda e, x, y: e.call("matmul", x, y), ("nk", "km")
    for name in ("sum", "mean", "max"):
        yield name, lambda e, x, name=name: e.call(name, x), ("nk",)
        for axis in (0, 1):
            yield f"{name}(axis={axis})", lambda e, x, name=name, axis=axis: e.call(name, x, axis=axis), ("nk",)
    yield "reshape", lambda e, x: e.call("reshape", x, (x.shape[1], x.shape[0])), ("nk",)
    yield "transpose", lambda e, x: e.call("transpose", x), ("nk",)
    yield "x[1:3]", lambda e, x: e.call("getitem", x, slice(1, 3)), ("nk",)
    yield "softmax(axis=1)", lambda e, x: e.call("softmax", x, axis=1), ("nk",)


BROADCAST = {
    texts("a row"): ("nk", "k"),
    texts("a column"): ("nk", "n1"),
    texts("a row and a column"): ("1k", "n1"),
    texts("a single number"): ("nk", ""),
    texts("another axis in front"): ("nk", "mnk"),
}


def drawn(axes: Sequence[str], square: bool, least: float = -np.inf) -> list[Any]:
    """Random operands; floats for axes of numbers."""
    rng = np.random.default_rng(5)
    shapes = probe_shapes(*axes, square=square)
    return [x if least == -np.inf else least + np.abs(x) for x in (rng.normal(size=shape) for shape in shapes)]


def about_operations() -> list[Question]:
    """All questions about operations."""
    found = []
    for section, ask in ((texts("Numbers"), of_numbers), (texts("Arrays"), of_arrays)):
        for name, function, axes, least in operations():
            found.append(Question(section, name, partial(ask, function=function, axes=axes, least=least)))
    for name, function, axes in array_operations():
        found.append(Question("Arrays", name, partial(of_arrays, function=function, axes=axes)))
    for name, axes in BROADCAST.items():
        for how in ("add", "multiply"):
            function = partial(applied, name=how)
            what = say("{operation}, {operand}", operation=how, operand=say(name))
            found.append(Question(texts("Broadcasting"), what, partial(of_arrays, function=function, axes=axes)))
    return found


def applied(e: Engine, x: Any, y: Any, name: str) -> Any:
    """An operation of two operands."""
    return e.call(name, x, y)


def of_numbers(e: Engine, function: Asked, axes: Sequence[str], least: float = -np.inf) -> None:
    """The value and the gradients of a function of numbers."""
    at = [float(x[0, 0]) for x in drawn(axes, False, least)]
    if len(at) > 1:
        at[1] = 0.25 + at[1] / 2
    judged(e, function, at, 1.0)


def of_arrays(e: Engine, function: Asked, axes: Sequence[str], least: float = -np.inf) -> None:
    """The value and the gradients of a function of arrays, of distinct and of equal sizes."""
    for square in (False, True):
        at = drawn(axes, square, least)
        shape = np.shape(function(OURS, *(Tensor(x) for x in at)))
        judged(e, function, at, random_upstream(np.random.default_rng(6), shape) if shape else 1.0)


def judged(e: Engine, function: Asked, at: Sequence[Any], upstream: Any) -> None:
    """Compare the value and the gradients with ours."""

    def ours(*nodes: Any) -> Any:
        return function(OURS, *nodes)

    out, found = offered(lambda: e.vjp(lambda *nodes: function(e, *nodes), at, upstream))
    expected, _ = vjp(ours, *at)
    names = names_of(function, len(at) + 1)[1:]
    right = expected.data if isinstance(expected, Node) else expected
    expect(out, say("the value")).is_close(right if np.ndim(right) else float(right), rtol=1e-6)
    asked = named(ours, names)
    rtol = 1e-6 if any(getattr(x, "dtype", None) == np.float32 for x in found) else None
    if rtol is not None:  # an engine of float32 is asked in float32
        found = tuple(np.asarray(x, float) if isinstance(x, ndarray) else x for x in found)
    expect(found if len(found) > 1 else found[0]).is_gradient_of(
        asked, at=tuple(at) if len(at) > 1 else at[0], upstream=upstream, rtol=rtol
    )


def named(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """The function with these names of its parameters, which the words of a diagnosis use."""
    made: Callable[..., Any] = eval(f"lambda {', '.join(names)}: function({', '.join(names)})", {"function": function})
    return made


def offered(do: Callable[[], Any]) -> Any:
    """What `do` returns; an operation that is not there is not offered, and so is not wrong."""
    try:
        return do()
    except (AttributeError, NotImplementedError) as error:
        raise NotOffered(exception_text(error)) from None
    except TypeError as error:
        if "unsupported operand" in str(error) or "bad operand" in str(error) or "not subscriptable" in str(error):
            raise NotOffered(exception_text(error)) from None
        raise
