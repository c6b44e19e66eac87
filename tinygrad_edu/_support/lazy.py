"""`lazy`: a property that is computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["lazy"]

T = TypeVar("T")


class lazy(Generic[T]):
    """A property that is computed at its first use and then kept.

    `functools.cached_property` of Python 3.10 and 3.11 holds a lock while it computes, one for all objects. Threads
    would draw one after the other; and a process that is forked meanwhile inherits the lock, and would wait for ever.

    >>> class Circle:
    ...     @lazy
    ...     def area(self):
    ...         print("computing")
    ...         return 3.1
    >>> circle = Circle()
    >>> circle.area, circle.area
    computing
    (3.1, 3.1)
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function, self.__doc__ = function, function.__doc__

    def __get__(self, owner: Any, kind: type | None = None) -> T:
        if owner is None:
            return self  # type: ignore[return-value]
        value = self.function(owner)
        return vars(owner).setdefault(self.function.__name__, value)  # type: ignore[no-any-return]
