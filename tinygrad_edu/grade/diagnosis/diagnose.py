"""`diagnose`: finds the known mistake that reproduces wrong gradients to the last digits.

The right gradients, and those that each known mistake gives (reference.py), are candidates. An answer equals a
candidate directly, or with its axes in another order, or times a factor with a name, such as -1 or the batch size. Only
arrays are compared: nothing here ever sees a student's program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import permutations
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import counted, say, texts
from ...engine.node import number_of
from ..compare import TOLERANCE, Verdict, compare, described
from .mistakes import MISTAKES, Diagnosis, region_of
from .reference import Candidate, Reference

__all__ = ["diagnose"]

Answer = ndarray | None


def diagnose(function: Callable[..., Any], at: Sequence[Any], upstream: Any, found: Any) -> Diagnosis | None:
    """The mistake in the gradients `found` of a function of the engine; None if, and only if, they are right.

    Parameters
    ----------
    function : takes nodes and returns one; the words use the names of its parameters.
    at : its arguments. Floats and arrays of floats have gradients; others are passed on as they are.
    upstream : the gradient of the output, with its shape. It should be random: ones hide mistakes.
    found : the student's answer: an array or float for each argument that has a gradient; a single one may stand alone.

    An answer is right if `compare` passes it. A mistake that is not known has the name "unknown".

    >>> import numpy as np
    >>> x, y, upstream = np.random.default_rng(0).normal(size=(3, 5, 4))
    >>> diagnose(lambda x, y: x * y, (x, y), upstream, (upstream * y, upstream * x)) is None
    True
    >>> print(diagnose(lambda x, y: x * y, (x, y), upstream, (y, x)).feedback(2))
    The upstream gradient is ignored. Look at `multiply`, in the gradients of x and y.
    """
    return diagnosis_of(Reference(function, at, upstream), found)


def diagnosis_of(reference: Reference, found: Any) -> Diagnosis | None:
    """`diagnose` for an existing reference."""
    if len(reference.expected) == 1 and _listed(found, reference.expected[0]):
        found = (found,)  # rows, and not results
    answers = found if isinstance(found, (list, tuple)) else (found,)
    if len(answers) != len(reference.expected):
        given = say("{n} of them", n=len(answers)) if answers is found else described(found)
        details = {"wanted": counted(len(reference.expected), "{n} gradient", "{n} gradients"), "given": given}
        return Diagnosis(MISTAKES["number of answers"], reference.names, details)
    verdicts = [
        compare(a, e if np.ndim(e) else float(e), name=say("the gradient of {names}", names=name))
        for a, e, name in zip(answers, reference.expected, reference.names)
    ]
    wrong = [i for i, verdict in enumerate(verdicts) if not verdict]
    if not wrong:
        return None
    for i in wrong:
        if _listed(answers[i], reference.expected[i]):
            return Diagnosis(MISTAKES["a list"], (reference.names[i],))
        if verdicts[i].reason in ("type", "dtype") and answers[i] is not None and not _coarse(answers[i]):
            return _unknown(reference, i, answers[i], verdicts[i])  # not numbers: nothing to compare
    low = [i for i in wrong if _coarse(answers[i])]
    tolerance = max([1e-9, *(10 * TOLERANCE[str(x.dtype)] for x in (*answers, *reference.expected) if _coarse(x))])
    if low == wrong and all(same(as_numbers(answers[i]), reference.expected[i], tolerance) for i in low):
        details = {"given": str(answers[low[0]].dtype), "right": str(reference.expected[low[0]].dtype)}
        return Diagnosis(MISTAKES["low precision"], tuple(reference.names[i] for i in low), details)
    search = Search(reference, [as_numbers(a) for a in answers], tolerance)
    with np.errstate(all="ignore"):  # wrong formulas may give inf and nan
        for scope in (wrong, wrong[:1]) if len(wrong) > 1 else (wrong,):
            for diagnosis in search.explanations(scope):
                return diagnosis
    return _unknown(reference, wrong[0], answers[wrong[0]], verdicts[wrong[0]])


def _coarse(x: Any) -> bool:
    """Whether numbers are of a lower precision than float64."""
    return isinstance(x, (ndarray, np.generic)) and x.dtype in (np.float16, np.float32)


def _listed(answer: Any, expected: ndarray) -> bool:
    """Whether an answer is a list of as many numbers, or of rows of them, as the expected array has."""
    if not isinstance(answer, (list, tuple)) or expected.ndim == 0:
        return False

    def shape(x: Any) -> tuple[int, ...] | None:
        if not isinstance(x, (list, tuple)):
            return None if as_numbers(x) is None else np.shape(x)
        inner = {shape(y) for y in x}
        found = inner.pop() if len(inner) == 1 else None
        return None if found is None else (len(x), *found)

    return shape(answer) == expected.shape


ADVICE = texts(
    {
        "type": "Return a float, or a plain array of floats, such as np.asarray(x, float)",
        "bool": "True and False are no numbers: multiply such an array by the upstream gradient, or use np.where",
        "complex": "Return real numbers: a gradient of real numbers is real",
        "int": "Whole numbers have no digits behind the point: let the array hold floats, as np.zeros(shape) does",
        "dtype": "Return floats: an array of float64",
        "shape": "A gradient has exactly the shape of what it is the gradient of",
        "empty": "It holds no numbers: a slice such as x[p:-p] is empty where p is 0",
    }
)
"""How to mend an answer that is of another kind."""


def _unknown(reference: Reference, i: int, answer: Any, verdict: Verdict) -> Diagnosis:
    """The diagnosis of an answer that no known mistake explains: what is known for sure."""
    name, expected = reference.names[i], reference.expected[i]
    kind = answer.dtype.kind if isinstance(answer, (ndarray, np.generic)) else ""
    what = {"i": "int", "u": "int", "b": "bool", "c": "complex"}.get(kind, verdict.reason)
    numbers = as_numbers(answer)
    what = "empty" if numbers is not None and not numbers.size else what
    advice = say(ADVICE.get(what, ADVICE["dtype"]))
    if verdict.reason == "values" and numbers is not None:
        advice = beside_the_right(numbers, expected)
    return Diagnosis(MISTAKES["unknown"], (name,), {"wrong": verdict.message, "advice": advice})


def beside_the_right(numbers: ndarray, expected: ndarray) -> str:
    """The first wrong number beside the right one, and how far all are off: what is known of an unknown mistake."""
    first = np.unravel_index(int(np.argmax(~_near(numbers, expected))), expected.shape)
    off = float(np.abs(numbers - expected).max() / np.abs(expected).max()) if expected.any() else np.inf
    size = say("; the largest difference is {off} of the largest right number", off=f"{off:.2g}")
    return say(
        "No known mistake gives these numbers: {place} is {given}, and {right} is right{size}",
        place=say("at [{place}] it", place=", ".join(map(str, first))) if first else say("it"),
        given=f"{numbers[first]:.4g}",
        right=f"{expected[first]:.4g}",
        size=size if expected.size > 1 else "",
    )


class Search:
    """The search for an explanation of answers. A `scope` is the numbers of the answers that must be explained."""

    def __init__(self, reference: Reference, answers: Sequence[Answer], tolerance: float) -> None:
        self.reference, self.answers, self.tolerance = reference, answers, tolerance
        self.sums = list(reference.in_sums())
        self.factors = _factors_of(reference)

    @cached_property
    def rules(self) -> list[Candidate]:
        """The candidates with a wrong rule, made on demand: most mistakes are found without them."""
        return [*self.reference.in_rules(), *self.reference.in_broadcasts()]

    @cached_property
    def forwards(self) -> list[Candidate]:
        """The candidates with an operation left out of the forward pass."""
        return [*self.reference.in_forward()]

    def explanations(self, scope: Sequence[int]) -> Iterator[Diagnosis]:
        """All explanations, the most probable first."""
        names = tuple(self.reference.names[i] for i in scope)
        expected = self.reference.expected
        answers = [self.answers[i] for i in scope]
        right = [expected[i] for i in scope]
        if all(a is None or (a.size and not a.any()) for a in answers):
            yield Diagnosis(MISTAKES["detached"], names)
        if any(a is not None and not np.isfinite(a).all() for a in answers):
            yield Diagnosis(MISTAKES["not finite"], names)
        if any(a is None or not np.isfinite(a).all() for a in answers):
            return
        # Sums come before factors: if x · x is overwritten, exactly half of the gradient is left.
        yield from self.as_made(scope, self.sums)
        yield from self.by_factor(names, self.ratio(answers, right))
        yield from self.in_another_place(scope, names)
        yield from self.as_made(scope, self.rules)
        if all(_whole(a) and not _whole(e) and self.same(a, np.floor(e)) for a, e in zip(answers, right)):
            yield Diagnosis(MISTAKES["rounded down"], names)
        if all(same(a, e, 1e-5) for a, e in zip(answers, right)):
            yield Diagnosis(MISTAKES["imprecise"], names)
        c = self.ratio(answers, right)
        if c is not None and sum(e.size for e in right) > 1:
            yield Diagnosis(MISTAKES["factor"], names, {"factor": _in_figures(c)})
        yield from self.as_made(scope, self.forwards)
        for second in ("sign", "factor"):  # two mistakes at once are less probable; three could not be told apart
            yield from self.as_made(scope, [*self.sums, *self.rules], second)
        if len(scope) == 1:
            yield from self.in_a_region(scope[0], names)

    def as_made(self, scope: Sequence[int], candidates: Sequence[Candidate], second: str = "") -> Iterator[Diagnosis]:
        """The diagnoses of candidates that equal the answers; or, with `second`, differ from them by this mistake."""
        names = tuple(self.reference.names[i] for i in scope)
        answers, right = [self.answers[i] for i in scope], [self.reference.expected[i] for i in scope]
        for name, details, gradients, mistakes in candidates:
            given = [gradients[i] for i in scope]
            if self.all_same(given, right):  # not a mistake for this function
                continue
            if not second and self.all_same(answers, given):
                yield Diagnosis(MISTAKES[name], names, details, mistakes=mistakes)
            for also in self.by_factor(names, self.ratio(answers, given)) if second else ():
                if also.name == second:
                    yield Diagnosis(MISTAKES[name], names, details, also, mistakes)

    def by_factor(self, names: tuple[str, ...], c: float | None) -> Iterator[Diagnosis]:
        """The diagnosis of a factor that has a name."""
        if c is not None and self.same(c, -1.0):
            yield Diagnosis(MISTAKES["sign"], names)
        for sign in (1.0, -1.0):
            for factor, words in self.factors.items():
                if c is not None and self.same(c, sign * factor):
                    mistake = MISTAKES["twice" if factor == 2.0 else "factor"]
                    also = Diagnosis(MISTAKES["sign"], names) if sign < 0 else None
                    yield Diagnosis(mistake, names, {"factor": words}, also)

    def in_another_place(self, scope: Sequence[int], names: tuple[str, ...]) -> Iterator[Diagnosis]:
        """Diagnoses of right numbers with another order of axes, in another shape, or for another input."""
        expected = self.reference.expected
        answers = [(self.answers[i], expected[i]) for i in scope]
        if self.all_same(*zip(*answers)):  # they are in the right place, and only not exact
            return
        if len(scope) > 1 and all(any(self.same(a, e) for e in expected) for a, _ in answers):
            yield Diagnosis(MISTAKES["order of answers"], names)
        for axes in permutations(range(max(e.ndim for _, e in answers))):
            moved = [(a, e.transpose(axes) if e.ndim == len(axes) else e) for a, e in answers]
            if self.all_same(*zip(*moved)):
                yield Diagnosis(MISTAKES["transposed"], names, {"order": str(axes)})
        if all(a is not None and a.size == e.size and self.same(a.reshape(e.shape), e) for a, e in answers):
            yield Diagnosis(MISTAKES["reshaped"], names)
        if all(a is not None and self.same(_without_border(a, e.shape), e) for a, e in answers):
            yield Diagnosis(MISTAKES["border"], names)

    def in_a_region(self, i: int, names: tuple[str, ...]) -> Iterator[Diagnosis]:
        """The diagnosis of a gradient that is wrong in some places only."""
        answer, expected = self.answers[i], self.reference.expected[i]
        if answer is None or answer.shape != expected.shape:
            return
        wrong = ~_near(answer, expected, self.tolerance)
        inputs = {name: np.asarray(x.data) for name, x in zip(self.reference.names, self.reference.variables)}
        words = region_of(wrong, (answer == 0) & (expected == 0), names[0], inputs)
        if words is not None:
            there, right = answer[wrong], expected[wrong]
            c = self.ratio([there], [right])
            if not there.any():
                how = "0"
            elif c is not None and (there.size > 1 or self.same(c, -1.0)):
                sign = self.same(c, -1.0)
                how = (
                    say("of the wrong sign")
                    if sign
                    else say("{factor} times what they should be", factor=_in_figures(c))
                )
            else:
                how = say("wrong" if right.any() else "not 0, as they should be")
            yield Diagnosis(MISTAKES["region"], names, {"region": words, "there": how})

    def same(self, a: Any, b: Any) -> bool:
        return same(a, b, self.tolerance)

    def all_same(self, answers: Sequence[Answer], given: Sequence[Answer]) -> bool:
        return all(map(self.same, answers, given))

    def ratio(self, answers: Sequence[Answer], given: Sequence[Answer]) -> float | None:
        """The number c with answers = c · given; None if there is none."""
        pairs = [(a, b) for a, b in zip(answers, given) if a is not None and b is not None and a.shape == b.shape]
        if len(pairs) < len(answers):
            return None
        x, y = (np.concatenate([np.ravel(pair[i]) for pair in pairs]) for i in (0, 1))
        square = float(y @ y)
        if square == 0.0 or not np.isfinite(square):
            return None
        c = float(x @ y) / square
        return c if c != 0.0 and all(self.same(a, c * b) for a, b in pairs) else None


def as_numbers(answer: Any) -> Answer:
    """An answer as an array of floats; None if it is not numbers."""
    if isinstance(answer, (bool, str)) or not isinstance(answer, (int, float, ndarray, np.generic)):
        return None
    array = np.asarray(answer)
    return array.astype(float) if array.dtype.kind in "iuf" else None


def _whole(x: Answer) -> bool:
    """Whether all numbers are whole ones."""
    return x is not None and bool(np.all(x == np.floor(x)))


def _in_figures(c: float) -> str:
    """A factor as a fraction, if it is a simple one, or 1 over the numbers that are averaged.

    >>> _in_figures(5 / 3), _in_figures(1 / 165), _in_figures(2.302585)
    ('5/3', '1/165', '2.30259')
    """
    simple = (Fraction(c).limit_denominator(60), Fraction(1, round(1 / c) or 1) if abs(c) > 1e-6 else 0)
    return next((str(x) for x in simple if abs(float(x) - c) <= 1e-9 * abs(c)), f"{c:.6g}")


def _without_border(x: ndarray, shape: tuple[int, ...]) -> ndarray | None:
    """The middle of an array that is larger than a shape by the same on both sides; None if it is not."""
    more = [n - m for n, m in zip(x.shape, shape)]
    if x.ndim != len(shape) or not any(more) or any(n < 0 or n % 2 for n in more):
        return None
    return x[tuple(slice(n // 2, n // 2 + m) for n, m in zip(more, shape))]


def _near(a: ndarray, b: ndarray, tolerance: float = 1e-9) -> ndarray:
    """Where two arrays of one shape agree, up to `tolerance` times the largest number."""
    scale = np.abs(b).max(initial=0.0)
    return np.asarray(np.abs(a - b) <= tolerance * scale)


def same(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    """Whether two arrays have the same shape and numbers."""
    return a is not None and b is not None and np.shape(a) == np.shape(b) and bool(np.all(_near(a, b, tolerance)))


BATCH = texts("the batch size, the size of axis {axis} of {x}")
SIZE = texts("the size of axis {axis} of {x}")


def _factors_of(reference: Reference) -> dict[float, str]:
    """Factors with a name: 2, sizes of axes, numbers of elements, how many numbers a mean takes, and 1 over these."""
    words: dict[float, list[str]] = {2.0: ["2"]}
    for name, x in zip(reference.names, reference.variables):
        for axis, n in enumerate(x.shape):
            size = BATCH if axis == 0 and len(x.shape) > 1 else SIZE
            words.setdefault(float(n), []).append(say(size, x=name, axis=axis))
        words.setdefault(float(prod(x.shape)), []).append(say("the number of elements of {x}", x=name))
    words.setdefault(float(prod(reference.output.shape)), []).append(say("the number of elements of the result"))
    for node in {step.node: None for step in reference.steps}:
        if node.primitive is not None and node.primitive.name == "mean":
            averaged = prod(node.inputs[0].shape) / prod(node.shape)
            words.setdefault(averaged, []).append(say("as many numbers as are averaged"))
        if node.primitive is not None and node.primitive.name == "power" and np.ndim(number_of(node.inputs[1])) == 0:
            words.setdefault(float(number_of(node.inputs[1])), []).append(say("the exponent"))
    if reference.output.shape == ():
        words.setdefault(abs(float(number_of(reference.output))), [say("the result")])
    either = {n: say(" or ").join(dict.fromkeys(w)) for n, w in words.items() if n > 1 and w != ["2"]}
    many = {n: say("{n} ({meaning})", n=f"{n:g}", meaning=meaning) for n, meaning in either.items()}
    many.setdefault(2.0, "2")
    return {**many, **{1.0 / n: f"1/{words}" for n, words in many.items()}}
