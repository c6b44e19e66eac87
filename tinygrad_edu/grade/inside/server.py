"""The function server: executes the submission, then calls its functions on arrays and returns arrays.

It shares the interpreter with the student's program, which may replace any part of it. This is no danger: the server
holds no secret, and the grader itself compares every answer.
"""

from __future__ import annotations

import operator
import os
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .program import NAME, Problem, Program, explain, remembered
from .wire import LENGTHS, FrameError, pack, unpack

__all__ = ["Server"]

LONGEST_LIST = 100_000
"""The most items that are taken from something that is iterated."""


MOST_EVENTS = 10_000
"""So many calls and returns are looked at in one call of a function: this costs some milliseconds, whatever it does."""


class Server:
    """Answers requests one at a time, in the order in which they come."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests, self.answers = requests, answers
        self.module = types.ModuleType(NAME)
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}  # by `id`, which stays unique because `objects` keeps the object alive
        self.actions: dict[str, Callable[..., Any]] = {
            "load": self.load,
            "call": self.call,
            "count": self.count,
            "get": self.get,
            "set": setattr,
            "operator": self.operator,
            "items": self.items,
            "evaluate": self.evaluate,
        }

    def serve(self, reached: dict[str, str]) -> None:
        """Report which walls stand, then answer requests until the grader closes the pipe."""
        self.send({"reached": reached})
        while True:
            lengths = self.read(LENGTHS.size)
            if lengths is None:
                return
            header, body = LENGTHS.unpack(lengths)
            request = unpack(self.read(header) or b"", self.read(body) or b"", lambda n, _: self.objects[n])
            self.send(self.answer(request))

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request, with its number: a result, or what went wrong."""
        try:
            result = self.actions[request["do"]](*request["with"])
        except BaseException as error:  # everything that a student's program raises, even SystemExit, is an answer
            return {"id": request["id"], "error": explain(error, NAME, 0)}
        return {"id": request["id"], "result": result}

    def send(self, answer: dict[str, Any]) -> None:
        try:
            frame = pack(answer, self.refer)
        except (FrameError, UnicodeEncodeError) as error:
            problem = {"where": NAME, "line": 0, "message": f"the answer cannot be sent: {error}", "text": ""}
            frame = pack({"id": answer["id"], "error": problem}, self.refer)
        unsent = memoryview(frame)
        while unsent:
            unsent = unsent[os.write(self.answers, unsent) :]

    def read(self, size: int) -> bytes | None:
        """Read `size` bytes; None at the end of the pipe."""
        data = bytearray()
        while len(data) < size:
            more = os.read(self.requests, size - len(data))
            if not more:
                return None
            data += more
        return bytes(data)

    def refer(self, x: Any) -> tuple[int, str]:
        """The reference of an object: its number, always the same, and the name of its type."""
        number = self.numbers.setdefault(id(x), len(self.objects))
        if number == len(self.objects):
            self.objects.append(x)
        kind = type(x).__name__
        return number, (f"{kind} of dtype {x.dtype}" if type(x) is np.ndarray or isinstance(x, np.generic) else kind)[
            :80
        ]

    # The requests.

    def load(
        self, parts: list[Any], modules: dict[str, Any], main: str, skip: list[Any], only_light: bool, seconds: float
    ) -> tuple[list[str], list[Problem], list[Any]]:
        """Execute the program; the names that it defines, its problems, and the statements that were too slow.

        Sources come as bytes, for which there is more room than for text. `Program` explains the arguments.
        """
        program = Program(main, {path: text_of(source) for path, source in modules.items()}, skip, only_light)
        self.module = program.module
        program.run([(where, text_of(source)) for where, source in parts], seconds)
        names = [name for name in vars(self.module) if not name.startswith("__")][:5000]
        return names, program.problems[:100], program.slow[:100]

    def call(self, target: Any, arguments: list[Any], keywords: dict[str, Any], afterwards: bool) -> Any:
        """The result of a function; with `afterwards` also its arguments, which it may have changed."""
        result = target(*arguments, **keywords)
        return (result, arguments) if afterwards else result

    def count(self, target: Any, arguments: list[Any], keywords: dict[str, Any], size: int) -> tuple[Any, int]:
        """The result of a function, and how often one function of the program was called meanwhile with an array of at
        least `size` numbers.
        """
        with counted(size) as calls:
            result = target(*arguments, **keywords)
        return result, max(calls.values(), default=0)

    def get(self, target: Any, name: str) -> Any:
        """An attribute of an object; without a target, of the program."""
        return getattr(self.module if target is None else target, name)

    def operator(self, name: str, *operands: Any) -> Any:
        return getattr(operator, name)(*operands)

    def items(self, x: Any) -> list[Any]:
        found = []
        for item in x:
            found.append(item)
            if len(found) > LONGEST_LIST:
                raise ValueError(f"more than {LONGEST_LIST:,} items")
        return found

    def evaluate(self, source: str) -> Any:
        """The value of an expression that the grader sends, such as a function for the student's `grad`."""
        return eval(source, vars(self.module))


@contextmanager
def counted(size: int) -> Iterator[Counter[types.CodeType]]:
    """Count the calls of each function of the program that is handed an array of at least `size` numbers."""
    calls: Counter[types.CodeType] = Counter()
    left = MOST_EVENTS

    def look(frame: types.FrameType, event: str, _: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            sys.setprofile(None)
        code = frame.f_code
        if event == "call" and remembered(code.co_filename) and any(large(x, size) for x in frame.f_locals.values()):
            calls[code] += 1

    sys.setprofile(look)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def large(x: Any, size: int) -> bool:
    return isinstance(x, np.ndarray) and x.size >= size


def text_of(source: Any) -> str:
    """The text of a source that came as bytes."""
    return bytes(source).decode("utf-8", "surrogatepass")
