"""`Session`: one submission in a child process, questions to it, and answers.

An answer counts only if it arrives complete, in time, and with the number of its question. Everything else ends the
child and becomes an error in words; for the next question a new child loads the program again.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar

import numpy as np

from ..._support.languages import retold, say, texts
from ..._support.text import clean
from ..errors import IsolationError, SandboxError, StudentError
from ..inside.wire import FrameError, pack, unpack
from ..submission.submission import Submission
from .children import Child, Starter
from .isolation import Isolation, Limits
from .proxies import Handle, RemoteObject, Student, named, number_of

__all__ = ["Problem", "Record", "Session"]

RESPAWNS = 20
"""The most children of one session: a program that ends more often is not started again."""

Problem = dict[str, Any]
"""Something to tell the student: `where` (file or cell), `line`, `message`, `text` (the text of that line)."""

LATE = texts("no answer within {s} s: a loop without an end, or very slow")
LATE_LOADING = texts("no answer while it was loaded within {s} s: a loop without an end, or very slow")

LOADS = 4
"""So many loads find the statements that are too slow. Those that are slow only later are interrupted each time."""

LEFT_OUT = 50
"""The most statements that are left out for being slow: each child is told of them, and a program may make them up."""

LOADING = 0.9
"""The share of the time for loading after which even the last statement is interrupted; then the report is written."""


@dataclass
class Record:
    """What is known of a submission from all its sessions.

    Attributes
    ----------
    seconds : how long the program took for all questions.
    loads : how often it was loaded.
    loaded : whether it was loaded as it will be from then on.
    names, problems : as the first child reported them. A later one may have been asked what is hidden.
    slow : statements that are left out, as the child reports them.
    only_light : whether only definitions, imports and assignments are executed.
    broken : why it cannot be loaded.
    passes : functions that call another one with all numbers of a question, at least once for each of them; how often,
        and how many numbers there are.
    """

    seconds: float = 0.0
    loads: int = 0
    loaded: bool = False
    names: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    slow: list[tuple[str, int, Problem]] = field(default_factory=list)
    only_light: bool = False
    broken: StudentError | None = None
    passes: dict[str, tuple[int, int]] = field(default_factory=dict)


class Session:
    """A submission in a child process. A context manager, which ends the child.

    Attributes
    ----------
    record : what all sessions of this submission have in common.
    problems : the lines that failed while the program was loaded; the rest of the program is loaded all the same.
    names : the names that the program defines. The child may lie about them, so they serve only for messages.
    isolation : the isolation of the child.
    last_seconds : how long the program took for the last question.
    answers, last : how many questions about the loaded program it has answered, and the last answer.
    constants : names of the program that were asked for and hold data, not a function or a class, in words.
    known : the functions and classes of the present child's program by their names.
    counted : what of `Record.passes` the check that runs has found so far; None if nothing is counted.

    >>> from tinygrad_edu.grade import Sandbox, Submission
    >>> with Sandbox() as sandbox, sandbox.open(Submission.from_source("def f(x) return x")) as session:
    ...     session.child()
    ...     print(session.problems[0]["line"], session.problems[0]["message"])
    <...Child object at ...>
    1 syntax error: expected ':'
    """

    answers_again: ClassVar = True
    """Whether a question may be asked once more."""

    def __init__(
        self,
        submission: Submission,
        starter: Starter,
        limits: Limits,
        require_isolation: int,
        record: Record | None = None,
    ) -> None:
        self.submission, self.starter, self.limits = submission, starter, limits
        self.require_isolation = require_isolation
        self.record = record or Record()
        self.isolation = Isolation({})
        self.generation = 0
        self.last_seconds = 0.0
        self.answers = 0
        self.last: Any = None
        self.constants: dict[str, str] = {}
        self.known: dict[str, Handle] = {}
        self.counted: dict[str, tuple[int, int]] | None = None
        self._child: Child | None = None
        self._printed = ""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Kill the child and all that it started."""
        self._end()

    @property
    def problems(self) -> list[Problem]:
        return self.record.problems

    @property
    def names(self) -> list[str]:
        return self.record.names

    @property
    def student(self) -> Student:
        """The names that the program defines."""
        return Student(self)

    def ask(self, do: str, *what: Any) -> Any:
        """Send a question to the child, and start one if needed; the result.

        Raises `StudentError` if the program gives no result, `SandboxError` if the grader fails, and `FrameError` if
        the question holds what cannot be sent.
        """
        self.last = self._ask(self.child(), do, what, self.limits.call_seconds)
        self.answers += 1
        return self.last

    def child(self) -> Child:
        """The child with the program loaded."""
        if self.record.broken is not None:  # a program that failed to load is not loaded again
            raise self.record.broken
        while self._child is None:
            if self.generation >= RESPAWNS:
                raise StudentError("exited", say("your program ended {n} times; it is not started again", n=RESPAWNS))
            self._child = child = self.starter.start()
            self.generation += 1
            try:
                self._load(child)
            except StudentError as error:
                if error.kind == "time" and not self.record.only_light and self._seconds_left() > 0:
                    self.record.only_light = True  # it went on although it was interrupted
                else:
                    self.record.broken = error
                    raise
        return self._child

    def _load(self, child: Child) -> None:
        deadline = time.monotonic() + self.limits.load_seconds
        try:
            header, body = child.channel.read(deadline)
            reached = unpack(header, body, _no_objects)["reached"]
        except (TimeoutError, EOFError, FrameError) as error:  # no line of the student's program has run yet
            ending = self._end()
            raise SandboxError(f"the child did not start ({type(error).__name__}): {ending}: {self._printed}") from None
        missing = {name: why for name, why in reached.items() if why and name not in self.starter.outside}
        self.isolation = Isolation(missing)
        if self.isolation.level < self.require_isolation:
            self._end()
            needed = say("isolation level {level} is required", level=self.require_isolation)
            raise IsolationError(f"{needed}\n{self.isolation}")
        sources = json.dumps([self.submission.parts, dict(self.submission.modules.values()), self.submission.main])
        program = np.frombuffer(sources.encode(), np.uint8)  # there is room for more bytes than for structure
        seconds = self.limits.load_seconds
        what = (program, self.record.slow, self.record.only_light, LOADING * seconds)
        answer = self._ask(child, "load", what, seconds)
        try:
            names, problems, slow = answer
            known = {name: named(x, name) for name, x in names.items() if isinstance(x, Handle)}
            names = [name for name in names if len(name) <= 100]
            problems = [_checked_problem(problem) for problem in problems]
            slow = [_checked_slow(*statement) for statement in slow]
        except (AttributeError, TypeError, ValueError):
            self._fail(say("its report of the loading is malformed"))
        self.known = known
        self.record.loads += 1
        if slow and self.record.loads < LOADS:
            # From now on these are left out from the start, so that each child has the same program, and sooner.
            self._end()
            self.record.slow = [*self.record.slow, *slow][:LEFT_OUT]
        elif not self.record.loaded:
            self.record.loaded, self.record.names, self.record.problems = True, names, problems

    def _seconds_left(self) -> float:
        return self.limits.total_seconds - self.record.seconds

    def _used_up(self) -> str:
        text = texts("all of the {s} s for your program are used up, by this check or others")
        return say(text, s=f"{self.limits.total_seconds:g}")

    def _ask(self, child: Child, do: str, what: tuple[Any, ...], seconds: float) -> Any:
        left = self._seconds_left()
        if left <= 0:
            self._end()
            raise StudentError("time", self._used_up())
        number = secrets.token_hex(8)  # the child cannot know it in advance, so it cannot prepare an answer
        frame = pack({"id": number, "do": do, "with": what}, lambda x: (number_of(self, x), ""))
        started = time.monotonic()
        deadline = started + min(seconds, left)
        try:
            child.channel.write(frame, deadline)
            header, body = child.channel.read(deadline)
            answer = unpack(header, body, lambda n, kind: Handle(RemoteObject(self, self.generation, n, kind)))
        except TimeoutError:
            self._end()
            message = say(LATE_LOADING if do == "load" else LATE, s=f"{seconds:g}")
            raise StudentError("time", message if seconds < left else self._used_up()) from None
        except EOFError:
            raise StudentError("exited", self._end()) from None
        except FrameError as error:
            self._fail(str(error))
        except BaseException:  # our own error: a late answer must not be taken for the answer to the next question
            self._end()
            raise
        finally:
            self.last_seconds = time.monotonic() - started
            self.record.seconds += self.last_seconds
        if type(answer) is dict and answer.get("id") == number:
            if set(answer) == {"id", "result"}:
                return answer["result"]
            if set(answer) == {"id", "error"}:
                try:
                    problem = _checked_problem(answer["error"])
                except (TypeError, ValueError):
                    self._fail(say("its error is malformed"))
                raise _raised(problem)
        self._fail(say("it is no answer to the question"))

    def _fail(self, why: str) -> Any:
        self._end()
        raise StudentError("answer", say("what your program wrote is no answer: {why}", why=clean(why, 200))) from None

    def _end(self) -> str:
        """End the child if there is one, and keep what it printed; how it ended."""
        if self._child is None:
            return ""
        child, self._child = self._child, None
        try:
            return child.end()
        finally:
            self._printed = (self._printed + _read_output(child.output))[: self.limits.output_bytes]
            os.close(child.output)

    @property
    def output(self) -> str:
        """What the program has printed so far, safe to show."""
        now = "" if self._child is None or not hasattr(os, "pread") else _read_output(self._child.output)
        return clean(self._printed + now, 20_000)


def _read_output(descriptor: int) -> str:
    """The beginning of what a child has printed. Not by `lseek`: it would move the place where the child writes."""
    if not hasattr(os, "pread"):  # Windows: only after the child has ended
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, 1 << 18).decode(errors="replace")
    return os.pread(descriptor, 1 << 18, 0).decode(errors="replace")


def _checked_problem(problem: Any) -> Problem:
    """A problem that the child reports, with checked types and safe text. Raises `ValueError` if it is not one."""
    if type(problem) is not dict or type(problem.get("line")) is not int:
        raise ValueError("no problem")
    given = {name: problem.get(name, "") for name in ("where", "message", "text")}
    if any(type(text) is not str for text in given.values()):
        raise ValueError("no problem")
    found = {name: clean(text, 500) for name, text in given.items()}
    return found | {"line": problem["line"], "message": retold(found["message"].removesuffix(": "))}


def _checked_slow(where: Any, line: Any, problem: Any) -> tuple[str, int, Problem]:
    """A statement that a child reports as too slow. Raises `ValueError` or `TypeError` if it is none."""
    if type(where) is not str or type(line) is not int:
        raise ValueError("no statement")
    return where, line, _checked_problem(problem)


def _raised(problem: Problem) -> StudentError:
    """The error for an exception that a student's function raised."""
    place = f" ({problem['where']}, line {problem['line']}: {problem['text']})" if problem["text"] else ""
    return StudentError(
        "raised", problem["message"] + place, where=problem["where"], line=problem["line"], text=problem["text"]
    )


def _no_objects(number: int, kind: str) -> Any:
    raise FrameError(f"an object of type {kind!r:.40}, where only data is allowed")
