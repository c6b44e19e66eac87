"""Optimisers, schedules of the learning rate, and clipping of gradients, with PyTorch's names and numbers."""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from ..engine.messages.pytorch import missing
from . import lr_scheduler as lr_scheduler
from .algorithms import *
from .clipping import *
from .optimizer import *

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__)]
__all__ += ["lr_scheduler"]
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)
