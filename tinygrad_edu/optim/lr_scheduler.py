"""Schedules of the learning rate: `lr` gives it after t calls of `step()`, usually one an epoch.

Several schedules of one optimiser, all stepped, multiply: each goes on from the rate that it finds. If another schedule
or the user has changed that rate, the schedule works out the first rate that would have led to it, and goes on from
there. `SequentialLR` lets one schedule begin where another ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import cos, inf, pi, prod
from typing import TYPE_CHECKING, Any

from ..engine.messages import short
from ..engine.messages.pytorch import TakesPyTorchsArguments, missing
from ..errors import DtypeError, OptimizerError, OutOfRangeError
from .optimizer import Optimizer

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)


class LRScheduler(TakesPyTorchsArguments):
    """The base class of schedules. Subclasses define `lr`, which is linear in its first learning rate.

    Attributes
    ----------
    last_epoch : the number of calls of `step()`.
    base_lrs : the first learning rate of each group, as this schedule sees it.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DtypeError(f"{type(self).__name__}: the first argument is an optimiser, not {short(optimizer)}")
        self.optimizer = optimizer
        self.last_epoch = 0
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self._set()

    def lr(self, base: float, t: int) -> float:
        """The learning rate of a group after `t` calls of `step()`, from its first learning rate `base`."""
        raise NotImplementedError(f"{type(self).__name__}: a schedule defines lr(self, base, t)")

    def lr_of_group(self, group: int, base: float, t: int) -> float:
        """The same for the group of this number; schedules that tell groups apart define this one."""
        return self.lr(base, t)

    def _of_group(self, name: str, group: int) -> Any:
        """An argument for a group: that of a list, or the one for all."""
        given, groups = getattr(self, name), len(self.optimizer.param_groups)
        if not isinstance(given, (list, tuple)):
            return given
        if len(given) != groups:
            raise OptimizerError(f"{type(self).__name__}: {name} has {len(given)} for {groups} groups of parameters")
        return given[group]

    def step(self) -> None:
        """Go on to the next learning rate."""
        self._follow()
        self.last_epoch += 1
        self._set()

    def _follow(self) -> None:
        """Take new groups in, and for a rate that others have changed the first rate that leads to it."""
        for i, group in enumerate(self.optimizer.param_groups):
            if i == len(self.base_lrs):  # added since
                self.base_lrs.append(group.setdefault("initial_lr", group["lr"]))
                self._last_lr.append(group["lr"] + 1.0)
            if group["lr"] != self._last_lr[i]:
                of_zero, of_one = (self.lr_of_group(i, base, self.last_epoch) for base in (0.0, 1.0))
                if of_one != of_zero:
                    self.base_lrs[i] = (group["lr"] - of_zero) / (of_one - of_zero)

    def _set(self) -> None:
        for i, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs)):
            group["lr"] = self.lr_of_group(i, base, self.last_epoch)
        self._last_lr = self.get_last_lr()

    def get_last_lr(self) -> list[float]:
        """The present learning rates of the groups."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position in the schedule, as numbers; not the arguments that it was made with."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs), "_last_lr": list(self._last_lr)}

    def load_state_dict(self, state_dict: Any) -> None:
        """Continue from a `state_dict()` of such a schedule, with its learning rates; else raises `OptimizerError`."""
        own = self.state_dict()
        if not isinstance(state_dict, Mapping) or state_dict.keys() != own.keys():
            raise OptimizerError(f"{type(self).__name__}: a state has {', '.join(own)}, not {short(state_dict)}")
        if len(state_dict["_last_lr"]) != len(self.optimizer.param_groups):
            raise OptimizerError(
                f"{type(self).__name__}: the state is of {len(state_dict['_last_lr'])} groups of parameters, and the "
                f"optimiser has {len(self.optimizer.param_groups)}"
            )
        for name, value in state_dict.items():
            setattr(self, name, list(value) if isinstance(value, (list, tuple)) else value)
        for group, rate in zip(self.optimizer.param_groups, self._last_lr):
            group["lr"] = rate


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
        _whole("PolynomialLR", "total_iters", total_iters)
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
        _whole("CosineAnnealingLR", "T_max", T_max)
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
        _whole("CosineAnnealingWarmRestarts", "T_0", T_0)
        _whole("CosineAnnealingWarmRestarts", "T_mult", T_mult)
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
        _whole("LinearLR", "total_iters", total_iters)
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
        if mode not in ("triangular", "triangular2", "exp_range"):
            raise DtypeError(f"CyclicLR: mode is 'triangular', 'triangular2' or 'exp_range', not {short(mode)}")
        _whole("CyclicLR", "step_size_up", step_size_up)
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
        _whole("OneCycleLR", "total_steps", self.total_steps)
        if anneal_strategy not in ("cos", "linear"):
            raise DtypeError(f"OneCycleLR: anneal_strategy is 'cos' or 'linear', not {short(anneal_strategy)}")
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
            raise OptimizerError(f"ChainedScheduler: a state has those of {len(self.schedulers)} 'schedulers'")
        for schedule, state in zip(self.schedulers, states):
            schedule.load_state_dict(state)
        self.last_epoch = state_dict["last_epoch"]


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
        self._last_lr = self.get_last_lr()

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
        self._last_lr = self.get_last_lr()

    def _better(self, metrics: float) -> bool:
        change = -self.threshold if self.mode == "min" else self.threshold
        goal = self.best * (1 + change) if self.threshold_mode == "rel" else self.best + change
        return metrics < goal if self.mode == "min" else metrics > goal

    def state_dict(self) -> dict[str, Any]:
        own = {"best": self.best, "bad_epochs": self.bad_epochs, "cooldown_left": self.cooldown_left}
        return {**super().state_dict(), **own}


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


def _check_schedules(schedule: Any, optimizer: Any, parts: Sequence[Any]) -> None:
    name = type(schedule).__name__
    if any(not isinstance(part, LRScheduler) or part.optimizer is not optimizer for part in parts):
        raise OptimizerError(f"{name}: the schedules are all of this optimiser")
    sequential = isinstance(schedule, SequentialLR)
    for part in parts:
        if isinstance(part, ReduceLROnPlateau) or (sequential and isinstance(part, ChainedScheduler)):
            raise OptimizerError(f"{name}: {type(part).__name__} has no rate for a number of steps; step it by itself")


def _whole(schedule: str, name: str, x: Any) -> None:
    if not isinstance(x, int) or x < 1:
        raise OutOfRangeError(f"{schedule}: {name} is a whole number from 1 on, not {short(x)}")
