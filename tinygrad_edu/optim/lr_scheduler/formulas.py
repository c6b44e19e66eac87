"""Schedules by a formula: the learning rate after t steps, from the first one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import cos, pi, prod
from typing import Any

from ...engine.messages import short, whole_from
from ...errors import DtypeError
from ..optimizer import Optimizer
from .scheduler import LRScheduler

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ExponentialLR", "LambdaLR", "LinearLR",
    "MultiStepLR", "MultiplicativeLR", "PolynomialLR", "StepLR",
]  # fmt: skip


class StepLR(LRScheduler):
    """The learning rate times `gamma` after every `step_size` steps.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [(schedule.step(), schedule.get_last_lr())[1] for _ in range(4)]
    [[0.5], [0.25], [0.25], [0.125]]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        whole_from(1, "StepLR", step_size=step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma ** (t // self.step_size)


class MultiStepLR(LRScheduler):
    """The learning rate times `gamma` at each of the milestones, which are numbers of steps.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> [(schedule.step(), schedule.get_last_lr())[1] for _ in range(4)]
    [[0.25], [0.25], [0.125], [0.125]]
    """

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma ** bisect_right(self.milestones, t)


class ConstantLR(LRScheduler):
    """The learning rate times `factor` until `total_iters` steps are made, then the learning rate itself.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> [(schedule.get_last_lr(), schedule.step())[0] for _ in range(3)]
    [[0.25], [0.25], [0.5]]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        whole_from(1, "ConstantLR", total_iters=total_iters)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * (self.factor if t < self.total_iters else 1.0)


class PolynomialLR(LRScheduler):
    """The learning rate times (1 - t / total_iters) to the `power`, and 0 from there on.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = PolynomialLR(optimizer, total_iters=2, power=2)
    >>> [(schedule.step(), schedule.get_last_lr())[1] for _ in range(3)]
    [[0.125], [0.0], [0.0]]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        whole_from(1, "PolynomialLR", total_iters=total_iters)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return float(base * (1.0 - min(t, self.total_iters) / self.total_iters) ** self.power)


class ExponentialLR(LRScheduler):
    """The learning rate times `gamma` after every step.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma**t


class CosineAnnealingLR(LRScheduler):
    """From the first learning rate to `eta_min` along half a cosine of `T_max` steps; arXiv:1608.03983, equation 5.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=2)
    >>> [round((schedule.step(), schedule.get_last_lr())[1][0], 12) for _ in range(2)]
    [0.25, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        whole_from(1, "CosineAnnealingLR", T_max=T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + cos(pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine again and again: the first of `T_0` steps, each next one `T_mult` times as long; arXiv:1608.03983.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> [round((schedule.get_last_lr(), schedule.step())[0][0], 12) for _ in range(5)]
    [0.5, 0.25, 0.5, 0.25, 0.5]
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        whole_from(1, "CosineAnnealingWarmRestarts", T_0=T_0, T_mult=T_mult)
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        length = self.T_0
        t = t % length if self.T_mult == 1 else t
        while t >= length:
            t, length = t - length, length * self.T_mult
        return self.eta_min + (base - self.eta_min) * (1 + cos(pi * t / length)) / 2


class LinearLR(LRScheduler):
    """A warm-up: the first learning rate times a factor that goes linearly from `start_factor` to `end_factor`.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> [(schedule.get_last_lr(), schedule.step())[0] for _ in range(4)]
    [[0.25], [0.375], [0.5], [0.5]]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        whole_from(1, "LinearLR", total_iters=total_iters)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        done = min(t, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class LambdaLR(LRScheduler):
    """The first learning rate times `lr_lambda(t)`: one function, or a list with one for each group.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = LambdaLR(optimizer, lambda t: 1 / (t + 1))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any) -> None:
        self.lr_lambda = lr_lambda
        if not all(map(callable, lr_lambda if isinstance(lr_lambda, (list, tuple)) else [lr_lambda])):
            raise DtypeError(f"{type(self).__name__}: lr_lambda is a function of t, or a list, not {short(lr_lambda)}")
        super().__init__(optimizer)

    def lr_of_group(self, group: int, base: float, t: int) -> float:
        return float(base * self._of_group("lr_lambda", group)(t))


class MultiplicativeLR(LambdaLR):
    """The learning rate times `lr_lambda(t)` in step t, from 1 on: one function, or a list with one for each group.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = MultiplicativeLR(optimizer, lambda t: 0.5)
    >>> [(schedule.step(), schedule.get_last_lr())[1] for _ in range(2)]
    [[0.25], [0.125]]
    """

    def lr_of_group(self, group: int, base: float, t: int) -> float:
        return base * float(prod(map(self._of_group("lr_lambda", group), range(1, t + 1))))
