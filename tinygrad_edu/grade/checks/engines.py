"""A class of the student's like micrograd's `Value`: `data`, `grad`, operators, `backward()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.value import Value as Engine
from ..diagnosis import MISTAKES, beside_values
from ..diagnosis.beside import where_marked
from ..diagnosis.reference import names_of
from ..errors import StudentError, WrongAnswer
from ..expect import expect, require
from ..sandbox.proxies import Student, evaluate, session_of
from .twins import Twins, number_in

__all__ = ["deep_chain", "linear_time", "same_as_engine"]

CHAIN = """lambda n: (x := Value(1.5), __import__("functools").reduce(lambda y, _: y + x, range(n), x))"""
"""x, and x added to it n times: n nodes, one above the other."""

DOUBLINGS = """lambda n: (x := Value(1.5), __import__("functools").reduce(lambda y, _: y + y, range(n), x))"""
"""x, and its 2**n-fold by n doublings: n nodes, and 2**n paths through them."""


def same_as_engine(Value: Callable[[float], Any], function: Callable[..., Any], *at: float) -> None:
    """`function` of the student's values must have the engine's result and gradients.

    Parameters
    ----------
    Value : makes one from a float.
    function : of the student's values and the engine's alike, by operators and methods, such as
        `lambda x, y: (x * y + x).tanh()`.

    Raises `WrongAnswer`, with the mistake that explains the gradients if there is one, and the `data` and `grad` of all
    the student's values beside the right ones.

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
        wrong.graphs = beside_values(out.ours, names, data, gradients)
        if wrong.graphs and wrong.kind not in MISTAKES:
            wrong.where = where_marked(wrong.graphs) or wrong.where
        raise


def deep_chain(student: Student, n: int = 10_000) -> None:
    """`Value` must go backward through a chain of `n` additions.

    Raises `WrongAnswer` of the kind "recursion" where Python's stack is too small for it.
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

    The time for n doublings, which have n nodes and 2**n paths, is compared with that for a chain of 20 n additions: so
    no machine is too slow. The best of three tries counts.

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
    """How long a backward pass takes, whose result must be right."""
    x, y = evaluate(student, graph)(n)
    expect(y, "a sum of values").is_object()
    session = session_of(student)
    y.backward()
    passed = session.last_seconds
    expect(x.grad, "the gradient of a node that is used often").equals(gradient)
    return passed
