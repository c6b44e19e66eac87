"""`LRScheduler`: the base class of the schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine.messages import short
from ...engine.messages.elsewhere import spelt_here
from ...engine.messages.pytorch import TakesPyTorchsArguments
from ...errors import DtypeError, OptimizerError, OutOfRangeError
from ..optimizer import Optimizer

__all__ = ["LRScheduler"]


FACTORS = ("base_lr", "end_factor", "eta_min", "factor", "gamma", "max_lr", "min_lr", "power", "start_factor")
"""What schedules call the numbers that a learning rate is made from."""


@spelt_here
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
        for name in FACTORS:
            value = getattr(self, name, 0)
            if np.min(value) < 0:  # the steps would go uphill
                raise OutOfRangeError(f"{type(self).__name__}: {name} is not negative, and is given as {short(value)}")
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
                    self.base_lrs[i] = max(0.0, (group["lr"] - of_zero) / (of_one - of_zero))

    def _set(self) -> None:
        for i, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs)):
            group["lr"] = self.lr_of_group(i, base, self.last_epoch)
        self._last_lr = self.get_last_lr()

    def get_last_lr(self) -> list[float]:
        """The present learning rates of the groups."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position in the schedule, as numbers; not the arguments that it was made with."""
        self._follow()
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs), "_last_lr": self.get_last_lr()}

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
