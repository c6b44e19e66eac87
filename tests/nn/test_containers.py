"""Containers hold modules in an order or under names, and name their parameters as PyTorch does."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn


def test_a_sequential_hands_on_what_each_module_gives() -> None:
    x = tg.randn(5, 4)
    first, second = nn.Linear(4, 3), nn.Linear(3, 2)
    net = nn.Sequential(first, nn.Tanh(), second)
    assert (net(x).data == second(first(x).tanh()).data).all()
    assert nn.Sequential()(x) is x


def test_a_sequential_is_indexed_sliced_changed_and_extended() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    assert net[-1] is net[2]
    assert isinstance(net[1:], nn.Sequential)
    assert [name for name, _ in net[1:].named_parameters()] == ["2.weight", "2.bias"]
    net[1] = nn.ReLU()
    assert net.append(nn.Softmax()) is net
    assert [type(module).__name__ for module in net] == ["Linear", "ReLU", "Linear", "Softmax"]
    assert len(net.extend([nn.Identity(), nn.Identity()])) == 6
    with pytest.raises(tg.OutOfRangeError, match="there is no module 9; it holds 6"):
        net[9]


def test_modules_may_have_names() -> None:
    net = nn.Sequential(OrderedDict(hidden=nn.Linear(4, 3), out=nn.Linear(3, 2)))
    assert net.out is net[1]
    assert list(net.state_dict()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    assert "hidden" in dir(net)
    with pytest.raises(AttributeError, match="did you mean 'hidden'"):
        _ = net.hiden


def test_a_subclass_of_a_container_may_own_more() -> None:
    class Scaled(nn.Sequential):
        def __init__(self, *modules: nn.Module) -> None:
            super().__init__(*modules)
            self.scale = nn.Parameter([2.0])

        def forward(self, x: Any) -> Any:
            return super().forward(x) * self.scale

    net = Scaled(nn.Linear(2, 1))
    assert list(net.state_dict()) == ["scale", "0.weight", "0.bias"]
    assert len(net) == 1


def test_lists_and_dicts_of_modules() -> None:
    layers = nn.ModuleList([nn.Linear(2, 3)]).append(nn.ReLU())
    assert (len(layers), type(layers[1]).__name__, len(layers[:1])) == (2, "ReLU", 1)
    branches = nn.ModuleDict({"left": nn.Linear(2, 3)})
    branches["right"] = nn.ReLU()
    assert list(branches) == list(branches.keys()) == ["left", "right"]
    assert list(branches.values()) == [module for _, module in branches.items()]
    assert list(branches.state_dict()) == ["left.weight", "left.bias"]
    assert "left" in branches
    assert branches.left is branches["left"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.Sequential(tg.relu), "'0' is <primitive relu>: nn.Lambda makes a module of a function"),
        (lambda: nn.Sequential(nn.ReLU), r"'0' is ReLU: a class, of which ReLU\(...\) makes a module"),
        (lambda: nn.Sequential([nn.ReLU()]), r"give the modules one by one, as in Sequential\(\*modules\)"),
        (lambda: nn.ModuleList(cast(Any, nn.ReLU())), "takes a list of modules"),
        (lambda: nn.Lambda(cast(Any, 3)), "makes a module of a function, not of 3"),
        (lambda: nn.Sequential(3), "Sequential: holds modules, and '0' is 3"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), "'a.b' cannot name a module"),
        (lambda: nn.ModuleDict({"keys": nn.ReLU()}), "'keys' cannot name a module"),
        (lambda: nn.ModuleList([]).append(cast(Any, None)), "holds modules, and '0' is None"),
    ],
)  # fmt: skip
def test_what_cannot_be_held_is_refused(make: Any, says: str) -> None:
    with pytest.raises(tg.DtypeError, match=says):
        make()


def test_functions_become_modules() -> None:
    double = nn.Lambda(lambda x: x * 2)
    assert nn.Sequential(double, nn.Lambda(tg.exp), nn.Identity())(tg.zeros(2)).tolist() == [1.0, 1.0]
    assert nn.Flatten()(tg.zeros((2, 3, 4))).shape == (2, 12)
    assert nn.Flatten(0, 1)(tg.zeros((2, 3, 4))).shape == (6, 4)
