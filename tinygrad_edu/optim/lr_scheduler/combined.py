"""Several schedules as one: after one another (`SequentialLR`), or stepped together (`ChainedScheduler`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import OptimizerError
from ..optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler

__all__ = ["ChainedScheduler", "SequentialLR"]


class SequentialLR(LRScheduler):
    """Several schedules, one after the other: each milestone is the number of steps after which the next one begins.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> from tinygrad_edu.optim.lr_scheduler import ExponentialLR, LinearLR
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
        _check_schedules(self, optimizer, self.schedulers)
        for group in optimizer.param_groups:  # what the schedules changed when they were made
            group["lr"] = group["initial_lr"]
        super().__init__(optimizer)

    def lr_of_group(self, group: int, base: float, t: int) -> float:
        place = bisect_right(self.milestones, t)
        schedule: LRScheduler = self.schedulers[place]
        return schedule.lr_of_group(group, base, t - self.milestones[place - 1] if place else t)


class ChainedScheduler(LRScheduler):
    """Several schedules that are stepped together, each from the rate that the one before it leaves: they multiply.

    Raises `OptimizerError` unless all are of one optimiser and need nothing to be stepped.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], lr=0.5)
    >>> from tinygrad_edu.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> schedule = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)])
    >>> [(schedule.get_last_lr(), schedule.step())[0] for _ in range(3)]
    [[0.25], [0.125], [0.125]]
    """

    def __init__(self, schedulers: Sequence[Any], optimizer: Optimizer | None = None) -> None:
        self.schedulers = list(schedulers)
        if not self.schedulers:
            raise OptimizerError("ChainedScheduler: there are no schedules to chain")
        first: Any = getattr(self.schedulers[0], "optimizer", None) if optimizer is None else optimizer
        _check_schedules(self, first, self.schedulers)
        self.optimizer = first
        self.last_epoch = 0

    def step(self) -> None:
        """Step all schedules, in their order."""
        self.last_epoch += 1
        for schedule in self.schedulers:
            schedule.step()

    def state_dict(self) -> dict[str, Any]:
        return {"last_epoch": self.last_epoch, "schedulers": [schedule.state_dict() for schedule in self.schedulers]}

    def load_state_dict(self, state_dict: Any) -> None:
        states = state_dict.get("schedulers") if isinstance(state_dict, Mapping) else None
        if not isinstance(states, Sequence) or len(states) != len(self.schedulers):
            raise OptimizerError(f"ChainedScheduler: a state has a list 'schedulers' of {len(self.schedulers)} states")
        for schedule, state in zip(self.schedulers, states):
            schedule.load_state_dict(state)
        self.last_epoch = state_dict["last_epoch"]


def _check_schedules(schedule: Any, optimizer: Any, parts: Sequence[Any]) -> None:
    """Refuse schedules of another optimiser, and those that have no rate for a number of steps."""
    name = type(schedule).__name__
    if any(not isinstance(part, LRScheduler) or part.optimizer is not optimizer for part in parts):
        raise OptimizerError(f"{name}: the schedules are all of this optimiser")
    sequential = isinstance(schedule, SequentialLR)
    for part in parts:
        if isinstance(part, ReduceLROnPlateau) or (sequential and isinstance(part, ChainedScheduler)):
            raise OptimizerError(
                f"{name}: {type(part).__name__} computes no rate from a number of steps; call its step() yourself"
            )
