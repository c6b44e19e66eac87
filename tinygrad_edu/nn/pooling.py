"""Pooling layers: the largest number or the mean under a window. The functions stand in the engine."""

from __future__ import annotations

from typing import Any

from ..engine.node import shape_of
from ..engine.primitives import adaptive_pooling, pooling
from ..engine.primitives.reductions import mean
from ..errors import ShapeError
from .from_function import FromFunction, module_of
from .module import Module
from .parameter import numeric

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "GlobalAvgPool", "MaxPool1d", "MaxPool2d", "MaxPool3d",
]  # fmt: skip


class Pool(FromFunction):
    """The base class of pooling with windows of one size, which moves by that size where no stride is given."""

    kernel_size: Any
    stride: Any

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.stride = self.kernel_size if self.stride is None else self.stride

    def extra_repr(self) -> str:
        shown = ("kernel_size", "stride", "padding", "dilation", *["ceil_mode"] * hasattr(self, "dilation"))
        return ", ".join(f"{name}={value}" for name, value in self.kept().items() if name in shown)


MaxPool1d = module_of("MaxPool1d", pooling.max_pool1d, Pool)
MaxPool2d = module_of("MaxPool2d", pooling.max_pool2d, Pool)
MaxPool3d = module_of("MaxPool3d", pooling.max_pool3d, Pool)
AvgPool1d = module_of("AvgPool1d", pooling.avg_pool1d, Pool)
AvgPool2d = module_of("AvgPool2d", pooling.avg_pool2d, Pool)
AvgPool3d = module_of("AvgPool3d", pooling.avg_pool3d, Pool)


AdaptiveAvgPool1d = module_of("AdaptiveAvgPool1d", adaptive_pooling.adaptive_avg_pool1d)
AdaptiveAvgPool2d = module_of("AdaptiveAvgPool2d", adaptive_pooling.adaptive_avg_pool2d)
AdaptiveAvgPool3d = module_of("AdaptiveAvgPool3d", adaptive_pooling.adaptive_avg_pool3d)
AdaptiveMaxPool1d = module_of("AdaptiveMaxPool1d", adaptive_pooling.adaptive_max_pool1d)
AdaptiveMaxPool2d = module_of("AdaptiveMaxPool2d", adaptive_pooling.adaptive_max_pool2d)
AdaptiveMaxPool3d = module_of("AdaptiveMaxPool3d", adaptive_pooling.adaptive_max_pool3d)


class GlobalAvgPool(Module):
    """The mean of each channel: x (N, C, *sizes) gives (N, C, 1, ...), with the number of axes of x.

    Raises `ShapeError` if x has no axes after the channels.

    >>> import tinygrad_edu as tg
    >>> tg.nn.GlobalAvgPool()(tg.randn(8, 6, 28, 20)).shape
    (8, 6, 1, 1)
    """

    def forward(self, x: Any) -> Any:
        x = numeric("GlobalAvgPool", x)
        axes = tuple(range(2, len(shape_of(x))))
        if not axes:
            raise ShapeError("GlobalAvgPool: the input is (N, C, *sizes), and not {shape}", shape=shape_of(x))
        return mean(x, axis=axes, keepdims=True)
