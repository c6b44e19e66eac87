"""tinygrad_edu: a pure-Python autodiff engine to learn from.

>>> import tinygrad_edu as tg
>>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
>>> z = (x + y) * w
>>> z.backward()
>>> x.grad, y.grad, w.grad
(4.0, 4.0, 5.0)
"""

# ruff: noqa: F403
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import engine, errors
from .engine import *
from .engine import random
from .errors import *

if TYPE_CHECKING:
    from . import data, graph, models, nn, optim, plots, step, testing, train
    from .check import gradcheck
    from .graph import draw, explain, formula
    from .nonfinite import find_nan
    from .saving import load, save
    from .step import steps

__all__ = ["data", "graph", "models", "nn", "optim", "plots", "step", "testing", "train"]
__all__ += ["draw", "explain", "find_nan", "formula", "gradcheck", "load", "save", "steps"]
__all__ += engine.__all__
__all__ += errors.__all__

_ROOM_OF = {
    "draw": "graph",
    "explain": "graph",
    "find_nan": "nonfinite",
    "formula": "graph",
    "gradcheck": "check",
    "load": "saving",
    "save": "saving",
    "steps": "step",
}


def __getattr__(name: str) -> Any:
    """Pictures, layers and checks are imported when they are first used, so that `import tinygrad_edu` stays quick."""
    if name in _ROOM_OF:
        return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


sys.modules[f"{__name__}.random"] = random  # its public name, for `from tinygrad_edu.random import get_state`

__version__ = "0.1.0"
