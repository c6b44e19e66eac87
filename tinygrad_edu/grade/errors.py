"""The errors of grading: of the student, of the instructor, of the grader.

TinygradError
├── StudentError          the student's program gave no answer
├── WrongAnswer           the student's program gave a wrong answer
├── SubmissionError       a submission that cannot be read
├── AssignmentError       an assignment that cannot be used
├── GradebookError        a gradebook that cannot be filled
├── ResultError           a result that cannot be read back
└── SandboxError          the grader itself failed
└── IsolationError    the machine isolates less than required
"""

from __future__ import annotations

from ..errors import TinygradError

__all__ = [
    "AssignmentError", "GradebookError", "IsolationError", "ResultError", "SandboxError", "StudentError",
    "SubmissionError", "WrongAnswer",
]  # fmt: skip


class AssignmentError(TinygradError, ValueError):
    """An assignment that cannot be used: no such file, a syntax error in it, two checks of one name."""


class GradebookError(TinygradError, ValueError):
    """A gradebook that cannot be filled: another kind of file, no such column, two students in one line."""


class ResultError(TinygradError, ValueError):
    """A result that cannot be read back: incomplete, another kind of file, another version."""


class SubmissionError(TinygradError, ValueError):
    """A submission that cannot be read: no such file, a refused archive, no Python in it."""


class StudentError(TinygradError):
    """The student's program gave no answer.

    Attributes
    ----------
    kind : "missing": there is no such function; "raised": it raised an exception; "exited": the program ended;
        "time": no answer in time; "answer": the answer is not data; "size": it is too large a program.
    where, line, text : the file or cell, the number and the text of the line, for "raised"; otherwise "", 0 and "".

    >>> error = StudentError("raised", "ZeroDivisionError: division by zero", where="hw1.py", line=3)
    >>> error.kind, error.where, error.line
    ('raised', 'hw1.py', 3)
    """

    def __init__(self, kind: str, message: str, where: str = "", line: int = 0, text: str = "") -> None:
        super().__init__(message)
        self.kind, self.where, self.line, self.text = kind, where, line, text


class WrongAnswer(TinygradError):
    """The student's program gave a wrong answer.

    Attributes
    ----------
    kind : the kind of mistake, in one word; empty if unknown.
    where, how : where the mistake is, and how to mend it; empty if unknown.
    graphs : the student's graph beside the right one (`results.Graphs`), or None.
    note : for the instructor alone: why there is no more to say; empty as a rule.

    >>> WrongAnswer("the gradient has the wrong sign", kind="sign").kind
    'sign'
    """

    def __init__(
        self, message: str, *, kind: str = "", where: str = "", how: str = "", graphs: object = None, note: str = ""
    ) -> None:
        super().__init__(message)
        self.kind, self.where, self.how, self.graphs, self.note = kind, where, how, graphs, note


class SandboxError(TinygradError, RuntimeError):
    """The grader itself failed. This is never the student's fault, and never a zero."""


class IsolationError(SandboxError):
    """The machine isolates less than was required."""
