"""What the networks for images share: named parts in a row, from images to logits, and initial weights."""

from __future__ import annotations

from typing import Any

from .. import nn
from ..engine.node import shape_of
from ..errors import ShapeError

__all__ = ["ImageClassifier", "begin_he", "enough"]


class ImageClassifier(nn.Sequential):
    """Parts in a row, by name or in order, that make logits (N, classes) of images (N, channels, height, width).

    Parameters
    ----------
    parts : one mapping of names to modules, or the modules.
    channels : of the images.
    size : the images have size × size pixels; None if any will do.
    least : the smallest height and width.

    Raises `ShapeError`, when it is called, for other images.

    >>> import tinygrad_edu as tg
    >>> model = ImageClassifier(nn.Flatten(), nn.Linear(784, 10), channels=1, size=28)
    >>> model(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    >>> model(tg.zeros((5, 1, 32, 32)))
    Traceback (most recent call last):
    tinygrad_edu.errors.ShapeError: ImageClassifier: made for images (N, 1, 28, 28), and these are (5, 1, 32, 32); \
data.resize changes their size
    """

    def __init__(self, *parts: Any, channels: int, size: int | None = None, least: int = 1) -> None:
        super().__init__(*parts)
        self.channels, self.size, self.least = channels, size, least

    def forward(self, x: Any) -> Any:
        """Images (N, channels, height, width) → logits (N, classes)."""
        shape = shape_of(x)
        n, sides = self.size, shape[2:]
        if len(shape) != 4 or shape[1] != self.channels or (n and sides != (n, n)) or min(sides) < self.least:
            sides_wanted = f"{n}, {n}" if n else "height, width"
            least = f" from {self.least} × {self.least} pixels on" if not n and self.least > 1 else ""
            way_out = "; data.resize changes their size" if len(shape) == 4 and shape[1] == self.channels else ""
            raise ShapeError(
                f"{type(self).__name__}: made for images (N, {self.channels}, {sides_wanted}){least}, "
                f"and these are {shape}{way_out}"
            )
        return super().forward(x)


def enough(network: str, size: int, side: int) -> int:
    """The height and width that are left of images of this size. Raises `ShapeError` if that is nothing.

    >>> enough("VGG", 32, side=1)
    1
    >>> enough("VGG", 16, side=0)
    Traceback (most recent call last):
    tinygrad_edu.errors.ShapeError: VGG: nothing is left of images of 16 × 16 after its poolings; give a larger size
    """
    if side < 1:
        raise ShapeError(
            f"{network}: nothing is left of images of {size} × {size} after its poolings; give a larger size"
        )
    return side


def begin_he(module: nn.Module) -> None:
    """Weights from a normal distribution of variance 2 / fan_in, biases 0: signals keep their size through ReLUs.

    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10. For `model.apply`.

    >>> layer = nn.Linear(200, 50)
    >>> begin_he(layer)
    >>> f"{layer.weight.data.std():.1f}", layer.bias.data.any().item()
    ('0.1', False)
    """
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
