"""Schedules of the learning rate: `lr` gives it after t calls of `step()`, usually one an epoch.

Several schedules of one optimiser, all stepped, multiply: each goes on from the rate that it finds. If another schedule
or the user has changed that rate, the schedule works out the first rate that would have led to it, and goes on from
there. `SequentialLR` lets one schedule begin where another ends.
"""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from ...engine.messages.pytorch import missing
from .combined import *
from .cycles import *
from .formulas import *
from .plateau import *
from .scheduler import *

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__)]
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)
