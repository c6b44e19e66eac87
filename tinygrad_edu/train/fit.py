"""The training loop `fit`: the loop that you would write yourself, with a progress bar, a history and callbacks.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu import nn, optim
>>> _ = tg.manual_seed(0)
>>> loader = tg.data.DataLoader(tg.data.xor(64), batch_size=16, shuffle=True)
>>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
>>> loss = nn.CrossEntropyLoss()
>>> optimizer = optim.Adam(model.parameters(), lr=0.05)

By hand:

>>> for epoch in range(5):
...     for X, y in loader:
...         optimizer.zero_grad()
...         loss(model(X), y).backward()
...         optimizer.step()

The same:

>>> history = tg.train.fit(model, loader, loss, optimizer, epochs=5, metrics=[tg.train.accuracy])
>>> history["accuracy"][-1]
1.0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import nan
from time import perf_counter
from typing import Any

from .._support.nested import leaves
from .._support.progress import NoBar, progress_bar
from ..data import Dataset
from ..engine.convert import array_of
from ..engine.memory import collecting_rarely, keep_freed_memory
from ..engine.messages import short, whole_from
from ..errors import DtypeError, OptimizerError, ShapeError
from ..nn import Module
from ..nn.module import evaluating
from ..optim.lr_scheduler import ReduceLROnPlateau
from .history import History
from .metrics import Metric, Running, arrays
from .parallel import crew, split_batch
from .run import Callback, Run, one_number

__all__ = ["evaluate", "fit"]

Metrics = Mapping[str, Metric] | Sequence[Metric]
"""Metrics by name, or functions, whose names are taken."""


def fit(
    model: Any,
    loader: Iterable[Any],
    loss: Any,
    optimizer: Any,
    epochs: int,
    metrics: Metrics = (),
    validation: Iterable[Any] | None = None,
    scheduler: Any = None,
    callbacks: Sequence[Callback] = (),
    threads: int = 1,
    progress: bool = True,
) -> History:
    """Train a model.

    Parameters
    ----------
    model : an `nn.Module`; it is called on all parts of a batch but the last.
    loader : batches such as (images, labels); a `DataLoader`, or a list.
    loss : the function to minimise, `loss(model(images), labels)`.
    optimizer : of the parameters of the model.
    epochs : the number of passes over the loader in all, with those of a checkpoint.
    metrics : functions of predictions and targets, such as `[accuracy]` or `{"top 5": top_k}`. The metrics of an epoch
        are those of the predictions made during it.
    validation : batches to evaluate on after each epoch; their columns in the history begin with `val_`.
    scheduler : of `optim.lr_scheduler`, stepped after each epoch.
    callbacks : `EarlyStopping`, `Checkpoint`, `SaveBest`, `LivePlot`, or your own.
    threads : the number of Python threads that share each batch. The numbers are the same but for rounding, also those
        of batch norm, and of dropout and `tg.randn`, which draw for the whole batch. What a model does with its
        examples together by itself, such as take their mean, draw from a generator of NumPy's or count its calls, each
        thread does with its part. Several threads pay for convolutional and recurrent networks, if as many cores are
        idle.
    progress : whether to show a bar for each epoch, in terminals and notebooks, if tqdm is installed.

    Ctrl-C ends the training and keeps what was learned. The model is left in training or evaluation mode, as it was.

    Raises `NotFiniteError` where the loss becomes nan or inf, with a report of the operation that made it so;
    `DtypeError` for an argument of the wrong type, such as a dataset in place of a loader, or a generator, which is
    used up after one pass; `OptimizerError` for an optimizer that has no parameter of the model, such as that of an
    earlier one; `ShapeError` for a loader without batches; `ModuleError` for several threads on batches that
    do not lie along the first axis, or on a model that would give other numbers there: it draws random numbers that are
    not for each example, changes a tensor in place, or does not do the same for all examples.
    """
    _check_arguments(model, loader, loss, optimizer, epochs, validation, scheduler, callbacks)
    whole_from(1, "fit", threads=threads)
    run = Run(
        model, loader, loss, optimizer, epochs, _named(metrics), validation, scheduler, callbacks, threads, progress
    )
    keep_freed_memory()
    was_training = model.training
    try:
        for callback in callbacks:
            callback.on_fit_begin(run)
        with crew(threads) as pool, collecting_rarely():
            while run.epoch < epochs and not any(callback.should_stop(run) for callback in callbacks):
                _one_epoch(run, pool)
    except KeyboardInterrupt:
        run.history.interrupted = True
    finally:
        model.train(was_training)
    return run.history


def _check_arguments(
    model: Any, loader: Any, loss: Any, optimizer: Any, epochs: int, validation: Any, scheduler: Any, callbacks: Any
) -> None:
    """Raise the error for arguments of `fit` that are of another kind, or used up before the last epoch."""
    _refuse("fit", model, loss, loader=loader, **({} if validation is None else {"validation": validation}))
    if not hasattr(optimizer, "param_groups"):
        raise DtypeError(
            f"fit: the optimizer is one of optim, such as Adam(model.parameters()), not {short(optimizer)}"
        )
    learning = {p for p in model.parameters() if p.requires_grad}
    stepped = {p for group in optimizer.param_groups for p in group["params"]}
    if learning and learning.isdisjoint(stepped):
        raise OptimizerError(
            "fit: the optimizer has no parameter of this {kind}, which would learn nothing: was the model made anew? "
            "Make the optimizer from its model.parameters()",
            kind=type(model).__name__,
        )
    if scheduler is not None and not hasattr(scheduler, "step"):
        raise DtypeError(f"fit: the scheduler is one of optim.lr_scheduler, not {short(scheduler)}")
    if not all(isinstance(x, Callback) for x in callbacks):
        raise DtypeError(
            "fit: callbacks are a list of objects such as train.EarlyStopping(), or of a class derived from "
            f"train.Callback, not {short(callbacks)}"
        )
    whole_from(0, "fit", epochs=epochs)
    for batches in (loader, validation):
        if epochs > 1 and isinstance(batches, Iterator):
            raise DtypeError(
                f"fit: {type(batches).__name__} is used up after one pass, and {epochs} epochs iterate over it again; "
                "give a list or a DataLoader"
            )


def _one_epoch(run: Run, pool: ThreadPoolExecutor | None) -> None:
    """Train for an epoch, evaluate, and add the record to the history."""
    begin = perf_counter()
    record = {"epoch": run.epoch + 1, **_train_epoch(run, pool)}
    seconds = perf_counter() - begin
    if run.validation is not None:
        found = evaluate(run.model, run.validation, run.loss, run.metrics)
        record |= {f"val_{name}": figure for name, figure in found.items()}
    record |= {"lr": run.optimizer.param_groups[0]["lr"], "seconds": seconds}
    run.history.epochs.append(record)
    if isinstance(run.scheduler, ReduceLROnPlateau):
        run.scheduler.step(record.get("val_loss", record["loss"]))
    elif run.scheduler is not None:
        run.scheduler.step()
    for callback in run.callbacks:
        callback.on_epoch_end(run)


def _train_epoch(run: Run, pool: ThreadPoolExecutor | None) -> dict[str, Any]:
    """Take a step for each batch of the loader; gives the mean loss and the metrics."""
    run.model.train()
    figures = Figures(run.metrics)
    description = f"epoch {run.epoch + 1}/{run.epochs}"
    with progress_bar(_length(run.loader), description, unit="batch") if run.progress else NoBar() as bar:
        for inputs, targets in map(_parts_of, run.loader):
            run.optimizer.zero_grad()
            value, predictions = _forward_and_backward(run, pool, inputs, targets)
            run.optimizer.step()
            run.history.steps.append(value)
            figures.update(value, _weight_of(run.loss, targets), predictions, targets)
            for callback in run.callbacks:
                callback.on_step_end(run)
            bar.set_postfix({"loss": f"{figures.loss():.4f}"}, refresh=False)
            bar.update()
    return figures.values()


def _forward_and_backward(
    run: Run, pool: ThreadPoolExecutor | None, inputs: Sequence[Any], targets: Any
) -> tuple[float, Any]:
    """The loss of a batch, and the predictions; the parameters get their gradients."""
    if pool is not None:
        parameters = [p for group in run.optimizer.param_groups for p in group["params"] if p.requires_grad]
        return split_batch(pool, run.threads, run.model, run.finite_loss, parameters, inputs, targets)
    predictions, loss = run.forward(inputs, targets)
    loss.backward()
    return loss.item(), predictions


def evaluate(model: Any, loader: Iterable[Any], loss: Any, metrics: Metrics = ()) -> dict[str, Any]:
    """The mean loss and the metrics of a model over a loader, in evaluation mode and without recording.

    It is one number, however the loader makes batches: each batch counts by what its mean is over, its examples or, for
    losses with `ignore_index` and class weights, the weights of the classes that are not ignored. For a loss
    with `reduction="sum"` it is the sum.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> test = tg.data.DataLoader(tg.data.Digits(train=False), batch_size=100)
    >>> list(evaluate(model, test, nn.CrossEntropyLoss(), [tg.train.accuracy]))
    ['loss', 'accuracy']
    """
    _refuse("evaluate", model, loss, loader=loader)
    figures = Figures(_named(metrics))
    with evaluating(model):
        for inputs, targets in map(_parts_of, loader):
            predictions = model(*inputs)
            value = one_number(loss(predictions, targets)).item()
            figures.update(value, _weight_of(loss, targets), predictions, targets)
    return figures.values()


class Figures:
    """The mean loss and the metrics of a pass, so far."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.losses: list[tuple[float, float | None]] = []
        self.metrics = {name: Running(metric) for name, metric in metrics.items()}

    def update(self, loss: float, weight: float | None, predictions: Any, targets: Any) -> None:
        """Add a batch: its loss, and what it counts for; None for a loss that is a sum."""
        self.losses.append((loss, weight))
        for metric in self.metrics.values():
            metric.update(predictions, targets)

    def loss(self) -> float:
        """The mean loss of the batches so far; nan where nothing was counted."""
        if any(weight is None for _, weight in self.losses):
            return sum(loss for loss, _ in self.losses)
        counted = [(loss, weight) for loss, weight in self.losses if weight]
        return sum(loss * weight for loss, weight in counted) / (sum(weight for _, weight in counted) or nan)

    def values(self) -> dict[str, Any]:
        """The loss and all metrics."""
        if not self.losses:
            raise ShapeError("fit: the loader gave no batches; is its dataset empty, or smaller than a full batch?")
        return {"loss": self.loss(), **{name: metric.value() for name, metric in self.metrics.items()}}


def _weight_of(loss: Any, targets: Any) -> float | None:
    """What the mean of a batch is over: its examples, or the weights of the classes that are not ignored.

    None for a loss that is a sum. The settings are those of a loss module, or of a `functools.partial`.

    >>> from tinygrad_edu import nn
    >>> _weight_of(nn.CrossEntropyLoss(ignore_index=0), [0, 1, 1]), _weight_of(nn.MSELoss(), [[0.0, 0.0]] * 3)
    (2.0, 3.0)
    """
    settings = getattr(loss, "keywords", None) or getattr(loss, "__dict__", {})
    if settings.get("reduction") == "sum":
        return None
    classes = leaves(arrays(targets))[0]
    if ("ignore_index" not in settings and settings.get("weight") is None) or classes.dtype.kind not in "iu":
        return float(len(classes))
    counted = classes[classes != settings.get("ignore_index", -100)]
    weights = settings.get("weight")
    return float(counted.size if weights is None else array_of(weights)[counted].sum())


def _parts_of(batch: Any) -> tuple[list[Any], Any]:
    """The inputs and the targets of a batch. Raises `DtypeError` for what is no tuple of at least two parts."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        what = f"{len(batch)} part" if isinstance(batch, (tuple, list)) else short(batch)
        raise DtypeError(f"fit: a batch is a tuple such as (images, labels), inputs before targets, not {what}")
    *inputs, targets = batch
    return inputs, targets


def _refuse(function: str, model: Any, loss: Any, **loaders: Any) -> None:
    """Raise `DtypeError` for arguments that are not a module, a loss and loaders, such as a bare dataset."""
    if not isinstance(model, Module):
        raise DtypeError(f"{function}: the model is a module of nn, not {type(model).__name__} {short(model)}")
    if not callable(loss):
        raise DtypeError(f"{function}: the loss is a function, such as nn.CrossEntropyLoss(), not {short(loss)}")
    for name, loader in loaders.items():
        if isinstance(loader, Dataset):
            raise DtypeError(
                f"{function}: {name} needs batches, and {type(loader).__name__} gives examples; "
                "write DataLoader(dataset, batch_size=64, shuffle=True)"
            )
        if not isinstance(loader, Iterable) or isinstance(loader, str):
            raise DtypeError(f"{function}: {name} needs batches, such as a DataLoader gives, not {short(loader)}")


def _named(metrics: Any) -> Mapping[str, Metric]:
    """Metrics by name. Raises `DtypeError` for one that is not a function, or has no name."""
    if not isinstance(metrics, Iterable) or isinstance(metrics, str):
        raise DtypeError(f"fit: metrics are a list or a dict of functions, not {short(metrics)}")
    by_name = metrics if isinstance(metrics, Mapping) else {getattr(m, "__name__", ""): m for m in metrics}
    for name, metric in by_name.items():
        if not (name and callable(metric)):
            raise DtypeError(
                f"fit: a metric is a function such as train.accuracy, or under a name in a dict, not {short(metric)}"
            )
    return by_name


def _length(loader: Iterable[Any]) -> int | None:
    """The number of batches, if it is known."""
    with suppress(TypeError):
        return len(loader)  # type: ignore[arg-type]
    return None
