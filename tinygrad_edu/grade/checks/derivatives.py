"""Checks of backward passes on arrays: of the engine's functions, of the student's own, and of a layer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import say, texts
from ...check.vectors import parts
from ...engine.derivatives import vjp
from ...errors import TinygradError
from ..compare import compare
from ..diagnosis import ChainStep, judge_chain, probe_shapes, random_upstream, right_for_own_forward
from ..diagnosis.beside import beside_steps
from ..diagnosis.calling import names_in
from ..diagnosis.diagnose import as_numbers
from ..diagnosis.mistakes import MISTAKES, Diagnosis
from ..diagnosis.reference import names_of
from ..errors import StudentError, WrongAnswer
from ..expect import expect, require
from ..sandbox.proxies import LAST_CALL
from .asking import (
    EXACT,
    Axes,
    called_slow,
    called_unstable,
    large_operands,
    many_operands,
    one_by_one,
    operands,
    to_the_last_digit,
)  # fmt: skip

__all__ = ["backward", "backward_of_own", "right_steps", "same_layer", "stays_right_when_large"]

Function = Callable[..., Any]


def backward(answer: Function, function: Function, rng: np.random.Generator, *axes: Axes, scale: float = 1.0) -> None:
    """`answer(upstream, *operands)` must return the gradients of `function` with respect to all its operands.

    It is called with axes of distinct sizes, so that a wrong axis shows in the shape, and with equal ones, so that a
    transpose shows in the numbers. Then, against difference quotients, with operands near a million if the function
    bears them, and with so many numbers that a forward pass for each of them takes too long; where nothing is added up,
    most of these must be right to the last digit.

    Parameters
    ----------
    function : a function of the engine's nodes, such as `lambda x, w: x @ w`: a primitive, a layer, a loss.
    axes : a word for each operand, with a letter for each axis; equal letters are equal sizes, "1" is an axis of size
        1. Or a shape for each operand, if sizes depend on each other: then it is not asked for other sizes.
    scale : the approximate size of the operands.

    Raises `WrongAnswer`, with the mistake that explains the answer if one does.

    >>> import tinygrad_edu as tg
    >>> backward(lambda g, x, w: (g @ w.T, x.T @ g), tg.matmul, np.random.default_rng(0), "nk", "km")
    """
    exact = None
    for at in operands(axes, rng, scale):
        exact = EXACT if scale == 1.0 and one_by_one(function, at) else None
        try:
            _ask(answer, function, at, rng, exact)
        except WrongAnswer as wrong:
            if wrong.kind == "values":
                how = wrong.how, _smallest_example(answer, function, axes)
                wrong.how = say(" ").join(filter(None, how))
            raise
    if scale == 1.0:
        for at in large_operands(function, axes, rng):
            _ask(answer, function, at, rng, exact)
        for at in many_operands(function, axes, rng):
            _ask_many(answer, function, at, rng, exact)


def _ask_many(
    answer: Function, function: Function, at: Sequence[ndarray], rng: np.random.Generator, exact: float | None
) -> None:
    """Ask for the gradients at a point of very many numbers; most must be right to the last digit if `exact` is one."""
    upstream = random_upstream(rng, np.shape(function(*at)))
    right = vjp(function, *at)[1](upstream)
    with called_slow(sum(x.size for x in at)):
        found = answer(upstream, *at)
        gradients = found if isinstance(found, (list, tuple)) else [found]
        if len(gradients) != len(right) or len(right) == 1:
            expect(found).equals(right if len(at) > 1 or gradients is found else right[0])
        else:
            for i, (a, e) in enumerate(zip(gradients, right)):
                if not compare(a, e):
                    expect(a, say("the gradient of {names}", names=_names(function, at)[i])).equals(e)
    if exact is not None:
        _all_digits(gradients, right, function, at)


def _names(function: Function, at: Sequence[ndarray]) -> Sequence[str]:
    """The names of the operands: those in the student's function that was called last, or else in the right one."""
    return names_in(LAST_CALL.get(), at) or names_of(function, len(at))


def _all_digits(found: Sequence[Any], right: Sequence[ndarray], function: Function, at: Sequence[ndarray]) -> None:
    """Refuse gradients of which most numbers are less exact than a formula is."""
    coarse = [i for i, (a, e) in enumerate(zip(found, right)) if isinstance(a, ndarray) and not to_the_last_digit(a, e)]
    if coarse:
        named = _names(function, at)
        what, where, how = Diagnosis(MISTAKES["imprecise"], tuple(named[i] for i in coarse)).words
        raise WrongAnswer(what, kind="imprecise", where=where, how=how)


def _ask(
    answer: Function, function: Function, at: Sequence[ndarray], rng: np.random.Generator, rtol: float | None = None
) -> None:
    """Ask for the gradients at one point, for a random upstream gradient."""
    upstream = random_upstream(rng, np.shape(function(*at)))
    expect(answer(upstream, *at)).is_gradient_of(function, at=tuple(at), upstream=upstream, rtol=rtol)


def _smallest_example(answer: Function, function: Function, axes: Sequence[Axes]) -> str:
    """The smallest operands for which an answer is wrong within four digits, in words; empty if none is that small.

    >>> _smallest_example(lambda g, x: 2 * g * x * x, lambda x: x * x, ["n"])
    'The smallest example: for x = [2.] and an upstream gradient of 1, it is [8.], and [4.] is right.'
    """
    words = [word for word in axes if isinstance(word, str)]
    sizes = itertools.product((1, 2), (1.0, 0.25)) if len(words) == len(axes) else ()
    for n, scale in sizes:
        at = [np.resize([2.0, -1.0, 3.0, 0.5], [n if letter != "1" else 1 for letter in word]) for word in words]
        at = [(1.0 + i) * scale * x for i, x in enumerate(at)]
        try:
            out, pull = vjp(function, *at)
            upstream = np.ones(np.shape(out))
            right, found = pull(upstream), answer(upstream.copy(), *at)
        except (StudentError, TinygradError):  # a function may need larger operands
            return ""
        for i, (a, e) in enumerate(zip(parts(found), right)):
            if isinstance(a, ndarray) and _in_row(a) != _in_row(e) and not np.any((np.round(e, 4) == 0) & (e != 0)):
                named = _names(function, at)
                given = ", ".join(f"{name} = {_in_row(x)}" for name, x in zip(named, at))
                return say(
                    "The smallest example: for {values} and an upstream gradient of 1, {gradient} is {given}, and "
                    "{right} is right.",
                    values=given,
                    gradient=say("it") if len(at) == 1 else say("the gradient of {names}", names=named[i]),
                    given=_in_row(a),
                    right=_in_row(e),
                )
    return ""


def _in_row(x: ndarray) -> str:
    """An array in one line, with four digits; whole numbers as floats, and 0 without a sign."""
    x = np.where(np.abs(x) < 0.00005, 0.0, x) if x.dtype.kind in "biuf" else x
    return np.array2string(x, precision=4, suppress_small=True).replace("\n", "")


def stays_right_when_large(
    answer: Function, function: Function, rng: np.random.Generator, *axes: Axes, scale: float = 1e3
) -> None:
    """`backward` near 0, and then with large operands, where exponentials overflow.

    Raises `WrongAnswer`, of the kind "unstable" if only large operands go wrong.

    >>> import tinygrad_edu as tg
    >>> with np.errstate(all="ignore"):
    ...     naive = lambda g, x: g * np.exp(x) / (1 + np.exp(x))
    ...     stays_right_when_large(naive, tg.softplus, np.random.default_rng(0), "n")
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: right for numbers near 1, wrong for numbers near 1,000: ...
    """
    backward(answer, function, rng, *axes)
    with called_unstable(scale):
        backward(answer, function, rng, *axes, scale=scale)


def right_steps(chain: Sequence[ChainStep], start: Any) -> None:
    """Every step of a chain must be right; each step gets the results of the right steps before it.

    Parameters
    ----------
    chain : steps, each with a name, the student's function and the right one, from arrays to an array or a tuple.
    start : the input of the first step: an array, or a tuple of arrays.

    Raises `WrongAnswer` with the first wrong step, and with all steps beside the right ones.

    >>> from tinygrad_edu.grade.diagnosis import ChainStep
    >>> steps = [ChainStep("square", np.square, np.square), ChainStep("mean", np.sum, np.mean)]
    >>> right_steps(steps, np.array([1.0, 3.0]))
    Traceback (most recent call last):
    tinygrad_edu.grade.errors.WrongAnswer: mean: the number is wrong
    """
    judged = judge_chain(chain, start)
    for step in judged:
        try:
            if step.error is not None:
                raise step.error
            expect(step.answer, step.name).equals(step.expected)
        except (WrongAnswer, StudentError) as error:
            text = texts("Look at `{step}`, the first wrong step. It was given what the right steps before it give.")
            where = say(text, step=step.name)
            raise WrongAnswer(str(error), kind=error.kind, where=where, graphs=beside_steps(start, judged)) from None


def backward_of_own(forward: Function, answer: Function, rng: np.random.Generator, *axes: str) -> None:
    """`answer(upstream, *operands)` must return the gradients of the student's own function `forward(*operands)`.

    They are compared with difference quotients of `forward`, so `forward` may be any smooth function, even a wrong one.

    >>> rng = np.random.default_rng(0)
    >>> backward_of_own(lambda x: x**3, lambda g, x: 3 * g * x**2, rng, "nk")
    """
    at = tuple(rng.normal(size=shape) for shape in probe_shapes(*axes))
    out = as_numbers(forward(*at))
    if out is None:
        raise WrongAnswer(say("numbers are expected of your forward pass"), kind="type")
    upstream = random_upstream(rng, out.shape)
    require(
        right_for_own_forward(forward, answer, at, upstream),
        say("your backward pass is not the derivative of your forward pass"),
        kind="derivative",
        how=say("Nudge one input by 0.001: the sum of upstream * output must change by 0.001 times its gradient."),
    )


def same_layer(
    make: Function, function: Function, rng: np.random.Generator, *axes: Axes, gradients: Sequence[str] = ()
) -> None:
    """A layer must compute `function` forward, and its gradients backward.

    Parameters
    ----------
    make : makes the student's layer from its parameters. Its `forward(x)` returns the output. Then its
        `backward(upstream)` returns the gradient of x, and stores those of the parameters in attributes.
    function : a function of x and the parameters, of the engine's nodes, such as
        `lambda x, weight, bias: x @ weight + bias`.
    axes : the axes of x and of each parameter, as in `backward`.
    gradients : the names of the attributes; by default "grad_weight" for the parameter `weight` of `function`.

    Raises `WrongAnswer`: of the kind "forward" if the output is wrong, and then it says whether the gradient of x is
    right for this output; else with the mistake that explains the gradients if one does.

    >>> class Linear:
    ...     def __init__(self, weight, bias):
    ...         self.weight, self.bias = weight, bias
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x @ self.weight + self.bias
    ...     def backward(self, upstream):
    ...         self.grad_weight, self.grad_bias = self.x.T @ upstream, upstream.sum(axis=0)
    ...         return upstream @ self.weight.T
    >>> same_layer(Linear, lambda x, weight, bias: x @ weight + bias, np.random.default_rng(0), "nk", "km", "m")
    """
    attributes = gradients or [f"grad_{name}" for name in names_of(function, len(axes))[1:]]

    def answered(layer: Any, upstream: ndarray) -> tuple[Any, ...]:
        return layer.backward(upstream), *(getattr(layer, name) for name in attributes)

    for at in operands(axes, rng):
        upstream = random_upstream(rng, np.shape(function(*at)))
        layer = _after_forward(make, function, at, upstream)
        expect(answered(layer, upstream)).is_gradient_of(function, at=at, upstream=upstream)
    for at in many_operands(function, axes, rng):
        x, *parameters = at
        upstream = random_upstream(rng, np.shape(function(*at)))
        right = vjp(function, *at)[1](upstream)
        with called_slow(sum(x.size for x in at)):
            layer = make(*parameters)
            layer.forward(x)
            expect(answered(layer, upstream)).equals(right)


def _after_forward(make: Function, function: Function, at: Sequence[ndarray], upstream: ndarray) -> Any:
    """The student's layer after a forward pass, whose output must be right."""
    x, *parameters = at
    layer = make(*parameters)
    expect(layer, say("the layer")).is_object()
    try:
        expect(layer.forward(x), say("the output of forward")).equals(np.asarray(function(*at)))
    except WrongAnswer as wrong:
        right = _right_by_itself(make(*parameters), x, upstream)
        what = say("{problem}, and backward is right for it", problem=wrong) if right else str(wrong)
        raise WrongAnswer(what, kind="forward", where=say("Look at forward.")) from None
    return layer


def _right_by_itself(layer: Any, x: np.ndarray, upstream: np.ndarray) -> bool:
    """Whether backward is right for a wrong forward pass."""

    def backward(upstream: np.ndarray, x: np.ndarray) -> Any:
        layer.forward(x)
        return layer.backward(upstream)

    try:
        expect(layer).is_object()
        return right_for_own_forward(layer.forward, backward, [x], upstream)
    except (StudentError, WrongAnswer):
        return False
