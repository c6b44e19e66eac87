"""Expectations of a check: `expect(answer).equals(array)`, `.is_gradient_of(f, at=..., upstream=...)`; `require(...)`.

Each expectation either notes a pass or raises `WrongAnswer`. A check gives points only if it has noted a pass: a check
that expects nothing passes nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._support.languages import say, texts
from .._support.text import exception_text
from ..engine.derivatives import vjp
from .compare import Outcome, compare, kind_of
from .diagnosis import MISTAKES, Diagnosis, beside_answers
from .diagnosis.calling import by_asking_again, names_in
from .diagnosis.diagnose import diagnosis_of
from .diagnosis.reference import Reference
from .errors import AssignmentError, StudentError, WrongAnswer
from .sandbox.proxies import LAST_CALL, Anything

__all__ = ["Expectation", "Notes", "Probe", "expect", "require", "watched"]

DATA = (bool, int, float, complex, str, bytes, list, tuple, dict, type(None), np.ndarray, np.generic)
"""Types of data, which cross as they are; any other object stays in the child, and the check gets a handle."""


SURE = {"a list", "number of answers", "low precision"}
"""Mistakes that need no second call to be certain."""


UNSEEN = {"a list", "imprecise", "low precision", "order of parameters"}
"""Mistakes that no picture shows: its numbers have too few digits, and operands the names of the parameters."""


THE_ANSWER = texts("the answer")


def expect(answer: Any, name: str = THE_ANSWER, **values: Any) -> Expectation:
    """The expectations of an answer of a student's program; `name` is its name in messages, `values` fill its places.

    >>> expect(3.0).equals(3.0)
    >>> expect(2.0, "the sum of {n} numbers", n=3).equals(3.0)
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: the sum of 3 numbers: the number is wrong
    """
    return Expectation(answer, _filled(name, values))


def require(holds: Any, otherwise: str, *, kind: str = "", where: str = "", how: str = "", **values: Any) -> None:
    """Expect that `holds` is True; for what no comparison can express.

    Parameters
    ----------
    holds : True or False, not a value that merely counts as one of them.
    otherwise : what is wrong if it is False, for the student.
    kind, where, how : the kind of mistake in one word, where it is, and how to mend it.
    values : what fills the places in braces of these texts, so that a text can be in another language as a whole.

    Raises `WrongAnswer` if it is False, `StudentError` if it is not a boolean.

    >>> require(2 in [3, 5], "the order leaves out node {node}", kind="order", node=2)
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: the order leaves out node 2
    """
    if type(holds) not in (bool, np.bool_):
        text = texts("{otherwise} ({kind}, where True or False is needed)")
        raise StudentError("answer", say(text, otherwise=say(otherwise), kind=type(holds).__name__))
    if not holds:
        what, where, how = (_filled(text, values) for text in (otherwise, where, how))
        raise WrongAnswer(what, kind=kind, where=where, how=how)
    _notes().passes += 1


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """The text in the reader's language, its places filled; a value that is a text is said in that language, too."""
    return say(text, **{name: say(value) if isinstance(value, str) else value for name, value in values.items()})


class Expectation:
    """The expectations of one answer of a student's program.

    Attributes
    ----------
    answer : the answer.
    name : its name in messages.
    """

    def __init__(self, answer: Any, name: str) -> None:
        self.answer, self.name = answer, name

    def equals(self, expected: Any) -> None:
        """Expect the same number of results, types, shapes and numbers, exact to the precision of their dtype.

        Raises `WrongAnswer` if they differ; `compare` has the rules.

        >>> import numpy as np
        >>> expect(np.ones((3, 2)), "grad_x").equals(np.zeros((3, 2)))
        Traceback (most recent call last):
        tinygrad_edu.grade.errors.WrongAnswer: grad_x: 6 of 6 numbers are wrong
        """
        self._compare(expected, None)

    def is_close(self, expected: Any, *, rtol: float) -> None:
        """`equals`, but numbers may differ by `rtol` times themselves plus `rtol` times the largest."""
        self._compare(expected, rtol)

    def is_gradient_of(
        self, function: Callable[..., Any], *, at: Any, upstream: Any = 1.0, rtol: float | None = None
    ) -> None:
        """Expect the gradients of `function` with respect to all its arguments, for an upstream gradient.

        Parameters
        ----------
        function : a function of the engine's nodes, such as `lambda x, y: x * y`.
        at : the arguments, floats and arrays: a tuple of them, or a single one. For a single one, also in a tuple, the
            answer may stand alone.
        upstream : the gradient of the result, with the result's shape.

        Raises `WrongAnswer`, with the mistake that explains the answer if one does.

        >>> expect((3.0, 2.0)).is_gradient_of(lambda x, y: x * y, at=(2.0, 3.0))
        """
        several = isinstance(at, (tuple, list)) and (len(at) > 1 or isinstance(self.answer, (tuple, list)))
        primals = tuple(at) if isinstance(at, (tuple, list)) else (at,)
        _notes().probes.append(Probe(function, primals, upstream, rtol))
        _, pull = vjp(function, *primals)
        gradients = pull(upstream)
        try:
            self._compare(gradients if several else gradients[0], rtol)
        except WrongAnswer as wrong:
            try:
                better = self._diagnosed(wrong, function, primals, upstream, gradients if several else gradients[0])
            except Exception as error:  # of the diagnosis: the answer is wrong all the same
                note = f"no diagnosis: {exception_text(error)}"
                better = WrongAnswer(str(wrong), kind=wrong.kind, note=note)
            raise better from None

    def _diagnosed(
        self, wrong: WrongAnswer, function: Callable[..., Any], primals: tuple[Any, ...], upstream: Any, expected: Any
    ) -> WrongAnswer:
        """What is wrong with the answer, with the mistake that explains it if one does."""
        call = LAST_CALL.get() if NOTES.get(None) else None
        reference = Reference(function, primals, upstream, names_in(call, primals))
        diagnosis = diagnosis_of(reference, self.answer)
        if diagnosis is None:  # right by `compare`, but not to the tolerance of this check
            diagnosis = Diagnosis(MISTAKES["imprecise"], reference.names)
        if call and diagnosis.name not in SURE and any(x is y for x in primals for y in call.arguments):
            found, wanted = (x if isinstance(x, (list, tuple)) else [x] for x in (self.answer, expected))
            none_right = not any(compare(a, e) for a, e in zip(found, wanted))
            right = (lambda answer: bool(compare(answer, expected))) if none_right else None
            diagnosis = by_asking_again(call, diagnosis, right) or diagnosis
        what, where, how = diagnosis.words
        known = diagnosis.mistake is not MISTAKES["unknown"]
        if not known:  # the name of the gradient, unless the check has a name for the answer
            what = diagnosis.details["wrong"] if self.name == say(THE_ANSWER) else str(wrong)
        answers = self.answer if isinstance(self.answer, (list, tuple)) else (self.answer,)
        graphs = None if diagnosis.name in UNSEEN else beside_answers(reference, answers, diagnosis)
        return WrongAnswer(what, kind=diagnosis.name if known else wrong.kind, where=where, how=how, graphs=graphs)

    def is_object(self) -> None:
        """Expect an object, such as the student's own `Value`, so that the check can use its attributes and methods.

        Raises `WrongAnswer` for a number, an array, a string, None, or a list, tuple or dict.

        >>> expect(2.0, "x * y").is_object()
        Traceback (most recent call last):
        tinygrad_edu.grade.errors.WrongAnswer: x * y: a float, and an object is expected
        """
        if isinstance(self.answer, DATA) and not _fits_anywhere(self.answer):
            text = texts("{name}: {given}, and an object is expected")
            raise WrongAnswer(say(text, name=self.name, given=kind_of(self.answer)), kind="type")
        _notes().passes += 1

    def _compare(self, expected: Any, rtol: float | None) -> None:
        if _fits_anywhere(self.answer):
            _notes().passes += 1
            return
        verdict = compare(self.answer, expected, rtol=rtol, name=self.name)
        if verdict.outcome is Outcome.ERROR:
            raise AssignmentError(verdict.message)
        if not verdict:
            raise WrongAnswer(verdict.message, kind=verdict.reason)
        _notes().passes += 1


def _fits_anywhere(answer: Any) -> bool:
    """Whether an answer is one of those that find out whether a check itself is wrong."""
    return isinstance(answer, Anything) or (isinstance(answer, (list, tuple)) and any(map(_fits_anywhere, answer)))


# Notes.


@dataclass(frozen=True)
class Probe:
    """A gradient that a check asked for: the function, its arguments, the upstream gradient and the tolerance."""

    function: Callable[..., Any]
    at: tuple[Any, ...]
    upstream: Any
    rtol: float | None


@dataclass
class Notes:
    """Notes on a check that runs.

    Attributes
    ----------
    passes : how many expectations held.
    probes : the gradients that were asked for; `soundness` uses them.
    """

    passes: int = 0
    probes: list[Probe] = field(default_factory=list)


NOTES: ContextVar[Notes] = ContextVar("NOTES")


@contextmanager
def watched() -> Iterator[Notes]:
    """Take notes of the check that runs in this context."""
    notes = Notes()
    token = NOTES.set(notes)
    LAST_CALL.set(None)
    try:
        yield notes
    finally:
        NOTES.reset(token)


def _notes() -> Notes:
    """The notes of the check that runs; if none runs, as in an example, notes that nobody reads."""
    return NOTES.get(Notes())
