"""The small ResNet of `models.resnet_small`: two stages of two blocks with 32 and 64 channels, batch 128, 28 × 28."""

from __future__ import annotations

from typing import Any

import numpy as np

from .resnet import residual, start

__all__ = ["BATCH", "LR", "NAMES", "inputs", "network", "start"]

BATCH = 128
LR = 0.01
NAMES = ("0.weight", "1.running_var", "6.conv1.weight", "10.weight")
"""What is compared."""


def inputs() -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 1, 28, 28) in float32, and labels (N,)."""
    rng = np.random.default_rng(9)
    return rng.standard_normal((BATCH, 1, 28, 28), np.float32), rng.integers(0, 10, BATCH)


def network(nn: Any) -> Any:
    """The network, in a library that has PyTorch's names."""
    Residual = residual(nn)
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        Residual(32, 32), Residual(32, 32), Residual(32, 64, 2), Residual(64, 64),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
