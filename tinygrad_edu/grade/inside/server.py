"""The function server: executes the submission, then calls its functions with arrays and answers arrays.

It shares the interpreter with the student's program, which may replace any part of it. That is no danger: it holds
nothing that is secret, and what it answers the grader compares for itself.
"""

from __future__ import annotations

import operator
import os
import types
from collections.abc import Callable
from typing import Any

from .frames import LENGTHS, FrameError, pack, unpack
from .program import NAME, Problem, explain, run_program

__all__ = ["Server"]

LONGEST_LIST = 100_000
"""So many items of something that is iterated are looked at."""


class Server:
    """Answers requests, one at a time, in the order they come."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests, self.answers = requests, answers
        self.module = types.ModuleType(NAME)
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}  # by `id`, which stays an object's own since `objects` keeps it alive
        self.actions: dict[str, Callable[..., Any]] = {
            "load": self.load,
            "call": self.call,
            "get": self.get,
            "set": setattr,
            "operator": self.operator,
            "items": self.items,
            "evaluate": self.evaluate,
        }

    def serve(self, reached: dict[str, str]) -> None:
        """Say which walls stand, then answer until the grader closes the pipe."""
        self.send({"reached": reached})
        while True:
            lengths = self.read(LENGTHS.size)
            if lengths is None:
                return
            header, body = LENGTHS.unpack(lengths)
            request = unpack(self.read(header) or b"", self.read(body) or b"", lambda n, _: self.objects[n])
            self.send(self.answer(request))

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What becomes of a request: a result, or what went wrong. Always with the number of the request."""
        try:
            result = self.actions[request["do"]](*request["with"])
        except BaseException as error:  # whatever a student's program raises, SystemExit too, is an answer
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
        """So many bytes; None at the end of the pipe."""
        data = bytearray()
        while len(data) < size:
            more = os.read(self.requests, size - len(data))
            if not more:
                return None
            data += more
        return bytes(data)

    def refer(self, x: Any) -> tuple[int, str]:
        """An object's number, always the same."""
        number = self.numbers.setdefault(id(x), len(self.objects))
        if number == len(self.objects):
            self.objects.append(x)
        return number, type(x).__name__[:80]

    # What can be asked.

    def load(self, parts: list[Any], modules: dict[str, Any]) -> tuple[list[str], list[Problem]]:
        """Execute the program; the names that it defines, and what went wrong."""
        self.module, problems = run_program(parts, modules)
        return [name for name in vars(self.module) if not name.startswith("__")][:5000], problems[:100]

    def call(self, target: Any, arguments: list[Any], keywords: dict[str, Any], afterwards: bool) -> Any:
        """The function's result; with `afterwards` also its arguments, which it may have changed."""
        result = target(*arguments, **keywords)
        return (result, arguments) if afterwards else result

    def get(self, target: Any, name: str) -> Any:
        """An attribute; without a target, what the program calls by that name."""
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
        """An expression of the grader's, such as a function for the student's `grad`."""
        return eval(source, vars(self.module))
