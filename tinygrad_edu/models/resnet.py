"""ResNet: deep networks whose blocks add their input to their output, so that a block begins as a small change.

K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, table 1. The parameters have
torchvision's names, so that its weights can be loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import nn
from .classifier import ImageClassifier, begin_he

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "resnet18", "resnet34", "resnet50", "resnet_small"]


class Block(nn.Module):
    """The base class of the blocks: y = relu(F(x) + x). If F changes the size, a 1×1 convolution changes that of x."""

    expansion: ClassVar[int] = 1
    """How many times more channels go out than the width says."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        outputs = width * self.expansion
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or channels != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, outputs, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def residual(self, x: Any) -> Any:
        """F(x)."""
        raise NotImplementedError

    def forward(self, x: Any) -> Any:
        """(N, channels, height, width) → (N, width · expansion, height / stride, width / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.residual(x) + shortcut)


class BasicBlock(Block):
    """F is two 3×3 convolutions with batch norm.

    >>> import tinygrad_edu as tg
    >>> BasicBlock(4, 6, stride=2)(tg.zeros((5, 4, 8, 10))).shape
    (5, 6, 4, 5)
    """

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        self.conv1 = nn.Conv2d(channels, width, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        super().__init__(channels, width, stride)

    def residual(self, x: Any) -> Any:
        """Two convolutions."""
        y = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(y))


class Bottleneck(Block):
    """F is a 1×1 convolution to fewer channels, one of 3×3, and one of 1×1 to four times as many; each has batch norm.

    The stride is that of the 3×3, as in torchvision; the paper has it in the first.

    >>> import tinygrad_edu as tg
    >>> Bottleneck(4, 3, stride=2)(tg.zeros((5, 4, 8, 10))).shape
    (5, 12, 4, 5)
    """

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        self.conv1 = nn.Conv2d(channels, width, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        super().__init__(channels, width, stride)

    def residual(self, x: Any) -> Any:
        """Three convolutions."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.bn3(self.conv3(y))


class ResNet(ImageClassifier):
    """A stem, `layer1`, `layer2`, ...: stages of blocks; the mean over all pixels, a linear layer.

    Parameters
    ----------
    block : `BasicBlock` or `Bottleneck`.
    blocks : their number in each stage. Each stage but the first halves height and width, and has twice the width.
    channels, classes : of the images.
    width : the channels of the stem and the width of the first stage.
    stem : the layers before the first stage, by name; by default a convolution of 7×7 with stride 2, batch norm, ReLU,
        and max pooling of 3×3 with stride 2.

    >>> import tinygrad_edu as tg
    >>> ResNet(BasicBlock, (1, 1), channels=1, width=4)(tg.zeros((2, 1, 64, 32))).shape
    (2, 10)
    """

    def __init__(
        self,
        block: type[Any],
        blocks: Sequence[int],
        channels: int = 3,
        classes: int = 10,
        width: int = 64,
        stem: Mapping[str, nn.Module] | None = None,
    ) -> None:
        parts = dict(_imagenet_stem(channels, width) if stem is None else stem)
        last = width
        for i, count in enumerate(blocks):
            stage = []
            for j in range(count):
                stage.append(block(last, width * 2**i, stride=2 if i > 0 and j == 0 else 1))
                last = width * 2**i * block.expansion
            parts[f"layer{i + 1}"] = nn.Sequential(*stage)
        parts |= {"avgpool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "fc": nn.Linear(last, classes)}
        super().__init__(parts, channels=channels)
        self.apply(begin_he)


def _imagenet_stem(channels: int, width: int) -> dict[str, nn.Module]:
    """A quarter of the height and width, and so many channels."""
    return {
        "conv1": nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3, bias=False),
        "bn1": nn.BatchNorm2d(width),
        "relu": nn.ReLU(),
        "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
    }


def resnet18(channels: int = 3, classes: int = 10) -> ResNet:
    """ResNet with 17 convolutions and a dense layer.

    >>> import tinygrad_edu as tg
    >>> resnet18(channels=1)(tg.zeros((2, 1, 64, 32))).shape
    (2, 10)
    """
    return ResNet(BasicBlock, (2, 2, 2, 2), channels, classes)


def resnet34(channels: int = 3, classes: int = 10) -> ResNet:
    """ResNet with 33 convolutions and a dense layer.

    >>> len(resnet34().layer3)
    6
    """
    return ResNet(BasicBlock, (3, 4, 6, 3), channels, classes)


def resnet50(channels: int = 3, classes: int = 10) -> ResNet:
    """ResNet with 49 convolutions, in blocks of three, and a dense layer.

    >>> resnet50().fc.in_features
    2048
    """
    return ResNet(Bottleneck, (3, 4, 6, 3), channels, classes)


def resnet_small(channels: int = 1, classes: int = 10) -> ResNet:
    """A small ResNet for images of 28 to 32 pixels: two stages of two blocks with 32 and 64 channels.

    >>> import tinygrad_edu as tg
    >>> resnet_small()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    stem = {
        "conv1": nn.Conv2d(channels, 32, kernel_size=3, padding=1, bias=False),
        "bn1": nn.BatchNorm2d(32),
        "relu": nn.ReLU(),
        "maxpool": nn.MaxPool2d(2),
    }
    return ResNet(BasicBlock, (2, 2), channels, classes, 32, stem)
