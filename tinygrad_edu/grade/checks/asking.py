"""What several checks share: random operands whose sizes hide no mistake, very large and very many numbers, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...engine.graphs import ancestors
from ...engine.tensor import Tensor
from ..diagnosis import MISTAKES, probe_shapes
from ..diagnosis.diagnose import as_numbers, beside_the_right
from ..errors import AssignmentError, StudentError, WrongAnswer
from ..expect import expect, require
from ..sandbox.proxies import Handle, Student, evaluate

__all__ = [
    "EXACT", "Axes", "called_slow", "called_unstable", "large_operands", "many_operands", "number_is", "one_by_one",
    "operands", "peak_memory", "to_the_last_digit",
]  # fmt: skip

Axes = str | tuple[int, ...]
"""A word with a letter for each axis, as in `probe_shapes`; or a shape."""

MEASURED = """lambda function, arguments: (
    m := __import__("tracemalloc"), m.start(), function(*arguments), m.get_traced_memory()[1], m.stop())[3]"""


def operands(axes: Sequence[Axes], rng: np.random.Generator, scale: float = 1.0) -> Iterator[tuple[ndarray, ...]]:
    """Random operands, about as large as `scale`: first of distinct sizes, then of equal ones; or of the given shapes.

    An operand with several numbers has positive and negative ones: if all were negative, the gradient of `relu` would
    be 0 and hide mistakes, and that of `softplus` in the thousands so near 0 that a right program might fail.

    Raises `AssignmentError` for words and shapes together.

    >>> [[x.shape for x in xs] for xs in operands(("nk", "k"), np.random.default_rng(0))]
    [[(5, 3), (3,)], [(4, 4), (4,)]]
    """
    words = [word for word in axes if isinstance(word, str)]
    shapes = tuple(shape for shape in axes if isinstance(shape, tuple))
    if words and shapes:
        raise AssignmentError(f"axes {axes}: give a word for each operand, or a shape for each")
    for some in (probe_shapes(*words), probe_shapes(*words, square=True)) if words else (shapes,):
        yield tuple(scale * _of_both_signs(rng.normal(size=shape)) for shape in some)


EXACT = 1e-13
"""The relative tolerance where nothing is added up, so that every formula is right to the last digits."""

ALGEBRAIC = {
    "abs", "add", "astype", "broadcast_to", "concatenate", "convolution", "divide", "einsum", "getitem", "linear",
    "matmul", "maximum", "mean", "minimum", "multiply", "negative", "outer", "positive", "power", "relu", "reshape",
    "square", "subtract", "sum", "transpose", "where",
}  # fmt: skip
"""Operations that neither overflow nor flatten out at a million, however they are written."""

MANY = 100_000
"""How many numbers there are where a loop over them may take a second, and a forward pass for each of them hours."""


def large_operands(
    function: Callable[..., Any], axes: Sequence[Axes], rng: np.random.Generator
) -> Iterator[tuple[ndarray, ...]]:
    """Operands near a million, where the usual step of a difference quotient is lost in the rounding.

    There are none for functions such as tanh, which are constant there, and exp, which is infinite.
    """
    at = next(operands(axes, rng, 1e6))
    output = function(*(Tensor(x, requires_grad=True) for x in at))
    rows = {x.primitive.name for x in ancestors([output]) if x.primitive is not None}
    if rows <= ALGEBRAIC and np.isfinite(output.numpy()).all():  # a power may be neither real nor finite
        yield at


def many_operands(
    function: Callable[..., Any], axes: Sequence[Axes], rng: np.random.Generator
) -> Iterator[tuple[ndarray, ...]]:
    """Operands of so many numbers that a difference quotient for each of them takes longer than a call may.

    A program that loops over all numbers in Python still has time. There are none for axes that are given as shapes.
    """
    words = [word for word in axes if isinstance(word, str)]
    letters = len(set("".join(words)) - {"1"})
    if not letters or len(words) < len(axes):
        return
    small = probe_shapes(*words)
    everywhere = np.prod(list({letter: n for w, shape in zip(words, small) for letter, n in zip(w, shape)}.values()))
    looped = everywhere == max(map(np.prod, small)) or everywhere == np.size(function(*map(np.ones, small)))
    size = (MANY if looped else 13 * MANY) ** (1 / letters)
    sizes = {letter: int(size) + 2 * i for i, letter in enumerate(sorted(set("".join(words)) - {"1"}))} | {"1": 1}
    yield tuple(rng.normal(size=[sizes[letter] for letter in word]) for word in words)


def number_is(answer: Any, expected: float, name: str) -> None:
    """Expect a number; the error shows both, so that it must be one that was drawn at random.

    >>> number_is(2.5, 3.0, "the loss")
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: the loss: the number is wrong
    """
    try:
        expect(answer, name).equals(expected)
    except WrongAnswer as wrong:
        given = as_numbers(answer)
        if wrong.kind == "values" and given is not None:
            wrong.how = say(MISTAKES["unknown"].how, advice=beside_the_right(given, np.asarray(expected)))
        raise


def one_by_one(function: Callable[..., Any], at: Sequence[ndarray]) -> bool:
    """Whether a function of operands of one shape works number by number, so that nothing is added up.

    >>> import tinygrad_edu as tg
    >>> x = np.ones((3, 2))
    >>> one_by_one(lambda x: x * tg.tanh(x), [x]), one_by_one(tg.softmax, [x])
    (True, False)
    """
    output = function(*(Tensor(x, requires_grad=True) for x in at))
    return all(
        x.shape in ((), output.shape) and (x.primitive is None or x.primitive.elementwise) for x in ancestors([output])
    )


def _of_both_signs(x: ndarray) -> ndarray:
    """The numbers, with a positive first and a negative last one; a single number stays as it is.

    >>> _of_both_signs(np.array([-3.0, -1.0, 2.0]))
    array([ 3., -1., -2.])
    """
    if x.size > 1:
        x.flat[0], x.flat[-1] = abs(x.flat[0]), -abs(x.flat[-1])
    return x


TOO_SLOW = texts("right for few numbers, and no answer in time for {n}")
WRONG_FOR_MANY = texts("right for few numbers, and for {n} it is not: {error}")
ON_WHOLE_ARRAYS = texts(
    "Whoever computes the whole function anew for every number is too slow: use the formula of the derivative, on "
    "whole arrays."
)


ROUNDED = 2e-16
"""How far most of many numbers may be off where nothing is added up. Formulas of float64 stay below a quarter of it,
however they are written, and difference quotients of any order above it, whatever their step is."""


def to_the_last_digit(answer: ndarray, right: ndarray) -> bool:
    """Whether most numbers are as exact as their dtype can be. A few may be off, where a formula loses digits.

    >>> x = np.random.default_rng(0).normal(size=20_000)
    >>> right = 1 - np.tanh(x) ** 2
    >>> quotient = (8 * (np.tanh(x + 0.01) - np.tanh(x - 0.01)) - (np.tanh(x + 0.02) - np.tanh(x - 0.02))) / 0.12
    >>> to_the_last_digit(4 / (np.exp(x) + np.exp(-x)) ** 2, right), to_the_last_digit(quotient, right)
    (True, False)
    """
    there = right != 0  # the slope of relu is 0 for every other number
    size = np.abs(right[there])
    return not size.size or bool(np.median(np.abs(answer - right)[there] / (size + np.median(size))) <= ROUNDED)


@contextmanager
def called_slow(count: int) -> Iterator[None]:
    """Report an error in this context as one of many numbers: it arises with `count`, after few were right."""
    try:
        yield
    except (WrongAnswer, StudentError) as error:
        late = isinstance(error, StudentError) and error.kind == "time"
        raise WrongAnswer(
            say(TOO_SLOW if late else WRONG_FOR_MANY, n=f"{count:,}", error=error),
            kind="slow" if late else error.kind,
            how=say(ON_WHOLE_ARRAYS) if late else getattr(error, "how", ""),
        ) from None


@contextmanager
def called_unstable(scale: float) -> Iterator[None]:
    """Report an error in this context as "unstable": it arises with large numbers, after small ones were right."""
    try:
        yield
    except (WrongAnswer, StudentError) as error:
        raise WrongAnswer(
            say(
                "right for numbers near 1, wrong for numbers near {scale}: {error}", scale=f"{scale:,.0f}", error=error
            ),
            kind="unstable",
            how=say("Find the exponential that overflows, and take the largest number out of it first."),
            graphs=getattr(error, "graphs", None),
        ) from None


def peak_memory(student: Student, function: Handle, *arguments: Any, most: float) -> None:
    """`function(*arguments)` must not hold more than `most` bytes at once, in addition to its arguments.

    Python's `tracemalloc` counts them in the student's process. So this check finds waste, but a program could cheat
    it; no program can cheat `Limits(memory=...)`.

    Raises `WrongAnswer` of the kind "memory".
    """
    used = evaluate(student, MEASURED)(function, list(arguments))
    require(type(used) is int, say("the memory of the call could not be measured"), kind="memory")
    text = texts("the call holds {used} MB at once; {most} MB must do")
    require(used <= most, say(text, used=f"{used / 1e6:.3g}", most=f"{most / 1e6:.3g}"), kind="memory")
