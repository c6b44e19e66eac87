"""The networks that `tinygrad-edu train` knows, one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import models, nn
from .tasks import Images, Task

__all__ = ["NETWORKS", "Network"]


class Network(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    task : what it is trained to do.
    build : makes it, for the data of the task.
    settings : the defaults of options for this network, such as `{"size": 224}`.
    """

    task: type[Task]
    build: Callable[[Any], nn.Module]
    settings: Mapping[str, Any] = {}


def images(build: Callable[[int, int], nn.Module], size: int = 28, **settings: Any) -> Network:
    """The row of a network that reads images of one size, made for a number of channels and of classes."""
    return Network(Images, lambda data: build(data.channels, data.classes), {"size": size, **settings})


NETWORKS: dict[str, Network] = {
    "mlp": Network(Images, lambda x: models.mlp(x.channels * x.size**2, classes=x.classes), {"size": 28}),
    "cnn": images(models.cnn),
    "rnn": Network(Images, lambda x: models.rnn(x.size, classes=x.classes), {"size": 28}),
    "lenet": images(models.lenet),
    "resnet18": images(models.resnet18, 96),
}
