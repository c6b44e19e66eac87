"""Layers, activations and losses as functions without parameters, with the names of `torch.nn.functional`.

This page is a table of contents. A function stands beside the layer that calls it, in the file of its family; one that
is a row of the table of derivatives stands in the engine.

>>> import tinygrad_edu as tg
>>> import tinygrad_edu.nn.functional as F
>>> F.relu(tg.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from ..engine.primitives.convolution import conv1d, conv2d, conv3d, conv_transpose2d
from ..engine.primitives.elementwise import elu, relu, sigmoid, tanh
from ..engine.primitives.fused import linear
from ..engine.primitives.normalization import batch_norm, layer_norm, local_response_norm
from ..engine.primitives.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)  # fmt: skip
from .activations import gelu, leaky_relu, log_softmax, prelu, softmax, softplus
from .layers import dropout, embedding, one_hot
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal_loss,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
)  # fmt: skip

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "batch_norm", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "cross_entropy", "dropout",
    "elu", "embedding", "focal_loss", "gelu", "hinge_loss", "huber_loss", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "linear", "local_response_norm", "log_softmax", "max_pool1d", "max_pool2d", "mse_loss", "nll_loss",
    "one_hot", "prelu", "relu", "sigmoid", "softmax", "softplus", "tanh",
]  # fmt: skip
