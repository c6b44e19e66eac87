"""tinygrad_edu: a pure-Python autodiff engine to learn from.

>>> import tinygrad_edu as tg
>>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
>>> z = (x + y) * w
>>> z.backward()
>>> x.grad, y.grad, w.grad
(4.0, 4.0, 5.0)
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .engine import random
from .engine.creation import (
    arange,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    rand_like,
    randn,
    randn_like,
    zeros,
    zeros_like,
)
from .engine.derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .engine.grad_mode import enable_grad, no_grad, trace
from .engine.node import Node
from .engine.primitives.arithmetic import add, divide, multiply, negative, power, subtract
from .engine.primitives.elementwise import (
    abs_ as abs,
)
from .engine.primitives.elementwise import (
    arccos,
    arcsin,
    arctan,
    clip,
    cos,
    cosh,
    erf,
    exp,
    expm1,
    identity,
    log,
    log1p,
    maximum,
    minimum,
    relu,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    tan,
    tanh,
    where,
)
from .engine.primitives.linear_algebra import diag, dot, einsum, matmul, outer, tril, triu
from .engine.primitives.reductions import argmax, argmin, cumsum, logsumexp, mean, norm, norm2, softmax, std, var
from .engine.primitives.reductions import max_ as max
from .engine.primitives.reductions import min_ as min
from .engine.primitives.reductions import prod_ as prod
from .engine.primitives.reductions import sum_ as sum
from .engine.primitives.shape import (
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    flatten,
    flip,
    getitem,
    moveaxis,
    pad,
    repeat,
    reshape,
    roll,
    scatter,
    split,
    squeeze,
    stack,
    sum_to,
    swapaxes,
    take_along_axis,
    tile,
    transpose,
)
from .engine.random import manual_seed
from .engine.scopes import block
from .engine.tensor import Tensor, tensor
from .engine.value import Value
from .engine.walk import gradients
from .errors import (
    DtypeError,
    FileError,
    GradientError,
    GraphError,
    InPlaceError,
    ModuleError,
    OptimizerError,
    OutOfRangeError,
    ShapeError,
    TinygradError,
)

__all__ = [
    "DtypeError",
    "FileError",
    "GradientError",
    "GraphError",
    "InPlaceError",
    "ModuleError",
    "Node",
    "OptimizerError",
    "OutOfRangeError",
    "ShapeError",
    "Tensor",
    "TinygradError",
    "Value",
    "abs",
    "add",
    "arange",
    "arccos",
    "arcsin",
    "arctan",
    "argmax",
    "argmin",
    "astype",
    "block",
    "broadcast_to",
    "clip",
    "concatenate",
    "cos",
    "cosh",
    "cumsum",
    "data",
    "diag",
    "divide",
    "dot",
    "draw",
    "einsum",
    "enable_grad",
    "erf",
    "exp",
    "expand_dims",
    "explain",
    "expm1",
    "eye",
    "find_nan",
    "flatten",
    "flip",
    "formula",
    "full",
    "full_like",
    "getitem",
    "grad",
    "gradcheck",
    "gradients",
    "graph",
    "hessian",
    "hvp",
    "identity",
    "jacobian",
    "jvp",
    "linspace",
    "load",
    "log",
    "log1p",
    "logsumexp",
    "manual_seed",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "models",
    "moveaxis",
    "multiply",
    "negative",
    "nn",
    "no_grad",
    "norm",
    "norm2",
    "ones",
    "ones_like",
    "optim",
    "outer",
    "pad",
    "plots",
    "power",
    "prod",
    "rand",
    "rand_like",
    "randn",
    "randn_like",
    "random",
    "relu",
    "repeat",
    "reshape",
    "roll",
    "save",
    "scatter",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "step",
    "steps",
    "subtract",
    "sum",
    "sum_to",
    "swapaxes",
    "take_along_axis",
    "tan",
    "tanh",
    "tensor",
    "testing",
    "tile",
    "trace",
    "train",
    "transpose",
    "tril",
    "triu",
    "value_and_grad",
    "var",
    "vjp",
    "where",
    "zeros",
    "zeros_like",
]  # fmt: skip

_ON_DEMAND = {
    "draw": "graph",
    "explain": "graph",
    "find_nan": "nonfinite",
    "formula": "graph",
    "gradcheck": "check",
    "load": "saving",
    "save": "saving",
    "steps": "step",
}

if TYPE_CHECKING:
    from . import data, graph, models, nn, optim, plots, step, testing, train
    from .check import gradcheck
    from .graph import draw, explain, formula
    from .nonfinite import find_nan
    from .saving import load, save
    from .step import steps


def __getattr__(name: str) -> Any:
    """Pictures, explanations and checks are imported when first used, so that `import tinygrad_edu` stays quick."""
    if name in _ON_DEMAND:
        return getattr(import_module(f".{_ON_DEMAND[name]}", __name__), name)
    if name in ("data", "graph", "models", "nn", "optim", "plots", "step", "testing", "train"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


sys.modules[f"{__name__}.random"] = random  # its public name, for `from tinygrad_edu.random import get_state`

__version__ = "0.1.0"
