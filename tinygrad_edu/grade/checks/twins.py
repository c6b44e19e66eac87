"""A student's value and the engine's, as one: what is done with it is done with both.

So the grader knows of each of the student's values how it was made, and what it should hold, without asking the
student's program for its graph.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...engine.node import Node
from ..errors import StudentError
from ..expect import expect

__all__ = ["Twins", "number_in"]


class Twins:
    """Two values that were made in the same way.

    Attributes
    ----------
    theirs, ours : the student's and the engine's.
    made : all twins that there are, in order: one list, which they share.

    Raises `WrongAnswer` where the student's is a plain number.

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
        """A method, of both; what is none, such as `data`, is the student's."""
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
    """What a student's value has there, if it has; no more is known of it where the program fails."""
    try:
        return getattr(value, attribute)
    except StudentError:
        return None
