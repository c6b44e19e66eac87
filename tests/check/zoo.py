"""The bug zoo: derivative rules that are wrong, each in the way that somebody once got one wrong, beside the right one.

A bug names what it computes, the wrong rules, the right rules, and inputs. Shapes are square on purpose where a
transposed gradient would otherwise give itself away by its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.engine.node import Node
from tinygrad_edu.engine.primitives.primitive import TABLE, Primitive

Rule = Callable[..., Any]


class Bug(NamedTuple):
    name: str
    compute: Callable[..., Any]
    wrong: Sequence[Rule | None]
    right: Sequence[Rule | None]
    inputs: tuple[Any, ...]

    def primitive(self, rules: Sequence[Rule | None]) -> Primitive:
        """A row with these rules, outside the table."""
        made = Primitive(f"zoo of {self.name}", self.compute, rules)
        del TABLE[made.name]
        return made


def random(*shape: int) -> np.ndarray:
    """Numbers of both signs, none of them near 0, no two alike."""
    generator = np.random.default_rng(sum(shape))
    sizes = generator.permutation(np.linspace(0.3, 2.0, int(np.prod(shape)))).reshape(shape)
    return np.where(generator.random(shape) < 0.5, -sizes, sizes)


VECTOR = random(4)
POSITIVE = abs(VECTOR)
MATRIX = random(3, 4)
SQUARE = random(3, 3)


def one(name: str, compute: Callable[..., Any], wrong: Rule, right: Rule, x: Any = VECTOR) -> Bug:
    """A bug in a function of one operand."""
    return Bug(name, compute, [wrong], [right], (x,))


def two(
    name: str, compute: Callable[..., Any], wrong: Sequence[Rule | None], right: Sequence[Rule], *inputs: Any
) -> Bug:
    """A bug in a function of two operands."""
    return Bug(name, compute, wrong, right, inputs)


# Right rules that several bugs fall short of.


def by_sin(g: Any, out: Any, x: Any) -> Any:
    return g * tg.cos(x)


def by_exp(g: Any, out: Any, x: Any) -> Any:
    return g * out


def by_row_sum(g: Any, out: Any, x: Any) -> Any:
    return tg.broadcast_to(tg.expand_dims(g, 1), shape=x.shape)


def by_mean(g: Any, out: Any, x: Any) -> Any:
    return tg.broadcast_to(g / x.size, shape=x.shape)


MATMUL = [lambda g, out, x, y: g @ y.T, lambda g, out, x, y: x.T @ g]
ADD_ROW = [lambda g, out, x, y: g, lambda g, out, x, y: tg.sum(g, axis=0)]
POWER = [lambda g, out, x, y: g * y * x ** (y - 1), lambda g, out, x, y: g * out * tg.log(x)]
WHERE = [lambda g, out, x, y: tg.where(POSITIVE > 1, g, 0.0), lambda g, out, x, y: tg.where(POSITIVE > 1, 0.0, g)]
MAX = TABLE["max"].rules[0]


def plain(x: Any) -> Any:
    """The number of a node: how a rule that forgets to record gets hold of it."""
    return x.data if isinstance(x, Node) else x


saved: dict[str, Any] = {}


def sin_that_saves(x: Any) -> Any:
    """A function that keeps what its rule needs outside the graph, where the next call overwrites it."""
    saved["x"] = x
    return np.sin(x)


def in_place(g: Any, out: Any, x: Any, y: Any) -> Any:
    """The gradient by x, written over the upstream gradient that the rule for y needs next."""
    if isinstance(g, np.ndarray):
        g *= y
        return g
    return g * y


noise = np.random.default_rng(0)

ZOO = [
    # Slips of the pen.
    one("wrong sign", np.cos, lambda g, out, x: g * tg.sin(x), lambda g, out, x: -(g * tg.sin(x))),
    one("factor 2 forgotten", np.square, lambda g, out, x: g * x, lambda g, out, x: 2.0 * g * x),
    one("counted twice", np.exp, lambda g, out, x: 2.0 * g * out, by_exp),
    one("upstream ignored", np.sin, lambda g, out, x: tg.cos(x), by_sin),
    one("upstream ignored, on one number", np.sin, lambda g, out, x: tg.cos(x), by_sin, 0.7),
    one("upstream squared", np.sin, lambda g, out, x: g * g * tg.cos(x), by_sin),
    one("upstream's sign lost", np.sin, lambda g, out, x: tg.abs(g) * tg.cos(x), by_sin),
    one("local derivative ignored", np.sin, lambda g, out, x: g, by_sin),
    one("evaluated at the output", np.sin, lambda g, out, x: g * tg.cos(out), by_sin),
    one(
        "evaluated at the input", np.tanh, lambda g, out, x: g * (1.0 - x * x), lambda g, out, x: g * (1.0 - out * out)
    ),
    one("square forgotten", np.tanh, lambda g, out, x: g * (1.0 - out), lambda g, out, x: g * (1.0 - out * out)),
    one(
        "plus for minus",
        TABLE["sigmoid"].arrays,
        lambda g, out, x: g * out * (1.0 + out),
        lambda g, out, x: g * out * (1.0 - out),
    ),
    one("exponent not lowered", lambda x: x**3, lambda g, out, x: 3.0 * g * x**3, lambda g, out, x: 3.0 * g * x**2),
    one(
        "square root forgotten",
        lambda x: np.sqrt(np.sum(x * x)),
        lambda g, out, x: g * x / out**2,
        lambda g, out, x: g * x / out,
    ),
    one("constant offset", np.sin, lambda g, out, x: g * tg.cos(x) + 1e-3, by_sin),
    one("sign of abs forgotten", np.abs, lambda g, out, x: g, lambda g, out, x: g * tg.sign(x)),
    one("inner derivative forgotten", lambda x: np.exp(-x), lambda g, out, x: g * out, lambda g, out, x: -(g * out)),
    # Small errors.
    one("scaled by 1.0001", np.sin, lambda g, out, x: 1.0001 * g * tg.cos(x), by_sin),
    one("1e-3 in the denominator", np.log, lambda g, out, x: g / (x + 1e-3), lambda g, out, x: g / x, POSITIVE),
    one("1e-6 in the denominator", np.log, lambda g, out, x: g / (x + 1e-6), lambda g, out, x: g / x, POSITIVE),
    one(
        "truncated to float32",
        np.sin,
        lambda g, out, x: tg.astype(tg.astype(g * tg.cos(x), "float32"), "float64"),
        by_sin,
    ),
    one(
        "truncated to integers",
        np.square,
        lambda g, out, x: g * np.trunc(plain(2.0 * x)),
        lambda g, out, x: 2.0 * g * x,
    ),
    one(
        "three digits of pi",
        lambda x: np.sin(np.pi * x),
        lambda g, out, x: g * 3.14 * tg.cos(np.pi * x),
        lambda g, out, x: g * np.pi * tg.cos(np.pi * x),
    ),
    # Right in places.
    one("wrong for negative numbers", np.square, lambda g, out, x: 2.0 * g * tg.abs(x), lambda g, out, x: 2.0 * g * x),
    one(
        "wrong for large numbers",
        np.square,
        lambda g, out, x: tg.where(abs(plain(x)) > 1e3, g, 2.0 * g * x),
        lambda g, out, x: 2.0 * g * x,
        np.array([1.0, 2e3]),
    ),
    one(
        "wrong for tiny numbers",
        np.square,
        lambda g, out, x: 2.0 * g * (x + 1e-9),
        lambda g, out, x: 2.0 * g * x,
        np.array([1.0, 1e-8]),
    ),
    one("wrong in one entry", np.sin, lambda g, out, x: g * tg.cos(x) * np.array([1.0, 1, 0, 1]), by_sin),
    one("last row dropped", np.sin, lambda g, out, x: g * tg.cos(x) * np.array([[1.0], [1], [0]]), by_sin, MATRIX),
    one(
        "wrong in one entry of many",
        np.sin,
        lambda g, out, x: g * tg.cos(x) * (np.arange(200) != 123),
        by_sin,
        random(200),
    ),
    one(
        "wrong at 0 only",
        np.sin,
        lambda g, out, x: tg.where(plain(x) == 0, 0.0, g * tg.cos(x)),
        by_sin,
        np.array([0.0, 1.0]),
    ),
    one(
        "nan at 0", np.square, lambda g, out, x: g * 2.0 * out / x, lambda g, out, x: 2.0 * g * x, np.array([0.0, 1.0])
    ),
    one(
        "wrong for axes of size one",
        lambda x: np.mean(x, axis=1),
        lambda g, out, x: by_row_sum(g, out, x) / max(x.shape[1], 2),
        lambda g, out, x: by_row_sum(g, out, x) / x.shape[1],
        random(3, 1),
    ),
    # Behind kinks.
    one(
        "kink: outside of the one-sided derivatives",
        lambda x: np.maximum(x, 0),
        lambda g, out, x: tg.where(x < 0, 0.0, tg.where(x == 0, 2.0 * g, g)),
        lambda g, out, x: tg.where(x <= 0, 0.0, g),
        np.array([0.0, 1.0]),
    ),
    one(
        "kink: one half on both sides",
        lambda x: np.maximum(x, 0),
        lambda g, out, x: 0.5 * g,
        lambda g, out, x: tg.where(x <= 0, 0.0, g),
        np.zeros(2),
    ),
    one(
        "kink: wrong on the left",
        np.abs,
        lambda g, out, x: tg.where(x > 0, g, tg.where(x == 0, 0.0 * g, g * -0.5)),
        lambda g, out, x: g * tg.sign(x),
        np.zeros(2),
    ),
    one(
        "kink: wrong on the right",
        np.abs,
        lambda g, out, x: tg.where(x > 0, g * 0.9, tg.where(x == 0, 0.0 * g, -g)),
        lambda g, out, x: g * tg.sign(x),
        0.0,
    ),
    one("kink: nan", np.abs, lambda g, out, x: g * out / x, lambda g, out, x: g * tg.sign(x), np.array([0.0, 1.0])),
    one(
        "ties: each receives all",
        np.max,
        lambda g, out, x: g * (plain(x) == plain(out)),
        lambda g, out, x: MAX(g, out, x, None, False),
        np.array([1.0, 3.0, 3.0]),
    ),
    one(
        "ties: none receives any",
        np.max,
        lambda g, out, x: g * (plain(x) == plain(out)) * (np.sum(plain(x) == plain(out)) == 1),
        lambda g, out, x: MAX(g, out, x, None, False),
        np.array([1.0, 3.0, 3.0]),
    ),
    one("step: not flat beside it", np.sign, lambda g, out, x: g * x, lambda g, out, x: g * 0.0, np.array([0.0, 1.0])),
    # Axes, shapes and places.
    one("mean taken for sum", np.mean, lambda g, out, x: tg.broadcast_to(g, shape=x.shape), by_mean, MATRIX),
    one("sum taken for mean", np.sum, by_mean, lambda g, out, x: tg.broadcast_to(g, shape=x.shape), MATRIX),
    one(
        "mean over the wrong axis's size",
        lambda x: np.mean(x, axis=1),
        lambda g, out, x: by_row_sum(g, out, x) / x.shape[0],
        lambda g, out, x: by_row_sum(g, out, x) / x.shape[1],
        MATRIX,
    ),
    one(
        "spread along the wrong axis",
        lambda x: np.sum(x, axis=1),
        lambda g, out, x: tg.broadcast_to(tg.expand_dims(g, 0), shape=x.shape),
        by_row_sum,
        SQUARE,
    ),
    one("not transposed back", np.transpose, lambda g, out, x: g, lambda g, out, x: tg.transpose(g), SQUARE),
    one(
        "permutation not inverted",
        lambda x: np.transpose(x, (1, 2, 0)),
        lambda g, out, x: tg.transpose(g, (1, 2, 0)),
        lambda g, out, x: tg.transpose(g, (2, 0, 1)),
        random(2, 2, 2),
    ),
    one("not flipped back", lambda x: np.flip(x, 0), lambda g, out, x: g, lambda g, out, x: tg.flip(g, 0)),
    one(
        "rolled on, not back",
        lambda x: np.roll(x, 1),
        lambda g, out, x: tg.roll(g, 1),
        lambda g, out, x: tg.roll(g, -1),
    ),
    one(
        "running sum not reversed",
        np.cumsum,
        lambda g, out, x: tg.cumsum(g),
        lambda g, out, x: tg.flip(tg.cumsum(tg.flip(g))),
    ),
    one(
        "index off by one",
        lambda x: x[:2],
        lambda g, out, x: tg.scatter(g, index=slice(1, 3), shape=x.shape),
        lambda g, out, x: tg.scatter(g, index=slice(0, 2), shape=x.shape),
    ),
    one(
        "repeated index overwrites",
        lambda x: x[[0, 0, 2]],
        lambda g, out, x: tg.scatter(g[1:], index=[0, 2], shape=x.shape),
        lambda g, out, x: tg.scatter(g, index=[0, 0, 2], shape=x.shape),
    ),
    one(
        "reshaped in the wrong order",
        lambda x: x.reshape(-1),
        lambda g, out, x: tg.transpose(tg.reshape(g, (4, 3))),
        lambda g, out, x: tg.reshape(g, (3, 4)),
        MATRIX,
    ),
    one(
        "shape that does not fit",
        lambda x: x.reshape(-1),
        lambda g, out, x: tg.reshape(g, (4, 3)),
        lambda g, out, x: tg.reshape(g, (3, 4)),
        MATRIX,
    ),
    one(
        "jacobian taken for its diagonal",
        lambda x: np.exp(x) / np.exp(x).sum(),
        lambda g, out, x: g * out * (1.0 - out),
        lambda g, out, x: out * (g - tg.sum(g * out)),
    ),
    one(
        "degrees of freedom",
        lambda x: np.var(x, ddof=1),
        lambda g, out, x: g * 2.0 / x.size * (x - tg.mean(x)),
        lambda g, out, x: g * 2.0 / (x.size - 1) * (x - tg.mean(x)),
    ),
    # Two operands.
    two(
        "operands swapped",
        np.subtract,
        [lambda g, out, x, y: -g, lambda g, out, x, y: g],
        [lambda g, out, x, y: g, lambda g, out, x, y: -g],
        VECTOR,
        POSITIVE,
    ),
    two(
        "each receives its own factor",
        np.multiply,
        [lambda g, out, x, y: g * x, lambda g, out, x, y: g * y],
        [lambda g, out, x, y: g * y, lambda g, out, x, y: g * x],
        VECTOR,
        POSITIVE,
    ),
    two("second operand has no rule", np.power, [POWER[0], None], POWER, POSITIVE, VECTOR),
    two(
        "second operand's rule returns nothing",
        np.power,
        [POWER[0], lambda g, out, x, y: None],
        POWER,
        POSITIVE,
        VECTOR,
    ),
    two("wrong branch", lambda x, y: np.where(POSITIVE > 1, x, y), WHERE[::-1], WHERE, VECTOR, random(4) + 3),
    two(
        "transposed factor, square",
        np.matmul,
        [lambda g, out, x, y: g @ y, lambda g, out, x, y: x @ g],
        MATMUL,
        SQUARE,
        random(3, 3).T + 1,
    ),
    two(
        "transposed result, square",
        np.matmul,
        [lambda g, out, x, y: (g @ y.T).T, MATMUL[1]],
        MATMUL,
        SQUARE,
        random(3, 3) + 1,
    ),
    two(
        "transposed result, not square",
        np.matmul,
        [lambda g, out, x, y: (g @ y.T).T, MATMUL[1]],
        MATMUL,
        MATRIX,
        random(4, 2),
    ),
    two("order of factors", np.matmul, [MATMUL[0], lambda g, out, x, y: g @ x.T], MATMUL, SQUARE, random(3, 3) + 1),
    two("un-broadcast by mean", np.add, [ADD_ROW[0], lambda g, out, x, y: tg.mean(g, axis=0)], ADD_ROW, MATRIX, VECTOR),
    two("un-broadcast by the first row", np.add, [ADD_ROW[0], lambda g, out, x, y: g[0]], ADD_ROW, MATRIX, VECTOR),
    two(
        "un-broadcast over the wrong axis",
        np.add,
        [ADD_ROW[0], lambda g, out, x, y: tg.sum(g, axis=1)],
        ADD_ROW,
        SQUARE,
        random(3),
    ),
    two(
        "not un-broadcast",
        np.add,
        [ADD_ROW[0], lambda g, out, x, y: tg.concatenate([g, g[:1]], axis=0)],
        ADD_ROW,
        MATRIX,
        VECTOR,
    ),
    two(
        "upstream overwritten",
        np.multiply,
        [in_place, lambda g, out, x, y: g * x],
        [lambda g, out, x, y: g * y, lambda g, out, x, y: g * x],
        VECTOR,
        POSITIVE,
    ),
    # Right numbers, wrong graph; and rules that are no functions.
    one("second order: local derivative not recorded", np.sin, lambda g, out, x: g * np.cos(plain(x)), by_sin),
    one("second order: result not recorded", np.exp, lambda g, out, x: g * plain(out), by_exp),
    one("second order: upstream not recorded", np.sin, lambda g, out, x: plain(g) * tg.cos(x), by_sin),
    one(
        "second order: recorded as something else",
        np.square,
        lambda g, out, x: g * (tg.abs(x) + plain(2.0 * x) - plain(abs(x))),
        lambda g, out, x: 2.0 * g * x,
    ),
    one(
        "other numbers on nodes",
        np.sin,
        lambda g, out, x: g * tg.cos(x) * (2.0 if isinstance(x, Node) else 1.0),
        by_sin,
    ),
    one("stale saved value", sin_that_saves, lambda g, out, x: g * tg.cos(saved["x"]), by_sin),
    one("random", np.sin, lambda g, out, x: g * tg.cos(x) * noise.choice([1.0, 1.1]), by_sin),
]
