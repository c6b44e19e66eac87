"""Containers hold modules in an order or under names, and name their parameters as PyTorch does."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

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


OPERATIONS: list[Any] = [
    lambda x, i, new: x.append(new),
    lambda x, i, new: x.insert(i, new),
    lambda x, i, new: x.extend([new, nn.Tanh()]),
    lambda x, i, new: x.__iadd__([new]),
    lambda x, i, new: x.__setitem__(i % len(x), new),
    lambda x, i, new: x.__delitem__(i % len(x)),
    lambda x, i, new: x.__delitem__(slice(i, None, 2)),
    lambda x, i, new: x.pop(i % len(x)),
    lambda x, i, new: x.remove(x[i % len(x)]),
    lambda x, i, new: x.reverse(),
]


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])
@given(chosen=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(-5, 5)), max_size=8))
def test_a_container_changes_as_a_list_does(kind: Any, chosen: list[Any]) -> None:
    plain: list[nn.Module] = [nn.ReLU(), nn.Linear(2, 2)]
    ours = kind(*plain) if kind is nn.Sequential else kind(plain)
    tanh = [nn.Tanh(), *[nn.Linear(3, 3) for _ in chosen]]
    for (operation, i), new in zip(chosen, tanh[1:]):
        for x in (plain, ours):
            if x:
                operation(x, i, new)
        assert [type(x) for x in ours] == [type(x) for x in plain]
        assert [name for name, _ in ours.named_children()] == [str(i) for i in range(len(plain))]
        assert all(x is y or isinstance(x, nn.Tanh) for x, y in zip(ours, plain))


def test_names_outlast_changes() -> None:
    net = nn.Sequential(OrderedDict(hidden=nn.Linear(4, 3), out=nn.Linear(3, 2)))
    net.insert(1, nn.ReLU())
    del net[0]
    assert [name for name, _ in net.named_children()] == ["0", "out"]
    assert net[1:].append(nn.Tanh())(tg.zeros((1, 3))).shape == (1, 2)


def test_a_module_in_an_attribute_of_a_container_is_one_of_its_modules() -> None:
    net = nn.Sequential(nn.Linear(2, 3))
    net.head = nn.Linear(3, 5)
    assert net(tg.zeros((1, 2))).shape == (1, 5)
    assert net[-1] is net.head

    class Own(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Linear(2, 3))
            self.head = nn.Linear(3, 5)

    assert Own()(tg.zeros((1, 2))).shape == (1, 5)


def test_a_dict_of_modules_changes_as_a_dict_does() -> None:
    tanh = nn.Tanh()
    branches = nn.ModuleDict({"left": nn.ReLU()})
    branches.update({"right": tanh}, up=nn.Identity())
    del branches["up"]
    assert branches.pop("right") is tanh
    assert list(branches) == ["left"]
    assert branches.get("right") is None
    assert branches != nn.ModuleDict({"left": branches.left})
    assert len({branches, nn.ModuleDict()}) == 2
    branches.clear()
    assert len(branches) == 0


def test_modules_may_have_names() -> None:
    net = nn.Sequential(OrderedDict(hidden=nn.Linear(4, 3), out=nn.Linear(3, 2)))
    assert net.out is net[1]
    assert list(net.state_dict()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    assert "hidden" in dir(net)
    with pytest.raises(AttributeError, match="did you mean 'hidden'"):
        _ = net.hiden


@pytest.mark.parametrize("held", [nn.ModuleList([nn.ReLU()]), nn.ModuleDict({"up": nn.ReLU()})])
def test_what_only_holds_modules_is_not_called(held: nn.Module) -> None:
    with pytest.raises(AttributeError, match=r"Module(List|Dict) only holds modules: call them one by one"):
        held(tg.ones(2))


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
        (lambda: nn.ModuleList(cast(Any, nn.ReLU())), "modules is a list, not ReLU"),
        (lambda: nn.Lambda(cast(Any, 3)), "function is a function, not int 3"),
        (lambda: nn.Sequential(3), "Sequential: holds modules, and '0' is 3"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), "'a.b' cannot name a module"),
        (lambda: nn.ModuleDict({"keys": nn.ReLU()}), "'keys' cannot name a module"),
        (lambda: nn.ModuleDict(cast(Any, [nn.ReLU()])), "modules is a dict or None, not list"),
        (lambda: nn.ModuleList([]).append(cast(Any, None)), "holds modules, and '0' is None"),
    ],
)  # fmt: skip
def test_what_cannot_be_held_is_refused(make: Any, says: str) -> None:
    with pytest.raises(tg.DtypeError, match=says):
        make()


def test_functions_become_modules() -> None:
    double = nn.Lambda(lambda x: x * 2)
    assert nn.Sequential(double, nn.Lambda(tg.exp), nn.Identity(3, bias=False))(tg.zeros(2)).tolist() == [1.0, 1.0]
    assert nn.Flatten()(tg.zeros((2, 3, 4))).shape == (2, 12)
    assert nn.Flatten(0, 1)(tg.zeros((2, 3, 4))).shape == (6, 4)
