"""The errors of grading: whose fault it is, first of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import TinygradError

if TYPE_CHECKING:
    from .results import Graphs

__all__ = [
    "AssignmentError", "GradebookError", "IsolationError", "ResultError", "SandboxError", "StudentError",
    "SubmissionError", "WrongAnswer",
]  # fmt: skip


class AssignmentError(TinygradError, ValueError):
    """An assignment that cannot be used: no such file, a syntax error in it, two checks of one name."""


class GradebookError(TinygradError, ValueError):
    """A gradebook that cannot be filled: of another kind, without the column, two students in one line."""


class ResultError(TinygradError, ValueError):
    """A result that cannot be read back: cut off, of another kind, or of another version."""


class SubmissionError(TinygradError, ValueError):
    """A submission that cannot be read: no such file, an archive that is refused, no Python in it."""


class StudentError(TinygradError):
    """The student's program did not give an answer.

    Attributes
    ----------
    kind : "missing": there is no such function; "raised": it raised an exception; "exited": the program ended;
        "time": no answer in time; "answer": what it answered is no data.
    where, line, text : the file or cell, the line and what stands there, for "raised"; "", 0 and "" otherwise.

    >>> error = StudentError("raised", "ZeroDivisionError: division by zero", where="hw1.py", line=3)
    >>> error.kind, error.where, error.line
    ('raised', 'hw1.py', 3)
    """

    def __init__(self, kind: str, message: str, where: str = "", line: int = 0, text: str = "") -> None:
        super().__init__(message)
        self.kind, self.where, self.line, self.text = kind, where, line, text


class WrongAnswer(TinygradError):
    """The student's program gave an answer, and it is not what is expected.

    Attributes
    ----------
    kind : of mistake, in one word; where : it is; how : to mend it. Empty where nobody knows.
    graphs : the student's graph beside the right one, if there is something to be seen.

    >>> WrongAnswer("the gradient has the wrong sign", kind="sign").kind
    'sign'
    """

    def __init__(
        self, message: str, *, kind: str = "", where: str = "", how: str = "", graphs: Graphs | None = None
    ) -> None:
        super().__init__(message)
        self.kind, self.where, self.how, self.graphs = kind, where, how, graphs


class SandboxError(TinygradError, RuntimeError):
    """The grader itself failed. Never a student's fault, never a zero."""


class IsolationError(SandboxError):
    """A machine that isolates less than was required."""
