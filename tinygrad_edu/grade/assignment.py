"""`Assignment`: what an instructor writes in plain Python: a name, and checks with points."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import isfunction, signature
from typing import Any

from .errors import AssignmentError
from .sandbox.isolation import Limits

__all__ = ["Assignment", "Check"]

Function = Callable[..., None]
"""What a check does: it is given the student and a random number generator, and raises unless all is right."""


@dataclass(frozen=True)
class Check:
    """One check of an assignment.

    Attributes
    ----------
    name, function : of the function that was decorated, and the function itself.
    points : for a pass; there is nothing for less.
    needs : names that the student's program must define; where one is missing, the check is skipped.
    title : for the student.
    hidden : the student learns the outcome and the kind of mistake, and no more.
    group : checks of one group ask one and the same child process; each other check gets a child of its own.
    """

    name: str
    function: Function
    points: float
    needs: tuple[str, ...]
    title: str
    hidden: bool
    group: str


class Assignment:
    """A homework: its checks, in the order in which they are reported.

    Parameters
    ----------
    name : short, such as "hw1"; also what the student's file is called where there are several.
    title : for people.
    limits : how much each child of a submission may use.

    A check is a function of two arguments. It asks the student's functions, and says by `expect` or `require` what the
    answers must be. It passes if all that it expects holds, and it must expect something.

    >>> from tinygrad_edu.grade import Assignment, expect
    >>> hw = Assignment("hw1", title="Backpropagation by hand")
    >>> @hw.check(points=2, needs=["mul_backward"])
    ... def product_rule(student, rng):
    ...     x, y, upstream = rng.normal(size=(3, 5, 4))
    ...     answer = student.mul_backward(upstream, x, y)
    ...     expect(answer).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
    >>> hw.max_score, hw.checks[0].title
    (2.0, 'Product rule')
    """

    def __init__(self, name: str, *, title: str = "", limits: Limits | None = None) -> None:
        if type(name) is not str or not name.replace("-", "").isidentifier():
            raise AssignmentError(
                f"an assignment's name is letters, digits, _ and -, such as hw1, and not {name!r:.80}"
            )
        self.name, self.title, self.limits = name, title or name, limits or Limits()
        self.checks: list[Check] = []

    def __repr__(self) -> str:
        return f"Assignment({self.name!r}, {len(self.checks)} checks, {self.max_score:g} points)"

    @property
    def max_score(self) -> float:
        """The points of all checks."""
        return float(math.fsum(check.points for check in self.checks))

    def check(
        self,
        *,
        points: float = 1.0,
        needs: Sequence[str] = (),
        title: str = "",
        hidden: bool = False,
        group: str = "",
    ) -> Callable[[Function], Function]:
        """The decorator that adds a function as a check; see `Check` for what its arguments are.

        Raises `AssignmentError` for what cannot be meant: no function of two arguments, two checks of one name, points
        below zero.
        """
        if isinstance(needs, str):
            raise AssignmentError(f"needs={needs!r}: write needs=[{needs!r}]")
        if not 0 <= points < math.inf:
            raise AssignmentError(f"points={points!r:.40}: points are a number from 0 on")

        def add(function: Function) -> Function:
            if not isfunction(function) or len(signature(function).parameters) != 2:
                raise AssignmentError(f"{function!r:.80}: a check is a function of two arguments, (student, rng)")
            name = function.__name__
            if any(check.name == name for check in self.checks):
                raise AssignmentError(f"{self.name} has two checks that are called {name}")
            words = title or name.replace("_", " ").capitalize()
            self.checks.append(Check(name, function, float(points), tuple(needs), words, hidden, group or name))
            return function

        return add

    def __getitem__(self, name: str) -> Check:
        found: Any = next((check for check in self.checks if check.name == name), None)
        if found is None:
            raise KeyError(name)
        return found  # type: ignore[no-any-return]
