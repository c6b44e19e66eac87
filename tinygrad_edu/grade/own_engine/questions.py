"""Questions to a home-made engine: about single operations, and about graphs.

- operations: their values and gradients, of numbers and of arrays
- graphs: shared nodes, deep and wide ones, second passes, changes in place; second derivatives at the end
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ..._support.text import exception_text
from ...engine.derivatives import vjp
from ...engine.gradients import gradients as our_gradients
from ...engine.node import Node
from ...engine.tensor import Tensor
from ...engine.value import Value
from ..checks.engines import kept_in_between
from ..compare import compare
from ..diagnosis import probe_shapes, random_upstream
from ..diagnosis.reference import names_of
from ..errors import WrongAnswer
from ..expect import expect
from .engine import OPERATORS, OURS, Engine, Function, NotOffered, plain

__all__ = ["LARGE", "Question", "about_graphs", "about_operations", "judged", "offered"]


# Single operations.


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


def _operations() -> Iterator[tuple[str, Function, tuple[str, ...], float]]:
    """The operations: name, function, axes, and the smallest operand (or -inf)."""
    anything, positive = -np.inf, 0.3

    def unary(name: str, least: float = anything, **attributes: Any) -> tuple[str, Function, tuple[str, ...], float]:
        said = ", ".join(f"{key}={value}" for key, value in attributes.items())
        return f"{name}({said})" if said else name, lambda e, x: e.call(name, x, **attributes), ("nk",), least

    for name in ("add", "subtract", "multiply", "divide"):
        least = positive if name == "divide" else anything
        yield name, lambda e, x, y, name=name: e.call(name, x, y), ("nk", "nk"), least
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


def _array_operations() -> Iterator[tuple[str, Function, tuple[str, ...]]]:
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


def _drawn(axes: Sequence[str], square: bool, least: float = -np.inf) -> list[Any]:
    """Random operands; floats for axes of numbers."""
    rng = np.random.default_rng(5)
    shapes = probe_shapes(*axes, square=square)
    return [x if least == -np.inf else least + np.abs(x) for x in (rng.normal(size=shape) for shape in shapes)]


def about_operations() -> list[Question]:
    """All questions about operations."""
    found = []
    for section, ask in ((texts("Numbers"), _of_numbers), (texts("Arrays"), _of_arrays)):
        for name, function, axes, least in _operations():
            found.append(Question(section, name, partial(ask, function=function, axes=axes, least=least)))
    for name, function, axes in _array_operations():
        found.append(Question("Arrays", name, partial(_of_arrays, function=function, axes=axes)))
    for name, axes in BROADCAST.items():
        for how in ("add", "multiply"):
            function = lambda e, x, y, how=how: e.call(how, x, y)
            what = say("{operation}, {operand}", operation=how, operand=say(name))
            found.append(Question(texts("Broadcasting"), what, partial(_of_arrays, function=function, axes=axes)))
    return found


def _of_numbers(e: Engine, function: Function, axes: Sequence[str], least: float = -np.inf) -> None:
    """The value and the gradients of a function of numbers."""
    at = [float(x[0, 0]) for x in _drawn(axes, False, least)]
    if len(at) > 1:
        at[1] = 0.25 + at[1] / 2
    judged(e, function, at, 1.0)


def _of_arrays(e: Engine, function: Function, axes: Sequence[str], least: float = -np.inf) -> None:
    """The value and the gradients of a function of arrays, of distinct and of equal sizes."""
    for square in (False, True):
        at = _drawn(axes, square, least)
        shape = np.shape(function(OURS, *(Tensor(x) for x in at)))
        judged(e, function, at, random_upstream(np.random.default_rng(6), shape) if shape else 1.0)


def judged(e: Engine, function: Function, at: Sequence[Any], upstream: Any) -> None:
    """Compare the value and the gradients with ours."""

    def ours(*nodes: Any) -> Any:
        return function(OURS, *nodes)

    out, found = offered(lambda: e.vjp(lambda *nodes: function(e, *nodes), at, upstream))
    expected, _ = vjp(ours, *at)
    names = names_of(function, len(at) + 1)[1:]
    right = expected.data if isinstance(expected, Node) else expected
    expect(out, say("the value")).is_close(right if np.ndim(right) else float(right), rtol=1e-6)
    asked = _named(ours, names)
    rtol = 1e-6 if any(getattr(x, "dtype", None) == np.float32 for x in found) else None
    if rtol is not None:  # an engine of float32 is asked in float32
        found = tuple(np.asarray(x, float) if isinstance(x, ndarray) else x for x in found)
    expect(found if len(found) > 1 else found[0]).is_gradient_of(
        asked, at=tuple(at) if len(at) > 1 else at[0], upstream=upstream, rtol=rtol
    )


def _named(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
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


# Graphs.


KEPT = texts(
    "Gradients of values in between were kept from the first pass, and flowed on once more: set them to 0 before each "
    "pass."
)
COPY = texts(
    "Keep a copy of what a rule needs, or count the changes of arrays, and refuse a backward pass through changed ones."
)


def about_graphs() -> list[Question]:
    """All questions about graphs and second derivatives."""
    graphs = [Question(texts("Graphs"), name, ask) for name, ask in GRAPHS.items()]
    return graphs + [
        Question(texts("Second derivatives"), name, partial(_second, function=f)) for name, f in TWICE.items()
    ]


def _numbers(e: Engine, *at: float) -> tuple[list[Any], Any]:
    """Numbers and an upstream gradient of 1; arrays of one if the engine has no numbers."""
    return (list(at), 1.0) if e.own("number") else ([np.array([x]) for x in at], np.ones(1))


def _start(e: Engine, x: float) -> Any:
    """A number that records, or an array of one if the engine has no numbers."""
    try:
        return e.make(x)
    except NotOffered:
        return e.make(np.array([x]))


def _backward(e: Engine, y: Any) -> None:
    """A backward pass from a number, whatever its form."""
    e.backward(y, np.ones(1) if isinstance(e.value(y), ndarray) else 1.0)


def _one(found: Any) -> Any:
    """A number, of an array of one too."""
    return float(found.item()) if isinstance(found, ndarray) and found.size == 1 else found


def _gradient_is(e: Engine, x: Any, right: float, what: str) -> None:
    expect(_one(e.gradient(x)), what).is_close(float(right), rtol=1e-6)


def _handles(e: Engine) -> None:
    """Refuse questions about nodes to an engine that is only a function of functions."""
    if e.own("vjp") and not e.own("backward"):
        raise NotOffered(say("no nodes to hold: the adapter has vjp(function, arguments, upstream) alone"))


def _diamond(e: Engine) -> None:
    def function(e: Any, x: Any, y: Any) -> Any:
        a = e.call("multiply", x, y)
        b = e.call("add", a, x)
        c = e.call("add", a, y)
        return e.call("add", e.call("multiply", b, c), e.call("multiply", x, x))

    judged(e, function, *_numbers(e, 1.5, -0.5))


def _doublings(e: Engine) -> None:
    def chain(y: Any) -> Any:
        for _ in range(40):
            y = e.call("add", y, y)
        return y

    _in_chain(e, chain, 2.0**40, say("y = y + y, {n} times", n=40))


def _deep(e: Engine) -> None:
    def chain(x: Any) -> Any:
        y = x
        for _ in range(20_000):
            y = e.call("add", y, x)
        return y

    _in_chain(e, chain, 20_001.0, say("a chain of {n} additions", n="20,000"))


def _wide(e: Engine) -> None:
    n = 1 << 15

    def tree(x: Any) -> Any:
        level = [e.call("multiply", x, x) for _ in range(n)]
        while len(level) > 1:
            level = [e.call("add", a, b) for a, b in zip(level[::2], level[1::2])]
        return level[0]

    _in_chain(e, tree, 2.0 * n * 1.5, say("a tree of {n} leaves", n=f"{n:,}"))


def _in_chain(e: Engine, function: Callable[..., Any], right: float, what: str) -> None:
    """The gradient of a large graph of one number."""
    try:
        _, (found,) = e.vjp(function, *_numbers(e, 1.5))
    except RecursionError:
        how = texts("Keep the nodes that are still to be visited in a list of your own, and loop.")
        raise WrongAnswer(say("RecursionError for {what}", what=what), kind="recursion", how=how) from None
    expect(_one(found), say("the gradient of {what}", what=what)).is_close(right, rtol=1e-6)


def _again(e: Engine) -> None:
    """A second backward adds up, or is refused."""
    _handles(e)
    x = _start(e, 1.5)
    y = e.call("multiply", x, e.call("multiply", x, e.call("multiply", x, x)))
    _backward(e, y)
    once = 4 * 1.5**3
    _gradient_is(e, x, once, say("the gradient after one backward"))
    try:
        _backward(e, y)
    except Exception:  # refused, as PyTorch does
        return
    twice = _one(e.gradient(x))
    if compare(twice, once, rtol=1e-6):
        return  # the second replaces the first, as in a library that sets gradients back
    kept = kept_in_between(lambda x: x * (x * (x * x)), (1.5,))[0]
    if compare(twice, kept, rtol=1e-6):
        text = texts("the gradient after two backwards is {found}; two passes add up to {right}")
        said = say(text, found=f"{twice:g}", right=f"{2 * once:g}")
        raise WrongAnswer(said, kind="not reset", how=KEPT)
    expect(twice, say("the gradient after two backwards")).is_close(2 * once, rtol=1e-6)


def _changed(e: Engine) -> None:
    """An array that was changed after it was used gives the gradient of what was used, or an error."""
    used = np.array([0.5, 3.0, 2.0])
    functions = e.own("vjp") and not e.own("backward")
    x, w = e.make(np.array([1.5, 2.0, -1.0])), used.copy() if functions else e.make(used)

    def change_afterwards(x: Any) -> Any:
        y = e.call("multiply", x, w)
        if isinstance(w, ndarray):
            w[0] = 100.0
        else:
            e.change(w, 100.0)
        return y

    try:
        if functions:
            found = e.vjp(change_afterwards, [x], np.ones(3))[1][0]
        else:
            e.backward(change_afterwards(x), np.ones(3))
            found = e.gradient(x)
    except Exception:  # refused, as it should be
        return
    if not compare(found, used, rtol=1e-6):
        text = texts("in y = x * w, w was changed after it was used: the gradient of x is {found}; {right} is right")
        raise WrongAnswer(say(text, found=found, right=used), kind="changed in place", how=COPY)


def _unused(e: Engine) -> None:
    """A leaf that the result does not depend on has no gradient, or 0."""
    _handles(e)
    x, z = _start(e, 1.5), _start(e, 2.5)
    y = e.call("multiply", x, x)
    _backward(e, y)
    found = e.gradient(z)
    if found is not None:
        _gradient_is(e, z, 0.0, say("the gradient of a value that was not used"))


GRAPHS: dict[str, Callable[[Engine], None]] = {
    texts("values that are used several times"): _diamond,
    texts("y = y + y, 40 times: no path is walked twice"): _doublings,
    texts("a chain of 20,000 additions"): _deep,
    texts("a tree of 32,768 leaves, in time"): _wide,
    texts("a second backward"): _again,
    texts("a value that is not used"): _unused,
    texts("an array that is changed in place"): _changed,
}

LARGE = (_doublings, _wide)
"""Questions that take long only if the work grows faster than the graph."""

TWICE: dict[str, Function] = {
    "2 * x": lambda e, x: e.call("add", x, x),
    "x * x * x": lambda e, x: e.call("multiply", x, e.call("multiply", x, x)),
    "x ** 3": lambda e, x: e.call("power", x, 3),
    "exp": lambda e, x: e.call("exp", x),
    "tanh": lambda e, x: e.call("tanh", x),
    "sin": lambda e, x: e.call("sin", x),
    "1 / x": lambda e, x: e.call("power", x, -1),
}


def _second(e: Engine, function: Function) -> None:
    """The second derivative of a function of one number."""
    if e.own("vjp") and not e.own("gradients"):
        return _second_by_vjp(e, function)
    x = _start(e, 0.75)
    out = offered(lambda: function(e, x))
    first = e.gradients(out, [x])[0]
    if first is None:
        raise WrongAnswer(say("the first derivative is None"), kind="detached")
    _second_is(function, lambda: e.gradients(first, [x])[0], e.value)


def _second_by_vjp(e: Engine, function: Function) -> None:
    """The same for an engine of functions: the gradient of a function that takes a gradient."""
    own = e.own("vjp")

    def slope(x: Any) -> Any:
        return own(lambda x: function(e, x), [x], 1.0)[1][0]

    offered(lambda: slope(0.75))
    _second_is(function, lambda: own(slope, [0.75], 1.0)[1][0], plain)


def _second_is(function: Function, ask: Callable[[], Any], value: Callable[[Any], Any]) -> None:
    """Compare what `ask` gives with our second derivative at 0.75."""
    ours = Value(0.75)
    slope = our_gradients(function(OURS, ours), [ours], None, create_graph=True)[0]
    again = our_gradients(slope, [ours], None)[0] if isinstance(slope, Node) and slope.requires_grad else 0.0
    right, how = float(again or 0.0), texts("Where the first derivative does not depend on x, the second is 0.")
    try:
        found = ask()
    except Exception as error:
        what = say("the derivative of the derivative raises {error}", error=exception_text(error))
        raise WrongAnswer(what, kind="second derivative", how=how) from None
    if found is None:
        what = say("the second derivative is None, and {right} is right", right=f"{right:.4g}")
        raise WrongAnswer(what, kind="second derivative", how=how)
    expect(_one(value(found)), say("the second derivative")).is_close(right, rtol=1e-6)
