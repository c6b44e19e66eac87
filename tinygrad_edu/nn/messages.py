"""Messages of modules: why a state does not fit, and which attribute was probably meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any

import numpy as np

from .._support.languages import say, texts
from .parameter import Shape, Uninitialized, in_words

__all__ = ["MISSPELT", "fits", "misfits", "no_attribute", "one_typo_from"]


def misfits(ours: Mapping[str, Any], arrays: Mapping[str, np.ndarray], strict: bool) -> list[str]:
    """The reasons why these arrays cannot be loaded into these parameters and buffers; empty if they can.

    Names that only one side has are a reason if `strict`.

    >>> import tinygrad_edu as tg
    >>> misfits({"w": tg.zeros((2, 3))}, {"w": np.zeros((3, 2)), "v": np.zeros(1)}, strict=True)
    ['w has shape (2, 3) in the module and (3, 2) in the state', 'v is not expected']
    """
    problems = [_misfit(name, x, arrays[name]) for name, x in ours.items() if name in arrays]
    if strict:
        problems += [say("{name} is missing", name=name) for name in ours if name not in arrays]
        problems += [say("{name} is not expected", name=name) for name in arrays if name not in ours]
    return [problem for problem in problems + _half_loaded(ours, arrays) if problem]


def fits(x: Any, shape: Shape) -> bool:
    """Whether a tensor has this shape, or no shape yet; None stands for any size."""
    if x is None or isinstance(x, Uninitialized):
        return True
    return len(x.shape) == len(shape) and all(n in (None, size) for n, size in zip(shape, x.shape))


def _misfit(name: str, x: Any, array: np.ndarray) -> str | None:
    """The reason why an array cannot be loaded into x; None if it can."""
    shape = x.open_shape if isinstance(x, Uninitialized) else x.shape
    if not fits(array, shape):
        return say(
            "{name} has shape {here} in the module and {there} in the state",
            name=name,
            here=in_words(shape),
            there=array.shape,
        )
    if array.dtype.kind not in "biuf":
        return say("{name} is no array of numbers but of {dtype}", name=name, dtype=array.dtype)
    return None


def _half_loaded(ours: Mapping[str, Any], arrays: Mapping[str, Any]) -> list[str | None]:
    """Uninitialised parameters that would still wait for the first call although others of their layer are loaded."""
    neighbours = {
        name.rpartition(".")[0] for name, x in ours.items() if isinstance(x, Uninitialized) and name in arrays
    }
    return [
        say("{name} is uninitialised and missing, while its layer is loaded", name=name)
        for name, x in ours.items()
        if isinstance(x, Uninitialized) and name not in arrays and name.rpartition(".")[0] in neighbours
    ]


# Attributes that a module does not have.

ELSEWHERE = texts(
    {
        "add_module register_module set_submodule": "assign the module to an attribute, or use nn.ModuleList and "
        "nn.ModuleDict",
        "register_buffer": "assign nn.Buffer(...) to an attribute",
        "register_parameter": "assign nn.Parameter(...) to an attribute",
        "get_submodule": "dict(model.named_modules())[name] is it",
        "get_parameter": "dict(model.named_parameters())[name] is it",
        "get_buffer": "dict(model.named_buffers())[name] is it",
        "cpu cuda ipu xpu mtia to_empty share_memory": "NumPy computes on the processor only: leave it out",
        "to type half bfloat16": "use .float() or .double(); NumPy computes on the processor only",
        "compile": "there is no compiler: leave it out",
        "get_extra_state set_extra_state": "state_dict() holds parameters and buffers alone: nn.Buffer(...)",
    }
)
"""Methods that only PyTorch's modules have, and what to do instead; several of one kind stand together."""

HOOKS = texts("there are no hooks: call the module and look at what it gives")
"""What is said of all names that register one."""


def no_attribute(module: Any, name: str) -> str:
    """The message for an unknown attribute: which one was probably meant, or what to use instead."""
    kind = type(module).__name__
    if name == "forward" and kind in ("ModuleList", "ModuleDict"):
        return say("{kind} only holds modules: call them one by one, or make an nn.Sequential of them", kind=kind)
    if name == "forward":
        near = one_typo_from(name, vars(type(module)))
        if near:
            return say("{kind} has no method 'forward'; is {near} a misspelt one?", kind=kind, near=repr(near))
        return say("{kind} has no method 'forward'; write what a call computes: def forward(self, x)", kind=kind)
    advice = [advice for names, advice in ELSEWHERE.items() if name in names.split()]
    if name.startswith("register_") and name.endswith("_hook"):
        advice.append(HOOKS)
    if advice:
        return say("{kind} has no attribute {name}: {advice}", kind=kind, name=repr(name), advice=say(advice[0]))
    public = [known for known in dir(module) if not known.startswith("_")]
    close = get_close_matches(name, public, n=1)
    if close:
        return say(MISSPELT, kind=kind, name=repr(name), meant=repr(close[0]))
    return say("{kind} has no attribute {name}", kind=kind, name=repr(name))


MISSPELT = texts("{kind} has no attribute {name}; did you mean {meant}?")


def one_typo_from(name: str, known: Iterable[str]) -> str | None:
    """The first known name that differs from this one by exchanged letters, or by one letter more or less.

    A difference in a digit is not a typo: `layer2` is not a misspelt `layer`.

    >>> one_typo_from("wieght", ["bias", "weight"]), one_typo_from("weight2", ["weight"])
    ('weight', None)
    """
    return next((other for other in known if _is_typo(name, other)), None)


def _is_typo(name: str, other: str) -> bool:
    if name == other or abs(len(name) - len(other)) > 1:
        return False
    ours, theirs = Counter(name), Counter(other)
    differing = "".join(((ours - theirs) + (theirs - ours)).elements())
    return len(differing) <= 1 and not differing.isdigit() and SequenceMatcher(None, name, other).ratio() > 0.8
