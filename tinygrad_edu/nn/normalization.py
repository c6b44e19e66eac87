"""Normalisation layers. The functions `batch_norm`, `layer_norm`, ... stand beside their rows, in the engine."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..engine.node import shape_of
from ..engine.primitives.normalization import batch_norm, feature_sizes, layer_norm, local_response_norm
from ..errors import ShapeError
from . import init
from .module import Module
from .parameter import Buffer, Parameter, Shape, data_for

__all__ = ["BatchNorm1d", "BatchNorm2d", "LayerNorm", "LocalResponseNorm"]


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
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter() if affine else None
        self.bias = Parameter() if affine else None
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
            raise ShapeError(
                f"{type(self).__name__}: the input is {' or '.join(self.inputs.values())}, and not {shape_of(x)}"
            )
        momentum = self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.data = self.num_batches_tracked.data + 1
            if momentum is None:  # the mean of all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        training = self.training or not self.track_running_stats
        running = (self.running_mean, self.running_var)
        return batch_norm(x, *running, self.weight, self.bias, training, momentum or 0.0, self.eps)

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
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        self.normalized_shape = None
        if normalized_shape is not None:
            self.normalized_shape = feature_sizes("LayerNorm", normalized_shape)
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
        shape = shape_of(x)[-1:] if self.normalized_shape is None else self.normalized_shape
        return layer_norm(x, shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


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
