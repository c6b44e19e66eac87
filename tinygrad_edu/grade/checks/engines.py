"""Checks of the student's own class like micrograd's `Value`: `data`, `grad`, operators, `backward()`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...engine.node import Node
from ...engine.value import Value as Engine
from ..diagnosis import MISTAKES, beside_values
from ..diagnosis.beside import where_marked
from ..diagnosis.reference import names_of
from ..errors import StudentError, WrongAnswer
from ..expect import expect, require
from ..sandbox.proxies import Student, evaluate, session_of

__all__ = ["deep_chain", "linear_time", "same_as_engine"]

CHAIN = """lambda n: (x := Value(1.5), __import__("functools").reduce(lambda y, _: y + x, range(n), x))"""
"""x, and x added to it n times: a chain of n nodes."""

DOUBLINGS = """lambda n: (x := Value(1.5), __import__("functools").reduce(lambda y, _: y + y, range(n), x))"""
"""x, doubled n times: n nodes, and 2**n paths through them."""


def same_as_engine(Value: Callable[[float], Any], function: Callable[..., Any], *at: float) -> None:
    """`function` of the student's values must give the engine's result and gradients.

    Parameters
    ----------
    Value : makes a value from a float.
    function : works on the student's values and on the engine's, with operators and methods, such as
        `lambda x, y: (x * y + x).tanh()`.

    Raises `WrongAnswer`, with the mistake that explains the gradients if one does, and with the `data` and `grad` of
    all the student's values beside the right ones.

    >>> import tinygrad_edu as tg
    >>> same_as_engine(tg.Value, lambda x, y: (x * y + x).tanh(), 0.5, -0.25)
    """
    made: list[Twins] = []
    leaves = [Twins(Value(x), Engine(x), made) for x in at]
    out = function(*leaves)
    out.theirs.backward()
    try:
        expect(out.theirs.data, "the result's data").equals(float(out.ours.data))
        expect(tuple(leaf.theirs.grad for leaf in leaves), "grad").is_gradient_of(function, at=at)
    except WrongAnswer as wrong:
        data, gradients = ({x.ours: number_in(x.theirs, what) for x in made} for what in ("data", "grad"))
        names = {leaf.ours: name for leaf, name in zip(leaves, names_of(function, len(at)))}
        wrong.graphs = graphs = beside_values(out.ours, names, data, gradients)
        if graphs and wrong.kind not in MISTAKES:
            wrong.where = where_marked(graphs) or wrong.where
        raise


def deep_chain(student: Student, n: int = 10_000) -> None:
    """`Value.backward` must work on a chain of `n` additions.

    Raises `WrongAnswer` of the kind "recursion" if Python's stack is too small for it.
    """
    x, y = evaluate(student, CHAIN)(n)
    expect(y, "a sum of values").is_object()
    try:
        y.backward()
    except StudentError as error:
        if "RecursionError" not in str(error):
            raise
        raise WrongAnswer(
            f"backward() recurses: a chain of {n:,} additions is too deep for it",
            kind="recursion",
            where=error.text,
            how="Keep the nodes that are still to be visited in a list of your own, and loop.",
        ) from None
    expect(x.grad, "the gradient after a long chain").equals(float(n + 1))


def linear_time(student: Student, n: int = 20) -> None:
    """`Value.backward` must visit a shared node once, not once for every path to it.

    The time for n doublings, which have n nodes and 2**n paths, is compared with the time for a chain of 20 n
    additions, so the speed of the machine does not matter. The best of three tries counts.

    Raises `WrongAnswer` of the kind "exponential time".
    """
    chain = min(seconds(student, CHAIN, 20 * n, 20.0 * n + 1) for _ in range(3))
    doublings = min(seconds(student, DOUBLINGS, n, 2.0**n) for _ in range(3))
    require(
        doublings < max(4 * chain, 0.02),
        f"{n} additions y = y + y take {doublings / chain:,.0f} times as long as {20 * n} additions in a chain",
        kind="exponential time",
        how="Visit every node once, after all that use it: order the nodes first.",
    )


def seconds(student: Student, graph: str, n: int, gradient: float) -> float:
    """The seconds that a backward pass takes; its result must be right."""
    x, y = evaluate(student, graph)(n)
    expect(y, "a sum of values").is_object()
    session = session_of(student)
    y.backward()
    passed = session.last_seconds
    expect(x.grad, "the gradient of a node that is used often").equals(gradient)
    return passed


# Pairs of values.


class Twins:
    """A student's value and the engine's, made by the same operations: each operation is done on both.

    So the grader knows how each of the student's values was made, and what it should hold, and never asks the student's
    program for its graph.

    Attributes
    ----------
    theirs, ours : the student's value and the engine's.
    made : all twins in the order in which they were made; they share this list.

    Raises `WrongAnswer` if the student's value is a plain number.

    >>> import tinygrad_edu as tg
    >>> made = []
    >>> x = Twins(tg.Value(2.0), tg.Value(2.0), made)
    >>> y = 3 * x.tanh() + x
    >>> [both.ours.primitive.name for both in made[1:]]
    ['tanh', 'multiply', 'add']
    """

    def __init__(self, theirs: Any, ours: Node, made: list[Twins]) -> None:
        expect(theirs, f"what {ours.primitive.name} gives" if ours.primitive else "a value").is_object()
        self.theirs, self.ours, self.made = theirs, ours, made
        made.append(self)

    def __getattr__(self, name: str) -> Any:
        """A method calls that of both; any other attribute, such as `data`, is the student's."""
        if name.startswith("__"):
            raise AttributeError(name)
        if not callable(getattr(self.ours, name)):
            return getattr(self.theirs, name)
        return lambda *others: self._both(lambda x, *rest: getattr(x, name)(*rest), *others)

    def _both(self, do: Callable[..., Any], *others: Any) -> Twins:
        theirs = do(self.theirs, *(x.theirs if isinstance(x, Twins) else x for x in others))
        ours = do(self.ours, *(x.ours if isinstance(x, Twins) else x for x in others))
        return Twins(theirs, ours, self.made)


def _operator(name: str, reflected: bool = False) -> Any:
    """A method of `Twins` that applies the function of that name in the module `operator`."""
    apply = getattr(operator, name)
    if reflected:
        return lambda self, other: self._both(lambda x, y: apply(y, x), other)
    return lambda self, *others: self._both(apply, *others)


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Twins, f"__{_name}__", _operator(_name))
    setattr(Twins, f"__r{_name}__", _operator(_name, reflected=True))
for _name in ("neg", "pos", "abs"):
    setattr(Twins, f"__{_name}__", _operator(_name))


def number_in(value: Any, attribute: str) -> Any:
    """An attribute of a student's value; None if the program fails to give it."""
    try:
        return getattr(value, attribute)
    except StudentError:
        return None
