"""PyTorch's names for all that has no state: each is defined where its family lives, and collected here.

>>> import tinygrad_edu as tg
>>> import tinygrad_edu.nn.functional as F
>>> F.relu(tg.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from ..primitives.elementwise import relu, sigmoid, tanh
from ..primitives.fused import linear
from .activation import elu, gelu, leaky_relu, log_softmax, prelu, softmax, softplus
from .dropout import dropout
from .embedding import embedding, one_hot

__all__ = [
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "leaky_relu",
    "linear",
    "log_softmax",
    "one_hot",
    "prelu",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]
