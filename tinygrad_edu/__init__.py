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

from .engine import messages as _messages, random
from .engine.grad_mode import enable_grad as enable_grad, no_grad as no_grad, trace as trace
from .engine.messages import elsewhere as _elsewhere
from .engine.node import Node as Node
from .engine.primitives.arithmetic import *
from .engine.primitives.elementwise import *
from .engine.primitives.indexing import *
from .engine.primitives.linear_algebra import *
from .engine.primitives.reductions import *
from .engine.primitives.shape import *
from .engine.random import manual_seed as manual_seed
from .engine.tensor import Tensor as Tensor, tensor as tensor
from .engine.value import Value as Value
from .errors import *

abs, max, min, prod, round, sum = abs_, max_, min_, prod_, round_, sum_
del abs_, max_, min_, prod_, round_, sum_

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
    from .engine.creation import *
    from .engine.derivatives import *
    from .engine.gradients import gradients as gradients
    from .engine.primitives.decompositions import *
    from .engine.primitives.einsum import *
    from .engine.primitives.joining import *
    from .engine.primitives.own import primitive as primitive
    from .engine.primitives.statistics import *
    from .engine.scopes import block as block
    from .graph import draw as draw, explain as explain, formula as formula
    from .nonfinite import find_nan as find_nan
    from .saving import load as load, save as save
    from .step import steps as steps
else:  # so that the type checker knows the arguments
    _elsewhere.spell_here(globals())

_ROOMS = ["data", "graph", "models", "nn", "optim", "plots", "step", "testing", "train"]
_LATER = {
    "check": "gradcheck",
    "engine.creation": "arange eye full full_like linspace ones ones_like rand rand_like randn randn_like zeros "
    "zeros_like",
    "engine.derivatives": "grad hessian hvp jacobian jvp value_and_grad vjp",
    "engine.gradients": "gradients",
    "engine.primitives.decompositions": "cholesky det eigh eigvalsh inv matrix_norm matrix_power multi_dot pinv "
    "slogdet solve svd svdvals",
    "engine.primitives.einsum": "einsum",
    "engine.primitives.joining": "array_split column_stack dstack hstack meshgrid rot90 vstack",
    "engine.primitives.own": "primitive",
    "engine.primitives.statistics": "argsort average cov diff interp median nanmean nansum partition percentile ptp "
    "quantile sort trapezoid",
    "engine.scopes": "block",
    "graph": "draw explain formula",
    "nonfinite": "find_nan",
    "saving": "load save",
    "step": "steps",
}
"""What is imported when it is first used, so that `import tinygrad_edu` stays quick: names by their module."""
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names.split()}

_functions = [name for name, x in vars().items() if "engine.primitives" in getattr(x, "__module__", "")]
_functions += [name for name, module in _MODULE_OF.items() if module.startswith("engine.primitives")]
_answers = {name: f"here it is tg.{name}(x, ...)" for name in _functions}
_elsewhere.answer(Tensor, _answers | {f"{name}_": _elsewhere.IN_PLACE for name in [*_functions, *_elsewhere.METHODS]})

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__) and name[0] != "_"]
__all__ += ["random", *_ROOMS, *_MODULE_OF]


def __getattr__(name: str) -> Any:
    """Pictures, layers and checks are imported when they are first used, so that `import tinygrad_edu` stays quick."""
    if name in _MODULE_OF:
        found = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
        globals()[name] = _elsewhere.spelt_here(found) if isfunction(found) else found
        return globals()[name]
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    here = _elsewhere.of_package(name)
    if not here and name in import_module(".nn.functional", __name__).__all__:
        here = f"here it is tg.nn.functional.{name}"
    raise _messages.lacks(__name__, name, f"module {__name__!r} has no attribute {name!r}{here and ': ' + here}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[f"{__name__}.random"] = random  # its public name, for `from tinygrad_edu.random import get_state`

__version__ = "0.1.0"
