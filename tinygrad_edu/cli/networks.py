"""The networks that `tinygrad-edu train` knows, one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import models, nn
from .tasks import Against, Images, Task
from .texts import Gaps, NextToken, NextTokenByRNN

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


def images(build: Callable[..., nn.Module], size: int = 28, *, sized: bool = False) -> Network:
    """The row of a network that reads images, made for their channels, their classes and, if `sized`, their size."""
    return Network(Images, lambda data: build(data.channels, data.classes, *[data.size] * sized), {"size": size})


OF_TEXT = {"block": 64, "channels": 64, "layers": 2, "heads": 4, "batch_size": 16, "optimizer": "adamw", "lr": 0.003}

NETWORKS: dict[str, Network] = {
    "mlp": Network(Images, lambda data: models.mlp(data.channels * data.size**2, classes=data.classes), {"size": 28}),
    "cnn": images(models.cnn),
    "rnn": Network(Images, lambda data: models.rnn(data.size, classes=data.classes), {"size": 28}),
    "lenet": images(models.lenet),
    "bn_lenet": images(models.bn_lenet),
    "lenet5": Network(Images, lambda data: models.lenet5(data.channels), {"size": 32}),
    "alexnet": images(models.alexnet, 224, sized=True),
    "alexnet_2012": images(models.alexnet_2012, 224, sized=True),
    "alexnet_small": images(models.alexnet_small, sized=True),
    "vgg11": images(models.vgg11, 224, sized=True),
    "vgg13": images(models.vgg13, 224, sized=True),
    "vgg16": images(models.vgg16, 224, sized=True),
    "vgg19": images(models.vgg19, 224, sized=True),
    "vgg_small": images(models.vgg_small, sized=True),
    "nin": images(models.nin, 224),
    "nin_small": images(models.nin_small),
    "googlenet": images(models.googlenet, 96),
    "googlenet_small": images(models.googlenet_small),
    "resnet18": images(models.resnet18, 96),
    "resnet34": images(models.resnet34, 96),
    "resnet50": images(models.resnet50, 96),
    "resnet_small": images(models.resnet_small),
    "densenet": images(models.densenet, 96),
    "densenet121": images(models.densenet121, 96),
    "densenet_small": images(models.densenet_small),
    "char_rnn": Network(
        NextTokenByRNN,
        lambda data: models.char_rnn(**data.sizes),
        {"block": 64, "channels": 128, "layers": 1, "cell": "lstm", "batch_size": 16, "lr": 0.003},
    ),
    "gan": Network(Against, lambda data: models.gan(), {"epochs": 80, "optimizer": "rmsprop", "lr": 0.0005}),
    "gpt": Network(NextToken, lambda data: models.gpt(**data.sizes), OF_TEXT),
    "bert": Network(Gaps, lambda data: models.bert(**data.sizes), OF_TEXT),
}
