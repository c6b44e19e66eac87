"""Optimisers, chains of operations, and a backward pass that is right for the student's own forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy import ndarray

from tinygrad_edu.errors import ShapeError
from tinygrad_edu.grade import StudentError
from tinygrad_edu.grade.diagnosis import (
    ChainStep,
    diagnose_trajectory,
    judge_chain,
    right_for_own_forward,
)
from tinygrad_edu.optim import SGD, Adam, AdamW

RNG = np.random.default_rng(0)
START = RNG.normal(size=(3, 2))
GRADIENTS = list(RNG.normal(size=(5, 3, 2)))


def adam(
    lr: float = 0.1, betas: tuple[float, float] = (0.9, 0.99), decay: float = 0.0, decoupled: bool = False,
    corrected: bool = True, uphill: bool = False,
) -> list[ndarray]:  # fmt: skip
    """Adam as in the paper, with a place for each mistake."""
    w, path = START.copy(), []
    m = v = np.zeros_like(w)
    for t, g in enumerate(GRADIENTS, 1):
        if decoupled:
            w = w - lr * decay * w
        else:
            g = g + decay * w
        g = -g if uphill else g
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        by_m, by_v = ((1 - beta**t) if corrected else 1.0 for beta in betas)
        w = w - lr * (m / by_m) / (np.sqrt(v / by_v) + 1e-8)
        path.append(w)
    return path


def momentum(mu: float = 0.9, lr: float = 0.1, damped: bool = False, nesterov: bool = False) -> list[ndarray]:
    w, v, path = START.copy(), np.zeros_like(START), []
    for g in GRADIENTS:
        v = mu * v + ((1 - mu) * g if damped else g)
        w = w - lr * (g + mu * v if nesterov else v)
        path.append(w)
    return path


def name(kind: Any, settings: dict[str, Any], found: Any) -> str:
    diagnosis = diagnose_trajectory(kind, settings, START, GRADIENTS, found)
    return diagnosis.name if diagnosis else "right"


def test_mistakes_in_adam() -> None:
    settings = {"lr": 0.1, "betas": (0.9, 0.99)}
    assert name(Adam, settings, adam()) == "right"
    assert name(Adam, settings, adam(corrected=False)) == "no bias correction"
    assert name(Adam, settings, adam(betas=(0.99, 0.9))) == "betas swapped"
    assert name(Adam, settings, adam(uphill=True)) == "ascent"
    assert name(Adam, settings, adam(lr=0.2)) == "learning rate"
    decaying = {**settings, "weight_decay": 0.3}
    assert name(Adam, decaying, adam(decay=0.3)) == "right"
    assert name(Adam, decaying, adam(decay=0.3, decoupled=True)) == "weight decay coupling"
    assert name(AdamW, decaying, adam(decay=0.3)) == "weight decay coupling"
    assert name(AdamW, decaying, adam(decay=0.3, decoupled=True)) == "right"
    assert name(AdamW, decaying, adam()) == "no weight decay"


def test_mistakes_in_momentum() -> None:
    settings = {"lr": 0.1, "momentum": 0.9}
    assert name(SGD, settings, momentum()) == "right"
    assert name(SGD, settings, momentum(damped=True)) == "momentum damped"
    assert name(SGD, settings, momentum(nesterov=True)) == "Nesterov"
    assert name(SGD, {**settings, "nesterov": True}, momentum()) == "Nesterov"
    assert name(SGD, settings, momentum(mu=0.0)) in ("no momentum", "memory lost")


def test_the_first_step_that_departs_is_named() -> None:
    path = momentum()
    path[3] = path[3] + 1.0
    diagnosis = diagnose_trajectory(SGD, {"lr": 0.1, "momentum": 0.9}, START, GRADIENTS, path)
    assert diagnosis is not None
    assert diagnosis.name == "unknown trajectory"
    assert "step 4" in diagnosis.feedback(2)
    damped = diagnose_trajectory(SGD, {"lr": 0.1, "momentum": 0.9}, START, GRADIENTS, momentum(nesterov=True))
    assert damped is not None
    assert "step 1" in damped.feedback(2)


@pytest.mark.parametrize("found", [[], [None] * 5, ["x"] * 5, momentum()[:4], [*momentum(), START]])
def test_what_is_no_trajectory_is_wrong(found: Any) -> None:
    assert name(SGD, {"lr": 0.1, "momentum": 0.9}, found) == "unknown trajectory"


def test_gradients_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="gradient"):
        diagnose_trajectory(SGD, {}, START, [START.T], [START])


# Chains.


def broken(x: ndarray) -> ndarray:
    raise StudentError("raised", "ZeroDivisionError: division by zero")


CHAIN = [
    ChainStep("linear", lambda x: 2 * x, lambda x: 2 * x),
    ChainStep("square", lambda x: x**3, lambda x: x**2),
    ChainStep("exp", broken, np.exp),
    ChainStep("sum", np.sum, np.sum),
]


def test_each_step_of_a_chain_is_judged_on_right_inputs() -> None:
    x = np.array([0.5, 1.5, -1.0])
    assert [step.right for step in judge_chain(CHAIN, x)] == [True, False, False, True]
    assert [step.name for step in judge_chain(CHAIN, x) if not step.right] == ["square", "exp"]


def test_a_program_that_fails_is_a_wrong_step() -> None:
    (step,) = judge_chain([CHAIN[2]], np.ones(2))
    assert not step.right
    assert step.verdict is None
    assert step.error is not None
    assert "ZeroDivisionError" in str(step.error)


def test_a_student_cannot_change_the_inputs_of_later_steps() -> None:
    def greedy(x: ndarray) -> ndarray:
        out = 2 * x
        x[:] = 0
        return out

    chain = [ChainStep("double", greedy, lambda x: 2 * x), ChainStep("square", np.square, np.square)]
    assert all(step.right for step in judge_chain(chain, np.array([1.0, 2.0])))


# A backward pass and its own forward pass.


def test_right_for_the_own_wrong_forward() -> None:
    x, y = RNG.normal(size=(2, 3, 2))
    g = RNG.normal(size=(3, 2))
    # The task was x · y.
    assert right_for_own_forward(lambda x, y: x * y * y, lambda g, x, y: (g * y * y, 2 * g * x * y), [x, y], g)
    assert not right_for_own_forward(lambda x, y: x * y * y, lambda g, x, y: (g * y, g * x), [x, y], g)
    assert not right_for_own_forward(lambda x, y: x * y, lambda g, x, y: (y, x), [x, y], g)


@pytest.mark.parametrize(
    "backward", [lambda g, x: None, lambda g, x: [], lambda g, x: g[0], lambda g, x: g * np.nan, lambda g, x: "g"]
)
def test_no_gradient_is_not_right_for_any_forward(backward: Any) -> None:
    assert not right_for_own_forward(np.square, backward, [np.array([1.0, 2.0])], np.array([1.5, -2.0]))


def test_a_forward_of_another_shape_has_no_right_backward() -> None:
    assert not right_for_own_forward(np.sum, lambda g, x: g, [np.array([1.0, 2.0])], np.array([1.5, -2.0]))
