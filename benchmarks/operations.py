"""Single operations on a million numbers, and a tall Jacobian: GELU, a power, and many residuals of few parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .harness import OURS, Contestant, Run, Timed, at_most, bounded, peer

SIZE = 10**6


def numbers() -> Any:
    """SIZE numbers in float32, normal with the deviation 1."""
    return np.random.default_rng(3).standard_normal(SIZE, np.float32)


# Exact GELU, forward


def gelu_ours() -> Run:
    tg = peer(OURS)
    x, gelu = tg.tensor(numbers()), tg.nn.functional.gelu
    return lambda: (gelu(x),)


def gelu_torch() -> Run:
    library = peer("torch")
    x = library.from_numpy(numbers())
    return lambda: (library.nn.functional.gelu(x),)


# A cube, forward and backward


def cube_hand() -> Run:
    x = numbers()

    def run() -> Sequence[Any]:
        squares = x * x
        loss = (squares * x).sum()
        squares *= 3
        return loss, squares

    return run


def cube(contestant: str, as_power: bool) -> Run:
    library = peer(OURS if contestant == "ours" else contestant)
    x = library.tensor(numbers(), requires_grad=True)

    def run() -> Sequence[Any]:
        x.grad = None
        loss = (x**3 if as_power else x * x * x).sum()
        loss.backward()
        return loss, x.grad

    return run


def power_ours() -> Run:
    return cube("ours", as_power=True)


def product_ours() -> Run:
    return cube("ours", as_power=False)


def power_torch() -> Run:
    return cube("torch", as_power=True)


# The Jacobian of many residuals by few parameters, as least squares need it

RESIDUALS, PARAMETERS = 2_000, 3


def curve() -> tuple[Any, Any]:
    """Places (N,), and the parameters (3,) of a·exp(-b·t) + c."""
    return np.linspace(0, 4, RESIDUALS), np.array([2.0, 1.3, 0.5])


def jacobian_hand() -> Run:
    t, (a, b, _) = curve()

    def run() -> Sequence[Any]:
        falling = np.exp(-b * t)
        out = np.empty((RESIDUALS, PARAMETERS))
        out[:, 0], out[:, 1], out[:, 2] = falling, -a * t * falling, 1
        return (out,)

    return run


def jacobian_ours() -> Run:
    tg = peer(OURS)
    t, parameters = curve()
    derivative = tg.jacobian(lambda p: p[0] * tg.exp(-p[1] * t) + p[2])
    return lambda: (derivative(parameters),)


def jacobian_torch() -> Run:
    library = peer("torch")
    places, first = curve()
    t, parameters = library.from_numpy(places), library.from_numpy(first)
    derivative = library.func.jacfwd(lambda p: p[0] * library.exp(-p[1] * t) + p[2])
    return lambda: (derivative(parameters),)


WORKLOADS = (
    Timed(
        name="gelu",
        computes="exact GELU of 10^6 float32, forward",
        outputs=("gelu",),
        contestants=(Contestant("torch", gelu_torch), Contestant("ours", gelu_ours)),
        targets=(at_most(1.5, "ours", "torch"),),
        rtol=1e-6,
    ),
    Timed(
        name="cube",
        computes="(x ** 3).sum() of 10^6 float32, forward and backward",
        outputs=("loss", "gradient"),
        contestants=(
            Contestant("hand", cube_hand),
            Contestant("ours", power_ours),
            Contestant("ours, x * x * x", product_ours),
            Contestant("torch", power_torch),
        ),
        targets=(at_most(1.5, "ours", "ours, x * x * x"),),
        rtol=1e-5,
        atol=0.1,  # a sum of a million numbers of both signs
    ),
    Timed(
        name="jacobian",
        computes=f"Jacobian of {RESIDUALS:,} residuals a exp(-b t) + c by their {PARAMETERS} parameters, float64",
        outputs=("jacobian",),
        contestants=(
            Contestant("hand", jacobian_hand),
            Contestant("ours", jacobian_ours),
            Contestant("torch", jacobian_torch, traced=False),
        ),
        targets=(bounded(3, "ours", "peak / inputs"),),
        input_bytes=math.prod((RESIDUALS, PARAMETERS, 8)),
    ),
)
