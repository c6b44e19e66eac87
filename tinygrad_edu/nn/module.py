"""`Module`, the base class of layers and networks: it finds, saves and converts the tensors in its attributes.

A module is an ordinary object. Its parameters, buffers and inner modules are those in its attributes, and in lists,
tuples and dicts there. They are searched for at each request, so nothing has to be registered. A tensor that `forward`
keeps for inspection, such as its input, is none of them. Names are PyTorch's: `layers.0.weight` is the `weight` of the
first module in the list `layers`.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from reprlib import recursive_repr
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from .._support.languages import say, texts
from .._support.text import clean
from ..engine.convert import array_of
from ..engine.grad_mode import no_grad
from ..engine.inplace import note_change
from ..engine.messages import describe, is_whole, short
from ..engine.messages.elsewhere import spelt_here
from ..engine.messages.pytorch import TakesPyTorchsArguments
from ..engine.node import Node, number_of, shape_of
from ..engine.parts import together
from ..engine.scopes import made_by
from ..engine.tensor import Tensor
from ..errors import DtypeError, ModuleError, ShapeError
from .members import found, is_plain, joined, once
from .messages import MISSPELT, fits, misfits, no_attribute, one_typo_from
from .parameter import Shape, Uninitialized, adopt, marked_role, materialize, numeric, role, unmake

__all__ = ["Module"]

M = TypeVar("M", bound="Module")


class KeysThatDiffer(NamedTuple):
    """The names that `load_state_dict(strict=False)` did not use, on each side."""

    missing_keys: list[str]
    unexpected_keys: list[str]


@spelt_here
class Module(TakesPyTorchsArguments):
    """A layer, or a network of layers. Subclasses write `__init__` and `forward`, and are called like functions.

    Attributes
    ----------
    training : whether layers such as `Dropout` behave as in training; set by `train()` and `eval()`.
    frozen : whether `train()` leaves this module in evaluation mode; set by `freeze()` and `unfreeze()`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Linear(4, 3)
    ...         self.heads = [nn.Linear(3, 2), nn.Linear(3, 1)]
    ...     def forward(self, x):
    ...         h = self.hidden(x).relu()
    ...         return [head(h) for head in self.heads]
    >>> net = Net()
    >>> [name for name, _ in net.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'heads.0.weight', 'heads.0.bias', 'heads.1.weight', 'heads.1.bias']
    >>> [out.shape for out in net(tg.randn(5, 4))]
    [(5, 2), (5, 1)]
    """

    training: bool = True
    frozen: bool = False
    forward: Callable[..., Any]
    is_made_of_settings = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute `forward`; the result remembers that this module made it."""
        if self._waiting:
            given = [*args, *kwargs.values()]
            together(f"the first call of {type(self).__name__}", lambda parts: self._first_call(*given))
        return made_by(self, self.forward, *args, **kwargs)

    # The contents.

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """The module itself, named `prefix`, and all inner ones, each once under its first name; outer ones first."""
        return self._module_paths(prefix, set())

    def modules(self) -> Iterator[Module]:
        """The module itself and all inner ones, each once; outer ones first."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules held directly, each once."""
        return once((name, x) for name, x in self._members() if isinstance(x, Module))

    def children(self) -> Iterator[Module]:
        """The modules held directly, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """All parameters, each once: a parameter in two places has the name of the first.

        The names begin with `prefix`; without `recurse` those of inner modules are left out.
        """
        return self._tensors("parameter", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """All parameters, each once.

        >>> from tinygrad_edu import nn
        >>> encoder, decoder = nn.Linear(4, 3, bias=False), nn.Linear(3, 4, bias=False)
        >>> decoder.weight = encoder.weight
        >>> len(list(nn.Sequential(encoder, decoder).parameters()))
        1
        """
        return (x for _, x in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """All buffers, each once, as `named_parameters` gives parameters."""
        return self._tensors("buffer", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """All buffers, each once."""
        return (x for _, x in self.named_buffers(recurse=recurse))

    def _tensors(self, role: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        return once(tensors_in(self.named_modules(prefix) if recurse else [(prefix, self)], role))

    def _attributes(self) -> Iterable[tuple[str, Any]]:
        """Where members are searched for; containers have other names for theirs."""
        return vars(self).items()

    def _members(self) -> Iterator[tuple[str, Any]]:
        """The nodes and modules held directly: in attributes, and in lists, tuples and dicts there."""
        return found(self._attributes(), (Node, Module), self._is_known_as_plain)

    _plain: SimpleNamespace | None = None
    """The large containers without members, by name, and their lengths; in an object that is not searched itself."""

    def _is_known_as_plain(self, name: str, x: Any) -> bool:
        """Whether a large container holds numbers and texts alone, as a vocabulary does, and need not be searched.

        It is looked through once, and again where its length has changed.
        """
        container, length = (self._plain or SimpleNamespace()).__dict__.get(name, (None, 0))
        if container is x and length == len(x):
            return True
        if not is_plain(x):
            return False
        if self._plain is None:
            object.__setattr__(self, "_plain", SimpleNamespace())
        vars(self._plain)[name] = x, len(x)
        return True

    def _role(self, x: Any) -> str | None:
        """The role of a node here. One put into a container after the first call has none, unless it is marked."""
        return role(x) if self._waiting else marked_role(x)

    def _module_paths(self, prefix: str, seen: set[int] | None) -> Iterator[tuple[str, Module]]:
        """The modules by name, depth first: each once if `seen` is given, else once for each of its places."""
        todo: list[tuple[str, Module, tuple[int, ...]]] = [(prefix, self, ())]
        while todo:
            name, module, above = todo.pop()
            if id(module) in (above if seen is None else seen):
                continue
            if seen is not None:
                seen.add(id(module))
            yield name, module
            inner = [(joined(name, key), x) for key, x in module._members() if isinstance(x, Module)]
            todo.extend((key, x, (*above, id(module))) for key, x in reversed(inner))

    # Changes of all the contents.

    def train(self: M, mode: bool = True) -> M:
        """Set `training` here and in all inner modules, but frozen ones; returns the module itself.

        Raises `DtypeError` for another mode than True and False, such as data to train with.
        """
        if not isinstance(mode, bool):
            text = texts("train: mode is True or False, not {value}; what trains with data is {code}")
            raise DtypeError(text, value=short(mode), code="tinygrad_edu.train.fit(model, ...)")
        for module in self.modules():
            module.training = mode and not module.frozen
        return self

    def eval(self: M) -> M:
        """Behave as after training: `train(False)`."""
        return self.train(False)

    def apply(self: M, function: Callable[[Module], object]) -> M:
        """Call a function on every module, inner ones first, such as a user's own initialisation.

        >>> from tinygrad_edu import nn
        >>> def ones(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.ones_(module.weight)
        >>> nn.Sequential(nn.Linear(2, 1)).apply(ones)[0].weight
        tensor([[1., 1.]], requires_grad=True)
        """
        for module in reversed(list(self.modules())):
            function(module)
        return self

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Freeze all parameters (False), or unfreeze them. Frozen ones stay parameters, and `backward()` skips them.

        >>> from tinygrad_edu import nn
        >>> backbone = nn.Linear(3, 2).requires_grad_(False)
        >>> [p.requires_grad for p in backbone.parameters()]
        [False, False]
        """
        for parameter in self.parameters():
            adopt(parameter)
            parameter.requires_grad_(requires_grad)
        return self

    def freeze(self: M) -> M:
        """Stop learning, here and in all inner modules: for the trained part of a model, while the rest learns.

        The parameters get no gradient, and no optimiser changes them. The modules stay in evaluation mode, also after
        `train()`: dropout drops nothing, batch norm uses what it has learned and learns no new averages. Where no
        gradient is needed nothing is recorded, so frozen layers at the beginning cost a forward pass alone.

        >>> from tinygrad_edu import nn
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
        >>> _ = model[:2].freeze()  # and model[2] learns
        >>> [layer.training for layer in model.train()]
        [False, False, True]
        >>> [name for name, p in model.named_parameters() if p.requires_grad]
        ['2.weight', '2.bias']
        """
        return self._freeze(True)

    def unfreeze(self: M) -> M:
        """Learn again, here and in all inner modules, which are in training mode afterwards.

        >>> from tinygrad_edu import nn
        >>> nn.Dropout(0.5).freeze().unfreeze().training
        True
        """
        return self._freeze(False)

    def _freeze(self: M, frozen: bool) -> M:
        for module in self.modules():
            module.frozen, module.training = frozen, not frozen
        return self.requires_grad_(not frozen)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients: `.grad` of every parameter is None again, or all 0 where `set_to_none` is False."""
        for p in self.parameters():
            if p.notes and p.notes.grad is not None:
                p.grad = None if set_to_none else np.zeros(p.shape)

    def float(self: M) -> M:
        """Compute in float32: changes the floating-point parameters and buffers in place."""
        return self._to(np.float32)

    def double(self: M) -> M:
        """Compute in float64: changes the floating-point parameters and buffers in place.

        >>> from tinygrad_edu import nn
        >>> nn.Linear(3, 2).double().weight.dtype
        dtype('float64')
        """
        return self._to(np.float64)

    def _to(self: M, dtype: Any) -> M:
        for _, x in once(tensors_in(self.named_modules())):
            if isinstance(x, Uninitialized):
                x.open_dtype = np.dtype(dtype)
            elif isinstance(x, Tensor) and x.dtype.kind == "f" and x.dtype != dtype:
                x._number = number_of(x).astype(dtype)
                x.zero_grad()
                note_change(x)
        return self

    # Saving and loading.

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers by name: PyTorch's names and layouts, as NumPy arrays.

        Raises `ModuleError` if one is uninitialised.

        >>> from tinygrad_edu import nn
        >>> {name: array.shape for name, array in nn.Linear(3, 2).state_dict().items()}
        {'weight': (2, 3), 'bias': (2,)}
        """
        return {name: np.array(x.data) for name, x in tensors_in(self._module_paths("", None))}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> KeysThatDiffer:
        """Load the parameters and buffers of a `state_dict()`, of this package or of PyTorch.

        Shapes must agree; dtypes stay as they are here. Uninitialised parameters take the loaded shape. One name
        suffices for a parameter in several places. Returns the names that were missing and the names that were not
        expected; with `strict`, both raise.

        Raises `ModuleError` that lists everything that does not fit; then nothing is loaded.

        >>> from tinygrad_edu import nn
        >>> layer, twin = nn.Linear(3, 2), nn.Linear(3, 2)
        >>> twin.load_state_dict(layer.state_dict())
        KeysThatDiffer(missing_keys=[], unexpected_keys=[])
        >>> bool((twin.weight == layer.weight).all())
        True
        """
        if not isinstance(state_dict, Mapping):
            text = texts("load_state_dict: needs a dict, such as another module's state_dict(), not {value}")
            raise DtypeError(text, value=short(state_dict))
        ours = dict(tensors_in(self._module_paths("", None)))
        arrays = {name: array_of(x) for name, x in state_dict.items()}
        loaded = {id(x) for name, x in ours.items() if name in arrays}
        ours = {name: x for name, x in ours.items() if name in arrays or id(x) not in loaded}  # one name of a tied one
        differ = KeysThatDiffer([k for k in ours if k not in arrays], [k for k in arrays if k not in ours])
        problems = misfits(ours, arrays, strict)
        if problems:
            lines = "".join(f"\n  {problem}" for problem in problems)
            text = texts("load_state_dict: the state does not fit this {kind}:{lines}")
            raise ModuleError(text, kind=type(self).__name__, lines=lines)
        for name, x in ours.items():
            if name in arrays:
                materialize(x, arrays[name].shape)
                x.data = arrays[name] if isinstance(x, Tensor) else float(arrays[name])
        return differ

    # Sizes that are learned from the first input.

    open_sizes: ClassVar[Mapping[str, int]] = {}
    """The sizes that may be left open, each with the axis of the first input that has it: `{"in_features": -1}`.

    A layer with open sizes makes `Parameter()`s without data, gives their shapes in `shapes()` and their initial values
    in `reset_parameters()`, and calls `build()` at the end of `__init__`. `Linear` is an example.
    """
    _waiting: bool = True
    """Whether the first call is still to come."""

    def shapes(self) -> dict[str, Shape]:
        """The shapes of the parameters and buffers that `build` makes, with None for a size that is open."""
        return {}

    def reset_parameters(self) -> None:
        """Give the parameters their initial values."""

    def build(self) -> None:
        """Give the parameters their shapes and initial values; if a size is open, this waits for the first call."""
        shapes = {k: shape for k, shape in self.shapes().items() if isinstance(getattr(self, k), Uninitialized)}
        for name, shape in shapes.items():
            if not all(size is None or (is_whole(size) and size >= 0) for size in shape):
                text = texts("{layer}: {name} would have shape {shape}, and sizes are whole numbers from 0 on")
                raise DtypeError(text, layer=self, name=name, shape=shape)
        if any(None in shape for shape in shapes.values()):
            for name, shape in shapes.items():
                said = say("{name} of {layer}", name=name, layer=self)
                getattr(self, name).open_name, getattr(self, name).open_shape = said, shape
            return
        fresh = [getattr(self, name) for name in shapes]
        try:
            for x, shape in zip(fresh, shapes.values()):
                materialize(x, shape)
            if fresh:
                self.reset_parameters()
        except BaseException:  # Ctrl-C, too: none is left without its initial values
            for x in fresh:
                unmake(x)
            raise

    def _first_call(self, *inputs: Any) -> None:
        """Learn the sizes that are open; from here on, a tensor is a parameter only if it is known as one."""
        if any(getattr(self, size) is None for size in self.open_sizes):
            self._learn_sizes(*inputs)
        for _, x in self._members():
            adopt(x)
        self._waiting = False

    def _learn_sizes(self, x: Any = 0.0, *others: Any) -> None:
        """Take the open sizes from the first input, and build the parameters that waited for them."""
        shape = shape_of(numeric(type(self).__name__, x))
        left_open = [size for size in self.open_sizes if getattr(self, size) is None]
        try:
            for size in left_open:
                axis = self.open_sizes[size]
                if not -len(shape) <= axis < len(shape):
                    text = texts("{layer}: an input of shape {shape} has no axis {axis}, which gives {size}")
                    raise ShapeError(text, layer=self, shape=shape, axis=axis, size=size)
                setattr(self, size, shape[axis])
                wrong = [k for k, known in self.shapes().items() if not fits(getattr(self, k), known)]
                if wrong:  # the loaded weights are for another input
                    loaded = getattr(self, wrong[0]).shape
                    text = texts("{layer}: the loaded {name} {loaded} does not fit an input of shape {shape}")
                    raise ShapeError(text, layer=self, name=wrong[0], loaded=loaded, shape=shape)
            self.build()
        except BaseException:  # Ctrl-C, too: the next call begins anew
            for size in left_open:
                vars(self)[size] = None
            raise

    # Attributes: misspelt names are refused.

    if not TYPE_CHECKING:  # so that the type checker finds misspelt methods

        def __getattr__(self, name: str) -> Any:
            if hasattr(type(self), name):  # a property that failed inside: this raises its own error again
                return object.__getattribute__(self, name)
            raise AttributeError(no_attribute(self, name))

    def _takes(self, name: str, value: Any) -> bool:
        """Whether an attribute of this name was a part of a container, which has another now."""
        return False

    def __setattr__(self, name: str, value: Any) -> None:
        if self._takes(name, value):
            return
        there = vars(self)
        if marked_role(there.get(name)) and value is not None and not role(value):
            text = texts(
                "{name} is a {role} of {kind}, and {value} would replace it by something that does not learn; change "
                "its numbers with "
                ".data = ..., or assign nn.Parameter(...), nn.Buffer(...)"
            )
            kind = type(self).__name__
            raise DtypeError(text, name=name, role=role(there[name]), kind=kind, value=_in_words(value))
        from_outside = sys._getframe(1).f_locals.get("self") is not self  # its own methods may add any attribute
        if from_outside and name not in there and not hasattr(type(self), name):
            meant = one_typo_from(name, dir(self))
            if meant:
                raise AttributeError(say(MISSPELT, kind=type(self).__name__, name=repr(name), meant=repr(meant)))
        if type(value) in (set, frozenset, deque) and any(isinstance(x, (Node, Module)) for x in value):
            text = texts("{name}: modules and parameters are found in lists, tuples and dicts, not in a {kind}")
            raise DtypeError(text, name=name, kind=type(value).__name__)
        object.__setattr__(self, name, value)
        new = [x for _, x in found([(name, value)], (Node, Module)) if role(x) and not marked_role(x)]
        if new and not _in_a_call():
            for x in new:
                adopt(x)

    # Text.

    def extra_repr(self) -> str:
        """The arguments of this layer, as `repr` shows them in its brackets."""
        return ""

    @recursive_repr("...")  # a module may know the one that it is part of
    def __repr__(self) -> str:
        parts = []
        for name, module in self._members():
            if isinstance(module, Module):
                inner = repr(module).replace("\n", "\n  ")
                parts.append(f"({clean(name)}): {inner}")
        if not parts:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}({self.extra_repr()}\n  " + "\n  ".join(parts) + "\n)"


@contextmanager
def keeping_modes(model: Module) -> Iterator[None]:
    """Afterwards each module is in the mode, training or evaluation, that it was in before."""
    modes = [(vars(module), module.training) for module in model.modules()]
    try:
        yield
    finally:
        for attributes, training in modes:
            attributes["training"] = training


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """The model as after `eval()`, and nothing is recorded; afterwards it is in the mode that it was in before."""
    with keeping_modes(model), no_grad():
        model.eval()
        yield


def tensors_in(modules: Iterable[tuple[str, Module]], kind: str | None = None) -> Iterator[tuple[str, Any]]:
    """The named parameters ("parameter"), buffers ("buffer") or both (None) that the modules hold directly."""
    for name, module in modules:
        for key, x in module._members():
            its = module._role(x)
            if its and kind in (None, its):
                yield joined(name, key), x


def _in_a_call() -> bool:
    """Whether this happens while a module computes."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code is Module.__call__.__code__:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _in_words(value: Any) -> str:
    return describe(value) if isinstance(value, Node) or hasattr(value, "shape") else short(value)
