"""Pooling layers: the largest number or the mean under a window. The functions stand in the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..engine.node import shape_of
from ..engine.primitives.pooling import adaptive_avg_pool2d, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from ..engine.primitives.reductions import mean
from ..errors import ShapeError
from .module import Module
from .parameter import numeric

__all__ = ["AdaptiveAvgPool2d", "AvgPool1d", "AvgPool2d", "GlobalAvgPool", "MaxPool1d", "MaxPool2d"]


class MaxPool(Module):
    """The base class of max pooling."""

    function: ClassVar[Callable[..., Any]]

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def forward(self, x: Any) -> Any:
        how = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return type(self).function(x, *how)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPool):
    """The largest number in each window on sequences (N, C, L); arguments as for `nn.functional.max_pool1d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.MaxPool1d(2)(tg.tensor([[[1.0, 5.0, 2.0, 4.0]]]))
    tensor([[[5., 4.]]])
    """

    function = max_pool1d


class MaxPool2d(MaxPool):
    """The largest number in each window on images (N, C, H, W); arguments as for `nn.functional.max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.MaxPool2d(3, stride=2, padding=1)(tg.randn(8, 64, 48, 40)).shape
    (8, 64, 24, 20)
    """

    function = max_pool2d


class AvgPool(Module):
    """The base class of average pooling."""

    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad

    def forward(self, x: Any) -> Any:
        how = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return type(self).function(x, *how)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(AvgPool):
    """The mean of each window on sequences (N, C, L); arguments as for `nn.functional.avg_pool1d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AvgPool1d(2)(tg.tensor([[[1.0, 5.0, 2.0, 4.0]]]))
    tensor([[[3., 3.]]])
    """

    function = avg_pool1d


class AvgPool2d(AvgPool):
    """The mean of each window on images (N, C, H, W); arguments as for `nn.functional.avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AvgPool2d(kernel_size=2)(tg.randn(8, 6, 28, 20)).shape
    (8, 6, 14, 10)
    """

    function = avg_pool2d


class AdaptiveAvgPool2d(Module):
    """Means of images (N, C, H, W) over `output_size` windows, which adapt to the size of the images.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AdaptiveAvgPool2d((3, 4))(tg.randn(8, 6, 28, 20)).shape
    (8, 6, 3, 4)
    """

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        return adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


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
            raise ShapeError(f"GlobalAvgPool: the input is (N, C, *sizes), and not {shape_of(x)}")
        return mean(x, axis=axes, keepdims=True)
