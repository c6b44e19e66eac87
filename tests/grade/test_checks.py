"""The ready-made checks: each passes what is right, however it is written, and calls what is wrong by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from numpy.lib.stride_tricks import sliding_window_view

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, AssignmentError, Sandbox, StudentError, Submission, WrongAnswer, grade_one
from tinygrad_edu.grade.checks import (
    backward,
    backward_of_own,
    deep_chain,
    follows_optimizer,
    linear_time,
    peak_memory,
    reads_digits,
    right_steps,
    same_as_engine,
    same_convolution,
    same_layer,
    same_loss,
    stays_right_when_large,
    topological_order,
)
from tinygrad_edu.grade.diagnosis import ChainStep
from tinygrad_edu.grade.expect import watched
from tinygrad_edu.grade.results import CheckResult, Graphs
from tinygrad_edu.nn.functional import binary_cross_entropy_with_logits, conv2d, cross_entropy, mse_loss

Check = Callable[..., None]


def passes(check: Check, *arguments: Any, **settings: Any) -> None:
    with watched() as notes, np.errstate(all="ignore"):
        check(*arguments, **settings)
    assert notes.passes, "a check that expects nothing passes nobody"


def wrong(check: Check, *arguments: Any, **settings: Any) -> WrongAnswer:
    with watched(), np.errstate(all="ignore"), pytest.raises(WrongAnswer) as caught:
        check(*arguments, **settings)
    return caught.value


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


# Backward passes.


def quotient(f: Callable[[ndarray], ndarray], x: ndarray, order: int, step: float) -> ndarray:
    """The central difference quotient of an even order."""
    places = np.arange(1.0, order // 2 + 1)
    powers = places ** (2 * np.arange(order // 2)[:, None] + 1)
    weights = np.linalg.solve(powers, [0.5, *[0.0] * (order // 2 - 1)])
    return sum((w * (f(x + k * step) - f(x - k * step)) for k, w in zip(places, weights)), 0.0 * x) / step


SMOOTH: dict[str, tuple[Callable[..., Any], Callable[[ndarray], ndarray]]] = {
    "tanh": (tg.tanh, np.tanh),
    "sigmoid": (tg.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "exp": (tg.exp, np.exp),
    "x tanh(x)": (lambda x: x * tg.tanh(x), lambda x: x * np.tanh(x)),
    "cube": (lambda x: x**3.0, lambda x: x**3),
}


@pytest.mark.parametrize("order", [2, 4, 6, 8, 10, 12, 16])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_difference_quotient_is_wrong_whatever_its_order_and_step(name: str, order: int) -> None:
    function, f = SMOOTH[name]
    for step in (1.0, 0.5, 0.25, 0.1, 1e-2, 1e-3, 1e-5):
        wrong(backward, lambda g, x, step=step: g * quotient(f, x, order, step), function, rng(), "nk")


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("tanh", lambda x: (1 - np.tanh(x)) * (1 + np.tanh(x))),
        ("tanh", lambda x: 4 / (np.exp(x) + np.exp(-x)) ** 2),
        ("tanh", lambda x: 1 - ((np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))) ** 2),
        ("tanh", lambda x: 1 - (2 / (1 + np.exp(-2 * x)) - 1) ** 2),
        ("sigmoid", lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        ("sigmoid", lambda x: (1 - np.tanh(x / 2) ** 2) / 4),
        ("exp", lambda x: np.power(2.0, x / np.log(2))),
        ("exp", lambda x: np.exp(x / 2) ** 2),
        ("x tanh(x)", lambda x: (np.exp(4 * x) - 1 + 4 * x * np.exp(2 * x)) / (np.exp(2 * x) + 1) ** 2),
        ("cube", lambda x: 3 * np.exp(2 * np.log(np.abs(x)))),
    ],
)
def test_a_formula_is_exact_enough_however_it_is_written(name: str, slope: Callable[[ndarray], ndarray]) -> None:
    for seed in range(5):
        passes(backward, lambda g, x: g * slope(x), SMOOTH[name][0], np.random.default_rng(seed), "nk")


@pytest.mark.parametrize(
    "answer",
    [
        lambda g, x, w: (g @ w.T, x.T @ g),
        lambda g, x, w: [np.einsum("nm,km->nk", g, w), np.einsum("nk,nm->km", x, g)],
    ],
)
def test_backward_passes_right_gradients(answer: Any) -> None:
    passes(backward, answer, tg.matmul, rng(), "nk", "km")


@pytest.mark.parametrize("together", [list, tuple, lambda gradients: gradients[0]])
def test_the_gradient_of_a_single_operand_may_stand_in_a_list(together: Any) -> None:
    passes(backward, lambda g, x: together([g * np.cos(x)]), tg.sin, rng(), "nk")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda g, x, w: (w @ g.T, x.T @ g), "transposed"),
        (lambda g, x, w: (g @ w.T, -x.T @ g), "sign"),
        (lambda g, x, w: (g @ w.T, x.T @ g / len(x)), "factor"),
        (lambda g, x, w: (np.ones_like(g) @ w.T, x.T @ np.ones_like(g)), "upstream ignored"),
    ],
)
def test_backward_names_what_is_wrong(answer: Any, kind: str) -> None:
    assert wrong(backward, answer, tg.matmul, rng(), "nk", "km").kind == kind


def test_a_transpose_that_only_a_square_probe_shows_is_found() -> None:
    def guessed(g: ndarray, x: ndarray, w: ndarray) -> Any:
        grad_x = g @ w if g.shape[-1] == w.shape[0] else g @ w.T  # whatever fits
        return grad_x, x.T @ g

    assert wrong(backward, guessed, tg.matmul, rng(), "nk", "km").graphs is not None


def test_backward_takes_shapes_where_sizes_depend_on_each_other() -> None:
    def convolved(x: Any, w: Any) -> Any:
        return conv2d(x, w, stride=2, padding=1)

    def ours(g: ndarray, x: ndarray, w: ndarray) -> Any:
        return tg.vjp(convolved, x, w)[1](g)

    shapes = (2, 3, 8, 7), (5, 3, 3, 2)
    passes(backward, ours, convolved, rng(), *shapes)
    turned = wrong(
        backward, lambda g, x, w: (ours(g, x, w[:, :, ::-1, ::-1])[0], ours(g, x, w)[1]), convolved, rng(), *shapes
    )
    assert turned.kind == "kernel flipped"
    with pytest.raises(AssignmentError, match="each"):
        backward(ours, convolved, rng(), "nchw", (5, 3, 3, 2))


def test_a_formula_that_overflows_is_called_unstable() -> None:
    def stable(g: ndarray, x: ndarray) -> Any:
        return g * 0.5 * (1 + np.tanh(x / 2))

    def naive(g: ndarray, x: ndarray) -> Any:
        return g * np.exp(x) / (1 + np.exp(x))

    passes(stays_right_when_large, stable, tg.softplus, rng(), "nk")
    for seed in range(100):  # a few numbers, none of which may happen to be above 0
        passes(stays_right_when_large, stable, tg.softplus, np.random.default_rng(seed), "n")
    unstable = wrong(stays_right_when_large, naive, tg.softplus, rng(), "nk")
    assert unstable.kind == "unstable"
    assert "1,000" in str(unstable)
    assert wrong(stays_right_when_large, lambda g, x: -naive(g, x), tg.softplus, rng(), "nk").kind == "sign"


def test_a_backward_pass_of_the_students_own_function() -> None:
    passes(
        backward_of_own, lambda x, y: x * np.sin(y), lambda g, x, y: (g * np.sin(y), g * x * np.cos(y)), rng(), "n", "n"
    )
    other = wrong(backward_of_own, lambda x: np.sin(x), lambda g, x: g * np.sin(x), rng(), "nk")
    assert other.kind == "derivative"


# Chains.


def chain(*theirs: Any) -> list[ChainStep]:
    ours: tuple[Any, ...] = (lambda x: 2 * x, np.tanh, np.sum)
    return [ChainStep(*step) for step in zip(("double", "tanh", "sum"), theirs, ours)]


def test_a_chain_is_right_if_every_step_is() -> None:
    passes(right_steps, chain(lambda x: x + x, np.tanh, np.sum), np.array([0.5, -1.0]))
    passes(
        right_steps, chain(lambda x: x * 2.0, lambda x: np.sinh(x) / np.cosh(x), lambda x: float(x.sum())), np.ones(3)
    )


def test_the_first_wrong_step_is_named_and_shown_beside_the_right_one() -> None:
    found = wrong(right_steps, chain(lambda x: 2 * x, np.sin, np.max), np.array([0.5, -1.0]))
    assert "tanh" in found.where
    assert isinstance(found.graphs, Graphs)
    assert [node.operation for node in found.graphs.found.nodes if node.mark] == ["tanh", "sum"]


def test_a_step_that_raises_is_wrong() -> None:
    def broken(x: ndarray) -> ndarray:
        raise StudentError("raised", "ZeroDivisionError: division by zero")

    found = wrong(right_steps, chain(lambda x: 2 * x, broken, np.sum), np.ones(2))
    assert (found.kind, "ZeroDivisionError" in str(found)) == ("raised", True)


# Layers.


class Linear:
    """A layer with a place for each mistake."""

    def __init__(self, weight: ndarray, bias: ndarray) -> None:
        self.weight, self.bias = weight, bias

    def forward(self, x: ndarray) -> ndarray:
        self.x = x
        return np.asarray(x @ self.weight + self.bias)

    def backward(self, upstream: ndarray) -> Any:
        self.grad_weight, self.grad_bias = self.x.T @ upstream, upstream.sum(axis=0)
        return upstream @ self.weight.T


class Sums(Linear):
    """The same with sums written out, and other names."""

    def backward(self, upstream: ndarray) -> Any:
        self.dw = np.einsum("nk,nm->km", self.x, upstream)
        self.db = np.ones(len(upstream)) @ upstream
        return np.stack([self.weight @ row for row in upstream])


class NoSum(Linear):
    def backward(self, upstream: ndarray) -> Any:
        out = super().backward(upstream)
        self.grad_bias = upstream
        return out


class NoBias(Linear):
    def forward(self, x: ndarray) -> ndarray:
        return np.asarray(super().forward(x) - self.bias)


class MeanWeight(Linear):
    def backward(self, upstream: ndarray) -> Any:
        out = super().backward(upstream)
        self.grad_weight = self.grad_weight / len(upstream)
        return out


class OwnSquare(Linear):
    """Right for what it computes, which is another function."""

    def forward(self, x: ndarray) -> ndarray:
        return np.asarray(super().forward(x) ** 2)

    def backward(self, upstream: ndarray) -> Any:
        return super().backward(2 * (self.x @ self.weight + self.bias) * upstream)


def linear(x: Any, weight: Any, bias: Any) -> Any:
    return x @ weight + bias


def test_layers_that_are_right() -> None:
    passes(same_layer, Linear, linear, rng(), "nk", "km", "m")
    passes(same_layer, Sums, linear, rng(), "nk", "km", "m", gradients=("dw", "db"))


@pytest.mark.parametrize(
    ("layer", "kind", "words"),
    [
        (NoSum, "not summed", "bias"),
        (MeanWeight, "factor", "weight"),
        (NoBias, "forward", "backward is right for it"),
        (OwnSquare, "forward", "backward is right for it"),
    ],
)
def test_layers_that_are_wrong_are_named(layer: type[Linear], kind: str, words: str) -> None:
    found = wrong(same_layer, layer, linear, rng(), "nk", "km", "m")
    assert found.kind == kind
    assert words in f"{found} {found.where}"


# Losses.


def softmax_loss(
    scores: ndarray, target: ndarray, stable: bool = True, mean: bool = True, shift: int = 0, sign: float = 1.0
) -> Any:
    rows, n = np.arange(len(scores)), len(scores) if mean else 1
    with np.errstate(all="ignore"):
        e = np.exp(scores - scores.max(axis=1, keepdims=True) if stable else scores)
        p = e / e.sum(axis=1, keepdims=True)
        loss = (np.log(e.sum(axis=1)) - np.log(e[rows, target])).sum() / n
        if stable:
            shifted = scores - scores.max(axis=1, keepdims=True)
            loss = (np.log(e.sum(axis=1)) - shifted[rows, target]).sum() / n
    p[rows, (target + shift) % scores.shape[1]] -= 1
    return float(sign * loss), p / n


def log_sum_exp_loss(scores: ndarray, target: ndarray) -> Any:
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    one_hot = np.eye(scores.shape[1])[target]
    return -(one_hot * log_p).sum() / len(scores), (np.exp(log_p) - one_hot) / len(scores)


def logistic_loss(x: ndarray, y: ndarray) -> Any:
    return float(np.mean(np.logaddexp(0, x) - x * y)), (0.5 * (1 + np.tanh(x / 2)) - y) / x.size


@pytest.mark.parametrize(
    ("answer", "function", "targets"),
    [
        (softmax_loss, cross_entropy, "classes"),
        (log_sum_exp_loss, cross_entropy, "classes"),
        (logistic_loss, binary_cross_entropy_with_logits, "zeros and ones"),
        (lambda x, y: (float(((x - y) ** 2).mean()), 2 * (x - y) / x.size), mse_loss, "numbers"),
        (lambda x, y: (np.mean((x - y) ** 2), (x - y) * 2 / len(x) / x.shape[1]), mse_loss, "numbers"),
    ],
)
def test_losses_that_are_right(answer: Any, function: Any, targets: Any) -> None:
    passes(same_loss, answer, function, rng(), targets)


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"stable": False}, "unstable", "1,000"),
        ({"mean": False}, "factor", "the batch size"),
        ({"sign": -1.0}, "sign", "the loss"),
        ({"shift": 1}, "target off by one", "x"),
    ],
)
def test_losses_that_are_wrong_are_named(settings: dict[str, Any], kind: str, words: str) -> None:
    found = wrong(same_loss, lambda x, y: softmax_loss(x, y, **settings), cross_entropy, rng(), "classes")
    assert found.kind == kind
    assert words in f"{found} {found.where} {found.how}"


def test_a_loss_without_its_gradient_is_no_pair() -> None:
    assert wrong(same_loss, lambda x, y: 1.0, mse_loss, rng(), "numbers").kind == "count"


# Convolution.


def loops(x: ndarray, w: ndarray, stride: int, padding: int, dilation: int) -> ndarray:
    """The definition, written out."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = ((size - dilation * (n - 1) - 1) // stride + 1 for size, n in zip(x.shape[2:], w.shape[2:]))
    out = np.zeros((len(x), len(w), rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[
                :, :, top : top + dilation * w.shape[2] : dilation, left : left + dilation * w.shape[3] : dilation
            ]
            out[:, :, i, j] = np.einsum("ncab,ocab->no", window, w)
    return out


def windows(x: ndarray, w: ndarray, stride: int, padding: int, dilation: int) -> Any:
    """The same by views."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    a, b = (dilation * (n - 1) + 1 for n in w.shape[2:])
    seen = sliding_window_view(x, (a, b), axis=(2, 3))[:, :, ::stride, ::stride, ::dilation, ::dilation]
    return np.einsum("nchwab,ocab->nohw", seen, w)


SETTINGS = [{}, {"stride": 2}, {"padding": 1}, {"stride": 2, "padding": 2, "dilation": 2}]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("convolve", [loops, windows])
def test_convolutions_that_are_right(convolve: Any, settings: dict[str, int]) -> None:
    full = {"stride": 1, "padding": 0, "dilation": 1} | settings
    passes(same_convolution, lambda x, w: convolve(x, w, **full), rng(), **settings)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (lambda x, w: windows(x, w[:, :, ::-1, ::-1], 2, 1, 1), "kernel", "turned around by 180 degrees"),
        (lambda x, w: windows(x, w, 1, 1, 1), "stride", "the stride is 1, not 2"),
        (lambda x, w: windows(x, w, 2, 0, 1), "padding", "the padding is 0, not 1"),
        (lambda x, w: windows(x, w, 2, 1, 2), "dilation", "the dilation is 2, not 1"),
        (lambda x, w: windows(x, w[:, ::-1], 2, 1, 1), "channels", "reverse order"),
        (lambda x, w: windows(x, w.swapaxes(2, 3), 2, 1, 1), "kernel", "rows and columns are swapped"),
        (
            lambda x, w: windows(x, w[:, :, ::-1, ::-1], 1, 1, 1),
            "stride + kernel",
            "the stride is 1, not 2; the kernel",
        ),
        (lambda x, w: np.abs(windows(x, w, 2, 1, 1)), "values", "random images"),
    ],
)
def test_convolutions_that_are_wrong_are_named(answer: Any, kind: str, words: str) -> None:
    found = wrong(same_convolution, answer, rng(), stride=2, padding=1)
    assert found.kind == kind
    assert words in f"{found} {found.where}"


def test_a_border_on_one_side_is_told() -> None:
    found = wrong(same_convolution, lambda x, w: windows(x, w, 1, 1, 1)[:, :, 1:, 1:], rng(), padding=1)
    assert (found.kind, str(found)) == ("sides", "there is a border behind the image alone")


def test_of_a_wrong_convolution_the_place_of_the_impulse_is_told() -> None:
    found = wrong(same_convolution, lambda x, w: windows(x, w, 1, 0, 1), rng(), padding=1)
    assert "an image that is 1 at [" in found.where


# Optimisers.


START = rng().normal(size=(3, 2))
GRADIENTS = list(np.random.default_rng(1).normal(size=(6, 3, 2)))


class Momentum:
    def __init__(self, w: ndarray, lr: float, momentum: float, uphill: bool = False, forgets: bool = False) -> None:
        self.w, self.v = w.copy(), np.zeros_like(w)
        self.lr, self.momentum, self.uphill, self.forgets = lr, momentum, uphill, forgets

    def step(self, gradient: ndarray) -> ndarray:
        self.v = (0 if self.forgets else self.momentum) * self.v + gradient
        self.w = self.w - (-self.lr if self.uphill else self.lr) * self.v
        return self.w


def in_place() -> Callable[[ndarray], ndarray]:
    w, v = START.copy(), np.zeros_like(START)

    def step(gradient: ndarray) -> ndarray:
        v[:] = 0.9 * v + gradient
        w[:] -= 0.1 * v
        return w.copy()

    return step


@pytest.mark.parametrize("step", [Momentum(START, 0.1, 0.9).step, in_place()])
def test_optimizers_that_are_right(step: Any) -> None:
    passes(follows_optimizer, step, tg.optim.SGD, START, GRADIENTS, lr=0.1, momentum=0.9)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Momentum(START, 0.1, 0.9, uphill=True).step, "ascent"),
        (Momentum(START, 0.2, 0.9).step, "learning rate"),
        (Momentum(START, 0.1, 0.9, forgets=True).step, "memory lost"),
        (lambda gradient: START, "unknown trajectory"),
    ],
)
def test_optimizers_that_are_wrong_are_named_with_the_step(step: Any, kind: str) -> None:
    found = wrong(follows_optimizer, step, tg.optim.SGD, START, GRADIENTS, lr=0.1, momentum=0.9)
    assert found.kind == kind
    assert "step 1" in found.where or "step 2" in found.where


# Orders.


def depth_first(inputs: dict[str, list[str]], output: str) -> list[str]:
    order: list[str] = []
    waiting = [(output, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in order:
            waiting += [(node, True), *((before, False) for before in inputs[node] if before not in order)]
    return list(dict.fromkeys(order))


def breadth_first(inputs: dict[str, list[str]], output: str) -> list[str]:
    """Kahn's algorithm on what the output depends on."""
    needed, rim = {output}, [output]
    while rim:
        rim = [x for node in rim for x in inputs[node] if x not in needed]
        needed |= set(rim)
    waits = {node: set(inputs[node]) for node in inputs if node in needed}
    users: dict[str, list[str]] = {}
    for node, before in waits.items():
        for x in before:
            users.setdefault(x, []).append(node)
    order = [node for node, before in waits.items() if not before]
    for node in order:
        for user in users.get(node, []):
            waits[user].discard(node)
            if not waits[user]:
                order.append(user)
    return order


@pytest.mark.parametrize("order", [depth_first, breadth_first])
def test_every_right_order_passes(order: Any) -> None:
    passes(topological_order, order, rng())


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (lambda inputs, output: depth_first(inputs, output)[::-1], "input after its user"),
        (lambda inputs, output: depth_first(inputs, output)[:-1], "node missing"),
        (lambda inputs, output: [node for node in depth_first(inputs, output) if inputs[node]], "node missing"),
        (
            lambda inputs, output: [x for node in depth_first(inputs, output) for x in (*inputs[node], node)],
            "node twice",
        ),
        (lambda inputs, output: list(inputs), "node not needed"),
        (lambda inputs, output: set(inputs), "no order"),
    ],
)
def test_wrong_orders_are_named_and_the_smallest_graph_is_shown(order: Any, kind: str) -> None:
    found = wrong(topological_order, order, rng())
    assert found.kind == kind
    assert str(found).startswith("{")
    if kind != "no order":
        assert isinstance(found.graphs, Graphs)
        assert len(found.graphs.found.nodes) <= 3
        assert [node.mark for node in found.graphs.found.nodes if node.mark]


# A class of values; digits.


def test_the_engine_passes_its_own_check() -> None:
    passes(same_as_engine, tg.Value, lambda x, y: (2 / x - y**2).tanh() * -x + abs(y), 0.5, -0.75)


def test_digits_are_read_or_not() -> None:
    def nearest(images: ndarray, labels: ndarray, others: ndarray) -> ndarray:
        distance = (images**2).sum(1) - 2 * others @ images.T
        return np.asarray(labels[distance.argmin(1)])

    passes(reads_digits, nearest, rng(), accuracy=0.9)
    passes(reads_digits, lambda *data: nearest(*data).astype(np.uint64), rng(), accuracy=0.9)
    passes(reads_digits, lambda *data: nearest(*data).tolist(), rng(), accuracy=0.9)
    assert wrong(reads_digits, lambda *data: nearest(*data) * 0, rng(), accuracy=0.9).kind == "accuracy"
    assert wrong(reads_digits, lambda *data: nearest(*data)[:-1], rng(), accuracy=0.9).kind == "shape"


# Whatever a program answers.

ODD = [
    None, "text", True, [], {"a": 1.0}, 10**400, float("nan"), 1j, np.zeros((0, 3)), np.array(["a"]), np.float32(2.5),
    (np.ones(2), np.ones(3)), [[1.0], [2.0, 3.0]], (None, None), ("a", 1.0, None), np.ones((2, 3, 4)),
]  # fmt: skip


class OddLayer:
    def __init__(self, odd: Any) -> None:
        self.odd = self.grad_weight = self.grad_bias = odd

    def forward(self, x: ndarray) -> Any:
        return self.odd

    def backward(self, upstream: ndarray) -> Any:
        return self.odd


class OddBackward(Linear):
    odd: Any = None

    def backward(self, upstream: ndarray) -> Any:
        return self.odd


def odd_backward(odd: Any) -> Any:
    def make(weight: ndarray, bias: ndarray) -> OddBackward:
        layer = OddBackward(weight, bias)
        layer.odd = layer.grad_weight = layer.grad_bias = odd
        return layer

    return make


def odd_second(odd: Any) -> Any:
    layers = iter([OddLayer(odd), odd])
    return lambda weight, bias: next(layers)


class OddValue:
    odd: Any = None

    def __init__(self, data: float) -> None:
        self.data = self.grad = self.odd

    def __mul__(self, other: Any) -> OddValue:
        return self

    def backward(self) -> None:
        pass


class OddGradient(OddValue):
    """Right forward."""

    def __init__(self, data: float) -> None:
        self.data, self.grad = data, self.odd

    def __mul__(self, other: Any) -> OddValue:
        return type(self)(self.data * other.data)


ASKED: list[Callable[[Any], None]] = [
    lambda odd: backward(lambda *_: odd, tg.matmul, rng(), "nk", "km"),
    lambda odd: stays_right_when_large(lambda *_: odd, tg.softplus, rng(), "nk"),
    lambda odd: backward_of_own(lambda *_: odd, lambda *_: odd, rng(), "nk"),
    lambda odd: backward_of_own(np.sin, lambda *_: odd, rng(), "nk"),
    lambda odd: right_steps([ChainStep("sin", lambda x: odd, np.sin)], np.ones(3)),
    lambda odd: same_layer(lambda *_: OddLayer(odd), linear, rng(), "nk", "km", "m"),
    lambda odd: same_layer(lambda *_: odd, linear, rng(), "nk", "km", "m"),
    lambda odd: same_layer(odd_second(odd), linear, rng(), "nk", "km", "m"),
    lambda odd: same_layer(odd_backward(odd), linear, rng(), "nk", "km", "m"),
    lambda odd: same_loss(lambda *_: odd, mse_loss, rng(), "numbers"),
    lambda odd: same_loss(lambda *_: (odd, odd), mse_loss, rng(), "numbers"),
    lambda odd: same_convolution(lambda *_: odd, rng()),
    lambda odd: follows_optimizer(lambda gradient: odd, tg.optim.SGD, START, GRADIENTS, lr=0.1),
    lambda odd: topological_order(lambda *_: odd, rng()),
    lambda odd: same_as_engine(type("Odd", (OddValue,), {"odd": odd}), lambda x, y: x * y * x, 0.5, 0.25),
    lambda odd: same_as_engine(type("Odd", (OddGradient,), {"odd": odd}), lambda x, y: x * y * x, 0.5, 0.25),
    lambda odd: reads_digits(lambda *_: odd, rng(), accuracy=0.5),
]


@pytest.mark.parametrize("ask", ASKED)
def test_odd_answers_are_the_programs_mistakes_and_never_the_graders(ask: Callable[[Any], None]) -> None:
    for odd in ODD:
        with np.errstate(all="ignore"), pytest.raises((WrongAnswer, StudentError)):
            ask(odd)


# Through the sandbox: what the checks ask of objects that stay in the student's process.

RIGHT = """
import numpy as np

class Value:
    def __init__(self, data, inputs=()):
        self.data, self.grad, self.inputs = data, 0.0, inputs
    def __add__(self, other):
        return Value(self.data + other.data, (self, other))
    def backward(self):
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            x, done = waiting.pop()
            if done:
                order.append(x)
            elif x not in seen:
                seen.add(x)
                waiting += [(x, True), *((y, False) for y in x.inputs)]
        self.grad = 1.0
        for x in reversed(order):
            for y in x.inputs:
                y.grad += x.grad

class Linear:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias
    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias
    def backward(self, upstream):
        self.grad_weight, self.grad_bias = self.x.T @ upstream, upstream.sum(axis=0)
        return upstream @ self.weight.T

class SGD:
    def __init__(self, w, lr):
        self.w, self.lr = w, lr
    def step(self, gradient):
        self.w -= self.lr * gradient
        return self.w

def total(n):
    return sum(i for i in range(n))
"""

WRONG = (
    RIGHT.replace("elif x not in seen:", "else:")  # every path is walked
    .replace("upstream.sum(axis=0)", "upstream")
    .replace("self.w -= ", "self.w += ")
    .replace("range(n))", "[*range(n)])")
)
RECURSES = RIGHT.replace("    def backward(self):\n", "    def backward(self):\n        self.visit()\n", 1).replace(
    "class Linear", "    def visit(self):\n        [x.visit() for x in self.inputs]\n\nclass Linear", 1
)


def homework() -> Assignment:
    hw = Assignment("hw1")

    @hw.check(needs=["Value"])
    def deep(student: Any, rng: np.random.Generator) -> None:
        deep_chain(student, 3_000)

    @hw.check(needs=["Value"])
    def shared(student: Any, rng: np.random.Generator) -> None:
        linear_time(student, 18)

    @hw.check(needs=["Linear"])
    def layer(student: Any, rng: np.random.Generator) -> None:
        same_layer(student.Linear, linear, rng, "nk", "km", "m")

    @hw.check(needs=["SGD"])
    def optimizer(student: Any, rng: np.random.Generator) -> None:
        start, gradients = rng.normal(size=(3, 2)), list(rng.normal(size=(4, 3, 2)))
        follows_optimizer(student.SGD(start, 0.1).step, tg.optim.SGD, start, gradients, lr=0.1)

    @hw.check(needs=["total"])
    def lean(student: Any, rng: np.random.Generator) -> None:
        peak_memory(student, student.total, 20_000, most=100_000)

    return hw


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def graded(source: str, sandbox: Sandbox) -> dict[str, CheckResult]:
    result = grade_one(homework(), Submission.from_source(source, "hw1.py"), sandbox=sandbox)
    return {check.name: check for check in result.checks}


def test_right_programs_pass_in_the_sandbox(sandbox: Sandbox) -> None:
    assert {name: (check.outcome, check.message) for name, check in graded(RIGHT, sandbox).items()} == dict.fromkeys(
        ["deep", "shared", "layer", "optimizer", "lean"], ("pass", "")
    )


def test_wrong_programs_are_named_in_the_sandbox(sandbox: Sandbox) -> None:
    kinds = {name: check.kind for name, check in graded(WRONG, sandbox).items()}
    assert kinds == {
        "deep": "", "shared": "values", "layer": "not summed", "optimizer": "ascent", "lean": "memory",
    }  # fmt: skip
    recursive = graded(RECURSES, sandbox)
    assert (recursive["deep"].kind, recursive["shared"].kind) == ("recursion", "exponential time")


def test_the_smallest_example_is_not_of_two_zeros() -> None:
    with pytest.raises(WrongAnswer) as caught:  # for x = [2.] it is 0., where the engine has -0.
        backward(lambda g, x: g * (x < 1) * (x + x**2), lambda x: tg.maximum(0.0, 1 - x), rng(), "n")
    assert "x = [0.5] and an upstream gradient of 1, it is [0.75], and [-1.] is right" in caught.value.how
