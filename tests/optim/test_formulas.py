"""Optimisers, schedules and clipping by their definitions, written out by hand: no library but NumPy is needed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import ceil, inf, pi, sqrt
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import optim
from tinygrad_edu.optim import lr_scheduler
from tinygrad_edu.optim.optimizer import BLOCK, blocks

rng = np.random.default_rng(0)
START = rng.normal(size=(3, 4))
GRADIENTS = rng.normal(size=(6, 3, 4)) * [[[0.1], [1.0], [10.0]]] + 0.5


# Each function follows its paper, step by step: w is the parameter, g a gradient. All numbers are made anew.


def sgd(w: Any, lr: float, momentum: float, dampening: float, weight_decay: float, nesterov: bool) -> Iterator[Any]:
    """Sutskever et al. (2013), with the velocity of PyTorch, which begins as the first gradient."""
    v = None
    for g in GRADIENTS:
        g = g + weight_decay * w
        v = g if v is None else momentum * v + (1 - dampening) * g
        w = w - lr * (g + momentum * v if nesterov else v if momentum else g)
        yield w


def adam(
    w: Any, lr: float, betas: tuple[float, float], eps: float, weight_decay: float, amsgrad: bool, apart: bool = False
) -> Iterator[Any]:
    """Kingma and Ba, arXiv:1412.6980, algorithm 1; amsgrad as Reddi et al., arXiv:1904.09237.

    With weight decay apart from the gradient it is AdamW: Loshchilov and Hutter, arXiv:1711.05101, algorithm 2.
    """
    m = v = largest = np.zeros_like(w)
    for t, g in enumerate(GRADIENTS, start=1):
        g = g if apart else g + weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        largest = np.maximum(largest, v)
        mean, square = m / (1 - betas[0] ** t), (largest if amsgrad else v) / (1 - betas[1] ** t)
        w = w - lr * mean / (np.sqrt(square) + eps) - (lr * weight_decay * w if apart else 0.0)
        yield w


def rmsprop(
    w: Any, lr: float, alpha: float, eps: float, weight_decay: float, momentum: float, centered: bool
) -> Iterator[Any]:
    """Tieleman and Hinton (2012); Graves, arXiv:1308.0850, equations 38 to 45, with ε outside the root."""
    s = m = b = np.zeros_like(w)
    for g in GRADIENTS:
        g = g + weight_decay * w
        s = alpha * s + (1 - alpha) * g**2
        m = alpha * m + (1 - alpha) * g
        b = momentum * b + g / (np.sqrt(s - m**2 if centered else s) + eps)
        w = w - lr * b
        yield w


def adagrad(
    w: Any, lr: float, lr_decay: float, weight_decay: float, initial_accumulator_value: float, eps: float
) -> Iterator[Any]:
    """Duchi et al. (2011), section 1."""
    s = np.full_like(w, initial_accumulator_value)
    for t, g in enumerate(GRADIENTS):
        g = g + weight_decay * w
        s = s + g**2
        w = w - lr / (1 + t * lr_decay) * g / (np.sqrt(s) + eps)
        yield w


def adadelta(w: Any, lr: float, rho: float, eps: float, weight_decay: float) -> Iterator[Any]:
    """Zeiler, arXiv:1212.5701, algorithm 1."""
    square_g = square_step = np.zeros_like(w)
    for g in GRADIENTS:
        g = g + weight_decay * w
        square_g = rho * square_g + (1 - rho) * g**2
        step = -np.sqrt(square_step + eps) / np.sqrt(square_g + eps) * g
        square_step = rho * square_step + (1 - rho) * step**2
        w = w + lr * step
        yield w


def adamax(w: Any, lr: float, betas: tuple[float, float], eps: float, weight_decay: float) -> Iterator[Any]:
    """Kingma and Ba, arXiv:1412.6980, algorithm 2, with PyTorch's ε."""
    m = u = np.zeros_like(w)
    for t, g in enumerate(GRADIENTS, start=1):
        g = g + weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        u = np.maximum(betas[1] * u, abs(g) + eps)
        w = w - lr / (1 - betas[0] ** t) * m / u
        yield w


def nadam(
    w: Any, lr: float, betas: tuple[float, float], eps: float, weight_decay: float, momentum_decay: float,
    decoupled_weight_decay: bool,
) -> Iterator[Any]:  # fmt: skip
    """Dozat (2016), algorithm 2, with the momenta of its section 3."""
    m = v = np.zeros_like(w)
    mus = [betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in range(1, len(GRADIENTS) + 2)]
    for t, g in enumerate(GRADIENTS, start=1):
        w, g = (w - lr * weight_decay * w, g) if decoupled_weight_decay else (w, g + weight_decay * w)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        mean = mus[t] * m / (1 - np.prod(mus[: t + 1])) + (1 - mus[t - 1]) * g / (1 - np.prod(mus[:t]))
        w = w - lr * mean / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield w


def radam(
    w: Any, lr: float, betas: tuple[float, float], eps: float, weight_decay: float, decoupled_weight_decay: bool
) -> Iterator[Any]:
    """Liu et al., arXiv:1908.03265, algorithm 2, with PyTorch's ε."""
    m = v = np.zeros_like(w)
    for t, g in enumerate(GRADIENTS, start=1):
        w, g = (w - lr * weight_decay * w, g) if decoupled_weight_decay else (w, g + weight_decay * w)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        most = 2 / (1 - betas[1]) - 1
        rho = most - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        mean = m / (1 - betas[0] ** t)
        if rho > 5:
            r = sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
            w = w - lr * r * mean * sqrt(1 - betas[1] ** t) / (np.sqrt(v) + eps)
        else:
            w = w - lr * mean
        yield w


def rprop(w: Any, lr: float, etas: tuple[float, float], step_sizes: tuple[float, float]) -> Iterator[Any]:
    """Riedmiller and Braun (1993), number by number, without the step back."""
    w, steps, before = w.copy(), np.full_like(w, lr), np.zeros_like(w)
    for g in GRADIENTS:
        for at in np.ndindex(w.shape):
            if g[at] * before[at] > 0:
                steps[at] = min(steps[at] * etas[1], step_sizes[1])
            elif g[at] * before[at] < 0:
                steps[at] = max(steps[at] * etas[0], step_sizes[0])
            before[at] = 0.0 if g[at] * before[at] < 0 else g[at]
            w[at] -= np.sign(before[at]) * steps[at]
        yield w


def asgd(w: Any, lr: float, lambd: float, alpha: float, t0: float, weight_decay: float) -> Iterator[Any]:
    """Bottou's stochastic gradient descent with the steps of Polyak and Juditsky (1992), as in PyTorch."""
    for t, g in enumerate(GRADIENTS):
        eta = lr / (1 + lambd * lr * t) ** alpha
        w = w - eta * (g + weight_decay * w + lambd * w)
        yield w


BY_HAND: dict[str, Callable[..., Iterator[Any]]] = {
    "SGD": sgd, "Adam": adam, "AdamW": partial(adam, apart=True), "RMSprop": rmsprop, "Adagrad": adagrad,
    "Adadelta": adadelta, "Adamax": adamax, "NAdam": nadam, "RAdam": radam, "Rprop": rprop, "ASGD": asgd,
}  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 1e-3, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    "Adam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False},
    "AdamW": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False},
    "RMSprop": {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False},
    "Adagrad": {"lr": 1e-2, "lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
    "Adamax": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "NAdam": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "momentum_decay": 4e-3,
              "decoupled_weight_decay": False},
    "RAdam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "decoupled_weight_decay": False},
    "Rprop": {"lr": 1e-2, "etas": (0.5, 1.2), "step_sizes": (1e-6, 50.0)},
    "ASGD": {"lr": 1e-2, "lambd": 1e-4, "alpha": 0.75, "t0": 1e6, "weight_decay": 0.0},
}  # fmt: skip
"""The options and their defaults, in the order of PyTorch's documentation."""
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in DEFAULTS),
    *((name, {"weight_decay": 0.25, "lr": 0.125}) for name in DEFAULTS if name != "Rprop"),
    ("Adamax", {"betas": (0.5, 0.75), "eps": 0.1}),
    ("NAdam", {"betas": (0.5, 0.75), "eps": 0.1, "momentum_decay": 0.5}),
    ("NAdam", {"weight_decay": 0.25, "lr": 0.125, "decoupled_weight_decay": True}),
    ("RAdam", {"betas": (0.5, 0.75), "eps": 0.1}),  # never certain
    ("RAdam", {"betas": (0.5, 0.99), "eps": 0.1, "weight_decay": 0.25, "decoupled_weight_decay": True}),
    ("Rprop", {"lr": 0.5, "etas": (0.25, 1.5), "step_sizes": (0.2, 1.0)}),
    ("ASGD", {"lr": 0.5, "lambd": 0.5, "alpha": 0.5}),
    ("SGD", {"momentum": 0.75}),
    ("SGD", {"momentum": 0.75, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"momentum": 0.75, "nesterov": True}),
    ("Adam", {"betas": (0.5, 0.75), "eps": 0.1}),
    ("Adam", {"betas": (0.5, 0.75), "amsgrad": True, "eps": 0.1}),
    ("AdamW", {"betas": (0.5, 0.75), "amsgrad": True, "weight_decay": 0.5}),
    ("RMSprop", {"alpha": 0.5, "eps": 0.1}),
    ("RMSprop", {"alpha": 0.5, "momentum": 0.75}),
    ("RMSprop", {"alpha": 0.5, "momentum": 0.75, "centered": True, "eps": 0.1}),
    ("Adagrad", {"lr_decay": 0.5, "initial_accumulator_value": 2.0, "eps": 0.1}),
    ("Adadelta", {"rho": 0.5, "eps": 0.1, "lr": 0.5}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=[f"{name}-{options}" for name, options in OPTIONS])
def test_an_optimiser_follows_its_paper(name: str, options: dict[str, Any]) -> None:
    w = tg.tensor(START, requires_grad=True)
    optimizer = getattr(optim, name)([w], **options)
    for g, expected in zip(GRADIENTS, BY_HAND[name](START, **{**DEFAULTS[name], **options}), strict=True):
        w.grad = g
        optimizer.step()
        np.testing.assert_allclose(w.data, expected, rtol=1e-9)


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=[f"{name}-{options}" for name, options in OPTIONS])
def test_maximize_climbs_as_the_opposite_gradient_would_fall(name: str, options: dict[str, Any]) -> None:
    w, v = (tg.tensor(START, requires_grad=True) for _ in range(2))
    up, down = getattr(optim, name)([w], maximize=True, **options), getattr(optim, name)([v], **options)
    for g in GRADIENTS:
        w.grad, v.grad = g, -g
        up.step()
        down.step()
        np.testing.assert_array_equal(w.data, v.data)


def test_asgd_averages_from_t0_on() -> None:
    w = tg.tensor([0.0], dtype="float64", requires_grad=True)
    optimizer, found = optim.ASGD([w], lr=1.0, lambd=0.0, t0=1), []
    for g in (-1.0, -2.0, -3.0, -6.0):
        w.grad = np.array([g])
        optimizer.step()
        found.append(float(optimizer.state[w]["ax"][0]))
    assert found == [1, 3, 6, 9]  # w is 1, 3, 6, 12: alone, alone, alone, and the mean of 6 and 12


def test_a_state_without_maximize_is_of_an_optimiser_that_falls() -> None:
    w = tg.tensor([0.0], requires_grad=True)
    state = optim.SGD([w], lr=0.5).state_dict()
    del state["param_groups"][0]["maximize"]
    optimizer = optim.SGD([w], lr=0.25)
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["maximize"] is False


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_defaults_are_those_of_pytorch(name: str) -> None:
    _, *options = inspect.signature(getattr(optim, name)).parameters.values()
    assert [(option.name, option.default) for option in options] == [*DEFAULTS[name].items(), ("maximize", False)]


def test_adagrad_decreases_every_coordinate_by_its_own_history() -> None:
    """Worked by hand: the gradient is 3, then 4; so the steps are 3/3 and 4/√(9 + 16)."""
    w = tg.tensor([0.0], dtype="float64", requires_grad=True)
    optimizer = optim.Adagrad([w], lr=1.0, eps=0.0)
    for g, expected in ((3.0, -1.0), (4.0, -1.8)):
        w.grad = np.array([g])
        optimizer.step()
        assert w.tolist() == [pytest.approx(expected)]


def test_a_large_parameter_is_cut_into_few_equal_blocks_of_rows_that_fit() -> None:
    for shape in ((7, 5), (1000, 300), (3, BLOCK + 1), (3, BLOCK // 2 + 1), (BLOCK * 3 + 5,)):
        rows = [range(shape[0])[part] for part in blocks(shape)]
        assert [i for part in rows for i in part] == list(range(shape[0]))
        size = int(np.prod(shape[1:]))
        assert all(len(part) == 1 or len(part) * size <= BLOCK for part in rows)
        assert len(rows) == ceil(shape[0] / max(1, BLOCK // size))
        assert all(len(rows[0]) - len(part) < len(rows) for part in rows)


# Schedules.


def rates(make: Callable[[Any], Any], steps: int, lr: float = 0.5) -> list[float]:
    """The learning rates before each of the first steps."""
    optimizer = optim.SGD([tg.Value(1.0)], lr=lr)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found += schedule.get_last_lr()
        assert optimizer.param_groups[0]["lr"] == found[-1]
        schedule.step()
    return found


SCHEDULES: dict[str, tuple[Callable[[Any], Any], Sequence[float]]] = {
    "lambda": (lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (t + 1)), [1, 1 / 2, 1 / 3, 1 / 4]),
    "step": (lambda o: lr_scheduler.StepLR(o, 2), [1, 1, 0.1, 0.1, 0.01, 0.01]),
    "step, gamma": (lambda o: lr_scheduler.StepLR(o, 3, gamma=0.5), [1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
    "exponential": (lambda o: lr_scheduler.ExponentialLR(o, 0.5), [1, 1 / 2, 1 / 4, 1 / 8]),
    # cos(kπ/4) is 1, √½, 0, -√½, -1 for k from 0 to 4
    "cosine": (
        lambda o: lr_scheduler.CosineAnnealingLR(o, 4),
        [1, (1 + sqrt(0.5)) / 2, 1 / 2, (1 - sqrt(0.5)) / 2, 0],
    ),
    # from 1 down to 0.2, around 0.6
    "cosine, eta_min": (
        lambda o: lr_scheduler.CosineAnnealingLR(o, 4, eta_min=0.1),
        [1, 0.6 + 0.4 * sqrt(0.5), 0.6, 0.6 - 0.4 * sqrt(0.5), 0.2],
    ),
    "linear": (lambda o: lr_scheduler.LinearLR(o), [5 / 15, 7 / 15, 9 / 15, 11 / 15, 13 / 15, 1, 1]),
    "linear, down": (lambda o: lr_scheduler.LinearLR(o, 1.0, 0.25, total_iters=3), [1, 0.75, 0.5, 0.25, 0.25]),
    "milestones": (lambda o: lr_scheduler.MultiStepLR(o, [3, 1]), [1, 0.1, 0.1, 0.01, 0.01]),
    "milestones, twice the same": (lambda o: lr_scheduler.MultiStepLR(o, [2, 2], 0.5), [1, 1, 0.25]),
    "constant": (lambda o: lr_scheduler.ConstantLR(o), [1 / 3] * 5 + [1, 1]),
    "constant, factor": (lambda o: lr_scheduler.ConstantLR(o, 0.5, 2), [0.5, 0.5, 1]),
    "polynomial": (lambda o: lr_scheduler.PolynomialLR(o), [1, 0.8, 0.6, 0.4, 0.2, 0, 0]),
    "polynomial, power": (lambda o: lr_scheduler.PolynomialLR(o, 4, 2.0), [1, 9 / 16, 1 / 4, 1 / 16, 0, 0]),
    "restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, eta_min=0.1),
        [1, 0.6, 1, 0.6, 1],
    ),
    "longer restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, 2),
        [1, 1, 0.5, 1, (1 + sqrt(0.5)) / 2, 0.5, (1 - sqrt(0.5)) / 2, 1],
    ),
    "multiplied": (lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 1 / t), [1, 1, 1 / 2, 1 / 6, 1 / 24]),
    "triangles": (
        lambda o: lr_scheduler.CyclicLR(o, 0.5, 1.5, 2, cycle_momentum=False),
        [1, 2, 3, 2, 1, 2],
    ),
    "falling triangles": (
        lambda o: lr_scheduler.CyclicLR(o, 0.5, 1.5, 1, 3, "triangular2", cycle_momentum=False),
        [1, 3, 7 / 3, 5 / 3, 1, 2, 5 / 3, 4 / 3, 1, 1.5],
    ),
    "exponential triangles": (
        lambda o: lr_scheduler.CyclicLR(o, 0.5, 1.5, 1, None, "exp_range", 0.5, False),
        [1, 2, 1, 1.25, 1, 1.0625],
    ),
    # Up to the step 0.3 · 10 - 1 = 2, and down to the last.
    "one cycle": (
        lambda o: lr_scheduler.OneCycleLR(o, 0.5, 10, cycle_momentum=False),
        [1 / 25, 1 / 25 + 0.48, *(4e-6 + (1 - 4e-6) * (1 + np.cos(pi * k / 7)) / 2 for k in range(8))],
    ),
    "one cycle in three lines": (
        lambda o: lr_scheduler.OneCycleLR(
            o, 0.5, None, 2, 5, 0.4, "linear", False, div_factor=5.0, final_div_factor=2.0, three_phase=True
        ),
        [0.2, 0.2 + 0.8 / 3, 0.2 + 1.6 / 3, 1, 0.2 + 1.6 / 3, 0.2 + 0.8 / 3, 0.2, 0.2 - 0.1 / 3, 0.2 - 0.2 / 3, 0.1],
    ),
    "chained": (
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.ConstantLR(o, 0.25, 2), lr_scheduler.ExponentialLR(o, 0.5)]
        ),
        [1 / 4, 1 / 8, 1 / 4, 1 / 8],
    ),
    "a chain of cosines": (  # each keeps its own share of the way to its end
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.CosineAnnealingLR(o, 2, 0.25), lr_scheduler.StepLR(o, 1, 0.5)], o
        ),
        [1, (0.5 + 0.25) / 2, 0.25],
    ),
    "one after another": (
        lambda o: lr_scheduler.SequentialLR(
            o,
            [lr_scheduler.LinearLR(o, 0.5, total_iters=2), lr_scheduler.StepLR(o, 1, 0.5), lr_scheduler.StepLR(o, 9)],
            milestones=[2, 4],
        ),
        [0.5, 0.75, 1, 0.5, 1, 1],
    ),
}
"""Each schedule with the learning rates that it should give, as multiples of the first one, 0.5."""


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda o: lr_scheduler.StepLR(o, 2, gamma=-1), "StepLR: gamma"),
        (lambda o: lr_scheduler.MultiStepLR(o, [2], gamma=-0.5), "MultiStepLR: gamma"),
        (lambda o: lr_scheduler.ExponentialLR(o, -1), "ExponentialLR: gamma"),
        (lambda o: lr_scheduler.ConstantLR(o, factor=-1), "ConstantLR: factor"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=-1), "LinearLR: start_factor"),
        (lambda o: lr_scheduler.LinearLR(o, end_factor=-1), "LinearLR: end_factor"),
        (lambda o: lr_scheduler.PolynomialLR(o, power=-1), "PolynomialLR: power"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 2, eta_min=-1), "CosineAnnealingLR: eta_min"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=-1), "ReduceLROnPlateau: factor"),
        (lambda o: lr_scheduler.CyclicLR(o, -1, 1.0, cycle_momentum=False), "CyclicLR: base_lr"),
        (lambda o: lr_scheduler.OneCycleLR(o, [-1], 3, cycle_momentum=False), "OneCycleLR: max_lr"),
    ],
)
def test_no_schedule_goes_uphill(make: Callable[[Any], Any], name: str) -> None:
    optimizer = optim.SGD([tg.Value(1.0)], lr=0.5)
    with pytest.raises(tg.OutOfRangeError, match=rf"^{name} is not negative, and is given as \[?-"):
        make(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_a_cycle_moves_the_momentum_the_other_way() -> None:
    w = tg.Value(1.0)
    readers: list[tuple[Any, Callable[[Any], Any]]] = [
        (optim.SGD([w], momentum=0.5), lambda group: group["momentum"]),
        (optim.Adam([w]), lambda group: group["betas"][0]),
    ]
    for optimizer, read in readers:
        schedule: Any = lr_scheduler.CyclicLR(optimizer, 1.0, 2.0, 2)
        found = [(read(optimizer.param_groups[0]), schedule.step())[0] for _ in range(4)]
        assert found == pytest.approx([0.9, 0.85, 0.8, 0.85])
        schedule = lr_scheduler.OneCycleLR(optimizer, 1.0, 6, pct_start=0.5, anneal_strategy="linear")
        found = [(read(optimizer.param_groups[0]), schedule.step())[0] for _ in range(5)]
        assert found == pytest.approx([0.95, 0.9, 0.85, 0.85 + 0.1 / 3, 0.85 + 0.2 / 3])
        schedule.step()
        with pytest.raises(tg.OptimizerError, match="there are 6 steps, and this would be one more"):
            schedule.step()
    assert optimizer.param_groups[0]["betas"][1] == 0.999
    for make in (lr_scheduler.CyclicLR, lr_scheduler.OneCycleLR):
        with pytest.raises(tg.OptimizerError, match="has no momentum; write cycle_momentum=False"):
            make(optim.Adagrad([w]), 0.5, 2)


# Several owners of one rate: schedules, the user, files.

MULTIPLYING: dict[str, Callable[[Any], Any]] = {
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "step": lambda o: lr_scheduler.StepLR(o, 2, 0.5),
    "milestones": lambda o: lr_scheduler.MultiStepLR(o, [1, 4], 0.3),
    "constant": lambda o: lr_scheduler.ConstantLR(o, 0.25, 3),
    "linear": lambda o: lr_scheduler.LinearLR(o, 0.25, 1.0, 4),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, 9, 2.0),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 9),
    "restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4),
    "lambda": lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (t + 2)),
    "multiplied": lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 0.7),
}
pairs = pytest.mark.parametrize(
    ("first", "second"), [(a, b) for a in MULTIPLYING for b in MULTIPLYING if a != b], ids=lambda name: name
)


@pairs
def test_two_schedules_multiply(first: str, second: str) -> None:
    alone = [np.array(rates(MULTIPLYING[name], 7, 1.0)) for name in (first, second)]
    o = optim.SGD([tg.Value(1.0)], lr=0.5)
    schedules = [MULTIPLYING[name](o) for name in (first, second)]
    found = []
    for _ in range(7):
        found += schedules[1].get_last_lr()
        for schedule in schedules:
            schedule.step()
    assert found == pytest.approx(list(0.5 * alone[0] * alone[1]))


@pytest.mark.parametrize("name", MULTIPLYING)
def test_a_rate_set_by_hand_is_kept_as_a_factor(name: str) -> None:
    expected = rates(MULTIPLYING[name], 7)
    o = optim.SGD([tg.Value(1.0)], lr=0.5)
    schedule = MULTIPLYING[name](o)
    for t in range(6):
        if t == 2:
            o.param_groups[0]["lr"] *= 0.125
        schedule.step()
        assert schedule.get_last_lr() == pytest.approx([expected[t + 1] * (0.125 if t >= 2 else 1)])


@pytest.mark.parametrize("name", MULTIPLYING)
def test_a_group_that_comes_later_goes_on_from_its_own_rate(name: str) -> None:
    expected = rates(MULTIPLYING[name], 6)
    o = optim.SGD([tg.Value(1.0)], lr=0.5)
    schedule = MULTIPLYING[name](o)
    for _ in range(2):
        schedule.step()
    o.add_param_group({"params": [tg.Value(1.0)], "lr": 8.0})
    for t in range(3, 6):
        schedule.step()
        assert schedule.get_last_lr() == pytest.approx([expected[t], 8.0 * expected[t] / expected[2]])
    assert len(schedule.state_dict()["base_lrs"]) == 2


ALL: dict[str, Callable[[Any], Any]] = {**MULTIPLYING, **{name: make for name, (make, _) in SCHEDULES.items()}}


@pytest.mark.parametrize("order", ["optimiser first", "schedule first", "schedule alone"])
@pytest.mark.parametrize("name", ALL)
def test_a_run_that_is_resumed_has_the_rates_of_one_that_was_not(name: str, order: str) -> None:
    steps = 5 if name in ("chained", "a chain of cosines") else 7
    expected = rates(ALL[name], steps)
    first, second = (optim.SGD([tg.Value(1.0)], lr=0.5) for _ in range(2))
    schedule = ALL[name](first)
    for _ in range(3):
        schedule.step()
    kept = first.state_dict()
    if order == "optimiser first":
        second.load_state_dict(kept)
    resumed = ALL[name](second)
    resumed.load_state_dict(schedule.state_dict())
    if order == "schedule first":
        second.load_state_dict(kept)
    found = []
    for _ in range(steps - 3):
        found += resumed.get_last_lr()
        resumed.step()
    assert found == pytest.approx(expected[3:], abs=1e-15)


def test_schedules_that_multiply_are_resumed_in_their_order() -> None:
    def start(o: Any) -> list[Any]:
        return [lr_scheduler.LinearLR(o, 0.25, 1.0, 4), lr_scheduler.StepLR(o, 2, 0.5)]

    first, second = (optim.SGD([tg.Value(1.0)], lr=0.5) for _ in range(2))
    schedules = start(first)
    for _ in range(3):
        for schedule in schedules:
            schedule.step()
    second.load_state_dict(first.state_dict())
    resumed = start(second)
    for new, old in zip(resumed, schedules):
        new.load_state_dict(old.state_dict())
    for _ in range(4):
        assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"]
        for schedule in (*schedules, *resumed):
            schedule.step()


@pytest.mark.parametrize("name", ALL)
def test_a_rate_set_by_hand_is_resumed(name: str) -> None:
    """As in PyTorch, where the optimiser alone keeps the rate."""
    first, second = (optim.SGD([tg.Value(1.0)], lr=0.5) for _ in range(2))
    schedule, resumed = ALL[name](first), ALL[name](second)
    schedule.step()
    first.param_groups[0]["lr"] *= 0.125
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    for _ in range(3):
        assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"]
        schedule.step()
        resumed.step()


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"])
def test_a_rate_below_the_lowest_one_leads_to_no_negative_rate(name: str) -> None:
    o = optim.SGD([tg.Value(1.0)], lr=0.1)
    schedule = getattr(lr_scheduler, name)(o, 3, eta_min=0.01)
    for _ in range(8):
        schedule.step()
        o.param_groups[0]["lr"] *= 0.1
        assert o.param_groups[0]["lr"] >= 0


def test_a_new_schedule_goes_on_from_the_rate_of_a_loaded_optimiser() -> None:
    o = optim.SGD([tg.Value(1.0)], lr=0.5)
    lr_scheduler.ExponentialLR(o, 0.5).step()
    resumed = optim.SGD([tg.Value(1.0)], lr=0.5)
    resumed.load_state_dict(o.state_dict())
    assert lr_scheduler.StepLR(resumed, 2).get_last_lr() == [0.25]


def test_arguments_for_each_group_are_as_many_as_there_are() -> None:
    o = optim.SGD([{"params": [tg.Value(1.0)]}, {"params": [tg.Value(1.0)], "lr": 2.0}], lr=1.0, momentum=0.5)
    assert lr_scheduler.MultiplicativeLR(o, [lambda t: 0.5, lambda t: 0.25]).get_last_lr() == [1.0, 2.0]
    assert lr_scheduler.LambdaLR(o, [lambda t: 0.5, lambda t: 0.25]).get_last_lr() == [0.5, 0.5]
    assert lr_scheduler.CyclicLR(o, [0.25, 0.5], 1.0).get_last_lr() == [0.25, 0.5]
    assert lr_scheduler.OneCycleLR(o, [25.0, 50.0], 10).get_last_lr() == [1.0, 2.0]
    for wrong in (
        lambda: lr_scheduler.LambdaLR(o, [lambda t: 0.5]),
        lambda: lr_scheduler.CyclicLR(o, [0.25, 0.5, 1.0], 2.0),
        lambda: lr_scheduler.OneCycleLR(o, [0.25], 10),
    ):
        with pytest.raises(tg.OptimizerError, match="for 2 groups of parameters"):
            wrong()


def test_what_cannot_be_a_schedule_is_refused() -> None:
    o, other = (optim.SGD([tg.Value(1.0)], lr=1.0) for _ in range(2))
    step, plateau = lr_scheduler.StepLR(o, 2), lr_scheduler.ReduceLROnPlateau(o)
    chain = lr_scheduler.ChainedScheduler([step])
    for wrong, says in (
        (lambda: lr_scheduler.SequentialLR(o, [step, plateau], [2]), "ReduceLROnPlateau computes no rate"),
        (lambda: lr_scheduler.SequentialLR(o, [step, chain], [2]), "ChainedScheduler computes no rate"),
        (lambda: lr_scheduler.ChainedScheduler([step, plateau]), r"call its step\(\) yourself"),
        (lambda: lr_scheduler.ChainedScheduler([step], other), "are all of this optimiser"),
        (lambda: lr_scheduler.ChainedScheduler([]), "no schedules to chain"),
        (lambda: chain.load_state_dict(step.state_dict()), "a state has a list 'schedulers' of 1 states"),
        (lambda: lr_scheduler.OneCycleLR(o, 0.1), "give total_steps, or epochs and steps_per_epoch"),
        (lambda: lr_scheduler.OneCycleLR(o, 0.1, 10, anneal_strategy="cosine"), "'cos' or 'linear'"),
        (lambda: lr_scheduler.OneCycleLR(o, 0.1, 10, pct_start=30), "pct_start is between 0 and 1"),
        (lambda: lr_scheduler.CyclicLR(o, 0.1, 1.0, mode="square"), "mode is 'triangular'"),
        (lambda: lr_scheduler.LambdaLR(o, 0.5), "lr_lambda is a function of t"),
        (lambda: lr_scheduler.ConstantLR(o, 0.5, total_iters=0), "total_iters is a whole number from 1 on, not 0"),
    ):
        with pytest.raises(tg.TinygradError, match=says):
            wrong()


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_the_rates_of_its_definition(name: str) -> None:
    make, factors = SCHEDULES[name]
    assert rates(make, len(factors)) == pytest.approx([0.5 * factor for factor in factors], abs=1e-15)


def test_a_cosine_goes_on_after_its_end() -> None:
    found = rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 2), 5, lr=1.0)
    assert found == pytest.approx([(1 + np.cos(pi * t / 2)) / 2 for t in range(5)], abs=1e-15)


PLATEAUS: list[tuple[dict[str, Any], list[float], list[float]]] = [
    # The patience of 10: the eleventh loss that is no better reduces.
    ({}, [1.0] * 13, [1.0] * 11 + [0.1] * 2),
    ({"patience": 0}, [1.0, 0.5, 0.5, 0.4], [1.0, 1.0, 0.1, 0.1]),
    ({"patience": 0, "factor": 0.5, "mode": "max"}, [1.0, 2.0, 2.0, 1.0, 3.0], [1.0, 1.0, 0.5, 0.25, 0.25]),
    ({"patience": 0, "threshold": 0.0}, [1.0, 1.0, 0.5], [1.0, 0.1, 0.1]),
    ({"patience": 0, "threshold": 0.0, "mode": "max"}, [1.0, 1.0, 2.0], [1.0, 0.1, 0.1]),
    # Better is by more than a tenth of the best, or by more than 0.1.
    ({"patience": 0, "threshold": 0.1}, [10.0, 9.5, 8.9, 8.1, 7.0], [1.0, 0.1, 0.1, 0.01, 0.01]),
    ({"patience": 0, "threshold": 0.1, "mode": "max"}, [10.0, 10.5, 11.5, 12.5, 13.0], [1.0, 0.1, 0.1, 0.01, 0.01]),
    ({"patience": 0, "threshold": 0.1, "threshold_mode": "abs"}, [10.0, 9.95, 9.8, 9.75], [1.0, 0.1, 0.1, 0.01]),
    (
        {"patience": 0, "threshold": 0.1, "threshold_mode": "abs", "mode": "max"},
        [10.0, 10.05, 10.2, 10.25],
        [1.0, 0.1, 0.1, 0.01],
    ),
    ({"patience": 0, "cooldown": 2}, [1.0] * 6, [1.0, 0.1, 0.1, 0.1, 0.01, 0.01]),
    ({"patience": 1, "cooldown": 1}, [1.0] * 8, [1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01]),
    ({"patience": 0, "min_lr": 0.05}, [1.0] * 4, [1.0, 0.1, 0.05, 0.05]),
    ({"patience": 0, "eps": 0.5}, [1.0] * 3, [1.0, 0.1, 0.1]),  # the second reduction, of 0.09, is not worth it
]


@pytest.mark.parametrize(("options", "metrics", "expected"), PLATEAUS, ids=[repr(row[0]) for row in PLATEAUS])
def test_a_plateau_reduces_the_rate(options: dict[str, Any], metrics: list[float], expected: list[float]) -> None:
    optimizer = optim.SGD([tg.Value(1.0)], lr=1.0)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    found = []
    for metric in metrics:
        schedule.step(metric)
        found += schedule.get_last_lr()
    assert found == pytest.approx(expected)
    assert schedule.last_epoch == len(metrics)


def test_a_plateau_goes_on_where_it_stood() -> None:
    first, second = (lr_scheduler.ReduceLROnPlateau(optim.SGD([tg.Value(1.0)], lr=1.0), patience=1) for _ in range(2))
    for _ in range(2):
        first.step(1.0)
    second.load_state_dict(first.state_dict())
    second.step(1.0)
    assert second.get_last_lr() == [pytest.approx(0.1)]
    assert first.get_last_lr() == [1.0]


# Clipping.


@pytest.mark.parametrize(
    ("norm_type", "norm"),
    [(1.0, 3 + 4 + 12), (2.0, 13.0), (3.0, (27 + 64 + 1728) ** (1 / 3)), (inf, 12.0)],  # 3² + 4² + 12² = 13²
)
@pytest.mark.parametrize("limit", [0.0, 1.0, 20.0, 100.0])
def test_clipping_by_the_norm_scales_all_gradients_together(norm_type: float, norm: float, limit: float) -> None:
    first, second, third = (tg.zeros(n, dtype="float64", requires_grad=True) for n in (2, 1, 1))
    first.grad, second.grad = np.array([3.0, -4.0]), np.array([12.0])
    assert optim.clip_grad_norm_([first, second, third], limit, norm_type) == pytest.approx(norm)
    factor = min(1.0, limit / norm)
    assert first.grad == pytest.approx(factor * np.array([3.0, -4.0]), rel=1e-5)
    assert second.grad == pytest.approx(factor * np.array([12.0]), rel=1e-5)
    assert third.grad is None


def test_clipping_by_value_cuts_every_number() -> None:
    w, v = tg.zeros(4, dtype="float64", requires_grad=True), tg.zeros(1, requires_grad=True)
    w.grad = np.array([-3.0, -0.5, 0.5, 3.0])
    optim.clip_grad_value_([w, v], 2.0)
    assert w.grad.tolist() == [-2.0, -0.5, 0.5, 2.0]
    assert v.grad is None


def test_the_norm_of_no_gradients_is_0() -> None:
    assert optim.clip_grad_norm_([tg.zeros(2, requires_grad=True)], 1.0) == 0.0
