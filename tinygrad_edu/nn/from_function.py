"""Modules that only keep the settings of a function, such as `ELU` for `elu`: a row for each instead of a class."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import Parameter, Signature, isfunction, signature
from typing import Any, ClassVar

from ..engine.messages.hints import fitted
from ..engine.messages.pytorch import refuse_data, taking_pytorchs, without_pytorchs
from ..errors import DtypeError
from .module import Module


class FromFunction(Module):
    """The base class of modules that call a function on their inputs, with settings given when they are made."""

    function: ClassVar[Callable[..., Any]]
    settings: ClassVar[Signature]
    hints: ClassVar[Signature]
    names: ClassVar[tuple[str, ...]]
    """The settings that the function takes: all but PyTorch's `inplace`, for what is computed here is always new."""

    def __init__(self, *args: Any, **named: Any) -> None:
        named = without_pytorchs(type(self).__name__, named, self.settings.parameters)
        refuse_data(type(self).__name__, self.settings.parameters, args)
        try:
            given = self.settings.bind(*args, **named)
        except TypeError as error:
            raise DtypeError(f"{type(self).__name__}{self.settings}: {error}") from None
        _, given.arguments = fitted(type(self).__name__, self.hints, (), given.arguments)
        given.apply_defaults()
        for name in self.names:
            setattr(self, name, given.arguments[name])

    def kept(self) -> dict[str, Any]:
        """The settings, as the function takes them."""
        return {name: getattr(self, name) for name in self.names}

    def forward(self, *inputs: Any) -> Any:
        return type(self).function(*inputs, **self.kept())

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.kept().items())


def module_of(
    name: str, function: Callable[..., Any], base: type[FromFunction] = FromFunction, inputs: int = 1, **more: Any
) -> Any:
    """A class of modules that call this function on so many inputs; its other arguments are the module's.

    `more` are arguments with their defaults that the signature does not tell, and `inplace` where PyTorch has it.

    >>> Power = module_of("Power", lambda x, exponent=2: x**exponent)
    >>> Power(), Power(3)(2.0)
    (Power(exponent=2), 8.0)
    """
    caller = sys._getframe(1).f_globals["__name__"]  # where pickles find the class
    written = [p for p in signature(function).parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    hints = written[inputs:]
    hints += [Parameter(key, Parameter.POSITIONAL_OR_KEYWORD, default=default) for key, default in more.items()]
    settings = [p.replace(annotation=Parameter.empty) for p in hints]
    members = {
        "function": staticmethod(taking_pytorchs(function) if isfunction(function) else function),
        "hints": Signature(hints),
        "settings": Signature(settings),
        "__signature__": Signature(settings),
        "names": tuple(p.name for p in settings if p.name != "inplace"),
    }
    members |= {"__module__": caller, "__doc__": f"As a module: {function.__doc__}"}
    return type(name, (base,), members)
