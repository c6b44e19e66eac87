"""Callbacks: what `fit` does besides training, such as stopping early or saving. Subclass `Callback` for your own."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

from .._support.formats import format_of
from ..saving import FORMATS, load, save
from .run import Callback, Run

__all__ = ["Checkpoint", "EarlyStopping", "LivePlot", "SaveBest"]


class EarlyStopping(Callback):
    """Stop when a column of the history has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : the column.
    patience : how many epochs to wait.
    best : `min` where less is better, `max` where more is.
    min_delta : a change that is not larger is no improvement.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn, optim
    >>> model = nn.Linear(2, 2)
    >>> loader = tg.data.DataLoader(tg.data.xor(20), batch_size=10)
    >>> parts = model, loader, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.0)  # it learns nothing
    >>> stop = EarlyStopping("loss", patience=2)
    >>> len(tg.train.fit(*parts, epochs=100, callbacks=[stop]).epochs)
    3
    """

    def __init__(
        self, monitor: str = "val_loss", patience: int = 3, best: Callable[..., Any] = min, min_delta: float = 0.0
    ) -> None:
        self.monitor, self.patience, self.best, self.min_delta = monitor, patience, best, min_delta

    def should_stop(self, run: Run) -> bool:
        """Look back in the history: so a checkpoint of the history is enough to continue."""
        values = run.history[self.monitor]
        improved = 0
        for i, value in enumerate(values):
            if _improves(value, values[improved], self.best, self.min_delta):
                improved = i
        return len(values) - improved > self.patience


def _improves(value: float, other: float, best: Callable[..., Any], min_delta: float = 0.0) -> bool:
    """Whether a value is better than another, by more than `min_delta`: nan never is, and all else is better than nan.

    >>> _improves(0.5, 0.6, best=min), _improves(float("nan"), 0.6, best=min), _improves(0.5, float("nan"), best=max)
    (True, False, True)
    """
    if isnan(value) or isnan(other):
        return not isnan(value)
    return bool(best(value, other) == value != other and abs(value - other) > min_delta)


class Checkpoint(Callback):
    """Save the whole state of a training after each epoch, so that it can continue after an interruption.

    The file holds the weights of the model, and of a loss that has some, the states of optimizer and scheduler, the
    history, the position in the order of the examples and the state of the random numbers. So a resumed training gives
    the same numbers, bit for bit, as one that was never interrupted. The file is replaced in one step: even `kill -9`
    leaves a complete one.

    With `resume=True`, `fit` continues from the file, if there is one; model, loss, optimizer, loader and scheduler
    must be made as they were.

    Raises `FileError` for another extension than .npz, and for a file that is damaged or of another training.

    >>> import tempfile, tinygrad_edu as tg
    >>> from tinygrad_edu import nn, optim
    >>> folder = tempfile.TemporaryDirectory()
    >>> def training(epochs):
    ...     model = nn.Linear(2, 2)
    ...     loader = tg.data.DataLoader(tg.data.xor(20), batch_size=10, shuffle=True)
    ...     optimizer = optim.Adam(model.parameters())
    ...     checkpoint = Checkpoint(f"{folder.name}/checkpoint.npz", resume=True)
    ...     return tg.train.fit(model, loader, nn.CrossEntropyLoss(), optimizer, epochs, callbacks=[checkpoint])
    >>> first, both = training(epochs=2), training(epochs=3)
    >>> both.steps[:4] == first.steps, len(both.steps)
    (True, 6)
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str], resume: bool = False) -> None:
        format_of(path, {".npz": None}, function="Checkpoint")
        self.path, self.resume = Path(path), resume

    def on_fit_begin(self, run: Run) -> None:
        """Load the file."""
        if self.resume and self.path.exists():
            run.load_state_dict(load(self.path))

    def on_epoch_end(self, run: Run) -> None:
        """Save."""
        save(run.state_dict(), self.path)


class SaveBest(Callback):
    """Save the weights, a `state_dict()`, of the epoch that is best in a column of the history.

    `best` is `min` where less is better, `max` where more is. Load the weights with
    `model.load_state_dict(tg.load(path))`. Raises `FileError` for another extension than `tg.save` has.

    >>> SaveBest("best.npz", "val_accuracy", best=max).path.name
    'best.npz'
    """

    def __init__(self, path: str | os.PathLike[str], monitor: str = "val_loss", best: Callable[..., Any] = min) -> None:
        format_of(path, FORMATS, function="SaveBest")
        self.path, self.monitor, self.best = Path(path), monitor, best

    def on_epoch_end(self, run: Run) -> None:
        """Save, if no earlier epoch was as good."""
        *before, value = run.history[self.monitor]
        if not isnan(value) and all(_improves(value, other, self.best) for other in before):
            save(run.model.state_dict(), self.path)


class LivePlot(Callback):
    """Draw the curves of the history in a notebook, and replace them after each epoch.

    Needs Matplotlib: `fit(..., callbacks=[LivePlot()])`.
    """

    def __init__(self) -> None:
        self._display: Any = None

    def on_epoch_end(self, run: Run) -> None:
        """Draw."""
        from IPython import display

        image = display.Image(run.history.picture())
        if self._display is None:
            self._display = display.display(image, display_id=True)
        else:
            self._display.update(image)
