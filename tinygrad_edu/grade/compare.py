"""Compares a student's answer with the expected one. Only an explicit pass counts as a pass.

The order is: number of results, type, dtype, shape, where they are finite, and only then the numbers. So nothing is
broadcast, nothing is truncated, and a NaN equals only a NaN that is expected.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.languages import say, texts
from .._support.text import clean

__all__ = ["Outcome", "Verdict", "compare"]

TOLERANCE = {"float16": 2e-3, "float32": 2e-6, "float64": 1e-11, "complex64": 2e-6, "complex128": 1e-11}
"""Relative tolerance, by the dtype of the expected numbers: it accepts another order of summing, but not a difference
quotient."""


class Outcome(enum.Enum):
    """The outcome of a comparison. `ERROR`, a failure of the grader, is repeated and reported, and never a zero."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "grader-error"


@dataclass(frozen=True)
class Verdict:
    """The outcome of a comparison and the reason.

    Attributes
    ----------
    reason : the first difference: "count", "type", "dtype", "shape", "finite", "values"; "" for a pass.
    message : the reason in words, for the student. It contains no expected number.
    error : the largest difference, relative to the largest expected number; None if no numbers were compared.

    A verdict is true if, and only if, it is a pass.

    >>> bool(Verdict(Outcome.PASS)), bool(Verdict(Outcome.FAIL)), bool(Verdict(Outcome.ERROR))
    (True, False, False)
    """

    outcome: Outcome
    reason: str = ""
    message: str = ""
    error: float | None = None

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PASS


class Different(Exception):
    """The first difference between the answer and what is expected: the fields of a `Verdict` behind the outcome."""


def compare(
    answer: Any, expected: Any, *, rtol: float | None = None, exact_dtype: bool = False, name: str = "the answer"
) -> Verdict:
    """Compare what a student's program answered with what is expected.

    The precision of the question decides: numbers of a lower precision than expected are refused, for a difference
    quotient is as good as float32; numbers of a higher precision pass (`exact_dtype` refuses these, too). If a Python
    float is expected, a whole number and an array of shape () also pass; if a bool or a string is, NumPy's; and if a
    list of numbers is, an array of them.

    Parameters
    ----------
    expected : numbers, arrays, strings, None, and lists, tuples and dicts of them.
    rtol : relative tolerance; by default 1e-11 for float64, 2e-6 for float32 and 2e-3 for float16. A number may differ
        by this part of itself plus this part of the largest expected number.
    name : the name of the answer in messages.

    Returns a verdict. An exception in the comparison gives the outcome `ERROR`, and so does an `expected` with which a
    comparison would mean nothing: no results, an empty array, only NaN.

    >>> import numpy as np
    >>> compare((np.ones((3, 5)), 2.0), (np.ones((3, 5)), 2.0)).outcome
    <Outcome.PASS: 'pass'>
    >>> compare(np.zeros((1,)), np.zeros((3, 5))).message
    'the answer: shape (1,), expected (3, 5)'
    """
    name = say(name)
    try:
        nothing = _vacuous(expected)
        if nothing:
            text = texts("{name}: {nothing} is expected: there is nothing to compare")
            return Verdict(Outcome.ERROR, "expected", say(text, name=name, nothing=nothing))
        error = _compare(answer, expected, rtol, exact_dtype, name)
    except Different as different:
        return Verdict(Outcome.FAIL, *different.args)
    except Exception as failure:
        return Verdict(Outcome.ERROR, "comparison", f"{name}: {type(failure).__name__}: {failure}")
    return Verdict(Outcome.PASS, error=error)


def _vacuous(expected: Any) -> str:
    """Why a comparison with `expected` would mean nothing; empty if it means something."""
    if isinstance(expected, (list, tuple, dict)):
        parts = list(expected.values()) if isinstance(expected, dict) else list(expected)
        return next(filter(None, map(_vacuous, parts)), "") if parts else say("no result")
    if isinstance(expected, (float, complex, np.ndarray, np.generic)):
        array = np.asarray(expected)
        if array.size == 0:
            return say("an array of shape {shape}", shape=array.shape)
        if array.dtype.kind in "fc" and not np.isfinite(array).any():
            return say("no finite number")
    return ""


def _compare(answer: Any, expected: Any, rtol: float | None, exact_dtype: bool, name: str) -> float | None:
    """Raise `Different` unless answer and expected agree; the largest relative difference of numbers."""
    if isinstance(expected, (list, tuple)):
        if isinstance(answer, np.ndarray) and answer.ndim == 1 and all(type(e) in (bool, int, float) for e in expected):
            answer = list(answer)  # numbers in a list are as good in an array
        if type(answer) not in (list, tuple):
            raise Different(
                "type", say("{name}: {given}, expected {n} results", name=name, given=kind_of(answer), n=len(expected))
            )
        if len(answer) != len(expected):
            raise Different(
                "count", say("{name}: {given} results, expected {n}", name=name, given=len(answer), n=len(expected))
            )
        pairs = [(f"{name}[{i}]", a, e) for i, (a, e) in enumerate(zip(answer, expected, strict=True))]
        return _largest([_compare(a, e, rtol, exact_dtype, part) for part, a, e in pairs])
    if isinstance(expected, dict):
        if type(answer) is not dict:
            raise Different("type", _expected_other(name, kind_of(answer), say("a dict")))
        if set(answer) != set(expected):
            given = clean(str(list(answer)), 200)
            text = say("{name}: the keys {given}, expected {expected}", name=name, given=given, expected=list(expected))
            raise Different("count", text)
        return _largest([_compare(answer[k], expected[k], rtol, exact_dtype, f"{name}[{k!r}]") for k in expected])
    if expected is None or isinstance(expected, (str, bool)):
        if isinstance(answer, (np.ndarray, np.generic)) and answer.shape == () and answer.dtype.kind in ("b", "U"):
            answer = answer.item()  # np.True_ is as good as True
        if type(answer) is not (str if isinstance(expected, str) else type(expected)):
            raise Different("type", _expected_other(name, kind_of(answer), kind_of(expected)))
        if answer != expected:
            raise Different("values", say("{name}: not what is expected", name=name))
        return None
    return _numbers(answer, expected, rtol, exact_dtype, name)


def _numbers(answer: Any, expected: Any, rtol: float | None, exact_dtype: bool, name: str) -> float:
    """`_compare` for a number or an array of numbers."""
    wanted = np.asarray(expected)
    if wanted.dtype.kind not in "biufc":
        raise TypeError(f"no answer can be compared with {kind_of(expected)}")
    if type(answer) is int and wanted.dtype.kind in "fc" and wanted.shape == () and abs(answer) < 2**53:
        answer = float(answer)  # `self.grad = 0` is as good as 0.0
    if type(answer) not in (bool, int, float, complex, np.ndarray) and not isinstance(answer, np.generic):
        raise Different("type", _expected_other(name, kind_of(answer), kind_of(expected)))
    given = np.asarray(answer)
    _check_dtype(given.dtype, wanted.dtype, exact_dtype, name)
    if given.shape != wanted.shape:
        raise Different(
            "shape", say("{name}: shape {given}, expected {wanted}", name=name, given=given.shape, wanted=wanted.shape)
        )
    if wanted.dtype.kind in "biu":
        if not np.array_equal(given, wanted):
            raise Different(
                "values", say("{name}: {problem}", name=name, problem=_so_many(given != wanted, wanted.size))
            )
        return 0.0
    tolerance = TOLERANCE[wanted.dtype.name] if rtol is None else rtol
    finite = _finite_in_both(given, wanted, name)
    wide = complex if wanted.dtype.kind == "c" else float  # they are compared in double precision at least
    right = wanted[finite].astype(wide)
    difference, size = np.abs(given[finite].astype(wide) - right), np.abs(right)
    scale = float(size.max())
    error = float(difference.max()) / scale if scale else float(difference.max())
    wrong = ~(difference <= tolerance * (size + scale))
    if wrong.any():
        raise Different("values", say("{name}: {problem}", name=name, problem=_so_many(wrong, wanted.size)), error)
    return error


FINITE = texts("{name}: {k} of {n} numbers are finite where they should not be")
NOT_FINITE = texts("{name}: {k} of {n} numbers are NaN or infinite")


def _expected_other(name: str, given: str, wanted: str) -> str:
    """Something else is expected."""
    return say("{name}: {given}, expected {wanted}", name=name, given=given, wanted=wanted)


def _check_dtype(given: np.dtype[Any], wanted: np.dtype[Any], exact: bool, name: str) -> None:
    """Refuse another kind of number, a lower precision, and if `exact` a higher one."""
    fits = given.kind == wanted.kind
    if fits and given != wanted:
        fits = given.kind in "biu" or (not exact and given.itemsize > wanted.itemsize)
    if not fits:
        raise Different("dtype", say("{name}: dtype {given}, expected {wanted}", name=name, given=given, wanted=wanted))


def _finite_in_both(given: Any, wanted: Any, name: str) -> Any:
    """Which numbers are finite. Refuses those that are not where finite ones are expected, and another infinity or NaN
    elsewhere.
    """
    finite = np.isfinite(wanted)
    odd = np.isfinite(given) != finite
    if odd.any():
        text = FINITE if np.isfinite(given[odd]).any() else NOT_FINITE
        raise Different("finite", say(text, name=name, k=int(odd.sum()), n=wanted.size))
    if not finite.all() and not np.array_equal(given[~finite], wanted[~finite], equal_nan=True):
        raise Different("finite", say("{name}: the wrong kind of number that is not finite", name=name))
    return finite


def _largest(errors: list[float | None]) -> float | None:
    """The largest error; None if there is none."""
    return max((error for error in errors if error is not None), default=None)


def _so_many(wrong: np.ndarray, size: int) -> str:
    """How many of `size` numbers are wrong, in words.

    >>> _so_many(np.array([True, False]), 2), _so_many(np.array(True), 1)
    ('1 of 2 numbers are wrong', 'the number is wrong')
    """
    return say("the number is wrong") if size == 1 else say("{k} of {n} numbers are wrong", k=int(wrong.sum()), n=size)


def kind_of(x: Any) -> str:
    """The type of a value, in a few words."""
    if isinstance(x, np.ndarray):
        if x.dtype != np.float64:
            return say("an array of shape {shape} and dtype {dtype}", shape=x.shape, dtype=x.dtype)
        return say("an array of shape {shape}", shape=x.shape)
    if x is None:
        return "None"
    name = type(x).__name__
    return repr(x) if name == "Handle" else say("an {kind}" if name[0] in "aeiou" else "a {kind}", kind=name)


def described(x: Any) -> str:
    """The type of an answer; of None also where it comes from."""
    return say("None, as of a function without `return`") if x is None else kind_of(x)
