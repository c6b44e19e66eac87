"""A generator and a discriminator as a task of `tinygrad-edu train`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .. import plots
from .._support.languages import say, texts
from ..data import Digits
from ..engine.grad_mode import no_grad
from ..models import discriminator_loss, generator_loss
from ..train import Callback, History
from .tasks import Measure, Task

__all__ = ["Against"]


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
