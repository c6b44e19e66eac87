"""Sessions without a program: to find out whether a check, or a student's answer, is to blame for an error.

`Anything` is an answer that fits wherever it is used. `StandIn` is a session whose answers are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from .proxies import Handle, Reference, Student

__all__ = ["Anything", "StandIn", "moved"]


class StandIn:
    """A session that runs no program: `answer(do, what)` gives the answer to each question."""

    answers_again: ClassVar = False
    counting: ClassVar = False

    def __init__(self, answer: Callable[[str, tuple[Any, ...]], Any], names: list[str] | None = None) -> None:
        self.answer = answer
        self.names = AllNames() if names is None else names
        self.generation, self.answers, self.last_seconds = 1, 0, 0.001
        self.constants: dict[str, str] = {}
        self.known: dict[str, Handle] = {}

    def child(self) -> None:
        """There is no child."""

    def ask(self, do: str, *what: Any, refer: object, resolve: object) -> Any:
        """The answer to a question."""
        self.answers += 1
        return self.answer(do, what)

    @property
    def student(self) -> Student:
        """The names that the program would define."""
        return Student(self)  # type: ignore[arg-type]


class AllNames(list[str]):
    """The names of a program that defines everything."""

    def __contains__(self, name: object) -> bool:
        return True


def moved(answer: Any, session: StandIn) -> Any:
    """A copy of an answer; its objects belong to the session."""
    if isinstance(answer, Handle):
        known = answer._reference
        return Handle(Reference(session, 1, known.number, known.kind, known.name))  # type: ignore[arg-type]
    if isinstance(answer, (list, tuple)):
        return type(answer)(moved(x, session) for x in answer)
    if isinstance(answer, dict):
        return {key: moved(x, session) for key, x in answer.items()}
    return answer.copy() if isinstance(answer, np.ndarray) else answer


class Anything:
    """An answer that fits wherever it is used: a number, an array, an object, a function, `size` results.

    >>> one, two = Anything(2)
    >>> bool(np.allclose(one.grad(3) + 1, np.ones(5))), float(two), len(two)
    (True, 1.0, 2)
    """

    def __init__(self, size: int) -> None:
        object.__setattr__(self, "_size", size)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter([self] * self._size)

    def __len__(self) -> int:
        return int(self._size)

    def __contains__(self, x: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


def _itself(self: Anything, *_: Any, **__: Any) -> Any:
    return self


OPERATORS = """
add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod radd rsub rmul rtruediv rfloordiv rmod rpow
rmatmul neg pos abs invert round eq ne lt le gt ge call getitem array_ufunc array_function
"""
for _name in OPERATORS.split():
    setattr(Anything, f"__{_name}__", _itself)
for _name, _value in {"bool": True, "float": 1.0, "complex": 1j, "int": 1, "index": 1}.items():
    setattr(Anything, f"__{_name}__", lambda self, value=_value: value)
