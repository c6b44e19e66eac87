"""The function server: executes the submission, then calls its functions on arrays and returns arrays.

It shares the interpreter with the student's program, which may replace any part of it. This is no danger: the server
holds no secret, and the grader itself compares every answer.
"""

from __future__ import annotations

import inspect
import json
import operator
import os
import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .program import NAME, Problem, Program, explain, remembered
from .wire import LENGTHS, pack, unpack

__all__ = ["Server"]

LONGEST_LIST = 100_000
"""The most items that are taken from something that is iterated."""


MOST_EVENTS = 10_000
"""So many calls and returns are looked at in one call of a function: this costs some milliseconds, whatever it does."""


class Server:
    """Answers requests one at a time, in the order in which they come."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests, self.answers = os.fdopen(requests, "rb"), answers
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
            "parameters": self.parameters,
        }

    def serve(self, reached: dict[str, str]) -> None:
        """Report which walls stand, then answer requests until the grader closes the pipe."""
        self.send({"reached": reached})
        while True:
            lengths = self.requests.read(LENGTHS.size)
            if not lengths:
                return
            header, body = LENGTHS.unpack(lengths)
            request = unpack(self.requests.read(header), self.requests.read(body), lambda n, _: self.objects[n])
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
        except BaseException as error:  # an answer may refuse to be looked at
            problem = explain(error, NAME, 0)
            problem["message"] = f"the answer cannot be sent: {problem['message'].removeprefix('FrameError: ')}"
            frame = pack({"id": answer["id"], "error": problem}, self.refer)
        unsent = memoryview(frame)
        while unsent:
            unsent = unsent[os.write(self.answers, unsent) :]

    def refer(self, x: Any) -> tuple[int, str]:
        """The reference of an object: its number, always the same, and the name of its type."""
        number = self.numbers.setdefault(id(x), len(self.objects))
        if number == len(self.objects):
            self.objects.append(x)
        dtype = f" of dtype {x.dtype}" if type(x) is np.ndarray or isinstance(x, np.generic) else ""
        return number, f"{type(x).__name__}{dtype}"[:80]

    # The requests.

    def load(
        self, program: Any, skip: list[Any], only_light: bool, seconds: float
    ) -> tuple[dict[str, Any], list[Problem], list[Any]]:
        """Execute the program; the names that it defines, its problems, and the statements that were too slow.

        Functions and classes come with their names, so that nobody has to ask for them. The program comes as the bytes
        of a JSON text; `Program` explains what is in it.
        """
        parts, modules, main = json.loads(bytes(program))
        program = Program(main, modules, skip, only_light)
        self.module = program.module
        with np.errstate(), warnings.catch_warnings():  # an alarm that it sets for itself fails no right answer later
            program.run(parts, seconds)
        named = [(name, x) for name, x in vars(self.module).items() if not str(name).startswith("__")][:5000]
        names = {str(name): x if type(x) in (types.FunctionType, type) else None for name, x in named}
        return names, program.problems[:100], program.slow[:100]

    def call(self, target: Any, arguments: list[Any], keywords: dict[str, Any], afterwards: bool) -> Any:
        """The result of a function; with `afterwards` also its arguments, which it may have changed."""
        result = target(*arguments, **keywords)
        return (result, arguments) if afterwards else result

    def count(self, target: Any, arguments: list[Any], keywords: dict[str, Any], size: int) -> tuple[Any, int]:
        """The result of a function, and how often one function of the program was called meanwhile with an array of at
        least `size` numbers.
        """
        with _counted(size) as calls:
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

    def parameters(self, target: Any) -> list[str]:
        """The names of a function's parameters."""
        if type(target) is types.FunctionType and not hasattr(target, "__wrapped__"):
            return [*target.__code__.co_varnames[: target.__code__.co_argcount]]  # in a tenth of the time
        return [*inspect.signature(target).parameters]


@contextmanager
def _counted(size: int) -> Iterator[Counter[types.CodeType]]:
    """Count the calls of each function of the program that is handed an array of at least `size` numbers."""
    calls: Counter[types.CodeType] = Counter()
    left = MOST_EVENTS

    def look(frame: types.FrameType, event: str, _: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            sys.setprofile(None)
        if event == "call" and remembered(frame.f_code.co_filename):
            arrays = (x for x in frame.f_locals.values() if isinstance(x, np.ndarray))
            calls[frame.f_code] += any(x.size >= size for x in arrays)

    sys.setprofile(look)
    try:
        yield calls
    finally:
        sys.setprofile(None)
