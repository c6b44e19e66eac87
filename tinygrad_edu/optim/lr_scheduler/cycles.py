"""Schedules that rise and fall, and move the momentum the opposite way: `CyclicLR` and `OneCycleLR`."""

from __future__ import annotations

from math import cos, pi
from typing import Any

from ...engine.messages import one_of, whole_from
from ...errors import OptimizerError, OutOfRangeError
from ..optimizer import Optimizer
from .scheduler import LRScheduler

__all__ = ["CyclicLR", "OneCycleLR"]


class CyclicLR(LRScheduler):
    """From `base_lr` to `max_lr` and back, again and again, along straight lines; Smith, arXiv:1506.01186.

    Parameters
    ----------
    base_lr, max_lr : the ends; one number, or a list with one for each group. The optimiser's own rate is not used.
    step_size_up, step_size_down : the steps from one end to the other; down as many as up if left out.
    mode : "triangular", "triangular2" (each cycle half as high), "exp_range" (times gammaᵗ).
    cycle_momentum : whether the momentum (β₁ where there is one) goes the other way, from max_ to base_momentum.

    Raises `OptimizerError` for a momentum that the optimiser does not have, `DtypeError` for another mode.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], momentum=0.9)
    >>> schedule = CyclicLR(optimizer, 0.25, 0.75, step_size_up=2)
    >>> [(schedule.get_last_lr(), schedule.step())[0] for _ in range(5)]
    [[0.25], [0.5], [0.75], [0.5], [0.25]]
    """

    def __init__(
        self, optimizer: Optimizer, base_lr: Any, max_lr: Any, step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0, cycle_momentum: bool = True,
        base_momentum: float = 0.8, max_momentum: float = 0.9,
    ) -> None:  # fmt: skip
        one_of(("triangular", "triangular2", "exp_range"), "CyclicLR", mode=mode)
        whole_from(1, "CyclicLR", step_size_up=step_size_up)
        self.base_lr, self.max_lr = base_lr, max_lr
        self.up, self.down = step_size_up, step_size_up if step_size_down is None else step_size_down
        self.mode, self.gamma = mode, gamma
        self.momenta = _momenta(self, optimizer, cycle_momentum, base_momentum, max_momentum)
        super().__init__(optimizer)

    def _height(self, t: int) -> float:
        """Between 0 and 1: how far from the lower end."""
        cycle, place = divmod(t, self.up + self.down)
        height = place / self.up if place <= self.up else (self.up + self.down - place) / self.down
        return height * {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**t}[self.mode]

    def lr_of_group(self, group: int, base: float, t: int) -> float:
        low, high = self._of_group("base_lr", group), self._of_group("max_lr", group)
        return float(low + (high - low) * self._height(t))

    def _set(self) -> None:
        super()._set()
        if self.momenta:
            low, high = self.momenta
            _set_momentum(self.optimizer, high - (high - low) * self._height(self.last_epoch))


class OneCycleLR(LRScheduler):
    """One rise from max_lr / div_factor to `max_lr` and one fall far below; Smith and Topin, arXiv:1708.07120.

    Parameters
    ----------
    max_lr : the highest rate; one number, or a list with one for each group. The optimiser's own rate is not used.
    total_steps : how many calls of `step()` there are, or epochs · steps_per_epoch in its place.
    pct_start : the part of the steps in which the rate rises.
    anneal_strategy : "cos" along half cosines, "linear" along straight lines.
    cycle_momentum : whether the momentum (β₁ where there is one) falls from max_ to base_momentum and rises again.
    final_div_factor : the last rate is the first one divided by this.
    three_phase : whether the fall is first as long as the rise, to the first rate, and then goes on to the last one.

    Raises `OptimizerError` without a count of steps, for a step beyond them, or for a momentum that is not there.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.Value(1.0)], momentum=0.9)
    >>> schedule = OneCycleLR(optimizer, 1.0, total_steps=6, pct_start=0.5, div_factor=4, anneal_strategy="linear")
    >>> [round((schedule.get_last_lr(), schedule.step())[0][0], 3) for _ in range(5)]
    [0.25, 0.625, 1.0, 0.667, 0.333]
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: Any, total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
        cycle_momentum: bool = True, base_momentum: float = 0.85, max_momentum: float = 0.95,
        div_factor: float = 25.0, final_div_factor: float = 1e4, three_phase: bool = False,
    ) -> None:  # fmt: skip
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise OptimizerError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
        self.total_steps = (epochs or 0) * (steps_per_epoch or 0) if total_steps is None else total_steps
        whole_from(1, "OneCycleLR", total_steps=self.total_steps)
        one_of(("cos", "linear"), "OneCycleLR", anneal_strategy=anneal_strategy)
        if not 0 <= pct_start <= 1:
            raise OutOfRangeError(f"OneCycleLR: pct_start is between 0 and 1, not {pct_start}")
        self.max_lr, self.along_cosine = max_lr, anneal_strategy == "cos"
        momenta = self.momenta = _momenta(self, optimizer, cycle_momentum, base_momentum, max_momentum)
        low, high = momenta or (0.0, 0.0)
        first, last, top = 1 / div_factor, 1 / div_factor / final_div_factor, pct_start * self.total_steps - 1
        # Where each line ends, with the rate (of max_lr) and the momentum there.
        self.corners = [(0.0, first, high), (top, 1.0, low), (self.total_steps - 1.0, last, high)]
        if three_phase:
            self.corners.insert(2, (2 * top, first, high))
        super().__init__(optimizer)

    def _at(self, t: int, which: int) -> float:
        """The rate (1), as a part of max_lr, or the momentum (2) after t steps."""
        if t > self.total_steps:
            raise OptimizerError(
                f"OneCycleLR: there are {self.total_steps} steps, and this would be one more; give more total_steps"
            )
        end = next((i for i, corner in enumerate(self.corners) if i and t <= corner[0]), len(self.corners) - 1)
        before, behind = self.corners[end - 1], self.corners[end]
        done = (t - before[0]) / (behind[0] - before[0]) if behind[0] != before[0] else 1.0
        share = (1 - cos(pi * done)) / 2 if self.along_cosine else done
        return before[which] + (behind[which] - before[which]) * share

    def lr_of_group(self, group: int, base: float, t: int) -> float:
        return float(self._of_group("max_lr", group) * self._at(t, 1))

    def _set(self) -> None:
        super()._set()
        if self.momenta:
            _set_momentum(self.optimizer, self._at(self.last_epoch, 2))


def _momenta(schedule: Any, optimizer: Any, wanted: bool, low: float, high: float) -> tuple[float, float] | None:
    """The momenta between which a cycle goes, if it is to change them."""
    if wanted and not {"momentum", "betas"} & getattr(optimizer, "defaults", {"betas": ()}).keys():
        raise OptimizerError(f"{type(schedule).__name__}: this optimiser has no momentum; write cycle_momentum=False")
    return (low, high) if wanted else None


def _set_momentum(optimizer: Optimizer, momentum: float) -> None:
    for group in optimizer.param_groups:
        if "betas" in group:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum
