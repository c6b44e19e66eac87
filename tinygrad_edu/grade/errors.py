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

`PYTHON` is what Python and NumPy say most often of a student's mistakes, for the languages that say it otherwise.
"""

from __future__ import annotations

from .._support.languages import texts
from ..errors import TinygradError

__all__ = [
    "PYTHON", "AssignmentError", "GradebookError", "IsolationError", "ResultError", "SandboxError", "StudentError",
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


# The words of Python and NumPy.


PYTHON = texts(
    (
        "NotImplementedError",
        "NameError: name {name} is not defined",
        "UnboundLocalError: cannot access local variable {name} where it is not associated with a value",
        "UnboundLocalError: local variable {name} referenced before assignment",
        "AttributeError: module {module} has no attribute {name}",
        "AttributeError: {kind} object has no attribute {name}",
        "ImportError: cannot import name {name} from {module}",
        "TypeError: {function} takes {n} positional argument but {m} were given",
        "TypeError: {function} takes {n} positional arguments but {m} was given",
        "TypeError: {function} takes {n} positional arguments but {m} were given",
        "TypeError: {function} missing {n} required positional argument: {names}",
        "TypeError: {function} missing 2 required positional arguments: {one} and {other}",
        "TypeError: {function} missing {n} required positional arguments: {names}",
        "TypeError: {function} got an unexpected keyword argument {name}",
        "TypeError: {function} got multiple values for argument {name}",
        "TypeError: unsupported operand type(s) for {operator}: {left} and {right}",
        "TypeError: bad operand type for unary {operator}: {kind}",
        "TypeError: {kind} object is not callable",
        "TypeError: {kind} object is not iterable",
        "TypeError: cannot unpack non-iterable {kind} object",
        "TypeError: {kind} object is not subscriptable",
        "TypeError: {kind} object does not support item assignment",
        "TypeError: object of type {kind} has no len()",
        "TypeError: can only concatenate {left} (not {right}) to {left}",
        "TypeError: can't multiply sequence by non-int of type {kind}",
        "TypeError: {kind} object cannot be interpreted as an integer",
        "TypeError: {kind} indices must be integers or slices, not {other}",
        "TypeError: only {which} arrays can be converted to Python scalars",
        "IndexError: {kind} index out of range",
        "IndexError: index {index} is out of bounds for axis {axis} with size {size}",
        "IndexError: too many indices for array: array is {n}-dimensional, but {m} were indexed",
        "AxisError: axis {axis} is out of bounds for array of dimension {n}",
        "ValueError: operands could not be broadcast together with shapes {shapes}",
        "ValueError: non-broadcastable output operand with shape {given} doesn't match the broadcast shape {shape}",
        "ValueError: shapes {left} and {right} not aligned: {a} (dim {i}) != {b} (dim {j})",
        "ValueError: matmul: Input operand 1 has a mismatch in its core dimension {axis}, with gufunc "
        "signature {signature} (size {b} is different from {a})",
        "ValueError: cannot reshape array of size {n} into shape {shape}",
        "ValueError: axes don't match array",
        "ValueError: too many values to unpack (expected {n})",
        "ValueError: not enough values to unpack (expected {n}, got {m})",
        "ValueError: The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()",
        "ValueError: setting an array element with a sequence. {rest}",
        "ValueError: could not broadcast input array from shape {given} into shape {shape}",
        "ValueError: all input arrays must have the same shape",
        "ValueError: invalid literal for int() with base {base}: {text}",
        "IndexError: only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer "
        "or boolean arrays are valid indices",
        "UFuncTypeError: ufunc {name} did not contain a loop with signature matching types {types}",
        "LinAlgError: Singular matrix",
        "LinAlgError: Last 2 dimensions of the array must be square",
        "ValueError: could not convert string to float: {text}",
        "ValueError: all the input array dimensions except for the concatenation axis must match "
        "exactly, but along dimension {axis}, the array at index {i} has size {a} and the array at index {j} "
        "has size {b}",
        "ValueError: math domain error",
        "ValueError: {which} is read-only",
        "ZeroDivisionError: {kind} division by zero",
        "ZeroDivisionError: division by zero",
        "OverflowError: math range error",
        "RecursionError: maximum recursion depth exceeded",
        "RecursionError: maximum recursion depth exceeded {where}",
        "MemoryError: Unable to allocate {size} for an array with shape {shape} and data type {dtype}",
        "PermissionError: [Errno 13] Permission denied: {file}",
        "PermissionError: [Errno 1] Operation not permitted",
        "FileNotFoundError: [Errno 2] No such file or directory: {file}",
        "syntax error: invalid syntax",
        "syntax error: invalid syntax. Perhaps you forgot a comma?",
        "syntax error: invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
        "syntax error: cannot assign to {what} here. Maybe you meant '==' instead of '='?",
        "syntax error: expected an indented block after {what} on line {n}",
        "syntax error: expected {what}",
        "syntax error: unexpected indent",
        "syntax error: unindent does not match any outer indentation level",
        "syntax error: inconsistent use of tabs and spaces in indentation",
        "syntax error: {bracket} was never closed",
        "syntax error: unmatched {bracket}",
        "syntax error: closing parenthesis {closing} does not match opening parenthesis {opening}",
        "syntax error: unterminated string literal (detected at line {n})",
        "syntax error: invalid character {character} ({code})",
        "syntax error: {word} outside function",
    )
)
"""Messages with a place for each name, the special ones before those that fit them, too."""
