"""Proxies for the student's program in a check: `student.mul_backward(upstream, x, y)`, `student.Value(2.0) * 3`.

Data comes back as a copy. A function, or an object of the student's own class, stays in the child; a `Handle` stands
for it: calls, attributes and operators of the handle become questions to the child. No method of a handle runs the
student's code in this process, whatever the object claims to be.

`StandIn` is a session without a program, whose answers are given, and `Anything` an answer that fits wherever it is
used: they find out whether a check, or a student's answer, is to blame for an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from ..._support.languages import say, texts
from ..._support.lazy import lazy
from ..._support.text import clean
from ..compare import kind_of
from ..errors import StudentError
from ..inside.wire import FrameError

if TYPE_CHECKING:
    from .session import Session

__all__ = [
    "LAST_CALL", "Anything", "Call", "Handle", "RemoteObject", "StandIn", "Student", "afterwards", "evaluate",
    "moved", "named", "number_of", "session_of",
]  # fmt: skip


class Student:
    """The names that the program defines, as attributes; `student["call"]` is the same as `student.call`.

    Raises `StudentError` for a name that the program does not define. `session_of(student)` is its session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python and NumPy look for these; do not ask the student's program
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        session = self._session
        session.child()  # so that the names are known
        if name not in session.names:
            text = texts("your program defines no {name}{hint}")
            raise StudentError("missing", clean(say(text, name=name, hint=hint(name, session.names))))
        if name in session.known:  # a question less
            return session.known[name]
        result = _ask(session, "get", None, name)
        if isinstance(result, Handle):
            return named(result, name)
        session.constants[name] = kind_of(result)
        return result


def hint(name: str, names: list[str]) -> str:
    """A suggestion for a missing name: the most similar name of the program."""
    near = difflib.get_close_matches(name, names, n=1)
    if not near:
        return ""
    if near[0].isascii():
        return say("; did you mean it where you wrote {near}?", near=near[0])
    text = texts("; did you mean it where you wrote {near} (some of its letters only look like the usual ones)?")
    return say(text, near=near[0])


@dataclass
class RemoteObject:
    """The place of an object in the child.

    Attributes
    ----------
    generation : which of the session's children holds it.
    number : its number in that child.
    kind : the name of its type.
    name : its name in the program, if known.
    """

    session: Session
    generation: int
    number: int
    kind: str
    name: str | None = None


class Handle:
    """An object of the student's that stays in the child. Two handles are equal if they stand for the same object."""

    # NumPy must not treat a handle as a sequence; `np.float64(2) * handle` must call the method of the handle.
    __array_ufunc__ = None

    def __init__(self, reference: RemoteObject) -> None:
        object.__setattr__(self, "_reference", reference)  # the only attribute that is not the student's

    def __repr__(self) -> str:
        name, _, dtype = clean(self._reference.kind, 80).partition(" of dtype ")
        if dtype:
            return say("<{kind} of the student's, of dtype {dtype}>", kind=name, dtype=dtype)
        return say("<{kind} of the student's>", kind=name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _ask(self._reference.session, "get", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _ask(self._reference.session, "set", self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[int, int, int]:
        reference = self._reference
        return id(reference.session), reference.generation, reference.number

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        again = self._reference.session.answers_again and not keywords
        LAST_CALL.set(Call(self, list(arguments)) if again else None)
        size = max((x.size for x in arguments if isinstance(x, np.ndarray)), default=0)
        if self._reference.session.counted is not None and size >= FEWEST:
            return _counted(self, arguments, keywords, size)
        return _ask(self._reference.session, "call", self, list(arguments), keywords, False)

    def __iter__(self) -> Iterator[Any]:
        return iter(_ask(self._reference.session, "items", self))

    def __getitem__(self, key: Any) -> Any:
        return _ask(self._reference.session, "operator", "getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _ask(self._reference.session, "operator", "setitem", self, key, value)


def named(handle: Handle, name: str) -> Handle:
    """The handle, with the name that its object has in the program."""
    handle._reference.name = name
    return handle


FEWEST = 4
"""Calls are counted from so many numbers on: fewer may honestly be as many as the calls."""


def _counted(function: Handle, arguments: tuple[Any, ...], keywords: dict[str, Any], size: int) -> Any:
    """The result of a function; and a note if it calls another one for each of the numbers with all of them, as a
    difference quotient does.
    """
    session = function._reference.session
    session.last, calls = _pair(_ask(session, "count", function, list(arguments), keywords, size), int)
    name = function._reference.name
    if name and calls >= size:
        session.counted[name] = calls, size
    return session.last


def _pair(answer: Any, second: type) -> tuple[Any, Any]:
    """The result of a function, and what the child says of the call besides."""
    if not (isinstance(answer, tuple) and len(answer) == 2 and type(answer[1]) is second):
        raise StudentError("answer", say("what your program wrote is no answer: {why}", why=kind_of(answer)))
    return answer


def _operator(name: str, reflected: bool = False) -> Any:
    """A method of `Handle` that has the child apply the function of that name in the module `operator`."""

    def method(self: Handle, *others: Any) -> Any:
        operands = (*others, self) if reflected else (self, *others)
        return _ask(self._reference.session, "operator", name, *operands)

    return method


def _refusal(what: str) -> Any:
    """A method of `Handle` that refuses to be data: an object that counted as True could pass a check by mistake."""

    def method(self: Handle, *_: Any, **__: Any) -> NoReturn:
        raise StudentError("answer", say("{given}, where {wanted} is expected", given=repr(self), wanted=say(what)))

    return method


for _name, _what in texts(
    {
        "array": "an array",
        "bool": "True or False",
        "complex": "a number",
        "float": "a number",
        "index": "a whole number",
        "int": "a whole number",
    }
).items():
    setattr(Handle, f"__{_name}__", _refusal(_what))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Handle, f"__{_name}__", _operator(_name))
    setattr(Handle, f"__r{_name}__", _operator(_name, reflected=True))
for _name in ("neg", "pos", "abs", "lt", "le", "gt", "ge"):  # not eq: the student must not define equality
    setattr(Handle, f"__{_name}__", _operator(_name))


def evaluate(student: Student, source: str) -> Any:
    """The value of an expression in the child, such as a function for the student's `grad`: `lambda x: x * x`.

    The student's program could read the expression, so it must hold no secret.

    >>> from tinygrad_edu.grade import Sandbox, Submission
    >>> with Sandbox() as sandbox, sandbox.open(Submission.from_source("def twice(f, x): return f(f(x))")) as session:
    ...     session.student.twice(evaluate(session.student, "lambda x: x * x"), 3.0)
    81.0
    """
    return _ask(student._session, "evaluate", source)


def afterwards(function: Handle, *arguments: Any, **keywords: Any) -> tuple[Any, list[Any]]:
    """The result of a function, and its arguments after the call: for functions that work in place, such as optimisers.

    >>> import numpy as np
    >>> from tinygrad_edu.grade import Sandbox, Submission
    >>> source = "def step(w, grad, rate): w -= rate * grad"
    >>> with Sandbox() as sandbox, sandbox.open(Submission.from_source(source)) as session:
    ...     afterwards(session.student.step, np.ones(3), np.ones(3), 0.5)
    (None, [array([0.5, 0.5, 0.5]), array([1., 1., 1.]), 0.5])
    """
    return _pair(_ask(function._reference.session, "call", function, list(arguments), keywords, True), list)


@dataclass(frozen=True)
class Call:
    """A call of a function of the student's."""

    function: Handle
    arguments: list[Any]

    @lazy
    def parameters(self) -> list[str]:
        """The names of the function's parameters, as many as it was given; none if they cannot be had."""
        try:
            names = _ask(self.function._reference.session, "parameters", self.function)
        except StudentError:
            return []
        count = len(self.arguments)
        good = isinstance(names, list) and all(type(x) is str and x.isidentifier() and len(x) < 40 for x in names)
        return names[:count] if good and len(names) >= count else []


LAST_CALL: ContextVar[Call | None] = ContextVar("LAST_CALL", default=None)
"""The last call that the check in this context has made, without named arguments."""


def session_of(student: Student) -> Session:
    """The session that a student's program runs in."""
    return student._session


def _ask(session: Session, do: str, *what: Any) -> Any:
    session.child()
    try:
        return session.ask(do, *what)
    except FrameError as error:  # in our own question; the session handles errors in the child's frames
        raise TypeError(str(error)) from None


def number_of(session: Session, handle: Any) -> int:
    """The number of an object in the present child. Raises `FrameError` if it is none."""
    if not isinstance(handle, Handle):
        text = f"{type(handle).__name__} {handle!r:.80} is no data: it cannot be sent to a student's program"
        raise FrameError(text)
    reference = handle._reference
    if reference.session is not session:
        raise FrameError(f"{handle!r} belongs to another session")
    if reference.generation != session.generation:
        if reference.name is None:
            raise StudentError("exited", say("{object} was lost when your program ended", object=repr(handle)))
        again = Student(session)[reference.name]  # an object with a name can be found again
        reference.generation, reference.number = again._reference.generation, again._reference.number
    return int(reference.number)


# Sessions without a program.


class StandIn:
    """A session that runs no program: `answer(do, what)` gives the answer to each question."""

    answers_again: ClassVar = False
    counted: ClassVar = None

    def __init__(self, answer: Callable[[str, tuple[Any, ...]], Any], names: list[str] | None = None) -> None:
        self.answer = answer
        self.names = AllNames() if names is None else names
        self.generation, self.answers, self.last_seconds = 1, 0, 0.001
        self.constants: dict[str, str] = {}
        self.known: dict[str, Handle] = {}

    def child(self) -> None:
        """There is no child."""

    def ask(self, do: str, *what: Any) -> Any:
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
        return Handle(RemoteObject(session, 1, known.number, known.kind, known.name))  # type: ignore[arg-type]
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


OPERATORS = """
add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod radd rsub rmul rtruediv rfloordiv rmod rpow
rmatmul neg pos abs invert round eq ne lt le gt ge call getitem array_ufunc array_function
"""
for _name in OPERATORS.split():
    setattr(Anything, f"__{_name}__", lambda self, *_, **__: self)
for _name, _value in {"bool": True, "float": 1.0, "complex": 1j, "int": 1, "index": 1}.items():
    setattr(Anything, f"__{_name}__", lambda self, value=_value: value)
