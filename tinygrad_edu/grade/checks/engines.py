"""Checks of the student's own class like micrograd's `Value`: `data`, `grad`, operators, `backward()`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._support.languages import say
from ...engine.gradients import contributions
from ...engine.node import Node
from ...engine.value import Value as Engine
from ..compare import compare, kind_of
from ..diagnosis import MISTAKES, beside_values
from ..diagnosis.beside import where_marked
from ..diagnosis.reference import names_of
from ..errors import StudentError, WrongAnswer
from ..expect import expect, require
from ..sandbox.proxies import Student, evaluate, session_of

__all__ = ["adds_up", "deep_chain", "linear_time", "same_as_engine"]

GRAPH = """lambda first, second, steps, doubles: (x := Value(first), z := Value(second),
    __import__("functools").reduce(lambda y, step: (y + y if doubles else y) + (x if step else z), steps, x))"""
"""Values x and z, and y, which is x at first; in each step y may be doubled, and x or z is added to it."""


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
    after_backward(Value, function, at)


def after_backward(
    Value: Callable[[float], Any], function: Callable[..., Any], at: tuple[float, ...]
) -> tuple[Twins, list[Twins]]:
    """The result of `function` and its operands after one backward pass, all of them right."""
    made: list[Twins] = []
    leaves = [Twins(Value(x), Engine(x), made) for x in at]
    out = function(*leaves)
    call(out.theirs, "backward")
    try:
        expect(out.theirs.data, say("the result's data")).equals(float(out.ours.data))
        expect(tuple(leaf.theirs.grad for leaf in leaves), "grad").is_gradient_of(function, at=at)
    except WrongAnswer as wrong:
        data, gradients = ({x.ours: number_in(x.theirs, what) for x in made} for what in ("data", "grad"))
        names = {leaf.ours: name for leaf, name in zip(leaves, names_of(function, len(at)))}
        wrong.graphs = graphs = beside_values(out.ours, names, data, gradients)
        if graphs and wrong.kind not in MISTAKES:
            wrong.where = where_marked(graphs) or wrong.where
        raise
    return out, leaves


def adds_up(Value: Callable[[float], Any], function: Callable[..., Any], *at: float) -> None:
    """A second `backward` of the student's values must add to their gradients, so that they are twice the first ones.

    The arguments are those of `same_as_engine`. Raises `WrongAnswer`: as that does if the first `backward` is wrong,
    "overwritten" if the second gradients replace the first ones, "not reset" if gradients of values in between are
    kept, and flow on once more.

    >>> import tinygrad_edu as tg
    >>> adds_up(tg.Value, lambda x: x * x.tanh(), 0.5)
    """
    out, leaves = after_backward(Value, function, at)
    once = tuple(leaf.theirs.grad for leaf in leaves)
    call(out.theirs, "backward")
    twice = tuple(leaf.theirs.grad for leaf in leaves)
    if compare(twice, once):
        raise WrongAnswer(
            say("After a second backward, the gradients are those of one."),
            kind="overwritten",
            how=say("A gradient is added to what `grad` holds: use += instead of =, and do not set it back to 0."),
        )
    if compare(twice, kept_in_between(function, at)):
        raise WrongAnswer(
            say(
                "In a second backward, the gradients that values in between have kept from the first flow on once more."
            ),
            kind="not reset",
            how=say(
                "Only the values at the beginning keep their gradient: let each backward() begin with 0 in all others."
            ),
        )
    expect(twice, say("after two backwards, grad")).equals(tuple(2.0 * float(gradient) for gradient in once))


def kept_in_between(function: Callable[..., Any], at: tuple[float, ...]) -> tuple[float, ...]:
    """The gradients after two backward passes, if the second finds the gradients that the first has left."""
    leaves = [Engine(x) for x in at]
    out = function(*leaves)
    held: dict[Node, float] = dict.fromkeys(leaves, 0.0)
    for _ in range(2):
        held[out] = 1.0
        for step in contributions(out):
            held[step.input] = held.get(step.input, 0.0) + step.local * held[step.node]
    return tuple(held[leaf] for leaf in leaves)


def deep_chain(student: Student, n: int = 10_000, rng: np.random.Generator | None = None) -> None:
    """`Value.backward` must work on a chain of `n` additions.

    Parameters
    ----------
    rng : draws which of two values is added in each step, so that nobody knows the gradients in advance.

    Raises `WrongAnswer` of the kind "recursion" if Python's stack is too small for it.
    """
    try:
        asked(student, n, rng, doubles=False)
    except StudentError as error:
        if "RecursionError" not in str(error):
            raise
        raise WrongAnswer(
            say("backward() recurses: a chain of {n} additions is too deep for it", n=f"{n:,}"),
            kind="recursion",
            where=error.text,
            how=say("Keep the nodes that are still to be visited in a list of your own, and loop."),
        ) from None


def linear_time(student: Student, n: int = 40, rng: np.random.Generator | None = None) -> None:
    """`Value.backward` must visit a shared node once, not once for every path to it.

    A value is doubled n times, so that there are 2**n paths: for n = 40 no program could walk them all. With half and a
    quarter of the doublings, a program that tries is found out sooner.

    Raises `WrongAnswer` of the kind "exponential time".
    """
    before = 0.0
    for doublings in (n // 4, n // 2, n):
        try:
            passed = asked(student, doublings, rng, doubles=True)
            if before and passed > max(20 * before, 0.03):  # it may have been a pause of the machine: the best counts
                passed = min(passed, *(asked(student, doublings, rng, doubles=True) for _ in range(2)))
            late = bool(before) and passed > max(20 * before, 0.03)
        except StudentError as error:
            if error.kind != "time":
                raise
            late = True
        require(
            not late,
            say("{n} additions y = y + y take too long: the time doubles with each of them", n=doublings),
            kind="exponential time",
            how=say("Visit every node once, after all that use it: order the nodes first."),
        )
        before = passed


def asked(student: Student, n: int, rng: np.random.Generator | None, *, doubles: bool) -> float:
    """The seconds that the student's backward pass takes, with the reading of the gradients, which must be right."""
    rng = rng or np.random.default_rng()
    steps = rng.integers(2, size=n).tolist()
    answer = evaluate(student, GRAPH)(*rng.uniform(0.5, 1.5, size=2).tolist(), steps, doubles)
    require(type(answer) is tuple and len(answer) == 3, say("the sum of two values is no value"), kind="type")
    x, z, y = answer
    for value in answer:
        expect(value, say("a sum of values")).is_object()
    right = [1.0, 0.0]
    for step in steps:
        right = [(2.0 if doubles else 1.0) * g for g in right]
        right[1 - step] += 1.0
    session = session_of(student)
    call(y, "backward")
    passed = session.last_seconds
    for value, gradient, name in zip((x, z), right, ("x", "z")):
        if gradient:  # a value that was never added has no gradient, and may have None
            found = value.grad
            passed += session.last_seconds
            expect(found, say("the gradient of {name}, which is added often", name=name)).equals(gradient)
    return passed


def call(value: Any, method: str) -> None:
    """Call a method of the student's value."""
    found = getattr(value, method)
    what = say("{name} is {kind}, not a method", name=method, kind=kind_of(found))
    require(callable(found), what, kind="type")
    found()


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
        made_by = ours.primitive and say("what {operation} gives", operation=ours.primitive.name)
        expect(theirs, made_by or say("a value")).is_object()
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
