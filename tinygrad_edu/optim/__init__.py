"""Optimisers, schedules of the learning rate, and clipping of gradients, with PyTorch's names and numbers."""

# ruff: noqa: F403
from . import algorithms, clipping, lr_scheduler
from .algorithms import *
from .clipping import *
from .optimizer import Optimizer

__all__ = ["Optimizer", "lr_scheduler"]
__all__ += algorithms.__all__
__all__ += clipping.__all__
