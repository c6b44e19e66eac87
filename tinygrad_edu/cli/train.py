"""`tinygrad-edu train`: train a network of the textbook, on data that ship with the package or on files of yours."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import nn, optim
from .._support.languages import say, texts
from ..engine.random import manual_seed
from ..errors import TinygradError
from ..saving import save
from ..train import Callback, Checkpoint, History, NotFiniteError
from .command import Commands, Refusal, above, at_least, command, not_negative, refusing
from .networks import NETWORKS
from .tasks import Measure, Task

__all__ = ["add_to"]


class Optimizer(NamedTuple):
    """An optimiser, and the learning rate that it gets where none is given."""

    make: Callable[..., Any]
    lr: float


OPTIMIZERS = {
    "sgd": Optimizer(optim.SGD, 0.1),
    "adam": Optimizer(optim.Adam, 0.001),
    "adamw": Optimizer(optim.AdamW, 0.001),
    "rmsprop": Optimizer(optim.RMSprop, 0.001),
    "adagrad": Optimizer(optim.Adagrad, 0.01),
    "adadelta": Optimizer(optim.Adadelta, 1.0),
}

SCHEDULES: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda optimizer, epochs: None,
    "linear": lambda optimizer, epochs: optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 - epoch / epochs),
    "cosine": lambda optimizer, epochs: optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs),
    "step": lambda optimizer, epochs: optim.lr_scheduler.MultiStepLR(optimizer, [epochs // 2, epochs * 3 // 4]),
}
"""How the rate changes from epoch to epoch: not at all; in a line or half a cosine to 0; to a tenth at ½ and at ¾."""

INITIAL: dict[str, Callable[[Any], Any]] = {
    "xavier": nn.init.xavier_uniform_,
    "kaiming": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "normal": lambda weight: nn.init.normal_(weight, std=0.01),
}
"""The initial values of weights of two axes or more; biases beside them begin at 0."""

DEFAULTS = {"epochs": 10, "batch_size": 64, "optimizer": "adam", "schedule": "constant"}
"""Where neither an option nor the row of the network says otherwise."""


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, _run_train, "train", "train a network of the textbook")
    add("network", choices=NETWORKS, metavar="NETWORK", help=", ".join(NETWORKS))
    of_tasks = {name: x for network in NETWORKS.values() for name, x in network.task.options.items()}
    for name, settings in of_tasks.items():
        add(name, **settings)
    add("--epochs", metavar="N", type=at_least(1), help="passes over the examples, in all (default: 10)")
    add("--batch-size", metavar="N", type=at_least(1), help="examples in a step (default: 64)")
    add("--optimizer", choices=OPTIMIZERS, help=say("{names} (default: adam)", names=", ".join(OPTIMIZERS)))
    rates = ", ".join(f"{name} {optimizer.lr:g}" for name, optimizer in OPTIMIZERS.items())
    add("--lr", metavar="RATE", type=above(0), help=say("the learning rate (default: {rates})", rates=rates))
    add("--momentum", metavar="M", type=not_negative, help="the optimiser's momentum (default: 0)")
    add("--weight-decay", metavar="D", type=not_negative, help="pulls the weights towards 0 (default: 0)")
    add(
        "--schedule",
        choices=SCHEDULES,
        help=say("of the learning rate: {names} (default: constant)", names=", ".join(SCHEDULES)),
    )
    add(
        "--init",
        choices=INITIAL,
        help=say("initial weights: {names} (default: the network's own)", names=", ".join(INITIAL)),
    )
    add("--seed", metavar="S", type=at_least(0), default=0, help="of all that is random (default: 0)")
    add("--threads", metavar="N", type=at_least(1), default=1, help="that share the work of a step (default: 1)")
    add("--out", metavar="DIR", type=Path, default=Path(), help="the folder for what is written (default: this one)")
    add("--resume", action="store_true", help="go on from the checkpoint there; give the other options as before")


def _run_train(arguments: argparse.Namespace) -> None:
    """Train and test the network, and write weights, curves and summary into the folder."""
    name, out, network = arguments.network, arguments.out, NETWORKS[arguments.network]
    _refuse_options_of_other_tasks(arguments)
    for option, default in {**DEFAULTS, **network.settings}.items():
        if getattr(arguments, option) is None:
            setattr(arguments, option, default)
    checkpoint = out / f"{name}-checkpoint.npz"
    if arguments.resume and not checkpoint.is_file():
        raise Refusal("there is no {file} to resume from", file=checkpoint)
    with refusing(TinygradError, OSError, ImportError):
        out.mkdir(parents=True, exist_ok=True)
        task = network.task(arguments)
        manual_seed(arguments.seed)
        model = network.build(task)
        initialise(model, arguments.init)
        learned = sum(p.size for p in model.parameters())
        print(say("{name}: {n} parameters, seed {seed}", name=name, n=f"{learned:,}", seed=arguments.seed))
        print(task.about, flush=True)
        history = _trained(model, task, arguments, checkpoint)
        for path in [*_written(model, name, out, history, task), *task.write(name, out)]:
            print(path)
    if history.interrupted:
        text = texts("interrupted after {k} of {n} epochs; --resume goes on from there")
        print(say(text, k=len(history.epochs), n=arguments.epochs))
        raise KeyboardInterrupt
    for merit, measure in list(task.measures.items())[:1]:
        reached = _figure(merit, measure, history.epochs[-1], "val_")
        print(say("test {what} after epoch {n}: {number}", what=say(merit), n=history["epoch"][-1], number=reached))


def _refuse_options_of_other_tasks(arguments: argparse.Namespace) -> None:
    """Refuse an option that means nothing to this network."""
    mine = NETWORKS[arguments.network].task.options
    for name, network in NETWORKS.items():
        for option in network.task.options.keys() - mine.keys():
            if getattr(arguments, option.removeprefix("--").replace("-", "_")) is not None:
                text = texts("{option} is an option of {other} and its like; {network} has {options}")
                own = ", ".join(mine) or say("none of its own")
                raise Refusal(text, option=option, other=name, network=arguments.network, options=own)


def initialise(model: nn.Module, how: str | None) -> None:
    """Give the weights other initial values than the layers do by themselves."""
    if how is not None:
        for name, parameter in model.named_parameters():
            if len(parameter.shape) > 1:
                INITIAL[how](parameter)
            elif name.rpartition(".")[2].startswith("bias"):
                nn.init.zeros_(parameter)


def _trained(model: Any, task: Task, arguments: argparse.Namespace, checkpoint: Path) -> History:
    """Train the model; gives the history."""
    optimizer = _optimizer_of(model, arguments)
    scheduler = SCHEDULES[arguments.schedule](optimizer, arguments.epochs)
    report = Report(len(task.train), task.measures)
    callbacks = [Checkpoint(checkpoint, resume=arguments.resume), report]
    try:
        with np.errstate(all="ignore"):  # the error of `fit` says more than NumPy's warnings
            return task.fit(model, optimizer, scheduler, callbacks, arguments)
    except NotFiniteError as error:
        raise Refusal("{error}; try a smaller --lr", error=str(error).splitlines()[0]) from error


def _optimizer_of(model: nn.Module, arguments: argparse.Namespace) -> Any:
    """The optimiser of the model's parameters, with the settings that were given."""
    make, lr = OPTIMIZERS[arguments.optimizer]
    given = {"momentum": arguments.momentum, "weight_decay": arguments.weight_decay}
    settings = {name: x for name, x in given.items() if x is not None}
    for name in settings.keys() - inspect.signature(make).parameters.keys():
        raise Refusal("{optimizer} has no {name}; sgd and rmsprop have", optimizer=arguments.optimizer, name=name)
    return make(model.parameters(), lr=arguments.lr or lr, **settings)


class Report(Callback):
    """Print a line after each epoch."""

    def __init__(self, examples: int, measures: Any) -> None:
        self.examples, self.measures = examples, measures

    def on_epoch_end(self, run: Any) -> None:
        """Print the line."""
        last = run.history.epochs[-1]
        said = say(
            "epoch {epoch}  loss {loss}  {measures}{speed} examples/s",
            epoch=f"{last['epoch']:{len(str(run.epochs))}}/{run.epochs}",
            loss=f"{last['loss']:.4f}",
            measures="".join(self.both(name, measure, last) for name, measure in self.measures.items()),
            speed=f"{self.examples / last['seconds']:,.0f}",
        )
        print(said, flush=True)

    def both(self, name: str, measure: Measure, last: dict[str, Any]) -> str:
        """What was measured on the examples to train with, and to test with."""
        trained, tested = (_figure(name, measure, last, part) for part in ("", "val_"))
        return say("{name} {trained}  test {name} {tested}", name=say(name), trained=trained, tested=tested) + "  "


def _figure(name: str, measure: Measure, epoch: dict[str, Any], part: str) -> str:
    """What was measured in an epoch, in words; `part` is "val_" for the examples to test with."""
    value = measure.metric(epoch[f"{part}loss"]) if measure.of_loss else epoch[f"{part}{name}"]
    return measure.format.format(value)


def _written(model: Any, name: str, out: Path, history: History, task: Task) -> list[Path]:
    """Write the weights, the summary and, where Matplotlib is installed, curves and predictions; gives the paths."""
    weights = save(model.state_dict(), out / f"{name}.npz")
    summary = out / f"{name}-summary.txt"
    summary.write_text(f"{nn.summary(model, task.example)}\n\n{history!r}\n", encoding="utf-8")
    curves = out / f"{name}-history.svg"
    try:
        history.plot(curves)
    except ImportError:
        return [weights, summary]
    picture = task.picture(model)
    drawn = [] if picture is None else [picture.save(out / f"{name}-predictions.svg")]
    return [weights, summary, curves, *drawn]
