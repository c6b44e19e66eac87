"""What `tinygrad-edu train` can train networks to do. A task has the data, the loss, and what is measured."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import nn, plots
from .._support.languages import say, texts
from ..data import (
    MNIST,
    DataLoader,
    Dataset,
    Digits,
    FashionMNIST,
    RandomCrop,
    RandomHorizontalFlip,
    Resize,
    TensorDataset,
)
from ..engine.grad_mode import no_grad
from ..models import discriminator_loss, generator_loss
from ..train import Callback, History, accuracy, fit
from .command import Refusal, at_least

__all__ = ["Against", "Images", "Measure", "Task"]


class Measure(NamedTuple):
    """A metric, and how it is printed, such as "{:.2%}"; `of_loss` for a function of the mean loss instead."""

    metric: Callable[..., Any]
    format: str
    of_loss: bool = False


class Task:
    """What networks are trained to do. A subclass fills in the class attributes, and in `__init__` the data.

    Attributes
    ----------
    options : the options of the command that only this task takes; argparse's settings by name. One that is not given
        is None.
    measures : what is measured beside the loss, by name; the first is the figure of merit.
    about : what the data are, in one line.
    train, test : the examples.
    transforms, test_transforms : of the two loaders.
    example : the shape of one input, or one input, as `nn.summary` takes it.
    """

    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    measures: ClassVar[Mapping[str, Measure]] = {}
    about: str
    train: Dataset
    test: Dataset
    transforms: Sequence[Any] = ()
    test_transforms: Sequence[Any] = ()
    example: Any

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Load the data that the arguments name."""
        raise NotImplementedError

    def loss(self) -> Callable[..., Any]:
        """The loss of predictions and targets."""
        loss: Callable[..., Any] = nn.CrossEntropyLoss()
        return loss

    def write(self, name: str, out: Path) -> list[Path]:
        """Write what else is needed to use the weights; gives the paths."""
        return []

    def picture(self, model: Any) -> plots.Plot | None:
        """What the trained model makes of some test examples, if that can be drawn."""
        return None

    def fit(self, model: Any, optimizer: Any, scheduler: Any, callbacks: Sequence[Callback], arguments: Any) -> History:
        """Train the model; a task that one optimiser and one loss cannot describe has a loop of its own."""
        size, seed = arguments.batch_size, arguments.seed
        return fit(
            model,
            DataLoader(self.train, size, shuffle=True, seed=seed, transform=self.transforms),
            self.loss(),
            optimizer,
            arguments.epochs,
            metrics={name: measure.metric for name, measure in self.measures.items() if not measure.of_loss},
            validation=DataLoader(self.test, size, transform=self.test_transforms),
            scheduler=scheduler,
            callbacks=callbacks,
            threads=arguments.threads,
        )


class Source(NamedTuple):
    """A data set of images: how to load its part to train with, or to test with, from a folder."""

    load: Callable[[Any, bool], TensorDataset]
    classes: Sequence[str]


class Images(Task):
    """Images to classes.

    Attributes
    ----------
    size : the images have size × size pixels.
    channels, classes : how many numbers a pixel has, and how many classes there are.
    """

    sources: ClassVar[Mapping[str, Source]] = {
        "digits": Source(lambda folder, part: Digits(part, size=28), MNIST.classes),
        "mnist": Source(MNIST, MNIST.classes),
        "fashion": Source(FashionMNIST, FashionMNIST.classes),
    }
    changes: ClassVar[Mapping[str, Callable[[int], Any]]] = {
        "shift": lambda size: RandomCrop(size, padding=max(1, size // 14)),
        "flip": lambda size: RandomHorizontalFlip(),
    }
    options: ClassVar = {
        "--dataset": {
            "choices": sources,
            "help": "of images (default: mnist if there is --data, else the digits that ship)",
        },
        "--data": {"metavar": "DIR", "help": "the folder with the four files of MNIST or Fashion-MNIST"},
        "--size": {
            "metavar": "N",
            "type": at_least(1),
            "help": "resize the images to N × N pixels (default: what the network is made for)",
        },
        "--augment": {"nargs": "+", "choices": changes, "help": "change the images to train with at random"},
    }
    measures: ClassVar = {texts("accuracy"): Measure(accuracy, "{:.2%}")}

    def __init__(self, arguments: argparse.Namespace) -> None:
        folder, name = arguments.data, arguments.dataset or ("digits" if arguments.data is None else "mnist")
        if name == "digits" and folder is not None:
            raise Refusal(say("the digits ship with the package: leave out --data, or name another --dataset"))
        source = self.sources[name]
        self.names = source.classes
        self.train, self.test = source.load(folder, True), source.load(folder, False)
        given = self.train.arrays[0].shape
        self.size, self.channels, self.classes = arguments.size, given[1], len(source.classes)
        self.example = (1, self.channels, self.size, self.size)
        self.test_transforms = [Resize(self.size)] if self.size != given[-1] else []
        self.transforms = [*self.test_transforms, *(self.changes[x](self.size) for x in arguments.augment or ())]
        text = texts("{n} images to train with, {m} to test with")
        self.about = say(text, n=f"{len(self.train):,}", m=f"{len(self.test):,}")

    def picture(self, model: Any) -> plots.Plot:
        """The first 18 test images, with the name of the class above that of the prediction."""
        images, labels = self.test.batch(range(min(18, len(self.test))))
        for transform in self.test_transforms:
            images = transform(images, np.random.default_rng(0))
        model.eval()
        with no_grad():
            found = model(images).argmax(axis=1)
        titles = [f"{self.names[label]}\n{self.names[answer]}" for label, answer in zip(labels, found)]
        return plots.images(images.mean(axis=1), titles, columns=9)


def _told_apart(logits: Any, labels: Any) -> float:
    """How often the discriminator is right about logits (N, 2), of real examples and of made ones."""
    real, made = np.asarray(logits).T
    return float((np.sum(real > 0) + np.sum(made < 0)) / (2 * len(real)))


class Against(Task):
    """The digits that ship with the package, of which the generator is to make more."""

    measures: ClassVar = {texts("told apart"): Measure(_told_apart, "{:.2%}")}

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.train, self.test = Digits(), Digits(train=False)
        self.example = (2, 1, 8, 8)
        self.about = say("{n} digits, and as many that the generator makes", n=f"{len(self.train):,}")

    def loss(self) -> Callable[..., Any]:
        """The discriminator's; the generator has its own after each step."""
        return lambda logits, labels: discriminator_loss(logits[:, 0], logits[:, 1])

    def fit(self, model: Any, optimizer: Any, scheduler: Any, callbacks: Sequence[Callback], arguments: Any) -> History:
        """Train the discriminator, and after each of its steps the generator."""
        self.model = model
        return super().fit(model, optimizer, scheduler, [GeneratorsTurn(), *callbacks], arguments)

    def write(self, name: str, out: Path) -> list[Path]:
        """A picture of what the generator makes, where Matplotlib is installed."""
        self.model.eval()
        with no_grad():
            made = self.model.generate(40, seed=0).data
        try:
            return [plots.images(made[:, 0]).save(out / f"{name}-samples.svg")]
        except ImportError:
            return []


class GeneratorsTurn(Callback):
    """A step of the generator after each step of the discriminator, by the same optimiser.

    It leaves out parameters without a gradient. So it is as good as two optimisers, and a checkpoint holds all of it.
    """

    def on_step_end(self, run: Any) -> None:
        """Take the step."""
        run.optimizer.zero_grad()
        made = run.model.generate(run.loader.batch_size)
        generator_loss(run.model.discriminator(made)).backward()
        run.model.discriminator.zero_grad()
        run.optimizer.step()
