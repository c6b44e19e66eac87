"""`tinygrad-edu train`: train a network of the textbook on MNIST, or on the digits that ship with the package."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import models, nn, optim
from ..data import MNIST, DataLoader, Digits, TensorDataset
from ..engine.random import manual_seed
from ..errors import TinygradError
from ..saving import save
from ..train import Callback, Checkpoint, History, NotFiniteError, accuracy, fit
from .command import Commands, Refusal, above, at_least, command, refusing

__all__ = ["add_to"]

NETWORKS: dict[str, Callable[[], nn.Module]] = {"mlp": models.mlp, "cnn": models.cnn, "rnn": models.rnn}


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, run_train, "train", "train a network of the textbook to read handwritten digits")
    add("network", choices=NETWORKS, metavar="NETWORK", help=", ".join(NETWORKS))
    add("--data", metavar="DIR", help="the folder with the four files of MNIST (default: the digits of the package)")
    add("--epochs", metavar="N", type=at_least(1), default=10, help="passes over the images, in all (default: 10)")
    add("--batch-size", metavar="N", type=at_least(1), default=64, help="images in a step (default: 64)")
    add("--lr", metavar="RATE", type=above(0), default=0.001, help="Adam's learning rate (default: 0.001)")
    add("--seed", metavar="S", type=at_least(0), default=0, help="of all that is random (default: 0)")
    add("--threads", metavar="N", type=at_least(1), default=1, help="that share the work of a step (default: 1)")
    add("--out", metavar="DIR", type=Path, default=Path(), help="the folder for what is written (default: this one)")
    add("--resume", action="store_true", help="go on from the checkpoint there; give the other options as before")


def run_train(arguments: argparse.Namespace) -> None:
    """Train and test the network, and write weights, curves and summary into the folder."""
    name, out = arguments.network, arguments.out
    checkpoint = out / f"{name}-checkpoint.npz"
    if arguments.resume and not checkpoint.is_file():
        raise Refusal(f"there is no {checkpoint} to resume from")
    with refusing(TinygradError, OSError, ImportError):
        out.mkdir(parents=True, exist_ok=True)
        train, test = images(arguments.data)
        manual_seed(arguments.seed)
        model = NETWORKS[name]()
        print(f"{name}: {sum(p.size for p in model.parameters()):,} parameters, seed {arguments.seed}")
        print(f"{len(train):,} images to train with, {len(test):,} to test with", flush=True)
        history = trained(model, train, test, arguments, checkpoint)
        for path in written(model, name, out, history, train.arrays[0][:1].shape):
            print(path)
    if history.interrupted:
        print(f"interrupted after {len(history.epochs)} of {arguments.epochs} epochs; --resume goes on from there")
        raise KeyboardInterrupt
    print(f"test accuracy after epoch {history['epoch'][-1]}: {history['val_accuracy'][-1]:.2%}")


def images(folder: str | None) -> tuple[TensorDataset, TensorDataset]:
    """The training and the test set."""
    if folder is None:
        return Digits(size=28), Digits(train=False, size=28)
    return MNIST(folder), MNIST(folder, train=False)


def trained(
    model: Any, train: TensorDataset, test: TensorDataset, arguments: argparse.Namespace, checkpoint: Path
) -> History:
    """Train the model; gives the history."""
    loader = DataLoader(train, arguments.batch_size, shuffle=True, seed=arguments.seed)
    optimizer = optim.Adam(model.parameters(), lr=arguments.lr)
    try:
        with np.errstate(all="ignore"):  # the error of `fit` says more than NumPy's warnings
            return fit(
                model,
                loader,
                nn.CrossEntropyLoss(),
                optimizer,
                arguments.epochs,
                metrics=[accuracy],
                validation=DataLoader(test, batch_size=500),
                callbacks=[Checkpoint(checkpoint, resume=arguments.resume), Report(len(train))],
                threads=arguments.threads,
            )
    except NotFiniteError as error:
        raise Refusal(f"{str(error).splitlines()[0]}; try a smaller --lr") from error


class Report(Callback):
    """Print a line after each epoch."""

    def __init__(self, examples: int) -> None:
        self.examples = examples

    def on_epoch_end(self, run: Any) -> None:
        """Print the line."""
        last = run.history.epochs[-1]
        print(
            f"epoch {last['epoch']:{len(str(run.epochs))}}/{run.epochs}  loss {last['loss']:.4f}  "
            f"accuracy {last['accuracy']:.2%}  test accuracy {last['val_accuracy']:.2%}  "
            f"{self.examples / last['seconds']:,.0f} examples/s",
            flush=True,
        )


def written(model: Any, name: str, out: Path, history: History, shape: tuple[int, ...]) -> list[Path]:
    """Write the weights, the summary and, where Matplotlib is installed, the curves; gives the paths."""
    weights = save(model.state_dict(), out / f"{name}.npz")
    summary = out / f"{name}-summary.txt"
    summary.write_text(f"{nn.summary(model, shape)}\n\n{history!r}\n", encoding="utf-8")
    curves = out / f"{name}-history.svg"
    try:
        history.plot(curves)
    except ImportError:
        return [weights, summary]
    return [weights, summary, curves]
