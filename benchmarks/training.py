"""A training step written once for two libraries with the same names: ours and PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy import ndarray

from .harness import OURS, Contestant, Run, peer


class Library:
    """Ours or PyTorch: `nn` and `optim`, whose names are the same, and what is called differently."""

    def __init__(self, contestant: str) -> None:
        found = peer(OURS if contestant == "ours" else contestant)
        self.nn, self.optim = found.nn, found.optim
        self.tensor: Callable[[ndarray], Any] = found.tensor if contestant == "ours" else found.from_numpy
        self.wrap: Callable[[ndarray], Any] = np.asarray if contestant == "ours" else found.from_numpy

    def load(self, model: Any, names: Iterable[str], parameters: Iterable[ndarray]) -> None:
        """Give a model its parameters."""
        model.load_state_dict({name: self.wrap(array) for name, array in zip(names, parameters, strict=True)})

    def step(
        self, model: Callable[[Any], Any], optimizer: Any, inputs: ndarray, labels: ndarray, outputs: Sequence[Any]
    ) -> Run:
        """zero_grad, forward, cross-entropy, backward, step; a run gives the loss and the `outputs`."""
        loss_function, x, y = self.nn.CrossEntropyLoss(), self.tensor(inputs), self.wrap(labels)

        def run() -> Sequence[Any]:
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            optimizer.step()
            return loss, *outputs

        return run


def contestants(make: Callable[..., Run], *arguments: Any) -> list[Contestant]:
    """Ours and PyTorch, each made by `make(contestant, *arguments)`."""
    return [Contestant(name, partial(make, name, *arguments)) for name in ("ours", "torch")]


def uniform(rng: np.random.Generator, shapes: Iterable[tuple[int, ...]]) -> list[ndarray]:
    """Weight and bias of each layer in float32, uniform within ±1/√fan_in, from the shapes of the weights."""
    parameters = []
    for shape in shapes:
        bound = np.prod(shape[1:]) ** -0.5
        parameters += [rng.uniform(-bound, bound, size).astype(np.float32) for size in (shape, shape[0])]
    return parameters
