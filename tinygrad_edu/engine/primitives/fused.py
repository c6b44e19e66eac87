"""Fused rows: the parts of a network that take most of its time, as one node instead of several.

Each could be composed of other rows. As one node it makes fewer arrays, and its rule is shorter than the chain of
their rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import pi, prod, sqrt
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ...errors import DtypeError, OutOfRangeError, ShapeError
from ..blas import product
from ..messages import check
from ..node import Node, number_of, shape_of
from .elementwise import erf, exp, tanh
from .kernels import in_blocks, of_reals, reduced, scaled_erf, underflow_is_zero
from .primitive import Variadic
from .reductions import softmax, sum_
from .rows import primitive
from .shape import wide

__all__ = ["gelu", "linear", "log_softmax", "softmax_cross_entropy"]


def _linear_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    """For a matrix x: g @ W to x, gᵀ @ x to the weight, the sum of the rows of g to the bias."""
    x, weight = operands[:2]
    g = _as_matrix(g)
    found = []
    if 0 in slots:
        back = product(g, weight)
        found.append(back if x.ndim == 2 else back.reshape(x.shape))
    if 1 in slots:
        found.append(product(g.T, _as_matrix(x)))
    if 2 in slots:
        found.append(reduced(np.add, g, 0))
    return found


def _flattened(shape: Sequence[int], sizes: Sequence[int]) -> str:
    """How x of this shape fits a weight of these sizes, if all its numbers, or those of each example, fit."""
    if len(shape) == 1 and sizes[1:] == (1,):
        return say("; x[:, None] makes an example of each number")
    if len(shape) > 2 and (prod(shape[1:]),) == sizes[1:]:
        return say("; nn.Flatten() makes one axis of the last ones")
    if (prod(shape),) == sizes[1:]:
        return say("; one example gets the axis of a batch, which nn.Flatten() keeps, by x[None]")
    return ""


def _as_matrix(x: Any) -> Any:
    """All axes but the last made into one."""
    return x if x.ndim == 2 else x.reshape((prod(x.shape[:-1]), x.shape[-1]))


@primitive(
    _linear_rule,
    words={(): ("{g} {y}", "{g}ᵀ {x}", "Σ {g}")} | dict.fromkeys([(1, 2), (1, 2, 1)], ("{y}ᵀ {g}", "{g} {x}ᵀ", "{g}")),
    kind=Variadic,
    name="linear",
)
def linear_row(x: Any, weight: Any, bias: Any = None) -> Any:
    shape: tuple[int, ...] = getattr(x, "shape", ())  # a Value's number has none
    sizes: tuple[int, ...] = getattr(weight, "shape", ())
    if len(sizes) != 2 or shape[-1:] != sizes[1:]:
        raise ShapeError(
            "linear: the last axis of x {x} must be as long as the last of the weight {weight}: x is (..., in), "
            "the weight (out, in){hint}",
            x=shape,
            weight=sizes,
            hint=_flattened(shape, sizes),
        )
    if bias is not None and getattr(bias, "shape", ()) != sizes[:1]:
        text = texts("linear: the bias has a number for each row of the weight {weight}, not shape {shape}")
        raise ShapeError(text, weight=sizes, shape=getattr(bias, "shape", ()))
    rows = _as_matrix(x)
    if 2 * len(rows) <= len(weight):  # BLAS is slower where its right side is turned, the less so the smaller that is
        out = np.ascontiguousarray(product(weight, rows.T).T)
    else:
        out = product(rows, weight.T)
    if out.dtype.kind == "b":
        check("linear", x, weight)
    if bias is not None:
        out = np.add(out, bias, out=out if out.dtype == bias.dtype else None)
    return out.reshape((*shape[:-1], sizes[0]))


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """The affine map x Wᵀ + b: x (..., in), weight (out, in), bias (out,) or None, result (..., out).

    Raises `ShapeError` for shapes that do not fit each other.

    >>> import tinygrad_edu as tg
    >>> linear(tg.tensor([[1.0, 2.0]]), tg.tensor([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]), tg.tensor([0.5, 0.0, 0.0]))
    tensor([[11.5, 17. , 23. ]])
    """
    return linear_row(x, weight) if bias is None else linear_row(x, weight, bias)


@primitive(
    underflow_is_zero(lambda g, out, x, axis: g - exp(out) * sum_(wide(g), axis=axis, keepdims=True)),
    words=("{g} − softmax{over}({x}) ⊙ Σ{over} {g}",),
)
@of_reals
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(exp(x) / Σ exp(x)) along `axis`, shifted by the maximum so that nothing overflows.

    >>> import tinygrad_edu as tg
    >>> log_softmax(tg.tensor([1000.0, 1000.0]))
    tensor([-0.6931472, -0.6931472])
    """
    shifted = x - reduced(np.maximum, x, axis, True)
    return shifted - np.log(reduced(np.add, np.exp(shifted), axis, True))


SLOPE, BEND = sqrt(2 / pi), 0.044715 * sqrt(2 / pi)
"""Of the cubic in the approximation of `gelu`: SLOPE · x + BEND · x³."""


@in_blocks
def _gelu_rule(g: Any, x: Any, approximate: str) -> Any:
    return g * _gelu_slope(x, approximate)


def _gelu_slope(x: Any, approximate: str) -> Any:
    """Φ(x) + x · φ(x), or the derivative of the approximation."""
    if approximate == "none":
        return 0.5 + 0.5 * erf(x * sqrt(0.5)) + x * (exp(-0.5 * (x * x)) * (1 / sqrt(2 * pi)))
    squares = x * x
    inner = squares * BEND
    inner += SLOPE  # new arrays would take as long again
    inner *= x
    t = tanh(inner)
    squares *= 3 * BEND
    squares += SLOPE
    slope = t * t
    slope -= 1.0
    slope *= x  # first, since x times the squares overflows sooner, and 0 times inf is nan
    slope *= squares
    t -= slope
    t *= 0.5
    t += 0.5
    return t


@primitive(
    underflow_is_zero(lambda g, out, x, approximate: _gelu_rule(wide(g), wide(x), approximate=approximate)),
    words=("{g} ⊙ (Φ({x}) + {x} ⊙ φ({x}))",),
    floats=lambda x, approximate: 0.5 * x * (1.0 + _gelu_sigmoid(x, approximate)),
    elementwise=True,
)
@of_reals
@in_blocks
def gelu(x: Any, approximate: str = "none") -> Any:
    """x · Φ(x), with the distribution function Φ of the normal distribution, or an approximation with tanh.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(3)
    array([-0.159,  0.   ,  0.841])
    """
    if approximate == "none":
        out = scaled_erf(x, sqrt(0.5))
    else:
        out = x * x
        out *= BEND
        out += SLOPE
        out *= x
        out = np.tanh(out)
    out += 1
    out *= x
    out *= 0.5
    return out


def _gelu_sigmoid(x: float, approximate: str) -> float:
    """2 Φ(x) - 1 of a float, or its approximation."""
    return math.erf(x * sqrt(0.5)) if approximate == "none" else math.tanh(x * (SLOPE + BEND * x * x))


def _one_hot(targets: Any, like: Any) -> np.ndarray:
    """1 at each target, in the shape and dtype of the logits."""
    out = np.zeros((targets.size, like.shape[-1]), like.dtype)
    out[np.arange(targets.size), targets.reshape(-1)] = 1
    return out.reshape(like.shape)


@primitive(
    underflow_is_zero(lambda g, out, logits, targets: (softmax(logits) - _one_hot(targets, logits)) * g[..., None]),
    words=("{g} ⊙ (softmax({x}) − {targets})",),
    name="softmax_cross_entropy",
)
@of_reals
def _softmax_cross_entropy(logits: Any, targets: Any = None) -> Any:
    shifted = logits - reduced(np.maximum, logits, -1, True)
    rows = shifted.reshape(targets.size, shifted.shape[-1])
    chosen = rows[np.arange(targets.size), targets.reshape(-1)].reshape(targets.shape)
    return np.log(np.add.reduce(np.exp(shifted), -1)) - chosen


def softmax_cross_entropy(logits: Any, targets: Any) -> Any:
    """-log of the softmax probability of each target: logits (..., C), targets (...) whole numbers below C.

    The gradient is the textbook's: the probabilities, less 1 at the target.

    Raises `DtypeError` for targets that are not whole numbers, `ShapeError` for shapes that do not fit each other,
    `OutOfRangeError` for a target that is not a class.

    >>> import tinygrad_edu as tg
    >>> softmax_cross_entropy(tg.tensor([[2.0, 1.0, 0.1], [0.0, 0.0, 0.0]]), [0, 2]).data.round(3)
    array([0.417, 1.099], dtype=float32)
    """
    classes = np.array(number_of(targets))
    if classes.dtype.kind not in "iu":
        text = texts("softmax_cross_entropy: targets are whole numbers, such as [0, 2], not {dtype}")
        raise DtypeError(text, dtype=classes.dtype)
    shape = shape_of(logits)
    if not shape or classes.shape != shape[:-1]:
        text = texts(
            "softmax_cross_entropy: logits {logits} hold the classes on their last axis, and the targets are of shape "
            "{wanted}, not {shape}"
        )
        raise ShapeError(text, logits=shape, wanted=shape[:-1] if shape else "(...)", shape=classes.shape)
    if classes.size and not 0 <= np.minimum.reduce(classes, None) <= np.maximum.reduce(classes, None) < shape[-1]:
        wrong = classes[(classes < 0) | (classes >= shape[-1])].flat[0]
        text = texts("softmax_cross_entropy: target {target} is no class: there are {n}, from 0 on")
        raise OutOfRangeError(text, target=wrong, n=shape[-1])
    return entropy_of_classes(logits, classes)


def entropy_of_classes(logits: Any, classes: np.ndarray) -> Any:
    """`softmax_cross_entropy` for targets that are known to be classes, in an array that nobody else can change."""
    if isinstance(logits, Node):  # not by a call of the row, which would copy the targets
        return logits.unary(_softmax_cross_entropy, {"targets": classes})
    return _softmax_cross_entropy(logits, targets=classes)
