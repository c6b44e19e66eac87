"""The training loop `fit`, its history, metrics and callbacks."""

# ruff: noqa: F403
from ..engine.messages.hints import hold_to_hints
from .callbacks import *
from .detection import *
from .fit import *
from .history import *
from .metrics import *
from .run import *
from .shift import *

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__)]
hold_to_hints(globals())
