"""Containers of modules (in a sequence, in a list, under names), and functions as modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, MutableSequence
from typing import Any, overload

from .._support.languages import say, texts
from ..engine.messages import short
from ..errors import DtypeError, OutOfRangeError
from .module import Module

__all__ = ["Identity", "Lambda", "ModuleDict", "ModuleList", "Sequential"]


class Container(Module):
    """The base class of the containers: named modules, in order."""

    is_made_of_settings = False

    def __init__(self, modules: Iterable[tuple[str, Module]]) -> None:
        self._modules: dict[str, Module] = {}
        for name, module in modules:
            self._put(name, module)

    def _put(self, name: Any, module: Any) -> None:
        self._modules[self._checked(name, module)] = module

    def _checked(self, name: Any, module: Any) -> str:
        """The name, if both are what a container holds."""
        if not isinstance(module, Module):
            text = texts("{kind}: holds modules, and {name} is {value}{hint}")
            said = say(text, kind=type(self).__name__, name=repr(name), value=short(module), hint=_way_out(module))
            raise DtypeError(said)
        if not isinstance(name, str) or not name or "." in name or hasattr(type(self), name):
            text = texts("{kind}: {name} cannot name a module; a name is a string without dots, and no method's name")
            raise DtypeError(text, kind=type(self).__name__, name=repr(name))
        return name

    def _attributes(self) -> Iterable[tuple[str, Any]]:
        yield from self._modules.items()
        yield from ((name, x) for name, x in vars(self).items() if name != "_modules")

    def __getattr__(self, name: str) -> Any:
        modules = vars(self).get("_modules", {})
        return modules[name] if name in modules else super().__getattr__(name)  # type: ignore[misc]

    def _takes(self, name: str, value: Any) -> bool:
        modules = vars(self).get("_modules")
        if modules is None or not (name in modules or isinstance(value, Module)):
            return False
        self._put(name, value)
        return True

    def __len__(self) -> int:
        return len(self._modules)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *vars(self).get("_modules", ())]


def _way_out(given: Any) -> str:
    """Advice on how to make modules of something else, as the end of an error message."""
    if isinstance(given, type):
        return say(": a class, of which {code} makes a module", code=f"{given.__name__}(...)")
    if isinstance(given, (list, tuple)):
        return say(": give the modules one by one, as in Sequential(*modules)")
    return say(": nn.Lambda makes a module of a function") if callable(given) else ""


class NumberedContainer(Container, MutableSequence[Any]):
    """The base class of `Sequential` and `ModuleList`, with the methods of lists: the modules are "0", "1", ..."""

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))

    def _name_at(self, index: int) -> str:
        names = list(self._modules)
        if not -len(names) <= index < len(names):
            text = texts("{kind}: there is no module {index}; it holds {n}")
            raise OutOfRangeError(text, kind=type(self).__name__, index=index, n=len(names))
        return names[index]

    def __setitem__(self, index: Any, module: Any) -> None:
        self._put(self._name_at(index), module)

    def __delitem__(self, index: Any) -> None:
        items = list(self._modules.items())
        del items[index if isinstance(index, slice) else list(self._modules).index(self._name_at(index))]
        self._number(items)

    def _number(self, items: list[tuple[str, Module]]) -> None:
        """Hold these modules. Names that are numbers become their places."""
        named = [(str(i) if name.isdigit() else name, module) for i, (name, module) in enumerate(items)]
        self._modules = {self._checked(name, module): module for name, module in named}

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the one at `index`; returns the container."""
        items = list(self._modules.items())
        items.insert(index, (str(len(self)), module))
        self._number(items)
        return self

    def append(self, module: Module) -> Any:
        """Add a module at the end; returns the container."""
        return self.insert(len(self), module)

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end; returns the container."""
        for module in modules:
            self.append(module)
        return self


class Sequential(NumberedContainer):
    """Modules one after the other: the output of each is the input of the next.

    Parameters
    ----------
    modules : the modules; or one mapping of names to modules.

    Raises `DtypeError` if one of them is not a module.

    >>> from collections import OrderedDict
    >>> from tinygrad_edu import nn
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> net[0], len(net[1:])
    (Linear(in_features=4, out_features=3, bias=True), 2)
    >>> net = nn.Sequential(OrderedDict(hidden=nn.Linear(4, 3), out=nn.Linear(3, 2)))
    >>> net.out = nn.Linear(3, 5)  # another head
    >>> net[-1]
    Linear(in_features=3, out_features=5, bias=True)
    >>> del net[-1]
    >>> net.insert(0, nn.Dropout(0.5))
    Sequential(
      (0): Dropout(p=0.5)
      (hidden): Linear(in_features=4, out_features=3, bias=True)
    )
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            super().__init__(modules[0].items())
        else:
            super().__init__((str(i), module) for i, module in enumerate(modules))

    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            x = module(x)
        return x

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Sequential(dict(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]


class ModuleList(NumberedContainer):
    """A list of modules, itself a module. A plain list as an attribute of a module works as well.

    >>> from tinygrad_edu import nn
    >>> layers = nn.ModuleList(nn.Linear(n, n + 1) for n in (2, 3))
    >>> [name for name, _ in layers.append(nn.Linear(4, 1)).named_parameters()][-2:]
    ['2.weight', '2.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__((str(i), module) for i, module in enumerate(modules))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return self._modules[self._name_at(index)]


class ModuleDict(Container, MutableMapping[str, Any]):
    """Modules under names, itself a module, with the methods of dicts. A plain dict as an attribute works as well.

    >>> from tinygrad_edu import nn
    >>> branches = nn.ModuleDict({"left": nn.Linear(2, 3), "right": nn.Linear(2, 4)})
    >>> branches["right"], "up" in branches
    (Linear(in_features=2, out_features=4, bias=True), False)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__((modules or {}).items())

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self._put(name, module)

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._modules))

    __eq__, __hash__ = object.__eq__, object.__hash__  # a module equals itself alone


class Lambda(Module):
    """A function as a module, for use in a `Sequential`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Sequential(tg.nn.Lambda(lambda x: x * 2), tg.nn.Lambda(tg.exp))
    Sequential(
      (0): Lambda(<lambda>)
      (1): Lambda(exp)
    )
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)

    def extra_repr(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


class Identity(Module):
    """Returns its input. Takes and forgets any arguments, so that it can stand in the place of any layer.

    >>> from tinygrad_edu import nn
    >>> nn.Identity(3, 2, bias=False)(5.0)
    5.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def forward(self, x: Any) -> Any:
        return x
