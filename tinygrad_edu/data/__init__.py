"""Datasets, some of which ship with the package, and loaders that give them to a model in batches.

>>> import tinygrad_edu as tg
>>> loader = tg.data.DataLoader(tg.data.Digits(), batch_size=64, shuffle=True)
>>> images, labels = next(iter(loader))
>>> images.shape, labels.shape
((64, 1, 8, 8), (64,))
"""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from ..engine.messages.hints import hold_to_hints
from ..engine.messages.pytorch import missing
from . import boxes as boxes, text as text
from .augment import *
from .dataset import *
from .idx import *
from .images import *
from .loader import *
from .mnist import *
from .resize import *
from .scenes import *
from .synthetic import *

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__)]
__all__ += ["boxes", "text"]
hold_to_hints(globals())
if not TYPE_CHECKING:  # so that the type checker finds misspelt names
    __getattr__ = missing(__name__)
