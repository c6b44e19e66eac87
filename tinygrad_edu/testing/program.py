"""Random programs: whole expression graphs over the table, as data.

A program is a list of lines, each a call of one case on numbers that earlier lines made. Any number may be used by
several lines. The same program runs on floats, on Values, on arrays and on Tensors, in any mixture, and is printed.

While a program is drawn it is run on its inputs, in NumPy alone. A line is taken only where its function is smooth
and its numbers stay moderate, so every program can be compared with finite differences at its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from ..engine.primitives import TABLE
from .case import BOOLS, Case, Settings, in_words
from .cases import CASES
from .strategies import REALS, arrays, broadcastable_shapes, numbers, window

__all__ = ["Line", "Program", "programs"]


class Line(NamedTuple):
    """One call: of which case, on which operands, with which settings.

    An operand that is an int is a place among the program's numbers (inputs first, then what the lines made); any
    other is a constant.
    """

    name: str
    operands: tuple[Any, ...]
    settings: Settings

    def run(self, numbers: Sequence[Any]) -> Any:
        """The call, on floats, arrays, Values or Tensors."""
        return CASES[self.name].function(*self._taken_from(numbers), **self.settings)

    def expected(self, numbers: Sequence[Any]) -> Any:
        """The same in NumPy alone."""
        return CASES[self.name].reference(*self._taken_from(numbers), **self.settings)

    def _taken_from(self, numbers: Sequence[Any]) -> list[Any]:
        return [numbers[x] if type(x) is int else x for x in self.operands]


@dataclass(frozen=True, repr=False)
class Program:
    """A function as a list of lines, and the inputs it was drawn at: floats, and arrays.

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
        """What the last line makes of the inputs: floats, arrays, Values or Tensors."""
        found = list(inputs)
        for line in self.lines:
            found.append(line.run(found))
        return found[-1]

    def __str__(self) -> str:
        n = len(self.inputs)
        text = [f"{', '.join(map(_letter, range(n)))} = {', '.join(map(repr, self.inputs))}"]
        for place, (name, operands, settings) in enumerate(self.lines, start=n):
            words = [_Word(_letter(x)) if type(x) is int else x for x in operands]
            text.append(f"{_letter(place)} = {name}({in_words(words, settings)})")
        return "\n".join(text)

    def __repr__(self) -> str:
        return f"<program\n{self}\n>"


class _Word(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _letter(place: int) -> str:
    """a, b, ..., z, a1, b1, ..."""
    return chr(ord("a") + place % 26) + str(place // 26 or "")


LARGEST = 20.0
"""Beyond this a number is not moderate: what is made of it would drown the rest, and differences lose their digits."""


@st.composite
def programs(
    draw: st.DrawFn, scalar: bool = False, max_inputs: int = 3, min_lines: int = 1, max_lines: int = 8
) -> Program:
    """Programs of about `min_lines` to `max_lines` calls; with `scalar`, those that floats and Values can run as well.

    >>> from hypothesis import find
    >>> program = find(programs(scalar=True), lambda program: len(program.lines) > 1)
    >>> type(program(*program.inputs))
    <class 'float'>
    """
    inputs = draw(_inputs(scalar, max_inputs))
    values = [np.asarray(x) for x in inputs]
    lines: list[Line] = []
    for _ in range(draw(st.integers(min_lines, max_lines))):
        newest = len(values) - 1
        x = draw(st.sampled_from([newest] * (2 * len(values)) + list(range(len(values)))))
        case, ways = draw(st.sampled_from(list(_candidates(x, values, scalar))))
        line = draw(_line(case, draw(st.sampled_from(ways)), values, scalar))
        if line is None:
            continue
        value = np.asarray(line.expected(values))
        if value.size <= 64 and value.size and np.max(np.abs(value)) <= LARGEST:
            values.append(value)
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


def _candidates(x: int, values: Sequence[Any], scalar: bool) -> Iterator[tuple[Case, list[tuple[int, ...]]]]:
    """What can be called with the number at place x first: cases, each with the ways to choose the operands' places."""
    for name in ["negative", *CASES]:  # the first is what a line shrinks to
        case = CASES[name]
        if name in _NOT_FOR_PROGRAMS or (scalar and not (name in TABLE and TABLE[name].floats)):
            continue
        condition = [np.True_] if case.domain(0) is BOOLS else []
        ways: list[tuple[int, ...]] = [(x,)] if case.arrangement.n == 1 else [(x, y) for y in range(len(values))]
        ways = [places for places in ways if _suit(case, [*condition, *(values[place] for place in places)])]
        if ways:
            yield case, ways


_NOT_FOR_PROGRAMS = {
    "split",
    "to_tensor",
    "to_value",
    *(case.name for case in CASES.values() if case.together),
    *(case.name for case in CASES.values() if case.arrangement.n > 2 and case.domain(0) is not BOOLS),
}


def _suit(case: Case, operands: Sequence[Any]) -> bool:
    """Whether the operands have shapes that go together, and numbers that lie where the case would have them drawn."""
    if not case.arrangement.fit(*(x.shape for x in operands)):
        return False
    for slot, x in enumerate(operands):
        domain = case.domain(slot)
        if domain is BOOLS or not x.size:
            continue
        wide = domain == REALS and case.name not in _STEEP
        low, high = (-LARGEST, LARGEST) if wide else window(domain)
        if not low <= np.min(x) <= np.max(x) <= high or any(np.min(np.abs(x - p)) < APART for p in case.kinks):
            return False
    if case.ties:
        pool = np.sort(np.concatenate([x.ravel() for x in operands]))
        return bool(np.all(np.diff(pool) > APART))
    return True


APART = 0.05
"""How far from a kink, or from each other, numbers are: far more than the step of the differences."""

_STEEP = frozenset({"exp", "expm1", "sinh", "cosh", "power", "logsumexp", "softmax", "prod"})
"""Steep enough to want small numbers, though smooth on the whole line."""


@st.composite
def _line(draw: st.DrawFn, case: Case, places: tuple[int, ...], values: Sequence[Any], scalar: bool) -> Line | None:
    operands: tuple[Any, ...] = places
    sizes = tuple(values[place].shape for place in places)
    if case.domain(0) is BOOLS:
        shape = np.broadcast_shapes(*sizes)
        flags = draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
        sizes = (shape, *sizes)
        operands = (flags[0] if scalar else np.array(flags).reshape(shape), *operands)
    settings = draw(case.settings(*sizes))
    return Line(case.name, operands, settings) if case.smooth(sizes, settings) else None


def _without_dead_lines(inputs: tuple[Any, ...], lines: Sequence[Line]) -> Program:
    """The program of those lines that the last one depends on."""
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
            Line(name, tuple(new_place[x] if type(x) is int else x for x in operands), settings)
            for name, operands, settings in (lines[place - n] for place in kept[n:])
        ),
    )
