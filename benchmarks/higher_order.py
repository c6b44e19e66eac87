"""Derivatives of derivatives: a Hessian-vector product and a third derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .harness import OURS, Contestant, Run, Timed, at_most, faster, peer

# Hessian-vector product of sum(tanh(X w)^2) with respect to w


def matrices() -> tuple[Any, Any, Any]:
    """X (64, 32), w (32, 8), and the direction v (32, 8)."""
    rng = np.random.default_rng(5)
    return rng.normal(size=(64, 32)), rng.normal(size=(32, 8)) / 6, rng.normal(size=(32, 8))


def hvp_hand() -> Run:
    """d/da tanh(a)^2 = 2 t (1 - t^2) with t = tanh(a); once more: 2 (1 - t^2) (1 - 3 t^2)."""
    x, w, v = matrices()

    def run() -> Sequence[Any]:
        t = np.tanh(x @ w)
        s = t * t
        return (x.T @ (2 * (1 - s) * (1 - 3 * s) * (x @ v)),)

    return run


def hvp_ours() -> Run:
    tg = peer(OURS)
    x, w, v = (tg.tensor(a) for a in matrices())

    def f(w: Any) -> Any:
        return ((x @ w).tanh() ** 2).sum()

    return lambda: (tg.hvp(f, w, v),)


def hvp_torch() -> Run:
    """Backward through backward, the fastest of PyTorch's ways."""
    library = peer("torch")
    x, w, v = (library.tensor(a) for a in matrices())
    w.requires_grad_()
    grad = library.autograd.grad

    def run() -> Sequence[Any]:
        loss = ((x @ w).tanh() ** 2).sum()
        (gradient,) = grad(loss, w, create_graph=True)
        return grad(gradient, w, v)  # type: ignore[no-any-return]

    return run


def hvp_autograd() -> Run:
    make_hvp, anp = peer("autograd").make_hvp, peer("autograd.numpy")
    x, w, v = matrices()
    product = make_hvp(lambda w: anp.sum(anp.tanh(x @ w) ** 2))
    return lambda: (product(w)[0](v),)


# Third derivative of tanh


def points() -> Any:
    return np.linspace(-3, 3, 101)


def third_hand() -> Run:
    """By hand: tanh' = 1 - t^2, tanh'' = -2 t (1 - t^2), tanh''' = (1 - t^2) (6 t^2 - 2)."""
    x = points()

    def run() -> Sequence[Any]:
        t = np.tanh(x)
        s = t * t
        return ((1 - s) * (6 * s - 2),)

    return run


def third_ours() -> Run:
    tg = peer(OURS)
    x = tg.tensor(points())
    first = tg.grad(lambda x: x.tanh().sum())
    second = tg.grad(lambda x: first(x).sum())
    third = tg.grad(lambda x: second(x).sum())
    return lambda: (third(x),)


def third_torch() -> Run:
    library = peer("torch")
    x = library.tensor(points(), requires_grad=True)
    grad = library.autograd.grad

    def run() -> Sequence[Any]:
        (first,) = grad(x.tanh().sum(), x, create_graph=True)
        (second,) = grad(first.sum(), x, create_graph=True)
        return grad(second.sum(), x)  # type: ignore[no-any-return]

    return run


def third_autograd() -> Run:
    each, anp = peer("autograd").elementwise_grad, peer("autograd.numpy")
    x = points()
    third = each(each(each(anp.tanh)))
    return lambda: (third(x),)


WORKLOADS = (
    Timed(
        name="hessian_vector",
        computes="Hessian-vector product of sum(tanh(X @ w) ** 2) in w, X 64x32, w 32x8, float64",
        outputs=("product",),
        contestants=(
            Contestant("hand", hvp_hand),
            Contestant("ours", hvp_ours),
            Contestant("torch", hvp_torch),
            Contestant("autograd", hvp_autograd),
        ),
        targets=(at_most(6, "ours", "hand"), faster(1, "ours", "torch")),
    ),
    Timed(
        name="third_derivative",
        computes="third derivative of tanh at 101 points, by three nested gradients, float64",
        outputs=("derivative",),
        contestants=(
            Contestant("hand", third_hand),
            Contestant("ours", third_ours),
            Contestant("torch", third_torch),
            Contestant("autograd", third_autograd),
        ),
        targets=(at_most(15, "ours", "hand"), faster(1, "ours", "torch")),
    ),
)
