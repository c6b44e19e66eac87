"""`ReduceLROnPlateau`: the schedule that watches a loss."""

from __future__ import annotations

from math import inf
from typing import Any

from ...engine.messages import one_of
from ...engine.messages.elsewhere import spelt_here
from ...errors import OutOfRangeError
from ..optimizer import Optimizer
from .scheduler import LRScheduler

__all__ = ["ReduceLROnPlateau"]


@spelt_here
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
        one_of(("min", "max"), "ReduceLROnPlateau", mode=mode)
        one_of(("rel", "abs"), "ReduceLROnPlateau", threshold_mode=threshold_mode)
        if not factor < 1:
            raise OutOfRangeError(f"ReduceLROnPlateau: factor is below 1, not {factor}")
        self.mode, self.factor, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.min_lr, self.eps = threshold_mode, cooldown, min_lr, eps
        self.best: float = inf if mode == "min" else -inf
        self.bad_epochs = self.cooldown_left = 0
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base  # until a loss says otherwise

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
