"""The base class of the optimisers: parameters in groups with their options, one step, and the state to save."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil, inf, prod
from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.inplace import note_change, owned
from ..engine.messages import describe, short
from ..engine.messages.elsewhere import spelt_here
from ..engine.messages.pytorch import TakesPyTorchsArguments
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor
from ..errors import DtypeError, OptimizerError, OutOfRangeError

__all__ = ["Optimizer"]

BLOCK = 1 << 16
"""Large parameters are updated in blocks of at most so many numbers, so that intermediate results stay in the cache."""

SWITCHES = {"amsgrad", "centered", "decoupled_weight_decay", "maximize", "nesterov"}
PAIRS = {"betas", "etas", "step_sizes"}
BELOW_ONE = {"alpha", "rho", "betas"}
"""All options are 0 or more; these, which weigh the past, are also less than 1."""


@spelt_here
class Optimizer(TakesPyTorchsArguments):
    """Changes parameters in place by their gradients. Subclasses define how, in `update` and `memory`.

    Parameters
    ----------
    params : parameters (such as `model.parameters()`), or dicts with parameters under "params" and their own options:
        `[{"params": backbone.parameters(), "lr": 1e-4}, {"params": head.parameters()}]`.
    defaults : the options of the optimiser, such as `lr=0.1`, for all groups without their own.

    A parameter without a gradient is left as it is. A tied parameter is one parameter, and is stepped once.

    Attributes
    ----------
    param_groups : a dict of options for each group of parameters; `group["lr"]` may be changed at any time.
    state : for each parameter that was stepped, the number of its steps and what the optimiser remembers of it.

    Raises `DtypeError` if something is not a parameter, or for options of a wrong type; `OutOfRangeError` for options
    such as a negative learning rate; `OptimizerError` if there are no parameters, or if one is given twice.
    """

    def __init__(self, params: Iterable[Any], **defaults: Any) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Node, dict[str, Any]] = {}
        if isinstance(params, (Node, Mapping)) or not isinstance(params, Iterable):
            raise DtypeError(
                f"{self._name}: the parameters are a list such as model.parameters(), not {_in_words(params)}"
            )
        params = list(params)
        if not params:
            raise OptimizerError(
                f"{self._name}: there are no parameters to step; does the model have any that require a gradient? A "
                "generator, such as model.parameters(), is used up after one pass"
            )
        for group in params if any(isinstance(p, Mapping) for p in params) else [{"params": params}]:
            self.add_param_group(group)

    # Defined by the algorithms.

    def memory(self, options: Mapping[str, Any]) -> dict[str, float]:
        """The arrays that `update` needs, all of the parameter's shape: their names, and the number they begin with."""
        return {}

    def update(self, w: ndarray, g: ndarray, t: int, *memory: Any, **options: Any) -> None:
        """Change `w` and the arrays of `memory` in place by the gradient `g` in step `t` (1, 2, ...).

        The arrays are blocks of the parameter, of its gradient and of its memory, in the order of `memory()`. `options`
        are those of the parameter's group.
        """
        raise NotImplementedError(f"{type(self).__name__}: an optimiser defines update(self, w, g, t, *memory, lr)")

    # Called by users.

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        A `closure` computes the loss and its gradients before, and `step` returns the loss, as in PyTorch. Raises
        `DtypeError` if it is no function.
        """
        if closure is not None and not callable(closure):
            raise DtypeError(f"{self._name}: step takes nothing, or a function that returns the loss")
        loss = None if closure is None else closure()
        for group in self.param_groups:
            options = {name: group[name] for name in self.defaults}
            stepped = [p for p in group["params"] if p.notes and p.notes.grad is not None]
            note_change(*stepped)
            for p in stepped:
                self._step(p, options)
        return loss

    def preview(self, gradients: Mapping[Node, Any]) -> dict[Node, Any]:
        """The parameters after a `step()` with these gradients. Nothing is changed.

        >>> import tinygrad_edu as tg
        >>> w = tg.Value(2.0)
        >>> tg.optim.SGD([w], lr=0.1).preview({w: 5.0})
        {Value(2.0): 1.5}
        """
        made: dict[Node, Any] = {}
        for group in self.param_groups:
            options = {name: group[name] for name in self.defaults}
            for p in group["params"]:
                if p in gradients:
                    w, state = np.array(p.data), _copied(self.state.get(p, {"step": 0}))
                    self._update(w, np.asarray(number_of(gradients[p])), state, options)
                    made[p] = w if isinstance(p, Tensor) else w.item()
        return made

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters: `.grad` is None again, or all 0 where `set_to_none` is False."""
        for p in self._parameters():
            if p.notes and p.notes.grad is not None:
                p.grad = None if set_to_none else np.zeros(p.shape)

    def add_param_group(self, group: Any) -> None:
        """Add parameters, with their own options: `{"params": [...], "lr": 0.01}`."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise DtypeError(
                f"{self._name}: a group is a dict with its parameters under 'params', not {_in_words(group)}"
            )
        params = group["params"]
        params = [params] if isinstance(params, Node) else list(params)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for p in params:
            if not isinstance(p, Node):
                named = "; of named_parameters() take the second of each pair" if isinstance(p, tuple) else ""
                raise DtypeError(f"{self._name}: a parameter is a Tensor or a Value, not {_in_words(p)}{named}")
            if p.primitive is not None:
                raise OptimizerError(
                    f"{self._name}: {describe(p)} is no leaf; an optimiser changes leaves, such as model.parameters()"
                )
            if id(p) in known:
                raise OptimizerError(f"{self._name}: {describe(p)} is given twice, and would be stepped twice")
            known.add(id(p))
        self.param_groups.append({"params": params, **self._options(group)})

    def state_dict(self) -> dict[str, Any]:
        """Everything that is needed to continue later: numbers and copies of arrays. Parameters have numbers as names.

        >>> import tinygrad_edu as tg
        >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
        >>> tg.optim.SGD([w], lr=0.1).state_dict()["param_groups"][0]["lr"]
        0.1
        """
        place = {p: i for i, p in enumerate(self._parameters())}
        state = {place[p]: _copied(state) for p, state in self.state.items()}
        groups = [{**group, "params": [place[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Any) -> None:
        """Continue from a `state_dict()`: with the same options, and the same steps from here on.

        Raises `OptimizerError` if it is of another optimiser or of other parameters; then nothing is changed.
        """
        if not isinstance(state_dict, Mapping) or state_dict.keys() != {"state", "param_groups"}:
            raise OptimizerError(
                f"{self._name}: a state has the keys 'state' and 'param_groups', not {short(state_dict)}"
            )
        groups = state_dict["param_groups"]
        if not isinstance(state_dict["state"], Mapping) or not (
            isinstance(groups, (list, tuple)) and all(isinstance(g, Mapping) and "params" in g for g in groups)
        ):
            raise OptimizerError(f"{self._name}: 'state' is a dict, and 'param_groups' a list of dicts with 'params'")
        sizes, own = [len(group["params"]) for group in groups], [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise OptimizerError(f"{self._name}: the state is of groups of {sizes} parameters, and there are {own}")
        parameters = list(self._parameters())
        places = [place for group in groups for place in group["params"]]
        names = [group.keys() - {"params", "initial_lr", "maximize"} for group in groups]
        if any(keys != self.defaults.keys() - {"maximize"} for keys in names):
            raise OptimizerError(
                f"{self._name}: the state has the settings {', '.join(sorted(set().union(*names)))}, "
                f"and this optimiser has {', '.join(sorted(self.defaults))}"
            )
        options = [{**self._options(group), **_initial(group)} for group in groups]
        options_of = {place: group for group, own in zip(options, groups) for place in own["params"]}
        state = {}
        for place, remembered in state_dict["state"].items():
            if place not in options_of:
                raise OptimizerError(
                    f"{self._name}: the state has a parameter {place!r}, which is in none of its groups"
                )
            p = parameters[places.index(place)]
            state[p] = self._checked(p, remembered, self.memory(options_of[place]))
        self.state = state
        for group, new in zip(self.param_groups, options):
            group.pop("initial_lr", None)
            group.update(new)

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self.defaults.items())
        return f"{self._name}({options})"

    # How it works.

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _parameters(self) -> Iterator[Any]:
        return (p for group in self.param_groups for p in group["params"])

    def _step(self, p: Any, options: dict[str, Any]) -> None:
        state = self.state.setdefault(p, {"step": 0})
        g = p.notes.grad if type(p.notes.grad) is ndarray else np.asarray(number_of(p.notes.grad))
        if isinstance(p, Tensor):
            self._update(owned(p), g, state, options)
        else:
            w = np.array(p.data)
            self._update(w, g, state, options)
            p.data = w.item()

    def _update(self, w: ndarray, g: ndarray, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Make one step with the array `w` and its state."""
        g = g.astype(np.float32) if g.dtype.char == "e" else g  # which has no room for squares
        memory = []
        for name, start in self.memory(options).items():
            if name not in state:
                state[name] = np.full(w.shape, start, g.dtype)
            memory.append(state[name])
        t = state["step"] = state["step"] + 1
        g = -g if options.get("maximize") else g
        if w.size <= BLOCK:
            self.update(w, g, t, *memory, **options)
        else:
            for rows in blocks(w.shape):
                self.update(w[rows], g[rows], t, *[array[rows] for array in memory], **options)

    def _options(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a group, checked, with the defaults filled in."""
        unknown = sorted(group.keys() - self.defaults.keys() - {"params", "initial_lr"})
        if unknown:
            raise DtypeError(f"{self._name}: has no setting {unknown[0]!r}; it has {', '.join(self.defaults)}")
        return {name: self._option(name, group.get(name, default)) for name, default in self.defaults.items()}

    def _option(self, name: str, value: Any) -> Any:
        """An option as plain Python numbers: a switch, a pair of numbers or one number."""
        if name in SWITCHES:
            if isinstance(value, bool):
                return value
            raise DtypeError(f"{self._name}: {name} is True or False, not {short(value)}")
        numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        wanted = 2 if name in PAIRS else 1
        if len(numbers) != wanted or not all(isinstance(x, Real) for x in numbers):
            raise DtypeError(
                f"{self._name}: {name} is {'two numbers' if wanted == 2 else 'a number'}, not {short(value)}"
            )
        most = 1 if name in BELOW_ONE else inf
        if not all(0 <= x < most for x in numbers):
            between = "finite and not negative" if most == inf else "at least 0 and less than 1"
            raise OutOfRangeError(f"{self._name}: {name} is {between}, not {value}")
        floats = tuple(map(float, numbers))
        return floats if wanted == 2 else floats[0]

    def _checked(self, p: Any, remembered: Any, memory: Mapping[str, float]) -> dict[str, Any]:
        """The state of a parameter from a `state_dict()`, with copies of its arrays; raises if it does not fit."""
        expected = ["step", *memory]
        if not isinstance(remembered, Mapping) or set(remembered) != set(expected):
            raise OptimizerError(
                f"{self._name}: of {describe(p)} it remembers {', '.join(expected)}, not {short(remembered)}"
            )
        try:
            state: dict[str, Any] = {"step": int(number_of(remembered["step"]))}
        except (TypeError, ValueError):
            raise OptimizerError(f"{self._name}: step is a whole number, not {short(remembered['step'])}") from None
        for name in memory:
            array = np.array(number_of(remembered[name]))
            known = hasattr(p, "_number")  # an uninitialised parameter has no shape to compare with
            if known and (array.shape != p.shape or array.dtype.kind != "f"):
                raise OptimizerError(
                    f"{self._name}: {name} of {describe(p)} has its shape, not {array.shape} of dtype {array.dtype}"
                )
            state[name] = (
                array.astype(np.result_type(p.dtype, np.float32)) if known and isinstance(p, Tensor) else array
            )
        return state


def options_in(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The options among the arguments of an optimiser's `__init__`, so that its signature is the only list of them.

    `arguments` are the `locals()` at its start: self, params, the options, and the class that `super()` needs.

    >>> options_in({"self": ..., "params": [], "lr": 0.1})
    {'lr': 0.1}
    """
    return {name: x for name, x in arguments.items() if name not in ("self", "params", "__class__")}


def blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices that cut an array into equal blocks of rows, of at most `BLOCK` numbers where a row has no more.

    >>> list(blocks((3, 100_000)))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    fitting = max(1, BLOCK // prod(shape[1:]))
    rows = ceil(shape[0] / ceil(shape[0] / fitting))
    for row in range(0, shape[0], rows):
        yield slice(row, row + rows)


def _copied(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a parameter, with copies of its arrays."""
    return {name: x.copy() if isinstance(x, ndarray) else x for name, x in state.items()}


def _initial(group: Mapping[str, Any]) -> dict[str, Any]:
    """The first learning rate of a group, which a schedule has noted there."""
    return {"initial_lr": group["initial_lr"]} if "initial_lr" in group else {}


def _in_words(x: Any) -> str:
    return describe(x) if isinstance(x, Node) else f"{type(x).__name__} {short(x)}"
