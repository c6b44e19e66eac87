"""Layers, losses and networks, with PyTorch's names: everything in the `__all__` of the files of this folder."""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from ..engine.messages.pytorch import missing
from . import (
    activations,
    attention,
    containers,
    convolution,
    distances,
    functional,
    images,
    init,
    layers,
    losses,
    normalization,
    parameter,
    pooling,
    recurrent,
    sequences,
    transformer,
)
from .activations import *
from .attention import *
from .containers import *
from .convolution import *
from .distances import *
from .images import *
from .layers import *
from .losses import *
from .module import Module
from .normalization import *
from .parameter import *
from .pooling import *
from .recurrent import *
from .sequences import *
from .summary import Summary, summary
from .transformer import *

__all__ = ["Module", "Summary", "functional", "init", "summary"]
__all__ += activations.__all__
__all__ += attention.__all__
__all__ += containers.__all__
__all__ += convolution.__all__
__all__ += distances.__all__
__all__ += images.__all__
__all__ += layers.__all__
__all__ += losses.__all__
__all__ += normalization.__all__
__all__ += parameter.__all__
__all__ += pooling.__all__
__all__ += recurrent.__all__
__all__ += sequences.__all__
__all__ += transformer.__all__
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)
