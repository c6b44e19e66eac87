"""ResNet-18, a deep convolutional network whose blocks add their output to their input.

K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, table 1. The parameters have
torchvision's names, so that its weights can be loaded.
"""

from __future__ import annotations

from typing import Any

from .. import nn

__all__ = ["BasicBlock", "ResNet18", "resnet18"]


class BasicBlock(nn.Module):
    """y = relu(F(x) + x), where F is two 3×3 convolutions with batch norm.

    If F changes the size, a 1×1 convolution changes that of x as well.

    >>> import tinygrad_edu as tg
    >>> BasicBlock(4, 6, stride=2)(tg.zeros((5, 4, 8, 10))).shape
    (5, 6, 4, 5)
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        self.conv1 = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Any) -> Any:
        """(N, inputs, height, width) → (N, outputs, height / stride, width / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + shortcut)


class ResNet18(nn.Module):
    """A convolution, four stages of two blocks each, the mean over all pixels, a linear layer.

    >>> import tinygrad_edu as tg
    >>> ResNet18(channels=1)(tg.zeros((2, 1, 64, 32))).shape
    (2, 10)
    """

    def __init__(self, channels: int = 3, classes: int = 10) -> None:
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64), BasicBlock(64, 64))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, stride=2), BasicBlock(256, 256))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, stride=2), BasicBlock(512, 512))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(512, classes)

    def forward(self, x: Any) -> Any:
        """Images (N, channels, height, width) → logits (N, classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.flatten(self.avgpool(x)))


def resnet18(channels: int = 3, classes: int = 10) -> ResNet18:
    """A new `ResNet18`."""
    return ResNet18(channels, classes)
