"""Mistakes that show only when a student's functions are called again: they run in the sandbox, on arrays.

A chain is judged step by step; a backward pass by the student's own forward pass; and a second call with the same
arguments shows whether they are changed, or taken in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, permutations
from typing import Any, NamedTuple

import numpy as np

from ..._support.languages import listed, say
from ...check.differences import numerical_jacobian
from ...check.vectors import parts
from ..compare import Verdict, compare
from ..errors import StudentError
from ..sandbox.proxies import Call, afterwards
from .diagnose import as_numbers
from .mistakes import MISTAKES, Diagnosis

__all__ = [
    "ChainStep", "JudgedStep", "by_asking_again", "judge_chain", "names_in",
    "right_for_own_forward",
]  # fmt: skip


class ChainStep(NamedTuple):
    """A step of a chain: the student's function and the engine's, from arrays to an array or a tuple of arrays."""

    name: str
    theirs: Callable[..., Any]
    ours: Callable[..., Any]


class JudgedStep(NamedTuple):
    """A judged step.

    Attributes
    ----------
    verdict : the comparison with the right step; None if there is no answer.
    error : why there is no answer.
    """

    name: str
    verdict: Verdict | None
    error: StudentError | None = None
    answer: Any = None
    expected: Any = None

    @property
    def right(self) -> bool:
        return self.verdict is not None and bool(self.verdict)


def judge_chain(chain: Iterable[ChainStep], start: Any) -> list[JudgedStep]:
    """Judge each step of a student's chain on the results of the engine's steps before it: no mistake counts twice.

    >>> import numpy as np
    >>> chain = [
    ...     ChainStep("double", lambda x: 2 * x, lambda x: 2 * x),
    ...     ChainStep("square", lambda x: x**3, lambda x: x * x),
    ...     ChainStep("sum", np.sum, np.sum),
    ... ]
    >>> [step.right for step in judge_chain(chain, np.array([1.0, 3.0]))]
    [True, False, True]
    """
    judged: list[JudgedStep] = []
    x = start
    for name, theirs, ours in chain:
        operands = x if isinstance(x, tuple) else (x,)
        expected = ours(*operands)
        try:
            answer = theirs(*_copied(operands))
        except StudentError as error:
            judged.append(JudgedStep(name, None, error, None, expected))
        else:
            judged.append(JudgedStep(name, compare(answer, expected, name=name), None, answer, expected))
        x = expected
    return judged


def right_for_own_forward(
    forward: Callable[..., Any], backward: Callable[..., Any], at: Sequence[Any], upstream: Any
) -> bool:
    """Whether a backward pass is right for its forward pass, which may itself be wrong.

    `backward(upstream, *at)` returns a gradient for each float or array of floats in `at`. They are compared with
    finite differences of Σ upstream · `forward(*at)`, as exactly as these are, at least to 1e-6. The result is also
    False if forward or backward returns another shape, or numbers that are not finite.

    >>> import numpy as np
    >>> x, upstream = np.array([1.0, 2.0]), np.array([3.0, -5.0])
    >>> right_for_own_forward(lambda x: x**3, lambda g, x: 3 * x**2 * g, [x], upstream)
    True
    >>> right_for_own_forward(lambda x: x**3, lambda g, x: 2 * x * g, [x], upstream)
    False
    """

    def made(*operands: Any) -> Any:
        """The weighted sum of the result of forward; nan if that is not an array of the right shape."""
        out = as_numbers(forward(*operands))
        return np.nan if out is None or out.shape != np.shape(upstream) else float(np.sum(upstream * out))

    if not np.isfinite(made(*_copied(at))):
        return False
    answer = backward(np.copy(upstream), *_copied(at))
    answers = list(map(as_numbers, parts(answer)))
    estimates = numerical_jacobian(made, tuple(at))
    if len(answers) != len(estimates):
        return False
    for given, (value, error) in zip(answers, estimates):
        if given is None or given.shape != value.shape:
            return False
        scale = np.abs(value).max(initial=0.0)
        room = np.minimum(10 * error, 1e-4 * scale) + 1e-6 * scale
        if not np.all(np.abs(given - value) <= room):  # also False for nan
            return False
    return True


def _copied(operands: Sequence[Any]) -> list[Any]:
    """Copies of arrays, so that the student's function cannot change the originals."""
    return [np.copy(x) if isinstance(x, np.ndarray) else x for x in operands]


ORDERS = 24
"""The most orders of arguments that are tried."""


def names_in(call: Call | None, at: Sequence[Any]) -> list[str]:
    """The student's names of the parameters to which these arguments were handed; none if they were not."""
    if call is None or not {*map(id, at)} <= {*map(id, call.arguments)}:
        return []
    names = dict(zip(map(id, call.arguments), call.parameters))
    return [names[id(x)] for x in at] if all(id(x) in names for x in at) else []


def by_asking_again(call: Call, known: Diagnosis, right: Callable[[Any], bool] | None) -> Diagnosis | None:
    """The mistake that a second call shows; None if it shows nothing that is better than what is known.

    Parameters
    ----------
    known : what the first answer says; other orders of the arguments are tried if that is nothing.
    right : whether an answer is right; None if other orders are not to be tried.
    """
    names = call.parameters or [say("argument {i}", i=i + 1) for i in range(len(call.arguments))]
    try:
        _, left = afterwards(call.function, *call.arguments)
        changed = [name for name, x, y in zip(names, call.arguments, left) if not _unchanged(x, y)]
        if changed:
            return Diagnosis(MISTAKES["changed arguments"], (), {"changed": listed(changed)})
        orders = permutations(range(len(call.arguments))) if right and known.name == "unknown" else iter(())
        for order in islice(orders, 1, ORDERS):
            answer = _in_order(call, order)
            if right and answer is not None and right(answer):
                inverse = [order.index(i) for i in range(len(order))]
                given, taken = (", ".join(names[i] for i in places) for places in (range(len(order)), inverse))
                return Diagnosis(MISTAKES["order of parameters"], (), {"given": given, "taken": taken})
    except StudentError:  # it ended, or took too long
        return None
    return None


def _in_order(call: Call, order: Sequence[int]) -> Any:
    """The answer to the arguments in another order; None if it raises an exception."""
    try:
        return afterwards(call.function, *(call.arguments[i] for i in order))[0]
    except StudentError as error:
        if error.kind == "raised":
            return None
        raise


def _unchanged(before: Any, after: Any) -> bool:
    """Whether an argument is what it was before."""
    arrays = isinstance(before, np.ndarray) and isinstance(after, np.ndarray)
    return not arrays or np.array_equal(before, after, equal_nan=True)
