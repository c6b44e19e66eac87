"""Layers, losses and networks, with PyTorch's names: everything in the `__all__` of the files of this folder."""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from ..engine.messages.pytorch import missing
from . import functional as functional, init as init
from .activations import *
from .attention import *
from .containers import *
from .convolution import *
from .distances import *
from .images import *
from .layers import *
from .losses import *
from .module import *
from .normalization import *
from .parameter import *
from .pooling import *
from .recurrent import *
from .sequences import *
from .summary import *
from .transformer import *

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__)]
__all__ += ["functional", "init"]
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)
