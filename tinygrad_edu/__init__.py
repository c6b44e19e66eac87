"""tinygrad_edu: a pure-Python autodiff engine to learn from.

>>> import tinygrad_edu as tg
>>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
>>> z = (x + y) * w
>>> z.backward()
>>> x.grad, y.grad, w.grad
(4.0, 4.0, 5.0)
"""

# ruff: noqa: F403, F405, F821
import sys
from importlib import import_module
from inspect import isfunction
from typing import TYPE_CHECKING, Any

from .engine import random
from .engine.creation import *
from .engine.derivatives import *
from .engine.grad_mode import enable_grad as enable_grad, no_grad as no_grad, trace as trace
from .engine.gradients import gradients as gradients
from .engine.messages import elsewhere as _elsewhere
from .engine.messages.pytorch import lacks as _lacks
from .engine.node import Node as Node
from .engine.primitives.arithmetic import *
from .engine.primitives.decompositions import *
from .engine.primitives.einsum import *
from .engine.primitives.elementwise import *
from .engine.primitives.indexing import *
from .engine.primitives.joining import *
from .engine.primitives.linear_algebra import *
from .engine.primitives.own import own_primitive
from .engine.primitives.reductions import *
from .engine.primitives.shape import *
from .engine.primitives.statistics import *
from .engine.random import manual_seed as manual_seed
from .engine.scopes import block as block
from .engine.tensor import Tensor as Tensor, tensor as tensor
from .engine.value import Value as Value
from .errors import *

abs, max, min, prod, round, sum = abs_, max_, min_, prod_, round_, sum_
primitive = own_primitive
del abs_, max_, min_, own_primitive, prod_, round_, sum_

if not TYPE_CHECKING:  # so that the type checker knows the arguments
    globals().update({name: _elsewhere.spelt_here(x) for name, x in vars().items() if isfunction(x)})

_functions = [name for name, x in vars().items() if "engine.primitives" in getattr(x, "__module__", "")]
_elsewhere.answer(Tensor, {name: f"here it is tg.{name}(x, ...)" for name in _functions})
_elsewhere.answer(Tensor, {f"{name}_": _elsewhere.IN_PLACE for name in [*_functions, *_elsewhere.METHODS]})

if TYPE_CHECKING:
    from . import (
        data as data,
        graph as graph,
        models as models,
        nn as nn,
        optim as optim,
        plots as plots,
        step as step,
        testing as testing,
        train as train,
    )
    from .check import gradcheck as gradcheck
    from .graph import draw as draw, explain as explain, formula as formula
    from .nonfinite import find_nan as find_nan
    from .saving import load as load, save as save
    from .step import steps as steps

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
_ROOMS = ["data", "graph", "models", "nn", "optim", "plots", "step", "testing", "train"]

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__) and name[0] != "_"]
__all__ += ["random", *_ROOMS, *_ROOM_OF]


def __getattr__(name: str) -> Any:
    """Pictures, layers and checks are imported when they are first used, so that `import tinygrad_edu` stays quick."""
    if name in _ROOM_OF:
        return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    here = _elsewhere.of_package(name)
    if not here and name in import_module(".nn.functional", __name__).__all__:
        here = f"here it is tg.nn.functional.{name}"
    raise _lacks(__name__, name, f"module {__name__!r} has no attribute {name!r}{here and ': ' + here}")


sys.modules[f"{__name__}.random"] = random  # its public name, for `from tinygrad_edu.random import get_state`

__version__ = "0.1.0"
