"""Schedules of the learning rate: `lr` gives it after t calls of `step()`, usually one an epoch.

A schedule works from the learning rates that the groups had when the first schedule of the optimiser was made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import cos, inf, pi
from typing import Any

from ..engine.messages import short
from ..errors import DtypeError, OptimizerError, OutOfRangeError
from .optimizer import Optimizer

__all__ = [
    "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "ReduceLROnPlateau", "SequentialLR",
    "StepLR",
]  # fmt: skip


class LRScheduler:
    """The base class of schedules. Subclasses define `lr`.

    Attributes
    ----------
    last_epoch : the number of calls of `step()`.
    base_lrs : the learning rates of the groups before any schedule.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DtypeError(f"{type(self).__name__}: the first argument is an optimiser, not {short(optimizer)}")
        self.optimizer = optimizer
        self.last_epoch = 0
        # A second schedule begins where the first began.
        self.base_lrs = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self._set()

    def lr(self, base: float, t: int) -> float:
        """The learning rate of a group after `t` calls of `step()`, from its first learning rate `base`."""
        raise NotImplementedError(f"{type(self).__name__}: a schedule defines lr(self, base, t)")

    def step(self) -> None:
        """Go on to the next learning rate."""
        self.last_epoch += 1
        self._set()

    def _set(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lrs):
            group["lr"] = self.lr(base, self.last_epoch)

    def get_last_lr(self) -> list[float]:
        """The present learning rates of the groups."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position in the schedule, as numbers; not the arguments that it was made with."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: Any) -> None:
        """Continue from a `state_dict()` of such a schedule; raises `OptimizerError` for any other."""
        own = self.state_dict()
        if not isinstance(state_dict, Mapping) or state_dict.keys() != own.keys():
            raise OptimizerError(f"{type(self).__name__}: a state has {', '.join(own)}, not {short(state_dict)}")
        if "base_lrs" in own and len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise OptimizerError(f"{type(self).__name__}: the state is of another number of groups")
        for name, value in state_dict.items():
            setattr(self, name, list(value) if isinstance(value, (list, tuple)) else value)


class StepLR(LRScheduler):
    """The learning rate times `gamma` after every `step_size` steps.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [(schedule.step(), schedule.get_last_lr())[1] for _ in range(4)]
    [[0.5], [0.25], [0.25], [0.125]]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        _whole("StepLR", "step_size", step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma ** (t // self.step_size)


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
        _whole("CosineAnnealingLR", "T_max", T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + cos(pi * t / self.T_max)) / 2


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
        _whole("LinearLR", "total_iters", total_iters)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        done = min(t, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class LambdaLR(LRScheduler):
    """The first learning rate times `lr_lambda(t)`.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = LambdaLR(optimizer, lambda t: 1 / (t + 1))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.lr_lambda(t)


class SequentialLR(LRScheduler):
    """Several schedules, one after the other: each milestone is the number of steps after which the next one begins.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> warm_up, decay = LinearLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)
    >>> schedule = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> [(schedule.get_last_lr(), schedule.step())[0] for _ in range(5)]
    [[0.25], [0.375], [0.5], [0.25], [0.125]]
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[Any], milestones: Sequence[int]) -> None:
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        if len(self.milestones) != len(self.schedulers) - 1 or self.milestones != sorted(self.milestones):
            raise OptimizerError(
                f"SequentialLR: {len(self.schedulers)} schedules have {len(self.schedulers) - 1} milestones between "
                f"them, in order; not {self.milestones}"
            )
        if any(not isinstance(s, LRScheduler) or s.optimizer is not optimizer for s in self.schedulers):
            raise OptimizerError("SequentialLR: the schedules are all of this optimiser")
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        place = bisect_right(self.milestones, t)
        schedule: LRScheduler = self.schedulers[place]
        return schedule.lr(base, t - self.milestones[place - 1] if place else t)


class ReduceLROnPlateau(LRScheduler):
    """The learning rate times `factor` when a loss (`mode` "min") or a score ("max") has stopped improving.

    An improvement is larger than `threshold`, relative to the best so far ("rel") or absolute ("abs"). After more than
    `patience` calls without one the rate is reduced, at most to `min_lr`; the next `cooldown` calls do not count.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in [1.0, 1.0, 1.0]:
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        for name, value, known in (("mode", mode, ("min", "max")), ("threshold_mode", threshold_mode, ("rel", "abs"))):
            if value not in known:
                raise DtypeError(f"ReduceLROnPlateau: {name} is {known[0]!r} or {known[1]!r}, not {short(value)}")
        if not factor < 1:
            raise OutOfRangeError(f"ReduceLROnPlateau: factor is below 1, not {factor}")
        self.mode, self.factor, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.min_lr, self.eps = threshold_mode, cooldown, min_lr, eps
        self.best: float = inf if mode == "min" else -inf
        self.bad_epochs = self.cooldown_left = 0
        super().__init__(optimizer)

    def _set(self) -> None:
        """Nothing: the learning rates stay as they are until they are reduced."""

    def step(self, metrics: float) -> None:  # type: ignore[override]
        """Count one more loss or score, and reduce the learning rates if it is time."""
        metrics = float(metrics)
        self.last_epoch += 1
        if self._better(metrics):
            self.best, self.bad_epochs = metrics, 0
        else:
            self.bad_epochs += 1
        if self.cooldown_left:
            self.cooldown_left -= 1
            self.bad_epochs = 0
        if self.bad_epochs > self.patience:
            for group in self.optimizer.param_groups:
                reduced = max(group["lr"] * self.factor, self.min_lr)
                if group["lr"] - reduced > self.eps:
                    group["lr"] = reduced
            self.cooldown_left, self.bad_epochs = self.cooldown, 0

    def _better(self, metrics: float) -> bool:
        change = -self.threshold if self.mode == "min" else self.threshold
        goal = self.best * (1 + change) if self.threshold_mode == "rel" else self.best + change
        return metrics < goal if self.mode == "min" else metrics > goal

    def state_dict(self) -> dict[str, Any]:
        own = {"best": self.best, "bad_epochs": self.bad_epochs, "cooldown_left": self.cooldown_left}
        return {**super().state_dict(), **own}


def _whole(schedule: str, name: str, x: Any) -> None:
    if not isinstance(x, int) or x < 1:
        raise OutOfRangeError(f"{schedule}: {name} is a whole number from 1 on, not {short(x)}")
