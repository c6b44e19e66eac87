"""Layers and networks, with PyTorch's names."""

from . import functional, init
from .activation import ELU, GELU, LeakyReLU, LogSoftmax, PReLU, ReLU, Sigmoid, Softmax, Softplus, Tanh
from .containers import Flatten, Identity, Lambda, ModuleDict, ModuleList, Sequential
from .dropout import Dropout
from .embedding import Embedding
from .linear import Linear
from .module import Module
from .parameter import Buffer, Parameter, Uninitialized, is_buffer, is_parameter, materialize

__all__ = [
    "ELU",
    "GELU",
    "Buffer",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "Lambda",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Module",
    "ModuleDict",
    "ModuleList",
    "PReLU",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "Uninitialized",
    "functional",
    "init",
    "is_buffer",
    "is_parameter",
    "materialize",
]
