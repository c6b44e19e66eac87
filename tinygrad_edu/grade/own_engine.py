"""Checks any home-made engine: `tinygrad-edu grade --engine ADAPTER.py` writes one page of what is right.

An adapter is a file of a few lines that says how the engine makes a number or an array, and, where it differs from
micrograd, how an operation is called, and how a backward pass is run and read; `Engine` has the defaults. The engine is
the user's own, so it is trusted. It runs in a process of its own all the same: an endless loop, or a recursion that
ends the interpreter, costs one question and not the page.
"""

from __future__ import annotations

import json
import operator
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

from .._support.text import clean
from ..engine.derivatives import vjp
from ..engine.gradients import gradients as our_gradients
from ..engine.node import Node
from ..engine.tensor import Tensor
from ..engine.value import Value
from .assignment import exception_text
from .checks.engines import kept_in_between
from .compare import compare
from .diagnosis import probe_shapes, random_upstream
from .diagnosis.reference import names_of
from .errors import AssignmentError, WrongAnswer
from .expect import expect

__all__ = ["Engine", "Finding", "Page", "check_engine"]

SECONDS = 20.0
"""The longest time of the processor for one question; on a busy machine it may be ten times as long."""

STARTING = 120.0
"""The longest time for loading the adapter and what it imports."""

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

    def _own(self, name: str) -> Callable[..., Any] | None:
        found: Callable[..., Any] | None = getattr(self.adapter, name, None)
        return found

    def make(self, x: Any) -> Any:
        """A node that records, of a number or of an array."""
        make = self._own("tensor") if isinstance(x, ndarray) else self._own("number")
        if make is None:
            raise NotOffered("no arrays" if isinstance(x, ndarray) else "no numbers")
        return make(x.copy() if isinstance(x, ndarray) else x)

    def call(self, name: str, *operands: Any, **attributes: Any) -> Any:
        """The result of an operation: by `call` of the adapter, else an operator of Python, else a method."""
        own = self._own("call")
        result = own(name, *operands, **attributes) if own else NotImplemented
        if result is not NotImplemented:
            return result
        if name in OPERATORS:
            return OPERATORS[name](*operands)
        method = getattr(operands[0], name, None)
        if not callable(method):
            raise NotOffered(f"no {name}")
        return method(*operands[1:], **attributes)

    def value(self, node: Any) -> Any:
        """The number or the array that a node holds."""
        own = self._own("value")
        return plain(own(node) if own else node.data)

    def backward(self, result: Any, upstream: Any) -> None:
        """Run a backward pass; the upstream gradient is 1.0 for a number."""
        own = self._own("backward")
        if own:
            own(result, upstream)
        elif isinstance(upstream, ndarray):
            result.backward(upstream)
        else:
            result.backward()

    def gradient(self, node: Any) -> Any:
        """The gradient that a node holds."""
        own = self._own("gradient")
        found = own(node) if own else node.grad
        return None if found is None else plain(found)

    def change(self, node: Any, number: float) -> None:
        """Set the first number of an array to another one, in place."""
        own = self._own("change")
        if own:
            own(node, number)
        else:
            node.data[(0,) * np.ndim(node.data)] = number

    def gradients(self, result: Any, inputs: Sequence[Any]) -> Sequence[Any]:
        """The gradients as nodes that record, for second derivatives."""
        own = self._own("gradients")
        if own is None:
            raise NotOffered("no second derivatives: the adapter has no gradients(result, inputs)")
        return list(own(result, inputs))

    def vjp(self, function: Callable[..., Any], at: Sequence[Any], upstream: Any) -> tuple[Any, tuple[Any, ...]]:
        """The value and the gradients of a function of nodes."""
        own = self._own("vjp")
        if own:
            out, found = own(function, [x.copy() if isinstance(x, ndarray) else x for x in at], upstream)
            return plain(out), tuple(map(plain, found))
        nodes = [self.make(x) for x in at]
        result = function(*nodes)
        out = self.value(result)
        self.backward(result, upstream.copy() if isinstance(upstream, ndarray) else upstream)
        return out, tuple(self.gradient(node) for node in nodes)


def plain(x: Any) -> Any:
    """A number as a float, an array as an array of NumPy; wherever it comes from."""
    if isinstance(x, (bool, int, float)) or x is None:
        return x
    array = np.asarray(x)
    return float(array) if array.ndim == 0 and array.dtype.kind in "iuf" else array


class Ours(Engine):
    """Our own engine in the same form: it knows what is right."""

    def call(self, name: str, *operands: Any, **attributes: Any) -> Any:
        if name in OPERATORS:
            return OPERATORS[name](*operands)
        return getattr(operands[0], name)(*operands[1:], **attributes)


OURS = Ours(ModuleType("ours"))

Asked = Callable[..., Any]
"""A function of an engine and of its nodes."""


# Questions.


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
    "a row": ("nk", "k"), "a column": ("nk", "n1"), "a row and a column": ("1k", "n1"), "a single number": ("nk", ""),
    "another axis in front": ("nk", "mnk"),
}  # fmt: skip


def drawn(axes: Sequence[str], square: bool, least: float = -np.inf) -> list[Any]:
    """Random operands; floats for axes of numbers."""
    rng = np.random.default_rng(5)
    shapes = probe_shapes(*axes, square=square)
    return [x if least == -np.inf else least + np.abs(x) for x in (rng.normal(size=shape) for shape in shapes)]


def questions() -> list[Question]:
    """All questions, in the order of the page."""
    found = []
    for section, ask in (("Numbers", of_numbers), ("Arrays", of_arrays)):
        for name, function, axes, least in operations():
            found.append(Question(section, name, partial(ask, function=function, axes=axes, least=least)))
    for name, function, axes in array_operations():
        found.append(Question("Arrays", name, partial(of_arrays, function=function, axes=axes)))
    for name, axes in BROADCAST.items():
        for how in ("add", "multiply"):
            function = partial(applied, name=how)
            found.append(Question("Broadcasting", f"{how}, {name}", partial(of_arrays, function=function, axes=axes)))
    found += [Question("Graphs", name, ask) for name, ask in GRAPHS.items()]
    found += [Question("Second derivatives", name, partial(second, function=f)) for name, f in TWICE.items()]
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
    expect(out, "the value").is_close(right if np.ndim(right) else float(right), rtol=1e-6)
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


# Graphs: shared nodes, deep and wide ones, second passes, changes in place.


def start(e: Engine, x: float) -> Any:
    """A number that records, or an array of one if the engine has no numbers."""
    try:
        return e.make(x)
    except NotOffered:
        return e.make(np.array([x]))


def ends(e: Engine, x: Any) -> Any:
    """An upstream gradient of 1 in the form of a result."""
    return np.ones(1) if isinstance(e.value(x), ndarray) else 1.0


def gradient_is(e: Engine, x: Any, right: float, what: str) -> None:
    found = e.gradient(x)
    number = float(found[0]) if isinstance(found, ndarray) and found.shape == (1,) else found
    expect(number, what).is_close(float(right), rtol=1e-6)


def handles(e: Engine) -> None:
    """Refuse questions about nodes to an engine that is only a function of functions."""
    if e._own("vjp") and not e._own("backward"):
        raise NotOffered("no nodes to hold: the adapter has vjp(function, arguments, upstream) alone")


def diamond(e: Engine) -> None:
    def function(e: Any, x: Any, y: Any) -> Any:
        a = e.call("multiply", x, y)
        b = e.call("add", a, x)
        c = e.call("add", a, y)
        return e.call("add", e.call("multiply", b, c), e.call("multiply", x, x))

    at: list[Any] = [1.5, -0.5] if e._own("number") else [np.array([1.5]), np.array([-0.5])]
    judged(e, function, at, 1.0 if e._own("number") else np.ones(1))


def doublings(e: Engine, n: int = 40) -> None:
    def chain(*nodes: Any) -> Any:
        y = nodes[0]
        for _ in range(n):
            y = e.call("add", y, y)
        return y

    in_chain(e, chain, 2.0**n, "time doubles", f"y = y + y, {n} times")


def deep(e: Engine, n: int = 20_000) -> None:
    def chain(*nodes: Any) -> Any:
        y = nodes[0]
        for _ in range(n):
            y = e.call("add", y, nodes[0])
        return y

    in_chain(e, chain, n + 1.0, "recursion", f"a chain of {n:,} additions")


def wide(e: Engine, n: int = 1 << 15) -> None:
    def tree(*nodes: Any) -> Any:
        level = [e.call("multiply", nodes[0], nodes[0]) for _ in range(n)]
        while len(level) > 1:
            level = [e.call("add", a, b) for a, b in zip(level[::2], level[1::2])]
        return level[0]

    in_chain(e, tree, 2.0 * n * 1.5, "slow", f"a tree of {n:,} leaves")


def in_chain(e: Engine, function: Callable[..., Any], right: float, kind: str, what: str) -> None:
    """The gradient of a large graph of one number."""
    numbers = bool(e._own("number"))
    at: list[Any] = [1.5] if numbers else [np.array([1.5])]
    try:
        _, (found,) = e.vjp(function, at, 1.0 if numbers else np.ones(1))
    except RecursionError:
        how = "Keep the nodes that are still to be visited in a list of your own, and loop."
        raise WrongAnswer(f"RecursionError for {what}", kind="recursion", how=how) from None
    number = float(found[0]) if isinstance(found, ndarray) and found.shape == (1,) else found
    expect(number, f"the gradient of {what}").is_close(right, rtol=1e-6)


def again(e: Engine) -> None:
    """A second backward adds up, or is refused."""
    handles(e)
    x = start(e, 1.5)
    y = e.call("multiply", x, e.call("multiply", x, e.call("multiply", x, x)))
    e.backward(y, ends(e, y))
    once, twice = 4 * 1.5**3, None
    gradient_is(e, x, once, "the gradient after one backward")
    try:
        e.backward(y, ends(e, y))
    except Exception:  # refused, as PyTorch does
        return
    found = e.gradient(x)
    twice = float(found[0]) if isinstance(found, ndarray) and found.shape == (1,) else found
    if compare(twice, once, rtol=1e-6):
        return  # the second replaces the first, as in a library that sets gradients back
    kept = kept_in_between(lambda x: x * (x * (x * x)), (1.5,))[0]
    if compare(twice, kept, rtol=1e-6):
        raise WrongAnswer(
            f"the gradient after two backwards is {twice:g}; two passes add up to {2 * once:g}",
            kind="not reset",
            how="Gradients of values in between were kept from the first pass, and flowed on once more: set them to 0 "
            "before each pass.",
        )
    expect(twice, "the gradient after two backwards").is_close(2 * once, rtol=1e-6)


def changed(e: Engine) -> None:
    """An array that was changed after it was used gives the gradient of what was used, or an error."""
    used = np.array([0.5, 3.0, 2.0])
    functions = e._own("vjp") and not e._own("backward")
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
        raise WrongAnswer(
            f"in y = x * w, w was changed after it was used: the gradient of x is {found}, and {used} is right",
            kind="changed in place",
            how="Keep a copy of what a rule needs, or count the changes of arrays, and refuse a backward pass through "
            "changed ones.",
        )


def unused(e: Engine) -> None:
    """A leaf that the result does not depend on has no gradient, or 0."""
    handles(e)
    x, z = start(e, 1.5), start(e, 2.5)
    y = e.call("multiply", x, x)
    e.backward(y, ends(e, y))
    found = e.gradient(z)
    if found is not None:
        gradient_is(e, z, 0.0, "the gradient of a value that was not used")


GRAPHS: dict[str, Callable[[Engine], None]] = {
    "values that are used several times": diamond,
    "y = y + y, 40 times: no path is walked twice": doublings,
    "a chain of 20,000 additions": deep,
    "a tree of 32,768 leaves, in time": wide,
    "a second backward": again,
    "a value that is not used": unused,
    "an array that is changed in place": changed,
}

LARGE = (doublings, wide)
"""Questions that take long only if the work grows faster than the graph."""

TWICE: dict[str, Asked] = {
    "2 * x": lambda e, x: e.call("add", x, x),
    "x * x * x": lambda e, x: e.call("multiply", x, e.call("multiply", x, x)),
    "x ** 3": lambda e, x: e.call("power", x, 3),
    "exp": lambda e, x: e.call("exp", x),
    "tanh": lambda e, x: e.call("tanh", x),
    "sin": lambda e, x: e.call("sin", x),
    "1 / x": lambda e, x: e.call("power", x, -1),
}


def second(e: Engine, function: Asked) -> None:
    """The second derivative of a function of one number."""
    if e._own("vjp") and not e._own("gradients"):
        return second_by_vjp(e, function)
    x = start(e, 0.75)
    out = offered(lambda: function(e, x))
    first = e.gradients(out, [x])[0]
    if first is None:
        raise WrongAnswer("the first derivative is None", kind="detached")
    second_is(function, lambda: e.gradients(first, [x])[0], e.value)


def second_by_vjp(e: Engine, function: Asked) -> None:
    """The same for an engine of functions: the gradient of a function that takes a gradient."""
    own = e._own("vjp")
    assert own is not None

    def slope(x: Any) -> Any:
        return own(lambda x: function(e, x), [x], 1.0)[1][0]

    offered(lambda: slope(0.75))
    second_is(function, lambda: own(slope, [0.75], 1.0)[1][0], plain)


def second_is(function: Asked, ask: Callable[[], Any], value: Callable[[Any], Any]) -> None:
    """Compare what `ask` gives with our second derivative at 0.75."""
    ours = Value(0.75)
    slope = our_gradients(function(OURS, ours), [ours], None, create_graph=True)[0]
    again = our_gradients(slope, [ours], None)[0] if isinstance(slope, Node) and slope.requires_grad else 0.0
    right, how = float(again or 0.0), "Where the first derivative does not depend on x, the second is 0."
    try:
        found = ask()
    except Exception as error:
        what = f"the derivative of the derivative raises {exception_text(error)}"
        raise WrongAnswer(what, kind="second derivative", how=how) from None
    if found is None:
        raise WrongAnswer(f"the second derivative is None, and {right:.4g} is right", kind="second derivative", how=how)
    number = value(found)
    number = float(np.ravel(number)[0]) if isinstance(number, ndarray) and number.size == 1 else number
    expect(number, "the second derivative").is_close(right, rtol=1e-6)


# The process that asks, and the page.


@dataclass(frozen=True)
class Finding:
    """The outcome of a question: "right", "wrong" or "not offered"; and what is wrong, in words."""

    section: str
    name: str
    outcome: str
    kind: str = ""
    message: str = ""
    how: str = ""


@dataclass(frozen=True)
class Page:
    """What is right about an engine, and what is not. It is true if nothing is wrong."""

    name: str
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return not self.of("wrong")

    def of(self, outcome: str) -> list[Finding]:
        """The findings of one outcome."""
        return [finding for finding in self.findings if finding.outcome == outcome]

    def __str__(self) -> str:
        right, wrong, missing = map(self.of, ("right", "wrong", "not offered"))
        lines = [f"{self.name}: {len(right)} right, {len(wrong)} wrong, {len(missing)} not offered"]
        for section in dict.fromkeys(finding.section for finding in self.findings):
            here = [finding for finding in self.findings if finding.section == section]
            lines += ["", section]
            for mark, outcome in (("✓", "right"), ("– not offered:", "not offered")):
                names = [finding.name for finding in here if finding.outcome == outcome]
                said = f"all {len(names)}" if len(names) == len(here) else "; ".join(names)
                lines += [f"  {mark} {said}"] if names else []
            for finding in here:
                if finding.outcome == "wrong":
                    lines.append(f"  ✗ {finding.name}: {finding.message}")
                    lines += [f"      {finding.how}"] if finding.how else []
        return clean("\n".join(lines), 20_000)


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
        raise AssignmentError(f"{path}: {exception_text(error)}") from error
    if not any(hasattr(module, name) for name in ("number", "tensor", "vjp")):
        raise AssignmentError(f"{path}: an adapter defines number(x), for floats, or tensor(x), for arrays, or both")
    return Engine(module)


def answered(engine: Engine, question: Question) -> Finding:
    """Ask one question."""
    section, name = question.section, question.name
    try:
        with np.errstate(all="ignore"):
            question.ask(engine)
    except WrongAnswer as wrong:
        said = " ".join(filter(None, (str(wrong), wrong.where)))
        return Finding(section, name, "wrong", wrong.kind, said, wrong.how)
    except NotOffered as missing:
        return Finding(section, name, "not offered", "", str(missing))
    except RecursionError:
        return Finding(section, name, "wrong", "recursion", "RecursionError", "Loop over a list instead of recursing.")
    except Exception as error:
        return Finding(section, name, "wrong", "raised", exception_text(error))
    return Finding(section, name, "right")


def serve(path: str, first: int, seconds: float) -> None:
    """In the process of the engine: answer all questions from a number on, each in a line of JSON."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the engine prints is no answer
    try:
        engine = load_adapter(path)
    except AssignmentError as error:
        answers.write(json.dumps({"refused": str(error)}) + "\n")
        return
    answers.write(json.dumps({"ready": True}) + "\n")
    answers.flush()
    for question in questions()[first:]:
        if hasattr(signal, "setitimer"):  # its signal ends the process; on Windows the grader looks at the clock
            signal.setitimer(signal.ITIMER_PROF, seconds)
        answers.write(json.dumps(vars(answered(engine, question))) + "\n")
        answers.flush()


def check_engine(path: str | os.PathLike[str], *, seconds: float = SECONDS) -> Page:
    """Ask the engine behind an adapter everything.

    Parameters
    ----------
    path : the file of the adapter; modules beside it can be imported.
    seconds : the longest time for one question.

    Raises `AssignmentError` if the adapter cannot be used.
    """
    asked = questions()
    findings: list[Finding] = []
    while len(findings) < len(asked):
        findings += until_it_stops(str(path), len(findings), seconds)
        if len(findings) < len(asked):
            findings.append(stopped(asked[len(findings)], seconds))
    return Page(Path(path).name, tuple(findings))


def stopped(question: Question, seconds: float) -> Finding:
    """The finding about a question that ended the process, or took too long."""
    message = f"no answer in {seconds:g} s of the processor's time, or the process ended"
    how = "The work grows faster than the graph: visit every node once, and find the next one without a search through "
    how += "all that wait."
    return Finding(question.section, question.name, "wrong", "time", message, how if question.ask in LARGE else "")


def until_it_stops(path: str, first: int, seconds: float) -> list[Finding]:
    """The answers of one process, until it ends or is late."""
    call = "serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))"
    command = f"import sys; from tinygrad_edu.grade.own_engine import serve; {call}"
    child = subprocess.Popen(
        [sys.executable, "-c", command, path, str(first), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.put(line)
        lines.put("")

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    found: list[Finding] = []
    try:
        ready = json.loads(lines.get(timeout=STARTING) or '{"refused": "it ended while it was loaded"}')
        if "refused" in ready:
            raise AssignmentError(f"{path}: {ready['refused'].removeprefix(f'{path}: ')}")
        patience = 10 * seconds if hasattr(signal, "setitimer") else seconds
        while line := lines.get(timeout=patience):
            found.append(Finding(**json.loads(line)))
        return found
    except queue.Empty:
        return found
    finally:
        child.kill()
        child.wait()
        listener.join()
        if child.stdout is not None:
            child.stdout.close()
