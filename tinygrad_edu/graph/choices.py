"""The values that the options of `draw` can have, and the errors for all others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Real
from typing import Any, Literal, get_args

from .._support.languages import say, texts
from ..engine.messages import short
from ..errors import OutOfRangeError
from .fit import Fit
from .layout.geometry import Engine
from .palette import Theme
from .picture.style import Style

__all__ = ["Mode", "check_choices", "check_sizes"]

Mode = Literal["forward", "backward", "both"]

CHOICES: dict[str, tuple[Any, ...]] = {
    "mode": get_args(Mode),
    "gradients": (True, False, "grad"),
    "engine": get_args(Engine),
    "theme": get_args(Theme),
    "direction": ("LR", "TB", None),
    "fit": (*get_args(Fit), None),
    "style": (*get_args(Style), None),
    "steps": (True, False, None),
    "bold": (True, False),
}


def check_choices(**settings: Any) -> None:
    """Raise `OutOfRangeError` for a setting with a value that it cannot have."""
    for what, given in settings.items():
        _check(what, given, CHOICES[what])


def check_sizes(width: Any, depth: Any, expand: Any) -> Collection[str]:
    """The paths to expand. Raises `OutOfRangeError` for what is no width, no depth, or no path."""
    if not (width is None or (isinstance(width, Real) and float(width) > 0)):
        raise OutOfRangeError("draw: width is a number of pixels, not {given}", given=short(width))
    if not (isinstance(depth, int) and not isinstance(depth, bool) and depth >= 0):
        _check("depth", depth, ("auto", "all"), say("a number from 0 on"))
    paths = (expand,) if isinstance(expand, str) else expand
    if not (isinstance(paths, Collection) and all(isinstance(path, str) for path in paths)):
        text = texts("draw: expand is the path of a module, or a set of such paths, not {given}")
        raise OutOfRangeError(text, given=short(expand))
    return paths


def _check(what: str, given: object, choices: Sequence[Any], *others: str) -> None:
    if not (isinstance(given, (str, bool, type(None))) and given in choices):
        words = say(", ").join([*(repr(choice) for choice in choices if choice is not None), *others])
        way_out = say("; draw(model(x)) draws what a model computes of x") if what == "mode" else ""
        text = texts("draw: {what} is one of {choices}, not {given}{way_out}")
        raise OutOfRangeError(text, what=what, choices=words, given=short(given), way_out=way_out)
