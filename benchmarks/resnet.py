"""ResNet-18 for images of one channel and ten classes, batch 8, 96 × 96, one training step with SGD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .harness import OURS, Contestant, Run, Timed, at_most, peer

BATCH, SIDE = 8, 96
LR = 0.01


def inputs() -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 1, 96, 96) in float32, and labels (N,)."""
    rng = np.random.default_rng(8)
    return rng.standard_normal((BATCH, 1, SIDE, SIDE), np.float32), rng.integers(0, 10, BATCH)


def network(nn: Any) -> Any:
    """He et al., "Deep Residual Learning for Image Recognition" (2016), table 1; in a library with PyTorch's names."""

    class Residual(nn.Module):  # type: ignore[misc]
        """Two convolutions, and the input added; through a 1 × 1 convolution where its shape changes."""

        def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels_out)
            self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(channels_out)
            self.relu = nn.ReLU()
            self.shortcut = nn.Sequential()
            if stride > 1:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False), nn.BatchNorm2d(channels_out)
                )

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    sizes = [
        (64, 64, 1),
        (64, 64, 1),
        (64, 128, 2),
        (128, 128, 1),
        (128, 256, 2),
        (256, 256, 1),
        (256, 512, 2),
        (512, 512, 1),
    ]
    return nn.Sequential(
        nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        *(Residual(*size) for size in sizes),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip


def start(model: Any, wrap: Any) -> None:
    """The same first numbers in every library, drawn in the order of the state's names."""
    rng = np.random.default_rng(9)
    state = {}
    for name, array in model.state_dict().items():
        shape = tuple(array.shape)
        if len(shape) > 1:  # He et al. (2015): a variance of 2 / fan_in
            state[name] = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        else:
            state[name] = np.array(array)
    state["14.bias"] = np.zeros(10, np.float32)
    model.load_state_dict({name: wrap(array) for name, array in state.items()})


def ours() -> Run:
    tg = peer(OURS)
    from tinygrad_edu import nn, optim

    images, labels = inputs()
    model, loss_function = network(nn), nn.CrossEntropyLoss()
    start(model, lambda array: array)
    optimizer = optim.SGD(model.parameters(), lr=LR)
    x = tg.tensor(images)

    def run() -> Sequence[Any]:
        optimizer.zero_grad()
        loss = loss_function(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss, model[0].weight, model[8].conv1.weight, model[14].weight

    return run


def torch() -> Run:
    library = peer("torch")
    images, labels = inputs()
    model, loss_function = network(library.nn), library.nn.CrossEntropyLoss()
    start(model, library.from_numpy)
    optimizer = library.optim.SGD(model.parameters(), lr=LR)
    x, y = library.from_numpy(images), library.from_numpy(labels)

    def run() -> Sequence[Any]:
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss, model[0].weight, model[8].conv1.weight, model[14].weight

    return run


WORKLOADS = (
    Timed(
        name="resnet",
        computes=f"ResNet-18, one channel, ten classes, batch {BATCH}, {SIDE} × {SIDE}, one step of SGD, float32",
        outputs=("loss", "first convolution", "a convolution in the middle", "last layer"),
        contestants=(Contestant("ours", ours), Contestant("torch", torch)),
        targets=(at_most(1.5, "ours", "torch"),),
        rtol=1e-3,
        atol=1e-5,
    ),
)
