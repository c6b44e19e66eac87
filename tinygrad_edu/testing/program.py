"""Random programs: expression graphs over the whole table, as data.

A program is a list of lines. Each line calls one function on numbers that are inputs or results of earlier lines, and
several lines may use the same number. A program runs on floats, Values, arrays and Tensors, in any mixture, and can be
printed.

While a program is drawn, it runs on its inputs in NumPy alone. A line is kept only if its function is smooth there and
its numbers stay moderate. So every program can be compared with finite differences at its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from ..engine.primitives import TABLE
from ._table.attrs import Attrs
from ._table.case import BOOLS, Case, in_words
from ._table.cases import CASES
from .strategies import REALS, arrays, broadcastable_shapes, numbers, window

__all__ = ["Line", "Program", "programs"]


class Line(NamedTuple):
    """One call of a function of the table.

    Attributes
    ----------
    name : of the function.
    operands : an int is a place among the numbers of the program (inputs first, then the results of the lines); any
        other operand is a constant.
    attrs : the attributes of the call, such as `axis`.
    """

    name: str
    operands: tuple[Any, ...]
    attrs: Attrs

    def run(self, numbers: Sequence[Any]) -> Any:
        """The result of the call on floats, arrays, Values or Tensors."""
        return CASES[self.name].function(*self._taken_from(numbers), **self.attrs)

    def expected(self, numbers: Sequence[Any]) -> Any:
        """The result of the call in NumPy alone."""
        return CASES[self.name].reference(*self._taken_from(numbers), **self.attrs)

    def _taken_from(self, numbers: Sequence[Any]) -> list[Any]:
        return [numbers[x] if type(x) is int else x for x in self.operands]


@dataclass(frozen=True, repr=False)
class Program:
    """A function as a list of lines.

    Attributes
    ----------
    inputs : floats and arrays at which it was drawn.
    lines : its calls; the last one gives the result.

    >>> program = Program((2.0, 3.0), (Line("multiply", (0, 1), {}), Line("add", (2, 0), {})))
    >>> print(program)
    a, b = 2.0, 3.0
    c = multiply(a, b)
    d = add(c, a)
    >>> program(*program.inputs)
    8.0
    >>> import tinygrad_edu as tg
    >>> tg.grad(program, argnums=(0, 1))(tg.Value(2.0), tg.Value(3.0))
    (Value(4.0), Value(2.0))
    """

    inputs: tuple[Any, ...]
    lines: tuple[Line, ...]

    def __call__(self, *inputs: Any) -> Any:
        """The result of the last line, on other inputs: floats, arrays, Values or Tensors."""
        found = list(inputs)
        for line in self.lines:
            found.append(line.run(found))
        return found[-1]

    def __str__(self) -> str:
        n = len(self.inputs)
        text = [f"{', '.join(map(_letter, range(n)))} = {', '.join(map(repr, self.inputs))}"]
        for place, (name, operands, attrs) in enumerate(self.lines, start=n):
            words = [_letter(x) if type(x) is int else repr(x) for x in operands]
            text.append(f"{_letter(place)} = {name}({in_words(words, attrs)})")
        return "\n".join(text)

    def __repr__(self) -> str:
        return f"<program\n{self}\n>"


def _letter(place: int) -> str:
    """a, b, ..., z, a1, b1, ..."""
    return chr(ord("a") + place % 26) + str(place // 26 or "")


LARGEST = 20.0
"""The largest moderate number. Larger ones would drown the rest, and finite differences would lose their digits."""


_KEPT = st.sampled_from([False] + [True] * 29)
"""Whether a line is written at all. It shrinks to no, so any line that does not matter goes."""


@st.composite
def programs(
    draw: st.DrawFn, scalar: bool = False, max_inputs: int = 3, min_lines: int = 1, max_lines: int = 8
) -> Program:
    """Programs of about `min_lines` to `max_lines` calls; with `scalar`, only such as floats and Values can run too.

    >>> from hypothesis import find
    >>> program = find(programs(scalar=True), lambda program: len(program.lines) > 1)
    >>> type(program(*program.inputs))
    <class 'float'>
    """
    inputs = draw(_inputs(scalar, max_inputs))
    values = [_Operand.of(np.asarray(x)) for x in inputs]
    lines: list[Line] = []
    for _ in range(draw(st.integers(min_lines, max_lines))):
        if not draw(_KEPT):
            continue
        newest = len(values) - 1
        x = draw(st.sampled_from([newest] * (2 * len(values)) + list(range(len(values)))))
        case, ways = draw(st.sampled_from(list(_candidates(x, values, scalar))))
        line = draw(_line(case, draw(st.sampled_from(ways)), values, scalar))
        if line is None:
            continue
        value = np.asarray(line.expected([x.numbers for x in values]))
        if 0 < value.size <= 64 and np.max(np.abs(value)) <= LARGEST:
            values.append(_Operand.of(value))
            lines.append(line)
    return _without_dead_lines(inputs, lines or [Line("identity", (0,), {})])


def _inputs(scalar: bool, most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    if scalar:
        return st.lists(numbers(), min_size=1, max_size=most).map(tuple)
    n = st.integers(1, most)
    together = n.flatmap(lambda n: broadcastable_shapes(n, max_dims=2, min_side=1, max_side=3))
    return together.flatmap(
        lambda sizes: st.tuples(*(arrays(s, avoid=[0]) if s else numbers(avoid=[0]) for s in sizes))
    )


class _Operand(NamedTuple):
    """What a line can take, and what every case asks of it."""

    numbers: np.ndarray
    shape: tuple[int, ...]
    low: float
    high: float

    @classmethod
    def of(cls, x: np.ndarray) -> _Operand:
        return cls(x, x.shape, float(x.min()), float(x.max()))


_CONDITION = _Operand.of(np.asarray(True))


def _candidates(x: int, values: Sequence[_Operand], scalar: bool) -> Iterator[tuple[Case, list[tuple[int, ...]]]]:
    """The cases that can take the number at place x first, each with the possible places of all its operands."""
    for case in _cases(scalar):
        condition = [_CONDITION] if case.domain(0) is BOOLS else []
        ways: list[tuple[int, ...]] = [(x,)] if case.arrangement.n == 1 else [(x, y) for y in range(len(values))]
        ways = [places for places in ways if _suit(case, [*condition, *(values[place] for place in places)])]
        if ways:
            yield case, ways


@cache
def _cases(scalar: bool) -> list[Case]:
    """What a line can call; the first is what it shrinks to."""
    names = ["negative", *(name for name in CASES if name not in _NOT_FOR_PROGRAMS)]
    return [CASES[name] for name in names if not scalar or (name in TABLE and TABLE[name].floats)]


_NOT_FOR_PROGRAMS = {
    *("split", "array_split", "meshgrid", "eigh", "svd"),  # several results
    *("to_tensor", "to_value"),
    *(case.name for case in CASES.values() if case.together),
    *(case.name for case in CASES.values() if case.arrangement.n > 2 and case.domain(0) is not BOOLS),
}


def _suit(case: Case, operands: Sequence[_Operand]) -> bool:
    """Whether the operands have shapes that go together, and numbers that the case itself could have drawn."""
    if not case.arrangement.fit(*(x.shape for x in operands)):
        return False
    for slot, x in enumerate(operands):
        domain = case.domain(slot)
        if domain is BOOLS:
            continue
        wide = domain == REALS and case.name not in _STEEP
        low, high = (-LARGEST, LARGEST) if wide else window(domain)
        if x.low < low or x.high > high or any(np.abs(x.numbers - p).min() < APART for p in case.kinks):
            return False
    if case.ties:
        pool = np.sort(np.concatenate([x.numbers.ravel() for x in operands]))
        return bool((np.diff(pool) > APART).all())
    return True


APART = 0.05
"""The distance of numbers from a kink, or from each other: far more than the step of the differences."""

_STEEP = frozenset({"exp", "expm1", "sinh", "cosh", "power", "logsumexp", "softmax", "prod"})
"""Functions that are smooth on the whole line, but so steep that their operands must be small."""


@st.composite
def _line(
    draw: st.DrawFn, case: Case, places: tuple[int, ...], values: Sequence[_Operand], scalar: bool
) -> Line | None:
    operands: tuple[Any, ...] = places
    sizes = tuple(values[place].shape for place in places)
    if case.domain(0) is BOOLS:
        shape = np.broadcast_shapes(*sizes)
        flags = draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
        sizes = (shape, *sizes)
        operands = (flags[0] if scalar else np.array(flags).reshape(shape), *operands)
    attrs = draw(case.attrs(*sizes))
    return Line(case.name, operands, attrs) if case.smooth(sizes, attrs) else None


def _without_dead_lines(inputs: tuple[Any, ...], lines: Sequence[Line]) -> Program:
    """The program of the lines on which the last one depends."""
    n = len(inputs)
    needed = {n + len(lines) - 1}
    for place in range(n + len(lines) - 1, n - 1, -1):
        if place in needed:
            needed.update(x for x in lines[place - n].operands if type(x) is int)
    kept = [*range(n), *(place for place in range(n, n + len(lines)) if place in needed)]
    new_place = {place: i for i, place in enumerate(kept)}
    return Program(
        inputs,
        tuple(
            Line(name, tuple(new_place[x] if type(x) is int else x for x in operands), attrs)
            for name, operands, attrs in (lines[place - n] for place in kept[n:])
        ),
    )
