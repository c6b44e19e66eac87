"""`History`: the losses and metrics of a training, as a table and as curves."""

from __future__ import annotations

import os
from functools import partial
from io import BytesIO
from typing import Any

from .._support.formats import format_of, save_as
from .._support.text import clean
from ..plots import PALETTE

__all__ = ["History"]


class History:
    """The losses and metrics that `fit` measured.

    Attributes
    ----------
    epochs : a record for each epoch: `{"epoch": 1, "loss": ..., "accuracy": ..., "val_loss": ..., "lr": ...,
        "seconds": ...}`; the seconds are those of the training, without the validation.
    steps : the loss of each step.
    interrupted : whether Ctrl-C ended the training.

    `history["loss"]` is a column: the values of all epochs.

    >>> history = History()
    >>> history.epochs += [{"epoch": 1, "loss": 0.9}, {"epoch": 2, "loss": 0.45}]
    >>> history["loss"]
    [0.9, 0.45]
    >>> history
    epoch    loss
        1  0.9000
        2  0.4500
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, Any]] = []
        self.steps: list[float] = []
        self.interrupted = False

    def __getitem__(self, name: str) -> list[Any]:
        try:
            return [record[name] for record in self.epochs]
        except KeyError:
            there = ", ".join(self.epochs[0])
            raise KeyError(f"the history has no column {name!r}, but {there}") from None

    def __repr__(self) -> str:
        if not self.epochs:
            return f"History: no epoch is complete, after {len(self.steps)} steps"
        names = [clean(name) for name in self.epochs[0]]
        rows = [names, *([_cell(x) for x in record.values()] for record in self.epochs)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(text.rjust(width) for text, width in zip(row, widths)) for row in rows)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw the loss of each step and each epoch, and beside it the metrics, with Matplotlib.

        With a path the picture is saved there, in the format of its extension: .svg, .png or .pdf; the file appears
        complete or not at all. Otherwise `plt.show()` or the notebook shows it. Gives the Axes. Raises `ImportError`
        where Matplotlib is missing, and `FileError` for another extension.
        """
        if path is not None:
            format_of(path, FORMATS, function="plot")
        axes = self._drawn()
        if path is not None:
            save_as(path, FORMATS, axes, function="plot")
        return axes

    def picture(self) -> bytes:
        """The same as the content of a PNG file."""
        return _finished(self._drawn(), "png")

    def _drawn(self) -> Any:
        """The Axes of a new figure."""
        try:
            import matplotlib.pyplot as plt
        except ModuleNotFoundError:
            raise ImportError("History.plot needs Matplotlib: pip install matplotlib") from None
        metrics = [name for name, x in (self.epochs[0] if self.epochs else {}).items() if _is_metric(name, x)]
        panels = 2 if metrics else 1
        _, axes = plt.subplots(1, panels, figsize=(5 * panels, 3.6), squeeze=False, layout="constrained")
        self._draw_loss(axes[0, 0])
        if metrics:
            self._draw_metrics(axes[0, 1], metrics)
        return axes[0]

    def _draw_loss(self, axis: Any) -> None:
        """The loss of each step in the background; an epoch's mean at its middle, its validation loss at its end."""
        axis.plot(
            range(1, len(self.steps) + 1), self.steps, color=PALETTE[5], alpha=0.45, linewidth=0.8, label="each step"
        )
        length = len(self.steps) / max(1, len(self.epochs))
        for name, label, style, place in (("loss", "training", "-o", 0.5), ("val_loss", "validation", "--s", 1.0)):
            if self.epochs and name in self.epochs[0]:
                steps = [length * (i + place) for i in range(len(self.epochs))]
                axis.plot(steps, self[name], style, color=COLOURS[label], markersize=4, label=label)
        axis.set(xlabel="step", ylabel="loss", title="Loss")
        axis.set_ylim(bottom=0 if min(self.steps, default=0) >= 0 else None)
        axis.grid(alpha=0.25)
        axis.legend(frameon=False)

    def _draw_metrics(self, axis: Any, metrics: list[str]) -> None:
        """A line for each metric: solid for the training, dashed for the validation."""
        markers = dict(zip(dict.fromkeys(name.removeprefix("val_") for name in metrics), "osD^v*"))
        for name in metrics:
            metric = name.removeprefix("val_")
            kind, line = ("training", "-") if name == metric else ("validation", "--")
            axis.plot(
                self["epoch"], self[name], line, marker=markers.get(metric, "."), markersize=4, color=COLOURS[kind],
                label=clean(f"{metric}, {kind}").replace("$", r"\$"),  # as text, not as mathematics
            )  # fmt: skip
        axis.set(xlabel="epoch", title="Metrics")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.25)
        axis.legend(frameon=False)

    def state_dict(self) -> dict[str, Any]:
        """The history as lists and dicts."""
        return {"epochs": self.epochs, "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue the history of another training."""
        epochs, steps = list(state["epochs"]), list(state["steps"])
        if not all(isinstance(record, dict) for record in epochs) or not all(type(x) is float for x in steps):
            raise TypeError("epochs are dicts, and steps are floats")
        self.epochs, self.steps = epochs, steps


def _finished(axes: Any, kind: str) -> bytes:
    """The figure that these Axes are of, as the content of a file of a kind such as "png"; it is not shown again."""
    from matplotlib import pyplot

    content = BytesIO()
    axes[0].figure.savefig(content, format=kind)
    pyplot.close(axes[0].figure)
    return content.getvalue()


FORMATS = {f".{kind}": partial(_finished, kind=kind) for kind in ("svg", "png", "pdf")}
COLOURS = {"training": PALETTE[0], "validation": PALETTE[1]}


def _is_metric(name: str, x: Any) -> bool:
    """Whether a column holds a metric that can be drawn."""
    return name not in ("epoch", "loss", "val_loss", "lr", "seconds") and isinstance(x, (int, float))


def _cell(x: Any) -> str:
    """A value as text in the table."""
    if isinstance(x, float):
        return f"{x:.4f}" if 1e-3 <= abs(x) < 1e4 or x == 0 else f"{x:.3g}"
    return str(x) if isinstance(x, int) else f"{type(x).__name__}{getattr(x, 'shape', '')}"
