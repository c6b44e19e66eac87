"""Whose fault is it? A chain judged step by step, and a backward pass judged by the student's own forward pass.

The callables here are a student's functions as the sandbox answers them: arrays in, arrays out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...check.differences import numerical_jacobian
from ..compare import Verdict, compare
from ..errors import StudentError
from .diagnose import as_numbers

__all__ = ["ChainStep", "JudgedStep", "first_wrong_step", "judge_chain", "right_for_own_forward"]


class ChainStep(NamedTuple):
    """A step of a chain: the student's function, and the engine's, from arrays to an array, or a tuple of arrays."""

    name: str
    theirs: Callable[..., Any]
    ours: Callable[..., Any]


class JudgedStep(NamedTuple):
    """What came of a step, counted from 0. Without an answer `verdict` is None, and `error` says why."""

    number: int
    name: str
    verdict: Verdict | None
    error: StudentError | None = None
    answer: Any = None
    expected: Any = None

    @property
    def right(self) -> bool:
        return self.verdict is not None and bool(self.verdict)


def judge_chain(chain: Iterable[ChainStep], start: Any, *, rtol: float | None = None) -> list[JudgedStep]:
    """Each step of a student's chain by itself, on what the engine's steps before it give: no mistake counts twice.

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
    for number, (name, theirs, ours) in enumerate(chain):
        operands = x if isinstance(x, tuple) else (x,)
        expected = ours(*operands)
        try:
            answer = theirs(*copied(operands))
        except StudentError as error:
            judged.append(JudgedStep(number, name, None, error, None, expected))
        else:
            verdict = compare(answer, expected, rtol=rtol, name=name)
            judged.append(JudgedStep(number, name, verdict, None, answer, expected))
        x = expected
    return judged


def first_wrong_step(chain: Iterable[ChainStep], start: Any, *, rtol: float | None = None) -> JudgedStep | None:
    """The first step of a chain that is wrong on right inputs; None if all are right.

    >>> import numpy as np
    >>> chain = [ChainStep("double", lambda x: 2 * x, lambda x: 2 * x), ChainStep("square", np.exp, np.square)]
    >>> first_wrong_step(chain, np.array([1.0, 3.0])).name
    'square'
    """
    return next((step for step in judge_chain(chain, start, rtol=rtol) if not step.right), None)


def right_for_own_forward(
    forward: Callable[..., Any], backward: Callable[..., Any], at: Sequence[Any], upstream: Any
) -> bool:
    """Whether a backward pass is right for the forward pass it belongs to, be that right or wrong.

    `backward(upstream, *at)` answers a gradient for each float or array of floats in `at`; it is compared with finite
    differences of Σ upstream · `forward(*at)`, to the precision that these have, at least to 1e-6. False too where
    forward or backward answers in another shape, or nothing that is finite.

    >>> import numpy as np
    >>> x, upstream = np.array([1.0, 2.0]), np.array([3.0, -5.0])
    >>> right_for_own_forward(lambda x: x**3, lambda g, x: 3 * x**2 * g, [x], upstream)
    True
    >>> right_for_own_forward(lambda x: x**3, lambda g, x: 2 * x * g, [x], upstream)
    False
    """

    def made(*operands: Any) -> Any:
        """The weighted sum of what forward gives; nan where that is no array of the right shape."""
        out = as_numbers(forward(*operands))
        return np.nan if out is None or out.shape != np.shape(upstream) else float(np.sum(upstream * out))

    if not np.isfinite(made(*copied(at))):
        return False
    answer = backward(np.copy(upstream), *copied(at))
    answers = [as_numbers(given) for given in (answer if isinstance(answer, (list, tuple)) else [answer])]
    estimates = numerical_jacobian(made, tuple(at))
    if len(answers) != len(estimates):
        return False
    for given, (value, error) in zip(answers, estimates):
        if given is None or given.shape != value.shape:
            return False
        scale = np.abs(value).max(initial=0.0)
        room = np.minimum(10 * error, 1e-4 * scale) + 1e-6 * scale
        if not np.all(np.abs(given - value) <= room):  # not for nan either
            return False
    return True


def copied(operands: Sequence[Any]) -> list[Any]:
    """Arrays of their own, which nobody can change for the next one."""
    return [np.copy(x) if isinstance(x, np.ndarray) else x for x in operands]
