"""Wrong programs as students write them: what is said is true, and nearly always names the cause or the place.

Each row is a function, its check, what must be said of it, and what would be false. All of them run in the sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, CheckResult, Sandbox, Session, Student, Submission
from tinygrad_edu.grade.checks import (
    adds_up,
    backward,
    follows_optimizer,
    same_as_engine,
    same_convolution,
    same_loss,
    topological_order,
)
from tinygrad_edu.grade.verdict import verdict
from tinygrad_edu.nn.functional import cross_entropy, mse_loss

Ask = Callable[[Any, np.random.Generator], None]


def gradient(function: Callable[..., Any], *axes: str) -> Ask:
    """A check of a backward pass."""
    return lambda answer, rng: backward(answer, function, rng, *axes)


START = np.random.default_rng(0).normal(size=(3, 2))
STEPS = list(np.random.default_rng(1).normal(size=(6, 3, 2)))

CHECKS: dict[str, Ask] = {
    "product": gradient(lambda x, y: x * y, "nk", "nk"),
    "quotient": gradient(lambda x, y: x / y, "nk", "nk"),
    "tanh": gradient(tg.tanh, "nk"),
    "sigmoid": gradient(tg.sigmoid, "nk"),
    "relu": gradient(tg.relu, "nk"),
    "cube": gradient(lambda x: x**3.0, "nk"),
    "exp": gradient(tg.exp, "nk"),
    "sin": gradient(tg.sin, "nk"),
    "neuron": gradient(lambda w, x, b: tg.tanh(w * x + b), "n", "n", "n"),
    "twice": gradient(lambda x: x * tg.tanh(x), "nk"),
    "bias": gradient(lambda a, b: a + b, "nk", "k"),
    "column": gradient(lambda a, b: a * b, "nk", "n1"),
    "matmul": gradient(lambda x, w: x @ w, "nk", "km"),
    "linear": gradient(lambda x, w, b: x @ w + b, "nk", "km", "m"),
    "mean": gradient(lambda x: x.mean(axis=0), "nk"),
    "total": gradient(lambda x: x.sum(axis=1), "nk"),
    "softmax": gradient(lambda x: tg.softmax(x, axis=1), "nk"),
    "largest": gradient(lambda x: x.max(axis=1), "nk"),
    "transpose": gradient(lambda x: x.T, "nk"),
    "layers": gradient(lambda x, w, b, v: tg.relu(x @ w + b) @ v, "nk", "km", "m", "ml"),
    "adam": lambda answer, rng: follows_optimizer(answer(START.copy()).step, tg.optim.Adam, START, STEPS, lr=0.1),
    "loss": lambda answer, rng: same_loss(answer, cross_entropy, rng, "classes"),
    "squares": lambda answer, rng: same_loss(answer, mse_loss, rng, "numbers"),
    "convolution": lambda answer, rng: same_convolution(answer, rng, stride=2, padding=1),
    "descent": lambda answer, rng: follows_optimizer(
        answer(START.copy(), 0.1).step, tg.optim.SGD, START, STEPS, lr=0.1, momentum=0.9
    ),
    "value": lambda answer, rng: same_as_engine(answer, lambda x, y: (x * y + x) * x + y, 0.5, -1.5),
    "again": lambda answer, rng: adds_up(answer, lambda x, y: (x * y + x) * x, 0.5, -1.5),
    "order": topological_order,
}


TAKES = r"takes \((a, b, g|a, g)\), in this order; the gradients are right if it takes \(g, a(, b)?\)"
SHOWN, HARDLY = r"The smallest example[\s\S]*is right", r"is (\[[^\]]*\]), and (\1|\[0?\.\]) is right"


class Row(NamedTuple):
    """A wrong program: the check, its source, what must be said, what must not."""

    check: str
    source: str
    must: str
    never: str = r"(?!)"


VALUE = """
class {name}:
    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.grad, self.inputs, self.slopes = data, 0.0, inputs, slopes
    def __add__(self, other):
        return {name}(self.data + other.data, (self, other), (1.0, 1.0))
    def __mul__(self, other):
        return {name}(self.data * other.data, (self, other), (other.data, self.data))
    def backward(self):
        order, seen = [], set()
        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for x in v.inputs: visit(x)
                order.append(v)
        visit(self)
        flow = dict.fromkeys(map(id, order), 0.0)
        flow[id(self)] = 1.0
        for v in reversed(order):
            v.grad += flow[id(v)]
            for x, slope in zip(v.inputs, v.slopes):
                flow[id(x)] += slope * flow[id(v)]
"""


def value(old: str, new: str) -> str:
    """The class with one line changed."""
    assert old in VALUE
    return VALUE.replace(old, new)


DESCENT = """
class {name}:
    def __init__(self, w, lr): self.w, self.lr, self.v = w, lr, 0.0
    def step(self, g):
        self.v = 0.9 * self.v + g
        self.w = self.w - self.lr * self.v
        return self.w
"""

ADAM = """
class {name}:
    def __init__(self, w): self.w, self.m, self.s, self.t = w, 0.0, 0.0, 0
    def step(self, g):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.s = 0.999 * self.s + 0.001 * g**2
        m, s = self.m / (1 - 0.9**self.t), self.s / (1 - 0.999**self.t)
        self.w = self.w - 0.1 * m / (np.sqrt(s) + 1e-8)
        return self.w
"""

CONVOLUTION = """
def {name}(x, w, stride=2, padding=1):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    seen = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,dcij->ndhw", seen, w)
"""

LOSS = """
def {name}(z, t):
    n = np.arange(len(t))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    shifted = z - z.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(shifted).sum(axis=1)) - shifted[n, t]).mean()
    g = p.copy()
    g[n, t] -= 1
    return float(loss), g / len(t)
"""


def changed(source: str, old: str, new: str) -> str:
    assert old in source
    return source.replace(old, new)


ROWS = [
    # Products, quotients, functions.
    Row("product", "def {name}(g, a, b): return g * a, g * b", "operands are mixed up|wrong order", "upstream"),
    Row("product", "def {name}(g, a, b): return b, a", "upstream gradient is ignored"),
    Row("product", "def {name}(g, a, b): return g * b", "2 gradients must be returned.*an array"),
    Row("product", "def {name}(g, a, b): return g * b, -g * a", "sign is wrong[\\s\\S]*gradient of b"),
    Row("product", "def {name}(g, a, b): return {{'a': g * b, 'b': g * a}}", "a dict"),
    Row("product", "def {name}(g, a, b): return [(g * b).tolist(), (g * a).tolist()]", "a list"),
    Row("product", "def {name}(a, b, g): return g * b, g * a", "order"),
    Row("product", "def {name}(g, a, b):\n    g *= b\n    return g, g * a", "changes its own arg[\\s\\S]*Look at g\\."),
    Row("product", "def {name}(g, a, b):\n    da = g * b\n    db = g * a\n    da, db", "without `return`"),
    Row("product", "def {name}(g, a, b): return (g * b).astype('float32'), (g * a).astype('float32')", "low precision"),
    Row("product", "def {name}(g, a, b): return (g * b).round().astype(int), g * a", "[Ww]hole numbers|int64"),
    Row("product", "def {name}(g, a, b): return g @ b.T, g @ a.T", "shape \\(5, 5\\)"),
    Row("product", "def {name}(g, a, b): return g * b + 1, g * a", "a: |gradient of a"),
    Row("product", "def {name}(g, a): return g, a", "takes 2 positional"),
    Row("product", "def {name}(g, a, b): return np.longdouble(g * b), g * a", "longdouble|float128"),
    Row("quotient", "def {name}(g, a, b): return g / b, g * a / b**2", "sign is wrong[\\s\\S]*gradient of b"),
    Row("quotient", "def {name}(g, a, b): return g / b, -g * a / b", "-x / y; it is -x / y²"),
    Row("quotient", "def {name}(g, a, b): return g / b, g * a / b", "x / y by y; it is"),
    Row("quotient", "def {name}(g, a, b): return g / b, -g / b**2", "-1 / y²; it is"),
    Row("quotient", "def {name}(g, a, b): return g * b, -g * a / b**2", "gradient of a"),
    Row("tanh", "def {name}(g, a): return g * (1 - np.tanh(a))", "without the square"),
    Row("tanh", "def {name}(g, a): return g * (1 - a**2)", "input, instead of the output"),
    Row("tanh", "def {name}(g, a): return g * (1 - np.tanh(np.tanh(a))**2)", "at the output"),
    Row("tanh", "def {name}(g, a): return 1 - np.tanh(a)**2", "upstream gradient is ignored"),
    Row("tanh", "def {name}(g, a): return g * np.tanh(a)**2", "tanh\\(x\\)²; it is"),
    Row("tanh", "def {name}(g, a): return (g * (1 - np.tanh(a)**2)).sum()", "shape \\(\\)|float"),
    Row("tanh", "def {name}(g, a): return [[u * (1 - np.tanh(v)**2) for u, v in zip(*r)] for r in zip(g, a)]",
        "a list"),
    Row("tanh", "def {name}(g, a): return (g * (1 - np.tanh(a)**2)).ravel()", "shape is wrong, the numbers are right"),
    Row("sigmoid", "def {name}(g, a): s = 1 / (1 + np.exp(-a)); return g * s", "σ\\(x\\); it is"),
    Row("sigmoid", "def {name}(g, a): s = 1 / (1 + np.exp(-a)); return g * (1 - s)", "1 - σ\\(x\\); it is"),
    Row("sigmoid", "def {name}(g, a): return g * a * (1 - a)", "input, instead of the output"),
    Row("sigmoid", "def {name}(g, a): s = 1 / (1 + np.exp(a)); return -g * s * (1 - s)", "sign"),
    Row("sigmoid", "def {name}(g, a): s = 1 / (1 + np.exp(-a)); return g * s * (1 - s) * np.log(10)", "2.30259 times"),
    Row("relu", "def {name}(g, a): return np.where(a > 0, 1.0, 0.0)", "upstream gradient is ignored"),
    Row("relu", "def {name}(g, a): return np.where(g > 0, g, 0.0)", "gradient of a"),
    Row("relu", "def {name}(g, a): return np.where(a < 0, g, 0.0)", "gradient of a"),
    Row("relu", "def {name}(g, a): return g", "local derivative is ignored"),
    Row("relu", "def {name}(g, a): return np.maximum(a, 0) * g", "gradient of a"),
    Row("relu", "def {name}(g, a):\n    g[a <= 0] = 0\n    return g * (a > 0) * 2", "changes its own|doubled"),
    Row("cube", "def {name}(g, a): return g * 3 * a**3", "n · xⁿ; it is"),
    Row("cube", "def {name}(g, a): return g * a**2", "exponent"),
    Row("cube", "def {name}(g, a): return g * 2 * a**2", "(n - 1)|0.666667|gradient of a"),
    Row("exp", "def {name}(g, a): return g * a * np.exp(a - 1)", "the rule of powers"),
    Row("sin", "def {name}(g, a): return -g * np.cos(a)", "sign is wrong"),
    Row("sin", "def {name}(g, a): return g * np.sin(a)", "sin\\(x\\); it is cos|at the output|gradient of a"),
    Row("sin", "def {name}(g, a): return g * np.cos(np.radians(a))", "gradient of a"),
    Row("sin", "def {name}(g, a): return g * (np.sin(a + 1e-6) - np.sin(a)) / 1e-6", "[Nn]early right"),
    # Chains, and values that are used twice.
    Row("neuron", "def {name}(g, w, x, b): d = g * (1 - np.tanh(w * x)**2); return d * x, d * w, d", "gradient"),
    Row("neuron", "def {name}(g, w, x, b): d = g * (1 - np.tanh(w * x + b)**2); return d * w, d * x, d", "order|mixed"),
    Row("neuron", "def {name}(g, w, x, b): d = g * (1 - np.tanh(w * x + b)**2); return d * x, d * w, d.sum()", "b"),
    Row("neuron", "def {name}(g, w, x, b): return g * x, g * w, g", "local derivative is ignored[\\s\\S]*tanh"),
    Row("neuron", "def {name}(g, w, x, b): d = g * (1 - np.tanh(w * x + b)**2); return d * x, d * w", "3 gradients"),
    Row("twice", "def {name}(g, a): return g * np.tanh(a)", "overwritten|missing"),
    Row("twice", "def {name}(g, a): return g * a * (1 - np.tanh(a)**2)", "overwritten|missing"),
    Row("twice", "def {name}(g, a): return g * (np.tanh(a) - a * (1 - np.tanh(a)**2))", "wrong sign"),
    Row("twice", "def {name}(g, a): return g * (2 * np.tanh(a) + a * (1 - np.tanh(a)**2))", "twice"),
    # Broadcasting and matrices.
    Row("bias", "def {name}(g, a, b): return g, g", "not summed[\\s\\S]*gradient of b"),
    Row("bias", "def {name}(g, a, b): return g, g.sum(axis=1)", "wrong axes"),
    Row("bias", "def {name}(g, a, b): return g, g.mean(axis=0)", "1/5 \\(the batch size"),
    Row("bias", "def {name}(g, a, b): return g, g[0]", "first along axis 0"),
    Row("bias", "def {name}(g, a, b): return g, g[-1]", "only the last along axis 0"),
    Row("bias", "def {name}(g, a, b): return g, g.sum()", "gradient of b"),
    Row("bias", "def {name}(g, a, b): return g, g.sum(axis=0, keepdims=True)", "gradient of b"),
    Row("bias", "def {name}(g, a, b):\n    t = g[0]\n    for r in g[1:]: t += r\n    return g, t", "changes its own"),
    Row("column", "def {name}(g, a, b): return g * b, (g * a).sum(axis=1)", "numbers are right|shape"),
    Row("column", "def {name}(g, a, b): return g * b, (g * a).sum(axis=0)", "gradient of b"),
    Row("column", "def {name}(g, a, b): return g * b, g * a", "not summed"),
    Row("column", "def {name}(g, a, b): return g, (g * a).sum(axis=1, keepdims=True)", "gradient of a"),
    Row("matmul", "def {name}(g, a, b): return g @ b.T, (x := a.T @ g).T", "axes are in the wrong order[\\s\\S]*of b"),
    Row("matmul", "def {name}(g, a, b): return a.T @ g, g @ b.T", "wrong order"),
    Row("matmul", "def {name}(g, a, b): return g @ b, a.T @ g", "matmul"),
    Row("matmul", "def {name}(g, a, b): return np.ones_like(g) @ b.T, a.T @ np.ones_like(g)",
        "upstream gradient is ignored"),
    Row("linear", "def {name}(g, x, w, b): return g @ w.T, x.T @ g / len(x), g.sum(axis=0)",
        "batch size[\\s\\S]*|gradient of w"),
    Row("linear", "def {name}(g, x, w, b): return g @ w.T, x.T @ g, g", "not summed[\\s\\S]*gradient of b"),
    Row("linear", "def {name}(g, x, w, b): return g @ w.T, x.T @ g, np.zeros_like(b)",
        "No gradient[\\s\\S]*gradient of b"),
    Row("mean", "def {name}(g, x): return np.broadcast_to(g, x.shape)", "5 \\("),
    Row("mean", "def {name}(g, x): return g / len(x)", "not summed|shape|broadcast"),
    Row("mean", "def {name}(g, x): return np.broadcast_to(g / x.shape[1], x.shape)", "5/3 times what"),
    Row("total", "def {name}(g, x): return np.repeat(g, x.shape[1]).reshape(x.shape[::-1]).T", "gradient of x|order"),
    Row("total", "def {name}(g, x): return np.ones_like(x)", "upstream gradient is ignored"),
    Row("softmax", "def {name}(g, x):\n    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)\n    return g * p * (1 - p)",
        "gradient of x"),
    Row("softmax", "def {name}(g, x):\n    p = np.exp(x) / np.exp(x).sum(0)\n    return p * (g - (g * p).sum(0))",
        "wrong axis"),
    Row("largest", "def {name}(g, x): return (x == x.max()) * g[:, None]", "gradient of x"),
    Row("largest", "def {name}(g, x): return (x == x.max(1, keepdims=True)) * 1.0", "upstream gradient is ignored"),
    Row("transpose", "def {name}(g, x): return g.reshape(x.shape)", "order|gradient of x"),
    # Two slips at once, whole numbers, state that is kept, prints, forward passes that are not the question's.
    Row("quotient", "def {name}(g, a, b): return -g / b, g * a / b", "-x / y²[\\s\\S]*a minus was lost", "upstream"),
    Row("quotient", "def {name}(g, a, b): return g // b, -g * a // b**2", "rounded down to whole numbers"),
    Row("quotient", "def {name}(g, a, b): print(g / b, -g * a / b**2)", "without `return`"),
    Row("product", "def {name}(g, a, b): return np.floor(g * b), np.floor(g * a)", "rounded down to whole numbers"),
    Row("product", "def {name}(g, a, b): return [u * v for u, v in zip(g, b)], g * a", "a list", "\\d of them"),
    Row("tanh", "def {name}(g, a): return [u * (1 - np.tanh(v)**2) for u, v in zip(g, a)]", "a list", "\\d of them"),
    Row("tanh", "def {name}(g, a): return g * (1 - np.tanh(a) * 2)", "1 - 2 tanh\\(x\\); it is"),
    Row("tanh", "def {name}(g, a): return (g * (1 - np.tanh(a)**2))[1:-1, 1:-1][0:-0]", "holds no numbers", "arrives"),
    Row("cube", "def {name}(g, a): return g * (3 * a**3 - 1)", "brackets around n - 1"),
    Row("twice", "def {name}(g, a): return g * np.tanh(a) + g * (1 - np.tanh(a)**2)", "local derivative is ignored"),
    Row("relu", "def {name}(g, a): return g * (a >= 0.5)", "gradient of a"),
    Row("sigmoid", "def {name}(g, a): return np.float32(1) * g.astype('float32') * 0.25", "gradient of a"),
    Row("matmul", "def {name}(g, a, b): return g @ b.T, g.T @ a", "axes are in the wrong order[\\s\\S]*gradient of b"),
    Row("linear", "def {name}(g, x, w, b): return g @ w.T, x.T @ g, g.mean(axis=0)", "1/5 \\(the batch size"),
    Row("mean", "def {name}(g, x): return np.broadcast_to(g / x.size, x.shape)", "1/3 \\("),
    Row("column", "def {name}(g, a, b): return g * b, (g * a).mean(axis=1, keepdims=True)", "1/3 \\("),
    Row("layers", "def {name}(g, x, w, b, v):\n    h = x @ w + b\n    d = (g @ v.T) * (h > 0)\n"
        "    return d @ w.T, x.T @ d, d.sum(0), h.T @ g", "left out[\\s\\S]*`relu`", "\\d results"),
    Row("layers", "def {name}(g, x, w, b, v):\n    h = np.maximum(x @ w, 0)\n    d = (g @ v.T) * (h > 0)\n"
        "    return d @ w.T, x.T @ d, d.sum(0), h.T @ g", "left out[\\s\\S]*`add` \\(b\\)"),
    Row("layers", "def {name}(g, x, w, b, v):\n    h = np.maximum(x @ w + b, 0)\n    d = g @ v.T\n"
        "    return d @ w.T, x.T @ d, d.sum(0), h.T @ g", "local derivative is ignored[\\s\\S]*`relu`"),
    Row("layers", "def {name}(g, x, w, b, v):\n    h = np.maximum(x @ w + b, 0)\n    d = (g @ v.T) * (h > 0)\n"
        "    return d @ w.T, x.T @ d, d.sum(1), h.T @ g", "gradient of b"),
    Row("adam", changed(ADAM, "self.t += 1", "self.t += 1; t = self.t + 1").replace("**self.t", "**t"),
        "begins with another number"),
    Row("adam", changed(ADAM, "self.t += 1", "self.t = 1"), "step count does not go on"),
    Row("adam", changed(ADAM, "g**2", "g"), "step 1"),
    # Losses.
    Row("loss", changed(LOSS, "return float(loss), g / len(t)", "return float(loss), g"), "batch size"),
    Row("loss", changed(LOSS, "[n, t]).mean()", "[n, t]).sum()"), "batch size[\\s\\S]*|the loss"),
    Row("loss", changed(LOSS, "    g[n, t] -= 1\n", ""), "target is left out"),
    Row("loss", changed(LOSS, "loss = (", "loss = -("), "sign is wrong[\\s\\S]*the loss"),
    Row("loss", changed(LOSS, "z.max(axis=1, keepdims=True))\n    p = p / p.sum(axis=1, keepdims=True)",
        "z.max())\n    p = p / p.sum(axis=0)"), "wrong axis"),
    Row("loss", changed(LOSS, "    shifted =",
        "    z = p; p = np.exp(p); p = p / p.sum(axis=1, keepdims=True)\n    shifted ="),
        "softmax is taken twice"),
    Row("loss", changed(LOSS, "g[n, t] -= 1", "g[n, t - 1] -= 1"), "off by one"),
    Row("loss", changed(LOSS, "g[n, t] -= 1", "g[:, t] -= 1"), "gradient"),
    Row("loss", "def {name}(z, t): return 0.0", "two results"),
    Row("loss", changed(LOSS, "(np.log(np.exp(shifted).sum(axis=1)) - shifted[n, t]).mean()",
        "-np.log(p[n, t] + 1e-9).mean()"), "[Nn]early right"),
    Row("loss", changed(LOSS, "(np.log(np.exp(shifted).sum(axis=1)) - shifted[n, t]).mean()",
        "-np.log10(p[n, t]).mean()"), "base 10"),
    Row("squares", "def {name}(x, y): return float(((x - y)**2).mean()), 2 * (x - y)", "number of|size"),
    Row("squares", "def {name}(x, y): return float(((x - y)**2).sum()), 2 * (x - y) / x.size", "the loss"),
    Row("squares", "def {name}(x, y): return float(((x - y)**2).mean()), (x - y) / x.size", "1/2|0.5"),
    Row("squares", "def {name}(x, y): return float(((x - y)**2).mean()), 2 * (y - x) / x.size", "sign is wrong"),
    Row("squares", "def {name}(x, y): return ((x - y)**2), 2 * (x - y) / x.size", "the loss: .*shape"),
    # Convolutions, optimisers.
    Row("convolution", changed(CONVOLUTION, "seen, w)", "seen, w[:, :, ::-1, ::-1])"), "180 degrees"),
    Row("convolution", changed(CONVOLUTION, "padding=1", "padding=0"), "padding is 0, not 1"),
    Row("convolution", changed(CONVOLUTION, "stride=2", "stride=1"), "stride is 1, not 2"),
    Row("convolution", changed(CONVOLUTION, "seen, w)", "seen, w[:, ::-1])"), "reverse order"),
    Row("descent", changed(DESCENT, "self.w - ", "self.w + "), "uphill"),
    Row("descent", changed(DESCENT, "0.9 * self.v + g", "0.9 * self.v + 0.1 * g"), "1 - μ"),
    Row("descent", changed(DESCENT, "0.9 * self.v + g", "g"), "momentum|memory"),
    Row("descent", changed(DESCENT, "        return self.w\n", ""), "step 1.*None"),
    # Classes of values, and orders.
    Row("value", value("flow[id(x)] += slope", "flow[id(x)] = slope"), "overwritten|missing"),
    Row("value", value("(other.data, self.data)", "(self.data, other.data)"), "multiply|mixed|order"),
    Row("value", value("(1.0, 1.0)", "(1.0, -1.0)"), "sign|add"),
    Row("value", value("self.data * other.data, (self", "self.data + other.data, (self"), "multiply"),
    Row("value", value("flow[id(self)] = 1.0", "flow[id(self)] = 0.0"), "No gradient arrives"),
    Row("value", value("slope * flow[id(v)]", "flow[id(v)]"), "multiply|local derivative"),
    Row("value", value("reversed(order)", "order"), "gradient|arrives"),
    Row("value", value("        return {name}(self.data + other.data, (self, other), (1.0, 1.0))", "        pass"),
        "None"),
    Row("again", value("v.grad += flow", "v.grad = flow"), "those of one"),
    Row("again", value("flow[id(self)] = 1.0", "flow = {{id(v): v.grad for v in order}}; flow[id(self)] = 1.0"),
        "two backwards|second"),
    Row("again", value("= data", "= int(data)"), "the result's data", "No gradient arrives"),
    Row("again", value("slope * flow[id(v)]", "flow[id(v)]"), "multiply|local derivative"),
    Row("order", "def {name}(inputs, output): return list(inputs)", "does not depend on"),
    Row("order", "def {name}(inputs, output): return [output]", "leaves out"),
    Row("order", "def {name}(inputs, output): return [x for y in inputs[output] for x in {name}(inputs, y)] + [output]",
        "twice"),
    # Loops that end too early, brackets, the wrong case, what is added where it is multiplied, results exchanged.
    Row("product", "def {name}(g, a, b):\n    da, db = np.zeros(a.shape), np.zeros(b.shape)\n"
        "    for i in range(len(a) - 1): da[i], db[i] = g[i] * b[i], g[i] * a[i]\n    return da, db", "the last row"),
    Row("product", "def {name}(g, a, b):\n    da = np.zeros(a.shape)\n"
        "    for i in range(1, len(a)): da[i] = g[i] * b[i]\n    return da, g * a", "in the first row"),
    Row("product", "def {name}(g, a, b): return g * (b + a), g * (a + b)", "for a = \\[\\[2\\.\\]\\], b", "\\b[xy] ="),
    Row("product", "def {name}(g, a, b): return (g * b, g * a), None", "a tuple, expected an array"),
    Row("product", "def {name}(g, a, b): return np.array([g * b, g * a])", "2 gradients must be returned.*an array"),
    Row("product", "def {name}(g, a, b): return abs(g * b), abs(g * a)", "gradient of a", "\\b[xy] ="),
    Row("product", "def {name}(g, a, b): return g * a * b / b, g * a", "operands are mixed up", "gradient of b"),
    Row("quotient", "def {name}(g, a, b): return g / a, -g * b / a**2", "operands are mixed up"),
    Row("tanh", "def {name}(g, a): return g / np.cosh(a)", "for a = \\[\\[2\\.\\]\\]", "x ="),
    Row("tanh", "def {name}(g, a): return g + (1 - np.tanh(a)**2)", "it is \\[\\[1.0707\\]\\]", "is ignored"),
    Row("tanh", "def {name}(g, a): return np.matmul(g, (1 - np.tanh(a)**2).T)", "shape \\(5, 5\\)"),
    Row("sigmoid", "def {name}(g, a): s = 1 / (1 + np.exp(-a)); return g * s * (s - 1)", "sign is wrong"),
    Row("sigmoid", "def {name}(g, a): s = 1 / 1 + np.exp(-a); return g * s * (1 - s)", "gradient of a", "sign"),
    Row("relu", "def {name}(g, a): return np.where(a > 0, g, 0.01 * g)", "where a < 0"),
    Row("relu", "def {name}(g, a): return g if a.all() > 0 else 0 * g", "local derivative is ignored"),
    Row("exp", "def {name}(g, a): return g", "local derivative is ignored[\\s\\S]*`exp`"),
    Row("bias", "def {name}(g, a, b): return g.sum(axis=0), g", "wrong order"),
    Row("bias", "def {name}(g, a, b): return g, g.max(axis=0)", "gradient of b", "only the"),
    Row("bias", "def {name}(g, a, b): return g, b * g.sum(axis=0)", "gradient of b is \\[4\\.\\]"),
    Row("linear", "def {name}(g, x, w, b): return g @ w.T, x.T @ g", "3 gradients[\\s\\S]*2 of them"),
    Row("linear", "def {name}(g, x, w, b): return x.T @ g, g @ w.T, g.sum(axis=0)", "wrong order", "and b"),
    Row("linear", "def {name}(g, x, w, b): return g @ w.T, x.T @ g + b, g.sum(axis=0)", "gradient of w", "of x\\."),
    Row("matmul", "def {name}(g, a, b): return g @ b.T, a.T @ g / len(a)", "1/5 \\(the batch size[\\s\\S]*of a"),
    Row("softmax", "def {name}(g, x):\n    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)\n"
        "    return p * (g + (g * p).sum(1, keepdims=True))", "gradient of x", "axis"),
    Row("total", "def {name}(g, x): return np.broadcast_to(g[:, None] / x.shape[1], x.shape)", "1/3 \\("),
    Row("largest", "def {name}(g, x):\n    d = np.zeros_like(x)\n    d[:, x.argmax(1)] = 1\n    return d * g[:, None]",
        "where x is not largest along axis 1"),
    Row("squares", "def {name}(x, y): return 2 * (x - y) / x.size, float(((x - y)**2).mean())", "first"),
    Row("squares", "def {name}(x, y): return float(((x - y)**2).mean()), 2 * (x - y) * x / x.size", "gradient of x"),
    Row("loss", changed(LOSS, "return float(loss), g / len(t)", "return float(loss), g / z.shape[1]"), "5/3 times"),
    Row("loss", changed(LOSS, "    g = p.copy()\n", "    g = z.copy()\n"), "softmax is left out"),
    Row("descent", changed(DESCENT, "0.9 * self.v + g", "0.9 * (self.v + g)"), "0.9 times", "learning rate is wrong"),
    Row("descent", changed(DESCENT, "self.lr * self.v", "self.lr * g"), "memory is lost"),
    Row("descent", changed(DESCENT, "self.lr * self.v", "self.v"), "10 times"),
    Row("adam", changed(ADAM, "0.001 * g**2", "0.01 * g**2"), "0.316228 times", "learning rate is wrong"),
    Row("adam", changed(ADAM, "np.sqrt(s) + 1e-8", "s + 1e-8"), "step 1"),
    Row("value", value("v.grad += flow[id(v)]", "v.grad -= flow[id(v)]"), "sign is wrong"),
    Row("value", value("for x in v.inputs: visit(x)", "for x in v.inputs[:1]: visit(x)"), "KeyError"),
    Row("tanh", "def {name}(g, a): return g * (1 - np.tanh(g)**2)", "at the upstream gradient[\\s\\S]*`tanh`"),
    Row("relu", "def {name}(g, a): return g * (g > 0)", "at the upstream gradient[\\s\\S]*`relu`", "some places"),
    Row("neuron", "def {name}(g, w, x, b):\n    d = g * (1 - np.tanh(g)**2)\n    return d * x, d * w, d",
        "at the upstream gradient[\\s\\S]*gradients of w, x and b"),
    Row("column", "def {name}(g, a, b): return g * b, (g * a)[:, :1]", "the first along axis 1, not a sum"),
    Row("column", "def {name}(g, a, b): return g * b, (g * a)[:, -1:]", "only the last along axis 1"),
    Row("value", value("flow[id(self)] = 1.0", "flow[id(self)] = self.data"), "\\(the result\\) times"),
    Row("value", value("self.data + other.data", "self.data - other.data"), "it is \\S+, and \\S+ is right"),
    Row("loss", changed(LOSS, "z.max(axis=1, keepdims=True)", "z.max(axis=0)"), "it is \\S+, and \\S+ is right"),
    # What is right in part is not called with its parameters in another order; other types; nothing is "1 times" right.
    Row("product", "def {name}(g, a, b): return g * b, a * b", "gradient of b", "another order"),
    Row("product", "def {name}(g, a, b): return a * b, g * a", "gradient of a", "another order"),
    Row("product", "def {name}(a, b, g): return g * b, g * a", TAKES, "first goes wrong"),
    Row("exp", "def {name}(a, g): return g * np.exp(a)", TAKES, "first goes wrong"),
    # The smallest example is one that shows the mistake.
    Row("neuron", "def {name}(g, w, x, b):\n    d = g * (1 - np.tanh(w * x + b)**2) * x\n    return d, d * w, d",
        SHOWN, HARDLY),
    Row("neuron", "def {name}(g, w, x, b):\n    d = g * (1 - np.tanh(np.tanh(w * x + b)))\n    return d * x, d * w, d",
        SHOWN, HARDLY),
    Row("product", "def {name}(g, a, b): return (g * b) > 0, g * a", "True and False", "Whole numbers"),
    Row("product", "def {name}(g, a, b): return np.ma.asarray(g * b), g * a", "np.asarray"),
    Row("product", "def {name}(g, a, b): return 10**5000, g * a", "the answer cannot be sent", "ended itself"),
    Row("product", "def {name}(g, a, b):\n    yield g * b\n    yield g * a", "generator of the student's"),
    Row("product", "async def {name}(g, a, b): return g * b, g * a", "coroutine of the student's"),
    Row("product", "def {name}(g, a, b):\n    if a == b: return g, g\n    return g * b, g * a", "truth value"),
    Row("adam", changed(ADAM, "np.sqrt(s) + 1e-8", "np.sqrt(s + 1e-8)"), "ε stands inside the root", "1 times"),
]  # fmt: skip

STYLES = [
    # Products, by every means that Python has.
    ("product", "def {name}(g, a, b):\n    d = +g; d *= b\n    return d, np.multiply(g, a, out=np.empty_like(a))"),
    ("product", "def {name}(g, a, b): return np.einsum('ij,ij->ij', g, b), np.einsum('...,...->...', g, a)"),
    ("product", "def {name}(g, a, b):\n    if len(a) == 1: return g * b, g * a\n    m = len(a) // 2\n"
        "    low, high = {name}(g[:m], a[:m], b[:m]), {name}(g[m:], a[m:], b[m:])\n"
        "    return tuple(np.concatenate(both) for both in zip(low, high))"),
    ("product", "class Of{name}:\n    @staticmethod\n    def back(g, a, b): return g * b, g * a\n"
        "{name} = Of{name}.back"),
    ("product", "class {name}:\n    def __new__(cls, g, a, b): return g * b, g * a"),
    ("product", "class Meta{name}(type):\n    def __call__(cls, g, a, b): return g * b, g * a\n"
        "class {name}(metaclass=Meta{name}): pass"),
    ("product", "{name} = lambda g, a, b: (g * b, g * a)"),
    ("product", "import functools\n{name} = functools.partial(lambda k, g, a, b: (k * g * b, k * g * a), 1)"),
    ("product", "import functools\ndef wrap{name}(f):\n    @functools.wraps(f)\n"
        "    def inner(*given, **named): return f(*given, **named)\n    return inner\n"
        "@wrap{name}\ndef {name}(g, a, b): return g * b, g * a"),
    ("product", "def each{name}(g, a, b):\n    yield g * b\n    yield g * a\n"
        "def {name}(g, a, b): return [*each{name}(g, a, b)]"),
    ("product", "from typing import NamedTuple\nclass Gradients{name}(NamedTuple):\n    a: np.ndarray\n"
        "    b: np.ndarray\ndef {name}(g, a, b): return Gradients{name}(g * b, g * a)"),
    ("product", "from collections import namedtuple\nPair{name} = namedtuple('Pair', 'a b')\n"
        "def {name}(g, a, b): return Pair{name}(b=g * a, a=g * b)"),
    ("product", "ONE = 1.0\ndef {name}(g: 'np.ndarray', a: 'np.ndarray', b: 'np.ndarray') -> 'tuple':\n"
        "    global ONE\n    ONE = 1.0\n    return ONE * g * b, ONE * g * a"),
    ("product", "def {name}(*given):\n    g, a, b = given\n    return g * b, g * a"),
    ("product", "def {name}(g, a, b, /, *, flag=True, **more): return g * b, g * a"),
    ("product", "exec('def {name}(g, a, b): return g * b, g * a')"),
    ("product", "globals()['{name}'] = lambda g, a, b: (g * b, g * a)\nglobals()[5] = 'no name'"),
    ("product", "import sys\nsetattr(sys.modules[__name__], '{name}', lambda g, a, b: (g * b, g * a))"),
    ("product", "import contextlib\n@contextlib.contextmanager\ndef no_grad{name}(): yield\n"
        "def {name}(g, a, b):\n    with no_grad{name}(): return g * b, g * a"),
    ("product", "try:\n    import cupy as xp{name}\nexcept ImportError:\n    import numpy as xp{name}\n"
        "def {name}(g, a, b): return xp{name}.multiply(g, b), xp{name}.multiply(g, a)"),
    ("product", "def {name}(g, a, b):\n    match a.shape == b.shape:\n        case True: return g * b, g * a"),
    ("product", "def {name}(g, a, b): return np.vectorize(lambda u, v: u * v)(g, b), np.prod([g, a], axis=0)"),
    ("product", "def {name}(g, a, b): return np.asmatrix(g * b), np.asarray(np.longdouble(g) * a, dtype=float)"),
    # Other formulas, other layouts and types.
    ("tanh", "def {name}(g, a): return g * 4 / (np.exp(a) + np.exp(-a)) ** 2"),
    ("tanh", "def {name}(g, a):\n    t = np.tanh(a)\n    np.square(t, out=t); np.subtract(1, t, out=t); t *= g\n"
        "    return (t,)"),
    ("tanh", "def {name}(g, a): return np.asfortranarray(g / np.cosh(a) ** 2)[::-1][::-1].astype('>f8')"),
    ("tanh", "import math\ndef {name}(g, a):\n    pairs = zip(g.ravel(), a.ravel())\n"
        "    return np.array([u * (1 - math.tanh(v) ** 2) for u, v in pairs]).reshape(a.shape)"),
    ("relu", "def {name}(g, a): return np.select([a > 0], [g], 0.0)"),
    ("relu", "def {name}(g, a): return np.heaviside(a, 0) * g"),
    ("sigmoid", "def {name}(g, a): return g * 0.25 / np.cosh(a / 2) ** 2"),
    ("quotient", "def {name}(g, a, b): return g * b**-1, g * -a * b**-2"),
    ("bias", "import functools, operator\ndef {name}(g, a, b): return g, functools.reduce(operator.add, g)"),
    ("bias", "import math\ndef {name}(g, a, b): return g, np.array([math.fsum(c) for c in g.T])"),
    ("column", "def {name}(g, a, b): return g * b, np.einsum('nk,nk->n', g, a).reshape(-1, 1)"),
    ("matmul", "def {name}(g, a, b): return np.tensordot(g, b, ((1,), (1,))), sum(map(np.outer, a, g))"),
    ("total", "def {name}(g, x): return g[:, None] + 0 * x"),
    ("softmax", "def {name}(g, x):\n    p = np.exp(x - x.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)\n"
        "    return np.array([(np.diag(q) - np.outer(q, q)) @ u for q, u in zip(p, g)])"),
    ("largest", "def {name}(g, x): return np.eye(x.shape[1])[x.argmax(1)] * g[:, None]"),
    ("loss", "def {name}(z, t):\n    p = z - np.logaddexp.reduce(z, axis=1, keepdims=True); o = np.eye(z.shape[1])[t]\n"
        "    return -(p * o).sum() / len(t), (np.exp(p) - o) / len(t)"),
    ("squares", "from collections import namedtuple\nLoss{name} = namedtuple('Loss', 'value gradient')\n"
        "def {name}(x, y): d = x - y; return Loss{name}(np.vdot(d, d) / d.size, 2 * d / d.size)"),
    ("descent", changed(DESCENT, "self.w = self.w - ", "self.w -= ")),
    ("value", value("class {name}:", "class {name}:\n    __slots__ = 'data', 'grad', 'inputs', 'slopes'")),
    ("value", value("    def __add__", "    def __eq__(self, x): return self.data == x.data\n"
        "    def __hash__(self): return hash(self.data)\n    def __repr__(self): raise ValueError\n    def __add__")),
    ("value", value("= data, 0.0", "= np.array(data), np.zeros(())")),
    ("order", "def {name}(inputs, output):\n    import graphlib\n    need, waiting = set(), [output]\n"
        "    while waiting:\n        node = waiting.pop()\n        need.add(node)\n        waiting += inputs[node]\n"
        "    graph = {{node: inputs[node] for node in need}}\n"
        "    return tuple(graphlib.TopologicalSorter(graph).static_order())"),
]  # fmt: skip
"""Right programs, written as few would write them."""

ALWAYS_FALSE = re.compile(r"input \d|`None`|\bone gets|gradient of one\b|not your fault|^None", re.MULTILINE)
"""What may be said of nobody: the grader's own names in the place of the student's."""


def named(number: int) -> str:
    return f"program_{number}"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    programs = [*(row.source for row in ROWS), *(source for _, source in STYLES)]
    sources = [source.format(name=named(i)) for i, source in enumerate(programs)]
    program = "import numpy as np\n" + "\n\n".join(sources) + "\n"
    with Sandbox() as sandbox, sandbox.open(Submission.from_source(program, "students.py")) as session:
        yield session


def said_of(number: int, name: str, session: Session) -> CheckResult:
    hw = Assignment("students")

    def check(student: Student, rng: np.random.Generator) -> None:
        CHECKS[name](student[named(number)], rng)

    hw.check()(check)
    return verdict(hw.checks[0], session, lambda: np.random.default_rng(number), twice=False)


@pytest.mark.parametrize("number", range(len(ROWS)), ids=lambda i: f"{ROWS[i].check}-{i}")
def test_what_is_said_of_a_wrong_program_is_true_and_names_the_cause_or_the_place(
    number: int, session: Session
) -> None:
    row = ROWS[number]
    result = said_of(number, row.check, session)
    said = "\n".join([result.message, result.where, result.how])
    assert result.outcome == "fail", (row.source, said)
    assert re.search(row.must, said), (row.source, said)
    assert not re.search(row.never, said), (row.source, said)
    assert not ALWAYS_FALSE.search(said), (row.source, said)
    assert not result.note, (row.source, result.note)


@pytest.mark.parametrize("number", range(len(STYLES)), ids=lambda i: f"{STYLES[i][0]}-{i}")
def test_a_right_program_passes_in_whatever_style_it_is_written(number: int, session: Session) -> None:
    name, source = STYLES[number]
    result = said_of(len(ROWS) + number, name, session)
    assert result.outcome == "pass", (source, result.message, result.how)
