"""The state of a training, and the base class of the callbacks that are told about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite, prod
from typing import Any

from ..engine import random
from ..engine.messages import in_words, short
from ..engine.node import Node, shape_of
from ..errors import DtypeError, FileError, ModuleError, ShapeError, TinygradError
from ..nn import Module
from ..nonfinite import NanReport, find_nan
from .history import History
from .metrics import Metric

__all__ = ["Callback", "NotFiniteError", "Run"]


class Callback:
    """The methods that `fit` calls while it trains. They do nothing; a subclass overrides some of them.

    Each method gets the `Run`, which has the model, the optimizer, the history and so on.

    >>> class Say(Callback):
    ...     def on_epoch_end(self, run):
    ...         print(f"{run.history['loss'][-1]:.3f}")
    """

    def on_fit_begin(self, run: Run) -> None:
        """Before the first epoch."""

    def on_step_end(self, run: Run) -> None:
        """After each step of the optimizer."""

    def on_epoch_end(self, run: Run) -> None:
        """After each epoch and its validation. Its record is in the history already."""

    def should_stop(self, run: Run) -> bool:
        """Before each epoch: whether to end the training."""
        return False


class NotFiniteError(TinygradError, ArithmeticError):
    """A loss that is nan or inf. The weights are those from before the step.

    Attributes
    ----------
    report : of `find_nan`: the operation that gave the first nan or inf.
    history : of the training until then.
    """

    def __init__(self, message: str, report: NanReport, history: History) -> None:
        super().__init__(message)
        self.report, self.history = report, history


@dataclass
class Run:
    """The state of a training, as callbacks see it: the arguments of `fit`, and the history.

    Attributes
    ----------
    metrics : by name.
    epoch : the number of epochs that are complete.
    history : what was measured until now.
    """

    model: Any
    loader: Iterable[Any]
    loss: Any
    optimizer: Any
    epochs: int
    metrics: Mapping[str, Metric]
    validation: Iterable[Any] | None
    scheduler: Any
    callbacks: Sequence[Callback]
    threads: int = 1
    progress: bool = True
    history: History = field(default_factory=History)

    @property
    def epoch(self) -> int:
        """The number of epochs that are complete."""
        return len(self.history.epochs)

    def forward(self, inputs: Sequence[Any], targets: Any) -> tuple[Any, Any]:
        """The predictions and the loss. Raises `NotFiniteError` where the loss is nan or inf."""
        predictions = self.model(*inputs)
        return predictions, self.finite_loss(predictions, targets)

    def finite_loss(self, predictions: Any, targets: Any) -> Any:
        """The loss. Raises `NotFiniteError` where it is nan or inf."""
        loss = one_number(self.loss(predictions, targets))
        if not isfinite(loss.item()):
            report = find_nan(loss)
            step = len(self.history.steps) + 1
            raise NotFiniteError(f"the loss is {loss.item()} at step {step}\n{report}", report, self.history)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on, for `tg.save`."""
        return {"random": random.get_state(), **{name: part.state_dict() for name, part in self._parts().items()}}

    def load_state_dict(self, state: Any) -> None:
        """Continue where another training stopped.

        Raises `FileError` if that had other parts, such as no scheduler, or a part does not fit; then nothing changed.
        """
        parts = self._parts()
        if not isinstance(state, dict) or state.keys() != {*parts, "random"}:
            there = ", ".join(map(str, state)) if isinstance(state, dict) else type(state).__name__
            raise FileError(
                f"fit: the checkpoint is of another training: it holds {there}; this one has random, {', '.join(parts)}"
            )
        with suppress(ModuleError):  # a model without numbers has none to lose
            before = self.state_dict()
        try:
            for name, part in parts.items():
                part.load_state_dict(state[name])
            name = "random"
            random.set_state(state["random"])
        except Exception as error:  # whatever a part says to a state that is not its own
            if state is not before:
                self.load_state_dict(before)
            why = f"its {name} does not fit: {type(error).__name__}: {error}"
            raise FileError(f"fit: the checkpoint is damaged, or of another training: {why}") from None

    def _parts(self) -> dict[str, Any]:
        names = ["model", "optimizer", "scheduler", "loader", "validation", "history"]
        if isinstance(self.loss, Module) and [*self.loss.parameters(), *self.loss.buffers()]:
            names.insert(1, "loss")
        return {name: getattr(self, name) for name in names if hasattr(getattr(self, name), "state_dict")}


def one_number(loss: Any) -> Node:
    """The loss of a batch. Raises `DtypeError` or `ShapeError` for what is not a Value or a Tensor of one number."""
    if not isinstance(loss, Node):
        raise DtypeError(
            f"fit: the loss of a batch is a Value or a Tensor, not {type(loss).__name__} {short(loss)}; "
            "compute it from the predictions, not from their .data"
        )
    if prod(shape_of(loss)) != 1:
        raise ShapeError(
            f"fit: the loss of a batch is one number, not {in_words(loss)}; reduce it with .mean() or .sum()"
        )
    return loss
