"""Predict mode: the questions to a learner, the hints, whether an answer is right, and the score."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .._support.languages import say
from ..errors import TinygradError
from ..graph.names import partial
from ..graph.plain import Quantity
from .script import Event, Script
from .texts import TEXTS
from .wording import shown

__all__ = ["Question", "Score", "asks", "is_right", "question", "said_of_score"]

RELATIVE, ABSOLUTE = 1e-2, 1e-6
"""An answer is right within one percent, or within a millionth where it should be 0, because people round."""

NUMBER = "[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"
"""The pattern of a number; `shared.js` has the same one for pages."""

NAMED = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one event.

    Attributes
    ----------
    step : the number of the event, from 0.
    prompt : the equation to complete: `∂z/∂x += ∂z/∂q · ∂q/∂x`.
    asks : for one number, for the few elements of a vector or matrix in order, or for the shape of a larger array.
    answer : the elements, or the sizes of the shape.
    hints : they can be taken one after the other: upstream, local derivative, product.
    """

    step: int
    prompt: str
    asks: Literal["number", "numbers", "shape"]
    answer: tuple[float, ...]
    hints: tuple[str, ...]


def asks(event: Event) -> bool:
    """Whether an event has a result to predict."""
    return event.kind != "seed" and event.value is not None


def question(script: Script, step: int) -> Question:
    """The question of an event that asks one.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, "x")
    >>> q = question(tg.steps(x * 2), 2)
    >>> q.prompt, q.asks, q.answer
    ('∂v₁/∂x = ∂v₁/∂v₁ · ∂v₁/∂x', 'number', (2.0,))
    >>> for hint in q.hints:
    ...     print(hint)
    upstream: ∂v₁/∂v₁ = 1
    local derivative: ∂v₁/∂x = 2
    1 · 2
    """
    event = script[step]
    asks, answer = _asked(event.value)
    return Question(step, event.symbolic, asks, answer, tuple(_hints(script, event)))


def _asked(value: Quantity | None) -> tuple[Literal["number", "numbers", "shape"], tuple[float, ...]]:
    assert value is not None
    if not value.elements or len(value.shape) > 2:
        return "shape", tuple(map(float, value.shape))
    return "number" if value.is_number else "numbers", value.elements


def _hints(script: Script, event: Event) -> Iterator[str]:
    if event.upstream is not None:
        upstream = partial(script.graph.of, script.label(event.node))
        yield say(TEXTS["hint of upstream"], left=upstream, upstream=shown(event.upstream))
    if event.local is not None:
        yield say(TEXTS["hint of local"], left=script.local_derivative(event), local=shown(event.local))
    if event.numeric or event.shapes:
        yield event.numeric or event.shapes or ""


def is_right(question: Question, typed: str) -> bool:
    """Whether what a learner typed answers the question.

    Numbers may be decimals, in scientific notation, or fractions; several are separated by commas or spaces, brackets
    are ignored. Raises `TinygradError` for anything else, so that a slip of the finger is not a mistake.

    >>> q = Question(0, "y = x / 3", "numbers", (1 / 3, -2.0), ())
    >>> is_right(q, "[1/3, −2]"), is_right(q, "0.33 -2"), is_right(q, "0.33"), is_right(q, "-2, 1/3")
    (True, True, False, False)
    >>> is_right(q, "0,33; −2,0")
    True
    """
    return any(_answers(question, numbers) for numbers in _readings(typed))


def _answers(question: Question, numbers: list[float]) -> bool:
    if question.asks == "shape":
        return numbers == list(question.answer)
    return len(numbers) == len(question.answer) and all(map(_close, numbers, question.answer))


def _close(found: float, expected: float) -> bool:
    """Whether a typed number is the expected one, or is rounded to it."""
    if math.isnan(expected):
        return math.isnan(found)
    return found == expected or math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _readings(typed: str) -> list[list[float]]:
    """The numbers in a text from any keyboard; where a comma may separate numbers or decimals, both readings.

    >>> _readings("5,0"), _readings("1, 2")
    ([[5.0, 0.0], [5.0]], [[1.0, 2.0]])
    """
    text = unicodedata.normalize("NFKC", typed).replace("−", "-").replace("∞", "inf")
    texts = dict.fromkeys((text, re.sub("(?<=[0-9]),(?=[0-9])", ".", text)))
    found = [[_read(word) for word in re.split(r"[\s,;()\[\]]+", one) if word] for one in texts]
    numbers = [[x for x in reading if x is not None] for reading in found if None not in reading]
    if not numbers:
        raise TinygradError(TEXTS["not a number"])
    return numbers


def _read(word: str) -> float | None:
    fraction = re.fullmatch(f"({NUMBER})(?:/({NUMBER}))?", word)
    if fraction is None:
        return NAMED.get(word.lower())
    over, under = float(fraction[1]), float(fraction[2] or 1)
    return over / under if under else None


@dataclass(slots=True)
class Score:
    """The score of a learner: for every question so far, the tries, the hints, and whether the answer was right.

    `questions` is how many there are in all.
    """

    questions: int
    met: dict[int, dict[str, int | bool]] = field(default_factory=dict)

    def note(self, step: int, *, right: bool, hints: int) -> None:
        """One try at the question of an event; after the right answer, further ones are practice and change nothing."""
        entry = self.met.setdefault(step, {"tries": 0, "hints": 0, "right": False})
        if not entry["right"]:
            entry.update(tries=entry["tries"] + 1, hints=hints, right=right)

    @property
    def points(self) -> float:
        """A question that is right at once and without hints counts 1; each hint or wrong try halves that."""
        return sum(0.5 ** (e["tries"] - 1 + e["hints"]) for e in self.met.values() if e["right"])


def said_of_score(score: Score) -> str:
    """The score in words, and how many of the questions it is about; nothing before the first one.

    >>> score = Score(questions=6)
    >>> score.note(3, right=False, hints=0)
    >>> score.note(3, right=True, hints=1)
    >>> said_of_score(score)
    '0.25 of 1 points (1 of 6)'
    """
    asked = len(score.met)
    if not asked:
        return ""
    said = say(TEXTS["score"], points=f"{score.points:g}", of=asked)
    return said if asked == score.questions else f"{said} ({say(TEXTS['asked'], asked=asked, of=score.questions)})"
