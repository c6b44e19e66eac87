"""The table of conventions: what holds at kinks, ties, poles and infinities. They are PyTorch's.

Read a row as: what it says, the function in our words, the same in PyTorch's, the inputs, the result, the gradient by
each input. At `POLES` numbers become infinite or undefined, and NumPy may warn; everything else is computed silently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F


class Edge(NamedTuple):
    """A function at a point where its value or derivative is a matter of convention, or hard to compute."""

    says: str
    ours: Callable[..., Any]
    torchs: Callable[..., Any]
    inputs: Sequence[Any]
    value: Any
    gradients: Sequence[Any]


def edge(says: str, ours: Any, torchs: Any, inputs: Sequence[Any], value: Any, *gradients: Any) -> Edge:
    return Edge(says, ours, torchs, inputs, value, gradients)


def taken(condition: Any) -> Callable[..., Any]:
    return lambda x, y: tg.where(np.array(condition), x, y)


def torch_taken(condition: Any) -> Callable[..., Any]:
    return lambda t, x, y: t.where(t.tensor(condition), x, y)


# fmt: off
SILENT = [
    edge("relu at 0 has 0", tg.relu, lambda t, x: t.relu(x), [0.0], 0.0, 0.0),
    edge("relu at nan is nan", tg.relu, lambda t, x: t.relu(x), [nan], nan, 1.0),
    edge("abs at 0 has 0", tg.abs, lambda t, x: t.abs(x), [0.0], 0.0, 0.0),
    edge("sign has 0 everywhere", tg.sign, lambda t, x: t.sign(x), [[-2.0, 0.0, 3.0]], [-1.0, 0.0, 1.0], [0.0] * 3),
    edge("maximum: equal ones share", tg.maximum, lambda t, x, y: t.maximum(x, y), [2.0, 2.0], 2.0, 0.5, 0.5),
    edge("minimum: equal ones share", tg.minimum, lambda t, x, y: t.minimum(x, y), [2.0, 2.0], 2.0, 0.5, 0.5),
    edge("clip has 1 on its borders", lambda x: tg.clip(x, -1, 1), lambda t, x: t.clamp(x, -1, 1),
         [[-2.0, -1.0, 0.0, 1.0, 2.0]], [-1.0, -1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0, 0.0]),
    edge("max: equal ones share", tg.max, lambda t, x: t.amax(x), [[3.0, 1.0, 3.0]], 3.0, [0.5, 0.0, 0.5]),
    edge("min: equal ones share", tg.min, lambda t, x: t.amin(x), [[3.0, 1.0, 1.0]], 1.0, [0.0, 0.5, 0.5]),
    edge("max of an axis: shares in each row", lambda x: tg.max(x, axis=1), lambda t, x: t.amax(x, 1),
         [[[1.0, 1.0], [1.0, 2.0]]], [1.0, 2.0], [[0.5, 0.5], [0.0, 1.0]]),
    edge("norm at 0 has 0", tg.norm, lambda t, x: t.linalg.vector_norm(x), [[0.0, 0.0]], 0.0, [0.0, 0.0]),
    edge("norm 1 at 0 has 0", lambda x: tg.norm(x, 1), lambda t, x: t.linalg.vector_norm(x, 1),
         [[0.0, -2.0]], 2.0, [0.0, -1.0]),
    edge("norm 3 at 0 has 0", lambda x: tg.norm(x, 3), lambda t, x: t.linalg.vector_norm(x, 3),
         [[0.0, 0.0]], 0.0, [0.0, 0.0]),
    edge("norm 3 with a 0", lambda x: tg.norm(x, 3), lambda t, x: t.linalg.vector_norm(x, 3),
         [[0.0, -2.0]], 2.0, [0.0, -1.0]),
    edge("norm inf: equal ones share", lambda x: tg.norm(x, inf), lambda t, x: t.linalg.vector_norm(x, inf),
         [[2.0, -2.0, 1.0]], 2.0, [0.5, -0.5, 0.0]),
    edge("norm of rows, one of them 0", lambda x: tg.norm(x, axis=1), lambda t, x: t.linalg.vector_norm(x, dim=1),
         [[[0.0, 0.0], [3.0, 4.0]]], [0.0, 5.0], [[0.0, 0.0], [0.6, 0.8]]),
    edge("std of equal numbers has 0", tg.std, lambda t, x: t.std(x, correction=0), [[2.0, 2.0]], 0.0, [0.0, 0.0]),
    edge("0 ** 0 is 1, with 0", lambda x, y: x**y, lambda t, x, y: x**y, [0.0, 0.0], 1.0, 0.0, 0.0),
    edge("0 ** 1", lambda x, y: x**y, lambda t, x, y: x**y, [0.0, 1.0], 0.0, 1.0, 0.0),
    edge("0 ** 2", lambda x, y: x**y, lambda t, x, y: x**y, [0.0, 2.0], 0.0, 0.0, 0.0),
    edge("0 ** a number 0", lambda x: x**0, lambda t, x: x**0, [0.0], 1.0, 0.0),
    edge("0 ** a number 1", lambda x: x**1, lambda t, x: x**1, [0.0], 0.0, 1.0),
    edge("0 ** a number 2.0", lambda x: x**2.0, lambda t, x: x**2.0, [0.0], 0.0, 0.0),
    edge("a negative base", lambda x: x**3, lambda t, x: x**3, [-2.0], -8.0, 12.0),
    edge("where: nan not taken", taken([True, False]), torch_taken([True, False]),
         [[1.0, nan], [nan, 2.0]], [1.0, 2.0], [1.0, 0.0], [0.0, 1.0]),
    edge("where: a broadcast branch", taken([True, False, True]), torch_taken([True, False, True]),
         [5.0, [1.0, 2.0, 3.0]], [5.0, 2.0, 5.0], 2.0, [0.0, 1.0, 0.0]),
    edge("prod with one 0", tg.prod, lambda t, x: t.prod(x), [[2.0, 0.0, 3.0]], 0.0, [0.0, 6.0, 0.0]),
    edge("prod with two 0", tg.prod, lambda t, x: t.prod(x), [[0.0, 0.0, 3.0]], 0.0, [0.0, 0.0, 0.0]),
    edge("softmax of large logits", lambda x: tg.softmax(x)[0], lambda t, x: t.softmax(x, -1)[0],
         [[1000.0, 0.0]], 1.0, [0.0, 0.0]),
    edge("softmax with -inf", lambda x: tg.softmax(x)[1], lambda t, x: t.softmax(x, -1)[1],
         [[-inf, 0.0, 0.0]], 0.5, [0.0, 0.25, -0.25]),
    edge("logsumexp of large logits", tg.logsumexp, lambda t, x: t.logsumexp(x, 0), [[1e3, 0.0]], 1e3, [1.0, 0.0]),
    edge("logsumexp of small logits", tg.logsumexp, lambda t, x: t.logsumexp(x, 0), [[-1e3, -2e3]], -1e3, [1.0, 0.0]),
    edge("logsumexp with -inf", tg.logsumexp, lambda t, x: t.logsumexp(x, 0), [[-inf, 0.0]], 0.0, [0.0, 1.0]),
    edge("sigmoid far out", tg.sigmoid, lambda t, x: t.sigmoid(x), [[-1000.0, 1000.0]], [0.0, 1.0], [0.0, 0.0]),
    edge("softplus far out", tg.softplus, lambda t, x: t.nn.functional.softplus(x),
         [[-1000.0, 1000.0]], [0.0, 1000.0], [0.0, 1.0]),
    edge("tanh far out", tg.tanh, lambda t, x: t.tanh(x), [[-1000.0, 1000.0]], [-1.0, 1.0], [0.0, 0.0]),
    edge("erf far out", tg.erf, lambda t, x: t.erf(x), [[-100.0, 100.0]], [-1.0, 1.0], [0.0, 0.0]),
    edge("log1p near 0", tg.log1p, lambda t, x: t.log1p(x), [1e-18], 1e-18, 1.0),
    edge("expm1 near 0", tg.expm1, lambda t, x: t.expm1(x), [1e-18], 1e-18, 1.0),
    edge("max of nan is nan for all", tg.max, lambda t, x: t.amax(x), [[nan, 1.0]], nan, [nan, nan]),
    edge("min of an axis with nan", lambda x: tg.min(x, axis=1), lambda t, x: t.amin(x, 1),
         [[[1.0, nan], [1.0, 2.0]]], [nan, 1.0], [[nan, nan], [1.0, 0.0]]),
    edge("maximum with nan", tg.maximum, lambda t, x, y: t.maximum(x, y), [nan, 1.0], nan, 1.0, 1.0),
    edge("minimum with nan", tg.minimum, lambda t, x, y: t.minimum(x, y), [2.0, nan], nan, 1.0, 1.0),
    edge("fmax: the first of equal ones", tg.fmax, lambda t, x, y: t.fmax(x, y), [2.0, 2.0], 2.0, 1.0, 0.0),
    edge("fmax with nan", tg.fmax, lambda t, x, y: t.fmax(x, y), [nan, 1.0], 1.0, 0.0, 1.0),
    edge("fmin with nan", tg.fmin, lambda t, x, y: t.fmin(x, y), [1.0, nan], 1.0, 1.0, 0.0),
    edge("floor has 0", tg.floor, lambda t, x: t.floor(x), [[-0.5, 2.0, 2.7]], [-1.0, 2.0, 2.0], [0.0] * 3),
    edge("round to even", tg.round, lambda t, x: t.round(x), [[0.5, 1.5, -2.5]], [0.0, 2.0, -2.0], [0.0] * 3),
    edge("remainder of a negative number", tg.remainder, lambda t, x, y: t.remainder(x, y),
         [-7.0, 3.0], 2.0, 1.0, 3.0),
    edge("fmod of a negative number", tg.fmod, lambda t, x, y: t.fmod(x, y), [-7.0, 3.0], -1.0, 1.0, 2.0),
    edge("copysign of 0 has 0", tg.copysign, lambda t, x, y: t.copysign(x, y), [0.0, -1.0], -0.0, 0.0, 0.0),
    edge("nan_to_num: what is replaced has 0", tg.nan_to_num, lambda t, x: t.nan_to_num(x),
         [[nan, 2.0, inf]], [0.0, 2.0, np.finfo(float).max], [0.0, 1.0, 0.0]),
    edge("clip: a bound receives what it replaces", tg.clip, lambda t, x, a, b: t.clamp(x, a, b),
         [[-2.0, 0.0, 1.0, 3.0], 0.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0], 1.0, 1.0),
    edge("clip: of bounds that cross the upper one", tg.clip, lambda t, x, a, b: t.clamp(x, a, b),
         [2.0, 3.0, 1.0], 1.0, 0.0, 0.0, 1.0),
    edge("clip of nan", lambda x: tg.clip(x, 0.0, 1.0), lambda t, x: t.clamp(x, 0.0, 1.0), [nan], nan, 0.0),
    edge("sinc at 0", tg.sinc, lambda t, x: t.sinc(x), [0.0], 1.0, 0.0),
    edge("logaddexp far apart", tg.logaddexp, lambda t, x, y: t.logaddexp(x, y), [1e3, -1e3], 1e3, 1.0, 0.0),
    edge("arctan2 of 0 and 0 has 0", tg.arctan2, lambda t, x, y: t.atan2(x, y), [0.0, 0.0], 0.0, 0.0, 0.0),
    edge("arctan2 of tiny numbers", tg.arctan2, None, [1e-200, 1e-200], np.pi / 4, 5e199, -5e199),
    edge("hypot of 0 and 0 has 0", tg.hypot, None, [0.0, 0.0], 0.0, 0.0, 0.0),
    edge("hypot of huge numbers", tg.hypot, None, [3e200, 4e200], 5e200, 0.6, 0.8),
    edge("arcsinh of a huge number", tg.arcsinh, None, [1e200], math.asinh(1e200), 1e-200),
    edge("arcsin close to 1", tg.arcsin, None, [1 - 2**-50], math.asin(1 - 2**-50), 2**24.5 / math.sqrt(1 - 2**-51)),
    edge("expm1 far below 0", tg.expm1, None, [-40.0], -1.0, math.exp(-40.0)),
    edge("elu far below 0", tg.nn.functional.elu, None, [-40.0], -1.0, math.exp(-40.0)),
    edge("norm of subnormal numbers", tg.norm, None, [[3e-310, 4e-310]], 5e-310, [0.6, 0.8]),
    edge("prod of one number along axis 0", lambda x: tg.prod(x, axis=0), None, [2.0], 2.0, 1.0),
    edge("mean of one number along axis 0", lambda x: tg.mean(x, axis=0), None, [2.0], 2.0, 1.0),
    edge("cumprod with one 0", tg.cumprod, lambda t, x: t.cumprod(x, 0), [[2.0, 0.0, 3.0]], [2.0, 0.0, 0.0],
         [1.0, 8.0, 0.0]),
    edge("cumprod with two 0", tg.cumprod, lambda t, x: t.cumprod(x, 0), [[2.0, 0.0, 0.0]], [2.0, 0.0, 0.0],
         [1.0, 2.0, 0.0]),
    edge("median with nan is nan", tg.median, None, [[1.0, nan, 2.0]], nan, [0.0, 1.0, 0.0]),
    edge("median with inf", tg.median, None, [[inf, 1.0, inf]], inf, [1.0, 0.0, 0.0]),
    edge("sort keeps the order of equal ones", lambda x: tg.sort(x)[:1], lambda t, x: t.sort(x, stable=True)[0][:1],
         [[2.0, 1.0, 1.0]], [1.0], [0.0, 1.0, 0.0]),
    edge("nansum leaves nan out", tg.nansum, lambda t, x: t.nansum(x), [[1.0, nan]], 1.0, [1.0, 0.0]),
    edge("nanmean leaves nan out", tg.nanmean, lambda t, x: t.nanmean(x), [[1.0, nan, 4.0]], 2.5, [0.5, 0.0, 0.5]),
    edge("max pooling finds nan and -inf", lambda x: F.max_pool1d(x, 2, padding=1),
         lambda t, x: t.nn.functional.max_pool1d(x, 2, padding=1),
         [[[-inf, nan, 0.0, 1.0]]], [[-inf, nan, 1.0]], [[1.0, 1.0, 0.0, 1.0]]),
    edge("max pooling takes nan before inf", lambda x: F.max_pool1d(x, 2),
         lambda t, x: t.nn.functional.max_pool1d(x, 2),
         [[[inf, nan, -inf, 1.0]]], [[nan, 1.0]], [[0.0, 1.0, 0.0, 1.0]]),
    edge("adaptive max pooling: all to the first", lambda x: F.adaptive_max_pool1d(x, 3),
         lambda t, x: t.nn.functional.adaptive_max_pool1d(x, 3),
         [[[1.0, 1.0, 0.0, 1.0]]], [[1.0, 1.0, 1.0]], [[1.0, 1.0, 0.0, 1.0]]),
    edge("a margin that is just kept counts, of ranks", lambda x, y: F.margin_ranking_loss(x, y, [1.0]),
         lambda t, x, y: t.nn.functional.margin_ranking_loss(x, y, t.ones(1)), [[2.0], [2.0]], 0.0, [-1.0], [1.0]),
    edge("... of distances", lambda x: F.hinge_embedding_loss(x, [-1.0]),
         lambda t, x: t.nn.functional.hinge_embedding_loss(x, -t.ones(1)), [[1.0]], 0.0, [-1.0]),
    edge("... of angles", lambda x, y: F.cosine_embedding_loss(x, y, [-1.0]),
         lambda t, x, y: t.nn.functional.cosine_embedding_loss(x, y, -t.ones(1)),
         [[[1.0, 0.0]], [[0.0, 1.0]]], 0.0, [[0.0, 1 - 1e-12]], [[1 - 1e-12, 0.0]]),
    edge("... of triplets", lambda x, y, z: F.triplet_margin_loss(x, y, z, eps=0.0),
         lambda t, x, y, z: t.nn.functional.triplet_margin_loss(x, y, z, eps=0.0),
         [[[0.0, 0.0]], [[1.0, 0.0]], [[2.0, 0.0]]], 0.0, [[0.0, 0.0]], [[1.0, 0.0]], [[-1.0, 0.0]]),
    edge("matrix_power 0 of nan", lambda x: tg.matrix_power(x, 0), None, [[[nan, 1.0], [1.0, 2.0]]],
         [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]),
    edge("norm of large numbers", tg.norm, None, [[3e200, 4e200]], 5e200, [0.6, 0.8]),
    edge("norm of small numbers", tg.norm, None, [[3e-200, 4e-200]], 5e-200, [0.6, 0.8]),
]

POLES = [
    edge("sqrt at 0 has inf", tg.sqrt, lambda t, x: t.sqrt(x), [0.0], 0.0, inf),
    edge("log of 0", tg.log, lambda t, x: t.log(x), [0.0], -inf, inf),
    edge("1 / 0", lambda x: 1 / x, lambda t, x: 1 / x, [0.0], inf, -inf),
    edge("0 ** 0.5 is sqrt", lambda x: x**0.5, lambda t, x: x**0.5, [0.0], 0.0, inf),
    edge("0 ** -1", lambda x: x**-1.0, lambda t, x: x**-1.0, [0.0], inf, -inf),
    edge("0 ** -1, by the exponent", lambda x, y: x**y, lambda t, x, y: x**y, [0.0, -1.0], inf, -inf, -inf),
    edge("log of a negative number", tg.log, lambda t, x: t.log(x), [-1.0], nan, -1.0),
    edge("a negative base, by the exponent", lambda x, y: x**y, lambda t, x, y: x**y, [-2.0, 3.0], -8.0, 12.0, nan),
    edge("arcsin at its ends", tg.arcsin, lambda t, x: t.arcsin(x), [[-1.0, 1.0]], [-np.pi / 2, np.pi / 2], [inf, inf]),
    edge("exp overflows", tg.exp, lambda t, x: t.exp(x), [1000.0], inf, inf),
    edge("logsumexp with inf", tg.logsumexp, lambda t, x: t.logsumexp(x, 0), [[inf, 1.0, 2.0]], inf, [nan, 0.0, 0.0]),
    edge("reciprocal of 0", tg.reciprocal, lambda t, x: t.reciprocal(x), [0.0], inf, -inf),
    edge("cbrt at 0 has inf", tg.cbrt, None, [0.0], 0.0, inf),
    edge("arctanh at 1", tg.arctanh, lambda t, x: t.arctanh(x), [1.0], inf, inf),
    edge("the remainder by 0", tg.remainder, lambda t, x, y: t.remainder(x, y), [1.0, 0.0], nan, 1.0, -inf),
    edge("gelu by tanh far out", lambda x: F.gelu(x, "tanh"), lambda t, x: t.nn.functional.gelu(x, approximate="tanh"),
         [[-1e110, 1e110]], [0.0, 1e110], [0.0, 1.0]),
    edge("logsumexp of nothing but -inf", tg.logsumexp, None, [[-inf, -inf]], -inf, [0.0, 0.0]),
]
# fmt: on
