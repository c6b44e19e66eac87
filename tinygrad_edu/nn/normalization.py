"""Normalisation layers. The functions `batch_norm`, `layer_norm`, ... stand beside their rows, in the engine."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._support.languages import listed, texts
from ..engine.messages import whole_from
from ..engine.node import shape_of
from ..engine.parts import together
from ..engine.primitives.normalization import (
    batch_norm,
    feature_sizes,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    rms_norm,
)  # fmt: skip
from ..errors import ShapeError
from . import init
from .module import Module
from .parameter import Buffer, Parameter, Shape, data_for

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
    "LayerNorm", "LocalResponseNorm", "RMSNorm",
]  # fmt: skip


class BatchNorm(Module):
    """The base class of batch normalisation. A subclass has the number of axes that the input may have."""

    open_sizes: ClassVar = {"num_features": 1}
    inputs: ClassVar[dict[int, str]]

    def __init__(
        self,
        num_features: int | None,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        bias: bool = True,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter() if affine else None
        self.bias = Parameter() if affine and bias else None
        self.running_mean = Buffer() if track_running_stats else None
        self.running_var = Buffer() if track_running_stats else None
        self.num_batches_tracked = Buffer(np.array(0)) if track_running_stats else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (self.num_features,))

    def reset_parameters(self) -> None:
        for ones in (self.weight, self.running_var):
            if ones is not None:
                init.ones_(ones)

    def forward(self, x: Any) -> Any:
        x = data_for(self, x, self.weight if self.affine else self.running_mean)
        if len(shape_of(x)) not in self.inputs:
            text = texts("{name}: the input is {wanted}, and not {shape}")
            wanted = listed(list(self.inputs.values()), alternatives=True)
            raise ShapeError(text, name=type(self).__name__, wanted=wanted, shape=shape_of(x))
        momentum = together(type(self).__name__, lambda _: self._count_batch()) if self.training else 0.0
        training = self.training or not self.track_running_stats
        running = (self.running_mean, self.running_var)
        return batch_norm(x, *running, self.weight, self.bias, training, momentum, self.eps)

    def _count_batch(self) -> float:
        """The weight of a batch of training, which is counted, in the running statistics."""
        count = self.num_batches_tracked
        if count is None:
            return self.momentum or 0.0
        count.data = count.data + 1
        return 1 / float(count.item()) if self.momentum is None else self.momentum  # 1 / n: the mean of all batches

    def extra_repr(self) -> str:
        names = ("eps", "momentum", "affine", "track_running_stats")
        return ", ".join([f"{self.num_features}", *(f"{name}={getattr(self, name)}" for name in names)])


class BatchNorm1d(BatchNorm):
    """Batch normalisation of features (N, C) or sequences (N, C, L); its arguments are those of `BatchNorm2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.BatchNorm1d(None)(tg.randn(5, 3)).shape
    (5, 3)
    """

    inputs: ClassVar = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images (N, C, H, W): every channel with mean 0 and variance 1, times weight, plus bias.

    In training, mean and variance are the batch's, and the running ones follow them. After `eval()` the running ones
    are used. `nn.functional.batch_norm` has the formulas and their source.

    Parameters
    ----------
    num_features : the number of channels; None learns it at the first call.
    eps : added to the variance.
    momentum : the weight of the newest batch in the running statistics; None gives all batches the same weight.
    affine : whether there are `weight` and `bias`, one number a channel, which begin as 1 and 0.
    track_running_stats : whether there are `running_mean`, `running_var` and `num_batches_tracked`; without them the
        batch's statistics are used after `eval()`, too.

    Raises `ShapeError` for an input that is not (N, C, H, W), and in training for fewer than two numbers a channel.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.BatchNorm2d(3)
    >>> y = layer(5 * tg.randn(4, 3, 6, 7) + 2)
    >>> bool(abs(y.mean(axis=(0, 2, 3))).max() < 1e-5)
    True
    >>> list(layer.state_dict())
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """

    inputs: ClassVar = {4: "(N, C, H, W)"}


class BatchNorm3d(BatchNorm):
    """Batch normalisation of volumes (N, C, D, H, W); its arguments are those of `BatchNorm2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.BatchNorm3d(None)(tg.randn(2, 3, 4, 5, 6)).shape
    (2, 3, 4, 5, 6)
    """

    inputs: ClassVar = {5: "(N, C, D, H, W)"}


class InstanceNorm(BatchNorm):
    """The base class of instance normalisation: each example for itself, by default without parameters and memory."""

    def __init__(
        self,
        num_features: int | None,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias)

    def forward(self, x: Any) -> Any:
        x = data_for(self, x, self.weight if self.affine else self.running_mean)
        axes = len(shape_of(x))
        if axes + 1 in self.inputs:  # a single example
            return self.forward((x if hasattr(x, "ndim") else np.asarray(x))[None])[0]
        if axes not in self.inputs:
            text = texts("{name}: the input is {wanted}, or without N, and not {shape}")
            wanted = next(iter(self.inputs.values()))
            raise ShapeError(text, name=type(self).__name__, wanted=wanted, shape=shape_of(x))
        from_input = self.training or not self.track_running_stats
        running = (self.running_mean, self.running_var)
        return instance_norm(x, *running, self.weight, self.bias, from_input, self.momentum or 0.0, self.eps)


class InstanceNorm1d(InstanceNorm):
    """Instance normalisation of sequences (N, C, L) or (C, L); its arguments are those of `InstanceNorm2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.InstanceNorm1d(3)(tg.randn(5, 3, 4)).shape
    (5, 3, 4)
    """

    inputs: ClassVar = {3: "(N, C, L)"}


class InstanceNorm2d(InstanceNorm):
    """Every channel of every image (N, C, H, W) or (C, H, W) with mean 0 and variance 1; see `instance_norm`.

    The arguments are those of `BatchNorm2d`, but by default there are neither parameters nor running statistics. Raises
    `ShapeError` for other inputs.

    >>> import tinygrad_edu as tg
    >>> y = tg.nn.InstanceNorm2d(3)(5 * tg.randn(4, 3, 6, 7) + 2)
    >>> bool(abs(y.mean(axis=(2, 3))).max() < 1e-5)
    True
    """

    inputs: ClassVar = {4: "(N, C, H, W)"}


class InstanceNorm3d(InstanceNorm):
    """Instance normalisation of volumes (N, C, D, H, W) or (C, D, H, W); its arguments are those of `InstanceNorm2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.InstanceNorm3d(3)(tg.randn(2, 3, 4, 5, 6)).shape
    (2, 3, 4, 5, 6)
    """

    inputs: ClassVar = {5: "(N, C, D, H, W)"}


class GroupNorm(Module):
    """The channels of (N, C, *sizes) in `num_groups` groups, each with mean 0 and variance 1; see `group_norm`.

    `weight` and `bias`, with `affine`, are one number a channel, and begin as 1 and 0. `num_channels` None learns it at
    the first call. Raises `ShapeError` for channels that the groups cannot share.

    >>> import tinygrad_edu as tg
    >>> tg.nn.GroupNorm(2, 6)(tg.randn(4, 6, 5)).shape
    (4, 6, 5)
    """

    open_sizes: ClassVar = {"num_channels": 1}

    def __init__(
        self, num_groups: int, num_channels: int | None, eps: float = 1e-5, affine: bool = True, bias: bool = True
    ) -> None:
        whole_from(1, "GroupNorm", num_groups=num_groups)
        if (num_channels or 0) % num_groups:
            text = texts("GroupNorm: num_channels={channels} cannot be cut into num_groups={groups}")
            raise ShapeError(text, channels=num_channels, groups=num_groups)
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.weight = Parameter() if affine else None
        self.bias = Parameter() if affine and bias else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return dict.fromkeys(("weight", "bias"), (self.num_channels,))

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Any) -> Any:
        return group_norm(data_for(self, x, self.weight), self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class LayerNorm(Module):
    """The last axes of x with mean 0 and variance 1, times weight, plus bias; see `nn.functional.layer_norm`.

    Parameters
    ----------
    normalized_shape : the sizes of the last axes, an int or a tuple; None learns the size of the last one.
    eps : added to the variance.
    elementwise_affine : whether there are `weight` and `bias`, of shape `normalized_shape`, which begin as 1 and 0.
    bias : whether there is a `bias` beside the `weight`.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.LayerNorm(None)
    >>> layer(tg.randn(2, 5, 3)).shape, layer.weight.shape
    ((2, 5, 3), (3,))
    """

    open_sizes: ClassVar = {"normalized_shape": -1}

    def __init__(
        self, normalized_shape: Any, eps: float | None = 1e-5, elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        self.normalized_shape = None
        if normalized_shape is not None:
            self.normalized_shape = feature_sizes(type(self).__name__, normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = Parameter() if elementwise_affine else None
        self.bias = Parameter() if elementwise_affine and bias else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        size = self.normalized_shape  # an int if it was learned
        shape: Shape = size if isinstance(size, tuple) else (size,)
        return {"weight": shape, "bias": shape}

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Any) -> Any:
        x = data_for(self, x, self.weight)
        return layer_norm(x, self._sizes(x), self.weight, self.bias, self.eps or 0.0)

    def _sizes(self, x: Any) -> Any:
        return shape_of(x)[-1:] if self.normalized_shape is None else self.normalized_shape

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(LayerNorm):
    """The last axes of x divided by their root mean square, times weight; see `nn.functional.rms_norm`.

    The arguments are those of `LayerNorm`; there is no bias, and without `eps` it is the smallest step at 1.

    >>> import tinygrad_edu as tg
    >>> tg.nn.RMSNorm(3)(tg.randn(2, 5, 3)).shape
    (2, 5, 3)
    """

    def __init__(self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine, bias=False)

    def forward(self, x: Any) -> Any:
        x = data_for(self, x, self.weight)
        return rms_norm(x, self._sizes(x), self.weight, self.eps)


class LocalResponseNorm(Module):
    """Every number divided by the size of its neighbours in `size` channels; see `nn.functional.local_response_norm`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.LocalResponseNorm(5)(tg.randn(4, 16, 6, 7)).shape
    (4, 16, 6, 7)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Any) -> Any:
        return local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
