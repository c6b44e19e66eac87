"""Tests a check with wrong answers: does it notice each of them, name the right mistake, and raise nothing itself?

The gradients that a check asks for are its probes. For each probe, every known mistake is made. A second probe shows
which mistakes the first one hides: the same function, at other numbers of the same signs.

Odd answers are None, a number, a text, too few results and too many, in the place of one answer of the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..._support.grouping import grouped
from ..._support.languages import say, texts
from ..assignment import Check
from ..compare import compare
from ..diagnosis import Mutant, mutants
from ..diagnosis.diagnose import diagnosis_of
from ..diagnosis.mistakes import kind_in_words
from ..diagnosis.probes import all_alike, only_square
from ..diagnosis.reference import Reference
from ..errors import StudentError
from ..expect import Probe
from ..sandbox.proxies import StandIn, moved
from ..verdict import Draw, missed, stumbled, tried
from .course import Course, Heard, own_error
from .findings import Finding

__all__ = ["WrongAnswers", "in_odd_answers"]

NEARLY = 1e-6
"""The relative error of a careless difference quotient."""


class WrongAnswers:
    """Tests the probes of one check with wrong answers.

    Attributes
    ----------
    tried, named : how many wrong gradients were tried, and for how many the right mistake was named.
    findings : what to mend. The probes of one function are judged together, because one may show what another hides.
    """

    def __init__(self, check: str, place: str, probes: Sequence[Probe]) -> None:
        self.check, self.place = check, place
        self.tried = self.named = 0
        functions = grouped((getattr(probe.function, "__code__", probe.function), probe) for probe in probes)
        with np.errstate(all="ignore"):
            self.findings = [finding for probes in functions.values() for finding in self.in_probes(probes)]

    def in_probes(self, probes: Sequence[Probe]) -> Iterator[Finding]:
        """Findings about the probes of one function."""
        if all(all_alike(probe.upstream) for probe in probes):
            yield self.finding(
                "upstream",
                say("all numbers of the upstream gradient are equal: a program that ignores it loses nothing here"),
                say("Draw it from `rng`; where students are given none, ask for the gradient of a sum."),
            )
        if all(only_square(probe.at) for probe in probes):
            yield self.finding(
                "square",
                say(
                    "all axes are of one size: a transposed gradient has the right shape, as has a sum over another "
                    "axis"
                ),
                say("Ask with sizes that differ, such as (5, 3), and with equal ones only besides."),
            )
        hidden, admitted, confused = self.tried_at(probes)
        if hidden:
            yield self.finding(
                "numbers",
                say("at these numbers some mistakes give the right gradient: {names}", names=_in_words(hidden)),
                say("Draw the operands from `rng`, too."),
            )
        if admitted:
            rtol = f"rtol={max(probe.rtol or 0.0 for probe in probes):g}"
            yield self.finding(
                "tolerance",
                say("{code} lets mistakes pass: {names}", code=rtol, names=_in_words(admitted)),
                say("Leave rtol out: the numbers are then compared as exactly as their dtype can be."),
            )
        if confused:
            pairs = [
                say("{one} for {other}", one=_quoted(name), other=_quoted(other)) for name, other in confused.items()
            ]
            yield self.finding(
                "name",
                say("at these numbers mistakes are taken for others: {pairs}", pairs=say(", ").join(pairs)),
                say("Draw the operands from `rng`, with sizes that differ, so that students are told the right thing."),
            )

    def tried_at(self, probes: Sequence[Probe]) -> tuple[list[str], list[str], dict[str, str]]:
        """The mistakes that no probe of a function shows; those that pass as right; those taken for another."""
        possible: dict[str, None] = {}
        seen: set[str] = set()
        called: set[str] = set()
        admitted: dict[str, None] = {}
        confused: dict[str, str] = {}
        for probe in probes:
            question, twin = Question(probe), Question(_with_other_numbers(probe))
            there = {mutant.key: mutant for mutant in twin.wrong_answers()}
            possible |= dict.fromkeys(mutant.name for mutant in there.values())
            for mutant in question.wrong_answers():
                self.tried += 1
                seen.add(mutant.name)
                name = question.called(mutant)
                # A mistake may have two names that fit at all numbers. And students are told of the first probe that
                # fails, so a mistake that is named right there may be named wrong by a later probe.
                if not name:
                    admitted[mutant.name] = None
                elif name == mutant.name or mutant.name in called or name == twin.called(there.get(mutant.key)):
                    self.named += 1
                    called.add(mutant.name)
                else:
                    confused[mutant.name] = name
        return [name for name in possible if name not in seen], [*admitted], confused

    def finding(self, kind: Any, message: str, advice: str) -> Finding:
        return Finding(kind, self.place, self.check, message, advice)


class Question:
    """A probe and the engine's answer to it."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.reference = Reference(probe.function, probe.at, probe.upstream)

    def wrong_answers(self) -> Iterator[Mutant]:
        """Every known mistake; and a difference quotient, if the tolerance is not that of the dtype."""
        yield from mutants(self.probe.function, self.probe.at, self.probe.upstream)
        if self.probe.rtol is not None:
            rng = np.random.default_rng(0)
            off = [g * (1.0 + NEARLY * rng.uniform(0.5, 1.0, g.shape)) for g in self.reference.expected]
            yield Mutant("imprecise", "imprecise", [*off])

    def called(self, mutant: Mutant | None) -> str:
        """The name that the grader gives the mistake; empty if the answer passes as right, or there is no mutant."""
        if mutant is None or compare(mutant.gradients, self.reference.expected, rtol=self.probe.rtol):
            return ""
        diagnosis = diagnosis_of(self.reference, mutant.gradients)
        return diagnosis.name if diagnosis else "imprecise"


def _with_other_numbers(probe: Probe) -> Probe:
    """The same probe at other numbers of the same signs that are no larger, so that logarithms stay possible."""
    rng = np.random.default_rng(0)

    def other(x: Any) -> Any:
        array = np.asarray(x)
        if array.dtype.kind != "f":
            return x
        scale = rng.uniform(0.5, 1.0, array.shape)
        numbers = np.where(array == 0, scale, scale * array).astype(array.dtype)
        return float(numbers) if isinstance(x, float) else numbers

    return replace(probe, at=tuple(map(other, probe.at)))


def _in_words(names: Sequence[str]) -> str:
    """Several kinds of mistakes."""
    return say(", ").join(map(kind_in_words, names))


def _quoted(name: str) -> str:
    """A kind of mistake in quotation marks."""
    return repr(kind_in_words(name))


# Odd answers.

ODD: dict[str, Callable[[Any], Any]] = texts(
    {
        "None": lambda right: None,
        "a number": lambda right: 1.5,
        "a text": lambda right: "text",
        "an empty list": lambda right: [],
        "one result": lambda right: right[:1] if isinstance(right, (list, tuple)) else (right,),
        "three results": lambda right: (right, right, right),
    }
)
"""Answers that students give by accident, made from the right one."""

PLACES = 8
"""In how many places of a check odd answers are tried: in the first ones, and in the last two."""


def in_odd_answers(course: Course, check: Check, draw: Draw, heard: Sequence[Heard]) -> Iterator[Finding]:
    """The finding about a check that raises an exception itself on an odd answer.

    Parameters
    ----------
    draw : the random numbers with which the check heard these answers of the reference.
    """
    places = [place for place, x in enumerate(heard) if x.uncertain]  # a function that is None is called in vain anyway
    for place in places if len(places) <= PLACES else [*places[: PLACES - 2], *places[-2:]]:
        for words, odd in ODD.items():
            error, passes = tried(check, _replayed(heard, {place: heard[place].replaced(odd)}).student, draw)
            course.refusing |= {check.name} if passes < 0 else set()
            if error is not None:
                text = texts(", where answer {n} of the reference is replaced by {other}")
                where = say(text, n=places.index(place) + 1, other=say(words))
                yield own_error(course, missed(check, "grader-error", stumbled(check, error)), where)
                return


def _replayed(heard: Sequence[Heard], instead: dict[int, Any]) -> StandIn:
    """A session that gives the answers that were heard, one after the other, but for some places.

    It ends where it is asked for something else, as a check does that looks into a wrong answer.
    """
    count = iter(range(len(heard)))

    def answer(do: str, what: tuple[Any, ...]) -> Any:
        place = next(count, None)
        if place is None or heard[place].do != do:
            raise StudentError("exited", "nothing")
        session.last_seconds = heard[place].seconds
        return moved(instead.get(place, heard[place].answer), session)

    session = StandIn(answer)
    return session
