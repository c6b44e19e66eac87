"""The optimisers. Each `update` is the formula of its paper, on arrays, in place.

w is the parameter, g its gradient, t the number of the step, from 1 on. `weight_decay` λ adds λ/2·w² to the loss, and
so λ·w to the gradient, except in `AdamW`. With `maximize` all climb instead. Where papers differ
in detail, the formula is PyTorch's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import OptimizerError
from .optimizer import Optimizer, options_in

__all__ = [
    "ASGD", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop",
]  # fmt: skip


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
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
        weight_decay: float = 0.0, nesterov: bool = False, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def _options(self, group: Mapping[str, Any]) -> dict[str, Any]:
        options = super()._options(group)
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise OptimizerError("SGD: Nesterov's momentum needs a momentum above 0, and no dampening")
        return options

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if options["momentum"] else {}

    def update(self, w: ndarray, g: ndarray, t: int, *memory: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        momentum = options["momentum"]
        if momentum:
            (v,) = memory
            v *= momentum
            v += g if t == 1 else (1 - options["dampening"]) * g
            g = g + momentum * v if options["nesterov"] else v
        w -= options["lr"] * g


class Adam(Optimizer):
    """w ← w - lr·m̂ / (√v̂ + ε), with means m̂ of the gradients and v̂ of their squares; Kingma and Ba, arXiv:1412.6980.

    m ← β₁·m + (1 - β₁)·g begins at 0, so m̂ = m / (1 - β₁ᵗ) is the mean of what was added; v and v̂ likewise. `amsgrad`
    divides by the largest v so far; Reddi et al., arXiv:1904.09237. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adam([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.75, 1.75], requires_grad=True)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, amsgrad: bool = False, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return dict.fromkeys(["m", "v"] + ["largest_v"] * options["amsgrad"], 0.0)

    def update(self, w: ndarray, g: ndarray, t: int, m: ndarray, v: ndarray, *largest: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        beta1, beta2 = options["betas"]
        step = np.asarray((1 - beta1) * g)  # the one array of its own, which becomes the step
        m *= beta1
        m += step
        np.multiply(g, g, out=step)
        step *= 1 - beta2
        v *= beta2
        v += step
        if options["amsgrad"]:
            v = np.maximum(largest[0], v, out=largest[0])
        # As at the end of the paper's section 2, numbers are divided by the sums of the weights instead of arrays.
        root = sqrt(1 - beta2**t)
        np.sqrt(v, out=step)
        step += options["eps"] * root
        np.divide(m, step, out=step)
        step *= options["lr"] * root / (1 - beta1**t)
        w -= step


class AdamW(Adam):
    """`Adam` with the weight decay apart from the gradient: first w ← w - lr·λ·w; Loshchilov, Hutter, arXiv:1711.05101.

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
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def update(self, w: ndarray, g: ndarray, t: int, *memory: ndarray, **options: Any) -> None:
        w *= 1 - options["lr"] * options["weight_decay"]
        super().update(w, g, t, *memory, **{**options, "weight_decay": 0.0})


class Adamax(Optimizer):
    """`Adam` with the largest gradient in place of the mean square: u ← max(β₂·u, |g| + ε), w ← w - lr·m̂ / u.

    Kingma and Ba, arXiv:1412.6980, algorithm 2. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adamax([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.75, 1.75], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"m": 0.0, "u": 0.0}

    def update(self, w: ndarray, g: ndarray, t: int, m: ndarray, u: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        beta1, beta2 = options["betas"]
        _average(m, g, beta1)
        np.maximum(beta2 * u, np.abs(g) + options["eps"], out=u)
        w -= options["lr"] / (1 - beta1**t) * (m / u)


class NAdam(Optimizer):
    """`Adam` with Nesterov's momentum: w ← w - lr·(μ′·m / (1 - Πμ·μ′) + (1 - μ)·g / (1 - Πμ)) / (√v̂ + ε).

    Here μ = β₁·(1 - 0.96^(t·momentum_decay) / 2), μ′ is that of the next step, and Πμ the product of all so far; Dozat,
    "Incorporating Nesterov momentum into Adam" (2016). `decoupled_weight_decay` is that of `AdamW`. Raises as
    `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.NAdam([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.7359, 1.7359], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"m": 0.0, "v": 0.0, "mu_product": 1.0}

    def update(self, w: ndarray, g: ndarray, t: int, m: ndarray, v: ndarray, product: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        beta1, beta2 = options["betas"]
        mu, following = (beta1 * (1 - 0.5 * 0.96 ** (k * options["momentum_decay"])) for k in (t, t + 1))
        product *= mu
        _average(m, g, beta1)
        _average(v, g * g, beta2)
        ahead = (1 - mu) / (1 - product) * g + following / (1 - product * following) * m
        w -= options["lr"] * ahead / (np.sqrt(v / (1 - beta2**t)) + options["eps"])


class RAdam(Optimizer):
    """`Adam`, but w ← w - lr·m̂ while the mean of squares is too uncertain, and then first with small steps.

    With ρ∞ = 2 / (1 - β₂) - 1 and ρ = ρ∞ - 2·t·β₂ᵗ / (1 - β₂ᵗ), a step of Adam is made for ρ > 5, times
    √((ρ - 4)·(ρ - 2)·ρ∞ / ((ρ∞ - 4)·(ρ∞ - 2)·ρ)); Liu et al., arXiv:1908.03265. `decoupled_weight_decay` is that of
    `AdamW`. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.RAdam([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.5, 1. ], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, decoupled_weight_decay: bool = False, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"m": 0.0, "v": 0.0}

    def update(self, w: ndarray, g: ndarray, t: int, m: ndarray, v: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        beta1, beta2 = options["betas"]
        _average(m, g, beta1)
        _average(v, g * g, beta2)
        step = options["lr"] / (1 - beta1**t) * m
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            certainty = sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
            step *= certainty * sqrt(1 - beta2**t) / (np.sqrt(v) + options["eps"])
        w -= step


class Rprop(Optimizer):
    """w ← w - s·sign(g) with a step s for each number: longer after two equal signs, shorter after two others.

    s begins as lr, is multiplied by one of the `etas`, and kept between the `step_sizes`; where the signs differ no
    step is made. Riedmiller and Braun, "A direct adaptive method for faster backpropagation" (1993). It is for full
    batches. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Rprop([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.75, 1.75], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0), maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"previous": 0.0, "step_size": options["lr"]}

    def update(self, w: ndarray, g: ndarray, t: int, previous: ndarray, step: ndarray, **options: Any) -> None:
        shorter, longer = options["etas"]
        agree = np.sign(g * previous)
        step *= np.where(agree > 0, longer, np.where(agree < 0, shorter, 1.0))
        np.clip(step, *options["step_sizes"], out=step)
        previous[...] = np.where(agree < 0, 0.0, g)
        w -= np.sign(previous) * step


class ASGD(Optimizer):
    """w ← (1 - lambd·η)·w - η·g with η = lr / (1 + lambd·lr·(t - 1))^alpha; the mean of all w from step t0 on is `ax`.

    The η of a step is found in the step before, from the lr of then. `optimizer.state[w]["ax"]` is the mean; Polyak and
    Juditsky, "Acceleration of stochastic approximation by averaging" (1992). Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.ASGD([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.5, 1. ], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0.0, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"ax": 0.0, "eta": options["lr"]}

    def update(self, w: ndarray, g: ndarray, t: int, ax: ndarray, eta: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        lr, lambd = options["lr"], options["lambd"]
        w *= 1 - lambd * eta
        w -= eta * g
        ax += (w - ax) / max(1, t - 1 - options["t0"])
        eta[...] = lr / (1 + lambd * lr * t) ** options["alpha"]


class RMSprop(Optimizer):
    """s ← α·s + (1 - α)·g²,  w ← w - lr·g / (√s + ε); Tieleman and Hinton, lecture 6.5 of "Neural networks" (2012).

    `centered` takes the variance s - m² instead of s, where m ← α·m + (1 - α)·g; Graves, arXiv:1308.0850, equations 38
    to 45. With momentum μ the quotients add up: b ← μ·b + g / (√s + ε), w ← w - lr·b. Raises as `Optimizer`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.9, 1.9], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        names = ["square_avg"] + ["momentum_buffer"] * bool(options["momentum"]) + ["grad_avg"] * options["centered"]
        return dict.fromkeys(names, 0.0)

    def update(self, w: ndarray, g: ndarray, t: int, s: ndarray, *rest: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        alpha = options["alpha"]
        _average(s, g * g, alpha)
        spread = s
        if options["centered"]:
            m = rest[-1]
            _average(m, g, alpha)
            spread = s - m * m
        quotient = g / (np.sqrt(spread) + options["eps"])
        if options["momentum"]:
            b = rest[0]
            b *= options["momentum"]
            b += quotient
            quotient = b
        w -= options["lr"] * quotient


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
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0, eps: float = 1e-10, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"sum": options["initial_accumulator_value"]}

    def update(self, w: ndarray, g: ndarray, t: int, s: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        s += g * g
        lr = options["lr"] / (1 + (t - 1) * options["lr_decay"])
        w -= lr * g / (np.sqrt(s) + options["eps"])


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
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, **options_in(locals()))

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def update(self, w: ndarray, g: ndarray, t: int, s: ndarray, u: ndarray, **options: Any) -> None:
        g = _decayed(g, w, options)
        rho, eps = options["rho"], options["eps"]
        _average(s, g * g, rho)
        delta = np.sqrt(u + eps) / np.sqrt(s + eps) * g
        _average(u, delta * delta, rho)
        w -= options["lr"] * delta


def _decayed(g: ndarray, w: ndarray, options: Mapping[str, Any]) -> ndarray:
    """The gradient with the weight decay: g + λ·w; or g after the decay of `AdamW`, apart from it."""
    if options.get("decoupled_weight_decay"):
        w *= 1 - options["lr"] * options["weight_decay"]
        return g
    return g + options["weight_decay"] * w if options["weight_decay"] else g


def _average(mean: ndarray, new: ndarray, share: float) -> None:
    """mean ← share·mean + (1 - share)·new: a running mean that forgets the past."""
    mean *= share
    mean += (1 - share) * new
