"""The verdict on one check of one program: points for an explicit pass, a reason for what is wrong, or a grader error.

A check is plain Python, and may stumble over an answer that it did not foresee: `loss, gradient = student.f()` where
there are three. Then the same check is tried with the reference, or with answers that fit anywhere if there is none. If
it does not stumble there, the program's answer is to blame, and the check is failed.
"""

from __future__ import annotations

import ast
import dis
import linecache
import re
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from .._support.languages import say, texts
from .._support.text import clean, exception_text
from .assignment import Check, place
from .compare import described as in_few_words, kind_of
from .diagnosis.mistakes import kind_in_words
from .errors import IsolationError, SandboxError, StudentError, WrongAnswer
from .expect import DATA, Notes, watched
from .results import CheckResult, Graphs, NoPass
from .sandbox.proxies import Anything, StandIn, Student, hint
from .sandbox.session import Session
from .submission.reading import Part
from .submission.submission import Submission, parsed

__all__ = ["Draw", "Solution", "load", "missed", "stumbled", "tried", "verdict"]

Draw = Callable[[], np.random.Generator]
"""Makes the random numbers of a check: each time the same ones."""

Solution = Callable[[], "Session | None"]
"""Opens a session of the instructor's solution; None if there is none."""


REPEATED = 0.1
"""A check that takes a larger part of the time of a submission is asked once."""


MEASURED = {"exponential time", "memory", "slow", "time"}
"""Kinds of mistakes that are measured: by luck, a program may pass such a check the first time."""

KEPT = texts(
    "Something is kept between calls: an array changed in place, or a sum that is not set back to 0. Or the answer "
    "depends on random numbers: then begin with a seed, as in np.random.default_rng(0)."
)


def load(session: Session) -> StudentError | SandboxError | None:
    """Load the program; the error if it does not load."""
    try:
        session.child()
    except IsolationError:
        raise
    except (StudentError, SandboxError) as error:
        return error
    return None


def verdict(
    check: Check,
    session: Session,
    draw: Draw,
    failure: StudentError | SandboxError | None = None,
    *,
    twice: bool = True,
    reference: Solution = lambda: None,
    asked_for: Collection[str] = (),
) -> CheckResult:
    """The result of a check, as the student may see it.

    Parameters
    ----------
    failure : why the program could not be loaded, if it could not.
    twice : whether a pass counts only if a second run passes too, unless the check takes long. The same program then
        gets the same points, however it counts its calls.
    reference : opens a session of the solution.
    asked_for : names that other checks need; they are not suggested for a missing name.
    """
    if isinstance(failure, SandboxError):
        return missed(check, "grader-error", clean(str(failure)))
    if failure is not None:
        return _shown(_failed(check, failure), check)
    missing = [name for name in check.needs if name not in session.names]
    if missing:
        no_function = {*asked_for, *_imported(session.submission)}
        others = [name for name in session.names if name not in no_function]
        place = _nested(session.submission.parts).get(missing[0])
        instead = say(INSIDE, **place) if place else hint(missing[0], others)
        why = say("your program defines no {name}{hint}", name=missing[0], hint=instead)
        return missed(check, "skipped", clean(why), kind="missing")
    before = session.record.seconds
    result = _ask(check, session, draw, reference)
    quick = session.record.seconds - before <= REPEATED * session.limits.total_seconds
    if twice and quick and result.outcome == "pass":
        session.counted = {}
        again = _ask(check, session, draw, reference)
        session.counted = None
        if again.outcome == "grader-error" or again.kind in MEASURED:
            result = again
        elif again.outcome != "pass":
            why = say("it was right the first time, and wrong when the same was asked again")
            how = say(KEPT)
            result = replace(again, message=why, kind="repeated", where=again.message, how=how)
    return _shown(result, check)


def _imported(submission: Submission) -> set[str]:
    """The names in the lines that import something, such as `np` and `os`: they are nobody's misspelt function."""
    lines = (line for _, source in submission.parts for line in re.findall(IMPORT, source, re.MULTILINE))
    return {name for line in lines for name in re.findall(r"\w+", line)}


IMPORT = r"^[ \t]*(?:import|from)\b.*"


INSIDE = texts("; it stands inside `{line}` ({file}, line {n}): put it in front of that, at the margin")


@lru_cache(maxsize=4)
def _nested(parts: tuple[Part, ...]) -> dict[str, dict[str, Any]]:
    r"""Where functions and classes stand that are inside something else, such as a main block.

    >>> _nested((("hw1.py", "class Solution:\n    def f(self): pass"),))
    {'f': {'line': 'class Solution:', 'file': 'hw1.py', 'n': 1}}
    """
    found: dict[str, dict[str, Any]] = {}
    for where, source in parts:
        tree, lines = parsed(source), source.split("\n")  # the report says what does not parse
        for outer in tree.body if tree else ():
            for x in ast.walk(outer):
                if x is not outer and isinstance(x, (ast.FunctionDef, ast.ClassDef)):
                    line = lines[outer.lineno - 1].strip()[:80]
                    found.setdefault(x.name, {"line": line, "file": where, "n": outer.lineno})
    return found


def _ask(check: Check, session: Session, draw: Draw, reference: Solution) -> CheckResult:
    """Run a check."""
    before = session.answers
    try:
        with watched() as notes, np.errstate(all="ignore"):
            check.function(session.student, draw())
    except (WrongAnswer, StudentError) as error:
        return _failed(check, error)
    except IsolationError:
        raise
    except SandboxError as error:
        return missed(check, "grader-error", clean(str(error)))
    except Exception as error:  # of the check itself, which is plain Python
        if session.answers == before:
            return missed(check, "grader-error", stumbled(check, error))
        if isinstance(error, AssertionError):
            return _failed(check, _refuted(check, error, session))
        return _blamed(check, error, session, draw, reference)
    if not notes.passes and not (session.answers > before and _asserts(check.function.__code__)):
        if session.answers == before or _own_fault(check, None, draw, reference):
            return missed(check, "grader-error", say("{name} expects nothing, so nobody can pass it", name=check.name))
        too_little = say("your program answers {answer}: too little", answer=_described(session.last))
        return _failed(check, WrongAnswer(too_little, kind="count"))
    session.record.passes.update(_quotients(session.counted or {}, notes))
    return CheckResult(
        check.name, say(check.title), "pass", check.points, check.points, hidden=check.hidden, extra=check.extra
    )


def _quotients(counted: Mapping[str, tuple[int, int]], notes: Notes) -> dict[str, tuple[int, int]]:
    """The functions that may have taken difference quotients: what calls another one once or more for each number.

    A training calls its loss as often, honestly. So where no gradient was asked for, the answer must have been
    compared, and the calls must be the numbers, or a multiple of them, and at most one more.

    >>> _quotients({"slope": (31, 15), "train": (200, 15)}, Notes(passes=1))
    {'slope': (31, 15)}
    """
    return {
        name: (calls, size)
        for name, (calls, size) in counted.items()
        if notes.probes or (notes.passes and calls % size <= 1)
    }


# A check that stumbles.


def stumbled(check: Check, error: BaseException) -> str:
    """The exception of a check and its line, for the instructor."""
    return clean(f"{Path(place(error, _file_of(check))).name}: {exception_text(error)}")


def _file_of(check: Check) -> Path:
    return Path(check.function.__code__.co_filename)


def _blamed(check: Check, error: Exception, session: Session, draw: Draw, reference: Solution) -> CheckResult:
    """The result of a check that raised an exception after the program had answered."""
    said = stumbled(check, error)
    if _own_fault(check, error, draw, reference):
        return missed(check, "grader-error", said)
    overwritten = [name for name in session.constants if "not callable" in str(error)]
    if overwritten:
        name = overwritten[0]
        what = say("{name} is {kind}, not a function: was it overwritten?", name=name, kind=session.constants[name])
        how = say("Give the result of a call another name than the function's.")
    else:
        what = say("your program answers {answer}, and that cannot be used", answer=_described(session.last))
        how = ""
    return replace(_failed(check, WrongAnswer(what, kind="type", how=how)), note=said)


def _described(answer: Any) -> str:
    """An answer in words."""
    if isinstance(answer, (list, tuple)):
        kinds = say(", ").join([*map(kind_of, answer[:4]), *(["..."] if len(answer) > 4 else [])])
        text = texts("a {kind} of {n} ({kinds})") if answer else texts("a {kind} of {n}")
        return say(text, kind=type(answer).__name__, n=len(answer), kinds=kinds)
    return in_few_words(answer)


def _own_fault(check: Check, symptom: Exception | None, draw: Draw, reference: Solution) -> bool:
    """Whether a check raises an exception, or expects nothing (`symptom` is None), by a mistake of its own.

    It does if the solution has it do so too, or, without a solution, every answer that fits anywhere.
    """
    session = reference()
    if session is not None:
        with session:
            error, passes = tried(check, session.student, draw)
            return error is not None or (symptom is None and not passes)
    for size in (2, 1, 3, 4, 5, 0):
        error, passes = tried(check, StandIn(partial(_anything, size)).student, draw)
        if (error is None and (symptom is not None or passes)) or not _alike(check, error, symptom):
            return False
    return True


def _anything(size: int, do: str, what: tuple[Any, ...]) -> Anything:
    """An answer to any question that fits wherever it is used."""
    return Anything(size)


def tried(check: Check, student: Student, draw: Draw) -> tuple[Exception | None, int]:
    """The exception that a check raises by itself when it asks this student, and how many expectations held: −1 if one
    did not.
    """
    with watched() as notes, np.errstate(all="ignore"):
        try:
            check.function(student, draw())
        except IsolationError:
            raise
        except StudentError:
            return None, 1
        except (WrongAnswer, AssertionError):
            return None, -1
        except Exception as error:
            return error, notes.passes
    return None, notes.passes


def _alike(check: Check, one: Exception | None, other: Exception | None) -> bool:
    """Whether two exceptions are of one type, and arose in one line."""
    if one is None or other is None:
        return one is other
    return type(one) is type(other) and place(one, _file_of(check)) == place(other, _file_of(check))


# Checks with `assert`.


def _asserts(code: CodeType) -> bool:
    """Whether a function, or one inside it, holds an `assert`, or calls one such as `np.testing.assert_allclose`.

    >>> def check(student, rng): assert student.f(2.0) == 4.0
    >>> _asserts(check.__code__), _asserts(_described.__code__)
    (True, False)
    """
    raising = any(
        x.opname == "LOAD_ASSERTION_ERROR" or "AssertionError" in x.argrepr for x in dis.get_instructions(code)
    )
    calling = any(name.startswith("assert_") for name in code.co_names)
    return raising or calling or any(_asserts(inner) for inner in code.co_consts if isinstance(inner, CodeType))


def _refuted(check: Check, error: AssertionError, session: Session) -> WrongAnswer:
    """What an `assert` in a check says of the program's answer: its message, or its text, and the values in it."""
    text, values = "", dict[str, Any]()
    for frame, line in traceback.walk_tb(error.__traceback__):
        if Path(frame.f_code.co_filename).parent == _file_of(check).parent:
            text, values = _asserted(frame.f_code.co_filename, line, frame.f_locals)
    if not values:
        values = {say("your program's last answer"): session.last}
    shown = say(", ").join(say("{name} is {value}", name=name, value=_in_short(x)) for name, x in values.items())
    what = str(error) or say("`{condition}` does not hold", condition=text)
    return WrongAnswer(what, kind="assert", where=say("Here, {values}.", values=shown))


def _asserted(file: str, line: int, known: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The condition of the `assert` in a line of a file, and the values of the names in it."""
    source = "".join(linecache.getlines(file))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno):
            names = dict.fromkeys(x.id for x in ast.walk(node.test) if isinstance(x, ast.Name) and x.id in known)
            return ast.unparse(node.test), {name: known[name] for name in names if isinstance(known[name], DATA)}
    return "", {}


def _in_short(x: Any) -> str:
    """A value in at most 200 characters.

    >>> _in_short(np.arange(3.0))
    '[0. 1. 2.]'
    """
    text = str(x) if isinstance(x, np.ndarray) else repr(x)
    return clean(" ".join(text.split()), 200)


# Results.


def missed(check: Check, outcome: NoPass, why: str, *, kind: str = "") -> CheckResult:
    """The result of a check without points, and why."""
    return CheckResult(
        check.name, say(check.title), outcome, 0.0, check.points, why, kind, hidden=check.hidden, extra=check.extra
    )


def _failed(check: Check, error: WrongAnswer | StudentError) -> CheckResult:
    """The result of a check that the student's program failed."""
    result = missed(check, "fail", clean(say(str(error))), kind=error.kind)
    if isinstance(error, WrongAnswer):
        graphs = error.graphs if isinstance(error.graphs, Graphs) else None
        where, how = clean(say(error.where)), clean(say(error.how))
        return replace(result, where=where, how=how, graphs=graphs, note=clean(error.note))
    if error.line:  # the message ends with it
        said = result.message.removesuffix(f" ({error.where}, line {error.line}: {error.text})").rstrip(": ")
        return replace(result, message=said, where=error.text, file=error.where, line=error.line)
    return result


def _shown(result: CheckResult, check: Check) -> CheckResult:
    """The result as the student may see it: of a failed hidden check, only the kind of mistake."""
    if not check.hidden or result.outcome != "fail":
        return result
    why = say("a hidden check failed: {kind}", kind=kind_in_words(result.kind))
    return replace(missed(check, "fail", why, kind=result.kind), note=result.note)
