"""A small assignment, graded as a course would: points for an explicit pass, and everything that is said on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinygrad_edu.grade import Session, Student, StudentError, compare

Array = np.ndarray

SHAPES = ((3, 5), (4, 2, 3))


@dataclass
class Score:
    """Points and words. `said` is what a student or an instructor would be shown."""

    points: int = 0
    said: list[str] = field(default_factory=list)


def grade(session: Session, seed: int = 7) -> Score:
    """Ask every check; none can take down another."""
    score = Score()
    for check in (product_rule, tanh_rule, broadcast_rule, value_class):
        rng = np.random.default_rng(seed)
        try:
            verdicts = [expect(score, *pair) for pair in check(session.student, rng)]
            score.points += all(verdicts)
        except StudentError as error:
            score.said.append(f"{error.kind}: {error}")
    score.said += [str(problem) for problem in session.problems]
    score.said += [*session.submission.warnings, session.output]
    return score


def expect(score: Score, answer: object, expected: object) -> bool:
    verdict = compare(answer, expected)
    score.said.append(verdict.message)
    return bool(verdict)


Pairs = list[tuple[object, object]]


def product_rule(student: Student, rng: np.random.Generator) -> Pairs:
    pairs: Pairs = []
    for shape, scale in zip(SHAPES, (1.0, 1e6)):  # large numbers, on which difference quotients lose their digits
        upstream, x, y = rng.normal(size=(3, *shape)) * scale
        pairs.append((student.mul_backward(upstream, x, y), (upstream * y, upstream * x)))
    return pairs


def tanh_rule(student: Student, rng: np.random.Generator) -> Pairs:
    pairs: Pairs = []
    for shape, scale in zip(SHAPES, (1.0, 10.0)):
        upstream, x = rng.normal(size=(2, *shape)) * scale
        pairs.append((student.tanh_backward(upstream, x), upstream * (1 - np.tanh(x)) * (1 + np.tanh(x))))
    return pairs


def broadcast_rule(student: Student, rng: np.random.Generator) -> Pairs:
    a, b, upstream = rng.normal(size=(3, 1)), rng.normal(size=5), rng.normal(size=(3, 5))
    return [(student.add_backward(upstream, a, b), (upstream.sum(1, keepdims=True), upstream.sum(0)))]


def value_class(student: Student, rng: np.random.Generator) -> Pairs:
    x, y = rng.normal(size=2).tolist()
    a, b = student.Value(x), student.Value(y)
    out = a * b + a * 3.0 + a
    out.backward()
    return [(out.data, x * y + x * 3.0 + x), (a.grad, y + 3.0 + 1.0), (b.grad, x)]


Check = Callable[[Student, np.random.Generator], Pairs]
