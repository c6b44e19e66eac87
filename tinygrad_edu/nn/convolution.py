"""Convolution layers. The functions `conv1d`, `conv2d`, ... stand beside their rows, in the engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from .._support.languages import texts
from ..engine.messages import one_of, several
from ..engine.node import shape_of
from ..engine.primitives.convolution import (
    borders,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)  # fmt: skip
from ..engine.primitives.windows import per_axis
from ..errors import ShapeError
from . import init
from .images import PADDINGS, pad
from .module import Module
from .parameter import Parameter, Shape, data_for

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class Convolution(Module):
    """The base class of the convolution layers. A subclass has the number of axes and the function."""

    open_sizes: ClassVar = {"in_channels": 1}
    axes: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self, in_channels: int | None, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros",
    ) -> None:  # fmt: skip
        name, n = type(self).__name__, self.axes
        self.in_channels = in_channels
        (self.out_channels,) = per_axis(name, "out_channels", out_channels, 1)
        (self.groups,) = per_axis(name, "groups", groups, 1)
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, n)
        self.stride = per_axis(name, "stride", stride, n)
        self.padding = padding if isinstance(padding, str) else per_axis(name, "padding", padding, n, 0)
        self.dilation = per_axis(name, "dilation", dilation, n)
        one_of(("zeros", *PADDINGS), name, padding_mode=padding_mode)
        self.padding_mode = padding_mode
        self.weight = Parameter()
        self.bias = Parameter() if bias else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        per_group, _ = self._per_group()
        return {"weight": (self.out_channels, per_group, *self.kernel_size), "bias": (self.out_channels,)}

    def _per_group(self) -> tuple[int | None, int]:
        """The input channels (None if open) and output channels of each group."""
        for which in ("in_channels", "out_channels"):
            if (getattr(self, which) or 0) % self.groups:
                name, channels = type(self).__name__, getattr(self, which)
                text = texts("{name}: {which}={channels} cannot be cut into groups={groups}")
                raise ShapeError(text, name=name, which=which, channels=channels, groups=self.groups)
        takes = None if self.in_channels is None else self.in_channels // self.groups
        return takes, self.out_channels // self.groups

    def reset_parameters(self) -> None:
        init.begin_uniform(self, math.prod(self.weight.shape[1:]) or 1)

    def forward(self, x: Any) -> Any:
        x = data_for(self, x, self.weight)
        border: Any = self.padding
        if self.padding_mode != "zeros":
            around = borders(type(self).__name__, border, self.kernel_size, self.stride, self.dilation)
            x = pad(x, [p for axis in reversed(around) for p in axis], self.padding_mode)
            border = 0
        return type(self).function(x, self.weight, self.bias, self.stride, border, self.dilation, self.groups)

    def extra_repr(self) -> str:
        zeros, ones = (0,) * self.axes, (1,) * self.axes
        usual = {"padding": zeros, "dilation": ones, "output_padding": zeros, "groups": 1, "padding_mode": "zeros"}
        words = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        words += [
            f"{name}={getattr(self, name)!r}" for name in usual if getattr(self, name, usual[name]) != usual[name]
        ]
        return ", ".join(words + ["bias=False"] * (self.bias is None))


class Conv1d(Convolution):
    """Convolution of sequences: x (N, in_channels, L) gives (N, out_channels, P).

    The arguments are those of `Conv2d`, for one axis.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Conv1d(3, 5, kernel_size=2)(tg.randn(7, 3, 10)).shape
    (7, 5, 9)
    """

    axes, function = 1, conv1d


class Conv2d(Convolution):
    """Convolution of images: x (N, in_channels, H, W) gives (N, out_channels, P, Q); see `nn.functional.conv2d`.

    Parameters
    ----------
    in_channels : of x; None learns it at the first call.
    out_channels : the number of features that are computed at every position.
    kernel_size, stride, padding, dilation, groups : the window; one number, or one for each axis. `padding` may be
        "same" or "valid".
    bias : whether a number is added to each channel of the result.
    padding_mode : what the border holds: "zeros", or "reflect", "replicate" or "circular" as in `nn.functional.pad`.

    `weight` has shape (out_channels, in_channels / groups, *kernel_size), `bias` (out_channels,). Both begin uniform
    between ±1/√fan_in, where fan_in is the size of one window, as in PyTorch. Raises `ShapeError` and `DtypeError` for
    arguments that do not go together.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Conv2d(None, 6, kernel_size=5, padding=2)
    >>> layer(tg.randn(8, 1, 28, 28)).shape
    (8, 6, 28, 28)
    >>> layer
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    """

    axes, function = 2, conv2d


class Conv3d(Convolution):
    """Convolution of volumes: x (N, in_channels, D, H, W) gives (N, out_channels, P, Q, R).

    The arguments are those of `Conv2d`, for three axes.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Conv3d(2, 3, kernel_size=(1, 2, 3))(tg.randn(4, 2, 3, 6, 5)).shape
    (4, 3, 3, 5, 3)
    """

    axes, function = 3, conv3d


class ConvTranspose(Convolution):
    """The base class of the transposed convolutions."""

    def __init__(
        self, in_channels: int | None, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1,
    ) -> None:  # fmt: skip
        self.output_padding = per_axis(type(self).__name__, "output_padding", output_padding, self.axes, 0)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)

    def shapes(self) -> dict[str, Shape]:
        _, per_group = self._per_group()
        return {"weight": (self.in_channels, per_group, *self.kernel_size), "bias": (self.out_channels,)}

    def forward(self, x: Any, output_size: Any = None) -> Any:
        more = self.output_padding
        if output_size is not None:
            wanted = per_axis(type(self).__name__, "output_size", several(output_size)[-self.axes :], self.axes, 1)
            windows: Any = zip(shape_of(x)[-self.axes :], self.kernel_size, self.stride, self.padding, self.dilation)
            least = [(n - 1) * step - 2 * less + d * (k - 1) + 1 for n, k, step, less, d in windows]
            more = tuple(size - m for size, m in zip(wanted, least))
            if not all(0 <= extra < step for extra, step in zip(more, self.stride)):
                most = tuple(m + step - 1 for m, step in zip(least, self.stride))
                text = texts("{layer}: output_size is from {least} to {most} for an input {shape}, not {wanted}")
                raise ShapeError(
                    text, layer=self, least=tuple(least), most=most, shape=shape_of(x), wanted=tuple(wanted)
                )
        how = (self.stride, self.padding, more, self.groups, self.dilation)
        return type(self).function(data_for(self, x, self.weight), self.weight, self.bias, *how)


class ConvTranspose1d(ConvTranspose):
    """Transposed convolution of sequences (N, in_channels, L); the arguments are those of `ConvTranspose2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConvTranspose1d(6, 3, kernel_size=4, stride=2, padding=1)(tg.randn(5, 6, 7)).shape
    (5, 3, 14)
    """

    axes, function = 1, conv_transpose1d


class ConvTranspose2d(ConvTranspose):
    """Transposed convolution: x (N, in_channels, H, W) gives a larger image; see `nn.functional.conv_transpose2d`.

    Parameters
    ----------
    output_padding : chooses among the output sizes from which a `Conv2d` of these arguments gives the size of x; or
        a call is given the size itself, `layer(x, output_size=(14, 16))`.
    the others : as in `Conv2d`.

    `weight` has shape (in_channels, out_channels / groups, *kernel_size). Raises as `Conv2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConvTranspose2d(6, 3, kernel_size=4, stride=2, padding=1)(tg.randn(5, 6, 7, 8)).shape
    (5, 3, 14, 16)
    """

    axes, function = 2, conv_transpose2d


class ConvTranspose3d(ConvTranspose):
    """Transposed convolution of volumes (N, in_channels, D, H, W); the arguments are those of `ConvTranspose2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConvTranspose3d(6, 3, kernel_size=2, stride=2)(tg.randn(5, 6, 2, 3, 4)).shape
    (5, 3, 4, 6, 8)
    """

    axes, function = 3, conv_transpose3d
