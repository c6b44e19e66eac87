"""The fully convolutional network: a class for every pixel.

J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015. A network for
images of classes throws away where something was, layer by layer. Without its linear layers it keeps a small map of
what is where; 1×1 convolutions make scores of it, and transposed convolutions enlarge these to the size of the image.
On the way back the scores of earlier, finer maps are added: what comes from the coarse ones, where from the fine ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import nn
from ..engine.node import shape_of
from ..errors import ShapeError

__all__ = ["FCN", "fcn"]


def conv_stages(channels: int, widths: Sequence[int]) -> list[nn.Sequential]:
    """A 3×3 convolution with batch norm and ReLU for each width; all but the first halve the size before that."""
    stages = []
    for i, (inputs, outputs) in enumerate(zip((channels, *widths), widths)):
        pool = [nn.MaxPool2d(2)] if i else []
        conv = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
        stages.append(nn.Sequential(*pool, conv, nn.BatchNorm2d(outputs), nn.ReLU()))
    return stages


class FCN(nn.Module):
    """Any stages, each of which works on what the one before it gives; behind each a 1×1 convolution makes scores.

    The scores of the last stage are enlarged twofold by a transposed convolution, which begins as bilinear
    interpolation, and added to those of the stage before it; and so on, until they have the size of the first stage's.

    Parameters
    ----------
    stages : modules, each of which but the first halves the size. The first keeps it.
    widths : the number of channels that each gives.
    classes : the number of classes, with that of the background.

    >>> import tinygrad_edu as tg
    >>> FCN(conv_stages(1, (4, 6, 8)), (4, 6, 8), classes=5)(tg.zeros((2, 1, 12, 8))).shape
    (2, 5, 12, 8)
    """

    def __init__(self, stages: Sequence[nn.Module], widths: Sequence[int], classes: int) -> None:
        self.stages = nn.ModuleList(stages)
        self.scores = nn.ModuleList([nn.Conv2d(width, classes, kernel_size=1) for width in widths])
        self.enlarge = nn.ModuleList()
        for _ in widths[1:]:
            layer = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1, bias=False)
            nn.init.bilinear_(layer.weight)
            self.enlarge.append(layer)

    def forward(self, x: Any) -> Any:
        """Images (N, channels, H, W) → the scores of each pixel (N, classes, H, W).

        Raises `ShapeError` where the stages cannot halve H and W without a rest.
        """
        whole = 2 ** (len(self.stages) - 1)
        if any(size % whole for size in shape_of(x)[2:]):
            raise ShapeError(
                f"FCN: height and width are multiples of {whole}, and not {shape_of(x)[2:]}: its {len(self.stages)} "
                "stages halve them, and twice the half has to be the whole again; pad the images"
            )
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        *finer, y = [score(each) for score, each in zip(self.scores, maps)]
        for layer, scores in zip(self.enlarge, reversed(finer)):
            y = layer(y) + scores
        return y


def fcn(channels: int = 1, classes: int = 11, widths: Sequence[int] = (8, 16, 32, 64)) -> FCN:
    """A small `FCN`, for `data.Scenes`; `classes` counts the background.

    >>> import tinygrad_edu as tg
    >>> fcn()(tg.zeros((2, 1, 40, 40))).shape
    (2, 11, 40, 40)
    """
    return FCN(conv_stages(channels, widths), widths, classes)
