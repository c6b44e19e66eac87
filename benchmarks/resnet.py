"""ResNet-18 for images of one channel and ten classes, batch 8, 96 × 96, one training step with SGD."""

from __future__ import annotations

from typing import Any

import numpy as np

from .harness import Run, Timed, at_most
from .training import Library, contestants

BATCH, SIDE = 8, 96
LR = 0.01
NAMES = ("0.weight", "1.running_var", "8.conv1.weight", "14.weight")
"""What is compared."""


def inputs() -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 1, 96, 96) in float32, and labels (N,)."""
    rng = np.random.default_rng(8)
    return rng.standard_normal((BATCH, 1, SIDE, SIDE), np.float32), rng.integers(0, 10, BATCH)


def residual(nn: Any) -> Any:
    """The class of a block: two convolutions, and the input added; through a 1 × 1 convolution if its shape changes."""

    class Residual(nn.Module):  # type: ignore[misc]
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

    return Residual


def network(nn: Any) -> Any:
    """He et al., "Deep Residual Learning for Image Recognition" (2016), table 1; in a library with PyTorch's names."""
    Residual = residual(nn)
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


def start(library: Library, model: Any) -> None:
    """Load the same initial parameters in both libraries, drawn in the order of the names in the state."""
    rng = np.random.default_rng(9)
    state = {name: np.array(array) for name, array in model.state_dict().items()}
    for name, array in state.items():
        if array.ndim > 1:  # He et al. (2015): a variance of 2 / fan_in
            state[name] = rng.normal(0, (2 / np.prod(array.shape[1:])) ** 0.5, array.shape).astype(np.float32)
        elif name.endswith("bias"):
            state[name] = np.zeros_like(array)
    library.load(model, state, state.values())


def library(contestant: str) -> Run:
    library = Library(contestant)
    images, labels = inputs()
    model = network(library.nn)
    start(library, model)
    optimizer = library.optim.SGD(model.parameters(), lr=LR)
    outputs = [model[0].weight, model[1].running_var, model[8].conv1.weight, model[14].weight]
    return library.step(model, optimizer, images, labels, outputs)


WORKLOADS = (
    Timed(
        name="resnet",
        computes=f"ResNet-18, one channel, ten classes, batch {BATCH}, {SIDE} × {SIDE}, one step of SGD, float32",
        outputs=("loss", *NAMES),
        contestants=tuple(contestants(library)),
        targets=(at_most(1.15, "ours", "torch"),),
        rtol=1e-3,
        atol=1e-5,
    ),
)
