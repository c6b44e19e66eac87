"""Optimisers, schedules of the learning rate, and clipping of gradients, with PyTorch's names and numbers."""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from ..engine.messages.pytorch import missing
from . import algorithms, clipping, lr_scheduler
from .algorithms import *
from .clipping import *
from .optimizer import Optimizer

__all__ = ["Optimizer", "lr_scheduler"]
__all__ += algorithms.__all__
__all__ += clipping.__all__
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)
