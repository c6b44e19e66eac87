"""Layers, activations and losses as functions without parameters, with the names of `torch.nn.functional`.

This page is a table of contents. A function stands beside the layer that calls it, in the file of its family; one that
is a row of the table of derivatives stands in the engine.

>>> import tinygrad_edu as tg
>>> import tinygrad_edu.nn.functional as F
>>> F.relu(tg.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

# ruff: noqa: F403
from inspect import isfunction
from typing import TYPE_CHECKING

from ..engine.messages.pytorch import missing, taking_pytorchs
from ..engine.primitives import adaptive_pooling, convolution, normalization, pooling
from ..engine.primitives.adaptive_pooling import *
from ..engine.primitives.attention import attention_weights
from ..engine.primitives.convolution import *
from ..engine.primitives.elementwise import elu, relu, sigmoid, tanh
from ..engine.primitives.fused import linear
from ..engine.primitives.normalization import *
from ..engine.primitives.pooling import *
from .activations import (
    celu,
    gelu,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    prelu,
    relu6,
    selu,
    silu,
    softmax,
    softmin,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
    threshold,
)  # fmt: skip
from .attention import scaled_dot_product_attention
from .distances import cosine_similarity, pairwise_distance
from .images import interpolate, pad, pixel_shuffle, pixel_unshuffle
from .layers import alpha_dropout, bilinear, dropout, embedding, normalize, one_hot
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    cross_entropy,
    focal_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    margin_ranking_loss,
    mse_loss,
    multi_margin_loss,
    multilabel_soft_margin_loss,
    nll_loss,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
    triplet_margin_loss,
)  # fmt: skip
from .transformer import positional_encoding

__all__ = [
    "alpha_dropout", "attention_weights", "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "celu", "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "dropout", "elu", "embedding", "focal_loss",
    "gaussian_nll_loss", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss",
    "hinge_loss", "huber_loss", "interpolate", "kl_div", "l1_loss", "leaky_relu", "linear", "log_softmax", "logsigmoid",
    "margin_ranking_loss", "mish", "mse_loss", "multi_margin_loss", "multilabel_soft_margin_loss", "nll_loss",
    "normalize", "one_hot", "pad", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss",
    "positional_encoding", "prelu", "relu", "relu6", "scaled_dot_product_attention", "selu", "sigmoid", "silu",
    "smooth_l1_loss", "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh",
    "tanhshrink", "threshold", "triplet_margin_loss",
]  # fmt: skip
__all__ += adaptive_pooling.__all__
__all__ += convolution.__all__
__all__ += normalization.__all__
__all__ += pooling.__all__
if not TYPE_CHECKING:  # so that the type checker finds misspelt names and knows the arguments
    __getattr__ = missing(__name__)
    for _name in __all__:
        if isfunction(globals()[_name]):  # a row of the table answers for itself
            globals()[_name] = taking_pytorchs(globals()[_name])
