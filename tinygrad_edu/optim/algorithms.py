"""The optimisers. Each `update` is the formula of its paper, on arrays, in place.

w: the parameter, g: its gradient, t: the number of the step, from 1 on. `weight_decay` λ adds λ/2·w² to the loss, and
so λ·w to the gradient, except in `AdamW`. Where formulas differ in detail between papers, PyTorch's is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import OptimizerError
from .optimizer import Optimizer

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "RMSprop"]


class SGD(Optimizer):
    """Stochastic gradient descent: w ← w - lr·g; with momentum μ, v ← μ·v + (1 - dampening)·g and w ← w - lr·v.

    `nesterov` looks ahead, w ← w - lr·(g + μ·v); Sutskever et al., "On the importance of initialization and momentum
    in deep learning" (2013). Raises `OptimizerError` for Nesterov's momentum without momentum or with dampening; else
    as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.5, 1. ], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    def _settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        settings = super()._settings(group)
        if settings["nesterov"] and (settings["momentum"] == 0 or settings["dampening"] != 0):
            raise OptimizerError("SGD: Nesterov's momentum needs a momentum above 0, and no dampening")
        return settings

    def memory(self, settings: Mapping[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if settings["momentum"] else {}

    def update(
        self,
        w: ndarray,
        g: ndarray,
        t: int,
        *memory: ndarray,
        lr: float,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
    ) -> None:
        if weight_decay:
            g = g + weight_decay * w
        if momentum:
            (v,) = memory
            v *= momentum
            v += g if t == 1 else (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        w -= lr * g


class Adagrad(Optimizer):
    """s ← s + g²,  w ← w - lr·g / (√s + ε); Duchi et al., "Adaptive subgradient methods" (2011).

    The learning rate of step t is lr / (1 + (t - 1)·lr_decay). Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adagrad([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.75, 1.75], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )

    def memory(self, settings: Mapping[str, Any]) -> dict[str, float]:
        return {"sum": settings["initial_accumulator_value"]}

    def update(
        self, w: ndarray, g: ndarray, t: int, s: ndarray, *, lr: float, lr_decay: float, weight_decay: float,
        initial_accumulator_value: float, eps: float,
    ) -> None:  # fmt: skip
        if weight_decay:
            g = g + weight_decay * w
        s += g * g
        w -= lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s) + eps)


class RMSprop(Optimizer):
    """s ← α·s + (1 - α)·g²,  w ← w - lr·g / (√s + ε); Tieleman and Hinton, lecture 6.5 of "Neural networks" (2012).

    `centered` takes the variance s - m² instead of s, where m ← α·m + (1 - α)·g; Graves, arXiv:1308.0850, equations 38
    to 45. With momentum μ, the quotient is added up: b ← μ·b + g / (√s + ε), w ← w - lr·b. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.9, 1.9], dtype=float32)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered
        )

    def memory(self, settings: Mapping[str, Any]) -> dict[str, float]:
        names = ["square_avg"] + ["momentum_buffer"] * bool(settings["momentum"]) + ["grad_avg"] * settings["centered"]
        return dict.fromkeys(names, 0.0)

    def update(
        self, w: ndarray, g: ndarray, t: int, s: ndarray, *rest: ndarray, lr: float, alpha: float, eps: float,
        weight_decay: float, momentum: float, centered: bool,
    ) -> None:  # fmt: skip
        if weight_decay:
            g = g + weight_decay * w
        s *= alpha
        s += (1 - alpha) * (g * g)
        spread = s
        if centered:
            m = rest[-1]
            m *= alpha
            m += (1 - alpha) * g
            spread = s - m * m
        quotient = g / (np.sqrt(spread) + eps)
        if momentum:
            b = rest[0]
            b *= momentum
            b += quotient
            quotient = b
        w -= lr * quotient


class Adadelta(Optimizer):
    """s ← ρ·s + (1 - ρ)·g²,  δ = √(u + ε) / √(s + ε)·g,  u ← ρ·u + (1 - ρ)·δ²,  w ← w - lr·δ; arXiv:1212.5701.

    Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.9968, 1.9968], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)

    def memory(self, settings: Mapping[str, Any]) -> dict[str, float]:
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def update(
        self, w: ndarray, g: ndarray, t: int, s: ndarray, u: ndarray, *, lr: float, rho: float, eps: float,
        weight_decay: float,
    ) -> None:  # fmt: skip
        if weight_decay:
            g = g + weight_decay * w
        s *= rho
        s += (1 - rho) * (g * g)
        delta = np.sqrt(u + eps) / np.sqrt(s + eps) * g
        u *= rho
        u += (1 - rho) * (delta * delta)
        w -= lr * delta


class Adam(Optimizer):
    """w ← w - lr·m̂ / (√v̂ + ε), with means m̂ of the gradients and v̂ of their squares; Kingma and Ba, arXiv:1412.6980.

    Backwards in time the gradients have the weights 1, β, β², ... So the sums are m ← β₁·m + g and v ← β₂·v + g², and
    the means m̂ = m / (1 + β₁ + ... + β₁ᵗ⁻¹) = m·(1 - β₁) / (1 - β₁ᵗ) and v̂ likewise. The paper puts the factors 1 - β
    into m and v, which takes two more passes over the arrays. `amsgrad` divides by the largest v so far; Reddi et al.,
    arXiv:1904.09237. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adam([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.75, 1.75], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)

    def memory(self, settings: Mapping[str, Any]) -> dict[str, float]:
        return dict.fromkeys(["m", "v"] + ["largest_v"] * settings["amsgrad"], 0.0)

    def update(
        self, w: ndarray, g: ndarray, t: int, m: ndarray, v: ndarray, *largest: ndarray, lr: float,
        betas: tuple[float, float], eps: float, weight_decay: float, amsgrad: bool,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        if weight_decay:
            g = g + weight_decay * w
        m *= beta1
        m += g
        v *= beta2
        v += g * g
        if amsgrad:
            v = np.maximum(largest[0], v, out=largest[0])
        # As at the end of the paper's section 2, numbers are divided by the sums of the weights instead of arrays.
        n, root = (1 - beta1**t) / (1 - beta1), sqrt((1 - beta2**t) / (1 - beta2))
        w -= lr * root / n * (m / (np.sqrt(v) + eps * root))


class AdamW(Adam):
    """`Adam` with weight decay beside the gradient, w ← w - lr·λ·w first; Loshchilov and Hutter, arXiv:1711.05101.

    Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.AdamW([w], lr=0.25, weight_decay=0.4)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.65, 1.55], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)

    def update(
        self, w: ndarray, g: ndarray, t: int, *memory: ndarray, lr: float, weight_decay: float, **settings: Any
    ) -> None:
        w *= 1 - lr * weight_decay
        super().update(w, g, t, *memory, lr=lr, weight_decay=0.0, **settings)
